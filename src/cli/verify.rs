//! `warroom verify`: whether the journal's chains hold, entry by entry.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use super::context::Context;
use super::fail::Fail;
use super::{args, bundle, edge, out};
use crate::incident::Instant;
use crate::incident::entry::{ChainHead, IncidentId, WriterId};
use crate::incident::what::What;
use crate::journal::{Cursor, Journal, Kept, Report, State};
use crate::replicate::{self, with};
use crate::report::json;

pub fn run(context: &Context, args: &args::Verify) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(false)?;
    let elsewhere = args.against.iter().map(|path| heads(path)).collect::<Result<Vec<_>, Fail>>()?;
    if let Some((incident, _)) = elsewhere.iter().find(|(id, _)| !knows(&mut journal, *id)) {
        return Err(Fail::failed(format!("--against: nothing of incident {} is in this journal", incident.short())));
    }
    let reports = match &context.global.incident {
        Some(_) => {
            let id = super::session::chosen(context, &mut journal)?;
            vec![journal.verify(id)?]
        }
        None => journal.verify_all()?,
    };
    let mut broken = false;
    let mut rows = Vec::new();
    let ids: Vec<IncidentId> = reports.iter().map(|report| report.incident).collect();
    let server = if args.server { Some(of_server(context, &ids)?) } else { None };
    for mut report in reports {
        for (_, heads) in elsewhere.iter().filter(|(incident, _)| *incident == report.incident) {
            let found = journal.against(report.incident, heads)?;
            report.findings.extend(found);
        }
        let there = server.as_ref().and_then(|server| server.get(&report.incident));
        if let Some(heads) = there {
            report.findings.extend(journal.against(report.incident, heads)?);
        }
        let there: Option<u64> = there.map(|heads| heads.iter().map(|(_, seq, _)| *seq).sum());
        let report = &report;
        let intact = matches!(report.state(), State::Intact);
        let (changed, absent) = proofs(&mut journal, report.incident)?;
        broken |= !intact || !changed.is_empty() || !report.forks.is_empty();
        if context.global.json {
            rows.push(serde_json::json!({
                "id": report.incident, "entries": report.entries, "state": report.state().to_string(), "intact": intact,
                "witnessed_until": report.witnessed.until, "unwitnessed": report.witnessed.since,
                "forks": report.forks.iter().map(|(writer, seq)| serde_json::json!({"writer": writer, "seq": seq})).collect::<Vec<_>>(),
                "changed_proofs": changed, "absent_proofs": absent, "on_server": there,
            }));
            continue;
        }
        out::line(&format!(
            "{}  {} entries: {}",
            report.incident.short(),
            report.entries,
            standing(report, edge::now())
        ))?;
        for chain in &report.chains {
            let head = chain.head.hex();
            out::line(&format!(
                "    writer {} to {}: head {}",
                chain.writer,
                chain.seq,
                head.get(..16).unwrap_or(&head)
            ))?;
        }
        if let Some(there) = there {
            out::line(&format!("    held against {there} entries of the server's append-only table"))?;
        }
        for finding in &report.findings {
            out::line(&format!("    {finding}"))?;
        }
        for (writer, seq) in &report.forks {
            out::line(&format!("    {}", fork(*writer, *seq)))?;
        }
        for proof in &changed {
            out::line(&format!("    the file of a proof is not what it was: {proof}"))?;
        }
        for proof in &absent {
            out::line(&format!("    the file of a proof is not kept here: {proof}"))?;
        }
    }
    if context.global.json {
        out::json(&rows.into())?;
    } else if !broken {
        out::line(
            "A chain shows accidents and edits, not a file that was forged as a whole: keep an export elsewhere.",
        )?;
    }
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A writer with two histories, in words.
pub(super) fn fork(writer: WriterId, seq: u64) -> String {
    format!(
        "FORK at entry {seq} of writer {writer}: two histories from here on, since a journal was put back from a copy and written to \
         again; the other history is not here"
    )
}

/// Which of three holds.
pub(super) fn standing(report: &Report, now: Instant) -> String {
    let (State::Intact, witnessed) = (report.state(), report.witnessed) else { return report.state().to_string() };
    let at = witnessed.until.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    let ahead = witnessed.until.is_some_and(|at| at > now);
    let at = at.map(|at| if ahead { format!("{at}, by a clock that is ahead") } else { at });
    match (at, witnessed.since) {
        (Some(at), 0) => format!("intact, all of it witnessed by another writer (to {at})"),
        (Some(at), n) => format!("intact and witnessed up to {at}; {n} entries since or beside are not witnessed yet"),
        (None, n) => format!("intact but unwitnessed: no other writer has seen its {n} entries"),
    }
}

/// What the table of `[replicate]` has of these incidents.
fn of_server(context: &Context, ids: &[IncidentId]) -> Result<BTreeMap<IncidentId, Vec<ChainHead>>, Fail> {
    let place = context.config()?.replicate.ok_or_else(|| Fail::wrong("--server: no [replicate] is configured"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = with(&place, &context.actor.host, async |client| {
        let mut found = BTreeMap::new();
        for id in ids {
            found.insert(*id, replicate::heads(client, *id).await?);
        }
        Ok(found)
    });
    runtime.block_on(asked).map_err(|fault| Fail::failed(format!("--server: {fault}")))
}

fn knows(journal: &mut Journal, incident: IncidentId) -> bool {
    journal.head(incident).is_ok_and(|head| !head.writers.is_empty())
}

/// The heads that an export (JSON) or a bundle wrote down.
fn heads(path: &Path) -> Result<(IncidentId, Vec<ChainHead>), Fail> {
    let bytes = std::fs::read(path).map_err(|e| Fail::failed(format!("{}: {e}", path.display())))?;
    match serde_json::from_slice(&bytes) {
        Ok(record) => json::heads(&record).map_err(|e| Fail::failed(format!("{}: {e}", path.display()))),
        Err(_) => bundle::read(path).map(|bundle| (bundle.incident, bundle.has)),
    }
}

/// Files that entries name as proofs: those that are others now, and those that are not here.
fn proofs(journal: &mut Journal, incident: IncidentId) -> Result<(Vec<String>, Vec<String>), Fail> {
    const AT_A_TIME: usize = 10_000;
    let (mut changed, mut absent, mut cursor) = (Vec::new(), Vec::new(), Cursor::default());
    loop {
        let (entries, next) = journal.read_after(incident, cursor, AT_A_TIME)?;
        for entry in &entries {
            let proof = match &entry.what {
                What::ToldElsewhere(told) => told.proof.as_deref(),
                What::StageFiled(filed) => Some(filed.how.proof.as_str()).filter(|proof| !proof.is_empty()),
                _ => None,
            };
            match proof.and_then(|proof| journal.check_proof(proof)) {
                Some(Kept::Changed(why)) => changed.push(why),
                Some(Kept::NotHere(name)) => absent.push(name),
                Some(Kept::Whole) | None => {}
            }
        }
        if entries.len() < AT_A_TIME {
            return Ok((changed, absent));
        }
        cursor = next;
    }
}
