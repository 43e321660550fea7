//! The record without what was filed where that is presumed confidential: numbers, names and words of such filings are left
//! out, that they were made is not. A copy for others; what is stored never changes.

use std::sync::Arc;

use crate::incident::entry::Entry;
use crate::incident::rule::Rules;
use crate::incident::stage::{Figures, How};
use crate::incident::what::What;

/// What stands in the place of what is left out.
pub const WITHHELD: &str = "withheld: presumed confidential";

/// The entries as others may read them, and how many of them lack something.
pub fn withheld(entries: &[Arc<Entry>], rules: &Rules) -> (Vec<Arc<Entry>>, usize) {
    let mut count = 0;
    let out = entries.iter().map(|entry| match of(&entry.what, rules) {
        Some(what) => {
            count += 1;
            Arc::new(Entry { what, ..Entry::clone(entry) })
        }
        None => Arc::clone(entry),
    });
    let out = out.collect();
    (out, count)
}

/// None: nothing of it is confidential.
fn of(what: &What, rules: &Rules) -> Option<What> {
    let secret = |rule: &str| rules.get(rule).is_some_and(|rule| rule.confidential);
    let left_out = || WITHHELD.to_owned();
    let mut what = what.clone();
    match &mut what {
        What::StageFiled(w) if secret(&w.rule) => {
            (w.reference, w.person, w.how) = (left_out(), String::new(), How::default());
        }
        What::StageConfirmed(w) if secret(&w.rule) => w.how = left_out(),
        What::StageWaived(w) if secret(&w.rule) => (w.why, w.figures) = (left_out(), Figures::default()),
        What::StageWithdrawn(w) if secret(&w.rule) => w.why = left_out(),
        What::AgencyTold(w) if secret(&w.rule) => w.person = left_out(),
        _ => return None,
    }
    Some(what)
}
