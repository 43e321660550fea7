//! Writes a bundle. Sorts nothing and leaves nothing out: what it is given is what it writes.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Bundle, MAGIC};
use crate::incident::entry::{Hash, WriterId};

/// The bundle's bytes.
pub fn write(bundle: &Bundle) -> Vec<u8> {
    let mut out = Vec::new();
    line(&mut out, format_args!("{MAGIC} {}", bundle.incident));
    for (writer, seq, hash) in &bundle.has {
        line(&mut out, format_args!("has {writer} {seq} {}", hash.hex()));
    }
    let mut before: Option<(WriterId, u64, Hash)> = None;
    for row in &bundle.rows {
        // An entry that follows the one before it needs no word of its place.
        if before != row.seq.checked_sub(1).map(|seq| (row.writer, seq, row.prev)) {
            line(&mut out, format_args!("run {} {} {}", row.writer, row.seq.saturating_sub(1), row.prev.hex()));
        }
        line(&mut out, format_args!("entry {} {}", row.body.len(), row.hash.hex()));
        out.extend_from_slice(&row.body);
        out.push(b'\n');
        before = Some((row.writer, row.seq, row.hash));
    }
    let sum = Hash(Sha256::digest(&out).into());
    line(&mut out, format_args!("end {} {}", bundle.rows.len(), sum.hex()));
    out
}

fn line(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let mut one = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(one, "{text}");
    out.extend_from_slice(one.as_bytes());
}
