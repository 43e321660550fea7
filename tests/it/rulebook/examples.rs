//! The worked examples of `tests/data/rules/examples.toml`, and what the built-in book promises as a whole.

use std::collections::BTreeSet;

use serde::Deserialize;
use warroom::incident::Instant;
use warroom::incident::rule::{Confidence, Grows, Rules, Unit};
use warroom::rulebook::example::{self, Example};
use warroom::rulebook::expression;
use warroom::rulebook::judge::judge;
use warroom::rulebook::{self, Due, State};

use super::{Case, at, book};

const EXAMPLES: &str = include_str!("../../data/rules/examples.toml");

/// What an example expects, read without the program's own reader.
#[derive(Deserialize)]
struct File {
    example: Vec<Expected>,
    forecast: Vec<Forecast>,
}

#[derive(Deserialize)]
struct Expected {
    id: String,
    expect: String,
    due: Vec<Stage>,
    why: String,
}

#[derive(Deserialize)]
struct Stage {
    stage: String,
    at: Instant,
}

#[derive(Deserialize)]
struct Forecast {
    id: String,
    reportable_at: Option<Instant>,
    why: String,
}

fn read(book: &Rules) -> (File, Vec<Example>) {
    (toml::from_str(EXAMPLES).unwrap(), example::read("examples.toml", EXAMPLES, book).unwrap())
}

#[test]
fn every_worked_example_holds() {
    let book = book();
    let (expected, examples) = read(&book);
    assert!(expected.example.len() >= 53 + 8, "{}", expected.example.len());
    for (expected, example) in expected.example.iter().zip(&examples) {
        assert_eq!(expected.id, example.id);
        let judged = judge(&book, example).unwrap();
        assert_eq!(judged.state, expected.expect, "{}: {}", example.id, expected.why);
        if judged.state == "unknown" {
            assert!(!judged.missing.is_empty(), "{}", example.id);
        }
        let due: Vec<(String, Instant)> = expected.due.iter().map(|d| (d.stage.clone(), d.at)).collect();
        assert_eq!(judged.due(), due, "{}: {}", example.id, expected.why);
        assert_eq!(judged.differences(example), [""; 0], "{}", example.id);
    }
}

#[test]
fn every_forecast_holds_from_the_start_and_from_the_last_change() {
    let book = book();
    let (expected, examples) = read(&book);
    let forecasts = &examples[expected.example.len()..];
    assert_eq!((expected.forecast.len(), forecasts.len()), (6, 6));
    for (expected, example) in expected.forecast.iter().zip(forecasts) {
        assert_eq!(expected.id, example.id);
        let judged = judge(&book, example).unwrap();
        assert_eq!(judged.fires_at, expected.reportable_at, "{}: {}", example.id, expected.why);
        let state = if expected.reportable_at.is_some() { "forecast" } else { "not_triggered" };
        assert_eq!(judged.state, state, "{}", example.id);
        let last = example.users.last().unwrap().0;
        let later = judge(&book, &Example { now: Some(last), ..example.clone() }).unwrap();
        assert_eq!(later.fires_at, expected.reportable_at, "{}: {}", example.id, expected.why);
        let Some(reportable) = expected.reportable_at else { continue };
        let mut then = Example { now: Some(reportable), ..example.clone() };
        for assumed in &judged.missing {
            then.facts.insert(assumed.clone(), rulebook::FactValue::Boolean(true));
        }
        assert_eq!(judge(&book, &then).unwrap().evaluation.state, State::Due, "{}: it holds by then", example.id);
        then.now = Some(reportable - chrono::TimeDelta::seconds(1));
        assert_ne!(judge(&book, &then).unwrap().evaluation.state, State::Due, "{}: and not before", example.id);
        let unknown = Example { users: Vec::new(), ..example.clone() };
        assert_eq!(judge(&book, &unknown).unwrap().fires_at, None, "{}: a missing fact is no forecast", example.id);
    }
}

/// An example that says since when the outage runs, and not how long: its state is as its facts have it, and it still says when
/// it fires.
#[test]
fn what_runs_since_an_instant_says_when_it_fires() {
    let book = book();
    let text = r#"
[[example]]
id = "since"
rule = "us-fcc-nors-wireless"
facts = { users_affected = 12000 }
clocks = { outage_start = "2025-05-14T17:00:00Z", discovery = "2025-05-14T17:05:00Z" }
[[example]]
id = "then"
rule = "us-fcc-nors-wireless"
facts = { users_affected = 12000, msc_outages = 0, oc3_minutes = 0, offices_911_affected = 0, facilities_988_affected = 0 }
clocks = { outage_start = "2025-05-14T17:00:00Z", discovery = "2025-05-14T17:05:00Z" }
now = "2025-05-14T18:14:59Z"
expect = "forecast"
fires_at = "2025-05-14T18:15:00Z"
[[example]]
id = "after"
rule = "us-fcc-nors-wireless"
facts = { users_affected = 12000 }
clocks = { outage_start = "2025-05-14T17:00:00Z", discovery = "2025-05-14T17:05:00Z" }
now = "2025-05-14T18:15:00Z"
expect = "due"
fires_at = "2025-05-14T18:15:00Z"
"#;
    let examples = example::read("e", text, &book).unwrap();
    let judged: Vec<_> = examples.iter().map(|e| judge(&book, e).unwrap()).collect();
    assert_eq!((judged[0].state, judged[0].fires_at), ("unknown", Some(at("2025-05-14T18:15:00Z"))));
    for (example, judged) in examples.iter().zip(&judged) {
        assert_eq!(judged.differences(example), [""; 0], "{}", example.id);
    }
}

#[test]
fn a_forecast_names_what_it_takes_for_granted() {
    let book = book();
    let (_, examples) = read(&book);
    let of = |id: &str| judge(&book, examples.iter().find(|e| e.id == id).unwrap()).unwrap();
    assert_eq!(of("f05").missing, ["complete_loss_of_service"], "nothing is reportable in Canada without it");
    assert_eq!(of("f02").missing, [""; 0], "users alone are enough, whatever else is out");
}

#[test]
fn what_hangs_on_a_missing_fact_counts_down_as_if() {
    let (_, examples) = read(&book());
    let example = examples.iter().find(|e| e.id == "x21-unknown").unwrap();
    let judged = judge(&book(), example).unwrap();
    assert_eq!(judged.evaluation.state, State::Unknown { missing: vec!["user_minutes".to_owned()] });
    assert!(judged.evaluation.stages.iter().all(|s| s.iff && s.due.is_some()));
    assert_eq!(judged.evaluation.stages[0].due, Some(Due::At(at("2026-05-24T11:00:00Z"))));
}

/// An example with another instant, another state or another stage is a difference, and is named.
#[test]
fn a_difference_is_seen() {
    let book = book();
    for (from, to, said) in [
        (
            "2024-02-22T10:48:00Z",
            "2024-02-22T10:49:00Z",
            "notification: expected 2024-02-22T10:49:00Z, found 2024-02-22T10:48:00Z",
        ),
        ("expect = \"due\"", "expect = \"unknown\"", "state: expected unknown, found due"),
        ("  { stage = \"initial\", at = \"2024-02-25T08:48:00Z\" },\n", "", "initial: expected no deadline"),
        ("reportable_at = \"2024-02-22T09:15:00Z\"\n", "", "fires: expected never, found 2024-02-22T09:15:00Z"),
        (
            "reportable_at = \"2024-02-22T09:15:00Z\"",
            "reportable_at = \"2024-02-22T09:15:01Z\"",
            "found 2024-02-22T09:15:00Z",
        ),
    ] {
        let text = EXAMPLES.replacen(from, to, 1);
        assert_ne!(text, EXAMPLES, "{from}");
        let examples = example::read("e", &text, &book).unwrap();
        let all: Vec<String> = examples.iter().flat_map(|e| judge(&book, e).unwrap().differences(e)).collect();
        assert!(all.len() == 1 && all[0].contains(said), "{all:?}");
    }
}

#[test]
fn the_built_in_book_is_whole_and_says_what_it_is() {
    let book = book();
    assert_eq!((book.rules.len(), book.facts.len(), book.kinds.len(), book.clocks.len()), (70, 51, 42, 17));
    let places: BTreeSet<&str> = book.rules.iter().map(|r| r.jurisdiction.as_str()).collect();
    let known = ["AU", "CA", "EU", "IN", "JP", "SG", "UK", "US", "US-CA", "US-NY", "US-TX"];
    assert_eq!(places.into_iter().collect::<Vec<_>>(), known);
    for rule in &book.rules {
        let filled = [&rule.confirmed_by, &rule.method, &rule.withdraw, &rule.calendar_note, &rule.citation];
        assert!(filled.iter().all(|text| !text.is_empty()) && !rule.content.is_empty(), "{}", rule.id);
        assert!(rule.short.is_some() && rule.basis.is_some(), "{}", rule.id);
        assert!(rule.stages.iter().all(|s| s.unit == Unit::Asap || s.amount.is_some()), "{}", rule.id);
        assert!(rule.id.starts_with(&rule.jurisdiction[..2].to_lowercase()), "{}", rule.id);
        for fact in expression::parse(&rule.when).unwrap().facts() {
            assert!(book.fact(fact).is_some(), "{}: {fact}", rule.id);
        }
    }
    let low: Vec<&str> = book.rules.iter().filter(|r| r.confidence == Confidence::Low).map(|r| r.id.as_str()).collect();
    assert_eq!(low, ["us-firstnet-contract", "uk-ofcom-105k", "au-ecs-000", "jp-tba-28"]);
    let growing: Vec<(&str, &Grows)> =
        book.facts.iter().filter_map(|f| Some((f.name.as_str(), f.grows.as_ref()?))).collect();
    assert_eq!(
        growing,
        [("duration_minutes", &Grows::Minutes), ("user_minutes", &Grows::By("users_affected".to_owned()))]
    );
    let text = rulebook::write(&book).unwrap();
    assert_eq!(rulebook::read::read("adopted", &text).unwrap(), book, "what an incident adopts reads back the same");
}

/// What is written is documented, and what is documented is read: a slip in a key that exists would say so.
#[test]
fn every_key_is_documented_and_every_documented_key_is_read() {
    use warroom::rulebook::keys::{CALENDAR, EXAMPLE, FACT, Key, RULE, STAGE};
    let book = book();
    let written =
        |value: serde_json::Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    let documented = |keys: &[Key]| -> BTreeSet<String> { keys.iter().map(|k| k.name.to_owned()).collect() };
    assert_eq!(written(serde_json::to_value(&book.rules[0]).unwrap()), documented(RULE));
    assert_eq!(written(serde_json::to_value(&book.rules[0].stages[0]).unwrap()), documented(STAGE));
    assert_eq!(written(serde_json::to_value(&book.facts[0]).unwrap()), documented(FACT));
    assert_eq!(written(serde_json::to_value(&book.calendars[0]).unwrap()), documented(CALENDAR));
    for (table, keys) in
        [("rule", RULE), ("rule.stages", STAGE), ("facts", FACT), ("calendar", CALENDAR), ("example", EXAMPLE)]
    {
        for key in keys {
            let text = format!(
                "[[{}]]\n{}{} = {{ zz = 1 }}",
                table.split('.').next().unwrap(),
                if table.contains('.') { "[[rule.stages]]\n" } else { "" },
                key.name
            );
            let mut problems = rulebook::read::read("own", &text).err().unwrap_or_default();
            problems.extend(example::read("own", &text, &book).err().unwrap_or_default());
            let unread = problems.iter().any(|p| {
                p.message.starts_with("no such key")
                    && p.key.as_ref().is_some_and(|k| k.ends_with(&format!(".{}", key.name)))
            });
            assert!(!unread, "{table}.{}: {problems:?}", key.name);
            let missing = rulebook::read::read("own", &text.replace(&format!("{} = {{ zz = 1 }}", key.name), ""))
                .err()
                .unwrap_or_default();
            if table != "example" {
                let named = missing.iter().any(|p| p.key.as_deref() == Some(&format!("{table}.{}", key.name)));
                assert_eq!(named, key.needed, "{table}.{}: {missing:?}", key.name);
            }
        }
    }
}

#[test]
fn a_rule_of_ones_own_takes_the_place_of_ours() {
    let mut own = book().get("us-firstnet-contract").unwrap().clone();
    own.title = "With our contract's numbers".to_owned();
    let all = rulebook::combine(book(), Rules::from(vec![own.clone()]));
    assert_eq!(all.rules.len(), 70);
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
    let good = put("good.toml", &rulebook::write(&Rules::from(vec![own.clone()])).unwrap());
    let all = rulebook::load(std::slice::from_ref(&good)).unwrap();
    assert_eq!((all.rules.len(), all.get("us-cisa-voluntary")), (70, Some(&own)));
    let bad = [put("a.toml", "[[rul]]"), good, put("b.toml", "rule = 1"), folder.path().join("none.toml")];
    let files: Vec<String> = rulebook::load(&bad).unwrap_err().iter().map(|p| p.file.clone()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
}

#[test]
fn the_same_rule_in_two_files_of_ones_own_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = rulebook::write(&Rules::from(vec![book().get("us-cisa-voluntary").unwrap().clone()])).unwrap();
    let files = ["a.toml", "b.toml"].map(|name| {
        let path = folder.path().join(name);
        std::fs::write(&path, &text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    });
    let said = rulebook::load(&files).unwrap_err();
    assert_eq!(said.len(), 1);
    let (said, line) = (said[0].to_string(), said[0].line.unwrap());
    assert!(said.contains("b.toml, line") && said.contains("a.toml: keep one of them"), "{said}");
    assert!(text.lines().nth(line - 1).unwrap().contains("us-cisa-voluntary"));
}

/// A rule in one file may use the calendar, facts, clocks and kinds of another, in any order; a calendar of one's own takes
/// the place of ours, and how a fact grows stays where its new meaning says nothing of it.
#[test]
fn files_of_ones_own_use_each_others_words() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let rules = put("rules.toml", include_str!("../../data/rules/valid/contract.toml"));
    let words = put("words.toml", include_str!("../../data/rules/valid/words.toml"));
    let all = rulebook::load(&[rules, words]).unwrap();
    let rule = all.get("contract-tower-owner").unwrap();
    let case = Case::default()
        .number("sites_down", 12)
        .number("site_minutes", 720)
        .clock("call_received", "2026-07-02T12:00:00Z");
    let judged = case.judge_in(&all, rule);
    // Friday 3 July is no holiday of theirs, Monday 6 is.
    assert_eq!(judged.stages[0].due, Some(Due::At(at("2026-07-07T16:00:00Z"))), "two business days, noon there");
    assert_eq!(all.calendar("us-federal").unwrap().holidays.len(), 1, "theirs");
    assert_eq!(all.fact("duration_minutes").unwrap().grows, Some(Grows::Minutes));
    assert!(all.clock("discovery").unwrap().or_reportable);
}
