//! Reads and checks a rulebook. Gathers every fault with its line; never accepts a rule that could not be evaluated.

use std::collections::BTreeMap;

use super::evaluate::STAGE;
use super::expression;
use super::facts::{self, FACTS};
use super::names::{ANY, CLOCKS, Name, ORGANISATIONS};
use crate::config::Problem;
use crate::config::document::{self, Fields, Found, unknown};
use crate::config::problem::Faults;
use crate::incident::rule::{Confidence, Rule, Rules, Stage, Unit};
use crate::text::{instant, suggest, width};

const UNITS: &[(&str, Unit)] =
    &[("minutes", Unit::Minutes), ("hours", Unit::Hours), ("calendar_days", Unit::CalendarDays), ("asap", Unit::Asap)];

const CONFIDENCES: &[(&str, Confidence)] =
    &[("high", Confidence::High), ("medium", Confidence::Medium), ("low", Confidence::Low)];

/// The pane's column for an agency.
const SHORT: usize = 14;

/// The rules of `text`, or everything that is wrong with it. `file` is how faults name it.
pub fn read(file: &str, text: &str) -> Result<Rules, Vec<Problem>> {
    document::read(file, text, |root, faults| {
        let mut rules = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for mut fields in root.tables("rule", faults) {
            rules.extend(rule(&mut fields, &mut seen, faults));
            fields.finish(faults);
        }
        Some(Rules { rules })
    })
}

fn rule(fields: &mut Fields<'_>, seen: &mut BTreeMap<String, usize>, faults: &mut Faults) -> Option<Rule> {
    let id = fields.need_text("id", faults);
    if let Some(id) = &id {
        once(id, "rule", seen, faults);
    }
    let short = fields.text("short", faults);
    if let Some(short) = short.as_ref().filter(|s| width::width(&s.value) > SHORT) {
        faults.add(short.line, &short.key, format!("wider than {SHORT} columns"));
    }
    let applies_to = fields.texts("applies_to", faults);
    match &applies_to {
        Some(kinds) if kinds.value.is_empty() => faults.add(kinds.line, &kinds.key, "empty: it would concern nobody"),
        Some(kinds) => {
            let known = || ORGANISATIONS.iter().map(|k| k.name).chain([ANY]);
            for kind in kinds.value.iter().filter(|kind| !known().any(|k| k == kind.as_str())) {
                let message = format!("{kind}: {}", unknown("kind of organisation", kind, known()));
                faults.add(kinds.line, &kinds.key, message);
            }
        }
        None => fields.fault("applies_to", "missing; expected a list of kinds of organisation, or [\"any\"]", faults),
    }
    let when = fields.need_text("when", faults);
    if let Some(when) = &when {
        trigger(when, faults);
    }
    let clock = fields.need_text("clock", faults);
    if let Some(clock) = &clock {
        named(CLOCKS, "clock", clock, faults);
    }
    let timezone = fields.need_text("timezone", faults);
    if let Some(zone) = &timezone
        && let Err(message) = instant::zone(&zone.value)
    {
        faults.add(zone.line, &zone.key, message);
    }
    let stages = stages(fields, faults);
    let (effective, until) = (fields.day("effective", faults), fields.day("until", faults));
    if let (Some(first), Some(last)) = (&effective, &until)
        && last.value < first.value
    {
        faults.add(last.line, &last.key, "before the first day on which it binds");
    }
    if fields.get("as_of", faults).is_none() {
        fields.fault("as_of", "missing; expected the day on which the text was last looked at", faults);
    }
    let as_of = fields.day("as_of", faults);
    let confidence = word(fields, "confidence", CONFIDENCES, faults);
    let [jurisdiction, agency, title, trigger, citation] =
        ["jurisdiction", "agency", "title", "trigger", "citation"].map(|key| fields.need_text(key, faults));
    Some(Rule {
        method: fields.text("method", faults).map(|f| f.value).unwrap_or_default(),
        content: fields.texts("content", faults).map(|f| f.value).unwrap_or_default(),
        confirmed_by: fields.text("confirmed_by", faults).map(|f| f.value).unwrap_or_default(),
        note: fields.text("note", faults).map(|f| f.value).unwrap_or_default(),
        voluntary: fields.flag("voluntary", faults).is_some_and(|f| f.value),
        jurisdiction: jurisdiction?.value,
        agency: agency?.value,
        title: title?.value,
        trigger: trigger?.value,
        citation: citation?.value,
        id: id?.value,
        short: short.map(|f| f.value),
        applies_to: applies_to?.value,
        when: when?.value,
        clock: clock?.value,
        timezone: timezone?.value,
        stages,
        as_of: as_of?.value.to_string(),
        effective: effective.map(|f| f.value),
        until: until.map(|f| f.value),
        confidence: confidence?,
    })
}

fn stages(rule: &mut Fields<'_>, faults: &mut Faults) -> Vec<Stage> {
    let mut stages = Vec::new();
    let mut seen = BTreeMap::new();
    for mut fields in rule.tables("stage", faults) {
        stages.extend(stage(&mut fields, &mut seen, faults));
        fields.finish(faults);
    }
    if seen.is_empty() {
        rule.fault("stage", "missing; expected at least one [[rule.stage]]", faults);
    }
    stages
}

/// `seen` holds the ids of the stages before this one.
fn stage(fields: &mut Fields<'_>, seen: &mut BTreeMap<String, usize>, faults: &mut Faults) -> Option<Stage> {
    let earlier: Vec<String> = seen.keys().cloned().collect();
    let id = fields.need_text("id", faults);
    if let Some(id) = &id {
        once(id, "stage of this rule", seen, faults);
    }
    let name = fields.need_text("name", faults);
    let after = fields.need_text("after", faults);
    if let Some(after) = &after {
        match after.value.strip_prefix(STAGE) {
            Some(stage) if earlier.iter().any(|id| id == stage) => {}
            Some(stage) => {
                let message = unknown("earlier stage", stage, earlier.iter().map(String::as_str));
                faults.add(after.line, &after.key, message);
            }
            None => named(CLOCKS, "clock", after, faults),
        }
    }
    let unit = word(fields, "unit", UNITS, faults);
    let counted = fields.get("amount", faults).is_some();
    // Ten years in minutes: what is more is a slip.
    let amount = fields.number("amount", 0, 5_256_000, faults).and_then(|n| u32::try_from(n.value).ok());
    match unit {
        Some(Unit::Asap) if counted => fields.fault("amount", "\"asap\" takes no amount", faults),
        Some(Unit::Minutes | Unit::Hours | Unit::CalendarDays) if !counted => {
            fields.fault("amount", "missing; expected a whole number", faults);
        }
        Some(Unit::Asap | Unit::Minutes | Unit::Hours | Unit::CalendarDays) | None => {}
    }
    let to = fields.text("to", faults).map(|f| f.value);
    Some(Stage { id: id?.value, name: name?.value, after: after?.value, amount, unit: unit?, to })
}

fn trigger(when: &Found<String>, faults: &mut Faults) {
    let expression = match expression::parse(&when.value) {
        Ok(expression) => expression,
        Err(fault) => return faults.add(when.line, &when.key, fault.to_string()),
    };
    for name in expression.facts() {
        // An organisation may use facts of its own; a slip in a known name would leave the rule open for ever.
        if facts::fact(name).is_none()
            && let Some(near) = suggest::nearest(name, FACTS.iter().map(|f| f.name))
        {
            faults.add(when.line, &when.key, format!("no such fact: {name}; did you mean \"{near}\"?"));
        }
    }
    if let Some(message) = expression.mistyped(&|name| facts::fact(name).map(|f| f.kind)) {
        faults.add(when.line, &when.key, message);
    }
}

fn named(list: &'static [Name], what: &str, found: &Found<String>, faults: &mut Faults) {
    if !list.iter().any(|n| n.name == found.value) {
        let message = format!("{}: {}", found.value, unknown(what, &found.value, list.iter().map(|n| n.name)));
        faults.add(found.line, &found.key, message);
    }
}

/// One of a closed set of words.
fn word<T: Copy>(fields: &mut Fields<'_>, key: &'static str, words: &[(&str, T)], faults: &mut Faults) -> Option<T> {
    let found = fields.need_text(key, faults)?;
    let known = words.iter().find(|(word, _)| *word == found.value);
    if known.is_none() {
        faults.add(
            found.line,
            &found.key,
            format!("{}: {}", found.value, unknown(key, &found.value, words.iter().map(|w| w.0))),
        );
    }
    known.map(|(_, value)| *value)
}

fn once(id: &Found<String>, what: &str, seen: &mut BTreeMap<String, usize>, faults: &mut Faults) {
    if let Some(first) = seen.insert(id.value.clone(), id.line) {
        faults.add(id.line, &id.key, format!("{:?} is already the id of a {what}, on line {first}", id.value));
    }
}
