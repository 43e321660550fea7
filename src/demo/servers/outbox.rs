//! The demo's message gateway: takes signed webhooks, deduplicates them, and says what became of each. Sends nothing on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{SecondsFormat, TimeDelta};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::Handle;
use crate::incident::Instant;
use crate::incident::words::Delivery;

const MOST_BYTES: usize = 256 * 1024;
const MOST_MESSAGES: usize = 10_000;
/// How far a request's own time may be from ours, in seconds.
const SKEW: i64 = 300;

/// The gateway's memory; clones share it.
#[derive(Clone)]
pub struct Outbox {
    handle: Handle,
    key: Arc<[u8]>,
    held: Arc<Mutex<Vec<Held>>>,
}

struct Held {
    id: String,
    channel: String,
    body: Value,
    bytes: Bytes,
    /// When it came, in real time and by the scenario.
    real: Instant,
    room: Instant,
    times: usize,
}

impl Outbox {
    /// `key` is the secret's bytes, decoded.
    pub fn new(handle: Handle, key: &[u8]) -> Outbox {
        Outbox { handle, key: key.into(), held: Arc::default() }
    }

    /// Takes messages at `prefix` and at `prefix/messages`; the prefix is not to be guessed, since reading is unsigned.
    pub fn router(&self, prefix: &str) -> Router {
        Router::new()
            .route(prefix, post(take))
            .route(&format!("{prefix}/"), post(take))
            .route(&format!("{prefix}/messages"), get(messages).post(take))
            .route(&format!("{prefix}/receipts"), get(receipts))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    /// A message that arrived before the replay opened, so that looking it up finds it.
    pub fn remember(&self, key: &str, channel: &str, text: &str, room: Instant) {
        let body = json!({ "id": key, "channel": channel, "text": text });
        let bytes = Bytes::from(body.to_string());
        // It came as long ago as the room says: what became of it is over.
        let real = self.handle.real() - (self.handle.now() - room);
        self.keep(Held { id: key.to_owned(), channel: channel.to_owned(), body, bytes, real, room, times: 1 });
    }

    /// The texts for a channel that came by then, the newest first.
    pub fn texts(&self, channel: &str, now: Instant) -> Vec<(Instant, String)> {
        let held = self.held();
        let theirs = held.iter().filter(|h| h.channel == channel && h.room <= now);
        let text = |h: &Held| Some((h.room, h.body.get("text")?.as_str()?.to_owned()));
        theirs.filter_map(text).rev().collect()
    }

    /// How many messages came, each counted once.
    pub fn count(&self) -> usize {
        self.held().len()
    }

    fn held(&self) -> MutexGuard<'_, Vec<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it was taken; not where the id came before with other words, or there is no room.
    fn keep(&self, new: Held) -> bool {
        let mut held = self.held();
        if let Some(known) = held.iter_mut().find(|h| h.id == new.id) {
            let same = known.bytes == new.bytes;
            known.times += usize::from(same);
            return same;
        }
        let room = held.len() < MOST_MESSAGES;
        if room {
            held.push(new);
        }
        room
    }

    fn signed(&self, headers: &HeaderMap, body: &[u8]) -> Result<String, &'static str> {
        let given = |name: &'static str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let (id, at, signatures) = (given("webhook-id"), given("webhook-timestamp"), given("webhook-signature"));
        if id.is_empty() || at.is_empty() || signatures.is_empty() {
            return Err("Webhook-Id, Webhook-Timestamp and Webhook-Signature are required");
        }
        let at = at.parse::<i64>().ok().ok_or("Webhook-Timestamp is not a number of seconds")?;
        // The sender may live by the wall clock or by the scenario's.
        let near = |now: Instant| now.timestamp().abs_diff(at) <= SKEW.unsigned_abs();
        if !near(self.handle.real()) && !near(self.handle.now()) {
            return Err("Webhook-Timestamp is too far from now");
        }
        let fits = signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")).any(|one| {
            let (Ok(mut mac), Ok(one)) = (Hmac::<Sha256>::new_from_slice(&self.key), STANDARD.decode(one)) else {
                return false;
            };
            mac.update(format!("{id}.{at}.").as_bytes());
            mac.update(body);
            mac.verify_slice(&one).is_ok()
        });
        if fits { Ok(id.to_owned()) } else { Err("the signature does not fit") }
    }

    /// What became of a message: first what time did to it, held back where its channel has a fault.
    fn state(&self, held: &Held) -> (Delivery, String, Instant) {
        let plan = &self.handle.scenario.outbox;
        let age = (self.handle.real() - held.real).num_seconds();
        let after =
            |seconds: u32| held.room.checked_add_signed(TimeDelta::seconds(i64::from(seconds))).unwrap_or(held.room);
        let delivered = (Delivery::Delivered, String::new(), after(plan.delivered_after));
        let sent = (Delivery::Sent, String::new(), after(plan.sent_after));
        let queued = (Delivery::Queued, String::new(), held.room);
        let came = if age >= i64::from(plan.delivered_after) {
            delivered
        } else if age >= i64::from(plan.sent_after) {
            sent
        } else {
            queued
        };
        match plan.faults.iter().find(|fault| fault.channel == held.channel) {
            Some(fault) if fault.stays >= Delivery::Failed && came.0 != Delivery::Queued => {
                (fault.stays, fault.detail.clone(), after(plan.sent_after))
            }
            Some(fault) if came.0 > fault.stays => (fault.stays, fault.detail.clone(), held.room),
            Some(_) | None => came,
        }
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn take(State(outbox): State<Outbox>, headers: HeaderMap, bytes: Bytes) -> Response {
    let id = match outbox.signed(&headers, &bytes) {
        Ok(id) => id,
        Err(why) => return answer(StatusCode::UNAUTHORIZED, &json!({ "error": why })),
    };
    let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
        return answer(StatusCode::BAD_REQUEST, &json!({ "error": "the body is not JSON" }));
    };
    let channel = body["channel"].as_str().unwrap_or_default().to_owned();
    let (real, room) = (outbox.handle.real(), outbox.handle.now());
    if outbox.keep(Held { id: id.clone(), channel, body, bytes, real, room, times: 1 }) {
        answer(StatusCode::ACCEPTED, &json!({ "accepted": id }))
    } else {
        answer(
            StatusCode::CONFLICT,
            &json!({ "error": "this Webhook-Id came before with another body, or all is full" }),
        )
    }
}

async fn receipts(State(outbox): State<Outbox>) -> Response {
    let rows: Vec<Value> = outbox
        .held()
        .iter()
        .map(|held| {
            let (state, detail, at) = outbox.state(held);
            let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
            json!({ "id": held.id, "state": state.as_str(), "at": at, "detail": detail })
        })
        .collect();
    answer(StatusCode::OK, &json!({ "receipts": rows }))
}

async fn messages(State(outbox): State<Outbox>) -> Response {
    let rows: Vec<Value> =
        outbox.held().iter().map(|h| json!({ "id": h.id, "body": h.body, "times": h.times })).collect();
    answer(StatusCode::OK, &json!({ "messages": rows }))
}
