//! The rulebook as a list, and one rule whole: what was read for it, how sure we are, what could not be confirmed.

use std::process::ExitCode;

use super::{aid, configured, find};
use crate::cli::args;
use crate::cli::context::Context;
use crate::cli::fail::Fail;
use crate::cli::out;
use crate::incident::rule::{Confidence, InForce, Limit, Repeat, Rule, Rules, Stage, Unit};
use crate::rulebook::names::ANY;
use crate::text::suggest;

pub fn run(context: &Context, args: &args::Rules) -> Result<ExitCode, Fail> {
    let rules = configured(context)?;
    if let Some(id) = &args.id {
        let rule = find(&rules, id)?;
        if context.global.json {
            out::json(&json(rule)?)?;
        } else {
            whole(rule, &rules)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let wanted = wanted(&rules, args)?;
    if context.global.json {
        let rows: Result<Vec<serde_json::Value>, Fail> = wanted.into_iter().map(json).collect();
        out::json(&rows?.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    for rule in wanted {
        let doubts = doubts(rule);
        let doubts = if doubts.is_empty() { String::new() } else { format!(" ({})", doubts.join(", ")) };
        let (place, short) = (&rule.jurisdiction, rule.short.as_ref().unwrap_or(&rule.agency));
        out::line(&format!("{:<32} {place:<6} {short:<15} {}{doubts}", rule.id, rule.title))?;
    }
    aid()?;
    Ok(ExitCode::SUCCESS)
}

fn json(rule: &Rule) -> Result<serde_json::Value, Fail> {
    serde_json::to_value(rule).map_err(|e| Fail::failed(e.to_string()))
}

/// Those of a jurisdiction, and those that concern a kind of organisation.
fn wanted<'r>(rules: &'r Rules, args: &args::Rules) -> Result<Vec<&'r Rule>, Fail> {
    if let Some(kind) = args.kind.as_ref().filter(|kind| !rules.kinds.iter().any(|k| k.name == **kind)) {
        let near = suggest::nearest(kind, rules.kinds.iter().map(|k| k.name.as_str()));
        let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
        return Err(Fail::wrong(format!("--kind {kind}: no such kind of organisation{hint}")));
    }
    let place = args.jurisdiction.as_deref().map(str::to_uppercase);
    let concerns =
        |rule: &Rule| args.kind.as_ref().is_none_or(|kind| rule.applies_to.iter().any(|k| k == kind || k == ANY));
    // US means its states too.
    let within = |rule: &Rule| {
        place.as_ref().is_none_or(|place| {
            rule.jurisdiction.strip_prefix(place.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    };
    let wanted: Vec<&Rule> = rules.rules.iter().filter(|rule| concerns(rule) && within(rule)).collect();
    match place {
        Some(place) if wanted.is_empty() => {
            let mut known: Vec<&str> = rules.rules.iter().map(|r| r.jurisdiction.as_str()).collect();
            known.sort_unstable();
            known.dedup();
            Err(Fail::wrong(format!("--jurisdiction {place}: no such rule; known are {}", known.join(", "))))
        }
        Some(_) | None => Ok(wanted),
    }
}

/// What a reader must know before relying on it.
fn doubts(rule: &Rule) -> Vec<String> {
    let mut out = Vec::new();
    if rule.voluntary {
        out.push("voluntary".to_owned());
    }
    match rule.in_force {
        InForce::Yes => {}
        InForce::No => out.push("no longer in force".to_owned()),
        InForce::Pending => out.push("pending".to_owned()),
    }
    match rule.confidence {
        Confidence::High => {}
        Confidence::Medium | Confidence::Low => out.push(format!("confidence {}", rule.confidence.as_str())),
    }
    out
}

fn whole(rule: &Rule, rules: &Rules) -> Result<(), Fail> {
    let mut rows = vec![
        ("agency", format!("{} ({})", rule.agency, rule.jurisdiction)),
        ("title", rule.title.clone()),
        ("concerns", rule.applies_to.join(", ")),
        ("when", rule.trigger.clone()),
        ("facts", rule.when.clone()),
        ("clock", clock(&rule.clock, rules)),
        ("zone", rule.timezone.clone()),
        ("calendar", rule.calendar.clone().unwrap_or_default()),
    ];
    rows.extend(rule.stages.iter().map(|s| ("stage", stage(s))));
    rows.extend([
        ("merge", rule.merge.as_ref().map(|m| format!("one filing with all of {m}")).unwrap_or_default()),
        ("how", rule.method.clone()),
        ("content", rule.content.join("; ")),
        ("confirmed", rule.confirmed_by.clone()),
        ("withdraw", rule.withdraw.clone()),
        ("binds", binds(rule)),
        ("voluntary", if rule.voluntary { "yes: no law demands it".into() } else { String::new() }),
        ("private", if rule.confidential { "what is filed is presumed confidential".into() } else { String::new() }),
        ("citation", rule.citation.clone()),
        ("read", read(rule)),
        ("time", rule.calendar_note.clone()),
        ("note", rule.note.clone()),
    ]);
    for (name, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
        out::line(&format!("{name:<10} {text}"))?;
    }
    aid()
}

fn clock(name: &str, rules: &Rules) -> String {
    rules.clock(name).map_or(name.to_owned(), |c| format!("{name}: {}", c.meaning))
}

fn read(rule: &Rule) -> String {
    let basis = rule.basis.map(|b| format!(", from {}", b.as_str())).unwrap_or_default();
    format!("{}{basis}, confidence {}", rule.as_of, rule.confidence.as_str())
}

/// From when until when. What was not researched is said, and is neither.
fn binds(rule: &Rule) -> String {
    let from = rule.effective.map_or("a day that was not researched".to_owned(), |day| day.to_string());
    let until = match (rule.until, rule.in_force) {
        (Some(day), _) => format!("until {day}"),
        (None, InForce::Yes) => "until now".to_owned(),
        (None, InForce::Pending) => "pending: check whether it has taken effect".to_owned(),
        (None, InForce::No) => "no longer in force: its last day was not researched".to_owned(),
    };
    let note = if rule.effective_note.is_empty() { String::new() } else { format!(". {}", rule.effective_note) };
    format!("from {from}, {until}{note}")
}

fn span(amount: Option<u32>, unit: Unit) -> String {
    let n = amount.unwrap_or(0);
    match unit {
        Unit::Minutes => format!("{n} minutes"),
        Unit::Hours => format!("{n} hours"),
        Unit::CalendarDays => format!("{n} calendar days"),
        Unit::BusinessDays => format!("{n} business days"),
        Unit::Months => format!("{n} months"),
        Unit::Asap => "as soon as possible".to_owned(),
    }
}

fn stage(stage: &Stage) -> String {
    let mut text = format!("{}: {}, {} after {}", stage.id, stage.name, span(stage.amount, stage.unit), stage.after);
    if let Some(time) = stage.at_local {
        text.push_str(&format!(", by {}", time.format("%H:%M")));
    }
    if let Some(Limit { after, amount, unit }) = &stage.not_after {
        text.push_str(&format!(", at the latest {} after {after}", span(Some(*amount), *unit)));
    }
    if let Some(Repeat { until, every, unit, on, for_hours, then_every }) = &stage.repeat {
        let unit = unit.unwrap_or(stage.unit);
        if let Some(every) = every {
            text.push_str(&format!(", again every {}", span(Some(*every), unit)));
        }
        if let (Some(hours), Some(then)) = (for_hours, then_every) {
            text.push_str(&format!(" for {hours} hours, then every {}", span(Some(*then), unit)));
        }
        if let Some(on) = on {
            text.push_str(&format!(", again on {on}"));
        }
        text.push_str(&format!(", until {until}"));
    }
    if let Some(on) = &stage.on {
        text.push_str(&format!(", on {on}"));
    }
    if let Some(condition) = &stage.only_if {
        text.push_str(&format!(", only if {condition}"));
    }
    if let Some(to) = &stage.to {
        text.push_str(&format!(", to {to}"));
    }
    if stage.holds {
        text.push_str(", who may not be told before");
    }
    if !stage.note.is_empty() {
        text.push_str(&format!(" ({})", stage.note));
    }
    text
}
