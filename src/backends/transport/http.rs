//! One request to one source over HTTP: bounded in time and size at each step. Never gives half an answer.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant as Tick, timeout_at};

use super::auth::{self, Scheme};
use super::secret::Secret;
use super::{Began, Client, Pool, base_url, is_loopback, locked, redirect, resolve, retry_after, sentence, tls};
use crate::backends::request::{Body, Method, Request};
use crate::backends::response::{Answer, Response};
use crate::backends::{Class, Failure};
use crate::config::{SecretRef, SourceConfig};

const AGENT: &str = concat!("warroom/", env!("CARGO_PKG_VERSION"));

/// What an exchange needs besides the request.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub source: &'a SourceConfig,
    pub scheme: Scheme,
    pub began: Began,
    /// When all must be over.
    pub deadline: Tick,
}

/// The head of an answer, its body not yet read.
struct Head {
    response: reqwest::Response,
    skew: Option<f64>,
}

impl Client {
    /// Asks once; a credential from a command that was refused is fetched anew and tried once more.
    pub async fn fetch(&self, context: Context<'_>, request: &Request) -> Answer {
        let url = address(context.source, request)?;
        self.allowed(context.source, &url)?;
        let _permits = self.permits(&url, context.deadline).await?;
        let secret = self.secret(context).await?;
        let answer = self.with_credential(context, request, &url, secret.as_ref()).await?;
        // What a command told may have been rotated since. A message is not repeated, not even after a refusal.
        if let (401, Some(SecretRef::Command(_)), Some(refused)) = (answer.status, &context.source.token, &secret)
            && !matches!(request.body, Body::Json(_))
        {
            self.vault.forget(&context.source.name, refused);
            let fresh = self.secret(context).await?;
            return self.with_credential(context, request, &url, fresh.as_ref()).await;
        }
        Ok(answer)
    }

    async fn secret(&self, context: Context<'_>) -> Result<Option<Secret>, Failure> {
        let Some(reference) = &context.source.token else { return Ok(None) };
        let setup = |why: String| Failure::before(Class::Setup, why);
        match timeout_at(context.deadline, self.vault.get(&context.source.name, reference)).await {
            Ok(secret) => secret.map(Some).map_err(setup),
            Err(_) => Err(setup("not asked: the token's command took all the time".to_owned())),
        }
    }

    fn allowed(&self, source: &SourceConfig, url: &Url) -> Result<(), Failure> {
        let setup = |why: &str| Err(Failure::before(Class::Setup, why));
        if source.token.is_some() && url.scheme() != "https" && !is_loopback(url) && !source.insecure {
            return setup("the token would go over plain http; use https");
        }
        let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse().ok());
        if literal.is_some_and(resolve::is_link_local) {
            return setup("link-local addresses are refused");
        }
        Ok(())
    }

    /// The host's permit first: a busy host must not hold the places of all.
    async fn permits(&self, url: &Url, deadline: Tick) -> Result<[OwnedSemaphorePermit; 2], Failure> {
        let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        let own = {
            let mut hosts = locked(&self.hosts);
            Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Semaphore::new(self.limits.per_host))))
        };
        let both = async { Ok([own.acquire_owned().await?, Arc::clone(&self.all).acquire_owned().await?]) };
        let waited = || Failure::before(Class::Network, "not asked: other requests to this host took all the time");
        match timeout_at(deadline, both).await {
            Ok(Ok(permits)) => Ok(permits),
            Ok(Err(tokio::sync::AcquireError { .. })) | Err(_) => Err(waited()),
        }
    }

    async fn with_credential(
        &self,
        context: Context<'_>,
        request: &Request,
        url: &Url,
        secret: Option<&Secret>,
    ) -> Answer {
        let body = bytes_of(&request.body);
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            headers.insert(
                HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| Failure::before(Class::Setup, "a header name that cannot be used"))?,
                plain(value)?,
            );
        }
        headers.insert(header::ACCEPT, plain(request.accept)?);
        let kind = match &request.body {
            Body::None => None,
            Body::Form(_) => Some("application/x-www-form-urlencoded"),
            Body::Json(_) => Some("application/json"),
        };
        if let Some(kind) = kind {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        if let Some(secret) = secret {
            let now = context.began.now();
            headers.extend(auth::headers(context.source, context.scheme, secret, &request.id, &body, now)?);
        }
        let answer = self.hops(context, request, url.clone(), headers, body).await;
        // A server, or a proxy's page about its own fault, may throw our credential back: it goes no further than here.
        match secret {
            Some(secret) => answer.map(|answer| auth::hidden(answer, context.source, secret)),
            None => answer,
        }
    }

    /// Follows redirects where the request allows it. The headers go only to the origin they were made for.
    async fn hops(
        &self,
        context: Context<'_>,
        request: &Request,
        mut url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Answer {
        let follow = request.follow && request.method == Method::Get;
        let mut hops = 0;
        loop {
            let head = self.head(context, request, &url, headers.clone(), body.clone()).await?;
            let status = head.response.status();
            let location = head.response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            match redirect::step(&url, status.as_u16(), location, follow, hops)? {
                redirect::Step::Here => return self.whole(context, request, &url, head).await,
                redirect::Step::To(next) => url = next,
            }
            hops += 1;
        }
    }

    async fn head(
        &self,
        context: Context<'_>,
        request: &Request,
        url: &Url,
        mut headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Head, Failure> {
        let pool = self.pool(context.source, url, matches!(request.body, Body::Json(_)))?;
        let method = match request.method {
            Method::Get => {
                self.kept.ask(&context.source.name, url, &mut headers);
                reqwest::Method::GET
            }
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
        };
        let mut outgoing = reqwest::Request::new(method, url.clone());
        *outgoing.headers_mut() = headers;
        if !body.is_empty() {
            *outgoing.body_mut() = Some(body.into());
        }
        let sent = Tick::now();
        let sent_at = context.began.now();
        let by = context.deadline.min(sent + self.limits.head);
        let response = match timeout_at(by, pool.execute(outgoing)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                return Err(sentence::of_exchange(&error, url, &self.limits, context.source.proxy.as_deref()));
            }
            Err(_) => {
                let waited = sentence::span(by - sent);
                return Err(Failure::new(Class::Network, format!("no answer within {waited}")));
            }
        };
        let skew = response.headers().get(header::DATE).and_then(|date| {
            let date = retry_after::http_date(date.to_str().ok()?)?;
            // The header has whole seconds, cut; the server wrote it about half a round trip ago.
            let middle = sent_at.timestamp_millis() as f64 + sent.elapsed().as_millis() as f64 / 2.0;
            Some((date.timestamp_millis() as f64 + 500.0 - middle) / 1000.0)
        });
        Ok(Head { response, skew })
    }

    async fn whole(&self, context: Context<'_>, request: &Request, url: &Url, head: Head) -> Answer {
        let Head { mut response, skew } = head;
        let status = response.status();
        let header = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned).unwrap_or_default()
        };
        let retry_after =
            retry_after::seconds(&header(header::RETRY_AFTER), &header(header::DATE), context.began.now());
        let content_type = header(header::CONTENT_TYPE);
        // What we asked for is undone by now, and its header with it.
        let encoding = header(header::CONTENT_ENCODING);
        if !matches!(encoding.as_str(), "" | "identity") {
            return Err(Failure::new(Class::Shape, "answered in a compression that was not asked for"));
        }
        let marks = conditional_marks(&response);
        if status == StatusCode::NOT_MODIFIED {
            let kept = self.kept.get(&context.source.name, url);
            return kept
                .map(|kept| Response { skew, retry_after: None, ..kept })
                .ok_or_else(|| Failure::new(Class::Shape, "answered \"not modified\" to a question that was new"));
        }
        let mut body: Vec<u8> = Vec::new();
        loop {
            let piece_by = context.deadline.min(Tick::now() + self.limits.idle);
            let piece = match timeout_at(piece_by, response.chunk()).await {
                Ok(Ok(Some(piece))) => piece,
                Ok(Ok(None)) => break,
                Ok(Err(error)) => return Err(sentence::of_body(&error)),
                Err(_) if piece_by == context.deadline => {
                    let whole = sentence::span(Duration::from_secs(context.source.timeout));
                    return Err(Failure::new(Class::Network, format!("the answer did not end within {whole}")));
                }
                Err(_) => {
                    let idle = sentence::span(self.limits.idle);
                    return Err(Failure::new(Class::Network, format!("the answer stalled: no byte for {idle}")));
                }
            };
            if body.len() + piece.len() > request.cap {
                let cap = request.cap >> 20;
                return Err(Failure::new(Class::Shape, format!("the answer is larger than {cap} MiB")));
            }
            body.extend_from_slice(&piece);
        }
        let answer = Response { retry_after, skew, ..Response::of(status.as_u16(), &content_type, &body) };
        if request.method == Method::Get && status == StatusCode::OK {
            self.kept.put(&context.source.name, url, marks, &answer);
        }
        Ok(answer)
    }

    /// The connections for a source: shared by all with the same authorities and the same way out.
    fn pool(&self, source: &SourceConfig, url: &Url, fresh: bool) -> Result<reqwest::Client, Failure> {
        let key = Pool { ca: source.ca.clone(), proxy: source.proxy.clone(), loopback: is_loopback(url), fresh };
        if let Some(pool) = locked(&self.pools).get(&key) {
            return Ok(pool.clone());
        }
        let roots = self.roots.get_or_init(tls::native_roots);
        let config =
            tls::config(roots, key.ca.as_deref().map(Path::new)).map_err(|why| Failure::before(Class::Setup, why))?;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .user_agent(AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.limits.connect)
            .pool_idle_timeout(Duration::from_secs(90))
            .pool_max_idle_per_host(if fresh { 0 } else { self.limits.per_host })
            .gzip(true)
            .dns_resolver(resolve::Guarded);
        let builder = match (&key.proxy, key.loopback) {
            (_, true) => builder.no_proxy(),
            (Some(proxy), false) => {
                let proxy = reqwest::Proxy::all(proxy.as_str())
                    .map_err(|_| Failure::before(Class::Setup, "the proxy is not a URL that can be used"))?;
                builder.proxy(proxy)
            }
            (None, false) => builder,
        };
        let pool = builder.build().map_err(|e| {
            Failure::before(Class::Setup, format!("no connection can be set up: {}", sentence::innermost(&e)))
        })?;
        locked(&self.pools).insert(key, pool.clone());
        Ok(pool)
    }
}

fn conditional_marks(response: &reqwest::Response) -> super::conditional::Marks {
    let of = |name: HeaderName| response.headers().get(name).cloned();
    super::conditional::Marks { etag: of(header::ETAG), modified: of(header::LAST_MODIFIED) }
}

/// The whole URL of a request.
fn address(source: &SourceConfig, request: &Request) -> Result<Url, Failure> {
    let setup = |why: String| Failure::before(Class::Setup, format!("url: {why}"));
    let base = base_url(request.base.as_deref().unwrap_or(&source.url)).map_err(setup)?;
    let mut url = Url::parse(&format!("{base}{}", request.path)).map_err(|e| setup(e.to_string()))?;
    if !request.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&request.query);
    }
    Ok(url)
}

fn bytes_of(body: &Body) -> Vec<u8> {
    match body {
        Body::None => Vec::new(),
        Body::Json(text) => text.clone().into_bytes(),
        Body::Form(fields) => form(fields).into_bytes(),
    }
}

/// `a=1&b=2`, escaped as in a URL's query.
fn form(fields: &[(String, String)]) -> String {
    let Ok(mut carrier) = Url::parse("form:") else { return String::new() };
    carrier.query_pairs_mut().extend_pairs(fields);
    carrier.query().unwrap_or_default().to_owned()
}

fn plain(value: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(value)
        .map_err(|_| Failure::before(Class::Setup, "a header value with a character that headers cannot hold"))
}
