//! The running room: one loop and its effects.
