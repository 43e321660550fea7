//! How far the server has each writer of an incident, and with which hash: what the append-only table witnesses. Changes nothing.

use tokio_postgres::Client;

use super::connect::Fault;
use super::table;
use crate::incident::entry::{ChainHead, IncidentId};

/// The last entry of each writer that follows without a gap.
pub async fn heads(client: &Client, incident: IncidentId) -> Result<Vec<ChainHead>, Fault> {
    let mut heads = Vec::new();
    for (_, writer) in table::writers(client).await?.into_iter().filter(|(of, _)| *of == incident) {
        let seq = table::gap_free(client, incident, writer).await?;
        let last = table::above(client, incident, writer, seq.saturating_sub(1), 1).await?;
        heads.extend(last.into_iter().map(|row| (row.writer, row.seq, row.hash)));
    }
    Ok(heads)
}
