//! What becomes of the texts that were released here: told at the foot until all have ended, with how far apart they went.

use super::model::{Loud, Model};
use super::scene::Scene;
use crate::incident::message::Message;
use crate::incident::words::MessageState;
use crate::text::Safe;

/// Tells how far the release is, and once more when nothing of it is on its way.
pub fn follow(model: &mut Model, scene: &Scene<'_>) {
    if model.released.is_empty() {
        return;
    }
    let of = |id| scene.incident().messages.get(id);
    let all: Vec<&Message> = model.released.iter().filter_map(of).collect();
    let waits = |m: &&Message| matches!(m.state, MessageState::Approved | MessageState::Sending);
    let on_their_way = all.iter().filter(|m| waits(m)).count();
    let told: Vec<_> = all.iter().filter_map(|m| m.told).collect();
    // The first snapshot may be older than the release.
    if told.is_empty() && on_their_way == all.len() {
        return;
    }
    let mut said = format!("LEFT {} of {}", told.len(), all.len());
    if let (Some(first), Some(last), true) = (told.iter().min(), told.iter().max(), told.len() > 1) {
        said.push_str(&format!(", {:.1} s apart", (*last - *first).num_milliseconds() as f64 / 1000.0));
    }
    let in_state = |state| all.iter().filter(|m| m.state == state).count();
    let (unknown, failed) = (in_state(MessageState::Unknown), in_state(MessageState::Failed));
    for (count, word) in [(on_their_way, "on their way"), (unknown, "NOT KNOWN"), (failed, "FAILED")] {
        if count > 0 {
            said.push_str(&format!(", {count} {word}"));
        }
    }
    let loud = if unknown + failed > 0 { Loud::Failed } else { Loud::Info };
    if on_their_way == 0 {
        model.released.clear();
    }
    model.flash = Some((loud, Safe::new(&said)));
}
