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
    let out = entries.iter().map(|entry| match of(entry, rules) {
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
fn of(entry: &Entry, rules: &Rules) -> Option<What> {
    // A rule that is not in the book any more may have been confidential.
    let secret = |rule: &str| rules.get(rule).is_none_or(|rule| rule.confidential);
    let left_out = || WITHHELD.to_owned();
    // In the place of what was known: two decisions stay two.
    let figures = || Figures::from([(WITHHELD.to_owned(), entry.id.to_string().into())]);
    let mut what = entry.what.clone();
    match &mut what {
        What::StageFiled(w) if secret(&w.rule) => {
            (w.reference, w.person, w.how) = (left_out(), String::new(), How::default());
        }
        What::StageConfirmed(w) if secret(&w.rule) => w.how = left_out(),
        What::StageWaived(w) if secret(&w.rule) => {
            (w.why, w.by, w.figures) = (left_out(), String::new(), figures());
        }
        What::StageWithdrawn(w) if secret(&w.rule) => {
            (w.why, w.by, w.figures) = (left_out(), String::new(), figures());
        }
        What::AgencyTold(w) if secret(&w.rule) => w.person = left_out(),
        // What an agency asked is between it and us.
        What::AgencyCalled(w) => (w.about, w.caller) = (left_out(), String::new()),
        _ => return None,
    }
    Some(what)
}
