//! A room made by hand at fixed instants, without a journal or a clock: for what is drawn from it.

use std::sync::Arc;

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use uuid::Uuid;
use warroom::incident::Instant;
use warroom::incident::clock::Moment;
use warroom::incident::command::{Actor, Command, Decision, Target};
use warroom::incident::decide::{Declare, decide, declare};
use warroom::incident::detect::detect;
use warroom::incident::entry::{Author, Draft, Entry, EntryId, Hlc, WriterId};
use warroom::incident::fold::Log;
use warroom::incident::observation::{Alert, Component, Metric, Observation, Source};
use warroom::incident::plan::Plan;
use warroom::incident::rule::Rules;
use warroom::incident::what::{MessageDrafted, MessageSending, MessageUnknown, What};
use warroom::incident::words::*;
use warroom::situation::thing::Thing;
use warroom::situation::{Situation, assess};
use warroom::tui::key::Key;
use warroom::tui::keymap::Keymap;
use warroom::tui::model::{Effect, Model};
use warroom::tui::scene::{Scene, Snapshot};
use warroom::tui::theme::Theme;
use warroom::tui::update::{Msg, shown, update};
use warroom::tui::view::{Drawn, Look, view};

/// Texts that come from outside, wherever one can.
#[derive(Clone, Debug)]
pub struct Words {
    pub title: String,
    pub note: String,
    pub alert: String,
    pub component: String,
    pub owner: String,
    pub detail: String,
    pub error: String,
}

impl Words {
    pub fn plain() -> Words {
        let own = str::to_owned;
        Words {
            title: own("Voice and data down in three states"),
            note: own("The core forgets subscribers after change MOP-17"),
            alert: own("VoiceBlockRateHigh"),
            component: own("911 calls"),
            owner: own("ben"),
            detail: own("https://example.net/status/1"),
            error: own("no answer within 5 s"),
        }
    }

    /// One text in every place.
    pub fn all(text: &str) -> Words {
        let own = || text.to_owned();
        Words { title: own(), note: own(), alert: own(), component: own(), owner: own(), detail: own(), error: own() }
    }
}

#[derive(Clone)]
pub struct World {
    log: Log,
    pub plan: Arc<Plan>,
    rules: Arc<Rules>,
    sources: Vec<Source>,
    count: u64,
    pub now: Instant,
    pub keymap: Keymap,
}

fn at(minute: i64) -> Instant {
    "2024-02-22T08:45:00Z".parse::<Instant>().unwrap() + TimeDelta::minutes(minute)
}

impl World {
    /// 35 minutes into an outage, with something in every pane.
    pub fn new(words: &Words) -> World {
        let mut world = World::declared(words, 5);
        world.history(words);
        world
    }

    /// An outage that was declared so many minutes after its start, and of which nothing is known yet.
    pub fn declared(words: &Words, minute: i64) -> World {
        let playbook = warroom::playbook::find("carrier-outage", &[]).unwrap();
        let rules = warroom::rulebook::built_in().unwrap();
        let mut world = World {
            log: Log::default(),
            plan: Arc::new(playbook.plan.clone()),
            rules: Arc::new(rules.clone()),
            sources: Vec::new(),
            count: 0,
            now: at(35),
            keymap: Keymap::standard(),
        };
        let title = if words.title.trim().is_empty() { "." } else { &words.title };
        let wish = Declare {
            title: title.to_owned(),
            severity: Severity::Sev1,
            started: Some(at(0)),
            detected: Some(at(3.min(minute))),
            exercise: false,
            demo: false,
            timezone: "America/Chicago".to_owned(),
            organisation: ["wireless_carrier", "firstnet_contractor", "public_company"].map(str::to_owned).to_vec(),
            playbook: Some((playbook.plan.name.clone(), playbook.text.clone())),
            rules: warroom::rulebook::write(&rules).unwrap(),
        };
        let drafts = declare(&wish, &playbook.plan, at(minute)).unwrap();
        world.append("kim", at(minute), drafts);
        world
    }

    /// An entry as it stands in a journal, whoever's rules let it be written.
    pub fn writes(&mut self, person: &str, minute: i64, what: What) -> EntryId {
        self.append(person, at(minute), vec![Draft::now(what)])[0]
    }

    /// A backend answered at that minute.
    pub fn polled(&mut self, minute: i64, name: &str, seen: Observation) {
        let before = self.sources.iter().find(|s| s.name == name).and_then(|s| s.observation.clone());
        let drafts = detect(self.log.incident(), before.as_ref(), &seen, at(minute));
        self.append("warroom", at(minute), drafts);
        self.sources.retain(|s| s.name != name);
        self.sources.push(Source {
            last_success: Some(at(minute)),
            last_try: Some(at(minute)),
            observation: Some(seen.clone()),
            ..Source::never(name, seen.family, "statuspage", 60, 30)
        });
    }

    fn history(&mut self, words: &Words) {
        let owner = if words.owner.trim().is_empty() { "." } else { &words.owner }.to_owned();
        self.does(
            "kim",
            6,
            Command::SetRole { role: Role::Commander, holder: Some("kim".to_owned()), why: String::new() },
        );
        self.does(
            "kim",
            6,
            Command::SetRole { role: Role::Communications, holder: Some(owner.clone()), why: String::new() },
        );
        let note = if words.note.trim().is_empty() { "." } else { &words.note }.to_owned();
        self.does("ana", 8, Command::Note { text: note.clone(), at: Some(at(-3)), follow_up: false });
        self.does("ana", 8, Command::Note { text: note.clone(), at: None, follow_up: true });
        let task = self.task("what-changed");
        self.does("kim", 9, Command::Assign { task, owner: owner.clone(), minutes: 30 });
        self.does(&owner, 10, Command::Acknowledge { target: Target::Task(task), minutes: 30 });
        self.does(&owner, 11, Command::StartTask { task });
        let task = self.task("scope");
        self.does("kim", 11, Command::Assign { task, owner: owner.clone(), minutes: 10 });
        self.does(&owner, 12, Command::BlockTask { task, on: note.clone() });
        self.does("kim", 12, Command::AddTask { title: note.clone(), team: None, owner: None, minutes: 10 });
        self.does("ana", 13, Command::Ask { proposal: note.clone(), by: owner.clone(), risk: note.clone() });
        let decision = Decision {
            proposal: note.clone(),
            outcome: note.clone(),
            acts: Some(owner.clone()),
            check_at: Some(at(50)),
            ..Decision::default()
        };
        self.does("kim", 14, Command::Decide(decision));
        self.does("lee", 15, Command::Promise { text: note.clone(), to: owner.clone(), due: at(45) });
        self.does(
            "lee",
            16,
            Command::RecordElsewhere {
                audience: "consumers".to_owned(),
                channel: "social".to_owned(),
                by: owner.clone(),
                at: None,
                proof: Some(words.detail.clone()).filter(|d| !d.is_empty()),
                text: note.clone(),
                next_update: Some(at(48)),
            },
        );
        let fact = |name: &str, value| Command::SetFact {
            at: None,
            name: name.to_owned(),
            value,
            basis: words.detail.clone(),
            confirmed_by: Some(owner.clone()),
        };
        self.does("ruiz", 17, fact("cause", note.clone().into()));
        self.does(
            "ruiz",
            18,
            Command::SetClock { clock: "discovery".to_owned(), at: at(3), why: note.clone(), assumed: true },
        );
        // What the playbook asks of a text while 911 is down.
        let help = format!("{note}. If 911 fails use a landline. Please do not test-call 911.");
        self.message(19, "firstnet", "direct", &help, false);
        let sent = self.message(20, "business", "direct", &note, true);
        let sending = MessageSending {
            message: sent,
            backend: "outbox".into(),
            process: "jump1/1@1".into(),
            recipients: Vec::new(),
            subject: String::new(),
        };
        let unknown = MessageUnknown { message: sent, why: words.error.clone() };
        self.append("lee", at(21), vec![Draft::now(sending.into())]);
        self.append("lee", at(22), vec![Draft::now(What::from(unknown))]);
        self.sees(words);
    }

    fn message(&mut self, minute: i64, audience: &str, channel: &str, text: &str, approved: bool) -> EntryId {
        // As another host may have written it: here a text with hidden characters would be refused.
        let drafted = MessageDrafted {
            audience: audience.to_owned(),
            channel: channel.to_owned(),
            round: Round::Initial,
            text: text.to_owned(),
            next_update: Some(at(55)),
            grounds: Default::default(),
        };
        let message = self.append("lee", at(minute), vec![Draft::now(drafted.into())])[0];
        if approved {
            let text_sha256 = self.log.incident().messages[&message].sha256.clone();
            self.does("kim", minute, Command::ApproveMessage { message, text_sha256 });
        }
        message
    }

    /// What the backends say: one is fresh, one is old, one was never reached.
    fn sees(&mut self, words: &Words) {
        let observation = |family| Observation {
            origin: "https://backend.example.net".to_owned(),
            family,
            quality: Quality::Exact,
            quality_why: None,
            as_of: None,
            components: Vec::new(),
            incidents: Vec::new(),
            alerts: Vec::new(),
            metrics: Vec::new(),
            receipts: Vec::new(),
        };
        let component = |id: &str, name: &str, state| Component {
            id: id.to_owned(),
            name: name.to_owned(),
            state,
            raw_state: words.detail.clone(),
            since: Some(at(0)),
            group: None,
        };
        let mut page = observation(Family::Status);
        page.components = vec![
            component("calls-911", &words.component, ComponentState::MajorOutage),
            component("firstnet", "FirstNet", ComponentState::MajorOutage),
            component("voice", "Voice", ComponentState::PartialOutage),
            component("app", "App", ComponentState::Operational),
            component("odd", "Odd", ComponentState::Unknown),
        ];
        let mut pager = observation(Family::Notification);
        pager.alerts = (0..3)
            .map(|n| Alert {
                id: format!("alert-{n}"),
                name: words.alert.clone(),
                state: AlertState::Firing,
                starts_at: at(n),
                summary: words.note.clone(),
                severity: "critical".to_owned(),
                labels: [("site".to_owned(), words.detail.clone())].into(),
                labels_cut: 0,
                quiet_because: String::new(),
            })
            .collect();
        let mut core = observation(Family::Metrics);
        core.metrics = vec![Metric {
            name: "users_affected".to_owned(),
            unit: "users".to_owned(),
            value: Some(1_250_000.0),
            quality: Quality::Exact,
            why: Some(words.error.clone()),
            sampled_at: Some(at(34)),
            history: (0..10).map(|n| (at(24 + n), 1_000_000.0 + n as f64 * 25_000.0)).collect(),
            tolerance: 0.1,
            estimated: true,
        }];
        let source = |name: &str, kind: &str, seen: Observation, last| Source {
            last_success: Some(last),
            last_try: Some(last),
            observation: Some(seen.clone()),
            ..Source::never(name, seen.family, kind, 15, 5)
        };
        for seen in [&page, &pager, &core] {
            let drafts = detect(self.log.incident(), None, seen, at(23));
            self.append("warroom", at(23), drafts);
        }
        let never = Source {
            error: Some(words.error.clone()),
            misses: 4,
            last_try: Some(at(34)),
            ..Source::never(&words.component, Family::Status, "statuspage", 15, 5)
        };
        self.sources = vec![
            source("public page", "statuspage", page, at(35)),
            source("pager", "alertmanager", pager, at(35)),
            source("core", "prometheus", core, at(20)),
            never,
        ];
    }

    fn task(&self, planned: &str) -> EntryId {
        let tasks = &self.log.incident().tasks;
        tasks.values().find(|t| t.planned.as_deref() == Some(planned)).expect("a planned task").id
    }

    /// A person's command, decided as ever; what it wrote.
    #[track_caller]
    pub fn does(&mut self, person: &str, minute: i64, command: Command) -> Vec<EntryId> {
        let actor = Actor { person: person.to_owned(), host: "jump1".to_owned() };
        let drafts = decide(self.log.incident(), &self.plan, &command, &actor, at(minute))
            .unwrap_or_else(|refusal| panic!("{command:?}: {}", refusal.0));
        self.append(person, at(minute), drafts)
    }

    /// A person's command where it is accepted; nothing where it is refused.
    pub fn tries(&mut self, person: &str, minute: i64, command: &Command) -> Option<Vec<EntryId>> {
        let actor = Actor { person: person.to_owned(), host: "jump1".to_owned() };
        let drafts = decide(self.log.incident(), &self.plan, command, &actor, at(minute)).ok()?;
        Some(self.append(person, at(minute), drafts))
    }

    /// Meets what another wrote, having written this without knowing of it.
    pub fn meets(&mut self, other: &World, command: Command) {
        let known: Vec<EntryId> = self.log.incident().timeline.iter().map(|row| row.entry.id).collect();
        self.does("lee", 32, command);
        let theirs = other.log.incident().timeline.iter().filter(|row| !known.contains(&row.entry.id));
        let theirs: Vec<Entry> = theirs
            .map(|row| Entry {
                writer: WriterId(Uuid::from_u128(8)),
                id: EntryId::derived(&["theirs"]),
                ..Entry::clone(&row.entry)
            })
            .collect();
        self.log.absorb(theirs);
    }

    /// Alerts come and go.
    pub fn alerts(&mut self, names: &[&str], seed: u64) {
        let mut pager = self.sources[1].observation.clone().expect("a pager that answered");
        let before = pager.clone();
        pager.alerts = names
            .iter()
            .enumerate()
            .map(|(n, name)| Alert {
                id: format!("alert {name} {}", seed % 7),
                name: (*name).to_owned(),
                state: AlertState::Firing,
                starts_at: at(n as i64),
                summary: String::new(),
                severity: "critical".to_owned(),
                labels: Default::default(),
                labels_cut: 0,
                quiet_because: String::new(),
            })
            .collect();
        let drafts = detect(self.log.incident(), Some(&before), &pager, at(35));
        self.append("warroom", at(35), drafts);
        self.sources[1].observation = Some(pager);
    }

    fn append(&mut self, person: &str, now: Instant, drafts: Vec<Draft>) -> Vec<EntryId> {
        let mut ids = Vec::new();
        for draft in drafts {
            self.count += 1;
            let id = draft.id.unwrap_or(EntryId(Uuid::from_u128(0x5eed_0000 << 96 | u128::from(self.count))));
            ids.push(id);
            self.log.absorb([Entry {
                writer: WriterId(Uuid::from_u128(7)),
                seq: self.count,
                id,
                hlc: Hlc(now.timestamp_millis(), self.count as u32),
                happened: draft.happened.unwrap_or(now),
                recorded: now,
                author: Author { person: person.to_owned(), host: "jump1".to_owned(), machine: person == "warroom" },
                what: draft.what,
            }]);
        }
        ids
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            incident: Arc::clone(self.log.incident()),
            plan: Arc::clone(&self.plan),
            rules: Arc::clone(&self.rules),
            sources: Arc::new(self.sources.clone()),
            replication: None,
            presence: Arc::default(),
            problems: Vec::new(),
        }
    }

    pub fn situation(&self) -> Situation {
        let s = self.snapshot();
        assess(&s.incident, &s.plan, &s.rules, &s.sources, Moment { now: self.now, real: self.now, speed: 1.0 })
    }

    /// A screen on this room, as it is when it has just been opened.
    pub fn screen(&self, size: (u16, u16)) -> Screen<'_> {
        let actor = Actor { person: "zoe".to_owned(), host: "jump1".to_owned() };
        let mut model = Model::new(actor, "jump1/2@2".to_owned(), size);
        model.loading = false;
        let mut screen = Screen { world: self, snapshot: self.snapshot(), situation: self.situation(), model };
        screen.apply(Msg::Resize(size.0, size.1));
        screen
    }
}

pub struct Screen<'a> {
    world: &'a World,
    pub snapshot: Snapshot,
    pub situation: Situation,
    pub model: Model,
}

impl Screen<'_> {
    pub fn apply(&mut self, msg: Msg) -> Vec<Effect> {
        let scene = Scene { snapshot: &self.snapshot, situation: &self.situation };
        let effects = update(&mut self.model, msg, &scene, &self.world.keymap);
        // As on a terminal that shows every frame.
        shown(&mut self.model, &scene);
        effects
    }

    /// What the person sees as lit in the focused pane: the thing that a key is about.
    pub fn lit(&self) -> Option<Thing> {
        let scene = Scene { snapshot: &self.snapshot, situation: &self.situation };
        self.model.place().lit.as_ref().map(|thing| scene.subject(thing))
    }

    /// The room as it is after somebody wrote.
    pub fn hears(&mut self, world: &World) -> Vec<Effect> {
        (self.snapshot, self.situation) = (world.snapshot(), world.situation());
        self.apply(Msg::Snapshot)
    }

    /// Keys that came at once: no frame was shown between them.
    pub fn burst(&mut self, names: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for name in names.split_whitespace() {
            let scene = Scene { snapshot: &self.snapshot, situation: &self.situation };
            let msg = Msg::Key(name.parse::<Key>().unwrap());
            effects.extend(update(&mut self.model, msg, &scene, &self.world.keymap));
        }
        let scene = Scene { snapshot: &self.snapshot, situation: &self.situation };
        shown(&mut self.model, &scene);
        effects
    }

    /// Keys by their names, apart by blanks.
    pub fn keys(&mut self, names: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for name in names.split_whitespace() {
            effects.extend(self.apply(Msg::Key(name.parse::<Key>().unwrap())));
        }
        effects
    }

    pub fn draw(&self, theme: &Theme, ascii: bool) -> (Buffer, Drawn) {
        let (width, height) = self.model.terminal;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let look = Look { theme, keymap: &self.world.keymap, ascii };
        let scene = Scene { snapshot: &self.snapshot, situation: &self.situation };
        let drawn = view(&self.model, &scene, &look, &mut buffer);
        (buffer, drawn)
    }
}
