//! The schedule: jitter within bounds, back-off that never asks faster than wanted, no overlap, one poll after a suspend.

use chrono::TimeDelta;
use proptest::prelude::*;
use warroom::backends::Class;
use warroom::backends::schedule::{Seed, Went, due, first, next};
use warroom::incident::Instant;

fn at(ms: i64) -> Instant {
    Instant::from_timestamp_millis(ms).unwrap()
}

const CLASSES: [Class; 7] =
    [Class::Network, Class::Busy, Class::Refused, Class::NotFound, Class::Tls, Class::Shape, Class::Setup];

proptest! {
    #[test]
    fn a_good_poll_is_followed_within_ten_percent(ms in 0i64..4_000_000_000_000, every in 1u64..3600, host in ".*", name in ".*") {
        let seed = Seed::new(&host, &name);
        let wait = (next(at(ms), every, Went::Well, seed) - at(ms)).num_milliseconds() as f64 / 1000.0;
        prop_assert!(wait >= every as f64 * 0.9 && wait <= every as f64 * 1.1, "{wait} for {every}");
        let start = first(at(ms), seed) - at(ms);
        prop_assert!(start >= TimeDelta::zero() && start <= TimeDelta::seconds(2));
    }

    #[test]
    fn a_failure_is_never_followed_faster_than_wanted(
        ms in 0i64..4_000_000_000_000, every in 1u64..3600, misses in 1u32.., class in prop::sample::select(&CLASSES[..]),
        asked in prop::option::of(0u64..=300), host in "[a-z]{1,8}",
    ) {
        let went = Went::Badly { class, misses, retry_after: asked };
        let wait = (next(at(ms), every, went, Seed::new(&host, "x")) - at(ms)).num_milliseconds() as u64;
        prop_assert!(wait >= every * 1000, "at most one request an interval: {wait}");
        prop_assert!(wait >= asked.unwrap_or(0) * 1000, "never faster than asked: {wait}");
        let most = match class {
            Class::Network | Class::Busy => every.max(120),
            _ => every.max(60) * 11 / 10 + 1,
        };
        prop_assert!(wait <= most.max(asked.unwrap_or(0)) * 1000, "{wait} over {most}");
        if !matches!(class, Class::Network | Class::Busy) {
            prop_assert!(wait >= 60_000, "slow: {wait}");
        }
    }

    #[test]
    fn a_clock_that_steps_back_does_not_silence_a_source(every in 1u64..3600, ms in 0i64..4_000_000_000_000) {
        let planned = next(at(ms), every, Went::Well, Seed::new("h", "s"));
        prop_assert!(!due(Some(planned), every, at(ms)), "not before its time");
        prop_assert!(due(Some(planned), every, planned));
        prop_assert!(due(Some(planned), every, at(ms) - TimeDelta::hours(3)), "the clock stepped back three hours");
    }
}

#[test]
fn after_a_suspend_there_is_one_poll_not_one_a_missed_tick() {
    let (every, seed) = (15, Seed::new("h", "s"));
    let mut now = at(1_700_000_000_000);
    let planned = next(now, every, Went::Well, seed);
    now += TimeDelta::hours(8);
    assert!(due(Some(planned), every, now));
    assert!(!due(Some(next(now, every, Went::Well, seed)), every, now + TimeDelta::seconds(1)));
}

#[test]
fn hosts_do_not_align() {
    let spread: std::collections::BTreeSet<Instant> =
        (0..50).map(|n| next(at(0), 60, Went::Well, Seed::new(&format!("host-{n}"), "page"))).collect();
    assert!(spread.len() > 45, "{} of 50 differ", spread.len());
    let went = Went::Badly { class: Class::Network, misses: 5, retry_after: None };
    let mean =
        (0..200).map(|n| (next(at(0), 15, went, Seed::new(&n.to_string(), "p")) - at(0)).num_seconds()).sum::<i64>()
            / 200;
    assert!((55..80).contains(&mean), "full jitter between 15 and 120 s has its middle at 67 s, not {mean}");
}
