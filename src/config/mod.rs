//! The configuration file: its shape, its keys, its errors. Does no network IO, and never holds a secret in plain sight.

pub mod address;
pub mod alarms;
pub mod document;
pub mod file;
pub mod init;
pub mod keys;
pub mod problem;
mod program;
pub mod read;
pub mod replicate;
pub mod rights;
pub mod secret;
pub mod source;

use std::path::PathBuf;

use crate::incident::words::Family;

pub use address::Place;
pub use alarms::Alarms;
pub use problem::Problem;
pub use read::{Ascii, Binding, Config, Known};
pub use replicate::Replicate;

/// Where a secret is kept. Never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    Env(String),
    File(PathBuf),
    /// Program and arguments; no shell.
    Command(Vec<String>),
}

/// One configured backend. Keys that every adapter shares are fields; the adapter's own stand in `settings`.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceConfig {
    pub family: Family,
    pub name: String,
    /// Names the adapter.
    pub kind: String,
    /// Scheme, host, port and base path, without a trailing slash; no userinfo, no query.
    pub url: String,
    /// Seconds between polls, 5 to 3600 (1 to 3600 for loopback).
    pub every: u64,
    /// Seconds that one poll may take in all.
    pub timeout: u64,
    pub token: Option<SecretRef>,
    /// User for basic authentication; the password is `token`.
    pub user: Option<String>,
    /// Header that carries the token instead of `Authorization: Bearer`.
    pub token_header: Option<String>,
    /// More certificate authorities, PEM.
    pub ca: Option<PathBuf>,
    pub proxy: Option<String>,
    /// A person accepted that the token crosses the network over plain http.
    pub insecure: bool,
    /// The adapter's own keys, with their line numbers for errors.
    pub settings: Settings,
}

/// The keys of a backend that only its adapter knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    pub table: toml::Table,
    /// Line (from 1) of each key in the file, by its dotted path (`query.0.name`).
    pub lines: std::collections::BTreeMap<String, usize>,
}
