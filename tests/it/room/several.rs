//! Several incidents on one journal: which one needs somebody, and going from one to the other without leaving.

use super::{configure, declare, outbox, posts, runtime};
use crate::support::pty::{Home, Start};
use crate::support::wire::{Act, Wire, answer};

fn id(home: &Home, title: &str) -> String {
    let all: serde_json::Value = serde_json::from_str(&home.must(&["list", "--json"])).unwrap();
    let found = all.as_array().unwrap().iter().find(|l| l["title"] == title).expect("it is listed");
    found["id"].as_str().unwrap().to_owned()
}

fn two() -> Home {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    home.must(&["declare", "Billing slow", "--severity", "sev3"]);
    home
}

#[test]
fn the_list_says_who_is_needed_where() {
    let home = two();
    home.must(&["--incident", &id(&home, "Outage"), "role", "commander", "zoe"]);
    home.must(&["declare", "Practice", "--severity", "sev1", "--exercise", "--started", "-50m"]);
    let all: serde_json::Value = serde_json::from_str(&home.must(&["list", "--json"])).unwrap();
    let titles: Vec<&str> = all.as_array().unwrap().iter().map(|l| l["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Outage", "Billing slow", "Practice"], "by need, an exercise last");
    assert_eq!((&all[0]["commander"], &all[0]["commander_is_me"]), (&"zoe".into(), &true.into()));
    assert!(all[0]["now"]["untold"].as_u64().unwrap() > 0 && all[0]["calls"] == true && all[2]["calls"] == false);
    assert!(all[1]["next"]["text"].as_str().unwrap().contains("first word"));
    let text = home.must(&["list"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains("IC zoe, YOU") && lines[0].contains("untold"), "{text}");
    assert!(lines[2].starts_with("EXERCISE "), "{text}");
    for (width, height) in [(120, 36), (80, 24), (40, 10)] {
        let pty = Start::new(&home, &[]).size(width, height).start();
        pty.see("Which incident?");
        pty.see("> SEV1 INVEST");
        pty.see("IC zoe, YOU");
        pty.see("untold");
        pty.keys("q");
    }
}

#[test]
fn one_key_goes_to_the_other_incident_and_keeps_what_is_typed() {
    let home = two();
    let other = id(&home, "Billing slow");
    let mut pty = Start::new(&home, &["--incident", &other]).size(120, 36).start();
    pty.see("Billing slow");
    pty.see("other: 1 SEV1");
    pty.keys("nhalf a sentence");
    pty.see("half a sentence");
    pty.keys("\u{1b}");
    pty.see("what you typed is kept");
    pty.keys("I");
    pty.see("INCIDENTS");
    pty.see("(here)");
    pty.keys("\r");
    pty.wait("the other room", |s| crate::support::pty::rows(s)[0].contains("Outage"));
    pty.see("saved");
    pty.keys("nwritten over there\r");
    pty.see("saved: NOTE");
    // Back by the same keys; the words are where they were left.
    pty.keys("I");
    pty.see("INCIDENTS");
    pty.see("(here)");
    pty.keys("\r");
    pty.wait("back", |s| crate::support::pty::rows(s)[0].contains("Billing slow"));
    pty.see("kept from before");
    pty.keys("n");
    pty.see("half a sentence");
    pty.keys("\r");
    pty.see("saved: NOTE");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let shown = home.must(&["--incident", &other, "export"]);
    assert!(shown.contains("half a sentence") && !shown.contains("written over there"));
    assert!(home.must(&["--incident", &id(&home, "Outage"), "export"]).contains("written over there"));
}

#[test]
fn a_room_without_others_says_nothing_of_them_until_there_is_one() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    let pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("NEVER");
    assert!(!pty.text().contains("other:"));
    home.must(&["declare", "Second", "--severity", "sev2", "--started", "-90m"]);
    pty.see("other: 1 SEV2");
    let second = id(&home, "Second");
    home.must(&["--incident", &second, "phase", "resolved", "--why", "over", "--override-by", "zoe"]);
    pty.gone("other: 1 SEV2");
    pty.keys("q");
}

#[test]
fn what_is_on_its_way_when_the_room_is_left_is_recorded() {
    let runtime = runtime();
    // The answer takes longer than a room that ends would wait for it.
    let slow = answer(200, &[("Content-Type", "application/json")], br#"{"accepted":true}"#);
    let wire = runtime.block_on(Wire::saying(vec![Act::Drip(slow, std::time::Duration::from_millis(12))]));
    let home = Home::new();
    outbox(&home, &wire);
    declare(&home, &[]);
    let first = id(&home, "Outage");
    home.must(&["message", "draft", "firstnet", "direct"]);
    let all: serde_json::Value = serde_json::from_str(&home.must(&["message", "list", "--json"])).unwrap();
    let message = all[0]["id"].as_str().unwrap().to_owned();
    home.must(&["message", "approve", &message]);
    home.must(&["declare", "Billing slow", "--severity", "sev3"]);
    let mut pty = Start::new(&home, &["--incident", &first]).size(160, 48).start();
    pty.see("FirstNet");
    pty.see("other: 1");
    pty.keys("3s");
    pty.see("APPROVED");
    // The other is gone to as soon as the release is on disk, while the text is still on its way.
    pty.keys("R");
    pty.gone("REVIEW");
    pty.wait("the release is on disk", |s| !s.contents().contains("saving:"));
    pty.keys("I\r");
    pty.wait("the other room", |s| crate::support::pty::rows(s)[0].contains("Billing slow"));
    let begun = std::time::Instant::now();
    while !home.must(&["--incident", &first, "message", "show", &message]).contains(": sent") {
        assert!(begun.elapsed() < crate::support::pty::HANG, "how it went is not recorded");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!(posts(&wire), 1);
}
