//! The configuration file: its shape, its keys, its errors. Does no network IO, and never holds a secret in plain sight.

use std::path::PathBuf;

use crate::incident::words::Family;

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

/// Something wrong with a file of the user's: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// From 1; None where the file as a whole is meant.
    pub line: Option<usize>,
    pub key: Option<String>,
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", {key}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Problem {}
