//! The running room beside other processes and beside backends that hang: what it shows, what it sends, what it never repeats.

mod away;
mod exercise;
mod several;
mod who;

use std::time::Duration;

use crate::support::pty::{Home, Start};
use crate::support::wire::{Act, Wire, json};

pub fn configure(home: &Home, text: &str) {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let folder = home.path().join("config/warroom");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), format!("playbook = \"carrier-outage\"\n{text}")).unwrap();
    std::fs::set_permissions(folder.join("config.toml"), PermissionsExt::from_mode(0o600)).unwrap();
}

pub fn declare(home: &Home, more: &[&str]) {
    let mut arguments = vec!["declare", "Outage", "--severity", "sev1", "--started", "-40m"];
    arguments.extend_from_slice(more);
    home.must(&arguments);
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A text that is approved and not sent; its message's id.
fn approved(home: &Home) -> String {
    home.must(&["message", "draft", "firstnet", "direct"]);
    let all: serde_json::Value = serde_json::from_str(&home.must(&["message", "list", "--json"])).unwrap();
    let id = all[0]["id"].as_str().unwrap().to_owned();
    home.must(&["message", "approve", &id]);
    id
}

fn outbox(home: &Home, wire: &Wire) {
    configure(
        home,
        &format!(
            "[[notification]]\nname = \"outbox\"\nkind = \"webhook\"\nurl = \"{}\"\ntimeout = \"3s\"\n",
            wire.url()
        ),
    );
}

pub fn posts(wire: &Wire) -> usize {
    wire.seen().iter().filter(|s| s.line().starts_with("POST")).count()
}

#[test]
fn backends_that_never_answer_hold_up_no_key_and_no_end() {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(vec![Act::Stall]));
    let home = Home::new();
    let url = wire.url();
    configure(
        &home,
        &format!(
            "[[status]]\nname = \"page\"\nkind = \"statuspage\"\nurl = \"{url}\"\nevery = \"1s\"\n\
             [[notification]]\nname = \"pager\"\nkind = \"alertmanager\"\nurl = \"{url}\"\nevery = \"1s\"\n\
             [[metrics]]\nname = \"core\"\nkind = \"prometheus\"\nurl = \"{url}\"\nevery = \"1s\"\n\
             [[metrics.query]]\nname = \"users\"\nquery = \"sum(users)\"\n"
        ),
    );
    declare(&home, &[]);
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("sources 0 of 3");
    pty.see("no answer yet");
    for (key, shown) in [("?", "HELP"), ("?", "NEVER TOLD"), ("6", "6 SIGNALS"), ("n", "Enter sends it off")] {
        pty.keys(key);
        pty.see(shown);
    }
    pty.keys("typed while they hang\r");
    pty.see("saved: NOTE");
    // They were asked, and what is shown is honest about it.
    pty.wait("a failure with its age", |screen| screen.contents().contains("FAILING"));
    assert!(wire.connections() > 0);
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn one_of_two_rooms_polls_and_both_show() {
    let runtime = runtime();
    let page = r#"{"page":{"id":"p","updated_at":"2024-02-22T09:00:00Z"},"components":[{"id":"voice","name":"Voice","status":"major_outage","group":false}],"incidents":[],"scheduled_maintenances":[],"status":{"indicator":"critical","description":"x"}}"#;
    let wire = runtime.block_on(Wire::saying(json(page)));
    let home = Home::new();
    configure(
        &home,
        &format!("[[status]]\nname = \"page\"\nkind = \"statuspage\"\nurl = \"{}\"\nevery = \"1s\"\n", wire.url()),
    );
    declare(&home, &[]);
    let first = Start::new(&home, &[]).size(120, 36).start();
    first.see("sources 1 of 1");
    let second = Start::new(&home, &[]).size(120, 36).start();
    second.see("sources 1 of 1");
    second.see("Voice");
    // The fact is in the record once, though two rooms are open.
    let state: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    let down = state["timeline"].as_array().unwrap().iter().filter(|r| r["kind"] == "component.changed/1").count();
    assert_eq!(down, 1);
    first.keys("q");
    second.keys("q");
}

#[test]
fn two_who_press_send_give_one_send() {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let home = Home::new();
    outbox(&home, &wire);
    declare(&home, &[]);
    let id = approved(&home);
    let start = || home.command().args(["message", "send", &id]).output();
    let codes = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        all.into_iter().map(|t| t.join().unwrap().unwrap().status.code()).collect::<Vec<_>>()
    });
    assert_eq!(codes.iter().filter(|c| **c == Some(0)).count(), 1, "{codes:?}");
    assert_eq!(posts(&wire), 1);
    let seen = wire.seen();
    assert!(seen[0].header("webhook-id").is_some(), "the receiver can tell a repetition");
}

#[test]
fn a_lost_answer_is_unsure_and_never_repeated_by_itself() {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(vec![Act::Reset]));
    let home = Home::new();
    outbox(&home, &wire);
    declare(&home, &[]);
    let id = approved(&home);
    assert_eq!(home.run(&["message", "send", &id]).code, Some(1));
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("UNSURE");
    assert_eq!(home.run(&["message", "send", &id]).code, Some(1), "it may have gone: look first");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!(posts(&wire), 1);
    home.must(&["message", "settle", &id, "no", "--how", "their log has nothing"]);
    assert!(home.must(&["message", "show", &id]).contains("failed"));
}

#[test]
fn a_process_killed_while_sending_leaves_unsure() {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(vec![Act::Stall]));
    let home = Home::new();
    outbox(&home, &wire);
    declare(&home, &[]);
    let id = approved(&home);
    let mut child = home.command().args(["message", "send", &id]).stdout(std::process::Stdio::null()).spawn().unwrap();
    let begun = std::time::Instant::now();
    while posts(&wire) == 0 {
        assert!(begun.elapsed() < crate::support::pty::HANG, "nothing was sent");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("UNSURE");
    pty.keys("q");
    assert_eq!(posts(&wire), 1, "it is not sent again");
}

#[test]
fn of_an_exercise_nothing_leaves() {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json("{}")));
    let home = Home::new();
    outbox(&home, &wire);
    declare(&home, &["--exercise"]);
    let id = approved(&home);
    let ran = home.run(&["message", "send", &id]);
    assert!(ran.code == Some(1) && ran.err.contains("exercise"), "{}", ran.err);
    assert_eq!(wire.connections(), 0);
    let pty = Start::new(&home, &[]).size(80, 24).start();
    pty.see("EXERCISE");
    pty.keys("q");
}

#[test]
fn text_typed_and_not_sent_survives_the_process() {
    let home = Home::new();
    declare(&home, &[]);
    let pty = Start::new(&home, &[]).size(80, 24).start();
    pty.see("IC NOBODY");
    pty.keys("nthe bridge says");
    pty.see("the bridge says");
    // On disk without a further key: read by another process.
    let local = home.journal().with_extension("db.local");
    let begun = std::time::Instant::now();
    while !kept(&local).contains("the bridge says") {
        assert!(begun.elapsed() < crate::support::pty::HANG, "it is not kept");
        std::thread::sleep(Duration::from_millis(20));
    }
    pty.signal(rustix::process::Signal::KILL);
    let again = Start::new(&home, &[]).size(80, 24).start();
    // As it was left, wherever the room died; given up, it is kept for the same key.
    again.see("the bridge says");
    again.keys("\u{1b}");
    again.gone("Enter sends it off");
    again.keys("n");
    again.see("the bridge says");
    again.signal(rustix::process::Signal::KILL);
    let last = Start::new(&home, &["--as", "kim"]).size(80, 24).start();
    last.see("IC NOBODY");
    last.gone("the bridge says");
    last.keys("q");
}

fn kept(path: &std::path::Path) -> String {
    let Ok(db) = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY) else {
        return String::new();
    };
    let Ok(mut rows) = db.prepare("SELECT text FROM drafts") else { return String::new() };
    let texts = rows.query_map([], |row| row.get::<_, String>(0));
    texts.map(|t| t.flatten().collect::<Vec<_>>().join("\n")).unwrap_or_default()
}

#[test]
fn a_journal_open_for_reading_is_not_changed() {
    let home = Home::new();
    declare(&home, &[]);
    let before = std::fs::read(home.journal()).unwrap();
    let mut pty = Start::new(&home, &["--read-only"]).size(120, 36).start();
    pty.see("READ ONLY");
    pty.see("START");
    pty.keys("a");
    pty.see("read only:");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!(std::fs::read(home.journal()).unwrap(), before);
}

#[test]
fn what_is_released_just_before_the_end_goes_out() {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let home = Home::new();
    outbox(&home, &wire);
    declare(&home, &[]);
    let id = approved(&home);
    let mut pty = Start::new(&home, &[]).size(160, 48).start();
    pty.see("FirstNet");
    pty.keys("3s");
    pty.see("REVIEW");
    pty.see("APPROVED");
    pty.keys("Rq");
    assert_eq!(pty.exit(), 0);
    assert_eq!(posts(&wire), 1);
    let shown = home.must(&["message", "show", &id]);
    assert!(shown.contains("sent") && !shown.contains("unknown"), "{shown}");
}

#[test]
fn a_start_while_a_backend_is_down_keeps_what_was_last_known() {
    let runtime = runtime();
    let page = r#"{"page":{"id":"p","updated_at":"2024-02-22T09:00:00Z"},"components":[{"id":"voice","name":"Voice","status":"major_outage","group":false}],"incidents":[],"scheduled_maintenances":[],"status":{"indicator":"critical","description":"x"}}"#;
    let down = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_down = std::sync::Arc::clone(&down);
    let wire = runtime.block_on(Wire::start(move |_| {
        if is_down.load(std::sync::atomic::Ordering::SeqCst) { vec![Act::Reset] } else { json(page) }
    }));
    let home = Home::new();
    configure(
        &home,
        &format!("[[status]]\nname = \"page\"\nkind = \"statuspage\"\nurl = \"{}\"\nevery = \"1s\"\n", wire.url()),
    );
    declare(&home, &[]);
    home.must(&["poll", "--once"]);
    down.store(true, std::sync::atomic::Ordering::SeqCst);
    let cache = home.journal().with_extension("db.cache");
    let source = || -> serde_json::Value {
        let db = rusqlite::Connection::open_with_flags(&cache, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let body: String = db.query_row("SELECT body FROM sources", [], |row| row.get(0)).unwrap();
        serde_json::from_str(&body).unwrap()
    };
    let before = source();
    assert!(before["last_success"].is_string() && before["error"].is_null(), "{before}");
    let pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("sources");
    let begun = std::time::Instant::now();
    while source()["error"].is_null() {
        assert!(begun.elapsed() < crate::support::pty::HANG, "it was not asked");
        std::thread::sleep(Duration::from_millis(20));
    }
    let after = source();
    assert_eq!(after["last_success"], before["last_success"]);
    assert_eq!(after["observation"], before["observation"]);
    pty.keys("q");
}

#[test]
fn asking_now_leaves_alone_who_said_to_wait() {
    let runtime = runtime();
    let busy = crate::support::wire::answer(503, &[("Retry-After", "600")], b"");
    let wire = runtime.block_on(Wire::saying(vec![Act::Say(busy)]));
    let page = r#"{"page":{"id":"p","updated_at":"2024-02-22T09:00:00Z"},"components":[],"incidents":[],"scheduled_maintenances":[],"status":{"indicator":"none","description":"x"}}"#;
    let well = runtime.block_on(Wire::saying(json(page)));
    let home = Home::new();
    let block = |name: &str, url: String| {
        format!("[[status]]\nname = \"{name}\"\nkind = \"statuspage\"\nurl = \"{url}\"\nevery = \"300s\"\n")
    };
    configure(&home, &(block("busy", wire.url()) + &block("well", well.url())));
    declare(&home, &[]);
    let pty = Start::new(&home, &[]).size(160, 48).start();
    pty.see("asks to wait");
    let (asked, before) = (wire.connections(), well.connections());
    pty.keys("\u{12}");
    pty.see("refused us or said to wait");
    let begun = std::time::Instant::now();
    while well.connections() == before {
        assert!(begun.elapsed() < crate::support::pty::HANG, "the other is asked");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(wire.connections(), asked);
    pty.keys("q");
}
