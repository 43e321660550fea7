//! `warroom rules` as it is typed: lists, one rule, files checked, evaluated and tested, and why a rule stands as it does.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::pty::{Home, Ran};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rules/examples.toml");
const VALID: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rules/valid");

fn json(home: &Home, arguments: &[&str]) -> Value {
    let text = home.must(&[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}\n{text}"))
}

fn put(home: &Home, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[track_caller]
fn said(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    for word in words {
        assert!(ran.out.contains(word) || ran.err.contains(word), "{word:?} is not in {ran:?}");
    }
}

#[test]
fn the_list_says_how_sure_we_are_and_one_rule_is_told_whole() {
    let home = Home::new();
    let list = home.must(&["rules"]);
    assert_eq!(list.lines().count(), 71, "{list}");
    let line = |id: &str| list.lines().find(|l| l.starts_with(id)).unwrap_or_else(|| panic!("{id}")).to_owned();
    assert!(line("us-firstnet-contract").contains("confidence low"));
    assert!(line("us-cisa-voluntary").contains("voluntary, confidence medium"));
    assert!(line("us-circia-incident").contains("pending") && line("eu-eecc-40").contains("no longer in force"));
    assert!(!line("us-fcc-nors-wireless").contains("confidence"));
    assert!(list.contains("not legal advice"));
    let states = home.must(&["rules", "--jurisdiction", "us", "--kind", "data_controller"]);
    assert!(states.contains("us-ca-1798-82") && !states.contains("eu-gdpr-33") && !states.contains("us-fcc-nors"));
    said(&home.run(&["rules", "--kind", "bnak"]), 2, &["did you mean bank?"]);
    said(&home.run(&["rules", "--jurisdiction", "FR"]), 2, &["known are AU, CA, EU"]);
    let dora = home.must(&["rules", "eu-dora-19"]);
    for word in [
        "at the latest 24 hours after awareness",
        "2022/2554",
        "confidence high",
        "from 2025-01-17",
        "not legal advice",
    ] {
        assert!(dora.contains(word), "{word:?} is not in {dora}");
    }
    let australia = home.must(&["rules", "au-acma-major-outage"]);
    assert!(
        australia.contains("again every 6 hours for 24 hours, then every 24 hours, until restoration"),
        "{australia}"
    );
    assert!(home.must(&["rules", "us-sec-8k-105"]).contains("4 business days after determination, by 17:30"));
    assert!(home.must(&["rules", "us-fcc-911-facility-before-2025"]).contains("a day that was not researched"));
    assert!(home.must(&["rules", "us-fcc-cpni"]).contains("who may not be told before"));
    assert_eq!(json(&home, &["rules", "us-circia-ransom"])["in_force"], "pending");
    assert_eq!(json(&home, &["rules", "us-bank-36h"])["stages"][0]["unit"], "hours");
}

#[test]
fn every_example_is_evaluated_without_journal_or_screen() {
    let home = Home::new();
    let rows = json(&home, &["rules", "evaluate", EXAMPLES]);
    let rows = rows.as_array().unwrap();
    let row = |id: &str| rows.iter().find(|r| r["id"] == id).unwrap();
    let att = row("x01-att");
    assert_eq!((&att["rule"], &att["state"]), (&"us-fcc-nors-wireless".into(), &"due".into()));
    assert_eq!(att["stages"][2]["id"], "final");
    assert_eq!(att["stages"][2]["due_at"], "2024-03-24T03:59:59Z");
    assert_eq!(row("x12-911-centre-2024")["state"], "not_in_force");
    let unknown = row("x21-unknown");
    assert_eq!(
        (&unknown["state"], &unknown["missing_facts"]),
        (&"unknown".into(), &serde_json::json!(["user_minutes"]))
    );
    assert_eq!(
        (&unknown["stages"][0]["due_at"], &unknown["stages"][0]["if"]),
        (&"2026-05-24T11:00:00Z".into(), &true.into())
    );
    let forecast = row("f04");
    assert_eq!((&forecast["state"], &forecast["fires_at"]), (&"forecast".into(), &"2025-05-14T11:22:30Z".into()));
    assert_eq!((&row("f06")["state"], &row("f06")["fires_at"]), (&"not_triggered".into(), &Value::Null));
    let asap = &row("before-2025-on-the-day")["stages"][0];
    assert_eq!((&asap["asap"], &asap["due_at"]), (&true.into(), &Value::Null));
    assert!(!home.path().join("state").exists() || !home.path().join("state/warroom/journal.db").exists());
    let told = home.must(&["rules", "evaluate", EXAMPLES]);
    assert!(told.contains("x25-8k-holiday-saturday (us-sec-8k-105): due"), "{told}");
}

/// What they expect is nothing to `evaluate`; `test` compares, shows each difference and fails.
#[test]
fn examples_are_compared_with_what_they_expect() {
    let home = Home::new();
    let all = home.must(&["rules", "test", EXAMPLES]);
    assert!(all.contains("67 of 67 examples as expected"), "{all}");
    let text = std::fs::read_to_string(EXAMPLES).unwrap();
    let wrong = text.replacen("2024-02-25T08:48:00Z", "2024-02-26T08:48:00Z", 1);
    let wrong = put(&home, "wrong.toml", &wrong);
    said(
        &home.run(&["rules", "test", &wrong]),
        1,
        &["x01-att", "initial: expected 2024-02-26T08:48:00Z, found 2024-02-25T08:48:00Z", "66 of 67"],
    );
    let rows = home.run(&["rules", "test", &wrong, "--json"]);
    assert_eq!(rows.code, Some(1));
    let rows: Value = serde_json::from_str(&rows.out).unwrap();
    assert_eq!((&rows[0]["id"], &rows[0]["ok"]), (&"x01-att".into(), &false.into()));
    assert_eq!(json(&home, &["rules", "evaluate", &wrong]), json(&home, &["rules", "evaluate", EXAMPLES]));
}

#[test]
fn rules_and_their_examples_may_stand_in_one_file() {
    let home = Home::new();
    let words = std::fs::read_to_string(format!("{VALID}/words.toml")).unwrap();
    let contract = std::fs::read_to_string(format!("{VALID}/contract.toml")).unwrap();
    let example = r#"
[[example]]
id = "contract-friday"
rule = "contract-tower-owner"
facts = { sites_down = 12, site_minutes = 720 }
clocks = { call_received = "2026-07-02T12:00:00Z" }
on = "2026-07-02"
expect = "due"
due = [ { stage = "notice", at = "2026-07-07T16:00:00Z" } ]

[[forecast]]
id = "contract-forecast"
rule = "contract-tower-owner"
facts = { sites_down = 12 }
outage_start = "2026-07-02T12:00:00Z"
reportable_at = "2026-07-02T12:50:00Z"
"#;
    let own = put(&home, "own.toml", &format!("{contract}\n{example}\n{words}"));
    said(&home.run(&["rules", "test", &own]), 0, &["2 of 2 examples as expected"]);
    said(&home.run(&["rules", "check", &own]), 0, &["1 rules", "2 examples", "not legal advice"]);
    // Configured, its words are known everywhere: also what kind of organisation we are.
    let config = put(&home, "config.toml", "organisation = [\"tower_tenant\"]\nrules = [\"own.toml\"]\n");
    let told = home.must(&["--config", &config, "rules", "--kind", "tower_tenant"]);
    assert!(told.contains("contract-tower-owner"), "{told}");
    let slip = put(&home, "slip.toml", "organisation = [\"tower_tenent\"]\nrules = [\"own.toml\"]\n");
    said(&home.run(&["--config", &slip, "rules"]), 2, &["slip.toml, line 1, organisation", "tower_tenant"]);
}

#[test]
fn faults_name_file_line_and_key() {
    let home = Home::new();
    let bad = put(
        &home,
        "bad.toml",
        "[[example]]\nid = \"a\"\nrule = \"us-bank-36\"\n\n[[example]]\nid = \"b\"\nrule = \"us-bank-36h\"\nfacts = { essential = true }\nclocks = { determinaton = \"2026-03-07T22:00:00Z\" }\n",
    );
    for command in ["check", "evaluate", "test"] {
        said(
            &home.run(&["rules", command, &bad]),
            2,
            &[
                "bad.toml, line 3, example.rule: no rule is called us-bank-36; did you mean \"us-bank-36h\"?",
                "bad.toml, line 8, example.facts.essential: essential: no such fact",
                "bad.toml, line 9, example.clocks.determinaton: determinaton: no such clock; did you mean \"determination\"?",
            ],
        );
    }
    said(&home.run(&["rules", "evaluate", "nowhere.toml"]), 2, &["nowhere.toml: no such file"]);
    said(&home.run(&["rules", "test", "nowhere.toml"]), 2, &["nowhere.toml", "No such file"]);
    said(&home.run(&["rules", "evaluate", "us-bank-36"]), 2, &["did you mean us-bank-36h?"]);
    let empty = put(&home, "empty.toml", "");
    said(&home.run(&["rules", "test", &empty]), 2, &["no [[example]] in it"]);
    said(&home.run(&["rules", "check", &empty]), 0, &["0 rules"]);
    said(&home.run(&["rules", "evaluate", "us-bank-36h", "--on", "soon"]), 2, &["expected today, or a day"]);
}

#[test]
fn one_rule_is_evaluated_with_what_is_typed() {
    let home = Home::new();
    let follow_up = json(
        &home,
        &[
            "rules",
            "evaluate",
            "us-fcc-911-facility",
            "--fact",
            "offices_911_affected=14",
            "--clock",
            "discovery=2025-07-04T15:00:00Z",
            "--filed",
            "initial=2025-07-04T15:22:00Z",
        ],
    );
    assert_eq!(
        (&follow_up["state"], &follow_up["stages"][1]["due_at"]),
        (&"due".into(), &"2025-07-04T17:22:00Z".into())
    );
    let typed = ["rules", "evaluate", "us-fcc-911-facility", "--fact", "offices_911_affected=1", "--clock"];
    let then = [&typed[..], &["discovery=2024-02-22T08:48:00Z"]].concat();
    assert_eq!(json(&home, &then)["state"], "not_in_force", "by the law of that day");
    let now = [&then[..], &["--on", "today"]].concat();
    assert_eq!(json(&home, &now)["state"], "due");
}

#[test]
fn why_names_the_facts_and_who_said_them() {
    let home = Home::new();
    put(
        &home,
        "config/warroom/config.toml",
        "playbook = \"carrier-outage\"\ntimezone = \"America/Chicago\"\norganisation = [\"wireless_carrier\"]\n",
    );
    let config = home.path().join("config/warroom/config.toml");
    let config = config.to_str().unwrap();
    let run = |arguments: &[&str]| home.must(&[&["--config", config], arguments].concat());
    run(&["declare", "Voice down", "--severity", "sev1", "--started", "2024-02-22T08:45:00Z"]);
    run(&["fact", "offices_911_affected", "3", "--basis", "the 911 desk"]);
    let why = run(&["rules", "why", "us-fcc-nors-wireless"]);
    for word in [
        "us-fcc-nors-wireless: due",
        "offices_911_affected > 0",
        "the 911 desk",
        "duration_minutes >= 30",
        "grows by itself",
        "47 CFR 4.9",
    ] {
        assert!(why.contains(word), "{word:?} is not in {why}");
    }
    assert!(!why.contains("oc3_minutes"), "only what decided: {why}");
    let then = run(&["rules", "why", "us-fcc-911-facility"]);
    assert!(then.contains("not in force (binds from 2025-04-15)"), "{then}");
    let today = run(&["rules", "why", "us-fcc-911-facility", "--on", "today"]);
    assert!(today.contains("us-fcc-911-facility: due") && today.contains("initial"), "{today}");
    let text = run(&["rules", "why", "us-ca-caloes-outage", "--json"]);
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["state"], "unknown");
    assert_eq!(value["reasons"][0]["facts"][0]["from"], "nobody");
    let other = home.run(&["--config", config, "rules", "why", "eu-dora-19"]);
    said(&other, 1, &["does not concern us: it is for eu_financial; we are wireless_carrier"]);
    said(
        &home.run(&["--config", config, "rules", "why", "us-fcc-nors-wirless"]),
        2,
        &["did you mean us-fcc-nors-wireless?"],
    );
}
