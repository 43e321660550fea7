//! One SQLite file of ours and the connection to it. Never touches the disk when open for reading only.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as Monotonic};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::error::{JournalError, file, sqlite};
use super::open::Access;
use super::place::{self, Host, Identity, beside};
use super::schema::{self, Profile, Standing};

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Database {
    pub path: PathBuf,
    pub identity: Identity,
    profile: &'static Profile,
    access: Access,
    host: Host,
    /// None after the disk failed: the next use connects anew.
    link: Option<Link>,
}

struct Link {
    connection: Connection,
    /// Some: read without locks, true only while the file looks like this.
    still: Option<Look>,
    /// `data_version` when last asked: moves with every commit of another connection.
    version: i64,
}

/// What a file and its log look like from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    file: Option<(u64, u64, i64, i64)>,
    log: bool,
}

impl Database {
    /// `path` is resolved. For writing it is made where missing.
    pub fn open(
        path: PathBuf,
        profile: &'static Profile,
        access: Access,
        host: &Host,
    ) -> Result<Database, JournalError> {
        if access == Access::ReadWrite {
            place::make_directory(&path, host)?;
            place::check(&path, host)?;
            place::make_file(&path)?;
        } else if !path.exists() && !path.is_symlink() {
            return Err(JournalError::Absent { path });
        }
        place::check(&path, host)?;
        let identity = Identity::of(&path)?;
        let link = connect(&path, profile, access)?;
        Ok(Database { path, identity, profile, access, host: host.clone(), link: Some(link) })
    }

    /// Reads. The closure may run more than once where a writer came in between.
    pub fn read<T>(&mut self, f: impl Fn(&Connection) -> rusqlite::Result<T>) -> Result<T, JournalError> {
        for _ in 0..10 {
            let path = self.path.clone();
            let link = self.link()?;
            let result = f(&link.connection);
            if link.still.as_ref().is_none_or(|look| *look == Look::at(&path)) {
                return self.note(result.map_err(sqlite(&path)));
            }
            // Read without locks while somebody began to write: it may be torn. Once more, with locks.
            self.link = None;
        }
        Err(JournalError::Busy { path: self.path.clone() })
    }

    /// Runs `f` in one transaction that holds the write lock from its begin; commits unless `f` fails.
    pub fn write<T, E: From<JournalError>>(
        &mut self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.access == Access::ReadOnly {
            return Err(JournalError::ReadOnly { path: self.path.clone() }.into());
        }
        let path = self.path.clone();
        // Rows written to a file without a name would be lost with the process.
        match Identity::of(&path) {
            Ok(identity) if identity == self.identity => {}
            _ => return Err(JournalError::Replaced { path }.into()),
        }
        let committed = {
            let link = self.link()?;
            match link.connection.transaction_with_behavior(TransactionBehavior::Immediate) {
                // Dropping the transaction rolls it back.
                Ok(tx) => f(&tx).map(|value| tx.commit().map(|()| value)),
                Err(e) => Ok(Err(e)),
            }
        }?;
        self.note(committed.map_err(sqlite(&path))).map_err(E::from)
    }

    /// Whether another connection has committed since this was last asked, or since opening.
    pub fn changed(&mut self) -> Result<bool, JournalError> {
        let path = self.path.clone();
        if let Some(Link { still: Some(look), .. }) = &self.link {
            let moved = *look != Look::at(&path);
            if moved {
                self.link = None;
            }
            return Ok(moved);
        }
        let fresh = self.link.is_none();
        let link = self.link()?;
        let version = data_version(&link.connection).map_err(sqlite(&path))?;
        let moved = fresh || version != link.version;
        link.version = version;
        Ok(moved)
    }

    /// Gives up the connection: after the disk failed, its view of the file is not to be trusted.
    pub fn distrust(&mut self) {
        self.link = None;
    }

    /// Copies the log into the file and waits for the disk. True where all of it went.
    pub fn settle(&mut self) -> Result<bool, JournalError> {
        let path = self.path.clone();
        let link = self.link()?;
        let busy = link.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        self.note(busy.map(|busy| busy == 0).map_err(sqlite(&path)))
    }

    /// From now on what this connection frees is overwritten with zeros.
    pub fn overwrite_freed(&mut self) -> Result<(), JournalError> {
        let path = self.path.clone();
        let link = self.link()?;
        let set = link.connection.pragma_update_and_check(None, "secure_delete", true, |row| row.get::<_, i64>(0));
        self.note(set.map(|_| ()).map_err(sqlite(&path)))
    }

    /// Gives freed room back where the file is no larger than so many bytes, and empties the log. Says whether the file was
    /// rewritten, and whether the log is empty: somebody who reads keeps it.
    pub fn let_go(&mut self, most: i64) -> Result<(bool, bool), JournalError> {
        let emptied = self.settle()?;
        let path = self.path.clone();
        let link = self.link()?;
        let number = |name| link.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let size =
            number("page_count").and_then(|n| Ok(n.saturating_mul(number("page_size")?))).map_err(sqlite(&path))?;
        if !emptied || size > most {
            return Ok((false, emptied));
        }
        // What it copies meanwhile must not lie about in a folder for temporary files.
        let rewritten =
            link.connection.execute_batch("PRAGMA temp_store = MEMORY; VACUUM; PRAGMA temp_store = DEFAULT;");
        match rewritten.map_err(sqlite(&path)) {
            Ok(()) => Ok((true, self.settle()?)),
            // It stays as large as it was; what was freed is zero.
            Err(JournalError::Busy { .. } | JournalError::Full { .. }) => Ok((false, self.settle()?)),
            Err(e) => self.note(Err(e)),
        }
    }

    fn link(&mut self) -> Result<&mut Link, JournalError> {
        if self.link.is_none() {
            place::check(&self.path, &self.host)?;
            match Identity::of(&self.path) {
                Ok(identity) if identity == self.identity => {}
                _ => return Err(JournalError::Replaced { path: self.path.clone() }),
            }
            self.link = Some(connect(&self.path, self.profile, self.access)?);
        }
        match &mut self.link {
            Some(link) => Ok(link),
            None => Err(JournalError::Absent { path: self.path.clone() }),
        }
    }

    fn note<T>(&mut self, result: Result<T, JournalError>) -> Result<T, JournalError> {
        if let Err(e) = &result
            && e.breaks_connection()
        {
            self.link = None;
        }
        result
    }
}

impl Look {
    fn at(path: &Path) -> Look {
        let file = fs::symlink_metadata(path).ok().map(|m| (m.ino(), m.len(), m.mtime(), m.mtime_nsec()));
        let log = fs::symlink_metadata(beside(path, "-wal")).is_ok_and(|m| m.len() > 0);
        Look { file, log }
    }
}

fn connect(path: &Path, profile: &Profile, access: Access) -> Result<Link, JournalError> {
    // A process that opens or closes the file for the first or last time holds it alone for a moment.
    let begun = Monotonic::now();
    loop {
        let result = match access {
            Access::ReadWrite => connect_for_writing(path, profile),
            Access::ReadOnly => connect_for_reading(path, profile),
        };
        match result {
            Err(JournalError::Busy { .. }) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

fn connect_for_writing(path: &Path, profile: &Profile) -> Result<Link, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags).map_err(sqlite(path))?;
    connection.busy_timeout(PATIENCE).map_err(sqlite(path))?;
    // Before anything is written, the log mode included: whose file is it?
    let standing = schema::standing(&connection, profile).map_err(sqlite(path))?;
    refuse(path, profile, &standing)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(sqlite(path))?;
    if mode != "wal" {
        let why = format!("SQLite keeps its log as \"{mode}\" there and not as \"wal\"");
        return Err(JournalError::CannotWrite { path: path.to_owned(), why });
    }
    let set = |name: &str, value: &dyn rusqlite::ToSql| connection.pragma_update(None, name, value);
    set("synchronous", &profile.synchronous)
        .and_then(|()| set("foreign_keys", &true))
        // What the log may keep on the disk once its frames are in the file; and when they go there, in pages of 4 KiB.
        .and_then(|()| set("journal_size_limit", &(64 * 1024 * 1024)))
        .and_then(|()| set("wal_autocheckpoint", &1000))
        .and_then(|()| set("trusted_schema", &false))
        .map_err(sqlite(path))?;
    if standing != Standing::Current {
        schema::migrate(&mut connection, profile).map_err(sqlite(path))?;
        refuse(path, profile, &schema::standing(&connection, profile).map_err(sqlite(path))?)?;
    }
    let version = data_version(&connection).map_err(sqlite(path))?;
    Ok(Link { connection, still: None, version })
}

/// With a log beside it: through the shared memory as it is, mapped read-only. Without: as a file that stands still.
fn connect_for_reading(path: &Path, profile: &Profile) -> Result<Link, JournalError> {
    let look = Look::at(path);
    let shared = beside(path, "-shm").exists();
    if beside(path, "-journal").exists() || (look.log && !shared) {
        return Err(JournalError::NeedsRecovery { path: path.to_owned() });
    }
    let (how, still) = if look.log { ("mode=ro&readonly_shm=1", None) } else { ("mode=ro&immutable=1", Some(look)) };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path, how), flags).map_err(sqlite(path))?;
    connection.busy_timeout(PATIENCE).map_err(sqlite(path))?;
    let standing = schema::standing(&connection, profile).map_err(|e| match e.sqlite_error_code() {
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => JournalError::NeedsRecovery { path: path.to_owned() },
        _ => sqlite(path)(e),
    })?;
    match standing {
        Standing::Empty => return Err(JournalError::NotAJournal { path: path.to_owned() }),
        Standing::Older(found) => {
            return Err(JournalError::Older { path: path.to_owned(), found, known: profile.version() });
        }
        other => refuse(path, profile, &other)?,
    }
    let version = data_version(&connection).map_err(sqlite(path))?;
    Ok(Link { connection, still, version })
}

fn refuse(path: &Path, profile: &Profile, standing: &Standing) -> Result<(), JournalError> {
    match standing {
        Standing::Newer(found) => {
            Err(JournalError::Newer { path: path.to_owned(), found: *found, known: profile.version() })
        }
        Standing::Foreign => Err(JournalError::NotAJournal { path: path.to_owned() }),
        Standing::Empty | Standing::Current | Standing::Older(_) => Ok(()),
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

/// The path as a URI for SQLite; every byte that is not plain is escaped.
fn uri(path: &Path, how: &str) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.push_str(&format!("%{byte:02x}"));
        }
    }
    uri.push('?');
    uri.push_str(how);
    uri
}

/// Removes a file of ours and what stands beside it. Only for what may be lost.
pub(super) fn discard(path: &Path) -> Result<(), JournalError> {
    for name in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm"), beside(path, "-journal")] {
        match fs::remove_file(&name) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(file(&name)(e)),
        }
    }
    Ok(())
}
