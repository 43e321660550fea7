//! Where a journal may stand: local disk, our own file or our group's, closed to others. Never opens a database file that exists.
//!
//! SQLite's locks are POSIX locks: closing any other descriptor of the file would drop them for the whole process. So
//! everything here asks by path, and the one descriptor is that of a file which did not exist before.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::error::{JournalError, file};
use super::sharing;

/// What `open` asks of the machine. Tests give their own answers.
#[derive(Clone, Debug)]
pub struct Host {
    /// What tells this machine from a clone of it.
    pub machine: String,
    pub name: String,
    /// The effective user, and the groups that it is in.
    pub user: u32,
    pub groups: Vec<u32>,
    /// The file system's name where SQLite must not be used on it.
    pub refuse: fn(&Path) -> io::Result<Option<&'static str>>,
}

impl Host {
    pub fn this() -> Host {
        let machine = fs::read_to_string("/etc/machine-id").unwrap_or_default().trim().to_owned();
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let mut groups: Vec<u32> =
            rustix::process::getgroups().unwrap_or_default().into_iter().map(|group| group.as_raw()).collect();
        groups.push(rustix::process::getegid().as_raw());
        Host { machine, name, user: rustix::process::geteuid().as_raw(), groups, refuse: refused_file_system }
    }
}

/// A file's identity on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub device: u64,
    pub inode: u64,
}

impl Identity {
    pub fn of(path: &Path) -> Result<Identity, JournalError> {
        let meta = fs::symlink_metadata(path).map_err(file(path))?;
        Ok(Identity { device: meta.dev(), inode: meta.ino() })
    }
}

/// The path with its directory resolved; the last component is kept, so that a link there is seen. Makes nothing.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, JournalError> {
    let full = std::path::absolute(path).map_err(file(path))?;
    let (Some(directory), Some(name)) = (full.parent(), full.file_name()) else {
        return Err(JournalError::NotAFile { path: path.to_owned() });
    };
    match fs::canonicalize(directory) {
        Ok(directory) => Ok(directory.join(name)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(full),
        Err(e) => Err(file(directory)(e)),
    }
}

/// Makes the directory of `path` where it is missing, closed to others.
pub(super) fn make_directory(path: &Path, host: &Host) -> Result<(), JournalError> {
    let directory = parent(path);
    if directory.exists() {
        return Ok(());
    }
    let above = directory.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/"));
    check_file_system(above, path, host)?;
    // Root with a user's home would leave directories that their owner cannot write.
    let owner = fs::metadata(above).map_err(file(above))?.uid();
    if owner != host.user && owner != 0 {
        return Err(JournalError::OtherOwner { path: above.to_owned(), owner, user: host.user });
    }
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(file(directory))?;
    // A umask may have taken bits from the mode.
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(file(directory))?;
    for made in directory.ancestors().take_while(|p| *p != above).filter_map(Path::parent) {
        sync_directory(made)?;
    }
    Ok(())
}

/// Makes the file, empty, and its name durable: ours alone, or the group's in a shared directory, whatever the umask. No error
/// where it exists.
pub(super) fn make_file(path: &Path) -> Result<(), JournalError> {
    let mode = sharing::modes(path).1;
    let nofollow = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
    let made = match OpenOptions::new().write(true).create_new(true).mode(mode).custom_flags(nofollow).open(path) {
        Ok(made) => made,
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(e) if matches!(e.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
            return Err(JournalError::CannotWrite { path: path.to_owned(), why: e.to_string() });
        }
        Err(e) => return Err(file(path)(e)),
    };
    // SQLite gives -wal and -shm the mode of this file.
    made.set_permissions(fs::Permissions::from_mode(mode)).map_err(file(path))?;
    made.sync_all().map_err(file(path))?;
    sync_directory(parent(path))
}

/// Whether everything about the place of `path` is as it must be.
pub(super) fn check(path: &Path, host: &Host) -> Result<(), JournalError> {
    let directory = parent(path);
    check_file_system(directory, path, host)?;
    let meta = fs::metadata(directory).map_err(file(directory))?;
    let shared = sharing::group(&meta);
    match shared {
        Some(group) => sharing::check_directory(directory, &meta, group, host)?,
        None => {
            // The mode first: in /tmp the owner is not what is wrong.
            private(directory, &meta, true)?;
            owned(directory, &meta, host)?;
        }
    }
    for above in directory.ancestors().skip(1) {
        let mode = fs::metadata(above).map_err(file(above))?.mode() & 0o7777;
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            return Err(JournalError::ExposedAbove { path: above.to_owned(), mode });
        }
    }
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm"), beside(path, "-journal")] {
        let meta = match fs::symlink_metadata(&file) {
            Ok(meta) => meta,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(JournalError::File { path: file, source: e }),
        };
        if meta.is_symlink() {
            return Err(JournalError::Link { path: file });
        }
        if !meta.is_file() {
            return Err(JournalError::NotAFile { path: file });
        }
        match shared {
            Some(group) => sharing::check_file(&file, &meta, group)?,
            None => {
                owned(&file, &meta, host)?;
                private(&file, &meta, false)?;
            }
        }
    }
    Ok(())
}

/// The path with something added to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The directory of a resolved path.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

fn owned(path: &Path, meta: &Metadata, host: &Host) -> Result<(), JournalError> {
    if meta.uid() == host.user {
        return Ok(());
    }
    Err(JournalError::OtherOwner { path: path.to_owned(), owner: meta.uid(), user: host.user })
}

fn private(path: &Path, meta: &Metadata, directory: bool) -> Result<(), JournalError> {
    let mode = meta.mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    // One that its group may write to may be meant to be shared.
    let share = (directory && mode & 0o1027 == 0o020).then(|| sharing::offer(path, meta));
    Err(JournalError::Exposed { path: path.to_owned(), mode, directory, share })
}

fn check_file_system(at: &Path, path: &Path, host: &Host) -> Result<(), JournalError> {
    match (host.refuse)(at).map_err(file(at))? {
        Some(kind) => Err(JournalError::Network { path: path.to_owned(), kind, user: host.user }),
        None => Ok(()),
    }
}

fn sync_directory(directory: &Path) -> Result<(), JournalError> {
    File::open(directory).and_then(|d| d.sync_all()).map_err(file(directory))
}

/// The name of the file system at `path` where it has no shared memory or no locks that SQLite could trust.
#[cfg(target_os = "linux")]
fn refused_file_system(path: &Path) -> io::Result<Option<&'static str>> {
    let stat = rustix::fs::statfs(path)?;
    // The type is a signed word on some machines; its low half is the magic number.
    Ok(kind_of_magic(stat.f_type as u64 & 0xffff_ffff))
}

#[cfg(not(target_os = "linux"))]
fn refused_file_system(_: &Path) -> io::Result<Option<&'static str>> {
    Ok(None)
}

/// Magic numbers of statfs(2).
#[cfg(target_os = "linux")]
fn kind_of_magic(magic: u64) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517b => "SMB",
        0xff53_4d42 => "CIFS",
        0xfe53_4d42 => "SMB2",
        0x6573_5546 => "FUSE",
        0x0102_1997 => "9p",
        0x00c3_6400 => "Ceph",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x0bd0_0bd0 => "Lustre",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        0x4750_4653 => "GPFS",
        0xaad7_aaea => "PanFS",
        0x786f_4256 => "VirtualBox shared folder",
        0x564c => "NCP",
        _ => return None,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_magic_number() {
        for (magic, name) in
            [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0x6573_5546, "FUSE"), (0x0102_1997, "9p"), (0x00c3_6400, "Ceph")]
        {
            assert_eq!(kind_of_magic(magic), Some(name));
        }
        // ext4, xfs, btrfs, tmpfs, overlay, zfs.
        for magic in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert_eq!(kind_of_magic(magic), None, "{magic:x}");
        }
    }
}
