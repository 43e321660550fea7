//! Who is in the room: the count in the header and the list. Says of whom it cannot know; never guesses.

use super::ink::{Piece, piece};
use super::model::Model;
use super::over::{inside, text_lines};
use super::panes::cell;
use super::scene::Scene;
use super::theme::Meaning;
use crate::safe;
use crate::situation::presence::{AWAY, Here, State, ago};
use crate::text::Safe;

/// The piece of the header; none where nothing is known of anybody.
pub fn count(scene: &Scene<'_>, narrow: bool) -> Option<Piece> {
    let presences = &scene.situation.presences;
    if presences.people.is_empty() || narrow {
        return None;
    }
    let (here, unknown) = presences.count();
    Some(match unknown {
        0 => piece(safe!("  {here} here"), Meaning::Dim),
        n => piece(safe!("  {here} here, {n} NOT KNOWN"), Meaning::Late),
    })
}

pub fn title(scene: &Scene<'_>) -> Safe {
    safe!("WHO IS HERE: {}   Esc goes back", scene.situation.presences.count().0)
}

/// A line for everybody of whom something is known, who is here first.
pub fn lines(model: &Model, scene: &Scene<'_>) -> Vec<Vec<Piece>> {
    let (presences, real) = (&scene.situation.presences, scene.situation.moment.real);
    let columns = inside(model).0;
    let mut out = Vec::new();
    if let Some(cut) = presences.cut {
        let text = format!("CUT OFF: what other hosts say was last heard {} ago", ago(cut, real));
        out.extend(text_lines(&text, columns).into_iter().map(|line| vec![piece(line, Meaning::Late)]));
    }
    if presences.people.is_empty() {
        out.push(vec![piece("no room has said who is in it", Meaning::Dim)]);
    }
    let name = if columns >= 60 { 16 } else { 10 };
    let host = if columns >= 60 { 20 } else { 9 };
    for one in &presences.people {
        let roles = scene.incident().roles.keys().filter(|role| scene.incident().holder(**role) == Some(&one.person));
        let roles: Vec<String> = roles.map(|role| role.title().to_lowercase()).collect();
        let (text, meaning) = standing(scene, model, one, columns < 60);
        let roles = if roles.is_empty() { String::new() } else { format!("  {}", roles.join(", ")) };
        out.push(vec![
            cell(&one.person, name, Meaning::Title),
            cell(&one.host, host, Meaning::Dim),
            piece(safe!("{text}"), meaning),
            piece(safe!("{roles}"), Meaning::Dim),
        ]);
    }
    out
}

fn standing(scene: &Scene<'_>, model: &Model, one: &Here, narrow: bool) -> (String, Meaning) {
    let moment = scene.situation.moment;
    // By the room's clock, where that is another than the real one.
    let at = |at| {
        let room = moment.now - (moment.real - at);
        format!("{} ({} ago)", scene.clock(model, room), ago(at, moment.real))
    };
    let key = ago(one.key, moment.real);
    match one.state {
        State::Here => {
            let rooms = if one.rooms > 1 { format!(", {} rooms", one.rooms) } else { String::new() };
            let meaning = if moment.real - one.key >= AWAY { Meaning::Soon } else { Meaning::Text };
            let last = if narrow { format!("key {key}") } else { format!("last key {key} ago{rooms}") };
            (format!("{}, {last}", one.pane), meaning)
        }
        State::NotKnown(since) => (format!("not known since {}", at(since)), Meaning::Late),
        State::Left(since) => (format!("left at {}", at(since)), Meaning::Dim),
        State::LinkLost(since) => (format!("terminal lost at {}", at(since)), Meaning::Soon),
        State::Ended(since) => (format!("room ended without a word after {}", at(since)), Meaning::Soon),
    }
}
