//! Which texts could go out now: what stands drafted, else what the playbook's template says. Proposes, never writes.

use chrono::TimeDelta;

use super::Situation;
use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::exercise;
use crate::incident::message::{self, Message};
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::words::{MessageState, Phase, Round};
use crate::playbook::render::{self, Words};
use crate::text::instant;

/// A text for one audience on one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub audience: String,
    pub channel: String,
    pub round: Round,
    pub text: String,
    pub next_update: Option<Instant>,
    /// The message in the journal; None: only proposed.
    pub message: Option<EntryId>,
    pub state: MessageState,
    /// Carried by a backend; otherwise a person posts it and records it.
    pub carried: bool,
    /// Why it cannot go.
    pub stop: Option<String>,
    pub to: Addresses,
}

/// To whom a text goes, as far as a screen shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// 0: the channel names nobody.
    pub count: usize,
    pub first: Vec<String>,
    pub subject: String,
}

/// How many addresses are shown.
const FIRST: usize = 5;

/// To whom the text of a round, or the message that it is already, would go.
pub fn addresses(
    incident: &Incident,
    plan: &Plan,
    audience: &str,
    channel: &str,
    of: (Round, Option<&Message>),
) -> Addresses {
    let to = message::still_to_reach(plan, audience, channel, of.1);
    if to.is_empty() {
        return Addresses::default();
    }
    let subject = message::subject(incident, plan, channel, of.0);
    Addresses { count: to.len(), subject, first: to.into_iter().take(FIRST).collect() }
}

/// Which word an audience is due: the first, an update, or the last.
pub fn round(incident: &Incident, audience: &str) -> Round {
    let told = incident.messages.values().any(|m| m.audience == audience && m.told.is_some());
    match (told, incident.phase()) {
        (_, Phase::Resolved) => Round::Resolution,
        (false, Phase::Investigating | Phase::Identified | Phase::Monitoring) => Round::Initial,
        (true, Phase::Investigating | Phase::Identified | Phase::Monitoring) => Round::Update,
    }
}

/// All texts that could go to one audience now, a row for each channel that reaches it.
pub fn proposals(incident: &Incident, plan: &Plan, situation: &Situation, audience: &str) -> Vec<Proposal> {
    let Some(planned) = plan.audience(audience) else { return Vec::new() };
    let round = round(incident, audience);
    let on = |channel: &String| {
        let again = again(incident, plan, audience, channel);
        again.into_iter().chain(one(incident, plan, situation, audience, channel, round))
    };
    planned.channels.iter().flat_map(on).collect()
}

/// What was sent last and did not reach some: it can go to those.
fn again(incident: &Incident, plan: &Plan, audience: &str, channel: &str) -> Option<Proposal> {
    let planned = plan.audience(audience)?;
    let here = incident.messages.values().filter(|m| m.audience == audience && m.channel == channel);
    let newest = here.max_by_key(|m| (m.drafted, m.id)).filter(|m| m.missed() > 0)?;
    Some(Proposal {
        audience: audience.to_owned(),
        channel: channel.to_owned(),
        round: newest.round,
        text: newest.text.clone(),
        next_update: newest.next_update,
        message: Some(newest.id),
        state: newest.state,
        carried: plan.channel(channel)?.via.is_some(),
        stop: planned.hold.as_ref().map(|why| format!("HOLD: {why}")),
        to: addresses(incident, plan, audience, channel, (newest.round, Some(newest))),
    })
}

fn one(
    incident: &Incident,
    plan: &Plan,
    situation: &Situation,
    audience: &str,
    channel: &str,
    round: Round,
) -> Option<Proposal> {
    let planned = plan.audience(audience)?;
    let carried = plan.channel(channel)?.via.is_some();
    let standing = incident
        .messages
        .values()
        .filter(|m| m.audience == audience && m.channel == channel)
        .filter(|m| match m.state {
            MessageState::Draft
            | MessageState::Approved
            | MessageState::Failed
            | MessageState::Unknown
            | MessageState::Sending => true,
            MessageState::Sent | MessageState::Delivered | MessageState::Skipped | MessageState::SentElsewhere => false,
        })
        .max_by_key(|m| (m.drafted, m.id));
    let hold = planned.hold.as_ref().map(|why| format!("HOLD: {why}"));
    if let Some(message) = standing {
        let stop = match message.state {
            MessageState::Unknown => Some("may have gone: look it up first".to_owned()),
            MessageState::Sending => Some("being sent".to_owned()),
            _ if message.conflict => Some("two people changed the text: edit it once more".to_owned()),
            _ => None,
        };
        return Some(Proposal {
            audience: audience.to_owned(),
            channel: channel.to_owned(),
            round: message.round,
            text: message.text.clone(),
            next_update: message.next_update,
            message: Some(message.id),
            state: message.state,
            carried,
            stop: hold.or(stop),
            to: addresses(incident, plan, audience, channel, (message.round, Some(message))),
        });
    }
    let template = plan.template(round, audience, channel)?;
    let next_update = next_update(situation.moment.now, planned.cadence);
    let words = words(incident, plan, situation, next_update);
    let (text, stop) = match render::render(template, &words) {
        Ok(text) => (exercise::text(incident, text.trim()), None),
        Err(why) => (String::new(), Some(format!("the template stops: {why}"))),
    };
    let over = plan.channel(channel).and_then(|c| c.limit).filter(|limit| text.chars().count() > *limit);
    let over = over.map(|limit| format!("{} characters, {limit} allowed", text.chars().count()));
    Some(Proposal {
        audience: audience.to_owned(),
        channel: channel.to_owned(),
        round,
        text,
        next_update: Some(next_update),
        message: None,
        state: MessageState::Draft,
        carried,
        stop: hold.or(stop).or(over),
        to: addresses(incident, plan, audience, channel, (round, None)),
    })
}

/// The next word: after the cadence, on a whole minute.
fn next_update(now: Instant, cadence: u32) -> Instant {
    let at = now.checked_add_signed(TimeDelta::minutes(i64::from(cadence))).unwrap_or(now);
    at - TimeDelta::milliseconds(at.timestamp_millis().rem_euclid(60_000))
}

fn words(incident: &Incident, plan: &Plan, situation: &Situation, next_update: Instant) -> Words {
    let (now, zone) = (situation.moment.now, situation.zone);
    let clock = |at| instant::clock_zoned(at, now, zone);
    let down = situation.signals.components.iter().filter(|c| c.state.is_some_and(|s| s.harms()));
    // Only a fallback that somebody confirmed to work may be offered.
    let works = |id: &str| incident.fact(&format!("fallback_{id}")).is_some_and(|f| f.value == true);
    Words {
        started: incident.started().map(clock).unwrap_or_default(),
        now: clock(now),
        next_update: Some(clock(next_update)),
        phase: incident.phase().to_string(),
        title: incident.title().to_owned(),
        severity: incident.severity().to_string(),
        down: down.map(|c| c.name.clone()).collect(),
        fallbacks: plan.fallbacks.iter().filter(|f| works(&f.id)).map(|f| f.name.clone()).collect(),
        facts: incident
            .facts
            .keys()
            .filter_map(|name| incident.fact(name).map(|fact| (name.clone(), fact.value.clone())))
            .collect(),
    }
}
