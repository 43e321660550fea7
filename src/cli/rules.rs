//! `warroom rules`: the rulebook, one rule, or the deadlines of a rule for given facts and clocks.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use crate::incident::Instant;
use crate::incident::rule::Rule;
use crate::rulebook::{self, Due, FactValue, State};
use crate::text::instant;
use crate::tui::form::fact_value;

pub fn run(context: &Context, args: &args::Rules) -> Result<ExitCode, Fail> {
    let config = context.config()?;
    let rules = rulebook::load(&config.rules).map_err(|problems| Fail::problems(&problems))?;
    let find = |id: &str| -> Result<&Rule, Fail> {
        rules.get(id).ok_or_else(|| {
            let near = crate::text::suggest::nearest(id, rules.rules.iter().map(|r| r.id.as_str()));
            let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
            Fail::wrong(format!("no rule is called {id}{hint}"))
        })
    };
    match (args.id.as_deref(), args.rule.as_deref()) {
        (Some("evaluate"), Some(rule)) => return evaluate(context, find(rule)?, args, &config),
        (Some("evaluate"), None) => {
            return Err(Fail::wrong("evaluate needs a rule: `warroom rules evaluate ID --clock discovery=02:48`"));
        }
        (Some(id), _) => {
            let rule = find(id)?;
            if context.global.json {
                let value = serde_json::to_value(rule).map_err(|e| Fail::failed(e.to_string()))?;
                out::json(&value)?;
            } else {
                whole(rule)?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        (None, _) => {}
    }
    if context.global.json {
        let value = serde_json::to_value(&rules.rules).map_err(|e| Fail::failed(e.to_string()))?;
        out::json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    for rule in &rules.rules {
        let confidence = format!("{:?}", rule.confidence).to_lowercase();
        out::line(&format!("{:<30} {:<34} {} (confidence {confidence})", rule.id, rule.agency, rule.title))?;
    }
    out::line("An aid, not legal advice: check each rule with counsel.")?;
    Ok(ExitCode::SUCCESS)
}

fn whole(rule: &Rule) -> Result<(), Fail> {
    let day = |d: Option<chrono::NaiveDate>, none: &str| d.map_or(none.to_owned(), |d| d.to_string());
    let mut rows = vec![
        ("agency", rule.agency.clone()),
        ("title", rule.title.clone()),
        ("concerns", rule.applies_to.join(", ")),
        ("when", rule.trigger.clone()),
        ("facts", rule.when.clone()),
        ("clock", rule.clock.clone()),
        ("zone", rule.timezone.clone()),
    ];
    for stage in &rule.stages {
        let unit = format!("{:?}", stage.unit).to_lowercase();
        let amount = stage.amount.map(|n| format!("{n} ")).unwrap_or_default();
        let to = stage.to.as_ref().map(|t| format!(", to {t}")).unwrap_or_default();
        rows.push(("stage", format!("{}: {}, {amount}{unit} after {}{to}", stage.id, stage.name, stage.after)));
    }
    rows.extend([
        ("how", rule.method.clone()),
        ("confirmed", rule.confirmed_by.clone()),
        ("binds", format!("from {} until {}", day(rule.effective, "not researched"), day(rule.until, "now"))),
        ("voluntary", if rule.voluntary { "yes".into() } else { String::new() }),
        ("citation", rule.citation.clone()),
        ("read", format!("{}, confidence {}", rule.as_of, format!("{:?}", rule.confidence).to_lowercase())),
        ("note", rule.note.clone()),
    ]);
    for (name, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
        out::line(&format!("{name:<10} {text}"))?;
    }
    out::line("An aid, not legal advice.")
}

fn evaluate(
    context: &Context,
    rule: &Rule,
    args: &args::Rules,
    config: &crate::config::Config,
) -> Result<ExitCode, Fail> {
    let pair = |text: &str| -> Result<(String, String), Fail> {
        let (name, value) =
            text.split_once('=').ok_or_else(|| Fail::wrong(format!("{text}: NAME=VALUE is expected")))?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    let mut facts: BTreeMap<String, FactValue> = BTreeMap::new();
    for text in &args.facts {
        let (name, value) = pair(text)?;
        facts.insert(name, FactValue::from(&fact_value(&value)));
    }
    let mut clocks: BTreeMap<String, Instant> = BTreeMap::new();
    for text in &args.clocks {
        let (name, value) = pair(text)?;
        let at = instant::parse_past(&value, edge::now(), config.timezone).map_err(Fail::wrong)?;
        clocks.insert(name, at);
    }
    let on = clocks.values().min().copied().unwrap_or_else(edge::now);
    let zone = rulebook::evaluate::zone(rule);
    let evaluation = rulebook::evaluate(
        rule,
        &rule.applies_to,
        &|name| facts.get(name).copied().unwrap_or(FactValue::Unknown),
        &|name| clocks.get(name).copied(),
        &|_| None,
        rulebook::evaluate::day(rule, on),
    );
    let state = match &evaluation.state {
        State::Due => "due".to_owned(),
        State::NotTriggered => "not triggered".to_owned(),
        State::NotInForce => "not in force on that day".to_owned(),
        State::NotConcerned => "does not concern this organisation".to_owned(),
        State::Unknown { missing } => format!("not known: {}", missing.join(", ")),
    };
    if context.global.json {
        let stages: Vec<serde_json::Value> = evaluation
            .stages
            .iter()
            .map(|s| {
                let due = match s.due {
                    Some(Due::At(at)) => Some(at),
                    Some(Due::Asap(_)) | None => None,
                };
                serde_json::json!({ "id": s.stage, "due_at": due, "asap": matches!(s.due, Some(Due::Asap(_))), "if": s.iff })
            })
            .collect();
        out::json(&serde_json::json!({ "id": rule.id, "state": state, "stages": stages }))?;
        return Ok(ExitCode::SUCCESS);
    }
    out::line(&format!("{}: {state}", rule.id))?;
    for stage in &evaluation.stages {
        let iff = if stage.iff { " IF it applies" } else { "" };
        let due = match stage.due {
            Some(Due::At(at)) => format!("by {}{iff}", instant::echo(at, zone)),
            Some(Due::Asap(at)) => format!("at once, from {}{iff}", instant::echo(at, zone)),
            None => "its clock is not given".to_owned(),
        };
        out::line(&format!("  {:<14} {:<24} {due}", stage.stage, stage.name))?;
    }
    out::line("An aid, not legal advice.")?;
    Ok(ExitCode::SUCCESS)
}
