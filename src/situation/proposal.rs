//! Which texts could go out now: what stands drafted, else what the playbook's template says. Proposes, never writes.

use chrono::TimeDelta;

use super::lint::{self, Wording};
use super::{Situation, wording};
use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::exercise;
use crate::incident::message::{self, Message};
use crate::incident::pin::Grounds;
use crate::incident::plan::{Audience, Plan};
use crate::incident::state::Incident;
use crate::incident::words::{MessageState, Phase, Round};
use crate::playbook::render;

/// A text for one audience on one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub audience: String,
    pub channel: String,
    pub round: Round,
    pub text: String,
    /// The words that stand in the journal, where facts in them have moved: `text` is what they would be now.
    pub was: Option<String>,
    pub next_update: Option<Instant>,
    pub grounds: Grounds,
    /// The message in the journal; None: only proposed.
    pub message: Option<EntryId>,
    pub state: MessageState,
    /// Carried by a backend; otherwise a person posts it and records it.
    pub carried: bool,
    /// Why it cannot go.
    pub stop: Option<String>,
    /// What to look at before it is approved.
    pub warnings: Vec<String>,
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
        was: None,
        next_update: newest.next_update,
        grounds: newest.grounds.clone(),
        message: Some(newest.id),
        state: newest.state,
        carried: plan.channel(channel)?.via.is_some(),
        stop: planned.hold.as_ref().map(|why| format!("HOLD: {why}")).or_else(|| {
            let moved = newest.overtaken.first()?;
            Some(format!("{} is another now than in these words: the correction goes instead", moved.name))
        }),
        warnings: Vec::new(),
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
    let theirs = || incident.messages.values().filter(|m| m.audience == audience && m.channel == channel);
    let standing = theirs().filter(|m| stands(m.state)).max_by_key(|m| (m.drafted, m.id));
    let newest = theirs().filter(|m| m.told.is_some()).max_by_key(|m| (m.told, m.id));
    let owed = newest.filter(|m| !m.overtaken.is_empty() && round != Round::Resolution);
    let mut proposal = match (standing, owed) {
        (Some(message), _) => of_standing(incident, plan, situation, planned, message),
        (None, Some(told)) => fresh(incident, plan, situation, (planned, channel, Round::Correction), Some(told))
            .unwrap_or_else(|| corrected_by_hand(incident, plan, situation, planned, told)),
        (None, None) => fresh(incident, plan, situation, (planned, channel, round), None)?,
    };
    proposal.carried = plan.channel(channel)?.via.is_some();
    let draft = Wording {
        audience: planned,
        channel: plan.channel(channel)?,
        round: proposal.round,
        text: &proposal.text,
        next_update: proposal.next_update,
        grounds: &proposal.grounds,
    };
    let mut findings = match proposal.text.is_empty() {
        true => Vec::new(),
        false => lint::findings(incident, plan, situation, &draft),
    };
    if let Some(why) = &planned.hold {
        proposal.stop = Some(format!("HOLD: {why}"));
    }
    let stop = findings.iter().position(|f| f.stops).map(|at| findings.remove(at).text);
    proposal.stop = proposal.stop.or(stop);
    proposal.warnings = findings.into_iter().map(|f| f.text).collect();
    Some(proposal)
}

fn stands(state: MessageState) -> bool {
    match state {
        MessageState::Draft
        | MessageState::Approved
        | MessageState::Failed
        | MessageState::Unknown
        | MessageState::Sending => true,
        MessageState::Sent | MessageState::Delivered | MessageState::Skipped | MessageState::SentElsewhere => false,
    }
}

/// What is drafted already. Where facts in it moved, other things are down, or its promise has passed, the words as they
/// would be now.
fn of_standing(
    incident: &Incident,
    plan: &Plan,
    situation: &Situation,
    audience: &Audience,
    message: &Message,
) -> Proposal {
    let as_it_is = Proposal {
        audience: message.audience.clone(),
        channel: message.channel.clone(),
        round: message.round,
        text: message.text.clone(),
        was: None,
        next_update: message.next_update,
        grounds: message.grounds.clone(),
        message: Some(message.id),
        state: message.state,
        carried: false,
        stop: match message.state {
            MessageState::Unknown => Some("may have gone: look it up first".to_owned()),
            MessageState::Sending => Some("being sent".to_owned()),
            _ if message.conflict => Some("two people changed the text: edit it once more".to_owned()),
            _ => None,
        },
        warnings: Vec::new(),
        to: addresses(incident, plan, &message.audience, &message.channel, (message.round, Some(message))),
    };
    let passed = message.next_update.is_some_and(|at| at <= situation.moment.now);
    let may_change = matches!(message.state, MessageState::Draft | MessageState::Approved | MessageState::Failed);
    let changed = message.grounds.outage.as_ref().is_some_and(|seen| !seen.same(&wording::outage(situation, audience)));
    let due = !message.overtaken.is_empty() || ((passed || changed) && message.grounds.template);
    if !may_change || !due || as_it_is.stop.is_some() {
        return as_it_is;
    }
    let anew = if message.grounds.template {
        let told = corrected(incident, message);
        fresh(incident, plan, situation, (audience, &message.channel, message.round), told).filter(|p| p.stop.is_none())
    } else {
        with_new_numbers(message).map(|text| {
            let facts = wording::pins_of_text(incident, plan, situation, &text, &[]);
            let grounds = Grounds { facts, template: false, ..message.grounds.clone() };
            Proposal { text, grounds, ..as_it_is.clone() }
        })
    };
    match anew {
        Some(new) if new.text != message.text => {
            Proposal { was: Some(message.text.clone()), message: Some(message.id), state: MessageState::Draft, ..new }
        }
        _ => {
            let moved = message.overtaken.first().map(|moved| {
                let is = if moved.is.is_null() { "not confirmed".to_owned() } else { wording::shown(&moved.is) };
                format!("{} is {is} now, the text says {}: E edits it", moved.name, wording::shown(&moved.was))
            });
            Proposal { stop: moved, ..as_it_is }
        }
    }
}

/// A text with the numbers in it as they are now; None: not all of what moved stands in it as a number.
fn with_new_numbers(message: &Message) -> Option<String> {
    message.overtaken.iter().try_fold(message.text.clone(), |text, moved| {
        (!moved.is.is_null()).then(|| wording::replaced(&text, &moved.was, &moved.is)).flatten()
    })
}

/// A correction where the playbook has no words for one: what was said, with the facts as they are now.
fn corrected_by_hand(
    incident: &Incident,
    plan: &Plan,
    situation: &Situation,
    audience: &Audience,
    told: &Message,
) -> Proposal {
    let anew = with_new_numbers(told);
    let text = exercise::text(incident, anew.as_deref().unwrap_or(&told.text).trim());
    let now = situation.moment.now;
    let grounds = Grounds {
        facts: wording::pins_of_text(incident, plan, situation, &text, &[]),
        template: false,
        language: told.grounds.language.clone(),
        outage: told.grounds.outage.as_ref().map(|_| wording::outage(situation, audience)),
    };
    Proposal {
        audience: audience.id.clone(),
        channel: told.channel.clone(),
        round: Round::Correction,
        text,
        was: Some(told.text.clone()).filter(|_| anew.is_some()),
        next_update: Some(next_update(now, audience.cadence_at(incident.elapsed(now)))),
        grounds,
        message: None,
        state: MessageState::Draft,
        carried: false,
        // That it corrects something has to be said, which nobody can know but a person.
        stop: Some("the playbook has no words for a correction: E writes them".to_owned()),
        warnings: Vec::new(),
        to: addresses(incident, plan, &audience.id, &told.channel, (Round::Correction, None)),
    }
}

/// The message that a correction corrects.
fn corrected<'a>(incident: &'a Incident, message: &Message) -> Option<&'a Message> {
    let theirs = incident.messages.values().filter(|m| m.audience == message.audience && m.channel == message.channel);
    let told = theirs.filter(|m| m.told.is_some() && m.id != message.id && message.round == Round::Correction);
    told.max_by_key(|m| (m.told, m.id))
}

/// What the playbook's template says now. `told`: the message that it corrects.
fn fresh(
    incident: &Incident,
    plan: &Plan,
    situation: &Situation,
    (audience, channel, round): (&Audience, &str, Round),
    told: Option<&Message>,
) -> Option<Proposal> {
    let template = plan.template(round, &audience.id, channel)?;
    let next_update = next_update(situation.moment.now, audience.cadence_at(incident.elapsed(situation.moment.now)));
    let corrects = told.and_then(|m| Some((m.told?, m.overtaken.as_slice())));
    let words = wording::words(incident, plan, situation, audience, next_update, corrects);
    let (text, stop) = match render::render(template, &words) {
        Ok(text) => (exercise::text(incident, text.trim()), None),
        Err(why) => (String::new(), Some(format!("the template stops: {why}"))),
    };
    let used = render::used(template, &words);
    let facts = wording::pins(incident, plan, situation, &used);
    let outage = used.outage.then(|| wording::outage(situation, audience));
    Some(Proposal {
        audience: audience.id.clone(),
        channel: channel.to_owned(),
        round,
        text,
        was: None,
        next_update: Some(next_update),
        grounds: Grounds { facts, template: true, language: template.language.clone(), outage },
        message: None,
        state: MessageState::Draft,
        carried: false,
        stop,
        warnings: Vec::new(),
        to: addresses(incident, plan, &audience.id, channel, (round, None)),
    })
}

/// The next word: after the cadence, on a whole minute.
fn next_update(now: Instant, cadence: u32) -> Instant {
    let at = now.checked_add_signed(TimeDelta::minutes(i64::from(cadence))).unwrap_or(now);
    at - TimeDelta::milliseconds(at.timestamp_millis().rem_euclid(60_000))
}
