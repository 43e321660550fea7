//! What the tests of `journal` prove: real files in temporary directories, real processes that are really killed.

mod append;
pub mod arbitrary;
mod beside;
mod child;
mod crowd;
mod damage;
mod open;
mod trouble;
mod watch;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use warroom::incident::Instant;
use warroom::incident::entry::{Author, Draft, Entry, IncidentId};
use warroom::incident::what::{Noted, What};
use warroom::journal::{Access, Appended, Cursor, Journal, State};

pub const INCIDENT: IncidentId = IncidentId(uuid::Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0));

/// A directory of its own, closed to others, with the path of a journal in it. Gone when dropped.
pub fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o700)).tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap().join("journal.db");
    (directory, path)
}

pub fn writing(path: &std::path::Path) -> Journal {
    Journal::open(path, Access::ReadWrite).unwrap()
}

pub fn ann() -> Author {
    Author { person: "ann".to_owned(), host: "jump1".to_owned(), machine: false }
}

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub fn noon() -> Instant {
    at("2026-03-01T12:00:00Z")
}

pub fn note(text: &str) -> Draft {
    Draft::now(What::Noted(Noted { text: text.to_owned(), follow_up: false }))
}

pub fn add(journal: &mut Journal, text: &str) -> Appended {
    let drafts = vec![note(text)];
    journal.append::<std::convert::Infallible>(INCIDENT, &ann(), noon(), Cursor::START, |_| Ok(drafts)).unwrap()
}

pub fn all(journal: &mut Journal) -> Vec<Entry> {
    journal.read_after(INCIDENT, Cursor::START, usize::MAX).unwrap().0
}

pub fn words(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|e| if let What::Noted(note) = &e.what { note.text.as_str() } else { "?" }).collect()
}

/// Every incident's chains hold.
pub fn assert_intact(journal: &mut Journal) {
    for report in journal.verify_all().unwrap() {
        assert_eq!(report.state(), State::Intact, "{report:?}");
    }
}
