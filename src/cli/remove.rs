//! `warroom remove`: takes an incident that is over out of this journal, and leaves the mark that it was here. Never one that is
//! open, and never without an archive that holds all of it or the short id said once more.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use super::archive::{self, named_proofs};
use super::context::Context;
use super::fail::Fail;
use super::session::Session;
use super::{args, out};
use crate::incident::entry::IncidentId;
use crate::incident::words::Phase;
use crate::journal::{Journal, Removed};

pub fn run(context: &Context, args: &args::Remove) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(true)?;
    let id = archive::named(context, &mut journal, &args.id)?;
    let mut session = Session::on(context, journal, id)?;
    let short = id.short();
    if session.incident().phase() != Phase::Resolved || session.incident().phase.conflict() {
        return Err(Fail::failed(format!(
            "incident {short} is {}: only one that is resolved can be removed (`warroom --incident {short} phase resolved`)",
            session.incident().phase()
        )));
    }
    let judged = session.journal.head(id)?.writers;
    let kept = kept(&mut session.journal, id)?;
    if let Err(why) = &kept {
        confirmed(&short, why, args.confirm.as_deref())?;
    }
    let proofs = named_proofs(&session);
    let entries = session.log.entries().len() as u64;
    let (at, by) = (super::edge::now(), context.actor.person.clone());
    let mark = Removed { incident: id, at, by, entries, archive: kept.ok() };
    let mut journal = session.journal;
    // Before anything is gone: what cannot be reckoned then stays whole.
    let others = still_named(context, &mut journal, id)?;
    let erased = journal.remove(&mark, &judged)?;
    let (mut gone, mut left) = (0, Vec::new());
    for (hash, name) in proofs.iter().filter(|(hash, _)| !others.contains(*hash)) {
        match journal.drop_proof(hash) {
            Ok(()) => gone += 1,
            Err(why) => left.push(format!("{name}: {why}")),
        }
    }
    if context.global.json {
        let archive = mark.archive.as_ref().map(|(path, _)| path);
        out::json(&serde_json::json!({
            "id": id, "entries": entries, "proofs": gone, "proofs_left": left, "archive": archive,
            "log_empty": erased.log, "shrunk": erased.shrunk,
        }))?;
    } else {
        out::line(&format!("incident {short} removed from this journal: {entries} entries, {gone} files of proofs"))?;
        for why in &left {
            out::line(&format!("    STILL THERE: {why}"))?;
        }
        if !erased.log {
            out::line("    STILL THERE: the log beside the journal holds old pages until every open warroom ends")?;
        }
        if !erased.shrunk {
            out::line("    the file keeps its size; what was freed is zero and is used again")?;
        }
        out::line(
            "    backups, snapshots, bundles, exports, other hosts and the server of [replicate] have what they had",
        )?;
    }
    Ok(if erased.log && left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The archive that holds all of it, looked at now. The error: why there is none.
fn kept(journal: &mut Journal, id: IncidentId) -> Result<Result<(String, String), String>, Fail> {
    let Some((archived, whole)) = archive::known(journal, id)? else {
        return Ok(Err("it was never archived".to_owned()));
    };
    if !whole {
        return Ok(Err("it was written to since it was archived".to_owned()));
    }
    Ok(match std::fs::read(&archived.path) {
        Err(error) => Err(format!("its archive {} cannot be read: {error}", archived.path)),
        Ok(bytes) if crate::journal::archive::sha256(&bytes) != archived.sha256 => {
            Err(format!("its archive {} is another file now", archived.path))
        }
        Ok(_) => Ok((archived.path, archived.sha256)),
    })
}

/// Said once more, by option or at the terminal.
fn confirmed(short: &str, why: &str, given: Option<&str>) -> Result<(), Fail> {
    let typed = match given {
        Some(given) => given.to_owned(),
        None if std::io::stdin().is_terminal() => {
            let mut asks = std::io::stderr().lock();
            write!(asks, "{why}. Removed, it is gone from here for good. Type {short} to remove it: ")?;
            asks.flush()?;
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            line
        }
        None => {
            return Err(Fail::failed(format!(
                "{why}: `warroom archive {short} -o FILE` first, or `--confirm {short}`; nothing was changed"
            )));
        }
    };
    match typed.trim() == short {
        true => Ok(()),
        false => Err(Fail::failed(format!("{} is not {short}: nothing was changed", typed.trim()))),
    }
}

/// The proofs that other incidents name.
fn still_named(context: &Context, journal: &mut Journal, but: IncidentId) -> Result<BTreeSet<String>, Fail> {
    let mut named = BTreeSet::new();
    for id in journal.incident_ids()?.into_iter().filter(|id| *id != but) {
        let session = Session::on(context, context.journal(false)?, id)?;
        named.extend(named_proofs(&session).into_keys());
    }
    Ok(named)
}
