//! Pane 1: what needs the commander now, in bands.

use super::{Body, Item, Piece, cell, last, piece};
use crate::safe;
use crate::situation::now::Band;
use crate::tui::model::{Model, Pane};
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;

pub const PANE: super::PaneDef = super::PaneDef {
    pane: Pane::Now,
    title: "NOW",
    tab: "Now",
    items,
    row,
    heading,
    columns: None,
    foot: None,
    empty: "nothing needs you now",
};

fn items(scene: &Scene<'_>, _: &Model) -> Vec<Item> {
    let now = scene.situation.now.iter().enumerate();
    now.map(|(index, item)| Item { thing: Some(item.thing.clone()), body: Body::At(index) }).collect()
}

/// How loud a band is.
pub fn meaning(band: Band) -> Meaning {
    match band {
        Band::Untold => Meaning::Life,
        Band::Decide => Meaning::Soon,
        Band::Unsure => Meaning::Unsure,
        Band::Late => Meaning::Late,
        Band::Due => Meaning::Soon,
        Band::Nobody => Meaning::Text,
        Band::Old => Meaning::Old,
    }
}

fn row(scene: &Scene<'_>, _: &Model, item: &Item, columns: usize) -> Vec<Piece> {
    let Body::At(index) = item.body else { return Vec::new() };
    let Some(item) = scene.situation.now.get(index) else { return Vec::new() };
    let loud = meaning(item.band);
    let owner = if columns >= 48 { 5 } else { 0 };
    let longest = scene.situation.now.iter().map(|i| i.label.chars().count()).max().unwrap_or(0);
    let label = longest.clamp(if columns >= 48 { 9 } else { 8 }, 12);
    let text = columns.saturating_sub(3 + label + 1 + owner + 1);
    let mut out = vec![
        piece(safe!("{} ", item.band.mark()), loud),
        cell(&item.label, label, loud),
        cell(&item.text, text, if item.band <= Band::Unsure { loud } else { Meaning::Text }),
    ];
    if owner > 0 {
        out.push(last(item.owner.as_deref().unwrap_or("--"), owner, Meaning::Dim));
    }
    out
}

fn heading(scene: &Scene<'_>, _: &Model, _: usize) -> Vec<Piece> {
    let now = &scene.situation.now;
    let count = |band| now.iter().filter(|i| i.band == band).count();
    let mut out = vec![piece(safe!("{}", now.len()), Meaning::Title)];
    for (band, word) in [
        (Band::Untold, "untold"),
        (Band::Late, "late"),
        (Band::Decide, "to decide"),
        (Band::Unsure, "unsure"),
        (Band::Nobody, "nobody"),
    ] {
        let n = count(band);
        if n > 0 {
            out.push(piece(safe!("  {n} {word}"), meaning(band)));
        }
    }
    out
}
