//! What becomes of the texts that were released here: told at the foot until all have ended, with how far apart they went.

use super::model::{Loud, Model};
use super::scene::Scene;
use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::message::Message;
use crate::incident::words::MessageState;
use crate::report::releases::apart;
use crate::text::Safe;

/// Tells how far the release is, and once more when nothing of it is on its way.
pub fn follow(model: &mut Model, scene: &Scene<'_>) {
    if model.released.is_empty() {
        return;
    }
    // A refusal is read before it is covered.
    if matches!(model.flash, Some((Loud::Refused, _))) {
        return;
    }
    let of = |(id, at): &(EntryId, Instant)| Some((scene.incident().messages.get(id)?, *at));
    let each: Vec<(&Message, Instant)> = model.released.iter().filter_map(of).collect();
    // What was tried before ended before: only the sending of this release counts.
    let begun = |m: &Message, at: Instant| m.sending.as_ref().is_some_and(|sending| sending.since >= at);
    let waits = |m: &Message, at: Instant| !begun(m, at) || m.state == MessageState::Sending;
    let on_their_way = each.iter().filter(|(m, at)| waits(m, *at)).count();
    let all: Vec<&Message> = each.iter().filter(|(m, at)| begun(m, *at)).map(|(m, _)| *m).collect();
    let told: Vec<_> = all.iter().filter_map(|m| m.told).collect();
    // The first snapshot may be older than the release.
    if told.is_empty() && on_their_way == each.len() {
        return;
    }
    let mut said = format!("LEFT {} of {}", told.len(), each.len());
    if let Some(apart) = apart(&told) {
        said.push_str(&format!(", {apart}"));
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
