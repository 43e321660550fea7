//! `warroom verify`: whether the journal's chains hold, entry by entry.

use std::process::ExitCode;

use super::context::Context;
use super::fail::Fail;
use super::out;
use crate::incident::entry::IncidentId;
use crate::incident::what::What;
use crate::journal::{Cursor, Journal, Kept, State};

pub fn run(context: &Context) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(false)?;
    let reports = match &context.global.incident {
        Some(_) => {
            let id = super::session::chosen(context, &mut journal)?;
            vec![journal.verify(id)?]
        }
        None => journal.verify_all()?,
    };
    let mut broken = false;
    let mut rows = Vec::new();
    for report in &reports {
        let intact = matches!(report.state(), State::Intact);
        let (changed, absent) = proofs(&mut journal, report.incident)?;
        broken |= !intact || !changed.is_empty();
        if context.global.json {
            rows.push(serde_json::json!({
                "id": report.incident, "entries": report.entries, "state": report.state().to_string(), "intact": intact,
                "changed_proofs": changed, "absent_proofs": absent,
            }));
            continue;
        }
        out::line(&format!("{}  {} entries: {}", report.incident.short(), report.entries, report.state()))?;
        for chain in &report.chains {
            let head = chain.head.hex();
            out::line(&format!(
                "    writer {} to {}: head {}",
                chain.writer,
                chain.seq,
                head.get(..16).unwrap_or(&head)
            ))?;
        }
        for finding in &report.findings {
            out::line(&format!("    {finding}"))?;
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
