//! How this host stands with the place where hosts meet, as the process that replicates last said. Asks nobody, reads no clock.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Instant;

/// What is known of it. A host that meets others nowhere has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// When a whole round last ended: all that others had was here, all that was here was there.
    #[serde(default)]
    pub last_round: Option<Instant>,
    /// Since when the server is not reached. None: it answered last.
    #[serde(default)]
    pub cut: Option<Instant>,
    /// How many entries here the server lacks, as last known. None: it was not asked yet.
    #[serde(default)]
    pub wait: Option<u64>,
    /// Why it is not reached, or not all is exchanged.
    #[serde(default)]
    pub error: Option<String>,
    /// Seconds between two rounds.
    #[serde(default)]
    pub every: u32,
}

/// Whether this host knows what the others do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// No round has ended yet: nothing is known of the others.
    NotYet,
    Ok,
    /// Since when others may have done what is not known here.
    CutOff(Instant),
}

/// Of a round that ended longer ago nobody knows what came after it, whatever was said then.
const OLD: TimeDelta = TimeDelta::seconds(12);

impl Replication {
    /// How it stands at an instant of the wall clock.
    pub fn health(&self, real: Instant) -> Health {
        match (self.cut, self.last_round) {
            (Some(since), _) => Health::CutOff(since),
            (None, None) => Health::NotYet,
            // A clock that was set back since is no reason to trust it.
            (None, Some(last)) if (real - last).abs() > self.old() => Health::CutOff(last),
            (None, Some(_)) => Health::Ok,
        }
    }

    /// When it is old by itself, where nothing more is heard.
    pub fn old_at(&self) -> Option<Instant> {
        let last = self.last_round.filter(|_| self.cut.is_none())?;
        last.checked_add_signed(self.old())
    }

    fn old(&self) -> TimeDelta {
        OLD + TimeDelta::seconds(self.every.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_never_ok() {
        let at = |s| Instant::UNIX_EPOCH + TimeDelta::seconds(s);
        let told = Replication { last_round: Some(at(100)), ..Replication::default() };
        assert_eq!(Replication::default().health(at(100)), Health::NotYet);
        assert_eq!(told.health(at(104)), Health::Ok);
        assert_eq!(told.health(at(113)), Health::CutOff(at(100)), "nobody replicates any more");
        assert_eq!(told.health(at(50)), Health::CutOff(at(100)), "the clock was set back");
        let cut = Replication { cut: Some(at(90)), ..told };
        assert_eq!(cut.health(at(101)), Health::CutOff(at(90)));
    }
}
