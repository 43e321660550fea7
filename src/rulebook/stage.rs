//! When a stage of a rule is due: its clock, both readings of it, a second limit, what comes again. Functions; never file.

use chrono::TimeDelta;

use super::deadline::{self, Due, Span};
use super::evaluate::{Known, STAGE, zone};
use super::expression::{self, Truth};
use super::names;
use crate::incident::Instant;
use crate::incident::rule::{Repeat, Rule, Rules, Stage, Unit};

/// Whether the rule's trigger holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    Yes,
    /// It hangs on a missing fact.
    Perhaps,
    No,
}

/// One instant that a stage's clock may be read as, and the deadline that follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub clock: Instant,
    pub due: Due,
    pub start: Start,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// As the clock was set.
    Set,
    /// From the instant at which the threshold was met.
    Reportable,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StageDue {
    pub stage: String,
    pub name: String,
    /// If it goes to somebody other than the agency.
    pub to: Option<String>,
    /// The next deadline. None: the rule or the stage does not apply, its clock has no instant yet, or what comes again
    /// has ended.
    pub due: Option<Due>,
    /// Due then only if a missing fact turns out to be so.
    pub iff: bool,
    /// Its own condition, where it has one; true where it has none.
    pub applies: Truth,
    /// Facts that its own condition lacks.
    pub missing: Vec<String>,
    /// The event that makes it due, where it is not due by itself.
    pub on: Option<String>,
    /// Every reading of its clock, the earliest, which is worked to, first.
    pub readings: Vec<Reading>,
    /// The second limit governs.
    pub limited: bool,
    /// How often it was filed, where it comes again; it has ended once `until` is set before the next.
    pub again: Option<Again>,
    /// Until then those it goes to may not be told.
    pub holds: bool,
    /// It counts business days beyond the years that the calendar knows: it may fall too early.
    pub beyond_calendar: bool,
}

/// How a stage that comes again stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    pub filed: usize,
    pub last: Option<Instant>,
    pub until: String,
    pub ended: bool,
}

/// `reportable` is when the trigger first held, where that is known.
pub fn due(
    rules: &Rules,
    rule: &Rule,
    stage: &Stage,
    known: &Known<'_>,
    trigger: Trigger,
    reportable: Option<Instant>,
) -> StageDue {
    let (applies, missing) = match stage.only_if.as_deref().map(expression::parse) {
        None => (Truth::True, Vec::new()),
        Some(Ok(condition)) => known.weigh(&condition),
        Some(Err(_)) => (Truth::Unknown, Vec::new()),
    };
    let mut out = StageDue {
        stage: stage.id.clone(),
        name: stage.name.clone(),
        to: stage.to.clone(),
        due: None,
        iff: trigger == Trigger::Perhaps || applies == Truth::Unknown,
        applies,
        missing,
        on: stage.on.clone().or_else(|| stage.repeat.as_ref().and_then(|r| r.on.clone())),
        readings: Vec::new(),
        limited: false,
        again: None,
        holds: stage.holds,
        beyond_calendar: false,
    };
    if trigger == Trigger::No || applies == Truth::False {
        return out;
    }
    let span = |amount, unit| Span {
        amount,
        unit,
        at_local: stage.at_local,
        zone: zone(rule),
        calendar: rule.calendar.as_deref().and_then(|id| rules.calendar(id)),
    };
    let own = span(stage.amount, stage.unit);
    let limit = stage.not_after.as_ref().and_then(|limit| {
        let start = starts(&limit.after, known).into_iter().min()?;
        Some(deadline::due(span(Some(limit.amount), limit.unit), start).instant())
    });
    out.readings = readings(rules, stage, known, own, reportable);
    for reading in &mut out.readings {
        // A limit that had passed before the clock started cannot have been kept: the stage's own time then governs.
        if let Some(limit) = limit.filter(|limit| *limit >= reading.clock)
            && (reading.due.instant() > limit || matches!(reading.due, Due::Asap(_)))
        {
            reading.due = Due::At(limit);
            out.limited = true;
        }
    }
    out.readings.sort_by_key(|reading| (reading.due.instant(), reading.clock));
    out.due = match (out.readings.first(), limit) {
        (Some(reading), _) => Some(reading.due),
        (None, Some(limit)) => {
            out.limited = true;
            Some(Due::At(limit))
        }
        (None, None) => None,
    };
    if let Some(repeat) = &stage.repeat {
        again(&mut out, stage, repeat, known, own);
    }
    out.beyond_calendar = out.due.is_some_and(|due| deadline::beyond(own, due));
    out
}

/// The instants that a clock may be read as; for an earlier stage, when it was first filed.
fn starts(after: &str, known: &Known<'_>) -> Vec<Instant> {
    match after.strip_prefix(STAGE) {
        Some(earlier) => (known.filed)(earlier).into_iter().min().into_iter().collect(),
        None => {
            let mut starts = (known.clocks)(after);
            starts.sort_unstable();
            starts.dedup();
            starts
        }
    }
}

fn readings(
    rules: &Rules,
    stage: &Stage,
    known: &Known<'_>,
    span: Span<'_>,
    reportable: Option<Instant>,
) -> Vec<Reading> {
    let starts = starts(&stage.after, known);
    let earliest = starts.first().copied();
    let mut out: Vec<Reading> =
        starts.iter().map(|at| Reading { clock: *at, due: deadline::due(span, *at), start: Start::Set }).collect();
    let knows = names::clock(rules, &stage.after).is_some_and(|clock| clock.or_reportable);
    // Found before it was reportable: the clock may be read as starting only when the threshold was met.
    if let (true, Some(met), Some(earliest)) = (knows, reportable, earliest)
        && met > earliest
        && !starts.contains(&met)
    {
        out.push(Reading { clock: met, due: deadline::due(span, met), start: Start::Reportable });
    }
    out
}

/// What comes again: the next one runs from the last that was filed, until its clock is set.
fn again(out: &mut StageDue, stage: &Stage, repeat: &Repeat, known: &Known<'_>, span: Span<'_>) {
    let filed = (known.filed)(&stage.id);
    let last = filed.iter().max().copied();
    let begun = out.readings.first().map(|reading| reading.clock);
    if let (Some(last), Some(begun)) = (last, begun) {
        let slower = repeat.for_hours.is_some_and(|hours| last - begun >= TimeDelta::hours(i64::from(hours)));
        let every = if slower { repeat.then_every.or(repeat.every) } else { repeat.every };
        let unit = repeat.unit.unwrap_or(if every.is_some() { stage.unit } else { Unit::Asap });
        out.due = Some(deadline::due(Span { amount: every, unit, ..span }, last));
        out.readings.clear();
    }
    let end = starts(&repeat.until, known).into_iter().min();
    let ended = match (end, out.due) {
        (Some(end), Some(due)) => due.instant() > end,
        (Some(_) | None, None) | (None, Some(_)) => false,
    };
    if ended {
        out.due = None;
        out.readings.clear();
    }
    out.again = Some(Again { filed: filed.len(), last, until: repeat.until.clone(), ended });
}
