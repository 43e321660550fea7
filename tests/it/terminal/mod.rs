//! What the tests of `terminal` prove.
