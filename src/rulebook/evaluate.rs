//! A rule applied to what is known of an incident. A function of its arguments; never takes an unknown fact for false.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::deadline::Due;
use super::expression::{self, Expression, Truth};
pub use super::expression::{Comparison, FactValue, Operand};
use super::forecast::{self, Fires, Threshold};
use super::growth::Growth;
use super::names::ANY;
use super::stage::{self, StageDue, Trigger};
use crate::incident::Instant;
use crate::incident::rule::{InForce, Rule, Rules};
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

/// Whether a rule binds on a day, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    Binds,
    /// It is in force, but since when was not researched: it is neither known to bind on that day nor known not to. It is
    /// worked to, and said.
    NotResearched,
    /// Its first day is still to come.
    NotYet(NaiveDate),
    /// Its last day is past; None: which it was, was not researched.
    Ended(Option<NaiveDate>),
    /// Made, and no first day set as far as is known.
    Pending,
}

impl Binding {
    pub fn binds(self) -> bool {
        match self {
            Binding::Binds | Binding::NotResearched => true,
            Binding::NotYet(_) | Binding::Ended(_) | Binding::Pending => false,
        }
    }

    /// In words; empty where there is nothing to say.
    pub fn said(self) -> String {
        match self {
            Binding::Binds => String::new(),
            Binding::NotResearched => "first day in force not researched".to_owned(),
            Binding::NotYet(day) => format!("binds from {day}"),
            Binding::Ended(Some(day)) => format!("bound until {day}"),
            Binding::Ended(None) => "no longer in force; its last day was not researched".to_owned(),
            Binding::Pending => "not yet binding".to_owned(),
        }
    }
}

/// What is known of an incident, as far as rules ask.
pub struct Known<'a> {
    /// The value of a fact. One that grows is taken from `growth` where it is there.
    pub facts: &'a dyn Fn(&str) -> FactValue,
    pub growth: &'a Growth,
    /// Every instant that a clock may be read as; the earliest is worked to.
    pub clocks: &'a dyn Fn(&str) -> Vec<Instant>,
    /// When a stage was filed, each time.
    pub filed: &'a dyn Fn(&str) -> Vec<Instant>,
    /// The day, in the rule's zone, by which to judge whether it is in force. None: it is taken to be.
    pub on: Option<NaiveDate>,
    /// The present. None: nothing grows and nothing is forecast.
    pub now: Option<Instant>,
}

impl Known<'_> {
    pub(super) fn fact(&self, name: &str, at: Option<Instant>) -> FactValue {
        at.and_then(|at| self.growth.value(name, at)).unwrap_or_else(|| (self.facts)(name))
    }

    /// The truth now. A sum with gaps is "at least": it can prove that a threshold is passed, never that it is kept.
    pub(super) fn weigh(&self, expression: &Expression) -> (Truth, Vec<String>) {
        let weighed = expression.evaluate(&|name| self.fact(name, self.now));
        match (weighed.0, self.now) {
            (Truth::True, _) | (_, None) => weighed,
            (Truth::False | Truth::Unknown, Some(now)) => expression.evaluate(&|name| {
                if self.growth.at_least(name, now) { FactValue::Unknown } else { self.fact(name, Some(now)) }
            }),
        }
    }
}

/// How far a growing fact is from a number that the rule holds it against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    pub threshold: Threshold,
    /// Now; "at least" where the count had gaps.
    pub value: i64,
    pub at_least: bool,
    /// When it was met, or will be at the present rate.
    pub met_at: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub state: State,
    pub binding: Binding,
    /// When the trigger will hold at the present rate.
    pub fires: Option<Fires>,
    /// When it may hold, earlier than that, since facts are missing: for one that is not triggered yet.
    pub may_fire: Option<Fires>,
    /// The first instant at which the trigger held, where that hangs on facts that grow.
    pub reportable: Option<Instant>,
    pub meters: Vec<Meter>,
    /// All stages of the rule, in order.
    pub stages: Vec<StageDue>,
}

/// Applies a rule of the book to what is known.
pub fn evaluate(rules: &Rules, rule: &Rule, organisation: &[String], known: &Known<'_>) -> Evaluation {
    let binding = known.on.map_or(Binding::Binds, |on| binding(rule, on));
    let concerned = concerns(rule, organisation);
    // A trigger that cannot be read (the book was not checked) is not a reason to say that nothing is due.
    let trigger = expression::parse(&rule.when).ok();
    let state = match &trigger {
        _ if !concerned => State::NotConcerned,
        _ if !binding.binds() => State::NotInForce,
        None => State::Unknown { missing: Vec::new() },
        Some(trigger) => match known.weigh(trigger) {
            (Truth::True, _) => State::Due,
            (Truth::False, _) => State::NotTriggered,
            (Truth::Unknown, missing) => State::Unknown { missing },
        },
    };
    let (mut fires, mut may_fire, mut reportable, mut meters) = (None, None, None, Vec::new());
    let live = concerned && binding.binds();
    if let (Some(trigger), Some(now), true) = (&trigger, known.now, live) {
        let facts = |name: &str, at: Instant| known.fact(name, Some(at));
        meters = self::meters(trigger, known, now);
        match state {
            State::Due => reportable = forecast::became_true(trigger, &facts, known.growth, now),
            State::Unknown { .. } | State::NotTriggered => {
                fires = forecast::fires(trigger, &facts, known.growth, now);
                may_fire = forecast::may_fire(trigger, &facts, known.growth, now);
            }
            State::NotInForce | State::NotConcerned => {}
        }
    }
    let runs = match &state {
        State::NotInForce | State::NotConcerned | State::NotTriggered => Trigger::No,
        State::Unknown { .. } => Trigger::Perhaps,
        State::Due => Trigger::Yes,
    };
    let stages = rule.stages.iter().map(|s| stage::due(rules, rule, s, known, runs, reportable)).collect();
    Evaluation { state, binding, fires, may_fire, reportable, meters, stages }
}

fn meters(trigger: &Expression, known: &Known<'_>, now: Instant) -> Vec<Meter> {
    let meter = |threshold: Threshold| {
        let series = known.growth.series(&threshold.fact)?;
        Some(Meter {
            value: series.total(now),
            at_least: series.gaps(now),
            met_at: series.reaches(threshold.goal),
            threshold,
        })
    };
    forecast::thresholds(trigger, known.growth).into_iter().filter_map(meter).collect()
}

/// Whether a rule is for one of these kinds of organisation.
pub fn concerns(rule: &Rule, organisation: &[String]) -> bool {
    rule.applies_to.iter().any(|kind| kind == ANY || organisation.contains(kind))
}

/// Whether a rule binds on that day. The days that are written down decide; what is known of its force fills the gaps.
pub fn binding(rule: &Rule, on: NaiveDate) -> Binding {
    if let Some(last) = rule.until.filter(|last| on > *last) {
        return Binding::Ended(Some(last));
    }
    match (rule.effective, rule.in_force) {
        (Some(first), _) if on < first => Binding::NotYet(first),
        (_, InForce::No) if rule.until.is_none() => Binding::Ended(None),
        (None, InForce::Pending) => Binding::Pending,
        (Some(_), _) => Binding::Binds,
        (None, InForce::Yes | InForce::No) => Binding::NotResearched,
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

pub use crate::incident::rule::STAGE;

impl Evaluation {
    /// The nearest deadline with a number that is not an "if".
    pub fn first(&self) -> Option<Instant> {
        let certain = self.stages.iter().filter(|s| !s.iff);
        certain.filter_map(|s| if let Some(Due::At(at)) = s.due { Some(at) } else { None }).min()
    }
}
