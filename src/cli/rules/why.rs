//! `warroom rules why RULE`: which facts made a rule so in the incident, who said each, and which clocks run. Files nothing.

use std::process::ExitCode;

use super::{aid, day_of, find, rfc3339};
use crate::cli::context::Context;
use crate::cli::edge;
use crate::cli::fail::Fail;
use crate::cli::out;
use crate::cli::session::Session;
use crate::incident::rule::Rule;
use crate::rulebook::deadline::Due;
use crate::rulebook::evaluate::STAGE;
use crate::rulebook::expression::{self, FactValue, Truth};
use crate::rulebook::reasons::{Reason, reasons};
use crate::situation::known::{FactView, Facts, Origin};
use crate::situation::obligations::{Law, Obligation, StageView, Standing, obligation};
use crate::text::instant;

pub fn run(context: &Context, id: &str, on: Option<&str>) -> Result<ExitCode, Fail> {
    let law = on.map(day_of).transpose()?.map_or(Law::OfTheDay, Law::Of);
    let mut session = Session::open(context, false)?;
    let sources = session.sources();
    let (now, zone) = (session.now(), session.zone());
    let (plan, rules) = (session.in_force.plan.clone(), session.in_force.rules.clone());
    let rule = find(&rules, id)?;
    let incident = session.incident().clone();
    let facts = Facts::new(&incident, &plan, &rules, &sources, now, edge::now());
    let Some(found) = obligation(law, &incident, &rules, rule, &facts, now) else {
        let kinds = incident.declared.as_ref().map(|d| d.organisation.join(", ")).unwrap_or_default();
        let said = format!("{id} does not concern us: it is for {}; we are {kinds}", rule.applies_to.join(", "));
        return Err(Fail::failed(said));
    };
    let why = expression::parse(&rule.when).map(|e| reasons(&e, &|name| facts.value(name))).unwrap_or_default();
    if context.global.json {
        out::json(&json(&found, &why, &facts))?;
        return Ok(ExitCode::SUCCESS);
    }
    let said = found.binding.said();
    let force = if said.is_empty() { String::new() } else { format!(" ({said})") };
    out::line(&format!("{}: {}{force}", found.rule, standing(&found)))?;
    out::line(&format!("  rule   {}", rule.trigger))?;
    let echo = |at| instant::echo(at, zone);
    for reason in &why {
        out::line(&format!("  {}  {}", mark(reason.truth), reason.text))?;
        for name in &reason.facts {
            out::line(&format!("           {}", fact(&facts.view(name), &echo)))?;
        }
    }
    for meter in &found.meters {
        let met = meter.met_at.map_or("not reached at the present rate".to_owned(), |at| {
            format!("{} {}", if at <= now { "passed" } else { "at the present rate" }, echo(at))
        });
        let least = if meter.at_least { "at least " } else { "" };
        let threshold = &meter.threshold;
        out::line(&format!("  meter  {} {least}{} of {}: {met}", threshold.fact, meter.value, threshold.goal))?;
    }
    if let Some(may) = &found.may_fire {
        out::line(&format!("  may fire  {}, IF: {}", echo(may.at), may.assumes.join(" or ")))?;
    }
    if let Some(fires) = &found.fires {
        let assumed =
            if fires.assumes.is_empty() { String::new() } else { format!(", if {}", fires.assumes.join(", ")) };
        out::line(&format!("  fires  {} at the present rate{assumed}", echo(fires.at)))?;
    }
    for clock in &found.clocks {
        let Some(at) = clock.at else {
            out::line(&format!("  clock  {} is not set: `warroom agency clock`", clock.name))?;
            continue;
        };
        let by = if clock.by.is_empty() { String::new() } else { format!(" ({})", clock.by) };
        let assumed = if clock.assumed { ", ASSUMED" } else { "" };
        out::line(&format!("  clock  {} {}: {}{by}{assumed}", clock.name, echo(at), clock.why))?;
    }
    for stage in &found.stages {
        let iff = if stage.iff { " IF it applies" } else { "" };
        let missing =
            if stage.missing.is_empty() { String::new() } else { format!(", missing {}", stage.missing.join(", ")) };
        let due = match (stage.due, &stage.on) {
            (Some(Due::At(at)), _) => format!("by {}{iff}", echo(at)),
            (Some(Due::Asap(at)), _) => format!("at once, from {}{iff}", echo(at)),
            (None, Some(on)) => format!("on {on}"),
            (None, None) => waits(stage, &found),
        };
        out::line(&format!("  stage  {} {}: {due}{missing}", stage.id, stage.state))?;
        for reading in &stage.readings {
            out::line(&format!(
                "           from {}: {} ({})",
                echo(reading.clock),
                echo(reading.due.instant()),
                reading.why
            ))?;
        }
    }
    out::line(&format!("  source {}, confidence {}, read {}", rule.citation, rule.confidence.as_str(), rule.as_of))?;
    hidden(rule, &plan.agencies)?;
    aid()?;
    Ok(ExitCode::SUCCESS)
}

/// Why a stage has no deadline.
fn waits(stage: &StageView, found: &Obligation) -> String {
    if matches!(found.state, Standing::NotInForce | Standing::NotTriggered) {
        return "no deadline".to_owned();
    }
    if stage.again.as_ref().is_some_and(|again| again.ended) {
        return "has ended".to_owned();
    }
    match stage.after.strip_prefix(STAGE) {
        Some(earlier) => format!("once {earlier} is filed"),
        None => format!("once {} is set", stage.after),
    }
}

/// A rule that the playbook leaves out is not on the screen.
fn hidden(rule: &Rule, agencies: &[String]) -> Result<(), Fail> {
    if agencies.is_empty() || agencies.contains(&rule.id) {
        return Ok(());
    }
    out::line("  The playbook in force does not name it: the room does not show it.")
}

fn standing(found: &Obligation) -> String {
    match &found.state {
        Standing::NotInForce => "not in force".to_owned(),
        Standing::NotTriggered => "not triggered".to_owned(),
        Standing::Unknown(missing) => format!("not known, missing {}", missing.join(", ")),
        Standing::Due if found.voluntary => "applies, voluntary".to_owned(),
        Standing::Due => "due".to_owned(),
    }
}

fn mark(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true ",
        Truth::False => "false",
        Truth::Unknown => "open ",
    }
}

fn value(value: FactValue) -> String {
    match value {
        FactValue::Integer(n) => n.to_string(),
        FactValue::Boolean(value) => value.to_string(),
        FactValue::Unknown => "unknown".to_owned(),
    }
}

fn fact(view: &FactView, echo: &dyn Fn(crate::incident::Instant) -> String) -> String {
    let from = match &view.origin {
        Origin::Person { by, at, basis, confirmed_by } => {
            let basis = if basis.is_empty() { String::new() } else { format!(": {basis}") };
            let confirmed = confirmed_by.as_ref().map(|by| format!(", confirmed by {by}")).unwrap_or_default();
            format!("stated by {by}, {}{basis}{confirmed}", echo(*at))
        }
        Origin::Conflict => "people said different things: settle it".to_owned(),
        Origin::Metric { source, metric } => format!("measured by {source} as {metric}"),
        Origin::Component { source, component, state, since, first_harm } => {
            let harm = first_harm.map(|at| format!(", harmed since {}", echo(at))).unwrap_or_default();
            let state = state.map_or("GONE", |s| s.short());
            format!("{component} is {state} on {source} since {}{harm}", echo(*since))
        }
        Origin::Grows { at_least: false } => "grows by itself".to_owned(),
        Origin::Grows { at_least: true } => "grows by itself, at least: the count had gaps".to_owned(),
        Origin::Nobody => "nobody has said: `warroom fact`".to_owned(),
    };
    format!("{} = {} ({from})", view.name, value(view.value))
}

fn json(found: &Obligation, why: &[Reason], facts: &Facts<'_>) -> serde_json::Value {
    let reasons = why.iter().map(|reason| {
        let truth = match reason.truth {
            Truth::True => serde_json::Value::Bool(true),
            Truth::False => serde_json::Value::Bool(false),
            Truth::Unknown => serde_json::Value::Null,
        };
        let facts: Vec<serde_json::Value> = reason.facts.iter().map(|name| fact_json(&facts.view(name))).collect();
        serde_json::json!({ "text": reason.text, "truth": truth, "facts": facts })
    });
    let missing = match &found.state {
        Standing::Unknown(missing) => missing.clone(),
        Standing::NotInForce | Standing::NotTriggered | Standing::Due => Vec::new(),
    };
    let clocks = found.clocks.iter().map(|c| {
        serde_json::json!({ "id": c.name, "at": c.at.map(rfc3339), "by": c.by, "why": c.why, "assumed": c.assumed })
    });
    let stages = found.stages.iter().map(|s| {
        let due = match s.due {
            Some(Due::At(at)) => Some(rfc3339(at)),
            Some(Due::Asap(_)) | None => None,
        };
        serde_json::json!({ "id": s.id, "due_at": due, "asap": matches!(s.due, Some(Due::Asap(_))), "if": s.iff, "state": s.state })
    });
    serde_json::json!({
        "id": found.rule, "state": crate::report::state::standing(&found.state), "force": found.binding.said(),
        "missing_facts": missing, "reasons": reasons.collect::<Vec<_>>(),
        "fires_at": found.fires.as_ref().map(|f| rfc3339(f.at)), "clocks": clocks.collect::<Vec<_>>(),
        "stages": stages.collect::<Vec<_>>(), "citation": found.citation, "confidence": found.confidence,
    })
}

fn fact_json(view: &FactView) -> serde_json::Value {
    let from = match &view.origin {
        Origin::Person { by, .. } => by.clone(),
        Origin::Metric { source, .. } | Origin::Component { source, .. } => source.clone(),
        Origin::Conflict => "conflict".to_owned(),
        Origin::Grows { .. } => "grows".to_owned(),
        Origin::Nobody => "nobody".to_owned(),
    };
    let value = match view.value {
        FactValue::Integer(n) => n.into(),
        FactValue::Boolean(value) => value.into(),
        FactValue::Unknown => serde_json::Value::Null,
    };
    serde_json::json!({ "id": view.name, "value": value, "from": from })
}
