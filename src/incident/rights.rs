//! Who may do what leaves the building or ends the incident. What is in force stands in entries, and an entry by somebody who
//! may not has no effect, the same on every host; what a host's configuration adds is asked there, before anything is written.
//! What is true of the outside world is never undone by it. What it does not name is open to everybody who answers for it.

use std::collections::BTreeMap;

use super::command::Refusal;
use super::entry::Entry;
use super::plan::Plan;
use super::state::{Incident, Stood, Unrightful};
use super::task::NoEffect;
use super::what::{RightStood, RightsAdopted, What};
use super::words::{MessageState, Phase, Role};

/// The acts that rights are given for; other names are steps of an approval or of a fact's clearing. `rights`: who may change
/// what is in force.
pub const ACTS: &[&str] = &["approve", "send", "file", "resolve", "rights"];

/// Names or roles, by act or step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rights {
    pub who: BTreeMap<String, Vec<String>>,
    /// Whether an author may approve their own words for a public text.
    pub own_text: bool,
}

impl Rights {
    /// Where the configuration cannot be read nobody can be shown to have a right.
    pub fn nobody() -> Rights {
        Rights { who: ACTS.iter().map(|act| ((*act).to_owned(), Vec::new())).collect(), own_text: false }
    }

    /// Ok, or who can. `doing`: the act in words, as "approve".
    pub fn may(&self, incident: &Incident, person: &str, act: &str, doing: &str) -> Result<(), Refusal> {
        let Some(who) = self.who.get(act) else { return Ok(()) };
        let is = |one: &String| match one.parse::<Role>() {
            Ok(role) => incident.holder(role) == Some(person),
            Err(_) => one.eq_ignore_ascii_case(person),
        };
        if who.iter().any(is) {
            return Ok(());
        }
        let names: Vec<String> = who.iter().map(|one| name(incident, one)).collect();
        let can = if names.is_empty() { "nobody here".to_owned() } else { names.join(", ") };
        Err(Refusal::new(format!("{person} may not {doing}; who can: {can}")))
    }

    /// Whether the configuration names who gives a step.
    pub fn names(&self, step: &str) -> bool {
        self.who.contains_key(step)
    }

    /// Whether nothing is kept from anybody.
    pub fn is_empty(&self) -> bool {
        *self == Rights::default()
    }
}

impl RightsAdopted {
    pub fn rights(&self) -> Rights {
        Rights { who: self.who.clone(), own_text: self.own_text }
    }
}

/// Ok, or who can: by this host's configuration and by all that is in force in the record.
pub fn may(incident: &Incident, plan: &Plan, person: &str, act: &str, doing: &str) -> Result<(), Refusal> {
    plan.rights.may(incident, person, act, doing)?;
    by_record(incident, person, act, doing)
}

/// Whether it is named who gives a step, here or in the record.
pub fn names(incident: &Incident, plan: &Plan, step: &str) -> bool {
    plan.rights.names(step) || incident.rights.heads().iter().any(|head| head.value.names(step))
}

/// Whether authors may approve their own words for a public text: where rights are in force they have to say so too.
pub fn own_text(incident: &Incident, plan: &Plan) -> bool {
    plan.rights.own_text && incident.rights.heads().iter().all(|head| head.value.own_text)
}

/// While two say otherwise, both have to let them.
fn by_record(incident: &Incident, person: &str, act: &str, doing: &str) -> Result<(), Refusal> {
    incident.rights.heads().iter().try_for_each(|head| head.value.may(incident, person, act, doing))
}

/// Who may set the rights in force: whom those in force name for it; else the commander, or while there is none the declarer.
pub fn may_adopt(incident: &Incident, person: &str) -> Result<(), Refusal> {
    let doing = "change who may do what";
    let heads = incident.rights.heads();
    if heads.iter().any(|head| head.value.names("rights")) {
        return by_record(incident, person, "rights", doing);
    }
    let declarer = incident.declared.as_ref().map(|declared| declared.by.person.as_str());
    match incident.holder(Role::Commander).or(declarer) {
        Some(can) if can == person => Ok(()),
        Some(can) => Err(Refusal::new(format!("{person} may not {doing}; who can: {can}"))),
        None => Err(Refusal::new(format!("{person} may not {doing}: nothing is declared"))),
    }
}

/// What an entry lacks a right for.
pub struct Lack {
    pub act: String,
    pub why: String,
    /// It is true of the outside world: it applies all the same, and is told.
    pub outside: bool,
}

/// What the author of an entry does without the right, by the record up to it. None: they may, or it needs none.
pub fn lacks(incident: &Incident, entry: &Entry) -> Option<Lack> {
    let (act, doing, outside) = match &entry.what {
        What::MessageApproved(w) if !w.skipped.is_empty() => ("approve", "leave out a step", false),
        What::MessageApproved(w) if w.step.is_empty() => ("approve", "approve", false),
        What::MessageApproved(w) => (w.step.as_str(), "approve", false),
        What::MessageSending(_) => ("send", "release", true),
        What::StageFiled(_) => ("file", "file", true),
        What::StageConfirmed(_) => ("file", "confirm a filing", true),
        What::StageWithdrawn(_) => ("file", "withdraw a filing", true),
        What::AgencyTold(_) => ("file", "record whom an agency's rule asks to tell", true),
        What::StageWaived(_) => ("file", "waive a filing", false),
        What::FactCleared(w) => (w.step.as_str(), "clear a fact", false),
        What::PhaseSet(w) if w.phase == Phase::Resolved => ("resolve", "resolve", false),
        _ => return None,
    };
    let lack = |why: String| Lack { act: act.to_owned(), why, outside };
    if let Err(Refusal(why)) = by_record(incident, &entry.author.person, act, doing) {
        return Some(lack(why));
    }
    let What::MessageSending(w) = &entry.what else { return None };
    let message = incident.messages.get(&w.message).filter(|m| m.state == MessageState::Draft)?;
    let by = message.unrightful.get(&message.sha256)?;
    Some(Lack { act: "approve".to_owned(), why: format!("approved by {by}, who may not approve"), outside })
}

/// Keeps what was done without the right.
pub fn note(incident: &mut Incident, entry: &Entry, lack: &Lack) {
    if let What::MessageApproved(w) = &entry.what
        && w.skipped.is_empty()
        && let Some(message) = incident.messages.get_mut(&w.message)
    {
        message.unrightful.insert(w.text_sha256.clone(), entry.author.person.clone());
    }
    if lack.outside {
        let (by, at) = (entry.author.person.clone(), entry.happened);
        let unrightful = Unrightful { act: lack.act.clone(), by, at, why: lack.why.clone(), stood: None };
        incident.unrightful.insert(entry.id, unrightful);
    }
}

/// Somebody who has the right stands for what was done without it.
pub fn stood(incident: &mut Incident, entry: &Entry, w: &RightStood) -> Result<(), NoEffect> {
    let done = incident.unrightful.get(&w.entry);
    let done = done.ok_or_else(|| NoEffect::new("nothing was done without the right there"))?;
    if done.stood.is_some() {
        return Err(NoEffect::new("somebody stands for it already"));
    }
    by_record(incident, &entry.author.person, &done.act, "stand for it").map_err(|Refusal(why)| NoEffect::new(why))?;
    if let Some(done) = incident.unrightful.get_mut(&w.entry) {
        let (by, why) = (entry.author.person.clone(), w.why.clone());
        done.stood = Some(Stood { by, at: entry.happened, why });
    }
    Ok(())
}

/// A person, or a role with who holds it.
fn name(incident: &Incident, one: &str) -> String {
    match one.parse::<Role>() {
        Ok(role) => {
            let title = role.title().to_lowercase();
            format!("{title} ({})", incident.holder(role).unwrap_or("nobody holds it"))
        }
        Err(_) => one.to_owned(),
    }
}
