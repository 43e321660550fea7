//! The witness that this host leaves of what came from others: how far it has seen their chains. Judges nothing.

use std::convert::Infallible;

use crate::incident::Instant;
use crate::incident::entry::{Author, Draft, IncidentId};
use crate::incident::witness;
use crate::journal::{AppendError, Cursor, Journal, JournalError};

/// Writes down how far others' chains are here, where nobody has yet.
pub fn write(journal: &mut Journal, id: IncidentId, host: &str, now: Instant) -> Result<(), JournalError> {
    let (entries, cursor) = journal.read_after(id, Cursor::START, usize::MAX)?;
    let heads = journal.head(id)?.writers;
    let own = journal.own_writers(id)?;
    let Some(seen) = witness::to_name(&entries, &heads, &own) else { return Ok(()) };
    let author = Author { person: "warroom".to_owned(), host: host.to_owned(), machine: true };
    match journal.append::<Infallible>(id, &author, now, cursor, |_| Ok(vec![Draft::now(seen.into())])) {
        Ok(_) => Ok(()),
        Err(AppendError::Journal(error)) => Err(error),
        Err(AppendError::Refused(never)) => match never {},
    }
}
