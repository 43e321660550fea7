//! To whom a message goes, address by address, and what became of each. An older answer never lowers what is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Instant;
use super::entry::EntryId;
use super::words::{MessageState, Reach};

/// What a backend said of one recipient, as it stands in the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientOutcome {
    pub to: String,
    pub state: Reach,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// One recipient as folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipient {
    pub state: Reach,
    pub detail: String,
    /// The newest sending that was to reach it.
    pub sending: EntryId,
    pub at: Instant,
}

/// How many of a message's recipients are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub all: usize,
    pub waiting: usize,
    pub sent: usize,
    pub delivered: usize,
    /// Certainly not reached, and a later try may.
    pub deferred: usize,
    pub refused: usize,
    /// Taken, and sent back later.
    pub bounced: usize,
    pub unknown: usize,
}

impl Counts {
    pub fn of<'a>(states: impl IntoIterator<Item = &'a Reach>) -> Counts {
        let mut counts = Counts::default();
        for state in states {
            counts.all += 1;
            let slot = match state {
                Reach::Waiting | Reach::Trying => &mut counts.waiting,
                Reach::Sent => &mut counts.sent,
                Reach::Delivered => &mut counts.delivered,
                Reach::Deferred => &mut counts.deferred,
                Reach::Refused => &mut counts.refused,
                Reach::Bounced => &mut counts.bounced,
                Reach::Unknown => &mut counts.unknown,
            };
            *slot += 1;
        }
        counts
    }

    /// Whom it certainly did not reach.
    pub fn missed(&self) -> usize {
        self.deferred + self.refused + self.bounced
    }

    pub fn reached(&self) -> usize {
        self.sent + self.delivered
    }

    /// `997 of 1000 sent, 2 refused, 1 for now refused`.
    pub fn said(&self) -> String {
        let mut parts = vec![format!("{} of {} sent", self.reached(), self.all)];
        for (n, word) in [
            (self.delivered, "delivered"),
            (self.refused, "refused"),
            (self.bounced, "sent back"),
            (self.deferred, "not sent for now"),
            (self.unknown, "not known"),
            (self.waiting, "waiting"),
        ] {
            if n > 0 {
                parts.push(format!("{n} {word}"));
            }
        }
        parts.join(", ")
    }
}

/// All recipients of a message. Empty where its channel knows none: then the message's own state is all there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipients(Arc<BTreeMap<String, Recipient>>);

impl Recipients {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, to: &str) -> Option<&Recipient> {
        self.0.get(to)
    }

    /// By address.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Recipient)> {
        self.0.iter().map(|(to, recipient)| (to.as_str(), recipient))
    }

    pub fn counts(&self) -> Counts {
        Counts::of(self.0.values().map(|r| &r.state))
    }

    /// Which of these the sending `entry` has yet to reach, in their order.
    pub fn waiting(&self, entry: EntryId, to: &[String]) -> Vec<String> {
        let waits = |to: &&String| self.get(to).is_some_and(|r| r.sending == entry && r.state == Reach::Waiting);
        to.iter().filter(waits).cloned().collect()
    }

    /// A sending to these began. Whom an earlier one reached, or may have, stays as it is.
    pub(super) fn begin(&mut self, sending: EntryId, to: &[String], at: Instant) {
        let all = Arc::make_mut(&mut self.0);
        for address in to {
            let begun = Recipient { state: Reach::Waiting, detail: String::new(), sending, at };
            match all.get_mut(address) {
                Some(known) if reopens(known.state) => *known = begun,
                Some(_) => {}
                None => {
                    all.insert(address.clone(), begun);
                }
            }
        }
    }

    /// Whether what a sending was told of a recipient says more than is known.
    pub fn is_news(&self, sending: EntryId, outcome: &RecipientOutcome) -> bool {
        self.get(&outcome.to).is_none_or(|known| {
            let newer = rank(outcome.state) > rank(known.state);
            // An earlier sending's answer can only tell that it arrived after all.
            let arrived = matches!(outcome.state, Reach::Sent | Reach::Delivered);
            newer && (known.sending == sending || arrived)
        })
    }

    /// What was said of some of them. Whether it changed anything.
    pub(super) fn hear(&mut self, sending: EntryId, outcomes: &[RecipientOutcome], at: Instant) -> bool {
        let mut news = false;
        for outcome in outcomes {
            if self.is_news(sending, outcome) {
                let heard = Recipient { state: outcome.state, detail: outcome.detail.clone(), sending, at };
                Arc::make_mut(&mut self.0).insert(outcome.to.clone(), heard);
                news = true;
            }
        }
        news
    }

    /// What a sending that broke off leaves: who was being tried may have it. Who still waits has certainly nothing, where
    /// the sender says whose turn it is.
    pub(super) fn broken_off(&mut self, marked: bool, why: &str, at: Instant) {
        if marked {
            self.all_in(&[Reach::Waiting], Reach::Deferred, "not sent: it ended before it was their turn", at);
        }
        self.all_in(&[Reach::Waiting, Reach::Trying], Reach::Unknown, why, at);
    }

    /// Those in one of `from` are in `state` now, all alike.
    pub(super) fn all_in(&mut self, from: &[Reach], state: Reach, detail: &str, at: Instant) {
        if !self.0.values().any(|r| from.contains(&r.state)) {
            return;
        }
        for recipient in Arc::make_mut(&mut self.0).values_mut().filter(|r| from.contains(&r.state)) {
            recipient.state = state;
            recipient.detail = detail.to_owned();
            recipient.at = at;
        }
    }

    /// What the message is by its recipients, once nobody waits. None: it has none.
    pub fn overall(&self) -> Option<MessageState> {
        let counts = self.counts();
        match counts {
            Counts { all: 0, .. } => None,
            Counts { waiting, .. } if waiting > 0 => Some(MessageState::Sending),
            Counts { unknown, .. } if unknown > 0 => Some(MessageState::Unknown),
            Counts { all, delivered, .. } if delivered == all => Some(MessageState::Delivered),
            counts if counts.reached() > 0 => Some(MessageState::Sent),
            _ => Some(MessageState::Failed),
        }
    }
}

/// Whether a sending may try a recipient that is in this state: only where it certainly did not arrive.
pub fn reopens(state: Reach) -> bool {
    match state {
        Reach::Deferred | Reach::Refused | Reach::Bounced => true,
        Reach::Waiting | Reach::Trying | Reach::Sent | Reach::Delivered | Reach::Unknown => false,
    }
}

impl Reach {
    /// Whether it is not known to have arrived and nobody is at it.
    pub fn short(self) -> bool {
        match self {
            Reach::Deferred | Reach::Refused | Reach::Bounced | Reach::Unknown => true,
            Reach::Waiting | Reach::Trying | Reach::Sent | Reach::Delivered => false,
        }
    }
}

fn rank(state: Reach) -> u8 {
    match state {
        Reach::Waiting => 0,
        Reach::Trying => 1,
        Reach::Unknown => 2,
        Reach::Deferred | Reach::Refused => 3,
        Reach::Sent => 4,
        // Told later than that it was taken.
        Reach::Bounced => 5,
        Reach::Delivered => 6,
    }
}

/// What is wrong with an address, whatever channel it is for. Kinds that know more look again.
pub fn fault(address: &str) -> Option<&'static str> {
    const LONGEST: usize = 254;
    if address.is_empty() {
        return Some("expected an address");
    }
    if address.len() > LONGEST {
        return Some("longer than 254 bytes");
    }
    if address.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("an address holds no blanks or control characters; expected one to a line");
    }
    match address.rsplit_once('@') {
        Some((name, domain)) if name.is_empty() || domain.is_empty() || name.contains('@') => {
            Some("expected an address such as \"desk@example.net\"")
        }
        _ if address.contains(['<', '>', ',', ';']) => Some("expected the bare address, without a name"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Instant = Instant::UNIX_EPOCH;

    fn heard(to: &str, state: Reach) -> RecipientOutcome {
        RecipientOutcome { to: to.into(), state, detail: String::new() }
    }

    #[test]
    fn an_older_answer_never_lowers_what_is_known() {
        let (first, second) = (EntryId::derived(&["1"]), EntryId::derived(&["2"]));
        let mut all = Recipients::default();
        all.begin(first, &["a".into(), "b".into()], AT);
        assert!(all.hear(first, &[heard("a", Reach::Delivered), heard("b", Reach::Deferred)], AT));
        assert!(!all.hear(first, &[heard("a", Reach::Sent)], AT), "delivered, then sent: no");
        all.begin(second, &["a".into(), "b".into()], AT);
        assert_eq!(all.waiting(second, &["b".into(), "a".into()]), ["b"], "whom it reached is not begun again");
        assert!(!all.hear(first, &[heard("b", Reach::Refused)], AT), "the earlier sending's refusal is old");
        assert!(all.hear(first, &[heard("b", Reach::Sent)], AT), "that it arrived after all is true all the same");
        assert_eq!(all.overall(), Some(MessageState::Sent));
    }

    #[test]
    fn the_message_is_what_its_recipients_are() {
        let sending = EntryId::derived(&["1"]);
        let of = |states: &[Reach]| {
            let mut all = Recipients::default();
            let outcomes: Vec<_> = states.iter().enumerate().map(|(n, s)| heard(&n.to_string(), *s)).collect();
            all.hear(sending, &outcomes, AT);
            all.overall()
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[Reach::Refused, Reach::Deferred]), Some(MessageState::Failed));
        assert_eq!(of(&[Reach::Refused, Reach::Sent]), Some(MessageState::Sent));
        assert_eq!(of(&[Reach::Unknown, Reach::Sent]), Some(MessageState::Unknown));
        assert_eq!(of(&[Reach::Delivered, Reach::Delivered]), Some(MessageState::Delivered));
    }
}
