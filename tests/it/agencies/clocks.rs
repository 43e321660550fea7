//! Clocks that move deadlines, for all rules or for one; what a playbook leaves out; where we are answerable; filings by number.

use serde_json::Value;

use crate::support::pty::{Home, Start};

fn declared(config: &str) -> Home {
    let home = Home::new();
    crate::room::configure(&home, config);
    home.must(&[
        "declare",
        "Outage",
        "--severity",
        "sev1",
        "--playbook",
        "generic",
        "--started",
        "2026-03-02T08:00:00Z",
        "--detected",
        "2026-03-02T08:10:00Z",
    ]);
    home
}

fn json(home: &Home, arguments: &[&str]) -> Value {
    serde_json::from_str(&home.must(&[arguments, &["--json"]].concat())).unwrap()
}

fn due(home: &Home, rule: &str, stage: &str) -> Value {
    let state = json(home, &["agency", "show", rule]);
    let found = state["stages"].as_array().unwrap().iter().find(|s| s["id"] == stage).cloned().unwrap();
    found["due_at"].clone()
}

#[test]
fn what_a_clock_moved_is_told_and_the_record_keeps_what_it_was() {
    let home = declared("organisation = [\"eu_essential\", \"data_controller\"]\n");
    let said = home.must(&["agency", "clock", "awareness", "2026-03-02T08:05:00Z", "--why", "the night desk knew"]);
    assert!(said.contains("moved: ") && said.to_lowercase().contains("early warning"), "{said}");
    assert!(said.matches(" to ").count() >= 3, "{said}");
    let said = home.must(&["agency", "clock", "awareness", "2026-03-02T08:05:00Z", "--why", "said again"]);
    assert!(said.contains("no deadline moved"), "{said}");
    assert!(said.contains(", was "), "the line says what it was: {said}");
}

#[test]
fn a_clock_may_be_one_rule_s_own() {
    let home = declared("organisation = [\"eu_essential\", \"data_controller\"]\n");
    assert_eq!(due(&home, "eu-nis2-23", "early-warning"), "2026-03-03T08:10:00Z");
    assert_eq!(due(&home, "eu-gdpr-33", "notification"), "2026-03-05T08:10:00Z");
    // That data were lost became known hours after the outage was.
    home.must(&["agency", "clock", "awareness@eu-gdpr-33", "2026-03-02T14:00:00Z", "--why", "found in the logs"]);
    assert_eq!(due(&home, "eu-nis2-23", "early-warning"), "2026-03-03T08:10:00Z");
    assert_eq!(due(&home, "eu-gdpr-33", "notification"), "2026-03-05T14:00:00Z");
    let clock = &json(&home, &["agency", "show", "eu-gdpr-33"])["clocks"][0];
    assert_eq!((clock["id"].as_str(), clock["own"].as_bool()), (Some("awareness"), Some(true)));
    // One for all leaves it as it is.
    home.must(&["agency", "clock", "awareness", "2026-03-02T08:00:00Z", "--why", "the start"]);
    assert_eq!(due(&home, "eu-nis2-23", "early-warning"), "2026-03-03T08:00:00Z");
    assert_eq!(due(&home, "eu-gdpr-33", "notification"), "2026-03-05T14:00:00Z");
    for (name, why) in [
        ("awareness@eu-gdrp-33", "did you mean eu-gdpr-33?"),
        ("payment@eu-gdpr-33", "runs from no clock called payment, but from awareness"),
    ] {
        let ran = home.run(&["agency", "clock", name, "-5m", "--why", "x"]);
        assert!(ran.code == Some(1) && ran.err.contains(why), "{ran:?}");
    }
}

#[test]
fn a_playbook_hides_no_rule_that_is_due() {
    let home = Home::new();
    let plans = home.path().join("plans");
    std::fs::create_dir(&plans).unwrap();
    let small = "name = \"small\"\ntitle = \"Small\"\nagencies = [\"eu-gdpr-33\"]\n";
    std::fs::write(plans.join("small.toml"), small).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(plans.join("small.toml"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let kinds = "organisation = [\"eu_essential\", \"data_controller\"]\njurisdictions = [\"EU\"]";
    crate::room::configure(&home, &format!("playbooks = [\"{}\"]\n{kinds}\n", plans.display()));
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", "-40m", "--playbook", "small"]);
    home.must(&["fact", "significant_incident", "true", "--basis", "desk", "--confirmed-by", "ana"]);
    let left = json(&home, &["state"])["left_out"].clone();
    assert_eq!(left, serde_json::json!([{"id": "eu-nis2-23", "agency": left[0]["agency"], "state": "due"}]));
    assert!(home.must(&["agency", "list"]).contains("The playbook leaves out, though they concern us"));
    let mut pty = Start::new(&home, &[]).size(80, 24).start();
    pty.see("1 NOW");
    pty.keys("4");
    pty.see("LEFT OUT by the playbook (1, 1 due)");
    pty.keys("q");
    pty.exit();
}

#[test]
fn rules_of_other_places_do_not_concern_us() {
    let all = declared("organisation = [\"data_controller\"]\n");
    let places = |home: &Home| -> std::collections::BTreeSet<String> {
        let state = json(home, &["state"]);
        let all = state["obligations"].as_array().unwrap().iter();
        all.map(|o| o["jurisdiction"].as_str().unwrap().to_owned()).collect()
    };
    assert!(places(&all).len() > 3, "{:?}", places(&all));
    let some = declared("organisation = [\"data_controller\"]\njurisdictions = [\"EU\", \"US-CA\"]\n");
    let found = places(&some);
    assert!(found.contains("EU") && found.contains("US-CA"), "{found:?}");
    assert!(found.iter().all(|place| ["EU", "US", "US-CA"].contains(&place.as_str())), "{found:?}");
    let wrong = Home::new();
    crate::room::configure(&wrong, "jurisdictions = [\"EUR\"]\n");
    for arguments in [&["declare", "Outage", "--severity", "sev1"][..], &["check"]] {
        let ran = wrong.run(arguments);
        assert!(ran.code == Some(2) && ran.err.contains("jurisdictions: EUR: no rule is of that place"), "{ran:?}");
    }
}

#[test]
fn every_filing_keeps_its_number_and_taking_one_back_says_what_speaks_against_it() {
    let home = declared("organisation = [\"wireless_carrier\"]\n");
    let (rule, stage) = ("us-fcc-nors-wireless", "notification");
    home.must(&["fact", "users_affected", "125000000000000", "--basis", "formula", "--confirmed-by", "ruiz"]);
    home.must(&["agency", "file", rule, stage, "--ref", "ON-1"]);
    home.must(&["agency", "file", rule, stage, "--ref", "ON-1-S1"]);
    let shown = home.must(&["agency", "show", rule, stage]);
    assert!(shown.contains("filed no. ON-1 (zoe)") && shown.contains("filed no. ON-1-S1 (zoe)"), "{shown}");
    assert!(shown.contains("was due") && shown.contains("LATE by"), "{shown}");
    let state = json(&home, &["agency", "show", rule, stage]);
    let numbers: Vec<&str> =
        state["stages"][0]["filings"].as_array().unwrap().iter().map(|f| f["reference"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["ON-1", "ON-1-S1"]);
    let ran = home.run(&["agency", "withdraw", rule, stage, "--why", "not reportable", "--by", "ortiz"]);
    assert!(ran.code == Some(0) && ran.err.contains("as the facts stand FCC still asks for it"), "{ran:?}");
    assert!(ran.err.contains("passed"), "{ran:?}");
}

#[test]
fn a_deadline_beyond_the_calendar_is_doubted_wherever_it_stands() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    crate::room::configure(&home, "organisation = [\"public_company\"]\nrules = [\"own.toml\"]\n");
    // A calendar of ours that ends before the incident.
    let own = "[[calendar]]\nid = \"us-federal\"\ntimezone = \"America/New_York\"\nweekend = [\"saturday\", \"sunday\"]\n\
               holidays = [\"2020-12-25\"]\nnote = \"old\"\n";
    let path = home.path().join("config/warroom/own.toml");
    std::fs::write(&path, own).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", "-40m"]);
    for fact in ["cyber_incident", "material_to_investors"] {
        home.must(&["fact", fact, "true", "--basis", "counsel", "--confirmed-by", "ana"]);
    }
    home.must(&["agency", "clock", "determination", "-5m", "--why", "the board met"]);
    let (rule, stage) = ("us-sec-8k-105", "8k");
    let doubt = "beyond the years that its calendar of holidays knows";
    assert!(home.must(&["agency", "list"]).contains(doubt));
    assert!(home.must(&["agency", "worksheet", rule, stage]).contains(doubt));
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("1 NOW");
    pty.keys("4");
    pty.wait("a doubt at the time", |s| s.contents().lines().any(|l| l.contains("SEC") && l.contains("?")));
    pty.keys("q");
    pty.exit();
}
