//! The status family: pages that say which components work. Never decides what an incident is.

pub mod statuspage;
