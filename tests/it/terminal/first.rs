//! The first picture of the demo at four sizes: what a commander must see without touching a key.

use super::demo;
use crate::support::pty::Home;

/// Rows of the list Now: a mark, a label, what it is.
fn now(rows: &[String]) -> usize {
    let row = |r: &&String| {
        let text = r.trim_start_matches(['>', ' ']);
        [" !! ", " ! ", " ?? "].iter().any(|mark| format!(" {text}").starts_with(mark))
    };
    rows.iter().filter(row).count()
}

#[test]
fn every_size_shows_how_grave_how_long_who_and_what_is_next() {
    for (size, least) in [((160, 48), 10), ((120, 36), 10), ((80, 24), 10), ((40, 10), 3)] {
        let home = Home::new();
        let pty = demo(&home, size);
        let rows = pty.rows();
        let head = &rows[0];
        for word in ["DEMO", "SEV1", "T+0:35", "IC kim", "03:20"] {
            assert!(head.contains(word), "{size:?} {word}: {head}");
        }
        assert!(rows[1].starts_with("NEXT ") && rows[1].contains("PAUSED"), "{size:?} {}", rows[1]);
        assert!(rows[1].contains(if size.0 < 60 { "src 5/5" } else { "sources 5 of 5" }), "{size:?} {}", rows[1]);
        assert!(now(&rows) >= least, "{size:?}: {} rows of what needs one now\n{}", now(&rows), rows.join("\n"));
        let all = rows.join("\n");
        assert!(all.contains("FirstNet"), "{size:?}");
        let titles = ["1 NOW", "2 TIMELINE", "3 MESSAGES", "4 AGENCIES", "5 TEAMS", "6 SIGNALS"];
        if size.0 >= 100 {
            for title in titles {
                assert!(all.contains(title), "{size:?} {title}");
            }
        } else {
            assert!(all.contains("1 NOW"), "{size:?}");
            let bar = rows.iter().find(|r| r.starts_with("[1")).unwrap_or_else(|| panic!("{size:?} no tab bar\n{all}"));
            for number in ["2", "3", "4", "5", "6"] {
                assert!(bar.contains(number), "{size:?} {bar}");
            }
        }
        assert!(rows.last().unwrap().contains("? help"), "{size:?}: help is always named\n{all}");
        pty.assert_only_ours();
    }
}

#[test]
fn the_running_demo_draws_the_same_room_and_its_clock_moves() {
    let home = Home::new();
    let pty = crate::support::pty::Start::new(&home, &["demo", "--speed", "60"]).size(160, 48).start();
    pty.see("FirstNet");
    pty.see("T+0:36");
    pty.keys("p");
    pty.see("PAUSED");
    pty.keys("p");
    pty.gone("PAUSED");
    pty.see("T+0:38");
    pty.assert_only_ours();
}
