//! What one poll of one backend returned, in the neutral model. Made by adapters, read by `detect`, `assess` and panes.
//!
//! Text in here is as the backend sent it: it is raw, and passes the gate (`text::Safe`) before it is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Instant;
use super::words::{AlertState, ComponentState, Delivery, Family, Phase, Quality};

/// What one successful poll returned. A failed poll makes none: it only ages the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Scheme, host and port of the backend: the namespace of every id in here.
    pub origin: String,
    pub family: Family,
    /// `exact`, or `partial` where a list was cut or the backend warned: absence from a partial list says nothing.
    pub quality: Quality,
    /// Why the quality is not exact, in a sentence.
    #[serde(default)]
    pub quality_why: Option<String>,
    /// When the source says its data is from (page update, sample time), by its own clock. None: it does not say.
    #[serde(default)]
    pub as_of: Option<Instant>,
    #[serde(default)]
    pub components: Vec<Component>,
    #[serde(default)]
    pub incidents: Vec<RemoteIncident>,
    #[serde(default)]
    pub alerts: Vec<Alert>,
    #[serde(default)]
    pub metrics: Vec<Metric>,
    #[serde(default)]
    pub receipts: Vec<Receipt>,
}

impl Observation {
    /// Of a system that carries messages: what became of them, and of nothing else.
    pub fn of_receipts(origin: &str, receipts: Vec<Receipt>) -> Observation {
        Observation {
            origin: origin.to_owned(),
            family: Family::Notification,
            quality: Quality::Exact,
            quality_why: None,
            as_of: None,
            components: Vec::new(),
            incidents: Vec::new(),
            alerts: Vec::new(),
            metrics: Vec::new(),
            receipts,
        }
    }
}

/// A component of a status page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    pub id: String,
    pub name: String,
    pub state: ComponentState,
    /// The backend's own word, kept where it maps to `unknown`.
    #[serde(default)]
    pub raw_state: String,
    /// When the backend says that the state began.
    #[serde(default)]
    pub since: Option<Instant>,
    #[serde(default)]
    pub group: Option<String>,
}

/// An incident that a status page tells of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteIncident {
    pub id: String,
    pub name: String,
    /// None where the page used a word we do not know (kept in `raw_phase`).
    pub phase: Option<Phase>,
    #[serde(default)]
    pub raw_phase: String,
    #[serde(default)]
    pub impact: String,
    #[serde(default)]
    pub updates: Vec<RemoteUpdate>,
}

/// One published update of a remote incident. `version` moves when it is edited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteUpdate {
    pub id: String,
    pub version: String,
    pub phase: Option<Phase>,
    #[serde(default)]
    pub raw_phase: String,
    pub body: String,
    /// When it happened (authors back-date it).
    pub happened: Instant,
    /// When the page recorded it.
    pub recorded: Instant,
}

/// An alert of a notification backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The fingerprint: the same alert at every poll and at every peer.
    pub id: String,
    pub name: String,
    pub state: AlertState,
    pub starts_at: Instant,
    #[serde(default)]
    pub summary: String,
    #[serde(default)]
    pub severity: String,
    /// At most 20, the rest counted in `labels_cut`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub labels_cut: usize,
    /// Who or what keeps it quiet, where it is suppressed.
    #[serde(default)]
    pub quiet_because: String,
}

/// A named query's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The query's name in the configuration: the name facts and rules use.
    pub name: String,
    #[serde(default)]
    pub unit: String,
    /// None unless the answer was exactly one finite number. Never 0 for "no answer".
    pub value: Option<f64>,
    pub quality: Quality,
    /// Why there is no value, or why it is not exact.
    #[serde(default)]
    pub why: Option<String>,
    /// The sample's own instant, not that of the evaluation.
    #[serde(default)]
    pub sampled_at: Option<Instant>,
    /// Earlier points of a range query, oldest first, for the direction.
    #[serde(default)]
    pub history: Vec<(Instant, f64)>,
    /// How far it must move before it is an entry: a share of the last recorded value (0.1 = a tenth).
    #[serde(default)]
    pub tolerance: f64,
    /// The number is an estimate by its source's own word.
    #[serde(default)]
    pub estimated: bool,
}

/// What a notification backend says of a message that we gave it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Our key: the entry id of the `message.sending` entry.
    pub key: String,
    /// The recipient that it is about; None: the message as a whole.
    #[serde(default)]
    pub to: Option<String>,
    pub state: Delivery,
    #[serde(default)]
    pub at: Option<Instant>,
    #[serde(default)]
    pub detail: String,
}

/// A source's health, as the header counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Fresh,
    Stale,
    Failing,
    Never,
}

/// What is known of one configured source: its last good observation and how the last tries went. Instants are real time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub name: String,
    pub family: Family,
    pub kind: String,
    /// Seconds between polls.
    pub every: u64,
    /// Seconds a poll may take.
    pub timeout: u64,
    #[serde(default)]
    pub observation: Option<Observation>,
    /// When the last good answer came, by our clock, in real time.
    #[serde(default)]
    pub last_success: Option<Instant>,
    #[serde(default)]
    pub last_try: Option<Instant>,
    /// Failed tries since the last good one.
    #[serde(default)]
    pub misses: u32,
    #[serde(default)]
    pub error: Option<String>,
    /// Whether the error cannot mend itself (a refused credential): failing at once.
    #[serde(default)]
    pub refused: bool,
    /// When it will be asked again, in real time.
    #[serde(default)]
    pub next_try: Option<Instant>,
    /// Until when it asked to be left alone, in real time: also a wish to ask now waits for that.
    #[serde(default)]
    pub not_before: Option<Instant>,
    /// Seconds by which the source's clock is ahead of ours.
    #[serde(default)]
    pub skew: Option<f64>,
}

impl Source {
    /// A source that was never asked.
    pub fn never(name: &str, family: Family, kind: &str, every: u64, timeout: u64) -> Source {
        Source {
            name: name.to_owned(),
            family,
            kind: kind.to_owned(),
            every,
            timeout,
            observation: None,
            last_success: None,
            last_try: None,
            misses: 0,
            error: None,
            refused: false,
            next_try: None,
            not_before: None,
            skew: None,
        }
    }

    /// A poll that failed takes nothing away from what is known, also where another process saw it: the later good answer
    /// stays, and only ages.
    pub fn keep_known(&mut self, known: &Source) {
        if self.error.is_some() && known.last_success > self.last_success {
            self.observation.clone_from(&known.observation);
            self.last_success = known.last_success;
        }
    }

    /// Fresh: a good answer within two intervals and a timeout. Failing: three misses, or refused. `real` is real time.
    pub fn health(&self, real: Instant) -> Health {
        let Some(last) = self.last_success else {
            return if self.misses > 0 { Health::Failing } else { Health::Never };
        };
        if self.refused || self.misses >= 3 {
            return Health::Failing;
        }
        if (real - last).num_seconds() <= i64::try_from(2 * self.every + self.timeout).unwrap_or(i64::MAX) {
            Health::Fresh
        } else {
            Health::Stale
        }
    }

    /// Age of the last good answer, in real time.
    pub fn age(&self, real: Instant) -> Option<chrono::TimeDelta> {
        self.last_success.map(|last| real - last)
    }
}
