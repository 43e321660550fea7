//! Puts what this host wrote of one incident on the server, at once and nothing else. Takes nothing in.

use tokio_postgres::Client;

use super::connect::Fault;
use super::exchange::local;
use super::table::{self, AT_A_TIME};
use crate::incident::entry::{EntryId, IncidentId, WriterId};
use crate::journal::Journal;

/// Returns when these entries of this journal, and what its pens wrote before them, are known to stand on the server; a fault
/// says nothing either way.
pub async fn offer(
    client: &mut Client,
    journal: &mut Journal,
    incident: IncidentId,
    entries: &[EntryId],
) -> Result<(), Fault> {
    for writer in journal.own_writers(incident).map_err(local)? {
        let mut from = table::gap_free(client, incident, writer).await?;
        if from > 0 && !same(client, journal, incident, (writer, from)).await? {
            // A pen with two histories: the one here is not mixed into the one there.
            continue;
        }
        loop {
            let rows = journal.rows(incident, writer, from, AT_A_TIME).map_err(local)?;
            let Some(last) = rows.last() else { break };
            if table::add(client, incident, &rows).await?.is_some() {
                return Err(Fault(OTHER.to_owned()));
            }
            from = last.seq;
        }
    }
    for entry in entries {
        let place = journal.place_of(incident, *entry).map_err(local)?;
        let place = place.ok_or_else(|| Fault("what is to be shown is not in the journal".to_owned()))?;
        // The server may have more of this pen than the journal, which was put back from a copy.
        if !same(client, journal, incident, place).await? {
            return Err(Fault(OTHER.to_owned()));
        }
    }
    Ok(())
}

const OTHER: &str = "the server has another history of what was written here";

/// Whether an entry there is the one that is here.
async fn same(
    client: &Client,
    journal: &mut Journal,
    incident: IncidentId,
    (writer, seq): (WriterId, u64),
) -> Result<bool, Fault> {
    let ours = journal.rows(incident, writer, seq.saturating_sub(1), 1).map_err(local)?;
    let theirs = table::above(client, incident, writer, seq.saturating_sub(1), 1).await?;
    Ok(ours.first().is_some_and(|row| row.seq == seq) && ours.first() == theirs.first())
}
