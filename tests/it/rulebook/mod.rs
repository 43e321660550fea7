//! What the tests of `rulebook` prove: the built-in book, its worked examples, and the faults of a book of one's own.
mod examples;
mod faults;
