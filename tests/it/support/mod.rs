//! What tests share: real servers on free ports, temporary folders, the built binary.

pub mod process;
pub mod pty;
pub mod wire;
pub mod wire_check;
pub mod world;
