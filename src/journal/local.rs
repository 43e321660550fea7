//! What one person typed, saw and was rung for. Never an entry: it belongs to nobody's record and goes to no one else.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::error::{JournalError, sqlite};
use super::open::Journal;
use crate::incident::entry::IncidentId;

impl Journal {
    /// Keeps what stands in an input, so that it survives the process. Empty text forgets it.
    pub fn put_draft(
        &mut self,
        incident: IncidentId,
        person: &str,
        place: &str,
        text: &str,
    ) -> Result<(), JournalError> {
        if self.is_removed(incident)? {
            return Ok(());
        }
        self.write_local(|tx| {
            let key = params![incident.0.as_bytes(), person, place];
            if text.is_empty() {
                tx.execute("DELETE FROM drafts WHERE incident = ?1 AND person = ?2 AND place = ?3", key)?;
            } else {
                tx.execute(
                    "INSERT OR REPLACE INTO drafts (incident, person, place, text) VALUES (?1, ?2, ?3, ?4)",
                    params![incident.0.as_bytes(), person, place, text],
                )?;
            }
            Ok(())
        })
    }

    /// A person's drafts: place and text.
    pub fn drafts(&mut self, incident: IncidentId, person: &str) -> Result<Vec<(String, String)>, JournalError> {
        let pairs = self.read_local(|c| {
            pairs(
                c,
                "SELECT place, text FROM drafts WHERE incident = ?1 AND person = ?2 ORDER BY place",
                incident,
                person,
            )
        })?;
        Ok(pairs.unwrap_or_default())
    }

    /// Remembers how far a person has seen something; the mark is the caller's own text.
    pub fn mark_seen(
        &mut self,
        incident: IncidentId,
        person: &str,
        what: &str,
        mark: &str,
    ) -> Result<(), JournalError> {
        if self.is_removed(incident)? {
            return Ok(());
        }
        self.write_local(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO seen (incident, person, what, mark) VALUES (?1, ?2, ?3, ?4)",
                params![incident.0.as_bytes(), person, what, mark],
            )
            .map(|_| ())
        })
    }

    /// What a person has seen: what and mark.
    pub fn seen(&mut self, incident: IncidentId, person: &str) -> Result<Vec<(String, String)>, JournalError> {
        let pairs = self.read_local(|c| {
            pairs(c, "SELECT what, mark FROM seen WHERE incident = ?1 AND person = ?2 ORDER BY what", incident, person)
        })?;
        Ok(pairs.unwrap_or_default())
    }

    /// Those of the bells that had not rung for the person, in whichever of the person's rooms comes first; from now on they
    /// have. All or none are kept.
    pub fn ring(&mut self, incident: IncidentId, person: &str, bells: &[String]) -> Result<Vec<String>, JournalError> {
        self.write_local(|tx| {
            let mut insert =
                tx.prepare_cached("INSERT OR IGNORE INTO bells (incident, person, bell) VALUES (?1, ?2, ?3)")?;
            let mut new = Vec::new();
            for bell in bells {
                if insert.execute(params![incident.0.as_bytes(), person, bell])? == 1 {
                    new.push(bell.clone());
                }
            }
            Ok(new)
        })
    }

    /// Remembers who sits at a terminal session.
    pub fn put_name(&mut self, session: &str, name: &str) -> Result<(), JournalError> {
        self.write_local(|tx| {
            let row = params![session, name];
            tx.execute("INSERT OR REPLACE INTO names (session, name) VALUES (?1, ?2)", row).map(|_| ())
        })
    }

    /// Who sits at a terminal session, where somebody said so.
    pub fn name(&mut self, session: &str) -> Result<Option<String>, JournalError> {
        let name = self.read_local(|connection| {
            let query = "SELECT name FROM names WHERE session = ?1";
            connection.query_row(query, [session], |row| row.get(0)).optional()
        })?;
        Ok(name.flatten())
    }

    fn write_local<T>(&mut self, f: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        let journal = self.path().to_owned();
        match self.local()? {
            Some(local) => {
                let path = local.path.clone();
                local.write(|tx| f(tx).map_err(sqlite(&path)))
            }
            None => Err(JournalError::ReadOnly { path: journal }),
        }
    }

    fn read_local<T>(&mut self, f: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<Option<T>, JournalError> {
        match self.local()? {
            Some(local) => local.read(f).map(Some),
            None => Ok(None),
        }
    }
}

fn pairs(c: &Connection, sql: &str, incident: IncidentId, person: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = c.prepare_cached(sql)?;
    let rows = statement.query_map(params![incident.0.as_bytes(), person], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
