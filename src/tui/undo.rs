//! What `u` would take back, named; what it never takes back, with what to do instead. Reads; writes nothing.

use chrono::TimeDelta;

use super::model::{Loud, Model};
use super::scene::Scene;
use crate::incident::Instant;
use crate::incident::command::Command;
use crate::incident::decide::decide;
use crate::incident::entry::EntryId;
use crate::incident::timeline::Effect;
use crate::incident::what::What;
use crate::safe;
use crate::text::{Safe, duration, shorten};

/// The newest entry of one's own.
pub struct Last {
    pub entry: EntryId,
    /// Its line: `NOTE the bridge says … (zoe)`.
    pub what: Safe,
    pub recorded: Instant,
}

/// How old an entry may be that is taken back without a question: by then one knows what one has just done.
const FRESH: TimeDelta = TimeDelta::minutes(1);

/// The newest own entry that still stands, or why it is not taken back. What went out is not skipped for an older one:
/// whoever presses `u` after a filing means the filing.
pub fn own_last(model: &Model, scene: &Scene<'_>) -> Result<Last, Safe> {
    let incident = scene.incident();
    // By when it was recorded, wherever it stands: what was dated back long ago is as new as any.
    let own = incident.timeline.iter().filter(|row| {
        let entry = &row.entry;
        !entry.author.machine
            && entry.author.person == model.actor.person
            && row.effect == Effect::Applied
            && !matches!(entry.what, What::Retracted(_))
            // What stands since the declaration was not done with a key.
            && !matches!(entry.what, What::Declared(_) | What::PlanAdopted(_) | What::RulesAdopted(_))
            && !matches!(&entry.what, What::TaskAdded(w) if w.planned.is_some())
    });
    let row = own.max_by_key(|row| row.entry.order()).ok_or("nothing of your own to take back")?;
    let line = crate::report::line::line(&row.entry, incident, scene.plan(), scene.now(), scene.situation.zone);
    let what = safe!("{} {}", line.tag, line.text);
    let command = Command::Retract { entry: row.entry.id, why: String::new() };
    match decide(incident, scene.plan(), &command, &model.actor, scene.now()) {
        Ok(_) => Ok(Last { entry: row.entry.id, what, recorded: row.entry.recorded }),
        Err(refusal) => Err(safe!("not \"{}\": {}", shorten::shorten(&what, 24), refusal.0)),
    }
}

/// The command, or None where it was asked first: the same key once more does it.
pub fn press(model: &mut Model, last: &Last, now: Instant) -> Option<Command> {
    let age = now - last.recorded;
    if age > FRESH && model.undo_asked != Some(last.entry) {
        let room = usize::from(model.size.0);
        let ask = if room < 70 {
            let what = shorten::shorten(&last.what, room.saturating_sub(24).max(8));
            safe!("{what} of {} ago? again: undo", duration::age(age))
        } else {
            let what = shorten::shorten(&last.what, room.saturating_sub(64).max(12));
            safe!("take back {what} of {} ago? the same key does it, Esc leaves it", duration::age(age))
        };
        model.say(Loud::Refused, ask);
        model.undo_asked = Some(last.entry);
        return None;
    }
    model.undo_asked = None;
    Some(Command::Retract { entry: last.entry, why: String::new() })
}
