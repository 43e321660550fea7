//! The running room: one loop over keys, news, signals and the next tick; performs the effects that `update` asks for.
//!
//! Quits in order: stop asking, let deliveries end for a moment, finish what was typed, put the terminal back.

pub mod bells;
pub mod claiming;
pub mod editor;
pub mod in_force;
pub mod keylog;
pub mod left;
pub mod lobby;
pub mod naming;
pub mod orphans;
pub mod others;
pub mod pager;
pub mod paper;
pub mod pollers;
pub mod presence;
pub mod replicating;
pub mod rest;
pub mod screen;
pub mod standing;
pub mod store;
pub mod witness;

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::backends::{Client, Limits};
use crate::command::Place;
use crate::config::{Alarms, Replicate};
use crate::incident::Instant;
use crate::incident::clock::{Clock, Moment};
use crate::incident::command::{Actor, Command, Refusal};
use crate::incident::decide::decide;
use crate::incident::entry::{EntryId, IncidentId};
use crate::incident::observation::Source;
use crate::incident::presence::End;
use crate::incident::rights::Rights;
use crate::incident::what::What;
use crate::journal::{Access, new_room};
use crate::report::line::is_inject;
use crate::safe;
use crate::situation::need::Need;
use crate::situation::thing::Thing;
use crate::situation::{Situation, alarm, assess, assess_with};
use crate::tui::key::Key;
use crate::tui::keymap::Keymap;
use crate::tui::model::{Demo, Effect, Loud, Model, Overlay};
use crate::tui::releasing::RELEASE;
use crate::tui::scene::{Scene, Snapshot};
use crate::tui::terminal::{self, Input};
use crate::tui::theme::Theme;
use crate::tui::title;
use crate::tui::update::{Msg, shown, update};
use crate::tui::{lend, letter};
use bells::Bells;
use claiming::Claimant;
use editor::Editing;
use keylog::KeyLog;
use left::Left;
use pollers::{Backend, Control};
use presence::Sitter;
use replicating::Told;
use screen::Screen;
use store::{Ask, DeliveryEnd, LEFT, News, Setup, Store, Whose, unmailed};

/// Everything that the room is opened with.
pub struct Opening {
    pub journal: std::path::PathBuf,
    pub access: Access,
    /// None: the one that is open, or the one that is picked.
    pub incident: Option<IncidentId>,
    pub actor: Actor,
    pub backends: Vec<Backend>,
    pub theme: Theme,
    pub keymap: Keymap,
    pub ascii: bool,
    pub demo: Option<DemoClock>,
    /// The wall clock.
    pub real: fn() -> Instant,
    /// What is needed to declare from the lobby.
    pub declare: lobby::DeclareWith,
    /// What rings, and how.
    pub alarms: Alarms,
    /// The program that prints.
    pub print: Vec<String>,
    /// Who may do what.
    pub rights: Rights,
    /// Asked for in the lobby; None: who acts is known.
    pub naming: Option<naming::Naming>,
    /// `$TERM`.
    pub term: String,
    /// `$VISUAL` or `$EDITOR`.
    pub editor: Option<String>,
    /// A drill: the keys are counted, and it ends by itself.
    pub drill: Option<Drill>,
    /// Where this host meets others.
    pub replicate: Option<Replicate>,
}

/// What a drill needs of the room.
pub struct Drill {
    pub keys: KeyLog,
    /// True: it is over.
    pub over: watch::Receiver<bool>,
}

/// The clock that a demo's servers follow.
pub struct DemoClock {
    pub speed: f64,
    /// It begins with the clock standing still.
    pub paused: bool,
    pub clock: watch::Sender<Clock>,
}

/// Columns of the foot that what is told does not take.
const ASIDE: usize = 10;

/// How the room ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    Quit,
    /// By this signal.
    Signal(i32),
    TerminalLost,
    Failed(String),
}

/// Opens the room and stays until it ends. The terminal is back in order when this returns.
pub async fn run(opening: Opening) -> Ended {
    terminal::restore_on_panic();
    if opening.alarms.title {
        terminal::take_title(&opening.term);
    }
    if let Err(error) = terminal::enter() {
        terminal::restore();
        return Ended::Failed(format!("the terminal cannot be set up: {error}"));
    }
    let ended = inside(opening).await;
    terminal::restore();
    ended
}

async fn inside(mut opening: Opening) -> Ended {
    let (input_tx, mut input) = mpsc::unbounded_channel();
    if let Err(error) = terminal::read_input(move |event| input_tx.send(event).is_ok()) {
        return Ended::Failed(error.to_string());
    }
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return Ended::Failed(format!("signals cannot be heard: {error}")),
    };
    // Rooms that were left for another while they still had to record how a text went.
    let mut behind = JoinSet::new();
    let mut screen = match Screen::start(opening.theme.clone(), opening.keymap.clone(), opening.ascii) {
        Ok(screen) => screen,
        Err(error) => return Ended::Failed(error.to_string()),
    };
    let process = orphans::process_name(&opening.actor.host);
    let mut model = Model::new(opening.actor.clone(), process, terminal::size());
    if let Some(demo) = &opening.demo {
        let path = opening.journal.display().to_string();
        model.demo = Some(Demo { speed: demo.speed, paused: demo.paused, journal: path });
    }
    // From the first frame on: what others wrote meanwhile is here by the time an incident is picked.
    let (met_tx, mut met) = mpsc::unbounded_channel();
    let replicating = opening.replicate.clone().filter(|_| opening.access == Access::ReadWrite).and_then(|place| {
        let (path, host) = (opening.journal.clone(), opening.actor.host.clone());
        // It fails only where there is no thread to be had: then it reads as cut off, which it is.
        replicating::start(path, place, host, opening.real, move |told| drop(met_tx.send(told))).ok()
    });
    let ended = loop {
        let room = match stay(opening, screen, model, (&mut input, &mut met), &mut signals, &mut behind).await {
            Ok(room) => room,
            Err((ended, left)) => {
                screen = left;
                break ended;
            }
        };
        let before = room.model;
        (opening, screen) = (room.opening, room.screen);
        match room.next {
            Some(next) => opening.incident = Some(next),
            None => break room.ended,
        }
        // The next room begins anew: what was lit or typed here is of this incident.
        model = Model::new(opening.actor.clone(), before.process, before.terminal);
        (model.demo, model.utc) = (before.demo, before.utc);
    };
    let all = async { while behind.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_millis(600), all).await;
    if let Some(replicating) = replicating {
        // Last: what was written in the room on its way out goes to the others too.
        let end = tokio::task::spawn_blocking(move || replicating.end());
        let _ = tokio::time::timeout(Duration::from_millis(500), end).await;
    }
    if ended != Ended::TerminalLost {
        screen.finish(&mut input).await;
    }
    ended
}

/// How a room was left, and what the next one takes over.
struct Out {
    ended: Ended,
    next: Option<IncidentId>,
    opening: Opening,
    screen: Screen,
    model: Model,
}

/// One incident's room, from its first frame until it is left in order.
async fn stay(
    mut opening: Opening,
    mut screen: Screen,
    mut model: Model,
    (input, met): (&mut mpsc::UnboundedReceiver<Input>, &mut mpsc::UnboundedReceiver<Told>),
    signals: &mut Signals,
    behind: &mut JoinSet<()>,
) -> Result<Out, (Ended, Screen)> {
    // The first frame is drawn before the journal is touched.
    let process = model.process.clone();
    let empty = Snapshot::default();
    let real = (opening.real)();
    let first = assess(&empty.incident, &empty.plan, &empty.rules, &[], Moment::of(&Clock::wall(), real));
    screen.draw(&model, &Scene { snapshot: &empty, situation: &first });
    let chosen = lobby::choose(&mut opening, &mut screen, input, signals, &mut model).await;
    let (journal, incident, early) = match chosen {
        Ok(chosen) => chosen,
        Err(ended) => return Err((ended, screen)),
    };
    model.incident = Some(incident);
    let mail = opening.backends.iter().filter(|backend| backend.config.kind == "smtp");
    model.mail = mail.map(|backend| backend.config.name.clone()).collect();
    if let Access::ReadOnly = opening.access {
        model.read_only = Some("asked for with --read-only".to_owned());
    }
    let polls: Vec<Backend> = opening.backends.iter().filter(|b| b.polls(real)).cloned().collect();
    let configured: Vec<Source> = polls.iter().map(Backend::source).collect();
    let paused = model.demo.as_ref().is_some_and(|demo| demo.paused);
    let (news_tx, mut news) = mpsc::unbounded_channel();
    let setup = Setup {
        journal,
        incident,
        actor: opening.actor.clone(),
        process,
        polls: opening.access == Access::ReadWrite && !polls.is_empty(),
        real: opening.real,
        configured,
        rights: opening.rights.clone(),
        replicates: opening.replicate.is_some(),
    };
    let told = news_tx.downgrade();
    let (store, thread) = match store::start(setup, news_tx) {
        Ok(started) => started,
        Err(error) => return Err((Ended::Failed(format!("no thread for the journal: {error}")), screen)),
    };
    let (others_tx, others_rx) = mpsc::unbounded_channel();
    // It fails only where there is no thread to be had: then nothing is said of the others.
    let others = others::start(&opening.journal, opening.access, incident, opening.real, move |needs| {
        let _ = others_tx.send(needs);
    });
    let (control, _) = watch::channel(Control::default());
    let client = Arc::new(Client::new(&opening.actor.host, Limits::default()));
    let mut tasks = JoinSet::new();
    for backend in &polls {
        let source = backend.source();
        tasks.spawn(pollers::poll(
            Arc::clone(&client),
            backend.clone(),
            source,
            store.clone(),
            control.subscribe(),
            opening.real,
        ));
    }
    let mut room = Room {
        model,
        screen,
        snapshot: empty,
        situation: first,
        clock: Clock::wall(),
        store: store.clone(),
        news: told,
        control,
        client,
        opening,
        others: others_rx,
        next: None,
        deliveries: JoinSet::new(),
        stale: true,
        held: paused,
        typed: Typed::default(),
        bells: Bells::default(),
        editing: None,
        away: true,
        left: None,
        early,
        sitter: Sitter::new(new_room(), real),
    };
    let ended = room.live(input, &mut news, met, signals).await;
    room.break_off_editing().await;
    tasks.abort_all();
    let others = tokio::task::spawn_blocking(move || others.map(others::Others::end));
    let _ = tokio::time::timeout(Duration::from_millis(500), others).await;
    room.keep_typed();
    room.take_releases(&mut news).await;
    if room.next.is_none() {
        room.client.end();
    }
    room.wait_for_deliveries().await;
    if room.opening.access == Access::ReadWrite {
        store.ask(Ask::Looked(room.now()));
        let lost = matches!(ended, Ended::TerminalLost | Ended::Signal(1));
        room.sit(Some(End { at: room.real(), lost }));
    }
    let Room { model, screen, opening, next, mut deliveries, .. } = room;
    if next.is_some() && !deliveries.is_empty() {
        // A text is on its way: its room stays behind until it is on disk how that went.
        behind.spawn(async move {
            while deliveries.join_next().await.is_some() {}
            store.ask(Ask::Stop);
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        });
        return Ok(Out { ended, next, opening, screen, model });
    }
    store.ask(Ask::Stop);
    // What was asked of the journal is finished; a disk that hangs does not hold the terminal for ever.
    let joined = tokio::task::spawn_blocking(move || thread.join());
    let _ = tokio::time::timeout(Duration::from_millis(700), joined).await;
    Ok(Out { ended, next, opening, screen, model })
}

/// Resolves when a drill is over; never without one.
async fn over(drill: &mut Option<Drill>) {
    let ended = match drill {
        Some(drill) => drill.over.wait_for(|over| *over).await.is_ok(),
        None => false,
    };
    if !ended {
        std::future::pending::<()>().await;
    }
}

/// Resolves when the person's editor ends; never without one.
async fn edited(editing: &mut Option<Editing>) -> Result<String, String> {
    match editing {
        Some(editing) => editing.end().await,
        None => std::future::pending().await,
    }
}

/// The signals that the room hears.
pub struct Signals {
    pub term: tokio::signal::unix::Signal,
    pub int: tokio::signal::unix::Signal,
    pub hup: tokio::signal::unix::Signal,
    pub size: tokio::signal::unix::Signal,
    pub stop: tokio::signal::unix::Signal,
    pub cont: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
            size: signal(SignalKind::window_change())?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            cont: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    /// The next signal, as what it asks for.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            _ = self.term.recv() => Heard::End(Ended::Signal(15)),
            _ = self.int.recv() => Heard::End(Ended::Signal(2)),
            _ = self.hup.recv() => Heard::End(Ended::Signal(1)),
            _ = self.size.recv() => Heard::Resized,
            _ = self.stop.recv() => Heard::Stop,
            _ = self.cont.recv() => Heard::Continued,
        }
    }
}

/// What a signal asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    End(Ended),
    Resized,
    Stop,
    Continued,
}

struct Room {
    model: Model,
    /// What was typed before there was an incident on the screen: done once there is.
    early: Vec<Input>,
    screen: Screen,
    snapshot: Snapshot,
    situation: Situation,
    clock: Clock,
    store: Store,
    /// Where what is done beside the store tells how it went. Weak: that the store's thread ended must be heard.
    news: mpsc::WeakUnboundedSender<News>,
    control: watch::Sender<Control>,
    client: Arc<Client>,
    opening: Opening,
    /// What the other incidents need.
    others: mpsc::UnboundedReceiver<Result<Vec<Need>, String>>,
    /// The incident that this one is left for.
    next: Option<IncidentId>,
    /// What leaves the building, or a printer: what it ends with is told.
    deliveries: JoinSet<Option<(Loud, String)>>,
    /// The situation is older than the snapshot.
    stale: bool,
    /// The demo's clock stands still because a form is open.
    held: bool,
    /// What stands in the open form and is not on disk yet.
    typed: Typed,
    bells: Bells,
    /// The person's editor has the terminal.
    editing: Option<Editing>,
    /// What rings first rang while the person was away.
    away: bool,
    /// How the screen was left, until there is something to put it back on.
    left: Option<Left>,
    sitter: Sitter,
}

/// What is being typed, on its way to the disk: a room that dies takes no words with it.
#[derive(Default)]
struct Typed {
    /// The form and its fields, as they were last handed to the journal.
    kept: Option<(String, Vec<String>)>,
    /// How the screen was last handed over.
    left: Option<Left>,
    /// When the rest is to be handed over.
    due: Option<Instant>,
}

/// How long typed text may be on the screen alone.
const TYPED_FOR: chrono::TimeDelta = chrono::TimeDelta::milliseconds(500);

/// How often the lease is renewed while this process polls, and tried for while another does.
const LEASE_EVERY: Duration = Duration::from_secs(4);

impl Room {
    fn real(&self) -> Instant {
        (self.opening.real)()
    }

    fn now(&self) -> Instant {
        self.clock.at(self.real())
    }

    async fn live(
        &mut self,
        input: &mut mpsc::UnboundedReceiver<Input>,
        news: &mut mpsc::UnboundedReceiver<News>,
        met: &mut mpsc::UnboundedReceiver<Told>,
        signals: &mut Signals,
    ) -> Ended {
        let mut lease = tokio::time::interval(LEASE_EVERY);
        lease.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let shares = self.opening.access == Access::ReadWrite && !self.opening.backends.is_empty();
        self.draw();
        loop {
            let sits = self.opening.access == Access::ReadWrite && !self.model.loading;
            self.sitter.looks_at(self.model.pane.word());
            let sit = self.sitter.due(self.real());
            let wake = self.wake();
            let typed = self.typed.due.map_or(Duration::ZERO, |due| (due - self.real()).to_std().unwrap_or_default());
            tokio::select! {
                biased;
                event = input.recv() => match event {
                    Some(Input::Closed) | None => return Ended::TerminalLost,
                    Some(event) => {
                        let mut ended = self.on_input(event).await;
                        // A burst of keys is one picture.
                        while ended.is_none() {
                            match input.try_recv() {
                                Ok(Input::Closed) => return Ended::TerminalLost,
                                Ok(event) => ended = self.on_input(event).await,
                                Err(_) => break,
                            }
                        }
                        if let Some(ended) = ended {
                            return ended;
                        }
                    }
                },
                heard = signals.next() => match heard {
                    // Meant for the editor, which has the terminal.
                    Heard::End(Ended::Signal(2)) | Heard::Resized | Heard::Continued if self.editing.is_some() => {}
                    Heard::Stop if self.editing.is_some() => terminal::stop(),
                    Heard::End(ended) => return ended,
                    Heard::Resized => self.resize(),
                    Heard::Stop => self.suspend(),
                    Heard::Continued => self.come_back(),
                },
                told = news.recv() => match told {
                    Some(told) => {
                        if let Some(ended) = self.on_news(told) {
                            return ended;
                        }
                        while let Ok(told) = news.try_recv() {
                            if let Some(ended) = self.on_news(told) {
                                return ended;
                            }
                        }
                    }
                    None => return Ended::Failed("the journal's thread ended".to_owned()),
                },
                alive = self.screen.ready() => {
                    if !alive {
                        return Ended::TerminalLost;
                    }
                },
                () = tokio::time::sleep(wake) => self.stale = true,
                () = tokio::time::sleep(typed), if self.typed.due.is_some() => self.keep_typed(),
                _ = lease.tick(), if shares => self.store.ask(Ask::Lease),
                () = tokio::time::sleep(sit), if sits => self.sit(None),
                Some(needs) = self.others.recv() => match needs {
                    Ok(needs) => self.model.others = needs,
                    Err(why) => {
                        self.apply(Msg::Tell(Loud::Failed, format!("the other incidents cannot be read: {why}")));
                    }
                },
                Some(told) = met.recv() => {
                    if let Some(text) = replicating::trouble(&told) {
                        self.apply(Msg::Tell(Loud::Failed, text));
                    }
                },
                words = edited(&mut self.editing) => {
                    if let Some(ended) = self.on_edited(words) {
                        return ended;
                    }
                },
                // The drill is over: nobody presses a key for it.
                () = over(&mut self.opening.drill) => return Ended::Quit,
                Some(ended) = self.deliveries.join_next(), if !self.deliveries.is_empty() => {
                    if let Ok(Some((loud, text))) = ended {
                        self.apply(Msg::Tell(loud, text));
                    }
                },
            }
            self.draw();
        }
    }

    /// How long until the picture changes by itself.
    fn wake(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(60);
        let (now, real) = (self.now(), self.real());
        let mut wait = LONGEST;
        if let Some(wake) = self.screen.wake()
            && self.clock.speed > 0.0
        {
            let ms = (wake - now).num_milliseconds().max(0) as f64 / self.clock.speed;
            // A fast demo moves twice a second, not with every second of its own.
            let least = if self.clock.speed > 1.0 { 500.0 } else { 20.0 };
            wait = wait.min(Duration::from_millis(ms.max(least) as u64 + 1));
        }
        if let Some(old) = self.snapshot.replication.as_ref().and_then(|standing| standing.old_at())
            && let Ok(left) = (old - real).to_std()
        {
            wait = wait.min(left + Duration::from_millis(20));
        }
        for source in self.snapshot.sources.iter() {
            if let Some(last) = source.last_success {
                let old = last + chrono::TimeDelta::seconds((2 * source.every + source.timeout + 1) as i64);
                if let Ok(left) = (old - real).to_std() {
                    wait = wait.min(left + Duration::from_millis(20));
                }
            }
        }
        wait
    }

    fn draw(&mut self) {
        self.assess();
        if self.editing.is_some() {
            return;
        }
        let scene = Scene { snapshot: &self.snapshot, situation: &self.situation };
        // What was read changes what the keys may do: that is shown at once.
        if self.screen.draw(&self.model, &scene) && shown(&mut self.model, &scene) {
            self.screen.draw(&self.model, &scene);
        }
        if !self.model.loading {
            self.screen.title(title::title(&scene));
        }
    }

    /// Brings the situation up to the moment, where the picture could differ.
    fn assess(&mut self) {
        let moment = Moment::of(&self.clock, self.real());
        let moved = (moment.now - self.situation.moment.now).num_milliseconds().abs();
        if !self.stale && moved < 200 {
            return;
        }
        let s = &self.snapshot;
        self.situation = assess_with(&s.incident, &s.plan, &s.rules, (&s.sources, &s.presence), moment)
            .meeting(s.replication.as_deref());
        self.stale = false;
        self.listen();
    }

    /// Asks the disk which of what rings now is new to the person.
    fn listen(&mut self) {
        if self.model.loading || self.snapshot.incident.declared.is_none() {
            return;
        }
        let (incident, plan) = (&self.snapshot.incident, &self.snapshot.plan);
        let timeout = incident.leading.timeout(self.situation.moment.now).is_some();
        let alarms = alarm::alarms(incident, plan, &self.situation, &self.opening.alarms.rings, timeout);
        if let Some(bells) = self.bells.fresh(alarms) {
            self.store.ask(Ask::Ring { whose: Whose::Person, bells });
        }
    }

    /// Says who sits here.
    fn sit(&mut self, end: Option<End>) {
        let (Some(incident), real) = (self.model.incident, self.real()) else { return };
        let sitting = self.sitter.say(incident, &self.model.actor, real, end);
        self.store.ask(Ask::Sit(sitting));
    }

    fn is_mine(&self, thing: &Thing) -> bool {
        let (Thing::Offer(id) | Thing::RollCall(id)) = thing else { return false };
        let row = self.snapshot.incident.timeline.find(*id);
        row.is_some_and(|row| row.entry.author.person == self.model.actor.person)
    }

    /// Rings once for all that is new; what stood when the incident was first opened is no news.
    fn rang(&mut self, new: &[String], first: bool) {
        let mut rang = self.bells.rang(new);
        // Nobody is rung for what they offered or asked of others themself.
        rang.retain(|alarm| !self.is_mine(&alarm.thing));
        let away = std::mem::replace(&mut self.away, false);
        if first || rang.is_empty() {
            return;
        }
        self.model.recall(rang.iter().map(|alarm| alarm.thing.clone()));
        if bells::sounds(&rang, self.opening.alarms.bell, self.model.quiet) {
            self.screen.bell();
        }
        // A failure that nobody has read yet stays; what rang stands in Now.
        if !matches!(self.model.flash, Some((Loud::Failed, _))) {
            let exercise = self.snapshot.incident.is_exercise();
            let when = if away { " while you were away" } else { "" };
            let text = format!("RANG{when}: {}", bells::line(&rang, exercise));
            // The answer to what the person did a moment ago stays where there is room for both.
            let room = usize::from(self.model.size.0).saturating_sub(ASIDE);
            let text = match &self.model.flash {
                Some((Loud::Info, answer)) if answer.as_str().len() + text.len() <= room => format!("{answer}  {text}"),
                _ => text,
            };
            self.model.say(Loud::Refused, crate::text::Safe::new(&text));
        }
    }

    async fn on_input(&mut self, event: Input) -> Option<Ended> {
        // Typed before the editor had the terminal, and meant for it.
        if self.editing.is_some() && event != Input::Closed {
            return None;
        }
        self.sitter.press(self.real());
        let leaves = |key: &Key| *key == Key::ctrl('c') || (*key == Key::char('q') && self.early.is_empty());
        let leaves = matches!(&event, Input::Key(key) if leaves(key));
        if self.model.loading && !leaves && matches!(event, Input::Key(_) | Input::Paste(_)) {
            self.early.push(event);
            return None;
        }
        let msg = match event {
            Input::Key(key) => {
                if let Some(drill) = &self.opening.drill {
                    drill.keys.press(key, self.model.types(), self.now());
                }
                Msg::Key(key)
            }
            Input::Paste(text) => Msg::Paste(text),
            Input::Answered => {
                self.screen.answered();
                return None;
            }
            Input::Closed => return Some(Ended::TerminalLost),
        };
        self.apply(msg)
    }

    /// What was typed early, in its order. A key for what is lit is left out: its thing was not on the screen.
    fn do_early(&mut self) -> Option<Ended> {
        for event in std::mem::take(&mut self.early) {
            let ended = match event {
                Input::Key(key) => {
                    let acts = self.model.overlay.is_none().then(|| self.opening.keymap.action(key)).flatten();
                    match acts.map(|action| action.row()) {
                        Some(row) if row.place == Place::Lit => {
                            let text = safe!("{key} came before there was a row to see: press it again");
                            self.model.say(Loud::Refused, text);
                            None
                        }
                        _ => self.apply(Msg::Key(key)),
                    }
                }
                Input::Paste(text) => self.apply(Msg::Paste(text)),
                Input::Answered | Input::Closed => None,
            };
            if ended.is_some() {
                return ended;
            }
        }
        None
    }

    fn on_news(&mut self, news: News) -> Option<Ended> {
        match news {
            News::Snapshot(snapshot) => {
                for problem in snapshot.problems.iter().filter(|p| !self.snapshot.problems.contains(p)) {
                    self.model.say(Loud::Failed, crate::text::Safe::new(problem));
                }
                // Told with the first snapshot: before it there is no incident that the key could work on.
                let opened = self.left.as_ref().and_then(Left::form);
                if self.model.loading
                    && let Some(form) = self.model.kept.keys().find(|form| Some(*form) != opened.as_ref())
                {
                    let text = format!("kept from before: what you typed for \"{form}\"; the same key brings it back");
                    self.model.say(Loud::Info, crate::text::Safe::new(&text));
                }
                self.say_injects(&snapshot);
                self.say_answers(&snapshot);
                self.snapshot = snapshot;
                self.model.loading = false;
                self.stale = true;
                if let Some(left) = self.left.take() {
                    self.assess();
                    let scene = Scene { snapshot: &self.snapshot, situation: &self.situation };
                    left.restore(&mut self.model, &scene);
                }
                self.apply(Msg::Snapshot).or_else(|| self.do_early())
            }
            News::Outcome { effect, result, refused, made } => {
                self.apply(Msg::Outcome { effect, result, refused, made })
            }
            News::Deliver(sendings) => {
                for sending in sendings {
                    let backend = self.opening.backends.iter().find(|b| b.config.name == sending.backend).cloned();
                    self.deliveries.spawn(pollers::deliver(
                        Arc::clone(&self.client),
                        backend,
                        sending,
                        self.store.clone(),
                        self.opening.real,
                    ));
                }
                None
            }
            News::Mail { letter, outgoing, key } => {
                let backend = self.opening.backends.iter().find(|b| b.config.name == letter.over).cloned();
                let (client, store) = (Arc::clone(&self.client), self.store.clone());
                self.deliveries.spawn(paper::mail(client, backend, (*letter, outgoing), key, store, self.opening.real));
                None
            }
            News::Unclaimed { effect, why } => self.apply(Msg::Unclaimed { effect, why }),
            News::Refused(why) => self.apply(Msg::Tell(Loud::Refused, why)),
            News::Clock(clock) => {
                self.set_clock(clock);
                None
            }
            News::Presence(presence) => {
                self.stale |= !presence.looks_like(&self.snapshot.presence);
                self.snapshot.presence = presence;
                None
            }
            News::Lease(leads) => {
                self.control.send_modify(|control| control.leads = leads);
                None
            }
            News::Kept { forms, looked, screen, quiet } => {
                self.model.looked = looked;
                self.model.kept.extend(forms);
                self.model.quiet = quiet;
                self.left = screen.as_deref().and_then(Left::read);
                self.typed.left.clone_from(&self.left);
                None
            }
            News::Rang { whose: Whose::Person, new, first } => {
                self.rang(&new, first);
                None
            }
            News::Rang { whose: Whose::Host, .. } => None,
            News::Tell(text) => self.apply(Msg::Tell(Loud::Failed, text)),
            News::Lost(why) => Some(Ended::Failed(why)),
        }
    }

    /// What a drill plays in comes as a call does, into whatever the person is doing; it stands until the next, or Esc.
    fn say_injects(&mut self, after: &Snapshot) {
        let before = &self.snapshot.incident.timeline;
        let rows = after.incident.timeline.iter().rev().take(50).filter(|row| before.find(row.entry.id).is_none());
        let mut new: Vec<_> = rows.filter(|row| is_inject(&row.entry)).collect();
        new.sort_by_key(|row| row.entry.order());
        let words: Vec<_> = new.iter().filter_map(|row| crate::report::line::words(&row.entry.what)).collect();
        if !words.is_empty() {
            self.model.calls(Some(crate::safe!("INJECT  {}", words.join("  |  "))));
        }
    }

    /// Whoever offered a role hears at once what became of it.
    fn say_answers(&mut self, after: &Snapshot) {
        let before = &self.snapshot.incident;
        if self.model.loading {
            return;
        }
        let me = &self.model.actor.person;
        let mine = before.leading.offers.values().filter(|offer| offer.by == *me);
        let gone: Vec<_> = mine.filter(|offer| !after.incident.leading.offers.contains_key(&offer.id)).collect();
        let Some(offer) = gone.first() else { return };
        let role = offer.role.title().to_lowercase();
        let new = after.incident.timeline.iter().rev().take(50).map(|row| &row.entry);
        let answer = new.filter(|e| before.timeline.find(e.id).is_none()).find_map(|e| match &e.what {
            What::HandoverAccepted(w) if w.offer == offer.id => {
                Some(format!("{} accepted: {} is {role}", offer.to, offer.to))
            }
            What::HandoverRefused(w) if w.offer == offer.id && e.author.person != *me => {
                Some(format!("{} did not take {role}: {}", e.author.person, w.why))
            }
            _ => None,
        });
        if let Some(answer) = answer {
            if !self.model.quiet && self.opening.alarms.bell {
                self.screen.bell();
            }
            self.model.say(Loud::Refused, crate::text::Safe::new(&answer));
        }
    }

    fn apply(&mut self, msg: Msg) -> Option<Ended> {
        self.assess();
        let scene = Scene { snapshot: &self.snapshot, situation: &self.situation };
        let effects = update(&mut self.model, msg, &scene, &self.opening.keymap);
        self.hold_demo();
        if self.typed.due.is_none() && (self.unkept().is_some() || self.moved().is_some()) {
            self.typed.due = Some(self.real() + TYPED_FOR);
        }
        effects.into_iter().find_map(|effect| self.perform(effect))
    }

    /// What stands in the open form, where that is not what was last kept of it.
    fn unkept(&self) -> Option<(String, Vec<String>)> {
        let Some(Overlay::Form(form)) = &self.model.overlay else { return None };
        let now = (form.purpose.key(), form.texts());
        (self.opening.access == Access::ReadWrite && !form.is_empty() && self.typed.kept.as_ref() != Some(&now))
            .then_some(now)
    }

    /// How the screen stands, where that is not what was last kept of it.
    fn moved(&self) -> Option<Left> {
        let left = Left::of(&self.model);
        let keeps = self.opening.access == Access::ReadWrite && !self.model.loading;
        (keeps && self.typed.left.as_ref() != Some(&left)).then_some(left)
    }

    fn keep_typed(&mut self) {
        self.typed.due = None;
        if let Some(left) = self.moved() {
            self.store.ask(Ask::KeepScreen(left.write()));
            self.typed.left = Some(left);
        }
        if let Some((form, fields)) = self.unkept() {
            self.typed.kept = Some((form.clone(), fields.clone()));
            self.store.ask(Ask::Keep { form, fields });
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Ended> {
        match effect {
            Effect::Append { effect, commands } => self.store.ask(Ask::Append { effect, commands }),
            Effect::Release { effect, messages, alone } => self.release(effect, messages, alone),
            Effect::PollNow => self.control.send_modify(|control| control.now += 1),
            Effect::Copy(text) => self.screen.copy(&text),
            Effect::Print(text) => {
                self.deliveries.spawn(paper::print(self.opening.print.clone(), text));
            }
            Effect::Mail { effect, letter } => self.store.ask(Ask::Mail { effect, letter }),
            Effect::Keep { form, fields } => self.store.ask(Ask::Keep { form, fields }),
            Effect::Forget { form } => {
                self.typed.kept = None;
                self.store.ask(Ask::Forget { form });
            }
            Effect::PauseDemo(_) => self.hold_demo(),
            Effect::Quiet(quiet) => self.store.ask(Ask::Quiet(quiet)),
            Effect::Switch(_) if self.opening.drill.is_some() => {
                self.model.say(Loud::Refused, "a drill is left with q first: its keys and its end are its own");
            }
            Effect::Switch(incident) => {
                self.next = Some(incident);
                return Some(Ended::Quit);
            }
            Effect::Suspend => self.suspend(),
            Effect::Editor(text) => self.open_editor(&text),
            Effect::Redraw => self.screen.forget(),
            Effect::Quit => return Some(Ended::Quit),
        }
        None
    }

    /// Where other hosts are met each text is claimed first, unless the person said that it goes all the same.
    fn release(&mut self, effect: u64, messages: Vec<EntryId>, alone: bool) {
        let Some(place) = self.opening.replicate.clone().filter(|_| !alone) else {
            let messages = messages.into_iter().map(|message| (message, None)).collect();
            return self.store.ask(Ask::Release { effect, messages, hand: None });
        };
        // What would be refused here claims nothing: others may send it.
        let plan = self.situation.held.clone().unwrap_or_else(|| Arc::clone(&self.snapshot.plan));
        let refused = messages.iter().find_map(|message| {
            let send = Command::SendMessage { message: *message, process: self.model.process.clone() };
            decide(&self.snapshot.incident, &plan, &send, &self.opening.actor, self.now()).err()
        });
        if let Some(Refusal(why)) = refused {
            self.apply(Msg::Outcome { effect, result: Err(why), refused: true, made: None });
            return;
        }
        let (Some(incident), Some(news)) = (self.model.incident, self.news.upgrade()) else { return };
        let claimant = Claimant {
            place,
            journal: self.opening.journal.clone(),
            incident,
            actor: self.opening.actor.clone(),
            process: self.model.process.clone(),
        };
        let (store, snapshot) = (self.store.clone(), Arc::clone(&self.snapshot.incident));
        match claiming::start(claimant, effect, messages, snapshot, store, news) {
            // While it claims there is something to be delivered: the store goes on until it ended.
            Ok(ended) => drop(self.deliveries.spawn(async move { ended.await.ok().and(None) })),
            Err(error) => drop(self.apply(Msg::Unclaimed { effect, why: error.to_string() })),
        }
    }

    /// The demo's clock stands still while it is paused, and while a form is open: at full speed minutes are seconds.
    fn hold_demo(&mut self) {
        let (Some(demo), Some(state)) = (&self.opening.demo, &self.model.demo) else { return };
        let hold = state.paused || self.model.typing();
        if hold == self.held || self.clock.is_wall() {
            return;
        }
        self.held = hold;
        let clock = self.clock.with_speed(self.real(), if hold { 0.0 } else { demo.speed });
        // It fails only where the servers are gone.
        let _ = demo.clock.send(clock);
        self.store.ask(Ask::SetClock(clock));
        self.set_clock(clock);
    }

    fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
        self.control.send_modify(|control| control.clock = clock);
        self.stale = true;
    }

    fn resize(&mut self) {
        // Also where the size is what it was: smaller for a moment, the terminal may have dropped what stood there.
        self.screen.forget();
        let (width, height) = terminal::size();
        self.apply(Msg::Resize(width, height));
    }

    fn suspend(&mut self) {
        terminal::restore();
        terminal::stop();
        self.come_back();
    }

    fn open_editor(&mut self, text: &str) {
        let started = match &self.opening.editor {
            None => Err("no editor is known: set $VISUAL or $EDITOR before the room is opened".to_owned()),
            Some(program) => {
                lend::lend().map_err(|error| error.to_string()).and_then(|()| Editing::start(program, text))
            }
        };
        match started {
            Ok(editing) => self.editing = Some(editing),
            Err(why) => {
                self.come_back_from_lending();
                self.apply(Msg::Tell(Loud::Failed, why));
            }
        }
    }

    fn on_edited(&mut self, words: Result<String, String>) -> Option<Ended> {
        self.editing = None;
        self.come_back_from_lending();
        self.apply(Msg::Edited(words))
    }

    fn come_back_from_lending(&mut self) {
        let _ = lend::take_back();
        self.screen.forget();
        self.resize();
        self.stale = true;
    }

    /// The room ends while the editor is open: what was saved in it is kept as typed.
    async fn break_off_editing(&mut self) {
        let Some(mut editing) = self.editing.take() else { return };
        if let Ok(words) = editing.break_off().await {
            self.apply(Msg::Edited(Ok(words)));
        }
    }

    fn come_back(&mut self) {
        // Both the call that stopped us and the signal that wakes us come here.
        let _ = terminal::enter();
        self.screen.forget();
        self.resize();
        self.stale = true;
    }

    /// What was released or mailed just before the end goes out: the record may say so, and nobody else would do it. What
    /// comes too late for that does not go, and the record says so.
    async fn take_releases(&mut self, news: &mut mpsc::UnboundedReceiver<News>) {
        // A claim is asked of another host.
        let patience = if self.opening.replicate.is_some() { 3_000 } else { 600 };
        let all = async {
            while self.model.is_pending(RELEASE) || self.model.is_pending(letter::MAIL) {
                let Some(told) = news.recv().await else { return };
                self.on_news(told);
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(patience), all).await;
        // From here on whoever hands something out finds nobody.
        news.close();
        while let Ok(told) = news.try_recv() {
            match told {
                News::Deliver(sendings) => {
                    for sending in sendings {
                        let end = DeliveryEnd::Failed(LEFT.to_owned());
                        self.store.ask(Ask::Delivered { message: sending.message, end });
                    }
                }
                News::Mail { letter, .. } => self.store.ask(Ask::Mailed(letter.after(&unmailed()))),
                _ => {}
            }
        }
    }

    /// A delivery under way may end; one that does not is found as unknown by the next start, and a letter says so itself.
    async fn wait_for_deliveries(&mut self) {
        let all = async { while self.deliveries.join_next().await.is_some() {} };
        let ended = tokio::time::timeout(Duration::from_millis(600), all).await;
        if ended.is_err() && self.next.is_none() {
            self.deliveries.shutdown().await;
        }
    }
}
