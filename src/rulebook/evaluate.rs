//! A rule applied to what is known of an incident. A function of its arguments; never takes an unknown fact for false.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::deadline::{self, Due};
pub use super::expression::FactValue;
use super::expression::{self, Truth};
use super::names::ANY;
use crate::incident::Instant;
use crate::incident::rule::{Rule, Stage};
use crate::text::instant;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It did not bind on that day.
    NotInForce,
    /// It is for other kinds of organisation.
    NotConcerned,
    NotTriggered,
    /// It hangs on facts that nobody has confirmed. Its deadlines run all the same, as "if".
    Unknown {
        missing: Vec<String>,
    },
    Due,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub state: State,
    /// All stages of the rule, in order.
    pub stages: Vec<StageDue>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StageDue {
    pub stage: String,
    pub name: String,
    /// If it goes to somebody other than the agency.
    pub to: Option<String>,
    /// None: the rule is not triggered, or the stage's clock has no instant yet.
    pub due: Option<Due>,
    /// Due then only if a missing fact turns out to be so.
    pub iff: bool,
}

/// `filed` gives the instant at which a stage was filed; `on` is the day, in the rule's zone, by which to judge whether
/// the rule was in force.
pub fn evaluate(
    rule: &Rule,
    organisation: &[String],
    facts: &dyn Fn(&str) -> FactValue,
    clocks: &dyn Fn(&str) -> Option<Instant>,
    filed: &dyn Fn(&str) -> Option<Instant>,
    on: NaiveDate,
) -> Evaluation {
    let state = state(rule, organisation, facts, on);
    let (runs, iff) = match &state {
        State::NotInForce | State::NotConcerned | State::NotTriggered => (false, false),
        State::Unknown { .. } => (true, true),
        State::Due => (true, false),
    };
    let zone = zone(rule);
    let stages = rule.stages.iter().map(|stage| StageDue {
        stage: stage.id.clone(),
        name: stage.name.clone(),
        to: stage.to.clone(),
        due: if runs { start(stage, clocks, filed).map(|clock| deadline::due(stage, clock, zone)) } else { None },
        iff,
    });
    Evaluation { state, stages: stages.collect() }
}

fn state(rule: &Rule, organisation: &[String], facts: &dyn Fn(&str) -> FactValue, on: NaiveDate) -> State {
    if !rule.applies_to.iter().any(|kind| kind == ANY || organisation.contains(kind)) {
        return State::NotConcerned;
    }
    if rule.effective.is_some_and(|first| on < first) || rule.until.is_some_and(|last| on > last) {
        return State::NotInForce;
    }
    // A trigger that cannot be read (the book was not checked) is not a reason to say that nothing is due.
    let Ok(trigger) = expression::parse(&rule.when) else { return State::Unknown { missing: Vec::new() } };
    match trigger.evaluate(facts) {
        (Truth::True, _) => State::Due,
        (Truth::False, _) => State::NotTriggered,
        (Truth::Unknown, missing) => State::Unknown { missing },
    }
}

/// The zone in which the rule's agency counts days.
pub fn zone(rule: &Rule) -> Tz {
    rule.timezone.parse().unwrap_or(Tz::UTC)
}

/// The day by which to judge whether a rule was in force, for an outage that began at `start`.
pub fn day(rule: &Rule, start: Instant) -> NaiveDate {
    instant::local(start, zone(rule)).date_naive()
}

/// How a stage names an earlier stage as its clock.
pub const STAGE: &str = "stage:";

fn start(
    stage: &Stage,
    clocks: &dyn Fn(&str) -> Option<Instant>,
    filed: &dyn Fn(&str) -> Option<Instant>,
) -> Option<Instant> {
    match stage.after.strip_prefix(STAGE) {
        Some(earlier) => filed(earlier),
        None => clocks(&stage.after),
    }
}
