//! `warroom list`: the incidents of the journal and which one needs somebody, the one that needs most first.

use std::collections::BTreeMap;
use std::process::ExitCode;

use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::{archive, args, out};
use crate::journal::{Journal, Removed};
use crate::room::others;
use crate::situation::need::Need;
use crate::text::{Safe, duration};

pub fn run(context: &Context, args: &args::List) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(false)?;
    if args.removed {
        return removed(context, &mut journal);
    }
    let list = others::all(&mut journal, edge::now())?;
    let now = journal.clock()?.at(edge::now());
    let mut archived = BTreeMap::new();
    for need in &list {
        if let Some(found) = archive::known(&mut journal, need.incident)? {
            archived.insert(need.incident, found);
        }
    }
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
                    "archived": archived.get(&n.incident).map(|(archived, whole)| serde_json::json!({
                        "at": archived.at, "by": archived.by, "path": archived.path, "sha256": archived.sha256,
                        "whole": whole,
                    })),
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
        let kept = match archived.get(&need.incident) {
            Some((_, true)) => "  archived",
            Some((_, false)) => "  archived, and written to since",
            None => "",
        };
        out::line(&format!("{}{kept}", row(need, me, now)))?;
    }
    let gone = journal.removed()?.len();
    if gone > 0 {
        out::line(&format!("{gone} removed: warroom list --removed"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What was removed from this journal.
fn removed(context: &Context, journal: &mut Journal) -> Result<ExitCode, Fail> {
    let marks = journal.removed()?;
    if context.global.json {
        let row = |mark: &Removed| {
            let (path, sha256) = mark.archive.clone().unzip();
            serde_json::json!({
                "id": mark.incident, "removed_at": mark.at, "removed_by": mark.by, "entries": mark.entries,
                "archive": path, "archive_sha256": sha256,
            })
        };
        out::json(&marks.iter().map(row).collect())?;
        return Ok(ExitCode::SUCCESS);
    }
    if marks.is_empty() {
        out::line("nothing was removed from this journal")?;
    }
    for mark in &marks {
        let at = mark.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let kept = match &mark.archive {
            Some((path, hash)) => format!("archive {path} (sha256 {})", hash.get(..16).unwrap_or(hash)),
            None => "no archive".to_owned(),
        };
        let (id, by, entries) = (mark.incident.short(), &mark.by, mark.entries);
        out::line(Safe::new(&format!("{id}  removed {at} by {by}, {entries} entries, {kept}")).as_str())?;
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
