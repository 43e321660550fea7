//! The notification family: what pages people, and what messages leave by. Never repeats a message.

pub mod alertmanager;
pub mod webhook;
