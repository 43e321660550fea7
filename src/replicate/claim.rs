//! Who may send a message, across hosts: one claim of each attempt, by the first who writes its row. Sends nothing; an answer
//! that was lost is no claim.
//!
//! Rows are only ever added. Whether an attempt ended stands in the record of the incident, not here: so the next one may be
//! claimed when the record says that the one before has ended, or when that claim has lapsed by the server's clock and nobody's
//! record knows a sending of it.

use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::connect::{Fault, answer};
use super::table::{ask, column};
use crate::incident::entry::{EntryId, IncidentId};

/// Who wants to send what.
pub struct Wish<'a> {
    pub incident: IncidentId,
    pub message: EntryId,
    pub by: &'a str,
    pub host: &'a str,
    pub process: &'a str,
}

/// What came of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours to send, as this attempt.
    Ours(u64),
    Theirs(Holder),
}

/// Who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub by: String,
    pub host: String,
    /// Seconds since it was claimed, by the server's clock.
    pub seconds: i64,
}

/// What the record knows of the sending that an attempt was claimed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Nothing,
    UnderWay,
    Ended,
}

/// How long a claim stands without a sending, in seconds: many times what there is between the two.
pub const LAPSES: i64 = 30;

/// How often somebody may be first before it is left to them.
const TRIES: usize = 3;

/// Claims the next attempt. `known` tells what the record says of an attempt of a process, once all that the server has was
/// read.
pub async fn claim(
    client: &mut Client,
    wish: &Wish<'_>,
    mut known: impl AsyncFnMut(&mut Client, u64, &str) -> Result<Known, Fault>,
) -> Result<Claim, Fault> {
    let mut holder = None;
    for _ in 0..TRIES {
        let last = latest(client, wish).await?;
        let attempt = match &last {
            None => 1,
            Some(last) => match known(client, last.attempt, &last.process).await? {
                Known::Ended => last.attempt.saturating_add(1),
                Known::Nothing if last.lapsed => last.attempt.saturating_add(1),
                // Claimed by this very process before: the answer was lost, or nothing came of it.
                Known::Nothing if last.process == wish.process => return Ok(Claim::Ours(last.attempt)),
                Known::Nothing | Known::UnderWay => return Ok(Claim::Theirs(last.holder.clone())),
            },
        };
        if add(client, wish, attempt).await? {
            // Whoever let their claim lapse may only have been slow: their sending is there by now, or they see ours.
            if let Some(last) = &last
                && known(client, last.attempt, &last.process).await? == Known::UnderWay
            {
                return Ok(Claim::Theirs(last.holder.clone()));
            }
            return Ok(Claim::Ours(attempt));
        }
        holder = latest(client, wish).await?.map(|last| last.holder);
    }
    holder.map(Claim::Theirs).ok_or_else(|| Fault("the claims of the server change while they are read".to_owned()))
}

/// Whether an attempt is still the last: asked once its sending is on the server, and before anything leaves.
pub async fn stands(client: &Client, incident: IncidentId, message: EntryId, attempt: u64) -> Result<bool, Fault> {
    let attempt = i64::try_from(attempt).unwrap_or(i64::MAX);
    let text = "SELECT 1 FROM warroom_claims WHERE incident = $1 AND message = $2 AND attempt > $3 LIMIT 1";
    let values: [(&(dyn ToSql + Sync), Type); 3] =
        [(&incident.0, Type::UUID), (&message.0, Type::UUID), (&attempt, Type::INT8)];
    Ok(ask(client, text, &values).await?.is_empty())
}

struct Last {
    attempt: u64,
    process: String,
    lapsed: bool,
    holder: Holder,
}

async fn latest(client: &Client, wish: &Wish<'_>) -> Result<Option<Last>, Fault> {
    let text = "SELECT attempt, by_whom, host, process, expires_at <= now(), \
                CAST(extract(epoch FROM now() - claimed_at) AS INT8)
                FROM warroom_claims WHERE incident = $1 AND message = $2 ORDER BY attempt DESC LIMIT 1";
    let values: [(&(dyn ToSql + Sync), Type); 2] = [(&wish.incident.0, Type::UUID), (&wish.message.0, Type::UUID)];
    let rows = ask(client, text, &values).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let attempt: i64 = column(row, 0)?;
    Ok(Some(Last {
        attempt: u64::try_from(attempt).unwrap_or(0),
        process: column(row, 3)?,
        lapsed: column(row, 4)?,
        holder: Holder { by: column(row, 1)?, host: column(row, 2)?, seconds: column(row, 5)? },
    }))
}

/// Whether our row is the one of this attempt.
async fn add(client: &Client, wish: &Wish<'_>, attempt: u64) -> Result<bool, Fault> {
    let attempt = i64::try_from(attempt).unwrap_or(i64::MAX);
    let text =
        "INSERT INTO warroom_claims (incident, message, attempt, by_whom, host, process, claimed_at, expires_at) \
                VALUES ($1, $2, $3, $4, $5, $6, now(), now() + $7 * INTERVAL '1 second')
                ON CONFLICT (incident, message, attempt) DO NOTHING";
    let (by, host, process) = (wish.by, wish.host, wish.process);
    let lapses = LAPSES as f64;
    let values: [(&(dyn ToSql + Sync), Type); 7] = [
        (&wish.incident.0, Type::UUID),
        (&wish.message.0, Type::UUID),
        (&attempt, Type::INT8),
        (&by, Type::TEXT),
        (&host, Type::TEXT),
        (&process, Type::TEXT),
        (&lapses, Type::FLOAT8),
    ];
    let hint = |Fault(why): Fault| Fault(format!("{why}; `warroom check` says what is wrong with the server"));
    Ok(answer(client.execute_typed(text, &values)).await.map_err(hint)? == 1)
}
