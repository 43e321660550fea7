//! `warroom poll`: polls and keeps time without a screen, for every open incident of the journal or the one that is named;
//! one line a change.

use std::collections::{BTreeMap, HashSet};
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};

use super::args;
use super::context::Context;
use super::due::{Due, Runs};
use super::edge;
use super::fail::Fail;
use super::out;
use super::session::{self, Session};
use crate::backends::{Client, Limits, poller};
use crate::config::Config;
use crate::incident::clock::Moment;
use crate::incident::detect::heard;
use crate::incident::entry::{EntryId, IncidentId};
use crate::incident::observation::{Health, Source};
use crate::journal::{Access, Journal};
use crate::room::orphans;
use crate::room::pollers::{self, Backend, Control};
use crate::room::replicating::{self, Told};
use crate::room::store::{self, Ask, News, Setup, Store, Whose};

pub fn run(context: &Context, args: &args::Poll) -> Result<ExitCode, Fail> {
    let config = context.config()?;
    let backends: Vec<Backend> = context.backends(&config)?.into_iter().filter(|b| b.polls(edge::now())).collect();
    if !args.once {
        return stay(context, backends, &config);
    }
    if backends.is_empty() {
        return Err(Fail::wrong("no backend is configured that could be polled: `warroom init KIND`"));
    }
    once(context, &backends)
}

/// Asks each backend once, records what changed in every incident that is meant, tells how each is.
fn once(context: &Context, backends: &[Backend]) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(true)?;
    let mut sessions = Vec::new();
    for id in session::meant(context, &mut journal)? {
        let mut session = Session::on(context, context.journal(true)?, id)?;
        session.record_orphans()?;
        sessions.push(session);
    }
    let Some(first) = sessions.first() else { return Err(session::none_open()) };
    let now = first.now();
    let all_of_exercise = sessions.iter().all(|s| s.incident().is_exercise());
    out::of_exercise(all_of_exercise);
    let known = journal.sources().unwrap_or_default();
    let client = Client::new(&context.actor.host, Limits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let moment = Moment { now, real: edge::now(), speed: 1.0 };
    let before: Vec<Source> = backends
        .iter()
        .map(|b| known.iter().find(|s| s.name == b.config.name).cloned().unwrap_or_else(|| b.source()))
        .collect();
    let polls = backends
        .iter()
        .zip(&before)
        .map(|(b, before)| poller::poll_source(&client, &*b.adapter, &b.config, before, moment));
    let after = runtime.block_on(join_all(polls));
    let mut failing = false;
    let mut rows = Vec::new();
    for (before, source) in before.iter().zip(&after) {
        let mut written = Vec::new();
        for session in &mut sessions {
            let (now, real) = (session.now(), edge::now());
            written
                .push(session.write(true, now, |incident| {
                    Ok(heard(incident, before.observation.as_ref(), source, now, real))
                })?);
        }
        journal.put_source(source)?;
        failing |= source.error.is_some();
        let entries: usize = written.iter().map(Vec::len).sum();
        if context.global.json {
            rows.push(serde_json::json!({
                "id": source.name, "name": source.name, "family": source.family, "kind": source.kind,
                "error": source.error, "entries": entries, "exercise": all_of_exercise,
            }));
        } else {
            let state = source.error.clone().unwrap_or_else(|| format!("answered, {entries} new entries"));
            out::line(&format!("{:<20} {state}", source.name))?;
            for (session, written) in sessions.iter().zip(&written) {
                session.print(written)?;
            }
        }
    }
    if context.global.json {
        out::json(&rows.into())?;
    }
    Ok(if failing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Keeps time, and polls, until it is told to end; also keeps the lease, so that rooms opened meanwhile read what it sees.
/// An incident that is declared meanwhile is kept too.
fn stay(context: &Context, backends: Vec<Backend>, config: &Config) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(true)?;
    let runtime = super::room::runtime()?;
    let host = context.actor.host.clone();
    let (news_tx, mut news) = mpsc::unbounded_channel();
    let (control, _) = watch::channel(Control::default());
    let client = Arc::new(Client::new(&host, Limits::default()));
    if backends.is_empty() {
        out::line("keeping time; no backend is configured that could be polled")?;
    }
    let (met_tx, mut met) = mpsc::unbounded_channel();
    let replicating = match config.replicate.clone() {
        None => None,
        Some(place) => {
            let tell = move |told| drop(met_tx.send(told));
            Some(replicating::start(context.journal_path()?, place, host.clone(), edge::now, tell)?)
        }
    };
    let mut deputy =
        Deputy { context, config, backends: &backends, news: news_tx, kept: BTreeMap::new(), runs: Runs::new() };
    let ended: Result<(), Fail> = runtime.block_on(async {
        let meant = session::meant(context, &mut journal)?;
        if meant.is_empty() {
            out::line("no incident is open: waiting for one (`warroom declare TITLE --severity sev1`)")?;
        }
        let mut polling = false;
        let mut others = Vec::new();
        deputy.keep(meant)?;
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let mut lease = tokio::time::interval(std::time::Duration::from_secs(4));
        let mut second = tokio::time::interval(std::time::Duration::from_secs(1));
        second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut health: BTreeMap<String, Health> = BTreeMap::new();
        loop {
            if !polling && let Some(store) = deputy.polling() {
                polling = true;
                for backend in &backends {
                    tokio::spawn(pollers::poll(
                        Arc::clone(&client),
                        backend.clone(),
                        backend.source(),
                        store.clone(),
                        control.subscribe(),
                        edge::now,
                    ));
                }
            }
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return deputy.runs.finish().await,
                _ = term.recv() => return deputy.runs.finish().await,
                _ = second.tick() => deputy.tick()?,
                ended = deputy.runs.ended() => ended?,
                Some(told) = met.recv() => match told {
                    // What came is a line of its own.
                    Told::Round(moved) if moved.forks.is_empty() => {}
                    told => super::replicate::tell(&told)?,
                },
                _ = lease.tick() => {
                    if let Some(store) = deputy.polling() {
                        store.ask(Ask::Lease);
                    }
                    // Folded only where an incident that is not kept grew: one was declared, or goes on.
                    let grew = deputy.others(&mut journal)?;
                    if context.global.incident.is_none() && grew != others {
                        others = grew;
                        deputy.keep(session::meant(context, &mut journal)?)?;
                    }
                },
                told = news.recv() => {
                    let Some((id, told)) = told else { return Err(Fail::failed("nothing is kept any more")) };
                    if let Some(News::Lease(leads)) = &told {
                        control.send_modify(|c| c.leads = *leads);
                    }
                    if let (Some(News::Clock(clock)), true) = (&told, deputy.polls(id)) {
                        control.send_modify(|c| c.clock = *clock);
                    }
                    if let (Some(News::Snapshot(snapshot)), true) = (&told, deputy.polls(id)) {
                        for source in snapshot.sources.iter() {
                            let is = source.health(edge::now());
                            if health.insert(source.name.clone(), is) != Some(is) {
                                out::line(&format!("source {} is {is:?} {}", source.name, source.error.as_deref().unwrap_or("")).to_lowercase())?;
                            }
                        }
                    }
                    deputy.hear(id, told)?;
                },
            }
        }
    });
    for (_, kept) in std::mem::take(&mut deputy.kept) {
        kept.store.ask(Ask::Stop);
        let _ = kept.thread.join();
    }
    if let Some(replicating) = replicating {
        replicating.end();
    }
    runtime.shutdown_background();
    ended.map(|()| ExitCode::SUCCESS)
}

/// An incident whose time is kept.
struct Kept {
    store: Store,
    thread: std::thread::JoinHandle<()>,
    due: Due,
    /// What was printed, not by place: what a backend dates back stands further up. None: nothing was read yet.
    seen: Option<HashSet<EntryId>>,
    exercise: bool,
    /// Its store asks the backends.
    polls: bool,
}

/// Who keeps time for the open incidents.
struct Deputy<'a> {
    context: &'a Context,
    config: &'a Config,
    backends: &'a [Backend],
    /// The news of each incident's store; None: its thread ended.
    news: mpsc::UnboundedSender<(IncidentId, Option<News>)>,
    kept: BTreeMap<IncidentId, Kept>,
    runs: Runs,
}

impl Deputy<'_> {
    /// Keeps these from now on, beside those that it keeps. Inside the runtime.
    fn keep(&mut self, ids: Vec<IncidentId>) -> Result<(), Fail> {
        for id in ids {
            if self.kept.contains_key(&id) {
                continue;
            }
            let host = self.context.actor.host.clone();
            let (news_tx, mut news) = mpsc::unbounded_channel();
            // The first one's store asks the backends; what they say it records in all that are open.
            let polls = !self.backends.is_empty() && self.kept.is_empty();
            let setup = Setup {
                journal: Journal::open(&self.context.journal_path()?, Access::ReadWrite)?,
                incident: id,
                actor: self.context.actor.clone(),
                process: orphans::process_name(&host),
                polls,
                real: edge::now,
                configured: self.backends.iter().map(Backend::source).collect(),
                rights: self.config.rights.clone(),
                replicates: self.config.replicate.is_some(),
            };
            let (store, thread) = store::start(setup, news_tx)?;
            let all = self.news.clone();
            tokio::spawn(async move {
                while let Some(one) = news.recv().await {
                    // It fails only when nobody keeps time any more.
                    let _ = all.send((id, Some(one)));
                }
                let _ = all.send((id, None));
            });
            let due = Due::new(self.config.alarms.clone(), id, host);
            self.kept.insert(id, Kept { store, thread, due, seen: None, exercise: false, polls });
            self.name();
        }
        Ok(())
    }

    /// The incidents that are not kept, with how many entries they have.
    fn others(&self, journal: &mut Journal) -> Result<Vec<(IncidentId, u64)>, Fail> {
        let all = journal.incidents()?;
        Ok(all.iter().map(|s| (s.incident, s.entries)).filter(|(id, _)| !self.kept.contains_key(id)).collect())
    }

    /// Says before each line of which incident it is, where there are several.
    fn name(&mut self) {
        let several = self.kept.len() > 1;
        let all = self.kept.values().all(|kept| kept.exercise);
        out::of_exercise(all);
        for (id, kept) in &mut self.kept {
            let mark = if kept.exercise && !all { "EXERCISE " } else { "" };
            kept.due.name = if several { format!("{mark}{}  ", id.short()) } else { String::new() };
        }
    }

    /// The store that asks the backends.
    fn polling(&self) -> Option<&Store> {
        self.kept.values().find(|kept| kept.polls).map(|kept| &kept.store)
    }

    fn polls(&self, id: IncidentId) -> bool {
        self.kept.get(&id).is_some_and(|kept| kept.polls)
    }

    fn tick(&mut self) -> Result<(), Fail> {
        for kept in self.kept.values_mut() {
            if let Some(ask) = kept.due.tick()? {
                kept.store.ask(ask);
            }
        }
        Ok(())
    }

    fn hear(&mut self, id: IncidentId, told: Option<News>) -> Result<(), Fail> {
        let Some(kept) = self.kept.get_mut(&id) else { return Ok(()) };
        match told {
            Some(News::Snapshot(snapshot)) => {
                let (first, exercise) = (kept.seen.is_none(), snapshot.incident.is_exercise());
                let named = std::mem::replace(&mut kept.exercise, exercise) != exercise;
                let zone = snapshot.incident.zone();
                let printed = kept.seen.get_or_insert_default();
                let fresh = snapshot.incident.timeline.iter().map(|row| &row.entry).filter(|e| printed.insert(e.id));
                for e in fresh.filter(|_| !first) {
                    let line = crate::report::line::line(e, &snapshot.incident, &snapshot.plan, e.recorded, zone);
                    let at = crate::text::instant::echo(e.happened, zone);
                    kept.due.line(&format!("{at}  {} {}", line.tag, line.text))?;
                }
                if first {
                    let title = crate::text::Safe::new(snapshot.incident.title());
                    kept.due.line(&format!("keeping time for {title}"))?;
                }
                kept.due.see(snapshot);
                if named {
                    self.name();
                }
            }
            Some(News::Lease(leads)) => out::line(if leads { "polling" } else { "another process polls" })?,
            Some(News::Clock(clock)) => kept.due.clock = clock,
            Some(News::Rang { whose: Whose::Host, new, first }) => kept.due.rang(&mut self.runs, &new, first)?,
            Some(News::Tell(text)) => kept.due.line(&text)?,
            Some(News::Lost(why)) => return Err(Fail::Failed(why)),
            Some(
                News::Outcome { .. }
                | News::Deliver(_)
                | News::Mail { .. }
                | News::Kept { .. }
                | News::Rang { .. }
                | News::Presence(_)
                | News::Unclaimed { .. }
                | News::Refused(_),
            ) => {}
            None => return Err(Fail::failed("the journal's thread ended")),
        }
        Ok(())
    }
}
