//! What is known of an incident, as rules ask: facts with their source, what grows by itself, clocks. Unknown is not false.

use crate::incident::Instant;
use crate::incident::observation::{Health, Source};
use crate::incident::plan::Plan;
use crate::incident::rule::{Grows, Rules};
use crate::incident::state::Incident;
use crate::incident::words::{End, Quality};
use crate::rulebook::growth::{Growth, Series};
use crate::rulebook::{FactValue, names};

/// A clock, who chose it and why.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockView {
    pub name: String,
    /// The earliest reading.
    pub at: Option<Instant>,
    pub by: String,
    pub why: String,
    pub assumed: bool,
    /// Every reading, the earliest first: several where people chose differently.
    pub readings: Vec<Instant>,
}

/// A fact as rules use it, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct FactView {
    pub name: String,
    pub value: FactValue,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    Person {
        by: String,
        at: Instant,
        basis: String,
        confirmed_by: Option<String>,
    },
    /// People said different things: it is not known until they agree.
    Conflict,
    Metric {
        source: String,
        metric: String,
    },
    /// It grows by itself; "at least" where the count that it sums had gaps.
    Grows {
        at_least: bool,
    },
    /// Nobody said, nothing measures it.
    Nobody,
}

/// A clock as it was chosen; else what follows from the declaration, marked as assumed. The earlier reading is worked to.
pub fn clock(incident: &Incident, name: &str) -> ClockView {
    if let Some(register) = incident.clocks.get(name) {
        let mut readings: Vec<Instant> = register.heads().iter().map(|h| h.value.at).collect();
        readings.sort_unstable();
        readings.dedup();
        // While two choices conflict the earlier holds: the deadline that comes first.
        if let Some(head) = register.heads().iter().min_by_key(|h| h.value.at) {
            return ClockView {
                name: name.to_owned(),
                at: Some(head.value.at),
                by: head.by.clone(),
                why: head.value.why.clone(),
                assumed: head.value.assumed || register.conflict(),
                readings,
            };
        }
    }
    let declared = incident.declared.as_ref();
    let by = declared.map(|d| d.by.person.clone()).unwrap_or_default();
    let (at, why) = match name {
        "outage_start" => (declared.map(|d| d.started), "start of the incident"),
        "discovery" | "detection" | "awareness" => match declared.and_then(|d| d.detected) {
            Some(at) => (Some(at), "as declared: when it was detected"),
            None => (declared.map(|d| d.started), "nobody has said when it was found: the start is taken"),
        },
        "restoration" => (incident.ends.get(&End::Verified).map(|(at, _)| *at), "verified restoration"),
        _ => (None, "not set"),
    };
    let assumed = name != "outage_start";
    ClockView { name: name.to_owned(), at, by, why: why.to_owned(), assumed, readings: at.into_iter().collect() }
}

/// Everything that rules may ask of an incident at an instant.
pub struct Facts<'a> {
    incident: &'a Incident,
    plan: &'a Plan,
    sources: &'a [Source],
    /// For the age of what is measured.
    real: Instant,
    now: Instant,
    pub growth: Growth,
}

impl<'a> Facts<'a> {
    pub fn new(
        incident: &'a Incident,
        plan: &'a Plan,
        rules: &Rules,
        sources: &'a [Source],
        now: Instant,
        real: Instant,
    ) -> Facts<'a> {
        let growth = growth(incident, plan, rules);
        Facts { incident, plan, sources, real, now, growth }
    }

    /// From a person, else from an exact and fresh metric, else from what grows.
    pub fn value(&self, name: &str) -> FactValue {
        self.view(name).value
    }

    pub fn view(&self, name: &str) -> FactView {
        let view = |value, origin| FactView { name: name.to_owned(), value, origin };
        let grown = self.growth.value(name, self.now);
        if let Some(register) = self.incident.facts.get(name) {
            let Some(setting) = register.setting() else { return view(FactValue::Unknown, Origin::Conflict) };
            let origin = Origin::Person {
                by: setting.by.clone(),
                at: setting.at,
                basis: setting.value.basis.clone(),
                confirmed_by: setting.value.confirmed_by.clone(),
            };
            return view(grown.unwrap_or_else(|| FactValue::from(&setting.value.value)), origin);
        }
        if let Some((source, metric, value)) = self.measured(name) {
            return view(FactValue::Integer(value), Origin::Metric { source, metric });
        }
        match grown {
            Some(value) => view(value, Origin::Grows { at_least: self.growth.at_least(name, self.now) }),
            None => view(FactValue::Unknown, Origin::Nobody),
        }
    }

    fn measured(&self, name: &str) -> Option<(String, String, i64)> {
        let metric = metric(self.plan, name)?;
        let fresh = self.sources.iter().filter(|s| s.health(self.real) == Health::Fresh);
        fresh.filter_map(|s| Some((s, s.observation.as_ref()?))).find_map(|(source, seen)| {
            let found = seen.metrics.iter().find(|m| m.name == metric && m.quality == Quality::Exact)?;
            let value = found.value.filter(|v| v.is_finite())?;
            Some((source.name.clone(), metric.to_owned(), rounded(value)))
        })
    }
}

/// The metric that a fact of the plan is taken from.
fn metric<'p>(plan: &'p Plan, fact: &str) -> Option<&'p str> {
    plan.facts.iter().find(|f| f.name == fact).and_then(|f| f.metric.as_deref())
}

/// Rounded up, so that a threshold is met rather than missed. Saturates.
fn rounded(value: f64) -> i64 {
    value.ceil() as i64
}

/// The facts that grow by themselves, from when the outage began until its restoration was verified.
fn growth(incident: &Incident, plan: &Plan, rules: &Rules) -> Growth {
    let mut growth = Growth::default();
    let Some(started) = incident.started() else { return growth };
    let end = incident.ends.get(&End::Verified).map(|(at, _)| *at);
    for (name, grows) in names::growing(rules) {
        let steps = match grows {
            Grows::Minutes => vec![(started, Some(1))],
            Grows::By(count) => counts(incident, plan, count),
        };
        if steps.is_empty() {
            continue;
        }
        let stopped = end.map(|end| (end, Some(0)));
        let steps = steps.into_iter().filter(|(at, _)| end.is_none_or(|end| *at < end)).chain(stopped).collect();
        // A sum that the plan has measured is not reckoned as well.
        if metric(plan, name).is_some() && !incident.facts.contains_key(name) {
            continue;
        }
        // What a person stated goes on from there; stated to be unknown, or in conflict, it is not known.
        let series = match incident.facts.get(name) {
            None => Series::new(started, 0, steps),
            Some(register) => {
                let Some(setting) = register.setting() else { continue };
                let FactValue::Integer(stated) = FactValue::from(&setting.value.value) else { continue };
                Series::new(setting.at, stated, steps)
            }
        };
        growth.sum(name, series);
    }
    growth
}

/// A count as it was over time: as measured, and from the first statement of a person on as people stated it.
fn counts(incident: &Incident, plan: &Plan, fact: &str) -> Vec<(Instant, Option<i64>)> {
    let stated = incident.stated.get(fact).map(Vec::as_slice).unwrap_or_default();
    let first = stated.first().map(|(at, _)| *at);
    let seen = metric(plan, fact).and_then(|metric| incident.metrics.iter().find(|((_, name), _)| name == metric));
    let measured = seen.into_iter().flat_map(|(_, seen)| &seen.history);
    let measured = measured.filter(|(at, _)| first.is_none_or(|first| *at < first));
    measured.map(|(at, value)| (*at, value.map(rounded))).chain(stated.iter().copied()).collect()
}
