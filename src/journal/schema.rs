//! The tables of the three files and how they came to be. Never changes a row that an incident wrote.

use rusqlite::{Connection, TransactionBehavior};

/// What tells one of our files from another, and how it is kept.
#[derive(Debug)]
pub(super) struct Profile {
    /// `application_id` in the file's header: ours, and which of the three.
    pub application: i64,
    /// SQLite's `synchronous`.
    pub synchronous: &'static str,
    /// One step a schema version, the first makes version 1. A step that was released is never edited.
    pub steps: &'static [&'static str],
}

impl Profile {
    pub fn version(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }
}

/// The evidence. `entries.local` is the order of arrival in this file, never an order of events.
pub(super) static JOURNAL: Profile = Profile {
    application: 0x5752_6a31,
    // In WAL anything less may roll back the newest commits at a power cut.
    synchronous: "FULL",
    steps: &[
        "
        CREATE TABLE entries (
            local INTEGER PRIMARY KEY AUTOINCREMENT,
            incident BLOB NOT NULL,
            writer BLOB NOT NULL,
            seq INTEGER NOT NULL,
            prev BLOB NOT NULL,
            hash BLOB NOT NULL,
            id BLOB NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (incident, writer, seq)
        );
        CREATE INDEX entries_by_arrival ON entries (incident, local);
        -- Writers of this file say on which machine and file they write; those of others have none of it.
        CREATE TABLE writers (
            local INTEGER PRIMARY KEY,
            incident BLOB NOT NULL,
            writer BLOB NOT NULL,
            machine TEXT,
            device INTEGER,
            inode INTEGER,
            made_at TEXT NOT NULL,
            retired INTEGER NOT NULL DEFAULT 0,
            UNIQUE (incident, writer)
        );
        CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL);
        ",
        // What was archived, and the marks of what was removed.
        "
        CREATE TABLE archived (
            incident BLOB PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL,
            heads TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE removed (
            incident BLOB PRIMARY KEY, at TEXT NOT NULL, by TEXT NOT NULL, entries INTEGER NOT NULL,
            archive TEXT, sha256 TEXT
        ) WITHOUT ROWID;
        ",
        // Writers with two histories, and the first entry that another journal has otherwise.
        "
        CREATE TABLE IF NOT EXISTS forks (
            incident BLOB NOT NULL, writer BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (incident, writer)
        ) WITHOUT ROWID;
        ",
    ],
};

/// What a person typed and saw. Survives the process, not a power cut.
pub(super) static LOCAL: Profile = Profile {
    application: 0x5752_6c31,
    synchronous: "NORMAL",
    steps: &[
        "
        CREATE TABLE drafts (
            incident BLOB NOT NULL, person TEXT NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL,
            PRIMARY KEY (incident, person, place)
        ) WITHOUT ROWID;
        CREATE TABLE seen (
            incident BLOB NOT NULL, person TEXT NOT NULL, what TEXT NOT NULL, mark TEXT NOT NULL,
            PRIMARY KEY (incident, person, what)
        ) WITHOUT ROWID;
        CREATE TABLE bells (
            incident BLOB NOT NULL, person TEXT NOT NULL, bell TEXT NOT NULL,
            PRIMARY KEY (incident, person, bell)
        ) WITHOUT ROWID;
        ",
        // Who sits at which terminal session, where the account does not say.
        "CREATE TABLE names (session TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;",
    ],
};

/// What backends last answered, who asks them, and who sits in a room.
pub(super) static CACHE: Profile = Profile {
    application: 0x5752_6331,
    synchronous: "OFF",
    steps: &[
        "
        CREATE TABLE sources (name TEXT PRIMARY KEY, rev INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE rev (one INTEGER PRIMARY KEY CHECK (one = 1), rev INTEGER NOT NULL);
        INSERT INTO rev VALUES (1, 0);
        CREATE TABLE lease (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            holder BLOB NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, expires INTEGER NOT NULL, ttl INTEGER NOT NULL
        );
        ",
        // Who meets the other hosts, and how that stands.
        "
        CREATE TABLE IF NOT EXISTS replicates (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            holder BLOB NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, expires INTEGER NOT NULL, ttl INTEGER NOT NULL
        );
        CREATE TABLE IF NOT EXISTS replication (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL);
        -- How far the server has each writer, as last known: what waits can be counted before it is reached again.
        CREATE TABLE IF NOT EXISTS met (
            incident BLOB NOT NULL, writer BLOB NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (incident, writer)
        ) WITHOUT ROWID;
        ",
        // Who sits in a room, and when a server was last heard of those of other hosts.
        "
        CREATE TABLE IF NOT EXISTS presence (
            room BLOB PRIMARY KEY, incident BLOB NOT NULL, person TEXT NOT NULL, host TEXT NOT NULL, pane TEXT NOT NULL,
            opened INTEGER NOT NULL, key INTEGER NOT NULL, seen INTEGER NOT NULL, expires INTEGER NOT NULL,
            ended INTEGER, lost INTEGER NOT NULL, far INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS heard (one INTEGER PRIMARY KEY CHECK (one = 1), at INTEGER NOT NULL);
        ",
    ],
};

/// What the file says it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Empty,
    Current,
    Older(i64),
    Newer(i64),
    Foreign,
}

pub(super) fn standing(connection: &Connection, profile: &Profile) -> rusqlite::Result<Standing> {
    // One look at the file: a process that makes it meanwhile would else be seen half done, and the file taken for another's.
    let _look = if connection.is_autocommit() { Some(connection.unchecked_transaction()?) } else { None };
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let version = number("user_version")?;
    let application = number("application_id")?;
    if application == 0 && version == 0 {
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        return Ok(if tables == 0 { Standing::Empty } else { Standing::Foreign });
    }
    Ok(match version {
        _ if application != profile.application => Standing::Foreign,
        v if v > profile.version() => Standing::Newer(v),
        v if v < profile.version() => Standing::Older(v),
        _ => Standing::Current,
    })
}

/// Takes the steps that the file has not taken; all of them or none.
pub(super) fn migrate(connection: &mut Connection, profile: &Profile) -> rusqlite::Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been first.
    let done = match standing(&tx, profile)? {
        Standing::Empty => 0,
        Standing::Older(version) => version,
        Standing::Current | Standing::Newer(_) | Standing::Foreign => return Ok(()),
    };
    for step in profile.steps.iter().skip(usize::try_from(done).unwrap_or(0)) {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "application_id", profile.application)?;
    tx.pragma_update(None, "user_version", profile.version())?;
    tx.commit()
}
