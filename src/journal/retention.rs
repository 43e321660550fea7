//! What was archived, and what was removed: a removed incident leaves no byte of itself and a mark, so that neither a server nor
//! a bundle brings it back unasked.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::error::{JournalError, sqlite};
use super::open::Journal;
use super::read::uuid;
use crate::incident::Instant;
use crate::incident::entry::{Hash, IncidentId, WriterId};

/// That an incident was archived, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archived {
    pub at: Instant,
    pub by: String,
    /// The archive, and its SHA-256.
    pub path: String,
    pub sha256: String,
    /// How far each writer is in it.
    pub heads: Vec<(WriterId, u64, Hash)>,
}

/// The mark that a removed incident leaves. It says nothing of what the incident was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    pub incident: IncidentId,
    pub at: Instant,
    pub by: String,
    pub entries: u64,
    /// The archive that holds it, where there was one.
    pub archive: Option<(String, String)>,
}

/// What an erasure left on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// False: another process reads, so that SQLite's log still holds old pages until that ends.
    pub log: bool,
    /// Whether the file was made smaller: what was freed is zero in any case.
    pub shrunk: bool,
}

/// A journal up to this size is rewritten after a removal, in bytes; a larger one keeps its size and uses the room again.
const REWRITTEN: i64 = 64 << 20;

impl Journal {
    /// What is known of the newest archive of an incident.
    pub fn archived(&mut self, incident: IncidentId) -> Result<Option<Archived>, JournalError> {
        self.main.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT at, by, path, sha256, heads FROM archived WHERE incident = ?1")?;
            statement.query_row([incident.0.as_bytes()], archived).optional()
        })
    }

    pub fn put_archived(&mut self, incident: IncidentId, archived: &Archived) -> Result<(), JournalError> {
        let path = self.main.path.clone();
        let heads: Vec<(WriterId, u64, String)> =
            archived.heads.iter().map(|(writer, seq, hash)| (*writer, *seq, hash.hex())).collect();
        // Names and numbers always have a JSON form.
        let heads = serde_json::to_string(&heads).unwrap_or_default();
        self.main.write(|tx| {
            let text = "INSERT OR REPLACE INTO archived (incident, at, by, path, sha256, heads) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let row = params![
                incident.0.as_bytes(),
                archived.at.to_rfc3339(),
                archived.by,
                archived.path,
                archived.sha256,
                heads
            ];
            tx.execute(text, row).map(|_| ()).map_err(sqlite(&path))
        })
    }

    /// The incidents that were removed, the last one last.
    pub fn removed(&mut self) -> Result<Vec<Removed>, JournalError> {
        self.main.read(|connection| {
            let text = "SELECT incident, at, by, entries, archive, sha256 FROM removed ORDER BY at, incident";
            let mut statement = connection.prepare_cached(text)?;
            let rows = statement.query_map([], removed)?.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(rows.into_iter().flatten().collect())
        })
    }

    /// Takes an incident out of the journal and of what stands beside it, and leaves the mark; all of it or nothing. Whether it
    /// may go is for the caller to say. What is freed is overwritten.
    /// `judged`: how far each writer was when that was judged; what is written since ends it with nothing removed.
    pub fn remove(&mut self, removed: &Removed, judged: &[(WriterId, u64, Hash)]) -> Result<Erased, JournalError> {
        let (path, incident) = (self.main.path.clone(), removed.incident);
        self.main.overwrite_freed()?;
        self.main.write(|tx| {
            let far: u64 = judged.iter().map(|(_, seq, _)| *seq).sum();
            let there = "SELECT coalesce(sum(last), 0) FROM (SELECT max(seq) AS last FROM entries WHERE incident = ?1 GROUP BY writer)";
            let there = tx.query_row(there, [incident.0.as_bytes()], |row| row.get::<_, i64>(0)).map_err(sqlite(&path))?;
            if u64::try_from(there).unwrap_or(0) != far {
                return Err(JournalError::Moved { incident: incident.short() });
            }
            for table in ["entries", "writers", "archived", "forks"] {
                tx.execute(&format!("DELETE FROM {table} WHERE incident = ?1"), [incident.0.as_bytes()])
                    .map_err(sqlite(&path))?;
            }
            let (archive, hash) = removed.archive.clone().unzip();
            let text = "INSERT OR REPLACE INTO removed (incident, at, by, entries, archive, sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
            let entries = i64::try_from(removed.entries).unwrap_or(i64::MAX);
            let row = params![incident.0.as_bytes(), removed.at.to_rfc3339(), removed.by, entries, archive, hash];
            tx.execute(text, row).map(|_| ()).map_err(sqlite(&path))
        })?;
        let (shrunk, mut log) = self.main.let_go(REWRITTEN)?;
        if let Some(local) = self.local()? {
            let path = local.path.clone();
            local.overwrite_freed()?;
            local.write(|tx| {
                ["drafts", "seen", "bells"]
                    .into_iter()
                    .try_for_each(|table| forget(tx, table, incident))
                    .map_err(sqlite(&path))
            })?;
            log &= local.let_go(REWRITTEN)?.1;
        }
        let cache = self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.overwrite_freed()?;
            cache.write(|tx| {
                ["presence", "met"].into_iter().try_for_each(|table| forget(tx, table, incident)).map_err(sqlite(&path))
            })?;
            cache.let_go(REWRITTEN)
        })?;
        log &= cache.is_none_or(|(_, log)| log);
        Ok(Erased { log, shrunk })
    }

    /// Whether it was removed: then nothing of it is kept beside the journal either.
    pub(super) fn is_removed(&mut self, incident: IncidentId) -> Result<bool, JournalError> {
        self.main.read(|connection| removed_at(connection, incident).map(|at| at.is_some()))
    }

    /// Takes the mark away: the incident may come back. False: there was none.
    pub fn unremove(&mut self, incident: IncidentId) -> Result<bool, JournalError> {
        let path = self.main.path.clone();
        if !self.removed()?.iter().any(|mark| mark.incident == incident) {
            return Ok(false);
        }
        self.main.write(|tx| {
            let gone = tx.execute("DELETE FROM removed WHERE incident = ?1", [incident.0.as_bytes()]);
            gone.map(|n| n > 0).map_err(sqlite(&path))
        })
    }
}

/// Refuses what would bring a removed incident back.
pub(super) fn refuse_removed(
    tx: &Transaction<'_>,
    path: &std::path::Path,
    incident: IncidentId,
) -> Result<(), JournalError> {
    let at = removed_at(tx, incident).map_err(sqlite(path))?;
    match at {
        None => Ok(()),
        Some(at) => Err(JournalError::Removed { path: path.to_owned(), incident: incident.short(), at }),
    }
}

fn removed_at(connection: &Connection, incident: IncidentId) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT at FROM removed WHERE incident = ?1")?
        .query_row([incident.0.as_bytes()], |row| row.get(0))
        .optional()
}

fn forget(tx: &Transaction<'_>, table: &str, incident: IncidentId) -> rusqlite::Result<()> {
    tx.execute(&format!("DELETE FROM {table} WHERE incident = ?1"), [incident.0.as_bytes()]).map(|_| ())
}

fn archived(row: &Row<'_>) -> rusqlite::Result<Archived> {
    let heads: Vec<(WriterId, u64, String)> = serde_json::from_str(&row.get::<_, String>(4)?).unwrap_or_default();
    let heads = heads.into_iter().filter_map(|(writer, seq, hash)| Some((writer, seq, Hash::from_hex(&hash)?)));
    Ok(Archived {
        at: instant(row, 0)?,
        by: row.get(1)?,
        path: row.get(2)?,
        sha256: row.get(3)?,
        heads: heads.collect(),
    })
}

/// None: its name is damaged.
fn removed(row: &Row<'_>) -> rusqlite::Result<Option<Removed>> {
    let Some(incident) = uuid(row.get_ref(0)?) else { return Ok(None) };
    let archive: Option<String> = row.get(4)?;
    let hash: Option<String> = row.get(5)?;
    Ok(Some(Removed {
        incident: IncidentId(incident),
        at: instant(row, 1)?,
        by: row.get(2)?,
        entries: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
        archive: archive.zip(hash),
    }))
}

fn instant(row: &Row<'_>, n: usize) -> rusqlite::Result<Instant> {
    Ok(row.get::<_, String>(n)?.parse().unwrap_or(Instant::UNIX_EPOCH))
}
