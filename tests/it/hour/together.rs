//! Two rooms and a script on one journal: the same state everywhere, nothing lost, nothing done twice, both told.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::pty::{Home, Start};

/// Five entries a second for a minute: three of the script's, one of each room. The pace is the load, nothing waits for it.
const SECONDS: u32 = 60;
const SCRIPTED: u32 = 3 * SECONDS;

/// Waits for the time of the nth entry.
fn pace(begun: Instant, nth: u32, a_second: u32) {
    let at = begun + Duration::from_secs(1) * nth / a_second;
    std::thread::sleep(at.saturating_duration_since(Instant::now()));
}

#[test]
fn two_rooms_and_a_script_see_the_same() {
    let home = Home::new();
    home.must(&["declare", "Outage", "--severity", "sev1", "--playbook", "carrier-outage"]);
    let kim = Start::new(&home, &["--as", "kim"]).size(160, 48).start();
    let ana = Start::new(&home, &["--as", "ana"]).size(120, 36).start();
    kim.see("SEV1");
    ana.see("SEV1");
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let script = scope.spawn(|| {
            for n in 0..SCRIPTED {
                pace(begun, n, 3);
                home.must(&["--as", "script", "note", &format!("script {n}")]);
            }
        });
        // Meanwhile both type.
        for n in 0..SECONDS {
            pace(begun, n, 1);
            for (pty, who) in [(&kim, "kim"), (&ana, "ana")] {
                pty.keys(&format!("n{who} {n}\r"));
                pty.see(&format!("saved: NOTE {who} {n} "));
            }
        }
        script.join().unwrap();
    });
    let state: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    let notes: Vec<&str> = state["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["kind"] == "note.added/1")
        .filter_map(|r| r["text"].as_str())
        .collect();
    let distinct: BTreeSet<&&str> = notes.iter().collect();
    let all = (SCRIPTED + 2 * SECONDS) as usize;
    assert_eq!((notes.len(), distinct.len()), (all, all), "nothing lost, nothing twice");
    home.must(&["verify"]);
    // Both show the same count, and it is the journal's.
    let total = state["timeline_total"].as_u64().unwrap();
    for pty in [&kim, &ana] {
        pty.see(&format!("{total} entries"));
    }

    // They act on the same thing: one of them does, both are told.
    let asks = home.must(&["--json", "decide", "restart the core?", "--ask"]);
    assert!(asks.contains("decision.asked/1"));
    for pty in [&kim, &ana] {
        pty.see("restart the core?");
    }
    let role = |pty: &crate::support::pty::Pty| pty.keys("rscribe sato");
    role(&kim);
    role(&ana);
    kim.keys("\r");
    kim.see("saved: ROLE");
    ana.see("sato");
    ana.keys("\r");
    ana.see("sato is scribe already");
    let state: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    let taken = state["timeline"].as_array().unwrap().iter().filter(|r| r["kind"] == "role.set/1").count();
    assert_eq!(taken, 1, "one of the two, once");
}

#[test]
fn whoever_offers_hears_what_became_of_it_and_an_untold_audience_has_one_owner() {
    let home = Home::new();
    home.must(&["declare", "Outage", "--severity", "sev1", "--playbook", "carrier-outage", "--started", "-40m"]);
    home.must(&["--as", "kim", "role", "commander", "kim"]);
    let kim = Start::new(&home, &["--as", "kim"]).size(120, 36).start();
    let rae = Start::new(&home, &["--as", "rae"]).size(120, 36).start();
    for pty in [&kim, &rae] {
        pty.see("IC kim");
    }
    home.must(&["--as", "kim", "handover", "offer", "commander", "rae"]);
    rae.see("kim to rae, offered");
    rae.keys("H");
    rae.see("HANDOVER");
    rae.keys("N");
    rae.see("Not taken");
    rae.keys("I am on the radio team\r");
    kim.see("rae did not take incident commander: I am on the radio team");
    // Both take it on to tell the same audience: one of them has it.
    kim.keys("3g");
    rae.keys("3g");
    for pty in [&kim, &rae] {
        pty.wait("FirstNet is lit", |s| crate::support::pty::rows(s).iter().any(|row| row.contains("│>FirstNet")));
    }
    kim.keys("a");
    kim.see("saved: TASK");
    rae.see("tell FirstNet");
    rae.keys("a");
    rae.see("kim has it");
    let state: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    let tells = state["tasks"].as_array().unwrap().iter().filter(|t| t["title"] == "tell FirstNet").count();
    assert_eq!(tells, 1);
}
