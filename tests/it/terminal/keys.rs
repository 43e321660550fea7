//! The keys of the room, on the real program: panes, help, filter, palette, and what they write.

use super::demo;
use crate::support::pty::{Home, Pty};

/// Goes down in the focused pane until the lit row holds a text. The clock must stand still.
#[track_caller]
fn light(pty: &Pty, text: &str) {
    pty.keys("g");
    for _ in 0..60 {
        let mut row = String::new();
        pty.wait("a lit row", |screen| {
            let lit = crate::support::pty::rows(screen).into_iter().find_map(|row| lit_part(&row));
            row = lit.unwrap_or_default();
            !row.is_empty()
        });
        if row.contains(text) {
            return;
        }
        pty.keys("j");
        pty.wait("another lit row", |screen| {
            let lit = crate::support::pty::rows(screen).into_iter().find_map(|row| lit_part(&row));
            lit.is_some_and(|lit| lit != row)
        });
    }
    panic!("no row holds {text}\n{}", pty.text());
}

/// The part of a row that is lit: begins with the mark, in the left or the right column of panes.
fn lit_part(row: &str) -> Option<String> {
    row.split('│').find(|part| part.starts_with('>')).map(str::to_owned)
}

#[test]
fn numbers_tab_zoom_and_escape_lead_about() {
    let home = Home::new();
    let pty = demo(&home, (80, 24));
    let titles = ["1 NOW", "2 TIMELINE", "3 MESSAGES", "4 AGENCIES", "5 TEAMS", "6 SIGNALS"];
    let shown = |title: &str| pty.wait(title, |s| crate::support::pty::rows(s).iter().any(|r| r.starts_with(title)));
    for title in titles.iter().rev() {
        pty.keys(&title[..1]);
        shown(title);
    }
    for title in titles[1..].iter().chain(&titles[..1]) {
        pty.keys("\t");
        shown(title);
    }
    pty.keys("\u{1b}[Z");
    shown("6 SIGNALS");
    pty.keys("\u{1b}");
    shown("1 NOW");
    drop(pty);

    let pty = demo(&home, (160, 48));
    pty.keys("4z");
    pty.gone("1 NOW");
    pty.see("4 AGENCIES");
    pty.keys("\u{1b}");
    pty.see("1 NOW");
    pty.keys("c");
    pty.see("read it aloud");
    pty.keys("\u{1b}");
    pty.gone("read it aloud");
    pty.keys("?");
    pty.see("HELP");
    pty.keys("G");
    pty.see("IF: due then");
    pty.keys("\u{1b}");
    pty.gone("HELP");
    pty.keys("Q");
    pty.see("does nothing here");
    pty.assert_only_ours();
}

#[test]
fn a_filter_shows_what_holds_its_text_and_escape_shows_all() {
    let home = Home::new();
    let pty = demo(&home, (80, 24));
    pty.keys("2");
    pty.see("2 TIMELINE");
    pty.keys("/went into service");
    pty.see("Enter keeps it");
    let held = |screen: &vt100::Screen| {
        let text = screen.contents();
        text.contains("CHANGE: MOP-17") && !text.contains("BLOCK") && !text.contains("DRAFT")
    };
    pty.wait("only rows with the text", held);
    pty.keys("\r");
    pty.gone("Enter keeps it");
    pty.wait("still filtered", held);
    pty.keys("\u{1b}");
    pty.see("BLOCK");
}

#[test]
fn the_palette_finds_a_command_by_its_letters() {
    let home = Home::new();
    let pty = demo(&home, (120, 36));
    pty.keys(":");
    pty.see("any command");
    pty.keys("sev");
    pty.see("raises or lowers the severity");
    pty.keys("\r");
    pty.see("Severity");
    pty.gone("any command");
    pty.keys("\u{1b}");
    pty.gone("Enter sends it off");
    pty.keys(":xyzzy\r");
    pty.see("no command has the letters xyzzy");
}

#[test]
fn a_note_with_a_time_is_echoed_with_its_zone_and_stands_where_it_happened() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    pty.keys("n-12m saw the first complaint");
    pty.see("= 2024-02-22 03:08 CST = 09:08Z");
    pty.keys("\r");
    pty.see("saved");
    pty.gone("Enter sends it off");
    pty.keys("2z");
    pty.gone("1 NOW");
    pty.keys("/first complaint\r");
    pty.wait("the note, at its time", |screen| {
        crate::support::pty::rows(screen).iter().any(|r| r.contains("03:08") && r.contains("saw the first complaint"))
    });
    // Between what happened before and after.
    pty.keys("\u{1b}");
    pty.see("BLOCK");
    pty.keys("/03:0\r");
    let mut times: Vec<String> = Vec::new();
    pty.wait("rows around it", |screen| {
        let rows = crate::support::pty::rows(screen);
        times = rows.iter().filter_map(|r| r.get(2..7).filter(|t| t.starts_with("03:0")).map(str::to_owned)).collect();
        times.len() > 3 && rows.iter().any(|r| r.contains("saw the first complaint"))
    });
    assert!(times.is_sorted(), "the timeline is in the order of what happened: {times:?}");
}

#[test]
fn a_group_of_alerts_is_acknowledged_in_two_keys() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    light(&pty, "VoiceBlockRateHigh");
    pty.keys("a");
    pty.see("saved: ACK");
    pty.keys("2z/VoiceBlockRateHigh\r");
    pty.wait("the acknowledgement in the record", |screen| {
        crate::support::pty::rows(screen)
            .iter()
            .any(|r| r.contains("ACK") && r.contains("zoe") && r.contains("VoiceBlockRateHigh"))
    });
}

#[test]
fn a_task_is_made_assigned_and_moved_on() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    pty.keys("tCount the sites on battery\r");
    pty.see("saved: TASK");
    pty.keys("5z");
    pty.gone("1 NOW");
    light(&pty, "Count the sites");
    pty.keys("A");
    pty.see("Assign: Count the sites");
    pty.keys("be\t");
    pty.wait("a name completed", |screen| screen.contents().contains("ben"));
    pty.keys("\r");
    pty.see("saved: ASSIGN");
    pty.wait("given to ben", |screen| {
        crate::support::pty::rows(screen).iter().any(|r| r.contains("ben") && r.contains("Count the sites"))
    });
    // He says that he understood; that he does it is another word.
    pty.keys(" ");
    pty.see("saved: ACK");
    pty.keys(" ");
    pty.see("saved: DOING");
    pty.keys(" ");
    pty.see("saved: DONE");
}

#[test]
fn a_question_is_decided() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    light(&pty, "roll back MOP-17");
    pty.keys("d");
    pty.see("Decision");
    pty.keys("yes, at 03:25\r");
    // Who acts and when to check are asked for; they may be left empty.
    pty.see(">who acts");
    pty.keys("\r\r");
    pty.see("saved: DECIDE");
    pty.wait("the question is answered", |screen| {
        let rows = crate::support::pty::rows(screen);
        !rows.iter().any(|r| r.split('│').next().is_some_and(|left| left.contains("!! DECIDE")))
    });
}

#[test]
fn an_own_entry_is_taken_back() {
    let home = Home::new();
    let pty = demo(&home, (160, 48));
    pty.keys("u");
    pty.see("nothing of your own to take back");
    pty.keys("na slip of the pen\r");
    pty.see("saved: NOTE");
    pty.keys("u");
    pty.wait("taken back", |screen| {
        let text = screen.contents();
        text.contains("saved:") && !text.contains("saved: NOTE")
    });
    pty.keys("u");
    pty.see("nothing of your own to take back");
}

#[test]
fn times_flip_between_the_rooms_zone_and_utc() {
    let home = Home::new();
    let pty = demo(&home, (120, 36));
    pty.see("NOW 03:20 CST");
    pty.keys("T");
    pty.wait("UTC", |screen| {
        let head = crate::support::pty::rows(screen)[0].clone();
        head.contains("09:20") && !head.contains("CST")
    });
    pty.keys("T");
    pty.see("NOW 03:20 CST");
}

#[test]
fn what_is_lit_is_copied_only_on_its_key() {
    let home = Home::new();
    let pty = demo(&home, (120, 36));
    pty.assert_only_ours();
    pty.keys("y");
    pty.see("clipboard");
    let log = String::from_utf8_lossy(&pty.log()).into_owned();
    let (_, rest) = log.split_once("\u{1b}]52;c;").expect("the clipboard's sequence");
    let (text, _) = rest.split_once('\u{7}').expect("its end");
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    assert!(String::from_utf8(text).unwrap().contains("FirstNet"));
}
