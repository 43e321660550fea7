//! What the tests of `rulebook` prove.
