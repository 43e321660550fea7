//! The record and the CAN report, for people and programs. Never writes a file itself.
