//! Hours of what others wrote come at once: no key waits for it, and it is there in seconds.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use warroom::incident::entry::{Author, Draft, IncidentId};
use warroom::incident::what::{Noted, What};
use warroom::journal::{Access, Cursor, Journal};

use super::apart::{head, room, state};
use super::seat::{home, real};
use super::server::{Line, Postgres};

const MISSED: usize = 20_000;

#[test]
fn twenty_thousand_missed_entries_hold_up_no_key() {
    let server = Postgres::ready(&["jump"]);
    let line = Line::to(server.port);
    let (here, there) = (home(&server, "jump", &[line.port], ""), home(&server, "jump", &[server.port], ""));
    here.must(&["--as", "kim", "declare", "Outage", "--severity", "sev1", "--playbook", "generic"]);
    here.must(&["replicate", "--once"]);
    there.must(&["replicate", "--once"]);
    let kim = room(&here, "kim", (120, 36));
    head(&kim, "hosts ok");
    line.cut_after(0);
    head(&kim, "CUT OFF");
    // Meanwhile the others write, and what they wrote stands on the server.
    let id: IncidentId = serde_json::from_value(state(&there)["incident"]["id"].clone()).unwrap();
    let mut journal = Journal::open(&there.journal(), Access::ReadWrite).unwrap();
    let author = Author { person: "ana".to_owned(), host: "jump2".to_owned(), machine: false };
    let noted = |n: usize| Draft::now(What::Noted(Noted { text: format!("missed {n}"), follow_up: false }));
    for part in (0..MISSED).collect::<Vec<_>>().chunks(1000) {
        let drafts = part.iter().map(|n| noted(*n)).collect();
        journal.append::<Infallible>(id, &author, real(), Cursor::START, |_| Ok(drafts)).unwrap();
    }
    drop(journal);
    there.must(&["replicate", "--once"]);
    line.mend();
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut typed = 0;
    // Typing goes on while they come.
    while state(&here)["timeline_total"].as_u64().unwrap() < MISSED as u64 {
        assert!(begun.elapsed() < Duration::from_secs(120), "they do not come");
        let press = Instant::now();
        kim.keys(&format!("nwritten meanwhile {typed}\r"));
        kim.see(&format!("saved: NOTE written meanwhile {typed} "));
        slowest = slowest.max(press.elapsed());
        typed += 1;
    }
    let came = begun.elapsed();
    head(&kim, "hosts ok");
    let total = state(&here)["timeline_total"].as_u64().unwrap();
    kim.see(&format!("{total} entries"));
    println!(
        "{MISSED} entries in {came:?}, on the screen after {:?}; {typed} notes typed meanwhile, the slowest saved after {slowest:?}",
        begun.elapsed()
    );
    assert!(typed > 1, "they came before a key was pressed: it proves nothing");
    assert!(slowest < Duration::from_secs(4), "a key waited {slowest:?}");
}
