//! Draws a scene: header, panes, strip, footer, and what lies over them. Pure; says when the picture next changes by itself.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::ink::{Ink, Piece, piece};
use super::keymap::Keymap;
use super::layout::{Layout, layout};
use super::model::{Loud, Model, Overlay, Pane};
use super::panes::{self, PANES};
use super::scene::Scene;
use super::theme::{Meaning, Theme};
use super::{header, over};
use crate::command::{Action, Place, Row, TABLE};
use crate::incident::Instant;
use crate::rulebook::deadline::Due;
use crate::safe;
use crate::situation::obligations::Standing;
use crate::text::{Safe, width};

/// How the screen is drawn.
pub struct Look<'a> {
    pub theme: &'a Theme,
    pub keymap: &'a Keymap,
    pub ascii: bool,
}

/// What a drawn frame needs besides its cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Where the cursor stands, while text is typed.
    pub cursor: Option<(u16, u16)>,
    /// The room's instant at which the picture next changes by itself.
    pub wake: Option<Instant>,
}

/// Rows that a pane's list has at this size, and the columns of a row.
pub fn list_area(layout: &Layout, pane: Pane) -> Option<Rect> {
    let (_, area) = layout.panes.iter().find(|(p, _)| *p == pane)?;
    let head = 1 + u16::from(panes::def(pane).columns.is_some() && area.height > 4);
    let foot = panes::foot_rows(panes::def(pane), area.height);
    Some(Rect { y: area.y + head.min(area.height), height: area.height.saturating_sub(head + foot), ..*area })
}

/// Draws everything into the buffer. Total at any size.
pub fn view(model: &Model, scene: &Scene<'_>, look: &Look<'_>, buffer: &mut Buffer) -> Drawn {
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let call = model.call_rows((columns, rows));
    let mut ink = Ink::new(buffer, look.theme, look.ascii).of_exercise(scene.incident().is_exercise());
    let foot = Rect { x: 0, y: rows.saturating_sub(call.len() as u16), width: columns, height: call.len() as u16 };
    for (y, line) in call.iter().enumerate() {
        ink.put(foot, 0, y as u16, usize::MAX, line, Meaning::Exercise);
    }
    let mut ink = ink.above(foot.y);
    let layout = layout((columns, foot.y), model.zoom, model.pane);
    let mut seconds = header::draw(&mut ink, layout.header, scene, model);
    for (pane, area) in &layout.panes {
        draw_pane(&mut ink, *area, *pane, &layout, scene, model);
    }
    if let Some(rule) = layout.rule {
        ink.line(rule, 0);
    }
    if let Some(tabs) = layout.tabs {
        draw_tabs(&mut ink, tabs, scene, model);
    }
    if let Some(strip) = layout.strip {
        draw_strip(&mut ink, strip, scene, model);
    }
    draw_footer(&mut ink, layout.footer, scene, model, look);
    let cursor = over::draw(&mut ink, scene, model, look);
    // What was pasted may be wider than the screen: the cursor stays on it.
    let (right, bottom) = (model.size.0.saturating_sub(1), model.size.1.saturating_sub(1));
    let cursor = cursor.map(|(x, y)| (x.min(right), y.min(bottom)));
    // What was just told is seen also where something lies over all; a review tells it itself.
    if model.flash.is_some() && !matches!(model.overlay, None | Some(Overlay::Review(_))) {
        draw_footer(&mut ink, layout.footer, scene, model, look);
    }
    seconds |= scene.situation.now.iter().any(|i| {
        let left = i.at - scene.now();
        left > TimeDelta::zero() && left < TimeDelta::minutes(10)
    });
    Drawn { cursor, wake: Some(wake(scene, seconds)) }
}

/// The next whole second where something counts in seconds, else the next whole minute.
fn wake(scene: &Scene<'_>, seconds: bool) -> Instant {
    let now = scene.now();
    let step = if seconds { 1_000 } else { 60_000 };
    now + TimeDelta::milliseconds(step - now.timestamp_millis().rem_euclid(step))
}

fn draw_pane(ink: &mut Ink<'_>, area: Rect, pane: Pane, layout: &Layout, scene: &Scene<'_>, model: &Model) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let def = panes::def(pane);
    let focused = model.pane == pane;
    let place = &model.places[pane as usize];
    let columns = usize::from(area.width);
    let title = safe!("{} {}", pane.number(), def.title);
    let mut head = vec![piece(title, if focused { Meaning::Key } else { Meaning::Title }), piece("  ", Meaning::Dim)];
    if !place.filter.is_empty() {
        head.push(piece(safe!("/{}  ", place.filter), Meaning::New));
    }
    head.extend((def.heading)(scene, model, columns));
    let list = list_area(layout, pane);
    let items = panes::items(scene, model, pane);
    // What is out of sight is told at the right end; the heading ends before it, and is seen to be cut.
    let below = list.map_or(0, |list| items.len().saturating_sub(place.offset + usize::from(list.height)));
    let more = match (list.map_or(0, |_| place.offset), below) {
        (0, 0) => Safe::default(),
        (0, below) => safe!(" +{below} below"),
        (above, 0) if pane == Pane::Now => safe!(" +{above} above: g"),
        (above, 0) => safe!(" +{above} above"),
        (above, below) if pane == Pane::Now => safe!(" +{above} above: g +{below} below"),
        (above, below) => safe!(" +{above} above +{below} below"),
    };
    let x = area.width.saturating_sub(width::width(more.as_str()) as u16);
    ink.row(Rect { width: x, ..area }, 0, 0, &head);
    // What is out of sight above stands before all that is seen.
    let loud = if place.offset > 0 && pane == Pane::Now { Meaning::Late } else { Meaning::Dim };
    ink.put(area, x, 0, usize::MAX, &more, loud);
    let Some(list) = list else { return };
    if list.y > area.y + 1
        && let Some(names) = def.columns
    {
        ink.row(area, 1, 1, &names(scene, model, columns.saturating_sub(1)));
    }
    if let Some(foot) = def.foot {
        let rows = panes::foot_rows(def, area.height);
        let lines = foot(scene, model, columns.saturating_sub(1), usize::from(rows));
        for (line, y) in lines.iter().zip(area.height.saturating_sub(rows)..) {
            ink.row(area, 1, y, line);
        }
    }
    if items.is_empty() {
        let text = match (model.loading, place.filter.is_empty()) {
            (true, _) => Safe::from("opening the journal..."),
            (false, true) => Safe::from(def.empty),
            (false, false) => Safe::from("no row holds the filter's text: Esc shows all"),
        };
        ink.put(list, 1, 0, columns.saturating_sub(2), &text, Meaning::Dim);
        return;
    }
    let height = usize::from(list.height);
    for (line, item) in items.iter().skip(place.offset).take(height).enumerate() {
        let y = line as u16;
        let pieces = (def.row)(scene, model, item, columns.saturating_sub(1));
        ink.row(list, 1, y, &pieces);
        if focused && item.thing.is_some() && item.thing == place.lit {
            ink.put(list, 0, y, 1, &Safe::from(">"), Meaning::Key);
            ink.light(list, y, Meaning::Lit);
        }
    }
}

fn draw_tabs(ink: &mut Ink<'_>, area: Rect, scene: &Scene<'_>, model: &Model) {
    let narrow = area.width < 60;
    let mut pieces: Vec<Piece> = Vec::new();
    for def in &PANES {
        let (mut badge, meaning) = badge(scene, model, def.pane);
        if narrow {
            badge.truncate(badge.char_indices().nth(4).map_or(badge.len(), |(at, _)| at));
        }
        let name = if narrow { def.tab.get(..1).unwrap_or(def.tab) } else { def.tab };
        let text = if narrow {
            safe!("{}{name}{badge} ", def.pane.number())
        } else {
            safe!("{} {name}{}{badge}", def.pane.number(), if badge.is_empty() { "" } else { " " })
        };
        if def.pane == model.pane {
            pieces.push(piece("[", Meaning::Key));
            pieces.push(piece(safe!("{}", text.as_str().trim_end()), Meaning::Key));
            pieces.push(piece("]", Meaning::Key));
            pieces.push(piece(" ", Meaning::Dim));
        } else {
            pieces.push(piece(text, meaning));
            pieces.push(piece(if narrow { "" } else { "  " }, Meaning::Dim));
        }
    }
    ink.row(area, 0, 0, &pieces);
}

/// The one number of a pane, for its tab.
fn badge(scene: &Scene<'_>, model: &Model, pane: Pane) -> (String, Meaning) {
    let situation = scene.situation;
    let now = scene.now();
    match pane {
        Pane::Now => {
            let n = situation.now.len();
            (if n > 0 { n.to_string() } else { String::new() }, Meaning::Text)
        }
        Pane::Timeline => {
            let new = model.looked.map_or(0, |looked| {
                scene.incident().timeline.iter().rev().take(2000).filter(|r| r.entry.recorded > looked).count()
            });
            (if new > 0 { format!("{new}new") } else { String::new() }, Meaning::New)
        }
        Pane::Messages => {
            let never = situation
                .audiences
                .iter()
                .filter(|a| a.hold.is_none() && a.last_word.is_none() && a.harmed_since.is_some())
                .count();
            (if never > 0 { format!("{never}NEVER") } else { String::new() }, Meaning::Life)
        }
        Pane::Agencies => {
            let open = situation.obligations.iter().filter(|o| o.state == Standing::Due && !o.voluntary);
            let asap = open.flat_map(|o| &o.stages).any(|s| s.open() && !s.iff && matches!(s.due, Some(Due::Asap(_))));
            let next = situation.clocks.iter().find(|c| matches!(c.thing, crate::situation::thing::Thing::Stage(..)));
            match next {
                // What is due at once has no number, and is before all that has one but what is late.
                next if asap && next.is_none_or(|clock| clock.at > now || clock.iff) => {
                    ("ASAP".to_owned(), Meaning::Life)
                }
                Some(clock) => {
                    let iff = if clock.iff { "IF" } else { "" };
                    match clock.at <= now {
                        true => (format!("OVER{iff}"), Meaning::Late),
                        false => {
                            (format!("{}{iff}", crate::text::duration::short(clock.at - now, false)), Meaning::Text)
                        }
                    }
                }
                None => (String::new(), Meaning::Text),
            }
        }
        Pane::Teams => {
            let empty = scene.plan().roles.iter().filter(|r| scene.incident().holder(**r).is_none()).count();
            (if empty > 0 { format!("{empty}empty") } else { String::new() }, Meaning::Late)
        }
        Pane::Signals => {
            let (fresh, all) = situation.fresh();
            (if fresh < all { format!("{}OLD", all - fresh) } else { String::new() }, Meaning::Old)
        }
    }
}

/// What an 80×24 screen tells below the list: who was told, signals, the last rows.
fn draw_strip(ink: &mut Ink<'_>, area: Rect, scene: &Scene<'_>, model: &Model) {
    let situation = scene.situation;
    let never: Vec<&str> = situation
        .audiences
        .iter()
        .filter(|a| a.hold.is_none() && a.last_word.is_none() && a.harmed_since.is_some())
        .map(|a| a.name.as_str())
        .collect();
    let told = situation.audiences.iter().filter(|a| a.last_word.is_some()).count();
    ink.put(area, 0, 0, 80, &Safe::from("- told -"), Meaning::Border);
    let mut line = Vec::new();
    if !never.is_empty() {
        line.push(piece(safe!("NEVER {}  ", never.join("  ")), Meaning::Life));
    }
    line.push(piece(safe!("told: {told}"), Meaning::Text));
    ink.row(area, 0, 1, &line);
    ink.put(area, 0, 2, 80, &Safe::from("- signals -"), Meaning::Border);
    let mut line = Vec::new();
    let worst = situation.signals.components.iter();
    for component in worst.filter(|c| c.state != Some(crate::incident::words::ComponentState::Operational)).take(6) {
        let word = component.state.map_or("GONE", |s| s.short());
        line.push(piece(safe!("{word} {}  ", component.name), Meaning::Late));
    }
    for metric in situation.signals.metrics.iter().filter(|m| m.value.is_some()) {
        let value = crate::report::line::number(metric.value.unwrap_or_default());
        let old = if metric.current { "" } else { " OLD" };
        line.push(piece(safe!("{} {value}{old}  ", metric.name.replace('_', " ")), Meaning::Text));
    }
    ink.row(area, 0, 3, &line);
    ink.put(area, 0, 4, 80, &Safe::from("- last -"), Meaning::Border);
    let def = panes::def(Pane::Timeline);
    let items = (def.items)(scene, model);
    for (y, item) in items.iter().skip(items.len().saturating_sub(3)).enumerate() {
        ink.row(area, 0, 5 + y as u16, &(def.row)(scene, model, item, usize::from(area.width)));
    }
}

fn draw_footer(ink: &mut Ink<'_>, area: Rect, scene: &Scene<'_>, model: &Model, look: &Look<'_>) {
    if area.height == 0 {
        return;
    }
    if let Some((loud, text)) = &model.flash {
        let meaning = match loud {
            Loud::Info => Meaning::Good,
            Loud::Refused => Meaning::Soon,
            Loud::Failed => Meaning::Life,
        };
        // It may stand on the lower edge of a box: the whole row is its own.
        let columns = usize::from(area.width);
        ink.put(area, 0, 0, columns, &Safe::new(&" ".repeat(columns)), Meaning::Text);
        // Whoever sees the room for the first time may see this first: the way to the keys stays in sight.
        let hint = TABLE.iter().find(|row| row.action == Action::Help).and_then(|row| key_word(look, row));
        let hint = hint.filter(|_| model.overlay.is_none()).map(|key| safe!("  {key} help")).unwrap_or_default();
        let room = columns.saturating_sub(width::width(hint.as_str()));
        ink.put(area, 0, 0, room, text, meaning);
        ink.put(area, room as u16, 0, columns, &hint, Meaning::Dim);
        return;
    }
    if let Some(pending) = model.pending.first() {
        ink.put(area, 0, 0, usize::MAX, &safe!("saving: {}", pending.what), Meaning::Pending);
        return;
    }
    if let Some(Overlay::Filter) = &model.overlay {
        let row = [
            piece("/", Meaning::Key),
            piece(safe!("{}", model.place().filter), Meaning::Text),
            piece("   Enter keeps it, Esc shows all", Meaning::Dim),
        ];
        ink.row(area, 0, 0, &row);
        return;
    }
    let mut pieces: Vec<Piece> = Vec::new();
    // The way to everything else always stands at the end.
    let always = |row: &&Row| matches!(row.action, Action::Palette | Action::Help | Action::Pause);
    let shown = || TABLE.iter().filter(|r| !r.footer.is_empty() && (r.place != Place::Demo || model.demo.is_some()));
    let wide = |row: &Row| width::width(row.footer) + 2 + key_word(look, row).map_or(0, |k| width::width(&k) + 1);
    let mut room = usize::from(area.width).saturating_sub(shown().filter(always).map(wide).sum());
    let mut add = |row: &Row| {
        let Some(key) = key_word(look, row) else { return };
        let works = super::able::refusal(row.action, model, scene).is_none();
        pieces.push(piece(safe!("{key}"), if works { Meaning::Key } else { Meaning::Dim }));
        pieces.push(piece(safe!(" {}  ", row.footer), if works { Meaning::Text } else { Meaning::Dim }));
    };
    for row in shown().filter(|row| !always(row)) {
        if wide(row) > room {
            break;
        }
        room -= wide(row);
        add(row);
    }
    shown().filter(always).for_each(add);
    ink.row(area, 0, 0, &pieces);
}

/// A command's first key, as the footer writes it.
fn key_word(look: &Look<'_>, row: &Row) -> Option<String> {
    look.keymap.keys(row.action).into_iter().next().map(|key| match key.as_str() {
        "enter" => "Enter".to_owned(),
        "space" => "Space".to_owned(),
        _ => key,
    })
}
