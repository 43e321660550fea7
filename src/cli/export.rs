//! `warroom export`: the record, as a page or as data. Written beside and renamed, readable by its owner alone.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::incident::entry::Entry;
use crate::incident::fold::Log;
use crate::report::withheld::withheld;
use crate::report::{csv, html, json, markdown};

pub fn run(context: &Context, args: &args::Export) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, false)?;
    // What is filed in confidence goes to the agency and to nobody else.
    if !args.confidential {
        let (entries, count) = withheld(session.log.entries(), &session.in_force.rules);
        if count > 0 {
            let mut log = Log::default();
            log.absorb(entries.iter().map(|entry| Entry::clone(entry)));
            session.log = log;
            eprintln!("warroom: {count} entries without what is presumed confidential: --confidential has it");
        }
    }
    let situation = session.situation();
    let heads = session.journal.head(session.id)?.writers;
    let now = session.now();
    let text = match args.format.as_str() {
        "json" => {
            let value = json::json(session.id, session.log.entries(), &heads, now);
            if args.output.is_none() {
                out::json(&value)?;
                return Ok(ExitCode::SUCCESS);
            }
            format!("{}\n", serde_json::to_string_pretty(&value).map_err(|e| Fail::failed(e.to_string()))?)
        }
        "csv" => csv::csv(session.incident(), &session.in_force.plan, now, session.zone()).map_err(Fail::failed)?,
        format => {
            let zone = session.zone();
            let (incident, plan) = (session.incident(), &session.in_force.plan);
            let record = markdown::markdown(incident, plan, &situation, session.id, now, zone, &heads);
            if format == "html" { html::html(&record) } else { record }
        }
    };
    match &args.output {
        None => out::whole(&text)?,
        Some(path) => {
            write(path, text.as_bytes(), args.force)?;
            out::line(&format!("{} written, {} entries", path.display(), session.log.entries().len()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whole or not at all; over an existing file only where that was asked for.
pub fn write(path: &Path, bytes: &[u8], force: bool) -> Result<(), Fail> {
    let fail = |e: std::io::Error| Fail::failed(format!("{}: {e}", path.display()));
    if !force && path.symlink_metadata().is_ok() {
        return Err(Fail::failed(format!("{} is there already: --force writes over it", path.display())));
    }
    let name = path.file_name().ok_or_else(|| Fail::wrong(format!("{} names no file", path.display())))?;
    let beside = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(fail)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| {
        // A link makes the name only where there is none: two exports at once do not overwrite each other.
        if force { std::fs::rename(&beside, path) } else { std::fs::hard_link(&beside, path) }
    });
    let _ = std::fs::remove_file(&beside);
    written.map_err(fail)
}
