//! Which process of the host replicates, and how that stands, for the others to read. Contacts nobody; losing it only means
//! that two replicate, which does no harm.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::{JournalError, sqlite};
use super::lease::{Held, Lease};
use super::open::Journal;
use super::read::uuid;
use crate::incident::Instant;
use crate::incident::entry::{IncidentId, WriterId};
use crate::incident::replication::Replication;

/// How long it is held without being renewed.
const TTL: i64 = 10_000;

impl Journal {
    /// Takes the lease on replicating, or renews it. `real` is real time.
    pub fn take_replication(&mut self, real: Instant) -> Result<Lease, JournalError> {
        let (holder, host) = (self.holder, self.host.name.clone());
        let now = real.timestamp_millis();
        self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| match held(tx).map_err(sqlite(&path))? {
                Some(held) if held.valid(now) && held.holder != holder => Ok(held.lease(holder)),
                _ => {
                    let until = now.saturating_add(TTL);
                    tx.execute(
                        "INSERT OR REPLACE INTO replicates (one, holder, pid, host, expires, ttl) VALUES (1, ?1, ?2, ?3, ?4, ?5)",
                        params![holder.as_bytes(), std::process::id(), host, until, TTL],
                    )
                    .map_err(sqlite(&path))?;
                    Ok(Lease::until(until))
                }
            })
        })
        .map(|lease| lease.unwrap_or(Lease::Nobody))
    }

    /// Gives it back where it is ours, so that another goes on at once.
    pub fn release_replication(&mut self) -> Result<(), JournalError> {
        let holder = self.holder;
        self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| {
                let gone = tx.execute("DELETE FROM replicates WHERE holder = ?1", [holder.as_bytes()]);
                gone.map_err(sqlite(&path)).map(|_| ())
            })
        })
        .map(|_| ())
    }

    /// How the host stands with the others, as last said; none where nobody has replicated yet.
    pub fn replication(&mut self) -> Result<Option<Replication>, JournalError> {
        let body = self.with_cache(|cache| {
            cache.read(|connection| {
                let mut body = connection.prepare_cached("SELECT body FROM replication WHERE one = 1")?;
                body.query_row([], |row| row.get::<_, String>(0)).optional()
            })
        })?;
        Ok(body.flatten().and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// How far the server has each writer, as last kept.
    pub fn met(&mut self) -> Result<Vec<(IncidentId, WriterId, u64)>, JournalError> {
        let met = self.with_cache(|cache| {
            cache.read(|connection| {
                let mut met = connection.prepare_cached("SELECT incident, writer, seq FROM met")?;
                let rows = met.query_map([], |row| {
                    let (incident, writer) = (uuid(row.get_ref(0)?), uuid(row.get_ref(1)?));
                    let seq = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                    Ok(incident.zip(writer).map(|(incident, writer)| (IncidentId(incident), WriterId(writer), seq)))
                })?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })
        })?;
        Ok(met.unwrap_or_default().into_iter().flatten().collect())
    }

    /// Keeps how far the server has these writers.
    pub fn put_met(&mut self, met: &[(IncidentId, WriterId, u64)]) -> Result<(), JournalError> {
        self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| {
                let put = || {
                    let mut put =
                        tx.prepare_cached("INSERT OR REPLACE INTO met (incident, writer, seq) VALUES (?1, ?2, ?3)")?;
                    for (incident, writer, seq) in met {
                        put.execute(params![
                            incident.0.as_bytes(),
                            writer.0.as_bytes(),
                            i64::try_from(*seq).unwrap_or(i64::MAX)
                        ])?;
                    }
                    Ok(())
                };
                put().map_err(sqlite(&path))
            })
        })
        .map(|_| ())
    }

    /// Says how the host stands, for all of its rooms.
    pub fn put_replication(&mut self, standing: &Replication) -> Result<(), JournalError> {
        // Plain data with text keys always has a JSON form.
        let Ok(body) = serde_json::to_string(standing) else { return Ok(()) };
        self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| {
                let put = tx.execute("INSERT OR REPLACE INTO replication (one, body) VALUES (1, ?1)", [&body]);
                put.map_err(sqlite(&path)).map(|_| ())
            })
        })
        .map(|_| ())
    }
}

fn held(connection: &Connection) -> rusqlite::Result<Option<Held>> {
    connection
        .prepare_cached("SELECT holder, pid, host, expires, ttl FROM replicates WHERE one = 1")?
        .query_row([], Held::read)
        .optional()
}
