//! A message: the text for one audience on one channel. Its steps; what is true of the outside world always applies.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::Instant;
use super::entry::EntryId;
use super::pin::{Grounds, Moved};
use super::plan::Plan;
use super::recipient::{self, RecipientOutcome, Recipients};
use super::state::Incident;
use super::task::NoEffect;
use super::twice::Try;
use super::words::{MessageState, Reach, Round};

#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: EntryId,
    pub audience: String,
    pub channel: String,
    pub round: Round,
    pub text: String,
    /// SHA-256 of the text, hex; what an approval binds to.
    pub sha256: String,
    /// The next word that the text promises.
    pub next_update: Option<Instant>,
    pub state: MessageState,
    pub drafted: Instant,
    /// The drafting or editing entry whose text stands; what an edit has to name.
    pub text_entry: EntryId,
    /// Two edits of the same text: it may not be sent until one replaces both.
    pub conflict: bool,
    pub author: String,
    pub grounds: Grounds,
    /// The facts in it that are others now: it may not leave, or, where it left, is owed a correction.
    pub overtaken: Vec<Moved>,
    /// The steps of its approval so far.
    pub approvals: Vec<Approval>,
    /// Texts, by their SHA-256, that somebody approved who may not, and who: they count for nothing, and may have left.
    pub unrightful: BTreeMap<String, String>,
    /// By whom its last step was given.
    pub approved: Option<(String, Instant)>,
    /// The entry that is the idempotency key of the sending, its process and its backend.
    pub sending: Option<Sending>,
    pub recipients: Recipients,
    /// When it reached, by the best word that there is: sent, delivered, or told elsewhere.
    pub told: Option<Instant>,
    pub delivered: Option<Instant>,
    /// Why it failed, was skipped, or is not known; who told it elsewhere.
    pub detail: String,
    /// Proof of a message sent elsewhere. None there: it reads "claimed".
    pub proof: Option<String>,
    /// Every sending of it, by whichever host.
    pub tries: Vec<Try>,
    /// Somebody looked into it that it went more than once.
    pub settled: bool,
}

/// Whom a text goes to next: everybody addressed whom it certainly has not reached. A corrected address is a new one.
pub fn still_to_reach(plan: &Plan, audience: &str, channel: &str, message: Option<&Message>) -> Vec<String> {
    let known = |to: &String| message.and_then(|m| m.recipients.get(to));
    let open = |to: &String| known(to).is_none_or(|known| recipient::reopens(known.state));
    plan.recipients(audience, channel).into_iter().filter(open).collect()
}

/// After so long without an answer nobody is sending any more, or nobody who could say so.
const LOST_AFTER: TimeDelta = TimeDelta::minutes(5);

impl Message {
    /// How many of its recipients certainly did not get what others got.
    pub fn missed(&self) -> usize {
        match self.state {
            MessageState::Sent | MessageState::Delivered => self.recipients.counts().missed(),
            _ => 0,
        }
    }

    /// Whether it may have gone and nobody will hear: known to be unknown, or sent so long ago by a process of which no
    /// word came, perhaps on a host that is gone.
    pub fn may_be_lost(&self, now: Instant) -> bool {
        match self.state {
            MessageState::Unknown => true,
            MessageState::Sending => self.sending.as_ref().is_none_or(|s| now - s.heard > LOST_AFTER),
            _ => false,
        }
    }
}

/// A step of an approval.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    /// Empty: the commander's.
    pub step: String,
    pub by: String,
    pub at: Instant,
    /// Why it was left out. Empty: it was not.
    pub skipped: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sending {
    pub entry: EntryId,
    pub backend: String,
    pub process: String,
    pub since: Instant,
    /// Whether it says whose turn it is before it tries them.
    pub marks: bool,
    /// Another process began to send the same text meanwhile, on a host that did not know: whoever waits here may have it
    /// from there.
    pub contested: bool,
    /// The last sign of life: its beginning, or what became of some recipients.
    pub heard: Instant,
    pub by: String,
    pub subject: String,
    /// To whom, in the playbook's order.
    pub to: Arc<[String]>,
}

impl Sending {
    /// Whether who still waits has certainly nothing.
    fn tells_turns(&self) -> bool {
        self.marks && !self.contested
    }
}

/// What a sending is, as its entry says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Begun<'a> {
    pub entry: EntryId,
    pub backend: &'a str,
    pub process: &'a str,
    pub by: &'a str,
    pub recipients: &'a [String],
    pub subject: &'a str,
}

/// The subject of a message where its channel has one.
pub fn subject(incident: &Incident, plan: &Plan, channel: &str, round: Round) -> String {
    let own = plan.channel(channel).and_then(|c| c.subject.clone());
    let about = own.unwrap_or_else(|| incident.title().to_owned());
    match round {
        Round::Initial => about,
        Round::Update => format!("Update: {about}"),
        Round::Resolution => format!("Resolved: {about}"),
        Round::Correction => format!("Correction: {about}"),
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum MessageEvent<'a> {
    Edited {
        entry: EntryId,
        text: &'a str,
        next_update: Option<Instant>,
        grounds: &'a Grounds,
        by: &'a str,
        replaces: &'a [EntryId],
    },
    Approved {
        sha256: &'a str,
        by: &'a str,
        step: &'a str,
        still: &'a [String],
        skipped: &'a str,
    },
    /// These of its facts are others now; none: they are as they were.
    Overtaken {
        by: Vec<Moved>,
    },
    Sending(Begun<'a>),
    Recipients {
        sending: EntryId,
        outcomes: &'a [RecipientOutcome],
    },
    Sent {
        reference: &'a str,
    },
    Delivered {
        detail: &'a str,
    },
    Failed {
        why: &'a str,
    },
    Unknown {
        why: &'a str,
    },
    Skipped {
        why: &'a str,
    },
}

/// A step of an approval, in words.
pub fn step_name(step: &str) -> &str {
    if step.is_empty() { "commander" } else { step }
}

/// SHA-256 of a text, hex.
pub fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// The message after the event at `at`, or why it has no effect.
pub fn step(message: &Message, event: MessageEvent<'_>, at: Instant) -> Result<Message, NoEffect> {
    use MessageState::*;
    let mut next = message.clone();
    match event {
        MessageEvent::Edited { entry, text, next_update, grounds, by, replaces } => {
            match message.state {
                Draft | Approved | Failed | Skipped => {}
                Sending | Sent | Delivered | Unknown | SentElsewhere => {
                    return Err(NoEffect::new("it has left, or may have: write a correction instead"));
                }
            }
            next.conflict = !replaces.contains(&message.text_entry);
            next.text = text.to_owned();
            next.sha256 = sha256(text);
            next.next_update = next_update;
            next.text_entry = entry;
            next.author = by.to_owned();
            next.grounds = grounds.clone();
            next.overtaken.clear();
            next.approvals.clear();
            next.approved = None;
            next.state = Draft;
        }
        MessageEvent::Overtaken { by } => {
            if !by.is_empty() && matches!(message.state, Draft | Approved) {
                next.approvals.clear();
                next.approved = None;
                next.state = Draft;
            }
            next.overtaken = by;
        }
        MessageEvent::Approved { sha256, by, step, still, skipped } => {
            match message.state {
                Draft => {}
                Approved => return Err(NoEffect::new("it is approved already")),
                Sending | Sent | Delivered | Failed | Unknown | Skipped | SentElsewhere => {
                    return Err(NoEffect::new(format!("it is {}, not a draft", message.state)));
                }
            }
            if message.conflict {
                return Err(NoEffect::new("two people changed the text: edit it once more, so that one text stands"));
            }
            if sha256 != message.sha256 {
                return Err(NoEffect::new("the text has changed since it was read"));
            }
            if let Some(moved) = message.overtaken.first() {
                return Err(NoEffect::new(format!("{} is another now than in this text", moved.name)));
            }
            if message.approvals.iter().any(|a| a.step == step) {
                return Err(NoEffect::new(format!("this step is given already: {}", step_name(step))));
            }
            let approval = Approval { step: step.to_owned(), by: by.to_owned(), at, skipped: skipped.to_owned() };
            next.approvals.push(approval);
            if still.is_empty() {
                next.approved = Some((by.to_owned(), at));
                next.state = Approved;
            }
        }
        MessageEvent::Sending(begun) => {
            match message.state {
                // The entry says that a process is at it: a fact, also where two raced across hosts.
                Approved | Failed => next.state = Sending,
                // Somebody approved it who may not, and it is on its way all the same.
                Draft if message.unrightful.contains_key(&message.sha256) => next.state = Sending,
                Sending => return Err(NoEffect::new(by_whom(message, "is sending it already"))),
                Draft => return Err(NoEffect::new("it is not approved")),
                Unknown => return Err(NoEffect::new("it may have gone: look it up first, never send twice")),
                // Some of its recipients certainly did not get it: it may go to those.
                Sent if message.recipients.counts().missed() > 0 && !begun.recipients.is_empty() => {
                    next.state = Sending
                }
                Sent | Delivered | SentElsewhere => return Err(NoEffect::new(by_whom(message, "sent it already"))),
                Skipped => return Err(NoEffect::new("it was skipped")),
            }
            next.sending = Some(super::message::Sending {
                entry: begun.entry,
                backend: begun.backend.to_owned(),
                process: begun.process.to_owned(),
                since: at,
                marks: false,
                contested: false,
                heard: at,
                by: begun.by.to_owned(),
                subject: begun.subject.to_owned(),
                to: begun.recipients.into(),
            });
            next.recipients.begin(begun.entry, begun.recipients, at);
        }
        MessageEvent::Recipients { sending, outcomes } => {
            let news = next.recipients.hear(sending, outcomes, at);
            if let Some(own) = next.sending.as_mut().filter(|own| own.entry == sending) {
                own.heard = at;
                own.marks |= outcomes.iter().any(|o| o.state == Reach::Trying);
            }
            if !news {
                return Err(NoEffect::new("what is known of them is newer"));
            }
            // While it is being sent the end is for the one who sends to tell.
            if message.state != Sending {
                by_recipients(&mut next, at);
            }
        }
        MessageEvent::Sent { reference } => {
            if message.state == Delivered {
                return Err(NoEffect::new("it was delivered already"));
            }
            next.state = Sent;
            next.told = message.told.or(Some(at));
            next.detail = reference.to_owned();
            if message.sending.as_ref().is_some_and(|s| s.tells_turns()) {
                next.recipients.not_begun(at);
            }
            next.recipients.all_in(&[Reach::Waiting, Reach::Trying, Reach::Unknown], Reach::Sent, reference, at);
            by_recipients(&mut next, at);
        }
        MessageEvent::Delivered { detail } => {
            if message.state == Delivered {
                return Err(NoEffect::new("it was delivered already"));
            }
            next.state = Delivered;
            next.told = message.told.or(Some(at));
            next.delivered = Some(at);
            next.detail = detail.to_owned();
            let from = [Reach::Waiting, Reach::Trying, Reach::Unknown, Reach::Sent];
            next.recipients.all_in(&from, Reach::Delivered, detail, at);
            by_recipients(&mut next, at);
        }
        MessageEvent::Failed { why } => {
            if message.state == Delivered {
                return Err(NoEffect::new("it was delivered already"));
            }
            next.state = Failed;
            next.detail = why.to_owned();
            next.recipients.all_in(&[Reach::Waiting, Reach::Trying, Reach::Unknown], Reach::Deferred, why, at);
            by_recipients(&mut next, at);
            // Where some of its recipients have it, it was told when they got it.
            if next.state == Failed {
                next.told = None;
            }
        }
        MessageEvent::Unknown { why } => {
            if matches!(message.state, Sent | Delivered) {
                return Err(NoEffect::new("its answer came"));
            }
            next.state = Unknown;
            next.detail = why.to_owned();
            next.recipients.broken_off(message.sending.as_ref().is_some_and(|s| s.tells_turns()), why, at);
            by_recipients(&mut next, at);
        }
        MessageEvent::Skipped { why } => {
            match message.state {
                Draft | Approved | Failed => {}
                Sending | Sent | Delivered | Unknown | Skipped | SentElsewhere => {
                    return Err(NoEffect::new(format!("it is {}", message.state)));
                }
            }
            next.state = Skipped;
            next.detail = why.to_owned();
        }
    }
    Ok(next)
}

/// Where each recipient is known, they are the truth: a message is sent as far as it reached somebody.
fn by_recipients(message: &mut Message, at: Instant) {
    let Some(state) = message.recipients.overall() else { return };
    message.state = state;
    match state {
        MessageState::Sent | MessageState::Delivered => message.told = message.told.or(Some(at)),
        MessageState::Failed => message.told = None,
        _ => {}
    }
    if state != MessageState::Delivered {
        message.delivered = None;
    }
}

fn by_whom(message: &Message, did: &str) -> String {
    match &message.sending {
        Some(sending) => match sending.process.rsplit_once('/') {
            Some((host, _)) => format!("{} on {host} {did}", sending.by),
            None => format!("{} {did}", sending.by),
        },
        None => format!("somebody {did}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Message {
        let id = EntryId::derived(&["m"]);
        Message {
            id,
            audience: "firstnet".into(),
            channel: "direct".into(),
            round: Round::Initial,
            text: "a".into(),
            sha256: sha256("a"),
            next_update: None,
            state: MessageState::Draft,
            drafted: Instant::UNIX_EPOCH,
            text_entry: id,
            conflict: false,
            author: "lee".into(),
            grounds: Grounds::default(),
            overtaken: Vec::new(),
            approvals: Vec::new(),
            unrightful: BTreeMap::new(),
            approved: None,
            sending: None,
            recipients: Recipients::default(),
            told: None,
            delivered: None,
            detail: String::new(),
            proof: None,
            tries: Vec::new(),
            settled: false,
        }
    }

    const AT: Instant = Instant::UNIX_EPOCH;

    fn approved(sha256: &str) -> MessageEvent<'_> {
        MessageEvent::Approved { sha256, by: "kim", step: "", still: &[], skipped: "" }
    }

    #[test]
    fn an_approval_binds_to_the_text_that_was_read() {
        let stale = step(&draft(), approved(&sha256("b")), AT);
        assert!(stale.is_err());
        let ok = step(&draft(), approved(&sha256("a")), AT).unwrap();
        let id = EntryId::derived(&["e"]);
        let edited = MessageEvent::Edited {
            entry: id,
            text: "c",
            next_update: None,
            grounds: &Grounds::default(),
            by: "lee",
            replaces: &[ok.text_entry],
        };
        assert_eq!(step(&ok, edited, AT).unwrap().state, MessageState::Draft, "an edit takes the approval away");
    }

    #[test]
    fn every_step_is_needed_and_a_fact_that_moved_takes_all_of_them_away() {
        let sha = sha256("a");
        let step_of = |step: &'static str, still: &'static [String]| MessageEvent::Approved {
            sha256: &sha,
            by: "kim",
            step,
            still,
            skipped: "",
        };
        let still: &'static [String] = Box::leak(Box::new(["legal".to_owned()]));
        let first = step(&draft(), step_of("", still), AT).unwrap();
        assert_eq!((first.state, first.approvals.len()), (MessageState::Draft, 1));
        assert!(step(&first, step_of("", &[]), AT).is_err(), "a step is given once");
        let both = step(&first, step_of("legal", &[]), AT).unwrap();
        assert_eq!(both.state, MessageState::Approved);
        let moved = Moved { name: "users_affected".into(), was: 125.into(), is: 62.into() };
        let overtaken = step(&both, MessageEvent::Overtaken { by: vec![moved] }, AT).unwrap();
        assert_eq!((overtaken.state, overtaken.approvals.len()), (MessageState::Draft, 0));
        assert!(step(&overtaken, step_of("", &[]), AT).is_err(), "these words are overtaken");
        let sent = Message { state: MessageState::Sent, ..both };
        let moved = Moved { name: "users_affected".into(), was: 125.into(), is: 62.into() };
        let owed = step(&sent, MessageEvent::Overtaken { by: vec![moved] }, AT).unwrap();
        assert_eq!((owed.state, owed.overtaken.len()), (MessageState::Sent, 1), "it left; a correction is owed");
    }

    #[test]
    fn unknown_is_never_sent_again_by_a_key_but_facts_from_outside_apply() {
        let id = EntryId::derived(&["s"]);
        let unknown = Message { state: MessageState::Unknown, ..draft() };
        let begun = Begun { entry: id, backend: "outbox", process: "p", by: "kim", recipients: &[], subject: "" };
        assert!(step(&unknown, MessageEvent::Sending(begun), AT).is_err());
        let late = step(&unknown, MessageEvent::Delivered { detail: "" }, AT).unwrap();
        assert_eq!(late.state, MessageState::Delivered);
        assert!(step(&late, MessageEvent::Failed { why: "x" }, AT).is_err(), "delivered stays delivered");
    }
}
