//! The task that meets the other hosts: one process of the host at a time, on a thread of its own with its own opening of the
//! journal, so that neither a key nor the store ever waits for a socket. Rooms read how it stands from the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::{Notify, watch};
use tokio_postgres::Client;

use super::standing::Said;
use super::witness;
use crate::config::Replicate;
use crate::incident::Instant;
use crate::incident::entry::{IncidentId, WriterId};
use crate::journal::{Access, Journal, JournalError, Watch};
use crate::replicate::{Connected, Fault, Here, Moved, Presences, There, connect, with};

/// What it tells whoever started it. Rooms that only read hear nothing and see the standing.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Another process of the host does it.
    Theirs {
        pid: u32,
        host: String,
    },
    /// The first whole round of a connection. `cut`: since when there was none.
    Met {
        cut: Option<Instant>,
        moved: Moved,
        may_rewrite: bool,
    },
    /// A round that moved something, or found a fork.
    Round(Moved),
    Cut {
        why: String,
        wait: Option<u64>,
    },
    /// The lease is not to be had, or how it stands cannot be kept: why. It is tried again.
    Unkept(String),
    /// The journal cannot be opened: the thread has ended.
    Failed(String),
}

/// A handle to the thread.
pub struct Replicating {
    over: watch::Sender<bool>,
    watch: Option<Watch>,
    thread: JoinHandle<()>,
}

impl Replicating {
    /// Ends it, wherever it is; what was exchanged stays. Waits for one batch at most.
    pub fn end(self) {
        drop(self.watch);
        let _ = self.over.send(true);
        let _ = self.thread.join();
    }
}

/// Between two tries to reach the server, and to get the lease.
const AGAIN: Duration = Duration::from_secs(1);
/// How long the last round may take on the way out.
const LAST: Duration = Duration::from_millis(400);
/// Between two rounds at least, however much is written here.
const GAP: Duration = Duration::from_millis(100);
/// How often it writes down whose chains were seen.
const WITNESS: TimeDelta = TimeDelta::minutes(5);

/// Starts the thread. What is written here goes out at once; others are asked every so often.
pub fn start(
    path: PathBuf,
    place: Replicate,
    host: String,
    real: fn() -> Instant,
    tell: impl FnMut(Told) + Send + 'static,
) -> std::io::Result<Replicating> {
    let (over, ended) = watch::channel(false);
    let written = Arc::new(Notify::new());
    let wake = Arc::clone(&written);
    let watch = Watch::start(&path, move |notice| {
        if notice.journal {
            wake.notify_one();
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let thread = std::thread::Builder::new().name("replicate".into()).spawn(move || {
        let mut tell = tell;
        match Journal::open(&path, Access::ReadWrite) {
            Ok(journal) => {
                let said = Said::new(host, real, place.every);
                let (here, witnesses) = (Here::default(), Witnesses::default());
                let (there, met) = (None, BTreeMap::new());
                let mut meeting = Meeting { place, journal, here, there, met, said, witnesses, written, tell };
                runtime.block_on(meeting.stay(ended));
            }
            Err(error) => tell(Told::Failed(error.to_string())),
        }
    })?;
    Ok(Replicating { over, watch: watch.ok(), thread })
}

struct Meeting<T> {
    place: Replicate,
    journal: Journal,
    here: Here,
    /// How far the server was, as last known.
    there: Option<There>,
    /// How far it was, as kept.
    met: BTreeMap<(IncidentId, WriterId), u64>,
    said: Said,
    witnesses: Witnesses,
    written: Arc<Notify>,
    tell: T,
}

impl<T: FnMut(Told)> Meeting<T> {
    async fn stay(&mut self, mut over: watch::Receiver<bool>) {
        tokio::select! {
            _ = over.changed() => {}
            () = self.meet() => {}
        }
        let _ = tokio::time::timeout(LAST, self.last()).await;
        let _ = self.journal.release_replication();
    }

    /// What was written on the way out goes to the others too, and who left, where they were just met.
    async fn last(&mut self) {
        if self.said.lease.is_none() || self.said.standing.cut.is_some() {
            return;
        }
        let (place, host) = (self.place.clone(), self.said.host.clone());
        let Meeting { journal, here, said, .. } = self;
        let round = async |client: &mut Client| {
            // Who leaves is said too.
            Presences::default().exchange(client, journal, (said.real)()).await?;
            There::default().exchange(client, journal, here).await
        };
        let _ = with(&place, &host, round).await;
    }

    async fn meet(&mut self) {
        let mut told = None;
        loop {
            match self.said.lease(&mut self.journal) {
                Ok(None) => {
                    told = None;
                    self.recall();
                    self.connect().await;
                }
                Ok(Some(theirs)) if told.as_ref() != Some(&theirs) => {
                    (self.tell)(theirs.clone());
                    told = Some(theirs);
                }
                Ok(Some(_)) => {}
                Err(_) if matches!(told, Some(Told::Unkept(_))) => {}
                Err(why) => {
                    (self.tell)(Told::Unkept(why.clone()));
                    told = Some(Told::Unkept(why));
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// What was known of the server before this process had the lease.
    fn recall(&mut self) {
        if self.there.is_none()
            && let Ok(known) = self.journal.met()
            && !known.is_empty()
        {
            self.met = known.iter().map(|(incident, writer, seq)| ((*incident, *writer), *seq)).collect();
            self.there = Some(There::known(known));
        }
    }

    /// Connects, and goes from round to round until that ends by a fault.
    async fn connect(&mut self) {
        let ended = match self.connected().await {
            Ok(connected) => {
                let Err(fault) = connected.with(async |client| self.rounds(client).await).await;
                fault
            }
            Err(fault) => fault,
        };
        // Whoever took the lease meanwhile says how it stands.
        if !matches!(self.said.lease(&mut self.journal), Ok(None)) {
            return;
        }
        let (first, wait) = (self.said.standing.cut.is_none(), self.waits());
        match self.said.cut(&mut self.journal, ended.clone(), wait) {
            Ok(()) if first => (self.tell)(Told::Cut { why: ended.0, wait }),
            Ok(()) => {}
            Err(why) if first => (self.tell)(Told::Unkept(why)),
            Err(_) => {}
        }
    }

    /// The server, however long it takes; meanwhile the lease is kept, and what waits is counted.
    async fn connected(&mut self) -> Result<Connected, Fault> {
        let (place, host) = (self.place.clone(), self.said.host.clone());
        let mut connecting = pin!(connect(&place, &host));
        loop {
            tokio::select! {
                connected = &mut connecting => return connected,
                () = self.written.notified() => {}
                () = tokio::time::sleep(AGAIN) => {}
            }
            self.said.beat(&mut self.journal)?;
            if let (Some(error), true) = (self.said.standing.error.clone(), self.said.standing.cut.is_some()) {
                let wait = self.waits();
                self.said.cut(&mut self.journal, Fault(error), wait).map_err(Fault)?;
            }
        }
    }

    /// How many entries the server lacks, as last known of it.
    fn waits(&mut self) -> Option<u64> {
        let there = self.there.as_ref()?;
        self.here.waits(&mut self.journal, Some(there)).ok()
    }

    /// Keeps how far the server is, where that is news.
    fn keep_met(&mut self) -> Result<(), JournalError> {
        let Some(there) = &self.there else { return Ok(()) };
        let news = there.has().iter().filter(|(key, seq)| self.met.get(key) != Some(seq));
        let news: Vec<_> = news.map(|((incident, writer), seq)| (*incident, *writer, *seq)).collect();
        self.journal.put_met(&news)?;
        self.met.extend(news.into_iter().map(|(incident, writer, seq)| ((incident, writer), seq)));
        Ok(())
    }

    async fn rounds(&mut self, client: &mut Client) -> Result<Infallible, Fault> {
        // Another server may answer than the one before, and lack what that one had. Until it was asked about everything, what
        // was known of the one before is the better word.
        let mut fresh = Some(There::default());
        let mut presences = Presences::default();
        loop {
            let Meeting { journal, here, said, there, .. } = self;
            let asked = fresh.as_mut().unwrap_or_else(|| there.get_or_insert_default());
            let moved = asked.exchange_with(client, journal, here, &mut |journal| said.beat(journal)).await?;
            presences.exchange(client, journal, (said.real)()).await?;
            let first = fresh.is_some();
            if let Some(fresh) = fresh.take() {
                self.there = Some(fresh);
            }
            if first || moved != Moved::default() {
                self.keep_met().map_err(|error| Fault(error.to_string()))?;
            }
            let cut = self.said.round(&mut self.journal, &moved)?;
            if first {
                let may_rewrite = self.there.as_ref().is_some_and(|there| there.may_rewrite);
                (self.tell)(Told::Met { cut, moved: moved.clone(), may_rewrite });
            } else if moved.all_came() > 0 || moved.went > 0 || !moved.forks.is_empty() {
                (self.tell)(Told::Round(moved.clone()));
            }
            let (host, now) = (self.said.host.clone(), (self.said.real)());
            self.witnesses.of(&mut self.journal, &moved, &host, now)?;
            tokio::time::sleep(GAP).await;
            self.rest().await?;
        }
    }

    /// Until the next round is due, or something was written here; meanwhile the lease is kept.
    async fn rest(&mut self) -> Result<(), Fault> {
        let mut due = pin!(tokio::time::sleep(Duration::from_secs(self.place.every).saturating_sub(GAP)));
        loop {
            let ended = tokio::select! {
                () = &mut due => true,
                () = self.written.notified() => true,
                () = tokio::time::sleep(AGAIN) => false,
            };
            self.said.beat(&mut self.journal)?;
            if ended {
                return Ok(());
            }
        }
    }
}

/// Of which incidents something came that nobody here has witnessed.
#[derive(Default)]
struct Witnesses {
    due: BTreeSet<IncidentId>,
    written: Option<Instant>,
}

impl Witnesses {
    fn of(&mut self, journal: &mut Journal, moved: &Moved, host: &str, real: Instant) -> Result<(), Fault> {
        self.due.extend(moved.came.keys());
        if self.due.is_empty() || self.written.is_some_and(|at| real - at < WITNESS) {
            return Ok(());
        }
        self.written = Some(real);
        for id in std::mem::take(&mut self.due) {
            let now = journal.clock().map_or(real, |clock| clock.at(real));
            witness::write(journal, id, host, now).map_err(|error| Fault(error.to_string()))?;
        }
        Ok(())
    }
}

/// What somebody has to do something about, in words; the rest is the standing's to say.
pub fn trouble(told: &Told) -> Option<String> {
    let forks = match told {
        Told::Failed(why) => return Some(format!("other hosts are not met: {why}")),
        Told::Unkept(why) => return Some(format!("other hosts are not met, it is tried again: {why}")),
        Told::Met { moved, .. } | Told::Round(moved) => &moved.forks,
        Told::Theirs { .. } | Told::Cut { .. } => return None,
    };
    let fork = forks.first()?;
    if fork.damaged {
        let (seq, writer) = (fork.seq, fork.writer);
        return Some(format!("DAMAGED: entry {seq} of writer {writer} on the server is not what its hash says"));
    }
    Some(format!(
        "FORK: writer {} has another history on the server from entry {} on; `warroom replicate --once` says what to do",
        fork.writer, fork.seq
    ))
}
