//! `warroom`: opens the room on the open incident.

use std::process::ExitCode;

use super::context::Context;
use super::edge;
use super::fail::Fail;
use crate::incident::plan::Plan;
use crate::room::lobby::DeclareWith;
use crate::room::{self, DemoClock, Ended, Opening};
use crate::tui::terminal;

pub fn run(context: &Context) -> Result<ExitCode, Fail> {
    if let Some(why) = terminal::unfit(&edge::variable("TERM").unwrap_or_default()) {
        return Err(Fail::Failed(why));
    }
    let config = context.config()?;
    let incident = match &context.global.incident {
        Some(_) => {
            let mut journal = context.journal(false)?;
            Some(super::session::chosen(context, &mut journal)?)
        }
        None => None,
    };
    let opening = opening(context, &config, context.journal_path()?, incident, None)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(room::run(opening));
    // Polls under way end with the process; nothing waits for them.
    runtime.shutdown_background();
    told(&ended)
}

/// The pollers run beside the room's own loop, so that a large answer never holds up a key.
pub fn runtime() -> Result<tokio::runtime::Runtime, Fail> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

pub fn opening(
    context: &Context,
    config: &crate::config::Config,
    journal: std::path::PathBuf,
    incident: Option<crate::incident::entry::IncidentId>,
    demo: Option<DemoClock>,
) -> Result<Opening, Fail> {
    let playbook = context.playbook(config, None)?;
    Ok(Opening {
        editor: edge::editor(),
        journal,
        access: context.access(),
        incident,
        actor: context.actor.clone(),
        backends: context.backends(config)?,
        theme: context.theme(config)?,
        keymap: context.keymap(config)?,
        ascii: context.ascii(config),
        // Of a demo nothing leaves, and nobody answers for it.
        naming: if demo.is_some() { None } else { context.naming() },
        replicate: config.replicate.clone().filter(|_| demo.is_none()),
        demo,
        real: edge::now,
        alarms: config.alarms.clone(),
        print: config.print.clone(),
        rights: config.rights.clone(),
        term: edge::variable("TERM").unwrap_or_default(),
        declare: DeclareWith {
            timezone: config.timezone,
            organisation: config.organisation.clone(),
            playbook: Some((playbook.plan.name.clone(), playbook.text.clone())),
            plan: Plan { rights: config.rights.clone(), ..playbook.plan },
            rules: context.rules_text(config)?,
        },
        drill: None,
    })
}

/// The exit code of a room that ended.
pub fn told(ended: &Ended) -> Result<ExitCode, Fail> {
    match ended {
        Ended::Quit => Ok(ExitCode::SUCCESS),
        // As the shell counts a process that a signal ended.
        Ended::Signal(n) => Ok(ExitCode::from(128u8.saturating_add(u8::try_from(*n).unwrap_or(0)))),
        Ended::TerminalLost => Ok(ExitCode::FAILURE),
        Ended::Failed(why) => Err(Fail::Failed(why.clone())),
    }
}
