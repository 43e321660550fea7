//! The record and the CAN report, for people and programs. Never writes a file itself.

pub mod can;
pub mod line;
