//! What an adapter is: configuration in, requests out; answers in, an observation out. Never does IO, never sees a secret.

use std::path::PathBuf;

use super::job::{Job, Mailbox, Probe};
use super::request::Request;
use super::response::{Answer, Response};
use super::transport::auth::Scheme;
use super::{Class, Failure};
use crate::incident::Instant;
use crate::incident::entry::{EntryId, IncidentId};
use crate::incident::exercise::Real;
use crate::incident::observation::Observation;
use crate::incident::state::Incident;
use crate::incident::words::{Family, Phase, Round};
use crate::text::leaving;

/// One kind of backend, with one configuration.
pub trait Adapter: Send + Sync {
    fn family(&self) -> Family;

    /// How the backend wants its token, where the configuration does not name a header or a user.
    fn scheme(&self) -> Scheme {
        Scheme::Bearer
    }

    /// The requests of one poll. Empty: there is nothing to ask (a backend that is only sent to).
    fn poll(&self, _now: Instant) -> Vec<Request> {
        Vec::new()
    }

    /// Reads the answers to [`Adapter::poll`], in its order. Err: the source is failing, and the answers changed nothing.
    fn read(&self, _answers: &[Answer], _now: Instant) -> Result<Observation, Failure> {
        Err(answer_missing())
    }

    /// The Maildir that is read at a poll, for a backend that is one. None: it is asked over the network.
    fn mailbox(&self) -> Option<PathBuf> {
        None
    }

    /// Reads what stands in [`Adapter::mailbox`].
    fn read_mailbox(&self, _mailbox: &Mailbox, _now: Instant) -> Result<Observation, Failure> {
        Err(answer_missing())
    }

    /// The request that tells the backend's version, for `check`.
    fn ask_version(&self) -> Option<Request> {
        None
    }

    /// The version out of the answer to [`Adapter::ask_version`], as the backend words it.
    fn version(&self, _answer: &Response) -> Option<String> {
        None
    }

    /// What sends `message`. `key` is the idempotency key. Err: why this backend cannot take it; nothing has left.
    fn send(&self, _message: &Outgoing, _key: &str, _now: Instant) -> Result<Job, String> {
        Err("this kind of backend cannot be sent to".to_owned())
    }

    /// The request that follows the answers to [`Job::Ask`]. Err: nothing has left.
    fn send_then(
        &self,
        _answers: &[Response],
        _message: &Outgoing,
        _key: &str,
        _now: Instant,
    ) -> Result<Request, String> {
        Err("there is nothing to ask".to_owned())
    }

    /// Whether a message has to name its recipients.
    fn addressed(&self) -> bool {
        false
    }

    /// What is wrong with an address for this kind. None: it can be sent to, as far as can be seen.
    fn address_fault(&self, _address: &str) -> Option<&'static str> {
        None
    }

    /// What shows that it would take a message, where it is not polled. None: nothing does.
    fn probe(&self) -> Option<Probe> {
        None
    }

    /// What the answer to [`Probe::Http`] says, in a line.
    fn probed(&self, answer: &Response) -> Result<String, Failure> {
        answer.checked().map(|()| "answers".to_owned())
    }

    /// What the answer to [`Adapter::send`] means. Total: an answer that says neither is unknown.
    fn outcome(&self, answer: &Response) -> Outcome {
        outcome_by_status(answer)
    }

    /// The requests whose answers, given to [`Adapter::read`], hold a receipt for `key`. Empty: it cannot be asked.
    fn look_up(&self, _key: &str) -> Vec<Request> {
        Vec::new()
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
    /// To whom, where the channel knows addresses: those that this sending is for.
    pub(super) recipients: Vec<String>,
    pub(super) subject: String,
    /// The incident's id, whole.
    pub(super) incident: String,
    pub(super) title: String,
    pub(super) phase: Phase,
    _real: Real,
}

impl Outgoing {
    /// The message as it stands. None: there is no such message, or the incident is an exercise.
    pub fn of(incident: &Incident, id: IncidentId, message: EntryId) -> Option<Outgoing> {
        let _real = Real::of(incident)?;
        let message = incident.messages.get(&message)?;
        let sending = message.sending.as_ref();
        Some(Outgoing {
            audience: message.audience.clone(),
            channel: message.channel.clone(),
            round: message.round,
            text: message.text.clone(),
            recipients: sending.map(|s| message.recipients.waiting(s.entry, &s.to)).unwrap_or_default(),
            subject: sending.map(|s| leaving::line(&s.subject)).unwrap_or_default(),
            incident: id.to_string(),
            title: leaving::line(incident.title()),
            phase: incident.phase(),
            _real,
        })
    }

    /// A worksheet to these addresses. None: the incident is an exercise, of which nothing leaves.
    pub fn letter(incident: &Incident, id: IncidentId, subject: &str, text: &str, to: &[String]) -> Option<Outgoing> {
        let _real = Real::of(incident)?;
        Some(Outgoing {
            audience: "worksheet".to_owned(),
            channel: "mail".to_owned(),
            round: Round::Initial,
            text: text.to_owned(),
            recipients: to.to_vec(),
            subject: leaving::line(subject),
            incident: id.to_string(),
            title: leaving::line(incident.title()),
            phase: incident.phase(),
            _real,
        })
    }

    pub fn recipients(&self) -> &[String] {
        &self.recipients
    }

    pub fn subject(&self) -> &str {
        &self.subject
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
