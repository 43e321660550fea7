//! The state is a function of the set of entries: of no order of arrival, no split, no repetition. And nothing panics.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::value::RawValue;
use warroom::incident::entry::{Entry, Hash, IncidentId, decode, encode};
use warroom::incident::fold::{Log, fold};
use warroom::incident::plan::Plan;
use warroom::incident::timeline::Effect;
use warroom::incident::what::What;
use warroom::report::{json, markdown, state};
use warroom::situation::assess;
use warroom::text::Safe;

use super::related::{entries, shuffled};

/// How many cases: `WARROOM_CASES` for a long run.
fn cases(default: u32) -> ProptestConfig {
    let asked = std::env::var("WARROOM_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(default))
}

/// Absorbs the entries in portions of the given sizes, each portion with some that are there already.
fn in_portions(entries: &[Entry], sizes: &[usize]) -> Log {
    let mut log = Log::default();
    let (mut rest, mut turn) = (entries, 0);
    while !rest.is_empty() {
        let size = sizes[turn % sizes.len()].clamp(1, rest.len());
        let (portion, later) = rest.split_at(size);
        let again = entries.iter().take(turn % 3);
        log.absorb(portion.iter().chain(again).cloned());
        (rest, turn) = (later, turn + 1);
    }
    log
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn no_order_and_no_split_changes_the_state(
        entries in entries(40), seed in any::<u64>(), sizes in prop::collection::vec(1usize..9, 1..5)
    ) {
        let whole = fold(entries.clone());
        let log = in_portions(&shuffled(&entries, seed), &sizes);
        prop_assert_eq!(&**log.incident(), &whole);
        // Those that stand, each once, in the one order.
        let orders: Vec<_> = log.entries().iter().map(|e| e.order()).collect();
        prop_assert!(orders.is_sorted());
        prop_assert_eq!(orders.len(), entries.len());
    }

    #[test]
    fn one_at_a_time_is_all_at_once(entries in entries(30), seed in any::<u64>()) {
        let whole = fold(entries.clone());
        let log = in_portions(&shuffled(&entries, seed), &[1]);
        prop_assert_eq!(&**log.incident(), &whole);
    }

    #[test]
    fn two_who_were_apart_and_meet_agree(entries in entries(30), apart in any::<u64>(), seed in any::<u64>()) {
        let (mut here, mut there) = (Log::default(), Log::default());
        for (index, entry) in entries.iter().enumerate() {
            match apart >> (index % 64) & 3 {
                0 => here.absorb([entry.clone()]),
                1 => there.absorb([entry.clone()]),
                _ => { here.absorb([entry.clone()]); there.absorb([entry.clone()]); }
            }
        }
        let (mine, theirs): (Vec<Entry>, Vec<Entry>) = (
            here.entries().iter().map(|e| (**e).clone()).collect(), there.entries().iter().map(|e| (**e).clone()).collect()
        );
        here.absorb(shuffled(&theirs, seed));
        there.absorb(shuffled(&mine, !seed));
        prop_assert_eq!(here.incident(), there.incident());
        prop_assert_eq!(&**here.incident(), &fold(entries));
    }

    #[test]
    fn stored_bytes_and_the_exported_record_say_the_same(entries in entries(30)) {
        for entry in &entries {
            prop_assert_eq!(&decode(entry.writer, entry.seq, &encode(entry)).unwrap(), entry);
        }
        let shared: Vec<_> = entries.iter().cloned().map(std::sync::Arc::new).collect();
        let id = IncidentId(uuid::Uuid::from_u128(9));
        let heads = [(entries[0].writer, 1, Hash([7; 32]))];
        let text = json::json(id, &shared, &heads, super::start()).to_string();
        let (of, read) = json::read(&serde_json::from_str(&text).unwrap()).unwrap();
        prop_assert_eq!(of, id);
        prop_assert_eq!(&read, &entries);
        prop_assert_eq!(fold(read), fold(entries));
    }

    #[test]
    fn what_is_not_understood_is_kept_and_counted(entries in entries(30), raw in "[{]\"[a-z]{1,9}\": ?[1-9][0-9]{0,40}[}]") {
        let mut entries = entries;
        let raw = RawValue::from_string(raw).unwrap();
        for (index, entry) in entries.iter_mut().enumerate() {
            if index % 4 == 1 {
                entry.what = What::decode("drone.launched/9", &raw);
            }
        }
        let state = fold(entries.clone());
        let unknown = |e: &&Entry| matches!(&e.what, What::Unknown { .. });
        let ids: BTreeSet<_> = entries.iter().filter(unknown).map(|e| e.id).collect();
        let rows: Vec<_> = state.timeline.iter().filter(|r| unknown(&&*r.entry)).collect();
        let winners = entries.iter().filter(unknown).filter(|e| rows.iter().any(|r| *r.entry == **e)).count();
        prop_assert_eq!(rows.len(), winners);
        prop_assert_eq!(state.not_understood, rows.len());
        prop_assert!(rows.len() <= ids.len());
        for row in rows {
            prop_assert_eq!(&row.effect, &Effect::Applied);
            prop_assert_eq!(&decode(row.entry.writer, row.entry.seq, &encode(&row.entry)).unwrap(), &*row.entry);
        }
    }
}

proptest! {
    #![proptest_config(cases(150))]

    /// Whatever the record says, at whatever moment, the reports can be made, and obey no outside text.
    #[test]
    fn everything_can_be_told_of_anything(entries in entries(40), moment in 0u8..6) {
        let now = match moment {
            0 => warroom::incident::Instant::MIN_UTC,
            1 => warroom::incident::Instant::MAX_UTC,
            n => super::minutes(i64::from(n) * 30),
        };
        let incident = fold(entries.clone());
        let plan = plan();
        let rules = warroom::rulebook::built_in().unwrap();
        let moment = warroom::incident::clock::Moment { now, real: now, speed: 1.0 };
        let situation = assess(&incident, &plan, &rules, &[], moment);
        let id = IncidentId(uuid::Uuid::nil());
        let page = markdown::markdown(&incident, &plan, &situation, id, now, incident.zone(), &[]);
        prop_assert!(!page.contains("<b>"));
        prop_assert!(page.lines().all(|l| l.is_empty() || Safe::new(l).as_str() == l));
        let state = state::state(&incident, &plan, &situation, id, state::Options::default());
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&state.to_string()).unwrap(), state);
        prop_assert!(state::state_text(&incident, &plan, &situation).len() <= 60);
        prop_assert!(warroom::report::can::can(&incident, &situation).len() <= 12);
        for audience in &plan.audiences {
            warroom::situation::proposal::proposals(&incident, &plan, &situation, &audience.id);
        }
    }
}

fn plan() -> Plan {
    let plan = warroom::playbook::BUILT_IN.iter().find(|p| p.name == "carrier-outage").unwrap();
    let mut plan = warroom::playbook::read::read("built in", plan.text).unwrap();
    if let Some(first) = plan.audiences.first_mut() {
        first.components.push("core".into());
    }
    plan
}

/// Far more entries than lie between two checkpoints, each portion older than the one before it.
#[test]
fn late_entries_refold_across_checkpoints() {
    let mut record = super::Record::declared();
    for n in 0..9_000 {
        let name = format!("task {n}");
        match n % 3 {
            0 => record.add(&name, n, super::Noted { text: name.clone(), follow_up: false }),
            1 => record.add(
                &name,
                n,
                super::TaskAdded {
                    title: name.clone(),
                    team: None,
                    owner: None,
                    minutes: 5,
                    first: false,
                    planned: None,
                },
            ),
            _ => record.add(
                &name,
                n,
                super::TaskDone { task: super::id(&format!("task {}", n - 1)), result: String::new() },
            ),
        };
    }
    let whole = record.incident();
    assert_eq!(whole.tasks.values().filter(|t| !t.live()).count(), 3_000);
    let mut log = Log::default();
    for portion in record.entries.rchunks(1_100) {
        log.absorb(portion.iter().cloned());
    }
    assert!(**log.incident() == whole, "latest portions first");
    let mut log = Log::default();
    let (even, odd): (Vec<&Entry>, Vec<&Entry>) = record.entries.iter().partition(|e| e.seq % 2 == 0);
    log.absorb(even.into_iter().cloned());
    log.absorb(odd.into_iter().cloned());
    assert!(**log.incident() == whole, "interleaved");
}
