//! `Retry-After`: seconds, or a date by the server's own clock. Total: garbage is no wish, the absurd is capped.

use crate::incident::Instant;

/// The longest wait that is honoured, in seconds.
pub const CAP: u64 = 300;

/// Seconds to wait, at most [`CAP`]. A date is measured from the server's `Date`; `now` stands in where that is missing.
pub fn seconds(header: &str, date: &str, now: Instant) -> Option<u64> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|b| b.is_ascii_digit()) {
        // Too many digits for a number are still a wish to wait long.
        return Some(header.parse::<u64>().unwrap_or(CAP).min(CAP));
    }
    let until = http_date(header)?;
    let from = http_date(date).unwrap_or(now);
    Some(u64::try_from((until - from).num_seconds()).unwrap_or(0).min(CAP))
}

/// `Fri, 23 Feb 2024 08:45:00 GMT`.
pub fn http_date(text: &str) -> Option<Instant> {
    chrono::DateTime::parse_from_rfc2822(text.trim()).ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn all_forms() {
        let now: Instant = "2024-02-22T09:00:00Z".parse().unwrap();
        let date = "Thu, 22 Feb 2024 10:00:00 GMT";
        assert_eq!(seconds("30", date, now), Some(30));
        assert_eq!(seconds(" 0 ", date, now), Some(0));
        assert_eq!(seconds("Thu, 22 Feb 2024 10:00:45 GMT", date, now), Some(45), "by the server's clock, not ours");
        assert_eq!(seconds("Thu, 22 Feb 2024 09:00:45 GMT", "", now), Some(45));
        assert_eq!(seconds("Thu, 22 Feb 2024 09:00:00 GMT", date, now), Some(0), "past");
        assert_eq!(seconds("Sun, 22 Feb 2034 09:00:00 GMT", date, now), None, "a weekday that is wrong is garbage");
        assert_eq!(seconds("Wed, 22 Feb 2034 09:00:00 GMT", date, now), Some(CAP));
        assert_eq!(seconds("99999999999999999999999", date, now), Some(CAP));
        for garbage in ["", "soon", "-5", "1.5", "1e9", "\u{0}", "2024-02-22"] {
            assert_eq!(seconds(garbage, date, now), None, "{garbage}");
        }
    }

    proptest! {
        #[test]
        fn never_more_than_the_cap(header in any::<String>(), date in any::<String>(), n in any::<u64>()) {
            prop_assert!(seconds(&header, &date, Instant::UNIX_EPOCH).unwrap_or(0) <= CAP);
            prop_assert!(seconds(&n.to_string(), &date, Instant::UNIX_EPOCH).unwrap_or(0) <= CAP);
        }
    }
}
