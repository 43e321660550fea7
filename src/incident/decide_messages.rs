//! What a person may do with the words of a message: write them, approve them step by step, leave a step out; and what they
//! may say of an audience. Only drafts entries; what is sent is decided beside.

use super::Instant;
use super::command::{Actor, Refusal};
use super::decide::{answerable, checked_text, message_of, none_stands, reachable, refuse, required};
use super::entry::EntryId;
use super::message::{self, Message, MessageEvent};
use super::person;
use super::pin::Grounds;
use super::plan::Plan;
use super::rights;
use super::state::Incident;
use super::what::{MessageApproved, MessageDrafted, MessageEdited, ServiceStated};
use super::words::Round;
use crate::text::suggest;

/// A text as somebody gives it.
pub struct NewText<'a> {
    pub text: &'a str,
    pub next_update: Option<Instant>,
    pub grounds: &'a Grounds,
}

pub fn drafted(
    incident: &Incident,
    plan: &Plan,
    (audience, channel, round): (&str, &str, Round),
    new: &NewText<'_>,
) -> Result<MessageDrafted, Refusal> {
    reachable(plan, audience, channel)?;
    none_stands(incident, audience, channel)?;
    Ok(MessageDrafted {
        audience: audience.to_owned(),
        channel: channel.to_owned(),
        round,
        text: checked_text(incident, plan, channel, new.text)?,
        next_update: new.next_update,
        grounds: new.grounds.clone(),
    })
}

pub fn edited(
    incident: &Incident,
    plan: &Plan,
    actor: &Actor,
    id: EntryId,
    new: &NewText<'_>,
    now: Instant,
) -> Result<MessageEdited, Refusal> {
    let found = message_of(incident, id)?;
    let text = checked_text(incident, plan, &found.channel, new.text)?;
    let replaces = vec![found.text_entry];
    let event = MessageEvent::Edited {
        entry: id,
        text: &text,
        next_update: new.next_update,
        grounds: new.grounds,
        by: &actor.person,
        replaces: &replaces,
    };
    refuse(message::step(found, event, now))?;
    Ok(MessageEdited { message: id, text, next_update: new.next_update, grounds: new.grounds.clone(), replaces })
}

/// The first step of the approval of a text that is written in the same breath.
pub fn first_step(
    incident: &Incident,
    plan: &Plan,
    actor: &Actor,
    (message, audience, channel): (EntryId, &str, &str),
    grounds: &Grounds,
    text_sha256: String,
) -> Result<MessageApproved, Refusal> {
    let mut steps = plan.steps(audience).into_iter();
    let step = steps.next().unwrap_or_default();
    may_give(incident, plan, actor, &step, &[])?;
    if !grounds.template {
        not_ones_own(incident, plan, actor, channel, &actor.person)?;
    }
    Ok(MessageApproved { message, text_sha256, step, still: steps.collect(), skipped: String::new() })
}

/// The next step of an approval. `skipped`: why it is left out; empty: it is given.
pub fn approved(
    incident: &Incident,
    plan: &Plan,
    actor: &Actor,
    id: EntryId,
    (sha256, skipped): (&str, &str),
    now: Instant,
) -> Result<MessageApproved, Refusal> {
    answerable(incident, actor, if skipped.is_empty() { "approve" } else { "leave out a step" })?;
    let found = message_of(incident, id)?;
    let mut steps = outstanding(plan, found).into_iter();
    let step = steps.next().unwrap_or_default();
    let still: Vec<String> = steps.collect();
    if skipped.is_empty() {
        may_give(incident, plan, actor, &step, &found.approvals)?;
        if step.is_empty() && !found.grounds.template {
            not_ones_own(incident, plan, actor, &found.channel, &found.author)?;
        }
    } else {
        rights::may(incident, plan, &actor.person, "approve", "leave out a step")?;
        if step.is_empty() {
            return Err(Refusal::new(
                "the commander's step cannot be left out: somebody has to stand for the truth of it",
            ));
        }
    }
    let event = MessageEvent::Approved { sha256, by: &actor.person, step: &step, still: &still, skipped };
    refuse(message::step(found, event, now))?;
    Ok(MessageApproved { message: id, text_sha256: sha256.to_owned(), step, still, skipped: skipped.to_owned() })
}

/// The steps of an approval that are still to come.
pub fn outstanding(plan: &Plan, message: &Message) -> Vec<String> {
    let given = |step: &String| message.approvals.iter().any(|a| a.step == *step);
    plan.steps(&message.audience).into_iter().filter(|step| !given(step)).collect()
}

fn may_give(
    incident: &Incident,
    plan: &Plan,
    actor: &Actor,
    step: &str,
    before: &[message::Approval],
) -> Result<(), Refusal> {
    answerable(incident, actor, "approve")?;
    if step.is_empty() {
        return rights::may(incident, plan, &actor.person, "approve", "approve");
    }
    person::confirms(&actor.person)?;
    rights::may(incident, plan, &actor.person, step, &format!("approve as {step}"))?;
    if !rights::names(incident, plan, step) && before.iter().any(|a| a.by == actor.person) {
        return Err(Refusal::new(format!(
            "{step} has to approve it, and is somebody else: K leaves the step out, with a reason"
        )));
    }
    Ok(())
}

/// What somebody wrote for everybody to read is approved by somebody else.
fn not_ones_own(incident: &Incident, plan: &Plan, actor: &Actor, channel: &str, author: &str) -> Result<(), Refusal> {
    let public = plan.channel(channel).is_some_and(|c| c.public);
    let demo = incident.declared.as_ref().is_some_and(|d| d.demo);
    if public && !demo && !rights::own_text(incident, plan) && actor.person == author {
        return Err(Refusal::new(
            "you wrote these words for the public: somebody else approves them (or own_text in [rights])",
        ));
    }
    Ok(())
}

/// How an audience's service is by somebody's word, harmed or not, since an instant.
pub fn service(
    incident: &Incident,
    plan: &Plan,
    audience: &str,
    (harmed, at): (bool, Instant),
    basis: &str,
) -> Result<ServiceStated, Refusal> {
    let Some(known) = plan.audience(audience) else {
        let near = suggest::nearest(audience, plan.audiences.iter().map(|a| a.id.as_str()));
        let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
        return Err(Refusal::new(format!("no audience is called {audience}{hint}")));
    };
    match incident.services.get(audience) {
        Some(word) if word.harmed == harmed && (word.since == at || (harmed && word.since < at)) => {
            let how = if harmed { "harmed" } else { "well again" };
            return Err(Refusal::new(format!("{} is {how} already, by {}", known.name, word.by)));
        }
        Some(word) if !harmed && word.first_harm.is_some_and(|harm| at < harm) => {
            return Err(Refusal::new("that is before its harm began"));
        }
        Some(word) if !harmed && word.harmed && at < word.since => {
            return Err(Refusal::new("that is before its present harm began"));
        }
        _ => {}
    }
    Ok(ServiceStated { audience: audience.to_owned(), harmed, basis: required(basis, "how you know")? })
}
