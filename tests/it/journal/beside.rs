//! What stands beside the entries: drafts, marks, bells, sources, the lease and the clock.

use std::fs;
use std::time::Duration;

use warroom::incident::clock::Clock;
use warroom::incident::observation::Source;
use warroom::incident::words::Family;
use warroom::journal::{Changed, Lease};

use super::{INCIDENT, add, all, at, noon, place, writing};

#[test]
fn drafts_marks_and_bells_are_a_persons_own_and_no_entries() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    journal.put_draft(INCIDENT, "ann", "note", "half a sen").unwrap();
    journal.put_draft(INCIDENT, "ann", "note", "half a sentence").unwrap();
    journal.put_draft(INCIDENT, "bob", "note", "other").unwrap();
    journal.mark_seen(INCIDENT, "ann", "timeline", "41").unwrap();
    journal.mark_seen(INCIDENT, "ann", "timeline", "42").unwrap();
    drop(journal);
    let (mut one, mut two) = (writing(&path), writing(&path));
    assert_eq!(one.drafts(INCIDENT, "ann").unwrap(), [("note".to_owned(), "half a sentence".to_owned())]);
    assert_eq!(one.seen(INCIDENT, "ann").unwrap(), [("timeline".to_owned(), "42".to_owned())]);
    assert!(one.seen(INCIDENT, "bob").unwrap().is_empty());
    let due = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(one.ring(INCIDENT, "ann", &due(&["due 1", "due 2"])).unwrap(), ["due 1", "due 2"]);
    let again = two.ring(INCIDENT, "ann", &due(&["due 2", "due 3", "due 3"])).unwrap();
    assert_eq!(again, ["due 3"], "once for all of a person's rooms");
    assert_eq!(two.ring(INCIDENT, "bob", &due(&["due 1"])).unwrap(), ["due 1"]);
    one.put_draft(INCIDENT, "ann", "note", "").unwrap();
    assert!(two.drafts(INCIDENT, "ann").unwrap().is_empty());
    assert!(all(&mut one).is_empty());
}

#[test]
fn a_name_is_kept_for_a_terminal_session_and_an_older_file_learns_to() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    journal.put_draft(INCIDENT, "ann", "note", "kept").unwrap();
    drop(journal);
    // As the first version made it.
    let local = rusqlite::Connection::open(path.with_file_name("journal.db.local")).unwrap();
    local.execute_batch("DROP TABLE names; PRAGMA user_version = 1;").unwrap();
    drop(local);
    let mut journal = writing(&path);
    assert_eq!(journal.name("session").unwrap(), None);
    journal.put_name("session", "kim").unwrap();
    journal.put_name("session", "ana").unwrap();
    journal.put_name("other", "ben").unwrap();
    assert_eq!(writing(&path).name("session").unwrap().as_deref(), Some("ana"));
    assert_eq!(journal.drafts(INCIDENT, "ann").unwrap().len(), 1, "nothing is lost");
}

#[test]
fn sources_are_shared_and_losing_them_is_harmless() {
    let (_directory, path) = place();
    let (mut one, mut two) = (writing(&path), writing(&path));
    assert_eq!((one.sources().unwrap(), one.cache_rev().unwrap()), (vec![], 0));
    let mut source = Source::never("page", Family::Status, "statuspage", 30, 10);
    assert_eq!(one.put_source(&source).unwrap(), 1);
    source.misses = 2;
    source.last_try = Some(noon());
    assert_eq!(one.put_source(&source).unwrap(), 2);
    let other = Source::never("alerts", Family::Notification, "alertmanager", 15, 5);
    assert_eq!(two.put_source(&other).unwrap(), 3);
    assert_eq!(two.sources().unwrap(), [other.clone(), source.clone()]);
    one.drop_source("alerts").unwrap();
    assert_eq!((two.sources().unwrap(), two.cache_rev().unwrap()), (vec![source.clone()], 4));

    // Nonsense in its place, at opening.
    drop((one, two));
    let cache = path.with_file_name("journal.db.cache");
    fs::write(&cache, "nonsense ".repeat(1000)).unwrap();
    let mut journal = writing(&path);
    add(&mut journal, "a");
    assert!(journal.sources().unwrap().is_empty());
    assert_eq!(journal.put_source(&source).unwrap(), 1);
    // Removed while it is open.
    fs::remove_file(&cache).unwrap();
    for beside in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{beside}", cache.display()));
    }
    assert_eq!(journal.put_source(&source).unwrap(), 1);
    assert_eq!(writing(&path).sources().unwrap(), [source]);
}

#[test]
fn one_process_polls_at_a_time() {
    let (_directory, path) = place();
    let (mut one, mut two) = (writing(&path), writing(&path));
    let ttl = Duration::from_secs(10);
    let later = |seconds| noon() + chrono::TimeDelta::seconds(seconds);
    assert_eq!(one.lease(noon()).unwrap(), Lease::Nobody);
    assert_eq!(one.try_take(noon(), ttl).unwrap(), Lease::Ours { until: later(10) });
    let Lease::Theirs { pid, until, .. } = two.try_take(later(9), ttl).unwrap() else { panic!("two at a time") };
    assert_eq!((pid, until), (std::process::id(), later(10)));
    assert_eq!(one.renew(later(9), ttl).unwrap(), Lease::Ours { until: later(19) });
    assert!(matches!(two.try_take(later(18), ttl).unwrap(), Lease::Theirs { .. }));
    // At its end it is free for who comes first, and lost for who had it.
    assert_eq!(two.try_take(later(19), ttl).unwrap(), Lease::Ours { until: later(29) });
    assert!(matches!(one.renew(later(20), ttl).unwrap(), Lease::Theirs { .. }));
    one.release().unwrap();
    assert!(matches!(one.lease(later(20)).unwrap(), Lease::Theirs { .. }), "nobody gives back what is another's");
    two.release().unwrap();
    assert_eq!(one.renew(later(20), ttl).unwrap(), Lease::Nobody, "renewing takes nothing");
    assert!(matches!(one.try_take(later(20), ttl).unwrap(), Lease::Ours { .. }));
    // The clock was set back by a year: the lease does not hold for that long.
    assert!(matches!(two.try_take(at("2025-03-01T12:00:00Z"), ttl).unwrap(), Lease::Ours { .. }));
}

#[test]
fn the_clock_of_a_demo_is_stored_for_all() {
    let (_directory, path) = place();
    let (mut one, mut two) = (writing(&path), writing(&path));
    assert!(one.clock().unwrap().is_wall());
    let clock = Clock { real: noon(), room: at("2024-02-22T09:20:00.123456789Z"), speed: 120.0 };
    one.set_clock(&clock).unwrap();
    assert_eq!(two.clock().unwrap(), clock);
    assert!(two.changed().unwrap().journal, "the others are told");
    two.set_clock(&clock.with_speed(noon(), 0.0)).unwrap();
    drop((one, two));
    assert_eq!(writing(&path).clock().unwrap().speed, 0.0);
}

#[test]
fn only_the_writes_of_others_count_as_changes() {
    let (_directory, path) = place();
    let (mut one, mut two) = (writing(&path), writing(&path));
    one.cache_rev().unwrap();
    one.drafts(INCIDENT, "ann").unwrap();
    one.changed().unwrap();
    add(&mut one, "own");
    one.put_draft(INCIDENT, "ann", "note", "own").unwrap();
    one.put_source(&Source::never("page", Family::Status, "statuspage", 30, 10)).unwrap();
    assert_eq!(one.changed().unwrap(), Changed::default());
    add(&mut two, "theirs");
    assert_eq!(one.changed().unwrap(), Changed { journal: true, ..Changed::default() });
    assert_eq!(one.changed().unwrap(), Changed::default(), "told once");
    two.put_draft(INCIDENT, "bob", "note", "theirs").unwrap();
    two.put_source(&Source::never("other", Family::Status, "statuspage", 30, 10)).unwrap();
    assert_eq!(one.changed().unwrap(), Changed { journal: false, local: true, cache: true });
}
