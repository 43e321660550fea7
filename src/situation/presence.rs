//! Who is here, who left, and of whom nobody can know: judged from what rooms say and from how lately it was heard. What is
//! cut off is never gone.

use chrono::TimeDelta;

use crate::incident::Instant;
use crate::incident::clock::Moment;
use crate::incident::leading::same;
use crate::incident::presence::{Presence, Sitting};
use crate::incident::state::Incident;
use crate::text::duration;

/// Without a key for so long nobody can be said to look at the screen.
pub const AWAY: TimeDelta = TimeDelta::minutes(15);
/// A server that was not heard for so long says nothing of other hosts any more.
const HEARD_FOR: TimeDelta = TimeDelta::seconds(75);

/// How somebody is. The better it is, the earlier it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// A room of theirs is open.
    Here,
    /// This host is cut off from theirs since then.
    NotKnown(Instant),
    /// They quit.
    Left(Instant),
    /// Their terminal went away.
    LinkLost(Instant),
    /// Their room ended without a word: killed, or its host with it.
    Ended(Instant),
}

/// One person on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Here {
    pub person: String,
    pub host: String,
    pub pane: String,
    pub opened: Instant,
    pub key: Instant,
    pub seen: Instant,
    pub state: State,
    /// How many rooms they have open there.
    pub rooms: usize,
}

/// Everybody of whom something is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Presences {
    /// Who is here first; of those, who pressed a key last.
    pub people: Vec<Here>,
    /// Since when nothing is known of other hosts.
    pub cut: Option<Instant>,
}

impl Presences {
    /// How many people are here, and of how many it is not known.
    pub fn count(&self) -> (usize, usize) {
        let names = |wanted: fn(&State) -> bool| {
            let mut names: Vec<&str> = Vec::new();
            for one in self.people.iter().filter(|one| wanted(&one.state)) {
                if !names.iter().any(|name| same(name, &one.person)) {
                    names.push(&one.person);
                }
            }
            names
        };
        let here = names(|state| *state == State::Here);
        let unknown = names(|state| matches!(state, State::NotKnown(_)));
        (here.len(), unknown.iter().filter(|name| !here.iter().any(|other| same(other, name))).count())
    }

    /// The best that is known of a person. None: they were never seen in a room.
    pub fn of(&self, person: &str) -> Option<&Here> {
        let theirs = self.people.iter().filter(|one| same(&one.person, person));
        theirs.max_by_key(|one| one.rank())
    }
}

impl Here {
    /// Here, then where it is not known, then away; of those alike the latest says most.
    fn rank(&self) -> (u8, Instant) {
        match self.state {
            State::Here => (2, self.key),
            State::NotKnown(_) => (1, self.key),
            State::Left(at) | State::LinkLost(at) | State::Ended(at) => (0, at),
        }
    }

    /// Since when they are away, where they are, and in words how.
    fn away(&self) -> (Instant, String) {
        match self.state {
            State::Here => (self.key, format!("in the room on {}, but no key", self.host)),
            State::NotKnown(at) => (at, "not known".to_owned()),
            State::Left(at) => (at, format!("left the room on {}", self.host)),
            State::LinkLost(at) => (at, format!("lost the link to the room on {}", self.host)),
            State::Ended(at) => (at, format!("the room on {} ended without a word", self.host)),
        }
    }
}

/// Everybody of whom a room said something.
pub fn presences(presence: &Presence, real: Instant) -> Presences {
    let cut = match presence.heard {
        // Other hosts may have rooms, and none was ever heard.
        None if presence.meets => Some(presence.sittings.iter().map(|s| s.opened).min().unwrap_or(real)),
        heard => heard.filter(|heard| real - *heard > HEARD_FOR),
    };
    let mut people: Vec<Here> = Vec::new();
    for sitting in &presence.sittings {
        let state = state(sitting, presence, cut, real);
        let known = people.iter_mut().find(|one| same(&one.person, &sitting.person) && one.host == sitting.host);
        let live = usize::from(state == State::Here);
        match known {
            // Of several rooms of a person the one where they pressed a key last stands for them.
            Some(one) => {
                let rooms = one.rooms + live;
                if (state == State::Here, sitting.key) > (one.state == State::Here, one.key) {
                    *one = here(sitting, state, rooms);
                }
                one.rooms = rooms;
            }
            None => people.push(here(sitting, state, live)),
        }
    }
    people.sort_by(|a, b| {
        let rank = |one: &Here| (one.state, std::cmp::Reverse(one.key), one.person.clone(), one.host.clone());
        rank(a).cmp(&rank(b))
    });
    Presences { people, cut }
}

fn here(sitting: &Sitting, state: State, rooms: usize) -> Here {
    Here {
        person: sitting.person.clone(),
        host: sitting.host.clone(),
        pane: sitting.pane.clone(),
        opened: sitting.opened,
        key: sitting.key,
        seen: sitting.seen,
        state,
        rooms,
    }
}

fn state(sitting: &Sitting, presence: &Presence, cut: Option<Instant>, real: Instant) -> State {
    // What another host says runs out only where it could have been heard again.
    let heard = if sitting.far { presence.heard.unwrap_or(real).min(real) } else { real };
    match (sitting.end, cut) {
        (Some(end), _) if end.lost => State::LinkLost(end.at),
        (Some(end), _) => State::Left(end.at),
        (None, _) if sitting.expires <= heard => State::Ended(sitting.seen),
        (None, Some(cut)) if sitting.far => State::NotKnown(cut),
        (None, _) => State::Here,
    }
}

/// What is to be said of somebody who holds a role and is away: since when, in words, and whether that is certain.
pub struct Away {
    pub since: Instant,
    pub words: String,
    pub known: bool,
}

/// None: they are here, have not been away for long, or were never seen in a room.
pub fn away(incident: &Incident, presences: &Presences, moment: Moment, person: &str) -> Option<Away> {
    let found = presences.of(person)?;
    let (mut since, words) = found.away();
    let mut known = !matches!(found.state, State::NotKnown(_));
    if let Some(cut) = presences.cut.filter(|_| found.state != State::Here && known) {
        // They may be in a room of a host that is not heard.
        (known, since) = (false, since.max(cut));
    }
    // The record's clock is the real one outside a demo: what they wrote from a shell is a sign of life too.
    if (moment.now - moment.real).abs() < TimeDelta::minutes(1) {
        let late = |at: Instant| moment.now - at < AWAY;
        let rows = incident.timeline.iter().rev().take(500);
        let wrote = rows.map(|row| &row.entry).filter(|e| !e.author.machine && same(&e.author.person, person));
        since = wrote.map(|e| e.recorded).filter(|at| late(*at)).max().map_or(since, |wrote| since.max(wrote));
    }
    if moment.real - since < AWAY {
        return None;
    }
    let words = if known { words } else { "not known".to_owned() };
    Some(Away { since, words, known })
}

/// An age of real time, in minutes and above.
pub fn ago(at: Instant, real: Instant) -> String {
    if real - at < TimeDelta::minutes(1) { "<1m".to_owned() } else { duration::short(real - at, false) }
}
