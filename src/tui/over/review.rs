//! The release review as it is drawn: the texts, who is left out and why, what is read.

use ratatui::layout::Rect;

use crate::incident::decide_messages;
use crate::incident::words::MessageState;
use crate::safe;
use crate::situation::audience::AudienceView;
use crate::text::Safe;
use crate::tui::ink::{Ink, piece};
use crate::tui::model::Model;
use crate::tui::panes;
use crate::tui::releasing;
use crate::tui::review::{Item, Review};
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;

use super::text_lines;

pub(super) fn draw_review(ink: &mut Ink<'_>, review: &Review, scene: &Scene<'_>, model: &Model) {
    let full = ink.area();
    let area = Rect { x: 0, y: if full.height > 12 { 2 } else { 0 }, width: full.width, height: full.height };
    let area = Rect { height: full.height - area.y, ..area };
    let title = match releasing::doubt(model, scene) {
        None => safe!(
            "REVIEW  {} round   NOTHING LEAVES BEFORE R   NOW {}",
            review.round,
            scene.clock_zoned(model, scene.now())
        ),
        Some(doubt) => safe!("{doubt}: others may send too   {} round   NOTHING LEAVES BEFORE R R", review.round),
    };
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
    let leaves = match (scene.incident().is_exercise(), review.alone) {
        (true, _) => safe!(" takes {release} as told, none leaves  "),
        (false, true) => safe!(" RELEASES {release} UNCLAIMED  "),
        (false, false) => safe!(" RELEASES {release}  "),
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
