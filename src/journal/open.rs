//! Opening a journal: where it may stand, which files belong to it. Never loosens a mode, never follows a link.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::database::{self, Database};
use super::error::JournalError;
use super::place::{self, Host, beside};
use super::schema::{CACHE, LOCAL};
use super::schema::{JOURNAL, Profile};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Makes the journal where there is none.
    ReadWrite,
    /// Changes nothing on the disk, not even beside the journal.
    ReadOnly,
}

/// The journal of one person on one host, open. Owned by one thread; every call waits for the disk.
pub struct Journal {
    pub(super) main: Database,
    /// Opened when first used: most commands need neither.
    local: Option<Database>,
    cache: Option<Database>,
    pub(super) host: Host,
    access: Access,
    /// What this process is known by in the lease.
    pub(super) holder: Uuid,
}

/// What other processes wrote since last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Entries or the clock.
    pub journal: bool,
    pub local: bool,
    /// Sources or the lease.
    pub cache: bool,
}

impl Journal {
    pub fn open(path: &Path, access: Access) -> Result<Journal, JournalError> {
        Journal::open_on(path, access, Host::this())
    }

    /// The same with other answers about the machine.
    pub fn open_on(path: &Path, access: Access, host: Host) -> Result<Journal, JournalError> {
        let path = place::resolve(path)?;
        let main = Database::open(path, &JOURNAL, access, &host)?;
        Ok(Journal { main, local: None, cache: None, host, access, holder: Uuid::new_v4() })
    }

    /// The journal's file, resolved.
    pub fn path(&self) -> &Path {
        &self.main.path
    }

    pub fn access(&self) -> Access {
        self.access
    }

    /// What other processes, or other openings of this journal, wrote since last asked. Own writes do not count.
    pub fn changed(&mut self) -> Result<Changed, JournalError> {
        let journal = self.main.changed()?;
        let local = match &mut self.local {
            Some(local) => local.changed()?,
            None => false,
        };
        let cache = match &mut self.cache {
            Some(cache) => cache.changed()?,
            None => false,
        };
        Ok(Changed { journal, local, cache })
    }

    /// How SQLite keeps the journal, asked of the connection in use.
    pub fn settings(&mut self) -> Result<Vec<(&'static str, String)>, JournalError> {
        const NAMES: [&str; 6] =
            ["journal_mode", "synchronous", "foreign_keys", "busy_timeout", "journal_size_limit", "wal_autocheckpoint"];
        self.main.read(|connection| {
            let ask = |name: &'static str| {
                let text = connection.pragma_query_value(None, name, |row| match row.get_ref(0)? {
                    rusqlite::types::ValueRef::Integer(number) => Ok(number.to_string()),
                    other => Ok(other.as_str().unwrap_or_default().to_owned()),
                })?;
                Ok((name, text))
            };
            NAMES.into_iter().map(ask).collect()
        })
    }

    /// What a person typed and saw. None: open for reading, and there is nothing.
    pub(super) fn local(&mut self) -> Result<Option<&mut Database>, JournalError> {
        let path = local_path(&self.main.path);
        lazily(&mut self.local, path, &LOCAL, self.access, &self.host)
    }

    /// Works on the cache; where its file is damaged it begins anew, since losing it is harmless.
    pub(super) fn with_cache<T>(
        &mut self,
        f: impl Fn(&mut Database) -> Result<T, JournalError>,
    ) -> Result<Option<T>, JournalError> {
        let path = cache_path(&self.main.path);
        let mut again = self.access == Access::ReadWrite;
        loop {
            let result = match lazily(&mut self.cache, path.clone(), &CACHE, self.access, &self.host) {
                Ok(Some(cache)) => f(cache).map(Some),
                Ok(None) => Ok(None),
                Err(e) => Err(e),
            };
            match result {
                Err(JournalError::Replaced { .. }) if again => self.cache = None,
                Err(e) if again && e.is_damage() => {
                    self.cache = None;
                    database::discard(&path)?;
                }
                other => return other,
            }
            again = false;
        }
    }
}

fn lazily<'a>(
    slot: &'a mut Option<Database>,
    path: PathBuf,
    profile: &'static Profile,
    access: Access,
    host: &Host,
) -> Result<Option<&'a mut Database>, JournalError> {
    if slot.is_none() {
        if access == Access::ReadOnly && !path.exists() {
            return Ok(None);
        }
        *slot = Some(Database::open(path, profile, access, host)?);
    }
    Ok(slot.as_mut())
}

pub(super) fn local_path(journal: &Path) -> PathBuf {
    beside(journal, ".local")
}

pub(super) fn cache_path(journal: &Path) -> PathBuf {
    beside(journal, ".cache")
}
