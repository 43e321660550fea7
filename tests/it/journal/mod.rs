//! What the tests of `journal` prove.
