//! The disk is full or fails: nothing half-written, a typed error, and work goes on without a new start.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, setrlimit};
use warroom::journal::{Access, AppendError, Journal, JournalError};

use super::child::{append, command, said, say};
use super::{all, assert_intact, place, words, writing};

/// Appends until it fails; the texts that were acknowledged, and the error.
fn until_failure(journal: &mut Journal) -> (Vec<String>, JournalError) {
    let mut kept = Vec::new();
    for n in 0.. {
        let text = format!("{n} {}", "abcdefgh".repeat(200));
        match append(journal, &text) {
            Ok(_) => kept.push(text),
            Err(AppendError::Journal(e)) => return (kept, e),
            Err(AppendError::Refused(never)) => match never {},
        }
        assert!(n < 100_000, "the disk never fills");
    }
    unreachable!()
}

fn goes_on(journal: &mut Journal, mut kept: Vec<String>) {
    append(journal, "after").unwrap();
    kept.push("after".to_owned());
    assert_eq!(words(&all(journal)), kept);
    assert_intact(journal);
    say("done");
}

/// In a child: the file system is a small one of its own.
pub fn full(path: &Path) {
    let ballast = path.with_file_name("ballast");
    std::fs::write(&ballast, vec![0; 300_000]).unwrap();
    let mut journal = writing(path);
    for round in 0..3 {
        let (kept, e) = until_failure(&mut journal);
        assert!(matches!(e, JournalError::Full { .. }), "{e:?}");
        assert!(e.to_string().contains("no space is left for") && e.to_string().contains("journal.db"), "{e}");
        // What was acknowledged is there, and nothing of what was not.
        let mut read = all(&mut journal);
        assert_eq!(words(&read.split_off(read.len() - kept.len())), kept);
        let (again, e) = until_failure(&mut journal);
        assert!(matches!(e, JournalError::Full { .. }) && again.is_empty(), "{e:?}");
        if round == 0 {
            std::fs::remove_file(&ballast).unwrap();
            append(&mut journal, "after").unwrap();
        }
    }
    assert_intact(&mut journal);
    say("done");
}

#[test]
fn a_full_disk_loses_nothing_and_work_goes_on_when_there_is_space() {
    let (directory, path) = place();
    let mount =
        "exec unshare -m sh -c 'mount -t tmpfs -o size=900k,mode=700 tmpfs \"$0\" && exec \"$@\"' \"$DISK\" \"$@\"";
    if !mounts() {
        left_out("a file system of one's own cannot be mounted");
        return;
    }
    let done = command("full", &path, mount).env("DISK", directory.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said(&done.stdout), ["done"]);
}

/// In a child: nothing can be written where the journal is.
pub fn sealed(path: &Path) {
    let Err(e) = Journal::open(path, Access::ReadWrite) else { panic!("it opens for writing") };
    assert!(matches!(e, JournalError::CannotWrite { .. }), "{e:?}");
    assert!(
        e.to_string().contains("journal.db cannot be written") && e.to_string().contains("for reading only"),
        "{e}"
    );
    let Err(e) = Journal::open(&path.with_file_name("new.db"), Access::ReadWrite) else { panic!("it makes a file") };
    assert!(matches!(e, JournalError::CannotWrite { .. }), "{e:?}");
    let mut journal = Journal::open(path, Access::ReadOnly).unwrap();
    assert_eq!(words(&all(&mut journal)), ["a"]);
    assert_intact(&mut journal);
    say("done");
}

#[test]
fn a_sealed_file_system_is_said_and_can_be_read() {
    let (directory, path) = place();
    super::add(&mut writing(&path), "a");
    if !mounts() {
        left_out("a file system of one's own cannot be mounted");
        return;
    }
    let mount = "exec unshare -m sh -c 'mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" && exec \"$@\"' \"$DISK\" \"$@\"";
    let done = command("sealed", &path, mount).env("DISK", directory.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said(&done.stdout), ["done"]);
}

fn mounts() -> bool {
    Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// In a child: its files may not grow beyond a limit.
pub fn limit(path: &Path) {
    let mut journal = writing(path);
    append(&mut journal, "before").unwrap();
    setrlimit(Resource::Fsize, Rlimit { current: Some(200_000), maximum: None }).unwrap();
    let (mut kept, e) = until_failure(&mut journal);
    assert!(matches!(e, JournalError::Io { .. }), "{e:?}");
    assert!(e.to_string().contains("nothing of it counts as saved"), "{e}");
    kept.insert(0, "before".to_owned());
    setrlimit(Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
    assert_eq!(words(&all(&mut journal)), kept);
    goes_on(&mut journal, kept);
}

#[test]
fn a_file_that_may_not_grow_loses_nothing() {
    let (_directory, path) = place();
    // The signal would end the process; the error is what is to be seen.
    let done = command("limit", &path, "trap '' XFSZ; exec \"$@\"").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(said(&done.stdout), ["done"]);
}

/// In a child whose waits for the disk fail now and then.
pub fn eio(path: &Path) {
    let mut journal = match Journal::open(path, Access::ReadWrite) {
        Ok(journal) => journal,
        Err(e) => return say(&format!("closed {e}")),
    };
    for n in 0..30 {
        match append(&mut journal, &format!("text{n}")) {
            Ok(_) => say(&format!("kept text{n}")),
            Err(AppendError::Journal(JournalError::NotDurable { .. })) => say(&format!("unsure text{n}")),
            Err(AppendError::Journal(_)) => say(&format!("lost text{n}")),
            Err(AppendError::Refused(never)) => match never {},
        }
    }
}

#[test]
fn a_failed_wait_for_the_disk_is_never_taken_for_saved() {
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    if !traced.is_ok_and(|s| s.success()) {
        panic!("strace does not run here: install it");
    }
    let mut failures = 0;
    for when in ["9", "10", "11..12", "9..14", "9+3", "8+2", "12+"] {
        let (_directory, path) = place();
        drop(writing(&path));
        let inject = format!("exec strace -f -o /dev/null -e inject=fsync,fdatasync:error=EIO:when={when} \"$@\"");
        let done = command("eio", &path, &inject).output().unwrap();
        assert!(done.status.success(), "{when}: {}", String::from_utf8_lossy(&done.stderr));
        let lines = said(&done.stdout);
        assert_eq!(lines.len(), 30, "{when}: {lines:?}");
        let mut journal = writing(&path);
        let entries = all(&mut journal);
        let kept: BTreeSet<&str> = words(&entries).into_iter().collect();
        assert_eq!(kept.len(), entries.len(), "{when}: twice");
        for line in &lines {
            match line.split_once(' ').unwrap() {
                ("kept", text) => assert!(kept.contains(text), "{when}: {text} was acknowledged and is lost"),
                ("lost", text) => {
                    failures += 1;
                    assert!(!kept.contains(text), "{when}: {text} was said to be lost and is there: {lines:?}");
                }
                ("unsure", _) => failures += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_intact(&mut journal);
        println!("{when}: {} kept of 30", lines.iter().filter(|l| l.starts_with("kept")).count());
    }
    assert!(failures > 10, "only {failures} failures: the test proves nothing");
}

/// Only root may do this everywhere: as root a test that is left out is a failure, for others the line says what is missing.
fn left_out(why: &str) {
    assert!(!rustix::process::getuid().is_root(), "{why}");
    println!("not root, left out: {why}");
}
