//! Facts that grow by themselves: counts over time and what they sum up to, minute by minute. Reads no clock.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::expression::FactValue;
use crate::incident::Instant;

const MINUTE: i128 = 60_000;

/// A count as it changed, and its sum over the minutes since `from`.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    from: Instant,
    /// What the sum was at `from`.
    base: i64,
    spans: Vec<Held>,
    /// From when on the count was not known for a time.
    gap: Option<Instant>,
}

/// A count that held from an instant on, and the sum before it, in thousandths of a second.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    begin: Instant,
    count: i128,
    before: i128,
}

impl Held {
    fn until(&self, at: Instant) -> i128 {
        self.before + self.count * i128::from((at - self.begin).num_milliseconds().max(0))
    }
}

impl Series {
    /// `steps` in any order, from each instant on; None: not known for a time. What lies before `from` counts only as the
    /// count that held then.
    pub fn new(from: Instant, base: i64, mut steps: Vec<(Instant, Option<i64>)>) -> Series {
        steps.sort_by_key(|(at, _)| *at);
        let mut gap = steps.first().is_none_or(|(first, _)| *first > from).then_some(from);
        let mut spans: Vec<Held> = Vec::new();
        for (index, (at, count)) in steps.iter().enumerate() {
            let (begin, end) = ((*at).max(from), steps.get(index + 1).map(|(end, _)| *end));
            if end.is_some_and(|end| end <= begin) {
                continue;
            }
            let before = spans.last().map_or(i128::from(base) * MINUTE, |held| held.until(begin));
            spans.push(Held { begin, count: i128::from(count.unwrap_or(0).max(0)), before });
            if count.is_none() && gap.is_none() {
                gap = Some(begin);
            }
        }
        Series { from, base, spans, gap }
    }

    /// One a minute, from `start` until `end`, or on and on.
    pub fn duration(start: Instant, end: Option<Instant>) -> Series {
        let end = end.map(|end| (end, Some(0)));
        Series::new(start, 0, [(start, Some(1))].into_iter().chain(end).collect())
    }

    /// The sum at an instant, in whole units; "at least" where there are gaps.
    pub fn total(&self, at: Instant) -> i64 {
        let next = self.spans.partition_point(|held| held.begin <= at);
        let held = next.checked_sub(1).and_then(|last| self.spans.get(last));
        let sum = held.map_or(i128::from(self.base) * MINUTE, |held| held.until(at));
        i64::try_from(sum.div_euclid(MINUTE)).unwrap_or(i64::MAX)
    }

    /// The first whole second at which the sum is `goal` or more, if the last count stays as it is.
    pub fn reaches(&self, goal: i64) -> Option<Instant> {
        let wanted = i128::from(goal) * MINUTE;
        if goal <= self.base {
            return Some(self.from);
        }
        let next = self.spans.partition_point(|held| held.before < wanted);
        let held = next.checked_sub(1).and_then(|last| self.spans.get(last)).filter(|held| held.count > 0)?;
        let millis = i64::try_from((wanted - held.before + held.count - 1) / held.count).ok()?;
        whole_second(held.begin.checked_add_signed(TimeDelta::try_milliseconds(millis)?)?)
    }

    /// Whether the count was not known for a part of the time until `at`: the sum is then "at least".
    pub fn gaps(&self, at: Instant) -> bool {
        self.gap.is_some_and(|gap| gap < at)
    }
}

/// The instant, or the next whole second after it.
fn whole_second(at: Instant) -> Option<Instant> {
    let second = DateTime::<Utc>::from_timestamp(at.timestamp(), 0)?;
    if second == at { Some(at) } else { second.checked_add_signed(TimeDelta::seconds(1)) }
}

/// The facts that grow, by name, and the counts that they sum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Growth {
    sums: BTreeMap<String, Series>,
    counts: BTreeMap<String, Vec<(Instant, i64)>>,
}

impl Growth {
    pub fn sum(&mut self, fact: &str, series: Series) {
        self.sums.insert(fact.to_owned(), series);
    }

    /// A fact that itself has other values at other times.
    pub fn count(&mut self, fact: &str, mut steps: Vec<(Instant, i64)>) {
        steps.sort_by_key(|(at, _)| *at);
        self.counts.insert(fact.to_owned(), steps);
    }

    pub fn series(&self, fact: &str) -> Option<&Series> {
        self.sums.get(fact)
    }

    /// The value of a fact at an instant; None: it is not one that changes by itself.
    pub fn value(&self, fact: &str, at: Instant) -> Option<FactValue> {
        if let Some(series) = self.sums.get(fact) {
            return Some(FactValue::Integer(series.total(at)));
        }
        let steps = self.counts.get(fact)?;
        let held = steps.iter().rev().find(|(from, _)| *from <= at);
        Some(held.map_or(FactValue::Unknown, |(_, count)| FactValue::Integer(*count)))
    }

    /// Whether a sum is only "at least" by `at`.
    pub fn at_least(&self, fact: &str, at: Instant) -> bool {
        self.sums.get(fact).is_some_and(|series| series.gaps(at))
    }

    /// The instants at which a count becomes another.
    pub fn changes(&self, fact: &str) -> impl Iterator<Item = Instant> + '_ {
        self.counts.get(fact).into_iter().flatten().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Instant {
        DateTime::<Utc>::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_sum_grows_from_its_base_and_a_gap_makes_it_at_least() {
        let series = Series::new(at(600), 100, vec![(at(0), Some(10)), (at(660), None), (at(720), Some(5))]);
        assert_eq!((series.total(at(600)), series.total(at(660)), series.total(at(780))), (100, 110, 115));
        assert_eq!((series.gaps(at(660)), series.gaps(at(661))), (false, true));
        assert_eq!(
            (series.reaches(100), series.reaches(105), series.reaches(111)),
            (Some(at(600)), Some(at(630)), Some(at(732)))
        );
        assert!(Series::new(at(0), 0, vec![(at(1), Some(1))]).gaps(at(2)), "the first second is not known");
        assert!(Series::new(at(0), 0, Vec::new()).gaps(at(1)));
        assert_eq!(Series::duration(at(0), Some(at(90))).total(at(1_000)), 1);
        assert_eq!(Series::duration(at(0), Some(at(90))).reaches(2), None);
        assert_eq!(Series::new(at(0), 0, vec![(at(0), Some(i64::MAX))]).total(at(1_000_000)), i64::MAX);
    }

    proptest! {
        /// Second by second, with other arithmetic.
        #[test]
        fn the_goal_is_reached_when_the_sum_says_so(
            steps in prop::collection::vec((0i64..4_000, prop::option::of(0i64..5_000)), 0..6),
            base in 0i64..50, goal in 0i64..100_000,
        ) {
            let series = Series::new(at(0), base, steps.iter().map(|(s, c)| (at(*s), *c)).collect());
            let mut sorted = steps;
            sorted.sort_by_key(|(s, _)| *s);
            let (mut units, mut first) = (base * 60, None);
            for second in 0..8_000 {
                prop_assert_eq!(series.total(at(second)), units / 60, "second {}", second);
                if units >= goal * 60 && first.is_none() {
                    first = Some(at(second));
                }
                let count = sorted.iter().rev().find(|(s, _)| *s <= second).and_then(|(_, c)| *c);
                units += count.unwrap_or(0);
            }
            match series.reaches(goal) {
                Some(found) if found < at(8_000) => prop_assert_eq!(Some(found), first),
                Some(_) | None => prop_assert_eq!(first, None),
            }
        }
    }
}
