//! What the tests of `house` prove: the map in `src/lib.rs` is true of the source. Reads files, runs nothing.

mod arrows;
mod manners;
mod source;
