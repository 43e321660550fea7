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
    pub process: String,
    pub at: Instant,
    /// Begun by somebody who did not know that another was under way, or had gone.
    pub beside: bool,
    /// None: nothing is known of its end.
    pub end: Option<MessageState>,
}

/// The id of the sending that a process claimed an attempt for, the same for whoever asks about it. By process: a server that
/// lost claims may give one attempt to two, and both sendings must stand in the record.
pub fn claimed(incident: IncidentId, message: EntryId, attempt: u64, process: &str) -> EntryId {
    EntryId::derived(&["sending", &incident.to_string(), &message.to_string(), &attempt.to_string(), process])
}

/// Whether one that begins now begins beside another.
pub fn beside(message: &Message) -> bool {
    matches!(
        message.state,
        MessageState::Sending | MessageState::Sent | MessageState::Delivered | MessageState::Unknown
    )
}

pub(super) fn begun(message: &mut Message, entry: &Entry, process: &str, beside: bool) {
    message.tries.push(Try {
        entry: entry.id,
        writer: entry.writer,
        by: entry.author.person.clone(),
        host: entry.author.host.clone(),
        process: process.to_owned(),
        at: entry.happened,
        beside,
        end: None,
    });
    message.settled &= !beside;
}

/// Notes an end at the sendings that the entry speaks of. Err: the message is no different for it, since of another sending more
/// is known.
pub(super) fn ended(message: &mut Message, entry: &Entry, end: MessageState) -> Result<(), NoEffect> {
    let apart = message.tries.iter().any(|t| t.beside);
    if apart && !entry.author.machine {
        // A person looked on the other side, at all of it.
        message.settled = true;
    }
    for place in spoken_of(message, entry, end, apart) {
        if let Some(one) = message.tries.get_mut(place) {
            one.end = Some(end);
        }
    }
    let any = |states: &[Option<MessageState>]| message.tries.iter().any(|t| states.contains(&t.end));
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

/// Which sendings an entry ends. What is certain of one is taken away by nobody but whoever performed it.
fn spoken_of(message: &Message, entry: &Entry, end: MessageState, apart: bool) -> Vec<usize> {
    let last = |fits: &dyn Fn(&Try) -> bool| message.tries.iter().rposition(fits);
    let newest = || last(&|t| Some(t.entry) == message.sending.as_ref().map(|s| s.entry));
    let open = |t: &Try| t.end.is_none();
    if apart && !entry.author.machine {
        // A person says it of all whose end nobody could tell.
        let lost = |t: &Try| open(t) || t.end == Some(MessageState::Unknown);
        return message.tries.iter().enumerate().filter(|(_, t)| lost(t)).map(|(n, _)| n).collect();
    }
    let own = |t: &Try| t.writer == entry.writer;
    let found = last(&|t| own(t) && open(t));
    if !apart {
        return found.or_else(newest).into_iter().collect();
    }
    // By a pen before the present one of that host, or told after a person had said another thing of it.
    let here = || last(&|t| t.host == entry.author.host && open(t));
    let told = || last(&own).filter(|_| end != MessageState::Unknown);
    found.or_else(here).or_else(told).or_else(|| last(&open)).into_iter().collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::entry::{Author, Hlc};
    use crate::incident::fold::fold;
    use crate::incident::what::*;
    use crate::incident::words::Round;

    fn id(of: &str) -> EntryId {
        EntryId::derived(&[of])
    }

    fn entry(n: i64, host: &str, what: impl Into<What>) -> Entry {
        let at = Instant::UNIX_EPOCH + chrono::TimeDelta::minutes(n);
        let writer = WriterId(uuid::Uuid::from_u128(match host {
            "a" => 1,
            "b" => 2,
            _ => 3,
        }));
        let author = Author { person: format!("of {host}"), host: host.to_owned(), machine: true };
        let id = id(&format!("{host}{n}"));
        Entry { writer, seq: n as u64, id, hlc: Hlc(n, 0), happened: at, recorded: at, author, what: what.into() }
    }

    /// A text that is approved, then what two hosts did with it, by turns; `older a`: host a with a pen that it gave up;
    /// `person c` is no machine.
    fn after(steps: &[(&str, &str)]) -> Incident {
        let (channel, audience) = ("sms".to_owned(), "psaps".to_owned());
        let drafted = MessageDrafted {
            audience,
            channel,
            round: Round::Initial,
            text: "a".to_owned(),
            next_update: None,
            grounds: Default::default(),
        };
        let message = id("a1");
        let sha256 = crate::incident::message::sha256("a");
        let mut all = vec![entry(1, "a", drafted), entry(2, "a", MessageApproved::whole(message, sha256))];
        for (n, (of, step)) in steps.iter().enumerate() {
            let (why, host) = (String::new(), of.rsplit(' ').next().unwrap());
            let what: What = match *step {
                "sending" => MessageSending {
                    message,
                    backend: "b".to_owned(),
                    process: format!("{host}/1@1"),
                    recipients: Vec::new(),
                    subject: String::new(),
                }
                .into(),
                "sent" => MessageSent { message, reference: why }.into(),
                "failed" => MessageFailed { message, why }.into(),
                _ => MessageUnknown { message, why }.into(),
            };
            let mut entry = entry(n as i64 + 3, host, what);
            entry.author.machine = !of.starts_with("person");
            if of.starts_with("older") {
                entry.writer = WriterId(uuid::Uuid::from_u128(9));
            }
            all.push(entry);
        }
        fold(all)
    }

    #[test]
    fn one_attempt_that_two_were_given_is_two_sendings() {
        let of = |process| claimed(IncidentId(uuid::Uuid::nil()), id("m"), 1, process);
        assert_ne!(of("jump1/7@1"), of("jump2/7@1"));
    }

    #[test]
    fn that_one_failed_never_hides_that_the_other_went() {
        use MessageState::*;
        for (steps, state, both) in [
            (&[("a", "sending"), ("a", "sent"), ("b", "sending"), ("b", "sent")][..], Sent, 2),
            (&[("a", "sending"), ("b", "sending"), ("a", "sent"), ("b", "sent")], Sent, 2),
            (&[("a", "sending"), ("b", "sending"), ("a", "sent"), ("b", "failed")], Sent, 0),
            (&[("a", "sending"), ("b", "sending"), ("b", "sent"), ("a", "failed")], Sent, 0),
            (&[("a", "sending"), ("b", "sending"), ("a", "failed"), ("b", "sent")], Sent, 0),
            (&[("a", "sending"), ("b", "sending"), ("a", "failed")], Sending, 0),
            (&[("a", "sending"), ("b", "sending"), ("a", "failed"), ("b", "failed")], Failed, 0),
            (&[("a", "sending"), ("b", "sending"), ("a", "unknown"), ("b", "failed")], Unknown, 0),
            (&[("a", "sending"), ("a", "unknown"), ("b", "sending"), ("b", "sent")], Sent, 2),
            (&[("a", "sending"), ("a", "sent"), ("b", "sending"), ("b", "unknown")], Sent, 2),
            (&[("a", "sending"), ("a", "failed"), ("b", "sending"), ("b", "sent")], Sent, 0),
        ] {
            let incident = after(steps);
            let message = &incident.messages[&id("a1")];
            assert_eq!(message.state, state, "{steps:?}");
            assert_eq!(super::both(&incident, message).len(), both, "{steps:?}");
            assert_eq!(incident.conflicts().len(), usize::from(both > 0), "{steps:?}");
        }
    }

    #[test]
    fn an_end_reaches_the_sending_that_it_speaks_of() {
        use MessageState::*;
        let (a, b) = (("a", "sending"), ("b", "sending"));
        for (steps, state, ends) in [
            // Host b died: a person's word is of b's, and takes nothing away from what is certain of a's.
            (&[a, b, ("a", "failed"), ("person c", "failed")][..], Failed, [Some(Failed), Some(Failed)]),
            (&[a, b, ("a", "failed"), ("person c", "sent")], Sent, [Some(Failed), Some(Sent)]),
            // Both are lost: one word for all.
            (&[a, b, ("a", "unknown"), ("person c", "failed")], Failed, [Some(Failed), Some(Failed)]),
            // Told of a dead process by the pen that the host has now.
            (&[a, ("older b", "sending"), ("a", "sent"), ("b", "unknown")], Sent, [Some(Sent), Some(Unknown)]),
            (&[("older a", "sending"), b, ("a", "unknown")], Unknown, [Some(Unknown), None]),
            // Whoever performed it knows better than the person.
            (&[a, b, ("person c", "failed"), ("a", "sent")], Sent, [Some(Sent), Some(Failed)]),
        ] {
            let incident = after(steps);
            let message = &incident.messages[&id("a1")];
            let told: Vec<_> = message.tries.iter().map(|t| t.end).collect();
            assert_eq!((message.state, &told[..]), (state, &ends[..]), "{steps:?}");
        }
    }
}
