//! What the tests of `demo` prove: the scenario keeps the public record, and its servers speak the real wire formats.

mod outbox;
mod scenario;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::{Client, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};
use warroom::demo::{self, Outbox, Scenario};
use warroom::incident::Instant;
use warroom::incident::clock::Clock;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn built_in() -> Scenario {
    Scenario::built_in().unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn recorded(name: &str) -> Value {
    let path = format!("{}/tests/data/demo/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The demo, served, with its clocks in hand.
struct Stage {
    client: Client,
    config: toml::Table,
    outbox: Outbox,
    clock: watch::Sender<Clock>,
    real: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    served: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
    _dir: TempDir,
}

const REAL: &str = "2026-05-01T12:00:00Z";

impl Stage {
    async fn new(scenario: Scenario, room: &str) -> Stage {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let (clock, seen) = watch::channel(Clock { real: at(REAL), room: at(room), speed: 0.0 });
        let real = Arc::new(AtomicI64::new(at(REAL).timestamp()));
        let ours = real.clone();
        let now = move || Instant::from_timestamp(ours.load(Ordering::SeqCst), 0).unwrap();
        let running = demo::bind(Arc::new(scenario), seen, now, dir.path()).await.unwrap();
        let config: toml::Table = running.config_text().parse().unwrap();
        let outbox = running.outbox();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(running.serve(async move {
            let _ = stopped.await;
        }));
        let client = Client::builder().no_proxy().build().unwrap();
        Stage { client, config, outbox, clock, real, stop: Some(stop), served: Some(served), _dir: dir }
    }

    fn room(&self, room: &str) {
        self.clock.send_replace(Clock { real: at(REAL), room: at(room), speed: 0.0 });
    }

    fn pass(&self, seconds: i64) {
        self.real.fetch_add(seconds, Ordering::SeqCst);
    }

    fn source(&self, name: &str) -> &toml::Table {
        ["status", "notification", "metrics"]
            .into_iter()
            .flat_map(|family| self.config[family].as_array().unwrap())
            .filter_map(toml::Value::as_table)
            .find(|t| t["name"].as_str() == Some(name))
            .unwrap()
    }

    fn url(&self, name: &str, path: &str) -> String {
        format!("{}{path}", self.source(name)["url"].as_str().unwrap())
    }

    fn token(&self, name: &str) -> String {
        std::fs::read_to_string(self.source(name)["token"]["file"].as_str().unwrap()).unwrap()
    }

    async fn get(&self, name: &str, path: &str) -> Response {
        self.client.get(self.url(name, path)).bearer_auth(self.token(name)).send().await.unwrap()
    }

    async fn json(&self, name: &str, path: &str) -> Value {
        json(self.get(name, path).await).await
    }
}

async fn json(response: Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}
