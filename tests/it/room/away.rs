//! When they look away and come back: the bell, the title, the host's command, and the screen as it was left.

use std::process::Child;
use std::time::Instant;

use rustix::process::Signal;

use super::{configure, declare};
use crate::support::pty::{HANG, Home, Pty, Start, rows, stat};

/// How often the bell rang.
fn bells(pty: &Pty) -> usize {
    pty.log().iter().filter(|byte| **byte == 7).count()
}

fn room(home: &Home) -> Pty {
    let pty = Start::new(home, &[]).size(120, 36).start();
    pty.see("NEVER TOLD");
    pty
}

fn leave(mut pty: Pty) {
    pty.keys("q");
    assert_eq!(pty.exit_and_read(), 0);
    pty.assert_only_ours();
}

fn ask(home: &Home, what: &str) {
    home.must(&["decide", what, "--ask"]);
}

/// What a script did is on the screen: all that came before it has been looked at.
fn settled(home: &Home, pty: &Pty, note: &str) {
    home.must(&["note", note]);
    pty.see(note);
}

#[test]
fn the_bell_rings_once_for_each_thing_in_whichever_room() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    // What was late when it was first opened is no news.
    let pty = room(&home);
    settled(&home, &pty, "one");
    assert_eq!(bells(&pty), 0);
    ask(&home, "roll back?");
    pty.see("RANG: zoe asks: roll back?");
    assert_eq!(bells(&pty), 1);
    settled(&home, &pty, "two");
    assert_eq!(bells(&pty), 1);
    leave(pty);
    // Not again in another room, also for what is still there.
    let pty = room(&home);
    settled(&home, &pty, "three");
    assert_eq!(bells(&pty), 0);
    leave(pty);
    // What came meanwhile rings once, together.
    ask(&home, "stop the change?");
    ask(&home, "call the vendor?");
    let pty = room(&home);
    pty.see("RANG while you were away: zoe asks: stop the change?  and 1 more");
    assert_eq!(bells(&pty), 1);
    // Somebody else opens it for the first time: for them it is no news.
    let other = Start::new(&home, &["--as", "kim"]).size(120, 36).start();
    other.see("NEVER TOLD");
    settled(&home, &other, "four");
    assert_eq!(bells(&other), 0);
    leave(other);
    leave(pty);
}

#[test]
fn quiet_is_on_one_key_loud_in_the_header_and_kept() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    let pty = room(&home);
    pty.keys("B");
    pty.wait("QUIET", |screen| rows(screen)[1].contains("QUIET"));
    ask(&home, "roll back?");
    pty.see("RANG: zoe asks: roll back?");
    assert_eq!(bells(&pty), 0);
    leave(pty);
    for size in [(80, 24), (40, 10)] {
        let pty = Start::new(&home, &[]).size(size.0, size.1).start();
        pty.wait("QUIET", |screen| rows(screen)[1].contains("QUIET"));
        leave(pty);
    }
    let pty = room(&home);
    pty.wait("QUIET", |screen| rows(screen)[1].contains("QUIET"));
    pty.keys("B");
    pty.gone("QUIET");
    ask(&home, "stop the change?");
    pty.see("RANG: zoe asks: stop the change?");
    assert_eq!(bells(&pty), 1);
    leave(pty);
    let other = Start::new(&home, &["--as", "kim"]).size(120, 36).start();
    other.see("NEVER TOLD");
    other.gone("QUIET");
    leave(other);
}

#[test]
fn the_bell_and_the_title_can_be_configured_away() {
    let home = Home::new();
    configure(&home, "[alarms]\nbell = false\ntitle = false\n");
    declare(&home, &[]);
    let pty = room(&home);
    ask(&home, "roll back?");
    pty.see("RANG: zoe asks");
    settled(&home, &pty, "one");
    assert_eq!(bells(&pty), 0);
    let log = String::from_utf8_lossy(&pty.log()).into_owned();
    assert!(!log.contains("\u{1b}]2;") && !log.contains("\u{1b}[22;2t"));
    leave(pty);
}

/// The titles that were set, in order.
fn titles(pty: &Pty) -> Vec<String> {
    let log = String::from_utf8_lossy(&pty.log()).into_owned();
    log.split("\u{1b}]2;").skip(1).map(|rest| rest.split('\u{1b}').next().unwrap().to_owned()).collect()
}

#[test]
fn the_title_tells_and_is_put_back_and_a_still_room_sets_it_no_more() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &["--exercise"]);
    let mut pty = room(&home);
    until("a title", || titles(&pty).last().is_some_and(|t| t.starts_with("EXERCISE SEV1 ")));
    // A hostile name does not get out of the title.
    home.must(&["task", "add", "x", "--owner", "ev\u{1b}]0;il\u{7}\u{9b}", "--minutes", "1"]);
    until("it is in the title", || titles(&pty).last().is_some_and(|t| t.contains("ev␛]0;il␇")));
    let log = pty.log();
    let keep = b"\x1b[22;2t";
    assert!(log.windows(keep.len()).any(|w| w == keep), "the former title is put by");
    pty.keys("\u{1a}");
    pty.wait("the ordinary screen", |screen| !screen.alternate_screen());
    let former = b"\x1b[23;2t";
    assert!(pty.log().windows(former.len()).any(|w| w == former), "and back while it is stopped");
    until("it is stopped", || stat(pty.pid, 3).as_deref() == Some("T"));
    pty.signal(Signal::CONT);
    pty.wait("drawn anew", |screen| screen.alternate_screen() && screen.contents().contains("NEVER TOLD"));
    pty.keys("q");
    assert_eq!(pty.exit_and_read(), 0);
    let set = titles(&pty);
    assert_eq!(set.last().map(String::as_str), Some(""), "emptied before it is put back");
    let set: Vec<&String> = set.iter().take_while(|title| !title.is_empty()).collect();
    assert!(set.len() > 1 && set.windows(2).all(|two| two[0] != two[1]), "only where it is another: {set:?}");
    pty.assert_only_ours();
}

#[test]
fn the_screen_is_as_it_was_left() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    for note in ["core: alpha", "core: beta", "edge: gamma"] {
        home.must(&["note", note]);
    }
    let pty = room(&home);
    pty.keys("2z/core\r");
    pty.see("/core");
    pty.gone("gamma");
    pty.keys("k");
    let lit = |screen: &vt100::Screen| rows(screen).iter().any(|r| r.starts_with('>') && r.contains("core: alpha"));
    pty.wait("the upper row is lit", lit);
    // On disk without a further key.
    let local = home.journal().with_extension("db.local");
    pty.wait("on disk", |_| {
        let Ok(db) = rusqlite::Connection::open_with_flags(&local, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY) else {
            return false;
        };
        let left = db.query_row("SELECT mark FROM seen WHERE what = 'screen'", [], |row| row.get::<_, String>(0));
        left.is_ok_and(|left| {
            let left: serde_json::Value = serde_json::from_str(&left).unwrap();
            left["zoom"] == true && left["places"][1]["filter"] == "core" && !left["places"][1]["lit"].is_null()
        })
    });
    pty.signal(Signal::KILL);
    let pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("2 TIMELINE");
    pty.see("/core");
    pty.wait("the same row is lit", lit);
    pty.look(|screen| assert!(!screen.contents().contains("1 NOW") && !screen.contents().contains("gamma")));
    leave(pty);
}

#[test]
fn a_mark_stands_before_the_first_new_row() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    home.must(&["note", "an old thing"]);
    let pty = room(&home);
    pty.see("an old thing");
    pty.look(|screen| assert!(!screen.contents().contains("----- new")));
    leave(pty);
    home.must(&["note", "a fresh thing"]);
    let pty = room(&home);
    pty.keys("2z");
    pty.gone("1 NOW");
    pty.see("1 new since you looked");
    let rows = pty.rows();
    let at = rows.iter().position(|r| r.contains("----- new")).expect("the mark");
    assert!(rows[at - 1].contains("an old thing") && rows[at + 1].contains("a fresh thing"), "{}", rows.join("\n"));
    // It cannot be lit.
    pty.keys("k");
    pty.wait("the old row is lit", |screen| {
        crate::support::pty::rows(screen).iter().any(|r| r.starts_with('>') && r.contains("an old thing"))
    });
    leave(pty);
}

/// A poller in the background; what it prints goes to a file. Ends with its handle.
struct Poll {
    child: Child,
    out: std::path::PathBuf,
}

impl Poll {
    fn start(home: &Home, name: &str) -> Poll {
        let out = home.path().join(name);
        let file = std::fs::File::create(&out).unwrap();
        let child = home.command().arg("poll").stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Poll { child, out }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    #[track_caller]
    fn see(&self, text: &str) {
        until(&format!("{text} in {}", self.out.display()), || self.text().contains(text));
    }

    fn stop(&mut self) {
        let pid = rustix::process::Pid::from_raw(self.child.id() as i32).unwrap();
        rustix::process::kill_process(pid, Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success(), "{}", self.text());
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < HANG, "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A program that notes what it is told, and prints what no terminal must see.
fn pager(home: &Home, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = home.path().join("page-me");
    std::fs::write(&path, format!("#!/bin/sh\nprintf '\\033[2Jraw'\nprintf '\\033[2Jraw' >&2\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    format!("[alarms]\ncommand = [\"{}\", \"an argument; touch shell\"]\n", path.display())
}

#[test]
fn the_hosts_command_is_told_each_thing_once_over_pollers_and_restarts() {
    let home = Home::new();
    let told = home.path().join("told");
    configure(&home, &pager(&home, "cat >> told; printf '%s|%s\\n' \"$WARROOM_ALARM_TEXT\" \"$1\" >> named"));
    declare(&home, &["--exercise"]);
    let mut first = Poll::start(&home, "first");
    first.see("keeping time; no backend is configured");
    // What was late when somebody first began to keep time is told nobody.
    first.see("due already");
    let second = Poll::start(&home, "second");
    second.see("of it told before");
    let lines = || std::fs::read_to_string(&told).unwrap_or_default();
    let ended = |n| lines().lines().count() == n;
    home.must(&["decide", "roll\u{1b}[2Jback?", "--ask"]);
    until("the first is told", || ended(1));
    first.see("RANG EXERCISE zoe asks: roll␛[2Jback?");
    first.stop();
    // While nobody keeps time but the second; and one who starts anew.
    ask(&home, "stop the change?");
    until("the second is told", || ended(2));
    let third = Poll::start(&home, "third");
    third.see("of it told before");
    ask(&home, "call the vendor?");
    until("the third is told", || ended(3));
    third.see("RANG EXERCISE zoe asks: call the vendor?");
    let all: Vec<serde_json::Value> = lines().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let texts: Vec<&str> = all.iter().map(|a| a["text"].as_str().unwrap()).collect();
    let asked = |what: &str| format!("EXERCISE zoe asks: {what}");
    assert_eq!(texts, ["roll\u{1b}[2Jback?", "stop the change?", "call the vendor?"].map(asked));
    for alarm in &all {
        assert_eq!(alarm["schema"], "warroom-alarm/1");
        assert_eq!(
            (&alarm["kind"], &alarm["exercise"], &alarm["life"]),
            (&"question".into(), &true.into(), &false.into())
        );
        assert!(
            alarm["incident"]["id"].is_string()
                && alarm["at"].is_string()
                && alarm["thing"].as_str().unwrap().starts_with("ask/")
        );
    }
    let named = std::fs::read_to_string(home.path().join("named")).unwrap();
    assert!(named.starts_with("EXERCISE zoe asks: roll␛[2Jback?|an argument; touch shell\n"), "{named}");
    assert!(!home.path().join("shell").exists(), "no shell reads the words");
    for poll in [&first, &second, &third] {
        assert!(!poll.text().contains('\u{1b}') && !poll.text().contains("raw"), "{}", poll.text());
    }
}

#[test]
fn a_command_that_hangs_or_fails_is_told_and_holds_up_nothing() {
    let home = Home::new();
    configure(&home, &pager(&home, "case \"$WARROOM_ALARM_TEXT\" in *hang*) sleep 600;; *) exit 3;; esac"));
    declare(&home, &[]);
    let poll = Poll::start(&home, "poll");
    poll.see("due already");
    ask(&home, "hang?");
    poll.see("asks: hang?");
    ask(&home, "fail?");
    poll.see("page-me failed with exit code 3. It was to tell: zoe asks: fail?");
    home.must(&["note", "time is kept meanwhile"]);
    poll.see("time is kept meanwhile");
    assert!(!poll.text().contains("did not end"), "the other still hangs: {}", poll.text());
    poll.see("page-me did not end within 10 s. It was to tell: zoe asks: hang?");
}

#[test]
fn check_says_what_rings_and_whether_the_command_is_there() {
    let home = Home::new();
    configure(&home, "[alarms]\ncommand = [\"/nowhere/page-me\"]\n");
    let ran = home.run(&["check"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("FAIL  alarms") && ran.out.contains("/nowhere/page-me is not there"), "{}", ran.out);
    configure(&home, "[alarms]\ncommand = [\"true\"]\nring = [\"deadline\"]\n");
    let ran = home.must(&["check"]);
    assert!(ran.contains("deadline ring; deadlines 30m and 10m and 5m before") && ran.contains("/true"), "{ran}");
}

#[test]
fn a_room_runs_no_command() {
    let home = Home::new();
    configure(&home, &pager(&home, "touch ran"));
    declare(&home, &[]);
    let pty = room(&home);
    ask(&home, "roll back?");
    pty.see("RANG: zoe asks: roll back?");
    settled(&home, &pty, "one");
    leave(pty);
    assert!(!home.path().join("ran").exists());
    // Who keeps time on this host learns of it the first time it is asked.
    let poll = Poll::start(&home, "poll");
    poll.see("due already");
}

#[test]
fn time_is_kept_for_every_open_incident_and_for_those_declared_meanwhile() {
    let home = Home::new();
    let told = home.path().join("told");
    configure(&home, &pager(&home, "cat >> told"));
    let mut poll = Poll::start(&home, "poll");
    poll.see("no incident is open: waiting for one");
    declare(&home, &[]);
    poll.see("due already");
    home.must(&["declare", "Billing slow", "--severity", "sev3"]);
    let second = |home: &Home| {
        let all: serde_json::Value = serde_json::from_str(&home.must(&["list", "--json"])).unwrap();
        let found = all.as_array().unwrap().iter().find(|i| i["title"] == "Billing slow").unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let id = second(&home);
    let short = &id[..8];
    poll.see(&format!("{short}  keeping time for Billing slow"));
    poll.see(&format!("{short}  nothing is due"));
    home.must(&["--incident", &id, "decide", "stop billing?", "--ask"]);
    poll.see("zoe asks: stop billing?");
    until("it is told", || std::fs::read_to_string(&told).unwrap_or_default().contains("stop billing?"));
    let line: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&told).unwrap()).unwrap();
    assert_eq!(line["incident"]["id"], id.as_str());
    poll.stop();
}
