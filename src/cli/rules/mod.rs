//! `warroom rules`: the rulebook, one rule, files of rules and examples, and why a rule stands as it does. Files nothing.

mod examples;
mod list;
mod why;

use std::process::ExitCode;

use super::args::{self, RulesCmd};
use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use crate::incident::Instant;
use crate::incident::rule::{Rule, Rules};
use crate::rulebook;
use crate::text::suggest;

pub fn run(context: &Context, args: &args::Rules) -> Result<ExitCode, Fail> {
    match &args.command {
        Some(RulesCmd::Check { files }) => examples::check(context, files),
        Some(RulesCmd::Evaluate(given)) => examples::evaluate(context, given),
        Some(RulesCmd::Test { files }) => examples::test(context, files),
        Some(RulesCmd::Why { rule, on }) => why::run(context, rule, on.as_deref()),
        None => list::run(context, args),
    }
}

/// What is said wherever the rulebook speaks.
fn aid() -> Result<(), Fail> {
    out::line("An aid, not legal advice: check each rule with counsel.")
}

/// The rules of the program and of the configured files.
fn configured(context: &Context) -> Result<Rules, Fail> {
    let config = context.config()?;
    rulebook::load(&config.rules).map_err(|problems| Fail::problems(&problems))
}

fn find<'r>(rules: &'r Rules, id: &str) -> Result<&'r Rule, Fail> {
    rules.get(id).ok_or_else(|| {
        let near = suggest::nearest(id, rules.rules.iter().map(|r| r.id.as_str()));
        let hint = near.map_or("; `warroom rules` lists them".to_owned(), |n| format!("; did you mean {n}?"));
        Fail::wrong(format!("no rule is called {id}{hint}"))
    })
}

/// The instant on whose day the law is asked for: `today`, or a day, at noon there.
pub(super) fn day_of(text: &str) -> Result<Instant, Fail> {
    if text == "today" {
        return Ok(edge::now());
    }
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    day.and_then(|day| day.and_hms_opt(12, 0, 0))
        .map(|noon| noon.and_utc())
        .ok_or_else(|| Fail::wrong(format!("--on {text}: expected today, or a day such as 2024-02-22")))
}

fn rfc3339(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
