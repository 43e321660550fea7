//! The incident told to others: CAN, one entry as one line, the state for scripts, the record as Markdown, HTML, CSV and JSON.
//! Everything here is a function of its arguments: reads no clock, writes no file, never changes anything.

pub mod alarm;
pub mod brief;
pub mod can;
pub mod csv;
pub mod html;
pub mod json;
pub mod leading;
pub mod letter;
pub mod line;
pub mod markdown;
pub mod releases;
pub mod state;
pub mod withheld;
pub mod words;
pub mod worksheet;
