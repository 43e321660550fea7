//! Who polls the backends: one process at a time, for a while. Never blocks; losing it only means that two ask.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::error::{JournalError, sqlite};
use super::open::Journal;
use super::read::uuid;
use crate::incident::Instant;

/// Who holds the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lease {
    /// This opening of the journal, until the instant.
    Ours { until: Instant },
    /// Another process, until the instant unless it renews.
    Theirs { pid: u32, host: String, until: Instant },
    /// Nobody: it is free, or the journal is open for reading only.
    Nobody,
}

impl Lease {
    /// Ours, until so many milliseconds after 1970.
    pub(super) fn until(millis: i64) -> Lease {
        Lease::Ours { until: instant(millis) }
    }
}

impl Journal {
    /// Takes the lease where it is free, expired or ours already (which renews it). `real` is real time.
    pub fn try_take(&mut self, real: Instant, ttl: std::time::Duration) -> Result<Lease, JournalError> {
        let (holder, host) = (self.holder, self.host.name.clone());
        let now = real.timestamp_millis();
        let ttl = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| {
                let held = held(tx).map_err(sqlite(&path))?;
                match held {
                    Some(held) if held.valid(now) && held.holder != holder => Ok(held.lease(holder)),
                    _ => {
                        let until = now.saturating_add(ttl);
                        tx.execute(
                            "INSERT OR REPLACE INTO lease (one, holder, pid, host, expires, ttl) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
                            params![holder.as_bytes(), std::process::id(), host, until, ttl],
                        )
                        .map_err(sqlite(&path))?;
                        Ok(Lease::Ours { until: instant(until) })
                    }
                }
            })
        })
        .map(|lease| lease.unwrap_or(Lease::Nobody))
    }

    /// Prolongs the lease where it is still ours; otherwise says who has it, and takes it from nobody.
    pub fn renew(&mut self, real: Instant, ttl: std::time::Duration) -> Result<Lease, JournalError> {
        match self.lease(real)? {
            Lease::Ours { .. } => self.try_take(real, ttl),
            other => Ok(other),
        }
    }

    /// Gives the lease back where it is ours, so that another need not wait for its end.
    pub fn release(&mut self) -> Result<(), JournalError> {
        let holder = self.holder;
        self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| {
                tx.execute("DELETE FROM lease WHERE holder = ?1", [holder.as_bytes()])
                    .map_err(sqlite(&path))
                    .map(|_| ())
            })
        })
        .map(|_| ())
    }

    /// Who holds it at `real`.
    pub fn lease(&mut self, real: Instant) -> Result<Lease, JournalError> {
        let holder = self.holder;
        let now = real.timestamp_millis();
        let held = self.with_cache(|cache| cache.read(held))?.flatten();
        Ok(held.filter(|held| held.valid(now)).map_or(Lease::Nobody, |held| held.lease(holder)))
    }
}

pub(super) struct Held {
    pub(super) holder: Uuid,
    pid: u32,
    host: String,
    expires: i64,
    ttl: i64,
}

impl Held {
    /// The columns holder, pid, host, expires, ttl.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Held> {
        let holder = uuid(row.get_ref(0)?).unwrap_or_default();
        Ok(Held { holder, pid: row.get(1)?, host: row.get(2)?, expires: row.get(3)?, ttl: row.get(4)? })
    }

    /// Not at its end. An end further off than the lease is long means that the clock was set back since: it counts for nothing.
    pub(super) fn valid(&self, now: i64) -> bool {
        let left = self.expires.saturating_sub(now);
        0 < left && left <= self.ttl
    }

    pub(super) fn lease(self, ours: Uuid) -> Lease {
        let until = instant(self.expires);
        if self.holder == ours {
            Lease::Ours { until }
        } else {
            Lease::Theirs { pid: self.pid, host: self.host, until }
        }
    }
}

fn held(connection: &Connection) -> rusqlite::Result<Option<Held>> {
    connection
        .prepare_cached("SELECT holder, pid, host, expires, ttl FROM lease WHERE one = 1")?
        .query_row([], Held::read)
        .optional()
}

fn instant(millis: i64) -> Instant {
    Instant::from_timestamp_millis(millis).unwrap_or(Instant::UNIX_EPOCH)
}
