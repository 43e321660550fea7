//! Loopback servers that replay a scenario in the real wire formats. Shares no type with the adapters that read them,
//! opens nothing beyond 127.0.0.1, and spawns nothing: it hands back one future that serves all.

pub mod read;
pub mod scenario;
pub mod servers;

use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use futures_util::future::try_join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::watch;
use uuid::Uuid;

pub use scenario::Scenario;
pub use servers::outbox::Outbox;

use crate::incident::Instant;
use crate::incident::clock::Clock;
use servers::Handle;

/// Servers that are bound and not yet serving.
pub struct Running {
    scenario: Arc<Scenario>,
    servers: Vec<Server>,
    outbox: Outbox,
}

struct Server {
    name: String,
    family: &'static str,
    kind: &'static str,
    url: String,
    token: PathBuf,
    listener: TcpListener,
    router: Router,
}

/// Binds a server for each source of the scenario and writes their fresh secrets under `dir`, readable by us alone.
/// `clock` says the scenario's instant and `real` the wall clock's.
pub async fn bind(
    scenario: Arc<Scenario>,
    clock: watch::Receiver<Clock>,
    real: impl Fn() -> Instant + Send + Sync + 'static,
    dir: &Path,
) -> io::Result<Running> {
    let handle = Handle::new(scenario.clone(), clock, real);
    let mut servers = Vec::new();
    let (outbox, outbox_server) = outbox(&handle, dir).await?;
    for page in &scenario.pages {
        let router = servers::statuspage::router(handle.clone(), &page.name, outbox.clone());
        servers.push(guarded(&handle, dir, "status", "statuspage", &page.name, router).await?);
    }
    let router = servers::alertmanager::router(handle.clone());
    servers.push(guarded(&handle, dir, "notification", "alertmanager", "pager", router).await?);
    servers.push(outbox_server);
    if !scenario.series.is_empty() {
        let router = servers::prometheus::router(handle.clone());
        servers.push(guarded(&handle, dir, "metrics", "prometheus", "core", router).await?);
    }
    Ok(Running { scenario, servers, outbox })
}

async fn guarded(
    handle: &Handle,
    dir: &Path,
    family: &'static str,
    kind: &'static str,
    name: &str,
    router: Router,
) -> io::Result<Server> {
    let secret = random();
    let token = write_secret(dir, name, &secret).await?;
    let router = servers::guarded(router, handle.clone(), Some(&secret));
    let (listener, url) = listen().await?;
    Ok(Server { name: name.to_owned(), family, kind, url, token, listener, router })
}

/// The outbox proves the sender by signature; what only reads it must know its path.
async fn outbox(handle: &Handle, dir: &Path) -> io::Result<(Outbox, Server)> {
    let key = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
    let token = write_secret(dir, "outbox", &format!("whsec_{}", STANDARD.encode(&key))).await?;
    let outbox = Outbox::new(handle.clone(), &key);
    let prefix = format!("/{}", random());
    let router = servers::guarded(outbox.router(&prefix), handle.clone(), None);
    let (listener, origin) = listen().await?;
    let url = format!("{origin}{prefix}");
    let name = "outbox".to_owned();
    Ok((outbox, Server { name, family: "notification", kind: "webhook", url, token, listener, router }))
}

async fn listen() -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Not to be guessed: 244 random bits.
fn random() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// Never follows or overwrites what lies there.
async fn write_secret(dir: &Path, name: &str, secret: &str) -> io::Result<PathBuf> {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let path = std::path::absolute(dir)?.join(format!("{plain}.token"));
    let mut file = tokio::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).await?;
    file.write_all(secret.as_bytes()).await?;
    file.flush().await?;
    Ok(path)
}

impl Running {
    /// A whole configuration for a room on these servers.
    pub fn config_text(&self) -> String {
        let incident = &self.scenario.incident;
        let organisation: Vec<String> = incident.organisation.iter().map(|kind| quoted(kind)).collect();
        let mut text = format!(
            "# The demo's own: loopback servers that replay a scenario.\nplaybook = {}\ntimezone = {}\norganisation = [{}]\n",
            quoted(&incident.playbook),
            quoted(&incident.timezone),
            organisation.join(", "),
        );
        for server in &self.servers {
            text.push_str(&format!(
                "\n[[{}]]\nname = {}\nkind = {}\nurl = {}\nevery = \"2s\"\ntoken = {{ file = {} }}\n",
                server.family,
                quoted(&server.name),
                quoted(server.kind),
                quoted(&server.url),
                quoted(&server.token.to_string_lossy()),
            ));
            match server.kind {
                "webhook" => text.push_str("receipts = \"/receipts\"\n"),
                "prometheus" => text.push_str(&self.queries()),
                _ => {}
            }
        }
        text
    }

    fn queries(&self) -> String {
        let query = |series: &scenario::Series| {
            format!(
                "\n  [[metrics.query]]\n  name = {}\n  query = {}\n  unit = {}\n  range = \"30m\"\n  step = \"1m\"\n  estimated = {}\n",
                quoted(&series.name),
                quoted(&series.query),
                quoted(&series.unit),
                self.scenario.is_estimated(series),
            )
        };
        self.scenario.series.iter().map(query).collect()
    }

    /// The outbox's memory, to put in what was sent before the opening.
    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// The base URL of a server by its source's name.
    pub fn url(&self, name: &str) -> Option<&str> {
        self.servers.iter().find(|s| s.name == name).map(|s| s.url.as_str())
    }

    /// Serves until `stop`; then open connections have a second to end.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let stop = stop.boxed().shared();
        let all = try_join_all(self.servers.into_iter().map(|server| {
            axum::serve(server.listener, server.router).with_graceful_shutdown(stop.clone()).into_future()
        }));
        let patience = async {
            stop.clone().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        tokio::select! {
            served = all => served.map(|_| ()),
            () = patience => Ok(()),
        }
    }
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
