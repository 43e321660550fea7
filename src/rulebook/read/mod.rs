//! Reads and checks a rulebook. Gathers every fault with its line; never accepts a rule that could not be evaluated.

mod stage;
mod words;

use std::collections::BTreeMap;

use chrono_tz::Tz;
use toml::de::DeValue;

use super::expression;
use super::names::ANY;
use super::{BOOK, combine};
use crate::config::Problem;
use crate::config::document::{self, Fields, Found, unknown, wrong};
use crate::config::problem::Faults;
use crate::incident::rule::{Basis, Confidence, InForce, Rule, Rules};
use crate::text::{instant, suggest, width};

const CONFIDENCES: &[(&str, Confidence)] =
    &[("high", Confidence::High), ("medium", Confidence::Medium), ("low", Confidence::Low)];

const BASES: &[(&str, Basis)] = &[("text", Basis::Text), ("secondary", Basis::Secondary), ("recall", Basis::Recall)];

/// What a file may say that it is.
pub const SCHEMA: &str = "warroom-agencies/1";

/// The pane's column for an agency.
const SHORT: usize = 14;

/// The rules and words of `text`, which may use the words of the built-in book, or everything that is wrong with it. `file` is
/// how faults name it.
pub fn read(file: &str, text: &str) -> Result<Rules, Vec<Problem>> {
    read_over(file, text, &BOOK.words)
}

/// The same, where `base` holds the words that it may use beside its own.
pub fn read_over(file: &str, text: &str, base: &Rules) -> Result<Rules, Vec<Problem>> {
    document::read(file, text, |root, faults| {
        let own = words::read(root, faults);
        let all = combine(base.words(), own.clone());
        words::check(root, &all, faults);
        let mut rules = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for mut fields in root.tables("rule", faults) {
            rules.extend(rule(&mut fields, &mut seen, &all, faults));
            fields.finish(faults);
        }
        // Examples may stand beside the rules that they are about; `super::example` reads those.
        root.allow(&["example", "forecast"]);
        Some(Rules { rules, ..own })
    })
}

/// The words of a text that may be faulty: what can be read of them, so that its fellows may use them.
pub fn words_of(text: &str) -> Rules {
    let mut found = Rules::default();
    let _ = document::read("", text, |root, faults| {
        found = words::read(root, faults);
        Some(())
    });
    found
}

fn rule(fields: &mut Fields<'_>, seen: &mut BTreeMap<String, usize>, all: &Rules, faults: &mut Faults) -> Option<Rule> {
    let id = fields.need_text("id", faults);
    if let Some(id) = &id {
        once(id, "rule", seen, faults);
    }
    let short = fields.text("short", faults);
    if let Some(short) = short.as_ref().filter(|s| width::width(&s.value) > SHORT) {
        faults.add(short.line, &short.key, format!("wider than {SHORT} columns"));
    }
    let applies_to = applies_to(fields, all, faults);
    let when = fields.need_text("when", faults);
    if let Some(when) = &when {
        condition(when, all, faults);
    }
    let clock = fields.need_text("clock", faults);
    if let Some(clock) = &clock {
        named("clock", clock, all.clocks.iter().map(|c| c.name.as_str()), faults);
    }
    let timezone = fields.need_text("timezone", faults);
    if let Some(zone) = &timezone {
        a_zone(zone, faults);
    }
    let calendar = fields.text("calendar", faults);
    if let Some(calendar) = &calendar {
        named("calendar", calendar, all.calendars.iter().map(|c| c.id.as_str()), faults);
    }
    let stages = stage::stages(fields, calendar.is_some(), all, faults);
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
    let basis = if fields.get("basis", faults).is_some() { word(fields, "basis", BASES, faults) } else { None };
    let in_force = in_force(fields, faults);
    let [jurisdiction, agency, title, trigger, citation] =
        ["jurisdiction", "agency", "title", "trigger", "citation"].map(|key| fields.need_text(key, faults));
    let mut text = |key| fields.text(key, faults).map(|f| f.value).unwrap_or_default();
    let (method, confirmed_by, withdraw) = (text("method"), text("confirmed_by"), text("withdraw"));
    let (calendar_note, note, effective_note) = (text("calendar_note"), text("note"), text("effective_note"));
    let if_not = text("if_not");
    let mut flag = |key| fields.flag(key, faults).is_some_and(|f| f.value);
    let (voluntary, confidential) = (flag("voluntary"), flag("confidential"));
    Some(Rule {
        method,
        content: fields.texts("content", faults).map(|f| f.value).unwrap_or_default(),
        confirmed_by,
        withdraw,
        calendar_note,
        note,
        if_not,
        effective_note,
        merge: fields.text("merge", faults).map(|f| f.value),
        voluntary,
        confidential,
        jurisdiction: jurisdiction?.value,
        agency: agency?.value,
        title: title?.value,
        trigger: trigger?.value,
        citation: citation?.value,
        id: id?.value,
        short: short.map(|f| f.value),
        applies_to: applies_to?,
        when: when?.value,
        clock: clock?.value,
        timezone: timezone?.value,
        calendar: calendar.map(|f| f.value),
        stages,
        as_of: as_of?.value.to_string(),
        basis,
        in_force,
        effective: effective.map(|f| f.value),
        until: until.map(|f| f.value),
        confidence: confidence?,
    })
}

fn applies_to(fields: &mut Fields<'_>, all: &Rules, faults: &mut Faults) -> Option<Vec<String>> {
    let Some(kinds) = fields.texts("applies_to", faults) else {
        if fields.get("applies_to", faults).is_none() {
            let message = "missing; expected a list of kinds of organisation, or [\"any\"]";
            fields.fault("applies_to", message, faults);
        }
        return None;
    };
    if kinds.value.is_empty() {
        faults.add(kinds.line, &kinds.key, "empty: it would concern nobody");
    }
    let known = || all.kinds.iter().map(|k| k.name.as_str()).chain([ANY]);
    for kind in kinds.value.iter().filter(|kind| !known().any(|k| k == kind.as_str())) {
        let message = format!("{kind}: {}", unknown("kind of organisation", kind, known()));
        faults.add(kinds.line, &kinds.key, message);
    }
    Some(kinds.value)
}

/// `true`, `false` or `"pending"`; true where it is absent.
fn in_force(fields: &mut Fields<'_>, faults: &mut Faults) -> InForce {
    let Some(found) = fields.get("in_force", faults) else { return InForce::Yes };
    match found.value {
        DeValue::Boolean(true) => InForce::Yes,
        DeValue::Boolean(false) => InForce::No,
        DeValue::String(text) if text.as_ref() == "pending" => InForce::Pending,
        _ => {
            wrong(&found, "true, false or \"pending\"", faults);
            InForce::Yes
        }
    }
}

/// An expression over the facts of the book.
fn condition(found: &Found<String>, all: &Rules, faults: &mut Faults) {
    let expression = match expression::parse(&found.value) {
        Ok(expression) => expression,
        Err(fault) => return faults.add(found.line, &found.key, fault.to_string()),
    };
    for name in expression.facts().into_iter().filter(|name| all.fact(name).is_none()) {
        // A slip in a name would leave the rule open for ever: a fact of one's own is declared.
        let hint = match suggest::nearest(name, all.facts.iter().map(|f| f.name.as_str())) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "declare one of your own with [[facts]]: name, type, meaning".to_owned(),
        };
        faults.add(found.line, &found.key, format!("no such fact: {name}; {hint}"));
    }
    if let Some(message) = expression.mistyped(&|name| all.fact(name).map(|f| f.kind)) {
        faults.add(found.line, &found.key, message);
    }
}

fn named<'a>(what: &str, found: &Found<String>, known: impl Iterator<Item = &'a str> + Clone, faults: &mut Faults) {
    if !known.clone().any(|name| name == found.value) {
        let message = format!("{}: {}", found.value, unknown(what, &found.value, known));
        faults.add(found.line, &found.key, message);
    }
}

fn a_zone(found: &Found<String>, faults: &mut Faults) -> Option<Tz> {
    instant::zone(&found.value).map_err(|message| faults.add(found.line, &found.key, message)).ok()
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
