//! Where several hosts meet: one table of a PostgreSQL, or of a distributed engine that speaks its protocol. Each side says how
//! far it has every writer and asks for more. Decides nothing, folds nothing; the journal of this host stays the truth.
//!
//! Nothing here needs a sequence, a trigger, a notification or a clock of the server: transactions may commit late and in any
//! order, since what is asked for is always what lies above the last entry without a gap.

mod check;
mod claim;
mod connect;
mod exchange;
mod heads;
mod init;
mod offer;
mod presence;
mod table;

pub use check::check;
pub use claim::{Claim, Holder, Known, LAPSES, Wish, claim, stands};
pub use connect::{Connected, Fault, connect, with};
pub use exchange::{Forked, Here, Moved, There};
pub use heads::heads;
pub use init::{init, sql};
pub use offer::offer;
pub use presence::Presences;
