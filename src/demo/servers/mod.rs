//! The loopback servers that replay a scenario, one file a wire format. Each is a router: nothing here binds or spawns.
//!
//! They write their answers by hand from the wire contracts and share no type with the adapters that read them.

pub mod alertmanager;
pub mod outbox;
pub mod prometheus;
pub mod statuspage;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::scenario::Scenario;
use crate::incident::Instant;
use crate::incident::clock::Clock;

/// What every server shares: the scenario and which instant of it it is.
#[derive(Clone)]
pub struct Handle {
    pub scenario: Arc<Scenario>,
    clock: watch::Receiver<Clock>,
    real: Arc<dyn Fn() -> Instant + Send + Sync>,
}

impl Handle {
    pub fn new(
        scenario: Arc<Scenario>,
        clock: watch::Receiver<Clock>,
        real: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> Handle {
        Handle { scenario, clock, real: Arc::new(real) }
    }

    /// The instant in the scenario.
    pub fn now(&self) -> Instant {
        let clock = *self.clock.borrow();
        clock.at(self.real())
    }

    pub fn real(&self) -> Instant {
        (self.real)()
    }
}

#[derive(Clone)]
struct Door {
    handle: Handle,
    /// None: the server checks who asks by itself.
    token: Option<Arc<str>>,
}

/// Lets in who has the token, and dates every answer by the scenario.
pub fn guarded(router: Router, handle: Handle, token: Option<&str>) -> Router {
    router.layer(middleware::from_fn_with_state(Door { handle, token: token.map(Arc::from) }, door))
}

async fn door(State(door): State<Door>, request: Request, next: Next) -> Response {
    let welcome = door.token.as_deref().is_none_or(|token| has_token(&request, token));
    let mut response = if welcome { next.run(request).await } else { turned_away() };
    if let Ok(date) = HeaderValue::from_str(&http_date(door.handle.now())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

fn has_token(request: &Request, token: &str) -> bool {
    let Some(given) = request.headers().get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()) else { return false };
    let given = given.strip_prefix("Bearer ").or_else(|| given.strip_prefix("OAuth "));
    // By digest, so that the time it takes says nothing of the token.
    given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(token))
}

/// As the proxies in front of such servers say it: in HTML.
fn turned_away() -> Response {
    let page = "<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body></body>\r\n</html>\r\n";
    let headers = [(header::WWW_AUTHENTICATE, "Bearer realm=\"demo\""), (header::CONTENT_TYPE, "text/html")];
    (StatusCode::UNAUTHORIZED, headers, page).into_response()
}

/// `Thu, 22 Feb 2024 09:20:00 GMT`.
fn http_date(at: Instant) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The first `letters` hexadecimal digits of a text's digest.
fn digest(text: &str, letters: usize) -> String {
    let mut hex: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(letters);
    hex
}
