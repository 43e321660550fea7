//! The six panes: a row each, with what it lists and how a row reads. A pane is one file and one row here.

pub mod agencies;
pub mod messages;
pub mod now;
pub mod signals;
pub mod teams;
pub mod timeline;

use super::ink::{Piece, piece};
use super::model::{Model, Pane};
use super::scene::Scene;
use super::theme::Meaning;
use crate::situation::thing::Thing;
use crate::text::{Safe, width};

/// A row of a pane, before it is drawn: what it stands for, and where to find it in the scene.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// None: a heading, which cannot be lit.
    pub thing: Option<Thing>,
    pub body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Index into the scene's list of the pane.
    At(usize),
    /// Two indices: obligation and stage.
    Of(usize, usize),
    /// A run of timeline rows alike: the newest's index from the end, and how many.
    Run(usize, usize),
    Heading(Vec<Piece>),
}

/// Draws something of a scene in so many columns.
type Draw = fn(&Scene<'_>, &Model, usize) -> Vec<Piece>;

/// Draws lines about the lit row.
type Foot = fn(&Scene<'_>, &Model, usize, usize) -> Vec<Vec<Piece>>;

/// A pane, as the screen reads it.
pub struct PaneDef {
    pub pane: Pane,
    pub title: &'static str,
    /// For the tab bar of small screens.
    pub tab: &'static str,
    pub items: fn(&Scene<'_>, &Model) -> Vec<Item>,
    /// A row in so many columns.
    pub row: fn(&Scene<'_>, &Model, &Item, usize) -> Vec<Piece>,
    /// What the title line says beside the title.
    pub heading: Draw,
    /// A line above the rows that names the columns.
    pub columns: Option<Draw>,
    /// Lines at the foot about the lit row: so many columns, at most so many rows.
    pub foot: Option<Foot>,
    /// What to say where there is no row.
    pub empty: &'static str,
}

pub const PANES: [PaneDef; 6] = [now::PANE, timeline::PANE, messages::PANE, agencies::PANE, teams::PANE, signals::PANE];

/// How many rows the foot of a pane of that height takes.
pub fn foot_rows(def: &PaneDef, height: u16) -> u16 {
    match (def.foot, height) {
        (None, _) | (Some(_), 0..8) => 0,
        (Some(_), 8..16) => 2,
        (Some(_), _) => 5,
    }
}

pub fn def(pane: Pane) -> &'static PaneDef {
    const DEFS: &[PaneDef; 6] = &PANES;
    &DEFS[pane as usize]
}

/// The rows of a pane that its filter lets through.
pub fn items(scene: &Scene<'_>, model: &Model, pane: Pane) -> Vec<Item> {
    let def = def(pane);
    let all = (def.items)(scene, model);
    let filter = model.places[pane as usize].filter.to_lowercase();
    if filter.is_empty() {
        return all;
    }
    all.into_iter()
        .filter(|item| {
            item.thing.is_some() && plain(&(def.row)(scene, model, item, 400)).to_lowercase().contains(&filter)
        })
        .collect()
}

/// The text of a row.
pub fn plain(pieces: &[Piece]) -> String {
    pieces.iter().map(|p| p.text.as_str()).collect::<String>()
}

/// A piece padded or cut to exactly so many columns, with a blank after it.
pub fn cell(text: &str, columns: usize, meaning: Meaning) -> Piece {
    let cut = crate::text::shorten::shorten(&Safe::new(text), columns);
    let pad = columns - width::width(cut.as_str()).min(columns);
    let mut padded = cut;
    padded.push(&Safe::new(&" ".repeat(pad + 1)));
    piece(padded, meaning)
}

/// Like [`cell`], at the right end: no blank after it.
pub fn last(text: &str, columns: usize, meaning: Meaning) -> Piece {
    let cut = crate::text::shorten::shorten(&Safe::new(text), columns);
    let pad = columns - width::width(cut.as_str()).min(columns);
    let mut padded = Safe::new(&" ".repeat(pad));
    padded.push(&cut);
    piece(padded, meaning)
}
