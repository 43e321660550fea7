//! What the tests of `rulebook` prove: the built-in book, its worked examples, each unit of time against another reckoning,
//! the faults of a book of one's own, and what the rules say of a whole incident.
mod commands;
mod examples;
mod faults;
mod incident;
mod law;
mod reckoning;
mod stages;

use std::collections::BTreeMap;

use warroom::incident::Instant;
use warroom::incident::rule::{Rule, Rules};
use warroom::rulebook::{self, Evaluation, FactValue, Growth, Known};

fn book() -> Rules {
    rulebook::built_in().unwrap()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// What is known of a rule, as a test writes it down.
#[derive(Clone, Default)]
struct Case {
    facts: BTreeMap<&'static str, FactValue>,
    clocks: BTreeMap<&'static str, Vec<Instant>>,
    filed: BTreeMap<&'static str, Vec<Instant>>,
    on: Option<chrono::NaiveDate>,
    now: Option<Instant>,
    growth: Growth,
}

impl Case {
    fn number(mut self, fact: &'static str, value: i64) -> Case {
        self.facts.insert(fact, FactValue::Integer(value));
        self
    }

    fn truth(mut self, fact: &'static str, value: bool) -> Case {
        self.facts.insert(fact, FactValue::Boolean(value));
        self
    }

    fn clock(mut self, clock: &'static str, time: &str) -> Case {
        self.clocks.entry(clock).or_default().push(at(time));
        self
    }

    fn filed(mut self, stage: &'static str, time: &str) -> Case {
        self.filed.entry(stage).or_default().push(at(time));
        self
    }

    fn on(mut self, day: &str) -> Case {
        self.on = Some(day.parse().unwrap());
        self
    }

    fn judge_in(&self, rules: &Rules, rule: &Rule) -> Evaluation {
        let known = Known {
            facts: &|name| self.facts.get(name).copied().unwrap_or(FactValue::Unknown),
            growth: &self.growth,
            clocks: &|name| self.clocks.get(name).cloned().unwrap_or_default(),
            filed: &|stage| self.filed.get(stage).cloned().unwrap_or_default(),
            on: self.on,
            now: self.now,
        };
        rulebook::evaluate(rules, rule, &rule.applies_to, &known)
    }

    /// By a rule of the built-in book.
    fn judge(&self, rule: &str) -> Evaluation {
        let book = book();
        let rule = book.get(rule).unwrap_or_else(|| panic!("{rule}"));
        self.judge_in(&book, rule)
    }
}
