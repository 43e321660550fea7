//! What other writers saw of a chain: what it proves of it, and what a forger of the whole file cannot undo.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use warroom::incident::entry::{Hash, WriterId};
use warroom::incident::what::{HeadsSeen, Noted, What};
use warroom::incident::witness::SeenHead;
use warroom::journal::{Finding, State};

use super::Host;
use crate::journal::{INCIDENT, noon, writing};
use crate::support::pty::Home;

fn noted(n: i64) -> What {
    What::Noted(Noted { text: format!("noted {n}"), follow_up: false })
}

fn minute(n: i64) -> warroom::incident::Instant {
    noon() + chrono::TimeDelta::minutes(n)
}

/// Two hosts of which the second has seen what the first wrote at 0, 1 and 2, and the first has that witness.
fn seen() -> (Host, Host, WriterId) {
    let (mut one, mut two) = (Host::new("one"), Host::new("two"));
    for n in 0..3 {
        one.write(minute(n), [noted(n)]);
    }
    let writer = one.journal.head(INCIDENT).unwrap().writers[0].0;
    let report = one.journal.verify(INCIDENT).unwrap();
    assert_eq!((report.witnessed.until, report.witnessed.since), (None, 3));
    let bundle = one.bundle(None);
    two.take(&bundle);
    let witness = two.bundle(None);
    one.take(&witness);
    (one, two, writer)
}

/// A chain from that entry on as somebody who has the file may write it anew: every hash is right.
fn forge(path: &std::path::Path, writer: WriterId, from: i64) {
    let raw = Connection::open(path).unwrap();
    let mut rows =
        raw.prepare("SELECT seq, prev, body FROM entries WHERE writer = ?1 AND seq >= ?2 ORDER BY seq").unwrap();
    let rows: Vec<(i64, [u8; 32], Vec<u8>)> = rows
        .query_map(params![writer.0.as_bytes(), from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut prev = Hash(rows[0].1);
    for (seq, _, body) in rows {
        let body = String::from_utf8(body).unwrap().replace("noted", "never").into_bytes();
        let hash = Hash::of(prev, &body);
        let set = "UPDATE entries SET prev = ?1, hash = ?2, body = ?3 WHERE writer = ?4 AND seq = ?5";
        assert_eq!(raw.execute(set, params![prev.0, hash.0, body, writer.0.as_bytes(), seq]).unwrap(), 1);
        prev = hash;
    }
}

#[test]
fn it_is_witnessed_up_to_an_instant() {
    let (mut one, mut two, _) = seen();
    for host in [&mut one, &mut two] {
        let report = host.journal.verify(INCIDENT).unwrap();
        assert_eq!(report.state(), State::Intact);
        assert_eq!((report.witnessed.until, report.witnessed.since), (Some(minute(2)), 0));
    }
    one.write(minute(5), [noted(5), noted(6)]);
    let report = one.journal.verify(INCIDENT).unwrap();
    assert_eq!((report.witnessed.until, report.witnessed.since), (Some(minute(2)), 2));
    // One that was recorded earlier and nobody has seen draws the instant back.
    two.write(minute(1), [noted(7)]);
    let bundle = two.bundle(None);
    // Without this host's own witness of it.
    one.journal.take(INCIDENT, &bundle.rows).unwrap();
    let report = one.journal.verify(INCIDENT).unwrap();
    assert_eq!((report.witnessed.until, report.witnessed.since), (Some(minute(0)), 3));
}

#[test]
fn nobody_is_a_witness_of_themselves() {
    let mut one = Host::new("one");
    one.write(minute(0), [noted(0)]);
    let (writer, seq, hash) = one.journal.head(INCIDENT).unwrap().writers[0];
    let heads = vec![SeenHead { writer, seq, hash: hash.hex() }];
    one.write(minute(1), [What::HeadsSeen(HeadsSeen { heads })]);
    let report = one.journal.verify(INCIDENT).unwrap();
    assert_eq!((report.state(), report.witnessed.until, report.witnessed.since), (State::Intact, None, 1));
}

#[test]
fn a_chain_that_was_written_anew_is_broken_at_what_was_seen() {
    let (mut one, _, writer) = seen();
    let before = one.journal.has(INCIDENT).unwrap();
    let path = one.journal.path().to_owned();
    assert_eq!(one.journal.against(INCIDENT, &before).unwrap(), []);
    forge(&path, writer, 2);
    let mut journal = writing(&path);
    let report = journal.verify(INCIDENT).unwrap();
    assert!(matches!(report.findings[..], [Finding::Rewritten { seq: 3, .. }]), "{:?}", report.findings);
    assert!(report.state().to_string().contains("written anew"), "{}", report.state());
    let found = journal.against(INCIDENT, &before).unwrap();
    assert!(matches!(found[..], [Finding::Otherwise { seq: 3, .. }]), "{found:?}");
}

#[test]
fn a_tail_that_was_cut_is_missed() {
    let (mut one, _, writer) = seen();
    let before = one.journal.has(INCIDENT).unwrap();
    let raw = Connection::open(one.journal.path()).unwrap();
    raw.execute("DELETE FROM entries WHERE writer = ?1 AND seq > 1", [writer.0.as_bytes()]).unwrap();
    let mut journal = writing(one.journal.path());
    let report = journal.verify(INCIDENT).unwrap();
    assert!(
        matches!(report.findings[..], [Finding::Cut { after: 1, seq: 3, by: Some(_), .. }]),
        "{:?}",
        report.findings
    );
    let found = journal.against(INCIDENT, &before).unwrap();
    assert!(matches!(found[..], [Finding::Cut { after: 1, seq: 3, by: None, .. }]), "{found:?}");
}

#[test]
fn the_command_says_which_of_three_holds() {
    let (here, there) = (Home::new(), Home::new());
    here.must(&["--as", "kim", "declare", "Outage", "--severity", "sev2", "--playbook", "generic"]);
    assert!(here.must(&["verify"]).contains("intact but unwitnessed"));
    here.must(&["bundle", "export", "-o", "out"]);
    here.must(&["export", "--format", "json", "-o", "record"]);
    there.must(&["bundle", "import", &here.path().join("out").display().to_string()]);
    assert!(there.must(&["verify"]).contains("intact, all of it witnessed"));
    there.must(&["bundle", "export", "-o", "back"]);
    here.must(&["bundle", "import", &there.path().join("back").display().to_string()]);
    here.must(&["note", "later"]);
    assert!(here.must(&["verify"]).contains("intact and witnessed up to"));
    let json: serde_json::Value = serde_json::from_str(&here.must(&["verify", "--json"])).unwrap();
    assert_eq!((&json[0]["unwitnessed"], &json[0]["intact"]), (&1.into(), &true.into()));
    here.must(&["verify", "--against", "out", "--against", "record"]);
    // Written anew from the first entry on: the hashes are right, and both who saw it and what was kept elsewhere object.
    let writers: BTreeSet<WriterId> = writing(&here.journal())
        .own_writers(json[0]["id"].as_str().unwrap().parse().map(warroom::incident::entry::IncidentId).unwrap())
        .unwrap()
        .into_iter()
        .collect();
    let raw = Connection::open(here.journal()).unwrap();
    raw.execute("UPDATE entries SET body = CAST(replace(body, 'Outage', 'noted ') AS BLOB) WHERE seq = 1", []).unwrap();
    drop(raw);
    forge(&here.journal(), *writers.first().unwrap(), 1);
    let ran = here.run(&["verify"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("broken at entry") && ran.out.contains("written anew"), "{}", ran.out);
    for file in ["out", "record"] {
        let ran = here.run(&["verify", "--against", file]);
        assert!(ran.out.contains("was written down elsewhere"), "{}", ran.out);
    }
    let ran = here.run(&["verify", "--against", "nothing"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("nothing"), "{}", ran.err);
}

/// Puts a copy back: into the same file, as a restore over it does, or in its place, as another file.
fn put_back(home: &Home, copy: &[u8], same_file: bool) {
    for beside in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{beside}", home.journal().display()));
    }
    if !same_file {
        std::fs::rename(home.journal(), home.path().join("before")).unwrap();
    }
    use std::os::unix::fs::OpenOptionsExt;
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(home.journal()).unwrap();
    std::io::Write::write_all(&mut file, copy).unwrap();
}

#[test]
fn a_copy_that_was_put_back_is_named_as_a_fork_and_goes_on_with_another_pen() {
    for (same_file, forks) in [(true, true), (false, false)] {
        let (here, there) = (Home::new(), Home::new());
        let carry = |from: &Home, to: &Home| {
            from.must(&["bundle", "export", "-o", "carried"]);
            let ran = to.run(&["bundle", "import", &from.path().join("carried").display().to_string()]);
            std::fs::remove_file(from.path().join("carried")).unwrap();
            ran
        };
        here.must(&["--as", "kim", "declare", "Outage", "--severity", "sev2", "--playbook", "generic"]);
        let copy = std::fs::read(here.journal()).unwrap();
        here.must(&["--as", "kim", "note", "after the copy"]);
        assert_eq!(carry(&here, &there).code, Some(0));
        put_back(&here, &copy, same_file);
        here.must(&["--as", "kim", "note", "after it was put back"]);
        // In another file it has another pen from the beginning, and nothing is lost.
        let back = carry(&there, &here);
        assert_eq!((back.code, back.out.contains("FORK")), (Some(i32::from(forks)), forks), "{}", back.out);
        here.must(&["--as", "kim", "note", "with another pen"]);
        let went = carry(&here, &there);
        assert_eq!(went.out.contains("FORK"), forks, "{}", went.out);
        for home in [&here, &there] {
            let ran = home.run(&["verify"]);
            assert_eq!(ran.out.contains("two histories from here on"), forks, "{}", ran.out);
            assert!(
                !ran.out.contains("written anew") && !ran.out.contains("missing"),
                "not taken for a forgery: {}",
                ran.out
            );
            assert_eq!(ran.code, Some(i32::from(forks)));
            let notes = home.must(&["export"]);
            assert!(notes.contains("with another pen"));
            assert_eq!(notes.contains("after the copy") && notes.contains("after it was put back"), !forks);
        }
    }
}
