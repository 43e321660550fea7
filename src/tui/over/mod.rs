//! What lies over the panes: help, palette, forms, the release review, an opened thing, the CAN report.

use ratatui::layout::Rect;

use crate::command::{self, Place, Row, Script, TABLE};
use crate::report::{can, words};
use crate::safe;
use crate::situation::thing::Thing;
use crate::text::{Safe, shorten, width};
use crate::tui::able;
use crate::tui::duty;
use crate::tui::here;
use crate::tui::incidents;
use crate::tui::ink::{Ink, Piece, piece};
use crate::tui::keymap::Keymap;
use crate::tui::lead;
use crate::tui::letter;
use crate::tui::model::{Model, Overlay};
use crate::tui::panes;
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;
use crate::tui::view::Look;

mod detail;
mod form;
mod review;

pub use detail::detail;
pub use review::{Reading, review_text};

/// Draws the overlay, if any. Returns where the cursor stands.
pub fn draw(ink: &mut Ink<'_>, scene: &Scene<'_>, model: &Model, look: &Look<'_>) -> Option<(u16, u16)> {
    match model.overlay.as_ref()? {
        Overlay::Help { scroll } => {
            let inner = inside(model).0;
            let lines = help_lines(model, scene, look.keymap, inner);
            draw_lines(ink, &Safe::from("HELP: what works here. Esc goes back"), &lines, *scroll);
            None
        }
        Overlay::Palette { typed, at } => draw_palette(ink, typed, *at, look),
        Overlay::Form(form) => form::draw_form(ink, form, scene, model),
        Overlay::Review(review) => {
            review::draw_review(ink, review, scene, model);
            None
        }
        Overlay::Detail { thing, scroll } => {
            let inner = inside(model).0;
            let lines = detail(scene, model, thing, inner, look.keymap);
            draw_lines(ink, &Safe::from("Esc goes back"), &lines, *scroll);
            None
        }
        Overlay::Can { scroll } => {
            let lines = can_lines(model, scene);
            draw_lines(ink, &Safe::from("CAN: read it aloud. y copies, Esc goes back"), &lines, *scroll);
            None
        }
        Overlay::Words { scroll } => {
            let lines = words_lines(model, scene);
            draw_lines(ink, &Safe::from("SAY NOW: the approved words. y copies, Esc goes back"), &lines, *scroll);
            None
        }
        Overlay::Sheet { rule, stage, scroll } => {
            let lines = duty::sheet_lines(scene, model, rule, stage);
            draw_lines(
                ink,
                &Safe::from(SHEET_KEYS.get(usize::from(ink.area().width < 60)).copied().unwrap_or_default()),
                &lines,
                *scroll,
            );
            None
        }
        Overlay::Letter { letter, scroll } => {
            let lines = letter::lines(letter, inside(model).0);
            draw_lines(ink, &Safe::from("NOT MAILED YET: M mails it, Esc goes back"), &lines, *scroll);
            None
        }
        Overlay::Desks { rule, stage, lit } => {
            let (title, lines, scroll) = duty::desks(scene, model, (rule, stage), *lit);
            draw_lines(ink, &title, &lines, scroll);
            None
        }
        Overlay::Brief { offer, scroll, read } => {
            let (title, lines) = lead::brief(scene, model, *offer, *scroll, *read);
            draw_lines(ink, &title, &lines, 0);
            None
        }
        Overlay::RollCall { lit } => {
            let (title, lines, scroll) = lead::roll(scene, model, lit.as_deref());
            draw_lines(ink, &title, &lines, scroll);
            None
        }
        Overlay::Here { scroll } => {
            draw_lines(ink, &here::title(scene), &here::lines(model, scene), *scroll);
            None
        }
        Overlay::Contacts { first, scroll } => {
            let lines = lead::contacts(scene, model, first);
            draw_lines(ink, &Safe::from("HOW TO REACH   E records a way   Esc goes back"), &lines, *scroll);
            None
        }
        Overlay::Incidents { lit } => {
            let rows = incidents::of_screen(model, scene).len().max(1) * incidents::HIGH + 3;
            let area = middle(ink.area(), 110, u16::try_from(rows).unwrap_or(u16::MAX));
            let inner = ink.frame(area, &Safe::from("INCIDENTS: Enter goes there, what is typed stays; Esc goes back"));
            incidents::overlay(ink, inner, scene, model, *lit);
            None
        }
        Overlay::Filter => {
            let x = columns(&model.place().filter).saturating_add(1);
            Some((x, ink.area().height.saturating_sub(1)))
        }
    }
}

/// A pasted text may be wider than a screen can count.
fn columns(text: &str) -> u16 {
    u16::try_from(width::width(text)).unwrap_or(u16::MAX)
}

/// A box in the middle, at most so large; the whole screen where that is too small.
fn middle(area: Rect, most_width: u16, most_height: u16) -> Rect {
    // Header and foot stay in sight wherever there is room for them: what is told there hides no border, and no "more below".
    let (top, foot) = if area.height > 12 { (2, 1) } else { (0, 0) };
    let room = area.height - top - foot;
    let (width, height) = (area.width.min(most_width), room.min(most_height));
    Rect { x: (area.width - width) / 2, y: top + (room - height) / 2, width, height }
}

/// The columns and the most rows inside a box of lines.
pub fn inside(model: &Model) -> (usize, usize) {
    let area = middle(screen_of(model), 100, 34);
    (usize::from(area.width).saturating_sub(2), usize::from(area.height).saturating_sub(2))
}

fn screen_of(model: &Model) -> Rect {
    Rect { x: 0, y: 0, width: model.size.0, height: model.size.1 }
}

/// How far the help scrolls.
pub fn help_bottom(model: &Model, scene: &Scene<'_>, keymap: &Keymap) -> usize {
    let (columns, rows) = inside(model);
    help_lines(model, scene, keymap, columns).len().saturating_sub(rows)
}

/// How far what is said now scrolls.
pub fn words_bottom(model: &Model, scene: &Scene<'_>) -> usize {
    words_lines(model, scene).len().saturating_sub(inside(model).1)
}

fn words_lines(model: &Model, scene: &Scene<'_>) -> Vec<Vec<Piece>> {
    let columns = inside(model).0;
    let lines = words::words(scene.incident(), scene.plan(), scene.now());
    let meaning = |line: &str| if line.starts_with(' ') { Meaning::Text } else { Meaning::Title };
    let wrapped = lines.iter().flat_map(|line| {
        let all = text_lines(line, columns);
        all.into_iter().map(move |text| vec![piece(text, meaning(line))])
    });
    wrapped.collect()
}

/// How far the CAN report scrolls.
pub fn can_bottom(model: &Model, scene: &Scene<'_>) -> usize {
    can_lines(model, scene).len().saturating_sub(inside(model).1)
}

/// Its lines; what goes on on a narrow screen is set in.
fn can_lines(model: &Model, scene: &Scene<'_>) -> Vec<Vec<Piece>> {
    let columns = inside(model).0;
    let mut out = Vec::new();
    for line in can::can(scene.incident(), scene.situation) {
        if width::width(line.as_str()) <= columns {
            out.push(vec![piece(line, Meaning::Text)]);
            continue;
        }
        let under = line.as_str().starts_with(' ');
        let words = Safe::new(line.as_str().trim_start());
        for (index, text) in shorten::wrap(&words, columns.saturating_sub(4)).into_iter().enumerate() {
            let indent = " ".repeat(2 * (usize::from(under) + usize::from(index > 0)));
            out.push(vec![piece(Safe::new(&indent), Meaning::Text), piece(text, Meaning::Text)]);
        }
    }
    out
}

/// How far the details of a thing scroll.
pub fn detail_bottom(model: &Model, scene: &Scene<'_>, thing: &Thing, keymap: &Keymap) -> usize {
    let (columns, rows) = inside(model);
    detail(scene, model, thing, columns, keymap).len().saturating_sub(rows)
}

/// The worksheet's title, wide and narrow.
const SHEET_KEYS: [&str; 2] =
    ["WORKSHEET: y copies, p prints, m mails, f files, F states a fact, Esc goes back", "WORKSHEET y p m f F Esc"];

fn draw_lines(ink: &mut Ink<'_>, title: &Safe, lines: &[Vec<Piece>], scroll: usize) {
    let area = middle(ink.area(), 100, (lines.len() as u16).saturating_add(2).min(34));
    let inner = ink.frame(area, title);
    let scroll = scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    for (y, line) in lines.iter().skip(scroll).take(usize::from(inner.height)).enumerate() {
        ink.row(inner, 0, y as u16, line);
    }
    let below = lines.len().saturating_sub(scroll + usize::from(inner.height));
    if below > 0 && area.height > 2 {
        ink.put(area, 2, area.height - 1, usize::MAX, &safe!(" {below} more: j "), Meaning::Dim);
    }
}

fn help_lines(model: &Model, scene: &Scene<'_>, keymap: &Keymap, columns: usize) -> Vec<Vec<Piece>> {
    let mut out = Vec::new();
    if let Some(demo) = model.demo.as_ref().filter(|_| scene.incident().declared.as_ref().is_some_and(|d| d.demo)) {
        out.push(vec![piece(
            "This is a demo: nothing leaves this machine, nothing is left behind.",
            Meaning::Exercise,
        )]);
        out.push(vec![piece(safe!("Second shell: warroom --journal {} note \"...\"", demo.journal), Meaning::Text)]);
        out.push(Vec::new());
    }
    // What works on the lit thing first; then what writes; then what only changes the screen.
    let lit = able::lit(model, scene);
    let about = |row: &&Row| lit.as_ref().is_some_and(|thing| able::is_about(row.action, thing));
    let works = |row: &&Row| about(row) && able::refusal(row.action, model, scene).is_none();
    let shown = || TABLE.iter().filter(|row| row.place != Place::Demo || model.demo.is_some());
    let writes = |row: &&Row| !matches!(row.script, Script::None(_));
    if let Some(thing) = &lit {
        let what = match scene.situation.item(thing) {
            Some(item) => safe!("ON WHAT IS LIT: {} {}", item.label, item.text),
            None => Safe::from("ON WHAT IS LIT"),
        };
        out.push(vec![piece(shorten::shorten(&what, columns), Meaning::Title)]);
        shown().filter(works).for_each(|row| out.extend(help_row(row, keymap, columns)));
    }
    for (title, wanted) in [("LEADING AND RECORDING", true), ("THE SCREEN", false)] {
        out.push(vec![piece(title, Meaning::Title)]);
        let rows = shown().filter(|row| !works(row) && writes(row) == wanted);
        rows.for_each(|row| out.extend(help_row(row, keymap, columns)));
    }
    out.push(Vec::new());
    for text in [
        "In a form: Tab next field or completes, Enter sends it off, Esc keeps the text for later, ctrl-x empties it.",
        "Cells: != told what is not so any more  . none  dr draft  ok approved  > sent (>? no receipt, >! not to all)  ✓ arrived  e elsewhere (e? claimed)  ? unsure  ✗ failed  - skipped",
        "Marks: !! life or late  ?? an answer was lost  ! soon, unacknowledged or old  * new since you looked",
        "IF: due then if the missing fact is true.  ASAP: no number in law.  ~: an estimate.  OLD: not current.",
    ] {
        out.extend(text_lines(text, columns).into_iter().map(|line| vec![piece(line, Meaning::Dim)]));
    }
    out
}

/// A command in the help: its keys, its name where there is room, what it does.
fn help_row(row: &Row, keymap: &Keymap, columns: usize) -> Vec<Vec<Piece>> {
    let keys = keymap.keys(row.action).join(" ");
    let keys = if keys.is_empty() { ":".to_owned() } else { keys };
    let (wide, name) = if columns >= 70 { (14, 13) } else { (8, 0) };
    let left = wide + 1 + if name > 0 { name + 1 } else { 0 };
    let mut out = Vec::new();
    for (index, text) in text_lines(row.doc, columns.saturating_sub(left)).into_iter().enumerate() {
        let mut line = vec![panes::cell(if index == 0 { &keys } else { "" }, wide, Meaning::Key)];
        if name > 0 {
            line.push(panes::cell(if index == 0 { row.name } else { "" }, name, Meaning::Title));
        }
        line.push(piece(text, Meaning::Text));
        out.push(line);
    }
    out
}

fn draw_palette(ink: &mut Ink<'_>, typed: &str, at: usize, look: &Look<'_>) -> Option<(u16, u16)> {
    let area = middle(ink.area(), 90, 16);
    let inner = ink.frame(area, &Safe::from("any command: type, Enter does it, Esc goes back"));
    ink.row(inner, 0, 0, &[piece(":", Meaning::Key), piece(safe!("{typed}"), Meaning::Text)]);
    let found = command::search(typed);
    let height = usize::from(inner.height).saturating_sub(1);
    let skip = (at + 1).saturating_sub(height);
    for (y, row) in found.iter().enumerate().skip(skip).take(height) {
        let line = (y - skip + 1) as u16;
        let keys = look.keymap.keys(row.action).join(" ");
        let pieces = [
            piece(" ", Meaning::Text),
            panes::cell(row.name, 14, Meaning::Title),
            panes::cell(&keys, 12, Meaning::Key),
            piece(safe!("{}", row.doc), Meaning::Text),
        ];
        ink.row(inner, 0, line, &pieces);
        if y == at {
            ink.light(inner, line, Meaning::Lit);
        }
    }
    Some((inner.x.saturating_add(1).saturating_add(columns(typed)), inner.y))
}

/// A text as lines of at most so many columns.
pub fn text_lines(text: &str, columns: usize) -> Vec<Safe> {
    Safe::lines(text).iter().flat_map(|line| shorten::wrap(line, columns)).collect()
}
