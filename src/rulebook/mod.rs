//! Agency rules: TOML beside the code that reads and evaluates them. An aid, not legal advice; never files anything.

pub mod deadline;
pub mod evaluate;
pub mod expression;
pub mod facts;
pub mod forecast;
pub mod names;
pub mod read;

pub use deadline::Due;
pub use evaluate::{Evaluation, FactValue, StageDue, State, evaluate};

use std::path::PathBuf;

use crate::config::{Problem, file};
use crate::incident::rule::Rules;

/// A rulebook that is part of the program.
pub struct BuiltIn {
    pub name: &'static str,
    pub text: &'static str,
}

pub const BUILT_IN: &[BuiltIn] = &[BuiltIn { name: "us-telecom", text: include_str!("us-telecom.toml") }];

/// The rules that are part of the program. Every test run reads them; they have no faults.
pub fn built_in() -> Result<Rules, Vec<Problem>> {
    let mut all = Rules::default();
    for book in BUILT_IN {
        all = combine(all, read::read(&format!("{}.toml (built in)", book.name), book.text)?);
    }
    Ok(all)
}

/// The rules that are part of the program, and those of `files` over them; or every fault of every file.
pub fn load(files: &[PathBuf]) -> Result<Rules, Vec<Problem>> {
    let mut rules = built_in()?;
    let mut problems = Vec::new();
    for path in files {
        let text = file::read(path).map_err(|problem| vec![problem]);
        match text.and_then(|text| read::read(&path.display().to_string(), &text)) {
            Ok(more) => rules = combine(rules, more),
            Err(faults) => problems.extend(faults),
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

/// Two rulebooks as one: a rule of `more` takes the place of the one with the same id, so that an organisation's own
/// reading wins over ours.
pub fn combine(base: Rules, more: Rules) -> Rules {
    let mut rules: Vec<_> = base.rules.into_iter().filter(|rule| more.get(&rule.id).is_none()).collect();
    rules.extend(more.rules);
    Rules { rules }
}

/// The rules as one text that reads back as the same rules: what an incident adopts.
pub fn write(rules: &Rules) -> Result<String, String> {
    #[derive(serde::Serialize)]
    struct File<'a> {
        rule: &'a [crate::incident::rule::Rule],
    }
    toml::to_string(&File { rule: &rules.rules }).map_err(|error| error.to_string())
}
