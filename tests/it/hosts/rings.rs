//! Cut off is told to who looks away, once for each time, and to nobody who meets others nowhere.

use warroom::incident::Instant;
use warroom::incident::alarm::Rings;
use warroom::incident::clock::Moment;
use warroom::incident::replication::Replication;
use warroom::situation::alarm::alarms;
use warroom::situation::assess;

use crate::support::world::{Words, World};

#[test]
fn cut_off_rings_after_half_a_minute_once() {
    let world = World::declared(&Words::plain(), 5);
    let s = world.snapshot();
    let at = |seconds: i64| world.now + chrono::TimeDelta::seconds(seconds);
    let keys = |standing: Option<&Replication>, real: Instant| {
        let moment = Moment { now: real, real, speed: 1.0 };
        let situation = assess(&s.incident, &s.plan, &s.rules, &s.sources, moment).meeting(standing);
        let all = alarms(&s.incident, &s.plan, &situation, &Rings::default(), false);
        all.into_iter().filter(|alarm| alarm.key.starts_with("hosts")).map(|alarm| alarm.key).collect::<Vec<_>>()
    };
    let cut = Replication { last_round: Some(at(0)), cut: Some(at(0)), ..Replication::default() };
    assert_eq!(keys(None, at(60)), [""; 0]);
    assert_eq!(keys(Some(&Replication::default()), at(60)), [""; 0], "not yet is no cut");
    assert_eq!(keys(Some(&cut), at(10)), [""; 0]);
    let rings = keys(Some(&cut), at(31));
    assert_eq!(rings.len(), 1);
    assert_eq!(keys(Some(&cut), at(600)), rings, "the same occasion");
    let again = Replication { cut: Some(at(700)), ..cut };
    assert_ne!(keys(Some(&again), at(760)), rings, "another time is another occasion");
}
