//! A host with an open store and the task that meets others, as a room has them, without a terminal; and homes that are
//! configured to meet others.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant as Monotonic};

use tokio::sync::mpsc;
use warroom::config::Replicate;
use warroom::incident::Instant;
use warroom::incident::command::Actor;
use warroom::incident::entry::{Draft, EntryId};
use warroom::incident::rights::Rights;
use warroom::incident::state::Incident;
use warroom::journal::{Access, Cursor, Journal};
use warroom::room::claiming::{self, Claimant};
use warroom::room::replicating::{self, Replicating};
use warroom::room::store::{self, Ask, News, Setup, Store};
use warroom::tui::scene::Snapshot;

use super::server::{Postgres, secret};
use crate::journal::{INCIDENT, place};
use crate::support::pty::{HANG, Home};

pub fn real() -> Instant {
    std::time::SystemTime::now().into()
}

/// A home whose rooms meet others at these servers.
pub fn home(server: &Postgres, user: &str, ports: &[u16], more: &str) -> Home {
    let home = Home::new();
    let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let text = format!(
        "{more}\n[replicate]\nurl = \"postgres://{user}@{}/postgres?target_session_attrs=read-write\"\ntoken = {{ file = \"{}\" }}\n",
        hosts.join(","),
        secret(server)
    );
    crate::room::configure(&home, &text);
    home
}

/// A host.
pub struct Seat {
    _directory: tempfile::TempDir,
    pub claimant: Claimant,
    pub store: Store,
    told: mpsc::UnboundedSender<News>,
    news: mpsc::UnboundedReceiver<News>,
    pub snapshot: Snapshot,
    replicating: Option<Replicating>,
    thread: Option<JoinHandle<()>>,
}

impl Seat {
    /// Opens it on the incident of these tests, with what is written first.
    pub fn open(host: &str, person: &str, place_: Replicate, drafts: Vec<Draft>) -> Seat {
        let (directory, path) = place();
        let actor = Actor { person: person.to_owned(), host: host.to_owned() };
        let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
        if !drafts.is_empty() {
            let author = crate::journal::ann();
            journal
                .append::<std::convert::Infallible>(INCIDENT, &author, real(), Cursor::START, |_| Ok(drafts))
                .unwrap();
        }
        let process = format!("{host}/{}@0", std::process::id());
        let claimant = Claimant {
            place: place_.clone(),
            journal: path.clone(),
            incident: INCIDENT,
            actor: actor.clone(),
            process: process.clone(),
        };
        let (told, news) = mpsc::unbounded_channel();
        let setup = Setup {
            journal,
            incident: INCIDENT,
            actor,
            process,
            polls: false,
            real,
            configured: Vec::new(),
            rights: Rights::default(),
            replicates: true,
        };
        let (store, thread) = store::start(setup, told.clone()).unwrap();
        let replicating = replicating::start(path, place_, host.to_owned(), real, |_| {}).unwrap();
        let mut seat = Seat {
            _directory: directory,
            claimant,
            store,
            told,
            news,
            snapshot: Snapshot::default(),
            replicating: Some(replicating),
            thread: Some(thread),
        };
        seat.until("the first snapshot", |news| matches!(news, News::Snapshot(_)));
        seat
    }

    pub fn incident(&self) -> &Arc<Incident> {
        &self.snapshot.incident
    }

    /// Waits for a piece of news; snapshots on the way are taken.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&News) -> bool) -> News {
        let end = Monotonic::now() + HANG;
        loop {
            let Some(news) = self.next(end) else { panic!("never told: {what}") };
            if wanted(&news) {
                return news;
            }
        }
    }

    /// Waits until the incident is as wanted.
    pub fn sees(&mut self, what: &str, wanted: impl Fn(&Snapshot) -> bool) {
        let end = Monotonic::now() + HANG;
        while !wanted(&self.snapshot) {
            if self.next(end).is_none() {
                panic!("never seen: {what}");
            }
        }
    }

    fn next(&mut self, end: Monotonic) -> Option<News> {
        loop {
            match self.news.try_recv() {
                Ok(News::Snapshot(snapshot)) => {
                    self.snapshot = snapshot.clone();
                    return Some(News::Snapshot(snapshot));
                }
                Ok(news) => return Some(news),
                Err(_) if Monotonic::now() > end => return None,
                // Looked at again soon: the channel has no wait with an end.
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    /// Presses `R` on these.
    pub fn release(&self, effect: u64, messages: Vec<EntryId>) {
        let (claimant, snapshot) = (self.claimant.clone(), Arc::clone(self.incident()));
        claiming::start(claimant, effect, messages, snapshot, self.store.clone(), self.told.clone()).unwrap();
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(replicating) = self.replicating.take() {
            replicating.end();
        }
        self.store.ask(Ask::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
