//! The command line: a file a subcommand. The edge where clocks, environment and files are looked at.

pub mod agency;
pub mod archive;
pub mod args;
pub mod backends;
pub mod bundle;
pub mod check;
pub mod completions;
pub mod context;
pub mod declare;
pub mod demo;
pub mod drill;
pub mod due;
pub mod edge;
pub mod entry;
pub mod export;
pub mod fail;
pub mod here;
pub mod init;
pub mod keys;
pub mod lead;
pub mod list;
pub mod message;
pub mod out;
pub mod playbooks;
pub mod poll;
pub mod received;
pub mod released;
pub mod remove;
pub mod replicate;
pub mod rights;
pub mod room;
pub mod rules;
pub mod session;
pub mod state;
pub mod task;
pub mod themes;
pub mod verify;
mod worksheet;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Cmd};
use context::Context;
use fail::Fail;

/// Runs the program: 0 done, 1 it failed, 2 wrong usage or configuration.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return out::usage(&error),
    };
    match run(args) {
        Ok(code) => code,
        Err(fail) => out::fail(&fail),
    }
}

fn run(args: Args) -> Result<ExitCode, Fail> {
    let context = Context::new(args.global);
    match args.command {
        None => room::run(&context),
        Some(Cmd::Demo(a)) => demo::run(&context, &a),
        Some(Cmd::Drill(a)) => drill::run(&context, &a),
        Some(Cmd::Declare(a)) => declare::run(&context, &a),
        Some(Cmd::List(a)) => list::run(&context, &a),
        Some(Cmd::State(a)) => state::run(&context, &a),
        Some(Cmd::Here) => here::run(&context),
        Some(Cmd::Note(a)) => entry::note(&context, &a),
        Some(Cmd::Decide(a)) => entry::decide(&context, &a),
        Some(Cmd::Ack(a)) => entry::ack(&context, &a),
        Some(Cmd::Role(a)) => entry::role(&context, &a),
        Some(Cmd::Fact(a)) => entry::fact(&context, &a),
        Some(Cmd::Checked(a)) => lead::checked(&context, &a),
        Some(Cmd::Handover(a)) => lead::handover(&context, &a),
        Some(Cmd::Team(a)) => lead::team(&context, &a),
        Some(Cmd::RollCall(a)) => lead::roll_call(&context, &a),
        Some(Cmd::TimeOut(a)) => lead::time_out(&context, &a),
        Some(Cmd::Objectives(a)) => lead::objectives(&context, &a),
        Some(Cmd::End(a)) => lead::end(&context, &a),
        Some(Cmd::Contact(a)) => lead::contact(&context, &a),
        Some(Cmd::Phase(a)) => entry::phase(&context, &a),
        Some(Cmd::Severity(a)) => entry::severity(&context, &a),
        Some(Cmd::Undo(a)) => entry::undo(&context, &a),
        Some(Cmd::Task(a)) => task::run(&context, &a),
        Some(Cmd::Message(a)) => message::run(&context, &a),
        Some(Cmd::Agency(a)) => agency::run(&context, &a),
        Some(Cmd::Poll(a)) => poll::run(&context, &a),
        Some(Cmd::Can) => state::can(&context),
        Some(Cmd::Check) => check::run(&context),
        Some(Cmd::Export(a)) => export::run(&context, &a),
        Some(Cmd::Bundle(a)) => bundle::run(&context, &a),
        Some(Cmd::Archive(a)) => archive::run(&context, &a),
        Some(Cmd::Restore(a)) => archive::restore(&context, &a),
        Some(Cmd::Remove(a)) => remove::run(&context, &a),
        Some(Cmd::Replicate(a)) => replicate::run(&context, &a),
        Some(Cmd::Verify(a)) => verify::run(&context, &a),
        Some(Cmd::Rights(a)) => rights::run(&context, &a),
        Some(Cmd::Rules(a)) => rules::run(&context, &a),
        Some(Cmd::Playbooks(a)) => playbooks::run(&context, &a),
        Some(Cmd::Themes) => themes::run(&context),
        Some(Cmd::Keys) => keys::run(&context),
        Some(Cmd::Backends(a)) => backends::run(&context, &a),
        Some(Cmd::Completions(a)) => completions::run(&a),
        Some(Cmd::Init(a)) => init::run(&context, &a),
    }
}
