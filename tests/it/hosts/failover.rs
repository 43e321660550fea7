//! A real primary is killed and its standby promoted, then frozen, then packets are lost: work goes on, the screen says what is
//! so, and nothing is missing or twice after all.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::apart::{head, room, state};
use super::seat::home;
use super::server::{Line, Postgres};
use crate::support::pty::{Home, Pty};

/// How long until the first two rows say so.
#[track_caller]
fn says(pty: &Pty, what: &str, most: Duration) -> Duration {
    let begun = Instant::now();
    head(pty, what);
    let took = begun.elapsed();
    assert!(took < most, "{what} after {took:?}");
    took
}

fn note(pty: &Pty, text: &str) {
    pty.keys(&format!("n{text}\r"));
    pty.see(&format!("saved: NOTE {text}"));
}

fn timeline(home: &Home) -> Value {
    state(home)["timeline"].clone()
}

#[test]
fn rooms_go_on_with_the_standby_and_nothing_is_lost() {
    let mut primary = Postgres::ready(&["jump"]);
    let between = Line::to(primary.port);
    let standby = primary.standby(between.port);
    let lines: Vec<[Line; 2]> = (0..2).map(|_| [Line::to(primary.port), Line::to(standby.port)]).collect();
    let ports = |n: usize| [lines[n][0].port, lines[n][1].port];
    let homes = [0, 1].map(|n| home(&primary, "jump", &ports(n), ""));
    homes[0].must(&["--as", "kim", "declare", "Outage", "--severity", "sev1", "--playbook", "generic"]);
    homes[0].must(&["replicate", "--once"]);
    homes[1].must(&["replicate", "--once"]);
    let kim = room(&homes[0], "kim", (120, 36));
    let ana = room(&homes[1], "ana", (120, 36));
    head(&kim, "hosts ok");
    head(&ana, "hosts ok");
    note(&kim, "before all");
    ana.see("before all");
    // What the standby never gets.
    between.cut_after(0);
    note(&kim, "only on the primary");
    ana.see("only on the primary");
    primary.kill();
    let truth = Duration::from_secs(15);
    println!("killed: said after {:?} and {:?}", says(&kim, "CUT OFF", truth), says(&ana, "CUT OFF", truth));
    note(&kim, "while nobody was there");
    note(&ana, "meanwhile over here");
    standby.promote();
    let begun = Instant::now();
    head(&kim, "hosts ok");
    head(&ana, "hosts ok");
    println!("promoted: both met again after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(5), "five seconds from the promotion");
    kim.see("meanwhile over here");
    ana.see("while nobody was there");
    // A host that knows only the standby hears what that had never got.
    let third = home(&primary, "jump", &[standby.port], "");
    third.must(&["replicate", "--once"]);
    assert!(timeline(&third).to_string().contains("only on the primary"));

    // The new one is frozen: it takes connections and never answers.
    standby.freeze(true);
    println!("frozen: said after {:?} and {:?}", says(&kim, "CUT OFF", truth), says(&ana, "CUT OFF", truth));
    note(&kim, "while it was frozen");
    head(&kim, ", 1 wait");
    standby.freeze(false);
    head(&kim, "hosts ok");
    head(&ana, "hosts ok");
    ana.see("while it was frozen");

    // Packets are lost on the way of one.
    lines[0][1].swallow();
    println!("swallowed: said after {:?}", says(&kim, "CUT OFF", truth));
    head(&ana, "hosts ok");
    note(&kim, "into the void");
    note(&ana, "nobody answers kim");
    lines[0][1].mend();
    head(&kim, "hosts ok");
    ana.see("into the void");
    kim.see("nobody answers kim");
    assert_eq!(timeline(&homes[0]), timeline(&homes[1]));
    for home in &homes {
        let all = timeline(home);
        let notes = all.as_array().unwrap().iter().filter(|r| r["kind"] == "note.added/1").count();
        assert_eq!(notes, 7, "none lost, none twice: {all}");
        assert!(home.must(&["verify"]).contains("intact"));
    }
}

#[test]
fn a_primary_that_hangs_does_not_hide_the_one_that_was_promoted() {
    let primary = Postgres::ready(&["jump"]);
    let standby = primary.standby(primary.port);
    let here = home(&primary, "jump", &[primary.port, standby.port], "");
    here.must(&["--as", "kim", "declare", "Outage", "--severity", "sev1", "--playbook", "generic"]);
    let kim = room(&here, "kim", (120, 36));
    head(&kim, "hosts ok");
    // It keeps its port and takes connections: only its silence tells.
    primary.freeze(true);
    println!("frozen: said after {:?}", says(&kim, "CUT OFF", Duration::from_secs(15)));
    standby.promote();
    let took = says(&kim, "hosts ok", Duration::from_secs(5));
    println!("promoted beside it: met again after {took:?}");
    note(&kim, "on the new one");
    let there = home(&primary, "jump", &[standby.port], "");
    // It goes out a moment after it is saved.
    let begun = Instant::now();
    loop {
        there.must(&["replicate", "--once"]);
        if timeline(&there).to_string().contains("on the new one") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "it never came: {}", timeline(&there));
    }
}
