//! Entries of one incident that have to do with each other: they name, replace, answer and take back one another, come
//! from several writers with equal clocks, and some are the same fact twice. Knows nothing of what they fold to.

use proptest::prelude::*;
use serde_json::json;
use warroom::incident::Instant;
use warroom::incident::entry::{Author, Entry, EntryId, Hlc, WriterId};
use warroom::incident::recipient::RecipientOutcome;
use warroom::incident::what::*;
use warroom::incident::words::*;

/// What one entry is made of: its kind, whom it names, who writes it.
type Seed = [u8; 10];

/// A set of related entries, in the order in which they were made.
pub fn entries(most: usize) -> impl Strategy<Value = Vec<Entry>> {
    prop::collection::vec(any::<Seed>(), 1..most).prop_map(|seeds| make(&seeds))
}

const KINDS: u8 = 60;

/// The kind that a seed makes: the first is mostly the declaration, what other entries hang on is frequent.
fn kind(index: usize, seed: &Seed) -> u8 {
    if index == 0 && seed[0] < 240 {
        return 0;
    }
    match seed[0] {
        // A quarter and a half of all: things that others name.
        200..=215 => 11,
        216..=230 => 20,
        231..=240 => 23,
        241..=249 => 44,
        250..=253 => 58,
        other => other % KINDS,
    }
}

fn entry_id(index: usize) -> EntryId {
    EntryId::derived(&["related", &index.to_string()])
}

fn pick<T: Copy>(all: &[T], by: u8) -> T {
    all[usize::from(by) % all.len()]
}

struct Making<'a> {
    seeds: &'a [Seed],
}

impl Making<'_> {
    /// An entry of one of the kinds, earlier or later; any entry where there is none.
    fn one_of(&self, kinds: &[u8], by: u8) -> EntryId {
        let of: Vec<usize> =
            self.seeds.iter().enumerate().filter(|(i, s)| kinds.contains(&kind(*i, s))).map(|(i, _)| i).collect();
        match of.is_empty() {
            true => self.any(by),
            false => entry_id(pick(&of, by)),
        }
    }

    fn any(&self, by: u8) -> EntryId {
        entry_id(usize::from(by) % self.seeds.len())
    }

    /// None, one or two settings that are replaced, of the same kind or of the declaration.
    fn replaced(&self, kind: u8, a: u8, b: u8) -> Vec<EntryId> {
        let mut out = Vec::new();
        if !a.is_multiple_of(4) {
            out.push(self.one_of(&[kind, 0], a));
        }
        if b.is_multiple_of(3) {
            out.push(self.one_of(&[kind], b));
        }
        out
    }
}

/// An instant that such an entry tells; some are as far off as can be written.
fn instant(by: u8) -> Instant {
    match by {
        0 => Instant::MIN_UTC,
        1 => Instant::MAX_UTC,
        2 => "0000-01-01T00:00:00Z".parse().unwrap(),
        n => super::minutes(i64::from(n) - 40),
    }
}

fn some(by: u8) -> Option<Instant> {
    (!by.is_multiple_of(3)).then(|| instant(by))
}

fn make(seeds: &[Seed]) -> Vec<Entry> {
    let making = Making { seeds };
    let mut last = [(Hlc::default(), 0u64); 4];
    let mut out = Vec::new();
    for (index, seed) in seeds.iter().enumerate() {
        let writer = usize::from(seed[1] % 4);
        // Writers share ticks; the last one's clock is ahead.
        let tick = (index / 3 + if writer == 3 { 4 } else { 0 }) as i64;
        let (hlc, seq) = last[writer];
        let hlc = if tick > hlc.0 { Hlc(tick, 0) } else { Hlc(hlc.0, hlc.1 + 1) };
        last[writer] = (hlc, seq + 1);
        // Now and then the same fact as another entry, seen by another.
        let id = if seed[9] < 25 { making.any(seed[8]) } else { entry_id(index) };
        let happened =
            if seed[2] < 250 { super::minutes(index as i64 - i64::from(seed[2] % 8)) } else { instant(seed[3]) };
        let author = Author {
            person: pick(&["kim", "lee", "ana", "poller"], seed[4]).to_owned(),
            host: format!("jump{writer}"),
            machine: seed[4] % 4 == 3,
        };
        let writer = WriterId(uuid::Uuid::from_u128(writer as u128 + 1));
        let recorded = super::minutes(index as i64);
        let what = what(&making, kind(index, seed), seed);
        out.push(Entry { writer, seq: seq + 1, id, hlc, happened, recorded, author, what });
    }
    out
}

fn what(making: &Making<'_>, kind: u8, seed: &Seed) -> What {
    let [_, _, _, a, _, b, c, d, e, _] = *seed;
    let text = || pick(&["core", "billing", "# heading", "<b>", "core", "a|b"], c).to_owned();
    let person = || pick(&["kim", "lee", "ana"], d).to_owned();
    let audience = || pick(&["firstnet", "consumers"], a).to_owned();
    let channel = || pick(&["app", "direct"], b).to_owned();
    let origin = || pick(&["https://status", "https://alerts"], d).to_owned();
    let task = || making.one_of(&[11], b);
    let message = || making.one_of(&[20, 29], b);
    let replaces = || making.replaced(kind, b, d);
    let rule = || pick(&["nors", "psap"], a).to_owned();
    let stage = || pick(&["first", "final"], b).to_owned();
    let minutes = u32::from(e);
    match kind {
        0 => {
            let started = if b < 30 { instant(e % 8) } else { super::start() };
            Declared { severity: pick(Severity::ALL, a), started, ..super::declaration() }.into()
        }
        1 => Titled { title: text(), replaces: replaces() }.into(),
        2 => SeveritySet { severity: pick(Severity::ALL, a), why: text(), replaces: replaces() }.into(),
        3 => PhaseSet { phase: pick(Phase::ALL, a), why: text(), overrode: Vec::new(), replaces: replaces() }.into(),
        4 => EndReached { end: pick(End::ALL, a), basis: text() }.into(),
        5 => Noted { text: text(), follow_up: false }.into(),
        6 => Asked { proposal: text(), by: person(), risk: text() }.into(),
        7 => Decided {
            answers: (a % 2 == 0).then(|| making.one_of(&[6], b)),
            proposal: text(),
            outcome: text(),
            refused: vec![text()],
            objections: None,
            acts: Some(person()),
            check_at: some(e),
            reversal: None,
        }
        .into(),
        8 => RoleSet {
            role: pick(&Role::ALL[..2], a),
            holder: (a % 4 > 0).then(person),
            why: String::new(),
            replaces: replaces(),
        }
        .into(),
        9 => PlanAdopted { name: text(), text: text(), sha256: String::new(), replaces: replaces() }.into(),
        10 => RulesAdopted { text: text(), sha256: String::new(), replaces: replaces() }.into(),
        11 => TaskAdded {
            title: text(),
            team: None,
            owner: (a % 2 == 0).then(person),
            minutes,
            first: a % 3 == 0,
            planned: (a % 5 == 0).then(text),
        }
        .into(),
        12 => TaskAssigned { task: task(), owner: person(), minutes }.into(),
        13 => TaskAcknowledged { task: task(), by: person(), minutes }.into(),
        14 => TaskStarted { task: task() }.into(),
        15 => TaskBlocked { task: task(), on: text() }.into(),
        16 => TaskDone { task: task(), result: text() }.into(),
        17 => TaskCancelled { task: task(), why: text() }.into(),
        18 => TaskExtended { task: task(), minutes: u32::MAX, why: text() }.into(),
        19 => AlertsAcknowledged { group: text(), by: person(), minutes, count: 1 }.into(),
        20 => MessageDrafted {
            audience: audience(),
            channel: channel(),
            round: pick(Round::ALL, c),
            text: text(),
            next_update: some(e),
            grounds: Default::default(),
        }
        .into(),
        21 => MessageEdited {
            message: message(),
            text: text(),
            next_update: some(e),
            replaces: vec![making.one_of(&[20, 21], d)],
            grounds: Default::default(),
        }
        .into(),
        22 => MessageApproved::whole(message(), warroom::incident::message::sha256(&text())).into(),
        23 => MessageSending {
            message: message(),
            backend: "out".into(),
            process: "p".into(),
            recipients: ["x@a", "y@a"].iter().take(usize::from(a) % 3).map(|to| (*to).to_owned()).collect(),
            subject: String::new(),
        }
        .into(),
        24 => MessageSent { message: message(), reference: text() }.into(),
        25 => MessageDelivered { message: message(), detail: text() }.into(),
        26 => MessageFailed { message: message(), why: text() }.into(),
        27 => MessageUnknown { message: message(), why: text() }.into(),
        28 => MessageSkipped { message: message(), why: text() }.into(),
        29 => ToldElsewhere {
            audience: audience(),
            channel: channel(),
            by: person(),
            proof: (a % 2 == 0).then(text),
            text: text(),
            round: None,
            next_update: some(e),
        }
        .into(),
        30 => PromiseMade { text: text(), to: audience(), owner: person(), due: instant(e) }.into(),
        31 => PromiseKept { promise: making.one_of(&[30, 24], b), how: text() }.into(),
        32 => {
            let value = pick(&[0i64, 7, 125_000_000], a);
            let value = if a % 4 == 0 { json!(null) } else { json!(value) };
            let name = pick(&["users_affected", "user_minutes"], c).to_owned();
            FactSet {
                name,
                value,
                unit: "users".into(),
                basis: text(),
                confirmed_by: None,
                needs: Vec::new(),
                replaces: replaces(),
            }
            .into()
        }
        33 => {
            let clock = pick(&["discovery", "outage_start"], a).to_owned();
            ClockSet { clock, at: instant(e), why: text(), assumed: a % 2 == 0, replaces: replaces() }.into()
        }
        34 => StageDrafted { rule: rule(), stage: stage() }.into(),
        35 => StageFiled { rule: rule(), stage: stage(), reference: text(), person: person(), how: Default::default() }
            .into(),
        36 => StageConfirmed { rule: rule(), stage: stage(), how: text() }.into(),
        37 => {
            StageWaived { rule: rule(), stage: stage(), why: text(), by: person(), figures: Default::default() }.into()
        }
        38 => match a % 3 {
            0 => {
                StageWithdrawn { rule: rule(), stage: stage(), why: text(), by: person(), figures: Default::default() }
                    .into()
            }
            1 => RemoteUpdated {
                origin: origin(),
                incident: text(),
                title: text(),
                update: text(),
                phase: None,
                raw_phase: String::new(),
                body: text(),
            }
            .into(),
            _ => RemoteGone { origin: origin(), incident: text(), title: text() }.into(),
        },
        39 => {
            let to = pick(ComponentState::ALL, a);
            ComponentChanged { origin: origin(), component: text(), name: text(), from: None, to, raw: text() }.into()
        }
        40 => ComponentGone { origin: origin(), component: text(), name: text() }.into(),
        41 => AlertFired {
            origin: origin(),
            alert: text(),
            name: text(),
            starts_at: instant(e),
            summary: text(),
            severity: text(),
            labels: Default::default(),
        }
        .into(),
        42 => {
            let (origin, alert, starts_at) = (origin(), text(), instant(e));
            match a % 2 {
                0 => AlertGone { origin, name: alert.clone(), alert, starts_at }.into(),
                _ => {
                    let to = pick(AlertState::ALL, b);
                    AlertChanged { origin, name: alert.clone(), alert, starts_at, to, why: String::new() }.into()
                }
            }
        }
        43 => {
            let value = pick(&[None, Some(0.0), Some(1.25e8), Some(-3.5), Some(f64::MAX)], a);
            let quality = pick(Quality::ALL, b);
            let name = pick(&["users", "calls"], c).to_owned();
            MetricMoved { origin: origin(), name, unit: text(), value, quality, why: text(), estimated: a % 2 == 0 }
                .into()
        }
        // Of anything, of a retraction among them.
        44 => {
            Retracted { entry: if a % 2 == 0 { making.any(b) } else { making.one_of(&[44, 20, 11], b) }, why: text() }
                .into()
        }
        45 => match a % 4 {
            0 => Amended { entry: making.one_of(&[5, 7], b), text: text() }.into(),
            1 => SourceFailing { source: text(), family: "status".into(), why: text() }.into(),
            2 => SourceBack { source: text(), family: "status".into() }.into(),
            _ => {
                let raw = pick(&[r#"{"b": 1, "a": 1e999}"#, "[184467440737095516159]", "null", r#""x""#], b).to_owned();
                What::Unknown { kind: "drone.launched/9".into(), raw }
            }
        },
        47 => HandoverOffered { role: pick(&Role::ALL[..2], a), from: None, to: person(), brief: text() }.into(),
        48 => HandoverAccepted {
            offer: making.one_of(&[47], b),
            brief_sha256: warroom::incident::message::sha256(&text()),
            replaces: making.replaced(8, c, d),
        }
        .into(),
        49 => HandoverRefused { offer: making.one_of(&[47], b), why: text() }.into(),
        50 => TeamSet {
            team: text(),
            name: text(),
            parent: None,
            lead: (a % 2 == 0).then(person),
            members: vec![person()],
            replaces: replaces(),
        }
        .into(),
        51 => RollCallAsked { people: vec!["kim".into(), person()], minutes: if a == 0 { u32::MAX } else { minutes } }
            .into(),
        52 => RollCallAnswered { call: making.one_of(&[51], b), person: person(), says: text() }.into(),
        53 => TimeOutStarted { minutes: if a == 0 { u32::MAX } else { minutes } }.into(),
        54 => TimeOutEnded {
            timeout: making.one_of(&[53], b),
            known: text(),
            assumed: String::new(),
            change_mind: String::new(),
            tired: person(),
        }
        .into(),
        55 => ObjectivesSet { text: text(), until: some(e), replaces: replaces() }.into(),
        56 => ContactSet {
            of: person(),
            way: text(),
            address: (a % 3 > 0).then(text),
            needs: vec![text()],
            replaces: replaces(),
        }
        .into(),
        57 => match a % 2 {
            0 => DecisionChecked { decision: making.one_of(&[7], b), worked: Some(a % 3 == 0), seen: text() }.into(),
            _ => ChangeNoted { text: text() }.into(),
        },
        58 => {
            let acts = ["approve", "send", "file", "resolve", "legal", "rights"];
            let (one, two) = (pick(&acts, c), pick(&acts, d));
            let who = [(one.to_owned(), vec![person()]), (two.to_owned(), vec!["commander".to_owned()])].into();
            RightsAdopted { who, own_text: false, replaces: replaces() }.into()
        }
        59 => RightStood { entry: making.one_of(&[23, 35], b), why: text() }.into(),
        _ if c % 2 == 0 => MessageRecipients {
            sending: making.one_of(&[23], b),
            outcomes: ["x@a", "z@a"]
                .map(|to| RecipientOutcome { to: to.to_owned(), state: pick(Reach::ALL, a), detail: text() })
                .to_vec(),
        }
        .into(),
        _ => ReceiptSeen { sending: making.one_of(&[23], b), state: pick(Delivery::ALL, a), detail: text() }.into(),
    }
}

/// The same in another order, by a seed.
pub fn shuffled<T: Clone>(items: &[T], mut seed: u64) -> Vec<T> {
    let mut out = items.to_vec();
    for index in (1..out.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out.swap(index, (seed >> 33) as usize % (index + 1));
    }
    out
}
