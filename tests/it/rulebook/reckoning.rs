//! Each unit of time against a second reckoning, written differently: seconds since 1970 and offsets alone, no dates of a library.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeZone, Utc, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;
use warroom::incident::rule::{Calendar, Unit};
use warroom::rulebook::deadline::{Span, due};
use warroom::rulebook::{Series, State};

const DAY: i64 = 86_400;

/// What the wall shows at a second since 1970, as seconds since its own 1970.
fn wall(second: i64, zone: Tz) -> i64 {
    let utc = DateTime::<Utc>::from_timestamp(second, 0).unwrap().naive_utc();
    second + i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

/// The first second at which the wall shows `wanted`; where the clocks skip it, the last one before they do. Minute by minute:
/// since 1990 no zone changed its clocks within one.
fn first_shown(wanted: i64, zone: Tz) -> i64 {
    let from = (wanted - 30 * 3_600).div_euclid(60) * 60;
    let mut skipped = None;
    for minute in (0..60 * 60).map(|n| from + n * 60) {
        let shown = wall(minute, zone);
        if (shown..shown + 60).contains(&wanted) {
            return minute + (wanted - shown);
        }
        if skipped.is_none() && shown + 59 < wanted && wall(minute + 60, zone) > wanted {
            skipped = Some(minute + 59);
        }
    }
    skipped.unwrap()
}

/// Year, month and day of a number of days since 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let (mut year, mut left) = (1970, days);
    loop {
        let long = if is_leap(year) { 366 } else { 365 };
        if left < long {
            break;
        }
        (year, left) = (year + 1, left - long);
    }
    let mut month = 1;
    while left >= length(year, month) {
        (month, left) = (month + 1, left - length(year, month));
    }
    (year, month, left + 1)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days((year, month, day): (i64, i64, i64)) -> i64 {
    let years: i64 = (1970..year).map(|y| 365 + i64::from(is_leap(y))).sum();
    let months: i64 = (1..month).map(|m| length(year, m)).sum();
    years + months + day - 1
}

/// A second from 1990 to 2059.
fn second() -> std::ops::Range<i64> {
    631_152_000..2_840_000_000
}

fn zone() -> impl Strategy<Value = Tz> {
    // Zones with a daylight saving of their own more often than the many that have none.
    prop_oneof![
        (0..TZ_VARIANTS.len()).prop_map(|n| TZ_VARIANTS[n]),
        prop::sample::select(vec![
            Tz::America__New_York,
            Tz::America__Los_Angeles,
            Tz::Europe__Brussels,
            Tz::Europe__London,
            Tz::Australia__Sydney,
            Tz::Australia__Lord_Howe,
            Tz::Asia__Kolkata,
            Tz::America__Sao_Paulo,
            Tz::Africa__Cairo,
            Tz::Pacific__Apia,
            Tz::Asia__Kathmandu,
        ]),
    ]
}

fn reckoned(second: i64, amount: u32, unit: Unit, zone: Tz, at_local: Option<u32>, calendar: Option<&Calendar>) -> i64 {
    let clock = DateTime::<Utc>::from_timestamp(second, 0).unwrap();
    let at_local = at_local.and_then(|s| NaiveTime::from_num_seconds_from_midnight_opt(s, 0));
    due(Span { amount: Some(amount), unit, at_local, zone, calendar }, clock).instant().timestamp()
}

proptest! {
    #[test]
    fn minutes_and_hours_are_elapsed_whatever_the_zone(second in second(), amount in 0u32..100_000, zone in zone()) {
        prop_assert_eq!(reckoned(second, amount, Unit::Minutes, zone, None, None), second + i64::from(amount) * 60);
        prop_assert_eq!(reckoned(second, amount, Unit::Hours, zone, None, None), second + i64::from(amount) * 3_600);
    }

    #[test]
    fn calendar_days_end_with_their_date_there(
        second in second(), amount in 0u32..400, zone in zone(), time in prop::option::of(0u32..86_400)
    ) {
        let day = wall(second, zone).div_euclid(DAY) + i64::from(amount);
        let wanted = first_shown(day * DAY + time.map_or(DAY - 1, i64::from), zone);
        prop_assert_eq!(reckoned(second, amount, Unit::CalendarDays, zone, time, None), wanted);
    }

    #[test]
    fn months_end_with_the_same_day_or_the_last(
        second in second(), amount in 0u32..60, zone in zone(), time in prop::option::of(0u32..86_400)
    ) {
        let (year, month, day) = date(wall(second, zone).div_euclid(DAY));
        let later = month - 1 + i64::from(amount);
        let (year, month) = (year + later / 12, later % 12 + 1);
        let day = days((year, month, day.min(length(year, month))));
        let wanted = first_shown(day * DAY + time.map_or(DAY - 1, i64::from), zone);
        prop_assert_eq!(reckoned(second, amount, Unit::Months, zone, time, None), wanted);
    }

    #[test]
    fn business_days_count_only_those_on_which_they_work(
        second in second(), amount in 1u32..40, zone in zone(), time in prop::option::of(0u32..86_400),
        off in prop::collection::btree_set(0i64..7, 0..4), closed in prop::collection::btree_set(0i64..60, 0..12),
    ) {
        let first = wall(second, zone).div_euclid(DAY);
        let holidays: BTreeSet<i64> = closed.into_iter().map(|n| first + n).collect();
        let weekend = off.iter().map(|n| Weekday::try_from(u8::try_from(*n).unwrap()).unwrap()).collect();
        let written = holidays.iter().map(|n| {
            let (year, month, day) = date(*n);
            NaiveDate::from_ymd_opt(i32::try_from(year).unwrap(), u32::try_from(month).unwrap(), u32::try_from(day).unwrap()).unwrap()
        });
        let calendar = Calendar {
            id: "c".into(), timezone: "UTC".into(), weekend, holidays: written.collect(), note: String::new(),
        };
        // 1 January 1970 was a Thursday.
        let open: Vec<i64> = (first + 1..first + 400)
            .filter(|day| !off.contains(&(day + 3).rem_euclid(7)) && !holidays.contains(day))
            .take(usize::try_from(amount).unwrap())
            .collect();
        let wanted = first_shown(open.last().unwrap() * DAY + time.map_or(DAY - 1, i64::from), zone);
        prop_assert_eq!(reckoned(second, amount, Unit::BusinessDays, zone, time, Some(&calendar)), wanted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The instant at which an outage becomes reportable, second by second: thirty minutes, and 900,000 user-minutes.
    #[test]
    fn a_forecast_is_the_first_second_at_which_it_holds(
        steps in prop::collection::vec((0i64..14_400, 0i64..40_000), 0..4), first in 0i64..40_000, looked in 0i64..14_400,
    ) {
        let start = 1_747_216_800;
        let steps: Vec<(i64, i64)> = [(0, first)].into_iter().chain(steps).collect();
        let mut sorted = steps.clone();
        sorted.sort_by_key(|(second, _)| *second);
        let (mut user_seconds, mut holds) = (0, None);
        for second in 0..40_000i64 {
            if second / 60 >= 30 && user_seconds / 60 >= 900_000 {
                holds = Some(second);
                break;
            }
            user_seconds += sorted.iter().rev().find(|(from, _)| *from <= second).map_or(0, |(_, users)| *users);
        }
        let instant = |second: i64| DateTime::<Utc>::from_timestamp(start + second, 0).unwrap();
        let mut case = super::Case::default();
        for fact in ["msc_outages", "oc3_minutes", "offices_911_affected", "facilities_988_affected"] {
            case = case.number(fact, 0);
        }
        case.growth.sum("duration_minutes", Series::duration(instant(0), None));
        let counts = steps.iter().map(|(second, users)| (instant(*second), Some(*users))).collect();
        case.growth.sum("user_minutes", Series::new(instant(0), 0, counts));
        case.now = Some(instant(looked));
        let judged = case.judge("us-fcc-nors-wireless");
        let found = judged.fires.map(|f| f.at).or(judged.reportable).filter(|at| *at < instant(40_000));
        prop_assert_eq!(found, holds.map(instant));
        prop_assert_eq!(judged.state == State::Due, holds.is_some_and(|second| second <= looked));
    }
}

/// The second reckoning itself, on days that anybody can look up.
#[test]
fn the_other_reckoning_knows_its_dates() {
    for (number, ymd) in [(0, (1970, 1, 1)), (19_782, (2024, 2, 29)), (11_016, (2000, 2, 29)), (20_819, (2027, 1, 1))] {
        assert_eq!((date(number), days(ymd)), (ymd, number));
    }
}
