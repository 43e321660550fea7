//! `warroom replicate`: this journal and the table where hosts meet, once or for as long as it runs; and how the table is made.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::json;
use tokio::sync::mpsc;

use super::context::Context;
use super::fail::Fail;
use super::received::{self, Before, Received};
use super::session::Session;
use super::{args, edge, out};
use crate::config::Replicate;
use crate::incident::Instant;
use crate::journal::{Journal, Taken};
use crate::replicate::{Fault, Forked, Here, Moved, Presences, There, init, sql, with};
use crate::room::replicating::{self, Told};
use crate::room::standing::Said;

pub fn run(context: &Context, args: &args::Replicate) -> Result<ExitCode, Fail> {
    if let Some(args::ReplicateCmd::Init { print: true }) = &args.command {
        out::whole(&sql())?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = context.config()?;
    let Some(place) = config.replicate else {
        return Err(Fail::wrong(
            "no [replicate] is configured: url = \"postgres://USER@host1,host2/db?target_session_attrs=read-write\"",
        ));
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match &args.command {
        Some(args::ReplicateCmd::Init { .. }) => make(context, &runtime, &place),
        None if args.once => runtime.block_on(once(context, &place)),
        None => runtime.block_on(stay(context, &place)),
    }
}

fn make(context: &Context, runtime: &tokio::runtime::Runtime, place: &Replicate) -> Result<ExitCode, Fail> {
    runtime.block_on(with(place, &context.actor.host, async |client| init(client).await)).map_err(refused)?;
    out::line(
        "the tables warroom_entries, warroom_claims and warroom_presence and the roles warroom_append and warroom_read are there",
    )?;
    out::line("rooms use a user who may append and read, and not the one that made it:")?;
    out::line("    CREATE ROLE jump1 LOGIN PASSWORD '...' IN ROLE warroom_append;")?;
    Ok(ExitCode::SUCCESS)
}

/// One round. What came of each incident is told as of a bundle.
async fn once(context: &Context, place: &Replicate) -> Result<ExitCode, Fail> {
    let mut journal = context.journal(true)?;
    let mut before = BTreeMap::new();
    for id in journal.incident_ids()? {
        before.insert(id, Before::of(&Session::on(context, context.journal(true)?, id)?));
    }
    let (mut here, mut there) = (Here::default(), There::default());
    let round = async |client: &mut _| {
        let moved = there.exchange(client, &mut journal, &mut here).await?;
        Presences::default().exchange(client, &mut journal, edge::now()).await?;
        Ok(moved)
    };
    let moved = with(place, &context.actor.host, round).await;
    said(&mut journal, &context.actor.host, place, &moved)?;
    if moved.is_ok() {
        let has = there.has().iter();
        journal.put_met(&has.map(|((incident, writer), seq)| (*incident, *writer, *seq)).collect::<Vec<_>>())?;
    }
    let moved = moved.map_err(refused)?;
    if context.global.json {
        let forks = moved
            .forks
            .iter()
            .map(|f| json!({"incident": f.incident, "writer": f.writer, "seq": f.seq, "damaged": f.damaged}));
        let (came, forks) = (moved.all_came(), forks.collect::<Vec<_>>());
        out::json(&json!({"came": came, "went": moved.went, "wait": moved.wait, "forks": forks}))?;
    } else {
        out::line(&format!("{} entries came, {} went", moved.all_came(), moved.went))?;
    }
    for (id, new) in &moved.came {
        let mut session = Session::on(context, context.journal(true)?, *id)?;
        received::witness(&mut session)?;
        if !context.global.json {
            let missing = session.journal.missing(*id)?;
            let before = before.remove(id).unwrap_or_else(Before::nothing);
            let taken = Taken { new: new.clone(), ..Taken::default() };
            received::tell(&session, &Received { taken, missing, before })?;
        }
    }
    warn(there.may_rewrite, &moved)?;
    let whole = moved.forks.is_empty() && moved.wait == 0;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says how this host stands now, where no process says it that goes on replicating.
fn said(journal: &mut Journal, host: &str, place: &Replicate, round: &Result<Moved, Fault>) -> Result<(), Fail> {
    let mut said = Said::new(host.to_owned(), edge::now, place.every);
    if said.lease(journal).map_err(Fail::failed)?.is_some() || said.lease.is_none() {
        return Ok(());
    }
    match round {
        Ok(moved) => drop(said.round(journal, moved).map_err(refused)?),
        Err(fault) => {
            // What waits is known where it is known how far the server was.
            let met = journal.met()?;
            let there = (!met.is_empty()).then(|| There::known(met));
            let wait = there.map(|there| Here::default().waits(journal, Some(&there))).transpose()?;
            said.cut(journal, fault.clone(), wait).map_err(Fail::failed)?;
        }
    }
    Ok(journal.release_replication()?)
}

/// Round after round until it is told to end. A cut is told with its begin and what waits; then it tries again every second.
async fn stay(context: &Context, place: &Replicate) -> Result<ExitCode, Fail> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    context.journal(true)?;
    let (tell_tx, mut told) = mpsc::unbounded_channel();
    let (path, host) = (context.journal_path()?, context.actor.host.clone());
    let replicating = replicating::start(path, place.clone(), host, edge::now, move |told| drop(tell_tx.send(told)))?;
    let ended = loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break Ok(ExitCode::SUCCESS),
            _ = term.recv() => break Ok(ExitCode::SUCCESS),
            one = told.recv() => match one {
                Some(Told::Failed(why)) => break Err(Fail::failed(why)),
                Some(one) => tell(&one)?,
                None => break Err(Fail::failed("the thread that replicates ended")),
            },
        }
    };
    replicating.end();
    ended
}

/// A line for what the task that replicates told.
pub fn tell(told: &Told) -> Result<(), Fail> {
    let now = at(edge::now());
    match told {
        Told::Theirs { pid, host } => out::line(&format!(
            "{now}  process {pid} on {host} replicates this journal; this one goes on when that ends"
        )),
        Told::Met { cut, moved, may_rewrite } => {
            let since = match cut {
                Some(since) => format!("back, cut off since {}", at(*since)),
                None => "connected".to_owned(),
            };
            out::line(&format!("{now}  {since}: {} entries came, {} went", moved.all_came(), moved.went))?;
            warn(*may_rewrite, moved)
        }
        Told::Round(moved) => {
            if moved.all_came() > 0 || moved.went > 0 {
                out::line(&format!("{now}  {} entries came, {} went", moved.all_came(), moved.went))?;
            }
            if moved.forks.is_empty() { Ok(()) } else { warn(false, moved) }
        }
        Told::Cut { why, wait } => {
            let wait = wait.map_or_else(|| "it is not known how many".to_owned(), |n| n.to_string());
            out::line(&format!("{now}  CUT OFF: {why}; {wait} entries wait"))
        }
        Told::Unkept(why) => out::line(&format!("{now}  other hosts are not met, it is tried again: {why}")),
        Told::Failed(why) => out::line(&format!("{now}  other hosts are not met: {why}")),
    }
}

fn at(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn refused(fault: Fault) -> Fail {
    Fail::failed(format!("replicate: {fault}"))
}

/// What somebody has to do something about.
fn warn(may_rewrite: bool, moved: &Moved) -> Result<(), Fail> {
    for Forked { incident, writer, seq, damaged } in &moved.forks {
        if *damaged {
            out::line(&format!(
                "    DAMAGED incident {} writer {writer}: entry {seq} on the server is not what its hash says; nothing of this \
                 writer is taken or offered from there on. The owner of the table takes the row away; what is written here goes \
                 on under another writer",
                incident.short()
            ))?;
            continue;
        }
        out::line(&format!(
            "    FORK incident {} writer {writer}: another entry {seq} is on the server; neither history is mixed into the \
             other. Keep both, `warroom export` each, and write down by hand what only one holds",
            incident.short()
        ))?;
    }
    if moved.wait > 0 {
        out::line(&format!(
            "    {} entries stay here: this user may only read, or their writer is not the same on the server",
            moved.wait
        ))?;
    }
    if may_rewrite {
        out::line(
            "    this user may rewrite the table: let rooms use a member of warroom_append that does not own it",
        )?;
    }
    Ok(())
}
