//! Files that prove something, kept whole beside the journal under the hash of what is in them. Never changes one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::{Journal, sharing};

/// How a person names a file as the proof.
pub const MARK: char = '@';
/// How a kept file is named in the record, after its own name.
const HASHED: &str = ", sha256 ";
/// The largest file that is kept, in bytes.
const LARGEST: u64 = 50 << 20;

impl Journal {
    /// The proof as it stands in the record. `@PATH` is read and kept; the rest is taken as it is. The error is a sentence.
    pub fn keep_proof(&self, proof: &str) -> Result<String, String> {
        let Some(path) = proof.trim().strip_prefix(MARK).map(str::trim).filter(|path| !path.is_empty()) else {
            return Ok(proof.to_owned());
        };
        let path = match (path.strip_prefix("~/"), std::env::home_dir()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        };
        keep(&folder(self.path()), &path).map_err(|why| format!("{}: {why}", path.display()))
    }

    /// What of the file that a proof in the record names; None: it names none.
    pub fn check_proof(&self, proof: &str) -> Option<Kept> {
        let hash = named(proof)?;
        let name = proof.rsplit_once(HASHED).map_or("", |(name, _)| name);
        let path = folder(self.path()).join(hash);
        let name = name.to_owned();
        Some(
            match File::open(&path).map_err(|error| error.kind()).and_then(|file| hashed(file).map_err(|e| e.kind())) {
                Ok((found, _)) if found == hash => Kept::Whole,
                Ok(_) => Kept::Changed(format!("{name}: {} is another file now", path.display())),
                Err(std::io::ErrorKind::NotFound) => Kept::NotHere(name),
                Err(why) => Kept::Changed(format!("{name}: {}: {why}", path.display())),
            },
        )
    }
}

/// The hash of the file that a proof in the record names. None: it names none.
pub fn named(proof: &str) -> Option<&str> {
    let (_, hash) = proof.rsplit_once(HASHED)?;
    (hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hash)
}

impl Journal {
    /// The bytes of a kept file. None: it is not here, or is another now.
    pub fn proof(&self, hash: &str) -> Option<Vec<u8>> {
        let (found, bytes) = hashed(File::open(folder(self.path()).join(hash)).ok()?).ok()?;
        (found == hash).then_some(bytes)
    }

    /// Keeps the bytes of a proof that came from elsewhere, under their hash. The error is a sentence.
    pub fn put_proof(&self, bytes: &[u8]) -> Result<(), String> {
        let hash: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        store(&folder(self.path()), &hash, bytes)
    }

    /// Forgets a kept file. The error is a sentence.
    pub fn drop_proof(&self, hash: &str) -> Result<(), String> {
        let path = folder(self.path()).join(hash);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", path.display())),
            _ => Ok(()),
        }
    }
}

/// What became of a file that was kept as a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    Whole,
    /// It is another now, or cannot be read.
    Changed(String),
    /// It is not kept here: the entry came from another host, or somebody took it away.
    NotHere(String),
}

/// The folder of a journal's proofs.
fn folder(journal: &Path) -> PathBuf {
    let mut name = journal.file_name().unwrap_or_default().to_owned();
    name.push(".proofs");
    journal.with_file_name(name)
}

fn keep(folder: &Path, path: &Path) -> Result<String, String> {
    let said = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        kind => kind.to_string(),
    };
    let meta = fs::metadata(path).map_err(said)?;
    if !meta.is_file() {
        return Err("not a file".to_owned());
    }
    if meta.len() > LARGEST {
        return Err(format!("over {} MiB: keep it elsewhere and name the place", LARGEST >> 20));
    }
    let (hash, bytes) = hashed(File::open(path).map_err(said)?).map_err(said)?;
    store(folder, &hash, &bytes)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(format!("{name}{HASHED}{hash}"))
}

/// Writes it where it is not there yet; whole or not at all.
fn store(folder: &Path, hash: &str, bytes: &[u8]) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {}", folder.display(), error.kind());
    let (closed, mode) = sharing::modes(folder);
    if !folder.exists() {
        match DirBuilder::new().mode(closed).create(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(said(error)),
            _ => {}
        }
        // A umask may have taken bits from the mode.
        fs::set_permissions(folder, fs::Permissions::from_mode(closed)).map_err(said)?;
    }
    let (whole, half) = (folder.join(hash), folder.join(format!(".{hash}.{}.part", std::process::id())));
    if !whole.exists() {
        let written =
            OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&half).and_then(|mut file| {
                file.set_permissions(fs::Permissions::from_mode(mode))?;
                file.write_all(bytes)?;
                file.sync_all()?;
                fs::rename(&half, &whole)?;
                File::open(folder)?.sync_all()
            });
        if let Err(error) = written {
            let _ = fs::remove_file(&half);
            return Err(format!("cannot be kept in {}: {}", folder.display(), error.kind()));
        }
    }
    Ok(())
}

/// SHA-256 in hex of what can be read, and the bytes.
fn hashed(file: File) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    let hash = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    Ok((hash, bytes))
}
