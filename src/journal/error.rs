//! What can go wrong with a journal, each in a sentence that names the file and what to do. Never hides a cause.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the journal did not do as asked. Unless it says otherwise nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    #[error("there is no journal at {}; check the path, or declare an incident to begin one", .path.display())]
    Absent { path: PathBuf },

    #[error("{} is a symbolic link; name the file that it points to", .path.display())]
    Link { path: PathBuf },

    #[error("{} is not a regular file; name another path for the journal", .path.display())]
    NotAFile { path: PathBuf },

    #[error(
        "{} belongs to user {owner} and this is user {user}; run as its owner (`sudo -u '#{owner}' warroom ...`) or \
         name a journal of your own",
        .path.display()
    )]
    OtherOwner { path: PathBuf, owner: u32, user: u32 },

    #[error(
        "others may read or write {} (its mode is {mode:04o}); run `{}`{}",
        .path.display(),
        chmod(path, *directory, *mode),
        share.as_ref().map(|share| format!(", or `{share}` to share it")).unwrap_or_default()
    )]
    Exposed { path: PathBuf, mode: u32, directory: bool, share: Option<String> },

    #[error("{} {why}; run `{mend}`", .path.display())]
    Sharing { path: PathBuf, why: String, mend: String },

    #[error(
        "everybody may rename what stands in {} (its mode is {mode:04o}), so the journal below it is not safe; run `chmod o-w {}` \
         or name a journal elsewhere",
        .path.display(),
        quoted(path)
    )]
    ExposedAbove { path: PathBuf, mode: u32 },

    #[error(
        "{} is on a network or user-space file system ({kind}), where SQLite loses data; name a path on a local disk, \
         such as /var/tmp/{user}/journal.db in a directory of your own (`mkdir -m 700 /var/tmp/{user}`)",
        .path.display()
    )]
    Network { path: PathBuf, kind: &'static str, user: u32 },

    #[error("{} is not a warroom journal; name another path, nothing was changed", .path.display())]
    NotAJournal { path: PathBuf },

    #[error(
        "{} was written by a newer warroom (its schema is {found}, this one knows {known}); install that version, \
         nothing was changed",
        .path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },

    #[error(
        "{} was written by an older warroom (its schema is {found}, this one reads {known}); open it once for writing to \
         bring it up to date",
        .path.display()
    )]
    Older { path: PathBuf, found: i64, known: i64 },

    #[error(
        "{} has entries in its log that cannot be read without writing beside it; open it once for writing, or copy it and \
         its -wal file together into a directory that you may write",
        .path.display()
    )]
    NeedsRecovery { path: PathBuf },

    #[error("{} is open for reading only; open it for writing to record anything", .path.display())]
    ReadOnly { path: PathBuf },

    #[error(
        "{} cannot be written: {why}; make it and its directory writable, or open it for reading only",
        .path.display()
    )]
    CannotWrite { path: PathBuf, why: String },

    #[error("no space is left for {}; free some and do it again, nothing of it was written", .path.display())]
    Full { path: PathBuf },

    #[error("the disk failed under {}: {why}; nothing of it counts as saved; check the disk, then do it again", .path.display())]
    Io { path: PathBuf, why: String },

    #[error(
        "the disk failed under {}: {why}; what was written can be read but may be gone after a power cut; check the disk and \
         read the timeline before doing it again",
        .path.display()
    )]
    NotDurable { path: PathBuf, why: String },

    #[error("another process has held {} for too long; find it with `fuser {}` and do it again", .path.display(), quoted(path))]
    Busy { path: PathBuf },

    #[error(
        "{} was removed or replaced while it was open; close every warroom that uses it, put the right file back and open \
         it again",
        .path.display()
    )]
    Replaced { path: PathBuf },

    #[error("{} is damaged: {why}; run `warroom verify`, and keep a copy of the file as it is", .path.display())]
    Damaged { path: PathBuf, why: String },

    #[error(
        "entry {seq} of writer {writer} is not what its hash says; the bundle or the peer it came from is damaged, \
         {} was left as it was",
        .path.display()
    )]
    BadHash { path: PathBuf, writer: String, seq: u64 },

    #[error(
        "writer {writer} has two histories from entry {seq} on: {} and a copy of it were both written to; \
         keep both files, what was to be added was not",
        .path.display()
    )]
    Fork { path: PathBuf, writer: String, seq: u64 },

    #[error(
        "incident {incident} was removed from {} at {at}, and nothing of it was written; `warroom restore FILE` brings it back from an \
         archive, `warroom bundle import --again FILE` from a bundle, `warroom restore --from-server {incident}` from \
         the server",
        .path.display()
    )]
    Removed { path: PathBuf, incident: String, at: String },

    #[error("incident {incident} was written to meanwhile: nothing was removed; try again")]
    Moved { incident: String },

    #[error("cannot use {}: {source}", .path.display())]
    File { path: PathBuf, source: std::io::Error },

    #[error("{}: {source}", .path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
}

/// Why `append` wrote nothing.
#[derive(Debug, thiserror::Error)]
pub enum AppendError<E> {
    /// The caller's own decision said no.
    #[error("{0}")]
    Refused(E),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl JournalError {
    /// Whether the connection may no longer be trusted to say what is on the disk.
    pub(super) fn breaks_connection(&self) -> bool {
        matches!(self, JournalError::Io { .. } | JournalError::Replaced { .. })
    }

    /// Whether the file's content, not its place, is the trouble.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, JournalError::Damaged { .. } | JournalError::NotAJournal { .. })
    }
}

/// A file system's refusal, with the file named.
pub(super) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> JournalError + '_ {
    move |source| JournalError::File { path: path.to_owned(), source }
}

/// SQLite's refusal in our words.
pub(super) fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> JournalError + '_ {
    move |source| {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => JournalError::Full { path },
            Some(ErrorCode::SystemIoFailure) => JournalError::Io { path, why: source.to_string() },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Busy { path },
            Some(ErrorCode::NotADatabase) => JournalError::NotAJournal { path },
            Some(ErrorCode::DatabaseCorrupt) => JournalError::Damaged { path, why: source.to_string() },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                JournalError::CannotWrite { path, why: source.to_string() }
            }
            _ => JournalError::Sqlite { path, source },
        }
    }
}

/// The command that takes from others what they may do.
fn chmod(path: &Path, directory: bool, mode: u32) -> String {
    let path = quoted(path);
    match (directory, mode & 0o1000 != 0) {
        // A shared directory such as /tmp is not ours to close.
        (true, true) => format!("mkdir -m 700 {path}/warroom` and name a journal in it: `{path}/warroom/journal.db"),
        (true, false) => format!("chmod 700 {path}"),
        (false, _) => format!("chmod 600 {path}"),
    }
}

/// The path as a shell takes it.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+:@".contains(c)) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
