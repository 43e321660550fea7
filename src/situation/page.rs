//! What the public page itself says, held against what was sent to it and against what other sources say.

use chrono::TimeDelta;

use crate::incident::Instant;
use crate::incident::clock::Moment;
use crate::incident::entry::EntryId;
use crate::incident::message::Message;
use crate::incident::observation::{Health, Observation, Source};
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::words::ComponentState;

/// A page that says something else than we believe.
#[derive(Clone, Debug, PartialEq)]
pub struct PageView {
    /// The source's name.
    pub page: String,
    /// The channel that it shows.
    pub channel: String,
    pub says: Says,
    pub since: Instant,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Says {
    /// These are shown as working, and another source says that they are not.
    Belies { components: Vec<String> },
    /// What went out over the channel is not on it; the newest words that are, if any.
    NotThere { message: EntryId, instead: Option<String> },
    /// Newer words stand on it that did not leave from here.
    Other { message: EntryId, words: String },
}

/// How long a page may take to show what it was given.
const GRACE: TimeDelta = TimeDelta::minutes(3);

/// The pages that the plan's channels show, where they disagree with us. A page that is not heard of says nothing.
pub fn pages(incident: &Incident, plan: &Plan, sources: &[Source], moment: Moment) -> Vec<PageView> {
    let mut out = Vec::new();
    for channel in &plan.channels {
        let source = channel.page.as_ref().and_then(|page| sources.iter().find(|s| s.name == *page));
        let Some(source) = source.filter(|s| s.health(moment.real) == Health::Fresh) else { continue };
        let Some(seen) = &source.observation else { continue };
        let view = |says, since| PageView { page: source.name.clone(), channel: channel.id.clone(), says, since };
        let (components, since) = belied(incident, seen);
        if let Some(since) = since {
            out.push(view(Says::Belies { components }, since));
        }
        let over = incident.messages.values().filter(|m| m.channel == channel.id && !m.text.trim().is_empty());
        let newest = over.filter(|m| m.told.is_some()).max_by_key(|m| (m.told, m.id));
        // The page as it was when it was last read, not as it is now.
        let read = Moment { now: source.last_success.map_or(moment.now, |at| moment.room_at(at)), ..moment };
        let long_ago = |(_, told): &(&Message, Instant)| read.waited(*told) >= GRACE;
        if let Some((message, told)) = newest.and_then(|m| Some((m, m.told?))).filter(long_ago) {
            out.extend(words(seen, message, told).map(|says| view(says, told)));
        }
    }
    out
}

/// What the page shows as working though another source says that it is harmed, and since when.
fn belied(incident: &Incident, seen: &Observation) -> (Vec<String>, Option<Instant>) {
    let (mut names, mut since) = (Vec::new(), None::<Instant>);
    for shown in seen.components.iter().filter(|c| c.state == ComponentState::Operational) {
        let elsewhere = incident.components.iter().filter(|((origin, id), other)| {
            *origin != seen.origin && (*id == shown.id || other.name.eq_ignore_ascii_case(&shown.name))
        });
        let harmed = elsewhere.filter(|(_, other)| other.state.is_some_and(ComponentState::harms));
        if let Some(at) = harmed.map(|(_, other)| other.since).min() {
            names.push(shown.name.clone());
            since = Some(since.map_or(at, |first| first.min(at)));
        }
    }
    (names, since)
}

fn words(seen: &Observation, message: &Message, told: Instant) -> Option<Says> {
    let mut updates: Vec<_> = seen.incidents.iter().flat_map(|incident| &incident.updates).collect();
    updates.sort_by_key(|update| update.recorded);
    let first_line = |body: &str| plain(body).chars().take(80).collect::<String>();
    let newest = updates.last();
    let ours = updates.iter().rposition(|update| plain(&update.body).contains(&plain(&message.text)));
    match (ours, newest) {
        (None, newest) => {
            Some(Says::NotThere { message: message.id, instead: newest.map(|update| first_line(&update.body)) })
        }
        (Some(ours), Some(newest)) if ours + 1 < updates.len() && newest.recorded > told + GRACE => {
            Some(Says::Other { message: message.id, words: first_line(&newest.body) })
        }
        (Some(_), _) => None,
    }
}

/// Words as they are compared: without marks of layout, blanks counted once.
fn plain(text: &str) -> String {
    // A page may wrap lines, or show them as paragraphs of HTML.
    let mut out = String::with_capacity(text.len());
    let mut tag = false;
    for c in text.chars() {
        match c {
            '<' => tag = true,
            '>' if tag => {
                tag = false;
                out.push(' ');
            }
            _ if tag => {}
            c => out.push(c),
        }
    }
    let out = out
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#39;", "'")
        .replace("&quot;", "\"");
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
