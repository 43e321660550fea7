//! The timeline: every entry in the order in which things happened, in shared chunks, so that a copy costs next to nothing.

use std::sync::Arc;

use super::Instant;
use super::entry::{Entry, EntryId, Order};

const CHUNK: usize = 512;

/// What an entry did to the state.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Applied,
    /// It is true of the outside world and was done without the right to do it.
    Without(Arc<str>),
    /// It stays in the record and changed nothing, for this reason.
    None(Arc<str>),
    /// It was taken back.
    Retracted(Arc<str>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub entry: Arc<Entry>,
    pub effect: Effect,
}

impl Row {
    /// Whether it changed the state and was not taken back.
    pub fn applied(&self) -> bool {
        matches!(self.effect, Effect::Applied | Effect::Without(_))
    }

    fn key(&self) -> (Instant, Order) {
        (self.entry.happened, self.entry.order())
    }
}

/// Rows by (happened, canonical order).
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    chunks: Vec<Arc<Vec<Row>>>,
    len: usize,
}

impl PartialEq for Timeline {
    fn eq(&self, other: &Timeline) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl Timeline {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a row where it happened; nearly always at the end.
    pub fn insert(&mut self, row: Row) {
        self.len += 1;
        let key = row.key();
        let at = self.chunks.partition_point(|chunk| chunk.first().is_some_and(|first| first.key() <= key));
        let index = at.saturating_sub(1);
        let Some(chunk) = self.chunks.get_mut(index) else {
            self.chunks.push(Arc::new(vec![row]));
            return;
        };
        let rows = Arc::make_mut(chunk);
        let place = rows.partition_point(|r| r.key() <= key);
        if place == rows.len() && rows.len() >= CHUNK {
            self.chunks.insert(index + 1, Arc::new(vec![row]));
            return;
        }
        rows.insert(place, row);
        if rows.len() > 2 * CHUNK {
            let tail = rows.split_off(CHUNK);
            self.chunks.insert(index + 1, Arc::new(tail));
        }
    }

    /// Oldest first; double-ended, so that the newest cost nothing.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// The row of an entry; a search from the newest on.
    pub fn find(&self, id: EntryId) -> Option<&Row> {
        self.iter().rev().find(|row| row.entry.id == id)
    }

    /// Rows whose entry id begins with the hex digits.
    pub fn starting_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Row> {
        self.iter().filter(move |row| {
            let hex = row.entry.id.0.simple().to_string();
            hex.starts_with(&prefix.replace('-', "").to_lowercase())
        })
    }
}
