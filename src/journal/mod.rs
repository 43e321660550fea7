//! The SQLite file that holds every entry. Of what an entry says it reads only which heads were seen.
//!
//! Three files stand side by side. `JOURNAL` is the evidence: entries, writers, the stored clock; every commit is on the
//! disk before it returns. `JOURNAL.local` is what one person typed and saw. `JOURNAL.cache` is what backends last
//! answered, and who polls; losing it is harmless. Each has its `-wal` and `-shm` while it is open. Files that prove something
//! stand in `JOURNAL.proofs`, each under its hash.

mod append;
pub mod archive;
pub mod bundle;
mod cache;
mod clock;
mod database;
mod error;
mod exchange;
mod lease;
mod local;
mod merge;
mod open;
mod place;
mod presence;
mod proof;
mod read;
mod retention;
mod schema;
mod sharing;
mod standing;
mod verify;
mod watch;
mod witness;

pub use append::Appended;
pub use error::{AppendError, JournalError};
pub use exchange::{Missing, Taken};
pub use lease::Lease;
pub use merge::{Merged, Row};
pub use open::{Access, Changed, Journal};
pub use place::Host;
pub use presence::new_room;
pub use proof::{Kept, named as proof_named};
pub use read::{Cursor, Head, Summary};
pub use retention::{Archived, Erased, Removed};
pub use verify::{Chain, Finding, Report, State, Witnessed};
pub use watch::{Notice, Watch};
