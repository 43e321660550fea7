//! Bits flip, tails are cut, rows are nonsense: it opens, says what it can, and `verify` names the place.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use warroom::incident::entry::Hash;
use warroom::incident::what::What;
use warroom::journal::{Cursor, Finding, Journal, Row, State};

use super::{INCIDENT, add, all, assert_intact, place, words, writing};

/// A plain generator with a fixed seed.
pub struct Random(u64);

impl Random {
    pub fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below as u64).unwrap()
    }
}

fn filled(path: &Path, entries: usize) -> Vec<Row> {
    let mut journal = writing(path);
    for n in 0..entries {
        add(&mut journal, &format!("note {n} {}", "abc ".repeat(n % 40)));
    }
    let writer = journal.head(INCIDENT).unwrap().writers[0].0;
    journal.rows(INCIDENT, writer, 0, usize::MAX).unwrap()
}

fn raw(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// Bodies as a program without our code reads them.
fn bodies(path: &Path) -> Option<BTreeMap<u64, Vec<u8>>> {
    let connection = rusqlite::Connection::open(path).ok()?;
    let mut statement = connection.prepare("SELECT seq, body FROM entries").ok()?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)? as u64, row.get(1)?))).ok()?;
    rows.collect::<Result<_, _>>().ok()
}

#[test]
fn every_flipped_bit_in_an_entry_is_found_and_named() {
    let (_directory, path) = place();
    let rows = filled(&path, 60);
    let whole = fs::read(&path).unwrap();
    let sound = bodies(&path).unwrap();
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut found = 0;
    while found < 250 {
        let row = &rows[random.below(rows.len())];
        let start = whole.windows(row.body.len()).position(|w| w == row.body).expect("the body is in the file");
        let mut file = whole.clone();
        file[start + random.below(row.body.len())] ^= 1 << random.below(8);
        fs::write(&path, &file).unwrap();
        if bodies(&path).unwrap() == sound {
            // The bytes stood in a place that is no longer in use.
            continue;
        }
        let mut journal = writing(&path);
        let read = all(&mut journal);
        assert_eq!(read.len(), 60, "it opens with all entries");
        assert!(
            read.windows(2).all(|w| w[0].order() < w[1].order()) || read.iter().any(|e| e.what.kind() != "damaged")
        );
        let report = journal.verify(INCIDENT).unwrap();
        let named: Vec<u64> =
            report.findings.iter().map(|f| if let Finding::Altered { seq, .. } = f { *seq } else { 0 }).collect();
        assert_eq!(named, [row.seq], "{:?}", report.findings);
        let told = report.state().to_string();
        assert!(told.starts_with(&format!("broken at entry {} of writer {}", row.seq, row.writer)), "{told}");
        found += 1;
    }
    fs::write(&path, &whole).unwrap();
    assert_intact(&mut writing(&path));
}

#[test]
fn edits_that_leave_a_whole_file_are_found() {
    let (_directory, path) = place();
    filled(&path, 9);
    let sound = fs::read(&path).unwrap();
    for (edit, expected) in [
        (
            "UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), 'note 4', 'note 5') AS BLOB) WHERE seq = 5",
            "entry 5",
        ),
        ("UPDATE entries SET id = zeroblob(16) WHERE seq = 3", "entry 3"),
        ("UPDATE entries SET hash = zeroblob(32) WHERE seq = 9", "entry 9"),
        ("UPDATE entries SET prev = zeroblob(32) WHERE seq = 2", "entry 2"),
        ("UPDATE entries SET hash = x'00' WHERE seq = 1", "entry 1"),
        ("DELETE FROM entries WHERE seq = 4", "entry 4"),
        ("DELETE FROM entries WHERE seq = 1", "entry 1"),
        ("UPDATE entries SET seq = 20 WHERE seq = 7", "entry 7"),
    ] {
        raw(&path, edit);
        let told = writing(&path).verify(INCIDENT).unwrap().state().to_string();
        assert!(told.starts_with(&format!("broken at {expected} of writer")), "{edit}: {told}");
        fs::write(&path, &sound).unwrap();
    }
    // An entry that was moved to an incident of another name leaves a hole there, whatever it leaves here.
    raw(&path, "UPDATE entries SET incident = zeroblob(16) WHERE seq = 9");
    let reports = writing(&path).verify_all().unwrap();
    assert!(reports.iter().any(|r| matches!(r.state(), State::Broken(Finding::Gap { seq: 9, .. }))), "{reports:?}");
    fs::write(&path, &sound).unwrap();
    raw(&path, "UPDATE entries SET incident = x'01' WHERE seq = 9");
    assert!(writing(&path).verify_all().unwrap().iter().any(|r| r.state() != State::Intact));
}

#[test]
fn an_edit_that_mends_its_own_hash_is_found_by_its_successor() {
    let (_directory, path) = place();
    let rows = filled(&path, 9);
    for seq in [1, 4, 8] {
        let row = &rows[seq - 1];
        let body = String::from_utf8(row.body.clone()).unwrap().replace("note", "lie").into_bytes();
        let connection = rusqlite::Connection::open(&path).unwrap();
        let hash = Hash::of(row.prev, &body).0;
        connection
            .execute(
                "UPDATE entries SET body = ?1, hash = ?2 WHERE seq = ?3",
                rusqlite::params![body, hash, seq as i64],
            )
            .unwrap();
        drop(connection);
        let report = writing(&path).verify(INCIDENT).unwrap();
        let [Finding::Fork { seq: named, recorded: Some(_), .. }] = report.findings[..] else { panic!("{report:?}") };
        assert_eq!(named, seq as u64 + 1);
        assert!(report.state().to_string().ends_with("(a fork)"));
        let connection = rusqlite::Connection::open(&path).unwrap();
        let sound = rusqlite::params![row.body, row.hash.0, seq as i64];
        connection.execute("UPDATE entries SET body = ?1, hash = ?2 WHERE seq = ?3", sound).unwrap();
    }
    assert_intact(&mut writing(&path));
}

#[test]
fn a_row_that_does_not_read_is_shown_in_its_place_and_work_goes_on() {
    let (_directory, path) = place();
    for (edit, at) in [
        ("UPDATE entries SET body = x'00ff80' WHERE seq = 3", 3),
        ("UPDATE entries SET body = 5 WHERE seq = 1", 1),
        ("UPDATE entries SET body = 'no json' WHERE seq = 5", 5),
        ("UPDATE entries SET body = x'', hash = 'x', prev = 1.5, id = 'short' WHERE seq = 5", 5),
    ] {
        filled(&path, 5);
        let before = writing(&path).read_after(INCIDENT, Cursor::START, 9).unwrap().0;
        raw(&path, edit);
        let mut journal = writing(&path);
        let read = all(&mut journal);
        assert_eq!(read.len(), 5, "{edit}");
        for (n, entry) in read.iter().enumerate() {
            if n + 1 == at {
                assert_eq!((entry.what.kind(), entry.seq, entry.writer), ("damaged", n as u64 + 1, before[n].writer));
                let What::Unknown { raw, .. } = &entry.what else { panic!() };
                assert!(serde_json::from_str::<String>(raw).is_ok(), "{raw}");
            } else {
                assert_eq!(entry, &before[n]);
            }
        }
        assert!(read.windows(2).all(|w| w[0].order() < w[1].order()), "{edit}: it keeps its place");
        let next = add(&mut journal, "on").own[0].clone();
        assert_eq!(next.seq, 6);
        assert!(next.hlc > before[if at == 5 { 3 } else { 4 }].hlc);
        let report = journal.verify(INCIDENT).unwrap();
        assert!(report.state().to_string().starts_with(&format!("broken at entry {at} of")), "{report:?}");
        assert_eq!(report.findings.len(), 1, "what follows is not blamed: {report:?}");
        assert_eq!(journal.incidents().unwrap()[0].first.is_some(), at != 1);
        drop(journal);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_flip_anywhere_in_the_file_is_never_a_panic() {
    let (_directory, path) = place();
    filled(&path, 200);
    let whole = fs::read(&path).unwrap();
    let mut random = Random(0x1234_5678_9abc_def1);
    let (mut opened, mut refused) = (0, 0);
    for _ in 0..300 {
        let mut file = whole.clone();
        for _ in 0..=random.below(20) {
            file[random.below(whole.len())] ^= 1 << random.below(8);
        }
        fs::write(&path, &file).unwrap();
        match Journal::open(&path, warroom::journal::Access::ReadWrite) {
            Ok(mut journal) => {
                opened += 1;
                // Whatever they say, they return.
                let _ = journal.read_after(INCIDENT, Cursor::START, usize::MAX);
                let _ = journal.verify_all();
                let _ = journal.incidents();
                let _ = journal.head(INCIDENT);
                let _ = journal.clock();
            }
            Err(_) => refused += 1,
        }
        for beside in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{beside}", path.display()));
        }
    }
    println!("{opened} opened, {refused} refused");
    assert!(opened > 200);
}

#[test]
fn a_page_of_nonsense_hides_only_its_own_entries() {
    let (_directory, path) = place();
    let rows = filled(&path, 300);
    let mut file = fs::read(&path).unwrap();
    // The leaf page that holds the 150th entry.
    let body = &rows[149].body;
    let start = file.windows(body.len()).position(|w| w == body.as_slice()).unwrap();
    let page = start / 4096 * 4096;
    file[page..page + 4096].fill(0xaa);
    fs::write(&path, &file).unwrap();
    let mut journal = writing(&path);
    let read = all(&mut journal);
    assert!(read.len() > 250 && read.len() < 300, "{} entries", read.len());
    assert_eq!((read[0].seq, read[read.len() - 1].seq), (1, 300));
    assert_ne!(journal.verify(INCIDENT).unwrap().state(), State::Intact);
}

#[test]
fn a_log_that_lost_its_tail_opens_with_what_is_before() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    let texts: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    for text in &texts {
        add(&mut journal, text);
    }
    let log = path.with_file_name("journal.db-wal");
    let (file, log) = (fs::read(&path).unwrap(), fs::read(log).unwrap());
    drop(journal);
    let mut most = 0;
    for cut in (0..=log.len()).step_by(1021).chain([log.len() - 1, log.len()]) {
        let (_directory, path) = place();
        for (name, bytes) in [("journal.db", &file[..]), ("journal.db-wal", &log[..cut])] {
            let file = path.with_file_name(name);
            fs::write(&file, bytes).unwrap();
            fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        }
        let mut journal = writing(&path);
        let read = all(&mut journal);
        assert_eq!(words(&read), texts[..read.len()], "cut at {cut}");
        assert!(read.len() >= most, "a longer log says less");
        most = read.len();
        assert_intact(&mut journal);
        add(&mut journal, "on");
    }
    assert_eq!(most, 12);
}
