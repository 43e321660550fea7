//! When a trigger becomes true as facts grow: the thresholds that they cross, past and to come. Functions of their arguments.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::expression::{Comparison, Expression, FactValue, Operand, Truth};
use super::growth::Growth;
use crate::incident::Instant;

/// How far ahead is looked: beyond this nothing goes on as it does.
const AHEAD: TimeDelta = TimeDelta::days(31);

/// A number that a growing fact is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    pub fact: String,
    /// Met when the fact is this or more.
    pub goal: i64,
}

/// A trigger that will be true at the present rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fires {
    pub at: Instant,
    /// Missing facts without which it cannot be, and which are taken to be so.
    pub assumes: Vec<String>,
}

/// The thresholds of an expression that growing facts can cross, each once.
pub fn thresholds(expression: &Expression, growth: &Growth) -> Vec<Threshold> {
    let mut out: Vec<Threshold> = Vec::new();
    comparisons(expression, &mut |fact, comparison, number| {
        let goal = match comparison {
            Comparison::AtLeast | Comparison::Less | Comparison::Equal | Comparison::Unequal => number,
            Comparison::More | Comparison::AtMost => number.saturating_add(1),
        };
        let threshold = Threshold { fact: fact.to_owned(), goal };
        if growth.series(fact).is_some() && !out.contains(&threshold) {
            out.push(threshold);
        }
    });
    out
}

/// Every comparison of a fact with a number, the fact on the left.
fn comparisons(expression: &Expression, see: &mut impl FnMut(&str, Comparison, i64)) {
    match expression {
        Expression::Any(list) | Expression::All(list) => list.iter().for_each(|e| comparisons(e, see)),
        Expression::Not(inner) => comparisons(inner, see),
        Expression::Compare(Operand::Fact(fact), comparison, Operand::Integer(number)) => {
            see(fact, *comparison, *number)
        }
        Expression::Compare(Operand::Integer(number), comparison, Operand::Fact(fact)) => {
            see(fact, comparison.turned(), *number);
        }
        Expression::Compare(_, _, _) | Expression::Holds(_) => {}
    }
}

/// Every instant at which growing facts can change what the expression says.
fn candidates(expression: &Expression, growth: &Growth) -> BTreeSet<Instant> {
    let mut out = BTreeSet::new();
    comparisons(expression, &mut |fact, _, number| {
        if let Some(series) = growth.series(fact) {
            out.extend(series.reaches(number));
            out.extend(series.reaches(number.saturating_add(1)));
        }
        out.extend(growth.changes(fact));
    });
    out
}

/// The first instant up to `now` at which it was true, given the other facts as they are; None: it hangs on no growing fact.
pub fn became_true(
    expression: &Expression,
    facts: &dyn Fn(&str, Instant) -> FactValue,
    growth: &Growth,
    now: Instant,
) -> Option<Instant> {
    let crossed = candidates(expression, growth);
    crossed.into_iter().take_while(|at| *at <= now).find(|at| holds(expression, facts, *at))
}

/// When it will be true at the present rate. None: it is, or it does not come to that, or a fact is missing that nobody can
/// take for granted.
pub fn fires(
    expression: &Expression,
    facts: &dyn Fn(&str, Instant) -> FactValue,
    growth: &Growth,
    now: Instant,
) -> Option<Fires> {
    if holds(expression, facts, now) {
        return None;
    }
    let horizon = now.checked_add_signed(AHEAD)?;
    let to_come: Vec<Instant> =
        candidates(expression, growth).into_iter().filter(|at| *at > now && *at <= horizon).collect();
    let first = |expression: &Expression| to_come.iter().copied().find(|at| holds(expression, facts, *at));
    if let Some(at) = first(expression) {
        return Some(Fires { at, assumes: Vec::new() });
    }
    let open = |name: &str| facts(name, now) == FactValue::Unknown && growth.series(name).is_none();
    let mut assumes = Vec::new();
    let rest = without_gates(expression, &open, &mut assumes)?;
    if assumes.is_empty() || holds(&rest, facts, now) {
        return None;
    }
    first(&rest).map(|at| Fires { at, assumes })
}

/// The first instant to come at which it may be true, since that hangs on facts that nobody has stated: they are to be asked for
/// now, not when it is late. None: it cannot be before it is certain, or it may be already.
pub fn may_fire(
    expression: &Expression,
    facts: &dyn Fn(&str, Instant) -> FactValue,
    growth: &Growth,
    now: Instant,
) -> Option<Fires> {
    let truth = |at: Instant| expression.evaluate(&|name| facts(name, at));
    if truth(now).0 != Truth::False {
        return None;
    }
    let horizon = now.checked_add_signed(AHEAD)?;
    let to_come = candidates(expression, growth).into_iter().filter(|at| *at > now && *at <= horizon);
    let (at, (first, missing)) = to_come.map(|at| (at, truth(at))).find(|(_, truth)| truth.0 != Truth::False)?;
    (first == Truth::Unknown).then_some(Fires { at, assumes: missing })
}

fn holds(expression: &Expression, facts: &dyn Fn(&str, Instant) -> FactValue, at: Instant) -> bool {
    expression.evaluate(&|name| facts(name, at)).0 == Truth::True
}

/// The expression without the conditions that are missing and without which it can never be true, whose facts are named.
fn without_gates(
    expression: &Expression,
    open: &dyn Fn(&str) -> bool,
    assumes: &mut Vec<String>,
) -> Option<Expression> {
    match expression {
        Expression::All(list) => {
            let rest: Vec<Expression> = list.iter().filter_map(|e| without_gates(e, open, assumes)).collect();
            (!rest.is_empty()).then_some(Expression::All(rest))
        }
        Expression::Any(_) => Some(expression.clone()),
        Expression::Not(inner) if matches!(**inner, Expression::Any(_) | Expression::All(_)) => {
            Some(expression.clone())
        }
        Expression::Not(_) | Expression::Compare(_, _, _) | Expression::Holds(_) => {
            let facts = expression.facts();
            if facts.is_empty() || !facts.iter().all(|name| open(name)) {
                return Some(expression.clone());
            }
            assumes.extend(
                facts.into_iter().map(str::to_owned).filter(|name| !assumes.contains(name)).collect::<Vec<_>>(),
            );
            None
        }
    }
}
