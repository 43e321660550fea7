//! `warroom list`: the incidents of the journal and which one needs somebody, the one that needs most first.

use std::process::ExitCode;

use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use crate::room::others;
use crate::situation::need::Need;
use crate::text::duration;

pub fn run(context: &Context) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(false)?;
    let list = others::all(&mut journal, edge::now())?;
    let now = journal.clock()?.at(edge::now());
    let me = context.actor.person.as_str();
    if context.global.json {
        let rows: Vec<serde_json::Value> = list
            .iter()
            .map(|n| {
                serde_json::json!({
                    "id": n.incident, "title": n.title, "severity": n.severity, "phase": n.phase,
                    "exercise": n.exercise, "started_at": n.started, "declared_at": n.declared, "entries": n.entries,
                    "commander": n.commander, "commander_is_me": n.commander.as_deref() == Some(me),
                    "calls": n.calls(), "now": {
                        "all": n.now, "untold": n.untold, "late": n.late, "decide": n.decide, "unsure": n.unsure,
                    },
                    "next": n.next.as_ref().map(|(at, text)| serde_json::json!({"at": at, "text": text})),
                })
            })
            .collect();
        out::json(&rows.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    if list.is_empty() {
        out::line("no incident in this journal")?;
    }
    for need in &list {
        out::line(&row(need, me, now))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(n: &Need, me: &str, now: crate::incident::Instant) -> String {
    let elapsed = n.started.map(|at| duration::since(now - at)).unwrap_or_default();
    let commander = match &n.commander {
        Some(name) if name == me => format!("IC {name}, YOU"),
        Some(name) => format!("IC {name}"),
        None => "IC NOBODY".to_owned(),
    };
    let next = match &n.next {
        _ if !n.open() => String::new(),
        Some((at, text)) if *at > now => format!("next {} {text}", duration::short(*at - now, false)),
        Some((at, text)) => format!("OVER {} {text}", duration::short(now - *at, false)),
        None => String::new(),
    };
    let wants = if n.open() { n.wants() } else { "over".to_owned() };
    let exercise = if n.exercise { "EXERCISE " } else { "" };
    format!(
        "{exercise}{}  {}  {:<13} {elapsed:<7} {commander:<14}  {wants:<34}  {next:<26}  {:>6} entries  {}",
        n.incident.short(),
        n.severity,
        n.phase.as_str(),
        n.entries,
        n.title
    )
}
