//! What rings: each thing once for each occasion, early and late; in a time-out only what cannot wait.

use chrono::TimeDelta;
use warroom::incident::alarm::{Kind, Rings};
use warroom::incident::clock::Moment;
use warroom::incident::observation::Source;
use warroom::incident::plan::Plan;
use warroom::incident::rule::{Rules, Unit};
use warroom::incident::what::*;
use warroom::incident::words::*;
use warroom::situation::alarm::{Alarm, alarms};
use warroom::situation::assess;

use super::now::{audience, fact, harmed, plan, rule, source, task, told};
use super::{Record, id, minutes};

struct Room {
    record: Record,
    plan: Plan,
    rules: Rules,
    sources: Vec<Source>,
    rings: Rings,
}

impl Room {
    fn new(record: Record) -> Room {
        Room { record, plan: plan(Vec::new()), rules: Rules::default(), sources: Vec::new(), rings: Rings::default() }
    }

    /// What rings so many seconds after the start.
    fn at(&self, seconds: i64, timeout: bool) -> Vec<Alarm> {
        let now = minutes(0) + TimeDelta::seconds(seconds);
        let incident = self.record.incident();
        let situation =
            assess(&incident, &self.plan, &self.rules, &self.sources, Moment { now, real: now, speed: 1.0 });
        alarms(&incident, &self.plan, &situation, &self.rings, timeout)
    }

    fn keys(&self, minute: i64) -> Vec<String> {
        self.at(minute * 60, false).into_iter().map(|a| a.key).collect()
    }
}

fn with_rule(when: &str) -> Room {
    let mut room = Room::new(Record::declared());
    room.rules = Rules::from(vec![rule("fcc", when, Unit::Minutes, Some(120))]);
    room
}

#[test]
fn a_deadline_rings_at_half_time_thirty_ten_and_five_minutes_before_and_once_when_it_passed() {
    let mut room = with_rule("users >= 10");
    fact(&mut room.record, "users", 50.into());
    assert_eq!(room.keys(59), [""; 0]);
    assert!(room.keys(60) == room.keys(89) && room.keys(60)[0].ends_with(" half"), "{:?}", room.keys(60));
    let early = room.at(90 * 60, false);
    assert_eq!(early.len(), 1);
    assert!(early[0].text.contains("due in 30m (04:00 CST)"), "{}", early[0].text);
    let keys: Vec<Vec<String>> = [90, 105, 110, 114, 120, 500].map(|m| room.keys(m)).to_vec();
    assert_eq!(keys[0], keys[1], "one occasion until the next");
    assert!(keys[2] == keys[3] && keys[2] != keys[1] && keys[2][0].ends_with(" 10m"), "{keys:?}");
    assert!(keys[4] == keys[5] && keys[4][0].ends_with(" over"), "{keys:?}");
    assert!(room.keys(115)[0].ends_with(" 5m") && room.keys(115) == room.keys(119));
    // Another instant for the clock is another occasion.
    let clock = ClockSet {
        clock: "outage_start".into(),
        at: minutes(4),
        why: "the log".into(),
        assumed: false,
        replaces: vec![],
    };
    room.record.add("clock", 7, clock);
    assert_ne!(room.keys(500), keys[5]);
    let filed = StageFiled {
        rule: "fcc".into(),
        stage: "first".into(),
        reference: "1".into(),
        person: "x".into(),
        how: Default::default(),
    };
    room.record.add("filed", 8, filed);
    assert_eq!(room.keys(500), [""; 0]);
}

#[test]
fn a_deadline_that_may_apply_rings_and_says_if() {
    let room = with_rule("users >= 10");
    let ring = room.at(115 * 60, false);
    assert!(ring.len() == 1 && ring[0].text.contains("IF it applies"), "{ring:?}");
}

#[test]
fn a_check_in_rings_once_and_again_after_it_was_extended() {
    let mut room = Room::new(Record::declared());
    task(&mut room.record, "look", 6, None, 5, false);
    let owner = "ana".to_owned();
    room.record.add("assigned", 7, TaskAssigned { task: id("look"), owner, minutes: 5 });
    assert_eq!(room.keys(11), [""; 0]);
    let first = room.keys(12);
    assert_eq!((first.len(), &first), (1, &room.keys(13)));
    room.record.add("extended", 13, TaskExtended { task: id("look"), minutes: 5, why: "more".into() });
    assert_eq!(room.keys(17), [""; 0]);
    assert_ne!(room.keys(18), first);
    room.record.add("done", 19, TaskDone { task: id("look"), result: String::new() });
    assert_eq!(room.keys(30), [""; 0]);
}

#[test]
fn silence_towards_an_audience_rings_lives_first() {
    let mut room = Room::new(Record::declared());
    room.plan = plan(vec![audience("care", false, None, 10), audience("psap", true, Some("911"), 20)]);
    harmed(&mut room.record, "911", 5, ComponentState::MajorOutage);
    let late = room.at(30 * 60, false);
    assert_eq!(late.iter().map(|a| a.key.as_str()).collect::<Vec<_>>(), ["word psap first", "word care first"]);
    assert!(late[0].life && !late[1].life && late[0].text.contains("NEVER TOLD"));
    assert!(!late[0].say.is_empty());
    harmed(&mut room.record, "911", 31, ComponentState::Operational);
    assert!(room.keys(32)[0].starts_with("restored psap "), "{:?}", room.keys(32));
    told(&mut room.record, "psap", 33, None);
    told(&mut room.record, "care", 33, None);
    assert_eq!(room.keys(40), [""; 0]);
    assert_eq!(room.keys(63).len(), 2, "the cadence passed");
}

#[test]
fn the_same_word_promised_to_several_is_one_thing() {
    let mut room = Room::new(Record::declared());
    room.plan = plan(vec![audience("care", false, None, 10), audience("psap", true, None, 10)]);
    told(&mut room.record, "care", 6, Some(40));
    told(&mut room.record, "psap", 6, Some(40));
    assert_eq!(room.keys(34), [""; 0]);
    let soon = room.at(35 * 60, false);
    assert_eq!(soon.len(), 1);
    assert!(soon[0].life && soon[0].text.contains("due in 5m") && soon[0].text.contains("psap, care"), "{soon:?}");
    let over = room.keys(40);
    assert!(over.len() == 1 && over[0] != soon[0].key, "{over:?}");
}

#[test]
fn a_word_promised_over_several_channels_names_its_audience_once() {
    let mut room = Room::new(Record::declared());
    room.plan = plan(vec![audience("care", false, None, 10), audience("media", false, None, 10)]);
    for (audience, channel) in [("care", "app"), ("media", "app"), ("care", "web"), ("media", "web")] {
        let told = ToldElsewhere {
            audience: audience.into(),
            channel: channel.into(),
            by: "kim".into(),
            proof: None,
            text: "x".into(),
            round: None,
            next_update: Some(minutes(40)),
        };
        room.record.add(&format!("told {audience} {channel}"), 6, told);
    }
    let soon = room.at(35 * 60, false);
    assert_eq!(soon.len(), 1);
    assert_eq!((soon[0].text.matches("care").count(), soon[0].text.matches("media").count()), (1, 1), "{soon:?}");
}

#[test]
fn a_question_a_lapsed_acknowledgement_and_a_lost_answer_ring() {
    let mut room = Room::new(Record::declared());
    let asked = Asked { proposal: "roll back?".into(), by: "ana".into(), risk: String::new() };
    room.record.add("ask", 6, asked);
    for n in 0..2 {
        let fired = AlertFired {
            origin: "o".into(),
            alert: format!("a{n}"),
            name: "Attach".into(),
            summary: String::new(),
            severity: "critical".into(),
            starts_at: minutes(1),
            labels: Default::default(),
        };
        room.record.add(&format!("fired {n}"), 6, fired);
    }
    room.record.add("acked", 7, AlertsAcknowledged { group: "Attach".into(), by: "ben".into(), minutes: 10, count: 2 });
    let drafted = MessageDrafted {
        audience: "care".into(),
        channel: "app".into(),
        round: Round::Initial,
        text: "x".into(),
        next_update: None,
        grounds: Default::default(),
    };
    let message = room.record.add("text", 8, drafted);
    let kinds = |room: &Room, minute: i64| room.at(minute * 60, false).iter().map(|a| a.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&room, 10), [Kind::Question]);
    room.record.add("approved", 9, MessageApproved::whole(message, warroom::incident::message::sha256("x")));
    room.record.add(
        "sending",
        9,
        MessageSending {
            message,
            backend: "outbox".into(),
            process: "p".into(),
            recipients: Vec::new(),
            subject: String::new(),
        },
    );
    room.record.add("unknown", 10, MessageUnknown { message, why: "no answer".into() });
    let mut all = kinds(&room, 18);
    all.sort();
    assert_eq!(all, [Kind::Ack, Kind::Unsure, Kind::Question]);
    room.rings.kinds = vec![Kind::Unsure];
    assert_eq!(kinds(&room, 18), [Kind::Unsure], "what is not configured does not ring");
}

#[test]
fn only_a_source_that_was_asked_in_vain_is_silent() {
    let mut room = Room::new(Record::declared());
    // Last heard ten minutes before T+60.
    room.sources = vec![source("page", 600, 0)];
    assert_eq!(room.keys(60), [""; 0], "nobody asked it");
    room.sources[0].misses = 3;
    room.sources[0].error = Some("no answer".into());
    let rang = room.keys(60);
    assert_eq!(rang.len(), 1);
    assert_eq!(rang, room.keys(75), "one silence is one occasion");
    room.sources[0].last_success = Some(minutes(61));
    assert_ne!(rang, room.keys(75));
}

#[test]
fn in_a_time_out_only_lives_lost_answers_and_close_clocks_ring() {
    let mut room = with_rule("users >= 10");
    room.plan = plan(vec![audience("care", false, None, 10), audience("psap", true, None, 10)]);
    room.plan.agencies = Vec::new();
    task(&mut room.record, "look", 6, None, 5, false);
    room.record.add("assigned", 7, TaskAssigned { task: id("look"), owner: "ana".into(), minutes: 5 });
    let asked = Asked { proposal: "roll back?".into(), by: "ana".into(), risk: String::new() };
    room.record.add("ask", 6, asked);
    let keys = |seconds, timeout| room.at(seconds, timeout).into_iter().map(|a| a.key).collect::<Vec<_>>();
    // A deadline 25 minutes away waits; one that is nine minutes away does not.
    let (all, few) = (keys(95 * 60, false), keys(95 * 60, true));
    assert!(all.iter().any(|k| k.starts_with("deadline ")) && all.iter().any(|k| k.starts_with("check-in ")));
    assert!(few.iter().all(|k| k.starts_with("word ")) && few[0] == "word psap first", "{few:?}");
    let few = keys(111 * 60, true);
    assert!(few.iter().any(|k| k.starts_with("deadline ")), "{few:?}");
    assert!(!few.iter().any(|k| k.starts_with("check-in ") || k.starts_with("question ")), "{few:?}");
}

#[test]
fn the_mark_is_spoken_where_it_is_asked_for() {
    let mut room = Room::new(Record::declared());
    assert_eq!(room.keys(20), [""; 0]);
    room.rings.mark = Some(TimeDelta::minutes(10));
    assert_eq!(room.keys(9), [""; 0]);
    assert_eq!(
        (room.keys(10), room.keys(19), room.keys(20)),
        (vec!["mark 1".into()], vec!["mark 1".into()], vec!["mark 2".into()])
    );
    assert!(room.at(1200, false)[0].say.starts_with("T+0:20."), "{:?}", room.at(1200, false));
}
