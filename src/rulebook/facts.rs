//! The facts that rules of the built-in book ask for, with type and meaning. Not their values: those are an incident's.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Integer,
    Boolean,
}

/// A fact that expressions may name.
#[derive(Debug)]
pub struct Fact {
    pub name: &'static str,
    pub kind: Kind,
    pub meaning: &'static str,
}

const fn integer(name: &'static str, meaning: &'static str) -> Fact {
    Fact { name, kind: Kind::Integer, meaning }
}

const fn boolean(name: &'static str, meaning: &'static str) -> Fact {
    Fact { name, kind: Kind::Boolean, meaning }
}

/// Grows by itself while the outage is open; nobody states it.
pub const DURATION: &str = "duration_minutes";

pub const FACTS: &[Fact] = &[
    integer(DURATION, "how long the outage has lasted; grows by itself while it is open"),
    integer("users_affected", "users potentially affected now; for US wireless by formula, not known victims"),
    integer("user_minutes", "users potentially affected, summed over the minutes of the outage"),
    integer("oc3_minutes", "OC3 circuits down times minutes"),
    integer("msc_outages", "mobile switching centres out"),
    integer("offices_911_affected", "911 centres potentially affected, as the FCC defines it"),
    integer("facilities_988_affected", "988 facilities potentially affected, as the FCC defines it"),
    integer("special_offices_affected", "military, government, nuclear sites or airports potentially affected"),
    integer("zip_end_users_affected", "most end users affected in any one ZIP code (California)"),
    integer("zip_coverage_loss_percent", "largest share of coverage lost in any one ZIP code (California)"),
    integer("blocked_calls_realtime", "calls blocked, counted live"),
    integer("lost_calls_historic", "calls that history would have expected, where live counts do not exist"),
    integer("expected_minutes", "how long the outage is expected to last"),
    integer("services_affected", "services in operation affected"),
    integer("individuals_affected", "people whose data is concerned"),
    boolean("complete_loss_of_service", "nothing works for those affected"),
    boolean("emergency_calls_affected", "emergency calls fail, go astray or lack data"),
    boolean("public_alerting_affected", "public alerts cannot be sent"),
    boolean("public_safety_network_affected", "the public safety network or its users are affected"),
    boolean("cyber_incident", "an attack or unauthorised act is confirmed"),
    boolean("cyber_incident_suspected", "an attack is suspected and not ruled out"),
    boolean("essential_service_disrupted", "an essential or regulated service is disrupted or likely to be"),
    boolean("significant_incident", "severe disruption or loss, or great damage to others"),
    boolean("personal_data_breach", "personal data was lost, altered or seen by others"),
    boolean("material_to_investors", "found to be material to a reasonable investor"),
    boolean(
        "material_nonpublic_told_to_investors",
        "material information that is not public was given to analysts, holders or the like",
    ),
    boolean("ransom_paid", "a ransom was paid, by us or for us"),
];

pub fn fact(name: &str) -> Option<&'static Fact> {
    FACTS.iter().find(|f| f.name == name)
}
