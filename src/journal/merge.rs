//! Rows as they are stored, out of one journal and into another. Never re-serialises a body, never replaces a row.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Transaction, params};

use super::error::{JournalError, sqlite};
use super::open::Journal;
use super::read::{Cursor, bytes, hash, uuid};
use super::retention::refuse_removed;
use crate::incident::entry::{Hash, IncidentId, WriterId, decode};

/// An entry as it is stored: the bytes and their place in the writer's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub writer: WriterId,
    pub seq: u64,
    pub prev: Hash,
    pub hash: Hash,
    pub body: Vec<u8>,
}

/// What a merge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    pub new: usize,
    pub known: usize,
}

impl Journal {
    /// A writer's rows after `seq`, at most `limit`. Damaged rows are left out: they must not spread.
    pub fn rows(
        &mut self,
        incident: IncidentId,
        writer: WriterId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Row>, JournalError> {
        let (after, limit) = (i64::try_from(after).unwrap_or(i64::MAX), i64::try_from(limit).unwrap_or(i64::MAX));
        self.main.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, prev, hash, body FROM entries
                 WHERE incident = ?1 AND writer = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4",
            )?;
            let mut rows = statement.query(params![incident.0.as_bytes(), writer.0.as_bytes(), after, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
                let (Some(prev), Some(hash)) = (hash(row.get_ref(1)?), hash(row.get_ref(2)?)) else { continue };
                let row = Row { writer, seq, prev, hash, body: bytes(row.get_ref(3)?).to_vec() };
                if row.holds() {
                    found.push(row);
                }
            }
            Ok(found)
        })
    }

    /// Takes in rows of other journals, all or none. Rows that are here already are counted, so it may be repeated.
    /// A writer with two histories is a fork; where the writer is this file's own, the next append takes a new one.
    pub fn merge(&mut self, incident: IncidentId, rows: &[Row]) -> Result<Merged, JournalError> {
        let path = self.main.path.clone();
        let result = self.main.write(|tx| {
            refuse_removed(tx, &path, incident)?;
            let (mut merged, mut new) = (Merged::default(), BTreeSet::new());
            for row in rows {
                if row.seq == 0 || i64::try_from(row.seq).is_err() || !row.holds() {
                    let (writer, seq) = (row.writer.to_string(), row.seq);
                    return Err(JournalError::BadHash { path: path.clone(), writer, seq });
                }
                match take(tx, incident, row).map_err(sqlite(&path))? {
                    Taken::New => {
                        merged.new += 1;
                        new.insert(row.writer);
                    }
                    Taken::Known => merged.known += 1,
                    Taken::Fork(seq) => {
                        return Err(JournalError::Fork { path: path.clone(), writer: row.writer.to_string(), seq });
                    }
                }
            }
            // Entries of this file's own pen that it does not know: it was put back from a copy, and another goes on with it.
            for writer in new {
                retire(tx, incident, writer).map_err(sqlite(&path))?;
            }
            Ok(merged)
        });
        if let Err(JournalError::Fork { writer, seq, .. }) = &result
            && let Some(row) = rows.iter().find(|row| row.writer.to_string() == *writer)
        {
            self.main.write(|tx| {
                let both = retire(tx, incident, row.writer).and_then(|()| remember(tx, incident, row.writer, *seq));
                both.map_err(sqlite(&path))
            })?;
        }
        result
    }

    /// This file's own pen is not used again, and the next append takes a new one; those of others are not its business.
    pub fn retire_pen(&mut self, incident: IncidentId, writer: WriterId) -> Result<(), JournalError> {
        let path = self.main.path.clone();
        self.main.write(|tx| retire(tx, incident, writer).map_err(sqlite(&path)))
    }

    /// The place of the newest row of any incident: what a reader of everything has read.
    pub fn end(&mut self) -> Result<Cursor, JournalError> {
        self.main.read(|connection| {
            connection.query_row("SELECT coalesce(max(local), 0) FROM entries", [], |row| row.get(0)).map(Cursor)
        })
    }
}

impl Row {
    /// Whether the bytes are what the hash says.
    pub(super) fn holds(&self) -> bool {
        Hash::of(self.prev, &self.body) == self.hash
    }
}

/// A pen of this file is not used again; those of others are not its business.
fn retire(tx: &Transaction<'_>, incident: IncidentId, writer: WriterId) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE writers SET retired = 1 WHERE incident = ?1 AND writer = ?2 AND machine IS NOT NULL",
        params![incident.0.as_bytes(), writer.0.as_bytes()],
    )
    .map(|_| ())
}

/// Keeps from where on a writer has two histories: it is asked for what proves anything.
fn remember(tx: &Transaction<'_>, incident: IncidentId, writer: WriterId, seq: u64) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO forks (incident, writer, seq) VALUES (?1, ?2, ?3)
         ON CONFLICT (incident, writer) DO UPDATE SET seq = min(seq, excluded.seq)",
        params![incident.0.as_bytes(), writer.0.as_bytes(), i64::try_from(seq).unwrap_or(i64::MAX)],
    )
    .map(|_| ())
}

enum Taken {
    New,
    Known,
    Fork(u64),
}

fn take(tx: &Transaction<'_>, incident: IncidentId, row: &Row) -> rusqlite::Result<Taken> {
    let (writer, seq) = (row.writer.0.as_bytes(), row.seq as i64);
    // Hash and predecessor of the row at a seq; a damaged one counts as absent hashes and so as another history.
    let mut at =
        tx.prepare_cached("SELECT hash, prev FROM entries WHERE incident = ?1 AND writer = ?2 AND seq = ?3")?;
    let mut stored = |seq: i64| {
        at.query_row(params![incident.0.as_bytes(), writer, seq], |row| {
            Ok((hash(row.get_ref(0)?).unwrap_or(Hash::NONE), hash(row.get_ref(1)?).unwrap_or(Hash::NONE)))
        })
        .optional()
    };
    if let Some((known, _)) = stored(seq)? {
        return Ok(if known == row.hash { Taken::Known } else { Taken::Fork(row.seq) });
    }
    let before = match row.seq {
        1 => Some(Hash::start(incident, row.writer)),
        _ => stored(seq - 1)?.map(|(hash, _)| hash),
    };
    if before.is_some_and(|before| before != row.prev) {
        return Ok(Taken::Fork(row.seq));
    }
    if stored(seq.saturating_add(1))?.is_some_and(|(_, prev)| prev != row.hash) {
        return Ok(Taken::Fork(row.seq));
    }
    tx.prepare_cached("INSERT OR IGNORE INTO writers (incident, writer, made_at) VALUES (?1, ?2, '')")?
        .execute(params![incident.0.as_bytes(), writer])?;
    // A body that does not read is kept all the same: it may be from a newer warroom.
    let id = decode(row.writer, row.seq, &row.body).map(|entry| entry.id.0).unwrap_or_default();
    tx.prepare_cached(
        "INSERT INTO entries (incident, writer, seq, prev, hash, id, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![incident.0.as_bytes(), writer, seq, row.prev.0, row.hash.0, id.as_bytes(), row.body])?;
    Ok(Taken::New)
}

/// The writer named by a stored value.
pub(super) fn writer(value: rusqlite::types::ValueRef<'_>) -> Option<WriterId> {
    uuid(value).map(WriterId)
}
