//! The one client that owns sockets, credentials, limits and caches. Never repeats a message, never follows to another origin.

pub mod auth;
mod conditional;
pub mod folder;
pub mod http;
pub mod maildir;
pub mod program;
mod redirect;
mod resolve;
pub mod retry_after;
pub mod secret;
mod sentence;
pub mod smtp;
pub mod tls;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::Url;
use tokio::sync::Semaphore;

use crate::incident::Instant;

/// How long each part of an exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Name, connection and handshake. Shorter than `head`, so that what timed out later may have been sent.
    pub connect: Duration,
    /// Until the head of the answer.
    pub head: Duration,
    /// Between two pieces of the body.
    pub idle: Duration,
    /// Requests in flight to one host.
    pub per_host: usize,
    /// Requests in flight in all.
    pub overall: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(3),
            head: Duration::from_secs(5),
            idle: Duration::from_secs(5),
            per_host: 2,
            overall: 16,
        }
    }
}

/// The client that all sources of a process share.
pub struct Client {
    limits: Limits,
    /// This host's name: it seeds the jitter, so that hosts do not ask at one moment.
    host: String,
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    pools: Mutex<HashMap<Pool, reqwest::Client>>,
    roots: OnceLock<rustls::RootCertStore>,
    kept: conditional::Kept,
    vault: secret::Vault,
    /// Whether the program is about to end: what has not begun is not begun.
    ending: tokio::sync::watch::Sender<bool>,
}

/// What must be equal for two sources to share connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pool {
    ca: Option<PathBuf>,
    proxy: Option<String>,
    /// Loopback is never proxied.
    loopback: bool,
    /// Whether each request has a connection of its own: on a new one it is certain what never left.
    fresh: bool,
}

impl Client {
    pub fn new(host: &str, limits: Limits) -> Client {
        Client {
            limits,
            host: host.to_owned(),
            all: Arc::new(Semaphore::new(limits.overall)),
            hosts: Mutex::default(),
            pools: Mutex::default(),
            roots: OnceLock::new(),
            kept: conditional::Kept::default(),
            vault: secret::Vault::default(),
            ending: tokio::sync::watch::Sender::new(false),
        }
    }

    /// The program is about to end: mailings hand over no further batch, and say so of whoever has had no turn.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    pub fn host(&self) -> &str {
        &self.host
    }
}

/// When a piece of work began: by the clock, and by a clock that never steps.
#[derive(Clone, Copy, Debug)]
pub struct Began {
    pub at: Instant,
    pub tick: tokio::time::Instant,
}

impl Began {
    /// `at` is the present, in real time.
    pub fn new(at: Instant) -> Began {
        Began { at, tick: tokio::time::Instant::now() }
    }

    /// The present, as far as the steady clock went since the beginning.
    pub fn now(&self) -> Instant {
        let passed = chrono::TimeDelta::from_std(self.tick.elapsed()).unwrap_or_default();
        self.at.checked_add_signed(passed).unwrap_or(self.at)
    }
}

/// A lock whose holder panicked is still a lock: what it guards are caches.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Scheme, host and port of a URL: the namespace of a backend's ids. The text itself where it is no URL.
pub fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

/// A base URL without trailing or doubled slashes. The error says what is wrong; it never quotes the URL.
pub fn base_url(text: &str) -> Result<String, String> {
    let mut url = Url::parse(text.trim()).map_err(|e| format!("not a URL: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err("expected a URL that begins with https:// or http://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password; use user and token".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not hold a query or a fragment".to_owned());
    }
    let parts: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
    let path = parts.join("/");
    url.set_path(&path);
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether the URL's host is this machine itself.
fn is_loopback(url: &Url) -> bool {
    match url.host_str() {
        None => false,
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()),
    }
}
