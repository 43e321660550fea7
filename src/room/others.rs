//! The other incidents of the journal, looked at on a thread of its own: the room's own store never waits for them. Each is
//! folded once and then goes on from where it was read; only what grew is read again. Writes nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::in_force::InForce;
use crate::incident::Instant;
use crate::incident::clock::Moment;
use crate::incident::entry::IncidentId;
use crate::incident::fold::Log;
use crate::incident::observation::Source;
use crate::incident::state::Incident;
use crate::journal::{Access, Cursor, Journal, JournalError, Watch};
use crate::situation::assess;
use crate::situation::need::Need;

/// How often open incidents are judged anew where nobody wrote: a clock of theirs may have run out.
const AGAIN: Duration = Duration::from_secs(20);

/// What an incident needs, its plan and rules read from its own record.
pub fn need(id: IncidentId, incident: &Incident, in_force: &InForce, sources: &[Source], moment: Moment) -> Need {
    Need::of(id, incident, &assess(incident, &in_force.plan, &in_force.rules, sources, moment))
}

/// All incidents of a journal, by need.
pub fn all(journal: &mut Journal, real: Instant) -> Result<Vec<Need>, JournalError> {
    let moment = Moment::of(&journal.clock()?, real);
    let sources = journal.sources().unwrap_or_default();
    let mut out = Vec::new();
    for summary in journal.incidents()? {
        let (entries, _) = journal.read_after(summary.incident, Cursor::START, usize::MAX)?;
        let incident = crate::incident::fold::fold(entries);
        let found = need(summary.incident, &incident, &InForce::of(&incident), &sources, moment);
        out.push(Need { declared: found.declared.or(summary.first), ..found });
    }
    crate::situation::need::sort(&mut out);
    Ok(out)
}

/// A handle to the thread.
pub struct Others {
    asks: Sender<()>,
    watch: Option<Watch>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Others {
    /// Ends the thread and waits for it, not longer than one incident takes to fold. It has to let go of the journal before
    /// the room's store does: who closes it last leaves it in order for those who only read.
    pub fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        // The watch holds a sender too: the queue ends with both.
        drop(self.watch);
        drop(self.asks);
        let _ = self.thread.join();
    }
}

/// Looks now, whenever somebody writes to the journal, and now and then. `tell` hears of every change.
pub fn start(
    path: &Path,
    access: Access,
    own: IncidentId,
    real: fn() -> Instant,
    tell: impl Fn(Result<Vec<Need>, String>) + Send + 'static,
) -> std::io::Result<Others> {
    let (asks, queue) = channel();
    let written = asks.clone();
    let watch = Watch::start(path, move |notice| {
        if notice.journal {
            // It fails only when nobody looks any more.
            let _ = written.send(());
        }
    });
    let (path, over) = (path.to_owned(), Arc::new(AtomicBool::new(false)));
    let ended = Arc::clone(&over);
    let thread = std::thread::Builder::new().name("others".into()).spawn(move || {
        let mut eye = match Journal::open(&path, access) {
            Ok(journal) => {
                Eye { journal, own, cursor: Cursor::START, known: BTreeMap::new(), told: Vec::new(), over: ended }
            }
            Err(error) => return tell(Err(error.to_string())),
        };
        eye.stay(&queue, real, tell);
    })?;
    Ok(Others { watch: watch.ok(), asks, over, thread })
}

struct Known {
    log: Log,
    cursor: Cursor,
    in_force: InForce,
    need: Option<Need>,
}

struct Eye {
    journal: Journal,
    own: IncidentId,
    cursor: Cursor,
    known: BTreeMap<IncidentId, Known>,
    told: Vec<Need>,
    over: Arc<AtomicBool>,
}

impl Eye {
    fn stay(&mut self, queue: &Receiver<()>, real: fn() -> Instant, tell: impl Fn(Result<Vec<Need>, String>)) {
        loop {
            let mut failed = false;
            match self.look(real()) {
                Ok(needs) if needs != self.told => {
                    self.told.clone_from(&needs);
                    tell(Ok(needs));
                }
                Ok(_) => {}
                Err(error) => {
                    failed = true;
                    tell(Err(error.to_string()));
                }
            }
            if self.over.load(Ordering::Relaxed) {
                return;
            }
            let open = self.told.iter().any(Need::open);
            let heard = match open || failed {
                true => queue.recv_timeout(AGAIN),
                // Nothing can run out: a still room wakes for nothing.
                false => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            if heard == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            while queue.try_recv().is_ok() {}
        }
    }

    fn look(&mut self, real: Instant) -> Result<Vec<Need>, JournalError> {
        let (grown, cursor) = self.journal.grown(self.cursor)?;
        for id in grown.iter().filter(|id| **id != self.own) {
            if self.over.load(Ordering::Relaxed) {
                return Ok(self.told.clone());
            }
            let known = self.known.entry(*id).or_insert_with(|| Known {
                log: Log::default(),
                cursor: Cursor::START,
                in_force: InForce::default(),
                need: None,
            });
            let (entries, cursor) = self.journal.read_after(*id, known.cursor, usize::MAX)?;
            known.cursor = cursor;
            known.log.absorb(entries);
            known.in_force.adopt(known.log.incident());
            known.need = None;
        }
        self.cursor = cursor;
        let moment = Moment::of(&self.journal.clock()?, real);
        let sources = self.journal.sources().unwrap_or_default();
        for (id, known) in &mut self.known {
            if known.need.as_ref().is_some_and(|need| !need.open()) {
                continue;
            }
            let found = need(*id, known.log.incident(), &known.in_force, &sources, moment);
            if !found.open() {
                // It is over: should it grow once more, it is read anew.
                (known.log, known.cursor) = (Log::default(), Cursor::START);
            }
            known.need = Some(found);
        }
        Ok(self.known.values().filter_map(|known| known.need.clone()).collect())
    }
}
