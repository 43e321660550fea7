//! What it means that this host does not know what the others do. Says it; decides nothing.

use super::Situation;
use super::now::{Band, NowItem};
use super::thing::Thing;
use crate::incident::Instant;
use crate::incident::replication::{Health, Replication};
use crate::text::{duration, instant};

/// How this host stands with the others, at the moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Meeting {
    pub health: Health,
    /// How many entries wait here. None: nobody knows.
    pub wait: Option<u64>,
    pub last_round: Option<Instant>,
    pub error: Option<String>,
}

impl Meeting {
    /// Why others may do what we do and we would not know; None: they are met.
    pub fn doubt(&self) -> Option<Doubt> {
        match self.health {
            Health::Ok => None,
            Health::NotYet => Some(Doubt { since: None }),
            Health::CutOff(since) => Some(Doubt { since: Some(since) }),
        }
    }
}

/// The others are not known to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    /// None: they were not met yet.
    pub since: Option<Instant>,
}

impl Doubt {
    /// In words, before anything is sent.
    pub fn said(&self, now: Instant, zone: chrono_tz::Tz) -> String {
        match self.since {
            Some(since) => format!("CUT OFF since {}", instant::clock_zoned(since, now, zone)),
            None => "the other hosts were not met yet".to_owned(),
        }
    }
}

impl Situation {
    /// The same, with how this host stands with the others: a line in Now where it does not know what they do. None: it meets
    /// nobody, and nothing is said.
    pub fn meeting(mut self, standing: Option<&Replication>) -> Situation {
        let Some(standing) = standing else { return self };
        let meeting = Meeting {
            health: standing.health(self.moment.real),
            wait: standing.wait,
            last_round: standing.last_round,
            error: standing.error.clone(),
        };
        if let Some(item) = self.apart(&meeting) {
            let place = self.now.partition_point(|other| (other.band, other.at) < (item.band, item.at));
            self.now.insert(place, item);
        }
        self.meeting = Some(meeting);
        self
    }

    fn apart(&self, meeting: &Meeting) -> Option<NowItem> {
        let (now, zone) = (self.moment.now, self.zone);
        let others = "others may send, file and decide too";
        let waits = match meeting.wait {
            Some(0) => String::new(),
            Some(n) => format!(", {n} wait"),
            None => ", all since then waits".to_owned(),
        };
        let error = meeting.error.clone().unwrap_or_default();
        let (label, text, at) = match meeting.health {
            // Met, and yet something stays here.
            Health::Ok if meeting.wait.is_some_and(|n| n > 0) => {
                ("STAY HERE", format!("other hosts are met{waits}: {error}"), now)
            }
            Health::Ok => return None,
            // The first round takes a moment: only one that failed is a line.
            Health::NotYet if meeting.error.is_none() => return None,
            Health::NotYet => ("HOSTS", format!("none was met yet{waits}: {others}"), now),
            Health::CutOff(since) => {
                let clock = instant::clock(since, now, zone);
                ("CUT OFF", format!("since {clock}{waits}: {others}"), since)
            }
        };
        let ago = match meeting.health {
            Health::CutOff(since) => format!(" for {}", duration::age(self.moment.real - since)),
            Health::Ok | Health::NotYet => String::new(),
        };
        Some(NowItem {
            thing: Thing::Hosts,
            band: Band::Unsure,
            label: label.to_owned(),
            text,
            owner: None,
            at,
            alike: 1,
            say: format!(
                "We have not heard from the other hosts{ago}. Who calls them: what did they send, file, decide?"
            ),
            why: error,
            have: "all that is written here is kept, and goes to them when they are met again".to_owned(),
            said: String::new(),
        })
    }
}
