//! Pane 4: which agency must hear by when, as rules and facts stand. An aid, not legal advice.

use super::{Body, Item, Piece, cell, last, piece};
use crate::incident::rule::Confidence;
use crate::incident::words::{Role, StageState};
use crate::rulebook::deadline::Due;
use crate::safe;
use crate::situation::obligations::{Obligation, StageView, Standing};
use crate::situation::thing::Thing;
use crate::text::{duration, instant};
use crate::tui::model::{Model, Pane};
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;

pub const PANE: super::PaneDef = super::PaneDef {
    pane: Pane::Agencies,
    title: "AGENCIES",
    tab: "Agcy",
    items,
    row,
    heading,
    columns: Some(columns),
    empty: "no rule concerns this organisation: set `organisation` in the configuration",
};

fn items(scene: &Scene<'_>, _: &Model) -> Vec<Item> {
    let mut out: Vec<(u8, Option<crate::incident::Instant>, Item)> = Vec::new();
    for (o, obligation) in scene.situation.obligations.iter().enumerate() {
        match obligation.state {
            Standing::Due | Standing::Unknown(_) => {
                for (s, stage) in obligation.stages.iter().enumerate() {
                    // A stage whose clock has no instant, of a rule that may not apply, is not listed.
                    if stage.due.is_none() && stage.filed.is_none() && stage.iff {
                        continue;
                    }
                    let thing = Thing::Stage(obligation.rule.clone(), stage.id.clone());
                    let item = Item { thing: Some(thing), body: Body::Of(o, s) };
                    out.push((rank(obligation, stage), stage.due.map(Due::instant), item));
                }
            }
            Standing::NotTriggered | Standing::NotInForce => {
                let thing = Thing::Stage(obligation.rule.clone(), String::new());
                out.push((9, None, Item { thing: Some(thing), body: Body::Of(o, usize::MAX) }));
            }
        }
    }
    out.sort_by_key(|(rank, at, _)| (*rank, at.is_none(), *at));
    out.into_iter().map(|(_, _, item)| item).collect()
}

/// Where a stage stands, whatever was done about it: a row does not move under the finger that filed it.
fn rank(obligation: &Obligation, stage: &StageView) -> u8 {
    match stage.due {
        _ if obligation.voluntary => 5,
        Some(Due::Asap(_)) if !stage.iff => 0,
        Some(Due::At(_)) => 1,
        Some(Due::Asap(_)) => 3,
        None => 4,
    }
}

struct Widths {
    agency: usize,
    left: usize,
    due: usize,
    state: usize,
    owner: usize,
}

fn widths(columns: usize) -> Widths {
    if columns < 50 {
        return Widths { agency: columns.saturating_sub(18), left: 7, due: 0, state: 9, owner: 0 };
    }
    let (due, state, owner) = if columns >= 76 { (20, 13, 6) } else { (13, 9, 0) };
    Widths { agency: columns.saturating_sub(3 + 11 + due + state + owner), left: 11, due, state, owner }
}

fn columns(_: &Scene<'_>, _: &Model, columns: usize) -> Vec<Piece> {
    let w = widths(columns);
    let mut out = vec![cell("AGENCY, STAGE", w.agency, Meaning::Dim), cell("LEFT", w.left, Meaning::Dim)];
    if w.due > 0 {
        out.push(cell("DUE", w.due, Meaning::Dim));
    }
    out.push(cell("STATE", w.state, Meaning::Dim));
    if w.owner > 0 {
        out.push(last("OWN", w.owner, Meaning::Dim));
    }
    out
}

fn row(scene: &Scene<'_>, model: &Model, item: &Item, columns: usize) -> Vec<Piece> {
    let Body::Of(o, s) = item.body else { return Vec::new() };
    let Some(obligation) = scene.situation.obligations.get(o) else { return Vec::new() };
    let w = widths(columns);
    let Some(stage) = obligation.stages.get(s) else {
        let why = match obligation.state {
            Standing::NotInForce => "not in force that day",
            _ => "not triggered",
        };
        return vec![
            cell(&format!("{}, {}", obligation.short, obligation.title), w.agency + w.left + 1, Meaning::Dim),
            piece(why, Meaning::Dim),
        ];
    };
    let doubt = match obligation.confidence {
        Confidence::High => "",
        Confidence::Medium => "",
        Confidence::Low => " (LOW)",
    };
    let name = format!("{}, {}{doubt}", obligation.short, stage.name.to_lowercase());
    let (left, loud) = left(scene, obligation, stage);
    let due = match stage.due {
        Some(Due::At(at)) => {
            // In a column the zone is its first letter: 04:48C is Central, 05:48E Eastern, 10:48Z universal.
            let letter = |zone| match instant::zone_name(at, zone).as_str() {
                "UTC" => "Z".to_owned(),
                name => name.get(..1).unwrap_or_default().to_owned(),
            };
            let zone = scene.zone(model);
            let ours = format!("{}{}", scene.clock(model, at), letter(zone));
            if w.due >= 20 && obligation.timezone != zone {
                let there = instant::clock(at, scene.now(), obligation.timezone);
                let there = there.rsplit(' ').next().unwrap_or_default().to_owned();
                format!("{ours} {there}{}", letter(obligation.timezone))
            } else {
                ours
            }
        }
        Some(Due::Asap(_)) => "now".to_owned(),
        None => "--".to_owned(),
    };
    let (state, meaning) = state(obligation, stage);
    let mut out = vec![cell(&name, w.agency, Meaning::Text), cell(&left, w.left, loud)];
    if w.due > 0 {
        out.push(cell(&due, w.due, Meaning::Text));
    }
    out.push(cell(&state, w.state, meaning));
    if w.owner > 0 {
        let owner = if stage.by.is_empty() { scene.incident().holder(Role::Liaison) } else { Some(stage.by.as_str()) };
        out.push(last(owner.unwrap_or("--"), w.owner, Meaning::Dim));
    }
    out
}

fn left(scene: &Scene<'_>, obligation: &Obligation, stage: &StageView) -> (String, Meaning) {
    let now = scene.now();
    if !stage.open() {
        return ("--".into(), Meaning::Dim);
    }
    let iff = if stage.iff { " IF" } else { "" };
    match stage.due {
        None => ("--".into(), Meaning::Dim),
        Some(Due::Asap(_)) if obligation.voluntary => ("--".into(), Meaning::Dim),
        Some(Due::Asap(_)) if stage.iff => ("ASAP IF".into(), Meaning::Soon),
        Some(Due::Asap(_)) => ("ASAP".into(), Meaning::Life),
        Some(Due::At(at)) if at <= now => (format!("OVER {}{iff}", duration::short(now - at, false)), Meaning::Late),
        Some(Due::At(at)) => {
            let soon = (at - now).num_minutes() < 60;
            (format!("{}{iff}", duration::short(at - now, false)), if soon { Meaning::Soon } else { Meaning::Text })
        }
    }
}

fn state(obligation: &Obligation, stage: &StageView) -> (String, Meaning) {
    match stage.state {
        StageState::Filed if obligation.confirmed_by.is_empty() => ("filed".into(), Meaning::Good),
        StageState::Filed => ("NOT CONFIRMED".into(), Meaning::Soon),
        StageState::Confirmed => ("confirmed".into(), Meaning::Good),
        StageState::Waived => ("waived".into(), Meaning::Dim),
        StageState::Withdrawn => ("withdrawn".into(), Meaning::Dim),
        StageState::Drafted => ("draft".into(), Meaning::Soon),
        StageState::Pending => match &obligation.state {
            Standing::Unknown(missing) => match missing.as_slice() {
                [] => ("facts?".into(), Meaning::Old),
                [_] => ("1 fact?".into(), Meaning::Old),
                many => (format!("{} facts?", many.len()), Meaning::Old),
            },
            _ if obligation.voluntary => ("voluntary".into(), Meaning::Dim),
            _ => ("pending".into(), Meaning::Text),
        },
    }
}

fn heading(scene: &Scene<'_>, model: &Model, columns: usize) -> Vec<Piece> {
    let Some(started) = scene.incident().started() else { return Vec::new() };
    let day = started.with_timezone(&scene.situation.zone).format("%d %b %Y").to_string();
    let mut out = vec![piece(safe!("law of {day}"), Meaning::Dim)];
    let clocks = scene.situation.obligations.iter().flat_map(|o| &o.clocks);
    if columns >= 50
        && let Some(clock) = clocks.into_iter().find(|c| c.name == "discovery")
        && let Some(at) = clock.at
    {
        let assumed = if clock.assumed { " ASSUMED" } else { "" };
        let meaning = if clock.assumed { Meaning::Old } else { Meaning::Dim };
        out.push(piece(safe!("  discovery{assumed} {}", scene.clock(model, at)), meaning));
    }
    out
}
