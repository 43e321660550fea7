//! `warroom rules check|evaluate|test FILE`: rules and worked examples in files, with no journal and no screen.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{aid, configured, day_of, find, rfc3339};
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::edge;
use crate::cli::fail::Fail;
use crate::cli::out;
use crate::config::Problem;
use crate::config::document::LARGEST;
use crate::incident::Instant;
use crate::incident::rule::{Confidence, InForce, Rule, Rules};
use crate::rulebook::evaluate::{day, zone};
use crate::rulebook::example::{self, Example, Expect};
use crate::rulebook::judge::{Judged, judge};
use crate::rulebook::stage::Start;
use crate::rulebook::{self, Due, FactValue, StageDue, names, read};
use crate::text::instant;
use crate::tui::form::fact_value;

/// A file, read over the configured rules.
struct Given {
    /// The configured rules and the file's own over them.
    rules: Rules,
    own: Rules,
    examples: Vec<Example>,
}

/// The text of a file that is only looked at: unlike a configured one it may be anybody's.
fn text(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LARGEST as u64 + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

fn given(base: &Rules, path: &Path) -> Result<Given, Vec<Problem>> {
    let text = text(path).map_err(|why| vec![Problem::of(&path.display().to_string(), &why)])?;
    let name = path.display().to_string();
    let own = read::read_over(&name, &text, &base.words())?;
    let rules = rulebook::combine(base.clone(), own.clone());
    let examples = example::read(&name, &text, &rules)?;
    Ok(Given { rules, own, examples })
}

/// Each file on its own, over the configured rules; or every fault of every file.
fn each(context: &Context, files: &[PathBuf]) -> Result<Vec<(String, Given)>, Fail> {
    let base = configured(context)?;
    let (mut out, mut problems) = (Vec::new(), Vec::new());
    for path in files {
        match given(&base, path) {
            Ok(given) => out.push((path.display().to_string(), given)),
            Err(faults) => problems.extend(faults),
        }
    }
    if problems.is_empty() { Ok(out) } else { Err(Fail::problems(&problems)) }
}

/// Says what a file holds, and what a reader of it must know.
pub fn check(context: &Context, files: &[PathBuf]) -> Result<ExitCode, Fail> {
    let built_in = rulebook::built_in().map_err(|problems| Fail::problems(&problems))?;
    let files = each(context, files)?;
    if context.global.json {
        let rows = files.iter().map(|(name, given)| {
            let ids: Vec<&str> = given.own.rules.iter().map(|r| r.id.as_str()).collect();
            serde_json::json!({ "id": name, "rules": ids, "examples": given.examples.len() })
        });
        out::json(&rows.collect::<Vec<_>>().into())?;
        return Ok(ExitCode::SUCCESS);
    }
    for (name, given) in &files {
        let own = &given.own;
        let words = own.kinds.len() + own.clocks.len() + own.facts.len() + own.calendars.len();
        let (rules, examples) = (own.rules.len(), given.examples.len());
        out::line(&format!("{name}: reads well: {rules} rules, {words} words and calendars, {examples} examples"))?;
        for rule in &own.rules {
            let mut said = Vec::new();
            if built_in.get(&rule.id).is_some() {
                said.push("takes the place of the built-in rule".to_owned());
            }
            if rule.effective.is_none() && rule.in_force != InForce::Pending {
                said.push("its first day in force is not said".to_owned());
            }
            if rule.confirmed_by.is_empty() {
                said.push("what confirms a filing is not said: filed counts as confirmed".to_owned());
            }
            if !given.examples.iter().any(|e| e.rule == rule.id) {
                said.push("no example in this file".to_owned());
            }
            if !said.is_empty() {
                out::line(&format!("  {}: {}", rule.id, said.join("; ")))?;
            }
        }
    }
    aid()?;
    Ok(ExitCode::SUCCESS)
}

/// Compares every example with what it expects.
pub fn test(context: &Context, files: &[PathBuf]) -> Result<ExitCode, Fail> {
    let (mut rows, mut wrong, mut all, mut open) = (Vec::new(), 0, 0, 0);
    for (name, given) in each(context, files)? {
        needs_examples(&name, &given)?;
        for example in &given.examples {
            let Some(judged) = judge(&given.rules, example) else { continue };
            let differences = judged.differences(example);
            all += 1;
            // Where nothing is expected nothing was compared.
            open += usize::from(example.expect == Expect::default());
            wrong += usize::from(!differences.is_empty());
            if context.global.json {
                rows.push(serde_json::json!({
                    "id": example.id, "rule": example.rule, "ok": differences.is_empty(), "differences": differences,
                }));
            } else if !differences.is_empty() {
                out::line(&format!("{name}, line {}, {} ({})", example.line, example.id, example.rule))?;
                for difference in &differences {
                    out::line(&format!("    {difference}"))?;
                }
                if !example.why.is_empty() {
                    out::line(&format!("    it says: {}", example.why))?;
                }
            }
        }
    }
    if context.global.json {
        out::json(&rows.into())?;
    } else {
        let nothing = if open > 0 { format!("; {open} expect nothing") } else { String::new() };
        out::line(&format!("{} of {} examples as expected{nothing}", all - wrong - open, all - open))?;
        aid()?;
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn needs_examples(name: &str, given: &Given) -> Result<(), Fail> {
    if given.examples.is_empty() {
        return Err(Fail::wrong(format!("{name}: no [[example]] in it")));
    }
    Ok(())
}

/// The deadlines of a file's examples, or of one rule with facts and clocks as typed.
pub fn evaluate(context: &Context, args: &args::Evaluate) -> Result<ExitCode, Fail> {
    let path = Path::new(&args.what);
    if !args.typed() && path.exists() && !path.is_dir() {
        return evaluate_file(context, path);
    }
    let rules = configured(context)?;
    if rules.get(&args.what).is_none() && args.what.ends_with(".toml") {
        return Err(Fail::wrong(format!("{}: no such file", args.what)));
    }
    let rule = find(&rules, &args.what)?;
    let example = typed(context, args, &rules, rule)?;
    let Some(judged) = judge(&rules, &example) else { return Err(Fail::failed("the rule is gone")) };
    if context.global.json {
        out::json(&json(&example, &judged))?;
    } else {
        print(&example, &judged, rule)?;
        aid()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn evaluate_file(context: &Context, path: &Path) -> Result<ExitCode, Fail> {
    let base = configured(context)?;
    let given = given(&base, path).map_err(|problems| Fail::problems(&problems))?;
    needs_examples(&path.display().to_string(), &given)?;
    let judged: Vec<(&Example, Judged)> =
        given.examples.iter().filter_map(|e| Some((e, judge(&given.rules, e)?))).collect();
    if context.global.json {
        let rows: Vec<serde_json::Value> = judged.iter().map(|(example, judged)| json(example, judged)).collect();
        out::json(&rows.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    for (example, judged) in &judged {
        if let Some(rule) = given.rules.get(&example.rule) {
            print(example, judged, rule)?;
        }
    }
    aid()?;
    Ok(ExitCode::SUCCESS)
}

/// One example out of what was typed. Without `--on` the day of the earliest clock counts.
fn typed(context: &Context, args: &args::Evaluate, rules: &Rules, rule: &Rule) -> Result<Example, Fail> {
    let ours = context.config()?.timezone;
    let pair = |text: &str| -> Result<(String, String), Fail> {
        let (name, value) =
            text.split_once('=').ok_or_else(|| Fail::wrong(format!("{text}: NAME=VALUE is expected")))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    let time = |text: &str| -> Result<(String, Instant), Fail> {
        let (name, value) = pair(text)?;
        Ok((name, instant::parse_past(&value, edge::now(), ours).map_err(Fail::wrong)?))
    };
    let mut facts: BTreeMap<String, FactValue> = BTreeMap::new();
    for text in &args.facts {
        let (name, value) = pair(text)?;
        let value = fact_value(&value);
        if let Some(fault) = names::unknown_fault(rules, &name).or_else(|| names::value_fault(rules, &name, &value)) {
            return Err(Fail::wrong(format!("--fact {fault}")));
        }
        facts.insert(name, FactValue::from(&value));
    }
    let clocks: BTreeMap<String, Instant> = args.clocks.iter().map(|t| time(t)).collect::<Result<_, _>>()?;
    let mut filed: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
    for text in &args.filed {
        let (stage, at) = time(text)?;
        filed.entry(stage).or_default().push(at);
    }
    let on = match args.on.as_deref().map(day_of) {
        Some(day) => day?,
        None => clocks.values().min().copied().unwrap_or_else(edge::now),
    };
    Ok(Example {
        id: rule.id.clone(),
        rule: rule.id.clone(),
        title: String::new(),
        line: 0,
        facts,
        outage_start: clocks.get("outage_start").copied(),
        clocks,
        filed,
        on: Some(day(rule, on)),
        now: None,
        users: Vec::new(),
        expect: Expect::default(),
        why: String::new(),
    })
}

fn json(example: &Example, judged: &Judged) -> serde_json::Value {
    let fires = judged.evaluation.fires.as_ref();
    let stages: Vec<serde_json::Value> = judged.evaluation.stages.iter().map(stage_json).collect();
    serde_json::json!({
        "id": example.id, "rule": example.rule, "state": judged.state, "missing_facts": judged.missing,
        "fires_at": judged.fires_at.map(rfc3339), "assumes": fires.map(|f| f.assumes.clone()).unwrap_or_default(),
        "force": judged.evaluation.binding.said(), "stages": stages,
    })
}

fn stage_json(stage: &StageDue) -> serde_json::Value {
    let (due, since) = match stage.due {
        Some(Due::At(at)) => (Some(at), None),
        Some(Due::Asap(since)) => (None, Some(since)),
        None => (None, None),
    };
    let readings: Vec<serde_json::Value> = stage
        .readings
        .iter()
        .map(|r| serde_json::json!({ "clock": rfc3339(r.clock), "due_at": rfc3339(r.due.instant()), "reading": start(r.start) }))
        .collect();
    serde_json::json!({
        "id": stage.stage, "name": stage.name, "to": stage.to, "due_at": due.map(rfc3339), "asap": since.is_some(),
        "since": since.map(rfc3339), "if": stage.iff, "missing_facts": stage.missing, "on": stage.on,
        "readings": readings, "beyond_calendar": stage.beyond_calendar,
    })
}

/// How a reading of a clock is called.
pub fn start(start: Start) -> &'static str {
    match start {
        Start::Set => "set",
        Start::Reportable => "reportable",
    }
}

fn print(example: &Example, judged: &Judged, rule: &Rule) -> Result<(), Fail> {
    let zone = zone(rule);
    let state = judged.state.replace('_', " ");
    let mut head = format!("{}: {state}", example.id);
    if example.id != example.rule {
        head = format!("{} ({}): {state}", example.id, example.rule);
    }
    let fires = judged.fires_at.map(|at| instant::echo(at, zone));
    match (judged.state, fires) {
        ("due", Some(at)) => head.push_str(&format!(" since {at}")),
        ("forecast", Some(at)) => head.push_str(&format!(", fires {at}")),
        (_, Some(at)) => head.push_str(&format!(", fires at the latest {at}")),
        (_, None) => {}
    }
    if !judged.missing.is_empty() {
        let what = if judged.state == "forecast" { "if" } else { "missing" };
        head.push_str(&format!(", {what} {}", judged.missing.join(", ")));
    }
    let said = judged.evaluation.binding.said();
    let confidence = match rule.confidence {
        Confidence::High => String::new(),
        Confidence::Medium | Confidence::Low => format!("confidence {}", rule.confidence.as_str()),
    };
    for doubt in [said, confidence].iter().filter(|doubt| !doubt.is_empty()) {
        head.push_str(&format!(" ({doubt})"));
    }
    out::line(&head)?;
    if !["due", "unknown"].contains(&judged.state) {
        return Ok(());
    }
    for stage in &judged.evaluation.stages {
        out::line(&format!("  {:<20} {:<30} {}", stage.stage, stage.name, due_text(stage, zone)))?;
    }
    Ok(())
}

/// When a stage is due, for a person.
pub fn due_text(stage: &StageDue, zone: chrono_tz::Tz) -> String {
    use crate::rulebook::expression::Truth;
    let iff = if stage.iff { " IF it applies" } else { "" };
    let on = stage.on.as_ref().map(|on| format!(", on {on}")).unwrap_or_default();
    let other = stage.readings.get(1).map(|r| format!(" (or {})", instant::echo(r.due.instant(), zone)));
    let other = other.unwrap_or_default();
    match stage.due {
        _ if stage.applies == Truth::False => "its condition does not hold".to_owned(),
        Some(Due::At(at)) => format!("by {}{other}{iff}{on}", instant::echo(at, zone)),
        Some(Due::Asap(at)) => format!("at once, from {}{iff}{on}", instant::echo(at, zone)),
        None if stage.again.as_ref().is_some_and(|a| a.ended) => "has ended".to_owned(),
        None => "its clock is not given".to_owned(),
    }
}
