//! Drills: a script of injects, and the score of who commanded under them. Reads no file, writes no journal, keeps no time.

pub mod score;
pub mod script;

pub use score::{Score, score};
pub use script::Script;
