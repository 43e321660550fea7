//! One connection to the server that may be written to, with limits. Never shows the secret, never trusts another certificate.

use std::future::Future;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::backends::transport::{secret, tls};
use crate::config::Replicate;

/// Why nothing, or not all, was exchanged: a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// How long one host may take to take the connection, and a question to be answered.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(10);

/// Connects, does `work`, and ends with it or with the connection, whichever is first.
pub async fn with<T>(
    place: &Replicate,
    host: &str,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let (config, tls) = settings(place, host).await?;
    // Each of several hosts may take its time.
    let patience = CONNECT * u32::try_from(config.get_hosts().len()).unwrap_or(1) + ANSWER;
    let connected = tokio::time::timeout(patience, config.connect(tls)).await;
    let (mut client, connection) = match connected {
        Ok(Ok(both)) => both,
        Ok(Err(error)) => return Err(said("cannot be reached", &error)),
        Err(_) => return Err(Fault("the server does not answer".to_owned())),
    };
    tokio::select! {
        done = work(&mut client) => done,
        ended = connection => Err(match ended {
            Ok(()) => Fault("the connection ended".to_owned()),
            Err(error) => said("the connection ended", &error),
        }),
    }
}

/// The answer to one question, or that none came.
pub(super) async fn answer<T>(question: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Fault> {
    match tokio::time::timeout(ANSWER, question).await {
        Ok(answer) => answer.map_err(|error| said("the server refused", &error)),
        Err(_) => Err(Fault(format!("the server did not answer within {} s", ANSWER.as_secs()))),
    }
}

async fn settings(place: &Replicate, host: &str) -> Result<(Config, MakeRustlsConnect), Fault> {
    // It was read before, when the configuration was checked.
    let mut config: Config = place.url.parse().map_err(|_| Fault("the url cannot be read".to_owned()))?;
    if let Some(reference) = &place.token {
        let password = secret::resolve(reference).await.map_err(Fault)?;
        config.password(password.reveal());
    }
    let encrypts = match (here(&config), &place.ca, place.insecure) {
        (_, Some(_), _) | (false, None, false) => SslMode::Require,
        (true, None, _) => SslMode::Disable,
        (false, None, true) => SslMode::Prefer,
    };
    config
        .ssl_mode(encrypts)
        .application_name(format!("warroom on {host}"))
        .connect_timeout(CONNECT)
        .tcp_user_timeout(ANSWER)
        .keepalives_idle(Duration::from_secs(5))
        .keepalives_interval(Duration::from_secs(2))
        .keepalives_retries(3);
    let mut tls = tls::config(&tls::native_roots(), place.ca.as_deref()).map_err(Fault)?;
    tls.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok((config, MakeRustlsConnect::new(tls)))
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
