//! Names to addresses, without the link-local ones: behind them stand metadata services that hand out credentials.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The system's resolver, guarded.
pub struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let all: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let some = !all.is_empty();
            let usable: Vec<SocketAddr> = all.into_iter().filter(|address| !is_link_local(address.ip())).collect();
            if some && usable.is_empty() {
                return Err(Box::new(OnlyLinkLocal) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}

/// All addresses of a name are link-local.
#[derive(Debug)]
pub struct OnlyLinkLocal;

impl std::fmt::Display for OnlyLinkLocal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("link-local addresses are refused")
    }
}

impl std::error::Error for OnlyLinkLocal {}

/// 169.254/16 and fe80::/10, also where IPv6 wraps IPv4.
pub fn is_link_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_are_link_local() {
        for refused in ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"] {
            assert!(is_link_local(refused.parse().unwrap()), "{refused}");
        }
        for fine in ["127.0.0.1", "10.0.0.1", "::1", "192.0.2.1"] {
            assert!(!is_link_local(fine.parse().unwrap()), "{fine}");
        }
    }
}
