//! What is known of an incident, as rules ask: facts with their source, what grows by itself, clocks. Unknown is not false.

use crate::incident::Instant;
use crate::incident::observation::{Health, Source};
use crate::incident::plan::Plan;
use crate::incident::rule::{Grows, Rules};
use crate::incident::state::Incident;
use crate::incident::words::{ComponentState, End, Quality};
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
    /// Chosen for one rule alone.
    pub own: bool,
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
    /// A page's component whose harm is the fact: how it is, since when, and when it first harmed.
    Component {
        source: String,
        component: String,
        /// None: it left the page.
        state: Option<ComponentState>,
        since: Instant,
        first_harm: Option<Instant>,
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
                own: false,
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
    ClockView {
        name: name.to_owned(),
        at,
        by,
        why: why.to_owned(),
        assumed,
        readings: at.into_iter().collect(),
        own: false,
    }
}

/// A clock as a rule runs from it: the one that was set for this rule alone, else the one for all. What one authority must hear
/// of may become known at another instant than what another must.
pub fn clock_of(incident: &Incident, rule: &str, name: &str) -> ClockView {
    let own = names::own_clock(name, rule);
    match incident.clocks.contains_key(&own) {
        true => ClockView { name: name.to_owned(), own: true, ..clock(incident, &own) },
        false => clock(incident, name),
    }
}

/// Everything that rules may ask of an incident at an instant.
pub struct Facts<'a> {
    incident: &'a Incident,
    pub(super) plan: &'a Plan,
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

    /// From a person, else from an exact and fresh metric, else from a page's component, else from what grows.
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
        if let Some((value, origin)) = self.of_component(name) {
            return view(value, origin);
        }
        match grown {
            Some(value) => view(value, Origin::Grows { at_least: self.growth.at_least(name, self.now) }),
            None => view(FactValue::Unknown, Origin::Nobody),
        }
    }

    /// Once it harmed its users it is true, whatever came after; while a fresh page says that it works and it never harmed, it
    /// is not; else it is not known. The worst of several pages counts.
    fn of_component(&self, name: &str) -> Option<(FactValue, Origin)> {
        let wanted = self.plan.facts.iter().find(|f| f.name == name)?.component.as_deref()?;
        let is_it = |id: &str, name: &str| id == wanted || name.eq_ignore_ascii_case(wanted);
        let folded = self.incident.components.iter().filter(|((_, id), c)| is_it(id, &c.name));
        let origin = |source: &str, component: &str, state, since, first_harm| Origin::Component {
            source: source.to_owned(),
            component: component.to_owned(),
            state,
            since,
            first_harm,
        };
        let of = |origin_of: &str| {
            let source = self.sources.iter().find(|s| s.observation.as_ref().is_some_and(|o| o.origin == origin_of));
            source.map_or_else(|| origin_of.to_owned(), |s| s.name.clone())
        };
        let harmed = folded.clone().filter(|(_, c)| c.first_harm.is_some() || c.state.is_some_and(|s| s.harms()));
        if let Some(((page, _), seen)) = harmed.min_by_key(|(_, c)| c.first_harm) {
            let from = origin(&of(page), &seen.name, seen.state, seen.since, seen.first_harm.or(Some(seen.since)));
            return Some((FactValue::Boolean(true), from));
        }
        let not_known = |state: Option<ComponentState>| state.is_none_or(|s| s == ComponentState::Unknown);
        if let Some(((page, _), seen)) = folded.clone().find(|(_, c)| not_known(c.state)) {
            return Some((FactValue::Unknown, origin(&of(page), &seen.name, seen.state, seen.since, None)));
        }
        let fresh = self.sources.iter().filter(|s| s.health(self.real) == Health::Fresh);
        let seen = fresh.filter_map(|s| Some((s, s.observation.as_ref()?)));
        let mut now =
            seen.flat_map(|(s, o)| o.components.iter().map(move |c| (s, c))).filter(|(_, c)| is_it(&c.id, &c.name));
        let (source, component) = now.next()?;
        let well = |c: &crate::incident::observation::Component| c.state == ComponentState::Operational;
        let all_well = well(component) && now.all(|(_, c)| well(c));
        let value = if all_well { FactValue::Boolean(false) } else { FactValue::Unknown };
        let since = component.since.or(source.last_success).unwrap_or(self.now);
        Some((value, origin(&source.name, &component.name, Some(component.state), since, None)))
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

/// The facts that grow by themselves, from when the outage began until its restoration: as somebody set that clock, else as it
/// was verified.
fn growth(incident: &Incident, plan: &Plan, rules: &Rules) -> Growth {
    let mut growth = Growth::default();
    let Some(started) = incident.started() else { return growth };
    // Of several who say when it was restored the last counts: it grows until then.
    let end = clock(incident, "restoration").readings.into_iter().max();
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
