//! What comes back from outside: the public page's own words and states, and receipts that should have come.

use chrono::TimeDelta;
use warroom::incident::Instant;
use warroom::incident::command::Command;
use warroom::incident::observation::{Component, Observation, RemoteIncident, RemoteUpdate};
use warroom::incident::pin::Grounds;
use warroom::incident::words::{ComponentState, Family, Quality, Round};
use warroom::situation::page::Says;

use crate::support::world::{Words, World};

const SENT: &str = "Some of you cannot call.\nIf 911 fails: a landline & another carrier. Next word at 10:40.";

fn at(minute: i64) -> Instant {
    "2024-02-22T08:45:00Z".parse::<Instant>().unwrap() + TimeDelta::minutes(minute)
}

/// A page with one component, and updates at these minutes.
fn page(name: &str, state: ComponentState, updates: &[(i64, &str)]) -> Observation {
    let update = |(minute, body): &(i64, &str)| RemoteUpdate {
        id: format!("u{minute}"),
        version: String::new(),
        phase: None,
        raw_phase: String::new(),
        body: (*body).to_owned(),
        happened: at(*minute),
        recorded: at(*minute),
    };
    Observation {
        origin: format!("https://{name}.example.net"),
        family: Family::Status,
        quality: Quality::Exact,
        quality_why: None,
        as_of: None,
        components: vec![Component {
            id: "voice".to_owned(),
            name: "Voice".to_owned(),
            state,
            raw_state: String::new(),
            since: None,
            group: None,
        }],
        incidents: vec![RemoteIncident {
            id: "i".to_owned(),
            name: "Outage".to_owned(),
            phase: None,
            raw_phase: String::new(),
            impact: String::new(),
            updates: updates.iter().map(update).collect(),
        }],
        alerts: Vec::new(),
        metrics: Vec::new(),
        receipts: Vec::new(),
    }
}

/// What the room would say of the page at that minute.
fn says(world: &mut World, minute: i64, seen: Observation) -> Vec<Says> {
    world.now = at(minute);
    world.polled(minute, "public page", seen);
    let situation = world.situation();
    let rows = situation.now.iter().filter(|item| item.label == "PAGE").count();
    assert_eq!(rows, situation.pages.len(), "loud in Now");
    situation.pages.into_iter().map(|view| view.says).collect()
}

#[test]
fn a_page_that_shows_other_than_we_sent_or_know_is_loud() {
    use ComponentState::{MajorOutage, Operational};
    let mut world = World::declared(&Words::plain(), 0);
    world.polled(1, "service health", page("health", MajorOutage, &[]));
    let belies = Says::Belies { components: vec!["Voice".to_owned()] };
    assert_eq!(says(&mut world, 1, page("public", Operational, &[])), [belies]);
    assert_eq!(says(&mut world, 2, page("public", MajorOutage, &[])), []);
    let tell = Command::RecordElsewhere {
        audience: "consumers".to_owned(),
        channel: "website".to_owned(),
        by: "marketing".to_owned(),
        at: None,
        proof: None,
        text: SENT.to_owned(),
        next_update: None,
    };
    world.does("lee", 3, tell);
    // A page has a while to show it; then it is said, with what stands there.
    assert_eq!(says(&mut world, 4, page("public", MajorOutage, &[])), []);
    let not_there = says(&mut world, 7, page("public", MajorOutage, &[(-60, "Planned work tonight.")]));
    let [Says::NotThere { instead, .. }] = &not_there[..] else { panic!("{not_there:?}") };
    assert_eq!(instead.as_deref(), Some("Planned work tonight."));
    // As the page lays it out it is the same text.
    let html =
        "<p>Some of you cannot   call.<br>If 911 fails: a landline &amp; another carrier.</p> Next word at 10:40.";
    assert_eq!(says(&mut world, 8, page("public", MajorOutage, &[(-60, "Planned work tonight."), (5, html)])), []);
    // One word is another: it is not our text.
    let changed = html.replace("cannot", "can now");
    assert_eq!(says(&mut world, 9, page("public", MajorOutage, &[(5, &changed)])).len(), 1);
    // Newer words that did not leave from here.
    let other = says(&mut world, 30, page("public", MajorOutage, &[(5, html), (25, "All is well again.")]));
    let [Says::Other { words, .. }] = &other[..] else { panic!("{other:?}") };
    assert_eq!(words, "All is well again.");
    // A page that is not heard of says nothing; that it is silent is said elsewhere.
    world.now = at(200);
    assert_eq!(world.situation().pages, []);
}

#[test]
fn a_receipt_that_does_not_come_where_others_did_is_loud() {
    use warroom::incident::what::{MessageApproved, MessageDelivered, MessageDrafted, MessageSending, MessageSent};
    use warroom::incident::words::MessageState;
    let mut world = World::declared(&Words::plain(), 0);
    let sent = |world: &mut World, audience: &str| {
        let drafted = MessageDrafted {
            audience: audience.to_owned(),
            channel: "direct".to_owned(),
            round: Round::Initial,
            text: "Down.".to_owned(),
            next_update: None,
            grounds: Default::default(),
        };
        let message = world.writes("lee", 1, drafted.into());
        let approved = MessageApproved::whole(message, warroom::incident::message::sha256("Down."));
        world.writes("kim", 2, approved.into());
        let sending = MessageSending {
            message,
            backend: "outbox".to_owned(),
            process: "p".to_owned(),
            recipients: Vec::new(),
            subject: String::new(),
        };
        world.writes("kim", 3, sending.into());
        world.writes("warroom", 3, MessageSent { message, reference: String::new() }.into());
        message
    };
    let (care, retail) = (sent(&mut world, "care"), sent(&mut world, "retail"));
    let loud = |world: &mut World, minute: i64| {
        world.now = at(minute);
        let situation = world.situation();
        let rows = situation.now.iter().filter(|item| item.label == "RECEIPT?");
        rows.map(|item| item.thing.clone()).collect::<Vec<_>>()
    };
    // A channel that never told anything of anybody gives none: its silence says nothing.
    assert_eq!(loud(&mut world, 30), []);
    world.writes("warroom", 4, MessageDelivered { message: care, detail: String::new() }.into());
    assert_eq!(loud(&mut world, 7), [], "it may take a while");
    assert_eq!(loud(&mut world, 9), [warroom::situation::thing::Thing::Message(retail)]);
    assert_eq!(world.snapshot().incident.messages[&retail].state, MessageState::Sent);
}

#[test]
fn a_promise_is_kept_by_the_next_word_and_not_by_the_same_round_over_another_channel() {
    use warroom::incident::what::{MessageFailed, MessageSending, MessageSent};
    let mut world = World::declared(&Words::plain(), 0);
    let drafted = |world: &mut World, minute: i64, channel: &str, round: Round| {
        let draft = Command::DraftAndApprove {
            audience: "business".to_owned(),
            channel: channel.to_owned(),
            round,
            text: format!("{round}. If 911 fails use a landline; no test calls to 911."),
            next_update: Some(at(minute + 20)),
            grounds: Grounds { template: true, ..Grounds::default() },
        };
        world.does("kim", minute, draft)[0]
    };
    let sent = |world: &mut World, minute: i64, message, went: bool| {
        let sending = MessageSending {
            message,
            backend: "outbox".to_owned(),
            process: "p".to_owned(),
            recipients: Vec::new(),
            subject: String::new(),
        };
        world.writes("kim", minute, sending.into());
        match went {
            true => world.writes("warroom", minute, MessageSent { message, reference: String::new() }.into()),
            false => world.writes("warroom", minute, MessageFailed { message, why: "no".to_owned() }.into()),
        };
    };
    let kept = |world: &World| world.snapshot().incident.promises.values().filter(|p| p.kept.is_some()).count();
    let (website, direct) =
        (drafted(&mut world, 1, "website", Round::Initial), drafted(&mut world, 1, "direct", Round::Initial));
    sent(&mut world, 2, website, true);
    sent(&mut world, 2, direct, false);
    let record = |world: &World| warroom::report::releases::releases(&world.snapshot().incident);
    let first = record(&world);
    assert_eq!((first.len(), first[0].texts, first[0].went.len(), first[0].failed), (1, 2, 1, 1));
    // The other channel is tried again: the same word, and the release of before stays what it was.
    sent(&mut world, 4, direct, true);
    assert_eq!(kept(&world), 0);
    assert_eq!(record(&world)[0], first[0]);
    assert_eq!(record(&world)[1].went.len(), 1);
    let update = drafted(&mut world, 15, "website", Round::Update);
    sent(&mut world, 16, update, true);
    assert_eq!(kept(&world), 2, "both were promised the word that came now");
}
