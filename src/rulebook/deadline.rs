//! By when a stage must be done, counted from the instant of its clock. A function of its arguments; never fails.

use chrono::{DateTime, Days, LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::incident::Instant;
use crate::incident::rule::{Stage, Unit};
use crate::text::instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    At(Instant),
    /// No number in the law: due at once from this instant on; its age counts up.
    Asap(Instant),
}

impl Due {
    /// The deadline, or the instant from which it is due at once.
    pub fn instant(self) -> Instant {
        match self {
            Due::At(at) | Due::Asap(at) => at,
        }
    }
}

/// The deadline of `stage` whose clock stood at `clock`, for an agency that counts its days in `zone`.
/// A stage that lacks its number is due at once: the safe reading.
pub fn due(stage: &Stage, clock: Instant, zone: Tz) -> Due {
    let Some(amount) = stage.amount else { return Due::Asap(clock) };
    let elapsed = |span: TimeDelta| Due::At(clock.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC));
    match stage.unit {
        Unit::Minutes => elapsed(TimeDelta::minutes(i64::from(amount))),
        Unit::Hours => elapsed(TimeDelta::hours(i64::from(amount))),
        Unit::CalendarDays => Due::At(end_of_day(clock, u64::from(amount), zone)),
        Unit::Asap => Due::Asap(clock),
    }
}

/// 23:59:59 in `zone`, `days` after the date that `clock` has there.
fn end_of_day(clock: Instant, days: u64, zone: Tz) -> Instant {
    let date = instant::local(clock, zone).date_naive().checked_add_days(Days::new(days));
    let (Some(date), Some(time)) = (date, NaiveTime::from_hms_opt(23, 59, 59)) else { return DateTime::<Utc>::MAX_UTC };
    // Where the clocks skip that second (a whole day was once left out of a calendar), the last second before counts.
    let mut wall = date.and_time(time);
    for _ in 0..LONGEST_GAP {
        match earliest(wall, zone) {
            Some(at) => return at,
            None => wall = wall.checked_sub_signed(TimeDelta::minutes(1)).unwrap_or(wall),
        }
    }
    Utc.from_utc_datetime(&wall)
}

/// Minutes; no zone ever left out more than a day and a few hours.
const LONGEST_GAP: usize = 36 * 60;

/// The first time that the wall shows this; a deadline in an hour that happens twice is the earlier one.
fn earliest(wall: NaiveDateTime, zone: Tz) -> Option<Instant> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stage(amount: Option<u32>, unit: Unit) -> Stage {
        Stage { id: "s".into(), name: "S".into(), after: "discovery".into(), amount, unit, to: None }
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// A clock may be set to anything; a deadline at the ends of all time is still one.
    #[test]
    fn the_ends_of_time_are_instants() {
        for clock in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            for zone in [Tz::America__New_York, Tz::Pacific__Kiritimati, Tz::UTC] {
                for unit in [Unit::Minutes, Unit::Hours, Unit::CalendarDays, Unit::Asap] {
                    due(&stage(Some(u32::MAX), unit), clock, zone);
                    due(&stage(Some(0), unit), clock, zone);
                }
            }
        }
    }

    fn days(n: u32, from: &str, zone: Tz) -> Due {
        due(&stage(Some(n), Unit::CalendarDays), at(from), zone)
    }

    #[test]
    fn days_end_where_the_agency_is() {
        let east = Tz::America__New_York;
        assert_eq!(days(30, "2024-02-22T08:48:00Z", east), Due::At(at("2024-03-24T03:59:59Z")), "leap year, then DST");
        assert_eq!(days(30, "2023-02-22T08:48:00Z", east), Due::At(at("2023-03-25T03:59:59Z")));
        assert_eq!(
            days(30, "2026-11-01T03:30:00Z", east),
            Due::At(at("2026-12-01T04:59:59Z")),
            "still 31 October there"
        );
        assert_eq!(days(0, "2024-02-29T12:00:00Z", east), Due::At(at("2024-03-01T04:59:59Z")));
        assert_eq!(days(1, "2024-02-28T12:00:00Z", Tz::Asia__Tokyo), Due::At(at("2024-02-29T14:59:59Z")));
    }

    #[test]
    fn a_day_that_a_calendar_left_out_ends_with_the_day_before() {
        assert_eq!(days(1, "2011-12-30T00:00:00Z", Tz::Pacific__Apia), Due::At(at("2011-12-30T09:59:59Z")));
    }

    #[test]
    fn a_midnight_that_happens_twice_counts_the_first_time() {
        // On 17 February 2018 the clocks of São Paulo went back from midnight to 23:00.
        assert_eq!(days(1, "2018-02-16T12:00:00Z", Tz::America__Sao_Paulo), Due::At(at("2018-02-18T01:59:59Z")));
    }

    #[test]
    fn without_a_number_it_is_due_at_once() {
        let clock = at("2024-02-22T08:48:00Z");
        assert_eq!(due(&stage(None, Unit::Asap), clock, Tz::UTC), Due::Asap(clock));
        assert_eq!(due(&stage(None, Unit::Hours), clock, Tz::UTC), Due::Asap(clock));
    }

    proptest! {
        #[test]
        fn minutes_and_hours_are_elapsed_whatever_the_zone(
            seconds in 0i64..4_000_000_000, amount in 0u32..100_000, zone in 0..chrono_tz::TZ_VARIANTS.len()
        ) {
            let clock = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let minutes = due(&stage(Some(amount), Unit::Minutes), clock, zone).instant();
            prop_assert_eq!((minutes - clock).num_minutes(), i64::from(amount));
            let hours = due(&stage(Some(amount), Unit::Hours), clock, zone).instant();
            prop_assert_eq!((hours - clock).num_hours(), i64::from(amount));
        }

        #[test]
        fn days_end_on_their_date_or_just_before_a_gap(
            seconds in 0i64..4_000_000_000, amount in 0u32..400, zone in 0..chrono_tz::TZ_VARIANTS.len()
        ) {
            let clock = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let end = due(&stage(Some(amount), Unit::CalendarDays), clock, zone).instant().with_timezone(&zone);
            let wanted = clock.with_timezone(&zone).date_naive() + Days::new(u64::from(amount));
            prop_assert!((wanted - end.date_naive()).num_days() <= 1);
            prop_assert_eq!(end.format("%S").to_string(), "59");
        }

        #[test]
        fn no_number_overflows(seconds in any::<i32>(), amount in any::<u32>()) {
            let clock = DateTime::<Utc>::from_timestamp(i64::from(seconds), 0).unwrap();
            for unit in [Unit::Minutes, Unit::Hours, Unit::CalendarDays, Unit::Asap] {
                let _ = due(&stage(Some(amount), unit), clock, Tz::America__New_York);
            }
        }
    }
}
