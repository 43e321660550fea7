//! THE DOMAIN: entries and the fold that turns them into an incident. Knows nothing of files, sockets or terminals.
//!
//! Everything here is a function of its arguments, the present instant among them; nothing reads a clock or fails on data.

pub mod clock;
pub mod command;
pub mod entry;
pub mod observation;
pub mod plan;
pub mod rule;
pub mod what;
pub mod words;

/// An instant; always UTC.
pub type Instant = chrono::DateTime<chrono::Utc>;
