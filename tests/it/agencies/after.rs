//! What comes after a decision: facts that turn against it, lists that are not whole, slips in a time, what the record keeps.

use serde_json::Value;

use crate::support::pty::{Home, Start};

const WIRELESS: (&str, &str) = ("us-fcc-nors-wireless", "notification");

/// A carrier whose outage began a while ago, by its own clock.
fn carrier(started: &str) -> Home {
    let home = Home::new();
    crate::hour::carrier(&home);
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", started]);
    home
}

fn fact(home: &Home, name: &str, value: &str) {
    home.must(&["fact", name, value, "--basis", "the desk", "--confirmed-by", "ruiz"]);
}

/// Every fact of the wireless rule says no.
fn none_of_it(home: &Home) {
    let rule = warroom::rulebook::built_in().unwrap().get(WIRELESS.0).unwrap().clone();
    let trigger = warroom::rulebook::expression::parse(&rule.when).unwrap();
    for name in trigger.facts() {
        if !["duration_minutes", "user_minutes"].contains(&name) {
            let word = warroom::rulebook::built_in().unwrap().fact(name).cloned().unwrap();
            let no = if word.kind == warroom::incident::rule::FactKind::Boolean { "false" } else { "0" };
            fact(home, name, no);
        }
    }
}

fn json(home: &Home, arguments: &[&str]) -> Value {
    serde_json::from_str(&home.must(&[arguments, &["--json"]].concat())).unwrap()
}

fn stage(home: &Home, (rule, stage): (&str, &str)) -> Value {
    let list = json(home, &["agency", "list"]);
    let all = list.as_array().unwrap();
    all.iter().find(|s| s["rule"] == rule && s["stage"] == stage).cloned().unwrap()
}

/// The stage once it came back: a threshold is met at a whole second.
fn again(home: &Home) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let found = stage(home, WIRELESS);
        if found["again"].is_string() || begun.elapsed() > std::time::Duration::from_secs(20) {
            return found;
        }
    }
}

#[test]
fn what_was_decided_on_other_facts_comes_back_loud() {
    let home = carrier("-40m");
    none_of_it(&home);
    let (rule, id) = WIRELESS;
    home.must(&["agency", "file", rule, id, "--ref", "X1"]);
    home.must(&["agency", "withdraw", rule, id, "--why", "below the thresholds", "--by", "ortiz"]);
    assert_eq!(stage(&home, WIRELESS)["state"], "withdrawn");
    fact(&home, "users_affected", "125000000000000");
    let back = again(&home);
    assert_eq!((back["state"].as_str(), back["standing"].as_str()), (Some("pending"), Some("due")), "{back}");
    assert!(back["again"].as_str().unwrap().contains("before that it was withdrawn by ortiz"), "{back}");
    let now = json(&home, &["state"])["now"].to_string();
    assert!(now.contains("AGAIN: decided against before"), "{now}");
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("1 NOW");
    pty.keys("4");
    pty.wait("it is in the pane", |s| {
        s.contents().lines().any(|l| l.contains("FCC, notification") && l.contains("AGAIN"))
    });
    pty.keys("q");
    pty.exit();
    // Decided anew on these facts it stands, until they change again.
    home.must(&["agency", "waive", rule, id, "--why", "an exempt test network", "--by", "ortiz"]);
    assert_eq!(stage(&home, WIRELESS)["state"], "waived");
    let twice = home.run(&["agency", "waive", rule, id, "--why", "again", "--by", "ortiz"]);
    assert!(twice.code == Some(1) && twice.err.contains("waived already"), "{twice:?}");
    fact(&home, "msc_outages", "1");
    assert_eq!(stage(&home, WIRELESS)["state"], "pending");
    // What was filed after all does not carry the reasons of before; the history has all of it.
    home.must(&["agency", "file", rule, id, "--ref", "X2"]);
    let shown = home.must(&["agency", "show", rule, id]);
    for past in
        ["filed no. X1 (zoe)", "withdrawn: below the thresholds (ortiz)", "waived: an exempt test", "filed no. X2"]
    {
        assert!(shown.contains(past), "{past}: {shown}");
    }
    let export = home.must(&["export", "--format", "md", "--confidential"]);
    let filed = export.lines().find(|l| l.contains("reference X2")).unwrap();
    assert!(!filed.contains("exempt") && !filed.contains("ortiz"), "{filed}");
    // Who decided is between us and the agency.
    for format in ["md", "csv", "json", "html"] {
        let public = home.run(&["export", "--format", format]).out;
        assert!(!public.contains("ortiz"), "{format}");
    }
}

#[test]
fn a_threshold_that_is_met_after_the_decision_brings_it_back() {
    let home = carrier("-40m");
    none_of_it(&home);
    let (rule, id) = WIRELESS;
    home.must(&["agency", "waive", rule, id, "--why", "nobody is affected", "--by", "ortiz"]);
    assert_eq!(stage(&home, WIRELESS)["state"], "waived");
    // It says nothing else than before, but the outage lasts: later the sum passes the threshold by itself.
    fact(&home, "users_affected", "125000000000000");
    let back = again(&home);
    assert!(back["again"].as_str().is_some_and(|again| again.contains("its threshold was met")), "{back}");
}

#[test]
fn a_count_may_be_so_since_the_start() {
    let home = Home::new();
    crate::hour::carrier(&home);
    let started =
        (chrono::Utc::now() - chrono::TimeDelta::minutes(29)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", &started]);
    let meter = |home: &Home| {
        let shown = json(home, &["agency", "show", WIRELESS.0]);
        shown["meters"].as_array().unwrap().iter().find(|m| m["id"] == "user_minutes").cloned().unwrap_or_default()
    };
    fact(&home, "users_affected", "1000");
    assert_eq!(meter(&home)["at_least"], true, "from the start on it is not known");
    home.must(&["fact", "users_affected", "1000", "--at", &started, "--basis", "counted", "--confirmed-by", "ruiz"]);
    let known = meter(&home);
    assert_eq!(known["at_least"], false, "{known}");
    assert!(known["value"].as_i64().unwrap() >= 29_000, "{known}");
}

#[test]
fn a_list_that_is_not_whole_is_not_filed_and_done() {
    let home = carrier("-40m");
    fact(&home, "offices_911_affected", "2");
    let of_list = ("us-fcc-911-facility", "initial");
    home.must(&["agency", "told", of_list.0, of_list.1, "Bexar Metro 911", "--by", "phone", "--person", "desk 7"]);
    home.must(&["agency", "told", of_list.0, of_list.1, "Bexar Metro 911", "--by", "writing"]);
    home.must(&["agency", "file", of_list.0, of_list.1, "--ref", "mass mail"]);
    home.must(&["agency", "confirm", of_list.0, of_list.1, "--how", "left a message"]);
    let found = stage(&home, of_list);
    assert_eq!(found["state"], "filed", "{found}");
    let now = json(&home, &["state"])["now"].to_string();
    assert!(now.contains("1 of 2 told"), "{now}");
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("1 NOW");
    pty.keys("4");
    pty.wait("the count stays", |s| s.contents().lines().any(|l| l.contains("PSAPs, first") && l.contains("1 of 2")));
    pty.keys("q");
    pty.exit();
}

#[test]
fn slips_are_asked_about_and_a_restoration_stops_the_outage() {
    let home = carrier("-50m");
    let (rule, id) = WIRELESS;
    for (arguments, why) in [
        (&["agency", "file", rule, id, "--at", "-3h"][..], "nothing was filed before the incident began"),
        (&["agency", "clock", "restoration", "-3h", "--why", "x"], "nothing was restored before the incident began"),
        (&["fact", "cyber_incident", "ture"], "cyber_incident is true or false"),
        (&["fact", "users_affected", "many"], "number"),
        (&["rules", "evaluate", rule, "--fact", "zz=1"], "no rule knows such a fact"),
    ] {
        let ran = home.run(arguments);
        assert!(ran.code != Some(0) && ran.err.contains(why), "{arguments:?}: {ran:?}");
    }
    let minutes = |home: &Home| {
        let shown = json(home, &["agency", "show", rule]);
        let meters = shown["meters"].as_array().unwrap();
        meters.iter().find(|m| m["id"] == "duration_minutes").unwrap()["value"].as_i64().unwrap()
    };
    assert_eq!(minutes(&home), 50);
    home.must(&["agency", "clock", "restoration", "-21m", "--why", "radio says so"]);
    assert_eq!(minutes(&home), 29);
}

#[test]
fn a_worksheet_says_what_is_known_by_the_rule_s_own_names() {
    let home = carrier("-50m");
    fact(&home, "offices_911_affected", "2");
    let sheet = home.must(&["agency", "worksheet", WIRELESS.0, WIRELESS.1]);
    let line = |asked: &str| sheet.lines().find(|l| l.trim_start().starts_with(asked)).unwrap().to_owned();
    assert!(!line("start and discovery time").contains("NOT KNOWN"), "{sheet}");
    assert!(line("911 effects").contains("offices_911_affected 2"), "{sheet}");
    assert!(
        line("geography affected").contains("NOT KNOWN") && line("restoration time").contains("NOT KNOWN"),
        "{sheet}"
    );
}

#[test]
fn before_a_rule_fires_scripts_hear_what_it_hangs_on() {
    let home = carrier("-5m");
    let found = stage(&home, WIRELESS);
    assert!(found["may_fire_at"].is_string() && !found["missing_facts"].as_array().unwrap().is_empty(), "{found}");
    assert!(home.must(&["agency", "list"]).contains("not triggered yet, may fire"));
    // Its clock counts down in header and Now before it fires, as an IF.
    let state = json(&home, &["state"]);
    let clock = state["clocks"].as_array().unwrap().iter().find(|c| c["text"] == "FCC reportable").cloned();
    assert_eq!(clock.expect("a clock for it")["if"], true);
    let now = state["now"].as_array().unwrap().iter().find(|n| n["text"].as_str().unwrap().contains("reportable to"));
    let now = now.expect("a line in Now");
    assert!(
        now["label"].as_str().unwrap().ends_with(" IF") && now["text"].to_string().contains("msc_outages"),
        "{now}"
    );
}
