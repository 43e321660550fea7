//! The built-in playbooks are whole, and their texts can be sent; a playbook of one's own has its faults named.

use std::collections::BTreeMap;

use warroom::incident::plan::Plan;
use warroom::incident::words::Round;
use warroom::playbook::read::read;
use warroom::playbook::render::{Words, render};
use warroom::playbook::{self, BUILT_IN};
use warroom::rulebook;

fn built_in(name: &str) -> Plan {
    playbook::find(name, &[]).unwrap().plan
}

/// A commander's first minute: nothing but the start is known.
fn first_minute() -> Words {
    Words {
        harmed: "02:45 CST".into(),
        back: None,
        started: "02:45 CST".to_owned(),
        now: "03:08 CST".to_owned(),
        next_update: Some("03:28 CST".to_owned()),
        phase: "investigating".to_owned(),
        title: "US wireless: voice + 5G data down".to_owned(),
        severity: "sev1".to_owned(),
        down: Vec::new(),
        fallbacks: Vec::new(),
        facts: BTreeMap::new(),
        restoration: Some("not known yet".to_owned()),
        corrects: None,
    }
}

fn an_hour_in() -> Words {
    let list = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    Words {
        down: list(&[
            "Voice (VoLTE and 5G)",
            "5G data",
            "911 calls",
            "FirstNet (public safety)",
            "Device registration",
        ]),
        fallbacks: list(&["Wi-Fi calling", "a landline"]),
        ..first_minute()
    }
}

#[test]
fn every_cell_of_the_grid_has_words_for_every_round() {
    for built in BUILT_IN {
        let plan = built_in(built.name);
        for audience in &plan.audiences {
            assert!(!audience.channels.is_empty(), "{}", audience.id);
            for channel in &audience.channels {
                for &round in Round::ALL {
                    for words in [first_minute(), an_hour_in()] {
                        let place = format!("{} {round} {} {channel}", built.name, audience.id);
                        let template = plan.template(round, &audience.id, channel).expect(&place);
                        let text = render(template, &words).unwrap_or_else(|e| panic!("{place}: {e}"));
                        check_words(&place, &text, round, plan.channel(channel).unwrap().limit);
                    }
                }
            }
        }
    }
}

/// Nothing seen to be down may mean that nobody can see: only the phase, which a person set, speaks of recovery; and a
/// resolution never says "normal" of what is down.
#[test]
fn an_empty_list_is_not_an_all_clear() {
    let healthy = ["coming back", "normal", "works", "no component", "recover"];
    for built in BUILT_IN {
        let plan = built_in(built.name);
        for audience in &plan.audiences {
            for channel in &audience.channels {
                let fill =
                    |round, words: &Words| render(plan.template(round, &audience.id, channel).unwrap(), words).unwrap();
                for round in [Round::Initial, Round::Update, Round::Correction] {
                    for phase in ["investigating", "identified"] {
                        let words = Words { phase: phase.to_owned(), ..first_minute() };
                        let text = fill(round, &words);
                        assert!(!healthy.iter().any(|h| text.contains(h)), "{} {channel} {round}: {text}", audience.id);
                    }
                }
                let text = fill(Round::Resolution, &an_hour_in());
                let honest =
                    text.contains("except: Voice") || text.contains("most of you") || audience.id == "investors";
                assert!(honest, "{} {channel}: {text}", audience.id);
            }
        }
    }
}

fn check_words(place: &str, text: &str, round: Round, limit: Option<usize>) {
    assert!(
        limit.is_none_or(|most| text.chars().count() <= most),
        "{place}: {} characters: {text}",
        text.chars().count()
    );
    assert!(!text.contains("  ") && !text.contains("\n\n"), "{place}: {text:?}");
    assert!(!text.contains("()") && !text.contains("(Voice (") && !text.contains(": ."), "{place}: {text:?}");
    if matches!(round, Round::Initial | Round::Update) {
        assert!(text.contains("03:28 CST"), "{place}: says when the next word comes: {text}");
    }
    for promise in ["will be restored by", "fixed by", "expected by", "MOP", "ETR"] {
        assert!(!text.contains(promise), "{place}: {text}");
    }
}

#[test]
fn emergency_words_stand_in_every_text_for_the_public() {
    let plan = built_in("carrier-outage");
    for audience in ["firstnet", "psaps", "care", "retail", "wholesale", "consumers", "business", "media"] {
        for channel in &plan.audience(audience).unwrap().channels {
            for round in [Round::Initial, Round::Update] {
                let text = render(plan.template(round, audience, channel).unwrap(), &first_minute()).unwrap();
                assert!(text.contains("911") && text.to_lowercase().contains("test"), "{audience} {channel}: {text}");
            }
        }
    }
}

#[test]
fn the_carrier_plan_is_the_one_the_room_expects() {
    let plan = built_in("carrier-outage");
    let audiences: Vec<&str> = plan.audiences.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(
        audiences,
        [
            "FirstNet",
            "PSAPs",
            "Care",
            "Retail",
            "Wholesale",
            "Consumers",
            "Business",
            "Employees",
            "Media",
            "Execs",
            "Investors"
        ]
    );
    assert!(plan.audiences[0].life && plan.audiences[1].life && plan.audiences[2..].iter().all(|a| !a.life));
    assert!(plan.audience("investors").unwrap().hold.is_some());
    let shorts: Vec<&str> = plan.channels.iter().map(|c| c.short.as_str()).collect();
    assert_eq!(shorts, ["APP", "WEB", "SOC", "AST", "DIR"]);
    assert_eq!(plan.channel("social").unwrap().via, None);
    assert_eq!(plan.tasks.iter().filter(|t| t.first).count(), 3);
    let rules = rulebook::built_in().unwrap();
    for id in &plan.agencies {
        assert!(rules.get(id).is_some(), "{id}");
    }
    // Two are for texts alone.
    let for_texts = ["not_an_attack", "expected_restoration"];
    for fact in plan.facts.iter().filter(|fact| !for_texts.contains(&fact.name.as_str())) {
        assert!(rulebook::names::fact(&fact.name).is_some(), "{}", fact.name);
    }
}

const GOOD: &str = r#"
name = "own"
roles = ["commander"]
[[team]]
id = "core"
name = "Core"
[[task]]
id = "t"
title = "T"
team = "core"
[[channel]]
id = "mail"
name = "Mail"
short = "MAIL"
[[audience]]
id = "all"
name = "All"
channels = ["mail"]
first_word = 10
cadence = 20
[[template]]
round = "initial"
audiences = ["all"]
text = """
Since {{ started }}.
By {{ next_update }}.
"""
"#;

#[test]
fn each_fault_has_its_line_key_and_hint() {
    assert_eq!(read("own.toml", GOOD).unwrap().tasks[0].minutes, 10);
    for (from, to, expected) in [
        (
            "name = \"own\"",
            "name = \"own\"\nagencis = []",
            "own.toml, line 3, agencis: no such key; did you mean \"agencies\"?",
        ),
        ("\"commander\"", "\"comander\"", "line 3, roles: comander: no such role; did you mean \"commander\"?"),
        ("team = \"core\"", "team = \"cor\"", "line 10, task.team: no team has the id \"cor\"; did you mean \"core\"?"),
        (
            "[\"mail\"]",
            "[\"mial\"]",
            "line 18, audience.channels: no channel has the id \"mial\"; did you mean \"mail\"?",
        ),
        ("[\"all\"]", "[\"everybody\"]", "line 23, template.audiences: no audience has the id \"everybody\""),
        ("short = \"MAIL\"", "short = \"EMAIL\"", "line 14, channel.short: \"EMAIL\" is wider than 4 columns"),
        (
            "round = \"initial\"",
            "round = \"inital\"",
            "line 22, template.round: no such round; did you mean \"initial\"?",
        ),
        (
            "next_update }}",
            "next_updat }}",
            "line 26, template.text: no such name: next_updat; did you mean \"next_update\"?",
        ),
        ("next_update }}", "next_update", "line 26, template.text:"),
        ("cadence = 20", "cadence = 0", "line 20, audience.cadence: expected a whole number from 1 to 2160"),
        ("cadence = 20\n", "", "line 15, audience.cadence: missing; expected a whole number of minutes"),
        (
            "[[task]]",
            "[[team]]\nid = \"core\"\nname = \"x\"\n[[task]]",
            "line 8, team.id: \"core\" is already the id of a team, on line 5",
        ),
        ("id = \"t\"", "id = \"T 1\"", "line 8, task.id: expected an id of lower-case letters"),
        (
            "first_word = 10",
            "first_word = \"10m\"",
            "line 19, audience.first_word: expected a whole number, found text",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let list = read("own.toml", &GOOD.replacen(from, to, 1)).unwrap_err();
        let said: Vec<String> = list.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|s| s.contains(expected)), "{from} -> {to}\n  said {said:?}\n  expected {expected}");
        assert_eq!(said.len(), 1, "{said:?}");
    }
}

#[test]
fn a_file_of_ones_own_wins_and_an_unknown_name_gets_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("generic.toml"), GOOD).unwrap();
    let places = [folder.path().to_owned()];
    let found = playbook::find("generic", &places).unwrap();
    assert_eq!((found.plan.name.as_str(), found.text.as_str()), ("own", GOOD));
    assert_eq!(playbook::find("carrier-outage", &places).unwrap().origin, "built in");
    let said = playbook::find("carier-outage", &places).unwrap_err()[0].to_string();
    assert!(said.contains("did you mean \"carrier-outage\"?"), "{said}");
    assert!(playbook::find("../generic", &places).is_err());
    assert_eq!(playbook::names(&places), ["carrier-outage", "generic"]);
}
