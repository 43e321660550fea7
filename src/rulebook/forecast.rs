//! When a rule will be triggered if things go on as they do. A function of its arguments; says "never" only of its span.

use chrono::TimeDelta;

use super::expression::{self, FactValue, Truth};
use crate::incident::Instant;
use crate::incident::rule::Rule;

/// How far ahead is looked, in minutes: beyond a day nothing goes on as it does.
const AHEAD: i64 = 24 * 60;

/// The first second after `now` and within a day at which the trigger holds, given what each fact would be by then.
/// None: it does not come to that, or hangs on a fact that is missing, or holds already.
pub fn fires_at(rule: &Rule, facts_at: &dyn Fn(&str, Instant) -> FactValue, now: Instant) -> Option<Instant> {
    let trigger = expression::parse(&rule.when).ok()?;
    let holds = |at: Instant| trigger.evaluate(&|name| facts_at(name, at)).0 == Truth::True;
    if holds(now) {
        return None;
    }
    let minute = (1..=AHEAD).find(|n| now.checked_add_signed(TimeDelta::minutes(*n)).is_some_and(holds))?;
    let (mut before, mut after) = ((minute - 1) * 60, minute * 60);
    while after - before > 1 {
        let middle = (before + after) / 2;
        if holds(now + TimeDelta::seconds(middle)) {
            after = middle;
        } else {
            before = middle;
        }
    }
    now.checked_add_signed(TimeDelta::seconds(after))
}
