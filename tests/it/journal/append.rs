//! What an append writes: at the head, dense, chained, with a clock that only rises.

use std::convert::Infallible;
use std::fs;

use proptest::prelude::*;
use warroom::incident::Instant;
use warroom::incident::entry::{EntryId, Hash, Hlc, WriterId, encode};
use warroom::journal::{Access, AppendError, Cursor, Host, Journal, JournalError, Merged, State};

use super::{INCIDENT, add, all, ann, assert_intact, noon, note, place, words, writing};

#[test]
fn it_is_decided_at_the_head() {
    let (_directory, path) = place();
    let (mut one, mut two) = (writing(&path), writing(&path));
    let mine = add(&mut one, "a");
    assert!(mine.others.is_empty());
    let theirs = add(&mut two, "b");
    assert_eq!(theirs.others, mine.own, "what is shown to the other is what was returned to the one");
    let done = one
        .append::<Infallible>(INCIDENT, &ann(), noon(), mine.cursor, |new| {
            assert_eq!(words(new), ["b"]);
            Ok(vec![note("c"), note("d")])
        })
        .unwrap();
    assert_eq!((words(&done.others), words(&done.own)), (vec!["b"], vec!["c", "d"]));
    let (rest, cursor) = one.read_after(INCIDENT, theirs.cursor, 10).unwrap();
    assert_eq!(rest, done.own);
    assert_eq!(cursor, done.cursor);
    assert_eq!(one.read_after(INCIDENT, cursor, 10).unwrap(), (vec![], cursor));
    assert_eq!(one.read_after(INCIDENT, Cursor::START, 3).unwrap().0.len(), 3);
    let summary = one.incidents().unwrap();
    assert_eq!((summary.len(), summary[0].entries, summary[0].first), (1, 4, Some(noon())));
}

#[test]
fn a_refusal_or_no_draft_writes_nothing() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    let done = journal.append::<Infallible>(INCIDENT, &ann(), noon(), Cursor::START, |_| Ok(vec![])).unwrap();
    assert_eq!((done.own.len(), done.cursor), (0, Cursor::START));
    let refused = journal.append(INCIDENT, &ann(), noon(), Cursor::START, |_| Err("already done"));
    assert!(matches!(refused, Err(AppendError::Refused("already done"))));
    assert!(all(&mut journal).is_empty());
    assert_eq!(journal.head(INCIDENT).unwrap().writers, [], "not even a writer was named");
}

#[test]
fn a_given_id_is_kept_and_the_chain_is_over_the_stored_bytes() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    let id = EntryId::derived(&["status", "1"]);
    let drafts = vec![note("a").with_id(id), note("b")];
    let done = journal.append::<Infallible>(INCIDENT, &ann(), noon(), Cursor::START, |_| Ok(drafts)).unwrap();
    assert_eq!(done.own[0].id, id);
    let rows = journal.rows(INCIDENT, done.own[0].writer, 0, 10).unwrap();
    let start = Hash::start(INCIDENT, done.own[0].writer);
    assert_eq!(rows[0].prev, start);
    assert_eq!(rows[0].hash, Hash::of(start, &encode(&done.own[0])));
    assert_eq!(rows[1].prev, rows[0].hash);
    assert_eq!(rows[1].hash, Hash::of(rows[0].hash, &rows[1].body));
    assert_eq!(journal.head(INCIDENT).unwrap().writers, [(done.own[0].writer, 2, rows[1].hash)]);
}

#[test]
fn a_copied_file_and_a_cloned_machine_take_a_new_writer() {
    let (_directory, path) = place();
    let first = add(&mut writing(&path), "a").own[0].writer;
    assert_eq!(add(&mut writing(&path), "b").own[0].writer, first, "the next process goes on with the pen");
    let copy = path.with_file_name("copy.db");
    fs::copy(&path, &copy).unwrap();
    let second = add(&mut writing(&copy), "c").own[0].clone();
    assert_ne!(second.writer, first);
    assert_eq!(second.seq, 1);
    assert_eq!(add(&mut writing(&copy), "d").own[0].writer, second.writer);
    let clone = Host { machine: "another".to_owned(), ..Host::this() };
    let third = add(&mut Journal::open_on(&path, Access::ReadWrite, clone).unwrap(), "e").own[0].writer;
    assert!(third != first && third != second.writer);
    // The two files meet again without a fork.
    let (mut journal, mut copy) = (writing(&path), writing(&copy));
    for writer in [first, second.writer] {
        let rows = copy.rows(INCIDENT, writer, 0, 100).unwrap();
        journal.merge(INCIDENT, &rows).unwrap();
    }
    assert_eq!(all(&mut journal).len(), 5);
    assert_intact(&mut journal);
}

#[test]
fn rows_merge_once_and_a_fork_is_named() {
    let (_directory, path) = place();
    let other = path.with_file_name("other.db");
    let (mut here, mut there) = (writing(&path), writing(&other));
    for text in ["a", "b", "c"] {
        add(&mut there, text);
    }
    let writer = there.head(INCIDENT).unwrap().writers[0].0;
    let rows = there.rows(INCIDENT, writer, 0, 100).unwrap();
    // In any order, again and again.
    let backwards: Vec<_> = rows.iter().rev().cloned().collect();
    assert_eq!(here.merge(INCIDENT, &backwards).unwrap(), Merged { new: 3, known: 0 });
    assert_eq!(here.merge(INCIDENT, &rows).unwrap(), Merged { new: 0, known: 3 });
    assert_intact(&mut here);
    assert_eq!(here.rows(INCIDENT, writer, 0, 100).unwrap(), rows, "byte for byte");

    // A body that is not what its hash says.
    let mut bad = rows[2].clone();
    bad.seq = 4;
    bad.prev = rows[2].hash;
    assert!(matches!(here.merge(INCIDENT, &[bad]), Err(JournalError::BadHash { seq: 4, .. })));

    // Another history of the same writer: at the same seq, or behind an entry that we do not have.
    let forked = |seq: u64, prev: Hash| {
        let body = rows[0].body.clone();
        warroom::journal::Row { writer, seq, prev, hash: Hash::of(prev, &body), body }
    };
    for row in [forked(3, rows[1].hash), forked(4, Hash([7; 32])), forked(1, Hash([7; 32]))] {
        let whole = vec![forked(9, Hash([9; 32])), row];
        assert!(matches!(here.merge(INCIDENT, &whole), Err(JournalError::Fork { .. })));
        assert_eq!(all(&mut here).len(), 3, "nothing of a refused merge stays");
    }
    // A fork of its own pen makes the file take another.
    assert_eq!(add(&mut there, "d").own[0].writer, writer);
    assert!(matches!(there.merge(INCIDENT, &[forked(2, rows[0].hash)]), Err(JournalError::Fork { .. })));
    assert_ne!(add(&mut there, "e").own[0].writer, writer);
    assert_intact(&mut there);
}

#[test]
fn a_missing_row_is_a_gap() {
    let (_directory, path) = place();
    let (mut here, mut there) = (writing(&path), writing(&path.with_file_name("other.db")));
    for text in ["a", "b", "c"] {
        add(&mut there, text);
    }
    let writer = there.head(INCIDENT).unwrap().writers[0].0;
    let mut rows = there.rows(INCIDENT, writer, 0, 100).unwrap();
    rows.remove(1);
    here.merge(INCIDENT, &rows).unwrap();
    let report = here.verify(INCIDENT).unwrap();
    let told = report.state().to_string();
    assert!(told.starts_with("broken at entry 2 of writer") && told.contains("missing up to entry 3"), "{told}");
}

#[test]
fn a_journal_removed_while_open_is_not_written_to() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    add(&mut journal, "a");
    fs::rename(&path, path.with_file_name("moved.db")).unwrap();
    let lost = journal.append::<Infallible>(INCIDENT, &ann(), noon(), Cursor::START, |_| Ok(vec![note("b")]));
    assert!(lost.unwrap_err().to_string().contains("was removed or replaced while it was open"));
    assert!(!path.exists());
    fs::rename(path.with_file_name("moved.db"), &path).unwrap();
    add(&mut journal, "c");
    assert_eq!(words(&all(&mut journal)), ["a", "c"]);
}

#[test]
fn verify_raises_no_alarm_while_others_append() {
    let (_directory, path) = place();
    let appending = path.clone();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = std::sync::Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        let mut journal = writing(&appending);
        let mut appended = 0;
        while !stopped.load(std::sync::atomic::Ordering::SeqCst) {
            super::child::append(&mut journal, "x").unwrap();
            appended += 1;
        }
        appended
    });
    let mut journal = writing(&path);
    // Each look sees another length, and none of them is an alarm.
    let mut lengths = std::collections::BTreeSet::new();
    while lengths.len() < 20 {
        let report = journal.verify(INCIDENT).unwrap();
        assert_eq!(report.state(), State::Intact);
        lengths.insert(report.entries);
    }
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    let appended: u64 = thread.join().unwrap();
    assert_eq!(journal.verify(INCIDENT).unwrap().chains[0].seq, appended);
}

#[test]
fn a_chain_under_another_incident_is_no_chain() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    super::child::append(&mut journal, "x").unwrap();
    let writer = journal.head(INCIDENT).unwrap().writers[0].0;
    let rows = journal.rows(INCIDENT, writer, 0, 10).unwrap();
    let other = warroom::incident::entry::IncidentId(uuid::Uuid::from_u128(7));
    assert!(journal.merge(other, &rows).is_err());
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute("UPDATE entries SET incident = ?1", [other.0.as_bytes()]).unwrap();
    assert_ne!(journal.verify(other).unwrap().state(), State::Intact);
}

/// The time is printed and not asserted: how fast it is depends on the machine and the build.
#[test]
fn a_long_incident_opens() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    let drafts: Vec<_> =
        (0..100_000).map(|n| note(&format!("{n} somebody said something of the usual length"))).collect();
    journal.append::<Infallible>(INCIDENT, &ann(), noon(), Cursor::START, |_| Ok(drafts)).unwrap();
    drop(journal);
    let begun = std::time::Instant::now();
    let mut journal = writing(&path);
    let opened = begun.elapsed();
    let (entries, cursor) = journal.read_after(INCIDENT, Cursor::START, usize::MAX).unwrap();
    let read = begun.elapsed();
    assert_eq!((entries.len(), cursor), (100_000, journal.end().unwrap()));
    let begun = std::time::Instant::now();
    assert_intact(&mut journal);
    println!("100,000 entries: opened in {opened:?}, read in {read:?}, verified in {:?}", begun.elapsed());
}

/// A present that goes forward, back, and far away.
fn presents() -> impl Strategy<Value = Vec<(i64, usize)>> {
    let step = prop_oneof![
        4 => 0i64..5_000,
        2 => -3_600_000i64..0,
        1 => Just(31_536_000_000i64),
        1 => Just(-31_536_000_000i64),
        1 => Just(0i64),
    ];
    prop::collection::vec((step, 0usize..4), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn clock_and_seq_rise_whatever_the_present(steps in presents(), other in -7_200_000i64..7_200_000) {
        let (_directory, path) = place();
        let mut journal = writing(&path);
        // Another writer whose clock is behind or ahead.
        let (_elsewhere, far) = place();
        let mut far = writing(&far);
        let theirs = noon() + chrono::TimeDelta::milliseconds(other);
        far.append::<Infallible>(INCIDENT, &ann(), theirs, Cursor::START, |_| Ok(vec![note("far")])).unwrap();
        let foreign = far.head(INCIDENT).unwrap().writers[0].0;
        let rows = far.rows(INCIDENT, foreign, 0, 10).unwrap();
        journal.merge(INCIDENT, &rows).unwrap();

        let mut now: Instant = noon();
        let mut last = (0, Hlc::default());
        let mut writer: Option<WriterId> = None;
        for (step, drafts) in steps {
            now += chrono::TimeDelta::milliseconds(step);
            let drafts: Vec<_> = (0..drafts).map(|n| note(&n.to_string())).collect();
            let done = journal.append::<Infallible>(INCIDENT, &ann(), now, Cursor::START, |_| Ok(drafts)).unwrap();
            for entry in &done.own {
                prop_assert_eq!(*writer.get_or_insert(entry.writer), entry.writer);
                prop_assert_eq!(entry.seq, last.0 + 1);
                prop_assert!(entry.hlc > last.1, "{:?} after {:?}", entry.hlc, last.1);
                // Nobody else's clock pulls further than a minute.
                let bound = (last.1.0 + 1).max(now.timestamp_millis() + 60_000);
                prop_assert!(entry.hlc.0 <= bound, "{:?} at {}", entry.hlc, now);
                // And one that is within the minute is before what follows it.
                if theirs.timestamp_millis() <= now.timestamp_millis() + 60_000 {
                    prop_assert!(entry.hlc > Hlc(theirs.timestamp_millis(), 0));
                }
                last = (entry.seq, entry.hlc);
            }
        }
        let report = journal.verify(INCIDENT).unwrap();
        prop_assert_eq!(report.state(), State::Intact);
    }
}
