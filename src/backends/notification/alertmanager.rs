//! Alertmanager v2, read only: the whole list of alerts, from every peer. Never silences, never says that an absent alert ended.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::backends::adapter::{Adapter, answer_missing};
use crate::backends::kinds::{Kind, Place};
use crate::backends::request::Request;
use crate::backends::response::{Answer, Response, quote};
use crate::backends::settings::{Key, Keys};
use crate::backends::transport::{base_url, origin};
use crate::backends::{Class, Failure};
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::observation::{Alert, Observation};
use crate::incident::words::{AlertState, Family, Quality};

pub const KIND: Kind = Kind {
    name: "alertmanager",
    family: Family::Notification,
    place: Place::Web,
    doc: "Prometheus Alertmanager: which alerts fire, which are kept quiet, and by what.",
    example: r#"[[notification]]
name  = "paging"
kind  = "alertmanager"
url   = "http://127.0.0.1:9093"        # with the path prefix, if it has one
every = "15s"
# It has no sign-in of its own; this is for a proxy in front of it.
# user  = "warroom"
# token = { file = "/etc/warroom/alertmanager.pass" }
peers = []                             # the other members of the cluster: an alert counts if any of them has it
max_alerts = 20000                     # above it the list is cut, and shown as partial
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[
    Key { name: "peers", meaning: "URLs of the other cluster members, asked with the same credential.", default: "[]" },
    Key {
        name: "max_alerts",
        meaning: "How many alerts are kept; a longer list is cut and is partial.",
        default: "20000",
    },
];

/// Twenty thousand alerts of a kilobyte each still fit.
const BODY_CAP: usize = 32 << 20;

/// Labels kept of one alert.
const LABELS: usize = 20;

struct Alertmanager {
    origin: String,
    peers: Vec<String>,
    max_alerts: usize,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let mut peers = Vec::new();
    for peer in keys.texts("peers")? {
        peers.push(base_url(&peer).map_err(|why| keys.problem("peers", why))?);
    }
    let max_alerts = keys.count("max_alerts", 20_000, 1..=200_000)?;
    Ok(Box::new(Alertmanager { origin: origin(&source.url), peers, max_alerts }))
}

impl Adapter for Alertmanager {
    fn family(&self) -> Family {
        Family::Notification
    }

    fn poll(&self, _now: Instant) -> Vec<Request> {
        let ask = |base| Request { base, cap: BODY_CAP, ..Request::get("/api/v2/alerts") };
        std::iter::once(None).chain(self.peers.iter().cloned().map(Some)).map(ask).collect()
    }

    fn read(&self, answers: &[Answer], _now: Instant) -> Result<Observation, Failure> {
        let mut merged: BTreeMap<String, Alert> = BTreeMap::new();
        let mut failed: Vec<Failure> = Vec::new();
        for answer in answers {
            match answer.as_ref().map_err(Clone::clone).and_then(alerts) {
                Ok(list) => list.into_iter().for_each(|alert| keep(&mut merged, alert)),
                Err(failure) => failed.push(failure),
            }
        }
        if failed.len() == answers.len() {
            return Err(failed.into_iter().next().unwrap_or_else(answer_missing));
        }
        let mut why: Vec<String> = Vec::new();
        if let Some(first) = failed.first() {
            why.push(format!("{} of {} peers did not answer: {}", failed.len(), answers.len(), first.why));
        }
        let mut alerts: Vec<Alert> = merged.into_values().collect();
        if alerts.len() > self.max_alerts {
            why.push(format!("{} alerts, {} more than are kept", alerts.len(), alerts.len() - self.max_alerts));
            // What fires is kept before what is quiet; the order by fingerprint is the same at every poll.
            alerts.sort_by_key(|alert| std::cmp::Reverse(louder(alert.state)));
            alerts.truncate(self.max_alerts);
        }
        Ok(Observation {
            origin: self.origin.clone(),
            family: Family::Notification,
            quality: if why.is_empty() { Quality::Exact } else { Quality::Partial },
            quality_why: if why.is_empty() { None } else { Some(why.join("; ")) },
            as_of: None,
            components: Vec::new(),
            incidents: Vec::new(),
            alerts,
            metrics: Vec::new(),
            receipts: Vec::new(),
        })
    }

    fn ask_version(&self) -> Option<Request> {
        Some(Request::get("/api/v2/status"))
    }

    fn version(&self, answer: &Response) -> Option<String> {
        #[derive(Deserialize)]
        struct Status {
            #[serde(rename = "versionInfo")]
            info: Info,
        }
        #[derive(Deserialize)]
        struct Info {
            version: String,
        }
        answer.json::<Status>().ok().map(|status| format!("Alertmanager {}", quote(&status.info.version)))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAlert {
    fingerprint: String,
    starts_at: Option<String>,
    status: RawStatus,
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawStatus {
    state: String,
    #[serde(default)]
    silenced_by: Vec<String>,
    #[serde(default)]
    inhibited_by: Vec<String>,
}

fn alerts(answer: &Response) -> Result<Vec<Alert>, Failure> {
    let raw: Vec<RawAlert> = answer.json()?;
    raw.into_iter().map(alert).collect()
}

fn alert(mut raw: RawAlert) -> Result<Alert, Failure> {
    let starts_at = match &raw.starts_at {
        // Alertmanager's own word for "not set".
        None => unset(),
        Some(text) => chrono::DateTime::parse_from_rfc3339(text).map(|at| at.to_utc()).map_err(|_| {
            let why = format!("startsAt of alert {} is not an instant: {}", quote(&raw.fingerprint), quote(text));
            Failure::new(Class::Shape, why)
        })?,
    };
    let name = raw.labels.remove("alertname").unwrap_or_else(|| raw.fingerprint.clone());
    let severity = raw.labels.get("severity").cloned().unwrap_or_default();
    let summary =
        raw.annotations.remove("summary").or_else(|| raw.annotations.remove("description")).unwrap_or_default();
    let labels_cut = raw.labels.len().saturating_sub(LABELS);
    Ok(Alert {
        name,
        state: state(&raw.status.state),
        starts_at,
        summary,
        severity,
        labels: raw.labels.into_iter().take(LABELS).collect(),
        labels_cut,
        quiet_because: quiet(&raw.status.silenced_by, &raw.status.inhibited_by),
        id: raw.fingerprint,
    })
}

/// 0001-01-01T00:00:00Z.
fn unset() -> Instant {
    chrono::NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc()
}

fn state(word: &str) -> AlertState {
    match word {
        // Not yet through the pipeline is not quiet.
        "active" | "unprocessed" => AlertState::Firing,
        "suppressed" => AlertState::Suppressed,
        _ => AlertState::Unknown,
    }
}

fn quiet(silenced: &[String], inhibited: &[String]) -> String {
    let by = |what: &str, ids: &[String]| match ids {
        [] => None,
        [one] => Some(format!("{what} {one}")),
        [one, more @ ..] => Some(format!("{what} {one} and {} more", more.len())),
    };
    let parts: Vec<String> =
        [by("silenced by", silenced), by("inhibited by", inhibited)].into_iter().flatten().collect();
    parts.join(", ")
}

/// Of two peers that disagree, the louder is believed; then the earlier start.
fn keep(merged: &mut BTreeMap<String, Alert>, alert: Alert) {
    match merged.get_mut(&alert.id) {
        None => {
            merged.insert(alert.id.clone(), alert);
        }
        Some(known) => {
            let earlier = known.starts_at.min(alert.starts_at);
            if louder(alert.state) > louder(known.state) {
                *known = alert;
            }
            known.starts_at = earlier;
        }
    }
}

fn louder(state: AlertState) -> u8 {
    match state {
        AlertState::Resolved => 0,
        AlertState::Suppressed => 1,
        AlertState::Acknowledged => 2,
        AlertState::Unknown => 3,
        AlertState::Firing => 4,
    }
}
