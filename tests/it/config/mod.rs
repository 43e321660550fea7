//! What the tests of `config` prove.
