//! What one journal has, lacks and takes in from another, writer by writer. Never orders writers among each other.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::error::JournalError;
use super::merge::{Merged, Row, writer};
use super::open::Journal;
use super::read::{hash, uuid, writers_of};
use crate::incident::entry::{EntryId, Hash, IncidentId, WriterId};

/// Entries that are not here although later ones of their writer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    pub writer: WriterId,
    pub first: u64,
    pub last: u64,
}

/// What was taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many entries of each writer were new.
    pub new: BTreeMap<WriterId, usize>,
    pub known: usize,
    /// Writers with two histories, and from which entry on. Of what came of them from there on nothing was taken.
    pub forks: Vec<(WriterId, u64)>,
}

/// Rows in one transaction: others who write wait no longer than that takes.
const AT_A_TIME: usize = 2_000;

impl Journal {
    /// How far each writer is here without a gap, and the hash there. One of whom the first entry is missing is not listed.
    pub fn has(&mut self, incident: IncidentId) -> Result<Vec<(WriterId, u64, Hash)>, JournalError> {
        self.main.read(|connection| {
            let mut found = Vec::new();
            for writer in writers_of(connection, incident)? {
                found.extend(gap_free(connection, incident, writer, None)?.map(|(seq, hash)| (writer, seq, hash)));
            }
            found.sort_unstable_by_key(|(writer, ..)| *writer);
            Ok(found)
        })
    }

    /// The same for one who asks again and again: goes on from what was found before.
    pub fn advance(
        &mut self,
        incident: IncidentId,
        has: &mut BTreeMap<WriterId, (u64, Hash)>,
    ) -> Result<(), JournalError> {
        let found = self.main.read(|connection| {
            let mut found = Vec::new();
            for writer in writers_of(connection, incident)? {
                let last = gap_free(connection, incident, writer, has.get(&writer).copied())?;
                found.extend(last.map(|last| (writer, last)));
            }
            Ok(found)
        })?;
        has.extend(found);
        Ok(())
    }

    /// The same of one writer alone.
    pub fn advance_one(
        &mut self,
        incident: IncidentId,
        writer: WriterId,
        has: &mut BTreeMap<WriterId, (u64, Hash)>,
    ) -> Result<(), JournalError> {
        let from = has.get(&writer).copied();
        let last = self.main.read(|connection| gap_free(connection, incident, writer, from))?;
        has.extend(last.map(|last| (writer, last)));
        Ok(())
    }

    /// The incidents of which any writer is known, without a look at their entries.
    pub fn incident_ids(&mut self) -> Result<Vec<IncidentId>, JournalError> {
        self.main.read(|connection| {
            let mut all = connection.prepare_cached("SELECT DISTINCT incident FROM writers ORDER BY incident")?;
            let ids = all.query_map([], |row| Ok(uuid(row.get_ref(0)?).map(IncidentId)))?;
            Ok(ids.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
        })
    }

    /// What is known to be missing.
    pub fn missing(&mut self, incident: IncidentId) -> Result<Vec<Missing>, JournalError> {
        self.main.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT writer, seq, before FROM (
                    SELECT writer, seq, lag(seq, 1, 0) OVER (PARTITION BY writer ORDER BY seq) AS before
                    FROM entries WHERE incident = ?1
                 ) WHERE seq > before + 1",
            )?;
            let mut rows = statement.query([incident.0.as_bytes()])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let number = |n| row.get::<_, i64>(n).map(|n| u64::try_from(n).unwrap_or(0));
                let (seq, before) = (number(1)?, number(2)?);
                let Some(writer) = writer(row.get_ref(0)?) else { continue };
                found.push(Missing { writer, first: before + 1, last: seq.saturating_sub(1) });
            }
            Ok(found)
        })
    }

    /// The writers that are this file's own pens, the present one and those before it.
    pub fn own_writers(&mut self, incident: IncidentId) -> Result<Vec<WriterId>, JournalError> {
        self.main.read(|connection| {
            let mut own =
                connection.prepare_cached("SELECT writer FROM writers WHERE incident = ?1 AND machine IS NOT NULL")?;
            let writers = own.query_map([incident.0.as_bytes()], |row| Ok(writer(row.get_ref(0)?)))?;
            Ok(writers.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
        })
    }

    /// Which of whose entries has this id; none where there is none.
    pub fn place_of(&mut self, incident: IncidentId, entry: EntryId) -> Result<Option<(WriterId, u64)>, JournalError> {
        self.main.read(|connection| {
            let mut place =
                connection.prepare_cached("SELECT writer, seq FROM entries WHERE incident = ?1 AND id = ?2")?;
            let place = place.query_row(params![incident.0.as_bytes(), entry.0.as_bytes()], |row| {
                let seq = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                Ok(writer(row.get_ref(0)?).map(|writer| (writer, seq)))
            });
            Ok(place.optional()?.flatten())
        })
    }

    /// All that is here above what somebody has of each writer, by writer and seq.
    pub fn above(
        &mut self,
        incident: IncidentId,
        has: &BTreeMap<WriterId, u64>,
        limit: usize,
    ) -> Result<Vec<Row>, JournalError> {
        let mut writers = self.main.read(|connection| writers_of(connection, incident))?;
        writers.sort_unstable();
        let mut found = Vec::new();
        for writer in writers {
            let left = limit - found.len();
            if left == 0 {
                break;
            }
            found.extend(self.rows(incident, writer, has.get(&writer).copied().unwrap_or(0), left)?);
        }
        Ok(found)
    }

    /// Takes in rows of several writers, each writer's rising. A fork ends what is taken of its writer and of no other. What
    /// was taken stays, wherever this ends: it may be repeated.
    pub fn take(&mut self, incident: IncidentId, rows: &[Row]) -> Result<Taken, JournalError> {
        let mut taken = Taken::default();
        for of_writer in rows.chunk_by(|a, b| a.writer == b.writer) {
            for some in of_writer.chunks(AT_A_TIME) {
                let merged = match self.merge(incident, some) {
                    Ok(merged) => merged,
                    Err(JournalError::Fork { seq, .. }) => {
                        let Some(first) = some.first() else { break };
                        // What is before it is the same history.
                        let before = some.partition_point(|row| row.seq < seq);
                        let merged =
                            some.get(..before).map_or(Ok(Merged::default()), |some| self.merge(incident, some))?;
                        taken.count(first.writer, merged);
                        taken.forks.push((first.writer, seq));
                        break;
                    }
                    Err(error) => return Err(error),
                };
                if let Some(first) = some.first() {
                    taken.count(first.writer, merged);
                }
            }
        }
        Ok(taken)
    }
}

impl Taken {
    fn count(&mut self, writer: WriterId, merged: Merged) {
        if merged.new > 0 {
            *self.new.entry(writer).or_default() += merged.new;
        }
        self.known += merged.known;
    }

    /// All that was new.
    pub fn all_new(&self) -> usize {
        self.new.values().sum()
    }
}

/// Goes on from what was found before.
fn gap_free(
    connection: &Connection,
    incident: IncidentId,
    writer: WriterId,
    from: Option<(u64, Hash)>,
) -> rusqlite::Result<Option<(u64, Hash)>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, hash FROM entries WHERE incident = ?1 AND writer = ?2 AND seq > ?3 ORDER BY seq",
    )?;
    let after = from.map_or(0, |(seq, _)| i64::try_from(seq).unwrap_or(i64::MAX));
    let mut rows = statement.query(params![incident.0.as_bytes(), writer.0.as_bytes(), after])?;
    let mut last = from;
    while let Some(row) = rows.next()? {
        let expected = last.as_ref().map_or(1, |(seq, _)| seq + 1);
        if row.get::<_, i64>(0)? != i64::try_from(expected).unwrap_or(i64::MAX) {
            break;
        }
        // Behind a damaged one nothing is had.
        let Some(hash) = hash(row.get_ref(1)?) else { break };
        last = Some((expected, hash));
    }
    Ok(last)
}
