//! What the tests of `house` prove: the map in `src/lib.rs` is true of the source; the service's unit holds.

mod arrows;
mod manners;
mod service;
mod source;
