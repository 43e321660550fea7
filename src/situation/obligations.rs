//! Which agencies must hear by when: the rules applied to this incident's facts and clocks. An aid, not legal advice.

use crate::incident::Instant;
use crate::incident::observation::{Health, Source};
use crate::incident::plan::Plan;
use crate::incident::rule::{Confidence, Rule, Rules};
use crate::incident::stage::Filing;
use crate::incident::state::Incident;
use crate::incident::words::{End, Quality, StageState};
use crate::rulebook::deadline::Due;
use crate::rulebook::evaluate::{self, FactValue, State};

/// A rule at the moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Obligation {
    pub rule: String,
    pub agency: String,
    pub short: String,
    pub title: String,
    pub state: Standing,
    pub stages: Vec<StageView>,
    pub trigger: String,
    pub citation: String,
    pub confirmed_by: String,
    pub method: String,
    pub voluntary: bool,
    pub confidence: Confidence,
    pub as_of: String,
    pub timezone: chrono_tz::Tz,
    pub note: String,
    /// The clocks that its stages run from, as they stand.
    pub clocks: Vec<ClockView>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    NotInForce,
    NotTriggered,
    /// The facts that nobody has confirmed yet.
    Unknown(Vec<String>),
    Due,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StageView {
    pub id: String,
    pub name: String,
    pub to: Option<String>,
    /// None: its clock has no instant yet.
    pub due: Option<Due>,
    /// It holds only if a missing fact is true.
    pub iff: bool,
    pub state: StageState,
    pub filed: Option<Instant>,
    pub reference: String,
    pub by: String,
    pub detail: String,
}

impl StageView {
    /// Whether something is still to be done.
    pub fn open(&self) -> bool {
        match self.state {
            StageState::Pending | StageState::Drafted => true,
            StageState::Filed | StageState::Confirmed | StageState::Waived | StageState::Withdrawn => false,
        }
    }
}

/// A clock, who chose it and why.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockView {
    pub name: String,
    pub at: Option<Instant>,
    pub by: String,
    pub why: String,
    pub assumed: bool,
}

/// All rules that concern the organisation, the most pressing first.
pub fn obligations(
    incident: &Incident,
    plan: &Plan,
    rules: &Rules,
    sources: &[Source],
    now: Instant,
    real: Instant,
) -> Vec<Obligation> {
    let Some(declared) = &incident.declared else { return Vec::new() };
    let facts = |name: &str| fact(incident, plan, sources, name, now, real);
    let sum_has_gaps = !incident.facts.contains_key(USER_MINUTES) && user_minutes(incident, plan, now).1;
    let mut out: Vec<Obligation> = rules
        .rules
        .iter()
        .filter(|rule| plan.agencies.is_empty() || plan.agencies.contains(&rule.id))
        .filter_map(|rule| {
            let filed = |stage: &str| filing(incident, rule, stage).and_then(|f| f.filed);
            let clocks = |name: &str| clock(incident, name).at;
            let on = evaluate::day(rule, declared.started);
            let with = |facts: &dyn Fn(&str) -> FactValue| {
                evaluate::evaluate(rule, &declared.organisation, facts, &clocks, &filed, on)
            };
            // A sum with gaps is "at least": it can prove that a threshold is passed, never that it is kept.
            let mut evaluation = with(&facts);
            if sum_has_gaps && evaluation.state != State::Due {
                evaluation = with(&|name| if name == USER_MINUTES { FactValue::Unknown } else { facts(name) });
            }
            let state = match evaluation.state {
                State::NotConcerned => return None,
                State::NotInForce => Standing::NotInForce,
                State::NotTriggered => Standing::NotTriggered,
                State::Unknown { missing } => Standing::Unknown(missing),
                State::Due => Standing::Due,
            };
            let stages = evaluation.stages.into_iter().map(|stage| {
                let filing = filing(incident, rule, &stage.stage);
                StageView {
                    id: stage.stage,
                    name: stage.name,
                    to: stage.to,
                    due: stage.due,
                    iff: stage.iff,
                    state: filing.map_or(StageState::Pending, |f| f.state),
                    filed: filing.and_then(|f| f.filed),
                    reference: filing.map(|f| f.reference.clone()).unwrap_or_default(),
                    by: filing.map(|f| f.filed_by.clone()).unwrap_or_default(),
                    detail: filing.map(|f| f.detail.clone()).unwrap_or_default(),
                }
            });
            let mut names: Vec<&str> = vec![rule.clock.as_str()];
            names.extend(rule.stages.iter().map(|s| s.after.as_str()).filter(|a| !a.starts_with(evaluate::STAGE)));
            names.dedup();
            Some(Obligation {
                rule: rule.id.clone(),
                agency: rule.agency.clone(),
                short: rule.short.clone().unwrap_or_else(|| rule.agency.clone()),
                title: rule.title.clone(),
                state,
                stages: stages.collect(),
                trigger: rule.trigger.clone(),
                citation: rule.citation.clone(),
                confirmed_by: rule.confirmed_by.clone(),
                method: rule.method.clone(),
                voluntary: rule.voluntary,
                confidence: rule.confidence,
                as_of: rule.as_of.clone(),
                timezone: evaluate::zone(rule),
                note: rule.note.clone(),
                clocks: names.into_iter().map(|name| clock(incident, name)).collect(),
            })
        })
        .collect();
    out.sort_by_key(|o| (rank(o), o.stages.iter().filter(|s| s.open()).filter_map(|s| s.due.map(Due::instant)).min()));
    out
}

fn rank(obligation: &Obligation) -> u8 {
    match obligation.state {
        Standing::Due if obligation.voluntary => 2,
        Standing::Due => 0,
        Standing::Unknown(_) if obligation.voluntary => 2,
        Standing::Unknown(_) => 1,
        Standing::NotTriggered => 3,
        Standing::NotInForce => 4,
    }
}

fn filing<'a>(incident: &'a Incident, rule: &Rule, stage: &str) -> Option<&'a Filing> {
    incident.filings.get(&(rule.id.clone(), stage.to_owned()))
}

/// A clock as it was chosen; else what follows from the declaration, marked as assumed. The earlier reading is worked to.
pub fn clock(incident: &Incident, name: &str) -> ClockView {
    if let Some(register) = incident.clocks.get(name) {
        // While two choices conflict the earlier holds: the deadline that comes first.
        if let Some(head) = register.heads().iter().min_by_key(|h| h.value.at) {
            return ClockView {
                name: name.to_owned(),
                at: Some(head.value.at),
                by: head.by.clone(),
                why: head.value.why.clone(),
                assumed: head.value.assumed || register.conflict(),
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
    ClockView { name: name.to_owned(), at, by, why: why.to_owned(), assumed }
}

/// A fact as rules may use it: from a person, else from an exact and fresh metric, else derived. Unknown is not false.
pub fn fact(
    incident: &Incident,
    plan: &Plan,
    sources: &[Source],
    name: &str,
    now: Instant,
    real: Instant,
) -> FactValue {
    if let Some(register) = incident.facts.get(name) {
        return match register.agreed().map(|fact| &fact.value) {
            Some(serde_json::Value::Bool(value)) => FactValue::Boolean(*value),
            Some(serde_json::Value::Number(n)) => match n.as_i64().or(n.as_f64().map(|f| f as i64)) {
                Some(value) => FactValue::Integer(value),
                None => FactValue::Unknown,
            },
            _ => FactValue::Unknown,
        };
    }
    if let Some(metric) = plan.facts.iter().find(|f| f.name == name).and_then(|f| f.metric.as_deref()) {
        let fresh = sources.iter().filter(|s| s.health(real) == Health::Fresh).filter_map(|s| s.observation.as_ref());
        let found = fresh.flat_map(|o| &o.metrics).find(|m| m.name == metric && m.quality == Quality::Exact);
        if let Some(value) = found.and_then(|m| m.value).filter(|v| v.is_finite()) {
            return FactValue::Integer(value as i64);
        }
    }
    match name {
        "duration_minutes" => match incident.started() {
            Some(started) => {
                let end = incident.ends.get(&End::Verified).map_or(now, |(at, _)| *at);
                FactValue::Integer((end - started).num_minutes().max(0))
            }
            None => FactValue::Unknown,
        },
        USER_MINUTES => user_minutes(incident, plan, now).0,
        _ => FactValue::Unknown,
    }
}

const USER_MINUTES: &str = "user_minutes";

/// Users affected, summed over the minutes of the outage, from the recorded history of their number; and whether the number
/// was not known for a time: nothing is added for it, so that the sum is "at least".
fn user_minutes(incident: &Incident, plan: &Plan, now: Instant) -> (FactValue, bool) {
    let metric = plan.facts.iter().find(|f| f.name == "users_affected").and_then(|f| f.metric.as_deref());
    let seen = metric.and_then(|metric| incident.metrics.iter().find(|((_, name), _)| name == metric));
    let Some((_, seen)) = seen else { return (FactValue::Unknown, false) };
    let mut sum = 0.0;
    let mut gaps = incident.started().zip(seen.history.first()).is_some_and(|(started, (first, _))| started < *first);
    for (index, (at, value)) in seen.history.iter().enumerate() {
        let until = seen.history.get(index + 1).map_or(now, |(next, _)| *next);
        match value {
            Some(value) => sum += value * ((until - *at).num_seconds().max(0) as f64) / 60.0,
            None => gaps = true,
        }
    }
    (FactValue::Integer(sum as i64), gaps)
}
