//! The notification family: what pages people, and what messages leave by. Never repeats a message.

pub mod alertmanager;
pub mod bounces;
pub mod command;
pub mod file;
pub mod slack;
pub mod smtp;
pub mod statuspage_manage;
pub mod webhook;
