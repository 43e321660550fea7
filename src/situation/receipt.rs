//! Receipts that should have come: a channel that told of others what became of them says nothing of this one.

use chrono::TimeDelta;

use super::signals::{Signals, SourceView};
use crate::incident::clock::Moment;
use crate::incident::message::Message;
use crate::incident::observation::Health;
use crate::incident::state::Incident;
use crate::incident::words::MessageState;

/// How long a receipt may take.
const WITHIN: TimeDelta = TimeDelta::minutes(5);

/// Whether a text was taken so long ago that its receipt is missing, on a channel that gives receipts.
pub fn missing(incident: &Incident, signals: &Signals, message: &Message, moment: Moment) -> bool {
    let Some(sending) = &message.sending else { return false };
    // Who is not heard of gives no receipts, which is told of it already.
    let tells = |source: &&SourceView| source.name == sending.backend || source.kind == "bounces";
    if signals.sources.iter().filter(tells).any(|source| source.health != Health::Fresh) {
        return false;
    }
    let old = message.told.is_some_and(|told| moment.waited(told) >= WITHIN);
    let waits = match message.recipients.is_empty() {
        true => message.state == MessageState::Sent,
        false => message.recipients.counts().sent > 0,
    };
    old && waits && message.state == MessageState::Sent && gives(incident, &sending.backend)
}

/// Whether a backend has told of anything that it arrived.
fn gives(incident: &Incident, backend: &str) -> bool {
    let over = incident.messages.values().filter(|m| m.sending.as_ref().is_some_and(|s| s.backend == backend));
    over.into_iter().any(|m| m.delivered.is_some() || m.recipients.counts().delivered > 0)
}
