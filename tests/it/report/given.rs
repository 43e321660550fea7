//! A small incident made by hand: one of each thing that a report tells of. Shared by the tests of this folder.

use serde_json::json;
use warroom::incident::clock::Moment;
use warroom::incident::entry::{Hash, IncidentId, WriterId};
use warroom::incident::observation::{Observation, Source};
use warroom::incident::plan::Plan;
use warroom::incident::rule::Rules;
use warroom::incident::state::Incident;
use warroom::incident::what::*;
use warroom::incident::words::*;
use warroom::situation::{Situation, assess};

use crate::incident::{Record, id, minutes};

pub const ID: IncidentId = IncidentId(uuid::Uuid::from_u128(0x77));

pub fn heads() -> Vec<(WriterId, u64, Hash)> {
    vec![(WriterId(uuid::Uuid::from_u128(1)), 40, Hash([0xab; 32]))]
}

pub fn plan() -> Plan {
    let text = r#"
        name = "small"
        roles = ["commander", "liaison"]
        [[team]]
        id = "core"
        name = "Core network"
        [[audience]]
        id = "firstnet"
        name = "FirstNet agencies"
        life = true
        components = ["firstnet"]
        channels = ["direct"]
        first_word = 15
        cadence = 30
        [[audience]]
        id = "consumers"
        name = "Consumers"
        components = ["voice"]
        channels = ["app"]
        first_word = 30
        cadence = 30
        [[channel]]
        id = "direct"
        name = "Direct line"
        short = "DIR"
        [[channel]]
        id = "app"
        name = "App"
        short = "APP"
        via = "outbox"
        [[fallback]]
        id = "wifi"
        name = "Wi-Fi calling"
        [[fact]]
        name = "users_affected"
        meaning = "users without service"
    "#;
    toml::from_str(text).unwrap()
}

pub fn rules() -> Rules {
    let text = r#"
        [[rule]]
        id = "nors"
        jurisdiction = "US"
        agency = "FCC NORS"
        title = "Outage notification"
        applies_to = ["wireless_carrier"]
        trigger = "900,000 user minutes"
        when = "user_minutes >= 900000"
        clock = "discovery"
        timezone = "America/New_York"
        confirmed_by = "the portal's receipt"
        citation = "47 CFR 4.9"
        as_of = "2026-10-01"
        confidence = "high"
        [[rule.stages]]
        id = "notification"
        name = "Notification"
        after = "discovery"
        amount = 120
        unit = "minutes"
    "#;
    warroom::rulebook::read::read("given", text).unwrap()
}

pub fn record() -> Record {
    let mut r = Record::declared();
    let role =
        |role, holder: &str, replaces| RoleSet { role, holder: Some(holder.into()), why: String::new(), replaces };
    r.add("ic 1", 6, role(Role::Commander, "kim", vec![]));
    r.add("ic 2", 40, role(Role::Commander, "lee", vec![id("ic 1")]));
    let (origin, name) = ("https://status.example".to_owned(), "voice".to_owned());
    r.add(
        "voice",
        1,
        ComponentChanged {
            origin,
            component: "c1".into(),
            name,
            from: None,
            to: ComponentState::MajorOutage,
            raw: "".into(),
        },
    );
    let task = TaskAdded {
        title: "Check the change".into(),
        team: Some("core".into()),
        owner: Some("ana".into()),
        minutes: 20,
        first: true,
        planned: None,
    };
    r.add("task", 8, task);
    r.add("done", 30, TaskDone { task: id("task"), result: "rolled back".into() });
    r.add("ack", 31, TaskAcknowledged { task: id("task"), by: "ben".into(), minutes: 5 });
    r.add("note", 32, Noted { text: "a note to be taken back".into(), follow_up: false });
    r.add("undo", 33, Retracted { entry: id("note"), why: "wrong incident".into() });
    let decided = Decided {
        answers: None,
        proposal: "Roll back the change".into(),
        outcome: "yes, at once".into(),
        refused: vec!["wait for the vendor".into()],
        objections: Some("none heard".into()),
        acts: Some("ana".into()),
        check_at: Some(minutes(70)),
        reversal: None,
    };
    r.add("decided", 12, decided);
    let text = "Voice is down.\nWe know why.".to_owned();
    let sha256 = warroom::incident::message::sha256(&text);
    let (audience, channel) = ("consumers".to_owned(), "app".to_owned());
    let next_update = Some(minutes(50));
    r.add(
        "draft",
        13,
        MessageDrafted { audience, channel, round: Round::Initial, text, next_update, grounds: Default::default() },
    );
    r.add("approve", 14, MessageApproved::whole(id("draft"), sha256));
    r.add(
        "send",
        15,
        MessageSending {
            message: id("draft"),
            backend: "outbox".into(),
            process: "p".into(),
            recipients: Vec::new(),
            subject: String::new(),
        },
    );
    r.add("sent", 16, MessageSent { message: id("draft"), reference: "m-42".into() });
    let elsewhere = ToldElsewhere {
        audience: "firstnet".into(),
        channel: "direct".into(),
        by: "lee".into(),
        proof: None,
        text: "by phone".into(),
        round: Some(Round::Initial),
        next_update: None,
    };
    r.add("elsewhere", 55, elsewhere);
    r.add(
        "promise",
        20,
        PromiseMade { text: "a call".into(), to: "mayor".into(), owner: "lee".into(), due: minutes(30) },
    );
    r.add("kept", 45, PromiseKept { promise: id("promise"), how: "by phone".into() });
    let fact = |name: &str, value| FactSet {
        name: name.into(),
        value,
        unit: "users".into(),
        basis: "counted".into(),
        confirmed_by: Some("ana".into()),
        needs: vec![],
        replaces: vec![],
    };
    r.add("users", 18, fact("users_affected", json!(125_000_000)));
    r.add("minutes", 18, fact("user_minutes", json!(2_000_000)));
    r.add("wifi", 19, fact("fallback_wifi", json!(true)));
    let filed = StageFiled {
        rule: "nors".into(),
        stage: "notification".into(),
        reference: "ON-7".into(),
        person: "Ms Ortiz".into(),
        how: Default::default(),
    };
    r.add("filed", 50, filed);
    for (name, holder) in [("liaison 1", "eve"), ("liaison 2", "ben")] {
        r.add(name, 52, role(Role::Liaison, holder, vec![]));
    }
    r.add("end", 58, EndReached { end: End::Mitigated, basis: "calls go through".into() });
    r.add("failing", 25, SourceFailing { source: "page".into(), family: "status".into(), why: "no answer".into() });
    r.add("back", 29, SourceBack { source: "page".into(), family: "status".into() });
    r.add("future", 57, What::Unknown { kind: "drone.launched/9".into(), raw: r#"{"n":1e999}"#.into() });
    // Written down 20 minutes after it happened.
    r.add("late", 10, Noted { text: "the change went in".into(), follow_up: false });
    r.entries.last_mut().unwrap().recorded = minutes(30);
    r
}

pub fn sources() -> Vec<Source> {
    let mut page = Source::never("page", Family::Status, "statuspage", 15, 5);
    page.last_success = Some(minutes(60) - chrono::TimeDelta::seconds(10));
    page.observation = Some(Observation {
        origin: "https://status.example".into(),
        family: Family::Status,
        quality: Quality::Exact,
        quality_why: None,
        as_of: None,
        components: Vec::new(),
        incidents: Vec::new(),
        alerts: Vec::new(),
        metrics: Vec::new(),
        receipts: Vec::new(),
    });
    vec![page, Source::never("core", Family::Metrics, "prometheus", 15, 5)]
}

/// The incident at T+60 and what the moment means.
pub fn situation(incident: &Incident) -> Situation {
    assess(incident, &plan(), &rules(), &sources(), Moment { now: minutes(60), real: minutes(60), speed: 1.0 })
}
