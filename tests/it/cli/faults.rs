//! Wrong usage and wrong files: code 2, one place, what was expected. Hostile text never reaches a terminal raw.

use super::given::{declared, refused};
use super::json;

#[test]
fn wrong_usage_is_two_and_says_what_is_meant() {
    let (home, _) = declared();
    for (arguments, words) in [
        (&["nonsense"][..], &["nonsense"][..]),
        (&["declare"], &["TITLE"]),
        (&["declare", "x", "--severity", "sev9"], &["sev1"]),
        (&["role", "boss", "kim"], &["commander"]),
        (&["note", "x", "--at", "yesterday-ish"], &["-12m"]),
        (&["agency", "file", "us-fcc-nors-wirelss", "initial"], &["us-fcc-nors-wireless"]),
        (&["agency", "file", "us-fcc-nors-wireless", "nonsense"], &["no stage nonsense"]),
        (&["rules", "us-fcc-nors-wirelss"], &["us-fcc-nors-wireless"]),
        (&["playbooks", "carrier-outrage"], &["carrier-outage"]),
        (&["demo", "--speed", "0"], &[]),
    ] {
        // The last needs a terminal first; it is only run for its code.
        if arguments[0] == "demo" {
            assert_ne!(home.run(arguments).code, Some(0));
            continue;
        }
        refused(&home.run(arguments), 2, words);
    }
    refused(&home.run(&["note", "x", "--at", "+5m"]), 1, &["future"]);
    refused(&home.run(&["ack", "zzzz"]), 1, &["zzzz", "warroom task list"]);
    refused(&home.run(&["declare", " ", "--severity", "sev1"]), 1, &["title"]);
    refused(&home.run(&["declare", "x", "--severity", "sev1", "--started", "2099-01-01T00:00:00Z"]), 1, &["future"]);
}

#[test]
fn hostile_text_reaches_neither_stream_raw() {
    let (home, _) = declared();
    for (n, text) in ["down\u{1b}[2J\u{1b}[H all clear", "\u{9b}2Jx", "a\u{202e}b", "x\u{7}y\u{8}z", "--journal=/tmp/x"]
        .iter()
        .enumerate()
    {
        let raw = |s: &str| s.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c));
        let written = home.run(&["note", "--", text]);
        assert_eq!(written.code, Some(0), "{written:?}");
        let owner = home.run(&["task", "add", "--owner", &format!("o{text}"), "--", text]);
        for ran in [
            written,
            owner,
            home.run(&["state"]),
            home.run(&["state", "--json"]),
            home.run(&["export"]),
            home.run(&["export", "--format", "json"]),
            home.run(&["export", "--format", "html"]),
            home.run(&["export", "--format", "csv"]),
            home.run(&["message", "words"]),
            home.run(&["message", "service", text, "harmed", "--basis", text]),
            home.run(&["can"]),
            home.run(&["task", "list"]),
            home.run(&["undo", "--", text]),
            home.run(&["playbooks", "--", text]),
            home.run(&["note", "x", "--incident", &format!("i{text}")]),
            home.run(&["note", "x", "--at", &format!("a{text}")]),
            home.run(&["note", "x", "--journal", &format!("/nowhere/{text}")]),
            home.run(&["check", "--config", &format!("/nowhere/{text}")]),
            home.run(&["init", &format!("k{text}")]),
            home.run(&[&format!("c{text}")]),
        ] {
            assert!(!raw(&ran.out), "{text:?}: {:?}", ran.out);
            assert!(!raw(&ran.err), "{text:?}: {:?}", ran.err);
        }
        // The record keeps what was really said.
        let record = json(&home, &["export", "--format", "json"]).to_string();
        let said = serde_json::to_string(text).unwrap();
        assert!(record.contains(&said[1..said.len() - 1]), "case {n} is kept whole");
    }
}
