//! `warroom poll`: polls and keeps time without a screen; one line a change.

use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::{mpsc, watch};

use super::args;
use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::backends::{Client, Limits, poller};
use crate::incident::clock::Moment;
use crate::incident::detect::{detect, detect_source};
use crate::incident::entry::EntryId;
use crate::incident::observation::{Health, Source};
use crate::room::pollers::{self, Backend, Control};
use crate::room::store::{self, Ask, News, Setup};

pub fn run(context: &Context, args: &args::Poll) -> Result<ExitCode, Fail> {
    let config = context.config()?;
    let backends: Vec<Backend> = context.backends(&config)?.into_iter().filter(|b| b.polls(edge::now())).collect();
    if backends.is_empty() {
        return Err(Fail::wrong("no backend is configured that could be polled: `warroom init KIND`"));
    }
    if args.once { once(context, &backends) } else { stay(context, backends) }
}

/// Asks each backend once, records what changed, tells how each is.
fn once(context: &Context, backends: &[Backend]) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    let known = session.sources();
    let client = Client::new(&context.actor.host, Limits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let moment = Moment { now: session.now(), real: edge::now() };
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
        let now = session.now();
        let real = edge::now();
        let written = session.write(true, now, |incident| {
            let mut drafts = match source.observation.as_ref().filter(|_| source.error.is_none()) {
                Some(observation) => detect(incident, before.observation.as_ref(), observation, now),
                None => Vec::new(),
            };
            drafts.extend(detect_source(incident, source, real));
            Ok(drafts)
        })?;
        session.journal.put_source(source)?;
        failing |= source.error.is_some();
        if context.global.json {
            rows.push(serde_json::json!({
                "id": source.name, "name": source.name, "family": source.family, "kind": source.kind,
                "error": source.error, "entries": written.len(), "exercise": session.incident().is_exercise(),
            }));
        } else {
            let state = source.error.clone().unwrap_or_else(|| format!("answered, {} new entries", written.len()));
            out::line(&format!("{:<20} {state}", source.name))?;
            session.print(&written)?;
        }
    }
    if context.global.json {
        out::json(&rows.into())?;
    }
    Ok(if failing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Polls until it is told to end; also keeps the lease, so that rooms opened meanwhile read what it sees.
fn stay(context: &Context, backends: Vec<Backend>) -> Result<ExitCode, Fail> {
    let session = Session::open(context, true)?;
    let (id, journal) = (session.id, session.journal);
    let runtime = super::room::runtime()?;
    let host = context.actor.host.clone();
    let (news_tx, mut news) = mpsc::unbounded_channel();
    let setup = Setup {
        journal,
        incident: id,
        actor: context.actor.clone(),
        process: store::process_name(&host),
        polls: true,
        real: edge::now,
        configured: backends.iter().map(Backend::source).collect(),
    };
    let (store, thread) = store::start(setup, news_tx)?;
    let (control, _) = watch::channel(Control::default());
    let client = Arc::new(Client::new(&host, Limits::default()));
    let ended: Result<(), Fail> = runtime.block_on(async {
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
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let mut lease = tokio::time::interval(std::time::Duration::from_secs(4));
        let mut seen: Option<std::collections::HashSet<EntryId>> = None;
        let mut health: std::collections::BTreeMap<String, Health> = Default::default();
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(()),
                _ = term.recv() => return Ok(()),
                _ = lease.tick() => store.ask(Ask::Lease),
                told = news.recv() => match told {
                    Some(News::Snapshot(snapshot)) => {
                        let timeline = &snapshot.incident.timeline;
                        let zone = snapshot.incident.zone();
                        // By what was printed, not by place: what a backend dates back stands further up.
                        let first = seen.is_none();
                        let printed = seen.get_or_insert_default();
                        for row in timeline.iter() {
                            let e = &row.entry;
                            if !printed.insert(e.id) || first {
                                continue;
                            }
                            let line = crate::report::line::line(e, &snapshot.incident, &snapshot.plan, e.recorded, zone);
                            let at = crate::text::instant::echo(e.happened, zone);
                            out::line(&format!("{at}  {} {}", line.tag, line.text))?;
                        }
                        for source in snapshot.sources.iter() {
                            let is = source.health(edge::now());
                            if health.insert(source.name.clone(), is) != Some(is) {
                                out::line(&format!("source {} is {is:?} {}", source.name, source.error.as_deref().unwrap_or("")).to_lowercase())?;
                            }
                        }
                    }
                    Some(News::Lease(leads)) => {
                        control.send_modify(|c| c.leads = leads);
                        out::line(if leads { "polling" } else { "another process polls" })?;
                    }
                    Some(News::Clock(clock)) => control.send_modify(|c| c.clock = clock),
                    Some(News::Tell(text)) => out::line(&text)?,
                    Some(News::Lost(why)) => return Err(Fail::Failed(why)),
                    Some(News::Outcome { .. } | News::Deliver(_) | News::Kept { .. }) => {}
                    None => return Err(Fail::failed("the journal's thread ended")),
                },
            }
        }
    });
    store.ask(Ask::Stop);
    let _ = thread.join();
    runtime.shutdown_background();
    ended.map(|()| ExitCode::SUCCESS)
}
