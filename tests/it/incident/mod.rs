//! What the tests of `incident` prove: the fold is a function of the set, detection repeats nothing, Now misses nothing.

mod alarm;
mod detect;
mod fold;
mod leading;
mod now;
mod recipients;
pub mod related;
mod retract;

use chrono::TimeDelta;
use warroom::incident::Instant;
use warroom::incident::entry::{Author, Draft, Entry, EntryId, Hlc, WriterId};
use warroom::incident::state::Incident;
use warroom::incident::what::*;
use warroom::incident::words::Severity;

pub fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// The incident of these tests began here.
pub fn start() -> Instant {
    at("2024-02-22T08:00:00Z")
}

pub fn minutes(n: i64) -> Instant {
    start() + TimeDelta::minutes(n)
}

pub fn id(of: &str) -> EntryId {
    EntryId::derived(&[of])
}

/// A record that grows: one writer, each entry a tick later than the one before.
#[derive(Clone)]
pub struct Record {
    pub entries: Vec<Entry>,
}

impl Record {
    /// Declared at T+5 by kim; the service failed at T+0.
    pub fn declared() -> Record {
        let mut record = Record { entries: Vec::new() };
        record.add("declared", 5, declaration());
        record
    }

    /// An entry that happened so many minutes after the start.
    pub fn add(&mut self, name: &str, minute: i64, what: impl Into<What>) -> EntryId {
        self.push(id(name), minutes(minute), what.into(), false)
    }

    /// What a poll found.
    pub fn found(&mut self, drafts: Vec<Draft>, now: Instant) {
        for draft in drafts {
            let fresh = id(&format!("entry {}", self.entries.len()));
            self.push(draft.id.unwrap_or(fresh), draft.happened.unwrap_or(now), draft.what, true);
        }
    }

    fn push(&mut self, id: EntryId, happened: Instant, what: What, machine: bool) -> EntryId {
        let seq = self.entries.len() as u64 + 1;
        let author = Author { person: if machine { "poller" } else { "kim" }.into(), host: "jump1".into(), machine };
        let writer = WriterId(uuid::Uuid::from_u128(1));
        let hlc = Hlc(seq as i64, 0);
        self.entries.push(Entry { writer, seq, id, hlc, happened, recorded: happened, author, what });
        id
    }

    pub fn incident(&self) -> Incident {
        warroom::incident::fold::fold(self.entries.iter().cloned())
    }
}

pub fn declaration() -> Declared {
    Declared {
        title: "Voice and data down".into(),
        severity: Severity::Sev1,
        started: start(),
        detected: Some(minutes(3)),
        exercise: false,
        timezone: "America/Chicago".into(),
        organisation: vec!["wireless_carrier".into()],
        demo: false,
    }
}
