//! A message, a duty, an entry from beginning to end by script; what the state promises; what reading leaves alone.

use super::given::{config, declared, refused};
use super::json;
use crate::support::pty::Home;

#[test]
fn a_message_is_drafted_read_changed_approved_and_skipped() {
    let (home, _) = declared();
    let drafted = json(&home, &["message", "draft", "care", "direct", "--text", "Calls fail."]);
    let id = drafted[0]["id"].as_str().unwrap()[..8].to_owned();
    assert_eq!(json(&home, &["message", "show", &id])["text"], "Calls fail.");
    refused(&home.run(&["message", "send", &id]), 1, &["approved"]);
    home.must(&["message", "edit", &id, "Calls and data fail."]);
    let approved = home.run(&["message", "approve", &id]);
    assert_eq!(approved.code, Some(0));
    assert!(approved.err.contains("Calls and data fail."), "what was approved is shown: {approved:?}");
    // No backend of that name is configured: it says so, and counts as failed, not as sent.
    let sent = home.run(&["message", "send", &id]);
    assert_eq!(sent.code, Some(1), "{sent:?}");
    assert_eq!(json(&home, &["message", "show", &id])["state"], "failed");
    home.must(&["message", "skip", &id, "--why", "told by phone"]);
    refused(&home.run(&["message", "settle", &id, "perhaps", "--how", "x"]), 2, &["yes", "no"]);
}

#[test]
fn a_duty_is_drafted_filed_confirmed_and_another_waived() {
    let (home, _) = declared();
    home.must(&["agency", "clock", "discovery", "-15m", "--why", "first alarm"]);
    let rule = "us-fcc-nors-wireless";
    let duties = json(&home, &["agency", "list"]);
    let stages: Vec<String> = duties
        .as_array()
        .unwrap()
        .iter()
        .filter(|s| s["rule"] == rule)
        .map(|s| s["stage"].as_str().unwrap().to_owned())
        .collect();
    assert!(stages.len() >= 2, "{duties}");
    home.must(&["agency", "draft", rule, &stages[0]]);
    home.must(&["agency", "file", rule, &stages[0], "--ref", "NORS-4711", "--person", "lee", "--at", "-1m"]);
    home.must(&["agency", "confirm", rule, &stages[0], "--how", "receipt"]);
    home.must(&["agency", "waive", rule, &stages[1], "--why", "counsel says so"]);
    let duties = json(&home, &["agency", "list"]);
    let state = |stage: &str| {
        let found = duties.as_array().unwrap().iter().find(|s| s["rule"] == rule && s["stage"] == stage).unwrap();
        (found["state"].as_str().unwrap().to_owned(), found["reference"].as_str().unwrap().to_owned())
    };
    assert_eq!(state(&stages[0]), ("confirmed".to_owned(), "NORS-4711".to_owned()));
    assert_eq!(state(&stages[1]).0, "waived");
}

#[test]
fn an_entry_is_taken_back_by_the_beginning_of_its_id() {
    let (home, _) = declared();
    let written = json(&home, &["note", "a slip"]);
    let id = written[0]["id"].as_str().unwrap().to_owned();
    home.must(&["undo", &id[..8], "--why", "wrong room"]);
    let record = json(&home, &["export", "--format", "json"]);
    assert!(record.to_string().contains("a slip"), "what is taken back stays in the record");
    assert!(record.to_string().contains("wrong room"));
    refused(&home.run(&["undo", "zzzzzzzz"]), 1, &["no entry"]);
    // One letter is the beginning of many.
    for _ in 0..40 {
        home.must(&["note", "n"]);
    }
    let ambiguous = (0..16).map(|n| home.run(&["undo", &format!("{n:x}")])).find(|r| r.err.contains("several"));
    refused(&ambiguous.expect("two of 40 ids begin alike"), 1, &["is the beginning of several"]);
}

#[test]
fn the_state_keeps_its_promise_to_scripts() {
    let (home, id) = declared();
    let state = json(&home, &["state"]);
    assert_eq!(state["incident"]["id"], id.as_str());
    for key in [
        "schema",
        "as_of",
        "incident",
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
    ] {
        assert!(state.get(key).is_some(), "no {key}: {:?}", state.as_object().unwrap().keys().collect::<Vec<_>>());
    }
    for key in ["now", "timeline", "audiences", "obligations", "roles", "tasks"] {
        let list = state[key].as_array().or_else(|| state[key]["rows"].as_array());
        let list = list.unwrap_or_else(|| panic!("{key} is no list: {}", state[key]));
        assert!(list.iter().all(|row| row.get("id").is_some()), "{key}: an id in each");
    }
    for key in ["id", "title", "severity", "phase", "exercise", "declared_at", "started_at"] {
        assert!(state["incident"].get(key).is_some(), "no incident.{key}");
    }
}

#[test]
fn reading_writes_nothing() {
    let (home, _) = declared();
    let bytes = || std::fs::read(home.journal()).unwrap();
    let entries = || json(&home, &["list"])[0]["entries"].clone();
    let (before, count) = (bytes(), entries());
    for arguments in [
        &["note", "x"][..],
        &["declare", "x", "--severity", "sev1"],
        &["role", "scribe", "x"],
        &["task", "add", "x"],
        &["undo", "0"],
    ] {
        let all: Vec<&str> = arguments.iter().copied().chain(["--read-only"]).collect();
        refused(&home.run(&all), 2, &["--read-only"]);
    }
    for arguments in
        [&["list"][..], &["state"], &["can"], &["verify"], &["agency", "list"], &["message", "list"], &["export"]]
    {
        let all: Vec<&str> = arguments.iter().copied().chain(["--read-only"]).collect();
        home.must(&all);
    }
    assert_eq!((bytes(), entries()), (before, count));
    // And a journal that is not there is not made by looking.
    let empty = Home::new();
    refused(&empty.run(&["list"]), 1, &["journal.db"]);
    assert_eq!(empty.left("state"), Vec::<String>::new());
}

#[test]
fn check_tells_what_works_and_what_does_not() {
    let home = Home::new();
    config(&home, "");
    let whole = home.must(&["check"]);
    assert!(whole.contains("ok") && whole.contains("carrier-outage"), "{whole}");
    let port = crate::support::process::free_port();
    config(
        &home,
        &format!(
            "[[metrics]]\nname = \"core\"\nkind = \"prometheus\"\nurl = \"http://127.0.0.1:{port}\"\n[[metrics.query]]\nname = \"q\"\nquery = \"1\"\n"
        ),
    );
    let ran = home.run(&["check"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("FAIL") && ran.out.contains("core"), "{ran:?}");
    home.must(&["declare", "x", "--severity", "sev3"]);
    let ran = home.run(&["poll", "--once"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("core"), "{ran:?}");
}

#[test]
fn poll_once_records_what_a_backend_says_and_nothing_twice() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let alert = r#"[{"labels":{"alertname":"VoiceDown"},"annotations":{"summary":"calls fail"},"fingerprint":"f1",
        "startsAt":"2024-02-22T08:45:00Z","endsAt":"2024-02-22T09:45:00Z","updatedAt":"2024-02-22T08:45:00Z",
        "generatorURL":"","receivers":[{"name":"r"}],"status":{"state":"active","silencedBy":[],"inhibitedBy":[]}}]"#;
    let server = runtime.block_on(crate::support::wire::Wire::saying(crate::support::wire::json(alert)));
    let (home, _) = declared();
    config(
        &home,
        &format!("[[notification]]\nname = \"pager\"\nkind = \"alertmanager\"\nurl = \"{}\"\n", server.url()),
    );
    let first = home.must(&["poll", "--once"]);
    assert!(first.contains("VoiceDown"), "{first}");
    let again = home.must(&["poll", "--once"]);
    assert!(!again.contains("VoiceDown"), "{again}");
    let alerts = json(&home, &["state"])["alerts"].clone();
    assert_eq!(alerts.as_array().map(Vec::len), Some(1), "{alerts}");
}

#[test]
fn poll_records_in_every_open_incident_but_those_that_practise() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let alert = r#"[{"labels":{"alertname":"VoiceDown"},"annotations":{},"fingerprint":"f1",
        "startsAt":"2024-02-22T08:45:00Z","endsAt":"2024-02-22T09:45:00Z","updatedAt":"2024-02-22T08:45:00Z",
        "generatorURL":"","receivers":[{"name":"r"}],"status":{"state":"active","silencedBy":[],"inhibitedBy":[]}}]"#;
    let server = runtime.block_on(crate::support::wire::Wire::saying(crate::support::wire::json(alert)));
    let (home, _) = declared();
    config(
        &home,
        &format!("[[notification]]\nname = \"pager\"\nkind = \"alertmanager\"\nurl = \"{}\"\n", server.url()),
    );
    for (title, more) in [("Billing slow", vec![]), ("Practice", vec!["--exercise"]), ("Old one", vec![])] {
        let mut arguments = vec!["declare", title, "--severity", "sev3"];
        arguments.extend(more);
        home.must(&arguments);
    }
    let all = json(&home, &["list"]);
    let id = |title: &str| {
        let found = all.as_array().unwrap().iter().find(|i| i["title"] == title).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    home.must(&["--incident", &id("Old one"), "phase", "resolved", "--why", "it is over", "--override-by", "zoe"]);
    let alerts = |title: &str| json(&home, &["--incident", &id(title), "state"])["alerts"].as_array().map(Vec::len);
    // A room that leads asks for the other incidents too: here its part is played by the one that is named.
    let pty = crate::support::pty::Start::new(&home, &["--incident", &id("Billing slow")]).size(120, 36).start();
    pty.see("VoiceDown");
    let mut pty = pty;
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!([alerts("Billing slow"), alerts("Practice"), alerts("Old one")], [Some(1), Some(0), Some(0)]);
    let open = all.as_array().unwrap().iter().find(|i| i["severity"] == "sev1").unwrap()["title"].as_str().unwrap();
    assert_eq!(alerts(open), Some(1), "{open} hears what another room asked");
    // Once, by command: all that are open, also who practises, since nobody asks for it beside.
    let again = home.must(&["poll", "--once"]);
    assert!(again.contains("answered, 1 new entries"), "only the exercise had not heard it: {again}");
    assert_eq!([alerts("Practice"), alerts("Old one")], [Some(1), Some(0)]);
}

#[test]
fn a_fact_is_stated_by_who_states_it() {
    let (home, _) = declared();
    home.must(&["--as", "ruiz", "fact", "users_affected", "7", "--confirmed-by", "kim"]);
    let state = json(&home, &["state"]);
    let fact = state["facts"].as_array().unwrap().iter().find(|f| f["id"] == "users_affected").unwrap();
    assert_eq!((&fact["set_by"], &fact["confirmed_by"]), (&"ruiz".into(), &"kim".into()));
}
