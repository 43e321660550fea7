//! The words that rules may use beside facts: kinds of organisation and clocks, each with its meaning. Holds no logic.

/// A word and what it means.
pub struct Name {
    pub name: &'static str,
    pub meaning: &'static str,
}

const fn name(name: &'static str, meaning: &'static str) -> Name {
    Name { name, meaning }
}

/// Concerns every organisation.
pub const ANY: &str = "any";

/// What an organisation can be.
pub const ORGANISATIONS: &[Name] = &[
    name("wireless_carrier", "mobile operator"),
    name("wireline_carrier", "fixed telephone operator"),
    name("cable_operator", "cable provider with telephony"),
    name("satellite_operator", "satellite operator or provider"),
    name("voip_provider", "interconnected VoIP provider"),
    name("isp", "internet access provider"),
    name("covered_911_provider", "routes, locates or delivers calls to a 911 centre"),
    name("covered_988_provider", "handles calls to the 988 Lifeline"),
    name("firstnet_contractor", "operates the US public safety broadband network under contract"),
    name("public_company", "files with the US SEC"),
    name("critical_infrastructure", "in a critical infrastructure sector"),
    name("bank", "US bank, holding company or savings association"),
    name("bank_service_provider", "serves a US bank"),
    name("health", "covered entity or business associate under HIPAA"),
    name("electric_utility", "bulk electric system entity"),
    name("data_controller", "decides how personal data is used"),
    name("eu_essential", "essential or important entity under NIS2"),
    name("eu_digital_service", "digital service under NIS2"),
    name("eu_financial", "financial entity under DORA"),
    name("electronic_communications_provider", "public network or service provider in the EU or UK"),
    name("au_carrier", "Australian carrier or carriage service provider"),
    name("ca_tsp", "Canadian telecommunications service provider"),
];

/// The instants that a stage may run from. Which instant each is in an incident, a person says, and why.
pub const CLOCKS: &[Name] = &[
    name("outage_start", "when service was first affected"),
    name("discovery", "when the organisation first knew of a reportable outage or breach"),
    name("detection", "when the incident was detected"),
    name("awareness", "when the organisation became aware"),
    name("determination", "when it was decided that the incident is material, reportable or a breach"),
    name("classification", "when the incident was classified as major"),
    name("reasonable_belief", "when the organisation reasonably believed that it had happened"),
    name("restoration", "when service was fully restored and verified"),
];

pub fn meaning(list: &'static [Name], name: &str) -> Option<&'static str> {
    list.iter().find(|n| n.name == name).map(|n| n.meaning)
}
