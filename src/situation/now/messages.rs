//! Lines in Now about texts: on their way, unsure, partly arrived, overtaken by facts, and what was promised.

use super::{Band, Builder, NowItem, SOON_DUTY};
use crate::incident::apply::NEXT_UPDATE;
use crate::incident::message::Message;
use crate::incident::words::MessageState;
use crate::situation::promised;
use crate::situation::promised::Promised;
use crate::situation::receipt;
use crate::situation::thing::Thing;
use crate::situation::wording::shown;
use chrono::TimeDelta;

impl Builder<'_> {
    /// Whether a text has been on its way for longer than anybody expects.
    pub(super) fn sends_long(&self, message: &Message) -> bool {
        const LONG: TimeDelta = TimeDelta::minutes(1);
        message.sending.as_ref().is_some_and(|sending| self.situation.moment.waited(sending.since) >= LONG)
    }

    pub(super) fn messages(&mut self) {
        for message in self.incident.messages.values() {
            let unsure = message.may_be_lost(self.now);
            let (label, band) = match message.state {
                _ if unsure => ("UNSURE", Band::Unsure),
                MessageState::Sending if self.sends_long(message) => ("SENDING", Band::Due),
                MessageState::Failed => ("FAILED", Band::Unsure),
                MessageState::Sent | MessageState::Delivered if message.missed() > 0 => ("PARTLY", Band::Unsure),
                MessageState::Sent
                    if receipt::missing(self.incident, &self.situation.signals, message, self.situation.moment) =>
                {
                    ("RECEIPT?", Band::Unsure)
                }
                MessageState::Draft
                | MessageState::Unknown
                | MessageState::Approved
                | MessageState::Sending
                | MessageState::Sent
                | MessageState::Delivered
                | MessageState::Skipped
                | MessageState::SentElsewhere => continue,
            };
            // A later word on the same channel took its place.
            let replaced = self.incident.messages.values().any(|m| {
                m.audience == message.audience
                    && m.channel == message.channel
                    && m.drafted > message.drafted
                    && m.told.is_some()
            });
            // That something may have gone is not answered by another word.
            if replaced && !unsure {
                continue;
            }
            let sent = message.sending.as_ref().map_or(message.drafted, |s| s.since);
            let missed = message.missed();
            let all = message.recipients.counts().all;
            let name = |id: &str| self.plan.audience(id).map_or(id.to_owned(), |a| a.name.clone());
            let channel = self.plan.channel(&message.channel).map_or(message.channel.clone(), |c| c.name.clone());
            self.items.push(NowItem {
                thing: Thing::Message(message.id),
                band,
                label: label.into(),
                text: if label == "SENDING" {
                    let counts = message.recipients.counts();
                    let of = if all > 0 { format!(", {} of {all} told", all - counts.waiting) } else { String::new() };
                    format!("{channel} to {}: on its way for {}{of}", name(&message.audience), self.ago(sent))
                } else if unsure {
                    format!("{channel} {} to {} may have gone. Look it up", self.clock(sent), name(&message.audience))
                } else if missed > 0 {
                    format!("{channel} to {}: {}", name(&message.audience), message.recipients.counts().said())
                } else if label == "RECEIPT?" {
                    let counts = message.recipients.counts();
                    let of = if all > 0 { format!("{} of {all}: ", counts.sent) } else { String::new() };
                    format!("{channel} to {}: {of}taken {} ago, no receipt", name(&message.audience), self.ago(sent))
                } else {
                    format!("{channel} to {} failed: {}", name(&message.audience), message.detail)
                },
                owner: message.sending.as_ref().map(|s| s.by.clone()),
                at: sent,
                alike: 1,
                say: if label == "SENDING" {
                    format!(
                        "The {channel} text to {} is not out yet. Who reaches them otherwise?",
                        name(&message.audience)
                    )
                } else if unsure {
                    format!(
                        "Did the {channel} text to {} go out? Who looks on the other side?",
                        name(&message.audience)
                    )
                } else if missed > 0 {
                    format!(
                        "{missed} of {all} of {} do not have the {channel} text. Who reaches them?",
                        name(&message.audience)
                    )
                } else if label == "RECEIPT?" {
                    format!("Did {} really get the {channel} text? Who asks one of them?", name(&message.audience))
                } else {
                    format!("The {channel} text to {} did not go. Who reaches them otherwise?", name(&message.audience))
                },
                why: message.detail.clone(),
                have: format!("text {}", &message.sha256.get(..4).unwrap_or_default()),
                said: String::new(),
            });
        }
    }

    /// Texts whose facts are others now: drafts again, or out there and owed a correction. Alike is one line.
    pub(super) fn overtaken(&mut self) {
        let latest = |m: &Message| {
            let theirs = self.incident.messages.values().filter(|o| o.audience == m.audience && o.channel == m.channel);
            theirs.max_by_key(|o| (o.told.is_some(), o.told.unwrap_or(o.drafted), o.id)).map(|o| o.id) == Some(m.id)
        };
        let all = self.incident.messages.values().filter(|m| !m.overtaken.is_empty());
        let (told, drafts): (Vec<&Message>, Vec<&Message>) = all.partition(|m| m.told.is_some());
        let told: Vec<&Message> = told.into_iter().filter(|m| latest(m)).collect();
        let drafts = drafts.into_iter().filter(|m| m.state == MessageState::Draft).collect();
        for (label, messages, is_out) in [("CORRECT", told, true), ("CHANGED", drafts, false)] {
            let mut messages: Vec<&Message> = messages;
            messages.sort_by_key(|m| {
                let at = self.plan.audiences.iter().position(|a| a.id == m.audience);
                (at.unwrap_or(usize::MAX), m.drafted, m.id)
            });
            let Some(first) = messages.first() else { continue };
            let mut names: Vec<&str> = messages
                .iter()
                .map(|m| self.plan.audience(&m.audience).map_or(m.audience.as_str(), |a| a.name.as_str()))
                .collect();
            names.dedup();
            let names = names.join(", ");
            let moved = first.overtaken.first();
            let what = moved.map(|moved| {
                let is = if moved.is.is_null() {
                    "not confirmed now".into()
                } else {
                    format!("is {} now", shown(&moved.is))
                };
                format!("{} {is}, not {}", moved.name, shown(&moved.was))
            });
            let what = what.unwrap_or_default();
            self.items.push(NowItem {
                thing: Thing::Message(first.id),
                band: Band::Late,
                label: label.into(),
                text: match is_out {
                    true => format!("{names} were told: {what}"),
                    false => format!("text for {names} is a draft again: {what}"),
                },
                owner: None,
                at: first.told.unwrap_or(first.drafted),
                alike: messages.len(),
                say: match is_out {
                    true => format!("{what}. Who corrects it to {names}, over the same channels, by when?"),
                    false => format!("{what}. Who reads the new words for {names}?"),
                },
                why: match is_out {
                    true => {
                        "a fact in a text that left has been amended, or its number moved beyond the tolerance".into()
                    }
                    false => {
                        "a fact in it moved after it was written: the approval is gone, s shows what changed".into()
                    }
                },
                have: String::new(),
                said: first.text.lines().next().unwrap_or_default().to_owned(),
            });
        }
    }

    pub(super) fn promises(&mut self) {
        for Promised { due, text, promises, names } in promised::open(self.incident, self.plan) {
            if due - self.now > SOON_DUTY {
                continue;
            }
            let late = due <= self.now;
            let whom = match names.as_slice() {
                [one] => one.clone(),
                many => format!("{} audiences", many.len()),
            };
            let Some(first) = promises.first() else { continue };
            let drafted = promises.iter().filter(|p| !self.drafts(&p.to).is_empty()).count();
            let ready = match (promises.len(), drafted) {
                (1, 1) => self.drafts(&first.to),
                (_, 0) => "no draft".to_owned(),
                (all, some) => format!("{some} of {all} drafted"),
            };
            // A word owed to an audience is the audience's own line; another promise is its own.
            let thing = match self.plan.audience(&first.to).filter(|_| text == NEXT_UPDATE) {
                Some(audience) => Thing::Audience(audience.id.clone()),
                None => Thing::Promise(first.id),
            };
            self.items.push(NowItem {
                thing,
                band: if late { Band::Late } else { Band::Due },
                label: if late { self.over(due) } else { self.left(due) },
                text: format!("{text} promised to {whom} for {}; {ready}", self.clock(due)),
                owner: Some(first.owner.clone()),
                at: due,
                alike: promises.len(),
                say: format!("We promised {whom} the {text} by {}. Is it ready?", self.clock(due)),
                why: format!("said by {}", first.owner),
                have: ready,
                said: names.join(", "),
            });
        }
    }
}
