//! By when something must be done, counted from the instant of a clock. Functions of their arguments; never fail.

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

use crate::incident::Instant;
use crate::incident::rule::{Calendar, Unit};
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

/// How long, and on which day's terms.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// None: due at once, the safe reading.
    pub amount: Option<u32>,
    pub unit: Unit,
    /// Wall-clock time on the due day; 23:59:59 where absent. For units of days.
    pub at_local: Option<NaiveTime>,
    /// Where the agency counts its days.
    pub zone: Tz,
    /// For business days. Without one every day counts, which is the earlier deadline.
    pub calendar: Option<&'a Calendar>,
}

/// The deadline of what began at `clock`.
pub fn due(span: Span<'_>, clock: Instant) -> Due {
    let Some(amount) = span.amount else { return Due::Asap(clock) };
    let elapsed = |time: TimeDelta| Due::At(clock.checked_add_signed(time).unwrap_or(DateTime::<Utc>::MAX_UTC));
    let date = instant::local(clock, span.zone).date_naive();
    let day = match span.unit {
        Unit::Minutes => return elapsed(TimeDelta::minutes(i64::from(amount))),
        Unit::Hours => return elapsed(TimeDelta::hours(i64::from(amount))),
        Unit::Asap => return Due::Asap(clock),
        Unit::CalendarDays => date.checked_add_days(Days::new(u64::from(amount))),
        Unit::BusinessDays => business_day(span.calendar, date, amount),
        Unit::Months => date.checked_add_months(Months::new(amount)),
    };
    let time = span.at_local.or(NaiveTime::from_hms_opt(23, 59, 59));
    match (day, time) {
        (Some(day), Some(time)) => Due::At(on_the_wall(day.and_time(time), span.zone)),
        (None, _) | (_, None) => Due::At(DateTime::<Utc>::MAX_UTC),
    }
}

/// Whether the deadline lies in a year for which the calendar names no holidays: it may then fall too early, never too late.
pub fn beyond(span: Span<'_>, due: Due) -> bool {
    let Some(calendar) = span.calendar.filter(|_| span.unit == Unit::BusinessDays) else { return false };
    let year = instant::local(due.instant(), span.zone).year();
    let years = calendar.holidays.iter().map(Datelike::year);
    years.clone().max().is_none_or(|last| year > last) || years.min().is_none_or(|first| year < first)
}

/// Days looked at for the next business day: no authority closes for longer.
const LONGEST_CLOSURE: u32 = 366;

/// The `amount`th business day after `date`; `date` itself for none.
fn business_day(calendar: Option<&Calendar>, date: NaiveDate, amount: u32) -> Option<NaiveDate> {
    let Some(calendar) = calendar else { return date.checked_add_days(Days::new(u64::from(amount))) };
    let (mut day, mut left, mut closed) = (date, amount, 0);
    while left > 0 {
        day = day.succ_opt()?;
        if is_open(calendar, day) || closed >= LONGEST_CLOSURE {
            (left, closed) = (left - 1, 0);
        } else {
            closed += 1;
        }
    }
    Some(day)
}

fn is_open(calendar: &Calendar, day: NaiveDate) -> bool {
    !calendar.weekend.contains(&day.weekday()) && !calendar.holidays.contains(&day)
}

/// Minutes; no zone ever left out more than a day and a few hours.
const LONGEST_GAP: usize = 36 * 60;

/// The first instant at which the wall shows this; where the clocks skip it, the last second before they do.
fn on_the_wall(wall: NaiveDateTime, zone: Tz) -> Instant {
    let mut before = wall;
    for _ in 0..LONGEST_GAP {
        match earliest(before, zone) {
            Some(at) if before == wall => return at,
            Some(at) => {
                // A minute that is there: from it to the last of its seconds that is.
                let seconds =
                    (1..=60).take_while(|n| earliest(before + TimeDelta::seconds(*n), zone).is_some()).count();
                return at + TimeDelta::seconds(i64::try_from(seconds).unwrap_or(0));
            }
            None => before = before.checked_sub_signed(TimeDelta::minutes(1)).unwrap_or(before),
        }
    }
    Utc.from_utc_datetime(&wall)
}

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
    use chrono::Weekday;
    use proptest::prelude::*;

    const UNITS: [Unit; 6] =
        [Unit::Minutes, Unit::Hours, Unit::CalendarDays, Unit::BusinessDays, Unit::Months, Unit::Asap];

    fn span(amount: impl Into<Option<u32>>, unit: Unit, zone: Tz) -> Span<'static> {
        Span { amount: amount.into(), unit, at_local: None, zone, calendar: None }
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// A clock may be set to anything; a deadline at the ends of all time is still one.
    #[test]
    fn the_ends_of_time_are_instants() {
        let calendar = calendar(&[]);
        for clock in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            for zone in [Tz::America__New_York, Tz::Pacific__Kiritimati, Tz::UTC] {
                for unit in UNITS {
                    due(span(u32::MAX, unit, zone), clock);
                    due(span(0, unit, zone), clock);
                    due(Span { calendar: Some(&calendar), ..span(500, unit, zone) }, clock);
                }
            }
        }
    }

    fn days(n: u32, from: &str, zone: Tz) -> Due {
        due(span(n, Unit::CalendarDays, zone), at(from))
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
    fn a_wall_time_that_the_clocks_skip_is_the_second_before() {
        let half_past_two = NaiveTime::from_hms_opt(2, 30, 0);
        let span = Span { at_local: half_past_two, ..span(1, Unit::CalendarDays, Tz::America__New_York) };
        assert_eq!(due(span, at("2026-03-07T17:00:00Z")), Due::At(at("2026-03-08T06:59:59Z")));
        assert_eq!(due(span, at("2026-10-31T17:00:00Z")), Due::At(at("2026-11-01T07:30:00Z")), "once only");
    }

    #[test]
    fn months_end_with_their_last_day() {
        let month = |n, from: &str| due(span(n, Unit::Months, Tz::UTC), at(from));
        assert_eq!(month(1, "2024-01-31T12:00:00Z"), Due::At(at("2024-02-29T23:59:59Z")));
        assert_eq!(month(1, "2023-01-31T12:00:00Z"), Due::At(at("2023-02-28T23:59:59Z")));
        assert_eq!(month(13, "2023-01-31T12:00:00Z"), Due::At(at("2024-02-29T23:59:59Z")));
        assert_eq!(month(1, "2026-02-28T12:00:00Z"), Due::At(at("2026-03-28T23:59:59Z")), "the same day, not the last");
    }

    fn calendar(holidays: &[&str]) -> Calendar {
        Calendar {
            id: "c".into(),
            timezone: "UTC".into(),
            weekend: vec![Weekday::Sat, Weekday::Sun],
            holidays: holidays.iter().map(|d| d.parse().unwrap()).collect(),
            note: String::new(),
        }
    }

    #[test]
    fn business_days_skip_weekends_and_holidays_and_say_where_the_calendar_ends() {
        let calendar = calendar(&["2026-11-26", "2026-12-25"]);
        let span = |n| Span { calendar: Some(&calendar), ..span(n, Unit::BusinessDays, Tz::UTC) };
        let day = |n, from: &str| due(span(n), at(from));
        assert_eq!(day(4, "2026-11-25T21:00:00Z"), Due::At(at("2026-12-02T23:59:59Z")));
        assert_eq!(day(1, "2026-11-28T00:00:00Z"), Due::At(at("2026-11-30T23:59:59Z")), "from a Saturday");
        assert_eq!(day(0, "2026-11-28T00:00:00Z"), Due::At(at("2026-11-28T23:59:59Z")));
        assert!(!beyond(span(1), day(1, "2026-11-28T00:00:00Z")));
        assert!(beyond(span(7), day(7, "2026-12-28T00:00:00Z")), "nobody wrote the holidays of 2027 down");
        // One that never opens still gives an instant.
        let never =
            Calendar { weekend: (0..7).filter_map(|n| Weekday::try_from(n).ok()).collect(), ..calendar.clone() };
        due(Span { calendar: Some(&never), ..span(3) }, at("2026-11-28T00:00:00Z"));
    }

    #[test]
    fn without_a_number_it_is_due_at_once() {
        let clock = at("2024-02-22T08:48:00Z");
        assert_eq!(due(span(None, Unit::Asap, Tz::UTC), clock), Due::Asap(clock));
        assert_eq!(due(span(None, Unit::Hours, Tz::UTC), clock), Due::Asap(clock));
    }

    proptest! {
        #[test]
        fn no_number_overflows(seconds in any::<i32>(), amount in any::<u32>()) {
            let clock = DateTime::<Utc>::from_timestamp(i64::from(seconds), 0).unwrap();
            for unit in UNITS {
                let _ = due(span(amount, unit, Tz::America__New_York), clock);
            }
        }
    }
}
