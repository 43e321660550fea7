//! Who sits in a room, where, and when they last pressed a key. No entry: it proves nothing, and is gone when it is old.

use uuid::Uuid;

use super::Instant;
use super::entry::IncidentId;

/// One room that somebody has, or had, open on an incident. All instants are of real time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sitting {
    /// Made anew by every room that is opened.
    pub room: Uuid,
    pub incident: IncidentId,
    pub person: String,
    pub host: String,
    /// What they look at, in a word.
    pub pane: String,
    pub opened: Instant,
    /// The last key.
    pub key: Instant,
    /// When the room last said so.
    pub seen: Instant,
    /// From then on the room is not there any more, unless it says so again.
    pub expires: Instant,
    pub end: Option<End>,
    /// It came from another host by way of a server.
    pub far: bool,
}

/// How a room ended, where it could say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub at: Instant,
    /// The terminal went away: nobody quit.
    pub lost: bool,
}

/// What is known of who is here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presence {
    pub sittings: Vec<Sitting>,
    /// When a server last answered what other hosts say. None: no server was ever asked.
    pub heard: Option<Instant>,
    /// Whether this host meets others, whose rooms it would have to hear of.
    pub meets: bool,
}

impl Sitting {
    /// Whether somebody who looks would see a difference: a renewal alone is none.
    pub fn looks_like(&self, other: &Sitting) -> bool {
        let shown = |s: &Sitting| (s.room, s.pane.clone(), s.key.timestamp() / 30, s.end.map(|end| end.at));
        shown(self) == shown(other)
    }
}

impl Presence {
    /// Whether somebody who looks would see a difference.
    pub fn looks_like(&self, other: &Presence) -> bool {
        let pairs = self.sittings.iter().zip(&other.sittings);
        self.heard.is_some() == other.heard.is_some()
            && self.sittings.len() == other.sittings.len()
            && pairs.into_iter().all(|(a, b)| a.looks_like(b))
    }
}
