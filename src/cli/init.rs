//! `warroom init KIND…`: a commented configuration for the backends that one names.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use super::args;
use super::context::{Context, read_config};
use super::fail::Fail;
use super::out;
use crate::backends::kinds::{self, KINDS};
use crate::config::init::{Wish, text};

pub fn run(_: &Context, args: &args::Init) -> Result<ExitCode, Fail> {
    let mut blocks = Vec::new();
    for name in &args.kinds {
        match kinds::find(name) {
            Some(kind) => blocks.push(kind.example),
            None => {
                let known: Vec<&str> = KINDS.iter().map(|k| k.name).collect();
                return Err(Fail::wrong(format!("no kind of backend is called {name}: {}", known.join(", "))));
            }
        }
    }
    let organisation: Vec<&str> = args.organisation.iter().map(String::as_str).collect();
    let wish = Wish {
        playbook: args.playbook.as_deref(),
        timezone: args.timezone.as_deref(),
        organisation: &organisation,
        blocks: &blocks,
    };
    let written = text(&wish);
    // What is written must be read back: a slip in the arguments shows here, not at three in the morning.
    read_config(Path::new("the new configuration"), &written)?;
    let Some(path) = &args.output else {
        out::whole(&written)?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| Fail::failed(format!("{}: {e}; nothing was overwritten", path.display())))?;
    file.write_all(written.as_bytes())?;
    file.sync_all()?;
    out::line(&format!("{} written; edit it, then `warroom check --config {}`", path.display(), path.display()))?;
    Ok(ExitCode::SUCCESS)
}
