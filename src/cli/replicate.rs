//! `warroom replicate`: this journal and the table where hosts meet, once or for as long as it runs; and how the table is made.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tokio_postgres::Client;

use super::context::Context;
use super::fail::Fail;
use super::received::{self, Before, Received};
use super::session::Session;
use super::{args, edge, out};
use crate::config::Replicate;
use crate::incident::Instant;
use crate::incident::entry::IncidentId;
use crate::journal::{Journal, Taken};
use crate::replicate::{Fault, Forked, Here, Moved, Presences, There, init, sql, with};

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
        "the tables warroom_entries and warroom_presence and the roles warroom_append and warroom_read are there",
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
    let moved = with(place, &context.actor.host, round).await.map_err(refused)?;
    if context.global.json {
        let forks = moved.forks.iter().map(|f| json!({"incident": f.incident, "writer": f.writer, "seq": f.seq}));
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
    warn(&there, &moved)?;
    let whole = moved.forks.is_empty() && moved.wait == 0;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How often somebody who stays writes down whose chains they saw.
const WITNESS: TimeDelta = TimeDelta::minutes(5);
/// Between two tries to connect.
const AGAIN: Duration = Duration::from_secs(1);

/// Round after round until it is told to end. A cut is told with its begin and what waits; then it tries again every second.
async fn stay(context: &Context, place: &Replicate) -> Result<ExitCode, Fail> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut stayer = Stayer {
        context,
        place,
        journal: context.journal(true)?,
        here: Here::default(),
        there: There::default(),
        cut: None,
        unwitnessed: BTreeSet::new(),
        witnessed: None,
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::SUCCESS),
        _ = term.recv() => Ok(ExitCode::SUCCESS),
        ended = stayer.run() => ended,
    }
}

struct Stayer<'a> {
    context: &'a Context,
    place: &'a Replicate,
    journal: Journal,
    here: Here,
    there: There,
    /// Since when it is cut off.
    cut: Option<Instant>,
    unwitnessed: BTreeSet<IncidentId>,
    witnessed: Option<Instant>,
}

impl Stayer<'_> {
    async fn run(&mut self) -> Result<ExitCode, Fail> {
        loop {
            let (place, host) = (self.place, self.context.actor.host.clone());
            let ended = with(place, &host, async |client| self.rounds(client).await).await;
            let Err(fault) = ended;
            if self.cut.is_none() {
                self.cut = Some(edge::now());
                let waits = self.here.waits(&mut self.journal, Some(&self.there))?;
                out::line(&format!("{}  CUT OFF: {fault}; {waits} entries wait", at(edge::now())))?;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn rounds(&mut self, client: &mut Client) -> Result<Infallible, Fault> {
        // Another server may answer than the one before, and lack what that one had.
        self.there = There::default();
        let mut presences = Presences::default();
        let mut first = true;
        loop {
            let moved = self.there.exchange(client, &mut self.journal, &mut self.here).await?;
            presences.exchange(client, &mut self.journal, edge::now()).await?;
            let fault = |fail: Fail| Fault(fail.said());
            if first || moved != Moved::default() {
                self.tell(first, &moved).map_err(fault)?;
            }
            first = false;
            self.unwitnessed.extend(moved.came.keys());
            self.witness().map_err(fault)?;
            tokio::time::sleep(Duration::from_secs(self.place.every)).await;
        }
    }

    fn tell(&mut self, first: bool, moved: &Moved) -> Result<(), Fail> {
        let now = edge::now();
        let since = match self.cut.take() {
            Some(since) => format!("back, cut off since {}: ", at(since)),
            None if first => "connected: ".to_owned(),
            None => String::new(),
        };
        if !since.is_empty() || moved.all_came() > 0 || moved.went > 0 {
            out::line(&format!("{}  {since}{} entries came, {} went", at(now), moved.all_came(), moved.went))?;
        }
        if first || !moved.forks.is_empty() {
            warn(&self.there, moved)?;
        }
        Ok(())
    }

    fn witness(&mut self) -> Result<(), Fail> {
        let now = edge::now();
        if self.witnessed.is_none_or(|at| now - at >= WITNESS) {
            for id in std::mem::take(&mut self.unwitnessed) {
                received::witness(&mut Session::on(self.context, self.context.journal(true)?, id)?)?;
                self.witnessed = Some(now);
            }
        }
        Ok(())
    }
}

fn at(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn refused(fault: Fault) -> Fail {
    Fail::failed(format!("replicate: {fault}"))
}

/// What somebody has to do something about.
fn warn(there: &There, moved: &Moved) -> Result<(), Fail> {
    for Forked { incident, writer, seq } in &moved.forks {
        out::line(&format!(
            "    FORK incident {} writer {writer}: another entry {seq} is on the server; neither history is mixed into the \
             other. Keep both, `warroom export` each, and write down by hand what only one holds",
            incident.short()
        ))?;
    }
    if moved.wait > 0 {
        out::line(&format!(
            "    {} entries stay here: this user may only read, or their writer has two histories",
            moved.wait
        ))?;
    }
    if there.may_rewrite {
        out::line(
            "    this user may rewrite the table: let rooms use a member of warroom_append that does not own it",
        )?;
    }
    Ok(())
}
