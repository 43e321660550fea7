//! What the tests of `cli` prove.
