//! Typed and pasted words: a paste is never keys, what is typed is never lost, and nothing leaves but by its own letters.

use rustix::process::Signal;

use super::demo;
use crate::support::pty::{Home, Pty, Start, rows};

/// A row of the grid of messages.
fn grid(screen: &vt100::Screen, audience: &str) -> Option<String> {
    let parts = |row: &String| row.split('│').map(str::to_owned).collect::<Vec<_>>();
    let named = |part: &String| part.trim_start_matches(['>', ' ']).starts_with(audience);
    rows(screen).iter().flat_map(parts).find(named)
}

#[test]
fn a_paste_outside_a_field_is_one_refused_event() {
    let home = Home::new();
    let mut pty = demo(&home, (120, 36));
    for paste in ["q", "aaaaqq\n:resolve\n", "sAPR", "\u{3}\u{1a}\u{4}\u{16}", "ls\u{1b}[201~q\r"] {
        pty.paste(paste);
        pty.see("a paste is not keys");
        pty.keys("j");
        pty.gone("a paste is not keys");
    }
    pty.keys("2z");
    pty.gone("1 NOW");
    pty.keys("/zoe\r");
    pty.see("no row holds the filter's text");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn a_paste_into_a_field_is_inserted_and_sends_nothing_off() {
    let home = Home::new();
    let pty = demo(&home, (120, 36));
    pty.keys("n");
    pty.see("Enter sends it off");
    pty.paste("one\r\ntwo\u{1b}[201~q\rthree\u{9b}201~");
    pty.see("one two[201~q");
    pty.see("three201~");
    pty.keys(" end");
    pty.see("three201~ end");
    pty.see("Enter sends it off");
    pty.keys("\r");
    pty.see("saved: NOTE");
    // In a review no paste stands for a letter.
    pty.keys("s");
    pty.see("RELEASES 0");
    pty.paste("APR");
    pty.see("a paste is not keys");
    pty.keys("j");
    pty.see("RELEASES 0");
}

#[test]
fn with_a_field_open_every_printable_key_is_text() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    let all: String = ('!'..='~').collect();
    pty.keys("n");
    pty.see("Enter sends it off");
    for c in all.chars() {
        pty.keys(&c.to_string());
    }
    pty.wait("all of them", |screen| {
        let text: String = screen.contents().split_whitespace().collect();
        text.contains(&all[all.len() - 40..])
    });
    pty.keys("\r");
    pty.see("saved: NOTE");
    pty.keys("2z");
    pty.gone("1 NOW");
    pty.wait("all of them in the record", |screen| screen.contents().contains(&all));
}

#[test]
fn a_review_approves_releases_and_shows_the_delivery() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    pty.wait("the draft to FirstNet", |screen| grid(screen, "FirstNet").is_some_and(|row| row.contains("dr")));
    pty.keys("3s");
    pty.see("REVIEW");
    pty.see("NOTHING LEAVES BEFORE R");
    for key in ["\r", "y"] {
        pty.keys(key);
        pty.see("nothing leaves on this key");
        pty.keys("j");
        pty.gone("nothing leaves on this key");
        pty.keys("k");
    }
    pty.keys("R");
    pty.see("P approves what you read");
    pty.keys("P");
    pty.see("APPROVED");
    pty.keys("R");
    pty.gone("REVIEW");
    pty.wait("it arrived", |screen| {
        grid(screen, "FirstNet").is_some_and(|row| row.contains('✓') && !row.contains("NEVER"))
    });
    pty.assert_only_ours();
}

#[test]
fn a_word_by_other_means_is_recorded_as_claimed() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    pty.keys("3j");
    pty.wait("PSAPs is lit", |screen| grid(screen, "PSAPs").is_some_and(|row| row.starts_with('>')));
    pty.keys("e");
    pty.see("Told by other means");
    // A channel that reaches them stands there already; who told them is asked.
    pty.wait("what is known", |screen| screen.contents().contains("psaps") && screen.contents().contains("direct"));
    pty.keys("ruiz\r");
    pty.see("saved: ELSEWH");
    pty.wait("claimed in the grid", |screen| {
        grid(screen, "PSAPs").is_some_and(|row| row.contains("e?") && !row.contains("NEVER"))
    });
}

#[test]
fn a_filing_is_recorded_by_hand_with_its_number() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    pty.keys("4z");
    pty.gone("1 NOW");
    for _ in 0..12 {
        let mut lit = String::new();
        pty.wait("a lit row", |screen| {
            lit = rows(screen).into_iter().find(|r| r.starts_with('>')).unwrap_or_default();
            !lit.is_empty()
        });
        if lit.contains("FCC, notification") {
            break;
        }
        pty.keys("j");
        pty.wait("another", |screen| rows(screen).into_iter().find(|r| r.starts_with('>')) != Some(lit.clone()));
    }
    pty.keys("f");
    pty.see("Filed:");
    pty.keys("NORS-4711\truiz\t-5m");
    pty.see("= 2024-02-22 03:15 CST");
    pty.keys("\r");
    pty.see("saved: FILED");
    pty.wait("filed", |screen| {
        rows(screen).iter().any(|r| r.contains("FCC, notification") && r.contains("NOT CONFIRMED"))
    });
}

#[test]
fn a_storm_of_sizes_leaves_it_alive_and_readable() {
    let home = Home::new();
    let mut pty = demo(&home, (120, 36));
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |most: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % most + 1) as u16
    };
    for n in 0..300 {
        pty.resize(random(300), random(100));
        if n % 10 == 0 {
            pty.keys(["n", "\u{3}", "?", "j", "\u{3}"][n / 10 % 5]);
        }
    }
    for (width, height) in [(1, 1), (120, 36)] {
        pty.resize(width, height);
    }
    pty.keys("\u{1b}");
    pty.wait("the overview", |screen| {
        let rows = rows(screen);
        rows[0].contains("SEV1") && rows.iter().any(|r| r.contains("2 TIMELINE")) && rows[35].contains("help")
    });
    pty.assert_only_ours();
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit(), 143);
    assert_eq!(pty.settings(), pty.before);
}

/// A room on a journal of its own.
fn room(home: &Home) -> Pty {
    let pty = Start::new(home, &[]).size(120, 36).start();
    pty.see("1 NOW");
    pty.see("disk full");
    pty
}

#[test]
fn what_was_typed_survives_the_death_of_the_room() {
    let home = Home::new();
    home.must(&["declare", "disk full", "--severity", "sev2"]);
    let mut pty = room(&home);
    pty.keys("n");
    pty.see("Enter sends it off");
    pty.keys("half a thought");
    pty.see("half a thought");
    let on_disk = || {
        let files = home.left("state/warroom").into_iter().filter_map(|path| std::fs::read(path).ok());
        files.into_iter().any(|bytes| String::from_utf8_lossy(&bytes).contains("half a thought"))
    };
    pty.wait("on disk", |_| on_disk());
    pty.signal(Signal::KILL);
    pty.exit();
    let pty = room(&home);
    // The form is open again, as it was left.
    pty.see("half a thought");
    pty.see("Enter sends it off");
    pty.keys(", finished\r");
    pty.see("saved: NOTE");
    let list = home.must(&["export"]);
    assert!(list.contains("half a thought, finished"), "{list}");
}

#[test]
fn what_is_being_typed_survives_too() {
    let home = Home::new();
    home.must(&["declare", "disk full", "--severity", "sev2"]);
    let mut pty = room(&home);
    pty.keys("n");
    pty.see("Enter sends it off");
    pty.keys("cut off in the middle");
    pty.see("cut off in the middle");
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit(), 143);
    let pty = room(&home);
    pty.see("cut off in the middle");
}
