//! What the tests of `room` prove.
