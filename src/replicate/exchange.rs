//! One round between the journal and the table: what is missing here comes, what is missing there goes. May end anywhere and
//! be begun again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio_postgres::Client;

use super::connect::Fault;
use super::table::{self, AT_A_TIME};
use crate::incident::entry::{Hash, IncidentId, WriterId};
use crate::journal::{Cursor, Journal, JournalError, Row};

/// Between two batches that are taken in.
const PAUSE: Duration = Duration::from_millis(25);

/// After so many rounds it is looked again whether what kept entries here is mended.
const AGAIN: u32 = 15;

/// How far the journal is, kept between rounds and over connections: it only grows.
#[derive(Default)]
pub struct Here {
    has: BTreeMap<IncidentId, BTreeMap<WriterId, (u64, Hash)>>,
    /// The end of the journal when all of that was looked up.
    end: Option<Cursor>,
}

/// How far the server is, as known of this connection. Begun anew with each: a server that took the place of another may lack
/// what that one had taken, and is offered it again.
#[derive(Default)]
pub struct There {
    has: BTreeMap<(IncidentId, WriterId), u64>,
    forked: BTreeMap<(IncidentId, WriterId), u64>,
    /// Of which it was told already.
    told: BTreeSet<(IncidentId, WriterId)>,
    /// Whole rounds on this connection.
    rounds: u32,
    /// Whether this user may only read. None: not asked yet.
    reads_only: Option<bool>,
    /// Whether this user could rewrite the table, which no room should.
    pub may_rewrite: bool,
    /// The one incident that is asked about; None: all.
    only: Option<IncidentId>,
}

/// What a round moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// New entries here, by incident and writer.
    pub came: BTreeMap<IncidentId, BTreeMap<WriterId, usize>>,
    pub went: u64,
    /// Entries here that the server lacks, since this user may only read or the writer has two histories.
    pub wait: u64,
    /// Found in this round.
    pub forks: Vec<Forked>,
}

/// A writer with another history there than here. It is neither taken nor offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forked {
    pub incident: IncidentId,
    pub writer: WriterId,
    /// An entry that is not the same.
    pub seq: u64,
    /// The entry on the server is not what its own hash says: no other history, but damage.
    pub damaged: bool,
}

impl Moved {
    /// All that came.
    pub fn all_came(&self) -> usize {
        self.came.values().flat_map(BTreeMap::values).sum()
    }
}

impl Here {
    /// How many entries the journal has that a server does not, as last known of it.
    pub fn waits(&mut self, journal: &mut Journal, there: Option<&There>) -> Result<u64, JournalError> {
        let mut waits = 0;
        for incident in journal.incident_ids()? {
            let has = self.has.entry(incident).or_default();
            journal.advance(incident, has)?;
            for (writer, (seq, _)) in has {
                let theirs = there.and_then(|there| there.has.get(&(incident, *writer)));
                waits += seq.saturating_sub(theirs.copied().unwrap_or(0));
            }
        }
        Ok(waits)
    }
}

impl There {
    /// As it was last known of a server that is not asked any more.
    pub fn known(has: impl IntoIterator<Item = (IncidentId, WriterId, u64)>) -> There {
        let has = has.into_iter().map(|(incident, writer, seq)| ((incident, writer), seq)).collect();
        There { has, ..There::default() }
    }

    /// How far it has each writer.
    pub fn has(&self) -> &BTreeMap<(IncidentId, WriterId), u64> {
        &self.has
    }

    /// Asks about one incident alone.
    pub fn of(incident: IncidentId) -> There {
        There { only: Some(incident), ..There::default() }
    }

    /// One round.
    pub async fn exchange(
        &mut self,
        client: &mut Client,
        journal: &mut Journal,
        here: &mut Here,
    ) -> Result<Moved, Fault> {
        self.exchange_with(client, journal, here, &mut |_| Ok(())).await
    }

    /// One round; `beat` is called before each batch, may be minutes apart from the begin, and ends the round by a fault.
    pub async fn exchange_with(
        &mut self,
        client: &mut Client,
        journal: &mut Journal,
        here: &mut Here,
        beat: &mut impl FnMut(&mut Journal) -> Result<(), Fault>,
    ) -> Result<Moved, Fault> {
        self.rounds = self.rounds.wrapping_add(1);
        if self.rounds.is_multiple_of(AGAIN) {
            self.look_again();
        }
        let reads_only = match self.reads_only {
            Some(known) => known,
            None => {
                let may = table::may(client).await?;
                self.may_rewrite = may.rewrite;
                self.reads_only = Some(!may.insert);
                !may.insert
            }
        };
        let mut moved = Moved::default();
        let writers = table::writers(client).await?;
        let known = journal.incident_ids().map_err(local)?;
        let removed: BTreeSet<IncidentId> =
            journal.removed().map_err(local)?.iter().map(|mark| mark.incident).collect();
        // What was removed here does not come back unasked; asked for, it comes from its first entry on.
        here.has.retain(|incident, _| !removed.contains(incident));
        let all = writers.iter().map(|(incident, _)| *incident).chain(known).filter(|id| !removed.contains(id));
        let incidents: BTreeSet<IncidentId> = all.filter(|id| self.only.is_none_or(|only| only == *id)).collect();
        let news = self.news(client, journal, here, &incidents, &writers).await?;
        for incident in incidents {
            let has = here.has.entry(incident).or_default();
            for writer in news.iter().filter(|(of, _)| *of == incident).map(|(_, writer)| *writer) {
                self.pull(client, journal, incident, writer, has, &mut moved, beat).await?;
            }
            for (writer, (seq, _)) in &*has {
                let known = self.has.get(&(incident, *writer)).copied().unwrap_or(0);
                if let Some(fork) = self.forked.get(&(incident, *writer)) {
                    moved.wait += seq.saturating_add(1).saturating_sub(*fork);
                } else if reads_only {
                    moved.wait += seq.saturating_sub(known);
                } else if *seq > known {
                    self.push(client, journal, incident, (*writer, *seq), known, &mut moved, beat).await?;
                }
            }
        }
        Ok(moved)
    }

    /// What kept entries here may have been mended at the server: a right that was given, a row that was taken away.
    fn look_again(&mut self) {
        if self.reads_only == Some(true) {
            self.reads_only = None;
        }
        for key in std::mem::take(&mut self.forked).into_keys() {
            self.has.remove(&key);
        }
    }

    /// Keeps that a writer is not the same here and there; tells it once.
    fn forked(&mut self, moved: &mut Moved, forked: Forked) {
        let key = (forked.incident, forked.writer);
        self.forked.insert(key, forked.seq);
        if self.told.insert(key) {
            moved.forks.push(forked);
        }
    }

    /// The writers who have something for us, and those of whom nothing is known yet on this connection: one question, however
    /// many there are.
    async fn news(
        &self,
        client: &Client,
        journal: &mut Journal,
        here: &mut Here,
        incidents: &BTreeSet<IncidentId>,
        writers: &[(IncidentId, WriterId)],
    ) -> Result<Vec<(IncidentId, WriterId)>, Fault> {
        let end = journal.end().map_err(local)?;
        if here.end != Some(end) {
            for incident in incidents {
                journal.advance(*incident, here.has.entry(*incident).or_default()).map_err(local)?;
            }
            here.end = self.only.is_none().then_some(end);
        }
        let ours = |(incident, writer): &(IncidentId, WriterId)| {
            here.has.get(incident).and_then(|has| has.get(writer)).map_or(0, |(seq, _)| *seq)
        };
        let meant = writers.iter().filter(|(incident, _)| incidents.contains(incident));
        let (known, new): (Vec<_>, Vec<_>) = meant.copied().partition(|key| self.has.contains_key(key));
        let asked: Vec<_> = known.iter().map(|key| (key.0, key.1, ours(key).saturating_add(1))).collect();
        let mut news = match asked.is_empty() {
            true => Vec::new(),
            false => table::there(client, &asked).await?,
        };
        news.extend(new);
        Ok(news)
    }

    /// Takes in what the server has of a writer above what is here.
    #[expect(clippy::too_many_arguments, reason = "a step of the round, in its words")]
    async fn pull(
        &mut self,
        client: &Client,
        journal: &mut Journal,
        incident: IncidentId,
        writer: WriterId,
        has: &mut BTreeMap<WriterId, (u64, Hash)>,
        moved: &mut Moved,
        beat: &mut impl FnMut(&mut Journal) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let key = (incident, writer);
        if self.forked.contains_key(&key) {
            return Ok(());
        }
        let theirs = match self.has.get(&key) {
            Some(known) => *known,
            None => {
                let known = table::gap_free(client, incident, writer).await?;
                self.has.insert(key, known);
                // Where both have it, it must be the same.
                let ours = has.get(&writer).map_or(0, |(seq, _)| *seq);
                let common = ours.min(known);
                if common > 0 {
                    let row = table::above(client, incident, writer, common - 1, 1).await?;
                    self.compare(journal, incident, &row, moved)?;
                    if self.forked.contains_key(&key) {
                        return Ok(());
                    }
                }
                known
            }
        };
        let mut theirs = theirs;
        loop {
            beat(journal)?;
            let ours = has.get(&writer).map_or(0, |(seq, _)| *seq);
            let rows = table::above(client, incident, writer, ours, AT_A_TIME).await?;
            let Some(last) = rows.last().map(|row| row.seq) else { return Ok(()) };
            let taken = match journal.take(incident, &rows) {
                Ok(taken) => taken,
                Err(JournalError::BadHash { seq, .. }) => {
                    // One damaged row must not keep all else from coming, nor what stands before it.
                    let before = rows.partition_point(|row| row.seq < seq);
                    let taken = journal.take(incident, rows.get(..before).unwrap_or_default()).map_err(local)?;
                    for (writer, new) in &taken.new {
                        *moved.came.entry(incident).or_default().entry(*writer).or_default() += new;
                    }
                    journal.advance_one(incident, writer, has).map_err(local)?;
                    // Where it stands in the place of what is written here, that goes on under another pen.
                    journal.retire_pen(incident, writer).map_err(local)?;
                    self.forked(moved, Forked { incident, writer, seq, damaged: true });
                    return Ok(());
                }
                Err(error) => return Err(local(error)),
            };
            for (writer, new) in &taken.new {
                *moved.came.entry(incident).or_default().entry(*writer).or_default() += new;
            }
            if let Some((_, seq)) = taken.forks.first() {
                self.forked(moved, Forked { incident, writer, seq: *seq, damaged: false });
                return Ok(());
            }
            journal.advance_one(incident, writer, has).map_err(local)?;
            if theirs >= ours {
                theirs = theirs.max(last);
                self.has.insert(key, theirs);
            }
            if rows.len() < AT_A_TIME {
                return Ok(());
            }
            // Whoever waits to write to this journal asks for it now and then: there has to be a moment when it is free.
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Offers what is here of a writer above what the server has.
    #[expect(clippy::too_many_arguments, reason = "a step of the round, in its words")]
    async fn push(
        &mut self,
        client: &mut Client,
        journal: &mut Journal,
        incident: IncidentId,
        (writer, to): (WriterId, u64),
        from: u64,
        moved: &mut Moved,
        beat: &mut impl FnMut(&mut Journal) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut from = from;
        while from < to {
            beat(journal)?;
            let mut rows = journal.rows(incident, writer, from, AT_A_TIME).map_err(local)?;
            rows.retain(|row| row.seq <= to);
            let Some(last) = rows.last().cloned() else { return Ok(()) };
            if let Some(theirs) = table::add(client, incident, &rows).await? {
                self.compare(journal, incident, &[theirs], moved)?;
                return Ok(());
            }
            moved.went += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            from = last.seq;
            self.has.insert((incident, writer), from);
        }
        Ok(())
    }

    /// Holds a row of the server against ours. Where they differ the journal learns it, and where the pen is its own takes another.
    fn compare(
        &mut self,
        journal: &mut Journal,
        incident: IncidentId,
        theirs: &[Row],
        moved: &mut Moved,
    ) -> Result<(), Fault> {
        let (taken, damaged) = match journal.take(incident, theirs) {
            Ok(taken) => (taken.forks, false),
            Err(JournalError::BadHash { seq, .. }) => {
                let found: Vec<_> = theirs.first().map(|row| (row.writer, seq)).into_iter().collect();
                for (writer, _) in &found {
                    journal.retire_pen(incident, *writer).map_err(local)?;
                }
                (found, true)
            }
            Err(error) => return Err(local(error)),
        };
        for (writer, seq) in taken {
            self.forked(moved, Forked { incident, writer, seq, damaged });
        }
        Ok(())
    }
}

pub(super) fn local(error: JournalError) -> Fault {
    Fault(error.to_string())
}
