//! Words in the person's own editor: it has the terminal, its keys and its screen, and what it saved stands in the form.

use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use super::{place, to};
use crate::room::posts;
use crate::support::pty::{Home, Pty, Start};

/// A program that is the editor of a test.
fn editor(home: &Home, script: &str) -> &'static str {
    let path = home.path().join("editor");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    Box::leak(path.display().to_string().into_boxed_str())
}

fn open(home: &Home, script: &str) -> Pty {
    let folder: &'static str = Box::leak(home.path().display().to_string().into_boxed_str());
    let start = Start::new(home, &[]).size(120, 36).variable("TMPDIR", Some(folder));
    let pty = start.variable("EDITOR", Some(editor(home, script))).start();
    pty.see("Partners");
    pty.keys("3gs");
    pty.see("Some users are without service");
    to(&pty, "Partners");
    pty.keys("E");
    pty.see("ctrl-g your editor");
    pty
}

#[test]
fn an_editor_has_the_keys_and_its_words_are_kept_and_released() {
    let place = place("");
    // It asks on the terminal: what is typed goes to it, not to the room. What is its file is nobody else's.
    let mut pty = open(
        &place.home,
        "stat -c %a \"$(dirname \"$1\")\"; echo YOUR WORDS; read -r words; printf '%s\\n' \"$words\" > \"$1\"",
    );
    pty.keys("\u{7}");
    pty.see("YOUR WORDS");
    pty.see("700");
    assert!(!pty.text().contains("Partners"), "the room is not drawn over it\n{}", pty.text());
    pty.keys("We qjRP know. Next word at 10:40.\r");
    pty.see("ctrl-g your editor");
    pty.see("We qjRP know. Next word at 10:40.");
    pty.keys("\u{13}");
    pty.see("saved: DRAFT");
    to(&pty, "Partners");
    pty.see("We qjRP know.");
    pty.keys("P");
    pty.see("APPROVED");
    pty.keys("R");
    pty.see("SENT   Mail to Partners");
    assert_eq!(posts(&place.wire), 1);
    assert!(String::from_utf8_lossy(&place.wire.seen()[0].body).contains("We qjRP know."));
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let names = std::fs::read_dir(place.home.path()).unwrap().flatten();
    assert_eq!(
        names.filter(|e| e.file_name().to_string_lossy().starts_with("warroom-")).count(),
        0,
        "the file is gone"
    );
}

#[test]
fn an_editor_that_fails_or_saves_what_is_no_text_changes_nothing() {
    for (script, why) in [
        ("echo other > \"$1\"; exit 3", "ended with a failure: the text is as it was"),
        ("printf '\\377\\376' > \"$1\"", "not UTF-8: save it as UTF-8"),
    ] {
        let place = place("");
        let pty = open(&place.home, script);
        pty.keys("\u{7}");
        pty.see(why);
        pty.see("Some users are without service");
    }
    // None is set: said, and the text is there.
    let place = place("");
    let pty = Start::new(&place.home, &[]).size(120, 36).variable("EDITOR", None).variable("VISUAL", None).start();
    pty.see("Partners");
    pty.keys("3gs");
    to(&pty, "Partners");
    pty.keys("E\u{7}");
    pty.see("set $VISUAL or $EDITOR");
    pty.see("Some users are without service");
}

#[test]
fn a_room_that_ends_while_the_editor_is_open_keeps_what_was_saved_in_it() {
    let place = place("");
    let mut pty = open(&place.home, "echo Half a word. > \"$1\"; echo SAVED; exec sleep 600");
    pty.keys("\u{7}");
    pty.see("SAVED");
    pty.signal(Signal::TERM);
    pty.exit();
    let pty = Start::new(&place.home, &[]).size(120, 36).start();
    // As it was left: the form is open, with what was saved.
    pty.see("Half a word.");
    drop(pty);
    // A script's way to the same.
    let id = place.draft("partners", "mail", None);
    let script = editor(&place.home, "echo Words of an editor. > \"$1\"");
    let ran = place.home.command().args(["message", "edit", &id]).env("EDITOR", script).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(place.message("partners", "mail")["text"], "Words of an editor.");
}
