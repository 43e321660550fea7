//! `warroom bundle`: entries of one incident out of one journal and into another, in a file, a pipe or a paste.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::fail::Fail;
use super::received::{self, Before, Received};
use super::session::{self, Session};
use super::{export, out};
use crate::incident::entry::WriterId;
use crate::journal::Journal;
use crate::journal::bundle::{self, Bundle, LARGEST, paste};

pub fn run(context: &Context, args: &args::BundleArgs) -> Result<ExitCode, Fail> {
    match &args.command {
        args::BundleCmd::Export { since, output, paste, force } => {
            leave(context, since.as_deref(), output.as_deref(), *paste, *force)
        }
        args::BundleCmd::Import { file, again } => arrive(context, file, *again),
    }
}

/// Writes the entries that somebody lacks, or all.
fn leave(
    context: &Context,
    since: Option<&Path>,
    output: Option<&Path>,
    as_paste: bool,
    force: bool,
) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(false)?;
    let incident = session::chosen(context, &mut journal)?;
    let has = journal.has(incident)?;
    let mut known: BTreeMap<WriterId, u64> = BTreeMap::new();
    if let Some(path) = since {
        let theirs = read(path)?;
        if theirs.incident != incident {
            return Err(Fail::failed(format!(
                "--since: {} is of incident {}; name it with --incident",
                path.display(),
                theirs.incident.short()
            )));
        }
        for (writer, seq, hash) in theirs.has {
            // Where the histories are not the same all of it goes, so that whoever takes it in sees the fork.
            let ours = journal.rows(incident, writer, seq.saturating_sub(1), 1)?;
            if ours.first().is_none_or(|row| row.seq != seq || row.hash == hash) {
                known.insert(writer, seq);
            }
        }
    }
    let rows = journal.above(incident, &known, usize::MAX)?;
    let entries = rows.len();
    let bytes = bundle::write(&Bundle { incident, has, rows });
    if bytes.len() > LARGEST {
        return Err(Fail::failed("the bundle would be too large to be taken in: write less with --since"));
    }
    let bytes = if as_paste { paste::fold(&bytes).map_err(Fail::failed)?.into_bytes() } else { bytes };
    match output {
        Some(path) => {
            export::write(path, &bytes, force)?;
            out::line(&format!("{} written, {entries} entries of incident {}", path.display(), incident.short()))?;
        }
        None if !as_paste && std::io::stdout().is_terminal() => {
            return Err(Fail::wrong(
                "a bundle is not for a terminal: -o FILE, or --paste, or `warroom bundle export | ssh HOST warroom bundle import -`",
            ));
        }
        None => {
            let mut stdout = std::io::stdout().lock();
            // Half a bundle in a pipe is told by its reader; that it was cut is told here too.
            stdout.write_all(&bytes).and_then(|()| stdout.flush())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes a bundle in.
fn arrive(context: &Context, file: &Path, again: bool) -> Result<ExitCode, Fail> {
    let bundle = read(file)?;
    let mut journal = context.journal(true)?;
    let id = bundle.incident;
    if let Some(prefix) = &context.global.incident
        && !id.0.simple().to_string().starts_with(&prefix.replace('-', "").to_lowercase())
    {
        return Err(Fail::failed(format!(
            "the bundle is of incident {}, not of {prefix}: nothing was changed",
            id.short()
        )));
    }
    if again {
        journal.unremove(id)?;
    }
    take_in(context, journal, &bundle)
}

/// Takes the entries of a bundle in, leaves the witness of it, and says what came.
pub(super) fn take_in(context: &Context, journal: Journal, bundle: &Bundle) -> Result<ExitCode, Fail> {
    let id = bundle.incident;
    let mut session = Session::on(context, journal, id)?;
    let before = Before::of(&session);
    let taken = session.journal.take(id, &bundle.rows)?;
    session.catch_up()?;
    out::of_exercise(session.incident().is_exercise());
    received::witness(&mut session)?;
    let missing = session.journal.missing(id)?;
    received::tell(&session, &Received { taken, missing, before })
}

/// Reads a bundle or a paste of one, from a file or from standard input.
pub(super) fn read(path: &Path) -> Result<Bundle, Fail> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let refused = |why: &dyn std::fmt::Display| Fail::failed(format!("{name}: {why}; nothing was changed"));
    let mut bytes = Vec::new();
    let most = LARGEST as u64 + 1;
    let result = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    result.map_err(|e| refused(&e))?;
    if paste::is_one(&bytes) {
        bytes = paste::unfold(&bytes).map_err(|e| refused(&e))?;
    }
    bundle::read(&bytes).map_err(|e| refused(&e))
}
