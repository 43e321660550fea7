//! `warroom verify`: whether the journal's chains hold, entry by entry.

use std::process::ExitCode;

use super::context::Context;
use super::fail::Fail;
use super::out;
use crate::journal::State;

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
        broken |= !intact;
        if context.global.json {
            rows.push(serde_json::json!({
                "id": report.incident, "entries": report.entries, "state": report.state().to_string(), "intact": intact,
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
