//! When a source is asked next: pure arithmetic on instants. Reads no clock; randomness comes from a seed.

use chrono::TimeDelta;

use super::Class;
use crate::incident::Instant;

/// The longest back-off, in seconds.
const MOST: u64 = 120;
/// How slowly a source is asked whose error does not mend itself, in seconds.
const SLOW: u64 = 60;
/// Within how many seconds the first polls happen.
const FIRST: u64 = 2;

/// What sets one host's polls of one source apart from another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    pub fn new(host: &str, source: &str) -> Seed {
        // FNV-1a; the zero byte keeps "ab"+"c" apart from "a"+"bc".
        let bytes = host.bytes().chain([0]).chain(source.bytes());
        Seed(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// A number from 0 to `below` - 1, the same for the same instant.
    fn pick(self, at: Instant, below: u64) -> u64 {
        let mut z = self.0 ^ (at.timestamp_millis() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below.max(1)
    }
}

/// How a poll went, as far as the schedule cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    Well,
    /// `misses` counts this one.
    Badly {
        class: Class,
        misses: u32,
        retry_after: Option<u64>,
    },
}

/// The first poll after `now`: within two seconds, apart from the other sources'.
pub fn first(now: Instant, seed: Seed) -> Instant {
    later(now, seed.pick(now, FIRST * 1000))
}

/// The start of the next poll, from the start of the last. `every` is in seconds.
pub fn next(start: Instant, every: u64, went: Went, seed: Seed) -> Instant {
    let every_ms = every.max(1).saturating_mul(1000);
    let around = |ms: u64| {
        // Ten percent to either side.
        let tenth = ms / 10;
        ms - tenth + seed.pick(start, 2 * tenth + 1)
    };
    let wait = match went {
        Went::Well => around(every_ms),
        Went::Badly { class, misses, retry_after } => {
            let own = match class {
                Class::Network | Class::Busy => {
                    let doubled = every_ms.saturating_mul(1 << misses.min(16));
                    let most = doubled.min(MOST * 1000).max(every_ms);
                    // Anywhere between the interval and the doubled one, so that hosts do not return together.
                    every_ms + seed.pick(start, most - every_ms + 1)
                }
                Class::Refused | Class::NotFound | Class::Tls | Class::Shape | Class::Setup => {
                    let slow = every_ms.max(SLOW * 1000);
                    slow + seed.pick(start, slow / 10 + 1)
                }
            };
            own.max(retry_after.unwrap_or(0).saturating_mul(1000))
        }
    };
    later(start, wait)
}

/// Whether to ask now. A next try further off than any schedule of ours means that the clock stepped back.
pub fn due(next_try: Option<Instant>, every: u64, now: Instant) -> bool {
    let Some(next) = next_try else { return true };
    let furthest = every.max(super::transport::retry_after::CAP).saturating_mul(1200);
    next <= now || next > later(now, furthest)
}

fn later(from: Instant, ms: u64) -> Instant {
    let span = i64::try_from(ms).ok().and_then(TimeDelta::try_milliseconds).unwrap_or(TimeDelta::MAX);
    from.checked_add_signed(span).unwrap_or(Instant::MAX_UTC)
}
