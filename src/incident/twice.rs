//! The sendings of one message, by whichever host: what each came to, and whether it went more than once. What is true of the
//! outside world is kept of each; the end of one never takes away that another went.

use super::Instant;
use super::entry::{Entry, EntryId, IncidentId, WriterId};
use super::message::Message;
use super::state::Incident;
use super::task::NoEffect;
use super::words::MessageState;

/// One sending, as its entry says.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    pub entry: EntryId,
    pub writer: WriterId,
    pub by: String,
    pub host: String,
    pub at: Instant,
    /// Begun by somebody who did not know that another was under way, or had gone.
    pub beside: bool,
    /// None: nothing is known of its end.
    pub end: Option<MessageState>,
}

/// The id of the sending that an attempt was claimed for, the same for whoever asks about it.
pub fn claimed(incident: IncidentId, message: EntryId, attempt: u64) -> EntryId {
    EntryId::derived(&["sending", &incident.to_string(), &message.to_string(), &attempt.to_string()])
}

/// Whether one that begins now begins beside another.
pub fn beside(message: &Message) -> bool {
    matches!(
        message.state,
        MessageState::Sending | MessageState::Sent | MessageState::Delivered | MessageState::Unknown
    )
}

pub(super) fn begun(message: &mut Message, entry: &Entry, beside: bool) {
    message.tries.push(Try {
        entry: entry.id,
        writer: entry.writer,
        by: entry.author.person.clone(),
        host: entry.author.host.clone(),
        at: entry.happened,
        beside,
        end: None,
    });
    message.settled &= !beside;
}

/// Notes the end of the sending that the entry's writer performed, or, where they perform none, of the newest. Err: the
/// message is no different for it, since of another sending more is known.
pub(super) fn ended(message: &mut Message, entry: &Entry, end: MessageState) -> Result<(), NoEffect> {
    let open = |t: &Try| t.writer == entry.writer && t.end.is_none();
    let own = message.tries.iter().rposition(open);
    let newest = || message.tries.iter().rposition(|t| Some(t.entry) == message.sending.as_ref().map(|s| s.entry));
    let Some(place) = own.or_else(newest) else { return Ok(()) };
    let apart = message.tries.iter().any(|t| t.beside);
    if apart && !entry.author.machine {
        // A person looked on the other side, at all of it.
        message.settled = true;
    }
    if let Some(own) = message.tries.get_mut(place) {
        own.end = Some(end);
    }
    let others = || message.tries.iter().enumerate().filter(|(n, _)| *n != place).map(|(_, t)| t);
    let any = |states: &[Option<MessageState>]| others().any(|t| states.contains(&t.end));
    let went = any(&[Some(MessageState::Sent), Some(MessageState::Delivered)]);
    match end {
        _ if !apart => Ok(()),
        MessageState::Failed if went => Err(NoEffect::new("another sending of it went")),
        MessageState::Failed if any(&[None]) => Err(NoEffect::new("another sending of it is under way")),
        MessageState::Failed if any(&[Some(MessageState::Unknown)]) => {
            Err(NoEffect::new("another sending of it may have gone"))
        }
        MessageState::Unknown if went => Err(NoEffect::new("another sending of it went")),
        _ => Ok(()),
    }
}

/// The sendings that went, or may have, where that is more than one and neither knew of the other. Empty where it is settled,
/// or another word took its place.
pub fn both<'a>(incident: &Incident, message: &'a Message) -> Vec<&'a Try> {
    if message.settled || !message.tries.iter().any(|t| t.beside) {
        return Vec::new();
    }
    let replaced = incident.messages.values().any(|m| {
        m.audience == message.audience
            && m.channel == message.channel
            && m.drafted > message.drafted
            && m.told.is_some()
    });
    let went: Vec<&Try> = message.tries.iter().filter(|t| t.end != Some(MessageState::Failed)).collect();
    if replaced || went.len() < 2 { Vec::new() } else { went }
}

/// What a conflict about it is called.
pub fn name(message: &Message) -> String {
    format!("sent twice, {} over {}", message.audience, message.channel)
}

/// The message that such a conflict is about.
pub fn named<'a>(incident: &'a Incident, what: &str) -> Option<&'a Message> {
    incident.messages.values().find(|m| !both(incident, m).is_empty() && name(m) == what)
}

impl Try {
    /// What became of it, in words.
    pub fn said(&self) -> &'static str {
        match self.end {
            None => "under way",
            Some(MessageState::Unknown) => "may have gone",
            Some(MessageState::Failed) => "did not go",
            Some(_) => "sent",
        }
    }
}
