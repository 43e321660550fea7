//! `warroom-state/1` is a promise to scripts: its keys and their kinds may grow and never go. And its page for people.

use std::collections::BTreeSet;

use serde_json::Value;
use warroom::report::state::{Options, rfc3339, state, state_text};

use super::given;
use crate::incident::{Record, minutes};

fn value(record: &Record, options: Options) -> Value {
    let incident = record.incident();
    state(&incident, &given::plan(), &given::situation(&incident), given::ID, options)
}

/// Every key with the kind of its value, once for all members of a list.
fn shape(value: &Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            out.insert(format!("{path}.{key}"));
            shape(value, &format!("{path}.{key}"), out);
        }),
        Value::Array(members) => members.iter().for_each(|member| shape(member, &format!("{path}[]"), out)),
        _ => {}
    }
}

#[test]
fn the_keys_stand() {
    let mut keys = BTreeSet::new();
    shape(&value(&given::record(), Options::default()), "", &mut keys);
    insta::assert_snapshot!(keys.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_whole_of_a_small_incident() {
    let text = serde_json::to_string_pretty(&value(&given::record(), Options::default())).unwrap();
    insta::assert_snapshot!(text);
}

const LISTS: &[&str] = &[
    "now",
    "timeline",
    "decisions",
    "audiences",
    "rounds",
    "messages",
    "promises",
    "obligations",
    "roles",
    "teams",
    "tasks",
    "facts",
    "fallbacks",
    "components",
    "alerts",
    "metrics",
    "sources",
    "conflicts",
];

#[test]
fn lists_are_lists_of_objects_each_with_its_own_id() {
    let mut record = given::record();
    let fired = warroom::incident::what::AlertFired {
        origin: "https://alerts".into(),
        alert: "a".into(),
        name: "Link".into(),
        starts_at: minutes(2),
        summary: String::new(),
        severity: String::new(),
        labels: Default::default(),
    };
    record.add("alert", 2, fired);
    let moved = warroom::incident::what::MetricMoved {
        origin: "https://metrics".into(),
        name: "calls".into(),
        unit: String::new(),
        value: Some(1.5),
        quality: warroom::incident::words::Quality::Exact,
        why: String::new(),
        estimated: false,
    };
    record.add("metric", 3, moved);
    let value = value(&record, Options::default());
    for list in LISTS {
        let members = value[list].as_array().unwrap_or_else(|| panic!("{list} is no list"));
        assert!(!members.is_empty(), "{list} is empty: the test says nothing of it");
        let ids: BTreeSet<&str> =
            members.iter().map(|m| m["id"].as_str().unwrap_or_else(|| panic!("{list}"))).collect();
        assert_eq!(ids.len(), members.len(), "{list}: an id twice");
    }
    let mut keys = BTreeSet::new();
    shape(&value, "", &mut keys);
    for key in keys {
        let name = key.rsplit('.').next().unwrap().trim_end_matches("[]");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{key}");
    }
}

#[test]
fn every_instant_is_rfc_3339_in_utc() {
    fn check(value: &Value, key: &str) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| check(value, key)),
            Value::Array(members) => members.iter().for_each(|m| check(m, key)),
            Value::String(text) if key.ends_with("_at") || ["happened", "recorded", "since", "at"].contains(&key) => {
                assert!(text.ends_with('Z') && text.parse::<warroom::incident::Instant>().is_ok(), "{key}: {text}");
            }
            _ => {}
        }
    }
    check(&value(&given::record(), Options::default()), "");
    assert_eq!(rfc3339("2024-02-22T08:45:00.0005Z".parse().unwrap()), "2024-02-22T08:45:00Z");
    assert_eq!(rfc3339("2024-02-22T08:45:00.250Z".parse().unwrap()), "2024-02-22T08:45:00.250Z");
    assert_eq!(rfc3339(warroom::incident::Instant::MAX_UTC), "9999-12-31T23:59:59Z", "four digits of years");
}

#[test]
fn the_newest_five_hundred_or_all_since() {
    let mut record = Record::declared();
    for n in 0..700 {
        record.add(&format!("n{n}"), n, warroom::incident::what::Noted { text: n.to_string(), follow_up: false });
    }
    // Happened long ago, written down just now.
    record.entries.last_mut().unwrap().happened = minutes(-300);
    let newest = value(&record, Options::default());
    assert_eq!(newest["timeline"].as_array().unwrap().len(), 500);
    assert_eq!(newest["timeline_total"], 701);
    assert_eq!(newest["timeline"][499]["text"], "698 (kim)", "the newest is the last");
    let since = value(&record, Options { since: Some(minutes(150)), ..Options::default() });
    let rows = since["timeline"].as_array().unwrap();
    assert_eq!(rows.len(), 550, "549 that happened since and the one recorded since");
    assert_eq!(rows[0]["text"], "699 (kim)");
}

#[test]
fn what_an_entry_did_is_told() {
    let value = value(&given::record(), Options::default());
    let row = |kind: &str| value["timeline"].as_array().unwrap().iter().find(|r| r["kind"] == kind).cloned().unwrap();
    assert_eq!(
        (&row("task.acknowledged/1")["effect"], &row("task.acknowledged/1")["effect_why"]),
        (&"none".into(), &"it is done already".into())
    );
    assert_eq!(
        (&row("note.added/1")["effect"], row("note.added/1")["text"].as_str()),
        (&"applied".into(), Some("the change went in (kim)"))
    );
    assert_eq!(value["timeline"].as_array().unwrap().iter().filter(|r| r["effect"] == "retracted").count(), 1);
    assert_eq!(row("drone.launched/9")["tag"], "?");
}

#[test]
fn outside_text_is_raw_and_the_json_is_valid() {
    let mut record = Record::declared();
    let evil = "a\u{1b}[2J\u{0}\"\\\n\u{202e}\u{2028}";
    record.add("n", 6, warroom::incident::what::Noted { text: evil.into(), follow_up: false });
    let text = value(&record, Options::default()).to_string();
    assert!(!text.contains('\u{1b}') && !text.contains('\n'));
    let back: Value = serde_json::from_str(&text).unwrap();
    assert!(back["timeline"][1]["text"].as_str().unwrap().starts_with(evil));
}

fn page(record: &Record) -> Vec<String> {
    let incident = record.incident();
    let lines = state_text(&incident, &given::plan(), &given::situation(&incident));
    lines.into_iter().map(|l| l.into_string()).collect()
}

#[test]
fn the_page_for_people() {
    insta::assert_snapshot!(page(&given::record()).join("\n"));
}

#[test]
fn the_page_is_one_page_and_counts_the_rest() {
    let mut record = given::record();
    for n in 0..200 {
        let title = format!("{n} \u{1b}[2J {}", "long ".repeat(60));
        record.add(
            &format!("t{n}"),
            9,
            warroom::incident::what::TaskAdded {
                title,
                team: None,
                owner: Some("ana".into()),
                minutes: 5,
                first: false,
                planned: None,
            },
        );
    }
    let page = page(&record);
    assert!(page.len() <= 60, "{}", page.len());
    assert!(page.iter().any(|l| l.trim() == "and 192 more"), "{page:#?}");
    assert!(page.iter().all(|l| !l.contains('\u{1b}') && warroom::text::width::width(l) <= 120));
}
