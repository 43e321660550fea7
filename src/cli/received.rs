//! What came from another journal, told to a person or a program, and the witness of it that this host leaves.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::json;

use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::incident::entry::{EntryId, WriterId};
use crate::incident::state::{Conflict, Incident};
use crate::incident::timeline::{Effect, Row};
use crate::journal::{Missing, Taken};
use crate::report::line::line;
use crate::room::witness;

/// What came.
pub struct Received {
    pub taken: Taken,
    pub missing: Vec<Missing>,
    pub before: Before,
}

/// How the incident stood before it came.
pub struct Before {
    /// Nothing was known of it here.
    strange: bool,
    conflicts: Vec<Conflict>,
    idle: BTreeSet<EntryId>,
    without: BTreeSet<EntryId>,
}

impl Before {
    /// Of an incident that was not known here.
    pub fn nothing() -> Before {
        Before { strange: true, conflicts: Vec::new(), idle: BTreeSet::new(), without: BTreeSet::new() }
    }

    pub fn of(session: &Session<'_>) -> Before {
        let incident = session.incident();
        Before {
            strange: session.log.entries().is_empty(),
            conflicts: incident.conflicts(),
            idle: idle(incident).map(|(row, _)| row.entry.id).collect(),
            without: incident.unrightful.keys().copied().collect(),
        }
    }
}

/// Writes down how far this host has seen others' chains, where nobody has yet.
pub fn witness(session: &mut Session<'_>) -> Result<(), Fail> {
    let now = session.now();
    witness::write(&mut session.journal, session.id, &session.context.actor.host, now)?;
    session.catch_up().map(|_| ())
}

/// Most lines of a kind; the rest is a number.
const SHOWN: usize = 10;

/// Says what came, from whom, what conflicts arose and what is missing. Fails where a writer has two histories.
pub fn tell(session: &Session<'_>, received: &Received) -> Result<ExitCode, Fail> {
    let Received { taken, missing, before } = received;
    let incident = session.incident();
    let conflicts: Vec<Conflict> = incident.conflicts().into_iter().filter(|c| !before.conflicts.contains(c)).collect();
    let idle = overtaken(session, before);
    let without: Vec<(String, String)> = rightless(session, before);
    let code = if taken.forks.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    let who = |writer: &WriterId| {
        let last = session.log.entries().iter().rev().find(|entry| entry.writer == *writer);
        last.map_or_else(String::new, |entry| format!("{} on {}", entry.author.person, entry.author.host))
    };
    if session.context.global.json {
        let writers: Vec<_> =
            taken.new.iter().map(|(writer, new)| json!({"writer": writer, "new": new, "who": who(writer)})).collect();
        let missing: Vec<_> =
            missing.iter().map(|m| json!({"writer": m.writer, "first": m.first, "last": m.last})).collect();
        let conflicts: Vec<_> = conflicts.iter().map(|c| json!({"what": c.what, "sides": c.sides})).collect();
        let forks: Vec<_> = taken.forks.iter().map(|(writer, seq)| json!({"writer": writer, "seq": seq})).collect();
        let idle: Vec<_> = idle.iter().map(|(text, why)| json!({"entry": text, "why": why})).collect();
        out::json(&json!({
            "incident": session.id, "first_seen": before.strange, "new": taken.all_new(), "known": taken.known,
            "without_right": without.iter().map(|(text, why)| json!({"entry": text, "why": why})).collect::<Vec<_>>(),
            "writers": writers, "missing": missing, "conflicts": conflicts, "had_no_effect": idle, "forks": forks,
        }))?;
        return Ok(code);
    }
    let first = if before.strange { ", not known here before" } else { "" };
    let (new, known) = (taken.all_new(), taken.known);
    out::line(&format!(
        "incident {} {}{first}: {new} new entries, {known} known",
        session.id.short(),
        incident.title()
    ))?;
    for (writer, new) in &taken.new {
        out::line(&format!("    {new} of writer {writer} ({})", who(writer)))?;
    }
    for conflict in &conflicts {
        let sides: Vec<String> = conflict.sides.iter().map(|(by, says)| format!("{by} says {says}")).collect();
        out::line(&format!("    CONFLICT {}: {}", conflict.what, sides.join("; ")))?;
    }
    for (text, why) in &without {
        out::line(&format!("    WITHOUT THE RIGHT, {why}: {text}"))?;
    }
    for (text, why) in idle.iter().take(SHOWN) {
        out::line(&format!("    had no effect, {why}: {text}"))?;
    }
    if idle.len() > SHOWN {
        out::line(&format!("    and {} more had no effect", idle.len() - SHOWN))?;
    }
    for m in missing {
        let which =
            if m.first == m.last { format!("entry {}", m.first) } else { format!("entries {} to {}", m.first, m.last) };
        out::line(&format!(
            "    MISSING {which} of writer {} ({}): ask for a bundle without --since",
            m.writer,
            who(&m.writer)
        ))?;
    }
    for (writer, seq) in &taken.forks {
        out::line(&format!(
            "    FORK writer {writer} ({}) has two histories from entry {seq} on: one journal was put back from a copy and \
             written to again. Of the other history nothing was taken. Keep both files; `warroom export` of the one that is \
             not here, and write down by hand what it alone holds",
            who(writer)
        ))?;
    }
    Ok(code)
}

/// What was done without the right and was not known to be.
fn rightless(session: &Session<'_>, before: &Before) -> Vec<(String, String)> {
    let incident = session.incident();
    let fresh = incident.unrightful.iter().filter(|(id, _)| !before.without.contains(id));
    let words = fresh.filter_map(|(id, done)| {
        let row = incident.timeline.find(*id)?;
        let line = line(&row.entry, incident, &session.in_force.plan, session.now(), session.zone());
        Some((format!("{} {}", line.tag, line.text), done.why.clone()))
    });
    words.collect()
}

/// The entries that stand in the record and changed nothing.
fn idle(incident: &Incident) -> impl Iterator<Item = (&Row, &str)> {
    incident.timeline.iter().filter_map(|row| match &row.effect {
        Effect::None(why) => Some((row, &**why)),
        Effect::Applied | Effect::Without(_) | Effect::Retracted(_) => None,
    })
}

/// What has no effect now and was not known to have none, what came as well as what it overtook, with the reason.
fn overtaken(session: &Session<'_>, before: &Before) -> Vec<(String, String)> {
    let (incident, zone) = (session.incident(), session.zone());
    let fresh = idle(incident).filter(|(row, _)| !before.idle.contains(&row.entry.id));
    let words = fresh.map(|(row, why)| {
        let line = line(&row.entry, incident, &session.in_force.plan, session.now(), zone);
        (format!("{} {}", line.tag, line.text), why.to_owned())
    });
    words.collect()
}
