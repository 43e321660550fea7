//! A webhook of one's own: signed JSON out, optional receipts back. Never repeats a message, never sees the signing key.

use serde::{Deserialize, Serialize};

use crate::backends::Failure;
use crate::backends::adapter::{Adapter, Outcome, Outgoing, answer_missing, outcome_by_status};
use crate::backends::job::Job;
use crate::backends::kinds::{Kind, Place};
use crate::backends::request::Request;
use crate::backends::response::{Answer, Response, quote};
use crate::backends::settings::{Key, Keys};
use crate::backends::transport::auth::Scheme;
use crate::backends::transport::origin;
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::observation::{Observation, Receipt};
use crate::incident::words::{Delivery, Family};

pub const KIND: Kind = Kind {
    name: "webhook",
    family: Family::Notification,
    place: Place::Web,
    doc: "Sends messages as signed JSON (Standard Webhooks) and reads back what became of them.",
    example: r#"[[notification]]
name  = "outbox"
kind  = "webhook"
url   = "https://gateway.example.net/warroom"   # messages are posted here
every = "30s"
# The key of the signature (Webhook-Signature: v1,…), as text or as whsec_… (base64).
token = { env = "WARROOM_WEBHOOK_KEY" }
receipts = "/receipts"                 # optional: asked with GET for {"receipts":[{"id","state","at","detail"}]}
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[Key {
    name: "receipts",
    meaning: "Path below the url that lists receipts as JSON; without it the backend is only sent to.",
    default: "",
}];

struct Webhook {
    origin: String,
    receipts: Option<String>,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let receipts = keys.text("receipts")?;
    if receipts.as_deref().is_some_and(|path| !path.starts_with('/') || path.contains(['?', '#'])) {
        return Err(keys.problem("receipts", "expected a path that begins with \"/\", without a query"));
    }
    Ok(Box::new(Webhook { origin: origin(&source.url), receipts }))
}

/// What is posted. The order of the fields is the order in the signed bytes.
#[derive(Serialize)]
struct Payload<'a> {
    id: &'a str,
    audience: &'a str,
    channel: &'a str,
    round: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subject: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    recipients: &'a [String],
    incident: &'a str,
    exercise: bool,
}

impl Adapter for Webhook {
    fn family(&self) -> Family {
        Family::Notification
    }

    fn scheme(&self) -> Scheme {
        Scheme::Signature
    }

    fn poll(&self, _now: Instant) -> Vec<Request> {
        self.receipts.iter().map(|path| Request { id: "receipts".to_owned(), ..Request::get(path) }).collect()
    }

    fn read(&self, answers: &[Answer], _now: Instant) -> Result<Observation, Failure> {
        let answer = answers.first().ok_or_else(answer_missing)?.as_ref().map_err(Clone::clone)?;
        let list: Receipts = answer.json()?;
        Ok(Observation::of_receipts(&self.origin, list.receipts.into_iter().map(receipt).collect()))
    }

    fn send(&self, message: &Outgoing, key: &str, _now: Instant) -> Result<Job, String> {
        let payload = Payload {
            id: key,
            audience: &message.audience,
            channel: &message.channel,
            round: message.round.as_str(),
            text: &message.text,
            subject: &message.subject,
            recipients: &message.recipients,
            incident: &message.incident,
            // Of an exercise there is no message to send: the key tells a receiver that also hears rehearsals of others.
            exercise: false,
        };
        // The id goes along unsigned too: the receiver tells a repeat by it.
        let headers = vec![("webhook-id", key.to_owned())];
        let json = serde_json::to_string(&payload).map_err(|e| e.to_string())?;
        Ok(Job::Http(Request { headers, ..Request::post_json("", json, key) }))
    }

    fn outcome(&self, answer: &Response) -> Outcome {
        match outcome_by_status(answer) {
            Outcome::Done { .. } => Outcome::Done { reference: reference(answer) },
            other @ (Outcome::Refused { .. } | Outcome::Unknown { .. }) => other,
        }
    }

    fn look_up(&self, _key: &str) -> Vec<Request> {
        self.poll(Instant::UNIX_EPOCH)
    }
}

#[derive(Deserialize)]
struct Receipts {
    receipts: Vec<RawReceipt>,
}

#[derive(Deserialize)]
struct RawReceipt {
    id: String,
    state: String,
    at: Option<String>,
    #[serde(default)]
    detail: String,
}

fn receipt(raw: RawReceipt) -> Receipt {
    let (state, detail) = match raw.state.parse::<Delivery>() {
        Ok(state) => (state, raw.detail),
        // A word that is not in the contract says nothing of the delivery.
        Err(_) => (Delivery::Unknown, format!("{}: {}", quote(&raw.state), raw.detail)),
    };
    let at = raw.at.as_deref().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok()).map(|at| at.to_utc());
    Receipt { key: raw.id, to: None, state, at, detail }
}

/// The receiver's own id for what it took, where it says one.
fn reference(answer: &Response) -> String {
    #[derive(Deserialize)]
    struct Taken {
        id: String,
    }
    answer.json::<Taken>().map(|taken| quote(&taken.id)).unwrap_or_default()
}
