//! The release review: everything that would leave, to whom, word for word. Nothing leaves on Enter, Space or `y`.

use similar::{ChangeTag, TextDiff};

use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::pin::Grounds;
use crate::incident::words::{MessageState, Round};
use crate::situation::proposal::Addresses;

/// One text for one audience on one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub audience: String,
    pub channel: String,
    pub round: Round,
    pub text: String,
    /// The words that stand in the journal, where facts in them have moved.
    pub was: Option<String>,
    pub grounds: Grounds,
    /// What to look at before it is approved.
    pub warnings: Vec<String>,
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

impl Item {
    /// The text as it is shown: what changed is marked as `wdiff` does, `[-gone-]` and `{+new+}`.
    pub fn marked(&self) -> String {
        let Some(was) = &self.was else { return self.text.clone() };
        let diff = TextDiff::from_words(was.as_str(), self.text.as_str());
        let mut out = String::new();
        let changes: Vec<_> = diff.iter_all_changes().collect();
        for run in changes.chunk_by(|a, b| a.tag() == b.tag()) {
            let words: String = run.iter().map(|change| change.value()).collect();
            match run.first().map(|change| change.tag()) {
                Some(ChangeTag::Delete) => out.push_str(&around("[-", &words, "-]")),
                Some(ChangeTag::Insert) => out.push_str(&around("{+", &words, "+}")),
                Some(ChangeTag::Equal) | None => out.push_str(&words),
            }
        }
        out
    }
}

/// Marks around words, not around the blanks beside them.
fn around(open: &str, words: &str, close: &str) -> String {
    let inner = words.trim();
    if inner.is_empty() {
        return words.to_owned();
    }
    let (before, after) = words.split_once(inner).unwrap_or_default();
    format!("{before}{open}{inner}{close}{after}")
}

#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    pub items: Vec<Item>,
    pub at: usize,
    pub scroll: usize,
    /// Texts that were on the screen to their end: only these can be approved.
    pub read: Vec<bool>,
    pub round: Round,
    /// The person was told that other hosts are not asked, by `R`: the next one releases all the same.
    pub alone: bool,
    /// When it was opened, by the room's clock: what was drafted before is not the answer to a `P` in it.
    pub opened: Option<Instant>,
}

impl Review {
    pub fn new(items: Vec<Item>, round: Round) -> Review {
        let read = vec![false; items.len()];
        let at = items.iter().position(|i| i.chosen).unwrap_or(0);
        Review { items, at, scroll: 0, read, round, alone: false, opened: None }
    }

    /// These texts were seen to their end. Whether that is news.
    pub fn mark_read(&mut self, seen: &[usize]) -> bool {
        let mut news = false;
        for index in seen {
            news |= self.read.get_mut(*index).is_some_and(|read| !std::mem::replace(read, true));
        }
        news
    }

    /// Chosen drafts whose words nobody read here; words that were read for another audience are read.
    pub fn unread(&self) -> impl Iterator<Item = usize> {
        let read = self.items.iter().zip(&self.read).filter(|(_, read)| **read).map(|(item, _)| &item.text);
        let known: Vec<&String> = read.collect();
        self.to_approve().filter(move |(_, item)| !known.contains(&&item.text)).map(|(index, _)| index)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_marked_without_colour() {
        let item = Item {
            audience: "care".into(),
            channel: "direct".into(),
            round: Round::Update,
            text: "About 62,000,000 users are affected. Next word by 03:48.".into(),
            was: Some("About 125,000,000 users are affected. Next word by 03:28.".into()),
            grounds: Grounds::default(),
            to: Default::default(),
            warnings: Vec::new(),
            next_update: None,
            message: None,
            state: MessageState::Draft,
            chosen: false,
            carried: true,
            stop: None,
        };
        let marked = item.marked();
        assert!(marked.contains("{+") && marked.contains("[-"), "{marked}");
        let plain = |open: &str, close: &str, keep: &str, end: &str| {
            let mut text = marked.clone();
            while let (Some(a), Some(b)) = (text.find(open), text.find(close)) {
                text.replace_range(a..b + close.len(), "");
            }
            text.replace(keep, "").replace(end, "")
        };
        // Taking the marks away gives either text back.
        assert_eq!(plain("[-", "-]", "{+", "+}"), item.text);
        assert_eq!(plain("{+", "+}", "[-", "-]"), item.was.clone().unwrap());
    }
}
