//! Notes, decisions, acknowledgements, roles, facts, phase, severity, undo: one entry each.

use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::fail::Fail;
use super::session::Session;
use crate::incident::command::{Command, Decision, Target};
use crate::rulebook::names;
use crate::tui::form::fact_value;

pub fn note(context: &Context, args: &args::Note) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    if let Some(id) = &args.amend {
        let entry = session.entry(id)?;
        return session.run(&Command::Amend { entry, text: args.text.clone() });
    }
    let at = session.past(args.at.as_deref())?;
    session.run(&Command::Note { text: args.text.clone(), at, follow_up: args.follow_up })
}

pub fn decide(context: &Context, args: &args::Decide) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    if args.ask {
        let by = String::new();
        return session.run(&Command::Ask { proposal: args.proposal.clone(), by, risk: args.risk.clone() });
    }
    let check_at = session.next(args.check.as_deref())?;
    let answers = args.answers.as_deref().map(|id| session.entry(id)).transpose()?;
    session.run(&Command::Decide(Decision {
        answers,
        proposal: args.proposal.clone(),
        outcome: args.outcome.clone(),
        refused: args.refused.clone(),
        objections: args.objections.clone(),
        acts: args.acts.clone(),
        check_at,
        reversal: args.reversal.clone(),
    }))
}

pub fn ack(context: &Context, args: &args::Ack) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    let count = session.incident().alerts.values().filter(|a| a.name == args.id && a.gone.is_none()).count();
    let target = if count > 0 {
        Target::Alerts { group: args.id.clone(), count }
    } else {
        let task = session.task(&args.id).map_err(|_| {
            let mut names: Vec<String> = session.incident().alerts.values().map(|a| a.name.clone()).collect();
            names.sort();
            names.dedup();
            Fail::failed(format!(
                "{}: neither a task (`warroom task list`) nor a group of alerts that stands ({})",
                args.id,
                if names.is_empty() { "there is none".to_owned() } else { names.join(", ") }
            ))
        })?;
        Target::Task(task)
    };
    session.run(&Command::Acknowledge { target, minutes: args.minutes })
}

pub fn role(context: &Context, args: &args::RoleArgs) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    session.run(&Command::SetRole { role: args.role, holder: args.holder.clone(), why: args.why.clone() })
}

pub fn fact(context: &Context, args: &args::Fact) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    if let Some(step) = &args.clear {
        let (name, step, basis) = (args.name.clone(), step.clone(), args.basis.clone());
        return session.run(&Command::ClearFact { name, step, basis });
    }
    let plan = session.in_force.plan.clone();
    let known =
        plan.facts.iter().map(|fact| fact.name.as_str()).chain(session.incident().facts.keys().map(String::as_str));
    let value = fact_value(args.value.as_deref().unwrap_or_default());
    let fault = names::fact_fault(&session.in_force.rules, &known.collect::<Vec<_>>(), &args.name)
        .or_else(|| names::value_fault(&session.in_force.rules, &args.name, &value));
    if let Some(fault) = fault {
        return Err(Fail::failed(fault));
    }
    let at = session.past(args.at.as_deref())?;
    session.run(&Command::SetFact {
        at,
        name: args.name.clone(),
        value,
        basis: args.basis.clone(),
        confirmed_by: args.confirmed_by.clone(),
    })
}

pub fn phase(context: &Context, args: &args::PhaseArgs) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    session.run(&Command::SetPhase { phase: args.phase, why: args.why.clone(), by_name: args.override_by.clone() })
}

pub fn severity(context: &Context, args: &args::SeverityArgs) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    session.run(&Command::SetSeverity { severity: args.severity, why: args.why.clone() })
}

pub fn undo(context: &Context, args: &args::Undo) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    let entry = session.entry(&args.id)?;
    session.run(&Command::Retract { entry, why: args.why.clone() })
}
