//! A status page in the public shape of Statuspage: summary and incidents, with ETag. Read only.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::outbox::Outbox;
use super::{Handle, digest};
use crate::demo::scenario::{ComponentAt, Impact, Page, Published, RemoteUpdate};
use crate::incident::Instant;
use crate::incident::words::{ComponentState, Phase};

#[derive(Clone)]
struct Asked {
    handle: Handle,
    page: Arc<str>,
    outbox: Outbox,
}

/// The router of one page of the scenario. What the outbox took for the page's channel stands on it too.
pub fn router(handle: Handle, page: &str, outbox: Outbox) -> Router {
    Router::new()
        .route("/api/v2/summary.json", get(summary))
        .route("/api/v2/components.json", get(components))
        .route("/api/v2/incidents.json", get(incidents))
        .route("/api/v2/incidents/unresolved.json", get(unresolved))
        .fallback(not_found)
        .with_state(Asked { handle, page: page.into(), outbox })
}

async fn not_found() -> Response {
    let page = "<!DOCTYPE html><html><head><title>Page not found</title></head><body></body></html>\n";
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

async fn summary(State(asked): State<Asked>, headers: HeaderMap) -> Response {
    answer(&asked, &headers, |view| {
        json!({
            "page": view.page_json(),
            "components": view.components_json(),
            "incidents": view.incidents_json(false),
            "scheduled_maintenances": [],
            "status": view.status_json(),
        })
    })
    .await
}

async fn components(State(asked): State<Asked>, headers: HeaderMap) -> Response {
    answer(&asked, &headers, |view| json!({ "page": view.page_json(), "components": view.components_json() })).await
}

async fn incidents(State(asked): State<Asked>, headers: HeaderMap) -> Response {
    answer(&asked, &headers, |view| json!({ "page": view.page_json(), "incidents": view.incidents_json(true) })).await
}

async fn unresolved(State(asked): State<Asked>, headers: HeaderMap) -> Response {
    answer(&asked, &headers, |view| json!({ "page": view.page_json(), "incidents": view.incidents_json(false) })).await
}

async fn answer(asked: &Asked, headers: &HeaderMap, body: impl FnOnce(&View<'_>) -> Value) -> Response {
    let now = asked.handle.now();
    let Some(page) = asked.handle.scenario.page(&asked.page) else { return not_found().await };
    let view = View {
        page,
        zone: page.timezone.parse().unwrap_or(Tz::UTC),
        components: asked.handle.scenario.component_states(&page.name, now),
        incidents: asked.handle.scenario.updates(&page.name, now),
        posted: page.shows.as_ref().map(|channel| asked.outbox.texts(channel, now)).unwrap_or_default(),
        title: &asked.handle.scenario.incident.title,
    };
    let body = body(&view).to_string();
    let tag = format!("W/\"{}\"", digest(&body, 32));
    let cache = (header::CACHE_CONTROL, "max-age=0, private, must-revalidate".to_owned());
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag), cache]).into_response();
    }
    let kind = (header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned());
    ([(header::ETAG, tag), cache, kind], body).into_response()
}

/// A page at one instant.
struct View<'a> {
    page: &'a Page,
    zone: Tz,
    components: Vec<ComponentAt<'a>>,
    incidents: Vec<Published<'a>>,
    /// What was sent to it in the replay, the newest first.
    posted: Vec<(Instant, String)>,
    title: &'a str,
}

impl View<'_> {
    fn time(&self, at: Instant) -> String {
        at.with_timezone(&self.zone).to_rfc3339_opts(SecondsFormat::Millis, false)
    }

    /// When the page last changed; it does not move while nothing does.
    fn updated(&self) -> Instant {
        let states = self.components.iter().filter_map(|c| c.since);
        let updates = self.incidents.iter().flat_map(|i| &i.updates).map(|u| u.at);
        let posted = self.posted.iter().map(|(at, _)| *at);
        states.chain(updates).chain(posted).max().unwrap_or(self.page.since)
    }

    fn page_json(&self) -> Value {
        json!({
            "id": self.page.id,
            "name": self.page.title,
            "url": self.page.url,
            "time_zone": self.page.timezone,
            "updated_at": self.time(self.updated()),
        })
    }

    fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = Vec::new();
        for group in self.components.iter().filter_map(|c| c.component.group.as_deref()) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    /// Groups are components too, each before its members, as the real pages list them.
    fn components_json(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for (position, group) in (1..).zip(self.groups()) {
            let members = || self.components.iter().filter(|c| c.component.group.as_deref() == Some(group));
            let worst = members().map(|c| c.state).max_by_key(|state| badness(*state));
            let since = members().filter_map(|c| c.since).max();
            let mut it = self.one(&group_id(group), group, worst.unwrap_or(ComponentState::Operational), since, None);
            it["position"] = json!(position);
            it["group"] = json!(true);
            it["components"] = members().map(|c| json!(c.component.id)).collect();
            all.push(it);
            all.extend((1..).zip(members()).map(|(position, c)| self.leaf(c, position)));
        }
        let alone = self.components.iter().filter(|c| c.component.group.is_none());
        all.extend((1 + self.groups().len()..).zip(alone).map(|(position, c)| self.leaf(c, position)));
        all
    }

    fn leaf(&self, c: &ComponentAt<'_>, position: usize) -> Value {
        let group = c.component.group.as_deref().map(group_id);
        let mut it = self.one(&c.component.id, &c.component.name, c.state, c.since, group);
        it["position"] = json!(position);
        it
    }

    fn one(&self, id: &str, name: &str, state: ComponentState, since: Option<Instant>, group: Option<String>) -> Value {
        json!({
            "id": id,
            "name": name,
            "status": component_word(state),
            "created_at": self.time(self.page.since),
            "updated_at": self.time(since.unwrap_or(self.page.since)),
            "position": 1,
            "description": null,
            "showcase": false,
            "start_date": null,
            "group_id": group,
            "page_id": self.page.id,
            "group": false,
            "only_show_if_degraded": false,
        })
    }

    /// A resolved incident leaves the summary; only the list of all has it.
    fn incidents_json(&self, resolved_too: bool) -> Vec<Value> {
        let open = |p: &&Published<'_>| resolved_too || p.updates.first().is_some_and(|u| u.status != Phase::Resolved);
        self.posted().into_iter().chain(self.incidents.iter().filter(open).filter_map(|p| self.incident(p))).collect()
    }

    /// An incident of what was sent to the page.
    fn posted(&self) -> Option<Value> {
        const ID: &str = "posted000001";
        let (newest, first) = (self.posted.first()?, self.posted.last()?);
        let one = |(at, text): &(Instant, String)| {
            let update = RemoteUpdate {
                at: *at,
                happened: None,
                status: Phase::Investigating,
                body: text.clone(),
                precision: Default::default(),
                invented: false,
                source: None,
                conflict: None,
            };
            let mut json = self.update(ID, &update);
            json["id"] = json!(digest(&format!("{ID} {at} {text}"), 12));
            json
        };
        Some(json!({
            "id": ID,
            "name": self.title,
            "status": Phase::Investigating.as_str(),
            "created_at": self.time(first.0),
            "updated_at": self.time(newest.0),
            "monitoring_at": null,
            "resolved_at": null,
            "impact": Impact::Major.as_str(),
            "shortlink": format!("{}/incidents/{ID}", self.page.url),
            "started_at": self.time(first.0),
            "page_id": self.page.id,
            "incident_updates": self.posted.iter().map(one).collect::<Vec<_>>(),
            "components": [],
            "reminder_intervals": null,
        }))
    }

    fn incident(&self, published: &Published<'_>) -> Option<Value> {
        let incident = published.incident;
        let (newest, first) = (published.updates.first()?, published.updates.last()?);
        let reached = |phase| published.updates.iter().rev().find(|u| u.status == phase).map(|u| self.time(u.at));
        let updates: Vec<Value> = published.updates.iter().map(|u| self.update(&incident.id, u)).collect();
        let concerned = self.components.iter().filter(|c| incident.components.contains(&c.component.id));
        Some(json!({
            "id": incident.id,
            "name": incident.name,
            "status": newest.status.as_str(),
            "created_at": self.time(first.at),
            "updated_at": self.time(newest.at),
            "monitoring_at": reached(Phase::Monitoring),
            "resolved_at": reached(Phase::Resolved),
            "impact": incident.impact.as_str(),
            "shortlink": format!("{}/incidents/{}", self.page.url, incident.id),
            "started_at": self.time(first.happened.unwrap_or(first.at)),
            "page_id": self.page.id,
            "incident_updates": updates,
            "components": concerned.map(|c| self.leaf(c, 1)).collect::<Vec<_>>(),
            "reminder_intervals": null,
        }))
    }

    /// `display_at` is when it happened, by its author; `created_at` when the page recorded it.
    fn update(&self, incident: &str, update: &RemoteUpdate) -> Value {
        let recorded = self.time(update.at);
        json!({
            "id": digest(&format!("{incident} {recorded}"), 12),
            "status": update.status.as_str(),
            "body": update.body,
            "incident_id": incident,
            "created_at": recorded,
            "updated_at": recorded,
            "display_at": self.time(update.happened.unwrap_or(update.at)),
            "affected_components": null,
            "deliver_notifications": true,
            "custom_tweet": null,
            "tweet_id": null,
        })
    }

    fn status_json(&self) -> Value {
        let unresolved = |p: &&Published<'_>| p.updates.first().is_some_and(|u| u.status != Phase::Resolved);
        let told = self.incidents.iter().filter(unresolved).map(|p| p.incident.impact).max();
        let seen = self.components.iter().map(|c| match c.state {
            ComponentState::MajorOutage => Impact::Critical,
            ComponentState::PartialOutage => Impact::Major,
            ComponentState::Degraded => Impact::Minor,
            ComponentState::Operational | ComponentState::Maintenance | ComponentState::Unknown => Impact::None,
        });
        let worst = told.into_iter().chain(seen).max().unwrap_or(Impact::None);
        let description = match worst {
            Impact::None => "All Systems Operational",
            Impact::Minor => "Minor Service Outage",
            Impact::Major => "Partial System Outage",
            Impact::Critical => "Major Service Outage",
        };
        json!({ "indicator": worst.as_str(), "description": description })
    }
}

fn group_id(group: &str) -> String {
    digest(&format!("group {group}"), 12)
}

fn badness(state: ComponentState) -> u8 {
    match state {
        ComponentState::Operational => 0,
        ComponentState::Maintenance => 1,
        ComponentState::Unknown => 2,
        ComponentState::Degraded => 3,
        ComponentState::PartialOutage => 4,
        ComponentState::MajorOutage => 5,
    }
}

/// The format has no word for "not known": an operator's own word stands there, which readers must not take for health.
fn component_word(state: ComponentState) -> &'static str {
    match state {
        ComponentState::Operational => "operational",
        ComponentState::Degraded => "degraded_performance",
        ComponentState::PartialOutage => "partial_outage",
        ComponentState::MajorOutage => "major_outage",
        ComponentState::Maintenance => "under_maintenance",
        ComponentState::Unknown => "not_reported",
    }
}
