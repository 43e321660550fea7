//! What was released together, from the entries of the record: which texts, when each went, and what did not.

use std::collections::BTreeMap;

use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::state::Incident;
use crate::incident::what::What;

/// Texts that one person released at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    pub at: Instant,
    pub by: String,
    pub texts: usize,
    /// When each that went was done.
    pub went: Vec<Instant>,
    pub failed: usize,
    pub unknown: usize,
}

/// How far apart these happened, `0.4 s apart`; None: there are not two.
pub fn apart(times: &[Instant]) -> Option<String> {
    let (first, last) = (times.iter().min()?, times.iter().max()?);
    (times.len() > 1).then(|| format!("{:.1} s apart", (*last - *first).num_milliseconds() as f64 / 1000.0))
}

/// All releases, the earliest first.
pub fn releases(incident: &Incident) -> Vec<Release> {
    let mut all: BTreeMap<(Instant, &str), Release> = BTreeMap::new();
    // The release that each message is on its way by.
    let mut under: BTreeMap<EntryId, (Instant, &str)> = BTreeMap::new();
    for row in incident.timeline.iter().filter(|row| row.applied()) {
        let entry = &row.entry;
        let ended = match &entry.what {
            What::MessageSending(w) => {
                let key = (entry.happened, entry.author.person.as_str());
                let by = entry.author.person.clone();
                let empty = Release { at: entry.happened, by, texts: 0, went: Vec::new(), failed: 0, unknown: 0 };
                all.entry(key).or_insert(empty).texts += 1;
                under.insert(w.message, key);
                continue;
            }
            What::MessageSent(w) => w.message,
            What::MessageFailed(w) => w.message,
            What::MessageUnknown(w) => w.message,
            _ => continue,
        };
        // What is told once more, a receipt perhaps, ended with the first word.
        let Some(release) = under.remove(&ended).and_then(|key| all.get_mut(&key)) else { continue };
        match &entry.what {
            What::MessageSent(_) => release.went.push(entry.happened),
            What::MessageFailed(_) => release.failed += 1,
            _ => release.unknown += 1,
        }
    }
    all.into_values().collect()
}
