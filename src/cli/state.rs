//! `warroom state` and `warroom can`.

use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::report::can;

pub fn run(_context: &Context, _args: &args::State) -> Result<ExitCode, Fail> {
    Err(Fail::failed("state"))
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
