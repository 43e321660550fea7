//! A directory that several users of one host share: set-gid to a group, closed to all others. Says what is wrong with it and the
//! very commands that mend it; never changes a mode that is there.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::error::{JournalError, quoted};
use super::place::{Host, parent};

/// The modes of what is shared, and of what is one's own.
const DIRECTORY: u32 = 0o2770;
const FILE: u32 = 0o660;
const OWN_DIRECTORY: u32 = 0o700;
const OWN_FILE: u32 = 0o600;

/// The group that shares a directory. None: it is one user's own, or nothing that we know.
pub(super) fn group(directory: &Metadata) -> Option<u32> {
    (directory.mode() & 0o2000 != 0 && directory.mode() & 0o077 != 0).then(|| directory.gid())
}

/// The modes of a directory and of a file beside the journal.
pub(super) fn modes(journal: &Path) -> (u32, u32) {
    match fs::metadata(parent(journal)) {
        Ok(directory) if group(&directory).is_some() => (DIRECTORY, FILE),
        _ => (OWN_DIRECTORY, OWN_FILE),
    }
}

/// Whether a shared directory is open to its group, closed to all others, and ours to use.
pub(super) fn check_directory(path: &Path, meta: &Metadata, group: u32, host: &Host) -> Result<(), JournalError> {
    let (mode, name, at) = (meta.mode() & 0o7777, name(group), quoted(path));
    let wrong = |why: String, mend: String| Err(JournalError::Sharing { path: path.to_owned(), why, mend });
    if mode & 0o007 != 0 {
        return wrong(format!("lets strangers in (its mode is {mode:04o})"), format!("chmod {DIRECTORY:04o} {at}"));
    }
    if mode != DIRECTORY {
        let why = format!("does not let the group {name} write as one (its mode is {mode:04o})");
        return wrong(why, format!("chmod {DIRECTORY:04o} {at}"));
    }
    if host.user != 0 && !host.groups.contains(&group) {
        let why = format!("is shared by the group {name}, which user {} is not in", host.user);
        return wrong(why, format!("sudo usermod -aG {name} {}` and log in anew, or `newgrp {name}", user(host.user)));
    }
    Ok(())
}

/// Whether a file in it is of the group, open to it, and closed to all others.
pub(super) fn check_file(path: &Path, meta: &Metadata, group: u32) -> Result<(), JournalError> {
    let (mode, name, at) = (meta.mode() & 0o7777, name(group), quoted(path));
    let why = if meta.gid() != group {
        format!(
            "stands in a directory that the group {name} shares and belongs to the group {}",
            self::name(meta.gid())
        )
    } else if mode & 0o007 != 0 {
        format!("lets strangers in (its mode is {mode:04o})")
    } else if mode != FILE {
        format!("locks out the group {name} (its mode is {mode:04o})")
    } else {
        return Ok(());
    };
    let mend = format!("sudo chgrp {name} {at} && sudo chmod {FILE:03o} {at}");
    Err(JournalError::Sharing { path: path.to_owned(), why, mend })
}

/// How a group is called; its number where it has no name.
fn name(group: u32) -> String {
    named("/etc/group", group).unwrap_or_else(|| group.to_string())
}

fn user(user: u32) -> String {
    named("/etc/passwd", user).unwrap_or_else(|| format!("USER-{user}"))
}

/// The first field of the line whose third is the number.
fn named(list: &str, number: u32) -> Option<String> {
    let (list, number) = (fs::read_to_string(list).ok()?, number.to_string());
    let line = list.lines().find(|line| line.split(':').nth(2) == Some(&number))?;
    line.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// The commands that make a directory shared, said where one is open to its group and not set up for it.
pub(super) fn offer(path: &Path, meta: &Metadata) -> String {
    let at = quoted(path);
    let group = match meta.gid() {
        // Root's own group is nobody's to share with.
        0 => "GROUP".to_owned(),
        gid => name(gid),
    };
    format!("sudo chgrp {group} {at} && sudo chmod {DIRECTORY:04o} {at}")
}
