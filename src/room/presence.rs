//! What this room says of who sits in it: rarely, and only what somebody who looks would see. Pure; the room sends it.

use std::time::Duration;

use chrono::TimeDelta;
use uuid::Uuid;

use crate::incident::Instant;
use crate::incident::command::Actor;
use crate::incident::entry::IncidentId;
use crate::incident::presence::{End, Sitting};

/// How long a word holds that is not said again: a room that was killed is gone then.
const HOLDS: TimeDelta = TimeDelta::seconds(120);
/// Said again so early that it never runs out.
const AGAIN: TimeDelta = TimeDelta::seconds(50);
/// Another pane is told so soon, another key so soon after the last word.
const PANE: TimeDelta = TimeDelta::seconds(3);
const KEY: TimeDelta = TimeDelta::seconds(15);

/// One person at one room.
pub struct Sitter {
    room: Uuid,
    opened: Instant,
    key: Instant,
    pane: String,
    /// What was said last.
    said: Option<Sitting>,
}

impl Sitter {
    pub fn new(room: Uuid, real: Instant) -> Sitter {
        // Whoever opens a room pressed a key for it.
        Sitter { room, opened: real, key: real, pane: String::new(), said: None }
    }

    pub fn press(&mut self, real: Instant) {
        self.key = real;
    }

    pub fn looks_at(&mut self, pane: &str) {
        if self.pane != pane {
            pane.clone_into(&mut self.pane);
        }
    }

    /// How long until there is something to say.
    pub fn due(&self, real: Instant) -> Duration {
        let Some(said) = &self.said else { return Duration::ZERO };
        let wait = if said.pane != self.pane {
            PANE
        } else if said.key != self.key {
            KEY
        } else {
            AGAIN
        };
        // A clock that was set back must not keep it silent.
        (said.seen + wait - real).min(wait).to_std().unwrap_or_default()
    }

    /// The word now.
    pub fn say(&mut self, incident: IncidentId, actor: &Actor, real: Instant, end: Option<End>) -> Sitting {
        let sitting = Sitting {
            room: self.room,
            incident,
            person: actor.person.clone(),
            host: actor.host.clone(),
            pane: self.pane.clone(),
            opened: self.opened,
            key: self.key,
            seen: real,
            expires: if end.is_some() { real } else { real + HOLDS },
            end,
            far: false,
        };
        self.said = Some(sitting.clone());
        sitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_room_says_so_rarely_and_a_busy_one_not_with_every_key() {
        let begin: Instant = "2024-02-22T09:00:00Z".parse().unwrap();
        let actor = Actor { person: "kim".into(), host: "jump1".into() };
        let mut sitter = Sitter::new(Uuid::nil(), begin);
        let second = |n: i64| begin + TimeDelta::seconds(n);
        let (mut still, mut busy) = (0, 0);
        for n in 0..3600 {
            if sitter.due(second(n)).is_zero() {
                let said = sitter.say(IncidentId(Uuid::nil()), &actor, second(n), None);
                assert!(said.expires > second(n));
                still += 1;
            }
        }
        assert!(still <= 73, "{still} words in a still hour");
        for n in 3600..7200 {
            sitter.press(second(n));
            sitter.looks_at(if n % 2 == 0 { "now" } else { "teams" });
            if sitter.due(second(n)).is_zero() {
                sitter.say(IncidentId(Uuid::nil()), &actor, second(n), None);
                busy += 1;
            }
        }
        assert!(busy <= 1200, "{busy} words in an hour of keys every second");
    }
}
