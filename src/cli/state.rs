//! `warroom state` and `warroom can`.

use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::incident::observation::Source;
use crate::incident::replication::Replication;
use crate::journal::Watch;
use crate::report::can;
use crate::report::state::{Options, state, state_text};
use crate::text::instant;

pub fn run(context: &Context, args: &args::State) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, false)?;
    let since = match args.since.as_deref() {
        Some(text) => Some(instant::parse_past(text, session.now(), session.zone()).map_err(Fail::wrong)?),
        None => None,
    };
    if args.follow {
        return follow(session);
    }
    let situation = session.situation();
    if context.global.json {
        let options = Options { since, ..Options::default() };
        out::json(&state(session.incident(), &session.in_force.plan, &situation, session.id, options))?;
    } else {
        out::lines(&state_text(session.incident(), &session.in_force.plan, &situation))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A line of JSON now, and one for every change, until the reader or a signal ends it. The timeline of a line holds what
/// was recorded since the line before.
fn follow(mut session: Session<'_>) -> Result<ExitCode, Fail> {
    let (told, notices) = std::sync::mpsc::channel();
    let _watch = Watch::start(session.journal.path(), move |notice| {
        // It fails only when nobody follows any more.
        let _ = told.send(notice);
    })?;
    let mut since = None;
    loop {
        let told = beside(&mut session);
        let situation = session.situation();
        let options = Options { since, ..Options::default() };
        let value = state(session.incident(), &session.in_force.plan, &situation, session.id, options);
        since = Some(edge::now().max(situation.moment.now));
        if !out::json_line(&value)? {
            return Ok(ExitCode::SUCCESS);
        }
        loop {
            let Ok(notice) = notices.recv() else { return Ok(ExitCode::SUCCESS) };
            if session.catch_up()? || notice.cache && told != beside(&mut session) {
                break;
            }
        }
    }
}

/// What is known besides the journal, without when other hosts were last met: that is said anew all the time.
fn beside(session: &mut Session<'_>) -> (Vec<Source>, Option<Replication>) {
    let standing = session.journal.replication().ok().flatten();
    (session.sources(), standing.map(|standing| Replication { last_round: None, ..standing }))
}

pub fn can(context: &Context) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, false)?;
    let situation = session.situation();
    let lines = can::can(session.incident(), &situation);
    if context.global.json {
        let rows: Vec<&str> = lines.iter().map(|l| l.as_str()).collect();
        out::json(&serde_json::json!({ "lines": rows }))?;
    } else {
        out::lines(&lines)?;
    }
    Ok(ExitCode::SUCCESS)
}
