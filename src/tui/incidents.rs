//! The incidents as a list: which one needs me. The same rows before the room and over it. Draws and chooses; opens none.

use ratatui::layout::Rect;

use super::ink::{Ink, Piece, piece};
use super::key::{Code, Key};
use super::keymap::Keymap;
use super::model::{Effect, Loud, Model, Overlay};
use super::panes::cell;
use super::scene::Scene;
use super::theme::Meaning;
use crate::command::Action;
use crate::incident::Instant;
use crate::incident::entry::IncidentId;
use crate::incident::exercise::MARK;
use crate::incident::words::Severity;
use crate::safe;
use crate::situation::need::{self, Need};
use crate::text::{Safe, duration, width};

/// Rows that one incident takes.
pub const HIGH: usize = 2;

/// All incidents as the room knows them: its own as it is now, the others as last looked at; by need.
pub fn of_screen(model: &Model, scene: &Scene<'_>) -> Vec<Need> {
    let own = model.incident.map(|id| Need::of(id, scene.incident(), scene.situation));
    let mut all: Vec<Need> = model.others.iter().filter(|n| Some(n.incident) != model.incident).cloned().collect();
    all.extend(own);
    need::sort(&mut all);
    all
}

/// Of the others the one that needs somebody most: who asks for the list wants to go there.
pub fn first_lit(model: &Model, scene: &Scene<'_>) -> Option<IncidentId> {
    let all = of_screen(model, scene);
    let other = all.iter().find(|need| Some(need.incident) != model.incident);
    other.or(all.first()).map(|need| need.incident)
}

/// What a key does over the room.
pub fn on_key(model: &mut Model, lit: Option<IncidentId>, key: Key, scene: &Scene<'_>, keymap: &Keymap) -> Vec<Effect> {
    let all = of_screen(model, scene);
    let at = all.iter().position(|n| Some(n.incident) == lit);
    let to = match (keymap.action(key), key.code) {
        (_, Code::Enter) => {
            return match at.and_then(|at| all.get(at)) {
                Some(found) if Some(found.incident) == model.incident => Vec::new(),
                // What is on its way to the disk is waited for here: its answer would find nobody.
                Some(_) if !model.pending.is_empty() => {
                    model.say(Loud::Refused, "being saved: not on disk yet; then Enter goes there");
                    model.overlay = Some(Overlay::Incidents { lit });
                    Vec::new()
                }
                Some(found) => vec![Effect::Switch(found.incident)],
                None => {
                    model.say(Loud::Refused, "nothing is lit: j or k picks a row");
                    model.overlay = Some(Overlay::Incidents { lit });
                    Vec::new()
                }
            };
        }
        (Some(Action::Down), _) => at.map_or(0, |at| at + 1).min(all.len().saturating_sub(1)),
        (Some(Action::Up), _) => at.unwrap_or(0).saturating_sub(1),
        (Some(Action::Top), _) => 0,
        (Some(Action::Bottom), _) => all.len().saturating_sub(1),
        (Some(Action::Quit), _) => return vec![Effect::Quit],
        (Some(Action::Back | Action::Incidents), _) => return Vec::new(),
        _ => {
            model.overlay = Some(Overlay::Incidents { lit });
            return Vec::new();
        }
    };
    model.overlay = Some(Overlay::Incidents { lit: all.get(to).map(|n| n.incident) });
    Vec::new()
}

/// How the list is drawn.
pub struct Rows<'a> {
    pub list: &'a [Need],
    pub lit: Option<IncidentId>,
    /// The one that is open behind the list.
    pub here: Option<IncidentId>,
    pub me: &'a str,
    pub now: Instant,
}

/// Draws from row `y` of the area on as many as fit, the lit one among them. Returns the rows used.
pub fn draw(ink: &mut Ink<'_>, area: Rect, y: u16, rows: &Rows<'_>) -> u16 {
    let fit = (usize::from(area.height.saturating_sub(y)) / HIGH).max(1);
    let at = rows.list.iter().position(|n| Some(n.incident) == rows.lit).unwrap_or(0);
    let skip = (at + 1).saturating_sub(fit);
    let mut line = y;
    for need in rows.list.iter().skip(skip).take(fit) {
        let lit = Some(need.incident) == rows.lit;
        ink.row(area, 0, line, &first(need, rows, usize::from(area.width)));
        ink.row(area, 0, line + 1, &second(need, rows, usize::from(area.width)));
        if lit {
            ink.light(area, line, Meaning::Lit);
        }
        line += HIGH as u16;
    }
    line - y
}

/// `> SEV1 investigating T+0:35  IC kim, you  the title`.
fn first(need: &Need, rows: &Rows<'_>, columns: usize) -> Vec<Piece> {
    let wide = columns >= 60;
    let grave = matches!(need.severity, Severity::Sev1 | Severity::Sev2) && need.open();
    let text = if need.open() { Meaning::Text } else { Meaning::Dim };
    let phase = need.phase.as_str().to_uppercase();
    let phase = if wide { phase.as_str() } else { phase.get(..6).unwrap_or(&phase) };
    let elapsed = need.started.map(|at| duration::since(rows.now - at)).unwrap_or_default();
    let mut out = vec![piece(if Some(need.incident) == rows.lit { "> " } else { "  " }, Meaning::Key)];
    if need.exercise {
        out.push(piece(MARK, Meaning::Exercise));
        out.push(piece(" ", Meaning::Text));
    }
    out.push(cell(&need.severity.as_str().to_uppercase(), 4, if grave { Meaning::Life } else { Meaning::Title }));
    out.push(cell(phase, if wide { 13 } else { 6 }, text));
    out.push(cell(&elapsed, elapsed.len().max(6), text));
    out.push(match &need.commander {
        Some(name) if name == rows.me => piece(safe!(" IC {name}, YOU"), Meaning::Key),
        Some(name) => piece(safe!(" IC {name}"), text),
        None if need.open() => piece(" IC NOBODY", Meaning::Late),
        None => piece(" IC nobody", Meaning::Dim),
    });
    let used: usize = out.iter().map(|p| width::width(p.text.as_str())).sum();
    let here = if Some(need.incident) == rows.here { " (here)" } else { "" };
    out.push(cell(&format!("  {}{here}", need.title), columns.saturating_sub(used), text));
    out
}

/// `    26: 4 untold, 1 late   3m10 next update`.
fn second(need: &Need, rows: &Rows<'_>, columns: usize) -> Vec<Piece> {
    if !need.open() {
        return vec![piece(safe!("    over, {} entries", need.entries), Meaning::Dim)];
    }
    let loud = if need.calls() { Meaning::Late } else { Meaning::Dim };
    let mut out = vec![piece(safe!("    {}", need.wants()), loud)];
    if let Some((at, text)) = &need.next {
        let left = *at - rows.now;
        let (word, meaning) = match left > chrono::TimeDelta::zero() {
            // In minutes: a list that lies over the room does not count seconds.
            true => (duration::short(left, false), Meaning::Text),
            false => (format!("OVER {}", duration::short(-left, false)), Meaning::Late),
        };
        let used: usize = out.iter().map(|p| width::width(p.text.as_str())).sum();
        out.push(cell(&format!("   {word} {text}"), columns.saturating_sub(used), meaning));
    }
    out
}

/// Over the room.
pub fn overlay(ink: &mut Ink<'_>, inner: Rect, scene: &Scene<'_>, model: &Model, lit: Option<IncidentId>) {
    let list = of_screen(model, scene);
    let rows = Rows { list: &list, lit, here: model.incident, me: &model.actor.person, now: scene.now() };
    draw(ink, inner, 0, &rows);
    if list.len() < 2 {
        let y = (list.len() * HIGH) as u16;
        ink.put(inner, 0, y, usize::MAX, &Safe::from("no other incident is in this journal"), Meaning::Dim);
    }
}
