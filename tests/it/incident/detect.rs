//! Detection: absence needs two complete polls, a partial list says nothing, a restart repeats nothing, late news is news.

use chrono::TimeDelta;
use warroom::incident::Instant;
use warroom::incident::detect::{detect, detect_source};
use warroom::incident::entry::{Draft, EntryId};
use warroom::incident::observation::*;
use warroom::incident::what::*;
use warroom::incident::words::*;

use super::{Record, id, minutes, start};

fn observation(family: Family) -> Observation {
    Observation {
        origin: format!("https://{family}.example"),
        family,
        quality: Quality::Exact,
        quality_why: None,
        as_of: None,
        components: Vec::new(),
        incidents: Vec::new(),
        alerts: Vec::new(),
        metrics: Vec::new(),
        receipts: Vec::new(),
    }
}

fn component(id: &str, state: ComponentState) -> Component {
    Component { id: id.into(), name: id.into(), state, raw_state: String::new(), since: None, group: None }
}

fn page(components: &[(&str, ComponentState)]) -> Observation {
    let components = components.iter().map(|(id, state)| component(id, *state)).collect();
    Observation { components, ..observation(Family::Status) }
}

fn alert(id: &str, starts_at: Instant) -> Alert {
    Alert {
        id: id.into(),
        name: "LinkDown".into(),
        state: AlertState::Firing,
        starts_at,
        summary: String::new(),
        severity: "critical".into(),
        labels: Default::default(),
        labels_cut: 0,
        quiet_because: String::new(),
    }
}

fn alerts(alerts: &[Alert]) -> Observation {
    Observation { alerts: alerts.to_vec(), ..observation(Family::Notification) }
}

fn metric(value: Option<f64>) -> Observation {
    let metric = Metric {
        name: "users".into(),
        unit: String::new(),
        value,
        quality: if value.is_some() { Quality::Exact } else { Quality::Missing },
        why: None,
        sampled_at: None,
        history: Vec::new(),
        tolerance: 0.1,
        estimated: false,
    };
    Observation { metrics: vec![metric], ..observation(Family::Metrics) }
}

fn receipt(of: EntryId, state: Delivery) -> Observation {
    let receipt = Receipt { key: of.to_string(), to: None, state, at: None, detail: String::new() };
    Observation { receipts: vec![receipt], ..observation(Family::Notification) }
}

/// One poll after the other, a minute apart; what each wrote.
struct Polls {
    record: Record,
    before: Option<Observation>,
    minute: i64,
}

impl Polls {
    fn new() -> Polls {
        Polls { record: Record::declared(), before: None, minute: 10 }
    }

    fn drafts(&self, seen: &Observation) -> Vec<Draft> {
        detect(&self.record.incident(), self.before.as_ref(), seen, minutes(self.minute))
    }

    /// The kinds of entries that the poll wrote.
    fn poll(&mut self, seen: Observation) -> Vec<String> {
        let drafts = self.drafts(&seen);
        let kinds = drafts.iter().map(|d| d.what.kind().to_owned()).collect();
        self.record.found(drafts, minutes(self.minute));
        self.minute += 1;
        self.before = Some(seen);
        kinds
    }

    /// The process ends and another begins: it has the record, and no poll before.
    fn restart(&mut self) {
        self.before = None;
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn absence_needs_two_complete_polls() {
    use ComponentState::{MajorOutage, Operational};
    let mut polls = Polls::new();
    assert_eq!(polls.poll(page(&[("voice", MajorOutage), ("web", Operational)])), ["component.changed/1"]);
    let without = page(&[("web", Operational)]);
    assert_eq!(polls.poll(without.clone()), NOTHING, "missing once");
    assert_eq!(polls.poll(without.clone()), ["component.gone/1"], "missing twice");
    assert_eq!(polls.poll(without), NOTHING, "gone is told once");
    let voice = polls.record.incident().components.values().find(|c| c.name == "voice").cloned().unwrap();
    assert_eq!((voice.state, voice.recovered), (None, None), "gone is not a recovery");
    assert_eq!(polls.poll(page(&[("voice", MajorOutage)])), ["component.changed/1"], "and it is back");
}

#[test]
fn missing_before_and_after_a_restart_is_missing_once() {
    let mut polls = Polls::new();
    polls.poll(alerts(&[alert("a", start())]));
    assert_eq!(polls.poll(alerts(&[])), NOTHING);
    polls.restart();
    assert_eq!(polls.poll(alerts(&[])), NOTHING);
    assert_eq!(polls.poll(alerts(&[])), ["alert.gone/1"]);
}

#[test]
fn a_partial_list_says_nothing_of_what_it_lacks() {
    let mut polls = Polls::new();
    polls.poll(alerts(&[alert("a", start())]));
    let cut = Observation { quality: Quality::Partial, ..alerts(&[]) };
    for seen in [cut.clone(), cut.clone(), alerts(&[]), cut] {
        assert_eq!(polls.poll(seen), NOTHING);
    }
    assert_eq!(polls.poll(alerts(&[])), NOTHING);
    assert_eq!(polls.poll(alerts(&[])), ["alert.gone/1"]);
}

#[test]
fn one_source_says_nothing_of_another() {
    let mut polls = Polls::new();
    polls.poll(page(&[("voice", ComponentState::Degraded)]));
    polls.before = None;
    for _ in 0..3 {
        assert_eq!(polls.poll(alerts(&[])), NOTHING, "an alert source lists no components");
    }
    let mut other = page(&[("web", ComponentState::Operational)]);
    other.origin = "https://other.example".into();
    polls.before = None;
    for _ in 0..3 {
        assert_eq!(polls.poll(other.clone()), NOTHING);
    }
}

/// A page whose last component and last incident left it: both are gone, though the lists are empty.
#[test]
fn an_empty_page_is_a_page() {
    let update = RemoteUpdate {
        id: "u1".into(),
        version: "1".into(),
        phase: Some(Phase::Investigating),
        raw_phase: String::new(),
        body: "We look into it".into(),
        happened: minutes(8),
        recorded: minutes(8),
    };
    let remote = RemoteIncident {
        id: "r1".into(),
        name: "Voice".into(),
        phase: None,
        raw_phase: String::new(),
        impact: String::new(),
        updates: vec![update],
    };
    let mut full = page(&[("voice", ComponentState::Degraded)]);
    full.incidents.push(remote);
    let mut polls = Polls::new();
    assert_eq!(polls.poll(full.clone()), ["component.changed/1", "remote.updated/1"]);
    polls.poll(page(&[]));
    assert_eq!(polls.poll(page(&[])), ["component.gone/1", "remote.gone/1"]);
    assert_eq!(polls.poll(full.clone()), ["component.changed/1", "remote.updated/1"], "both are listed again");
    assert!(polls.record.incident().remotes.values().all(|r| !r.gone));
    assert_eq!(polls.poll(full), NOTHING);
}

#[test]
fn a_restart_repeats_nothing() {
    let mut silenced = alert("b", start());
    silenced.state = AlertState::Suppressed;
    let all = [
        page(&[("voice", ComponentState::MajorOutage), ("web", ComponentState::Unknown)]),
        alerts(&[alert("a", start()), silenced]),
        metric(Some(100.0)),
    ];
    let mut polls = Polls::new();
    for seen in &all {
        polls.before = None;
        assert_ne!(polls.poll(seen.clone()), NOTHING);
    }
    for seen in all {
        polls.restart();
        assert_eq!(polls.poll(seen), NOTHING);
    }
}

/// Two hosts poll the same backend: the same change is the same fact.
#[test]
fn two_pollers_write_the_same_fact_once() {
    let polls = Polls::new();
    let seen = page(&[("voice", ComponentState::MajorOutage)]);
    let (mine, theirs) = (polls.drafts(&seen), polls.drafts(&seen));
    assert!(mine[0].id.is_some());
    assert_eq!(mine[0].id, theirs[0].id);
    let later = page(&[("voice", ComponentState::Degraded)]);
    assert_ne!(polls.drafts(&later)[0].id, mine[0].id);
}

#[test]
fn an_alert_that_is_listed_again_never_ended() {
    let mut polls = Polls::new();
    assert_eq!(polls.poll(alerts(&[alert("a", start())])), ["alert.fired/1"]);
    polls.poll(alerts(&[]));
    assert_eq!(polls.poll(alerts(&[])), ["alert.gone/1"]);
    assert_eq!(polls.poll(alerts(&[alert("a", start())])), ["alert.changed/1"], "the same start: the same firing");
    let seen = polls.record.incident().alerts.values().next().cloned().unwrap();
    assert_eq!((seen.gone, seen.state, seen.first_seen), (None, AlertState::Firing, start()));
    assert_eq!(polls.poll(alerts(&[alert("a", minutes(12))])), ["alert.fired/1"], "a later start: it fires anew");
}

/// Peers of one alert source tell different starts: they do not take turns in the record for ever.
#[test]
fn peers_that_disagree_about_the_start_settle() {
    let mut polls = Polls::new();
    let (one, other) = (alerts(&[alert("a", minutes(6))]), alerts(&[alert("a", minutes(7))]));
    assert_eq!(polls.poll(one.clone()), ["alert.fired/1"]);
    assert_eq!(polls.poll(other.clone()), ["alert.fired/1"]);
    for seen in [one.clone(), other, one] {
        assert_eq!(polls.poll(seen), NOTHING);
    }
}

#[test]
fn a_number_that_is_missing_once_may_only_be_late() {
    let mut polls = Polls::new();
    assert_eq!(polls.poll(metric(Some(100.0))), ["metric.moved/1"]);
    assert_eq!(polls.poll(metric(Some(109.0))), NOTHING, "within its tolerance");
    assert_eq!(polls.poll(metric(None)), NOTHING);
    assert_eq!(polls.poll(metric(Some(100.0))), NOTHING);
    polls.poll(metric(None));
    assert_eq!(polls.poll(metric(None)), ["metric.moved/1"], "twice: it is not known");
    let seen = polls.record.incident().metrics.values().next().cloned().unwrap();
    assert_eq!((seen.value, seen.last_known.map(|(v, _)| v)), (None, Some(100.0)), "never 0 for no answer");
    assert_eq!(polls.poll(metric(Some(0.0))), ["metric.moved/1"]);
    assert_eq!(polls.poll(metric(Some(0.001))), ["metric.moved/1"], "off zero is news, however little");
}

fn sending(polls: &mut Polls, name: &str, minute: i64) -> EntryId {
    polls.record.add(
        name,
        minute,
        MessageSending {
            message: id("draft"),
            backend: "out".into(),
            process: "p".into(),
            recipients: Vec::new(),
            subject: String::new(),
        },
    )
}

#[test]
fn a_receipt_of_an_older_sending_or_of_an_older_text_is_ignored() {
    let mut polls = Polls::new();
    let (audience, channel) = ("consumers".to_owned(), "app".to_owned());
    let text = "Voice is down".to_owned();
    let approve = |text: &str| MessageApproved::whole(id("draft"), warroom::incident::message::sha256(text));
    polls.record.add("ok", 5, Noted { text: "x".into(), follow_up: false });
    let drafted = MessageDrafted {
        audience,
        channel,
        round: Round::Initial,
        text: text.clone(),
        next_update: None,
        grounds: Default::default(),
    };
    polls.record.add("draft", 6, drafted);
    polls.record.add("approve", 7, approve(&text));
    let first = sending(&mut polls, "send 1", 8);
    assert_eq!(polls.poll(receipt(first, Delivery::Failed)), ["receipt.seen/1"]);
    assert_eq!(polls.poll(receipt(first, Delivery::Failed)), NOTHING, "known");
    let edited = MessageEdited {
        message: id("draft"),
        text: "Still down".into(),
        next_update: None,
        replaces: vec![id("draft")],
        grounds: Default::default(),
    };
    polls.record.add("edit", 13, edited);
    assert_eq!(polls.poll(receipt(first, Delivery::Failed)), NOTHING, "the new text did not fail");
    polls.record.add("approve 2", 14, approve("Still down"));
    let second = sending(&mut polls, "send 2", 15);
    for state in [Delivery::Failed, Delivery::Sent, Delivery::Delivered] {
        assert_eq!(polls.poll(receipt(first, state)), NOTHING, "{state} of the older");
    }
    assert_eq!(polls.poll(receipt(second, Delivery::Queued)), NOTHING);
    assert_eq!(polls.poll(receipt(second, Delivery::Sent)), ["receipt.seen/1"]);
    assert_eq!(polls.poll(receipt(second, Delivery::Delivered)), ["receipt.seen/1"]);
    assert_eq!(polls.poll(receipt(second, Delivery::Failed)), NOTHING, "delivered stays delivered");
    let stranger = EntryId(uuid::Uuid::from_u128(77));
    assert_eq!(polls.poll(receipt(stranger, Delivery::Delivered)), NOTHING, "of a message that is not ours");
    let mut nonsense = receipt(second, Delivery::Delivered);
    nonsense.receipts[0].key = "../../x".into();
    assert_eq!(polls.poll(nonsense), NOTHING);
}

#[test]
fn a_remote_clock_ahead_puts_nothing_into_our_future() {
    let polls = Polls::new();
    let now = minutes(polls.minute);
    let ahead = now + TimeDelta::days(400);
    let mut voice = component("voice", ComponentState::MajorOutage);
    voice.since = Some(ahead);
    let mut numbers = metric(Some(5.0));
    numbers.metrics[0].sampled_at = Some(ahead);
    let behind = alerts(&[alert("a", minutes(-5))]);
    let status = Observation { components: vec![voice], ..observation(Family::Status) };
    for seen in [status, alerts(&[alert("a", ahead)]), numbers] {
        let drafts = polls.drafts(&seen);
        assert_eq!(drafts.iter().map(|d| d.happened).collect::<Vec<_>>(), [Some(now)], "{:?}", seen.family);
    }
    assert_eq!(polls.drafts(&behind)[0].happened, Some(minutes(-5)), "what began before us keeps its time");
}

/// "We cannot ask" is an entry once, and its end is one.
#[test]
fn a_source_that_fails_is_told_once() {
    let mut record = Record::declared();
    let mut source = Source::never("pager", Family::Notification, "alertmanager", 15, 5);
    let now = minutes(20);
    assert_eq!(detect_source(&record.incident(), &source, now), None, "never asked");
    source.last_success = Some(now);
    source.misses = 2;
    assert_eq!(detect_source(&record.incident(), &source, now), None, "two misses");
    source.misses = 3;
    let failing = detect_source(&record.incident(), &source, now).unwrap();
    assert_eq!(failing.what.kind(), "source.failing/1");
    record.found(vec![failing], now);
    assert_eq!(detect_source(&record.incident(), &source, now), None);
    source.misses = 0;
    assert_eq!(detect_source(&record.incident(), &source, now).unwrap().what.kind(), "source.back/1");
    assert_eq!(
        detect_source(&record.incident(), &source, now + TimeDelta::hours(1)),
        None,
        "an old answer is no return"
    );
}

#[test]
fn nothing_is_detected_of_what_nobody_declared() {
    let seen = page(&[("voice", ComponentState::MajorOutage)]);
    assert_eq!(detect(&Default::default(), None, &seen, start()), []);
}

#[test]
fn a_recovery_by_way_of_another_state_is_one() {
    use ComponentState::*;
    for way in [Maintenance, Unknown] {
        let mut polls = Polls::new();
        let state = |polls: &Polls| polls.record.incident().components.values().next().unwrap().recovered;
        for (seen, recovered) in [(MajorOutage, false), (way, false), (Operational, true), (MajorOutage, false)] {
            polls.poll(page(&[("voice", seen)]));
            assert_eq!(state(&polls).is_some(), recovered, "{seen:?} by way of {way:?}");
        }
    }
}
