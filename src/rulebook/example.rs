//! Worked examples: what is known, and what must follow. Reads and checks them against a rulebook; judges nothing.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::expression::FactValue;
use super::growth::{Growth, Series};
use crate::config::Problem;
use crate::config::document::{self, Fields, Found, Value, as_instant, unknown, wrong};
use crate::config::problem::Faults;
use crate::incident::Instant;
use crate::incident::rule::{FactKind, Grows, Rule, Rules};
use crate::text::suggest;

/// A rule in a situation.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    pub id: String,
    pub rule: String,
    pub title: String,
    pub line: usize,
    /// A fact that is absent is unknown.
    pub facts: BTreeMap<String, FactValue>,
    pub clocks: BTreeMap<String, Instant>,
    /// When stages were filed.
    pub filed: BTreeMap<String, Vec<Instant>>,
    /// The day for which to ask whether the rule is in force. None: it is taken to be.
    pub on: Option<NaiveDate>,
    /// The instant at which to look. None: nothing grows, nothing is forecast.
    pub now: Option<Instant>,
    /// Since when facts grow.
    pub outage_start: Option<Instant>,
    /// `users_affected` from each instant on.
    pub users: Vec<(Instant, i64)>,
    pub expect: Expect,
    pub why: String,
}

/// What must follow. What is None is not compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    pub state: Option<String>,
    /// Stages with a number whose clock is known.
    pub due: Option<Vec<(String, Instant)>>,
    /// When it fires; Some(None): never.
    pub fires_at: Option<Option<Instant>>,
}

/// The states that an example may expect.
pub const STATES: [&str; 5] = ["not_in_force", "not_triggered", "unknown", "forecast", "due"];

const USERS: &str = "users_affected";

/// The `[[example]]` and `[[forecast]]` tables of `text`, in this order, or everything that is wrong with them.
pub fn read(file: &str, text: &str, rules: &Rules) -> Result<Vec<Example>, Vec<Problem>> {
    document::read(file, text, |root, faults| {
        // The rest of a rulebook may stand beside them; `super::read` reads that.
        root.allow(&["schema", "as_of", "as_of_note", "kinds", "clocks", "facts", "calendar", "rule"]);
        let mut out = Vec::new();
        let mut seen = BTreeMap::new();
        for (key, forecast) in [("example", false), ("forecast", true)] {
            for mut fields in root.tables(key, faults) {
                out.extend(example(&mut fields, forecast, &mut seen, rules, faults));
                fields.finish(faults);
            }
        }
        Some(out)
    })
}

fn example(
    fields: &mut Fields<'_>,
    forecast: bool,
    seen: &mut BTreeMap<String, usize>,
    rules: &Rules,
    faults: &mut Faults,
) -> Option<Example> {
    let id = fields.need_text("id", faults);
    if let Some(id) = &id
        && let Some(first) = seen.insert(id.value.clone(), id.line)
    {
        faults.add(id.line, &id.key, format!("{:?} is already the id of an example, on line {first}", id.value));
    }
    let name = fields.need_text("rule", faults);
    let rule = name.as_ref().and_then(|name| the_rule(name, rules, faults));
    let facts = facts(fields, rules, faults);
    let clocks = clocks(fields, rules, faults);
    let filed = filed(fields, rule, faults);
    let on = fields.day("on", faults).map(|f| f.value);
    let now = fields.instant("now", faults).map(|f| f.value);
    let outage_start = fields.instant("outage_start", faults).map(|f| f.value);
    if forecast && outage_start.is_none() && fields.get("outage_start", faults).is_none() {
        fields.fault("outage_start", "missing; expected the instant since which facts grow", faults);
    }
    let users = users(fields, faults);
    let expect = expect(fields, forecast, rule, faults);
    let mut text = |key| fields.text(key, faults).map(|f| f.value).unwrap_or_default();
    let (title, why, _) = (text("title"), text("why"), text("note"));
    Some(Example {
        line: fields.line,
        id: id?.value,
        rule: name?.value,
        title,
        facts,
        now: now.or(outage_start),
        outage_start: outage_start.or_else(|| clocks.get("outage_start").copied()),
        clocks,
        filed,
        on,
        users,
        expect,
        why,
    })
}

fn the_rule<'r>(name: &Found<String>, rules: &'r Rules, faults: &mut Faults) -> Option<&'r Rule> {
    let rule = rules.get(&name.value);
    if rule.is_none() {
        let message = match suggest::nearest(&name.value, rules.rules.iter().map(|r| r.id.as_str())) {
            Some(near) => format!("no rule is called {}; did you mean \"{near}\"?", name.value),
            None => format!("no rule is called {}; `warroom rules` lists them", name.value),
        };
        faults.add(name.line, &name.key, message);
    }
    rule
}

fn facts(fields: &mut Fields<'_>, rules: &Rules, faults: &mut Faults) -> BTreeMap<String, FactValue> {
    let mut out = BTreeMap::new();
    let Some(mut table) = fields.table("facts", faults) else { return out };
    for (name, found) in table.entries(faults) {
        let Some(word) = rules.fact(&name) else {
            let known = rules.facts.iter().map(|f| f.name.as_str());
            faults.add(found.line, &found.key, format!("{}: {}", name, unknown("fact", &name, known)));
            continue;
        };
        if let Some(value) = fact(&found, word.kind, faults) {
            out.insert(name, value);
        }
    }
    out
}

fn fact(found: &Found<Value<'_>>, kind: FactKind, faults: &mut Faults) -> Option<FactValue> {
    match kind {
        FactKind::Boolean => {
            let value = found.value.as_bool().map(FactValue::Boolean);
            if value.is_none() {
                wrong(found, "true or false", faults);
            }
            value
        }
        FactKind::Integer => whole(found, faults).map(FactValue::Integer),
    }
}

/// A whole number of 64 bits.
fn whole(found: &Found<Value<'_>>, faults: &mut Faults) -> Option<i64> {
    let Some(digits) = found.value.as_integer() else {
        wrong(found, "a whole number", faults);
        return None;
    };
    let number = i64::from_str_radix(digits.as_str(), digits.radix()).ok();
    if number.is_none() {
        faults.add(found.line, &found.key, "larger than any number that can be compared");
    }
    number
}

fn clocks(fields: &mut Fields<'_>, rules: &Rules, faults: &mut Faults) -> BTreeMap<String, Instant> {
    let mut out = BTreeMap::new();
    let Some(mut table) = fields.table("clocks", faults) else { return out };
    for (name, found) in table.entries(faults) {
        if rules.clock(&name).is_none() {
            let known = rules.clocks.iter().map(|c| c.name.as_str());
            faults.add(found.line, &found.key, format!("{}: {}", name, unknown("clock", &name, known)));
        } else if let Some(at) = as_instant(&found, faults) {
            out.insert(name, at.value);
        }
    }
    out
}

/// A stage was filed at an instant, or at each of several.
fn filed(fields: &mut Fields<'_>, rule: Option<&Rule>, faults: &mut Faults) -> BTreeMap<String, Vec<Instant>> {
    let mut out = BTreeMap::new();
    let Some(mut table) = fields.table("filed", faults) else { return out };
    for (name, found) in table.entries(faults) {
        a_stage(&name, found.line, &found.key, rule, faults);
        let times: Vec<Found<Value<'_>>> = match found.value.as_array() {
            Some(list) => list
                .iter()
                .map(|item| Found { value: item.get_ref(), line: found.line, key: found.key.clone() })
                .collect(),
            None => vec![found],
        };
        let times = times.iter().filter_map(|time| as_instant(time, faults)).map(|at| at.value).collect();
        out.insert(name, times);
    }
    out
}

fn a_stage(name: &str, line: usize, key: &str, rule: Option<&Rule>, faults: &mut Faults) {
    if let Some(rule) = rule.filter(|rule| !rule.stages.iter().any(|s| s.id == name)) {
        let known = rule.stages.iter().map(|s| s.id.as_str());
        faults.add(line, key, format!("{name}: {}", unknown("stage of that rule", name, known)));
    }
}

fn users(fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<(Instant, i64)> {
    let mut out = Vec::new();
    for mut step in fields.tables("users", faults) {
        let from = step.instant("from", faults);
        let count = step.get(USERS, faults).and_then(|found| whole(&found, faults));
        for key in ["from", USERS] {
            if step.get(key, faults).is_none() {
                step.fault(key, "missing; expected from = an instant and users_affected = a whole number", faults);
            }
        }
        step.finish(faults);
        out.extend(from.map(|f| f.value).zip(count));
    }
    out
}

fn expect(fields: &mut Fields<'_>, forecast: bool, rule: Option<&Rule>, faults: &mut Faults) -> Expect {
    let state = fields.text("expect", faults);
    if let Some(state) = state.as_ref().filter(|s| !STATES.contains(&s.value.as_str())) {
        let message = format!("{}: {}", state.value, unknown("state", &state.value, STATES.into_iter()));
        faults.add(state.line, &state.key, message);
    }
    let due = fields.get("due", faults).is_some().then(|| {
        let mut out = Vec::new();
        for mut row in fields.tables("due", faults) {
            let stage = row.need_text("stage", faults);
            if let Some(stage) = &stage {
                a_stage(&stage.value, stage.line, &stage.key, rule, faults);
            }
            let at = row.instant("at", faults);
            if row.get("at", faults).is_none() {
                row.fault("at", "missing; expected an instant", faults);
            }
            row.finish(faults);
            out.extend(stage.map(|s| s.value).zip(at.map(|f| f.value)));
        }
        out
    });
    let key = if forecast { "reportable_at" } else { "fires_at" };
    let fires = fields.instant(key, faults).map(|f| f.value);
    // A forecast without an instant says that it never comes to that.
    let fires_at = if forecast || fires.is_some() { Some(fires) } else { None };
    Expect { state: state.map(|s| s.value), due, fires_at }
}

impl Example {
    /// The facts that grow, as this example tells them. Empty where it does not say at which instant to look.
    pub fn growth(&self, rules: &Rules) -> Growth {
        let mut growth = Growth::default();
        let Some(at) = self.now else { return growth };
        if !self.users.is_empty() {
            growth.count(USERS, self.users.clone());
        }
        let end = self.clocks.get("restoration").copied();
        for word in &rules.facts {
            let steps = match &word.grows {
                None => continue,
                Some(Grows::Minutes) => {
                    self.outage_start.or(Some(at)).map(|start| vec![(start, Some(1))]).unwrap_or_default()
                }
                Some(Grows::By(by)) => self.count(by, at),
            };
            let stopped = end.map(|end| (end, Some(0)));
            let steps: Vec<(Instant, Option<i64>)> =
                steps.into_iter().filter(|(from, _)| end.is_none_or(|end| *from < end)).chain(stopped).collect();
            let stated = match self.facts.get(&word.name) {
                Some(FactValue::Integer(stated)) => Some(*stated),
                Some(FactValue::Boolean(_) | FactValue::Unknown) | None => None,
            };
            let known = steps.iter().any(|(_, count)| count.is_some_and(|count| count > 0));
            let series = match (stated, self.outage_start) {
                (Some(stated), _) if known => Series::new(at, stated, steps),
                (None, Some(start)) if known => Series::new(start, 0, steps),
                (Some(_) | None, _) => continue,
            };
            growth.sum(&word.name, series);
        }
        growth
    }

    /// How a count was over time: as the example tells it, else as it is.
    fn count(&self, fact: &str, at: Instant) -> Vec<(Instant, Option<i64>)> {
        if fact == USERS && !self.users.is_empty() {
            return self.users.iter().map(|(from, count)| (*from, Some(*count))).collect();
        }
        match self.facts.get(fact) {
            Some(FactValue::Integer(count)) => vec![(self.outage_start.unwrap_or(at), Some(*count))],
            Some(FactValue::Boolean(_) | FactValue::Unknown) | None => Vec::new(),
        }
    }
}
