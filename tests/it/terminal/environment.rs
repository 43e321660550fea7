//! What the environment says of the terminal: refused politely, without colour, in ASCII, without answers.

use super::demo;
use crate::support::pty::{Answers, Home, Start};
use crate::support::wire_check::styles;

#[test]
fn where_it_cannot_draw_it_says_so_in_one_sentence_and_ends() {
    let home = Home::new();
    for term in [Some("dumb"), None] {
        for arguments in [&["demo"][..], &[][..]] {
            let mut pty = Start::new(&home, arguments).variable("TERM", term).start();
            assert_eq!(pty.exit_and_read(), 1, "{term:?} {arguments:?}");
            let said = String::from_utf8(pty.log()).unwrap();
            assert!(said.starts_with("warroom: ") && said.trim_end().lines().count() == 1, "{said:?}");
            assert!(said.contains("TERM") || said.contains("dumb"), "{said:?}");
            assert!(said.contains("warroom state"), "it says what to do instead: {said:?}");
            assert!(!said.contains('\u{1b}'), "{said:?}");
        }
    }
    assert_eq!(home.left("run"), Vec::<String>::new());
}

#[test]
fn without_a_terminal_it_says_so_in_one_sentence_and_ends() {
    let home = Home::new();
    for arguments in [&["demo"][..], &[][..]] {
        let ran = home.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
        assert!(ran.err.contains("needs a terminal"), "{ran:?}");
    }
    for folder in ["run", "tmp", "state"] {
        assert_eq!(home.left(folder), Vec::<String>::new());
    }
}

#[test]
fn no_color_sends_no_colour() {
    let coloured = |styles: Vec<String>| {
        styles.into_iter().find(|s| s.split(';').any(|n| !["", "0", "1", "2", "3", "4", "7"].contains(&n)))
    };
    let home = Home::new();
    let plain = demo(&home, (120, 36));
    assert!(coloured(styles(&plain.log())).is_some(), "there are colours to leave out");
    drop(plain);
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "vt100")] {
        let pty = Start::new(&home, &["demo", "--paused"]).variable(name, Some(value)).start();
        pty.see("FirstNet");
        pty.keys("?");
        pty.see("HELP");
        pty.keys("\u{1b}");
        pty.gone("HELP");
        pty.keys("s");
        pty.see("REVIEW");
        assert_eq!(coloured(styles(&pty.log())), None, "{name}={value}");
        pty.assert_only_ours();
    }
}

#[test]
fn an_ascii_locale_gets_only_ascii() {
    let home = Home::new();
    for size in [(160, 48), (80, 24), (40, 10)] {
        let start = Start::new(&home, &["demo", "--paused"]).size(size.0, size.1).variable("LANG", Some("C"));
        let pty = start.start();
        pty.see("FirstNet");
        for pane in ["1", "2", "3", "4", "5", "6"] {
            pty.keys(pane);
            pty.keys("\r");
            pty.see("Esc goes back");
            pty.keys("\u{1b}");
            pty.gone("Esc goes back");
        }
        pty.keys("?");
        pty.see("HELP");
        let log = pty.log();
        let foreign = log.iter().position(|b| !b.is_ascii());
        let near = foreign
            .map(|at| String::from_utf8_lossy(&log[at.saturating_sub(20)..(at + 20).min(log.len())]).into_owned());
        assert_eq!(near, None, "{size:?}");
    }
}

#[test]
fn a_terminal_that_never_answers_gets_the_same_first_screen() {
    let screens = [Answers::AtOnce, Answers::Never].map(|answers| {
        let home = Home::new();
        let pty = Start::new(&home, &["demo", "--paused"]).size(120, 36).answers(answers).start();
        pty.see("FirstNet");
        pty.see("1 NOW");
        // And it goes on being drawn to.
        pty.keys("?");
        pty.see("HELP");
        pty.keys("\u{1b}");
        pty.gone("HELP");
        pty.assert_only_ours();
        // Whom nobody told and what is to decide; the rest of the screen goes on with what the backends say.
        let now = pty.rows().into_iter().skip(3).take(6);
        now.filter_map(|row| row.split('│').next().map(str::to_owned)).collect::<Vec<_>>().join("\n")
    });
    assert!(screens[0].contains("FirstNet"), "{}", screens[0]);
    assert_eq!(screens[0], screens[1]);
}

#[test]
fn late_answers_are_not_keys() {
    let home = Home::new();
    let pty = Start::new(&home, &["demo", "--paused"]).size(120, 36).answers(Answers::Later).start();
    pty.see("FirstNet");
    pty.keys("n");
    pty.see("Note");
    pty.keys("typed");
    pty.see("typed");
    assert!(pty.answer() > 0, "it has asked");
    pty.keys(" on");
    pty.see("typed on");
    pty.answer();
    pty.keys("\u{1b}");
    pty.see("kept");
    // In the overview `c` is a key of its own: the answers end in one.
    for _ in 0..3 {
        pty.answer();
        pty.keys("?");
        pty.see("HELP");
        pty.answer();
        pty.keys("\u{1b}");
        pty.gone("HELP");
    }
    assert!(!pty.text().contains("read it aloud"), "no answer opened the report");
}
