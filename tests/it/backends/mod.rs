//! What the tests of `backends` prove.
