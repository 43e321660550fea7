//! What the process that replicates says of it, for all rooms of the host: the lease, and how this host stands with the others.
//! Contacts nobody.

use chrono::TimeDelta;

use super::replicating::Told;
use crate::incident::Instant;
use crate::incident::replication::Replication;
use crate::journal::{Journal, Lease};
use crate::replicate::{Fault, Moved};

/// How often the lease is renewed and the standing said anew, where nothing changes.
const BEAT: TimeDelta = TimeDelta::seconds(4);

/// What is said of the standing, and when it was last said.
pub struct Said {
    pub host: String,
    pub real: fn() -> Instant,
    pub standing: Replication,
    every: u64,
    put: Option<Instant>,
    pub lease: Option<Instant>,
}

impl Said {
    /// Of a host that has said nothing yet, with a round every so many seconds.
    pub fn new(host: String, real: fn() -> Instant, every: u64) -> Said {
        Said { host, real, standing: Replication::default(), every, put: None, lease: None }
    }

    /// Takes or renews the lease. Some: another has it. On taking it, what the one before said is gone on with.
    pub fn lease(&mut self, journal: &mut Journal) -> Result<Option<Told>, String> {
        let now = (self.real)();
        match journal.take_replication(now).map_err(|e| e.to_string())? {
            Lease::Theirs { pid, host, .. } => {
                self.lease = None;
                Ok(Some(Told::Theirs { pid, host }))
            }
            Lease::Ours { .. } | Lease::Nobody => {
                if self.lease.replace(now).is_none() {
                    let known = journal.replication().map_err(|e| e.to_string())?.unwrap_or_default();
                    self.standing = Replication { every: u32::try_from(self.every).unwrap_or(u32::MAX), ..known };
                }
                Ok(None)
            }
        }
    }

    /// Between batches: a long round keeps the lease.
    pub fn beat(&mut self, journal: &mut Journal) -> Result<(), Fault> {
        if self.lease.is_some_and(|at| (self.real)() - at < BEAT) {
            return Ok(());
        }
        match self.lease(journal) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(Fault("another process of this host replicates now".to_owned())),
            Err(why) => Err(Fault(why)),
        }
    }

    /// A whole round ended. Since when there had been none.
    pub fn round(&mut self, journal: &mut Journal, moved: &Moved) -> Result<Option<Instant>, Fault> {
        let now = (self.real)();
        let before = self.standing.clone();
        self.standing.last_round = Some(now);
        self.standing.cut = None;
        self.standing.wait = Some(moved.wait);
        self.standing.error = (moved.wait > 0).then(|| STAYS.to_owned());
        let same = Replication { last_round: before.last_round, ..self.standing.clone() } == before;
        if !same || self.put.is_none_or(|at| now - at >= BEAT) {
            self.put(journal, now).map_err(Fault)?;
        }
        Ok(before.cut)
    }

    /// The server is not reached; so many entries wait, if that is known.
    pub fn cut(&mut self, journal: &mut Journal, fault: Fault, wait: Option<u64>) -> Result<(), String> {
        let now = (self.real)();
        let before = self.standing.clone();
        // Known is only what stood at the last whole round.
        self.standing.cut = before.cut.or(before.last_round).or(Some(now));
        self.standing.wait = wait.or(before.wait.filter(|_| before.cut.is_some()));
        self.standing.error = Some(fault.0);
        if self.standing == before { Ok(()) } else { self.put(journal, now) }
    }

    fn put(&mut self, journal: &mut Journal, now: Instant) -> Result<(), String> {
        self.put = Some(now);
        journal.put_replication(&self.standing).map_err(|error| error.to_string())
    }
}

/// Why entries stay here although the server is reached.
const STAYS: &str =
    "the server's user may only read, or a writer here has two histories (`warroom replicate --once` says which)";
