//! What the tests of `terminal` prove: the built program in a real pseudo-terminal, and what is drawn at every size.

mod early;
mod ends;
mod environment;
mod first;
mod keys;
mod leading;
pub mod panes;
mod review;
mod undo;
mod words;

use crate::support::pty::{Home, Pty, Start};

/// The demo with its clock standing still, drawn.
fn demo(home: &Home, size: (u16, u16)) -> Pty {
    let pty = Start::new(home, &["demo", "--paused"]).size(size.0, size.1).start();
    pty.see("FirstNet");
    pty
}
