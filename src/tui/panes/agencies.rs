//! Pane 4: which agency must hear by when, as rules and facts stand, and what agencies wait for. An aid, not legal advice.

use super::{Body, Item, Piece, cell, last, piece};
use crate::incident::Instant;
use crate::incident::rule::Confidence;
use crate::incident::state::Promise;
use crate::incident::words::{Role, StageState};
use crate::rulebook::deadline::Due;
use crate::safe;
use crate::situation::obligations::{Obligation, StageView, Standing};
use crate::situation::thing::Thing;
use crate::text::{Safe, duration, instant, shorten, width};
use crate::tui::duty;
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
    foot: Some(foot),
    empty: "no rule concerns this organisation: set `organisation` in the configuration",
};

/// The stage of a row that stands for a whole rule.
const WHOLE: usize = usize::MAX;

/// The row of what the playbook leaves out.
const LEFT_OUT: usize = usize::MAX;

/// Calls of agencies that wait for their answer, the nearest first.
fn calls<'a>(scene: &Scene<'a>) -> Vec<&'a Promise> {
    let open = scene.incident().promises.values().filter(|p| p.call.is_some() && p.kept.is_none());
    let mut open: Vec<&Promise> = open.collect();
    open.sort_by_key(|p| (p.due, p.id));
    open
}

fn items(scene: &Scene<'_>, model: &Model) -> Vec<Item> {
    let mut out: Vec<(u8, Option<Instant>, Item)> = Vec::new();
    let now = scene.now();
    for (index, call) in calls(scene).into_iter().enumerate() {
        let item = Item { thing: Some(Thing::Promise(call.id)), body: Body::At(index) };
        out.push((if call.due <= now { 0 } else { 2 }, Some(call.due), item));
    }
    if !scene.situation.left_out.is_empty() && !model.today {
        out.push((5, None, Item { thing: None, body: Body::At(LEFT_OUT) }));
    }
    for (o, obligation) in scene.obligations(model).iter().enumerate() {
        let whole = |rank, at| {
            let thing = Thing::Stage(obligation.rule.clone(), String::new());
            (rank, at, Item { thing: Some(thing), body: Body::Of(o, WHOLE) })
        };
        match obligation.state {
            Standing::Due | Standing::Unknown(_) => {
                // A stage whose clock has no instant, of a rule that may not apply, is not listed by itself.
                let listed = |s: &StageView| s.due.is_some() || s.filed.is_some() || !s.iff || !s.open();
                let stages = obligation.stages.iter().enumerate().filter(|(_, s)| listed(s));
                let before = out.len();
                for (s, stage) in stages {
                    let thing = Thing::Stage(obligation.rule.clone(), stage.id.clone());
                    let lit = model.place().lit.as_ref() == Some(&thing) && model.pane == Pane::Agencies;
                    let item = Item { thing: Some(thing), body: Body::Of(o, s) };
                    out.push((rank(obligation, stage, now, lit), stage.due.map(Due::instant), item));
                }
                // A rule that lacks a fact is never shown as clear.
                if out.len() == before {
                    out.push(whole(5, None));
                }
            }
            Standing::NotTriggered => match obligation.may_fire.as_ref().or(obligation.fires.as_ref()) {
                Some(fires) => out.push(whole(2, Some(fires.at))),
                None => out.push(whole(if obligation.if_not.is_empty() { 9 } else { 8 }, None)),
            },
            Standing::NotInForce => out.push(whole(10, None)),
        }
    }
    out.sort_by_key(|(rank, at, _)| (*rank, at.is_none(), *at));
    out.into_iter().map(|(_, _, item)| item).collect()
}

/// Where a stage stands: what is late; what is due at once; what is owed, by time; what was filed and not confirmed; what has no number; what is done. The lit one
/// stays where it was: a row does not move under the finger that filed it.
fn rank(obligation: &Obligation, stage: &StageView, now: Instant, lit: bool) -> u8 {
    if obligation.voluntary {
        return 6;
    }
    let owed = match stage.due {
        Some(Due::At(at)) if at <= now && !stage.iff => 0,
        Some(Due::Asap(_)) if !stage.iff => 1,
        Some(Due::At(_)) => 2,
        Some(Due::Asap(_)) => 4,
        None => 5,
    };
    match stage.state {
        _ if lit => owed,
        // Filed for all of them, and some are not known to have heard: it is still owed.
        StageState::Filed if stage.told.as_ref().is_some_and(|told| !told.whole()) => owed,
        StageState::Filed if !obligation.confirmed_by.is_empty() => 3,
        StageState::Pending | StageState::Drafted => owed,
        StageState::Filed | StageState::Confirmed | StageState::Waived | StageState::Withdrawn => 7,
    }
}

struct Widths {
    name: usize,
    left: usize,
    due: usize,
    state: usize,
    owner: usize,
}

fn widths(columns: usize) -> Widths {
    let of = |left: usize, due: usize, state: usize, owner: usize| {
        let columns_apart = 2 + usize::from(due > 0) + usize::from(owner > 0);
        Widths { name: columns.saturating_sub(left + due + state + owner + columns_apart), left, due, state, owner }
    };
    match columns {
        0..50 => of(8, 0, 9, 0),
        50..76 => of(9, 13, 9, 0),
        76..110 => of(9, 20, 9, 6),
        110..140 => of(12, 33, 14, 8),
        _ => of(12, 38, 14, 8),
    }
}

fn columns(_: &Scene<'_>, _: &Model, columns: usize) -> Vec<Piece> {
    let w = widths(columns);
    let mut out = vec![cell("AGENCY, STAGE", w.name, Meaning::Dim), cell("LEFT", w.left, Meaning::Dim)];
    if w.due > 0 {
        out.push(cell("DUE", w.due, Meaning::Dim));
    }
    out.push(cell("STATE", w.state, Meaning::Dim));
    if w.owner > 0 {
        out.push(last("OWN", w.owner, Meaning::Dim));
    }
    out
}

/// A confidence below high is said wherever the rule is.
fn sure(obligation: &Obligation, w: &Widths) -> &'static str {
    match (obligation.confidence, w.due >= 20) {
        (Confidence::High, _) => "",
        (Confidence::Medium, true) => " (med)",
        (Confidence::Low, true) => " (LOW)",
        (Confidence::Medium, false) => "(m)",
        (Confidence::Low, false) => "(L)",
    }
}

fn row(scene: &Scene<'_>, model: &Model, item: &Item, columns: usize) -> Vec<Piece> {
    let w = widths(columns);
    let (o, s) = match item.body {
        Body::Of(o, s) => (o, s),
        Body::At(LEFT_OUT) => return left_out(scene, columns),
        Body::At(index) => {
            return calls(scene).get(index).map_or_else(Vec::new, |call| of_call(scene, model, &w, call));
        }
        Body::Run(..) | Body::Heading(_) => return Vec::new(),
    };
    let Some(obligation) = scene.obligations(model).get(o) else { return Vec::new() };
    let Some(stage) = obligation.stages.get(s) else { return whole(scene, model, &w, obligation, columns) };
    // Of a long name its beginning says which stage it is: what is doubtful of the rule stands before it.
    let name = format!("{}{}, {}", obligation.short, sure(obligation, &w), stage.name.to_lowercase());
    let (left, loud) = left(scene, obligation, stage);
    let due = due(scene, model, stage, w.due);
    let (state, meaning) = state(scene, obligation, stage, w.state);
    let owner = if stage.by.is_empty() { scene.incident().holder(Role::Liaison) } else { Some(stage.by.as_str()) };
    cells(&w, &name, (&left, loud), &due, (&state, meaning), owner)
}

fn cells(
    w: &Widths,
    name: &str,
    left: (&str, Meaning),
    due: &str,
    state: (&str, Meaning),
    owner: Option<&str>,
) -> Vec<Piece> {
    let mut out = vec![cell(name, w.name, Meaning::Text), cell(left.0, w.left, left.1)];
    if w.due > 0 {
        out.push(cell(due, w.due, Meaning::Text));
    }
    out.push(cell(state.0, w.state, state.1));
    if w.owner > 0 {
        out.push(last(owner.unwrap_or("--"), w.owner, Meaning::Dim));
    }
    out
}

/// Rules that concern us and that the playbook does not show: it must not hide what is due.
fn left_out(scene: &Scene<'_>, columns: usize) -> Vec<Piece> {
    let left = &scene.situation.left_out;
    let due = left.iter().filter(|o| o.state == Standing::Due).count();
    let meaning = if due > 0 { Meaning::Late } else { Meaning::Old };
    let names: Vec<&str> = left.iter().map(|o| o.short.as_str()).collect();
    let due = if due > 0 { format!(", {due} due") } else { String::new() };
    let text = format!("LEFT OUT by the playbook ({}{due}): {}", left.len(), names.join("; "));
    vec![piece(shorten::shorten(&Safe::new(&text), columns), meaning)]
}

fn of_call(scene: &Scene<'_>, model: &Model, w: &Widths, call: &Promise) -> Vec<Piece> {
    let (left, loud) = span(scene.now(), call.due, "");
    let due = zones(scene, model, call.due, w.due >= 20);
    cells(
        w,
        &format!("CALL {}: {}", call.to, call.text),
        (&left, loud),
        &due,
        ("promised", Meaning::Text),
        Some(&call.owner),
    )
}

/// A rule of which no stage is listed: it will fire, lacks facts, or does not fire, and why that is worth saying.
fn whole(scene: &Scene<'_>, model: &Model, w: &Widths, obligation: &Obligation, columns: usize) -> Vec<Piece> {
    let name = format!("{}{}, {}", obligation.short, sure(obligation, w), obligation.title);
    if let (Standing::NotTriggered, Some(may)) = (&obligation.state, &obligation.may_fire) {
        let in_so_long = format!("{} IF", duration::short(may.at - scene.now(), false));
        let due = fires(scene, model, may.at, w.due);
        return cells(w, &name, (&in_so_long, Meaning::Soon), &due, (&facts(&may.assumes), Meaning::Old), None);
    }
    if let (Standing::NotTriggered, Some(fires)) = (&obligation.state, &obligation.fires) {
        let in_so_long = format!("in {}", duration::short(fires.at - scene.now(), false));
        let due = self::fires(scene, model, fires.at, w.due);
        return cells(w, &name, (&in_so_long, Meaning::Soon), &due, ("FORECAST", Meaning::Soon), None);
    }
    if let Standing::Unknown(missing) = &obligation.state {
        return cells(w, &name, ("--", Meaning::Dim), "--", (&facts(missing), Meaning::Old), None);
    }
    let why = match (&obligation.state, obligation.if_not.as_str()) {
        (Standing::NotInForce, _) => obligation.binding.said(),
        (_, "") => "not triggered".to_owned(),
        (_, why) => why.to_owned(),
    };
    let name = match obligation.if_not.is_empty() || obligation.state == Standing::NotInForce {
        true => name,
        false => format!("{}{}", obligation.short, sure(obligation, w)),
    };
    let name = shorten::shorten(&Safe::new(&name), columns / 2);
    let rest = columns.saturating_sub(width::width(name.as_str()) + 2);
    vec![piece(safe!("{name}: "), Meaning::Dim), piece(shorten::shorten(&Safe::new(&why), rest), Meaning::Dim)]
}

/// When a rule fires: its deadlines run from clocks, and are listed once it has.
fn fires(scene: &Scene<'_>, model: &Model, at: Instant, columns: usize) -> String {
    let both = format!("fires {}", zones(scene, model, at, true));
    if width::width(&both) <= columns { both } else { format!("fires {}", zones(scene, model, at, false)) }
}

/// When it is due: where columns allow it in the room's zone and in the other, and by the second reading of its clock.
fn due(scene: &Scene<'_>, model: &Model, stage: &StageView, columns: usize) -> String {
    let at = match stage.due {
        Some(Due::At(at)) => at,
        Some(Due::Asap(_)) => return "now".to_owned(),
        None => return stage.on.as_ref().map_or("--".to_owned(), |on| format!("on {on}")),
    };
    let doubt = if stage.beyond_calendar { "?" } else { "" };
    let second = stage.readings.get(1).map(|r| r.due.instant()).filter(|other| *other != at);
    let second = second.map(|other| zones(scene, model, other, false));
    let both = zones(scene, model, at, true) + doubt;
    let one = zones(scene, model, at, false) + doubt;
    let Some(second) = second else { return if width::width(&both) <= columns { both } else { one } };
    let ways = [format!("{both} or {second}"), format!("{one} or {second}"), format!("{one}/{second}")];
    ways.into_iter().find(|way| width::width(way) <= columns).unwrap_or(one)
}

/// In a column a zone is its first letter: `04:48C 10:48Z`.
fn zones(scene: &Scene<'_>, model: &Model, at: Instant, both: bool) -> String {
    let letter = |zone| match instant::zone_name(at, zone).as_str() {
        "UTC" => "Z".to_owned(),
        name => name.get(..1).unwrap_or_default().to_owned(),
    };
    let shown = scene.zone(model);
    let other = if shown == chrono_tz::Tz::UTC { scene.situation.zone } else { chrono_tz::Tz::UTC };
    let ours = format!("{}{}", scene.clock(model, at), letter(shown));
    if !both || other == shown {
        return ours;
    }
    let there = instant::clock(at, scene.now(), other);
    // The day stands once, but where it is another there.
    let (day, there_day) = (ours.rsplit_once(' ').map(|d| d.0), there.rsplit_once(' ').map(|d| d.0));
    let there = if day == there_day { there.rsplit(' ').next().unwrap_or_default() } else { &there };
    format!("{ours} {there}{}", letter(other))
}

fn left(scene: &Scene<'_>, obligation: &Obligation, stage: &StageView) -> (String, Meaning) {
    if !stage.open() {
        return ("--".into(), Meaning::Dim);
    }
    let iff = if stage.iff { " IF" } else { "" };
    match stage.due {
        None => ("--".into(), Meaning::Dim),
        Some(Due::Asap(_)) if obligation.voluntary => ("--".into(), Meaning::Dim),
        Some(Due::Asap(_)) if stage.iff => ("ASAP IF".into(), Meaning::Soon),
        Some(Due::Asap(_)) => ("ASAP".into(), Meaning::Life),
        Some(Due::At(at)) => span(scene.now(), at, iff),
    }
}

fn span(now: Instant, at: Instant, iff: &str) -> (String, Meaning) {
    if at <= now {
        // The IF must not be cut off.
        let over = if iff.is_empty() { "OVER " } else { "-" };
        return (format!("{over}{}{iff}", duration::short(now - at, false)), Meaning::Late);
    }
    let soon = (at - now).num_minutes() < 60;
    (format!("{}{iff}", duration::short(at - now, false)), if soon { Meaning::Soon } else { Meaning::Text })
}

fn facts(missing: &[String]) -> String {
    match missing.len() {
        0 => "facts?".to_owned(),
        1 => "1 fact?".to_owned(),
        many => format!("{many} facts?"),
    }
}

fn state(scene: &Scene<'_>, obligation: &Obligation, stage: &StageView, columns: usize) -> (String, Meaning) {
    let corrects = |s: &crate::situation::filing::Supplement| s.rule == obligation.rule && s.stage == stage.id;
    match stage.state {
        StageState::Filed | StageState::Confirmed if scene.situation.supplements.iter().any(corrects) => {
            ("CORRECT".into(), Meaning::Late)
        }
        StageState::Filed if stage.told.as_ref().is_some_and(|told| !told.whole()) => {
            (stage.told.as_ref().map(|told| told.said()).unwrap_or_default(), Meaning::Late)
        }
        StageState::Filed if obligation.confirmed_by.is_empty() => ("filed".into(), Meaning::Good),
        StageState::Filed if columns < 13 => ("UNCONFIRM".into(), Meaning::Soon),
        StageState::Filed => ("NOT CONFIRMED".into(), Meaning::Soon),
        StageState::Confirmed => ("confirmed".into(), Meaning::Good),
        StageState::Waived => ("waived".into(), Meaning::Dim),
        StageState::Withdrawn => ("withdrawn".into(), Meaning::Dim),
        StageState::Pending | StageState::Drafted if stage.overtaken.is_some() => ("AGAIN".into(), Meaning::Late),
        StageState::Pending | StageState::Drafted if stage.told.is_some() => {
            (stage.told.as_ref().map(|told| told.said()).unwrap_or_default(), Meaning::Text)
        }
        StageState::Drafted => ("draft".into(), Meaning::Soon),
        StageState::Pending => match &obligation.state {
            Standing::Unknown(missing) => (facts(missing), Meaning::Old),
            _ if !stage.missing.is_empty() => (facts(&stage.missing), Meaning::Old),
            _ if obligation.voluntary => ("voluntary".into(), Meaning::Dim),
            _ => ("pending".into(), Meaning::Text),
        },
    }
}

fn heading(scene: &Scene<'_>, model: &Model, columns: usize) -> Vec<Piece> {
    let Some(started) = scene.incident().started() else { return Vec::new() };
    let law = if model.today { scene.situation.moment.real } else { started };
    let day = law.with_timezone(&scene.situation.zone).format("%d %b %Y").to_string();
    let mut out = vec![match model.today {
        true => piece(safe!("WHAT IF TODAY: law of {day}"), Meaning::Exercise),
        // In a pane the year is enough: which clock is only assumed must not be cut off.
        false if columns < 70 => {
            piece(safe!("law of {}", law.with_timezone(&scene.situation.zone).format("%Y")), Meaning::Dim)
        }
        false => piece(safe!("law of {day}"), Meaning::Dim),
    }];
    let clocks = scene.obligations(model).iter().flat_map(|o| &o.clocks);
    if columns >= 50
        && let Some(clock) = clocks.into_iter().find(|c| c.name == "discovery")
        && let Some(at) = clock.at
    {
        let assumed = if clock.assumed { " ASSUMED" } else { "" };
        let meaning = if clock.assumed { Meaning::Old } else { Meaning::Dim };
        out.push(piece(safe!("  discovery {}{assumed}", scene.clock(model, at)), meaning));
    }
    out
}

/// About the lit row: what is missing, the other reading, how near the thresholds are, what confirms it. Where nothing is lit,
/// or nothing is to be said: what the signs in the rows mean.
fn foot(scene: &Scene<'_>, model: &Model, columns: usize, rows: usize) -> Vec<Vec<Piece>> {
    let place = &model.places[Pane::Agencies as usize];
    let about = match &place.lit {
        Some(Thing::Stage(rule, stage)) => {
            let found = scene.obligations(model).iter().find(|o| o.rule == *rule);
            found.map(|o| duty::about(scene, model, o, stage)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let legend = || vec![(SIGNS.to_owned(), Meaning::Dim)];
    let said = if about.is_empty() { legend() } else { about };
    let lines = said.into_iter().flat_map(|(text, meaning)| {
        let lines = crate::tui::over::text_lines(&text, columns);
        lines.into_iter().map(move |line| vec![piece(line, meaning)])
    });
    lines.take(rows).collect()
}

const SIGNS: &str = "IF: holds if a missing fact is so. ASAP: due at once. (m)/(med), (L)/(LOW): how sure the rule is. ?: may fall later.";
