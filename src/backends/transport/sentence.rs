//! The transport's errors as sentences, one for each cause. Names the host at most; never a path, a query or a secret.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::Url;
use rustls::CertificateError;

use super::resolve::OnlyLinkLocal;
use super::{Limits, is_loopback};
use crate::backends::response::quote;
use crate::backends::{Class, Failure};

/// An exchange that failed before the head of an answer.
pub fn of_exchange(error: &reqwest::Error, url: &Url, limits: &Limits, proxy: Option<&str>) -> Failure {
    let host = host(url);
    let mut failure = if find::<OnlyLinkLocal>(error).is_some() {
        Failure::before(Class::Setup, OnlyLinkLocal.to_string())
    } else if error.is_dns() {
        Failure::before(Class::Network, format!("the name {} cannot be resolved", url.host_str().unwrap_or_default()))
    } else if let Some(tls) = find::<rustls::Error>(error) {
        Failure::before(Class::Tls, of_tls(tls, url))
    } else if error.is_connect() && error.is_timeout() {
        Failure::before(Class::Network, format!("no connection to {host} within {}", span(limits.connect)))
    } else if error.is_connect() {
        let why = match find::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => format!("connection refused by {host}"),
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                format!("no way to {host}")
            }
            Some(_) | None => format!("no connection to {host}: {}", innermost(error)),
        };
        Failure::before(Class::Network, why)
    } else {
        let why = match find::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
                "the connection was reset before an answer".to_owned()
            }
            Some(_) | None => format!("no usable answer: {}", innermost(error)),
        };
        Failure::new(Class::Network, why)
    };
    match (proxy, failure.reached) {
        (Some(proxy), false) => {
            let proxy = Url::parse(proxy).map(|url| self::host(&url)).unwrap_or_default();
            failure.why = format!("through the proxy {proxy}: {}", failure.why);
        }
        // Which proxy the environment chose is not told; that it may be its fault is.
        (None, false) if !is_loopback(url) && environment_has_a_proxy() => {
            failure.why.push_str(" (the environment sets a proxy)");
        }
        (None | Some(_), _) => {}
    }
    failure
}

fn environment_has_a_proxy() -> bool {
    ["HTTPS_PROXY", "https_proxy", "http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// A body that broke.
pub fn of_body(error: &reqwest::Error) -> Failure {
    let why = match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset) => "the connection was reset within the answer".to_owned(),
        Some(_) | None => format!("the answer is broken or cut short: {}", innermost(error)),
    };
    Failure::new(Class::Network, why)
}

fn of_tls(error: &rustls::Error, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("the certificate of {host} has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("the certificate of {host} is not valid yet; is our clock right?")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the certificate is not for {host}")
            }
            CertificateError::UnknownIssuer => {
                format!("the certificate of {host} is from an unknown authority; name it with ca")
            }
            other => format!("the certificate of {host} cannot be used: {}", quote(&other.to_string())),
        },
        rustls::Error::InvalidMessage(_) => format!("{host} does not speak TLS at this port"),
        rustls::Error::AlertReceived(alert) => format!("{host} ended the TLS handshake: {alert:?}"),
        other => format!("no TLS with {host}: {}", quote(&other.to_string())),
    }
}

/// `5 s`, `250 ms`.
pub fn span(span: Duration) -> String {
    if span.subsec_millis() == 0 || span.as_secs() >= 10 {
        format!("{} s", span.as_secs())
    } else {
        format!("{} ms", span.as_millis())
    }
}

/// The last cause's own words: those of the library below, which know no URL.
pub fn innermost(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn Error> = error.source();
    let mut words = "the connection failed".to_owned();
    while let Some(error) = cause {
        if !error.is::<reqwest::Error>() {
            words = error.to_string();
        }
        cause = error.source();
    }
    quote(&words)
}

fn host(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0))
}

/// The first cause of that type, also within IO errors, which hide what they wrap from `source`.
fn find<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        let mut layer = error;
        loop {
            if let Some(found) = layer.downcast_ref::<T>() {
                return Some(found);
            }
            match layer.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => layer = inner,
                None => break,
            }
        }
        cause = error.source();
    }
    None
}
