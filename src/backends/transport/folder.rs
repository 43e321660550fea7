//! Writes a file into a directory, whole or not at all, and once: a name that is there was written before. Reads nothing.

use std::path::Path;

use tokio::io::AsyncWriteExt;

use crate::backends::Outcome;
use crate::backends::job::Put;

/// Puts the file there. Unknown only where it may be there and not on the disk.
pub async fn put(file: &Put) -> Outcome {
    let whole = file.directory.join(&file.name);
    let half = file.directory.join(format!(".{}.{}.part", file.name, std::process::id()));
    let refused = |what: &str, error: std::io::Error| Outcome::Refused {
        why: format!("{}: {what}: {}", file.directory.display(), error.kind()),
    };
    if let Err(error) = write(&half, &file.text).await {
        let _ = tokio::fs::remove_file(&half).await;
        return refused("cannot be written to", error);
    }
    // A link takes the name only where nobody has it; a rename would take it from what is there.
    let linked = tokio::fs::hard_link(&half, &whole).await;
    let _ = tokio::fs::remove_file(&half).await;
    match linked {
        Ok(()) => match synced(&file.directory).await {
            Ok(()) => Outcome::Done { reference: whole.display().to_string() },
            Err(error) => Outcome::Unknown { why: format!("{}: not on the disk: {}", whole.display(), error.kind()) },
        },
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Outcome::Done { reference: format!("{} was there already", whole.display()) }
        }
        Err(error) => refused("takes no file of that name", error),
    }
}

async fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).await?;
    file.write_all(text.as_bytes()).await?;
    file.sync_all().await
}

async fn synced(directory: &Path) -> std::io::Result<()> {
    tokio::fs::File::open(directory).await?.sync_all().await
}

/// Whether a file could be put there, tried with one that is gone again.
pub async fn check(directory: &Path) -> Result<String, String> {
    let trial = directory.join(format!(".warroom-check.{}", std::process::id()));
    let written = write(&trial, "").await;
    let _ = tokio::fs::remove_file(&trial).await;
    match written {
        Ok(()) => Ok(format!("{} can be written to", directory.display())),
        Err(error) => Err(format!("{} cannot be written to: {}", directory.display(), error.kind())),
    }
}
