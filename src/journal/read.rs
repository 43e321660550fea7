//! Reading entries back in the order of their arrival. A row that cannot be understood is an entry too; nothing fails for it.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row as SqlRow, params};
use uuid::Uuid;

use super::error::JournalError;
use super::open::Journal;
use crate::incident::Instant;
use crate::incident::entry::{Author, Entry, EntryId, Hash, Hlc, IncidentId, WriterId, decode};
use crate::incident::what::What;

/// How far somebody has read this file: the place of the last row read. Means nothing in another file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub i64);

impl Cursor {
    pub const START: Cursor = Cursor(0);
}

/// An incident of this journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub incident: IncidentId,
    pub entries: u64,
    /// When the first was recorded. None: that one is damaged.
    pub first: Option<Instant>,
}

/// How far an incident goes in this file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub cursor: Cursor,
    /// Each writer's last entry: its seq and hash.
    pub writers: Vec<(WriterId, u64, Hash)>,
}

impl Journal {
    /// The incidents, oldest first.
    pub fn incidents(&mut self) -> Result<Vec<Summary>, JournalError> {
        self.main.read(|connection| {
            let mut all = connection.prepare_cached(
                "SELECT incident, count(*), min(local) AS first FROM entries GROUP BY incident ORDER BY first",
            )?;
            let mut first = connection.prepare_cached("SELECT writer, seq, id, body FROM entries WHERE local = ?1")?;
            let mut found = Vec::new();
            let mut rows = all.query([])?;
            while let Some(row) = rows.next()? {
                // A flipped bit can make a name of the wrong length: `verify` tells of the hole it leaves.
                let Some(incident) = uuid(row.get_ref(0)?) else { continue };
                let entry = first.query_row([row.get::<_, i64>(2)?], |row| Ok(entry(row, 0).ok()))?;
                let entries = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                found.push(Summary { incident: IncidentId(incident), entries, first: entry.map(|e| e.recorded) });
            }
            Ok(found)
        })
    }

    /// The entries that arrived after the cursor, at most `limit`, and where to go on. The cursor stays where there are none.
    pub fn read_after(
        &mut self,
        incident: IncidentId,
        after: Cursor,
        limit: usize,
    ) -> Result<(Vec<Entry>, Cursor), JournalError> {
        self.main.read(|connection| entries_after(connection, incident, after, limit))
    }

    /// The incidents that entries after the cursor belong to, and where to go on.
    pub fn grown(&mut self, after: Cursor) -> Result<(Vec<IncidentId>, Cursor), JournalError> {
        self.main.read(|connection| {
            let mut grown = connection
                .prepare_cached("SELECT incident, max(local) FROM entries WHERE local > ?1 GROUP BY incident")?;
            let (mut found, mut cursor) = (Vec::new(), after);
            let mut rows = grown.query([after.0])?;
            while let Some(row) = rows.next()? {
                cursor = cursor.max(Cursor(row.get(1)?));
                found.extend(uuid(row.get_ref(0)?).map(IncidentId));
            }
            Ok((found, cursor))
        })
    }

    pub fn head(&mut self, incident: IncidentId) -> Result<Head, JournalError> {
        self.main.read(|connection| {
            let cursor = connection
                .prepare_cached("SELECT coalesce(max(local), 0) FROM entries WHERE incident = ?1")?
                .query_row([incident.0.as_bytes()], |row| row.get(0))?;
            let mut writers = Vec::new();
            for writer in writers_of(connection, incident)? {
                if let Some(last) = last_of(connection, incident, writer)? {
                    writers.push((writer, last.seq, last.hash));
                }
            }
            Ok(Head { cursor: Cursor(cursor), writers })
        })
    }
}

/// A writer's newest row.
pub(super) struct Last {
    pub seq: u64,
    pub hash: Hash,
    /// The clock of its newest row that can be read.
    pub hlc: Hlc,
}

pub(super) fn writers_of(connection: &Connection, incident: IncidentId) -> rusqlite::Result<Vec<WriterId>> {
    let mut statement = connection.prepare_cached("SELECT writer FROM writers WHERE incident = ?1 ORDER BY local")?;
    let writers = statement.query_map([incident.0.as_bytes()], |row| Ok(uuid(row.get_ref(0)?).map(WriterId)))?;
    Ok(writers.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

pub(super) fn last_of(
    connection: &Connection,
    incident: IncidentId,
    writer: WriterId,
) -> rusqlite::Result<Option<Last>> {
    let mut statement = connection.prepare_cached(
        "SELECT writer, seq, id, body, prev, hash FROM entries WHERE incident = ?1 AND writer = ?2 ORDER BY seq DESC",
    )?;
    let mut rows = statement.query(params![incident.0.as_bytes(), writer.0.as_bytes()])?;
    let mut last: Option<Last> = None;
    while let Some(row) = rows.next()? {
        let seq = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        let last = last.get_or_insert_with(|| Last { seq, hash: stored_hash(row), hlc: Hlc::default() });
        // A damaged row does not say its time; the one before it does.
        if let Ok(entry) = entry(row, 0) {
            last.hlc = entry.hlc;
            break;
        }
    }
    Ok(last)
}

/// The hash as stored; where that is damaged, as it must have been.
fn stored_hash(row: &SqlRow<'_>) -> Hash {
    let column = |n| row.get_ref(n).ok().and_then(hash);
    let body = row.get_ref(3).ok().map(bytes).unwrap_or_default();
    column(5).unwrap_or_else(|| Hash::of(column(4).unwrap_or(Hash::NONE), body))
}

const SELECT: &str = "SELECT writer, seq, id, body, local FROM entries WHERE";

pub(super) fn entries_after(
    connection: &Connection,
    incident: IncidentId,
    after: Cursor,
    limit: usize,
) -> rusqlite::Result<(Vec<Entry>, Cursor)> {
    let mut found = Vec::new();
    let mut cursor = after;
    match collect(connection, incident, &mut cursor, limit, &mut found) {
        Ok(()) => {}
        Err(e) if is_corrupt(&e) => salvage(connection, incident, &mut cursor, limit, &mut found)?,
        Err(e) => return Err(e),
    }
    Ok((found, cursor))
}

fn collect(
    connection: &Connection,
    incident: IncidentId,
    cursor: &mut Cursor,
    limit: usize,
    found: &mut Vec<Entry>,
) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached(&format!("{SELECT} incident = ?1 AND local > ?2 ORDER BY local LIMIT ?3"))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![incident.0.as_bytes(), cursor.0, limit])?;
    while let Some(row) = rows.next()? {
        let read = entry(row, 0);
        cursor.0 = row.get(4)?;
        found.push(match read {
            Ok(entry) => entry,
            Err(_) => damaged(connection, incident, row)?,
        });
    }
    Ok(())
}

/// Where the file's own structure is damaged: row by row, past what cannot be read. `verify` names the holes.
fn salvage(
    connection: &Connection,
    incident: IncidentId,
    cursor: &mut Cursor,
    limit: usize,
    found: &mut Vec<Entry>,
) -> rusqlite::Result<()> {
    let end: i64 = connection
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'entries'", [], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    let mut statement = connection.prepare_cached(&format!("{SELECT} local = ?2 AND incident = ?1"))?;
    while cursor.0 < end && found.len() < limit {
        cursor.0 += 1;
        let read = statement.query_row(params![incident.0.as_bytes(), cursor.0], |row| match entry(row, 0) {
            Ok(entry) => Ok(entry),
            Err(_) => damaged(connection, incident, row),
        });
        match read {
            Ok(entry) => found.push(entry),
            Err(rusqlite::Error::QueryReturnedNoRows) => {}
            Err(e) if is_corrupt(&e) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn is_corrupt(e: &rusqlite::Error) -> bool {
    e.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt)
}

/// Reads writer, seq, id and body from the column `at` on.
pub(super) fn entry(row: &SqlRow<'_>, at: usize) -> Result<Entry, String> {
    let column = |n: usize| row.get_ref(at + n).map_err(|e| e.to_string());
    let writer = uuid(column(0)?).ok_or("the writer is damaged")?;
    let seq = column(1)?.as_i64().ok().and_then(|seq| u64::try_from(seq).ok()).ok_or("the seq is damaged")?;
    decode(WriterId(writer), seq, bytes(column(3)?))
}

/// Stands for a row that cannot be read: just behind its predecessor, with its bytes, of no effect.
fn damaged(connection: &Connection, incident: IncidentId, row: &SqlRow<'_>) -> rusqlite::Result<Entry> {
    let writer = uuid(row.get_ref(0)?).unwrap_or_default();
    let seq = row.get_ref(1)?.as_i64().unwrap_or(0);
    let mut before = connection.prepare_cached(
        "SELECT writer, seq, id, body FROM entries WHERE incident = ?1 AND writer = ?2 AND seq < ?3 ORDER BY seq DESC",
    )?;
    let mut rows = before.query(params![incident.0.as_bytes(), writer.as_bytes(), seq])?;
    let mut hlc = Hlc::default();
    while let Some(row) = rows.next()? {
        if let Ok(entry) = entry(row, 0) {
            hlc = entry.hlc;
            break;
        }
    }
    let at = Instant::from_timestamp_millis(hlc.0).unwrap_or(Instant::UNIX_EPOCH);
    let raw = serde_json::Value::from(String::from_utf8_lossy(bytes(row.get_ref(3)?)).into_owned());
    Ok(Entry {
        writer: WriterId(writer),
        seq: u64::try_from(seq).unwrap_or(0),
        id: EntryId(uuid(row.get_ref(2)?).unwrap_or_default()),
        hlc,
        happened: at,
        recorded: at,
        author: Author { person: "not known".to_owned(), host: "not known".to_owned(), machine: true },
        what: What::Unknown { kind: "damaged".to_owned(), raw: raw.to_string() },
    })
}

pub(super) fn uuid(value: ValueRef<'_>) -> Option<Uuid> {
    Uuid::from_slice(value.as_blob().ok()?).ok()
}

pub(super) fn hash(value: ValueRef<'_>) -> Option<Hash> {
    value.as_blob().ok()?.try_into().ok().map(Hash)
}

/// The bytes of a value, whatever type a flipped bit made of it.
pub(super) fn bytes<'a>(value: ValueRef<'a>) -> &'a [u8] {
    match value {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    }
}
