//! The thread that owns the journal: decides at the head, writes, folds, and tells the room. Never draws, never asks a backend.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::in_force::InForce;
use super::orphans;
use super::rest::Rest;
use crate::backends::Outgoing;
use crate::incident::Instant;
use crate::incident::clock::Clock;
use crate::incident::command::{Actor, Command, Refusal};
use crate::incident::decide::decide;
use crate::incident::detect::heard;
use crate::incident::entry::{Author, Draft, Entry, EntryId, IncidentId};
use crate::incident::exercise;
use crate::incident::fold::Log;
use crate::incident::observation::{Observation, Source};
use crate::incident::plan::Plan;
use crate::incident::presence::{Presence, Sitting};
use crate::incident::recipient::RecipientOutcome;
use crate::incident::replication::Replication;
use crate::incident::rights::{self, Rights};
use crate::incident::twice;
use crate::incident::what::{MessageFailed, MessageRecipients, MessageSent, MessageUnknown, Noted, What};
use crate::journal::{Access, AppendError, Cursor, Journal, JournalError, Lease, Notice, Watch};
use crate::report::letter::Letter;
use crate::situation::known::Facts;
use crate::situation::obligations::{Obligation, obligations};
use crate::situation::{holds, moved};
use crate::tui::scene::Snapshot;

/// What the store is asked.
pub enum Ask {
    Append {
        effect: u64,
        commands: Vec<Command>,
    },
    /// Makes each sending durable and hands it out for delivery.
    Release {
        effect: u64,
        messages: Vec<ToSend>,
        /// Who claimed them and delivers them once others see it; None: the room, and it is told.
        hand: Option<oneshot::Sender<Released>>,
    },
    /// What became of some recipients of a sending that this process performs. `done` hears when it is on disk.
    Recipients {
        sending: EntryId,
        outcomes: Vec<RecipientOutcome>,
        done: oneshot::Sender<bool>,
    },
    /// How a delivery that this process performed ended.
    Delivered {
        message: EntryId,
        end: DeliveryEnd,
    },
    /// Writes down that a worksheet is mailed, and hands it out for that.
    Mail {
        effect: u64,
        letter: Box<Letter>,
    },
    /// How the mailing of a worksheet ended, for the record.
    Mailed(String),
    /// A poll of a source returned.
    Polled(Box<Source>),
    Keep {
        form: String,
        fields: Vec<String>,
    },
    Forget {
        form: String,
    },
    SetClock(Clock),
    /// Another process wrote.
    Noticed(Notice),
    /// Take or keep the lease on polling.
    Lease,
    /// Who sits in this room; an end is told here alone.
    Sit(Sitting),
    Looked(Instant),
    /// Which of these bells are new; from now on they have rung. Answered by `News::Rang` with the same `whose`.
    Ring {
        whose: Whose,
        bells: Vec<String>,
    },
    /// How the person left the screen.
    KeepScreen(String),
    /// Whether the person wants no bell.
    Quiet(bool),
    Stop,
}

/// For whom a bell rings, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The person, in whichever room of theirs comes first.
    Person,
    /// This host: for it a command is run.
    Host,
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq)]
pub enum DeliveryEnd {
    Sent(String),
    Failed(String),
    Unknown(String),
}

/// A message that this process has to deliver: its sending entry is on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Sending {
    pub message: EntryId,
    pub key: EntryId,
    pub backend: String,
    pub outgoing: Outgoing,
}

/// A message to send, and as which attempt it was claimed for this host; none where no host is met.
pub type ToSend = (EntryId, Option<u64>);

/// The sendings that are durable, with what is said of them; or why there are none, and whether that is a refusal.
pub type Released = Result<(Vec<Sending>, String), (String, bool)>;

/// What the store tells.
pub enum News {
    Snapshot(Snapshot),
    Outcome {
        effect: u64,
        result: Result<String, String>,
        refused: bool,
        /// The first entry that was written.
        made: Option<EntryId>,
    },
    Deliver(Vec<Sending>),
    /// A worksheet to be mailed: the record says so already. `key`: of the entry that does.
    Mail {
        letter: Box<Letter>,
        outgoing: Outgoing,
        key: EntryId,
    },
    /// No claim could be made, so nothing left: why.
    Unclaimed {
        effect: u64,
        why: String,
    },
    /// Something that was asked for is not done, in words that stay until they are read.
    Refused(String),
    Clock(Clock),
    /// Who sits in a room.
    Presence(Arc<Presence>),
    /// Whether this process polls; the sources as last known.
    Lease(bool),
    /// What was typed and not sent off, from an earlier session; when the person last looked.
    Kept {
        forms: Vec<(String, Vec<String>)>,
        looked: Option<Instant>,
        /// How the screen was left.
        screen: Option<String>,
        quiet: bool,
    },
    /// The bells that had not rung. `first`: nobody asked before, so all of it stood when the incident was first opened.
    Rang {
        whose: Whose,
        new: Vec<String>,
        first: bool,
    },
    Tell(String),
    /// The journal cannot be used any more.
    Lost(String),
}

/// A handle to the store's thread.
#[derive(Clone)]
pub struct Store {
    asks: Sender<Ask>,
}

impl Store {
    pub fn ask(&self, ask: Ask) {
        // It fails only after the thread ended, which has been told.
        let _ = self.asks.send(ask);
    }
}

/// What the store works with.
pub struct Setup {
    pub journal: Journal,
    pub incident: IncidentId,
    pub actor: Actor,
    /// Marks what this process sends.
    pub process: String,
    /// Whether this process may poll.
    pub polls: bool,
    /// The wall clock.
    pub real: fn() -> Instant,
    /// Sources as configured: known before any answer.
    pub configured: Vec<Source>,
    /// Who may do what on this host.
    pub rights: Rights,
    /// Whether this host meets others somewhere.
    pub replicates: bool,
}

/// What of a person's screen is remembered under.
const SCREEN: &str = "screen";
const QUIET: &str = "quiet";
/// The bell that rings when an incident is first opened: what stands then is no news.
const OPENED: &str = "opened";

/// Entries of others that are read before the next thing that was asked.
const AT_A_TIME: usize = 2_000;

/// Why something did not go although the record says that it is about to.
pub const LEFT: &str = "the room was left before anything left";

/// How long a lease lasts without being renewed.
const LEASE: Duration = Duration::from_secs(10);

/// Starts the thread. It ends on `Ask::Stop`, after everything asked before it is done.
pub fn start(setup: Setup, news: UnboundedSender<News>) -> std::io::Result<(Store, std::thread::JoinHandle<()>)> {
    let (asks, queue) = channel();
    let store = Store { asks };
    let handle = store.clone();
    let thread = std::thread::Builder::new().name("journal".into()).spawn(move || {
        let mut keeper = Keeper::new(setup, news);
        keeper.open(&handle);
        keeper.run(&queue, &handle);
    })?;
    Ok((store, thread))
}

struct Keeper {
    setup: Setup,
    news: UnboundedSender<News>,
    log: Log,
    cursor: Cursor,
    in_force: InForce,
    sources: Arc<Vec<Source>>,
    /// How the host stands with the others; none where it meets nobody.
    replication: Option<Arc<Replication>>,
    /// Of the cache when the sources were last read.
    cache_rev: u64,
    presence: Arc<Presence>,
    clock: Clock,
    leads: bool,
    /// What is known of deliveries and the disk refused, in its order: written as soon as it takes them.
    unrecorded: Vec<What>,
    /// Somebody asked what is to ring, where nothing can be kept.
    rang: bool,
    watch: Option<Watch>,
    /// The other incidents: one process of the host asks the backends for all of them.
    rest: Rest,
}

impl Keeper {
    fn new(setup: Setup, news: UnboundedSender<News>) -> Keeper {
        Keeper {
            sources: Arc::new(setup.configured.clone()),
            in_force: InForce::with(setup.rights.clone()),
            replication: setup.replicates.then(Arc::default),
            setup,
            news,
            log: Log::default(),
            cursor: Cursor::default(),
            cache_rev: 0,
            presence: Arc::default(),
            clock: Clock::wall(),
            leads: false,
            unrecorded: Vec::new(),
            rang: false,
            watch: None,
            rest: Rest::default(),
        }
    }

    fn tell(&self, news: News) {
        // It fails only when the room is gone; then what was asked is still finished.
        let _ = self.news.send(news);
    }

    fn real(&self) -> Instant {
        (self.setup.real)()
    }

    fn now(&self) -> Instant {
        self.clock.at(self.real())
    }

    fn open(&mut self, handle: &Store) {
        let path = self.setup.journal.path().to_owned();
        self.watch = watch(&path, handle.clone());
        self.read_clock();
        self.read_sources();
        self.read_replication();
        self.read_presence();
        if let Err(error) = self.catch_up(usize::MAX) {
            self.tell(News::Lost(error.to_string()));
        }
        self.read_kept();
        self.orphans();
        if self.setup.polls {
            self.lease();
        }
        self.snapshot();
    }

    fn run(&mut self, queue: &Receiver<Ask>, handle: &Store) {
        while let Ok(ask) = queue.recv() {
            match ask {
                Ask::Append { effect, commands } => self.append(effect, commands),
                Ask::Release { effect, messages, hand } => self.release(effect, &messages, hand),
                Ask::Recipients { sending, outcomes, done } => {
                    self.became_known(MessageRecipients { sending, outcomes }.into());
                    // The next batch waits for this, and is not begun where the disk refuses it.
                    let _ = done.send(self.unrecorded.is_empty());
                }
                Ask::Delivered { message, end } => self.delivered(message, end),
                Ask::Mail { effect, letter } => self.mail(effect, letter),
                Ask::Mailed(how) => self.became_known(Noted { text: how, follow_up: false }.into()),
                Ask::Polled(source) => self.polled(*source),
                Ask::Keep { form, fields } => {
                    let text = serde_json::to_string(&fields).unwrap_or_default();
                    self.keep(&form, &text);
                }
                Ask::Forget { form } => self.keep(&form, ""),
                Ask::SetClock(clock) => {
                    self.clock = clock;
                    if let Err(error) = self.setup.journal.set_clock(&clock) {
                        self.tell(News::Tell(error.to_string()));
                    }
                }
                Ask::Noticed(notice) => self.noticed(notice, handle),
                Ask::Lease => {
                    self.lease();
                    self.record_the_rest();
                    self.orphans();
                }
                Ask::Sit(sitting) => self.sit(&sitting),
                Ask::Looked(at) => {
                    let (incident, person) = (self.setup.incident, self.setup.actor.person.clone());
                    if self.setup.journal.access() == Access::ReadWrite {
                        let _ = self.setup.journal.mark_seen(incident, &person, "timeline", &at.to_rfc3339());
                    }
                }
                Ask::Ring { whose, bells } => self.ring(whose, &bells),
                Ask::KeepScreen(text) => self.mark(SCREEN, &text),
                Ask::Quiet(quiet) => self.mark(QUIET, if quiet { "yes" } else { "no" }),
                Ask::Stop => break,
            }
        }
        self.record_the_rest();
        if self.leads {
            let _ = self.setup.journal.release();
        }
        self.watch = None;
    }

    fn author(&self, machine: bool) -> Author {
        let person = if machine { "warroom".to_owned() } else { self.setup.actor.person.clone() };
        Author { person, host: self.setup.actor.host.clone(), machine }
    }

    /// Reads on, at most so many entries. Whether there may be more.
    fn catch_up(&mut self, most: usize) -> Result<bool, JournalError> {
        let (entries, cursor) = self.setup.journal.read_after(self.setup.incident, self.cursor, most)?;
        self.cursor = cursor;
        let more = entries.len() >= most;
        if !entries.is_empty() {
            self.log.absorb(entries);
            self.in_force.adopt(self.log.incident());
        }
        Ok(more)
    }

    fn snapshot(&self) {
        self.tell(News::Snapshot(Snapshot {
            incident: Arc::clone(self.log.incident()),
            plan: Arc::clone(&self.in_force.plan),
            rules: Arc::clone(&self.in_force.rules),
            sources: Arc::clone(&self.sources),
            replication: self.replication.clone(),
            presence: Arc::clone(&self.presence),
            problems: self.in_force.problems(),
        }));
    }

    /// Runs `make` at the head inside the transaction, writes what it drafts, and folds everything.
    fn write(
        &mut self,
        machine: bool,
        make: impl FnOnce(&Log, &Plan, Instant) -> Result<Vec<Draft>, Refusal>,
    ) -> Result<Vec<Entry>, (String, bool)> {
        let author = self.author(machine);
        let now = self.now();
        // `decide` sees the head: what others wrote meanwhile is folded first, inside the transaction. It is on disk, so it
        // stays folded whatever becomes of our own; read again, it is found to be there.
        let (rules, sources, real) = (Arc::clone(&self.in_force.rules), Arc::clone(&self.sources), self.real());
        let (log, plan) = (&mut self.log, Arc::clone(&self.in_force.plan));
        let appended = self.setup.journal.append(self.setup.incident, &author, now, self.cursor, |others| {
            log.absorb(others.iter().cloned());
            let held = holds::held(
                log.incident(),
                &plan,
                &rules,
                &Facts::new(log.incident(), &plan, &rules, &sources, now, real),
                now,
            );
            make(log, held.as_deref().unwrap_or(&plan), now)
        });
        match appended {
            Ok(appended) => {
                self.cursor = appended.cursor;
                self.log.absorb(appended.own.clone());
                self.in_force.adopt(self.log.incident());
                Ok(appended.own)
            }
            Err(AppendError::Refused(Refusal(why))) => Err((why, true)),
            Err(AppendError::Journal(error)) => Err((error.to_string(), false)),
        }
    }

    fn append(&mut self, effect: u64, mut commands: Vec<Command>) {
        let actor = self.setup.actor.clone();
        for proof in commands.iter_mut().filter_map(Command::proof_mut) {
            match self.setup.journal.keep_proof(proof) {
                Ok(kept) => *proof = kept,
                Err(why) => return self.tell(News::Outcome { effect, result: Err(why), refused: true, made: None }),
            }
        }
        // A clock moves deadlines: which, is told.
        let clock_set = commands.iter().any(|command| matches!(command, Command::SetClock { .. }));
        let before = clock_set.then(|| self.obligations());
        let written = self.write(false, |log, plan, now| {
            let mut drafts = Vec::new();
            for command in &commands {
                drafts.extend(decide(log.incident(), plan, command, &actor, now)?);
            }
            Ok(drafts)
        });
        match written {
            Ok(entries) => {
                self.snapshot();
                let moved = before.map(|before| {
                    let moved = moved::moved(&before, &self.obligations());
                    format!("{}  ", moved::said(&moved, 2, self.now(), self.log.incident().zone()))
                });
                let said = moved.unwrap_or_default() + &self.said(&entries);
                let (result, made) = (Ok(said), entries.first().map(|entry| entry.id));
                self.tell(News::Outcome { effect, result, refused: false, made });
            }
            Err((why, refused)) => self.tell(News::Outcome { effect, result: Err(why), refused, made: None }),
        }
    }

    fn obligations(&self) -> Vec<Obligation> {
        let (plan, rules) = (&self.in_force.plan, &self.in_force.rules);
        obligations(self.log.incident(), plan, rules, &self.sources, self.now(), self.real())
    }

    /// What was written, in words, with the instant and its zone where it did not happen just now.
    fn said(&self, entries: &[Entry]) -> String {
        let incident = self.log.incident();
        let zone = incident.zone();
        let Some(entry) = entries.first() else { return "nothing changed".to_owned() };
        let line = crate::report::line::line(entry, incident, &self.in_force.plan, self.now(), zone);
        let more = if entries.len() > 1 { format!(" and {} more", entries.len() - 1) } else { String::new() };
        let when = if entry.happened == entry.recorded {
            String::new()
        } else {
            format!("  happened {}", crate::text::instant::echo(entry.happened, zone))
        };
        format!("saved: {}{more}{when}", exercise::line(incident, &format!("{} {}", line.tag, line.text)))
    }

    fn release(&mut self, effect: u64, messages: &[ToSend], hand: Option<oneshot::Sender<Released>>) {
        if hand.as_ref().is_some_and(oneshot::Sender::is_closed) {
            // Whoever claimed them gave up: nothing is begun.
            return;
        }
        let released = self.sendings(messages);
        if released.is_ok() {
            self.snapshot();
        }
        match (released, hand) {
            (released, Some(hand)) => {
                // Whoever was to deliver them is gone: nothing left, and that is known.
                if let Err(Ok((sendings, _))) = hand.send(released) {
                    for sending in sendings {
                        let why = "cut off before anything left".to_owned();
                        self.delivered(sending.message, DeliveryEnd::Failed(why));
                    }
                }
            }
            (Ok((sendings, said)), None) => {
                // First: a room that ends waits for the outcome, and by then what is to be delivered is in its hands.
                if let Err(unsent) = self.news.send(News::Deliver(sendings))
                    && let News::Deliver(sendings) = unsent.0
                {
                    for sending in sendings {
                        self.delivered(sending.message, DeliveryEnd::Failed(LEFT.to_owned()));
                    }
                }
                self.tell(News::Outcome { effect, result: Ok(said), refused: false, made: None });
            }
            (Err((why, refused)), None) => {
                self.tell(News::Outcome { effect, result: Err(why), refused, made: None });
            }
        }
    }

    /// The record says that it is mailed before it is.
    fn mail(&mut self, effect: u64, letter: Box<Letter>) {
        let (actor, incident, id) = (self.setup.actor.clone(), Arc::clone(self.log.incident()), self.setup.incident);
        let Some(outgoing) = Outgoing::letter(&incident, id, &letter.subject, &letter.text, &letter.to) else {
            let result = Err("an exercise: nothing leaves the building".to_owned());
            return self.tell(News::Outcome { effect, result, refused: true, made: None });
        };
        let text = letter.before();
        let written = self.write(false, |log, plan, now| {
            rights::may(log.incident(), plan, &actor.person, "send", "mail a worksheet")?;
            decide(log.incident(), plan, &Command::Note { text, at: None, follow_up: false }, &actor, now)
        });
        match written {
            Ok(entries) => {
                self.snapshot();
                let said = format!("mailing to {}", letter.to.join(", "));
                // First: a room that ends waits for the outcome, and by then it has the letter.
                if let Some(entry) = entries.first()
                    && let Err(unsent) = self.news.send(News::Mail { letter, outgoing, key: entry.id })
                    && let News::Mail { letter, .. } = unsent.0
                {
                    self.became_known(Noted { text: letter.after(&unmailed()), follow_up: false }.into());
                }
                self.tell(News::Outcome { effect, result: Ok(said), refused: false, made: None });
            }
            Err((why, refused)) => self.tell(News::Outcome { effect, result: Err(why), refused, made: None }),
        }
    }

    /// Makes the sendings durable.
    fn sendings(&mut self, messages: &[ToSend]) -> Released {
        let actor = self.setup.actor.clone();
        let (process, incident) = (self.setup.process.clone(), self.setup.incident);
        // All or none: a round goes out together.
        let entries = self.write(false, |log, plan, now| {
            let mut drafts = Vec::new();
            for (message, attempt) in messages {
                let command = Command::SendMessage { message: *message, process: process.clone() };
                let claimed = attempt.map(|attempt| twice::claimed(incident, *message, attempt, &process));
                let sending = decide(log.incident(), plan, &command, &actor, now)?;
                drafts.extend(sending.into_iter().map(|draft| Draft { id: claimed.or(draft.id), ..draft }));
            }
            Ok(drafts)
        })?;
        let sendings: Vec<Sending> = entries.iter().filter_map(|entry| self.sending(entry)).collect();
        let texts = if sendings.len() == 1 { "1 text".into() } else { format!("{} texts", sendings.len()) };
        Ok((sendings, format!("releasing {texts}")))
    }

    fn sending(&self, entry: &Entry) -> Option<Sending> {
        let What::MessageSending(w) = &entry.what else { return None };
        let outgoing = Outgoing::of(self.log.incident(), self.setup.incident, w.message)?;
        Some(Sending { message: w.message, key: entry.id, backend: w.backend.clone(), outgoing })
    }

    fn delivered(&mut self, message: EntryId, end: DeliveryEnd) {
        let what: What = match &end {
            DeliveryEnd::Sent(reference) => MessageSent { message, reference: reference.clone() }.into(),
            DeliveryEnd::Failed(why) => MessageFailed { message, why: why.clone() }.into(),
            DeliveryEnd::Unknown(why) => MessageUnknown { message, why: why.clone() }.into(),
        };
        self.became_known(what);
    }

    /// Writes what is known of a delivery, after what the disk refused before: an end without its recipients would say
    /// that all of them have it.
    fn became_known(&mut self, what: What) {
        self.unrecorded.push(what);
        self.record_the_rest();
    }

    fn record_the_rest(&mut self) {
        while let Some(what) = self.unrecorded.first().cloned() {
            match self.write(true, |_, _, _| Ok(vec![Draft::now(what)])) {
                Ok(_) => {
                    self.unrecorded.remove(0);
                    self.snapshot();
                }
                // Should this process die before the disk takes it, the next start says that it is not known whether it
                // left.
                Err((why, _)) => {
                    self.tell(News::Tell(format!("a delivery could not be recorded, and is tried again: {why}")));
                    break;
                }
            }
        }
    }

    /// Sendings of processes that died, here or beside.
    fn orphans(&mut self) {
        if self.setup.journal.access() == Access::ReadOnly {
            return;
        }
        let own = self.setup.journal.own_writers(self.setup.incident).unwrap_or_default();
        let orphans = orphans::found(self.log.incident(), &self.setup.actor.host, &own);
        if !orphans.is_empty() && self.write(true, |log, _, _| Ok(orphans::told(log.incident(), &orphans))).is_ok() {
            self.snapshot();
        }
    }

    fn polled(&mut self, mut source: Source) {
        let known = self.sources.iter().find(|s| s.name == source.name);
        let previous: Option<Observation> = known.and_then(|s| s.observation.clone());
        if let Some(known) = known {
            source.keep_known(known);
        }
        let real = self.real();
        // Looked at first outside the transaction: most polls change nothing and need none. An absence is only told by the
        // second look, also where nothing changed between the two.
        let drafts = heard(self.log.incident(), previous.as_ref(), &source, self.now(), real);
        if self.setup.journal.access() == Access::ReadWrite {
            if !drafts.is_empty() {
                let written =
                    self.write(true, |log, _, now| Ok(heard(log.incident(), previous.as_ref(), &source, now, real)));
                if let Err((why, _)) = written {
                    self.tell(News::Tell(format!("what {} said could not be recorded: {why}", source.name)));
                }
            }
            let (own, author, now) = (self.setup.incident, self.author(true), self.now());
            let told = self.rest.hear(&mut self.setup.journal, own, &author, now, |incident| {
                heard(incident, previous.as_ref(), &source, now, real)
            });
            if let Err(why) = told {
                let text = format!("what {} said could not be recorded in the other incidents: {why}", source.name);
                self.tell(News::Tell(text));
            }
        }
        if let Err(error) = self.setup.journal.put_source(&source) {
            self.tell(News::Tell(error.to_string()));
        }
        let mut sources = (*self.sources).clone();
        match sources.iter_mut().find(|s| s.name == source.name) {
            Some(slot) => *slot = source,
            None => sources.push(source),
        }
        self.sources = Arc::new(sources);
        self.snapshot();
    }

    fn noticed(&mut self, notice: Notice, handle: &Store) {
        let mut told = false;
        if notice.journal {
            let before = self.cursor;
            match self.catch_up(AT_A_TIME) {
                Ok(more) => {
                    told |= self.cursor != before;
                    if more {
                        // Hours of what others wrote: what was asked meanwhile comes between.
                        handle.ask(Ask::Noticed(Notice { journal: true, ..Notice::default() }));
                    }
                }
                Err(error) => self.tell(News::Tell(error.to_string())),
            }
            self.read_clock();
        }
        told |= notice.cache && self.read_replication();
        if notice.cache {
            self.read_presence();
            // Most writes there are of who sits where.
            let moved = self.setup.journal.cache_rev().map_or(true, |rev| rev != self.cache_rev);
            if moved && !self.leads {
                let before = Arc::clone(&self.sources);
                self.read_sources();
                told |= before != self.sources;
            }
        }
        if told {
            self.snapshot();
        }
    }

    fn sit(&mut self, sitting: &Sitting) {
        // It is no evidence: that it could not be kept disturbs nobody.
        if self.setup.journal.access() == Access::ReadWrite && self.setup.journal.put_sitting(sitting).is_ok() {
            self.read_presence();
        }
    }

    fn read_presence(&mut self) {
        let Ok(presence) = self.setup.journal.presence(self.setup.incident) else { return };
        let presence = Presence { meets: self.setup.replicates, ..presence };
        if presence != *self.presence {
            self.presence = Arc::new(presence);
            self.tell(News::Presence(Arc::clone(&self.presence)));
        }
    }

    fn read_clock(&mut self) {
        if let Ok(clock) = self.setup.journal.clock()
            && clock != self.clock
        {
            self.clock = clock;
            self.tell(News::Clock(clock));
        }
    }

    /// How the host stands with the others, from whichever process meets them. Whether that is news.
    fn read_replication(&mut self) -> bool {
        let (Some(before), Ok(Some(now))) = (&self.replication, self.setup.journal.replication()) else { return false };
        let news = **before != now;
        if news {
            self.replication = Some(Arc::new(now));
        }
        news
    }

    /// What was last known of each configured source, from whoever polled it.
    fn read_sources(&mut self) {
        self.cache_rev = self.setup.journal.cache_rev().unwrap_or(0);
        let Ok(cached) = self.setup.journal.sources() else { return };
        let mut sources = self.setup.configured.clone();
        for source in cached {
            match sources.iter_mut().find(|s| s.name == source.name) {
                Some(slot) => *slot = source,
                // A room without this source in its own configuration still shows what the polling one sees.
                None if self.setup.configured.is_empty() => sources.push(source),
                None => {}
            }
        }
        self.sources = Arc::new(sources);
    }

    fn read_kept(&mut self) {
        let (incident, person) = (self.setup.incident, self.setup.actor.person.clone());
        let forms = self.setup.journal.drafts(incident, &person).unwrap_or_default();
        let forms = forms.into_iter().filter_map(|(form, text)| Some((form, serde_json::from_str(&text).ok()?)));
        let seen = self.setup.journal.seen(incident, &person).unwrap_or_default();
        let mark = |of: &str| seen.iter().find(|(what, _)| what == of).map(|(_, mark)| mark.clone());
        let looked = mark("timeline").and_then(|at| at.parse().ok());
        let quiet = mark(QUIET).is_some_and(|quiet| quiet == "yes");
        self.tell(News::Kept { forms: forms.collect(), looked, screen: mark(SCREEN), quiet });
    }

    fn mark(&mut self, what: &str, mark: &str) {
        let (incident, person) = (self.setup.incident, self.setup.actor.person.clone());
        if self.setup.journal.access() == Access::ReadWrite
            && let Err(error) = self.setup.journal.mark_seen(incident, &person, what, mark)
        {
            self.tell(News::Tell(format!("how you left the screen could not be kept: {error}")));
        }
    }

    fn ring(&mut self, whose: Whose, bells: &[String]) {
        // The host has no name that a person could have.
        let person = match whose {
            Whose::Person => format!("p {}", self.setup.actor.person),
            Whose::Host => "host".to_owned(),
        };
        let incident = self.setup.incident;
        let journal = &mut self.setup.journal;
        if journal.access() == Access::ReadOnly {
            // Nothing can be remembered: each process rings for itself.
            let first = !std::mem::replace(&mut self.rang, true);
            self.tell(News::Rang { whose, new: bells.to_vec(), first });
            return;
        }
        let mut all = bells.to_vec();
        all.push(OPENED.to_owned());
        match journal.ring(incident, &person, &all) {
            Ok(mut new) => {
                let before = new.len();
                new.retain(|bell| bell != OPENED);
                let first = new.len() != before;
                self.tell(News::Rang { whose, new, first });
            }
            Err(error) => {
                // Rather twice than never, for a person; a command is not run on what may have been run.
                let new = if whose == Whose::Person { bells.to_vec() } else { Vec::new() };
                self.tell(News::Rang { whose, new, first: false });
                self.tell(News::Tell(format!("what rang could not be kept: {error}")));
            }
        }
    }

    fn keep(&mut self, form: &str, text: &str) {
        let (incident, person) = (self.setup.incident, self.setup.actor.person.clone());
        if let Err(error) = self.setup.journal.put_draft(incident, &person, form, text) {
            self.tell(News::Tell(format!("typed text could not be kept: {error}")));
        }
    }

    fn lease(&mut self) {
        if !self.setup.polls || self.setup.journal.access() == Access::ReadOnly {
            return;
        }
        let real = self.real();
        let taken =
            if self.leads { self.setup.journal.renew(real, LEASE) } else { self.setup.journal.try_take(real, LEASE) };
        let leads = match taken {
            Ok(lease) => matches!(lease, Lease::Ours { .. }),
            // Where the lease cannot be read, asking twice is better than not asking.
            Err(_) => true,
        };
        if leads != self.leads {
            self.leads = leads;
            if leads {
                self.read_sources();
            }
            self.tell(News::Lease(leads));
        }
    }
}

/// How a letter went that nobody was there to mail.
pub fn unmailed() -> String {
    format!("NOT SENT: {LEFT}")
}

fn watch(path: &Path, store: Store) -> Option<Watch> {
    Watch::start(path, move |notice| store.ask(Ask::Noticed(notice))).ok()
}
