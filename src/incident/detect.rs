//! What an observation adds to the record: differences to the folded state, so that a restart repeats nothing. Pure.
//!
//! Absence needs two: what a list no longer shows is only "gone" when two complete observations in a row lack it.

use std::collections::BTreeMap;

use super::Instant;
use super::entry::{Draft, EntryId};
use super::observation::{
    Alert, Component, Health, Metric, Observation, Receipt, RemoteIncident, RemoteUpdate, Source,
};
use super::recipient::RecipientOutcome;
use super::state::{AlertSeen, Incident};
use super::what::*;
use super::words::{AlertState, ComponentState, Delivery, MessageState, Quality, Reach};

/// Entries for what a poll of a source says, by the source as it is after it: what changed, and whether it began to fail.
/// `previous` is the good observation before, `now` the room's instant, `real` the wall clock's.
pub fn heard(
    incident: &Incident,
    previous: Option<&Observation>,
    source: &Source,
    now: Instant,
    real: Instant,
) -> Vec<Draft> {
    let mut drafts = match source.observation.as_ref().filter(|_| source.error.is_none()) {
        Some(observation) => detect(incident, previous, observation, now),
        None => Vec::new(),
    };
    drafts.extend(detect_source(incident, source, real));
    drafts
}

/// Entries for what changed. `previous` is the good observation before this one, `now` the room's instant.
pub fn detect(
    incident: &Incident,
    previous: Option<&Observation>,
    observation: &Observation,
    now: Instant,
) -> Vec<Draft> {
    let Some(declared) = &incident.declared else { return Vec::new() };
    let scope = declared.entry.to_string();
    let mut found = Found { incident, origin: &observation.origin, scope: &scope, now, drafts: Vec::new() };
    for component in &observation.components {
        found.component(component);
    }
    for remote in &observation.incidents {
        found.remote(remote);
    }
    for alert in &observation.alerts {
        found.alert(alert);
    }
    for metric in &observation.metrics {
        let before = previous.and_then(|p| p.metrics.iter().find(|m| m.name == metric.name));
        found.metric(metric, before);
    }
    for receipt in observation.receipts.iter().filter(|receipt| receipt.to.is_none()) {
        found.receipt(receipt);
    }
    found.recipients(&observation.receipts);
    if let Some(previous) = previous
        && complete(previous)
        && complete(observation)
    {
        found.absences(previous, observation);
    }
    found.drafts
}

/// What an update of a remote incident is known by: edited, it is another.
fn version(update: &RemoteUpdate) -> String {
    format!("{} {}", update.id, update.version)
}

fn complete(observation: &Observation) -> bool {
    observation.quality == Quality::Exact
}

/// Entries for a source that began to fail, or came back. "Cannot ask" is not "is down".
pub fn detect_source(incident: &Incident, source: &Source, real: Instant) -> Option<Draft> {
    let failing = incident.sources.get(&source.name).is_some_and(|seen| seen.failing);
    match (source.health(real), failing) {
        (Health::Failing, false) => Some(Draft::now(
            SourceFailing {
                source: source.name.clone(),
                family: source.family.to_string(),
                why: source.error.clone().unwrap_or_else(|| "no answer".to_owned()),
            }
            .into(),
        )),
        (Health::Fresh, true) => {
            Some(Draft::now(SourceBack { source: source.name.clone(), family: source.family.to_string() }.into()))
        }
        (Health::Failing | Health::Stale | Health::Never | Health::Fresh, _) => None,
    }
}

struct Found<'a> {
    incident: &'a Incident,
    origin: &'a str,
    scope: &'a str,
    now: Instant,
    drafts: Vec<Draft>,
}

impl Found<'_> {
    fn add(&mut self, what: impl Into<What>, happened: Instant, id: EntryId) {
        // A remote clock ahead of ours would put things into our future.
        self.drafts.push(Draft::at(what.into(), happened.min(self.now)).with_id(id));
    }

    fn id(&self, parts: &[&str]) -> EntryId {
        let mut all = vec![self.origin, self.scope];
        all.extend_from_slice(parts);
        EntryId::derived(&all)
    }

    fn component(&mut self, component: &Component) {
        let key = (self.origin.to_owned(), component.id.clone());
        let seen = self.incident.components.get(&key);
        let from = seen.and_then(|s| s.state);
        if from == Some(component.state) {
            return;
        }
        // What was well when we first looked is no news; what is not known, or ill, is.
        if seen.is_none() && component.state == ComponentState::Operational {
            return;
        }
        let predecessor = seen.map(|s| s.entry.to_string()).unwrap_or_default();
        let id = self.id(&["component", &component.id, component.state.as_str(), &predecessor]);
        let changed = ComponentChanged {
            origin: self.origin.to_owned(),
            component: component.id.clone(),
            name: component.name.clone(),
            from,
            to: component.state,
            raw: component.raw_state.clone(),
        };
        // A page may say since when; a time before the last change that we know is not believed.
        let floor = seen.map(|s| s.since);
        let since = component.since.filter(|at| floor.is_none_or(|floor| *at > floor)).unwrap_or(self.now);
        self.add(changed, since, id);
    }

    fn remote(&mut self, remote: &RemoteIncident) {
        let key = (self.origin.to_owned(), remote.id.clone());
        let seen = self.incident.remotes.get(&key);
        // Listed again after it was removed, with nothing new on it: its newest word again.
        let back = seen.filter(|s| s.gone).map(|s| s.entry.to_string());
        let known = |u: &RemoteUpdate| seen.is_some_and(|s| s.updates.contains_key(&version(u)));
        let newest =
            remote.updates.iter().max_by_key(|u| (u.happened, &u.id)).filter(|_| remote.updates.iter().all(known));
        // Oldest first, as they happened.
        let mut updates: Vec<&RemoteUpdate> = remote.updates.iter().collect();
        updates.sort_by_key(|u| (u.happened, u.id.clone()));
        for update in updates {
            let again = back.as_ref().filter(|_| newest == Some(update));
            if known(update) && again.is_none() {
                continue;
            }
            let (id, happened) = match again {
                None => (self.id(&["update", &remote.id, &update.id, &update.version]), update.happened),
                Some(gone) => (self.id(&["update", &remote.id, "again", gone]), self.now),
            };
            let updated = RemoteUpdated {
                origin: self.origin.to_owned(),
                incident: remote.id.clone(),
                title: remote.name.clone(),
                update: version(update),
                phase: update.phase,
                raw_phase: update.raw_phase.clone(),
                body: update.body.clone(),
            };
            self.add(updated, happened, id);
        }
    }

    fn alert(&mut self, alert: &Alert) {
        let key = (self.origin.to_owned(), alert.id.clone());
        let starts = alert.starts_at.to_rfc3339();
        match self.incident.alerts.get(&key) {
            // Peers may tell different starts of one firing: the later one stands, else they would take turns for ever.
            Some(seen) if seen.starts_at >= alert.starts_at && seen.gone.is_none() => {
                if seen.state != alert.state {
                    let predecessor = seen.entry.to_string();
                    let id = self.id(&["alert", &alert.id, &starts, alert.state.as_str(), &predecessor]);
                    self.add(self.changed(alert), self.now, id);
                }
            }
            // The same firing, listed again after it was missing: it never ended.
            Some(seen) if seen.starts_at == alert.starts_at => {
                let predecessor = seen.entry.to_string();
                let id = self.id(&["alert", &alert.id, &starts, alert.state.as_str(), &predecessor]);
                self.add(self.changed(alert), self.now, id);
            }
            before @ (Some(_) | None) => {
                // A firing after another one: the same start may have been told before.
                let predecessor = before.map(|seen| seen.entry.to_string()).unwrap_or_default();
                let id = self.id(&["alert", &alert.id, &starts, "fired", &predecessor]);
                let fired = AlertFired {
                    origin: self.origin.to_owned(),
                    alert: alert.id.clone(),
                    name: alert.name.clone(),
                    starts_at: alert.starts_at,
                    summary: alert.summary.clone(),
                    severity: alert.severity.clone(),
                    labels: alert.labels.clone(),
                };
                let fired_id = id;
                self.add(fired, alert.starts_at, fired_id);
                if alert.state != AlertState::Firing {
                    let id = self.id(&["alert", &alert.id, &starts, alert.state.as_str(), &fired_id.to_string()]);
                    self.add(self.changed(alert), self.now, id);
                }
            }
        }
    }

    fn changed(&self, alert: &Alert) -> AlertChanged {
        AlertChanged {
            origin: self.origin.to_owned(),
            alert: alert.id.clone(),
            name: alert.name.clone(),
            starts_at: alert.starts_at,
            to: alert.state,
            why: alert.quiet_because.clone(),
        }
    }

    fn metric(&mut self, metric: &Metric, before: Option<&Metric>) {
        let key = (self.origin.to_owned(), metric.name.clone());
        let seen = self.incident.metrics.get(&key);
        let moved = match (seen.and_then(|s| s.value), metric.value) {
            (Some(old), Some(new)) => {
                let step = metric.tolerance.max(0.0) * old.abs();
                (new - old).abs() > step || (old == 0.0) != (new == 0.0)
            }
            // A value that is missing once may only be late.
            (Some(_), None) => before.is_some_and(|b| b.value.is_none()),
            (None, Some(_)) => true,
            (None, None) => false,
        };
        if !moved {
            return;
        }
        let predecessor = seen.map(|s| s.entry.to_string()).unwrap_or_default();
        let id = self.id(&["metric", &metric.name, &predecessor]);
        let value = MetricMoved {
            origin: self.origin.to_owned(),
            name: metric.name.clone(),
            unit: metric.unit.clone(),
            value: metric.value,
            quality: metric.quality,
            why: metric.why.clone().unwrap_or_default(),
            estimated: metric.estimated,
        };
        let floor = seen.map(|s| s.at);
        let at = metric.sampled_at.filter(|at| metric.value.is_some() && floor.is_none_or(|f| *at > f));
        self.add(value, at.unwrap_or(self.now), id);
    }

    fn receipt(&mut self, receipt: &super::observation::Receipt) {
        let Ok(key) = receipt.key.parse().map(EntryId) else { return };
        let Some(message) = self.incident.sendings.get(&key).and_then(|id| self.incident.messages.get(id)) else {
            return;
        };
        // An older sending of the same message says nothing about the newest.
        if message.sending.as_ref().map(|s| s.entry) != Some(key) {
            return;
        }
        let news = match (receipt.state, message.state) {
            (Delivery::Queued | Delivery::Sending | Delivery::Unknown, _) => false,
            (Delivery::Sent, state) => matches!(state, MessageState::Sending | MessageState::Unknown),
            (Delivery::Delivered, state) => state != MessageState::Delivered,
            // A text that was edited since is another one: the failure is known, and is not the new text's.
            (Delivery::Failed, state) => {
                matches!(state, MessageState::Sending | MessageState::Sent | MessageState::Unknown)
            }
        };
        if news {
            let id = self.id(&["receipt", &receipt.key, receipt.state.as_str()]);
            let seen = ReceiptSeen { sending: key, state: receipt.state, detail: receipt.detail.clone() };
            self.add(seen, receipt.at.unwrap_or(self.now), id);
        }
    }

    /// What became of single recipients, told later: an entry per sending, with what is news of it.
    fn recipients(&mut self, receipts: &[Receipt]) {
        let mut news: BTreeMap<EntryId, Vec<RecipientOutcome>> = BTreeMap::new();
        for receipt in receipts {
            let (Some(to), Ok(key)) = (&receipt.to, receipt.key.parse().map(EntryId)) else { continue };
            let state = match receipt.state {
                Delivery::Delivered => Reach::Delivered,
                Delivery::Failed => Reach::Bounced,
                Delivery::Sent => Reach::Sent,
                Delivery::Queued | Delivery::Sending | Delivery::Unknown => continue,
            };
            let message = self.incident.sendings.get(&key).and_then(|id| self.incident.messages.get(id));
            let Some(message) = message else { continue };
            // Servers may write an address in letters of another size; one that is not ours is nobody's.
            let known = message.recipients.iter().map(|(known, _)| known).find(|known| known.eq_ignore_ascii_case(to));
            let Some(known) = known else { continue };
            let outcome = RecipientOutcome { to: known.to_owned(), state, detail: receipt.detail.clone() };
            let of_sending = news.entry(key).or_default();
            let said = of_sending.iter().any(|said| said.to == outcome.to);
            if !said && message.recipients.is_news(key, &outcome) {
                of_sending.push(outcome);
            }
        }
        for (sending, mut outcomes) in news {
            if outcomes.is_empty() {
                continue;
            }
            outcomes.sort_by(|a, b| a.to.cmp(&b.to));
            let told: Vec<String> = outcomes.iter().map(|o| format!("{} {}", o.to, o.state)).collect();
            let id = self.id(&["recipients", &sending.to_string(), &told.join(" ")]);
            self.add(MessageRecipients { sending, outcomes }, self.now, id);
        }
    }

    /// What both of two complete observations lack, though the state has it.
    fn absences(&mut self, previous: &Observation, observation: &Observation) {
        let (incident, origin) = (self.incident, self.origin.to_owned());
        let here = |o: &String| *o == origin;
        // Maps are per family: an alert source says nothing about components.
        if observation.family == super::words::Family::Status {
            for ((o, component), seen) in incident.components.iter().filter(|((o, _), s)| here(o) && s.state.is_some())
            {
                let lacks = |obs: &Observation| !obs.components.iter().any(|c| c.id == *component);
                if lacks(previous) && lacks(observation) {
                    let id = self.id(&["component", component, "gone", &seen.entry.to_string()]);
                    let gone =
                        ComponentGone { origin: o.clone(), component: component.clone(), name: seen.name.clone() };
                    self.add(gone, self.now, id);
                }
            }
            for ((o, remote), seen) in incident.remotes.iter().filter(|((o, _), s)| here(o) && !s.gone) {
                let lacks = |obs: &Observation| !obs.incidents.iter().any(|i| i.id == *remote);
                if lacks(previous) && lacks(observation) {
                    let id = self.id(&["remote", remote, "gone", &seen.entry.to_string()]);
                    let gone = RemoteGone { origin: o.clone(), incident: remote.clone(), title: seen.title.clone() };
                    self.add(gone, self.now, id);
                }
            }
        }
        if observation.family == super::words::Family::Notification {
            let mut gone: Vec<(&String, &AlertSeen)> = Vec::new();
            let ids = |obs: &Observation| -> std::collections::BTreeSet<String> {
                obs.alerts.iter().map(|a| a.id.clone()).collect()
            };
            let (before, after) = (ids(previous), ids(observation));
            for ((o, alert), seen) in incident.alerts.iter() {
                if here(o) && seen.gone.is_none() && !before.contains(alert) && !after.contains(alert) {
                    gone.push((alert, seen));
                }
            }
            for (alert, seen) in gone {
                let id = self.id(&["alert", alert, "gone", &seen.entry.to_string()]);
                let gone = AlertGone {
                    origin: origin.clone(),
                    alert: alert.clone(),
                    name: seen.name.clone(),
                    starts_at: seen.starts_at,
                };
                self.add(gone, self.now, id);
            }
        }
    }
}
