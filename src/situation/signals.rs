//! The signals at the moment: few numbers with direction and age, components with their worst state, alerts alike grouped.

use std::collections::BTreeMap;

use crate::incident::Instant;
use crate::incident::observation::{Health, Source};
use crate::incident::state::Incident;
use crate::incident::words::{AlertState, ComponentState, Quality};

#[derive(Clone, Debug, PartialEq)]
pub struct Signals {
    pub metrics: Vec<MetricView>,
    pub components: Vec<ComponentView>,
    pub alerts: Vec<AlertGroup>,
    pub sources: Vec<SourceView>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MetricView {
    pub name: String,
    pub unit: String,
    /// The last known value. Whether it is current says `current`.
    pub value: Option<f64>,
    pub current: bool,
    pub quality: Quality,
    pub why: String,
    pub estimated: bool,
    pub direction: Direction,
    /// Seconds since the value was last known for certain: of polling, by real time, plus the sample's own age.
    pub age: Option<i64>,
    pub source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    Flat,
    NotKnown,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ComponentView {
    pub name: String,
    /// The worst that any source says; None: gone from every page.
    pub state: Option<ComponentState>,
    pub since: Option<Instant>,
    /// What each source says, where they differ.
    pub mismatch: Option<String>,
    /// The source that says so does not answer now.
    pub old: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AlertGroup {
    pub name: String,
    pub firing: usize,
    pub suppressed: usize,
    /// No longer listed. That is not a recovery.
    pub gone: usize,
    pub oldest: Option<Instant>,
    pub newest: Option<Instant>,
    pub severity: String,
    pub summary: String,
    pub acked: Option<Acked>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Acked {
    pub by: String,
    pub due: Instant,
    /// Alerts that came after it.
    pub new: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SourceView {
    pub name: String,
    pub family: String,
    pub kind: String,
    pub health: Health,
    /// Seconds since the last good answer, real time.
    pub age: Option<i64>,
    /// When that was; real time.
    pub last: Option<Instant>,
    pub error: Option<String>,
    pub partial: Option<String>,
    pub skew: Option<f64>,
}

impl AlertGroup {
    /// Standing alerts of the group.
    pub fn standing(&self) -> usize {
        self.firing + self.suppressed
    }
}

/// All signals. `now` is the room's instant, `real` the real one: ages of polling run on real time.
pub fn signals(incident: &Incident, sources: &[Source], now: Instant, real: Instant) -> Signals {
    Signals {
        metrics: metrics(incident, sources, now, real),
        components: components(incident, sources, real),
        alerts: alerts(incident),
        sources: sources.iter().map(|s| source(s, real)).collect(),
    }
}

fn source(source: &Source, real: Instant) -> SourceView {
    let observation = source.observation.as_ref();
    SourceView {
        name: source.name.clone(),
        family: source.family.to_string(),
        kind: source.kind.clone(),
        health: source.health(real),
        age: source.age(real).map(|age| age.num_seconds().max(0)),
        last: source.last_success,
        error: source.error.clone(),
        partial: observation.filter(|o| o.quality != Quality::Exact).map(|o| o.quality_why.clone().unwrap_or_default()),
        skew: source.skew.filter(|s| s.abs() > 5.0),
    }
}

fn metrics(incident: &Incident, sources: &[Source], now: Instant, real: Instant) -> Vec<MetricView> {
    let mut out = Vec::new();
    for source in sources {
        let Some(observation) = &source.observation else { continue };
        let fresh = source.health(real) == Health::Fresh;
        for metric in &observation.metrics {
            let seen = incident.metrics.get(&(observation.origin.clone(), metric.name.clone()));
            let known = seen.and_then(|s| s.last_known);
            let value = metric.value.or(known.map(|(value, _)| value));
            let polled = source.age(real).map(|age| age.num_seconds().max(0));
            let age = match (metric.value, known) {
                (Some(_), _) => polled,
                (None, Some((_, at))) => Some((now - at).num_seconds().max(0)),
                (None, None) => None,
            };
            out.push(MetricView {
                name: metric.name.clone(),
                unit: metric.unit.clone(),
                value,
                current: fresh && metric.value.is_some() && metric.quality != Quality::Stale,
                quality: metric.quality,
                why: metric.why.clone().or_else(|| source.error.clone()).unwrap_or_default(),
                estimated: metric.estimated,
                direction: direction(&metric.history, metric.value, seen.map(|s| s.history.as_slice())),
                age,
                source: source.name.clone(),
            });
        }
    }
    // Metrics of a source that has never answered in this process, but is in the record.
    for ((_, name), seen) in &incident.metrics {
        if !out.iter().any(|m| m.name == *name) {
            out.push(MetricView {
                name: name.clone(),
                unit: seen.unit.clone(),
                value: seen.last_known.map(|(value, _)| value),
                current: false,
                quality: Quality::Stale,
                why: "not polled here".to_owned(),
                estimated: seen.estimated,
                direction: Direction::NotKnown,
                age: seen.last_known.map(|(_, at)| (now - at).num_seconds().max(0)),
                source: String::new(),
            });
        }
    }
    out
}

fn direction(history: &[(Instant, f64)], value: Option<f64>, recorded: Option<&[(Instant, Option<f64>)]>) -> Direction {
    let Some(value) = value else { return Direction::NotKnown };
    // A tenth of an hour back, or the oldest point there is.
    let earlier = match history.first() {
        Some((_, first)) => Some(*first),
        None => recorded.and_then(|r| r.iter().rev().nth(1)).and_then(|(_, v)| *v),
    };
    match earlier {
        None => Direction::NotKnown,
        Some(earlier) if (value - earlier).abs() <= earlier.abs() * 0.02 => Direction::Flat,
        Some(earlier) if value > earlier => Direction::Up,
        Some(_) => Direction::Down,
    }
}

fn components(incident: &Incident, sources: &[Source], real: Instant) -> Vec<ComponentView> {
    struct Said {
        source: String,
        state: Option<ComponentState>,
        since: Option<Instant>,
        old: bool,
    }
    let mut by_name: BTreeMap<String, (String, Vec<Said>)> = BTreeMap::new();
    for source in sources {
        let Some(observation) = &source.observation else { continue };
        let old = source.health(real) != Health::Fresh;
        for component in &observation.components {
            let seen = incident.components.get(&(observation.origin.clone(), component.id.clone()));
            by_name
                .entry(component.name.to_lowercase())
                .or_insert_with(|| (component.name.clone(), Vec::new()))
                .1
                .push(Said {
                    source: source.name.clone(),
                    state: Some(component.state),
                    since: seen.map(|s| s.since).or(component.since),
                    old,
                });
        }
    }
    for seen in incident.components.values() {
        let (_, said) = by_name.entry(seen.name.to_lowercase()).or_insert_with(|| (seen.name.clone(), Vec::new()));
        if said.is_empty() {
            said.push(Said { source: "the record".into(), state: seen.state, since: Some(seen.since), old: true });
        }
    }
    let mut out: Vec<ComponentView> = by_name
        .into_values()
        .map(|(name, said)| {
            let worst = said.iter().max_by_key(|s| rank(s.state));
            let word = |s: Option<ComponentState>| s.map_or("gone", |s| s.short());
            let other: Vec<String> = said
                .iter()
                .filter(|s| worst.is_some_and(|w| w.state != s.state))
                .map(|s| format!("{} says {}", s.source, word(s.state)))
                .collect();
            let mismatch = (!other.is_empty()).then(|| other.join(", "));
            ComponentView {
                name,
                state: worst.and_then(|s| s.state),
                since: worst.and_then(|s| s.since),
                mismatch,
                old: worst.is_none_or(|s| s.old),
            }
        })
        .collect();
    out.sort_by_key(|c| (std::cmp::Reverse(rank(c.state)), c.name.to_lowercase()));
    out
}

/// How loud a state is: what is not known is louder than what is well.
fn rank(state: Option<ComponentState>) -> u8 {
    match state {
        Some(ComponentState::MajorOutage) => 6,
        Some(ComponentState::PartialOutage) => 5,
        Some(ComponentState::Degraded) => 4,
        Some(ComponentState::Unknown) => 3,
        None => 2,
        Some(ComponentState::Maintenance) => 1,
        Some(ComponentState::Operational) => 0,
    }
}

fn alerts(incident: &Incident) -> Vec<AlertGroup> {
    let mut groups: BTreeMap<&str, AlertGroup> = BTreeMap::new();
    for seen in incident.alerts.values() {
        let group = groups.entry(&seen.name).or_insert_with(|| AlertGroup {
            name: seen.name.clone(),
            firing: 0,
            suppressed: 0,
            gone: 0,
            oldest: None,
            newest: None,
            severity: seen.severity.clone(),
            summary: seen.summary.clone(),
            acked: None,
        });
        if seen.gone.is_some() {
            group.gone += 1;
            continue;
        }
        match seen.state {
            AlertState::Suppressed => group.suppressed += 1,
            AlertState::Resolved => {}
            AlertState::Firing | AlertState::Acknowledged | AlertState::Unknown => group.firing += 1,
        }
        group.oldest = Some(group.oldest.map_or(seen.starts_at, |o| o.min(seen.starts_at)));
        group.newest = Some(group.newest.map_or(seen.first_seen, |n| n.max(seen.first_seen)));
    }
    for (name, ack) in &incident.alert_acks {
        if let Some(group) = groups.get_mut(name.as_str()) {
            let new = incident.alerts.values().filter(|a| a.name == *name && a.gone.is_none() && a.first_seen > ack.at);
            group.acked = Some(Acked { by: ack.by.clone(), due: ack.due, new: new.count() });
        }
    }
    let mut out: Vec<AlertGroup> = groups.into_values().collect();
    out.sort_by_key(|g| (g.standing() == 0, std::cmp::Reverse(g.firing), g.name.clone()));
    out
}
