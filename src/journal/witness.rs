//! Holds what writers say they saw of each other's chains against what stands here. Writes nothing; believes nobody who
//! speaks of their own chain.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::error::JournalError;
use super::open::Journal;
use super::read::hash;
use super::verify::{Behind, Finding, Report, Witnessed};
use crate::incident::Instant;
use crate::incident::entry::{Entry, Hash, IncidentId, WriterId};
use crate::incident::what::What;
use crate::incident::witness::SeenHead;

/// Gathered along the walk through the rows.
#[derive(Default)]
pub(super) struct Witnesses {
    /// What was seen, by whom, when, and the row that says so.
    seen: Vec<(SeenHead, WriterId, Instant, i64)>,
    /// Every entry that wants a witness, and when it was recorded. None: it does not say.
    entries: Vec<(WriterId, u64, Option<Instant>)>,
}

impl Witnesses {
    pub fn add(&mut self, writer: WriterId, seq: u64, entry: Option<&Entry>, local: i64) {
        match entry {
            // That heads were seen wants no witness.
            Some(Entry { what: What::HeadsSeen(said), recorded, .. }) => {
                let heads = said.heads.iter().filter(|head| head.writer != writer);
                self.seen.extend(heads.map(|head| (head.clone(), writer, *recorded, local)));
            }
            _ => self.entries.push((writer, seq, entry.map(|entry| entry.recorded))),
        }
    }

    pub fn judge(
        self,
        connection: &Connection,
        incident: IncidentId,
        (chains, forks): (&BTreeMap<WriterId, Behind>, &BTreeMap<WriterId, u64>),
        found: &mut Vec<(i64, Finding)>,
        report: &mut Report,
    ) -> rusqlite::Result<()> {
        let mut until: BTreeMap<WriterId, u64> = BTreeMap::new();
        // Of a chain that many saw to be shorter or another it is said once.
        let mut told: BTreeMap<WriterId, u64> = BTreeMap::new();
        for (head, by, seen, local) in self.seen {
            let SeenHead { writer, seq, .. } = head;
            // Of the other history of a fork, which is told as such.
            let other = forks.get(&writer).is_some_and(|fork| seq >= *fork);
            match at(connection, incident, writer, seq)? {
                Some(hash) if hash.hex() == head.hash => {
                    let most = until.entry(writer).or_default();
                    *most = seq.max(*most);
                }
                _ if other => {}
                Some(_) if told.insert(writer, seq).is_none() => {
                    found.push((local, Finding::Rewritten { writer, seq, by, seen }));
                }
                None if told.insert(writer, seq).is_none() => {
                    let after = chains.get(&writer).map_or(0, |behind| behind.seq).min(seq.saturating_sub(1));
                    found.push((local, Finding::Cut { writer, after, seq, by: Some(by) }));
                }
                Some(_) | None => {}
            }
        }
        let named = |(writer, seq): (WriterId, u64)| until.get(&writer).is_some_and(|most| seq <= *most);
        let unseen = self.entries.iter().filter(|(writer, seq, _)| !named((*writer, *seq)));
        let first = unseen.clone().filter_map(|(.., recorded)| *recorded).min();
        let seen = self.entries.iter().filter(|(writer, seq, _)| named((*writer, *seq)));
        let before = seen.filter_map(|(.., recorded)| *recorded).filter(|at| first.is_none_or(|first| *at < first));
        report.witnessed = Witnessed { until: before.max(), since: u64::try_from(unseen.count()).unwrap_or(u64::MAX) };
        Ok(())
    }
}

impl Journal {
    /// Holds heads that were written down elsewhere (in an export, a bundle) against what stands here.
    pub fn against(
        &mut self,
        incident: IncidentId,
        heads: &[(WriterId, u64, Hash)],
    ) -> Result<Vec<Finding>, JournalError> {
        let here = self.head(incident)?.writers;
        self.main.read(|connection| {
            let mut found = Vec::new();
            for (writer, seq, hash) in heads.iter().copied() {
                let last = here.iter().find(|(known, ..)| *known == writer).map_or(0, |(_, seq, _)| *seq);
                match at(connection, incident, writer, seq)? {
                    Some(stored) if stored == hash => {}
                    Some(_) => found.push(Finding::Otherwise { writer, seq }),
                    None => {
                        let after = last.min(seq.saturating_sub(1));
                        found.push(Finding::Cut { writer, after, seq, by: None });
                    }
                }
            }
            Ok(found)
        })
    }
}

/// The hash of an entry as stored; that it is the one of its bytes is for the walk to say.
fn at(connection: &Connection, incident: IncidentId, writer: WriterId, seq: u64) -> rusqlite::Result<Option<Hash>> {
    let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
    connection
        .prepare_cached("SELECT hash FROM entries WHERE incident = ?1 AND writer = ?2 AND seq = ?3")?
        .query_row(params![incident.0.as_bytes(), writer.0.as_bytes(), seq], |row| {
            Ok(hash(row.get_ref(0)?).unwrap_or(Hash::NONE))
        })
        .optional()
}
