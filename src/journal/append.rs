//! Appending: decided at the head, numbered, chained and on the disk before it returns. Never edits, never half-writes.

use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::error::{AppendError, JournalError, sqlite};
use super::open::Journal;
use super::place::Identity;
use super::read::{Cursor, entries_after, last_of, uuid, writers_of};
use super::retention::refuse_removed;
use crate::incident::Instant;
use crate::incident::entry::{Author, Draft, Entry, EntryId, Hash, Hlc, IncidentId, WriterId, decode, encode};

/// What an append found and wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// What others had written since the caller's cursor.
    pub others: Vec<Entry>,
    /// What this append wrote, as it will be read back.
    pub own: Vec<Entry>,
    /// Behind both.
    pub cursor: Cursor,
}

impl Journal {
    /// Shows `decide` what arrived after the caller's cursor, then writes what it drafts, all of it or nothing. No other
    /// process can write in between. `now` is the room's instant. `decide` runs at most once.
    ///
    /// On an error the caller's cursor still stands: what `decide` was shown can be read again.
    pub fn append<E>(
        &mut self,
        incident: IncidentId,
        author: &Author,
        now: Instant,
        after: Cursor,
        decide: impl FnOnce(&[Entry]) -> Result<Vec<Draft>, E>,
    ) -> Result<Appended, AppendError<E>> {
        let path = self.main.path.clone();
        let pen = Pen { incident, author, now, machine: &self.host.machine, identity: self.main.identity };
        let mut written = None;
        let result = self.main.write(|tx| {
            refuse_removed(tx, &path, incident)?;
            let (others, cursor) = entries_after(tx, incident, after, usize::MAX).map_err(sqlite(&path))?;
            let drafts = decide(&others).map_err(AppendError::Refused)?;
            let mut appended = Appended { others, own: Vec::with_capacity(drafts.len()), cursor };
            let last = pen.write(tx, drafts, &mut appended).map_err(sqlite(&path))?;
            written = Some((appended.clone(), last));
            Ok(appended)
        });
        match (result, written) {
            (Err(AppendError::Journal(JournalError::Io { why, .. })), written) => {
                self.after_failure(incident, why, written)
            }
            (result, _) => result,
        }
    }

    /// The disk failed at the commit. The same wait for the disk is never repeated, since it could succeed without the data:
    /// connect anew, look whether the entries stand, and if so carry them into the file by another way.
    fn after_failure<E>(
        &mut self,
        incident: IncidentId,
        why: String,
        written: Option<(Appended, Option<Place>)>,
    ) -> Result<Appended, AppendError<E>> {
        let path = self.main.path.clone();
        self.main.distrust();
        let failed = JournalError::Io { path: path.clone(), why: why.clone() };
        let Some((appended, Some((writer, seq, hash)))) = written else { return Err(failed.into()) };
        let stands = self.main.read(|connection| {
            connection
                .query_row(
                    "SELECT 1 FROM entries WHERE incident = ?1 AND writer = ?2 AND seq = ?3 AND hash = ?4",
                    params![incident.0.as_bytes(), writer.0.as_bytes(), seq as i64, hash.0],
                    |_| Ok(()),
                )
                .optional()
        });
        match stands {
            Ok(Some(())) => match self.main.settle() {
                Ok(true) => Ok(appended),
                _ => Err(JournalError::NotDurable { path, why }.into()),
            },
            _ => Err(failed.into()),
        }
    }
}

/// An entry's place in its chain.
type Place = (WriterId, u64, Hash);

/// What an append writes with.
struct Pen<'a> {
    incident: IncidentId,
    author: &'a Author,
    now: Instant,
    machine: &'a str,
    identity: Identity,
}

impl Pen<'_> {
    /// Writes the drafts; returns the last written.
    fn write(
        &self,
        tx: &Transaction<'_>,
        drafts: Vec<Draft>,
        appended: &mut Appended,
    ) -> rusqlite::Result<Option<Place>> {
        if drafts.is_empty() {
            return Ok(None);
        }
        let writer = self.writer(tx)?;
        let (mut seq, mut prev, mut last) = match last_of(tx, self.incident, writer)? {
            Some(last) => (last.seq, last.hash, last.hlc),
            None => (0, Hash::start(self.incident, writer), Hlc::default()),
        };
        let mut seen = last;
        for other in writers_of(tx, self.incident)? {
            if let Some(theirs) = last_of(tx, self.incident, other)? {
                seen = seen.max(followed(theirs.hlc, self.now));
            }
        }
        let mut insert = tx.prepare_cached(
            "INSERT INTO entries (incident, writer, seq, prev, hash, id, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for draft in drafts {
            seq += 1;
            last = Hlc::tick(last, seen, self.now);
            let entry = Entry {
                writer,
                seq,
                id: draft.id.unwrap_or_else(|| EntryId(Uuid::new_v4())),
                hlc: last,
                happened: draft.happened.unwrap_or(self.now),
                recorded: self.now,
                author: self.author.clone(),
                what: draft.what,
            };
            let body = encode(&entry);
            let hash = Hash::of(prev, &body);
            let row = params![
                self.incident.0.as_bytes(),
                writer.0.as_bytes(),
                seq as i64,
                prev.0,
                hash.0,
                entry.id.0.as_bytes(),
                body
            ];
            appended.cursor = Cursor(insert.insert(row)?);
            // As it will be read back, so that what is folded now is what is folded after the next start.
            appended.own.push(decode(writer, seq, &body).unwrap_or(entry));
            prev = hash;
        }
        Ok(Some((writer, seq, prev)))
    }

    /// This file's pen for the incident. A copied or restored file, or a cloned machine, takes a new one: two files that
    /// go on with one pen would give one number to two entries.
    fn writer(&self, tx: &Transaction<'_>) -> rusqlite::Result<WriterId> {
        // Unsigned on the machine, signed in SQLite: the same bits.
        let (device, inode) = (self.identity.device as i64, self.identity.inode as i64);
        let known = tx
            .prepare_cached(
                "SELECT writer, machine, device, inode, retired FROM writers
                 WHERE incident = ?1 AND machine IS NOT NULL ORDER BY local DESC LIMIT 1",
            )?
            .query_row([self.incident.0.as_bytes()], |row| {
                let same = row.get::<_, String>(1)? == self.machine
                    && row.get::<_, i64>(2)? == device
                    && row.get::<_, i64>(3)? == inode
                    && !row.get::<_, bool>(4)?;
                Ok(uuid(row.get_ref(0)?).filter(|_| same))
            })
            .optional()?
            .flatten();
        if let Some(writer) = known {
            return Ok(WriterId(writer));
        }
        let writer = Uuid::new_v4();
        tx.execute(
            "INSERT INTO writers (incident, writer, machine, device, inode, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![self.incident.0.as_bytes(), writer.as_bytes(), self.machine, device, inode, self.now.to_rfc3339()],
        )?;
        Ok(WriterId(writer))
    }
}

/// A clock that is too far ahead to be followed must not hide the others that are to be.
fn followed(theirs: Hlc, now: Instant) -> Hlc {
    if Hlc::tick(Hlc::default(), theirs, now) > theirs { theirs } else { Hlc::default() }
}
