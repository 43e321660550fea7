//! What lies over the panes: help, palette, forms, the release review, an opened thing, the CAN report.

use ratatui::layout::Rect;

use super::able;
use super::duty;
use super::form::{Form, Kind, Purpose};
use super::incidents;
use super::ink::{Ink, Piece, piece};
use super::keymap::Keymap;
use super::lead;
use super::model::{Model, Overlay};
use super::panes;
use super::review::{Item, Review};
use super::scene::Scene;
use super::theme::Meaning;
use super::view::Look;
use crate::command::{self, Place, Row, Script, TABLE};
use crate::incident::decide_messages;
use crate::incident::what::What;
use crate::incident::words::MessageState;
use crate::report::{can, words};
use crate::safe;
use crate::situation::audience::AudienceView;
use crate::situation::open::still_open;
use crate::situation::thing::Thing;
use crate::text::{Safe, shorten, width};

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
        Overlay::Form(form) => draw_form(ink, form, scene, model),
        Overlay::Review(review) => {
            draw_review(ink, review, scene, model);
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
                &Safe::from("WORKSHEET: y copies, f files, F states a fact, Esc goes back"),
                &lines,
                *scroll,
            );
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
    // The header stays in sight wherever there is room for it.
    let top = if area.height > 12 { 2 } else { 0 };
    let width = area.width.min(most_width);
    let height = (area.height - top).min(most_height);
    Rect { x: (area.width - width) / 2, y: top + (area.height - top - height) / 2, width, height }
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

fn draw_form(ink: &mut Ink<'_>, form: &Form, scene: &Scene<'_>, model: &Model) -> Option<(u16, u16)> {
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

fn draw_review(ink: &mut Ink<'_>, review: &Review, scene: &Scene<'_>, model: &Model) {
    let full = ink.area();
    let area = Rect { x: 0, y: if full.height > 12 { 2 } else { 0 }, width: full.width, height: full.height };
    let area = Rect { height: full.height - area.y, ..area };
    let title = safe!(
        "REVIEW  {} round   NOTHING LEAVES BEFORE R   NOW {}",
        review.round,
        scene.clock_zoned(model, scene.now())
    );
    let inner = ink.frame(area, &title);
    let columns = usize::from(inner.width);
    let plan = scene.plan();
    let mut y = 0u16;
    let list = review_list(inner.height, review.items.len());
    let wide = columns >= 70;
    let name = if wide { 14 } else { 10 };
    let addressed = review.items.iter().any(|item| item.to.count > 0);
    let mut head = vec![piece("    ", Meaning::Dim), panes::cell("AUDIENCE", name, Meaning::Dim)];
    if wide {
        head.push(panes::cell("CHANNEL", 14, Meaning::Dim));
        head.push(panes::cell("OVER", 10, Meaning::Dim));
        if addressed {
            head.push(panes::cell("TO", 6, Meaning::Dim));
        }
    } else {
        head.push(panes::cell("CH", 4, Meaning::Dim));
    }
    head.push(panes::cell("TEXT", 5, Meaning::Dim));
    head.push(panes::cell("STATE", 10, Meaning::Dim));
    head.push(piece("NEXT SAID", Meaning::Dim));
    ink.row(inner, 0, y, &head);
    y += 1;
    let rows = usize::from(list.saturating_sub(1)).max(1);
    let skip = (review.at + 1).saturating_sub(rows);
    for (index, item) in review.items.iter().enumerate().skip(skip).take(rows) {
        let audience = plan.audience(&item.audience).map_or(item.audience.as_str(), |a| a.name.as_str());
        let channel = plan.channel(&item.channel);
        let hash = crate::incident::message::sha256(&item.text);
        let mut row = vec![
            piece(if index == review.at { ">" } else { " " }, Meaning::Key),
            piece(if item.chosen { "[x]" } else { "[ ]" }, if item.chosen { Meaning::Key } else { Meaning::Dim }),
            panes::cell(audience, name, Meaning::Text),
        ];
        if wide {
            row.push(panes::cell(channel.map_or(item.channel.as_str(), |c| c.name.as_str()), 14, Meaning::Text));
            let over = channel.and_then(|c| c.via.as_deref()).unwrap_or("by hand");
            row.push(panes::cell(over, 10, Meaning::Dim));
            if addressed {
                let to = if item.to.count > 0 { item.to.count.to_string() } else { "--".to_owned() };
                row.push(panes::cell(&to, 6, Meaning::Text));
            }
        } else {
            row.push(panes::cell(channel.map_or("?", |c| c.short.as_str()), 4, Meaning::Text));
        }
        row.push(panes::cell(hash.get(..4).unwrap_or(""), 5, Meaning::Dim));
        let (state, meaning) = match (&item.stop, item.state) {
            (Some(_), _) => ("STOP".to_owned(), Meaning::Late),
            (None, MessageState::Draft) if item.was.is_some() => ("CHANGED".into(), Meaning::Late),
            (None, MessageState::Draft) if item.message.is_none() => ("proposed".into(), Meaning::Dim),
            (None, MessageState::Draft) if wants(scene, item).is_some() => {
                (format!("{}?", wants(scene, item).unwrap_or_default()), Meaning::Soon)
            }
            (None, MessageState::Approved) => ("APPROVED".into(), Meaning::Good),
            (None, state) => (state.to_string(), Meaning::Text),
        };
        row.push(panes::cell(&state, 10, meaning));
        row.push(piece(
            safe!("{}", item.next_update.map(|at| scene.clock_zoned(model, at)).unwrap_or_else(|| "NONE".into())),
            Meaning::Text,
        ));
        ink.row(inner, 0, y, &row);
        y += 1;
    }
    let approve = review.to_approve().count();
    let release = review.to_release().count();
    let unread = review.unread().count();
    let missing = left_out(scene, review);
    let behind = front_line(scene, review);
    if inner.height > 14 {
        if let Some(behind) = &behind {
            ink.put(inner, 0, y, columns, &Safe::new(behind), Meaning::Late);
            y += 1;
        }
        if !missing.is_empty() {
            ink.put(inner, 0, y, columns, &safe!("NOT IN THIS ROUND  {missing}"), Meaning::Dim);
        }
    }
    if let Some(item) = review.current() {
        let Reading { lines, height, below } = review_text((full.width, full.height), review);
        let scroll = review.scroll.min(lines.len().saturating_sub(height));
        let whole = match (lines.len() <= height, lines.len() > scroll + height) {
            (true, _) => "whole",
            (false, true) if columns < 60 => "more: pgdn",
            (false, true) => "more: pagedown",
            (false, false) => "its end",
        };
        let of = safe!(
            "TEXT {} of {}, {whole}{}",
            review.at + 1,
            review.items.len(),
            match unread {
                0 if approve == 0 => Safe::default(),
                0 => Safe::from("   ALL READ"),
                _ if columns < 60 => safe!("  {unread} UNREAD"),
                _ => safe!("   {unread} UNREAD of what is chosen: pagedown reads on"),
            }
        );
        let loud = if whole.starts_with("more") { Meaning::Soon } else { Meaning::Title };
        y = inner.height.saturating_sub(height as u16 + 2 + u16::from(has_line(item, inner.height)));
        ink.put(inner, 0, y, columns, &of, loud);
        y += 1;
        if let Some((said, meaning)) = said_of(scene, item, inner.height) {
            ink.put(inner, 2, y, columns, &said, meaning);
            y += 1;
        }
        for line in lines.iter().skip(scroll).take(height) {
            ink.put(inner, 2, y, columns, line, Meaning::Text);
            y += 1;
        }
        for (index, text) in below {
            let Some(next) = review.items.get(index) else { continue };
            let (audience, channel) = (scene.plan().audience(&next.audience), scene.plan().channel(&next.channel));
            let audience = audience.map_or(next.audience.as_str(), |a| a.name.as_str());
            let channel = channel.map_or(next.channel.as_str(), |c| c.name.as_str());
            let of = safe!("TEXT {} of {}, whole: {audience}, {channel}", index + 1, review.items.len());
            ink.put(inner, 0, y, columns, &of, Meaning::Title);
            y += 1;
            if let Some((said, meaning)) = said_of(scene, next, inner.height) {
                ink.put(inner, 2, y, columns, &said, meaning);
                y += 1;
            }
            for line in &text {
                ink.put(inner, 2, y, columns, line, Meaning::Text);
                y += 1;
            }
        }
    }
    if let Some((_, text)) = &model.flash {
        ink.put(inner, 0, inner.height.saturating_sub(1), columns, text, Meaning::Soon);
        return;
    }
    let leaves = match scene.incident().is_exercise() {
        true => safe!(" takes {release} as told, none leaves  "),
        false => safe!(" RELEASES {release}  "),
    };
    // What leaves stands first: on a narrow screen the rest may be cut.
    let foot = [
        piece("P", if approve > 0 { Meaning::Key } else { Meaning::Dim }),
        piece(safe!(" approves {approve}  "), if approve > 0 { Meaning::Text } else { Meaning::Dim }),
        piece("R", if release > 0 { Meaning::Late } else { Meaning::Dim }),
        piece(leaves, if release > 0 { Meaning::Late } else { Meaning::Dim }),
        piece("Space", Meaning::Key),
        piece(" choose  ", Meaning::Text),
        piece("A", Meaning::Key),
        piece(" all  ", Meaning::Text),
        piece("E", Meaning::Key),
        piece(" edit  ", Meaning::Text),
        piece("K", Meaning::Key),
        piece(" skips a step  ", Meaning::Text),
        piece("Esc", Meaning::Key),
        piece(": none leaves", Meaning::Text),
    ];
    ink.row(inner, 0, inner.height.saturating_sub(1), &foot);
}

/// Who is not in this round, by why.
fn left_out(scene: &Scene<'_>, review: &Review) -> String {
    let chosen = |a: &&AudienceView| review.items.iter().any(|i| i.audience == a.id && i.chosen);
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for audience in scene.situation.audiences.iter().filter(|a| !chosen(a)) {
        let mut theirs = review.items.iter().filter(|item| item.audience == audience.id).peekable();
        let why = match audience.last_word {
            _ if audience.hold.is_some() => "hold".to_owned(),
            _ if theirs.peek().is_none() => "no text".to_owned(),
            _ if theirs.all(|item| item.stop.is_some()) => "stops".to_owned(),
            Some(_) => "told before".to_owned(),
            None => "not chosen".to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(&audience.name),
            None => groups.push((why, vec![&audience.name])),
        }
    }
    let said = groups.into_iter().map(|(why, names)| format!("{why}: {}", names.join(", ")));
    said.collect::<Vec<_>>().join("; ")
}

/// The step of the approval that a text waits for, where one was given already.
fn wants(scene: &Scene<'_>, item: &Item) -> Option<String> {
    let message = scene.incident().messages.get(&item.message?).filter(|m| !m.approvals.is_empty())?;
    decide_messages::outstanding(scene.plan(), message).into_iter().next()
}

/// Whether a line about the text stands above it.
fn has_line(item: &Item, height: u16) -> bool {
    // On a low screen the text itself needs the row that a mere warning would take.
    item.stop.is_some() || item.was.is_some() || (!item.warnings.is_empty() && height > 10)
}

fn said_of(scene: &Scene<'_>, item: &Item, height: u16) -> Option<(Safe, Meaning)> {
    if !has_line(item, height) {
        return None;
    }
    if let Some(stop) = &item.stop {
        return Some((safe!("STOP: {stop}"), Meaning::Late));
    }
    if item.was.is_some() {
        let message = item.message.and_then(|id| scene.incident().messages.get(&id));
        let moved = message.and_then(|m| m.overtaken.first()).map(|moved| moved.name.as_str());
        let why = moved.map_or("its promise has passed".to_owned(), |name| format!("{name} is another now"));
        return Some((safe!("CHANGED: {why}; [-old-] {{+new+}}, P approves the new words"), Meaning::Late));
    }
    match item.warnings.as_slice() {
        [] => None,
        [one] => Some((safe!("LOOK: {one}"), Meaning::Soon)),
        [one, more @ ..] => Some((safe!("LOOK: {one}  (and {} more)", more.len()), Meaning::Soon)),
    }
}

/// Those who answer questions and have not the words that the public is about to get.
fn front_line(scene: &Scene<'_>, review: &Review) -> Option<String> {
    let public = |item: &&Item| item.chosen && scene.plan().channel(&item.channel).is_some_and(|c| c.public);
    let round = review.items.iter().find(public)?.round;
    let told = |id: &str| {
        let all = scene.incident().messages.values();
        all.filter(|m| m.audience == id && m.round == round).filter_map(|m| m.told).max()
    };
    let lacks = |id: &str| told(id).is_none() && !review.items.iter().any(|i| i.audience == id && i.chosen);
    let names: Vec<&str> =
        scene.plan().audiences.iter().filter(|a| a.front_line && lacks(&a.id)).map(|a| a.name.as_str()).collect();
    let public_told = scene
        .incident()
        .messages
        .values()
        .filter(|m| m.round == round && scene.plan().channel(&m.channel).is_some_and(|c| c.public));
    let since = public_told.filter_map(|m| m.told).min().map(|at| scene.ago(at));
    let behind = since.map_or("does not have these words yet".to_owned(), |ago| format!("{ago} behind the public"));
    (!names.is_empty()).then(|| format!("FRONT LINE {behind}: {}", names.join(", ")))
}

/// Rows of the review's list with its heading.
fn review_list(height: u16, items: usize) -> u16 {
    // On a low screen the words matter more than the list.
    let most = if height < 12 { 2 } else { height / 2 };
    most.min(items as u16 + 1)
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

/// What of the review's texts is on the screen.
pub struct Reading {
    /// The lines of the text that is lit.
    pub lines: Vec<Safe>,
    /// Rows that there are for it.
    pub height: usize,
    /// Further texts that are chosen and to be approved, by their place in the review, whole, below it.
    pub below: Vec<(usize, Vec<Safe>)>,
}

/// The texts that are seen at this size: read is what was seen to its end.
pub fn review_text(size: (u16, u16), review: &Review) -> Reading {
    let top = if size.1 > 12 { 2 } else { 0 };
    let frame = if size.0 < 4 || size.1 - top < 3 { 0 } else { 2 };
    let (columns, height) = (size.0.saturating_sub(frame), (size.1 - top).saturating_sub(frame));
    let Some(item) = review.current() else { return Reading { lines: Vec::new(), height: 0, below: Vec::new() } };
    let whole = |item: &Item| {
        let mut lines = envelope(item, usize::from(columns.saturating_sub(4)));
        lines.extend(text_lines(&item.marked(), usize::from(columns.saturating_sub(4))));
        lines
    };
    let lines = whole(item);
    let list = review_list(height, review.items.len());
    // Its own heading and the foot; who is behind, who is not in the round; why it stops.
    let taken = list + 2 + 2 * u16::from(height > 14) + u16::from(has_line(item, height));
    let height_left = usize::from(height.saturating_sub(taken)).max(1);
    let mut below: Vec<(usize, Vec<Safe>)> = Vec::new();
    let mut left = height_left.saturating_sub(lines.len());
    for (index, next) in review.to_approve().filter(|(index, _)| *index > review.at) {
        let same = |known: &Item| known.text == next.text && known.was == next.was && known.to.count == next.to.count;
        if same(item) || below.iter().any(|(i, _)| review.items.get(*i).is_some_and(same)) {
            continue;
        }
        let text = whole(next);
        let rows = text.len() + 1 + usize::from(has_line(next, height));
        if rows > left {
            break;
        }
        left -= rows;
        below.push((index, text));
    }
    Reading { lines, height: height_left, below }
}

/// To whom a text goes and under what subject: it is read with the text. Nothing where the channel names nobody.
fn envelope(item: &super::review::Item, columns: usize) -> Vec<Safe> {
    let to = &item.to;
    if to.count == 0 {
        return Vec::new();
    }
    let more = to.count - to.first.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let addresses = if to.count == 1 { "1 address" } else { &format!("{} addresses", to.count) };
    let mut lines = text_lines(&format!("TO {addresses}: {}{more}", to.first.join(", ")), columns);
    lines.extend(text_lines(&format!("SUBJECT {}", to.subject), columns));
    lines
}

/// A text as lines of at most so many columns.
pub fn text_lines(text: &str, columns: usize) -> Vec<Safe> {
    Safe::lines(text).iter().flat_map(|line| shorten::wrap(line, columns)).collect()
}

/// How many recipients that lack a message are shown with it.
const SHOWN: usize = 100;

/// An opened thing: what to say aloud, why, who, what is at hand, what was said, what to do, and its record.
pub fn detail(scene: &Scene<'_>, model: &Model, thing: &Thing, columns: usize, keymap: &Keymap) -> Vec<Vec<Piece>> {
    let mut out: Vec<Vec<Piece>> = Vec::new();
    let mut add = |label: &'static str, text: &str, meaning: Meaning| {
        if text.is_empty() {
            return;
        }
        for (index, line) in text_lines(text, columns.saturating_sub(9)).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            out.push(vec![panes::cell(label, 7, Meaning::Dim), piece(line, meaning)]);
        }
    };
    let incident = scene.incident();
    if let Some(item) = scene.situation.item(thing) {
        add("NOW", &format!("{}  {}", item.label, item.text), panes::now::meaning(item.band));
        add("SAY", &format!("\"{}\"", item.say), Meaning::Title);
        add("WHY", &item.why, Meaning::Text);
        add("WHO", item.owner.as_deref().unwrap_or("nobody"), Meaning::Text);
        add("HAVE", &item.have, Meaning::Text);
        add("SAID", &item.said, Meaning::Text);
    }
    match thing {
        Thing::Audience(id) => {
            if let Some(planned) = scene.plan().audience(id) {
                let limits =
                    format!("first word within {} min of harm, then every {} min", planned.first_word, planned.cadence);
                add("PLAN", &format!("{}: {limits}", planned.name), Meaning::Text);
            }
            let mut messages: Vec<_> = incident.messages.values().filter(|m| m.audience == *id).collect();
            messages.sort_by_key(|m| m.drafted);
            for message in messages.iter().rev().take(6) {
                let at = scene.clock(model, message.told.unwrap_or(message.drafted));
                let first = message.text.lines().next().unwrap_or_default();
                let proof = match (message.state, &message.proof) {
                    (MessageState::SentElsewhere, None) => " CLAIMED by ",
                    (MessageState::SentElsewhere, Some(_)) => " by ",
                    _ => " ",
                };
                let counts = message.recipients.counts();
                let counts = if counts.all == 0 { String::new() } else { format!(" [{}]", counts.said()) };
                let text =
                    format!("{at} {} {}{counts}{proof}{} {first}", message.channel, message.state, message.detail);
                add("WORD", &text, Meaning::Text);
            }
        }
        Thing::Message(id) => {
            if let Some(message) = incident.messages.get(id) {
                add("TEXT", &message.text, Meaning::Text);
                add("STATE", &format!("{} {}", message.state, message.detail), Meaning::Text);
                let counts = message.recipients.counts();
                if counts.all > 0 {
                    add("TO", &counts.said(), if counts.missed() > 0 { Meaning::Late } else { Meaning::Text });
                }
                // Those who have it last: whoever looks here looks for the others.
                let mut others: Vec<_> = message.recipients.iter().filter(|(_, r)| r.state.short()).collect();
                others.sort_by_key(|(to, r)| (r.state, *to));
                for (to, recipient) in others.iter().take(SHOWN) {
                    let text = format!("{to} {}: {}", recipient.state, recipient.detail);
                    let unsure = recipient.state == crate::incident::words::Reach::Unknown;
                    add("", &text, if unsure { Meaning::Unsure } else { Meaning::Late });
                }
                if others.len() > SHOWN {
                    let left = others.len() - SHOWN;
                    add("", &format!("and {left} more: `warroom message show` lists all"), Meaning::Dim);
                }
                if message.missed() > 0 {
                    add("DO", "s sends it again to those whom it did not reach, and to nobody else", Meaning::Soon);
                }
                if message.may_be_lost(scene.now()) {
                    add(
                        "DO",
                        "look on the other side, then Space: it went, or it did not. Never send it twice.",
                        Meaning::Unsure,
                    );
                }
            }
        }
        Thing::Task(id) => {
            if let Some(task) = incident.tasks.get(id) {
                let (state, meaning) = panes::teams::state(scene, task);
                add("TASK", &task.title, Meaning::Header);
                add("STATE", &state, meaning);
                add("OWNER", task.owner.as_deref().unwrap_or("nobody"), Meaning::Text);
                add("RESULT", &task.result, Meaning::Text);
            }
        }
        Thing::Stage(rule, stage) => {
            for (label, text, meaning) in duty::opened(scene, model, rule, stage) {
                add(label, &text, meaning);
            }
        }
        Thing::Alerts(name) => {
            let mut alerts: Vec<_> = incident.alerts.iter().filter(|(_, a)| a.name == *name).collect();
            alerts.sort_by_key(|(_, a)| (a.gone.is_some(), a.starts_at));
            add("ALERTS", &format!("{} of \"{name}\"", alerts.len()), Meaning::Header);
            for ((_, id), alert) in alerts.iter().take(200) {
                let gone = alert.gone.map(|at| format!(", no longer listed since {}", scene.clock(model, at)));
                let at = scene.clock(model, alert.starts_at);
                let text = format!("{at} {} {}{} [{id}]", alert.state, alert.summary, gone.unwrap_or_default());
                add("", &text, if alert.gone.is_some() { Meaning::Dim } else { Meaning::Text });
            }
        }
        Thing::Entry(id) | Thing::Decision(id) | Thing::Ask(id) | Thing::Promise(id) => {
            if let Some(row) = incident.timeline.find(*id) {
                let entry = &row.entry;
                if let What::Decided(d) = &entry.what {
                    add("DECIDE", &d.proposal, Meaning::Header);
                    add("SO", &d.outcome, Meaning::Title);
                    add("ACTS", d.acts.as_deref().unwrap_or("nobody named"), Meaning::Text);
                    add("AGAINST", d.objections.as_deref().unwrap_or("nobody was asked"), Meaning::Text);
                    add("REFUSED", &d.refused.join("; "), Meaning::Text);
                    add("UNLESS", d.reversal.as_deref().unwrap_or_default(), Meaning::Text);
                    if let Some(check) = incident.leading.checks.get(id) {
                        let at = scene.clock_zoned(model, check.at);
                        add("CHECKED", &format!("{at} by {}: {}", check.by, check.seen), Meaning::Text);
                    }
                }
                let line = crate::report::line::line(entry, incident, scene.plan(), scene.now(), scene.zone(model));
                add(line.tag, &line.text, Meaning::Header);
                let zone = scene.zone(model);
                if let (true, Some(was)) = (incident.amended.contains_key(id), crate::report::line::words(&entry.what))
                {
                    add("WAS", was, Meaning::Dim);
                }
                add("WHEN", &crate::text::instant::echo(entry.happened, zone), Meaning::Text);
                add("NOTED", &crate::text::instant::echo(entry.recorded, zone), Meaning::Text);
                add("BY", &format!("{} on {}", entry.author.person, entry.author.host), Meaning::Text);
                add("ID", &format!("{} ({})", entry.id, entry.what.kind()), Meaning::Dim);
                match &row.effect {
                    crate::incident::timeline::Effect::Applied => {}
                    crate::incident::timeline::Effect::None(why) => {
                        add("EFFECT", &format!("none: {why}"), Meaning::Late)
                    }
                    crate::incident::timeline::Effect::Retracted(why) => {
                        add("EFFECT", &format!("taken back {why}"), Meaning::Late);
                    }
                }
            }
        }
        Thing::Source(name) => {
            if let Some(source) = scene.snapshot.sources.iter().find(|s| s.name == *name) {
                add("SOURCE", &format!("{} ({} {})", source.name, source.family, source.kind), Meaning::Header);
                add("ERROR", source.error.as_deref().unwrap_or_default(), Meaning::Late);
                add("MISSES", &source.misses.to_string(), Meaning::Text);
                let next = source.next_try.map(|at| (at - scene.situation.moment.real).num_seconds().max(0));
                add("AGAIN", &next.map(|s| format!("in {s}s; ctrl-r asks now")).unwrap_or_default(), Meaning::Text);
            }
        }
        Thing::Metric(name) => {
            if let Some(metric) = scene.situation.signals.metrics.iter().find(|m| m.name == *name) {
                let value = metric.value.map(crate::report::line::number).unwrap_or_else(|| "NOT KNOWN".into());
                add("METRIC", &format!("{} {value} {}", metric.name, metric.unit), Meaning::Header);
                add(
                    "QUALITY",
                    &format!("{}{}", metric.quality, if metric.estimated { ", an estimate" } else { "" }),
                    Meaning::Text,
                );
                add("WHY", &metric.why, Meaning::Old);
                add("SOURCE", &metric.source, Meaning::Text);
            }
        }
        Thing::Component(name) => {
            if let Some(component) = scene.situation.signals.components.iter().find(|c| c.name == *name) {
                add("STATE", &format!("{name}: {}", component.state.map_or("GONE", |s| s.short())), Meaning::Header);
                add("", component.mismatch.as_deref().unwrap_or_default(), Meaning::Late);
            }
        }
        Thing::Components(word) => {
            for component in &scene.situation.signals.components {
                let state = component.state.map_or("GONE", |s| s.short());
                if state == word {
                    let since =
                        component.since.map(|at| format!(" since {}", scene.clock(model, at))).unwrap_or_default();
                    let mismatch = component.mismatch.as_ref().map(|m| format!("; {m}")).unwrap_or_default();
                    add(state, &format!("{}{since}{mismatch}", component.name), Meaning::Text);
                }
            }
        }
        Thing::Role(role) => {
            add("ROLE", role.title(), Meaning::Header);
            add("HOLDER", incident.holder(*role).unwrap_or("nobody"), Meaning::Text);
        }
        Thing::Conflict(what) => add("", &format!("Set the {what} anew: that replaces both."), Meaning::Text),
        Thing::Team(id) => {
            if let Some(team) = scene.situation.teams.iter().find(|t| t.id == *id) {
                add("TEAM", &team.name, Meaning::Header);
                add("LEAD", team.lead.as_deref().unwrap_or("nobody"), Meaning::Text);
                add("WITH", &team.members.join(", "), Meaning::Text);
                add("DUTY", scene.plan().team(id).map_or("", |t| t.duty.as_str()), Meaning::Text);
            }
        }
        Thing::Offer(_) => add("DO", "H opens the brief", Meaning::Text),
        Thing::RollCall(_) => add("DO", "L opens the roll-call", Meaning::Text),
        Thing::TimeOut(_) => add("DO", "Space or O: its four answers", Meaning::Text),
        Thing::Span => {
            add("WHO", &scene.situation.reports.join(", "), Meaning::Text);
            add("DO", "W gives teams their leads and people", Meaning::Text);
        }
    }
    for of in lead::whom(scene, Some(thing)) {
        let reach = lead::reach(scene, &of);
        add("REACH", &if reach.is_empty() { String::new() } else { format!("{of}: {reach}") }, Meaning::Text);
    }
    let mut keys: Vec<Piece> = vec![panes::cell("DO", 7, Meaning::Dim)];
    for row in TABLE.iter().filter(|row| able::is_about(row.action, thing)) {
        if matches!(row.name, "open") || able::refusal_for(row.action, model, scene, Some(thing)).is_some() {
            continue;
        }
        if let Some(key) = keymap.keys(row.action).first() {
            let word = if row.footer.is_empty() { row.name } else { row.footer };
            keys.push(piece(safe!("{key}"), Meaning::Key));
            keys.push(piece(safe!(" {word}   "), Meaning::Text));
        }
    }
    out.push(keys);
    out
}
