//! Puts what this host wrote of one incident on the server, at once and nothing else. Takes nothing in.

use tokio_postgres::Client;

use super::connect::Fault;
use super::exchange::local;
use super::table::{self, AT_A_TIME};
use crate::incident::entry::IncidentId;
use crate::journal::Journal;

/// Returns when the newest entry of this journal's pens is known to stand on the server; a fault says nothing either way.
pub async fn offer(client: &mut Client, journal: &mut Journal, incident: IncidentId) -> Result<(), Fault> {
    for writer in journal.own_writers(incident).map_err(local)? {
        let mut from = table::gap_free(client, incident, writer).await?;
        loop {
            let rows = journal.rows(incident, writer, from, AT_A_TIME).map_err(local)?;
            let Some(last) = rows.last() else { break };
            if !table::add(client, incident, &rows).await? {
                // The one that replicates for this host may have been first: is it the same?
                let theirs = table::above(client, incident, writer, last.seq - 1, 1).await?;
                if theirs.first() != Some(last) {
                    return Err(Fault("the server has another history of what was written here".to_owned()));
                }
            }
            from = last.seq;
        }
    }
    Ok(())
}
