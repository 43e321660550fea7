//! The screen: model, update, view. Never touches the journal or a backend: effects are values that the room performs.

pub mod able;
pub mod act;
pub mod duty;
pub mod form;
pub mod header;
pub mod incidents;
pub mod ink;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod lead;
pub mod lend;
pub mod model;
pub mod over;
pub mod paint;
pub mod panes;
pub mod places;
pub mod releasing;
pub mod review;
pub mod scene;
pub mod terminal;
pub mod theme;
pub mod title;
pub mod undo;
pub mod update;
pub mod view;
