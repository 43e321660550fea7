//! Whether a URL of the configuration may be asked. Opens no connection, resolves no name, never repeats the URL in a fault.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Where a kind of backend is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind an http or https URL.
    Web,
    /// Behind an smtp URL.
    Mail,
    /// On this host: it has no URL.
    Here,
}

/// A backend's address, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Without a trailing slash.
    pub url: String,
    pub loopback: bool,
    /// Nobody on the way can read it.
    pub encrypted: bool,
}

/// Checks what a backend's `url` says.
pub fn backend(text: &str) -> Result<Address, String> {
    let url = parse(text, &["http", "https"])?;
    let host = url.host().ok_or(EXPECTED)?;
    if link_local(&host) {
        return Err("link-local and cloud metadata addresses are never asked".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("expected no query: a secret there would reach logs; put it under token".to_owned());
    }
    Ok(Address {
        loopback: is_loopback(&host),
        encrypted: url.scheme() == "https",
        url: url.as_str().trim_end_matches('/').to_owned(),
    })
}

/// Checks what the `url` of a mail server says. How it is encrypted is for its kind to know.
pub fn mail(text: &str) -> Result<Address, String> {
    const EXPECTED: &str = "expected a mail server such as \"smtp://mail.example.com:587\"";
    let rest = text.trim().strip_prefix("smtp://").ok_or(EXPECTED)?;
    // Read as a web address, so that a host is a host in whatever way it is written.
    let as_web =
        backend(&format!("https://{rest}")).map_err(|e| if e == self::EXPECTED { EXPECTED.to_owned() } else { e })?;
    let url = as_web.url.replacen("https://", "smtp://", 1);
    if url.trim_start_matches("smtp://").contains('/') {
        return Err(EXPECTED.to_owned());
    }
    // The web's own port is dropped from a web address; it is none of mail's.
    Ok(Address { url, loopback: as_web.loopback, encrypted: true })
}

/// Checks what `proxy` says.
pub fn proxy(text: &str) -> Result<String, String> {
    let url = parse(text, &["http", "https", "socks5", "socks5h"])?;
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(url.as_str().trim_end_matches('/').to_owned()),
        Some(_) | None => Err("expected a proxy such as \"http://proxy.example.com:3128\"".to_owned()),
    }
}

const EXPECTED: &str = "expected a whole URL such as \"https://status.example.com\"";

fn parse(text: &str, schemes: &[&str]) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|_| EXPECTED.to_owned())?;
    if !schemes.contains(&url.scheme()) {
        return Err(format!("expected a URL that begins with {}", schemes.join(":// or ") + "://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected no user or password in it; put them under user and token".to_owned());
    }
    Ok(url)
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

fn link_local(host: &Host<&str>) -> bool {
    /// Where one cloud answers on IPv6 with credentials of the machine.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let v4 = |ip: &Ipv4Addr| ip.is_link_local();
    match host {
        Host::Ipv4(ip) => v4(ip),
        Host::Ipv6(ip) => {
            ip.is_unicast_link_local() || *ip == METADATA || ip.to_ipv4_mapped().is_some_and(|ip| v4(&ip))
        }
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            matches!(name.as_str(), "metadata.google.internal" | "metadata" | "instance-data")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_asked() {
        let good = backend("https://status.example.com/base/").unwrap();
        assert_eq!(
            (good.url.as_str(), good.loopback, good.encrypted),
            ("https://status.example.com/base", false, true)
        );
        for loopback in ["http://127.0.0.1:9090", "http://localhost:1", "http://[::1]:2", "http://127.9.9.9"] {
            assert!(backend(loopback).unwrap().loopback, "{loopback}");
        }
        assert!(!backend("http://localhost.example.com").unwrap().loopback);
    }

    #[test]
    fn what_may_not() {
        for (wrong, why) in [
            ("file:///etc/passwd", "http:// or https://"),
            ("ftp://a.example.com", "http:// or https://"),
            ("status.example.com", "whole URL"),
            ("https://", "whole URL"),
            ("https://user:CANARY@a.example.com", "user and token"),
            ("https://CANARY@a.example.com", "user and token"),
            ("https://a.example.com/?api_key=CANARY", "no query"),
            ("https://a.example.com/#x", "no query"),
            ("http://169.254.169.254/latest/", "link-local"),
            ("http://2852039166/", "link-local"),
            ("http://0xa9.0xfe.0xa9.0xfe/", "link-local"),
            ("http://[fe80::1]/", "link-local"),
            ("http://[::ffff:169.254.169.254]/", "link-local"),
            ("http://[fd00:ec2::254]/", "link-local"),
            ("http://metadata.google.internal./", "link-local"),
        ] {
            let said = backend(wrong).unwrap_err();
            assert!(said.contains(why) && !said.contains("CANARY"), "{wrong}: {said}");
        }
    }

    #[test]
    fn mail_servers() {
        let good = mail("smtp://mail.example.com:587/").unwrap();
        assert_eq!((good.url.as_str(), good.loopback), ("smtp://mail.example.com:587", false));
        assert!(mail("smtp://127.0.0.1:2525").unwrap().loopback);
        for wrong in ["https://mail.example.com", "mail.example.com", "smtp://", "smtp://a.example.com/box"] {
            assert!(mail(wrong).unwrap_err().contains("smtp://"), "{wrong}");
        }
        assert!(mail("smtp://user:CANARY@mail.example.com").is_err_and(|e| !e.contains("CANARY")));
        assert!(mail("smtp://169.254.169.254:25").is_err_and(|e| e.contains("link-local")));
    }

    #[test]
    fn proxies() {
        assert_eq!(proxy("socks5h://127.0.0.1:1080"), Ok("socks5h://127.0.0.1:1080".to_owned()));
        assert!(proxy("http://user:CANARY@proxy:3128").is_err_and(|e| !e.contains("CANARY")));
        assert!(proxy("proxy:3128").is_err());
    }
}
