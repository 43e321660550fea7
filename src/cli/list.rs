//! `warroom list`: the incidents of the journal, the newest first.

use std::process::ExitCode;

use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use crate::room::lobby::listed;
use crate::text::instant;

pub fn run(context: &Context) -> Result<ExitCode, Fail> {
    let config = context.config()?;
    let mut journal = context.journal(false)?;
    let list = listed(&mut journal)?;
    if context.global.json {
        let rows: Vec<serde_json::Value> = list
            .iter()
            .map(|l| {
                serde_json::json!({
                    "id": l.incident, "title": l.title, "severity": l.severity, "phase": l.phase,
                    "exercise": l.exercise, "started_at": l.started, "declared_at": l.declared, "entries": l.entries,
                })
            })
            .collect();
        out::json(&rows.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    if list.is_empty() {
        out::line("no incident in this journal")?;
    }
    for l in list {
        let started = l.started.map(|at| instant::clock_zoned(at, edge::now(), config.timezone)).unwrap_or_default();
        let exercise = if l.exercise { "EXERCISE " } else { "" };
        out::line(&format!(
            "{}  {}  {:<13}  {:<22}  {:>6} entries  {exercise}{}",
            l.incident.short(),
            l.severity,
            l.phase.as_str(),
            started,
            l.entries,
            l.title
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
