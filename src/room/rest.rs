//! What the one polling process of a host records in the incidents that it has not open: whoever leads there must not miss
//! what a backend said because a room on another incident asked it.

use std::collections::BTreeMap;

use crate::incident::Instant;
use crate::incident::entry::{Author, Draft, IncidentId};
use crate::incident::fold::Log;
use crate::incident::state::Incident;
use crate::incident::words::Phase;
use crate::journal::{Cursor, Journal};

/// The other incidents as folded so far.
#[derive(Default)]
pub struct Rest {
    known: BTreeMap<IncidentId, (Log, Cursor)>,
}

impl Rest {
    /// Records what `drafts` makes of a poll in every open incident but `own`. An exercise hears only what its own room asks.
    /// The first trouble is told; the others are written all the same.
    pub fn hear(
        &mut self,
        journal: &mut Journal,
        own: IncidentId,
        author: &Author,
        now: Instant,
        drafts: impl Fn(&Incident) -> Vec<Draft>,
    ) -> Result<(), String> {
        let all = journal.incidents().map_err(|error| error.to_string())?;
        let mut trouble = Ok(());
        for summary in all.iter().filter(|summary| summary.incident != own) {
            let (log, cursor) = self.known.entry(summary.incident).or_default();
            let told = hear_one(journal, summary.incident, author, now, (log, cursor), &drafts);
            if trouble.is_ok() {
                trouble = told;
            }
        }
        trouble
    }
}

fn hear_one(
    journal: &mut Journal,
    id: IncidentId,
    author: &Author,
    now: Instant,
    (log, cursor): (&mut Log, &mut Cursor),
    drafts: &impl Fn(&Incident) -> Vec<Draft>,
) -> Result<(), String> {
    let (entries, after) = journal.read_after(id, *cursor, usize::MAX).map_err(|error| error.to_string())?;
    log.absorb(entries);
    *cursor = after;
    let hears = |incident: &Incident| incident.phase() != Phase::Resolved && !incident.is_exercise();
    if !hears(log.incident()) || drafts(log.incident()).is_empty() {
        return Ok(());
    }
    let written = journal.append::<String>(id, author, now, *cursor, |others| {
        log.absorb(others.iter().cloned());
        Ok(if hears(log.incident()) { drafts(log.incident()) } else { Vec::new() })
    });
    let appended = written.map_err(|error| error.to_string())?;
    *cursor = appended.cursor;
    log.absorb(appended.own);
    Ok(())
}
