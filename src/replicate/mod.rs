//! Where several hosts meet: one table of a PostgreSQL, or of a distributed engine that speaks its protocol. Each side says how
//! far it has every writer and asks for more. Decides nothing, folds nothing; the journal of this host stays the truth.
//!
//! Nothing here needs a sequence, a trigger, a notification or a clock of the server: transactions may commit late and in any
//! order, since what is asked for is always what lies above the last entry without a gap.

mod connect;
mod exchange;
mod init;
mod presence;
mod table;

pub use connect::{Fault, with};
pub use exchange::{Forked, Here, Moved, There};
pub use init::{init, sql};
pub use presence::Presences;
