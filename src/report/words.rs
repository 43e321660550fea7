//! What is said now: the newest approved words for each audience, and who still holds older ones. Raw text: it passes the
//! gate where it is shown.

use std::collections::BTreeMap;

use crate::incident::Instant;
use crate::incident::exercise;
use crate::incident::message::Message;
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::words::MessageState;
use crate::text::instant;

/// Lines for people who answer for the incident: the words, alike ones once, then who holds which older ones.
pub fn words(incident: &Incident, plan: &Plan, now: Instant) -> Vec<String> {
    let clock = |at| instant::clock_zoned(at, now, incident.zone());
    // By words, in the order of harm: which audiences they are for, over what.
    let mut said: Vec<(&Message, Vec<String>)> = Vec::new();
    let mut older: Vec<String> = Vec::new();
    for audience in &plan.audiences {
        let mut places: BTreeMap<&str, (Option<&Message>, Option<&Message>)> = BTreeMap::new();
        for message in incident.messages.values().filter(|m| m.audience == audience.id && !m.text.trim().is_empty()) {
            let place = places.entry(message.channel.as_str()).or_default();
            let newer =
                |known: Option<&Message>| known.is_none_or(|k| (k.drafted, k.id) < (message.drafted, message.id));
            if is_approved(message) && message.overtaken.is_empty() && newer(place.0) {
                place.0 = Some(message);
            }
            if message.told.is_some() && newer(place.1) {
                place.1 = Some(message);
            }
        }
        for (channel, (approved, told)) in places {
            let short = plan.channel(channel).map_or(channel, |c| c.name.as_str());
            let name = format!("{} ({short})", audience.name);
            // Older words are not current again because newer ones are not so any more.
            let newest = told.filter(|told| !told.overtaken.is_empty());
            let approved = approved.filter(|a| newest.is_none_or(|told| (told.drafted, told.id) < (a.drafted, a.id)));
            if let Some(approved) = approved {
                match said.iter_mut().find(|(known, _)| known.text == approved.text) {
                    Some((_, names)) => names.push(name.clone()),
                    None => said.push((approved, vec![name.clone()])),
                }
            }
            if let Some(told) = told.filter(|told| approved.is_none_or(|a| a.text != told.text)) {
                let at = told.told.map(clock).unwrap_or_default();
                let why = match told.overtaken.first() {
                    Some(moved) => format!("; {} is another now", moved.name),
                    None => String::new(),
                };
                older.push(format!("  {name} holds the {} of {at}{why}", told.round));
            }
        }
    }
    let mut out = Vec::new();
    for (message, names) in said {
        let (by, at) = message.approved.clone().unwrap_or((message.author.clone(), message.drafted));
        out.push(format!("{}: approved {} by {by}, for {}", message.round, clock(at), names.join(", ")));
        out.extend(message.text.lines().map(|line| format!("  {line}")));
    }
    if out.is_empty() {
        out.push("No words are approved: nobody may say more than that we know of it and work on it.".to_owned());
    }
    if !older.is_empty() {
        out.push("STILL HOLDS OLDER WORDS".to_owned());
        out.extend(older);
    }
    out.into_iter().map(|line| exercise::line(incident, &line)).collect()
}

fn is_approved(message: &Message) -> bool {
    match message.state {
        MessageState::Approved | MessageState::Sending | MessageState::Sent | MessageState::Delivered => true,
        // Told by other means: the words are out, whoever approved them.
        MessageState::SentElsewhere => true,
        MessageState::Draft | MessageState::Failed | MessageState::Unknown | MessageState::Skipped => false,
    }
}
