//! Durations as the room writes them: `45s`, `8m`, `1h28`, `2d23h`. Time left, lateness and age share one form.

use chrono::TimeDelta;

/// `0s`…`59s` only under ten minutes and only where `seconds` is asked for; else minutes, hours, days. Never negative.
pub fn short(span: TimeDelta, seconds: bool) -> String {
    let total = span.num_seconds().max(0);
    if seconds && total < 600 {
        return if total < 60 { format!("{total}s") } else { format!("{}m{:02}", total / 60, total % 60) };
    }
    let minutes = total / 60;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, m) => format!("{m}m"),
        (0, h, m) => format!("{h}h{m:02}"),
        (d, 0, _) => format!("{d}d"),
        (d, h, _) if d < 10 => format!("{d}d{h:02}h"),
        (d, _, _) => format!("{d}d"),
    }
}

/// An age: seconds under one minute, then minutes and above.
pub fn age(span: TimeDelta) -> String {
    let total = span.num_seconds().max(0);
    if total < 60 { format!("{total}s") } else { short(span, false) }
}

/// How the clock of an outage reads: `T+0:35`, `T+26:05`.
pub fn since(span: TimeDelta) -> String {
    let minutes = span.num_minutes().max(0);
    format!("T+{}:{:02}", minutes / 60, minutes % 60)
}

/// Reads `90s`, `15m`, `2h`, `1h30m`, `3d` as seconds. The error says what was expected.
pub fn parse_seconds(text: &str) -> Result<u64, String> {
    const EXPECTED: &str = "a duration such as 15s, 5m, 2h or 1h30m";
    let mut total: u64 = 0;
    let mut digits = String::new();
    let mut any = false;
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86400,
            _ => return Err(EXPECTED.to_owned()),
        };
        let n: u64 = digits.parse().map_err(|_| EXPECTED.to_owned())?;
        total = n.checked_mul(unit).and_then(|s| total.checked_add(s)).ok_or(EXPECTED)?;
        digits.clear();
        any = true;
    }
    if !any || !digits.is_empty() { Err(EXPECTED.to_owned()) } else { Ok(total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_the_room() {
        let m = |n| TimeDelta::minutes(n);
        assert_eq!(short(m(8), false), "8m");
        assert_eq!(short(m(88), false), "1h28");
        assert_eq!(short(m(60 * 71), false), "2d23h");
        assert_eq!(short(m(60 * 24 * 30), false), "30d");
        assert_eq!(short(TimeDelta::seconds(70), true), "1m10");
        assert_eq!(short(TimeDelta::seconds(-70), true), "0s");
        assert_eq!(since(m(35)), "T+0:35");
    }

    #[test]
    fn reads_what_people_write() {
        assert_eq!(parse_seconds("15s"), Ok(15));
        assert_eq!(parse_seconds("1h30m"), Ok(5400));
        for wrong in ["", "15", "m", "-5s", "5 parsecs", "99999999999999999999s"] {
            assert!(parse_seconds(wrong).is_err(), "{wrong}");
        }
    }
}
