//! What a sceptic did to it: a damaged row on the server, a right that was taken and given, a send that may not be, a tail that
//! was cut; and who leaves is told.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::apart::{head, room, state};
use super::seat::home;
use super::server::Postgres;
use crate::support::pty::Home;

fn declared(server: &Postgres) -> [Home; 2] {
    let homes = ["jump1", "jump2"].map(|user| home(server, user, &[server.port], ""));
    homes[0].must(&["--as", "kim", "declare", "Outage", "--severity", "sev1", "--playbook", "generic"]);
    homes
}

/// Rounds until it is so.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
    }
}

#[test]
fn a_damaged_row_stops_what_is_behind_it_and_a_room_goes_on_once_it_is_gone() {
    let server = Postgres::ready(&["jump1", "jump2"]);
    let [one, two] = declared(&server);
    one.must(&["replicate", "--once"]);
    two.must(&["replicate", "--once"]);
    let kim = room(&one, "kim", (120, 36));
    head(&kim, "hosts ok");
    // Somebody who may add puts what is no entry where kim's next one goes.
    server.sql(
        "INSERT INTO warroom_entries SELECT incident, writer, max(seq) + 1, '\\x00', '\\x00', 'garbage' FROM warroom_entries \
         GROUP BY incident, writer ORDER BY count(*) DESC LIMIT 1",
    );
    let saved = |text: &str| {
        kim.keys(&format!("n{text}\r"));
        kim.see(&format!("saved: NOTE {text}"));
    };
    saved("after the damage");
    // What is written from now on goes out under another pen, although that row stands.
    until("a second note arrives", || {
        saved("still here");
        two.run(&["replicate", "--once"]);
        state(&two)["timeline"].to_string().contains("still here")
    });
    let told = two.run(&["replicate", "--once"]);
    assert!(!told.out.contains("FORK"), "{told:?}");
    server.sql("DELETE FROM warroom_entries WHERE body = 'garbage'");
    until("what waited arrives by itself", || {
        two.run(&["replicate", "--once"]);
        state(&two)["timeline"].to_string().contains("after the damage")
    });
}

#[test]
fn a_right_that_comes_back_is_seen_by_an_open_room() {
    let server = Postgres::ready(&["jump1", "jump2"]);
    let [one, two] = declared(&server);
    let kim = room(&one, "kim", (120, 36));
    head(&kim, "hosts ok");
    server.sql("REVOKE warroom_append FROM jump1; GRANT warroom_read TO jump1");
    kim.keys("nwithout the right\r");
    kim.see("saved: NOTE without the right");
    server.sql("GRANT warroom_append TO jump1");
    until("it went after all", || {
        two.run(&["replicate", "--once"]);
        state(&two)["timeline"].to_string().contains("without the right")
    });
}

#[test]
fn what_is_refused_here_keeps_nobody_from_sending_it() {
    let server = Postgres::ready(&["jump1", "jump2"]);
    let [one, two] = declared(&server);
    one.must(&["message", "draft", "staff", "email", "--text", "we are down"]);
    one.must(&["replicate", "--once"]);
    two.must(&["replicate", "--once"]);
    let list: Value = serde_json::from_str(&two.must(&["message", "list", "--json"])).unwrap();
    let id = list[0]["id"].as_str().unwrap();
    let refused = two.run(&["message", "send", id]);
    assert!(refused.code == Some(1) && refused.err.contains("not approved"), "{refused:?}");
    let claims = server.by_admin(async |client| {
        let rows = client.query("SELECT 1 FROM warroom_claims", &[]).await;
        Ok(rows.map(|rows| rows.len()).unwrap_or(usize::MAX))
    });
    assert_eq!(claims, 0, "it holds no claim");
}

#[test]
fn the_server_s_table_is_a_witness_and_who_leaves_is_told() {
    let server = Postgres::ready(&["jump1", "jump2"]);
    let [one, two] = declared(&server);
    let mut kim = room(&one, "kim", (120, 36));
    head(&kim, "hosts ok");
    kim.keys("nthe last word\r");
    kim.see("saved: NOTE the last word");
    kim.keys("q");
    assert_eq!(kim.exit(), 0);
    two.must(&["replicate", "--once"]);
    assert!(state(&two)["timeline"].to_string().contains("the last word"));
    let here = two.must(&["here"]);
    assert!(here.contains("kim") && here.contains("left"), "{here}");
    let held = one.must(&["verify", "--server"]);
    assert!(held.contains("held against") && held.contains("append-only table"), "{held}");
    // A tail that was cut is intact by itself; the table knows better.
    let raw = rusqlite::Connection::open(one.journal()).unwrap();
    raw.execute("DELETE FROM entries WHERE local = (SELECT max(local) FROM entries)", []).unwrap();
    drop(raw);
    one.must(&["verify"]);
    let cut = one.run(&["verify", "--server"]);
    assert!(cut.code == Some(1), "{cut:?}");
}
