//! What the tests of `demo` prove.
