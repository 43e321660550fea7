//! Who meets the others on a host: one process at a time, whichever it is, and the next where that ends; and what two who press
//! send on two hosts see.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;
use warroom::room::replicating::{self, Told};

use super::apart::{head, room, state};
use super::seat::home;
use super::server::Postgres;
use crate::room::{posts, runtime};
use crate::support::pty::{HANG, Home, Start};
use crate::support::wire::{Wire, json};

/// A command that stays, and its lines as they come. Ended with its handle.
pub struct Stays {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Stays {
    pub fn start(home: &Home, command: &str) -> Stays {
        let mut child = home.command().arg(command).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Stays { child, lines }
    }

    /// The next line that holds these words.
    pub fn until(&mut self, words: &str) -> String {
        self.lines.by_ref().map(Result::unwrap).find(|line| line.contains(words)).expect(words)
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until the other host has it.
fn arrives(home: &Home, words: &str) {
    let begun = std::time::Instant::now();
    while !state(home)["timeline"].to_string().contains(words) {
        assert!(begun.elapsed() < HANG, "it never came: {words}");
    }
}

#[test]
fn one_process_of_a_host_meets_the_others_and_another_goes_on() {
    let server = Postgres::ready(&["jump"]);
    let [here, there] = [0, 1].map(|_| home(&server, "jump", &[server.port], ""));
    here.must(&["--as", "kim", "declare", "Outage", "--severity", "sev1", "--playbook", "generic"]);
    let mut poller = Stays::start(&here, "poll");
    poller.until("connected");
    let kim = room(&here, "kim", (120, 36));
    head(&kim, "hosts ok");
    // A process of its own, beside both: it says who does it, and waits.
    let mut waits = Stays::start(&here, "replicate");
    let told = waits.until("replicates this journal");
    assert!(told.contains(&format!("process {} on", poller.child.id())), "{told}");
    there.must(&["replicate", "--once"]);
    let mut other = Stays::start(&there, "replicate");
    other.until("connected");
    kim.keys("nby the poller\r");
    kim.see("saved: NOTE");
    arrives(&there, "by the poller");
    // The poller dies as processes do: after its lease one of the two others goes on.
    drop(poller);
    kim.keys("nby whoever is left\r");
    kim.see("saved: NOTE by whoever");
    arrives(&there, "by whoever is left");
    // A host that never had anything: its first room asks the others before anybody declares the same once more.
    let third = home(&server, "jump", &[server.port], "");
    let rae = Start::new(&third, &["--as", "rae"]).size(80, 24).start();
    rae.see("Which incident?");
    rae.see("Outage");
    rae.keys("\r");
    head(&rae, "hosts ok");
    // What is written at the last moment goes out all the same.
    let mut kim = kim;
    kim.keys("nthe last word\r");
    kim.see("saved: NOTE the last word");
    kim.keys("q");
    assert_eq!(kim.exit(), 0);
    rae.see("the last word");
}

#[test]
fn of_two_who_press_send_one_sends_and_the_other_is_told_who() {
    let server = Postgres::ready(&["jump"]);
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let outbox = format!("[[notification]]\nname = \"outbox\"\nkind = \"webhook\"\nurl = \"{}\"\n", wire.url());
    let [one, two] = [0, 1].map(|_| home(&server, "jump", &[server.port], &outbox));
    one.must(&["--as", "kim", "declare", "Outage", "--severity", "sev1", "--started", "-40m"]);
    one.must(&["message", "draft", "firstnet", "direct"]);
    let all: Value = serde_json::from_str(&one.must(&["message", "list", "--json"])).unwrap();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    one.must(&["message", "approve", &id]);
    one.must(&["replicate", "--once"]);
    two.must(&["replicate", "--once"]);
    let rooms = [room(&one, "kim", (120, 36)), room(&two, "ana", (120, 36))];
    for pty in &rooms {
        head(pty, "hosts ok");
        pty.keys("3gs");
        pty.see("APPROVED");
    }
    for pty in &rooms {
        pty.keys("R");
    }
    let (mut sent, mut told) = (0, 0);
    for (pty, other) in rooms.iter().zip(["ana on", "kim on"]) {
        pty.wait("what came of it", |s| {
            let text = s.contents();
            text.contains("LEFT 1 of 1")
                || (text.contains("not") || text.contains("nothing left")) && text.contains(other)
                || text.contains(&format!("{other} ")) && text.contains("already")
        });
        match pty.text().contains("LEFT 1 of 1") {
            true => sent += 1,
            false => told += 1,
        }
    }
    assert_eq!((sent, told, posts(&wire)), (1, 1, 1));
    // By a script as well.
    for home in [&one, &two] {
        let ran = home.run(&["message", "send", &id]);
        assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    }
    assert_eq!(posts(&wire), 1);
}

/// A home with a text for FirstNet that is approved, and its id.
fn approved(server: &Postgres, wire: &Wire) -> (Home, String) {
    let outbox = format!("[[notification]]\nname = \"outbox\"\nkind = \"webhook\"\nurl = \"{}\"\n", wire.url());
    let home = home(server, "jump", &[server.port], &outbox);
    home.must(&["--as", "kim", "declare", "Outage", "--severity", "sev1", "--started", "-40m"]);
    home.must(&["message", "draft", "firstnet", "direct"]);
    let all: Value = serde_json::from_str(&home.must(&["message", "list", "--json"])).unwrap();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    home.must(&["message", "approve", &id]);
    home.must(&["replicate", "--once"]);
    (home, id)
}

#[test]
fn a_room_that_is_left_before_its_sending_was_shown_sends_nothing_and_says_so() {
    let server = Postgres::ready(&["jump"]);
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let (home, _) = approved(&server, &wire);
    let mut kim = room(&home, "kim", (120, 36));
    head(&kim, "hosts ok");
    kim.keys("3gs");
    kim.see("APPROVED");
    // The claim is given, the sending gets no further than this host's disk.
    let lock = server.lock();
    kim.keys("R");
    arrives(&home, "message.sending/1");
    kim.keys("q");
    assert_eq!(kim.exit(), 0);
    drop(lock);
    assert_eq!(posts(&wire), 0);
    let state = state(&home);
    assert_eq!(state["messages"][0]["state"], "failed", "{}", state["messages"]);
    assert!(state["timeline"].to_string().contains("the room was left before anything left"), "{}", state["timeline"]);
}

#[test]
fn a_sending_that_could_not_be_shown_failed_and_goes_on_the_second_press() {
    let server = Postgres::ready(&["jump"]);
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let (home, _) = approved(&server, &wire);
    let kim = room(&home, "kim", (120, 36));
    head(&kim, "hosts ok");
    kim.keys("3gs");
    kim.see("APPROVED");
    let lock = server.lock();
    kim.keys("R");
    kim.see("NOTHING LEFT");
    drop(lock);
    assert_eq!(posts(&wire), 0);
    assert!(state(&home)["timeline"].to_string().contains("cut off after the claim"));
    head(&kim, "hosts ok");
    kim.keys("s");
    kim.see("NO CLAIM");
    // What failed is chosen anew by the person.
    kim.keys(" R");
    kim.see("R again RELEASES all the same");
    kim.keys("R");
    kim.see("LEFT 1 of 1");
    assert_eq!(posts(&wire), 1);
}

#[test]
fn a_lease_that_is_not_to_be_had_is_told_once_and_tried_again() {
    let server = Postgres::ready(&["jump"]);
    let home = home(&server, "jump", &[server.port], "");
    home.must(&["declare", "Outage", "--severity", "sev1"]);
    let cache = home.journal().with_file_name("journal.db.cache");
    let _ = std::fs::remove_file(&cache);
    std::fs::create_dir(&cache).unwrap();
    let mut stays = Stays::start(&home, "replicate");
    let told = stays.until("other hosts are not met");
    assert!(told.contains("it is tried again"), "{told}");
    std::fs::remove_dir(&cache).unwrap();
    let told = stays.lines.next().unwrap().unwrap();
    assert!(told.contains("connected"), "{told}");
}

#[test]
fn between_two_rounds_that_are_far_apart_the_lease_is_kept() {
    let server = Postgres::ready(&["jump"]);
    let home = home(&server, "jump", &[server.port], "");
    home.must(&["declare", "Outage", "--severity", "sev1"]);
    let (rounds_tx, rounds) = std::sync::mpsc::channel();
    let place = warroom::config::Replicate { every: 60, ..server.place("jump", server.port) };
    let real = super::seat::real;
    let meeting = replicating::start(home.journal(), place, "jump1".to_owned(), real, move |told| {
        drop(rounds_tx.send(told));
    });
    let met = rounds.recv_timeout(HANG).unwrap();
    assert!(matches!(met, Told::Met { .. }), "{met:?}");
    let cache = home.journal().with_file_name("journal.db.cache");
    let db = rusqlite::Connection::open_with_flags(&cache, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let expires = || db.query_row("SELECT expires FROM replicates", [], |row| row.get::<_, i64>(0)).unwrap();
    // It moves on without a round: less than a minute for what a round would only do after it.
    let (begun, first) = (std::time::Instant::now(), expires());
    while expires() == first {
        assert!(begun.elapsed() < std::time::Duration::from_secs(40), "the lease ran out");
        std::thread::yield_now();
    }
    meeting.unwrap().end();
}

#[test]
fn one_round_that_is_cut_off_counts_what_waits() {
    let mut server = Postgres::ready(&["jump"]);
    let home = home(&server, "jump", &[server.port], "");
    home.must(&["declare", "Outage", "--severity", "sev1"]);
    home.must(&["replicate", "--once"]);
    server.kill();
    home.must(&["note", "the core is restarted"]);
    assert_eq!(home.run(&["replicate", "--once"]).code, Some(1));
    let told = &state(&home)["replication"];
    assert_eq!((&told["health"], &told["wait"]), (&"cut_off".into(), &1.into()), "{told}");
}
