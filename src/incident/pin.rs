//! Facts inside a text, as they stood when it was written: by them a text is known to have been overtaken. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Instant;
use super::state::Incident;

/// What a text rests on besides its words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Grounds {
    #[serde(default)]
    pub facts: Vec<Pin>,
    /// The words are the playbook's own: nobody wrote any of them in this incident.
    #[serde(default)]
    pub template: bool,
    /// The language of the text, where the template names one.
    #[serde(default)]
    pub language: String,
    /// What was down when the words were made, and whether this audience's service was back. None: the words do not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<Outage>,
}

/// How the outage stood for an audience.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outage {
    /// Names of the components that harmed their users.
    pub down: Vec<String>,
    pub back: bool,
}

impl Outage {
    /// Whether the same is down, in whatever order, and the audience fares alike.
    pub fn same(&self, other: &Outage) -> bool {
        let sorted = |outage: &Outage| outage.down.iter().cloned().collect::<std::collections::BTreeSet<_>>();
        self.back == other.back && sorted(self) == sorted(other)
    }
}

/// A fact in a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    pub name: String,
    pub value: Value,
    pub as_of: Instant,
    /// The query that gave the value; None: a person stated it.
    #[serde(default)]
    pub metric: Option<String>,
    /// By what share of it the query's value may move before the text is overtaken.
    #[serde(default)]
    pub tolerance: f64,
}

/// A fact that is another now than in a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    pub name: String,
    pub was: Value,
    /// Null: nobody stands for it any more.
    pub is: Value,
}

/// The pinned facts that are others now.
pub fn moved(incident: &Incident, pins: &[Pin]) -> Vec<Moved> {
    pins.iter().filter_map(|pin| one(incident, pin)).collect()
}

fn one(incident: &Incident, pin: &Pin) -> Option<Moved> {
    let stated = incident.facts.contains_key(&pin.name);
    let is = match (&pin.metric, stated) {
        // A number that is lost is old, which its age tells: it is not another number.
        (Some(metric), false) => Value::from(value_of(incident, metric)?),
        (_, true) => incident.sure(&pin.name).map(|fact| fact.value.clone()).unwrap_or_default(),
        (None, false) => Value::Null,
    };
    let overtaken = match (&pin.metric, stated, pin.value.as_f64(), is.as_f64()) {
        (Some(_), false, Some(was), Some(is)) => {
            (is - was).abs() > pin.tolerance.max(0.0) * was.abs() || (is == 0.0) != (was == 0.0)
        }
        (_, _, Some(was), Some(is)) => was != is,
        _ => pin.value != is,
    };
    overtaken.then(|| Moved { name: pin.name.clone(), was: pin.value.clone(), is })
}

/// The graver of what the sources of this name said last.
fn value_of(incident: &Incident, metric: &str) -> Option<f64> {
    let named = incident.metrics.iter().filter(|((_, name), _)| name == metric);
    named.filter_map(|(_, seen)| seen.value).max_by(f64::total_cmp)
}
