//! Recomputes every chain from the stored bytes, and holds it against the heads that other writers saw. Shows accidents and
//! edits; a forgery by who can write the whole file, or a tail that was cut, shows only against what was written elsewhere.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::{Connection, Row as SqlRow, params};

use super::error::JournalError;
use super::merge::writer;
use super::open::Journal;
use super::read::{bytes, hash, uuid};
use super::witness::Witnesses;
use crate::incident::Instant;
use crate::incident::entry::{Hash, IncidentId, WriterId, decode};

/// What `verify` found in one incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub incident: IncidentId,
    pub entries: u64,
    pub chains: Vec<Chain>,
    /// In the order of the rows in the file.
    pub findings: Vec<Finding>,
    pub witnessed: Witnessed,
    /// Writers of whom another journal has another history, from this entry on: one of the two was put back from a copy and
    /// written to again. What stands here may be whole all the same.
    pub forks: Vec<(WriterId, u64)>,
}

/// How far other writers saw what stands here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Witnessed {
    /// All that was recorded until then is named by another writer. None: nothing is.
    pub until: Option<Instant>,
    /// Entries that no other writer has named.
    pub since: u64,
}

/// A writer's chain: what to write down elsewhere as its witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    pub writer: WriterId,
    pub seq: u64,
    pub head: Hash,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The bytes of this entry are not what its hash says.
    Altered { writer: WriterId, seq: u64, recorded: Option<Instant> },
    /// The entry is whole but follows another entry than the one before it: the writer has two histories.
    Fork { writer: WriterId, seq: u64, recorded: Option<Instant> },
    /// Another writer saw another entry there: the chain was written anew.
    Rewritten { writer: WriterId, seq: u64, by: WriterId, seen: Instant },
    /// Another writer, or a head written down elsewhere, saw an entry that is not here.
    Cut { writer: WriterId, after: u64, seq: u64, by: Option<WriterId> },
    /// A head that was written down elsewhere is of another entry.
    Otherwise { writer: WriterId, seq: u64 },
    /// Entries are missing before this one.
    Gap { writer: WriterId, after: u64, seq: u64 },
    /// The file itself cannot be read there.
    Unreadable { why: String },
}

/// The report in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<'a> {
    Intact,
    Broken(&'a Finding),
}

impl Report {
    pub fn state(&self) -> State<'_> {
        match self.findings.first() {
            None => State::Intact,
            Some(first) => State::Broken(first),
        }
    }
}

impl fmt::Display for State<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Intact => f.write_str("intact"),
            State::Broken(finding) => write!(f, "broken at {finding}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = |recorded: &Option<Instant>| match recorded {
            Some(at) => format!("recorded {}", at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
            None => "recorded at a time that cannot be read".to_owned(),
        };
        match self {
            Finding::Altered { writer, seq, recorded } => {
                write!(f, "entry {seq} of writer {writer}, {}: its bytes are not what its hash says", when(recorded))
            }
            Finding::Fork { writer, seq, recorded } => {
                let when = when(recorded);
                write!(
                    f,
                    "entry {seq} of writer {writer}, {when}: it follows another entry than the one before it (a fork)"
                )
            }
            Finding::Rewritten { writer, seq, by, seen } => {
                let seen = seen.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                write!(
                    f,
                    "entry {seq} of writer {writer}: writer {by} saw another entry there at {seen}; the chain was written anew"
                )
            }
            Finding::Cut { writer, after, seq, by } => {
                let by = by.map_or_else(|| "what was written down elsewhere".to_owned(), |by| format!("writer {by}"));
                write!(f, "entry {} of writer {writer}: missing; {by} saw them up to entry {seq}", after + 1)
            }
            Finding::Otherwise { writer, seq } => {
                write!(f, "entry {seq} of writer {writer}: another entry there was written down elsewhere")
            }
            Finding::Gap { writer, after, seq } => {
                write!(f, "entry {} of writer {writer}: missing up to entry {seq}", after + 1)
            }
            Finding::Unreadable { why } => write!(f, "the file itself: {why}"),
        }
    }
}

impl Journal {
    /// On one snapshot, so that an append in the meantime raises no alarm.
    pub fn verify(&mut self, incident: IncidentId) -> Result<Report, JournalError> {
        self.main.read(|connection| snapshot(connection, || Ok(check(connection, incident))))
    }

    /// Every incident in the file, also one that a flipped bit made up.
    pub fn verify_all(&mut self) -> Result<Vec<Report>, JournalError> {
        self.main.read(|connection| {
            snapshot(connection, || {
                let mut statement = connection.prepare("SELECT DISTINCT incident FROM entries ORDER BY incident")?;
                let mut rows = statement.query([])?;
                let mut reports = Vec::new();
                while let Some(row) = rows.next()? {
                    reports.push(match uuid(row.get_ref(0)?) {
                        Some(incident) => check(connection, IncidentId(incident)),
                        None => nameless(row)?,
                    });
                }
                Ok(reports)
            })
        })
    }
}

/// Rows whose incident's name has not even the right length.
fn nameless(row: &SqlRow<'_>) -> rusqlite::Result<Report> {
    let why = format!("entries of an incident whose name is damaged ({} bytes)", bytes(row.get_ref(0)?).len());
    let findings = vec![Finding::Unreadable { why }];
    let incident = IncidentId(uuid::Uuid::nil());
    Ok(Report {
        incident,
        entries: 0,
        chains: Vec::new(),
        findings,
        witnessed: Witnessed::default(),
        forks: Vec::new(),
    })
}

fn snapshot<T>(connection: &Connection, f: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let tx = connection.unchecked_transaction()?;
    let result = f();
    tx.finish()?;
    result
}

/// What the walk along one writer knows of the entry before.
pub(super) struct Behind {
    pub seq: u64,
    local: i64,
    /// The hash as stored, and as recomputed.
    hashes: [Hash; 2],
}

fn check(connection: &Connection, incident: IncidentId) -> Report {
    let (chains, findings) = (Vec::new(), Vec::new());
    let mut report =
        Report { incident, entries: 0, chains, findings, witnessed: Witnessed::default(), forks: Vec::new() };
    if let Err(e) = walk(connection, incident, &mut report) {
        report.findings.push(Finding::Unreadable { why: e.to_string() });
    }
    report
}

/// The writers that are known to have two histories, and from which entry on.
fn forks(connection: &Connection, incident: IncidentId) -> rusqlite::Result<BTreeMap<WriterId, u64>> {
    let mut statement = connection.prepare_cached("SELECT writer, seq FROM forks WHERE incident = ?1")?;
    let rows = statement.query_map([incident.0.as_bytes()], |row| {
        Ok((writer(row.get_ref(0)?), u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)))
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(rows.into_iter().filter_map(|(writer, seq)| Some((writer?, seq))).collect())
}

fn walk(connection: &Connection, incident: IncidentId, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT writer, seq, id, body, prev, hash, local FROM entries WHERE incident = ?1 ORDER BY writer, seq",
    )?;
    let mut rows = statement.query(params![incident.0.as_bytes()])?;
    let mut behind: BTreeMap<WriterId, Behind> = BTreeMap::new();
    // A finding and its row's place in the file.
    let mut found: Vec<(i64, Finding)> = Vec::new();
    let mut witnesses = Witnesses::default();
    while let Some(row) = rows.next()? {
        report.entries += 1;
        // A row that was moved behind others is not before them.
        let local = row.get_ref(6)?.as_i64().unwrap_or(0);
        let local = match row.get_ref(0).ok().and_then(writer).and_then(|writer| behind.get(&writer)) {
            Some(last) => local.max(last.local),
            None => local,
        };
        let (Some(writer), Ok(seq)) = (writer(row.get_ref(0)?), row.get::<_, i64>(1)) else {
            found
                .push((local, Finding::Unreadable { why: format!("the name of the entry in row {local} is damaged") }));
            continue;
        };
        let seq = u64::try_from(seq).unwrap_or(0);
        let body = bytes(row.get_ref(3)?);
        let read = decode(writer, seq, body).ok();
        let recorded = read.as_ref().map(|entry| entry.recorded);
        witnesses.add(writer, seq, read.as_ref(), local);
        let id = row.get_ref(2)?;
        let (prev, stored) = (hash(row.get_ref(4)?), hash(row.get_ref(5)?));
        let last = behind.get(&writer);
        let expected = last.map_or(0, |b| b.seq) + 1;
        let recomputed = Hash::of(prev.unwrap_or(Hash::NONE), body);
        // The column is a copy of what the body says; None where the body cannot say.
        let id_agrees = read.is_none_or(|entry| uuid(id) == Some(entry.id.0));
        if prev.is_none() || stored != Some(recomputed) || !id_agrees {
            found.push((local, Finding::Altered { writer, seq, recorded }));
        } else if seq != expected {
            found.push((local, Finding::Gap { writer, after: expected - 1, seq }));
        } else {
            let follows = match last {
                Some(last) => prev.is_some_and(|prev| last.hashes.contains(&prev)),
                None => prev == Some(Hash::start(incident, writer)),
            };
            if !follows {
                found.push((local, Finding::Fork { writer, seq, recorded }));
            }
        }
        behind.insert(writer, Behind { seq, local, hashes: [stored.unwrap_or(recomputed), recomputed] });
    }
    let forks = forks(connection, incident)?;
    report.forks = forks.iter().map(|(writer, seq)| (*writer, *seq)).collect();
    witnesses.judge(connection, incident, (&behind, &forks), &mut found, report)?;
    found.sort_by_key(|(local, _)| *local);
    report.findings = found.into_iter().map(|(_, finding)| finding).collect();
    report.chains = behind.into_iter().map(|(writer, b)| Chain { writer, seq: b.seq, head: b.hashes[1] }).collect();
    Ok(())
}
