//! Bundles that are damaged, cut, made up or huge: refused with the place, or read as what was written; never in between.

use proptest::prelude::*;
use warroom::incident::entry::{Hash, WriterId};
use warroom::incident::what::{Noted, What};
use warroom::journal::Row;
use warroom::journal::bundle::{Bundle, Damage, paste, read, write};

use super::Host;
use crate::journal::{INCIDENT, noon};

fn noted(text: &str) -> What {
    What::Noted(Noted { text: text.to_owned(), follow_up: false })
}

/// Two writers, a gap, and a body of more than a line.
fn good() -> Bundle {
    let (mut one, mut two) = (Host::new("one"), Host::new("two"));
    one.write(noon(), (0..6).map(|n| noted(&format!("one {n}"))));
    two.write(noon(), (0..3).map(|n| noted(&format!("two {n}"))));
    let theirs = two.bundle(None);
    one.take(&theirs);
    let mut bundle = one.bundle(None);
    let gap = bundle.rows.iter().position(|row| row.seq == 3).unwrap();
    bundle.rows.remove(gap);
    let last = bundle.rows.last().unwrap().clone();
    let body = b"from\nafar\n\0\xff".to_vec();
    bundle.rows.push(Row { seq: last.seq + 1, prev: last.hash, hash: Hash::of(last.hash, &body), body, ..last });
    bundle
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

#[test]
fn it_reads_back_as_what_was_written() {
    let bundle = good();
    assert_eq!(read(&write(&bundle)).unwrap(), bundle);
    let empty = Bundle { rows: vec![], has: vec![], ..bundle };
    assert_eq!(read(&write(&empty)).unwrap(), empty);
}

#[test]
fn the_refusal_names_the_place() {
    let bytes = write(&good());
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(refusal(b"").contains("cut"));
    assert!(refusal(b"PK\x03\x04 not ours\n").contains("warroom-bundle/1"));
    assert!(refusal(text.replacen("bundle/1", "bundle/2", 1).as_bytes()).contains("newer"));
    let at = text.find("one 4").unwrap();
    let mut bent = bytes.clone();
    bent[at] ^= 1;
    let told = refusal(&bent);
    assert!(told.starts_with("byte ") && told.contains("entry 5 of writer") && told.contains("hash"), "{told}");
    let told = refusal(&bytes[..at]);
    assert!(told.contains("cut") && told.contains("entry 5 of writer"), "{told}");
    let mut more = bytes.clone();
    more.extend_from_slice(b"more\n");
    assert!(refusal(&more).contains("follows its end"));
    // What no entry's hash covers is covered by the checksum.
    let has = text.find("has ").unwrap();
    let bent = format!("{}has {} 1 {}\n{}", &text[..has], uuid::Uuid::nil(), "0".repeat(64), &text[has..]);
    assert!(refusal(bent.as_bytes()).contains("checksum") || refusal(bent.as_bytes()).contains("byte"));
}

#[test]
fn what_is_made_up_is_refused() {
    let writer = WriterId(uuid::Uuid::from_u128(5));
    let start = Hash::start(INCIDENT, writer).hex();
    let zero = "0".repeat(64);
    let head = format!("warroom-bundle/1 {INCIDENT}\n");
    for (rest, why) in [
        (format!("run {writer} 0 {start}\nentry 99999999999999999999 {zero}\n"), "length"),
        (format!("run {writer} 0 {start}\nentry 999999999999 {zero}\n"), "larger than"),
        (format!("run {writer} 0 {zero}\n"), "another incident or writer"),
        (format!("run {writer} 9223372036854775807 {zero}\nentry 1 {zero}\nx\n"), "beyond the last"),
        (format!("run {writer} 18446744073709551615 {zero}\n"), "beyond the last"),
        (format!("entry 1 {zero}\nx\n"), "no writer"),
        (format!("run {writer} 0 {start}\nentry 5 {zero}\nxy\n"), "cut"),
        (format!("run {writer} 0 {start}\nentry 1 {zero}\nxyz\n"), "longer or shorter"),
        (format!("has {writer} 1 {}\n", "é".repeat(32)), "64 digits"),
        ("end 0 0\n".to_owned(), "64 digits"),
        (format!("end 0 {zero}\n"), "checksum"),
        ("x".repeat(1000), "no line of a bundle"),
    ] {
        let told = refusal(format!("{head}{rest}").as_bytes());
        assert!(told.contains(why) && told.starts_with("byte "), "{rest}: {told}");
    }
    // A writer that comes back would be merged out of order.
    let mut bundle = good();
    bundle.rows.reverse();
    assert!(refusal(&write(&bundle)).contains("not in order"));
    let mut many = head;
    for n in 0..10_001u128 {
        many.push_str(&format!("has {} 1 {zero}\n", uuid::Uuid::from_u128(n)));
    }
    assert!(refusal(many.as_bytes()).contains("a writer too many"));
}

#[test]
fn a_paste_tells_which_line() {
    let bytes = write(&good());
    let text = paste::fold(&bytes).unwrap();
    assert!(text.lines().count() > 8 && text.lines().all(|line| line.len() < 80), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    // As a mail or a chat hands it on: quoted, out of order, twice, with words before it.
    let mut handed = vec!["see below", "", lines[0]];
    handed.extend(lines[1..].iter().rev());
    handed.push(lines[3]);
    let handed: String = handed.iter().map(|line| format!("> {line} \r\n\n")).collect();
    assert!(paste::is_one(handed.as_bytes()));
    assert_eq!(paste::unfold(handed.as_bytes()).unwrap(), bytes);
    let told = |lines: &[String]| paste::unfold(lines.join("\n").as_bytes()).unwrap_err().to_string();
    let mut bent: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    bent[4] = bent[4].replacen(|c: char| c.is_ascii_lowercase(), "0", 1);
    assert!(told(&bent).starts_with("line 5: line 4 of the paste is damaged"), "{}", told(&bent));
    let mut short: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    short.remove(4);
    assert!(told(&short).contains("line 4 of the paste is missing"), "{}", told(&short));
    assert!(told(&["warroom-paste/1 99999999".to_owned()]).contains("number of lines"));
}

#[test]
fn a_paste_does_not_unfold_without_end() {
    // Each within what may be pasted; unfolded it is a hundred times larger than that.
    let huge = vec![b'x'; 70 << 20];
    assert!(paste::fold(&huge).unwrap_err().contains("too large"));
    use std::io::Write;
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&huge).unwrap();
    let packed = packer.finish().unwrap();
    let made = fold_packed(&packed);
    assert_eq!(paste::unfold(made.as_bytes()), Err(Damage::Large { most: 64 << 20 }));
}

/// The lines of a paste around what is packed already.
fn fold_packed(packed: &[u8]) -> String {
    use base64::Engine;
    use sha2::{Digest, Sha256};
    let lines: Vec<String> = packed
        .chunks(48)
        .enumerate()
        .map(|(n, part)| {
            let text = base64::engine::general_purpose::STANDARD.encode(part);
            let sum = Sha256::digest(format!("{} {text}", n + 1));
            format!("{} {text} {:02x}{:02x}{:02x}", n + 1, sum[0], sum[1], sum[2])
        })
        .collect();
    format!("warroom-paste/1 {}\n{}\n", lines.len(), lines.join("\n"))
}

/// What happens to bytes on their way.
#[derive(Clone, Debug)]
enum Harm {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), 1u8..).prop_map(|(at, mask)| Harm::Flip(at, mask)),
        at().prop_map(Harm::Cut),
        (at(), 1usize..300).prop_map(|(at, n)| Harm::Remove(at, n)),
        (at(), 1usize..300).prop_map(|(at, n)| Harm::Repeat(at, n)),
        (at(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Harm::Insert(at, bytes)),
    ]
}

fn harmed(mut bytes: Vec<u8>, harms: &[Harm]) -> Vec<u8> {
    for harm in harms {
        if bytes.is_empty() {
            break;
        }
        let span = |at: usize, n: usize| at..(at + n).min(bytes.len());
        match harm {
            Harm::Flip(at, mask) => {
                let at = at.index(bytes.len());
                bytes[at] ^= mask;
            }
            Harm::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Harm::Remove(at, n) => {
                let span = span(at.index(bytes.len()), *n);
                bytes.drain(span);
            }
            Harm::Repeat(at, n) => {
                let span = span(at.index(bytes.len()), *n);
                let (end, part) = (span.end, bytes[span].to_vec());
                bytes.splice(end..end, part);
            }
            Harm::Insert(at, part) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, part.clone());
            }
        }
    }
    bytes
}

thread_local! {
    static GOOD: Bundle = good();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_harmed_bundle_is_refused(harms in prop::collection::vec(harm(), 1..4)) {
        let bundle = GOOD.with(Clone::clone);
        let bytes = write(&bundle);
        let bent = harmed(bytes.clone(), &harms);
        match read(&bent) {
            Ok(read) => prop_assert_eq!(read, bundle),
            Err(damage) => prop_assert!(bent != bytes, "{}", damage),
        }
    }

    #[test]
    fn a_harmed_paste_is_refused(harms in prop::collection::vec(harm(), 1..4)) {
        let bytes = write(&GOOD.with(Clone::clone));
        let bent = harmed(paste::fold(&bytes).unwrap().into_bytes(), &harms);
        if let Ok(read) = paste::unfold(&bent) {
            // Nothing of it was there: then it is no paste.
            prop_assert!(read == bytes || !paste::is_one(&bent));
        }
    }

    #[test]
    fn no_bytes_at_all_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), begun in any::<bool>()) {
        let mut all = if begun { format!("warroom-bundle/1 {INCIDENT}\n").into_bytes() } else { Vec::new() };
        all.extend(bytes);
        prop_assert!(read(&all).is_err());
        let _ = paste::unfold(&all);
    }
}
