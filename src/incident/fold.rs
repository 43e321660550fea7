//! The fold: a set of entries, in one canonical order, reduced one after the other. Total: it cannot fail.
//!
//! Any order of arrival, any duplicate and any split of the set gives the same state: the set is kept sorted, entries that
//! come in order are applied in place, and a late one refolds from the last checkpoint before it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::apply::{apply, retractable};
use super::entry::{Entry, EntryId, Order};
use super::state::Incident;
use super::what::What;

/// A checkpoint every so many entries.
const STRIDE: usize = 4096;

/// The entries known here and the state they fold to.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// In canonical order, one of each (writer, seq).
    entries: Vec<Arc<Entry>>,
    /// Of entries with one id (the same remote fact seen by several), the least in order is the one that counts.
    winners: HashMap<EntryId, Order>,
    /// Entries taken back, with the reason.
    retracted: HashMap<EntryId, Arc<str>>,
    retractions: BTreeSet<Order>,
    /// Messages that left the building, or may have: what was written of them cannot be taken back any more.
    left: HashSet<EntryId>,
    /// State before the entry at that index.
    checkpoints: Vec<(usize, Arc<Incident>)>,
    incident: Arc<Incident>,
    /// How many of the entries are in the state.
    folded: usize,
}

/// The state that a set of entries folds to.
pub fn fold(entries: impl IntoIterator<Item = Entry>) -> Incident {
    let mut log = Log::default();
    log.absorb(entries);
    Arc::unwrap_or_clone(log.incident)
}

impl Log {
    /// The present state; a copy of the handle costs nothing.
    pub fn incident(&self) -> &Arc<Incident> {
        &self.incident
    }

    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// Adds entries to the set and brings the state up to date.
    pub fn absorb(&mut self, entries: impl IntoIterator<Item = Entry>) {
        let mut fresh: Vec<Arc<Entry>> = entries.into_iter().map(Arc::new).collect();
        fresh.sort_by_key(|e| e.order());
        fresh.dedup_by_key(|e| (e.writer, e.seq));
        // Where the first entry stands from which the state has to be folded anew.
        let mut from = self.entries.len();
        let mut added = false;
        for entry in fresh {
            let order = entry.order();
            let place = self.entries.partition_point(|e| e.order() < order);
            if self.entries.get(place).is_some_and(|e| e.order() == order) {
                continue;
            }
            match self.winners.get(&entry.id) {
                // A duplicate that is less in order takes the other's place: all after it is folded anew.
                Some(winner) if *winner < order => {}
                Some(_) | None => {
                    self.winners.insert(entry.id, order);
                }
            }
            if let What::Retracted(_) = entry.what {
                self.retractions.insert(order);
            }
            if let Some(message) = leaves(&entry.what) {
                self.left.insert(message);
            }
            self.entries.insert(place, entry);
            added = true;
            from = from.min(place);
        }
        if !added {
            return;
        }
        // Also where none came now: what an earlier one names may have come.
        if !self.retractions.is_empty() {
            from = from.min(self.settle_retractions());
        }
        self.refold(from);
    }

    /// Works out which entries are taken back, the latest retraction first, since it may take back an earlier one.
    /// Returns the least index whose standing changed.
    fn settle_retractions(&mut self) -> usize {
        let mut retracted: HashMap<EntryId, Arc<str>> = HashMap::new();
        for order in self.retractions.iter().rev() {
            let place = self.entries.partition_point(|e| e.order() < *order);
            let Some(entry) = self.entries.get(place) else { continue };
            if retracted.contains_key(&entry.id) || self.winners.get(&entry.id) != Some(order) {
                continue;
            }
            if let What::Retracted(w) = &entry.what
                && self.winners.get(&w.entry).is_some_and(|target| target < order && !self.has_left(target))
            {
                retracted.insert(w.entry, w.why.as_str().into());
            }
        }
        let changed: BTreeSet<EntryId> = retracted
            .keys()
            .chain(self.retracted.keys())
            .filter(|id| retracted.get(id) != self.retracted.get(id))
            .copied()
            .collect();
        self.retracted = retracted;
        let orders = changed.iter().filter_map(|id| self.winners.get(id));
        orders.map(|order| self.entries.partition_point(|e| e.order() < *order)).min().unwrap_or(self.entries.len())
    }

    /// Whether the entry at that place wrote, changed or approved a message that left the building.
    fn has_left(&self, order: &Order) -> bool {
        let place = self.entries.partition_point(|e| e.order() < *order);
        self.entries.get(place).is_some_and(|entry| match &entry.what {
            What::MessageDrafted(_) => self.left.contains(&entry.id),
            What::MessageEdited(w) => self.left.contains(&w.message),
            What::MessageApproved(w) => self.left.contains(&w.message),
            _ => false,
        })
    }

    /// Folds from the last checkpoint not after `from` to the end.
    fn refold(&mut self, from: usize) {
        let mut start = self.folded;
        if from < self.folded {
            self.checkpoints.retain(|(index, _)| *index <= from);
            let (index, state) = self.checkpoints.pop().unwrap_or_default();
            start = index;
            self.incident = state;
        }
        for (index, entry) in self.entries.iter().enumerate().skip(start) {
            if index % STRIDE == 0 {
                self.checkpoints.push((index, Arc::clone(&self.incident)));
            }
            let incident = Arc::make_mut(&mut self.incident);
            if self.winners.get(&entry.id) != Some(&entry.order()) {
                incident.duplicates += 1;
                continue;
            }
            let why = self.retracted.get(&entry.id).filter(|_| retractable(&entry.what));
            apply(incident, entry, why.map(|why| &**why));
        }
        self.folded = self.entries.len();
    }
}

/// The message that an entry says has left the building, or may have.
fn leaves(what: &What) -> Option<EntryId> {
    match what {
        What::MessageSending(w) => Some(w.message),
        What::MessageSent(w) => Some(w.message),
        What::MessageDelivered(w) => Some(w.message),
        What::MessageUnknown(w) => Some(w.message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::entry::{Author, Hlc, WriterId};
    use crate::incident::timeline::Effect;
    use crate::incident::what::*;
    use crate::incident::words::{Severity, TaskState};

    fn entry(n: i64, writer: u128, id: &str, what: impl Into<What>) -> Entry {
        let at = crate::incident::Instant::UNIX_EPOCH + chrono::TimeDelta::minutes(n);
        Entry {
            writer: WriterId(uuid::Uuid::from_u128(writer)),
            seq: n as u64,
            id: EntryId::derived(&[id]),
            hlc: Hlc(n, 0),
            happened: at,
            recorded: at,
            author: Author { person: "kim".into(), host: "jump".into(), machine: false },
            what: what.into(),
        }
    }

    fn added(n: i64, id: &str) -> Entry {
        let what = TaskAdded { title: id.into(), team: None, owner: None, minutes: 5, first: false, planned: None };
        entry(n, 1, id, what)
    }

    fn id(of: &str) -> EntryId {
        EntryId::derived(&[of])
    }

    #[test]
    fn a_late_acknowledgement_does_not_undo_what_is_done() {
        let done = entry(3, 1, "d", TaskDone { task: id("t"), result: String::new() });
        let ack = entry(4, 2, "a", TaskAcknowledged { task: id("t"), by: "ana".into(), minutes: 5 });
        let state = fold([added(1, "t"), done, ack]);
        assert_eq!(state.tasks[&id("t")].state, TaskState::Done);
        let row = state.timeline.find(id("a")).unwrap();
        assert_eq!(row.effect, Effect::None("it is done already".into()));
    }

    #[test]
    fn two_that_replace_the_same_conflict_and_the_graver_holds() {
        let set = |n, w, id: &str, severity, replaces| {
            entry(n, w, id, SeveritySet { severity, why: String::new(), replaces })
        };
        let first = set(1, 1, "a", Severity::Sev3, vec![]);
        let graver = set(2, 1, "b", Severity::Sev1, vec![id("a")]);
        let lighter = set(3, 2, "c", Severity::Sev4, vec![id("a")]);
        let state = fold([first.clone(), graver.clone(), lighter.clone()]);
        assert!(state.severity.conflict());
        assert_eq!(state.severity(), Severity::Sev1);
        let settled = fold([first, graver, lighter, set(4, 1, "d", Severity::Sev2, vec![id("b"), id("c")])]);
        assert_eq!(settled.severity.agreed(), Some(&Severity::Sev2));
    }

    #[test]
    fn an_undo_of_an_undo_brings_it_back() {
        let retract = |n, name: &str, of: &str| entry(n, 1, name, Retracted { entry: id(of), why: "slip".into() });
        let done = entry(2, 1, "d", TaskDone { task: id("t"), result: String::new() });
        let undone = fold([added(1, "t"), done.clone(), retract(3, "r1", "d")]);
        assert_eq!(undone.tasks[&id("t")].state, TaskState::Open);
        let again = fold([added(1, "t"), done, retract(3, "r1", "d"), retract(4, "r2", "r1")]);
        assert_eq!(again.tasks[&id("t")].state, TaskState::Done);
    }

    #[test]
    fn the_same_remote_fact_by_two_writers_counts_once() {
        let note = |writer| entry(1, writer, "n", Noted { text: "x".into(), follow_up: false });
        let state = fold([note(2), note(1)]);
        assert_eq!((state.timeline.len(), state.duplicates), (1, 1));
    }
}
