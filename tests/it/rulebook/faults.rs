//! A rulebook with faults: each is named with its line, its key and the nearest known word.

use warroom::rulebook::read::read;

const GOOD: &str = r#"
[[rule]]
id = "r"
jurisdiction = "XX"
agency = "Agency"
title = "Report"
applies_to = ["any"]
trigger = "Something"
when = "users_affected > 10"
clock = "discovery"
timezone = "Europe/Berlin"
citation = "none"
as_of = 2026-01-02
confidence = "low"
[[rule.stage]]
id = "first"
name = "First"
after = "discovery"
amount = 2
unit = "hours"
[[rule.stage]]
id = "second"
name = "Second"
after = "stage:first"
unit = "asap"
"#;

fn faults(text: &str) -> Vec<String> {
    read("own.toml", text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The one fault after `from` was replaced by `to`.
fn fault(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let list = faults(&GOOD.replacen(from, to, 1));
    assert_eq!(list.len(), 1, "{list:?}");
    list.concat()
}

#[test]
fn a_good_book_reads() {
    let rules = read("own.toml", GOOD).unwrap();
    assert_eq!(rules.rules[0].as_of, "2026-01-02");
    assert_eq!(rules.rules[0].stages.len(), 2);
}

#[test]
fn each_fault_has_its_line_key_and_hint() {
    for (from, to, expected) in [
        ("clock = \"d", "note = 1\nclock = \"d", "own.toml, line 10, rule.note: expected text, found a whole number"),
        ("title =", "tilte = 1\ntitle =", "line 6, rule.tilte: no such key; did you mean \"title\"?"),
        (
            "Europe/Berlin",
            "Europe/Berln",
            "line 11, rule.timezone: no time zone of that name; did you mean \"Europe/Berlin\"?",
        ),
        (
            "unit = \"hours\"",
            "unit = \"hour\"",
            "line 20, rule.stage.unit: hour: no such unit; did you mean \"hours\"?",
        ),
        (
            "unit = \"hours\"",
            "unit = \"business_days\"",
            "line 20, rule.stage.unit: business_days: no such unit; expected one of",
        ),
        ("stage:first", "stage:frist", "line 24, rule.stage.after: no such earlier stage; did you mean \"first\"?"),
        ("after = \"discovery\"", "after = \"stage:second\"", "line 18, rule.stage.after: no such earlier stage"),
        ("after = \"discovery\"", "after = \"discovry\"", "did you mean \"discovery\"?"),
        (
            "id = \"second\"",
            "id = \"first\"",
            "line 22, rule.stage.id: \"first\" is already the id of a stage of this rule, on line 16",
        ),
        (
            "users_affected > 10",
            "users_affected > ",
            "line 9, rule.when: expected a fact, a whole number, true or false (character 18)",
        ),
        ("users_affected > 10", "user_affected > 10", "no such fact: user_affected; did you mean \"users_affected\"?"),
        ("users_affected > 10", "users_affected", "users_affected is a number: compare it"),
        (
            "[\"any\"]",
            "[\"wireles_carrier\"]",
            "wireles_carrier: no such kind of organisation; did you mean \"wireless_carrier\"?",
        ),
        ("amount = 2\n", "", "line 15, rule.stage.amount: missing; expected a whole number"),
        ("amount = 2", "amount = -2", "expected a whole number from 0 to"),
        ("unit = \"asap\"", "unit = \"asap\"\namount = 1", "\"asap\" takes no amount"),
        ("2026-01-02", "\"soon\"", "expected a day"),
        ("citation = \"none\"\n", "", "line 2, rule.citation: missing; expected text"),
        ("jurisdiction = \"XX\"\n", "confirmed_by = \"x\"\n", "line 2, rule.jurisdiction: missing; expected text"),
        ("confidence = \"low\"", "confidence = \"sure\"", "expected one of high, medium, low"),
    ] {
        let said = fault(from, to);
        assert!(said.contains(expected), "{from} -> {to}\n  said {said}\n  expected {expected}");
    }
    let twice = faults(&format!("{GOOD}{GOOD}")).concat();
    assert!(twice.contains("line 28, rule.id: \"r\" is already the id of a rule, on line 3"), "{twice}");
}

#[test]
fn all_faults_are_named_at_once() {
    let list =
        faults(&GOOD.replace("Europe/Berlin", "Mars").replace("users_affected > 10", "(").replace("id = \"r\"", ""));
    assert_eq!(list.len(), 3, "{list:?}");
}
