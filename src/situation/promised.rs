//! What was promised and is still owed, as one thing to do: the same word to several for the same time.

use std::collections::{BTreeMap, BTreeSet};

use crate::incident::Instant;
use crate::incident::plan::Plan;
use crate::incident::state::{Incident, Promise};

/// One word that is owed to some at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Promised<'a> {
    pub due: Instant,
    pub text: &'a str,
    /// One to each of them: over several channels the same was promised once more.
    pub promises: Vec<&'a Promise>,
    /// Whom, as people call them, in the same order.
    pub names: Vec<String>,
}

/// All that is owed, the earliest first.
pub fn open<'a>(incident: &'a Incident, plan: &Plan) -> Vec<Promised<'a>> {
    let mut alike: BTreeMap<(Instant, &str), Vec<&Promise>> = BTreeMap::new();
    for promise in incident.promises.values().filter(|p| p.kept.is_none()) {
        alike.entry((promise.due, &promise.text)).or_default().push(promise);
    }
    let one = |((due, text), mut promises): ((Instant, &'a str), Vec<&'a Promise>)| {
        let mut known = BTreeSet::new();
        promises.retain(|promise| known.insert(promise.to.as_str()));
        // The one on which lives may hang stands for all.
        promises.sort_by_key(|p| !plan.audience(&p.to).is_some_and(|a| a.life));
        let name = |p: &&Promise| plan.audience(&p.to).map_or(p.to.clone(), |a| a.name.clone());
        let names = promises.iter().map(name).collect();
        Promised { due, text, promises, names }
    };
    alike.into_iter().map(one).collect()
}
