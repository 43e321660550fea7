//! `warroom archive` and `warroom restore`: an incident, whole, in one file that is read back before anything is said of it; and
//! out of it again.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use super::bundle::take_in;
use super::context::Context;
use super::fail::Fail;
use super::session::{Session, chosen};
use super::{args, edge, export, out};
use crate::incident::entry::{Entry, Hash, IncidentId, WriterId};
use crate::incident::what::What;
use crate::journal::archive::{self, Archive, Manifest, SCHEMA};
use crate::journal::bundle::Bundle;
use crate::journal::{Archived, Cursor, Journal, State, proof_named};
use crate::report::markdown;

pub fn run(context: &Context, args: &args::Archive) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(true)?;
    let id = named(context, &mut journal, &args.id)?;
    let mut session = Session::on(context, journal, id)?;
    let (archive, lacks) = made(&mut session)?;
    let bytes = archive::write(archive.clone()).map_err(Fail::failed)?;
    export::write(&args.output, &bytes, args.force)?;
    // What cannot be read back is no archive.
    let back = std::fs::read(&args.output).map_err(|e| Fail::failed(format!("{}: {e}", args.output.display())))?;
    let read = archive::read(&back).map_err(|why| Fail::failed(format!("{}: {why}", args.output.display())))?;
    if read.bundle != archive.bundle || read.proofs != archive.proofs {
        return Err(Fail::failed(format!(
            "{} does not read back as it was written: nothing counts",
            args.output.display()
        )));
    }
    let sha256 = archive::sha256(&back);
    let path = std::path::absolute(&args.output).unwrap_or_else(|_| args.output.clone()).display().to_string();
    let whole = lacks.is_empty();
    if whole {
        let heads = session.journal.head(id)?.writers;
        let (at, by) = (session.now(), context.actor.person.clone());
        session.journal.put_archived(id, &Archived { at, by, path: path.clone(), sha256: sha256.clone(), heads })?;
    }
    let Manifest { entries, verified, proofs, .. } = &read.manifest;
    if context.global.json {
        out::json(&serde_json::json!({
            "id": id, "path": path, "sha256": sha256, "entries": entries, "verified": verified, "whole": whole,
            "proofs": proofs.len(), "lacks": lacks,
        }))?;
    } else {
        out::line(&format!("{path} written and read back: {entries} entries of incident {}", id.short()))?;
        out::line(&format!("    {verified}"))?;
        out::line(&format!("    {} of {} proofs are in it", read.proofs.len(), proofs.len()))?;
        out::line(&format!("    sha256 {sha256}: write it down elsewhere"))?;
        for lack in &lacks {
            out::line(&format!("    NOT WHOLE: {lack}"))?;
        }
    }
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The archive of an incident as it stands, and what it cannot hold.
fn made(session: &mut Session<'_>) -> Result<(Archive, Vec<String>), Fail> {
    let id = session.id;
    let report = session.journal.verify(id)?;
    let rows = session.journal.above(id, &BTreeMap::new(), usize::MAX)?;
    let has = session.journal.has(id)?;
    let mut lacks = Vec::new();
    if let State::Broken(first) = report.state() {
        lacks.push(format!("the journal is broken at {first}; keep a copy of the file itself"));
    }
    lacks.extend(report.forks.iter().map(|(writer, seq)| super::verify::fork(*writer, *seq)));
    let entries = rows.len() as u64;
    if entries < report.entries {
        lacks.push(format!("{} damaged entries cannot go into an archive", report.entries - entries));
    }
    let (mut proofs, mut files) = (BTreeMap::new(), BTreeMap::new());
    for (hash, name) in named_proofs(session) {
        match session.journal.proof(&hash) {
            Some(bytes) => {
                files.insert(hash.clone(), bytes);
                proofs.insert(hash, true);
            }
            None => {
                out::warn(&format!("the file of a proof is not kept here, or is another now: {name}"));
                proofs.insert(hash, false);
            }
        }
    }
    let (situation, heads) = (session.situation(), session.journal.head(id)?.writers);
    let (incident, plan, now) = (session.incident(), &session.in_force.plan, session.now());
    let record = markdown::markdown(incident, plan, &situation, id, now, session.zone(), &heads);
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        incident: id,
        title: incident.title().to_owned(),
        made_at: edge::now(),
        by: session.context.actor.person.clone(),
        host: session.context.actor.host.clone(),
        entries,
        verified: super::verify::standing(&report, edge::now()),
        intact: matches!(report.state(), State::Intact),
        witnessed_until: report.witnessed.until,
        unwitnessed: report.witnessed.since,
        bundle_sha256: String::new(),
        record_sha256: String::new(),
        proofs,
    };
    let bundle = Bundle { incident: id, has, rows };
    Ok((Archive { manifest, bundle, record, proofs: files }, lacks))
}

/// The files that entries of the incident name as proof: hash and name.
pub(super) fn named_proofs(session: &Session<'_>) -> BTreeMap<String, String> {
    let proofs = session.log.entries().iter().filter_map(|entry| match &entry.what {
        What::ToldElsewhere(told) => told.proof.as_deref(),
        What::StageFiled(filed) => Some(filed.how.proof.as_str()),
        _ => None,
    });
    proofs.filter_map(|proof| Some((proof_named(proof)?.to_owned(), proof.to_owned()))).collect()
}

pub fn restore(context: &Context, args: &args::Restore) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(true)?;
    if let Some(prefix) = &args.from_server {
        let marks = journal.removed()?;
        let begins = |id: &IncidentId| !prefix.is_empty() && id.0.simple().to_string().starts_with(&plain(prefix));
        let found: Vec<IncidentId> = marks.iter().map(|mark| mark.incident).filter(begins).collect();
        return match found.as_slice() {
            [id] => {
                journal.unremove(*id)?;
                out::line(&format!("incident {} may come back: the next `warroom replicate` brings it", id.short()))?;
                Ok(ExitCode::SUCCESS)
            }
            [] => Err(Fail::failed(format!(
                "nothing that was removed has an id that begins with {prefix}: `warroom list --removed`"
            ))),
            _ => Err(Fail::failed(format!("{prefix} is the beginning of several: `warroom list --removed`"))),
        };
    }
    let path = args.file.as_deref().unwrap_or(Path::new("-"));
    let refused = |why: &dyn std::fmt::Display| Fail::failed(format!("{}: {why}; nothing was changed", path.display()));
    let bytes = std::fs::read(path).map_err(|e| refused(&e))?;
    let archive = archive::read(&bytes).map_err(|why| refused(&why))?;
    for (hash, proof) in &archive.proofs {
        journal.put_proof(proof).map_err(|why| Fail::failed(format!("proof {hash}: {why}")))?;
    }
    let id = archive.bundle.incident;
    journal.unremove(id)?;
    let code = take_in(context, journal, &archive.bundle)?;
    // It is in the archive as far as the archive goes: what is written from now on is not.
    let mut journal = context.journal(true)?;
    let Manifest { made_at: at, by, .. } = archive.manifest;
    let (path, sha256) = (std::path::absolute(path)?.display().to_string(), archive::sha256(&bytes));
    journal.put_archived(id, &Archived { at, by, path, sha256, heads: archive.bundle.has })?;
    Ok(code)
}

/// Whether an incident was archived, and whether that archive holds all that is here now.
pub(super) fn known(journal: &mut Journal, id: IncidentId) -> Result<Option<(Archived, bool)>, Fail> {
    let Some(archived) = journal.archived(id)? else { return Ok(None) };
    let held =
        |entry: &Entry| archived.heads.iter().any(|(writer, seq, _)| *writer == entry.writer && entry.seq <= *seq);
    let (entries, _) = journal.read_after(id, Cursor::START, usize::MAX)?;
    // Of what came since only that somebody saw what came says nothing of the incident.
    let since = entries.iter().filter(|entry| !held(entry)).all(|entry| matches!(entry.what, What::HeadsSeen(_)));
    let rows = journal.above(id, &BTreeMap::new(), usize::MAX)?;
    let same = |(writer, seq, hash): &(WriterId, u64, Hash)| {
        rows.iter().any(|row| (row.writer, row.seq, row.hash) == (*writer, *seq, *hash))
    };
    let whole = since && archived.heads.iter().all(same);
    Ok(Some((archived, whole)))
}

/// The incident whose id begins so.
pub(super) fn named(context: &Context, journal: &mut Journal, prefix: &str) -> Result<IncidentId, Fail> {
    let mut global = context.global.clone();
    global.incident = Some(prefix.to_owned());
    chosen(&Context { global, actor: context.actor.clone() }, journal)
}

fn plain(prefix: &str) -> String {
    prefix.replace('-', "").to_lowercase()
}
