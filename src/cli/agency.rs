//! `warroom agency`: every duty with its deadline; filings, confirmations, clocks.

use std::process::ExitCode;

use super::args::{self, AgencyCmd};
use super::context::Context;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::incident::command::Command;
use crate::rulebook::deadline::Due;
use crate::situation::obligations::Standing;
use crate::text::{duration, instant};

pub fn run(context: &Context, args: &args::Agency) -> Result<ExitCode, Fail> {
    let writes = !matches!(args.command, AgencyCmd::List);
    let mut session = Session::open(context, writes)?;
    let command = match &args.command {
        AgencyCmd::List => return list(&mut session),
        AgencyCmd::Draft { rule, stage } => {
            known(&session, rule, stage)?;
            Command::DraftStage { rule: rule.clone(), stage: stage.clone() }
        }
        AgencyCmd::File { rule, stage, reference, person, at } => {
            known(&session, rule, stage)?;
            Command::File {
                rule: rule.clone(),
                stage: stage.clone(),
                at: session.past(at.as_deref())?,
                reference: reference.clone(),
                person: person.clone(),
            }
        }
        AgencyCmd::Confirm { rule, stage, how } => {
            known(&session, rule, stage)?;
            Command::ConfirmStage { rule: rule.clone(), stage: stage.clone(), how: how.clone() }
        }
        AgencyCmd::Withdraw { rule, stage, why } => {
            Command::WithdrawStage { rule: rule.clone(), stage: stage.clone(), why: why.clone() }
        }
        AgencyCmd::Waive { rule, stage, why } => {
            known(&session, rule, stage)?;
            Command::WaiveStage { rule: rule.clone(), stage: stage.clone(), why: why.clone() }
        }
        AgencyCmd::Clock { name, at, why, assumed } => {
            let at = session.past(Some(at))?.ok_or_else(|| Fail::wrong("a time is needed"))?;
            Command::SetClock { clock: name.clone(), at, why: why.clone(), assumed: *assumed }
        }
    };
    session.run(&command)
}

/// A rule and a stage that are in force for this incident.
fn known(session: &Session<'_>, rule: &str, stage: &str) -> Result<(), Fail> {
    let Some(found) = session.in_force.rules.get(rule) else {
        let near = crate::text::suggest::nearest(rule, session.in_force.rules.rules.iter().map(|r| r.id.as_str()));
        let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
        return Err(Fail::wrong(format!("no rule is called {rule}{hint}")));
    };
    if found.stages.iter().any(|s| s.id == stage) {
        return Ok(());
    }
    let stages: Vec<&str> = found.stages.iter().map(|s| s.id.as_str()).collect();
    Err(Fail::wrong(format!("{rule} has no stage {stage}: {}", stages.join(", "))))
}

fn list(session: &mut Session<'_>) -> Result<ExitCode, Fail> {
    let situation = session.situation();
    let (now, zone) = (situation.moment.now, situation.zone);
    if session.context.global.json {
        let rows: Vec<serde_json::Value> = situation
            .obligations
            .iter()
            .flat_map(|o| {
                o.stages.iter().map(move |s| {
                    serde_json::json!({
                        "id": format!("{}/{}", o.rule, s.id), "rule": o.rule, "stage": s.id, "agency": o.agency,
                        "state": s.state, "due_at": match s.due { Some(Due::At(at)) => Some(at), _ => None },
                        "asap": matches!(s.due, Some(Due::Asap(_))), "if": s.iff, "filed_at": s.filed,
                        "reference": s.reference,
                        "missing_facts": match &o.state { Standing::Unknown(missing) => missing.clone(), _ => Vec::new() },
                    })
                })
            })
            .collect();
        out::json(&rows.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    for obligation in &situation.obligations {
        let standing = match &obligation.state {
            Standing::Due if obligation.voluntary => "voluntary".to_owned(),
            Standing::Due => "DUE".to_owned(),
            Standing::Unknown(missing) => format!("NOT KNOWN, needs {}", missing.join(", ")),
            Standing::NotTriggered => "not triggered".to_owned(),
            Standing::NotInForce => "not in force that day".to_owned(),
        };
        let doubt = obligation.doubt();
        let doubt = if doubt.is_empty() { doubt } else { format!(", {doubt}") };
        let fires = obligation.fires.as_ref().map(|f| {
            let assumed = if f.assumes.is_empty() { String::new() } else { format!(" if {}", f.assumes.join(", ")) };
            format!(", fires {} at the present rate{assumed}", instant::clock_zoned(f.at, now, zone))
        });
        let fires = fires.unwrap_or_default();
        out::line(&format!("{}  {} ({standing}{fires}{doubt})", obligation.rule, obligation.agency))?;
        for stage in &obligation.stages {
            let iff = if stage.iff { " IF" } else { "" };
            let due = match stage.due {
                Some(Due::At(at)) if at <= now && stage.open() => {
                    format!("OVER {}{iff}", duration::short(now - at, false))
                }
                Some(Due::At(at)) => {
                    let left = duration::short(at - now, false);
                    let other = stage.readings.get(1).map(|r| instant::clock_zoned(r.due.instant(), now, zone));
                    let other = other.map(|at| format!(" (or {at})")).unwrap_or_default();
                    format!("{left}{iff}, by {}{other}", instant::clock_zoned(at, now, zone))
                }
                Some(Due::Asap(_)) => format!("as soon as possible{iff}"),
                None => stage.on.as_ref().map_or("--".to_owned(), |on| format!("on {on}")),
            };
            let reference =
                if stage.reference.is_empty() { String::new() } else { format!(" no. {}", stage.reference) };
            out::line(&format!("    {:<16} {:<10} {due}{reference}", stage.id, stage.state.as_str()))?;
        }
    }
    out::line("An aid, not legal advice: check each rule with counsel.")?;
    Ok(ExitCode::SUCCESS)
}
