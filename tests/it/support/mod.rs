//! What tests share: real servers on free ports, temporary folders, the built binary.

pub mod process;
pub mod wire;
