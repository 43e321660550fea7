//! What became of the texts of a review since it was opened: how many went, how far apart, and what is not known.

use super::review::Review;
use super::scene::Scene;
use crate::incident::message::Message;
use crate::incident::words::MessageState;

/// In a few words, for the head of the review; None: nothing of it has left.
pub fn said(review: &Review, scene: &Scene<'_>) -> Option<String> {
    let opened = review.opened?;
    let of = |id| scene.incident().messages.get(&id);
    let left = |m: &&Message| m.sending.as_ref().is_some_and(|sending| sending.since >= opened);
    let all: Vec<&Message> = review.items.iter().filter_map(|item| of(item.message?)).filter(left).collect();
    if all.is_empty() {
        return None;
    }
    let in_state = |state| all.iter().filter(|m| m.state == state).count();
    let told: Vec<_> = all.iter().filter_map(|m| m.told).collect();
    let mut said = format!("LEFT {} of {}", told.len(), all.len());
    if let (Some(first), Some(last), true) = (told.iter().min(), told.iter().max(), told.len() > 1) {
        said.push_str(&format!(", {:.1} s apart", (*last - *first).num_milliseconds() as f64 / 1000.0));
    }
    for (count, word) in [
        (in_state(MessageState::Sending), "on their way"),
        (in_state(MessageState::Unknown), "NOT KNOWN"),
        (in_state(MessageState::Failed), "FAILED"),
    ] {
        if count > 0 {
            said.push_str(&format!(", {count} {word}"));
        }
    }
    Some(said)
}
