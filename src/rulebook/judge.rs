//! Judges worked examples: what the rulebook says of each, and where that differs from what was expected. Needs no incident.

use super::deadline::Due;
use super::evaluate::{Evaluation, FactValue, Known, State, evaluate};
use super::example::Example;
use super::forecast::Fires;
use crate::incident::Instant;
use crate::incident::rule::{FactWord, Grows, Rules};

/// What the rulebook says of an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub evaluation: Evaluation,
    /// One of `example::STATES`.
    pub state: &'static str,
    /// Facts that are missing and would decide; for a forecast, those that it takes to be so.
    pub missing: Vec<String>,
    pub fires_at: Option<Instant>,
}

/// None: the book has no such rule.
pub fn judge(rules: &Rules, example: &Example) -> Option<Judged> {
    let rule = rules.get(&example.rule)?;
    let growth = example.growth(rules);
    let known = Known {
        facts: &|name| example.facts.get(name).copied().unwrap_or(FactValue::Unknown),
        growth: &growth,
        clocks: &|name| example.clocks.get(name).copied().into_iter().collect(),
        filed: &|stage| example.filed.get(stage).cloned().unwrap_or_default(),
        on: example.on,
        now: example.now,
    };
    let evaluation = evaluate(rules, rule, &rule.applies_to, &known);
    let fires = evaluation.fires.clone().or_else(|| from_start(rules, example));
    let fires_at = match evaluation.state {
        State::Due => evaluation.reportable,
        State::NotTriggered | State::Unknown { .. } => fires.as_ref().map(|fires| fires.at),
        State::NotInForce | State::NotConcerned => None,
    };
    let assumed = |fires: Option<Fires>| fires.map(|fires| fires.assumes).unwrap_or_default();
    let (state, missing) = match &evaluation.state {
        State::NotInForce | State::NotConcerned => ("not_in_force", Vec::new()),
        State::NotTriggered if fires_at.is_some() => ("forecast", assumed(fires)),
        State::NotTriggered => ("not_triggered", Vec::new()),
        State::Unknown { missing } => ("unknown", missing.clone()),
        State::Due => ("due", Vec::new()),
    };
    Some(Judged { evaluation, state, missing, fires_at })
}

/// For an example that says since when, and neither how long nor at which instant to look: when it fires, seen from the start.
/// Its state stays as its facts have it: what is absent is unknown.
fn from_start(rules: &Rules, example: &Example) -> Option<Fires> {
    let start = example.outage_start.filter(|_| example.now.is_none())?;
    let stated = |word: &&FactWord| word.grows == Some(Grows::Minutes) && example.facts.contains_key(&word.name);
    if rules.facts.iter().any(|word| stated(&word)) {
        return None;
    }
    judge(rules, &Example { now: Some(start), ..example.clone() })?.evaluation.fires
}

impl Judged {
    /// The deadlines with a number that hold for certain, as an example writes them down.
    pub fn due(&self) -> Vec<(String, Instant)> {
        let certain = self.evaluation.stages.iter().filter(|stage| !stage.iff);
        let numbered = certain.filter_map(|stage| match stage.due {
            Some(Due::At(at)) => Some((stage.stage.clone(), at)),
            Some(Due::Asap(_)) | None => None,
        });
        numbered.collect()
    }

    /// Where it differs from what the example expects, a sentence each.
    pub fn differences(&self, example: &Example) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(expected) = example.expect.state.as_ref().filter(|state| *state != self.state) {
            let missing =
                if self.missing.is_empty() { String::new() } else { format!(", missing {}", self.missing.join(", ")) };
            out.push(format!("state: expected {expected}, found {}{missing}", self.state));
        }
        let shown = |at: Option<Instant>| at.map_or("never".to_owned(), rfc3339);
        if let Some(expected) = example.expect.fires_at.filter(|expected| *expected != self.fires_at) {
            out.push(format!("fires: expected {}, found {}", shown(expected), shown(self.fires_at)));
        }
        let Some(expected) = &example.expect.due else { return out };
        let found = self.due();
        let of = |list: &[(String, Instant)], stage: &str| list.iter().find(|(id, _)| id == stage).map(|(_, at)| *at);
        for (stage, at) in expected.iter().filter(|(stage, at)| of(&found, stage) != Some(*at)) {
            let there = of(&found, stage).map_or("no deadline".to_owned(), rfc3339);
            out.push(format!("{stage}: expected {}, found {there}", rfc3339(*at)));
        }
        for (stage, at) in found.iter().filter(|(stage, _)| of(expected, stage).is_none()) {
            out.push(format!("{stage}: expected no deadline, found {}", rfc3339(*at)));
        }
        out
    }
}

fn rfc3339(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
