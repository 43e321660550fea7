//! The two lines that always stand: severity, phase, elapsed, who commands, the time; what counts down, sources, disk.

use ratatui::layout::Rect;

use super::ink::{Ink, Piece, piece};
use super::model::Model;
use super::scene::Scene;
use super::theme::Meaning;
use crate::incident::exercise::MARK;
use crate::incident::replication::Health;
use crate::incident::words::{Phase, Role, Severity};
use crate::safe;
use crate::situation::need;
use crate::situation::thing::Thing;
use crate::text::{Safe, duration, instant, width};

/// After so long in command the header suggests a handover.
const LONG: chrono::TimeDelta = chrono::TimeDelta::hours(4);

/// Draws the header. Says whether something in it counts in seconds.
pub fn draw(ink: &mut Ink<'_>, area: Rect, scene: &Scene<'_>, model: &Model) -> bool {
    let narrow = area.width < 60;
    first(ink, area, scene, model, narrow);
    second(ink, area, scene, model, narrow)
}

/// An exercise says so before all else.
fn mark(scene: &Scene<'_>) -> Vec<Piece> {
    match scene.incident().is_exercise() {
        true => vec![piece(MARK, Meaning::Exercise), piece(" ", Meaning::Text)],
        false => Vec::new(),
    }
}

fn first(ink: &mut Ink<'_>, area: Rect, scene: &Scene<'_>, model: &Model, narrow: bool) {
    let incident = scene.incident();
    let now = scene.now();
    let Some(declared) = &incident.declared else {
        let text = if model.loading { "warroom: opening the journal" } else { "no incident is declared" };
        ink.row(area, 0, 0, &[piece(text, Meaning::Header)]);
        return;
    };
    let mut left: Vec<Piece> = mark(scene);
    if declared.demo {
        left.push(piece(if area.width < 150 { "DEMO" } else { "DEMO, nothing leaves" }, Meaning::Exercise));
        left.push(piece(" ", Meaning::Text));
    }
    let grave = matches!(incident.severity(), Severity::Sev1 | Severity::Sev2);
    let severity = incident.severity().as_str().to_uppercase();
    left.push(piece(safe!("{severity}"), if grave { Meaning::Life } else { Meaning::Header }));
    if incident.severity.conflict() || incident.phase.conflict() {
        left.push(piece("?", Meaning::Late));
    }
    let elapsed = duration::since(now - declared.started);
    let holder = incident.holder(Role::Commander);
    let ic = [
        piece(if narrow { " IC " } else { "  IC " }, Meaning::Dim),
        match holder {
            Some(name) => piece(Safe::new(name), Meaning::Header),
            None => piece("NOBODY", Meaning::Life),
        },
    ];
    let zone = scene.zone(model);
    let time = match (area.width < 100, zone == chrono_tz::Tz::UTC) {
        (true, _) | (false, true) if narrow => {
            let zone_name = instant::zone_name(now, zone);
            format!("{}{}", instant::clock(now, now, zone), zone_name.get(..1).unwrap_or_default())
        }
        (true, _) | (false, true) => instant::clock_zoned(now, now, zone),
        (false, false) => format!("{} = {}", instant::clock_zoned(now, now, zone), now.format("%H:%MZ")),
    };
    if narrow {
        left.push(piece(safe!(" {elapsed} "), Meaning::Header));
        // Where an exercise takes its columns the phase gives way: the time must not.
        if !declared.exercise {
            let phase = incident.phase().as_str().to_uppercase();
            left.push(piece(safe!("{}", phase.get(..6).unwrap_or(&phase)), Meaning::Text));
        }
        left.extend(ic);
        left.push(piece(safe!("  {time}"), Meaning::Text));
        ink.row(area, 0, 0, &left);
        return;
    }
    left.push(piece(safe!(" {}  ", incident.phase().as_str().to_uppercase()), Meaning::Header));
    let deputy = match incident.holder(Role::Deputy) {
        Some(name) => piece(safe!("  Dep {name}"), Meaning::Dim),
        None => piece("  Dep NONE", Meaning::Soon),
    };
    let started = scene.clock(model, declared.started);
    let mut right = vec![piece(safe!("  {elapsed} since {started}"), Meaning::Header)];
    right.extend(ic);
    if area.width >= 100 {
        right.push(deputy);
    }
    right.push(piece(safe!("  NOW {time}"), Meaning::Header));
    let columns = |pieces: &[Piece]| pieces.iter().map(|p| width::width(p.text.as_str())).sum::<usize>();
    let room = usize::from(area.width).saturating_sub(columns(&left) + columns(&right));
    left.push(super::panes::cell(incident.title(), room.saturating_sub(1), Meaning::Text));
    left.extend(right);
    ink.row(area, 0, 0, &left);
}

/// How this host stands with the others; nothing where it meets nobody.
fn hosts(scene: &Scene<'_>, model: &Model, width: u16) -> Option<Piece> {
    let meeting = scene.situation.meeting.as_ref()?;
    let narrow = width < 60;
    Some(match meeting.health {
        // Met, and yet what is written here does not get there.
        Health::Ok if meeting.wait.is_some_and(|n| n > 0) => {
            let wait = meeting.wait.unwrap_or(0);
            piece(if narrow { safe!(" {wait} STAY") } else { safe!("  hosts: {wait} STAY HERE") }, Meaning::Late)
        }
        Health::Ok if narrow => return None,
        Health::Ok => piece("  hosts ok", Meaning::Dim),
        Health::NotYet => piece(if narrow { " hosts?" } else { "  hosts not yet" }, Meaning::Old),
        Health::CutOff(since) => {
            let wait = meeting.wait.map_or_else(|| "?".to_owned(), |n| n.to_string());
            let text = match width {
                0..60 => safe!(" CUT OFF {wait}"),
                60..100 => safe!("  CUT OFF {}, {wait} wait", scene.clock(model, since)),
                _ => safe!("  CUT OFF since {}, {wait} wait", scene.clock(model, since)),
            };
            piece(text, Meaning::Life)
        }
    })
}

fn second(ink: &mut Ink<'_>, area: Rect, scene: &Scene<'_>, model: &Model, narrow: bool) -> bool {
    if area.height < 2 {
        return false;
    }
    let now = scene.now();
    let mut right: Vec<Piece> = Vec::new();
    if let Some(text) = need::elsewhere(&model.others, model.incident) {
        let text = if narrow { text.replace("other: ", "+") } else { text };
        right.push(piece(safe!("  {text}"), Meaning::Late));
    }
    right.extend(hosts(scene, model, area.width));
    right.extend(super::here::count(scene, narrow));
    let (fresh, all) = scene.situation.fresh();
    let meaning = if fresh < all { Meaning::Late } else { Meaning::Dim };
    if !model.loading || all > 0 {
        right.push(match narrow {
            _ if all == 0 => piece(if narrow { " no source" } else { "  no source configured" }, Meaning::Old),
            true => piece(safe!(" src {fresh}/{all}{}", if fresh < all { " OLD" } else { "" }), meaning),
            false => piece(safe!("  sources {fresh} of {all}"), meaning),
        });
    }
    if model.quiet {
        right.push(piece(if narrow { " QUIET" } else { "  QUIET" }, Meaning::Late));
    }
    if let Some(why) = &model.read_only {
        right.push(piece(if narrow { safe!(" READ ONLY") } else { safe!("  READ ONLY: {why}") }, Meaning::Late));
    } else if let Some(why) = &model.not_saved {
        right.push(piece(if narrow { safe!(" NOT SAVED") } else { safe!("  NOT SAVED: {why}") }, Meaning::Life));
    } else if !model.pending.is_empty() {
        right.push(piece(if narrow { " saving" } else { "  saving..." }, Meaning::Pending));
    } else if !narrow && !model.loading {
        right.push(piece("  saved", Meaning::Dim));
    }
    if let Some(timeout) = scene.incident().leading.timeout(now) {
        let left = duration::short(timeout.until - now, true);
        right.push(piece(
            if narrow { safe!(" TIME-OUT {left}") } else { safe!("  TIME-OUT {left}") },
            Meaning::Exercise,
        ));
    }
    let since = scene.incident().roles.get(&Role::Commander).and_then(|r| r.setting()).map(|s| s.at);
    if let Some(since) =
        since.filter(|at| now - *at >= LONG && !narrow && scene.incident().holder(Role::Commander).is_some())
    {
        right.push(piece(safe!("  IC for {}: H hands over", duration::short(now - since, false)), Meaning::Soon));
    }
    // Where columns are few what counts down needs them more than how fast.
    if let Some(demo) = model.demo.as_ref().filter(|demo| demo.paused || !narrow) {
        let speed = if demo.paused { "PAUSED".to_owned() } else { format!("x{:.0}", demo.speed) };
        right.push(piece(safe!("  {speed}"), if demo.paused { Meaning::Late } else { Meaning::Dim }));
    }
    let columns = |pieces: &[Piece]| pieces.iter().map(|p| width::width(p.text.as_str())).sum::<usize>();
    let room = usize::from(area.width).saturating_sub(columns(&right));
    let mut left = mark(scene);
    left.push(piece("NEXT ", Meaning::Dim));
    let mut used = columns(&left);
    let mut seconds = scene.incident().leading.timeout(now).is_some();
    // Of the check-ins only the nearest: promises and deadlines must not be crowded out.
    let mut one_task = false;
    let clocks = scene.situation.clocks.iter().filter(|clock| clock.at > now).filter(|clock| match clock.thing {
        Thing::Task(_) => !std::mem::replace(&mut one_task, true),
        _ => true,
    });
    // What passed and is owed comes first, counted: the one that has waited longest stands for them.
    let past: Vec<_> = scene.situation.clocks.iter().filter(|c| c.at <= now).collect();
    if let Some(first) = past.first() {
        let iff = if first.iff { " IF" } else { "" };
        let more = if past.len() > 1 { format!(" +{}", past.len() - 1) } else { String::new() };
        // Where columns are few a late chore is a number: what is due next must not give way to it.
        let text = match (narrow, &first.thing) {
            (true, Thing::Task(_)) => safe!("{} OVER", past.len()),
            (true, _) => safe!("OVER {}{iff}{more}", duration::short(now - first.at, false)),
            (false, _) => safe!("OVER {}{iff} {}{more}", duration::short(now - first.at, false), first.text),
        };
        let text = crate::text::shorten::shorten(&text, (room / 2).saturating_sub(3));
        used += width::width(text.as_str()) + 3;
        left.push(piece(text, Meaning::Late));
        left.push(piece(" / ", Meaning::Dim));
    }
    for (index, clock) in clocks.take(5).enumerate() {
        let left_over = clock.at - now;
        let iff = if clock.iff { " IF" } else { "" };
        let short = duration::short(left_over, true);
        let apart = if index > 0 { " / " } else { "" };
        // Where columns are few what it is says more than the time of the day.
        let text = match narrow {
            true => format!("{apart}{short}{iff} {}", clock.text),
            false => format!("{apart}{short}{iff} {} {}", scene.clock(model, clock.at), clock.text),
        };
        let text = Safe::new(&text);
        let wide = width::width(text.as_str());
        if used + wide > room && index > 0 {
            break;
        }
        seconds |= left_over.num_seconds() < 600;
        let meaning = if left_over.num_minutes() < 15 { Meaning::Soon } else { Meaning::Text };
        left.push(piece(crate::text::shorten::shorten(&text, room.saturating_sub(used)), meaning));
        used += wide;
    }
    if scene.situation.clocks.is_empty() && scene.incident().declared.is_some() {
        let over = scene.incident().phase() == Phase::Resolved;
        left.push(piece(if over { "nothing counts down" } else { "no clock is running" }, Meaning::Dim));
    }
    ink.row(area, 0, 1, &left);
    let x = area.width.saturating_sub(columns(&right) as u16);
    ink.row(area, x, 1, &right);
    seconds
}
