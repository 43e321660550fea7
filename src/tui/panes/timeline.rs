//! Pane 2: what happened, oldest first, the newest at the foot. Rows alike in a row are one line.

use super::{Body, Item, Piece, cell, piece};
use crate::incident::entry::Entry;
use crate::incident::timeline::{Effect, Row};
use crate::incident::what::What;
use crate::report::line::{is_inject, line};
use crate::safe;
use crate::situation::thing::Thing;
use crate::text::Safe;
use crate::tui::model::{Model, Pane, View};
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;

pub const PANE: super::PaneDef = super::PaneDef {
    pane: Pane::Timeline,
    title: "TIMELINE",
    tab: "Time",
    items,
    row,
    heading,
    columns: None,
    foot: None,
    empty: "nothing recorded yet",
};

/// The newest lines that the pane holds: zoomed, and while it shares the screen. The export has all.
const MOST: usize = 5000;
const SHARED: usize = 400;

fn items(scene: &Scene<'_>, model: &Model) -> Vec<Item> {
    let whole =
        model.pane == Pane::Timeline && (model.zoom || !model.place().filter.is_empty() || model.view != View::All);
    let most = if whole { MOST } else { SHARED };
    let mut out: Vec<Item> = Vec::new();
    // In `out`, which grows backwards: how many items the first new row and all after it are.
    let mut first_new: Option<usize> = None;
    let mut run: Option<(&What, bool)> = None;
    for (index, row) in scene.incident().timeline.iter().rev().enumerate() {
        let what = &row.entry.what;
        // Numbers move all the time: their course stands in the signals and in the export. That one is lost is an event.
        if matches!(what, What::MetricMoved(w) if w.value.is_some()) {
            continue;
        }
        if !in_view(model, row) {
            continue;
        }
        let new = is_new(model, row);
        // What is new and what was seen are no one line: the mark stands between them.
        if let Some((previous, was_new)) = run
            && was_new == new
            && alike(previous, what)
            && let Some(Item { body: Body::Run(_, count), .. }) = out.last_mut()
        {
            *count += 1;
            run = Some((what, new));
            continue;
        }
        if out.len() >= most {
            break;
        }
        out.push(Item { thing: Some(Thing::Entry(row.entry.id)), body: Body::Run(index, 1) });
        run = Some((what, new));
        if new {
            first_new = Some(out.len());
        }
    }
    // Where all that is shown is new, a mark would part it from nothing.
    if let Some(first) = first_new.filter(|first| *first < out.len()) {
        let mark = vec![piece("----- new", Meaning::New)];
        out.insert(first, Item { thing: None, body: Body::Heading(mark) });
    }
    out.reverse();
    out
}

/// Whether the view that was chosen shows the row.
fn in_view(model: &Model, row: &Row) -> bool {
    match model.view {
        View::All => true,
        View::Decisions => matches!(
            row.entry.what,
            What::Decided(_)
                | What::DecisionChecked(_)
                | What::Asked(_)
                | What::TimeOutStarted(_)
                | What::TimeOutEnded(_)
        ),
        View::Changes => matches!(row.entry.what, What::ChangeNoted(_) | What::Declared(_)),
        View::FollowUps => matches!(&row.entry.what, What::Noted(w) if w.follow_up),
    }
}

/// Whether the row came since the person looked.
fn is_new(model: &Model, row: &Row) -> bool {
    model.looked.is_some_and(|looked| row.entry.recorded > looked)
}

fn alike(a: &What, b: &What) -> bool {
    match (a, b) {
        (What::AlertFired(a), What::AlertFired(b)) => a.name == b.name,
        (What::AlertGone(a), What::AlertGone(b)) => a.name == b.name,
        (What::AlertChanged(a), What::AlertChanged(b)) => a.name == b.name && a.to == b.to,
        (What::MessageDrafted(_), What::MessageDrafted(_))
        | (What::MessageApproved(_), What::MessageApproved(_))
        | (What::MessageSending(_), What::MessageSending(_))
        | (What::MessageRecipients(_), What::MessageRecipients(_))
        | (What::MessageSent(_), What::MessageSent(_))
        | (What::MessageDelivered(_), What::MessageDelivered(_)) => true,
        (What::TaskAdded(a), What::TaskAdded(b)) => a.planned.is_some() && b.planned.is_some(),
        _ => false,
    }
}

fn at<'a>(scene: &Scene<'a>, index: usize) -> Option<&'a Row> {
    scene.incident().timeline.iter().rev().nth(index)
}

fn meaning(entry: &Entry) -> Meaning {
    match &entry.what {
        What::ComponentChanged(w) if w.to.harms() => Meaning::Late,
        What::ComponentChanged(w) if w.to == crate::incident::words::ComponentState::Operational => Meaning::Good,
        What::MessageFailed(_) | What::Asked(_) => Meaning::Late,
        What::MessageUnknown(_) => Meaning::Unsure,
        What::SourceFailing(_) | What::ComponentGone(_) | What::ClockSet(_) => Meaning::Old,
        What::MessageSent(_) | What::MessageDelivered(_) | What::SourceBack(_) | What::TaskDone(_) => Meaning::Good,
        What::HandoverOffered(_) => Meaning::Soon,
        What::ChangeNoted(_) => Meaning::New,
        What::DecisionChecked(w) if w.worked == Some(false) => Meaning::Late,
        What::TimeOutStarted(_) | What::TimeOutEnded(_) | What::HandoverAccepted(_) | What::ObjectivesSet(_) => {
            Meaning::Title
        }
        What::Decided(_) | What::Declared(_) | What::PhaseSet(_) | What::SeveritySet(_) => Meaning::Title,
        What::StageFiled(_) | What::StageConfirmed(_) | What::AgencyTold(_) => Meaning::Good,
        _ if is_inject(entry) => Meaning::Exercise,
        _ => Meaning::Text,
    }
}

fn row(scene: &Scene<'_>, model: &Model, item: &Item, columns: usize) -> Vec<Piece> {
    let (index, count) = match &item.body {
        Body::Run(index, count) => (*index, *count),
        Body::Heading(pieces) => return pieces.clone(),
        Body::At(_) | Body::Of(..) => return Vec::new(),
    };
    let Some(row) = at(scene, index) else { return Vec::new() };
    let line = line(&row.entry, scene.incident(), scene.plan(), scene.now(), scene.zone(model));
    let clock = scene.clock(model, row.entry.happened);
    let wide = clock.len().clamp(5, 13);
    let mut text = match &row.entry.what {
        What::TaskAdded(_) if count > 1 => format!("{count} tasks of the playbook"),
        What::MessageDrafted(_)
        | What::MessageApproved(_)
        | What::MessageSending(_)
        | What::MessageSent(_)
        | What::MessageDelivered(_)
            if count > 1 =>
        {
            format!("{count} texts, the last: {}", line.text)
        }
        _ if count > 1 => format!("{count} alike: {}", line.text),
        _ => line.text,
    };
    let mut loud = meaning(&row.entry);
    match &row.effect {
        Effect::Applied => {}
        Effect::Without(why) => {
            text = format!("{text} - WITHOUT THE RIGHT: {why}");
            loud = Meaning::Late;
        }
        Effect::None(why) => {
            text = format!("{text} - had no effect: {why}");
            loud = Meaning::Dim;
        }
        Effect::Retracted(why) => {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            text = format!("{text} - taken back{why}");
            loud = Meaning::Dim;
        }
    }
    let new = is_new(model, row);
    let late = (row.entry.recorded - row.entry.happened).num_minutes() >= 5;
    if late && columns >= 60 && !row.entry.author.machine {
        text = format!("{text}, noted {}", scene.clock(model, row.entry.recorded));
    }
    let mark = match (scene.incident().is_exercise(), columns >= 70) {
        (true, true) => piece("EXERCISE ", Meaning::Exercise),
        (true, false) => piece("EX ", Meaning::Exercise),
        (false, _) => piece("", Meaning::Text),
    };
    vec![
        piece(if new { Safe::from("*") } else { Safe::from(" ") }, Meaning::New),
        cell(&clock, wide, Meaning::Dim),
        mark,
        cell(line.tag, 6, loud),
        piece(Safe::new(&text), if loud == Meaning::Dim { loud } else { Meaning::Text }),
    ]
}

fn heading(scene: &Scene<'_>, model: &Model, _: usize) -> Vec<Piece> {
    let zone = crate::text::instant::zone_name(scene.now(), scene.zone(model));
    let mut out = Vec::new();
    if model.view != View::All {
        out.push(piece(safe!("{} only, v: others  ", model.view.title()), Meaning::New));
    }
    out.push(piece(safe!("{zone}  {} entries", scene.incident().timeline.len()), Meaning::Dim));
    if let Some(looked) = model.looked {
        let new = scene.incident().timeline.iter().rev().take(5000).filter(|r| r.entry.recorded > looked).count();
        if new > 0 {
            out.push(piece(safe!("  {new} new since you looked {}", scene.clock(model, looked)), Meaning::New));
        }
    }
    if scene.incident().not_understood > 0 {
        out.push(piece(safe!("  {} need a newer warroom", scene.incident().not_understood), Meaning::Old));
    }
    out
}
