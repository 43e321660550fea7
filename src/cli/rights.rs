//! `warroom rights`: who may do what in the incident, by its record and by this host's configuration.

use std::process::ExitCode;

use serde_json::json;

use super::args::{RightsArgs, RightsCmd};
use super::context::Context;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::incident::command::Command;
use crate::incident::rights::{ACTS, Rights};
use crate::report::state;
use crate::text::Safe;

pub fn run(context: &Context, args: &RightsArgs) -> Result<ExitCode, Fail> {
    let rights = context.config()?.rights;
    let mut session = Session::open(context, args.command.is_some())?;
    match &args.command {
        Some(RightsCmd::Adopt) => session.run(&Command::AdoptRights(rights)),
        Some(RightsCmd::Stand { id, why }) => {
            let entry = session.entry(id)?;
            session.run(&Command::StandFor { entry, why: why.clone() })
        }
        None => show(&session, &rights),
    }
}

fn show(session: &Session<'_>, own: &Rights) -> Result<ExitCode, Fail> {
    let incident = session.incident();
    let in_force = incident.rights.agreed().cloned().unwrap_or_default();
    let same = !incident.rights.conflict() && in_force == *own;
    if session.context.global.json {
        out::json(&json!({
            "in_force": state::rights(incident), "here": {"who": own.who, "own_text": own.own_text}, "same": same,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if incident.rights.conflict() {
        out::line(
            "CONFLICT: two set who may do what; until `warroom rights adopt` settles it, both have to let somebody",
        )?;
    }
    for head in incident.rights.heads() {
        out::line(Safe::new(&format!("in force for the incident, by {}:", head.by)).as_str())?;
        tell(&head.value)?;
    }
    if incident.rights.heads().is_empty() {
        out::line("none are in force for the incident: every host asks its own configuration")?;
    }
    if same {
        out::line("this host's configuration says the same")?;
    } else {
        out::line("besides, on this host, by its configuration:")?;
        tell(own)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(rights: &Rights) -> Result<(), Fail> {
    let steps = rights.who.keys().map(String::as_str).filter(|name| !ACTS.contains(name));
    for act in ACTS.iter().copied().chain(steps) {
        let who = match rights.who.get(act) {
            None if act == "rights" => "the commander, else who declared".to_owned(),
            None => "everybody who answers for it".to_owned(),
            Some(who) if who.is_empty() => "nobody".to_owned(),
            Some(who) => who.join(", "),
        };
        out::line(Safe::new(&format!("    {act}: {who}")).as_str())?;
    }
    Ok(())
}
