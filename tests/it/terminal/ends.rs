//! However it ends or stops, the terminal is as it was, and nothing is left behind.

use rustix::process::Signal;

use super::demo;
use crate::support::pty::{Answers, HANG, Home, Pty, Start, stat};

/// The settings are those from before, and the screen is the ordinary one, with a cursor, without marked pastes.
#[track_caller]
fn assert_restored(pty: &mut Pty) {
    assert_eq!(pty.settings(), pty.before, "the terminal's settings");
    pty.exit_and_read();
    pty.look(|screen| {
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pastes are not marked any more");
    });
    let log = pty.log();
    let leave = b"\x1b[?1049l";
    let end = log.windows(leave.len()).rposition(|w| w == leave).expect("the alternate screen is left");
    assert_eq!(String::from_utf8_lossy(&log[end + leave.len()..]), "", "nothing is drawn after that");
    pty.assert_only_ours();
}

#[test]
fn every_way_to_end_restores_the_terminal_and_leaves_nothing() {
    let ways: [(&str, Option<Signal>, &str, u32); 5] = [
        ("q", None, "q", 0),
        ("ctrl-c", None, "\u{3}", 0),
        ("SIGTERM", Some(Signal::TERM), "", 143),
        ("SIGINT", Some(Signal::INT), "", 130),
        ("SIGHUP", Some(Signal::HUP), "", 129),
    ];
    for (name, signal, keys, code) in ways {
        let home = Home::new();
        let mut pty = demo(&home, (120, 36));
        assert!(!home.left("run").is_empty(), "the demo has a folder while it runs");
        assert_ne!(pty.settings(), pty.before, "raw while it runs");
        pty.look(|screen| assert!(screen.alternate_screen() && screen.bracketed_paste() && screen.hide_cursor()));
        match signal {
            Some(signal) => pty.signal(signal),
            None => pty.keys(keys),
        }
        assert_eq!(pty.exit(), code, "{name}");
        assert_restored(&mut pty);
        for folder in ["run", "tmp", "state", "config"] {
            assert_eq!(home.left(folder), Vec::<String>::new(), "{name} leaves nothing in {folder}");
        }
    }
}

#[test]
fn it_ends_also_while_a_text_is_typed() {
    let home = Home::new();
    let mut pty = demo(&home, (120, 36));
    pty.keys("n");
    pty.see("Note");
    pty.keys("half a thought");
    pty.see("half a thought");
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit(), 143);
    assert_restored(&mut pty);
}

/// User and system time, in the system's ticks.
fn ticks(pty: &Pty) -> u64 {
    [14, 15].iter().map(|field| pty.stat(*field).and_then(|t| t.parse::<u64>().ok()).unwrap_or(0)).sum()
}

#[test]
fn a_terminal_that_goes_away_ends_it_without_a_spin() {
    for (name, before) in [("plain", None), ("with SIGHUP ignored", Some("trap '' HUP"))] {
        let home = Home::new();
        let mut start = Start::new(&home, &["demo", "--paused"]).size(120, 36);
        start.before = before;
        let mut pty = start.start();
        pty.see("FirstNet");
        let spent = ticks(&pty);
        pty.close_master();
        // Until it is over, and not yet collected, so that its time can still be read.
        let end = std::time::Instant::now() + HANG;
        while stat(pty.pid, 3).is_some_and(|state| state != "Z") {
            assert!(std::time::Instant::now() < end, "{name}: it goes on without a terminal");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let spent = ticks(&pty) - spent;
        assert!(spent <= 100, "{name}: {spent} ticks of processor time after the terminal went away");
        assert_ne!(pty.exit(), 0, "{name}: losing the terminal is no success");
        assert_eq!(home.left("run"), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_stop_hands_the_terminal_back_and_a_continue_draws_it_anew() {
    for key in [false, true] {
        let home = Home::new();
        let mut pty = demo(&home, (120, 36));
        for _ in 0..2 {
            if key {
                pty.keys("\u{1a}");
            } else {
                pty.signal(Signal::TSTP);
            }
            pty.wait("the ordinary screen", |screen| !screen.alternate_screen());
            pty.wait("the process stopped", |_| stat(pty.pid, 3).as_deref() == Some("T"));
            assert_eq!(pty.settings(), pty.before, "the shell has its settings");
            pty.look(|screen| assert!(!screen.hide_cursor() && !screen.bracketed_paste()));
            pty.signal(Signal::CONT);
            pty.wait("drawn anew", |screen| screen.alternate_screen() && screen.contents().contains("FirstNet"));
            pty.wait("raw again", |_| pty.settings() != pty.before);
        }
        pty.keys("?");
        pty.see("HELP");
        // Not by Escape: followed at once by a letter it would be that letter with Alt.
        pty.keys("?");
        pty.gone("HELP");
        pty.keys("q");
        assert_eq!(pty.exit(), 0);
        assert_restored(&mut pty);
    }
}

#[test]
fn a_terminal_that_takes_nothing_does_not_hold_the_end() {
    for answers in [Answers::AtOnce, Answers::Never] {
        let home = Home::new();
        let mut pty = Start::new(&home, &["demo", "--paused"]).size(120, 36).answers(answers).start();
        pty.see("FirstNet");
        pty.stop_reading();
        // Pictures larger than what the system keeps for a terminal: the next write has to wait.
        for width in 200..260 {
            pty.resize(width, 90);
        }
        pty.keys("?");
        pty.signal(Signal::TERM);
        assert_eq!(pty.exit(), 143, "{answers:?}");
        assert_eq!(pty.settings(), pty.before, "the settings are restored all the same");
        assert_eq!(home.left("run"), Vec::<String>::new());
    }
}
