//! The questions that are asked of the table. Knows its columns; decides nothing.

use futures_util::future::join_all;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row as SqlRow, Transaction};

use super::connect::{Fault, answer};
use crate::incident::entry::{Hash, IncidentId, WriterId};
use crate::journal::Row;
use crate::journal::bundle::LARGEST_ENTRY;

/// Rows in one question or transaction.
pub const AT_A_TIME: usize = 500;

pub(super) async fn ask(
    client: &Client,
    text: &str,
    values: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Vec<SqlRow>, Fault> {
    // Without a statement of its own on the server, so that a pooler between may hand each question to another session.
    answer(client.query_typed(text, values)).await
}

pub(super) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a SqlRow, n: usize) -> Result<T, Fault> {
    row.try_get(n).map_err(|e| Fault(format!("the table is not as `warroom replicate init` makes it: {e}")))
}

fn number(row: &SqlRow, n: usize) -> Result<u64, Fault> {
    let number: Option<i64> = column(row, n)?;
    Ok(number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// What the user of this connection may do.
pub struct May {
    pub insert: bool,
    pub rewrite: bool,
}

pub async fn may(client: &Client) -> Result<May, Fault> {
    may_with(client, "warroom_entries").await
}

/// What the user may do with one of the tables.
pub(super) async fn may_with(client: &Client, table: &str) -> Result<May, Fault> {
    let text = "SELECT has_table_privilege($1, 'INSERT'), has_table_privilege($1, 'UPDATE') \
                OR has_table_privilege($1, 'DELETE')";
    match ask(client, text, &[(&table, Type::TEXT)]).await?.first() {
        Some(row) => Ok(May { insert: column(row, 0)?, rewrite: column(row, 1)? }),
        None => Ok(May { insert: false, rewrite: false }),
    }
}

/// Every writer of whom the first entry is there.
pub async fn writers(client: &Client) -> Result<Vec<(IncidentId, WriterId)>, Fault> {
    let rows = ask(client, "SELECT incident, writer FROM warroom_entries WHERE seq = 1", &[]).await?;
    rows.iter().map(|row| Ok((IncidentId(column(row, 0)?), WriterId(column(row, 1)?)))).collect()
}

/// Those of the writers of whom the entry with this seq is there.
pub async fn there(
    client: &Client,
    asked: &[(IncidentId, WriterId, u64)],
) -> Result<Vec<(IncidentId, WriterId)>, Fault> {
    let incidents: Vec<uuid::Uuid> = asked.iter().map(|(incident, ..)| incident.0).collect();
    let writers: Vec<uuid::Uuid> = asked.iter().map(|(_, writer, _)| writer.0).collect();
    let seqs: Vec<i64> = asked.iter().map(|(.., seq)| i64::try_from(*seq).unwrap_or(i64::MAX)).collect();
    let text = "SELECT k.incident, k.writer FROM unnest($1::uuid[], $2::uuid[], $3::int8[]) AS k (incident, writer, seq)
                WHERE EXISTS (
                  SELECT 1 FROM warroom_entries e WHERE e.incident = k.incident AND e.writer = k.writer AND e.seq = k.seq
                )";
    let values: [(&(dyn ToSql + Sync), Type); 3] =
        [(&incidents, Type::UUID_ARRAY), (&writers, Type::UUID_ARRAY), (&seqs, Type::INT8_ARRAY)];
    let rows = ask(client, text, &values).await?;
    rows.iter().map(|row| Ok((IncidentId(column(row, 0)?), WriterId(column(row, 1)?)))).collect()
}

/// How far a writer is there without a gap.
pub async fn gap_free(client: &Client, incident: IncidentId, writer: WriterId) -> Result<u64, Fault> {
    let values: [(&(dyn ToSql + Sync), Type); 2] = [(&incident.0, Type::UUID), (&writer.0, Type::UUID)];
    let text = "SELECT count(*), max(seq) FROM warroom_entries WHERE incident = $1 AND writer = $2";
    let rows = ask(client, text, &values).await?;
    let Some(row) = rows.first() else { return Ok(0) };
    let (count, most) = (number(row, 0)?, number(row, 1)?);
    if count == most {
        return Ok(most);
    }
    let text = "SELECT a.seq FROM warroom_entries a WHERE a.incident = $1 AND a.writer = $2 AND NOT EXISTS (
                  SELECT 1 FROM warroom_entries b
                  WHERE b.incident = a.incident AND b.writer = a.writer AND b.seq = a.seq + 1
                ) ORDER BY a.seq LIMIT 1";
    ask(client, text, &values).await?.first().map_or(Ok(0), |row| number(row, 0))
}

/// A writer's rows above a seq, as many as follow each other, at most so many. None that is larger than an entry may be.
pub async fn above(
    client: &Client,
    incident: IncidentId,
    writer: WriterId,
    after: u64,
    most: usize,
) -> Result<Vec<Row>, Fault> {
    let after_ = i64::try_from(after).unwrap_or(i64::MAX);
    let (most, largest) = (i64::try_from(most).unwrap_or(i64::MAX), i64::try_from(LARGEST_ENTRY).unwrap_or(i64::MAX));
    let text = "SELECT seq, prev, hash, body FROM warroom_entries
                WHERE incident = $1 AND writer = $2 AND seq > $3 AND octet_length(body) <= $5 ORDER BY seq LIMIT $4";
    let values: [(&(dyn ToSql + Sync), Type); 5] = [
        (&incident.0, Type::UUID),
        (&writer.0, Type::UUID),
        (&after_, Type::INT8),
        (&most, Type::INT8),
        (&largest, Type::INT8),
    ];
    let mut found: Vec<Row> = Vec::new();
    for row in ask(client, text, &values).await? {
        let seq = number(&row, 0)?;
        if seq != found.last().map_or(after, |last| last.seq).saturating_add(1) {
            break;
        }
        found.push(read(&row, writer)?);
    }
    Ok(found)
}

/// A row of seq, prev, hash and body.
fn read(row: &SqlRow, writer: WriterId) -> Result<Row, Fault> {
    let hash = |n| column::<&[u8]>(row, n).map(|bytes| Hash(bytes.try_into().unwrap_or(Hash::NONE.0)));
    Ok(Row { writer, seq: number(row, 0)?, prev: hash(1)?, hash: hash(2)?, body: column(row, 3)? })
}

/// Writes rows of one writer, in their order, all in one transaction. Where another row stands in the place of one of them
/// nothing is written: that row, the first of such.
pub async fn add(client: &mut Client, incident: IncidentId, rows: &[Row]) -> Result<Option<Row>, Fault> {
    let transaction = answer(client.transaction()).await?;
    let text = "INSERT INTO warroom_entries (incident, writer, seq, prev, hash, body) VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (incident, writer, seq) DO NOTHING";
    let inserts = rows.iter().map(async |row| {
        let seq = i64::try_from(row.seq).unwrap_or(i64::MAX);
        let (prev, hash, body): (&[u8], &[u8], &[u8]) = (&row.prev.0, &row.hash.0, &row.body);
        let values: [(&(dyn ToSql + Sync), Type); 6] = [
            (&incident.0, Type::UUID),
            (&row.writer.0, Type::UUID),
            (&seq, Type::INT8),
            (&prev, Type::BYTEA),
            (&hash, Type::BYTEA),
            (&body, Type::BYTEA),
        ];
        answer(transaction.execute_typed(text, &values)).await
    });
    let mut all_new = true;
    for done in join_all(inserts).await {
        all_new &= done? == 1;
    }
    // What would be chained to another's row must not stand beside it.
    if let (false, [first, ..]) = (all_new, rows) {
        let there = span(&transaction, incident, first, rows.len()).await?;
        if let Some((_, theirs)) = rows.iter().zip(there).find(|(ours, theirs)| *ours != theirs) {
            answer(transaction.rollback()).await?;
            return Ok(Some(theirs));
        }
    }
    answer(transaction.commit()).await?;
    Ok(None)
}

/// So many rows of a writer from this one's place on, as they stand there.
async fn span(
    transaction: &Transaction<'_>,
    incident: IncidentId,
    first: &Row,
    many: usize,
) -> Result<Vec<Row>, Fault> {
    let from = i64::try_from(first.seq).unwrap_or(i64::MAX);
    let to = from.saturating_add(i64::try_from(many).unwrap_or(i64::MAX));
    let text = "SELECT seq, prev, hash, body FROM warroom_entries
                WHERE incident = $1 AND writer = $2 AND seq >= $3 AND seq < $4 ORDER BY seq";
    let values: [(&(dyn ToSql + Sync), Type); 4] =
        [(&incident.0, Type::UUID), (&first.writer.0, Type::UUID), (&from, Type::INT8), (&to, Type::INT8)];
    let rows = answer(transaction.query_typed(text, &values)).await?;
    rows.iter().map(|row| read(row, first.writer)).collect()
}
