//! Hosts that are cut off from each other: what the screen and the scripts say, what is asked before a text leaves, and what both
//! come to when they meet again.

use serde_json::Value;

use super::seat::home;
use super::server::{Line, Postgres};
use crate::room::{posts, runtime};
use crate::support::pty::{Home, Pty, Start, rows};
use crate::support::wire::{Wire, json};

pub fn state(home: &Home) -> Value {
    serde_json::from_str(&home.must(&["state", "--json"])).unwrap()
}

/// Two homes with a line each to the server, and one incident with a text for FirstNet that is approved.
fn two(server: &Postgres, wire: &Wire) -> ([Home; 2], [Line; 2], String) {
    let lines = [Line::to(server.port), Line::to(server.port)];
    let outbox = format!("[[notification]]\nname = \"outbox\"\nkind = \"webhook\"\nurl = \"{}\"\n", wire.url());
    let homes = [0, 1].map(|n: usize| home(server, "jump", &[lines[n].port], &outbox));
    let [kim, ana] = &homes;
    kim.must(&["--as", "kim", "declare", "Outage", "--severity", "sev1", "--started", "-40m"]);
    kim.must(&["--as", "kim", "role", "commander", "kim"]);
    kim.must(&["message", "draft", "firstnet", "direct"]);
    let all: Value = serde_json::from_str(&kim.must(&["message", "list", "--json"])).unwrap();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    kim.must(&["message", "approve", &id]);
    kim.must(&["replicate", "--once"]);
    ana.must(&["replicate", "--once"]);
    (homes, lines, id)
}

pub fn room(home: &Home, person: &str, size: (u16, u16)) -> Pty {
    let pty = Start::new(home, &["--as", person]).size(size.0, size.1).start();
    pty.see("SEV1");
    pty
}

#[track_caller]
pub fn head(pty: &Pty, what: &str) {
    pty.wait(what, |screen| rows(screen).iter().take(2).any(|row| row.contains(what)));
}

#[test]
fn both_may_send_while_cut_off_and_both_are_told() {
    let server = Postgres::ready(&["jump"]);
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let ([one, two], lines, id) = two(&server, &wire);
    let kim = room(&one, "kim", (120, 36));
    let ana = room(&two, "ana", (120, 36));
    head(&kim, "hosts ok");
    head(&ana, "hosts ok");
    assert_eq!(state(&one)["replication"]["health"], "ok");
    for line in &lines {
        line.cut_after(0);
    }
    for pty in [&kim, &ana] {
        head(pty, "CUT OFF since");
        pty.see("since ");
    }
    // What is written meanwhile is counted, on the screen and for scripts.
    kim.keys("nthe core is restarted\r");
    kim.see("saved: NOTE");
    head(&kim, ", 1 wait");
    let told = &state(&one)["replication"];
    assert_eq!((&told["health"], &told["wait"]), (&"cut_off".into(), &1.into()), "{told}");
    assert!(told["since"].is_string() && told["last_round_at"].is_string() && told["error"].is_string(), "{told}");
    // A script sends nothing by itself.
    let ran = refused(&two, &id);
    assert!(ran.contains("nothing left") && ran.contains("--alone"), "{ran}");
    // On the screen it is asked once more, and the first R sends nothing.
    for pty in [&kim, &ana] {
        pty.keys("3gs");
        pty.see("APPROVED");
        pty.see(": others may send too   ");
        pty.keys("R");
        pty.see("R again RELEASES all the same");
    }
    assert_eq!(posts(&wire), 0);
    // Another key answers no.
    kim.keys("j");
    kim.gone("R again RELEASES");
    kim.keys("kR");
    kim.see("R again RELEASES");
    for pty in [&kim, &ana] {
        pty.keys("R");
        pty.see("LEFT 1 of 1");
    }
    assert_eq!(posts(&wire), 2, "nobody could know");
    for line in &lines {
        line.mend();
    }
    for (pty, home) in [(&kim, &one), (&ana, &two)] {
        head(pty, "hosts ok");
        pty.keys("1g");
        pty.see("CONFLICT");
        pty.see("sent twice, firstnet over ");
        let state = state(home);
        let conflict = &state["conflicts"][0];
        assert!(conflict["id"].as_str().unwrap().contains("sent twice"), "{conflict}");
        let sendings =
            |s: &Value| s["timeline"].as_array().unwrap().iter().filter(|r| r["kind"] == "message.sending/1").count();
        assert_eq!(sendings(&state), 2, "both are in the record");
        let sides = conflict["sides"].to_string();
        assert!(sides.contains("kim on") && sides.contains("ana on"), "{sides}");
    }
    // One of them says that they know of it: it is settled for both.
    kim.keys("j");
    kim.wait("the conflict is lit", |screen| {
        rows(screen).iter().any(|row| row.contains('>') && row.contains("CONFLICT"))
    });
    kim.keys(" ");
    kim.see("Did it go out?");
    kim.keys("y told them that it is one word\r");
    kim.gone("CONFLICT");
    ana.gone("CONFLICT");
    assert_eq!(state(&two)["conflicts"].as_array().unwrap().len(), 0);
}

fn refused(home: &Home, id: &str) -> String {
    let ran = home.run(&["message", "send", id]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    ran.err
}

#[test]
fn a_claim_that_nobody_answers_is_told_and_sends_nothing() {
    let server = Postgres::ready(&["jump"]);
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let ([one, _two], lines, _) = two(&server, &wire);
    let kim = room(&one, "kim", (120, 36));
    head(&kim, "hosts ok");
    kim.keys("3gs");
    kim.see("APPROVED");
    // The line is lost and nobody has noticed yet.
    lines[0].swallow();
    kim.keys("R");
    kim.see("NOTHING LEFT");
    assert_eq!(posts(&wire), 0);
    assert_eq!(state(&one)["messages"][0]["state"], "approved");
    kim.keys("s");
    kim.see("NOTHING LEAVES BEFORE R R");
    kim.keys("R");
    kim.see("R again RELEASES all the same");
    kim.keys("R");
    kim.see("LEFT 1 of 1");
    assert_eq!(posts(&wire), 1);
}

#[test]
fn where_rounds_work_and_claims_do_not_a_text_still_goes_on_the_second_press() {
    let server = Postgres::ready(&["jump"]);
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let ([one, _two], _lines, _) = two(&server, &wire);
    let kim = room(&one, "kim", (120, 36));
    head(&kim, "hosts ok");
    server.sql("DROP TABLE warroom_claims");
    kim.keys("3gs");
    kim.see("APPROVED");
    kim.keys("R");
    kim.see("NOTHING LEFT");
    // Rounds go on, which says nothing about claims.
    let last = || state(&one)["replication"]["last_round_at"].as_str().unwrap().to_owned();
    let (begun, before) = (std::time::Instant::now(), last());
    let mut seen = before.clone();
    while last() == before || seen == before {
        seen = last();
        assert!(begun.elapsed() < crate::support::pty::HANG, "no round");
    }
    kim.keys("nrounds go on\r");
    kim.see("saved: NOTE");
    kim.keys("s");
    kim.see("NO CLAIM");
    kim.keys("R");
    kim.see("R again RELEASES all the same");
    kim.keys("R");
    kim.see("LEFT 1 of 1");
    assert_eq!(posts(&wire), 1);
}

#[test]
fn before_the_first_round_it_reads_not_yet_and_a_release_is_asked_about() {
    let mut server = Postgres::ready(&["jump"]);
    let wire = crate::support::process::free_port();
    let outbox =
        format!("[[notification]]\nname = \"outbox\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{wire}\"\n");
    let one = home(&server, "jump", &[server.port], &outbox);
    server.kill();
    one.must(&["declare", "Outage", "--severity", "sev1", "--started", "-40m"]);
    one.must(&["message", "draft", "firstnet", "direct"]);
    let all: Value = serde_json::from_str(&one.must(&["message", "list", "--json"])).unwrap();
    one.must(&["message", "approve", all[0]["id"].as_str().unwrap()]);
    let told = &state(&one)["replication"];
    assert_eq!((&told["health"], &told["last_round_at"]), (&"not_yet".into(), &Value::Null), "{told}");
    let kim = room(&one, "kim", (120, 36));
    head(&kim, "CUT OFF since");
    kim.keys("3gs");
    kim.see("NOTHING LEAVES BEFORE R R");
    kim.keys("R");
    kim.see("R again RELEASES all the same");
    kim.keys("\u{1b}");
    kim.see("nothing left");
    server.go();
    head(&kim, "hosts ok");
    assert!(state(&one)["replication"]["last_round_at"].is_string());
}

#[test]
fn what_cannot_be_added_to_the_server_is_loud() {
    let server = Postgres::ready(&["reads"]);
    let one = home(&server, "reads", &[server.port], "");
    one.must(&["declare", "Outage", "--severity", "sev1"]);
    let kim = room(&one, "kim", (120, 36));
    head(&kim, "STAY HERE");
    kim.see("other hosts are met");
    let told = &state(&one)["replication"];
    assert!(told["wait"].as_u64().unwrap() > 0 && told["error"].as_str().unwrap().contains("may only read"), "{told}");
}

#[test]
fn nobody_who_meets_others_nowhere_hears_of_it() {
    let home = Home::new();
    crate::room::configure(&home, "");
    home.must(&["declare", "Outage", "--severity", "sev1"]);
    assert!(state(&home)["replication"].is_null());
    let pty = room(&home, "kim", (120, 36));
    pty.see("saved");
    let text = pty.text();
    assert!(!text.contains("hosts") && !text.contains("CUT OFF"), "{text}");
}
