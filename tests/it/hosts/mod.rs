//! Several hosts and one incident: what is carried, in whatever pieces and order, gives the same state everywhere; what is
//! damaged changes nothing.

mod apart;
mod beside;
mod carried;
mod claims;
mod damaged;
mod evidence;
mod failover;
mod handover;
mod hardened;
mod hours;
mod kept;
mod killed;
mod once;
mod polled;
mod present;
mod replicated;
mod rights;
mod rings;
mod seat;
mod server;
mod settle;
mod three;
mod users;

use serde_json::Value;
use warroom::incident::Instant;
use warroom::incident::clock::Moment;
use warroom::incident::entry::{Author, Draft};
use warroom::incident::fold::Log;
use warroom::incident::rights::Rights;
use warroom::incident::what::What;
use warroom::incident::witness;
use warroom::journal::bundle::Bundle;
use warroom::journal::{Cursor, Journal, Taken};
use warroom::report::state::{Options, state};
use warroom::room::in_force::InForce;
use warroom::situation::assess;

use crate::journal::{INCIDENT, all, noon, place, writing};

/// A host with a journal of its own.
pub struct Host {
    _directory: tempfile::TempDir,
    pub journal: Journal,
    pub name: String,
}

impl Host {
    pub fn new(name: &str) -> Host {
        let (directory, path) = place();
        Host { _directory: directory, journal: writing(&path), name: name.to_owned() }
    }

    fn author(&self, person: &str) -> Author {
        Author { person: person.to_owned(), host: self.name.clone(), machine: person == "warroom" }
    }

    pub fn write(&mut self, now: Instant, whats: impl IntoIterator<Item = What>) {
        let (author, drafts) =
            (self.author(&format!("{}-person", self.name)), whats.into_iter().map(Draft::now).collect());
        self.journal.append::<std::convert::Infallible>(INCIDENT, &author, now, Cursor::START, |_| Ok(drafts)).unwrap();
    }

    /// All that is here, or what is above what a bundle's writer had.
    pub fn bundle(&mut self, since: Option<&Bundle>) -> Bundle {
        let known = since.iter().flat_map(|b| &b.has).map(|(writer, seq, _)| (*writer, *seq)).collect();
        let has = self.journal.has(INCIDENT).unwrap();
        Bundle { incident: INCIDENT, has, rows: self.journal.above(INCIDENT, &known, usize::MAX).unwrap() }
    }

    /// Takes a bundle in as the command does, its witness with it.
    pub fn take(&mut self, bundle: &Bundle) -> Taken {
        let taken = self.journal.take(INCIDENT, &bundle.rows).unwrap();
        let heads = self.journal.head(INCIDENT).unwrap().writers;
        let own = self.journal.own_writers(INCIDENT).unwrap();
        let entries = all(&mut self.journal);
        if let Some(seen) = witness::to_name(&entries, &heads, &own) {
            let author = self.author("warroom");
            let drafts = vec![Draft::now(seen.into())];
            self.journal
                .append::<std::convert::Infallible>(INCIDENT, &author, noon(), Cursor::START, |_| Ok(drafts))
                .unwrap();
        }
        taken
    }

    /// What `state --json` says at one and the same moment.
    pub fn state(&mut self) -> Value {
        let mut log = Log::default();
        log.absorb(all(&mut self.journal));
        let mut in_force = InForce::with(Rights::nobody());
        in_force.adopt(log.incident());
        let moment = Moment { now: noon(), real: noon(), speed: 1.0 };
        let situation = assess(log.incident(), &in_force.plan, &in_force.rules, &[], moment);
        state(log.incident(), &in_force.plan, &situation, INCIDENT, Options { limit: usize::MAX, since: None })
    }
}
