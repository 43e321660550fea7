//! THE DOMAIN: entries and the fold that turns them into an incident. Knows nothing of files, sockets or terminals.
//!
//! Everything here is a function of its arguments, the present instant among them; nothing reads a clock or fails on data.

pub mod alarm;
pub mod apply;
pub mod clock;
pub mod command;
pub mod decide;
pub mod decide_leading;
pub mod decide_messages;
pub mod detect;
pub mod entry;
pub mod exercise;
pub mod fold;
pub mod leading;
pub mod message;
pub mod observation;
pub mod person;
pub mod pin;
pub mod plan;
pub mod presence;
pub mod recipient;
pub mod register;
pub mod replication;
pub mod rights;
pub mod rule;
pub mod stage;
pub mod state;
pub mod task;
pub mod timeline;
pub mod twice;
pub mod what;
pub mod witness;
pub mod words;

/// An instant; always UTC.
pub type Instant = chrono::DateTime<chrono::Utc>;
