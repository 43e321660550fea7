//! `warroom export`: the record, as a page or as data.

use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::fail::Fail;

pub fn run(_context: &Context, _args: &args::Export) -> Result<ExitCode, Fail> {
    Err(Fail::failed("export"))
}
