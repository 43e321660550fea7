//! A form as it is drawn: its fields, the text wrapped, where the cursor stands.

use crate::safe;
use crate::situation::open::still_open;
use crate::text::{Safe, shorten, width};
use crate::tui::form::{Form, Kind, Purpose};
use crate::tui::ink::{Ink, piece};
use crate::tui::model::Model;
use crate::tui::panes;
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;

use super::middle;

pub(super) fn draw_form(ink: &mut Ink<'_>, form: &Form, scene: &Scene<'_>, model: &Model) -> Option<(u16, u16)> {
    let help = scene.help(model);
    let text_lines = |kind: &Kind| if *kind == Kind::Lines { 14 } else { 1 };
    let rows: u16 = form.fields.iter().map(|f| text_lines(&f.kind)).sum();
    // Before it is called over, or less grave: what is still open.
    let open = match form.purpose {
        Purpose::Phase | Purpose::Severity => still_open(scene.incident(), scene.plan(), scene.situation),
        _ => Vec::new(),
    };
    let area = middle(ink.area(), 90, rows + 5 + open.len() as u16);
    let inner = ink.frame(area, &form.title);
    let label = form.fields.iter().map(|f| f.label.len()).max().unwrap_or(0).min(12);
    let left = label + 3;
    let room = usize::from(inner.width).saturating_sub(left).max(1);
    let mut cursor = None;
    let mut y = 0u16;
    // On a low screen the field that is typed into stays in sight.
    let first = form.at.saturating_sub(usize::from(inner.height.saturating_sub(3)));
    // Two rows at the foot are the error's where there is one.
    let fields_end = if form.error.is_some() { inner.height.saturating_sub(2).max(1) } else { inner.height };
    for (index, field) in form.fields.iter().enumerate().skip(first) {
        if y >= fields_end {
            break;
        }
        let lit = index == form.at;
        let mark = if lit { ">" } else { " " };
        ink.row(
            inner,
            0,
            y,
            &[
                piece(mark, Meaning::Key),
                panes::cell(field.label, label, if lit { Meaning::Key } else { Meaning::Dim }),
            ],
        );
        let many = field.kind == Kind::Lines;
        let height = if many { text_lines(&field.kind).min(fields_end - y) } else { 1 };
        let empty = field.text.lines().iter().all(String::is_empty);
        let ratatui_textarea::DataCursor(row, column) = field.text.cursor();
        if many {
            let (lines, (at, x)) = wrapped(field.text.lines(), (row, column), room);
            let skip = (at + 1).saturating_sub(usize::from(height));
            for (line, text) in lines.iter().enumerate().skip(skip).take(usize::from(height)) {
                ink.put(inner, left as u16, y + (line - skip) as u16, room, text, Meaning::Text);
            }
            if lit {
                let x = x.min(room.saturating_sub(1));
                cursor = Some((inner.x + (left + x) as u16, inner.y + y + (at - skip) as u16));
            }
        } else if let Some(text) = field.text.lines().first() {
            // The part around the cursor is shown.
            let before = Safe::new(&text.chars().take(if row == 0 { column } else { 0 }).collect::<String>());
            let x = width::width(before.as_str());
            let (shown, at) = window(text, x, room, lit && row == 0, column);
            ink.put(inner, left as u16, y, room, &shown, Meaning::Text);
            if lit {
                cursor = Some((inner.x + (left + at) as u16, inner.y + y));
            }
        }
        if empty {
            ink.put(
                inner,
                left as u16 + u16::from(lit),
                y,
                room.saturating_sub(1),
                &Safe::from(field.hint),
                Meaning::Dim,
            );
        } else if lit && let Some(completion) = form.completion(&help) {
            let at = width::width(&field.value()) + 2;
            ink.put(inner, (left + at) as u16, y, room.saturating_sub(at), &safe!("Tab: {completion}"), Meaning::Dim);
        }
        y += height;
    }
    let mut foot = Vec::new();
    match (&form.error, form.echo(&help)) {
        (Some(error), _) => foot.push(piece(error.clone(), Meaning::Late)),
        (None, Some(echo)) => foot.push(piece(echo, Meaning::New)),
        (None, None) => {
            if let Some(Kind::Choice(words)) = form.fields.get(form.at).map(|f| &f.kind) {
                foot.push(piece(safe!("{}", words.join("  ")), Meaning::Dim));
            }
        }
    }
    if !open.is_empty() {
        let below = y + 1 + u16::from(!foot.is_empty());
        for (line, text) in open.iter().take(usize::from(inner.height.saturating_sub(below))).enumerate() {
            let text = shorten::shorten(&safe!("open  {text}"), usize::from(inner.width));
            ink.put(inner, 0, below + line as u16, usize::MAX, &text, Meaning::Soon);
        }
    }
    if inner.height >= 2 && y < inner.height {
        for line in shorten::wrap(&Safe::new(&panes::plain(&foot)), usize::from(inner.width)).iter().take(2) {
            let meaning = foot.first().map_or(Meaning::Dim, |p| p.meaning);
            ink.put(inner, 0, y.min(inner.height - 1), usize::MAX, line, meaning);
            y += 1;
        }
    }
    let many = form.fields.iter().filter(|f| f.kind == Kind::Lines).count();
    let in_text = form.fields.get(form.at).is_some_and(|f| f.kind == Kind::Lines);
    let keys = match (many, form.fields.len() - many) {
        (1.., 0) => " ctrl-s keeps  ctrl-g your editor  Esc back ",
        (1.., _) if in_text => " ctrl-s sends it off  ctrl-g your editor  Tab next  Esc keeps for later ",
        _ if form.enter_sends() => " Enter sends it off  Tab next  Esc keeps for later ",
        _ => " Enter goes on  Tab next  Esc keeps for later ",
    };
    ink.put(
        area,
        2,
        area.height.saturating_sub(1),
        usize::from(area.width).saturating_sub(4),
        &Safe::from(keys),
        Meaning::Dim,
    );
    cursor
}

/// The part of a line that fits, and where the cursor is in it.
fn window(text: &str, x: usize, room: usize, lit: bool, column: usize) -> (Safe, usize) {
    if !lit || x < room {
        return (Safe::new(text), x.min(room.saturating_sub(1)));
    }
    // Drop characters from the left until the cursor fits.
    let mut from = 0;
    let mut wide = x;
    let chars: Vec<char> = text.chars().collect();
    while wide + 1 > room && from < column {
        wide -= width::width(Safe::new(&chars[from].to_string()).as_str()).min(wide);
        from += 1;
    }
    (Safe::new(&chars.iter().skip(from).collect::<String>()), wide)
}

/// Lines as they stand in so many columns, broken between words, and where the cursor (line, character) stands there: row
/// and column.
fn wrapped(lines: &[String], (row, column): (usize, usize), room: usize) -> (Vec<Safe>, (usize, usize)) {
    let shown = |chars: &[char]| Safe::new(&chars.iter().collect::<String>());
    let (mut out, mut at) = (Vec::new(), (0, 0));
    for (index, line) in lines.iter().enumerate() {
        let chars: Vec<char> = line.chars().collect();
        let mut start = 0;
        loop {
            let (mut end, mut columns, mut between) = (start, 0, None);
            while let Some(c) = chars.get(end) {
                columns += width::width(Safe::new(&c.to_string()).as_str());
                if columns > room {
                    break;
                }
                end += 1;
                if *c == ' ' {
                    between = Some(end);
                }
            }
            let last = end >= chars.len();
            if !last {
                // A word that is longer than the field is cut.
                end = between.unwrap_or(end).max(start + 1);
            }
            if index == row && column >= start && (column < end || last) {
                let before = chars.get(start..column.min(chars.len())).unwrap_or_default();
                at = (out.len(), width::width(shown(before).as_str()));
            }
            out.push(shown(chars.get(start..end).unwrap_or_default()));
            if last {
                break;
            }
            start = end;
        }
    }
    (out, at)
}
