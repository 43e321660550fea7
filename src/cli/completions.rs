//! `warroom completions SHELL`.

use std::process::ExitCode;

use clap::CommandFactory;

use super::args::{self, Args};
use super::fail::Fail;
use super::out;

pub fn run(args: &args::Completions) -> Result<ExitCode, Fail> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "warroom", &mut text);
    out::whole(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}
