//! Adapters without IO, the transports that own sockets and secrets, and the schedule. Never writes a journal, never draws.
//!
//! To add a backend, or a channel: one file with an [`adapter::Adapter`], one row in [`kinds::KINDS`].

pub mod adapter;
pub mod delivery;
pub mod failure;
pub mod job;
pub mod kinds;
pub mod metrics;
pub mod notification;
pub mod poller;
pub mod request;
pub mod response;
pub mod schedule;
pub mod settings;
pub mod status;
pub mod transport;

pub use adapter::{Adapter, Outcome, Outgoing};
pub use failure::{Class, Failure};
pub use request::Request;
pub use response::{Answer, Response};
pub use transport::{Client, Limits};
