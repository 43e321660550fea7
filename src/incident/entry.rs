//! An entry of the journal: an immutable fact. Its stored bytes are what the chain covers; nothing here re-serialises them.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Instant;
use super::what::What;

/// What an entry is known by everywhere. Random for what a person did, derived from remote data for what a backend caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub Uuid);

impl EntryId {
    /// The id of the same remote fact wherever and by whomever it is seen: UUIDv5 over the parts, each length-prefixed.
    pub fn derived(parts: &[&str]) -> EntryId {
        let mut name = String::new();
        for part in parts {
            name.push_str(&part.len().to_string());
            name.push(':');
            name.push_str(part);
        }
        // A namespace of our own, itself derived once from a fixed name.
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_OID, b"warroom/entry");
        EntryId(Uuid::new_v5(&namespace, name.as_bytes()))
    }

    /// The first eight hex digits, as far as a person reads.
    pub fn short(self) -> String {
        self.0.simple().to_string()[..8].to_owned()
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An incident's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub Uuid);

impl IncidentId {
    pub fn short(self) -> String {
        self.0.simple().to_string()[..8].to_owned()
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One journal file's pen for one incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WriterId(pub Uuid);

impl fmt::Display for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A hybrid logical clock: milliseconds since 1970 and a counter. Rises strictly along a writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hlc(pub i64, pub u32);

/// How far another's clock may pull ours forward.
const MOST_AHEAD_MS: i64 = 60_000;

impl Hlc {
    /// The next tick after `last` (our own last) and `seen` (the greatest of anybody), at wall time `now`.
    /// A clock more than a minute ahead is not followed; strictly greater than `last` in any case.
    pub fn tick(last: Hlc, seen: Hlc, now: Instant) -> Hlc {
        let wall = now.timestamp_millis();
        let bound = wall.saturating_add(MOST_AHEAD_MS);
        let seen = if seen.0 > bound { Hlc::default() } else { seen };
        let floor = last.max(seen);
        if wall > floor.0 {
            return Hlc(wall, 0);
        }
        match floor.1.checked_add(1) {
            Some(counter) => Hlc(floor.0, counter),
            None => Hlc(floor.0.saturating_add(1), 0),
        }
    }
}

/// A SHA-256 over the predecessor's hash and the stored bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// No hash: what a damaged column is read as.
    pub const NONE: Hash = Hash([0; 32]);

    /// The predecessor of a writer's first entry: binds the chain to the incident and the writer, so that a chain moved
    /// under another incident does not verify.
    pub fn start(incident: IncidentId, writer: WriterId) -> Hash {
        use sha2::{Digest, Sha256};
        let mut hasher = Sha256::new();
        hasher.update(b"warroom/chain/1");
        hasher.update(incident.0.as_bytes());
        hasher.update(writer.0.as_bytes());
        Hash(hasher.finalize().into())
    }

    /// The hash of an entry: its predecessor's hash, then its stored bytes.
    pub fn of(prev: Hash, body: &[u8]) -> Hash {
        use sha2::{Digest, Sha256};
        let mut hasher = Sha256::new();
        hasher.update(prev.0);
        hasher.update(body);
        Hash(hasher.finalize().into())
    }

    pub fn hex(self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }

    /// Of 64 digits; None for any other text.
    pub fn from_hex(text: &str) -> Option<Hash> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
        let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect();
        bytes?.try_into().ok().map(Hash)
    }
}

/// How far a writer goes: the seq of an entry and its hash, which stands for all before it.
pub type ChainHead = (WriterId, u64, Hash);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex()[..12])
    }
}

/// Who wrote: a person (or the poller) on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    pub person: String,
    pub host: String,
    /// True where no person acted: the poller, a receipt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub machine: bool,
}

/// Where an entry stands in the one canonical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    pub hlc: Hlc,
    pub writer: WriterId,
    pub seq: u64,
}

/// An entry as read back from the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub writer: WriterId,
    /// Dense from 1 along a writer.
    pub seq: u64,
    pub id: EntryId,
    pub hlc: Hlc,
    /// When it happened, as far as is known.
    pub happened: Instant,
    /// When it was written down.
    pub recorded: Instant,
    pub author: Author,
    pub what: What,
}

impl Entry {
    pub fn order(&self) -> Order {
        Order { hlc: self.hlc, writer: self.writer, seq: self.seq }
    }
}

/// What `decide` and `detect` hand to the journal: a fact not yet written.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub what: What,
    /// None: now.
    pub happened: Option<Instant>,
    /// None: a fresh random id. Given where remote data determines it.
    pub id: Option<EntryId>,
}

impl Draft {
    /// A fact that happens at the moment of writing.
    pub fn now(what: What) -> Draft {
        Draft { what, happened: None, id: None }
    }

    pub fn at(what: What, happened: Instant) -> Draft {
        Draft { what, happened: Some(happened), id: None }
    }

    pub fn with_id(self, id: EntryId) -> Draft {
        Draft { id: Some(id), ..self }
    }
}

/// The stored form: the bytes that the chain covers. `data` is read by kind.
#[derive(Serialize, Deserialize)]
struct Body<'a> {
    id: EntryId,
    hlc: Hlc,
    happened: Instant,
    recorded: Instant,
    author: std::borrow::Cow<'a, Author>,
    kind: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// The bytes to store for an entry.
pub fn encode(entry: &Entry) -> Vec<u8> {
    let (kind, data) = entry.what.encode();
    // What is not understood keeps its very text: a number too large for us, the order of keys.
    let written = match &entry.what {
        What::Unknown { raw, .. } => RawValue::from_string(raw.clone()),
        _ => RawValue::from_string(data.to_string()),
    };
    let body = Body {
        id: entry.id,
        hlc: entry.hlc,
        happened: entry.happened,
        recorded: entry.recorded,
        author: std::borrow::Cow::Borrowed(&entry.author),
        kind: std::borrow::Cow::Borrowed(kind),
        data: written.as_deref().unwrap_or(RawValue::NULL),
    };
    // Plain data with text keys: it always has a JSON form.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Reads stored bytes back. The error is a sentence; an unknown kind is no error.
pub fn decode(writer: WriterId, seq: u64, bytes: &[u8]) -> Result<Entry, String> {
    let body: Body<'_> = serde_json::from_slice(bytes).map_err(|e| format!("entry {writer}/{seq}: {e}"))?;
    Ok(Entry {
        writer,
        seq,
        id: body.id,
        hlc: body.hlc,
        happened: body.happened,
        recorded: body.recorded,
        author: body.author.into_owned(),
        what: What::decode(&body.kind, body.data),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_rises_and_does_not_follow_a_clock_far_ahead() {
        let now: Instant = "2024-02-22T09:00:00Z".parse().unwrap();
        let ms = now.timestamp_millis();
        assert_eq!(Hlc::tick(Hlc::default(), Hlc::default(), now), Hlc(ms, 0));
        assert_eq!(Hlc::tick(Hlc(ms, 3), Hlc::default(), now), Hlc(ms, 4));
        assert_eq!(Hlc::tick(Hlc(ms, 0), Hlc(ms + 30_000, 2), now), Hlc(ms + 30_000, 3));
        assert_eq!(Hlc::tick(Hlc(ms, 0), Hlc(ms + 3_600_000, 2), now), Hlc(ms, 1), "an hour ahead is not adopted");
        assert!(Hlc::tick(Hlc(ms + 90_000, 1), Hlc::default(), now) > Hlc(ms + 90_000, 1), "never back");
    }

    #[test]
    fn derived_ids_do_not_collide_by_joining() {
        assert_ne!(EntryId::derived(&["ab", "c"]), EntryId::derived(&["a", "bc"]));
        assert_eq!(EntryId::derived(&["a", "b"]), EntryId::derived(&["a", "b"]));
    }
}
