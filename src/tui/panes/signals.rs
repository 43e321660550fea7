//! Pane 6: what is up, down and how bad: few numbers with direction and age, components, alerts in groups, sources.

use super::{Body, Item, Piece, cell, piece};
use crate::incident::observation::Health;
use crate::incident::words::ComponentState;
use crate::report::line::number;
use crate::safe;
use crate::situation::signals::{Direction, MetricView};
use crate::situation::thing::Thing;
use crate::text::duration;
use crate::tui::model::{Model, Pane};
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;

pub const PANE: super::PaneDef = super::PaneDef {
    pane: Pane::Signals,
    title: "SIGNALS",
    tab: "Sig",
    items,
    row,
    heading,
    columns: None,
    foot: None,
    empty: "no backend is configured: `warroom init` writes a configuration",
};

/// Numbers that stand before the components, while the pane shares the screen.
const FEW: usize = 4;

fn items(scene: &Scene<'_>, model: &Model) -> Vec<Item> {
    let signals = &scene.situation.signals;
    let whole = model.zoom && model.pane == Pane::Signals;
    let mut out: Vec<Item> = Vec::new();
    let sources = |fresh: bool| {
        let of = signals.sources.iter().enumerate().filter(move |(_, s)| (s.health == Health::Fresh) == fresh);
        of.map(|(index, s)| Item { thing: Some(Thing::Source(s.name.clone())), body: Body::At(index) })
    };
    out.extend(sources(false));
    let named = |name: &str| scene.plan().facts.iter().any(|f| f.metric.as_deref() == Some(name));
    let mut metrics: Vec<usize> = (0..signals.metrics.len()).collect();
    metrics.sort_by_key(|i| signals.metrics.get(*i).map(|m| (!named(&m.name), m.value.is_none())));
    let metric = |index: &usize| {
        let m = signals.metrics.get(*index)?;
        Some(Item { thing: Some(Thing::Metric(m.name.clone())), body: Body::At(*index) })
    };
    let few = if whole { metrics.len() } else { FEW.min(metrics.len()) };
    out.extend(metrics.iter().take(few).filter_map(metric));
    if whole {
        for (index, component) in signals.components.iter().enumerate() {
            out.push(Item { thing: Some(Thing::Component(component.name.clone())), body: Body::At(index) });
        }
    } else {
        let mut words: Vec<&str> = Vec::new();
        for component in &signals.components {
            let word = state_word(component.state);
            if !words.contains(&word) {
                words.push(word);
            }
        }
        out.extend(
            words.iter().map(|word| Item { thing: Some(Thing::Components((*word).to_owned())), body: Body::At(0) }),
        );
        for (index, component) in signals.components.iter().enumerate().filter(|(_, c)| c.mismatch.is_some()) {
            out.push(Item { thing: Some(Thing::Component(component.name.clone())), body: Body::At(index) });
        }
    }
    for (index, group) in signals.alerts.iter().enumerate() {
        out.push(Item { thing: Some(Thing::Alerts(group.name.clone())), body: Body::At(index) });
    }
    out.extend(metrics.iter().skip(few).filter_map(metric));
    out.extend(sources(true));
    out
}

fn state_word(state: Option<ComponentState>) -> &'static str {
    state.map_or("GONE", ComponentState::short)
}

/// All components in one state, in a line.
fn components_row(scene: &Scene<'_>, word: &str) -> Vec<Piece> {
    let components = scene.situation.signals.components.iter().filter(|c| state_word(c.state) == word);
    let names: Vec<&str> = components.clone().map(|c| c.name.as_str()).collect();
    let old = components.clone().any(|c| c.old);
    let meaning = match components.clone().next().and_then(|c| c.state) {
        Some(ComponentState::Operational) => Meaning::Good,
        Some(state) if state.harms() => Meaning::Late,
        Some(_) | None => Meaning::Old,
    };
    let mut out = vec![cell(word, if word.len() > 5 { word.len() } else { 5 }, meaning)];
    if old {
        out.push(piece("OLD  ", Meaning::Old));
    }
    out.push(piece(safe!("{}", names.join(", ")), if meaning == Meaning::Good { Meaning::Dim } else { Meaning::Text }));
    out
}

fn row(scene: &Scene<'_>, model: &Model, item: &Item, columns: usize) -> Vec<Piece> {
    let Body::At(index) = item.body else { return Vec::new() };
    let signals = &scene.situation.signals;
    match &item.thing {
        Some(Thing::Source(_)) => signals.sources.get(index).map(|s| source_row(s, columns)).unwrap_or_default(),
        Some(Thing::Metric(_)) => signals.metrics.get(index).map(|m| metric_row(m, columns)).unwrap_or_default(),
        Some(Thing::Components(word)) => components_row(scene, word),
        Some(Thing::Component(_)) => component_row(scene, model, index, columns),
        Some(Thing::Alerts(_)) => alert_row(scene, index, columns),
        _ => Vec::new(),
    }
}

/// An age of polling in seconds, as text: under a minute it is not counted, so that a still screen stays still.
pub fn age(seconds: Option<i64>) -> String {
    match seconds {
        None => "never".to_owned(),
        Some(s) if s < 60 => "<1m".to_owned(),
        Some(s) => duration::short(chrono::TimeDelta::seconds(s), false),
    }
}

fn source_row(source: &crate::situation::signals::SourceView, columns: usize) -> Vec<Piece> {
    let (word, meaning) = match source.health {
        Health::Fresh => ("fresh".to_owned(), Meaning::Good),
        Health::Stale => (format!("{} OLD", age(source.age)), Meaning::Old),
        Health::Failing => ("FAILING".to_owned(), Meaning::Late),
        Health::Never => ("no answer yet".to_owned(), Meaning::Old),
    };
    let mut out = vec![
        cell("SOURCE", 6, Meaning::Dim),
        cell(&source.name, if columns >= 50 { 16 } else { 9 }, Meaning::Text),
        piece(safe!("{word}"), meaning),
    ];
    if source.health == Health::Failing {
        out.push(piece(safe!(", last {}", age(source.age)), Meaning::Old));
    }
    if let Some(error) = source.error.as_ref().filter(|_| source.health != Health::Fresh) {
        out.push(piece(safe!("  {error}"), Meaning::Old));
    }
    if let Some(why) = &source.partial {
        out.push(piece(safe!("  PARTIAL {why}"), Meaning::Old));
    }
    if let Some(skew) = source.skew {
        out.push(piece(safe!("  its clock is {skew:+.0} s off"), Meaning::Late));
    }
    out
}

fn metric_row(metric: &MetricView, columns: usize) -> Vec<Piece> {
    let name = if columns >= 50 { 22 } else { 14 };
    let value = match metric.value {
        Some(value) => format!("{}{}", if metric.estimated { "~" } else { "" }, number(value)),
        None => "NOT KNOWN".to_owned(),
    };
    let unit = match metric.unit.as_str() {
        "percent" => "%",
        other if metric.name.contains(other) => "",
        other => other,
    };
    let (arrow, word) = match metric.direction {
        Direction::Up => ("▲", "up"),
        Direction::Down => ("▼", "down"),
        Direction::Flat => ("─", "flat"),
        Direction::NotKnown => (" ", ""),
    };
    let loud = if metric.current { Meaning::Header } else { Meaning::Old };
    let value = if unit.is_empty() { value } else { format!("{value} {unit}") };
    let mut out = vec![cell(&metric.name.replace('_', " "), name, Meaning::Text), cell(&value, 12, loud)];
    if metric.current {
        out.push(cell(&format!("{arrow} {word}"), 6, Meaning::Dim));
        out.push(cell(&age(metric.age), 4, Meaning::Dim));
    } else {
        if metric.age.is_some() {
            out.push(cell(&format!("{} OLD", age(metric.age)), 9, Meaning::Old));
        }
        out.push(piece(safe!("{}", metric.why), Meaning::Old));
    }
    if metric.estimated && metric.current {
        out.push(piece("estimate", Meaning::Dim));
    }
    out
}

fn component_row(scene: &Scene<'_>, model: &Model, index: usize, columns: usize) -> Vec<Piece> {
    let Some(component) = scene.situation.signals.components.get(index) else { return Vec::new() };
    let (word, meaning) = match component.state {
        None => ("GONE", Meaning::Old),
        Some(ComponentState::Operational) => ("OK", Meaning::Good),
        Some(ComponentState::Unknown) => ("NOT KN", Meaning::Old),
        Some(state) => (state.short(), Meaning::Late),
    };
    let mut out =
        vec![cell(word, 6, meaning), cell(&component.name, if columns >= 50 { 22 } else { 14 }, Meaning::Text)];
    if let Some(since) = component.since.filter(|_| component.state != Some(ComponentState::Operational)) {
        out.push(piece(safe!("since {}  ", scene.clock(model, since)), Meaning::Dim));
    }
    if component.old {
        out.push(piece("OLD  ", Meaning::Old));
    }
    if let Some(mismatch) = &component.mismatch {
        out.push(piece(safe!("MISMATCH: {mismatch}"), Meaning::Late));
    }
    out
}

fn alert_row(scene: &Scene<'_>, index: usize, columns: usize) -> Vec<Piece> {
    let Some(group) = scene.situation.signals.alerts.get(index) else { return Vec::new() };
    let meaning = if group.firing > 0 && group.acked.is_none() { Meaning::Soon } else { Meaning::Dim };
    let mut out =
        vec![cell("ALERT", 6, meaning), cell(&group.name, if columns >= 50 { 22 } else { 14 }, Meaning::Text)];
    let count = match group.standing() {
        0 => "no longer firing (not a recovery)".to_owned(),
        1 => "firing".to_owned(),
        n => format!("{n} alike"),
    };
    out.push(piece(safe!("{count}"), if group.standing() > 0 { Meaning::Text } else { Meaning::Dim }));
    if group.suppressed > 0 {
        out.push(piece(safe!(", {} silenced", group.suppressed), Meaning::Dim));
    }
    if let Some(acked) = &group.acked {
        out.push(piece(safe!(", acked {}", acked.by), Meaning::Dim));
        if acked.new > 0 {
            out.push(piece(safe!("; {} new", acked.new), Meaning::Soon));
        }
    } else if group.standing() > 0 {
        out.push(piece(", NOT ACKED", Meaning::Soon));
    }
    out
}

fn heading(scene: &Scene<'_>, _: &Model, _: usize) -> Vec<Piece> {
    let (fresh, all) = scene.situation.fresh();
    let meaning = if fresh < all { Meaning::Late } else { Meaning::Dim };
    vec![piece(safe!("{fresh} of {all} sources fresh"), meaning)]
}
