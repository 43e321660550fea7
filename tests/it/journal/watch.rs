//! A write by another process is told, by the system's notices and by looking.

use std::process::Stdio;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use warroom::journal::{Access, Journal, Notice, Watch};

use super::child::command;
use super::{add, place, writing};

/// Waits for a notice that says so; the time only guards against hanging.
fn wait(notices: &Receiver<Notice>, wanted: impl Fn(&Notice) -> bool) {
    loop {
        let notice = notices.recv_timeout(Duration::from_secs(60)).expect("a notice");
        if wanted(&notice) {
            return;
        }
    }
}

fn into(send: Sender<Notice>) -> impl FnMut(Notice) + Send {
    // It fails only after the test has ended.
    move |notice| send.send(notice).unwrap_or(())
}

fn tells(start: impl Fn(&std::path::Path, Sender<Notice>) -> Watch) -> bool {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    add(&mut journal, "a");
    journal.cache_rev().unwrap();
    journal.changed().unwrap();
    let (send, notices) = channel();
    let watch = start(&path, send);
    let mut child = command("one", &path, "exec \"$@\"").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    wait(&notices, |notice| notice.journal);
    // The notice may be of its opening; its entry follows.
    while !journal.changed().unwrap().journal {
        wait(&notices, |notice| notice.journal);
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    // Only reading tells nobody anything.
    while notices.recv_timeout(Duration::from_secs(4)).is_ok() {}
    journal.incidents().unwrap();
    journal.changed().unwrap();
    Journal::open(&path, Access::ReadOnly).unwrap().incidents().unwrap();
    assert!(notices.recv_timeout(Duration::from_secs(4)).is_err(), "a look wakes the others");
    let told = watch.is_told();
    drop(watch);
    assert!(notices.recv_timeout(Duration::from_secs(60)).is_err(), "it ends when dropped");
    told
}

#[test]
fn the_system_tells_of_writes() {
    if !tells(|path, send| Watch::start(path, into(send)).unwrap()) {
        println!("no notices here: it looked once a second");
    }
}

#[test]
fn where_it_does_not_looking_does() {
    assert!(!tells(|path, send| Watch::start_looking(path, into(send)).unwrap()));
}

#[test]
fn a_burst_of_writes_is_few_notices() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    let (send, notices) = channel();
    let _watch = Watch::start(&path, into(send)).unwrap();
    for n in 0..200 {
        add(&mut journal, &n.to_string());
    }
    let mut told = 0;
    while notices.recv_timeout(Duration::from_secs(4)).is_ok() {
        told += 1;
    }
    assert!((1..=100).contains(&told), "{told} notices of 200 writes");
}
