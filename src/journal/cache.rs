//! What each source last answered, for the processes that do not poll. Never waits for the disk; losing it is harmless.

use rusqlite::params;

use super::error::{JournalError, sqlite};
use super::open::Journal;
use crate::incident::observation::Source;

impl Journal {
    /// The sources by name. One that a newer warroom wrote otherwise is left out until it is asked again.
    pub fn sources(&mut self) -> Result<Vec<Source>, JournalError> {
        let bodies = self.with_cache(|cache| {
            cache.read(|connection| {
                let mut statement = connection.prepare_cached("SELECT body FROM sources ORDER BY name")?;
                statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
            })
        })?;
        Ok(bodies.unwrap_or_default().iter().filter_map(|body| serde_json::from_str(body).ok()).collect())
    }

    /// Replaces what is known of the source; returns the cache's new revision.
    pub fn put_source(&mut self, source: &Source) -> Result<u64, JournalError> {
        // A source is plain data with text keys: it always has a JSON form.
        let Ok(body) = serde_json::to_string(source) else { return self.cache_rev() };
        let rev = self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| {
                let put = || {
                    let rev: i64 = tx.query_row("UPDATE rev SET rev = rev + 1 RETURNING rev", [], |row| row.get(0))?;
                    tx.prepare_cached("INSERT OR REPLACE INTO sources (name, rev, body) VALUES (?1, ?2, ?3)")?
                        .execute(params![source.name, rev, body])?;
                    Ok(rev)
                };
                put().map_err(sqlite(&path))
            })
        })?;
        match rev {
            Some(rev) => Ok(u64::try_from(rev).unwrap_or(0)),
            None => Err(JournalError::ReadOnly { path: self.path().to_owned() }),
        }
    }

    /// Forgets a source that is no longer configured.
    pub fn drop_source(&mut self, name: &str) -> Result<(), JournalError> {
        self.with_cache(|cache| {
            let path = cache.path.clone();
            cache.write(|tx| {
                let gone = tx.execute("DELETE FROM sources WHERE name = ?1", [name]).map_err(sqlite(&path))?;
                if gone > 0 {
                    tx.execute("UPDATE rev SET rev = rev + 1", []).map_err(sqlite(&path))?;
                }
                Ok::<_, JournalError>(())
            })
        })
        .map(|_| ())
    }

    /// Moves with every change of a source.
    pub fn cache_rev(&mut self) -> Result<u64, JournalError> {
        let rev = self.with_cache(|cache| {
            cache.read(|connection| connection.query_row("SELECT rev FROM rev", [], |row| row.get::<_, i64>(0)))
        })?;
        Ok(u64::try_from(rev.unwrap_or(0)).unwrap_or(0))
    }
}
