//! The release review: everything that would leave, to whom, word for word. Nothing leaves on Enter, Space or `y`.

use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::words::{MessageState, Round};
use crate::situation::proposal::Addresses;

/// One text for one audience on one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub audience: String,
    pub channel: String,
    pub round: Round,
    pub text: String,
    pub next_update: Option<Instant>,
    /// The message that it is in the journal; None: only proposed from the playbook so far.
    pub message: Option<EntryId>,
    pub state: MessageState,
    pub chosen: bool,
    /// Carried by a backend; otherwise a person posts it and records it.
    pub carried: bool,
    /// Why it cannot be sent.
    pub stop: Option<String>,
    pub to: Addresses,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    pub items: Vec<Item>,
    pub at: usize,
    pub scroll: usize,
    /// Texts that were on the screen to their end: only these can be approved.
    pub read: Vec<bool>,
    pub round: Round,
    /// When it was opened, by the room's clock: what was drafted before is not the answer to a `P` in it.
    pub opened: Option<Instant>,
}

impl Review {
    pub fn new(items: Vec<Item>, round: Round) -> Review {
        let read = vec![false; items.len()];
        let at = items.iter().position(|i| i.chosen).unwrap_or(0);
        Review { items, at, scroll: 0, read, round, opened: None }
    }

    /// The text that is lit was seen to its end. Whether that is news.
    pub fn mark_read(&mut self) -> bool {
        self.read.get_mut(self.at).is_some_and(|read| !std::mem::replace(read, true))
    }

    pub fn current(&self) -> Option<&Item> {
        self.items.get(self.at)
    }

    pub fn go(&mut self, by: isize) {
        let last = self.items.len().saturating_sub(1);
        self.at = self.at.saturating_add_signed(by).min(last);
        self.scroll = 0;
    }

    /// Chosen items that nobody has approved yet.
    pub fn to_approve(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.items.iter().enumerate().filter(|(_, i)| i.chosen && i.stop.is_none() && i.state == MessageState::Draft)
    }

    /// Chosen items that are approved and carried: what `R` releases.
    pub fn to_release(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|i| {
            i.chosen
                && i.carried
                && i.stop.is_none()
                && match i.state {
                    MessageState::Approved | MessageState::Failed => true,
                    // Again, to those whom it certainly did not reach.
                    MessageState::Sent | MessageState::Delivered => i.to.count > 0,
                    _ => false,
                }
        })
    }
}
