//! Statuspage and the many pages of its shape: `summary.json` and `incidents.json`, read only. Never "no incidents" on doubt.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::backends::adapter::{Adapter, answer_missing};
use crate::backends::kinds::{Kind, Place};
use crate::backends::request::Request;
use crate::backends::response::{Answer, quote};
use crate::backends::settings::{Key, Keys};
use crate::backends::transport::auth::Scheme;
use crate::backends::transport::origin;
use crate::backends::{Class, Failure};
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::observation::{Component, Observation, RemoteIncident, RemoteUpdate};
use crate::incident::words::{ComponentState, Family, Phase, Quality};

pub const KIND: Kind = Kind {
    name: "statuspage",
    family: Family::Status,
    place: Place::Web,
    doc: "A public status page in Statuspage's shape: components, incidents and their updates.",
    example: r#"[[status]]
name  = "public-page"
kind  = "statuspage"
url   = "https://status.example.net"   # the page itself, not the api host
every = "60s"                          # the page sits behind a cache; faster shows nothing newer
# Only private pages need a key, and it is the full read/write key: prefer a page that needs none.
# token = { env = "STATUSPAGE_KEY" }
incidents = true                       # ask incidents.json too; false for pages that lack it
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[Key {
    name: "incidents",
    meaning: "Ask incidents.json too, where resolved incidents are found; false for pages that have only the summary.",
    default: "true",
}];

struct Statuspage {
    origin: String,
    incidents: bool,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    Ok(Box::new(Statuspage { origin: origin(&source.url), incidents: keys.flag("incidents", true)? }))
}

impl Adapter for Statuspage {
    fn family(&self) -> Family {
        Family::Status
    }

    fn scheme(&self) -> Scheme {
        Scheme::Prefix("OAuth ")
    }

    fn poll(&self, _now: Instant) -> Vec<Request> {
        let ask = |path| Request { follow: true, ..Request::get(path) };
        let mut requests = vec![ask("/api/v2/summary.json")];
        if self.incidents {
            requests.push(ask("/api/v2/incidents.json"));
        }
        requests
    }

    fn read(&self, answers: &[Answer], _now: Instant) -> Result<Observation, Failure> {
        let summary = answers.first().ok_or_else(answer_missing)?.as_ref().map_err(Clone::clone)?;
        let summary: Summary = summary.json()?;
        let listed = if self.incidents {
            let list = answers.get(1).ok_or_else(answer_missing)?.as_ref().map_err(Clone::clone)?;
            let list: Incidents = list.json()?;
            list.incidents
        } else if summary.incidents.is_some() {
            Vec::new()
        } else {
            return Err(Failure::new(Class::Shape, "the summary has no incidents, and incidents.json is turned off"));
        };
        let mut incidents: BTreeMap<String, RemoteIncident> = BTreeMap::new();
        // The list comes last: it is the one that tells of resolved incidents, so it wins over the summary.
        for raw in summary.incidents.into_iter().flatten().chain(listed) {
            let incident = incident(raw)?;
            incidents.insert(incident.id.clone(), incident);
        }
        Ok(Observation {
            origin: self.origin.clone(),
            family: Family::Status,
            quality: Quality::Exact,
            quality_why: None,
            as_of: summary.page.and_then(|page| page.updated_at).as_deref().and_then(instant),
            components: components(summary.components),
            incidents: incidents.into_values().collect(),
            alerts: Vec::new(),
            metrics: Vec::new(),
            receipts: Vec::new(),
        })
    }
}

#[derive(Deserialize)]
struct Summary {
    page: Option<Page>,
    /// Required: a page without components is another answer, not a healthy page.
    components: Vec<RawComponent>,
    incidents: Option<Vec<RawIncident>>,
}

#[derive(Deserialize)]
struct Incidents {
    incidents: Vec<RawIncident>,
}

#[derive(Deserialize)]
struct Page {
    updated_at: Option<String>,
}

#[derive(Deserialize)]
struct RawComponent {
    id: String,
    name: Option<String>,
    status: Option<String>,
    updated_at: Option<String>,
    group_id: Option<String>,
    group: Option<bool>,
}

#[derive(Deserialize)]
struct RawIncident {
    id: String,
    name: Option<String>,
    status: Option<String>,
    impact: Option<String>,
    #[serde(default)]
    incident_updates: Vec<RawUpdate>,
}

#[derive(Deserialize)]
struct RawUpdate {
    id: String,
    status: Option<String>,
    body: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    display_at: Option<String>,
}

/// The leaves, in the page's order; of two with one id the worse is kept, where the first stood.
fn components(raw: Vec<RawComponent>) -> Vec<Component> {
    let groups: BTreeMap<String, String> = raw
        .iter()
        .filter(|c| c.group == Some(true))
        .map(|c| (c.id.clone(), c.name.clone().unwrap_or_else(|| c.id.clone())))
        .collect();
    let mut leaves: Vec<Component> = Vec::new();
    for c in raw.into_iter().filter(|c| c.group != Some(true)) {
        let raw_state = c.status.unwrap_or_default();
        let leaf = Component {
            name: c.name.unwrap_or_else(|| c.id.clone()),
            id: c.id,
            state: component_state(&raw_state),
            raw_state,
            since: c.updated_at.as_deref().and_then(instant),
            group: c.group_id.and_then(|id| groups.get(&id).cloned()),
        };
        match leaves.iter_mut().find(|known| known.id == leaf.id) {
            Some(known) if worse(leaf.state) > worse(known.state) => *known = leaf,
            Some(_) => {}
            None => leaves.push(leaf),
        }
    }
    leaves
}

fn incident(raw: RawIncident) -> Result<RemoteIncident, Failure> {
    let raw_phase = raw.status.unwrap_or_default();
    let updates = raw.incident_updates.into_iter().map(|u| update(&raw.id, u)).collect::<Result<Vec<_>, Failure>>()?;
    Ok(RemoteIncident {
        name: raw.name.unwrap_or_else(|| raw.id.clone()),
        id: raw.id,
        phase: phase(&raw_phase),
        raw_phase,
        impact: raw.impact.unwrap_or_default(),
        updates,
    })
}

fn update(incident: &str, raw: RawUpdate) -> Result<RemoteUpdate, Failure> {
    let at = |key: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => instant(text).map(Some).ok_or_else(|| {
            let why = format!(
                "{key} of update {} of incident {} is not an instant: {}",
                quote(&raw.id),
                quote(incident),
                quote(text)
            );
            Failure::new(Class::Shape, why)
        }),
    };
    let created = at("created_at", &raw.created_at)?;
    let displayed = at("display_at", &raw.display_at)?;
    let (Some(recorded), Some(happened)) = (created.or(displayed), displayed.or(created)) else {
        let why = format!("update {} of incident {} says not when it was made", quote(&raw.id), quote(incident));
        return Err(Failure::new(Class::Shape, why));
    };
    let raw_phase = raw.status.unwrap_or_default();
    Ok(RemoteUpdate {
        id: raw.id,
        // An edit keeps the id and moves only this.
        version: raw.updated_at.or(raw.created_at).unwrap_or_default(),
        phase: phase(&raw_phase),
        raw_phase,
        body: raw.body.unwrap_or_default(),
        happened,
        recorded,
    })
}

/// RFC 3339 with an offset; anything else says not when it was.
fn instant(text: &str) -> Option<Instant> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

fn component_state(word: &str) -> ComponentState {
    match word {
        "operational" => ComponentState::Operational,
        "degraded_performance" => ComponentState::Degraded,
        "partial_outage" => ComponentState::PartialOutage,
        // The second is what an imitation says.
        "major_outage" | "full_outage" => ComponentState::MajorOutage,
        "under_maintenance" => ComponentState::Maintenance,
        _ => ComponentState::Unknown,
    }
}

fn phase(word: &str) -> Option<Phase> {
    match word {
        "investigating" => Some(Phase::Investigating),
        "identified" => Some(Phase::Identified),
        "monitoring" => Some(Phase::Monitoring),
        "resolved" | "postmortem" => Some(Phase::Resolved),
        _ => None,
    }
}

/// The order in which one of two contradicting states is believed.
fn worse(state: ComponentState) -> u8 {
    match state {
        ComponentState::Operational => 0,
        ComponentState::Maintenance => 1,
        ComponentState::Unknown => 2,
        ComponentState::Degraded => 3,
        ComponentState::PartialOutage => 4,
        ComponentState::MajorOutage => 5,
    }
}
