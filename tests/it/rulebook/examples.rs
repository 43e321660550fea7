//! The worked examples of `tests/data/rule-examples.toml`, and what the built-in book promises as a whole.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;
use warroom::incident::Instant;
use warroom::incident::rule::{Rule, Rules, Unit};
use warroom::rulebook::{self, Due, FactValue, State};

#[derive(Deserialize)]
struct File {
    example: Vec<Example>,
    forecast: Vec<Forecast>,
}

#[derive(Deserialize)]
struct Forecast {
    id: String,
    outage_start: Instant,
    users: Vec<Users>,
    reportable_at: Option<Instant>,
    why: String,
}

#[derive(Deserialize)]
struct Users {
    from: Instant,
    users_affected: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    id: String,
    rule: String,
    #[serde(rename = "title")]
    _title: String,
    facts: BTreeMap<String, toml::Value>,
    clocks: BTreeMap<String, Instant>,
    #[serde(default)]
    filed: BTreeMap<String, Instant>,
    #[serde(default)]
    on: Option<NaiveDate>,
    expect: String,
    due: Vec<Expected>,
    why: String,
}

#[derive(Deserialize)]
struct Expected {
    stage: String,
    at: Instant,
}

fn book() -> Rules {
    rulebook::built_in().unwrap()
}

fn value(value: Option<&toml::Value>) -> FactValue {
    match value {
        Some(toml::Value::Integer(n)) => FactValue::Integer(*n),
        Some(toml::Value::Boolean(b)) => FactValue::Boolean(*b),
        _ => FactValue::Unknown,
    }
}

fn apply(example: &Example, rule: &Rule) -> rulebook::Evaluation {
    let organisation = [rule.applies_to[0].clone()];
    let on = example.on.or(rule.effective).or(rule.until).unwrap_or(NaiveDate::MIN);
    rulebook::evaluate(
        rule,
        &organisation,
        &|name| value(example.facts.get(name)),
        &|clock| example.clocks.get(clock).copied(),
        &|stage| example.filed.get(stage).copied(),
        on,
    )
}

#[test]
fn every_worked_example_holds() {
    let book = book();
    let file: File = toml::from_str(include_str!("../../data/rule-examples.toml")).unwrap();
    assert!(file.example.len() >= 18, "{}", file.example.len());
    for example in &file.example {
        let rule = book.get(&example.rule).unwrap();
        let evaluation = apply(example, rule);
        let state = match &evaluation.state {
            State::Due => "due",
            State::NotTriggered => "not_triggered",
            State::NotInForce => "not_in_force",
            State::NotConcerned => "not_concerned",
            State::Unknown { missing } => {
                assert!(!missing.is_empty(), "{}", example.id);
                "unknown"
            }
        };
        assert_eq!(state, example.expect, "{}: {}", example.id, example.why);
        let numbered: Vec<(&str, Instant)> = evaluation
            .stages
            .iter()
            .filter(|stage| !stage.iff)
            .filter_map(|stage| match stage.due {
                Some(Due::At(at)) => Some((stage.stage.as_str(), at)),
                Some(Due::Asap(_)) | None => None,
            })
            .collect();
        let expected: Vec<(&str, Instant)> = example.due.iter().map(|d| (d.stage.as_str(), d.at)).collect();
        assert_eq!(numbered, expected, "{}: {}", example.id, example.why);
    }
}

#[test]
fn every_forecast_holds_seen_from_the_last_change() {
    let book = book();
    let rule = book.get("us-fcc-nors-wireless").unwrap();
    let file: File = toml::from_str(include_str!("../../data/rule-examples.toml")).unwrap();
    assert_eq!(file.forecast.len(), 5);
    for forecast in &file.forecast {
        let user_seconds = |at: Instant| -> i64 {
            let ends = forecast.users.iter().skip(1).map(|u| u.from).chain([at]);
            forecast
                .users
                .iter()
                .zip(ends)
                .map(|(u, end)| u.users_affected * (end.min(at) - u.from).num_seconds().max(0))
                .sum()
        };
        let facts_at = |name: &str, at: Instant| match name {
            "duration_minutes" => FactValue::Integer((at - forecast.outage_start).num_minutes()),
            "user_minutes" => FactValue::Integer(user_seconds(at) / 60),
            _ => FactValue::Integer(0),
        };
        let seen_from = forecast.users.last().unwrap().from;
        let fires = rulebook::forecast::fires_at(rule, &facts_at, seen_from);
        assert_eq!(fires, forecast.reportable_at, "{}: {}", forecast.id, forecast.why);
        if let Some(at) = fires {
            assert_eq!(rulebook::forecast::fires_at(rule, &facts_at, at), None, "it holds by then");
        }
        let unknown =
            |name: &str, at: Instant| if name == "user_minutes" { FactValue::Unknown } else { facts_at(name, at) };
        assert_eq!(rulebook::forecast::fires_at(rule, &unknown, seen_from), None, "a missing fact is no forecast");
    }
}

#[test]
fn what_hangs_on_a_missing_fact_counts_down_as_if() {
    let book = book();
    let rule = book.get("us-fcc-nors-wireless").unwrap();
    let discovery: Instant = "2026-05-24T09:00:00Z".parse().unwrap();
    let facts = |name: &str| match name {
        "duration_minutes" => FactValue::Integer(50),
        "user_minutes" => FactValue::Unknown,
        _ => FactValue::Integer(0),
    };
    let organisation = ["wireless_carrier".to_owned()];
    let on = rulebook::evaluate::day(rule, discovery);
    let evaluation = rulebook::evaluate(rule, &organisation, &facts, &|_| Some(discovery), &|_| None, on);
    assert_eq!(evaluation.state, State::Unknown { missing: vec!["user_minutes".to_owned()] });
    assert!(evaluation.stages.iter().all(|s| s.iff && s.due.is_some()));
    assert_eq!(evaluation.stages[0].due, Some(Due::At("2026-05-24T11:00:00Z".parse().unwrap())));
}

#[test]
fn a_stage_after_another_waits_for_its_filing_and_others_do_not_concern_us() {
    let book = book();
    let rule = book.get("us-fcc-911-facility").unwrap();
    let discovery: Instant = "2025-07-04T15:00:00Z".parse().unwrap();
    let facts = |_: &str| FactValue::Integer(3);
    let clocks = |clock: &str| (clock == "discovery").then_some(discovery);
    let on = rulebook::evaluate::day(rule, discovery);
    let ours = ["wireless_carrier".to_owned()];
    let evaluation = rulebook::evaluate(rule, &ours, &facts, &clocks, &|_| None, on);
    let dues: Vec<bool> = evaluation.stages.iter().map(|s| s.due.is_some()).collect();
    assert_eq!((evaluation.state, dues), (State::Due, vec![true, false, false]));
    let shop = ["public_company".to_owned()];
    let other = rulebook::evaluate(rule, &shop, &facts, &clocks, &|_| None, on);
    assert_eq!(other.state, State::NotConcerned);
    assert!(other.stages.iter().all(|s| s.due.is_none()));
}

#[test]
fn the_day_is_that_of_the_agency() {
    let book = book();
    let rule = book.get("us-fcc-911-facility").unwrap();
    let late: Instant = "2025-04-15T03:59:00Z".parse().unwrap();
    assert_eq!(rulebook::evaluate::day(rule, late).to_string(), "2025-04-14", "still the day before in Washington");
}

#[test]
fn the_built_in_book_is_whole_and_says_what_it_is() {
    let book = book();
    assert_eq!(book.rules.len(), 7);
    for rule in &book.rules {
        assert!(!rule.confirmed_by.is_empty() && !rule.method.is_empty() && !rule.content.is_empty(), "{}", rule.id);
        assert!(rule.short.is_some(), "{}", rule.id);
        assert!(rule.stages.iter().all(|s| s.unit == Unit::Asap || s.amount.is_some()), "{}", rule.id);
    }
    let text = rulebook::write(&book).unwrap();
    assert_eq!(rulebook::read::read("adopted", &text).unwrap(), book, "what an incident adopts reads back the same");
}

#[test]
fn a_rule_of_ones_own_takes_the_place_of_ours() {
    let mut own = book().get("us-firstnet-contract").unwrap().clone();
    own.title = "With our contract's numbers".to_owned();
    let all = rulebook::combine(book(), Rules { rules: vec![own.clone()] });
    assert_eq!(all.rules.len(), 7);
    assert_eq!(all.get("us-firstnet-contract"), Some(&own));
}

#[test]
fn files_of_ones_own_are_read_over_ours_and_all_their_faults_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let mut own = book().get("us-cisa-voluntary").unwrap().clone();
    own.note = "Ask for the desk by name.".to_owned();
    let good = put("good.toml", &rulebook::write(&Rules { rules: vec![own.clone()] }).unwrap());
    let all = rulebook::load(std::slice::from_ref(&good)).unwrap();
    assert_eq!((all.rules.len(), all.get("us-cisa-voluntary")), (7, Some(&own)));
    let bad = [put("a.toml", "[[rul]]"), good, put("b.toml", "rule = 1"), folder.path().join("none.toml")];
    let files: Vec<String> = rulebook::load(&bad).unwrap_err().iter().map(|p| p.file.clone()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
}
