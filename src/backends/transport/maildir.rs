//! Reads the mails of a Maildir, the newest first, within limits. Moves, marks and deletes nothing.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::backends::job::Mailbox;

/// Mails that are read at a time.
const MOST: usize = 5_000;
/// Bytes of one; a report is small, what is larger is none.
const LARGEST: u64 = 256 << 10;

/// What stands in `new` and `cur`.
pub async fn read(folder: &Path) -> Result<Mailbox, String> {
    let folder = folder.to_owned();
    let read = tokio::task::spawn_blocking(move || blocking(&folder));
    read.await.map_err(|error| error.to_string())?
}

fn blocking(folder: &Path) -> Result<Mailbox, String> {
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for sub in ["new", "cur"] {
        let path = folder.join(sub);
        let entries = std::fs::read_dir(&path).map_err(|error| format!("{}: {}", path.display(), error.kind()))?;
        for entry in entries {
            // A mail that is moved from `new` to `cur` meanwhile is found at the next poll.
            let Ok(entry) = entry else { continue };
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_file() && meta.len() <= LARGEST {
                files.push((meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), entry.path()));
            }
        }
    }
    files.sort_by(|a, b| (b.0, &b.1).cmp(&(a.0, &a.1)));
    let left_out = files.len().saturating_sub(MOST);
    let mails = files.into_iter().take(MOST).filter_map(|(_, path)| std::fs::read(path).ok()).collect();
    Ok(Mailbox { mails, left_out })
}
