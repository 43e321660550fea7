//! The v2 API of Alertmanager over the scenario's alerts, with silences of its own. A resolved alert simply vanishes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Handle, digest};
use crate::demo::scenario::Firing;
use crate::incident::Instant;

/// How often the alerting rules send a firing alert again, and for how long each sending is good.
const RESEND: i64 = 60;
const GOOD_FOR: i64 = 240;

#[derive(Clone)]
struct Pager {
    handle: Handle,
    silences: Arc<Mutex<Vec<Silence>>>,
}

#[derive(Clone)]
struct Silence {
    id: String,
    matchers: Vec<Matcher>,
    starts_at: Instant,
    ends_at: Instant,
    updated_at: Instant,
    created_by: String,
    comment: String,
}

#[derive(Clone, PartialEq)]
struct Matcher {
    name: String,
    value: String,
    is_regex: bool,
    is_equal: bool,
}

pub fn router(handle: Handle) -> Router {
    Router::new()
        .route("/api/v2/status", get(status))
        .route("/api/v2/receivers", get(|| async { body(json!([{ "name": "pager" }])) }))
        .route("/api/v2/alerts", get(alerts))
        .route("/api/v2/silences", get(silences).post(silence))
        .route("/api/v2/silence/{id}", get(silence_get).delete(silence_end))
        .route("/-/ready", get(|| async { "OK" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        .with_state(Pager { handle, silences: Arc::default() })
}

fn body(value: Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], format!("{value}\n")).into_response()
}

/// The three forms in which it refuses: a bare JSON text, a numbered message, nothing at all.
enum No {
    Text(StatusCode, &'static str),
    Numbered(StatusCode, u16, String),
    Empty,
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        match self {
            No::Text(status, text) => (status, body(json!(text))).into_response(),
            No::Numbered(status, code, message) => {
                (status, body(json!({ "code": code, "message": message }))).into_response()
            }
            No::Empty => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

fn time(at: Instant) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

async fn status(State(pager): State<Pager>) -> Response {
    let now = pager.handle.now();
    body(json!({
        "cluster": { "peers": [], "status": "disabled" },
        "config": { "original": "route:\n  receiver: pager\nreceivers:\n- name: pager\n" },
        "uptime": time(now),
        "versionInfo": {
            "branch": "HEAD", "buildDate": "20240101-00:00:00", "buildUser": "demo", "goVersion": "go1.21",
            "revision": "demo", "version": "0.27.0",
        },
    }))
}

async fn alerts(State(pager): State<Pager>, RawQuery(query): RawQuery) -> Result<Response, No> {
    let query = query.unwrap_or_default();
    let wants = |name: &str| !query.split('&').any(|pair| pair == format!("{name}=false"));
    if query.split('&').any(|pair| pair.starts_with("filter=")) {
        return Err(No::Text(StatusCode::BAD_REQUEST, "filters are not replayed"));
    }
    let now = pager.handle.now();
    let firing = pager.handle.scenario.alerts(now);
    let silences = pager.silences();
    let rows: Vec<Value> = firing
        .iter()
        .filter_map(|alert| {
            let silenced: Vec<&str> = silences.iter().filter(|s| s.quiets(alert, now)).map(|s| s.id.as_str()).collect();
            let inhibited: Vec<String> =
                alert.plan.inhibited_by.iter().filter_map(|by| inhibitor(&firing, by)).collect();
            let active = silenced.is_empty() && inhibited.is_empty();
            let listed = (!active || wants("active"))
                && (silenced.is_empty() || wants("silenced"))
                && (inhibited.is_empty() || wants("inhibited"));
            listed.then(|| row(alert, now, &silenced, &inhibited))
        })
        .collect();
    Ok(body(json!(rows)))
}

fn inhibitor(firing: &[Firing<'_>], name: &str) -> Option<String> {
    firing.iter().find(|f| f.plan.name == name).map(fingerprint)
}

fn fingerprint(alert: &Firing<'_>) -> String {
    let labels: Vec<String> = alert.labels.iter().map(|(name, value)| format!("{name}\u{ff}{value}")).collect();
    digest(&labels.join("\u{ff}"), 16)
}

/// `updatedAt` and `endsAt` move at every resend although nothing changed.
fn row(alert: &Firing<'_>, now: Instant, silenced: &[&str], inhibited: &[String]) -> Value {
    let times = (now - alert.starts_at).num_seconds().max(0) / RESEND;
    let later =
        |seconds: i64| alert.starts_at.checked_add_signed(TimeDelta::seconds(seconds)).unwrap_or(alert.starts_at);
    let resent = later(times * RESEND);
    json!({
        "annotations": { "summary": alert.plan.summary },
        "endsAt": time(later(times * RESEND + GOOD_FOR)),
        "fingerprint": fingerprint(alert),
        "receivers": [{ "name": "pager" }],
        "startsAt": time(alert.starts_at),
        "status": {
            "inhibitedBy": inhibited,
            "silencedBy": silenced,
            "state": if silenced.is_empty() && inhibited.is_empty() { "active" } else { "suppressed" },
        },
        "updatedAt": time(resent),
        "generatorURL": format!("http://prometheus.example:9090/graph?g0.expr={}&g0.tab=1", alert.plan.name),
        "labels": alert.labels,
    })
}

impl Pager {
    fn silences(&self) -> MutexGuard<'_, Vec<Silence>> {
        self.silences.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Silence {
    fn state(&self, now: Instant) -> &'static str {
        match (self.starts_at <= now, now < self.ends_at) {
            (false, _) => "pending",
            (true, true) => "active",
            (true, false) => "expired",
        }
    }

    fn quiets(&self, alert: &Firing<'_>, now: Instant) -> bool {
        self.state(now) == "active" && self.matchers.iter().all(|m| m.fits(&alert.labels))
    }

    fn json(&self, now: Instant) -> Value {
        let matcher =
            |m: &Matcher| json!({ "isEqual": m.is_equal, "isRegex": m.is_regex, "name": m.name, "value": m.value });
        json!({
            "id": self.id,
            "status": { "state": self.state(now) },
            "updatedAt": time(self.updated_at),
            "comment": self.comment,
            "createdBy": self.created_by,
            "endsAt": time(self.ends_at),
            "matchers": self.matchers.iter().map(matcher).collect::<Vec<_>>(),
            "startsAt": time(self.starts_at),
        })
    }
}

impl Matcher {
    /// Of regular expressions only `.*`, `.+` and plain words are understood.
    fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.name).map_or("", String::as_str);
        let hit = match (self.is_regex, self.value.as_str()) {
            (true, ".*") => true,
            (true, ".+") => !value.is_empty(),
            (true, words) => words.split('|').any(|word| word == value),
            (false, word) => word == value,
        };
        hit == self.is_equal
    }

    fn read(value: &Value) -> Result<Matcher, No> {
        Ok(Matcher {
            name: text(value, "name")?,
            value: text(value, "value")?,
            is_regex: value["isRegex"].as_bool().ok_or_else(|| required("isRegex"))?,
            is_equal: value["isEqual"].as_bool().unwrap_or(true),
        })
    }
}

fn required(name: &str) -> No {
    No::Numbered(StatusCode::UNPROCESSABLE_ENTITY, 602, format!("{name} in body is required"))
}

fn text(value: &Value, name: &str) -> Result<String, No> {
    value[name].as_str().map(str::to_owned).ok_or_else(|| required(name))
}

fn instant(value: &Value, name: &str) -> Result<Instant, No> {
    let given = text(value, name)?;
    given.parse().map_err(|_| {
        No::Numbered(StatusCode::UNPROCESSABLE_ENTITY, 601, format!("{name} in body must be of type date-time"))
    })
}

async fn silences(State(pager): State<Pager>) -> Response {
    let now = pager.handle.now();
    body(json!(pager.silences().iter().map(|s| s.json(now)).collect::<Vec<_>>()))
}

/// Not idempotent: the same body twice makes two silences.
async fn silence(State(pager): State<Pager>, headers: HeaderMap, sent: Bytes) -> Result<Response, No> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        let why = format!("unsupported media type \"{kind}\", only [application/json] are allowed");
        return Err(No::Numbered(StatusCode::UNSUPPORTED_MEDIA_TYPE, 415, why));
    }
    let given: Value = serde_json::from_slice(&sent)
        .map_err(|_| No::Numbered(StatusCode::BAD_REQUEST, 400, "parsing body body from \"\" failed".to_owned()))?;
    let comment = text(&given, "comment")?;
    let created_by = text(&given, "createdBy")?;
    let (starts_at, ends_at) = (instant(&given, "startsAt")?, instant(&given, "endsAt")?);
    let matchers = given["matchers"].as_array().ok_or_else(|| required("matchers"))?;
    let matchers = matchers.iter().map(Matcher::read).collect::<Result<Vec<_>, No>>()?;
    if matchers.iter().all(|m| m.fits(&BTreeMap::new())) {
        let why = "silence invalid: at least one matcher must not match the empty string";
        return Err(No::Text(StatusCode::BAD_REQUEST, why));
    }
    let now = pager.handle.now();
    if ends_at <= starts_at {
        let why = "Failed to create silence: start time must be before end time";
        return Err(No::Text(StatusCode::BAD_REQUEST, why));
    }
    if ends_at <= now {
        return Err(No::Text(StatusCode::BAD_REQUEST, "Failed to create silence: end time can't be in the past"));
    }
    let mut all = pager.silences();
    let mut id = Uuid::new_v4().to_string();
    if let Some(old) = given["id"].as_str().filter(|old| !old.is_empty()) {
        let Some(known) = all.iter_mut().find(|s| s.id == old) else {
            return Err(No::Text(StatusCode::NOT_FOUND, "silence not found"));
        };
        if known.matchers == matchers && known.state(now) != "expired" {
            (known.ends_at, known.comment, known.updated_at) = (ends_at, comment, now);
            return Ok(body(json!({ "silenceID": old })));
        }
        // Other matchers: the old one ends and another id comes back.
        known.ends_at = known.ends_at.min(now);
        id = Uuid::new_v4().to_string();
    }
    let starts_at = starts_at.max(now);
    all.push(Silence { id: id.clone(), matchers, starts_at, ends_at, updated_at: now, created_by, comment });
    Ok(body(json!({ "silenceID": id })))
}

fn silence_id(id: &str) -> Result<(), No> {
    Uuid::parse_str(id).map(|_| ()).map_err(|_| {
        let why = format!("silenceID in path must be of type uuid: \"{id}\"");
        No::Numbered(StatusCode::UNPROCESSABLE_ENTITY, 601, why)
    })
}

async fn silence_get(State(pager): State<Pager>, Path(id): Path<String>) -> Result<Response, No> {
    silence_id(&id)?;
    let now = pager.handle.now();
    pager.silences().iter().find(|s| s.id == id).map(|s| body(s.json(now))).ok_or(No::Empty)
}

async fn silence_end(State(pager): State<Pager>, Path(id): Path<String>) -> Result<Response, No> {
    silence_id(&id)?;
    let now = pager.handle.now();
    let mut all = pager.silences();
    let known = all.iter_mut().find(|s| s.id == id).ok_or(No::Empty)?;
    known.ends_at = known.ends_at.min(now);
    Ok(StatusCode::OK.into_response())
}
