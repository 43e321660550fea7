//! An exercise says so on every screen, line and text, and nothing of it leaves, whichever key is pressed.

use super::{configure, declare, outbox, runtime};
use crate::support::pty::{Home, Start, rows};
use crate::support::wire::{Wire, json};

#[test]
fn every_screen_says_so_first() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &["--exercise"]);
    for size in [(160, 48), (120, 36), (80, 24), (40, 10)] {
        let mut pty = Start::new(&home, &[]).size(size.0, size.1).start();
        pty.wait("both lines of the header", |s| rows(s)[..2].iter().all(|row| row.starts_with("EXERCISE ")));
        if size.0 == 40 {
            pty.wait("the time, uncut", |s| !rows(s)[0].contains('…') && rows(s)[0].contains(':'));
        }
        // Header, and the box over it: also where the box hides the header.
        for key in ["?", "n", "I", ":", "c", "3s", "1\r"] {
            pty.keys(key);
            pty.wait(&format!("a marked box after {key}"), |s| {
                rows(s).iter().any(|row| row.contains('┌') && row.contains("EXERCISE"))
            });
            pty.keys("\u{1b}");
            pty.wait("the box gone", |s| !s.contents().contains('┌'));
        }
        pty.keys("2");
        pty.wait("a marked row", |s| rows(s).iter().any(|r| r.contains("START") && r.contains(" EX")));
        pty.keys("q");
        assert_eq!(pty.exit(), 0);
    }
}

#[test]
fn every_line_that_is_printed_says_so() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &["--exercise"]);
    home.must(&["note", "a word"]);
    home.must(&["task", "add", "look"]);
    for arguments in [
        &["list"][..],
        &["state"],
        &["can"],
        &["task", "list"],
        &["message", "list"],
        &["agency", "list"],
        &["note", "another"],
    ] {
        let out = home.must(arguments);
        assert!(!out.trim().is_empty() && out.lines().all(|l| l.is_empty() || l.starts_with("EXERCISE ")), "{out}");
    }
    let page = home.must(&["export"]);
    let said = |line: &str| line.contains("EXERCISE");
    assert!(page.lines().filter(|l| l.starts_with('#') || l.starts_with("- ")).all(said), "{page}");
    let record: serde_json::Value = serde_json::from_str(&home.must(&["export", "--format", "json"])).unwrap();
    assert!(record["exercise"] == true && record["entries"].as_array().unwrap().iter().all(|e| e["exercise"] == true));
    let state: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    assert_eq!(state["incident"]["exercise"], true);
    assert!(state["timeline"].as_array().unwrap().iter().all(|r| said(r["text"].as_str().unwrap())));
    let noted: serde_json::Value = serde_json::from_str(&home.must(&["note", "more", "--json"])).unwrap();
    assert_eq!(noted[0]["exercise"], true);
    let can: serde_json::Value = serde_json::from_str(&home.must(&["can", "--json"])).unwrap();
    assert!(can["lines"].as_array().unwrap().iter().all(|l| said(l.as_str().unwrap())));
    // Of a real incident nothing does.
    let real = Home::new();
    configure(&real, "");
    declare(&real, &[]);
    for arguments in [&["list"][..], &["state"], &["can"], &["export"], &["export", "--format", "json"]] {
        assert!(!said(&real.must(arguments)), "{arguments:?}");
    }
}

#[test]
fn every_text_says_so_and_a_release_goes_nowhere() {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let home = Home::new();
    outbox(&home, &wire);
    declare(&home, &["--exercise"]);
    let mut pty = Start::new(&home, &[]).size(160, 48).start();
    pty.see("FirstNet");
    pty.keys("3s");
    pty.see("REVIEW");
    pty.see("EXERCISE: ");
    pty.keys("P");
    pty.see("APPROVED");
    pty.keys("R");
    pty.wait("the word is taken as told", |s| s.contents().contains("ELSEWH"));
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!(wire.connections(), 0);
    let messages: serde_json::Value = serde_json::from_str(&home.must(&["message", "list", "--json"])).unwrap();
    let states: Vec<&str> = messages.as_array().unwrap().iter().map(|m| m["state"].as_str().unwrap()).collect();
    assert!(states.contains(&"sent_elsewhere") && !states.iter().any(|s| s.starts_with("sending")), "{states:?}");
    for message in messages.as_array().unwrap() {
        let id = message["id"].as_str().unwrap();
        let shown: serde_json::Value = serde_json::from_str(&home.must(&["message", "show", id, "--json"])).unwrap();
        assert!(shown["text"].as_str().unwrap().starts_with("EXERCISE: "), "{shown}");
    }
    // An edit that drops the mark gets it again, and the mark is never there twice.
    home.must(&["message", "draft", "care", "direct", "--text", "EXERCISE: we are at it"]);
    let all: serde_json::Value = serde_json::from_str(&home.must(&["message", "list", "--json"])).unwrap();
    let care = all.as_array().unwrap().iter().find(|m| m["audience"] == "care").unwrap()["id"].as_str().unwrap();
    home.must(&["message", "edit", care, "still at it"]);
    let shown: serde_json::Value = serde_json::from_str(&home.must(&["message", "show", care, "--json"])).unwrap();
    assert_eq!(shown["text"], "EXERCISE: still at it");
}
