//! What an adapter is: configuration in, requests out; answers in, an observation out. Never does IO, never sees a secret.

use super::request::Request;
use super::response::{Answer, Response};
use super::transport::auth::Scheme;
use super::{Class, Failure};
use crate::incident::Instant;
use crate::incident::entry::{EntryId, IncidentId};
use crate::incident::exercise::Real;
use crate::incident::observation::Observation;
use crate::incident::state::Incident;
use crate::incident::words::{Family, Round};

/// One kind of backend, with one configuration.
pub trait Adapter: Send + Sync {
    fn family(&self) -> Family;

    /// How the backend wants its token, where the configuration does not name a header or a user.
    fn scheme(&self) -> Scheme {
        Scheme::Bearer
    }

    /// The requests of one poll. Empty: there is nothing to ask (a backend that is only sent to).
    fn poll(&self, now: Instant) -> Vec<Request>;

    /// Reads the answers to [`Adapter::poll`], in its order. Err: the source is failing, and the answers changed nothing.
    fn read(&self, answers: &[Answer], now: Instant) -> Result<Observation, Failure>;

    /// The request that tells the backend's version, for `check`.
    fn ask_version(&self) -> Option<Request> {
        None
    }

    /// The version out of the answer to [`Adapter::ask_version`], as the backend words it.
    fn version(&self, _answer: &Response) -> Option<String> {
        None
    }

    /// The request that sends `message`. `key` is the idempotency key. None: this backend cannot be sent to.
    fn send(&self, _message: &Outgoing, _key: &str, _now: Instant) -> Option<Request> {
        None
    }

    /// What the answer to [`Adapter::send`] means. Total: an answer that says neither is unknown.
    fn outcome(&self, answer: &Response) -> Outcome {
        outcome_by_status(answer)
    }

    /// The request whose answer, given to [`Adapter::read`], holds a receipt for `key`. None: it cannot be asked.
    fn look_up(&self, _key: &str) -> Option<Request> {
        None
    }
}

/// A message on its way out. There is none of an exercise: it is made only from a real incident, and cannot be changed.
///
/// ```compile_fail
/// use warroom::backends::Outgoing;
/// fn forged(of: &Outgoing) -> Outgoing {
///     Outgoing { text: "drill".to_owned(), ..of.clone() }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub(super) audience: String,
    pub(super) channel: String,
    pub(super) round: Round,
    pub(super) text: String,
    /// The incident's id, whole.
    pub(super) incident: String,
    _real: Real,
}

impl Outgoing {
    /// The message as it stands. None: there is no such message, or the incident is an exercise.
    pub fn of(incident: &Incident, id: IncidentId, message: EntryId) -> Option<Outgoing> {
        let _real = Real::of(incident)?;
        let message = incident.messages.get(&message)?;
        Some(Outgoing {
            audience: message.audience.clone(),
            channel: message.channel.clone(),
            round: message.round,
            text: message.text.clone(),
            incident: id.to_string(),
            _real,
        })
    }
}

/// What became of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Taken by the backend; `reference` is its own name for it, empty where it gave none.
    Done { reference: String },
    /// Certainly not done: refused, or never reached the backend.
    Refused { why: String },
    /// It may have been done. Never repeated by itself.
    Unknown { why: String },
}

/// The usual reading: 2xx done, 3xx and 4xx refused, everything else unknown.
pub fn outcome_by_status(answer: &Response) -> Outcome {
    if (200..300).contains(&answer.status) {
        return Outcome::Done { reference: String::new() };
    }
    let why = match answer.checked() {
        Ok(()) => format!("an answer that was not expected ({})", answer.status),
        Err(failure) => failure.why,
    };
    match answer.status {
        // A timeout or "too early" may come after the message was taken.
        408 | 425 => Outcome::Unknown { why },
        300..=499 => Outcome::Refused { why },
        _ => Outcome::Unknown { why },
    }
}

/// The failure of a poll whose answers are fewer than its requests: cannot happen, and is no all-clear if it does.
pub fn answer_missing() -> Failure {
    Failure::new(Class::Shape, "an answer is missing")
}
