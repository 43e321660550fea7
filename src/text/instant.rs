//! Instants for people: reading `02:45`, `-12m` or RFC 3339 in a zone, and writing them back with the zone named.
//!
//! Storage and JSON are always UTC; nothing here reads a clock, the present is an argument.

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{OffsetName, Tz};

use super::{duration, suggest};

/// A zone by its IANA name; the error names the nearest known one.
pub fn zone(name: &str) -> Result<Tz, String> {
    name.parse::<Tz>().map_err(|_| {
        let near = suggest::nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name()));
        match near {
            Some(near) => format!("no time zone of that name; did you mean \"{near}\"?"),
            None => "no time zone of that name; expected an IANA name such as \"America/Chicago\"".to_owned(),
        }
    })
}

/// The instant in the zone. What lies near the ends of all representable time is shown as the nearest that every zone has:
/// a remote clock may say anything.
pub fn local(at: DateTime<Utc>, zone: Tz) -> DateTime<Tz> {
    let edge = TimeDelta::days(2);
    at.clamp(DateTime::<Utc>::MIN_UTC + edge, DateTime::<Utc>::MAX_UTC - edge).with_timezone(&zone)
}

/// The zone's short name at that instant: `CST`, `UTC`, or `+05:45` where the zone has no letters.
pub fn zone_name(at: DateTime<Utc>, zone: Tz) -> String {
    let local = local(at, zone);
    match local.offset().abbreviation() {
        Some(letters) => letters.to_owned(),
        None => local.format("%:z").to_string(),
    }
}

/// `03:20` on the day of `now`; with the day before it otherwise: `Sun 25 02:48`, `2023-02-25 02:48` in another year.
pub fn clock(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let (local, today) = (local(at, zone), local(now, zone));
    if local.date_naive() == today.date_naive() {
        local.format("%H:%M").to_string()
    } else if local.year() == today.year() && (local - today).num_days().abs() < 25 {
        local.format("%a %d %H:%M").to_string()
    } else if local.year() == today.year() {
        local.format("%d %b %H:%M").to_string()
    } else {
        local.format("%Y-%m-%d %H:%M").to_string()
    }
}

/// [`clock`] with the zone after it: `03:20 CST`.
pub fn clock_zoned(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    format!("{} {}", clock(at, now, zone), zone_name(at, zone))
}

/// The whole instant in both zones, as an answer to a person: `2024-02-22 02:45 CST = 08:45Z`.
pub fn echo(at: DateTime<Utc>, zone: Tz) -> String {
    let local = local(at, zone);
    let utc = if local.date_naive() == at.date_naive() { at.format("%H:%MZ") } else { at.format("%Y-%m-%d %H:%MZ") };
    format!("{} {} = {utc}", local.format("%Y-%m-%d %H:%M"), zone_name(at, zone))
}

/// Reads RFC 3339, `2024-02-22 02:45`, `02:45` (the latest such time not after `now`), `-12m` or `+20m`. A bare wall time that
/// would be of the day before, over twelve hours ago, is more likely a slip, and is refused.
/// A wall time that happens twice or never is refused with both neighbours.
pub fn parse_past(text: &str, now: DateTime<Utc>, zone: Tz) -> Result<DateTime<Utc>, String> {
    parse(text, now, zone, Way::Past)
}

/// Like [`parse_past`], but `10:40` is the next such time after `now`.
pub fn parse_next(text: &str, now: DateTime<Utc>, zone: Tz) -> Result<DateTime<Utc>, String> {
    parse(text, now, zone, Way::Next)
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Past,
    Next,
}

const EXPECTED: &str = "expected a time such as 02:45, -12m, \"2024-02-22 02:45\" or 2024-02-22T08:45:00Z";

fn parse(text: &str, now: DateTime<Utc>, zone: Tz, way: Way) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    if let Some(span) = text.strip_prefix('-') {
        return now.checked_sub_signed(seconds(span)?).ok_or_else(|| EXPECTED.to_owned());
    }
    if let Some(span) = text.strip_prefix('+') {
        return now.checked_add_signed(seconds(span)?).ok_or_else(|| EXPECTED.to_owned());
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.with_timezone(&Utc));
    }
    for format in ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"] {
        if let Ok(wall) = NaiveDateTime::parse_from_str(text, format) {
            return on_the_wall(wall, zone);
        }
    }
    let digits = text.strip_suffix(['Z', 'z']);
    let (text, zone) = match digits {
        Some(rest) => (rest, Tz::UTC),
        None => (text, zone),
    };
    let time = NaiveTime::parse_from_str(text, "%H:%M")
        .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M:%S"))
        .map_err(|_| EXPECTED.to_owned())?;
    let today = now.with_timezone(&zone).date_naive();
    let at = on_the_wall(today.and_time(time), zone)?;
    match way {
        Way::Past if at > now => yesterday(on_the_wall((today - TimeDelta::days(1)).and_time(time), zone)?, now, zone),
        Way::Next if at < now => on_the_wall((today + TimeDelta::days(1)).and_time(time), zone),
        Way::Past | Way::Next => Ok(at),
    }
}

fn yesterday(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Result<DateTime<Utc>, String> {
    if now - at <= TimeDelta::hours(12) {
        return Ok(at);
    }
    let (there, here) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let (time, now) = (there.format("%H:%M"), here.format("%H:%M"));
    Err(format!(
        "{time} is still to come today, it is {now}: write \"{}\" if the day before is meant",
        there.format("%Y-%m-%d %H:%M")
    ))
}

fn seconds(span: &str) -> Result<TimeDelta, String> {
    let n = duration::parse_seconds(span).map_err(|_| EXPECTED.to_owned())?;
    i64::try_from(n).ok().and_then(TimeDelta::try_seconds).ok_or_else(|| EXPECTED.to_owned())
}

/// The instant of a wall time. Twice or never (daylight saving) is an error that names the choices.
pub fn on_the_wall(wall: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>, String> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) => Ok(at.with_timezone(&Utc)),
        LocalResult::Ambiguous(first, second) => {
            Err(format!("{wall} happens twice in {zone}: write {} or {}", first.to_rfc3339(), second.to_rfc3339()))
        }
        LocalResult::None => {
            let step = TimeDelta::minutes(30);
            let near = |mut w: NaiveDateTime, step: TimeDelta| {
                for _ in 0..8 {
                    w += step;
                    if let LocalResult::Single(at) = zone.from_local_datetime(&w) {
                        return at.to_rfc3339();
                    }
                }
                "another time".to_owned()
            };
            Err(format!(
                "{wall} does not exist in {zone} (the clocks skip it): write {} or {}",
                near(wall, -step),
                near(wall, step)
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn reads_the_forms() {
        let zone = Tz::America__Chicago;
        let now = at("2024-02-22T09:05:00Z");
        assert_eq!(parse_past("02:45", now, zone), Ok(at("2024-02-22T08:45:00Z")));
        assert_eq!(parse_past("-12m", now, zone), Ok(at("2024-02-22T08:53:00Z")));
        assert_eq!(parse_past("23:50", now, zone), Ok(at("2024-02-22T05:50:00Z")));
        assert_eq!(parse_next("02:45", now, zone), Ok(at("2024-02-23T08:45:00Z")));
        assert_eq!(parse_past("08:45Z", now, zone), Ok(at("2024-02-22T08:45:00Z")));
        assert!(parse_past("soon", now, zone).is_err());
    }

    #[test]
    fn an_hour_that_happens_twice_is_asked_about() {
        let zone = Tz::America__New_York;
        let now = at("2024-11-03T20:00:00Z");
        let twice = parse_past("2024-11-03 01:30", now, zone).unwrap_err();
        assert!(twice.contains("-04:00") && twice.contains("-05:00"), "{twice}");
        let never = parse_past("2024-03-10 02:30", now, zone).unwrap_err();
        assert!(never.contains("01:") && never.contains("03:"), "{never}");
        assert!(parse_past("2024-10-06 02:15", now, Tz::Australia__Lord_Howe).is_err());
    }

    #[test]
    fn writes_the_zone() {
        let zone = Tz::America__Chicago;
        assert_eq!(echo(at("2024-02-22T08:45:00Z"), zone), "2024-02-22 02:45 CST = 08:45Z");
        assert_eq!(clock(at("2024-02-25T08:48:00Z"), at("2024-02-22T09:20:00Z"), zone), "Sun 25 02:48");
        assert_eq!(zone_name(at("2024-02-22T08:45:00Z"), Tz::Asia__Kathmandu), "+05:45");
    }

    #[test]
    fn an_unknown_zone_names_the_nearest() {
        assert!(zone("America/Chicgo").unwrap_err().contains("America/Chicago"));
        assert!(zone("../../etc/passwd").is_err());
    }
}
