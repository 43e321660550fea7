//! A bundle: entries of one incident in one file, as they are stored, to be carried by hand. Knows the form; touches no journal.
//!
//! ```text
//! warroom-bundle/1 INCIDENT
//! has WRITER SEQ HASH          how far whoever wrote it has this writer without a gap
//! run WRITER AFTER PREV        the entries after that seq, whose predecessor has that hash
//! entry LENGTH HASH            then so many bytes, and a line feed
//! end ENTRIES SHA256           of all bytes before this line
//! ```

pub mod paste;
mod read;
mod write;

pub use read::{Damage, read};
pub use write::write;

use super::merge::Row;
use crate::incident::entry::{Hash, IncidentId, WriterId};

/// What a bundle says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    pub incident: IncidentId,
    /// How far whoever wrote it has each writer without a gap, and the hash there.
    pub has: Vec<(WriterId, u64, Hash)>,
    /// By writer and seq, rising.
    pub rows: Vec<Row>,
}

/// How a bundle begins.
pub const MAGIC: &str = "warroom-bundle/1";
/// A bundle larger than this is refused.
pub const LARGEST: usize = 1 << 30;
/// So is one with an entry larger than this. The longest that warroom writes are playbooks with their recipients.
pub const LARGEST_ENTRY: usize = 16 << 20;
/// And one that names more writers than this. A writer is a file for an incident: hundreds would be many.
pub const MOST_WRITERS: usize = 10_000;
