//! Reads a bundle and holds every byte of it against its hashes. Believes no length; never gives back half of one.

use std::collections::BTreeSet;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Bundle, LARGEST, LARGEST_ENTRY, MAGIC, MOST_WRITERS, Row};
use crate::incident::entry::{Hash, IncidentId, WriterId};

/// Why a bundle is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("byte {at}: {why}")]
    At { at: usize, why: String },
    #[error("line {line}: {why}")]
    Line { line: usize, why: String },
    #[error("it is larger than {most} bytes: ask for less with --since")]
    Large { most: usize },
}

/// Reads a bundle, whole.
pub fn read(bytes: &[u8]) -> Result<Bundle, Damage> {
    if bytes.len() > LARGEST {
        return Err(Damage::Large { most: LARGEST });
    }
    let mut reader = Reader { bytes, at: 0, line_at: 0 };
    let words = reader.words()?;
    let incident = match words.as_slice() {
        [MAGIC, incident] => IncidentId(reader.word::<Uuid>(incident, "an incident")?),
        [magic, ..] if magic.starts_with("warroom-bundle/") => {
            return reader.wrong("a bundle of another version: a newer warroom reads it");
        }
        _ => return reader.wrong(&format!("expected `{MAGIC}` and an incident")),
    };
    let mut bundle = Bundle { incident, has: Vec::new(), rows: Vec::new() };
    let mut writers = BTreeSet::new();
    let mut run: Option<(WriterId, u64, Hash)> = None;
    loop {
        let words = reader.words()?;
        match words.as_slice() {
            ["has", writer, seq, hash] if bundle.rows.is_empty() && run.is_none() => {
                let writer = WriterId(reader.word::<Uuid>(writer, "a writer")?);
                if bundle.has.iter().any(|(known, ..)| *known == writer) || bundle.has.len() >= MOST_WRITERS {
                    return reader.wrong("a writer too many");
                }
                bundle.has.push((writer, reader.seq(seq)?, reader.hash(hash)?));
            }
            ["run", writer, after, prev] => {
                let writer = WriterId(reader.word::<Uuid>(writer, "a writer")?);
                let (after, prev) = (reader.seq(after)?, reader.hash(prev)?);
                let behind = |last: &Row| last.writer < writer || (last.writer == writer && last.seq < after);
                if bundle.rows.last().is_some_and(|last| !behind(last)) {
                    return reader.wrong("its entries are not in order");
                }
                if after == 0 && prev != Hash::start(incident, writer) {
                    return reader.wrong("the chain that begins here is of another incident or writer");
                }
                writers.insert(writer);
                if writers.len() > MOST_WRITERS {
                    return reader.wrong("a writer too many");
                }
                run = Some((writer, after, prev));
            }
            ["entry", length, hash] => {
                let Some((writer, after, prev)) = run else { return reader.wrong("an entry of no writer") };
                let hash = reader.hash(hash)?;
                let length: usize = reader.word(length, "a length")?;
                if length > LARGEST_ENTRY {
                    return reader.wrong(&format!("an entry larger than {LARGEST_ENTRY} bytes"));
                }
                let seq = match after.checked_add(1) {
                    Some(seq) if i64::try_from(seq).is_ok() => seq,
                    _ => return reader.wrong("an entry beyond the last number"),
                };
                let body = reader.body(length, seq, writer)?.to_vec();
                let row = Row { writer, seq, prev, hash, body };
                if !row.holds() {
                    return reader.wrong(&format!("entry {seq} of writer {writer} is not what its hash says"));
                }
                bundle.rows.push(row);
                run = Some((writer, seq, hash));
            }
            ["end", count, sum] => {
                let (count, sum): (usize, Hash) = (reader.word(count, "a number")?, reader.hash(sum)?);
                let before = bytes.get(..reader.line_at).unwrap_or_default();
                if count != bundle.rows.len() || sum != Hash(Sha256::digest(before).into()) {
                    return reader.wrong("the bundle is not what its checksum says");
                }
                if reader.at != bytes.len() {
                    reader.line_at = reader.at;
                    return reader.wrong("something follows its end");
                }
                return Ok(bundle);
            }
            _ => return reader.wrong("expected `has`, `run`, `entry` or `end`"),
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the line that was read last begins.
    line_at: usize,
}

/// Lines of ours are far shorter.
const LONGEST_LINE: usize = 200;

impl<'a> Reader<'a> {
    fn wrong<T>(&self, why: &str) -> Result<T, Damage> {
        Err(Damage::At { at: self.line_at, why: why.to_owned() })
    }

    /// The words of the next line.
    fn words(&mut self) -> Result<Vec<&'a str>, Damage> {
        self.line_at = self.at;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(length) = rest.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n') else {
            let cut = rest.len() < LONGEST_LINE;
            return self.wrong(if cut { "the bundle ends here: it was cut" } else { "no line of a bundle" });
        };
        self.at += length + 1;
        match std::str::from_utf8(rest.get(..length).unwrap_or_default()) {
            Ok(line) => Ok(line.split(' ').collect()),
            Err(_) => self.wrong("no text"),
        }
    }

    fn body(&mut self, length: usize, seq: u64, writer: WriterId) -> Result<&'a [u8], Damage> {
        let end = self.at + length;
        let body = self.bytes.get(self.at..end).filter(|_| self.bytes.get(end) == Some(&b'\n'));
        match body {
            Some(body) => {
                self.at = end + 1;
                Ok(body)
            }
            None if self.bytes.len() <= end => {
                self.wrong(&format!("the bundle ends within entry {seq} of writer {writer}: it was cut"))
            }
            None => self.wrong(&format!("entry {seq} of writer {writer} is longer or shorter than it says")),
        }
    }

    fn word<T: FromStr>(&self, text: &str, what: &str) -> Result<T, Damage> {
        text.parse().or_else(|_| self.wrong(&format!("expected {what}")))
    }

    fn seq(&self, text: &str) -> Result<u64, Damage> {
        let seq: u64 = self.word(text, "a number")?;
        if i64::try_from(seq).is_ok() { Ok(seq) } else { self.wrong("a number beyond the last") }
    }

    fn hash(&self, text: &str) -> Result<Hash, Damage> {
        Hash::from_hex(text).map_or_else(|| self.wrong("expected a hash of 64 digits"), Ok)
    }
}
