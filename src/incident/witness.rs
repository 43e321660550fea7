//! Who saw whose chain how far: a writer that names the heads of others is the witness that their entries are what they
//! were. Reads entries; recomputes no hash.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Hash, WriterId};
use super::what::{HeadsSeen, What};

/// A chain as it was seen: its last entry then, and that entry's hash in hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenHead {
    pub writer: WriterId,
    pub seq: u64,
    pub hash: String,
}

/// The heads to name now: those that hold something which no other writer has named yet. `own` never witnesses itself.
/// That heads were seen needs no witness, or two hosts would go on witnessing each other for ever.
pub fn to_name<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    heads: &[(WriterId, u64, Hash)],
    own: &[WriterId],
) -> Option<HeadsSeen> {
    let mut named: BTreeMap<WriterId, u64> = BTreeMap::new();
    let mut holds: BTreeMap<WriterId, u64> = BTreeMap::new();
    for entry in entries {
        match &entry.what {
            What::HeadsSeen(seen) => {
                for head in seen.heads.iter().filter(|head| head.writer != entry.writer) {
                    let most = named.entry(head.writer).or_default();
                    *most = head.seq.max(*most);
                }
            }
            _ => {
                let most = holds.entry(entry.writer).or_default();
                *most = entry.seq.max(*most);
            }
        }
    }
    let at = |of: &BTreeMap<WriterId, u64>, writer| of.get(writer).copied().unwrap_or(0);
    let unseen = heads.iter().filter(|(writer, seq, _)| {
        !own.contains(writer) && at(&holds, writer) > at(&named, writer) && *seq > at(&named, writer)
    });
    let heads: Vec<SeenHead> =
        unseen.map(|(writer, seq, hash)| SeenHead { writer: *writer, seq: *seq, hash: hash.hex() }).collect();
    (!heads.is_empty()).then_some(HeadsSeen { heads })
}
