//! Pane 3: audiences by channels: who was told what, where, when, and who was not.

use super::{Body, Item, Piece, cell, last, piece};
use crate::incident::words::MessageState;
use crate::safe;
use crate::situation::audience::{AudienceView, Cell, Next, Service, harm};
use crate::situation::receipt;
use crate::situation::thing::Thing;
use crate::text::{Safe, duration};
use crate::tui::model::{Model, Pane};
use crate::tui::scene::{Scene, age};
use crate::tui::theme::Meaning;

pub const PANE: super::PaneDef = super::PaneDef {
    pane: Pane::Messages,
    title: "MESSAGES",
    tab: "Msg",
    items,
    row,
    heading,
    columns: Some(columns),
    foot: None,
    empty: "no playbook names audiences: start one with `warroom declare --playbook`",
};

fn items(scene: &Scene<'_>, _: &Model) -> Vec<Item> {
    let audiences = scene.situation.audiences.iter().enumerate();
    audiences.map(|(index, a)| Item { thing: Some(Thing::Audience(a.id.clone())), body: Body::At(index) }).collect()
}

/// The symbol of a cell; `!=` told what is not so any more, `.` none, `dr` draft, `ok` approved, `>` sent, `>!` not to all,
/// `✓` arrived, `e` elsewhere, `?` unsure, `✗` failed.
pub fn symbol(scene: &Scene<'_>, cell: &Cell) -> (&'static str, Meaning) {
    match cell.state {
        Some(_) if cell.overtaken => ("!=", Meaning::Late),
        None if !cell.reaches => (" ", Meaning::Dim),
        None => (".", Meaning::Dim),
        Some(MessageState::Draft) => ("dr", Meaning::Soon),
        Some(MessageState::Approved) => ("ok", Meaning::Soon),
        Some(MessageState::Sending) => (">>", Meaning::Pending),
        Some(MessageState::Sent | MessageState::Delivered) if cell.counts.is_some_and(|c| c.missed() > 0) => {
            (">!", Meaning::Late)
        }
        Some(MessageState::Sent) if silent(scene, cell) => (">?", Meaning::Unsure),
        Some(MessageState::Sent) => (">", Meaning::Good),
        Some(MessageState::Delivered) => ("✓", Meaning::Good),
        Some(MessageState::Failed) => ("✗", Meaning::Late),
        Some(MessageState::Unknown) => ("?", Meaning::Unsure),
        Some(MessageState::Skipped) => ("-", Meaning::Dim),
        Some(MessageState::SentElsewhere) if cell.claimed => ("e?", Meaning::Old),
        Some(MessageState::SentElsewhere) => ("e", Meaning::Good),
    }
}

/// Whether its receipt should have come and did not.
fn silent(scene: &Scene<'_>, cell: &Cell) -> bool {
    let message = cell.message.and_then(|id| scene.incident().messages.get(&id));
    let signals = &scene.situation.signals;
    message.is_some_and(|message| receipt::missing(scene.incident(), signals, message, scene.situation.moment))
}

struct Widths {
    name: usize,
    service: usize,
    last: usize,
    next: usize,
    channel: usize,
    owner: usize,
}

fn widths(columns: usize, channels: usize, owned: bool) -> Widths {
    if columns < 50 {
        return Widths { name: 8, service: 0, last: 5, next: 8, channel: 2, owner: 0 };
    }
    // Zoomed there is room for the times.
    let channel = if columns >= 100 { 9 } else { 3 + usize::from(columns >= 76) };
    let (service, last, next) = (if columns >= 64 { 10 } else { 9 }, 5, 9);
    // A column of dashes tells nothing.
    let owner = if owned { 5 } else { 0 };
    let fixed = channels * (channel + 1) + owner + service + last + next + 4;
    Widths { name: columns.saturating_sub(fixed).clamp(7, 18), service, last, next, channel, owner }
}

fn owned(scene: &Scene<'_>) -> bool {
    scene.situation.audiences.iter().any(|a| a.owner.is_some())
}

fn columns(scene: &Scene<'_>, model: &Model, columns: usize) -> Vec<Piece> {
    let channels = &scene.plan().channels;
    let w = widths(columns, channels.len(), owned(scene));
    let mut out = vec![cell("AUDIENCE", w.name, Meaning::Dim)];
    if w.service > 0 {
        out.push(cell("SERVICE", w.service, Meaning::Dim));
    }
    out.push(cell("LAST", w.last, Meaning::Dim));
    out.push(cell("NEXT", w.next, Meaning::Dim));
    for (index, channel) in channels.iter().enumerate() {
        let lit = model.pane == Pane::Messages && model.channel == index;
        let short: String = channel.short.chars().take(w.channel).collect();
        out.push(cell(&short, w.channel, if lit { Meaning::Key } else { Meaning::Dim }));
    }
    if w.owner > 0 {
        out.push(last("OWN", w.owner, Meaning::Dim));
    }
    out
}

fn row(scene: &Scene<'_>, model: &Model, item: &Item, columns: usize) -> Vec<Piece> {
    let Body::At(index) = item.body else { return Vec::new() };
    let Some(audience) = scene.situation.audiences.get(index) else { return Vec::new() };
    let w = widths(columns, audience.cells.len(), owned(scene));
    let (next, loud) = next(scene, audience);
    let mut out = vec![cell(&audience.name, w.name, if audience.life { Meaning::Title } else { Meaning::Text })];
    if let Some(why) = &audience.hold {
        match audience.last_word {
            Some(at) if scene.situation.held.is_none() => {
                out.push(piece(safe!("TOLD {} ago, HOLD: {why}", scene.ago(at)), Meaning::Late));
            }
            _ => out.push(piece(safe!("HOLD: {why}"), Meaning::Old)),
        }
        return out;
    }
    if w.service > 0 {
        let (service, meaning) = service(scene, audience);
        out.push(cell(&service, w.service, meaning));
    }
    let untold = audience.last_word.is_none() && audience.harmed_since.is_some();
    match audience.last_word {
        Some(at) if audience.claimed => out.push(cell(&format!("{}?", scene.ago(at)), w.last, Meaning::Old)),
        Some(at) => out.push(cell(&scene.ago(at), w.last, Meaning::Text)),
        None if untold && audience.cells.iter().any(|c| c.state == Some(MessageState::Unknown)) => {
            out.push(cell("UNSURE", w.last.max(5), Meaning::Unsure));
        }
        None if untold => out.push(cell("NEVER", w.last, loud)),
        None => out.push(cell("--", w.last, Meaning::Dim)),
    }
    out.push(cell(&next, w.next, loud));
    for (index, channel) in audience.cells.iter().enumerate() {
        let (symbol, meaning) = symbol(scene, channel);
        let lit = model.pane == Pane::Messages && model.channel == index;
        let meaning = if lit && channel.state.is_none() { Meaning::Key } else { meaning };
        let mut text = symbol.to_owned();
        if w.channel >= 4 && channel.state.is_some() {
            text.push_str(&channel.language);
        }
        if let Some(at) = channel.at.filter(|_| w.channel >= 9) {
            text = format!("{text:<3} {}", scene.clock(model, at));
        }
        out.push(cell(&text, w.channel, meaning));
    }
    if w.owner > 0 {
        out.push(last(audience.owner.as_deref().unwrap_or("--"), w.owner, Meaning::Dim));
    }
    out
}

pub fn service(scene: &Scene<'_>, audience: &AudienceView) -> (String, Meaning) {
    match &audience.service {
        Service::None => ("--".into(), Meaning::Dim),
        Service::NotKnown => ("NOT KNWN".into(), Meaning::Old),
        Service::Ok => ("OK".into(), Meaning::Good),
        Service::Harmed { state, since } => (format!("{} {}", harm(*state), age(scene.now() - *since)), Meaning::Late),
        Service::Restored { since } => (format!("back {}", age(scene.now() - *since)), Meaning::Good),
    }
}

fn next(scene: &Scene<'_>, audience: &AudienceView) -> (String, Meaning) {
    let now = scene.now();
    match &audience.next {
        Next::Nothing => ("--".into(), Meaning::Dim),
        Next::RestoredUntold(_) => ("UNTOLD".into(), Meaning::Life),
        Next::First(at) | Next::Promised(at) | Next::Cadence(at) => {
            if *at <= now {
                let loud = if audience.life { Meaning::Life } else { Meaning::Late };
                (format!("OVER {}", duration::short(now - *at, false)), loud)
            } else {
                let soon = (*at - now).num_minutes() < 15;
                (duration::short(*at - now, false), if soon { Meaning::Soon } else { Meaning::Text })
            }
        }
    }
}

fn heading(scene: &Scene<'_>, _: &Model, _: usize) -> Vec<Piece> {
    let audiences = &scene.situation.audiences;
    let now = scene.now();
    let never =
        audiences.iter().filter(|a| a.hold.is_none() && a.last_word.is_none() && a.harmed_since.is_some()).count();
    let behind = audiences.iter().filter(|a| a.last_word.is_some() && a.next.at().is_some_and(|at| at <= now)).count();
    let unsure = scene.incident().messages.values().filter(|m| m.state == MessageState::Unknown).count();
    let mut out = Vec::new();
    for (n, word, meaning) in
        [(never, "never told", Meaning::Life), (behind, "behind", Meaning::Late), (unsure, "unsure", Meaning::Unsure)]
    {
        if n > 0 {
            out.push(piece(safe!("{n} {word}  "), meaning));
        }
    }
    if out.is_empty() && !audiences.is_empty() {
        out.push(piece(Safe::from("everybody in harm has been told"), Meaning::Good));
    }
    out
}
