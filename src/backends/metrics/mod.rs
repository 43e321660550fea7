//! The metrics family: named queries that answer with one number each. Never turns "no answer" into 0.

pub mod prometheus;
