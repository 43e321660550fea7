//! One incident of the journal, folded, for a command that reads it or adds to it. Decides at the head, like the room.

use std::sync::Arc;

use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use crate::incident::Instant;
use crate::incident::clock::{Clock, Moment};
use crate::incident::command::Command;
use crate::incident::decide::decide;
use crate::incident::entry::{Author, Draft, Entry, EntryId, IncidentId};
use crate::incident::fold::Log;
use crate::incident::observation::Source;
use crate::incident::pin::Grounds;
use crate::incident::plan::Plan;
use crate::incident::presence::Presence;
use crate::incident::rights::Rights;
use crate::incident::state::Incident;
use crate::journal::{Cursor, Journal};
use crate::report::line::line;
use crate::room::in_force::InForce;
use crate::room::orphans;
use crate::room::others;
use crate::situation::holds;
use crate::situation::known::Facts;
use crate::situation::need::Need;
use crate::situation::{Situation, assess_with, wording};
use crate::text::{Safe, instant};

pub struct Session<'a> {
    pub context: &'a Context,
    pub journal: Journal,
    pub id: IncidentId,
    pub log: Log,
    pub cursor: Cursor,
    pub in_force: InForce,
    pub clock: Clock,
    /// Whether this host meets others somewhere.
    pub replicates: bool,
}

impl<'a> Session<'a> {
    /// The incident that is meant: `--incident`, else the only open one.
    pub fn open(context: &'a Context, writes: bool) -> Result<Session<'a>, Fail> {
        let mut journal = context.journal(writes)?;
        let id = chosen(context, &mut journal)?;
        let mut session = Session::on(context, journal, id)?;
        if writes {
            session.record_orphans()?;
        }
        Ok(session)
    }

    /// What a process that died was sending is not known to have left: said before anything else is done.
    pub fn record_orphans(&mut self) -> Result<(), Fail> {
        let own = self.journal.own_writers(self.id)?;
        let orphans = orphans::found(self.log.incident(), &self.context.actor.host, &own);
        if !orphans.is_empty() {
            let now = self.now();
            self.write(true, now, |incident| Ok(orphans::told(incident, &orphans)))?;
        }
        Ok(())
    }

    pub fn on(context: &'a Context, mut journal: Journal, id: IncidentId) -> Result<Session<'a>, Fail> {
        let (entries, cursor) = journal.read_after(id, Cursor::START, usize::MAX)?;
        let mut log = Log::default();
        log.absorb(entries);
        let clock = journal.clock()?;
        // Rights that cannot be read are nobody's; what was typed for the record goes on.
        let config = context.config();
        let replicates = config.as_ref().is_ok_and(|config| config.replicate.is_some());
        let rights = config.map_or_else(|_| Rights::nobody(), |config| config.rights);
        let mut in_force = InForce::with(rights);
        in_force.adopt(log.incident());
        tell(&in_force);
        out::of_exercise(log.incident().is_exercise());
        Ok(Session { context, journal, id, log, cursor, in_force, clock, replicates })
    }

    pub fn incident(&self) -> &Arc<Incident> {
        self.log.incident()
    }

    /// The room's instant: in a demo the scenario's.
    pub fn now(&self) -> Instant {
        self.clock.at(edge::now())
    }

    pub fn zone(&self) -> chrono_tz::Tz {
        self.incident().zone()
    }

    /// A time of the past, as a person writes it.
    pub fn past(&self, text: Option<&str>) -> Result<Option<Instant>, Fail> {
        text.map(|t| instant::parse_past(t, self.now(), self.zone()).map_err(Fail::wrong)).transpose()
    }

    /// A time to come.
    pub fn next(&self, text: Option<&str>) -> Result<Option<Instant>, Fail> {
        text.map(|t| instant::parse_next(t, self.now(), self.zone()).map_err(Fail::wrong)).transpose()
    }

    pub fn sources(&mut self) -> Vec<Source> {
        self.journal.sources().unwrap_or_default()
    }

    /// The plan in force, with whom rules forbid to tell held back.
    pub fn plan(&mut self) -> Arc<Plan> {
        let (sources, now) = (self.sources(), self.now());
        let (incident, plan, rules) = (self.log.incident(), &self.in_force.plan, &self.in_force.rules);
        let facts = Facts::new(incident, plan, rules, &sources, now, edge::now());
        holds::held(incident, plan, rules, &facts, now).unwrap_or_else(|| Arc::clone(plan))
    }

    pub fn situation(&mut self) -> Situation {
        let sources = self.sources();
        let moment = Moment::of(&self.clock, edge::now());
        let standing = self.replicates.then(|| self.journal.replication().ok().flatten().unwrap_or_default());
        let presence = self.journal.presence(self.id).unwrap_or_default();
        let presence = Presence { meets: self.replicates, ..presence };
        let (incident, plan, rules) = (self.log.incident(), &self.in_force.plan, &self.in_force.rules);
        assess_with(incident, plan, rules, (&sources, &presence), moment).meeting(standing.as_ref())
    }

    /// What a text that somebody wrote rests on.
    pub fn grounds(&mut self, audience: &str, text: &str, before: &Grounds) -> Grounds {
        let situation = self.situation();
        // Whoever writes it knows what is down now.
        let audience = self.in_force.plan.audience(audience).filter(|_| before.outage.is_some());
        let outage = audience.map(|audience| wording::outage(&situation, audience));
        let facts = wording::pins_of_text(self.log.incident(), &self.in_force.plan, &situation, text, &before.facts);
        Grounds { facts, template: false, language: before.language.clone(), outage }
    }

    /// Reads what others wrote since. True: there was something.
    pub fn catch_up(&mut self) -> Result<bool, Fail> {
        let (entries, cursor) = self.journal.read_after(self.id, self.cursor, usize::MAX)?;
        let some = !entries.is_empty();
        self.cursor = cursor;
        self.log.absorb(entries);
        let before = self.in_force.problems();
        self.in_force.adopt(self.log.incident());
        if self.in_force.problems() != before {
            tell(&self.in_force);
        }
        Ok(some)
    }

    /// Decides at the head and writes.
    pub fn command(&mut self, command: &Command) -> Result<Vec<Entry>, Fail> {
        let (actor, plan, now) = (self.context.actor.clone(), self.plan(), self.now());
        let mut command = command.clone();
        if let Some(proof) = command.proof_mut() {
            *proof = self.journal.keep_proof(proof).map_err(Fail::failed)?;
        }
        let command = &command;
        self.write(false, now, |incident| decide(incident, &plan, command, &actor, now))
    }

    /// Writes what `make` drafts against the head. `machine`: no person acts.
    pub fn write(
        &mut self,
        machine: bool,
        now: Instant,
        make: impl FnOnce(&Incident) -> Result<Vec<Draft>, crate::incident::command::Refusal>,
    ) -> Result<Vec<Entry>, Fail> {
        let actor = &self.context.actor;
        let person = if machine { "warroom".to_owned() } else { actor.person.clone() };
        let author = Author { person, host: actor.host.clone(), machine };
        let log = &mut self.log;
        let appended = self.journal.append(self.id, &author, now, self.cursor, |others| {
            log.absorb(others.iter().cloned());
            make(log.incident())
        })?;
        self.cursor = appended.cursor;
        self.log.absorb(appended.own.clone());
        Ok(appended.own)
    }

    /// Does a command and prints what was written, with its instant and zone.
    pub fn run(&mut self, command: &Command) -> Result<std::process::ExitCode, Fail> {
        let entries = self.command(command)?;
        self.print(&entries)?;
        Ok(std::process::ExitCode::SUCCESS)
    }

    pub fn print(&self, entries: &[Entry]) -> Result<(), Fail> {
        let incident = self.log.incident();
        if self.context.global.json {
            let rows: Vec<serde_json::Value> = entries
                .iter()
                .map(|e| {
                    serde_json::json!({
                        "id": e.id, "kind": e.what.kind(), "happened": e.happened, "recorded": e.recorded,
                        "author": e.author.person, "host": e.author.host, "exercise": incident.is_exercise(),
                    })
                })
                .collect();
            return out::json(&rows.into());
        }
        for entry in entries {
            let line = line(entry, incident, &self.in_force.plan, self.now(), self.zone());
            let when = instant::echo(entry.happened, self.zone());
            out::line(&format!("{}  {} {}  ({when})", entry.id.short(), line.tag, line.text))?;
        }
        Ok(())
    }

    /// The entry whose id begins so.
    pub fn entry(&self, prefix: &str) -> Result<EntryId, Fail> {
        let ids: Vec<EntryId> = self.incident().timeline.starting_with(prefix).map(|row| row.entry.id).collect();
        one(&ids, prefix, "entry")
    }

    /// A task by the beginning of its id, or by its id in the playbook.
    pub fn task(&self, prefix: &str) -> Result<EntryId, Fail> {
        let tasks = &self.incident().tasks;
        if let Some(task) = tasks.values().find(|t| t.planned.as_deref() == Some(prefix)) {
            return Ok(task.id);
        }
        let ids: Vec<EntryId> = tasks.keys().filter(|id| begins(**id, prefix)).copied().collect();
        one(&ids, prefix, "task")
    }

    pub fn message(&self, prefix: &str) -> Result<EntryId, Fail> {
        let ids: Vec<EntryId> = self.incident().messages.keys().filter(|id| begins(**id, prefix)).copied().collect();
        one(&ids, prefix, "message")
    }
}

pub fn begins(id: EntryId, prefix: &str) -> bool {
    let prefix = prefix.replace('-', "").to_lowercase();
    !prefix.is_empty() && id.0.simple().to_string().starts_with(&prefix)
}

fn one(ids: &[EntryId], prefix: &str, what: &str) -> Result<EntryId, Fail> {
    match ids {
        [id] => Ok(*id),
        [] => Err(Fail::failed(format!("no {what} has an id that begins with {prefix}"))),
        many => {
            let list: Vec<String> = many.iter().take(5).map(ToString::to_string).collect();
            Err(Fail::failed(format!("{prefix} is the beginning of several: {}", list.join(", "))))
        }
    }
}

/// The incident that is meant.
pub fn chosen(context: &Context, journal: &mut Journal) -> Result<IncidentId, Fail> {
    if let Some(prefix) = &context.global.incident {
        let prefix = prefix.replace('-', "").to_lowercase();
        if prefix.is_empty() {
            return Err(Fail::wrong("--incident: the beginning of an id, as `warroom list` shows it"));
        }
        let all = journal.incidents()?;
        let found: Vec<IncidentId> =
            all.iter().map(|s| s.incident).filter(|i| i.0.simple().to_string().starts_with(&prefix)).collect();
        return match found.as_slice() {
            [id] => Ok(*id),
            [] => Err(Fail::failed(format!("no incident has an id that begins with {prefix}: `warroom list`"))),
            _ => Err(Fail::failed(format!("{prefix} is the beginning of several incidents: `warroom list`"))),
        };
    }
    // With one incident in the journal nothing has to be folded to know which is meant.
    let all = journal.incidents()?;
    if let [only] = all.as_slice() {
        return Ok(only.incident);
    }
    let open = open_ones(journal)?;
    match open.as_slice() {
        [only] => Ok(only.incident),
        [] => Err(none_open()),
        many => {
            let names: Vec<String> = many.iter().map(|l| format!("{} {}", l.incident.short(), l.title)).collect();
            Err(Fail::failed(format!("several incidents are open, name one with --incident: {}", names.join("; "))))
        }
    }
}

/// The incidents that a command for all of them is meant for: the one that is named, else every open one.
pub fn meant(context: &Context, journal: &mut Journal) -> Result<Vec<IncidentId>, Fail> {
    match context.global.incident {
        Some(_) => Ok(vec![chosen(context, journal)?]),
        None => Ok(open_ones(journal)?.into_iter().map(|need| need.incident).collect()),
    }
}

fn open_ones(journal: &mut Journal) -> Result<Vec<Need>, Fail> {
    Ok(others::all(journal, edge::now())?.into_iter().filter(Need::open).collect())
}

pub fn none_open() -> Fail {
    Fail::failed("no incident is open: `warroom declare TITLE --severity sev1`")
}

/// A deadline that is left out because its rule cannot be read must not look as if there were none.
fn tell(in_force: &InForce) {
    for problem in in_force.problems() {
        eprintln!("warroom: {}", Safe::new(&problem));
    }
}
