//! A bundle as lines of text that go through a chat or a terminal: compressed, each line with its number and a check.
//! Tells which line is damaged or missing; never guesses one.

use std::fmt::Write as _;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Damage;

/// How a paste begins.
pub const MAGIC: &str = "warroom-paste/1";
/// Bytes of a line, before they become text: with number and check it fits 80 columns.
const LINE: usize = 48;
/// What is worth pasting. Larger things go as a file.
const MOST_LINES: usize = 20_000;
/// A small text must not unfold into all of the memory.
const UNFOLDED: usize = 64 << 20;

/// The lines. The error says that it is too much to paste.
pub fn fold(bundle: &[u8]) -> Result<String, String> {
    let too_large = || "it is too large to paste: write a file with -o, or less with --since".to_owned();
    if bundle.len() > UNFOLDED {
        return Err(too_large());
    }
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let packed = packer.write_all(bundle).and_then(|()| packer.finish()).map_err(|e| e.to_string())?;
    let lines = packed.chunks(LINE);
    let count = lines.len();
    if count > MOST_LINES {
        return Err(too_large());
    }
    let mut out = format!("{MAGIC} {count}\n");
    for (index, line) in lines.enumerate() {
        let text = STANDARD.encode(line);
        // Writing to a string does not fail.
        let _ = writeln!(out, "{} {text} {}", index + 1, check(index + 1, &text));
    }
    Ok(out)
}

/// Whether a text holds a paste, whatever stands before it.
pub fn is_one(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').take(100).any(|line| trimmed(line).starts_with(MAGIC.as_bytes()))
}

/// The bundle's bytes again. Lines may come in any order and several times, indented, quoted with `>`, among empty ones.
pub fn unfold(text: &[u8]) -> Result<Vec<u8>, Damage> {
    let wrong = |line: usize, why: &str| Err(Damage::Line { line, why: why.to_owned() });
    let mut parts: Vec<Option<Vec<u8>>> = Vec::new();
    let mut begun = false;
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let at = index + 1;
        let line = trimmed(line);
        if line.is_empty() {
            continue;
        }
        let Ok(line) = std::str::from_utf8(line) else {
            if begun {
                return wrong(at, "no text: copy it again");
            }
            continue;
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [MAGIC, count] if !begun => {
                match count.parse::<usize>() {
                    Ok(count) if count > 0 && count <= MOST_LINES => parts.resize(count, None),
                    _ => return wrong(at, "expected a number of lines that can be pasted"),
                }
                begun = true;
            }
            _ if !begun => {}
            [number, text, sum] => {
                let Some((number, part)) =
                    number.parse::<usize>().ok().and_then(|n| Some((n, parts.get_mut(n.checked_sub(1)?)?)))
                else {
                    return wrong(at, "its number is none of this paste: copy it again");
                };
                if *sum != check(number, text) {
                    return wrong(at, &format!("line {number} of the paste is damaged: copy it again"));
                }
                match STANDARD.decode(text) {
                    Ok(bytes) => *part = Some(bytes),
                    Err(_) => return wrong(at, &format!("line {number} of the paste is damaged: copy it again")),
                }
            }
            _ => return wrong(at, "expected a number, a text and a check: copy it again"),
        }
    }
    let missing: Vec<String> =
        parts.iter().enumerate().filter(|(_, part)| part.is_none()).map(|(n, _)| (n + 1).to_string()).collect();
    if let Some(first) = missing.first() {
        let more = if missing.len() > 1 { format!(" and {} more", missing.len() - 1) } else { String::new() };
        return wrong(parts.len(), &format!("line {first}{more} of the paste is missing: copy all of it"));
    }
    let packed = parts.into_iter().flatten().flatten().collect::<Vec<u8>>();
    let mut out = Vec::new();
    let most = UNFOLDED as u64 + 1;
    match flate2::read::ZlibDecoder::new(packed.as_slice()).take(most).read_to_end(&mut out) {
        Ok(_) if out.len() > UNFOLDED => Err(Damage::Large { most: UNFOLDED }),
        Ok(_) => Ok(out),
        Err(_) => wrong(1, "what the lines hold together does not unfold: copy all of it again"),
    }
}

/// Without indentation and marks of quotation.
fn trimmed(line: &[u8]) -> &[u8] {
    let rest = line.trim_ascii_start();
    rest.strip_prefix(b">").map_or(rest, trimmed).trim_ascii_end()
}

/// Six digits that a slip of a copy does not keep.
fn check(number: usize, text: &str) -> String {
    let sum = Sha256::digest(format!("{number} {text}"));
    sum.iter().take(3).map(|byte| format!("{byte:02x}")).collect()
}
