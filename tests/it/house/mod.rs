//! What the tests of `house` prove.
