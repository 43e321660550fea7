//! `warroom task`: add, assign, heard, start, done, block, extend, cancel, list.

use std::process::ExitCode;

use super::args::{self, TaskCmd};
use super::context::Context;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::incident::command::Command;
use crate::text::instant;

pub fn run(context: &Context, args: &args::Task) -> Result<ExitCode, Fail> {
    let writes = !matches!(args.command, TaskCmd::List);
    let mut session = Session::open(context, writes)?;
    let command = match &args.command {
        TaskCmd::List => return list(&session),
        TaskCmd::Add { title, owner, team, minutes } => {
            Command::AddTask { title: title.clone(), team: team.clone(), owner: owner.clone(), minutes: *minutes }
        }
        TaskCmd::Assign { id, owner, minutes } => {
            Command::Assign { task: session.task(id)?, owner: owner.clone(), minutes: *minutes }
        }
        TaskCmd::Heard { id } => Command::Hear { task: session.task(id)? },
        TaskCmd::Start { id } => Command::StartTask { task: session.task(id)? },
        TaskCmd::Done { id, result } => Command::FinishTask { task: session.task(id)?, result: result.clone() },
        TaskCmd::Block { id, on } => Command::BlockTask { task: session.task(id)?, on: on.clone() },
        TaskCmd::Extend { id, minutes, why } => {
            Command::ExtendTask { task: session.task(id)?, minutes: *minutes, why: why.clone() }
        }
        TaskCmd::Cancel { id, why } => Command::CancelTask { task: session.task(id)?, why: why.clone() },
    };
    session.run(&command)
}

fn list(session: &Session<'_>) -> Result<ExitCode, Fail> {
    let incident = session.incident();
    if session.context.global.json {
        let rows: Vec<serde_json::Value> = incident
            .tasks
            .values()
            .map(|t| {
                serde_json::json!({
                    "id": t.id, "title": t.title, "team": t.team, "owner": t.owner, "state": t.state,
                    "check_in_at": t.due, "planned": t.planned, "first": t.first,
                })
            })
            .collect();
        out::json(&rows.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut tasks: Vec<_> = incident.tasks.values().collect();
    tasks.sort_by_key(|t| (!t.live(), t.owner.is_none(), t.due.is_none(), t.due, !t.first, t.added, t.id));
    for task in tasks {
        let due = task.due.map(|at| instant::clock_zoned(at, session.now(), session.zone())).unwrap_or_default();
        out::line(&format!(
            "{}  {:<12} {:<8} {:<12} {}",
            task.id.short(),
            task.state.as_str(),
            task.owner.as_deref().unwrap_or("--"),
            due,
            task.title
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
