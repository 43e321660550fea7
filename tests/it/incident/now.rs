//! The one list: everything that needs the commander is in it, nothing twice, nothing quiet above anything loud.

use serde_json::json;
use warroom::incident::clock::Moment;
use warroom::incident::entry::Entry;
use warroom::incident::observation::*;
use warroom::incident::plan::{Audience, Plan, PlannedFact};
use warroom::incident::rule::{Confidence, Rule, Rules, Stage, Unit};
use warroom::incident::what::*;
use warroom::incident::words::*;
use warroom::situation::audience::Next;
use warroom::situation::now::Band;
use warroom::situation::obligations::Standing;
use warroom::situation::{Situation, assess};

use super::{Record, id, minutes};

pub fn audience(id: &str, life: bool, component: Option<&str>, first_word: u32) -> Audience {
    Audience {
        id: id.into(),
        name: id.into(),
        life,
        components: component.map(str::to_owned).into_iter().collect(),
        channels: vec!["app".into()],
        owner: None,
        first_word,
        cadence: 30,
        hold: None,
        later: Vec::new(),
        approve: Vec::new(),
        front_line: false,
        restoration: false,
        language: String::new(),
        known_as: Vec::new(),
    }
}

pub fn rule(id: &str, when: &str, unit: Unit, amount: Option<u32>) -> Rule {
    Rule {
        id: id.into(),
        jurisdiction: "US".into(),
        agency: id.into(),
        title: id.into(),
        applies_to: vec!["any".into()],
        trigger: "t".into(),
        when: when.into(),
        clock: "outage_start".into(),
        timezone: "UTC".into(),
        stages: vec![Stage {
            id: "first".into(),
            name: "First".into(),
            after: "outage_start".into(),
            amount,
            unit,
            ..Stage::default()
        }],
        confirmed_by: "a receipt".into(),
        citation: "c".into(),
        as_of: "2026-10-01".into(),
        confidence: Confidence::High,
        ..Rule::default()
    }
}

pub fn source(name: &str, age: i64, misses: u32) -> Source {
    let mut source = Source::never(name, Family::Status, "statuspage", 15, 5);
    source.last_success = Some(minutes(60) - chrono::TimeDelta::seconds(age));
    source.misses = misses;
    source
}

pub fn harmed(record: &mut Record, component: &str, minute: i64, to: ComponentState) {
    let (origin, name) = ("https://status".to_owned(), component.to_owned());
    let changed = ComponentChanged { origin, component: name.clone(), name, from: None, to, raw: String::new() };
    record.add(&format!("{component} {minute}"), minute, changed);
}

pub fn told(record: &mut Record, audience: &str, minute: i64, next: Option<i64>) {
    record.add(
        &format!("told {audience} {minute}"),
        minute,
        ToldElsewhere {
            audience: audience.into(),
            channel: "app".into(),
            by: "kim".into(),
            proof: None,
            text: "x".into(),
            round: None,
            next_update: next.map(minutes),
        },
    );
}

pub fn fact(record: &mut Record, name: &str, value: serde_json::Value) {
    let (unit, basis) = (String::new(), String::new());
    record.add(
        name,
        6,
        FactSet { name: name.into(), value, unit, basis, confirmed_by: None, needs: Vec::new(), replaces: vec![] },
    );
}

pub fn task(record: &mut Record, name: &str, minute: i64, owner: Option<&str>, box_: u32, first: bool) {
    let owner = owner.map(str::to_owned);
    record.add(name, minute, TaskAdded { title: name.into(), team: None, owner, minutes: box_, first, planned: None });
}

fn set_role(record: &mut Record, name: &str, role: Role, holder: &str) {
    record.add(name, 6, RoleSet { role, holder: Some(holder.into()), why: String::new(), replaces: vec![] });
}

/// At T+60.
fn at_sixty(record: &Record, plan: &Plan, rules: &Rules, sources: &[Source]) -> Situation {
    let moment = Moment { now: minutes(60), real: minutes(60), speed: 1.0 };
    assess(&record.incident(), plan, rules, sources, moment)
}

pub fn plan(audiences: Vec<Audience>) -> Plan {
    Plan { name: "p".into(), audiences, ..Plan::default() }
}

fn lines(situation: &Situation) -> Vec<(Band, String)> {
    situation.now.iter().map(|i| (i.band, i.text.clone())).collect()
}

/// A thing of every kind and band; each is one line, in the order of the bands, and nothing else is.
#[test]
fn a_thing_of_every_kind_is_one_line_and_nothing_else_is() {
    let mut record = Record::declared();
    let r = &mut record;
    let held = Audience { hold: Some("disclosure".into()), ..audience("h-investors", false, Some("voice"), 10) };
    let audiences = vec![
        audience("a-psap", true, None, 15),
        audience("a-harmed", false, Some("voice"), 15),
        audience("a-restored", false, Some("firstnet"), 999),
        audience("a-unknown", false, Some("nobody-lists-it"), 15),
        audience("a-soon", false, Some("web"), 70),
        audience("a-cadence-late", false, None, 5),
        audience("a-cadence-soon", false, None, 5),
        audience("a-promised", false, None, 5),
        audience("a-fine", false, None, 500),
        held,
    ];
    harmed(r, "voice", 0, ComponentState::MajorOutage);
    harmed(r, "web", 0, ComponentState::Degraded);
    harmed(r, "firstnet", 0, ComponentState::MajorOutage);
    harmed(r, "firstnet", 50, ComponentState::Operational);
    told(r, "a-cadence-late", 20, None);
    told(r, "a-cadence-soon", 40, None);
    told(r, "a-promised", 30, Some(55));
    // Decide.
    let ask = |p: &str| Asked { proposal: p.into(), by: "lee".into(), risk: String::new() };
    r.add("ask 1", 50, ask("roll back"));
    r.add("ask 2", 51, ask("fail over"));
    for (name, severity) in [("sev a", Severity::Sev1), ("sev b", Severity::Sev3)] {
        r.add(name, 52, SeveritySet { severity, why: String::new(), replaces: vec![id("declared")] });
    }
    // Unsure.
    for (name, unknown) in [("lost", true), ("failed", false)] {
        let (audience, channel) = (format!("x-{name}"), "app".to_owned());
        r.add(
            name,
            40,
            MessageDrafted {
                audience,
                channel,
                round: Round::Update,
                text: "t".into(),
                next_update: None,
                grounds: Default::default(),
            },
        );
        let (message, why) = (id(name), "w".to_owned());
        match unknown {
            true => r.add("lost !", 41, MessageUnknown { message, why }),
            false => r.add("failed !", 41, MessageFailed { message, why }),
        };
    }
    // Tasks: late, blocked, not acknowledged, nobody's, soon, and three that are not to be seen.
    task(r, "t late", 10, Some("ana"), 20, false);
    task(r, "t very late", 6, Some("ana"), 1, false);
    task(r, "t blocked", 50, Some("ben"), 60, false);
    r.add("b", 51, TaskBlocked { task: id("t blocked"), on: "access".into() });
    task(r, "t not acked", 50, Some("eve"), 60, false);
    task(r, "t first", 50, None, 60, true);
    task(r, "t soon", 55, Some("kim"), 10, false);
    task(r, "t far", 59, Some("kim"), 500, false);
    task(r, "t idle", 50, None, 10, false);
    // A chore of the playbook waits for somebody without a line.
    let chore = TaskAdded {
        title: "t chore".into(),
        team: None,
        owner: None,
        minutes: 10,
        first: false,
        planned: Some("chore".into()),
    };
    r.add("t chore", 50, chore);
    task(r, "t done", 50, Some("kim"), 1, false);
    r.add("d", 51, TaskDone { task: id("t done"), result: String::new() });
    // Promises and checks.
    let promise =
        |to: &str, due| PromiseMade { text: "call back".into(), to: to.into(), owner: "lee".into(), due: minutes(due) };
    r.add("p late", 30, promise("mayor", 50));
    r.add("p soon", 30, promise("board", 70));
    r.add("p far", 30, promise("press", 500));
    let decided = |check| Decided {
        answers: None,
        proposal: format!("check at {check}"),
        outcome: "yes".into(),
        refused: vec![],
        objections: None,
        acts: None,
        check_at: Some(minutes(check)),
        reversal: None,
    };
    r.add("c late", 30, decided(45));
    r.add("c soon", 30, decided(70));
    // Alerts: two alike are one line; a quiet one and one that is gone are none.
    for (alert, name, state) in
        [("1", "Link", false), ("2", "Link", false), ("3", "Disk", false), ("4", "Quiet", true), ("5", "Lapsed", false)]
    {
        let (origin, starts_at) = ("https://alerts".to_owned(), minutes(1));
        let (alert, name) = (alert.to_owned(), name.to_owned());
        r.add(
            &format!("alert {alert}"),
            1,
            AlertFired {
                origin: origin.clone(),
                alert: alert.clone(),
                name: name.clone(),
                starts_at,
                summary: String::new(),
                severity: String::new(),
                labels: Default::default(),
            },
        );
        if state {
            let changed =
                AlertChanged { origin, alert, name, starts_at, to: AlertState::Suppressed, why: String::new() };
            r.add("quiet", 2, changed);
        }
    }
    r.add("ack", 20, AlertsAcknowledged { group: "Lapsed".into(), by: "kim".into(), minutes: 5, count: 1 });
    // Leading: what waits for an answer, and more people than one can lead.
    let (role, to) = (Role::Liaison, "rae".to_owned());
    r.add("offer", 55, HandoverOffered { role, from: None, to, brief: "b".into() });
    r.add("roll-call", 50, RollCallAsked { people: vec!["zed".into()], minutes: 3 });
    r.add("time-out", 50, TimeOutStarted { minutes: 5 });
    let members = ["m1", "m2", "m3", "m4", "m5"].map(str::to_owned).to_vec();
    let team = TeamSet { team: "t".into(), name: "t".into(), parent: None, lead: None, members, replaces: vec![] };
    r.add("team", 50, team);
    // Agencies.
    fact(r, "emergency_calls_affected", json!(true));
    fact(r, "msc_outages", json!(0));
    let rules = Rules::from(vec![
        rule("r-asap", "emergency_calls_affected", Unit::Asap, None),
        rule("r-late", "emergency_calls_affected", Unit::Minutes, Some(30)),
        rule("r-if", "users_affected > 900000", Unit::Minutes, Some(80)),
        rule("r-filed", "emergency_calls_affected", Unit::Minutes, Some(30)),
        rule("r-no", "msc_outages > 0", Unit::Minutes, Some(30)),
        rule("r-far", "emergency_calls_affected", Unit::Hours, Some(72)),
    ]);
    r.add(
        "filed",
        20,
        StageFiled {
            rule: "r-filed".into(),
            stage: "first".into(),
            reference: "7".into(),
            person: String::new(),
            how: Default::default(),
        },
    );
    // Roles: a commander there is; the liaison is missing.
    set_role(r, "ic", Role::Commander, "kim");
    let mut plan = plan(audiences);
    plan.roles = vec![Role::Commander, Role::Liaison];
    let sources = [source("fresh", 5, 0), source("stale", 600, 0), source("failing", 600, 3)];

    let situation = at_sixty(&record, &plan, &rules, &sources);
    let expected = [
        (Band::Untold, "a-psap"),
        (Band::Untold, "a-harmed"),
        (Band::Untold, "a-restored"),
        (Band::Untold, "r-asap"),
        (Band::Decide, "roll back"),
        (Band::Decide, "fail over"),
        (Band::Decide, "severity"),
        (Band::Decide, "nobody to rae"),
        (Band::Unsure, "x-lost"),
        (Band::Unsure, "x-failed"),
        (Band::Late, "a-unknown"),
        (Band::Late, "a-cadence-late"),
        (Band::Late, "a-promised"),
        (Band::Late, "mayor"),
        (Band::Late, "check at 45"),
        (Band::Late, "t late"),
        (Band::Late, "t very late"),
        (Band::Late, "r-late"),
        (Band::Late, "acked by kim"),
        (Band::Late, "the time-out is over"),
        (Band::Due, "a-soon"),
        (Band::Due, "a-cadence-soon"),
        (Band::Due, "board"),
        (Band::Due, "check at 70"),
        (Band::Due, "t soon"),
        (Band::Due, "r-if"),
        (Band::Nobody, "t blocked"),
        (Band::Nobody, "t not acked"),
        (Band::Nobody, "t first"),
        (Band::Nobody, "t idle"),
        (Band::Nobody, "2 alike \"Link\""),
        (Band::Nobody, "1 alert \"Disk\""),
        (Band::Nobody, "Liaison"),
        (Band::Nobody, "r-filed"),
        (Band::Nobody, "zed not heard"),
        (Band::Nobody, "8 people report"),
        (Band::Old, "stale"),
        (Band::Old, "failing"),
    ];
    let found = lines(&situation);
    for (band, text) in expected {
        let of = found.iter().filter(|(b, t)| *b == band && t.contains(text)).count();
        assert_eq!(of, 1, "{band:?} {text} in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    assert!(found.iter().map(|(band, _)| *band).is_sorted(), "{found:#?}");
    // Time left inside a band.
    for pair in situation.now.windows(2).filter(|p| p[0].band == p[1].band) {
        assert!(pair[0].at <= pair[1].at, "{} before {}", pair[0].text, pair[1].text);
    }
    let things: std::collections::BTreeSet<_> = situation.now.iter().map(|i| &i.thing).collect();
    assert_eq!(things.len(), situation.now.len(), "nothing stands in it twice");
    assert_eq!(situation.now.iter().find(|i| i.text.contains("r-if")).unwrap().label, "20m IF");
}

#[test]
fn an_old_chore_never_stands_above_an_audience_in_harm() {
    let mut record = Record::declared();
    set_role(&mut record, "ic", Role::Commander, "kim");
    task(&mut record, "years old", -500_000, Some("ana"), 1, false);
    harmed(&mut record, "voice", 44, ComponentState::Degraded);
    let plan = plan(vec![audience("firstnet", false, Some("voice"), 15)]);
    let situation = at_sixty(&record, &plan, &Rules::default(), &[]);
    let bands: Vec<Band> = situation.now.iter().map(|i| i.band).collect();
    assert_eq!(bands, [Band::Untold, Band::Late]);
}

#[test]
fn restored_and_never_told_is_untold_until_told() {
    let mut record = Record::declared();
    harmed(&mut record, "firstnet", 0, ComponentState::MajorOutage);
    harmed(&mut record, "firstnet", 20, ComponentState::Operational);
    let plan = plan(vec![audience("firstnet", true, Some("firstnet"), 500)]);
    let situation = at_sixty(&record, &plan, &Rules::default(), &[]);
    assert_eq!(situation.audiences[0].next, Next::RestoredUntold(minutes(20)));
    assert_eq!(situation.now[0].band, Band::Untold);
    assert!(situation.now[0].text.contains("NEVER TOLD"), "{}", situation.now[0].text);
    // Told over a channel that does not reach it: not told.
    let mut wrong = record.clone();
    wrong.add(
        "fax",
        55,
        ToldElsewhere {
            audience: "firstnet".into(),
            channel: "fax".into(),
            by: "kim".into(),
            proof: None,
            text: String::new(),
            round: None,
            next_update: None,
        },
    );
    assert_eq!(at_sixty(&wrong, &plan, &Rules::default(), &[]).now[0].band, Band::Untold);
    told(&mut record, "firstnet", 55, None);
    let situation = at_sixty(&record, &plan, &Rules::default(), &[]);
    assert!(situation.now.iter().all(|i| i.band != Band::Untold), "{:?}", lines(&situation));
}

#[test]
fn a_hold_keeps_an_audience_out_of_the_list_and_is_shown() {
    let mut record = Record::declared();
    harmed(&mut record, "voice", 0, ComponentState::MajorOutage);
    let mut held = audience("investors", false, Some("voice"), 5);
    let situation = at_sixty(&record, &plan(vec![held.clone()]), &Rules::default(), &[]);
    assert!(lines(&situation).iter().any(|(band, _)| *band == Band::Untold));
    held.hold = Some("fair disclosure".into());
    let situation = at_sixty(&record, &plan(vec![held]), &Rules::default(), &[]);
    assert!(lines(&situation).iter().all(|(band, _)| *band != Band::Untold));
    assert_eq!(situation.audiences[0].hold.as_deref(), Some("fair disclosure"));
}

/// What is not known is not well: its audience is owed a word as if it were harmed.
#[test]
fn an_unknown_component_is_not_ok() {
    use warroom::situation::audience::Service;
    let mut record = Record::declared();
    let plan = plan(vec![audience("a", true, Some("voice"), 15)]);
    harmed(&mut record, "voice", 10, ComponentState::Operational);
    let at = |record: &Record, sources: &[Source]| {
        at_sixty(record, &plan, &Rules::default(), sources).audiences[0].service.clone()
    };
    let service = |record: &Record| at(record, &[]);
    // What was well once, and nobody tells of now, is not known to be well.
    assert_eq!(service(&record), Service::NotKnown);
    for (age, expected) in [(5, Service::Ok), (600, Service::NotKnown)] {
        let mut page = source("page", age, 0);
        let well = Component {
            id: "voice".into(),
            name: "voice".into(),
            state: ComponentState::Operational,
            raw_state: String::new(),
            since: None,
            group: None,
        };
        page.observation = Some(Observation {
            origin: "https://status".into(),
            family: Family::Status,
            quality: Quality::Exact,
            quality_why: None,
            as_of: None,
            components: vec![well],
            incidents: Vec::new(),
            alerts: Vec::new(),
            metrics: Vec::new(),
            receipts: Vec::new(),
        });
        assert_eq!(at(&record, &[page]), expected);
    }
    harmed(&mut record, "voice", 20, ComponentState::Unknown);
    assert_eq!(service(&record), Service::NotKnown);
    let situation = at_sixty(&record, &plan, &Rules::default(), &[]);
    assert_eq!(situation.now[0].band, Band::Untold);
    assert_eq!(situation.signals.components[0].state, Some(ComponentState::Unknown));
    let (origin, component, name) = ("https://status".into(), "voice".into(), "voice".into());
    record.add("gone", 30, ComponentGone { origin, component, name });
    assert_eq!(service(&record), Service::NotKnown, "gone from the page is not well either");
}

fn users(record: &mut Record, minute: i64, value: Option<f64>) {
    let (origin, name) = ("https://metrics".to_owned(), "users".to_owned());
    let quality = if value.is_some() { Quality::Exact } else { Quality::Missing };
    let moved = MetricMoved { origin, name, unit: String::new(), value, quality, why: String::new(), estimated: false };
    record.add(&format!("users {minute}"), minute, moved);
}

fn standing(record: &Record) -> Standing {
    let mut plan = plan(vec![]);
    let metric = Some("users".to_owned());
    plan.facts = vec![PlannedFact {
        component: None,
        name: "users_affected".into(),
        meaning: String::new(),
        unit: String::new(),
        metric,
        tolerance: 0.1,
        clear: vec![],
        internal: false,
    }];
    let rules = Rules::from(vec![rule("r", "user_minutes >= 900000", Unit::Hours, Some(2))]);
    at_sixty(record, &plan, &rules, &[]).obligations[0].state.clone()
}

#[test]
fn user_minutes_with_gaps_prove_that_it_is_over_and_never_that_it_is_under() {
    let unknown = Standing::Unknown(vec!["user_minutes".into()]);
    let mut record = Record::declared();
    assert_eq!(standing(&record), unknown, "no number at all");
    users(&mut record, 0, Some(10_000.0));
    assert_eq!(standing(&record), Standing::NotTriggered, "10,000 for 60 minutes");
    let mut gap = record.clone();
    users(&mut gap, 30, None);
    assert_eq!(standing(&gap), unknown, "not known for half the time: it may be more");
    users(&mut gap, 40, Some(40_000.0));
    assert_eq!(standing(&gap), Standing::Due, "300,000 and 800,000 are enough, gap or no gap");
    let mut late = Record::declared();
    users(&mut late, 30, Some(1_000.0));
    assert_eq!(standing(&late), unknown, "the first half hour is not known");
    let mut over = Record::declared();
    users(&mut over, 0, Some(15_000.0));
    assert_eq!(standing(&over), Standing::Due, "15,000 for 60 minutes are 900,000");
}

/// What another host saw earlier and was written down later stands where it happened.
#[test]
fn user_minutes_are_summed_in_the_order_in_which_they_happened() {
    let mut record = Record::declared();
    users(&mut record, 0, Some(1_000.0));
    users(&mut record, 50, Some(0.0));
    users(&mut record, 20, Some(20_000.0));
    assert_eq!(standing(&record), Standing::NotTriggered, "20,000 for 30 minutes, not for 40 and never after its end");
    let incident = record.incident();
    let history = &incident.metrics.values().next().unwrap().history;
    assert!(history.iter().map(|(at, _)| *at).is_sorted());
}

#[test]
fn a_fact_that_is_missing_makes_an_if_and_false_makes_nothing() {
    let rules = Rules::from(vec![rule("r", "emergency_calls_affected && users_affected > 0", Unit::Minutes, Some(80))]);
    let labels = |record: &Record| -> Vec<String> {
        let situation = at_sixty(record, &plan(vec![]), &rules, &[]);
        situation.now.iter().filter(|i| i.text.contains(" r,")).map(|i| i.label.clone()).collect()
    };
    let mut record = Record::declared();
    assert_eq!(labels(&record), ["20m IF"]);
    fact(&mut record, "emergency_calls_affected", json!(true));
    assert_eq!(labels(&record), ["20m IF"], "one of two is known");
    let mut no = record.clone();
    fact(&mut no, "users_affected", json!(0));
    assert_eq!(labels(&no), [""; 0]);
    let mut stated = record.clone();
    fact(&mut stated, "users_affected", json!(null));
    assert_eq!(labels(&stated), ["20m IF"], "stated to be not known is not known");
    fact(&mut record, "users_affected", json!(5));
    assert_eq!(labels(&record), ["20m"]);
}

#[test]
fn the_list_is_the_same_for_the_same_set() {
    let mut record = Record::declared();
    for n in 0..12 {
        task(&mut record, &format!("t{n}"), 10, Some("ana"), 5, false);
    }
    let backwards: Vec<Entry> = record.entries.iter().rev().cloned().collect();
    let reversed = Record { entries: backwards };
    let one = |r: &Record| at_sixty(r, &plan(vec![]), &Rules::default(), &[]);
    assert_eq!(one(&record), one(&reversed));
}
