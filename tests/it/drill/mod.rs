//! The drill as a person plays it: injects come, keys are counted, the score is told, and nothing is left behind.

use crate::support::pty::{Home, Pty, Start, rows};

fn script(home: &Home, text: &str) -> String {
    let path = home.path().join("script.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

const TWO: &str = r#"title = "Practice"
playbook = "carrier-outage"
began = 20
minutes = 30
[[step]]
minute = 0
inject = "Core lead: change MOP-17 went in"
keys = 2
done = [{ entry = "note.added/1", with = { text = "mop-17" } }]
[[step]]
minute = 0
inject = "Ana proposes to roll back"
keys = 3
ask = { by = "ana", proposal = "roll back MOP-17?", risk = "a storm" }
alerts = { name = "AttachReject", count = 3 }
done = [{ entry = "decision.made/1", with = { proposal = "MOP-17", outcome = "yes" } }]
"#;

/// Waits until a call stands at the foot.
#[track_caller]
fn called(pty: &Pty, text: &str) {
    pty.wait(text, |screen| rows(screen).last().is_some_and(|row| row.starts_with("INJECT") && row.contains(text)));
}

#[test]
fn a_drill_counts_keys_ends_by_itself_and_leaves_nothing() {
    let home = Home::new();
    let script = script(&home, TWO);
    let mut pty = Start::new(&home, &["drill", "--script", &script]).size(120, 36).start();
    called(&pty, "Ana proposes to roll back");
    pty.see("EXERCISE SEV1");
    pty.see("3 alike: AttachReject");
    pty.keys("nMOP-17 went in\r");
    pty.see("saved: EXERCISE NOTE");
    // Neither what is saved nor what rings hides it.
    called(&pty, "Ana proposes to roll back");
    // The question is on the list of Now: it is lit, decided, and its proposal stands in the form.
    pty.keys("1");
    let lit = |s: &vt100::Screen| rows(s).into_iter().find(|r| r.starts_with(">!!") || r.starts_with("> !"));
    pty.wait("a row of Now is lit", |s| lit(s).is_some());
    for _ in 0..12 {
        let before = pty.look(lit);
        if before.as_ref().is_some_and(|row| row.starts_with(">!! DECIDE")) {
            break;
        }
        pty.keys("j");
        pty.wait("the next row", |s| lit(s).is_some_and(|row| Some(row) != before));
    }
    pty.keys("d");
    pty.see("what is decided");
    pty.keys("yes\r\r\r");
    assert_eq!(pty.exit_and_read(), 0);
    let text = pty.text();
    assert!(text.contains("EXERCISE DRILL Practice") && text.contains("2 of 2"), "{text}");
    assert!(text.contains("first word NEVER") && text.contains("check-ins missed: 0"), "{text}");
    assert!(!text.contains("MISSED"), "{text}");
    assert_eq!(home.left("run"), [""; 0]);
    assert!(!home.journal().exists());
}

#[test]
fn a_drill_that_is_left_says_what_was_missed_and_keeps_its_own_journal() {
    let home = Home::new();
    let script = script(&home, TWO);
    let journal = home.path().join("drill.db").display().to_string();
    let arguments = ["drill", "--script", &script, "--journal", &journal, "--json"];
    let mut pty = Start::new(&home, &arguments).size(120, 48).start();
    called(&pty, "Ana proposes");
    pty.keys("q");
    assert_eq!(pty.exit_and_read(), 0);
    let text = pty.text();
    assert!(text.contains("\"schema\": \"warroom-drill/1\"") && text.contains("\"state\": \"missed\""), "{text}");
    let listed = home.must(&["list", "--journal", &journal]);
    assert!(listed.starts_with("EXERCISE ") && listed.contains("Practice"), "{listed}");
    home.must(&["verify", "--journal", &journal]);
    let record = home.must(&["export", "--journal", &journal]);
    assert!(record.contains("INJECT") && record.contains("Core lead"), "{record}");
}

#[test]
fn a_script_with_faults_is_told_by_file_line_and_key() {
    let home = Home::new();
    let path = script(&home, &TWO.replace("note.added/1", "note.addd/1"));
    let ran = home.run(&["drill", "--script", &path]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("script.toml, line 9, step.done.entry: no such kind of entry"), "{}", ran.err);
    let ran = home.run(&["drill", "--speed", "60", "--journal", "x.db"]);
    assert!(ran.code == Some(2) && ran.err.contains("--speed"), "{}", ran.err);
    assert!(!home.path().join("x.db").exists());
}
