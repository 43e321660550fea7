//! Who sits in a room, kept in the cache for the other rooms of this host and for who carries it to others. Never an entry:
//! it swells no record, and losing it is harmless.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::error::{JournalError, sqlite};
use super::open::Journal;
use super::read::uuid;
use crate::incident::Instant;
use crate::incident::entry::IncidentId;
use crate::incident::presence::{End, Presence, Sitting};

/// What ended so long ago is forgotten.
const KEPT_MS: i64 = 2 * 24 * 3600 * 1000;

const COLUMNS: &str = "room, incident, person, host, pane, opened, key, seen, expires, ended, lost, far";

impl Journal {
    /// Keeps a sitting in the place of what was known of that room, and of rooms of the same person on the same host that
    /// are over.
    pub fn put_sitting(&mut self, sitting: &Sitting) -> Result<(), JournalError> {
        self.put_sittings(std::slice::from_ref(sitting))
    }

    /// The same for several, all or none.
    pub fn put_sittings(&mut self, sittings: &[Sitting]) -> Result<(), JournalError> {
        let removed: BTreeSet<IncidentId> = self.removed()?.into_iter().map(|mark| mark.incident).collect();
        let sittings: Vec<&Sitting> = sittings.iter().filter(|s| !removed.contains(&s.incident)).collect();
        self.write_presence(|connection| {
            for sitting in &sittings {
                let (incident, seen) = (sitting.incident.0.as_bytes(), sitting.seen.timestamp_millis());
                connection
                    .prepare_cached(
                        "DELETE FROM presence WHERE seen < ?1 OR (incident = ?2 AND person = ?3 AND host = ?4 AND room <> ?5 \
                         AND (ended IS NOT NULL OR expires <= ?6))",
                    )?
                    .execute(params![
                        seen.saturating_sub(KEPT_MS),
                        incident,
                        sitting.person,
                        sitting.host,
                        sitting.room.as_bytes(),
                        seen
                    ])?;
                connection
                    .prepare_cached(&format!(
                        "INSERT OR REPLACE INTO presence ({COLUMNS}) \
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
                    ))?
                    .execute(params![
                        sitting.room.as_bytes(),
                        incident,
                        sitting.person,
                        sitting.host,
                        sitting.pane,
                        sitting.opened.timestamp_millis(),
                        sitting.key.timestamp_millis(),
                        seen,
                        sitting.expires.timestamp_millis(),
                        sitting.end.map(|end| end.at.timestamp_millis()),
                        sitting.end.is_some_and(|end| end.lost),
                        sitting.far,
                    ])?;
            }
            Ok(())
        })
    }

    /// Notes that a server answered what other hosts say.
    pub fn put_heard(&mut self, at: Instant) -> Result<(), JournalError> {
        self.write_presence(|connection| {
            let put = "INSERT OR REPLACE INTO heard (one, at) VALUES (1, ?1)";
            connection.execute(put, [at.timestamp_millis()]).map(|_| ())
        })
    }

    /// What is known of who is, or was, in the rooms of an incident.
    pub fn presence(&mut self, incident: IncidentId) -> Result<Presence, JournalError> {
        let all = self.all_presence()?;
        let sittings = all.sittings.into_iter().filter(|sitting| sitting.incident == incident).collect();
        Ok(Presence { sittings, ..all })
    }

    /// The same of all incidents.
    pub fn all_presence(&mut self) -> Result<Presence, JournalError> {
        let read = self.with_cache(|cache| {
            cache.read(|connection| {
                let text = format!("SELECT {COLUMNS} FROM presence ORDER BY opened, room");
                let mut statement = connection.prepare_cached(&text)?;
                let sittings = statement.query_map([], sitting)?.collect::<rusqlite::Result<Vec<_>>>()?;
                let mut heard = connection.prepare_cached("SELECT at FROM heard WHERE one = 1")?;
                let heard = heard.query_map([], |row| row.get(0))?.next().transpose()?;
                Ok(Presence {
                    sittings: sittings.into_iter().flatten().collect(),
                    heard: heard.map(instant),
                    meets: false,
                })
            })
        })?;
        Ok(read.unwrap_or_default())
    }

    fn write_presence(&mut self, f: impl Fn(&Connection) -> rusqlite::Result<()>) -> Result<(), JournalError> {
        self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| f(tx).map_err(sqlite(&path)))
        })
        .map(|_| ())
    }
}

/// None: a row whose names are damaged.
fn sitting(row: &Row<'_>) -> rusqlite::Result<Option<Sitting>> {
    let id = |n| row.get_ref(n).map(uuid);
    let at = |n| row.get(n).map(instant);
    let (Some(room), Some(incident)) = (id(0)?, id(1)?) else { return Ok(None) };
    let ended: Option<i64> = row.get(9)?;
    let lost = row.get(10)?;
    Ok(Some(Sitting {
        room,
        incident: IncidentId(incident),
        person: row.get(2)?,
        host: row.get(3)?,
        pane: row.get(4)?,
        opened: at(5)?,
        key: at(6)?,
        seen: at(7)?,
        expires: at(8)?,
        end: ended.map(|at| End { at: instant(at), lost }),
        far: row.get(11)?,
    }))
}

fn instant(millis: i64) -> Instant {
    Instant::from_timestamp_millis(millis).unwrap_or(Instant::UNIX_EPOCH)
}

/// A name for a room that is opened now.
pub fn new_room() -> Uuid {
    Uuid::new_v4()
}
