//! A connection to a mail server up to the point where mail can be handed over: greeting, encryption, sign-in. No mail yet.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::{Instant as Tick, timeout, timeout_at};

use super::wire::{Reply, Wire};
use crate::backends::job::{Encryption, Post};
use crate::backends::transport::secret::Secret;
use crate::backends::transport::sentence::span;
use crate::backends::transport::{Client, resolve, tls};
use crate::backends::{Class, Failure};
use crate::config::SourceConfig;

/// What the server says that it can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    words: Vec<String>,
}

impl Offers {
    fn of(reply: &Reply) -> Offers {
        Offers { words: reply.lines.iter().skip(1).map(|line| line.trim().to_ascii_uppercase()).collect() }
    }

    pub fn has(&self, name: &str) -> bool {
        self.rest(name).is_some()
    }

    /// What follows the name.
    fn rest(&self, name: &str) -> Option<&str> {
        self.words.iter().find_map(|line| match line.split_once([' ', '=']) {
            Some((word, rest)) => (word == name).then_some(rest),
            None => (line == name).then_some(""),
        })
    }

    fn ways(&self) -> Vec<&str> {
        self.rest("AUTH").map(|rest| rest.split_whitespace().collect()).unwrap_or_default()
    }

    /// The most bytes of a message. None: it does not say.
    pub fn size(&self) -> Option<usize> {
        self.rest("SIZE")?.trim().parse().ok().filter(|n| *n > 0)
    }
}

pub struct Session {
    pub wire: Wire,
    pub offers: Offers,
    pub encrypted: bool,
    pub signed_in: bool,
    /// Transactions that were begun on it.
    pub served: usize,
}

impl Client {
    /// Opens one. No mail has left, whatever the failure.
    pub(super) async fn mail_session(&self, source: &SourceConfig, post: &Post) -> Result<Session, Failure> {
        let step = Duration::from_secs(source.timeout.max(1));
        let secret = match &source.token {
            Some(reference) => {
                let told = self.vault.get(&source.name, reference).await;
                Some(told.map_err(|why| Failure::before(Class::Setup, why))?)
            }
            None => None,
        };
        let network = |why: String| Failure::before(Class::Network, why);
        let stream = self.mail_socket(post).await?;
        let own = stream.local_addr().map(|a| a.ip()).unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let hello = hello(self.host(), own);
        let mut encrypted = post.encryption == Encryption::Wrapper;
        let mut wire = match encrypted {
            true => self.encrypted(source, post, Box::new(stream), step).await?,
            false => Wire::new(Box::new(stream), step),
        };
        let greeting = wire.hear().await.map_err(network)?;
        if !greeting.good() {
            return Err(network(format!("the mail server takes nothing: {}", greeting.said())));
        }
        let mut offers = greet(&mut wire, &hello).await?;
        if post.encryption == Encryption::Required {
            if !offers.has("STARTTLS") {
                let why = "the server offers no encryption (STARTTLS), and without it nothing is sent; see tls";
                return Err(Failure::before(Class::Tls, why));
            }
            let begun = wire.command("STARTTLS").await.map_err(network)?;
            if !begun.good() {
                return Err(Failure::before(Class::Tls, format!("no encryption: {}", begun.said())));
            }
            let injected = || Failure::before(Class::Tls, "somebody put words before the encryption; nothing was sent");
            let stream = wire.into_stream().ok_or_else(injected)?;
            wire = self.encrypted(source, post, stream, step).await?;
            encrypted = true;
            // What was offered before the encryption may be anybody's.
            offers = greet(&mut wire, &hello).await?;
        }
        let mut session = Session { wire, offers, encrypted, signed_in: false, served: 0 };
        if let (Some(user), Some(secret)) = (&source.user, &secret) {
            let signed = session.sign_in(user, secret).await;
            if signed.is_err() {
                // What a command told may have been rotated since.
                self.vault.forget(&source.name, secret);
            }
            signed?;
        }
        Ok(session)
    }

    async fn mail_socket(&self, post: &Post) -> Result<TcpStream, Failure> {
        let network = |why: String| Failure::before(Class::Network, why);
        let limit = self.limits.connect;
        let by = Tick::now() + limit;
        let host = post.host.trim_matches(['[', ']']);
        let found = match timeout_at(by, tokio::net::lookup_host((host, post.port))).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => return Err(network(format!("{host} has no address"))),
            Err(_) => return Err(network(format!("the name was not resolved within {}", span(limit)))),
        };
        let mut why = "link-local addresses are refused".to_owned();
        for address in found.filter(|address| !resolve::is_link_local(address.ip())) {
            match timeout_at(by, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => why = format!("no connection: {}", error.kind()),
                Err(_) => why = format!("no connection within {}", span(limit)),
            }
        }
        Err(network(why))
    }

    async fn encrypted(
        &self,
        source: &SourceConfig,
        post: &Post,
        stream: Box<dyn super::wire::Duplex>,
        step: Duration,
    ) -> Result<Wire, Failure> {
        let setup = |why: String| Failure::before(Class::Setup, why);
        let roots = self.roots.get_or_init(tls::native_roots);
        let mut config = tls::config(roots, source.ca.as_deref()).map_err(setup)?;
        // These are names of web protocols; a mail server knows none.
        config.alpn_protocols.clear();
        let name = ServerName::try_from(post.host.trim_matches(['[', ']']).to_owned())
            .map_err(|_| setup("url: the host cannot stand in a certificate".to_owned()))?;
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        match timeout(step, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(Wire::new(Box::new(stream), step)),
            Ok(Err(error)) => {
                let why = format!("the certificate or the handshake failed: {}", quote_error(&error));
                Err(Failure::before(Class::Tls, why))
            }
            Err(_) => Err(Failure::before(Class::Tls, format!("no handshake within {}", span(step)))),
        }
    }
}

fn quote_error(error: &std::io::Error) -> String {
    crate::backends::response::quote(&error.to_string())
}

impl Session {
    async fn sign_in(&mut self, user: &str, secret: &Secret) -> Result<(), Failure> {
        let network = |why: String| Failure::before(Class::Network, why);
        let plain = STANDARD.encode(format!("\0{user}\0{}", secret.reveal()));
        let word = STANDARD.encode(secret.reveal());
        for hidden in [secret.reveal(), plain.as_str(), word.as_str()] {
            self.wire.hide(hidden);
        }
        let ways = self.offers.ways();
        let answer = if ways.contains(&"PLAIN") {
            self.wire.command(&format!("AUTH PLAIN {plain}")).await.map_err(network)?
        } else if ways.contains(&"LOGIN") {
            let mut answer = self.wire.command("AUTH LOGIN").await.map_err(network)?;
            for line in [STANDARD.encode(user), word.clone()] {
                if answer.code == 334 {
                    answer = self.wire.command(&line).await.map_err(network)?;
                }
            }
            answer
        } else {
            return Err(Failure::before(Class::Refused, "the server offers no sign-in that we know (PLAIN, LOGIN)"));
        };
        match answer.code {
            200..300 => {
                self.signed_in = true;
                Ok(())
            }
            400..500 => Err(network(format!("sign-in failed for now: {}", answer.said()))),
            _ => Err(Failure::before(Class::Refused, format!("the credential was refused: {}", answer.said()))),
        }
    }
}

async fn greet(wire: &mut Wire, hello: &str) -> Result<Offers, Failure> {
    let network = |why: String| Failure::before(Class::Network, why);
    let answer = wire.command(&format!("EHLO {hello}")).await.map_err(network)?;
    if answer.good() {
        return Ok(Offers::of(&answer));
    }
    let answer = wire.command(&format!("HELO {hello}")).await.map_err(network)?;
    match answer.good() {
        true => Ok(Offers::default()),
        false => Err(network(format!("the mail server does not greet us: {}", answer.said()))),
    }
}

/// How we name ourselves: a whole host name, else our address.
fn hello(host: &str, own: IpAddr) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    match own {
        _ if host.contains('.') && host.chars().all(fits) => host.to_owned(),
        IpAddr::V4(ip) => format!("[{ip}]"),
        IpAddr::V6(ip) => format!("[IPv6:{ip}]"),
    }
}
