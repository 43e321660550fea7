//! The room's clock as stored, so that every process of a demo lives at the same instant. Never reads the real time.

use rusqlite::OptionalExtension;

use super::error::{JournalError, sqlite};
use super::open::Journal;
use crate::incident::clock::Clock;

impl Journal {
    /// The wall clock unless a demo stored another.
    pub fn clock(&mut self) -> Result<Clock, JournalError> {
        let body = self.main.read(|connection| {
            connection.query_row("SELECT body FROM clock WHERE one = 1", [], |row| row.get::<_, String>(0)).optional()
        })?;
        match body {
            None => Ok(Clock::wall()),
            // To fall back on the wall clock would date a demo's entries by years; better to say so.
            Some(body) => serde_json::from_str(&body).map_err(|e| JournalError::Damaged {
                path: self.main.path.clone(),
                why: format!("its stored clock does not read ({e})"),
            }),
        }
    }

    pub fn set_clock(&mut self, clock: &Clock) -> Result<(), JournalError> {
        let path = self.main.path.clone();
        // A speed that is no number has no JSON form that reads back.
        let speed = if clock.speed.is_finite() { clock.speed } else { 0.0 };
        let body = serde_json::to_string(&Clock { speed, ..*clock }).unwrap_or_default();
        self.main.write(|tx| {
            tx.execute("INSERT OR REPLACE INTO clock (one, body) VALUES (1, ?1)", [&body])
                .map(|_| ())
                .map_err(sqlite(&path))
        })
    }
}
