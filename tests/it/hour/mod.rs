//! The commander's first hour: what the tests of `hour` prove: each step within its keys, on the real program, at three sizes.

pub mod act;
mod agencies;
mod first;
mod together;
mod wander;
mod words;

pub use agencies::carrier;
