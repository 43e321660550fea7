//! One connection to the server that may be written to, with limits. Never shows the secret, never trusts another certificate.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::{BoxFuture, select_all};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::backends::transport::{secret, tls};
use crate::config::Replicate;

/// Why nothing, or not all, was exchanged: a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// How long one server may take to take the connection, to let us in, and a question to be answered.
const CONNECT: Duration = Duration::from_secs(3);
const HANDSHAKE: Duration = Duration::from_secs(8);
const ANSWER: Duration = Duration::from_secs(8);
/// Between two tries of one server while another has not answered yet.
const AGAIN: Duration = Duration::from_millis(500);

/// A server that let us in.
pub struct Connected {
    client: Client,
    connection: BoxFuture<'static, Result<(), tokio_postgres::Error>>,
}

impl Connected {
    /// Does `work`, and ends with it or with the connection, whichever is first.
    pub async fn with<T>(mut self, work: impl AsyncFnOnce(&mut Client) -> Result<T, Fault>) -> Result<T, Fault> {
        tokio::select! {
            done = work(&mut self.client) => done,
            ended = self.connection => Err(match ended {
                Ok(()) => Fault("the connection ended".to_owned()),
                Err(error) => said("the connection ended", &error),
            }),
        }
    }
}

/// Connects and does `work`.
pub async fn with<T>(
    place: &Replicate,
    host: &str,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, Fault>,
) -> Result<T, Fault> {
    connect(place, host).await?.with(work).await
}

/// The first server that lets us in as the URL asks. All are tried at once: one that is frozen must not hide the one that took
/// its place, and one that was not promoted yet is asked again while another may still answer.
pub async fn connect(place: &Replicate, host: &str) -> Result<Connected, Fault> {
    let (all, tls) = settings(place)?;
    let each = each(&all, place, host).await?;
    let faults: Mutex<Vec<Option<Fault>>> = Mutex::new(vec![None; each.len()]);
    let tries = each.iter().enumerate().map(|(n, config)| {
        let (tls, faults) = (tls.clone(), &faults);
        Box::pin(async move {
            loop {
                let fault = match tokio::time::timeout(HANDSHAKE, config.connect(tls.clone())).await {
                    Ok(Ok((client, connection))) => {
                        return Ok(Connected { client, connection: Box::pin(connection) });
                    }
                    Ok(Err(error)) => said("cannot be reached", &error),
                    Err(_) => Fault("the server does not answer".to_owned()),
                };
                if let Some(fault) = all_failed(faults, n, fault) {
                    return Err(fault);
                }
                tokio::time::sleep(AGAIN).await;
            }
        })
    });
    select_all(tries).await.0
}

/// Notes what became of a try; all faults where every server had its turn.
fn all_failed(faults: &Mutex<Vec<Option<Fault>>>, n: usize, fault: Fault) -> Option<Fault> {
    let mut faults = faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(slot) = faults.get_mut(n) {
        *slot = Some(fault);
    }
    let mut told: Vec<&str> = faults.iter().map(|fault| Some(fault.as_ref()?.0.as_str())).collect::<Option<_>>()?;
    told.dedup();
    Some(Fault(told.join("; ")))
}

/// The answer to one question, or that none came.
pub(super) async fn answer<T>(question: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Fault> {
    match tokio::time::timeout(ANSWER, question).await {
        Ok(answer) => answer.map_err(|error| said("the server refused", &error)),
        Err(_) => Err(Fault(format!("the server did not answer within {} s", ANSWER.as_secs()))),
    }
}

fn settings(place: &Replicate) -> Result<(Config, MakeRustlsConnect), Fault> {
    // It was read before, when the configuration was checked.
    let config: Config = place.url.parse().map_err(|_| Fault("the url cannot be read".to_owned()))?;
    let mut tls = tls::config(&tls::native_roots(), place.ca.as_deref()).map_err(Fault)?;
    tls.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok((config, MakeRustlsConnect::new(tls)))
}

/// The servers of the URL, each by itself.
async fn each(all: &Config, place: &Replicate, host: &str) -> Result<Vec<Config>, Fault> {
    let password = match &place.token {
        Some(reference) => Some(secret::resolve(reference).await.map_err(Fault)?),
        None => None,
    };
    let encrypts = match (here(all), &place.ca, place.insecure) {
        (_, Some(_), _) | (false, None, false) => SslMode::Require,
        (true, None, _) => SslMode::Disable,
        (false, None, true) => SslMode::Prefer,
    };
    let (hosts, addresses, ports) = (all.get_hosts(), all.get_hostaddrs(), all.get_ports());
    let one = |n: usize| {
        let mut config = Config::new();
        match hosts.get(n) {
            Some(Host::Tcp(name)) => config.host(name),
            Some(Host::Unix(path)) => config.host_path(path),
            None => &mut config,
        };
        if let Some(address) = addresses.get(n) {
            config.hostaddr(*address);
        }
        if let Some(port) = ports.get(n).or(ports.first()) {
            config.port(*port);
        }
        if let Some(user) = all.get_user() {
            config.user(user);
        }
        if let Some(name) = all.get_dbname() {
            config.dbname(name);
        }
        if let Some(options) = all.get_options() {
            config.options(options);
        }
        if let Some(password) = &password {
            config.password(password.reveal());
        }
        config
            .target_session_attrs(all.get_target_session_attrs())
            .channel_binding(all.get_channel_binding())
            .ssl_mode(encrypts)
            .application_name(format!("warroom on {host}"))
            .connect_timeout(CONNECT)
            .tcp_user_timeout(ANSWER)
            .keepalives_idle(Duration::from_secs(5))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3);
        config
    };
    Ok((0..hosts.len().max(addresses.len())).map(one).collect())
}

/// Whether nothing leaves this host.
fn here(config: &Config) -> bool {
    config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
        && config.get_hosts().iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => {
                name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
            }
        })
}

/// The server's own words where it has any, else what the system says.
pub(super) fn said(what: &str, error: &tokio_postgres::Error) -> Fault {
    if let Some(told) = error.as_db_error() {
        return Fault(format!("{what}: {}", told.message()));
    }
    let mut text = format!("{what}: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(&format!(" ({more})"));
        }
        cause = inner.source();
    }
    Fault(text)
}
