//! An archive: one incident, whole, in a compressed tar: its bundle, the files of its proofs, what `verify` said, the record to
//! read. Knows the form and holds every byte against its hash; touches no journal, and unpacks nothing onto a disk.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::bundle::{self, Bundle, LARGEST};
use crate::incident::Instant;
use crate::incident::entry::IncidentId;

pub const SCHEMA: &str = "warroom-archive/1";
const MANIFEST: &str = "manifest.json";
const BUNDLE: &str = "incident.bundle";
const RECORD: &str = "record.md";
const README: &str = "README.txt";
const PROOFS: &str = "proofs/";
/// The largest manifest, record or proof that is read, in bytes.
const LARGEST_PART: u64 = 64 << 20;
/// And the most proofs.
const MOST_PROOFS: usize = 10_000;

const ABOUT: &str = "\
One incident of warroom, archived. `warroom restore FILE` brings it back into a journal.
manifest.json    when, by whom, what `warroom verify` said, the hash of every part
incident.bundle  the entries as they are stored, each with its hash: `warroom bundle import`, `warroom verify --against`
record.md        the record, to be read
proofs/          files that entries name as proof, each under its SHA-256
";

/// What stands in the archive, and what was known when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema: String,
    pub incident: IncidentId,
    pub title: String,
    pub made_at: Instant,
    pub by: String,
    pub host: String,
    pub entries: u64,
    /// What `verify` said, in words.
    pub verified: String,
    pub intact: bool,
    pub witnessed_until: Option<Instant>,
    pub unwitnessed: u64,
    pub bundle_sha256: String,
    pub record_sha256: String,
    /// Files that entries name as proof, by their SHA-256; false: it was not kept here, or is another now.
    pub proofs: BTreeMap<String, bool>,
}

/// An archive, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    pub manifest: Manifest,
    pub bundle: Bundle,
    pub record: String,
    /// By SHA-256.
    pub proofs: BTreeMap<String, Vec<u8>>,
}

/// SHA-256, hex.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// The archive's bytes. The hashes of the manifest are set to those of the parts.
pub fn write(mut archive: Archive) -> Result<Vec<u8>, String> {
    let bundle = bundle::write(&archive.bundle);
    if bundle.len() > LARGEST {
        return Err(format!("the incident is larger than {} MiB, more than a bundle holds", LARGEST >> 20));
    }
    archive.manifest.bundle_sha256 = sha256(&bundle);
    archive.manifest.record_sha256 = sha256(archive.record.as_bytes());
    let manifest = serde_json::to_vec_pretty(&archive.manifest).map_err(|e| e.to_string())?;
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let at = u64::try_from(archive.manifest.made_at.timestamp()).unwrap_or(0);
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(at);
        tar.append_data(&mut header, name, bytes).map_err(|e| e.to_string())
    };
    add(README, ABOUT.as_bytes())?;
    add(MANIFEST, &manifest)?;
    add(RECORD, archive.record.as_bytes())?;
    add(BUNDLE, &bundle)?;
    for (hash, bytes) in &archive.proofs {
        add(&format!("{PROOFS}{hash}"), bytes)?;
    }
    let mut packed = tar.into_inner().map_err(|e| e.to_string())?;
    packed.flush().and_then(|()| packed.finish()).map_err(|e| e.to_string())
}

/// Reads an archive, whole. The error is a sentence: what is damaged, missing, or does not belong there.
pub fn read(bytes: &[u8]) -> Result<Archive, String> {
    let mut tar = tar::Archive::new(GzDecoder::new(bytes));
    let (mut manifest, mut packed, mut record, mut proofs) = (None, None, None, BTreeMap::new());
    let cut = |e: std::io::Error| format!("it is no archive of warroom, or damaged: {e}");
    for entry in tar.entries().map_err(cut)? {
        let mut entry = entry.map_err(cut)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let most = if name == BUNDLE { LARGEST as u64 } else { LARGEST_PART };
        let mut part = Vec::new();
        entry.by_ref().take(most + 1).read_to_end(&mut part).map_err(cut)?;
        if part.len() as u64 > most {
            return Err(format!("{name} is larger than {} MiB", most >> 20));
        }
        let twice = match (name.as_str(), name.strip_prefix(PROOFS)) {
            (README, _) => false,
            (MANIFEST, _) => manifest.replace(part).is_some(),
            (BUNDLE, _) => packed.replace(part).is_some(),
            (RECORD, _) => record.replace(part).is_some(),
            (_, Some(hash)) if sha256(&part) != hash => return Err(format!("{name} is not what its name says")),
            (_, Some(_)) if proofs.len() >= MOST_PROOFS => return Err("it holds too many proofs".to_owned()),
            (_, Some(hash)) => proofs.insert(hash.to_owned(), part).is_some(),
            (_, None) => return Err(format!("{name} does not belong into an archive")),
        };
        if twice {
            return Err(format!("{name} is there twice"));
        }
    }
    // What follows the last part: nothing but the end, and the check of all of it.
    let mut rest = Vec::new();
    tar.into_inner().take(LARGEST_PART).read_to_end(&mut rest).map_err(cut)?;
    if rest.iter().any(|byte| *byte != 0) {
        return Err("something follows its end".to_owned());
    }
    let part = |part: Option<Vec<u8>>, name: &str| part.ok_or_else(|| format!("{name} is missing"));
    let manifest: Manifest =
        serde_json::from_slice(&part(manifest, MANIFEST)?).map_err(|e| format!("{MANIFEST}: {e}"))?;
    if manifest.schema != SCHEMA {
        return Err(format!("{MANIFEST}: the form {} is of another warroom", manifest.schema));
    }
    let (packed, record) = (part(packed, BUNDLE)?, part(record, RECORD)?);
    for (name, bytes, hash) in [(BUNDLE, &packed, &manifest.bundle_sha256), (RECORD, &record, &manifest.record_sha256)]
    {
        if sha256(bytes) != *hash {
            return Err(format!("{name} is not what {MANIFEST} says"));
        }
    }
    let bundle = bundle::read(&packed).map_err(|e| format!("{BUNDLE}: {e}"))?;
    if bundle.incident != manifest.incident || bundle.rows.len() as u64 != manifest.entries {
        return Err(format!("{BUNDLE} holds another incident, or fewer entries, than {MANIFEST} says"));
    }
    let kept = manifest.proofs.iter().filter(|(_, kept)| **kept).map(|(hash, _)| hash);
    if let Some(hash) = kept.into_iter().find(|hash| !proofs.contains_key(*hash)) {
        return Err(format!("{PROOFS}{hash} is missing"));
    }
    let record = String::from_utf8(record).map_err(|_| format!("{RECORD} is no text"))?;
    Ok(Archive { manifest, bundle, record, proofs })
}
