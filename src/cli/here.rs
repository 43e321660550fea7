//! `warroom here`: who is in the room, on which host, where they look, their last key.

use std::process::ExitCode;

use super::context::Context;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::report::state::presence;
use crate::situation::presence::{State, ago};
use crate::text::Safe;

pub fn run(context: &Context) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, false)?;
    let situation = session.situation();
    let (presences, real) = (&situation.presences, situation.moment.real);
    if context.global.json {
        out::json(&presence(&situation).into())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(cut) = presences.cut {
        out::line(&format!("CUT OFF: what other hosts say was last heard {} ago", ago(cut, real)))?;
    }
    let (here, unknown) = presences.count();
    out::line(&match unknown {
        0 => format!("{here} here"),
        n => format!("{here} here, {n} not known"),
    })?;
    for one in &presences.people {
        let key = ago(one.key, real);
        let how = match one.state {
            State::Here => format!("here, at {}, last key {key} ago", one.pane),
            State::NotKnown(at) => format!("not known for {}", ago(at, real)),
            State::Left(at) => format!("left {} ago", ago(at, real)),
            State::LinkLost(at) => format!("lost the terminal {} ago", ago(at, real)),
            State::Ended(at) => format!("room ended without a word {} ago", ago(at, real)),
        };
        out::line(Safe::new(&format!("    {} on {}: {how}", one.person, one.host)).as_str())?;
    }
    Ok(ExitCode::SUCCESS)
}
