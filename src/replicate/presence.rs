//! Who sits where, exchanged with the other hosts by way of a small table of its own. No evidence: rows are replaced, and
//! what is old is dropped. Ages travel, not instants, so that a clock that is wrong shows nobody as gone.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::connect::{Fault, said};
use crate::incident::Instant;
use crate::incident::entry::IncidentId;
use crate::incident::presence::{End, Sitting};
use crate::journal::{Journal, JournalError};

/// What a connection has given and got. Begun anew with each, as another server may answer.
#[derive(Default)]
pub struct Presences {
    gave: BTreeMap<Uuid, Instant>,
    got: BTreeMap<Uuid, i64>,
    asked: Option<Instant>,
    noted: Option<Instant>,
    /// The server has no such table, or this user may not use it: the entries go on without.
    without: bool,
    reads_only: bool,
}

/// Asked so often at most.
const EVERY: TimeDelta = TimeDelta::seconds(3);
/// That the server answered is noted so often: each note wakes the rooms.
const NOTED: TimeDelta = TimeDelta::seconds(20);
const ANSWER: Duration = Duration::from_secs(10);
/// Rows that are taken at most: a table that somebody filled must not fill this host.
const MOST: i64 = 2_000;
/// Longer names are cut.
const LONGEST: usize = 200;

const WRITE: &str = "INSERT INTO warroom_presence
    (room, incident, rev, person, host, pane, open_ms, key_ms, life_ms, end_ms, lost, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now())
    ON CONFLICT (room) DO UPDATE SET incident = excluded.incident, rev = excluded.rev, person = excluded.person,
    host = excluded.host, pane = excluded.pane, open_ms = excluded.open_ms, key_ms = excluded.key_ms,
    life_ms = excluded.life_ms, end_ms = excluded.end_ms, lost = excluded.lost, at = excluded.at";

const READ: &str =
    "SELECT room, incident, rev, left(person, 200), left(host, 200), left(pane, 200), open_ms, key_ms, life_ms,
    end_ms, lost, (extract(epoch FROM (now() - at)) * 1000)::bigint
    FROM warroom_presence WHERE at > now() - INTERVAL '1 day' ORDER BY at DESC LIMIT $1";

const DROP: &str = "DELETE FROM warroom_presence WHERE at < now() - INTERVAL '2 days'";

impl Presences {
    /// What rooms of this host say goes to the server, what others say comes into the journal's cache. Does nothing where it
    /// was done a moment ago. Fails only where the connection, or the disk, does.
    pub async fn exchange(&mut self, client: &Client, journal: &mut Journal, real: Instant) -> Result<(), Fault> {
        let lately = self.asked.is_some_and(|asked| real >= asked && real - asked < EVERY);
        if lately || self.without {
            return Ok(());
        }
        let first = self.asked.replace(real).is_none();
        let here = journal.all_presence().map_err(local)?.sittings;
        let known: Vec<Uuid> = here.iter().filter(|s| !s.far).map(|s| s.room).collect();
        for sitting in here.iter().filter(|s| !s.far) {
            if self.gave.get(&sitting.room) == Some(&sitting.seen) {
                continue;
            }
            if self.reads_only || !give(client, sitting, real).await? {
                self.reads_only = true;
                break;
            }
            self.gave.insert(sitting.room, sitting.seen);
        }
        if first && !self.reads_only {
            ask(client.execute_typed(DROP, &[])).await?;
        }
        let Some(rows) = ask(client.query_typed(READ, &[(&MOST, Type::INT8)])).await? else {
            self.without = true;
            return Ok(());
        };
        let mut news = Vec::new();
        for row in &rows {
            let (rev, sitting) = came(row, real).map_err(|e| Fault(format!("the table of who is here: {e}")))?;
            let new = !known.contains(&sitting.room) && self.got.insert(sitting.room, rev) != Some(rev);
            news.extend(new.then_some(sitting));
        }
        if !news.is_empty() {
            // The newest came first; of a person's rooms the newest stays.
            news.reverse();
            journal.put_sittings(&news).map_err(local)?;
        }
        if self.noted.is_none_or(|at| real < at || real - at >= NOTED) {
            journal.put_heard(real).map_err(local)?;
            self.noted = Some(real);
        }
        Ok(())
    }
}

/// False: the server does not let this user write it.
async fn give(client: &Client, sitting: &Sitting, real: Instant) -> Result<bool, Fault> {
    let age = |at: Instant| (real - at).num_milliseconds();
    let text = |text: &str| text.chars().filter(|c| *c != '\0').take(LONGEST).collect::<String>();
    let (person, host, pane) = (text(&sitting.person), text(&sitting.host), text(&sitting.pane));
    let (rev, open, key) = (sitting.seen.timestamp_millis(), age(sitting.opened), age(sitting.key));
    let (life, end) = (-age(sitting.expires), sitting.end.map(|end| age(end.at)));
    let lost = sitting.end.is_some_and(|end| end.lost);
    let values: [(&(dyn ToSql + Sync), Type); 11] = [
        (&sitting.room, Type::UUID),
        (&sitting.incident.0, Type::UUID),
        (&rev, Type::INT8),
        (&person, Type::TEXT),
        (&host, Type::TEXT),
        (&pane, Type::TEXT),
        (&open, Type::INT8),
        (&key, Type::INT8),
        (&life, Type::INT8),
        (&end, Type::INT8),
        (&lost, Type::BOOL),
    ];
    Ok(ask(client.execute_typed(WRITE, &values)).await?.is_some())
}

/// A row as instants of this host's clock.
fn came(row: &Row, real: Instant) -> Result<(i64, Sitting), tokio_postgres::Error> {
    let since: i64 = row.try_get(11)?;
    // Numbers that somebody made up stay within what a clock can show.
    let ago = |ms: i64| {
        let far = 366 * 24 * 3600 * 1000;
        real - TimeDelta::milliseconds(ms.clamp(-far, far).saturating_add(since.clamp(0, far)))
    };
    let end: Option<i64> = row.try_get(9)?;
    let lost = row.try_get(10)?;
    let sitting = Sitting {
        room: row.try_get(0)?,
        incident: IncidentId(row.try_get(1)?),
        person: row.try_get(3)?,
        host: row.try_get(4)?,
        pane: row.try_get(5)?,
        opened: ago(row.try_get(6)?),
        key: ago(row.try_get(7)?),
        seen: ago(0),
        expires: ago(row.try_get::<_, i64>(8)?.saturating_neg()),
        end: end.map(|ms| End { at: ago(ms), lost }),
        far: true,
    };
    Ok((row.try_get(2)?, sitting))
}

/// None: the server has no such table, or does not let this user.
async fn ask<T>(question: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<Option<T>, Fault> {
    match tokio::time::timeout(ANSWER, question).await {
        Ok(Ok(answer)) => Ok(Some(answer)),
        Ok(Err(error)) if error.as_db_error().is_some() => Ok(None),
        Ok(Err(error)) => Err(said("who is here", &error)),
        Err(_) => Err(Fault(format!("the server did not answer within {} s", ANSWER.as_secs()))),
    }
}

fn local(error: JournalError) -> Fault {
    Fault(error.to_string())
}
