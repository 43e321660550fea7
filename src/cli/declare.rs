//! `warroom declare`: opens an incident with its plan and rules, prints its id.

use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use crate::incident::decide::{Declare, declare};
use crate::incident::entry::{Author, IncidentId};
use crate::incident::plan::Plan;
use crate::journal::Cursor;
use crate::text::instant;

pub fn run(context: &Context, args: &args::Declare) -> Result<ExitCode, Fail> {
    let config = context.config()?;
    let playbook = context.playbook(&config, args.playbook.as_deref())?;
    let rules = context.rules_text(&config)?;
    let mut journal = context.journal(true)?;
    let now = journal.clock()?.at(edge::now());
    let past = |text: &Option<String>| {
        text.as_ref().map(|t| instant::parse_past(t, now, config.timezone).map_err(Fail::wrong)).transpose()
    };
    let wish = Declare {
        title: args.title.clone(),
        severity: args.severity,
        started: past(&args.started)?,
        detected: past(&args.detected)?,
        exercise: args.exercise,
        demo: false,
        timezone: config.timezone.name().to_owned(),
        organisation: config.organisation.clone(),
        playbook: Some((playbook.plan.name.clone(), playbook.text.clone())),
        rules,
    };
    let author = Author { person: context.actor.person.clone(), host: context.actor.host.clone(), machine: false };
    let incident = IncidentId(uuid::Uuid::new_v4());
    let plan = Plan { rights: config.rights.clone(), ..playbook.plan.clone() };
    journal.append(incident, &author, now, Cursor::START, |_| declare(&wish, &plan, now))?;
    let started = wish.started.unwrap_or(now);
    if context.global.json {
        out::json(&serde_json::json!({ "id": incident, "started_at": started, "declared_at": now }))?;
    } else {
        out::line(&incident.to_string())?;
        // The id alone goes to a script; what a person has to check goes to standard error.
        let before = (now - started).num_minutes();
        eprintln!(
            "warroom: {} declared, began {} ({before} min before it was declared), playbook {}",
            args.severity,
            instant::echo(started, config.timezone),
            crate::text::Safe::new(&playbook.plan.name),
        );
    }
    Ok(ExitCode::SUCCESS)
}
