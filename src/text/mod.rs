//! Text for people: one notion a file. Imports nothing of ours, does no IO, never fails on any input.

pub mod counting;
pub mod duration;
pub mod instant;
pub mod leaving;
pub mod safe;
pub mod shorten;
pub mod suggest;
pub mod width;

pub use safe::Safe;
