//! Who did it: on a shared account a name is asked for once per terminal session, and a shared name answers for nothing.

use super::{configure, declare};
use crate::support::pty::{Home, Ran, Start};

const QUESTION: &str = "root is a shared account. Who are you?";

fn as_root(home: &Home, arguments: &[&str]) -> Ran {
    Ran::of(home.command().env("USER", "root").args(arguments).output().unwrap())
}

#[test]
fn a_name_is_asked_for_once_and_remembered_for_the_terminal() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    home.must(&["role", "commander", "kim"]);
    // The same session three times: a room, a script, a room.
    let mut start = Start::new(&home, &[]).size(120, 36).variable("USER", Some("root"));
    start.before = Some(r#""$0" && "$0" note "by a script""#);
    let mut pty = start.start();
    pty.see(QUESTION);
    pty.see("1  kim");
    pty.keys("Mallory\r");
    pty.see("IC kim");
    pty.keys("nfrom the first room\r");
    pty.see("saved: NOTE");
    pty.keys("q");
    pty.wait("the second room", |screen| screen.contents().contains("by a script") && screen.alternate_screen());
    pty.see("from the first room");
    pty.keys("nfrom the second room\r");
    pty.see("saved: NOTE");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let record = home.must(&["export"]);
    for note in ["from the first room", "by a script", "from the second room"] {
        let line = record.lines().find(|l| l.contains(note)).unwrap_or_else(|| panic!("{note}: {record}"));
        assert!(line.contains("(Mallory on "), "{line}");
    }
    let state: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    let all = state["timeline"].as_array().unwrap();
    let row = all.iter().find(|r| r["text"].as_str().unwrap().contains("by a script")).unwrap();
    assert!(row["author"] == "Mallory" && row["host"].as_str().is_some_and(|host| !host.is_empty()), "{row}");
}

#[test]
fn one_key_picks_a_name_and_esc_stays_to_look_only() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    home.must(&["role", "commander", "kim"]);
    home.must(&["message", "draft", "firstnet", "direct"]);
    for (size, key, name) in [((80, 24), "1", "zed"), ((40, 10), "2", "kim"), ((120, 36), "\u{1b}", "root")] {
        let start = Start::new(&home, &[]).size(size.0, size.1);
        let pty = start.variable("USER", Some("root")).variable("SSH_USER", Some("zed")).start();
        pty.see("Who are you?");
        pty.see("1  zed");
        pty.see("2  kim");
        pty.keys(key);
        pty.see("IC kim");
        pty.keys(&format!("nI am {name}\r"));
        pty.see("saved: NOTE");
        if name == "root" {
            pty.keys("s");
            pty.see("REVIEW");
            pty.keys("P");
            pty.wait("why not", |screen| screen.contents().contains("shared account"));
        }
        pty.signal(rustix::process::Signal::TERM);
    }
    let record = home.must(&["export"]);
    for name in ["zed", "kim", "root"] {
        let line = record.lines().find(|l| l.contains(&format!("I am {name}"))).expect(name);
        assert!(line.contains(&format!("({name} on ")), "{line}");
    }
}

#[test]
fn who_is_named_is_not_asked() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    let named = Start::new(&home, &["--as", "ana"]).variable("USER", Some("root"));
    let by_variable = Start::new(&home, &[]).variable("USER", Some("root")).variable("WARROOM_NAME", Some("ana"));
    let behind_sudo = Start::new(&home, &[]).variable("USER", Some("root")).variable("SUDO_USER", Some("ana"));
    let reading = Start::new(&home, &["--read-only"]).variable("USER", Some("root"));
    let insisted = Start::new(&home, &["--as", "root"]);
    for start in [named, by_variable, behind_sudo, reading, insisted] {
        let pty = start.size(120, 36).start();
        pty.see("NEVER TOLD");
        assert!(!String::from_utf8_lossy(&pty.log()).contains("Who are you?"));
        pty.keys("q");
    }
}

#[test]
fn a_script_on_a_shared_account_approves_and_confirms_nothing() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    home.must(&["message", "draft", "firstnet", "direct"]);
    let all: serde_json::Value = serde_json::from_str(&home.must(&["message", "list", "--json"])).unwrap();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    let ran = as_root(&home, &["message", "approve", &id]);
    assert!(ran.code == Some(1) && ran.err.contains("shared account") && ran.err.contains("--as NAME"), "{}", ran.err);
    let ran = home.run(&["--as", "ops", "message", "approve", &id]);
    assert!(ran.code == Some(1) && ran.err.contains("\"ops\""), "{}", ran.err);
    let ran = as_root(&home, &["--as", "ana", "message", "approve", &id]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = as_root(&home, &["message", "send", &id]);
    assert!(ran.code == Some(1) && ran.err.contains("shared account"), "{}", ran.err);
    let ran = home.run(&["fact", "cause", "a change", "--basis", "the log", "--confirmed-by", "NOC"]);
    assert!(ran.code == Some(1) && ran.err.contains("name the person"), "{}", ran.err);
    let printed = home.must(&["note", "x", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(rows[0]["host"].is_string() && rows[0]["author"] == "zoe", "{printed}");
}
