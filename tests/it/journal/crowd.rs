//! Many processes on one journal, some of them killed at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use warroom::journal::{Access, Journal};

use super::child::{command, said};
use super::{INCIDENT, all, assert_intact, place, writing};

const EXEC: &str = "exec \"$@\"";

/// What must hold of the seqs: dense from 1 along each writer, in the order of arrival.
fn assert_dense(journal: &mut Journal) -> usize {
    let mut last = BTreeMap::new();
    let entries = all(journal);
    for entry in &entries {
        let before = last.insert(entry.writer, (entry.seq, entry.hlc));
        let (seq, hlc) = before.unwrap_or_default();
        assert_eq!(entry.seq, seq + 1, "a gap along {}", entry.writer);
        assert!(entry.hlc > hlc || seq == 0, "the clock stood still at {}", entry.seq);
    }
    last.len()
}

fn spawn(path: &Path, out: &Path) -> Child {
    let out = OpenOptions::new().create(true).append(true).open(out).unwrap();
    command("endless", path, EXEC).stdout(out).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_when_writers_are_killed() {
    let (directory, path) = place();
    let out = |n: usize| directory.path().join(format!("said{n}"));
    let mut children: Vec<Child> = (0..4).map(|n| spawn(&path, &out(n))).collect();
    // A plain generator with a fixed seed; what is killed where differs at each run all the same.
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let guard = Instant::now();
    for kill in 0..300 {
        std::thread::sleep(Duration::from_millis(next(60)));
        let n = usize::try_from(next(4)).unwrap();
        children[n].kill().unwrap();
        let ended = children[n].wait().unwrap();
        assert!(ended.code().is_none(), "kill {kill}: the child had ended by itself ({ended})");
        children[n] = spawn(&path, &out(n));
        assert!(guard.elapsed() < Duration::from_secs(600), "hangs at kill {kill}");
    }
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let begun = Instant::now();
    let mut journal = writing(&path);
    let entries = all(&mut journal);
    let took = begun.elapsed();
    let kept: BTreeSet<String> = entries.iter().map(|e| e.id.to_string()).collect();
    assert_eq!(kept.len(), entries.len(), "an id twice");
    let mut acknowledged = 0;
    for n in 0..4 {
        for id in said(&std::fs::read(out(n)).unwrap()) {
            acknowledged += 1;
            assert!(kept.contains(&id), "{id} was acknowledged and is lost");
        }
    }
    assert!(acknowledged > 300, "only {acknowledged} appends: the test proves nothing");
    assert_eq!(assert_dense(&mut journal), 1, "one file, one writer");
    assert_intact(&mut journal);
    println!("300 kills, {acknowledged} acknowledged, {} kept, open and read in {took:?}", entries.len());
}

#[test]
fn twenty_writers_queue_and_make_one_chain() {
    let (directory, path) = place();
    let out = |n: usize| directory.path().join(format!("said{n}"));
    let children: Vec<Child> =
        (0..20).map(|n| command("some", &path, EXEC).stdout(File::create(out(n)).unwrap()).spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    for n in 0..20 {
        let lines = said(&std::fs::read(out(n)).unwrap());
        assert_eq!(lines.len(), 25);
        assert!(lines.iter().all(|line| !line.starts_with("error")), "{lines:?}");
    }
    let mut journal = writing(&path);
    assert_eq!(all(&mut journal).len(), 500);
    assert_eq!(assert_dense(&mut journal), 1);
    assert_intact(&mut journal);
    let head = journal.head(INCIDENT).unwrap();
    assert_eq!((head.writers.len(), head.writers[0].1), (1, 500));
}

#[test]
fn a_file_that_many_make_at_once_is_nobody_else_s() {
    for round in 0..60 {
        let (_directory, path) = place();
        let start = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    start.wait();
                    Journal::open(&path, Access::ReadWrite).unwrap_or_else(|error| panic!("round {round}: {error}"));
                });
            }
        });
    }
}
