//! One entry reduced into the state, through the steps of the thing it is about. Only dispatches; never fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::entry::{Entry, EntryId};
use super::message::{self, Begun, Message, MessageEvent};
use super::pin::{self, Grounds};
use super::recipient::Recipients;
use super::rights;
use super::stage::{self, Mark, StageEvent};
use super::state::*;
use super::task::{self, NoEffect, Task, TaskEvent};
use super::timeline::{Effect, Row};
use super::twice;
use super::what::*;
use super::words::{AlertState, Delivery, MessageState, Phase, Role, Round, Severity, TaskState};

/// Applies an entry at its place in the canonical order. `retracted`: why it was taken back.
pub fn apply(incident: &mut Incident, entry: &Arc<Entry>, retracted: Option<&str>) {
    // What hosts saw of each other's chains is no event of the incident.
    if let What::HeadsSeen(_) = entry.what {
        return;
    }
    let effect = match retracted {
        Some(why) => Effect::Retracted(why.into()),
        None => effect(incident, entry),
    };
    if !entry.author.machine && !incident.people.contains(&entry.author.person) {
        incident.people.insert(entry.author.person.clone());
    }
    incident.timeline.insert(Row { entry: Arc::clone(entry), effect });
}

/// What it does, by whoever may.
fn effect(incident: &mut Incident, entry: &Entry) -> Effect {
    let lack = rights::lacks(incident, entry);
    if let Some(lack) = lack.as_ref().filter(|lack| !lack.outside) {
        rights::note(incident, entry, lack);
        return Effect::None(lack.why.as_str().into());
    }
    match (reduce(incident, entry), lack) {
        (Err(NoEffect(why)), _) => Effect::None(why.into()),
        (Ok(()), None) => Effect::Applied,
        (Ok(()), Some(lack)) => {
            rights::note(incident, entry, &lack);
            Effect::Without(lack.why.into())
        }
    }
}

fn reduce(incident: &mut Incident, entry: &Entry) -> Result<(), NoEffect> {
    let at = entry.happened;
    match &entry.what {
        What::Declared(w) => declared(incident, entry, w)?,
        What::PlanAdopted(w) => incident.plan.set(entry, (w.name.clone(), w.text.as_str().into()), &w.replaces),
        What::RulesAdopted(w) => incident.rules.set(entry, w.text.as_str().into(), &w.replaces),
        What::RightsAdopted(w) => {
            rights::may_adopt(incident, &entry.author.person).map_err(|refusal| NoEffect::new(refusal.0))?;
            incident.rights.set(entry, w.rights(), &w.replaces);
        }
        What::RightStood(w) => rights::stood(incident, entry, w)?,
        What::Titled(w) => incident.title.set(entry, w.title.clone(), &w.replaces),
        What::SeveritySet(w) => incident.severity.set(entry, w.severity, &w.replaces),
        What::PhaseSet(w) => incident.phase.set(entry, w.phase, &w.replaces),
        What::EndReached(w) => {
            if let Some((first, _)) = incident.ends.get(&w.end)
                && *first <= at
            {
                return Err(NoEffect::new(format!("{} is known since earlier", w.end)));
            }
            incident.ends.insert(w.end, (at, w.basis.clone()));
        }
        What::Noted(_) | What::ChangeNoted(_) | What::HeadsSeen(_) => {}
        What::ObjectivesSet(w) => incident.leading.objectives.set(entry, (w.text.clone(), w.until), &w.replaces),
        What::Asked(w) => {
            let ask = Ask { id: entry.id, proposal: w.proposal.clone(), by: w.by.clone(), risk: w.risk.clone(), at };
            incident.asks.insert(entry.id, ask);
        }
        What::Decided(w) => {
            incident.decisions.push(entry.id);
            if let Some(ask) = w.answers {
                incident.asks.remove(&ask);
            }
        }
        What::DecisionChecked(w) => {
            if !incident.decisions.contains(&w.decision) {
                return Err(NoEffect::new("there is no such decision here"));
            }
            incident.leading.checked(entry, w);
        }
        What::TimeOutStarted(w) => incident.leading.timeout_started(entry, w),
        What::TimeOutEnded(w) => incident.leading.timeout_ended(entry, w)?,
        What::RoleSet(w) => role_set(incident, entry, w.role, w.holder.clone(), &w.replaces),
        What::HandoverOffered(w) => {
            incident.people.insert(w.to.clone());
            incident.leading.offered(entry, w);
        }
        What::HandoverAccepted(w) => {
            let offer = incident.leading.accepted(entry, w)?;
            role_set(incident, entry, offer.role, Some(offer.to), &w.replaces);
        }
        What::HandoverRefused(w) => {
            incident.leading.answered(w.offer)?;
        }
        What::TeamSet(w) => {
            incident.people.extend(w.lead.iter().chain(&w.members).cloned());
            incident.leading.team_set(entry, w);
        }
        What::RollCallAsked(w) => incident.leading.rollcall_asked(entry, w),
        What::RollCallAnswered(w) => incident.leading.rollcall_answered(entry, w)?,
        What::ContactSet(w) => incident.leading.contact_set(entry, w),
        What::TaskAdded(w) => task_added(incident, entry, w)?,
        What::TaskAssigned(w) => {
            incident.people.insert(w.owner.clone());
            on_task(incident, w.task, TaskEvent::Assigned { owner: &w.owner, minutes: w.minutes }, entry)?;
        }
        What::TaskAcknowledged(w) => {
            on_task(incident, w.task, TaskEvent::Acknowledged { by: &w.by, minutes: w.minutes }, entry)?;
        }
        What::TaskStarted(w) => on_task(incident, w.task, TaskEvent::Started, entry)?,
        What::TaskBlocked(w) => on_task(incident, w.task, TaskEvent::Blocked { on: &w.on }, entry)?,
        What::TaskDone(w) => on_task(incident, w.task, TaskEvent::Done { result: &w.result }, entry)?,
        What::TaskCancelled(w) => on_task(incident, w.task, TaskEvent::Cancelled { why: &w.why }, entry)?,
        What::TaskExtended(w) => on_task(incident, w.task, TaskEvent::Extended { minutes: w.minutes }, entry)?,
        What::AlertsAcknowledged(w) => {
            let due = at.checked_add_signed(TimeDelta::minutes(i64::from(w.minutes))).unwrap_or(at);
            let ack = AlertAck { by: w.by.clone(), at, due, count: w.count };
            incident.alert_acks.insert(w.group.clone(), ack);
        }
        What::MessageDrafted(w) => message_drafted(incident, entry, w)?,
        What::MessageEdited(w) => {
            let event = MessageEvent::Edited {
                entry: entry.id,
                text: &w.text,
                next_update: w.next_update,
                grounds: &w.grounds,
                by: &entry.author.person,
                replaces: &w.replaces,
            };
            on_message(incident, w.message, event, entry)?;
            overtake(incident, entry, Some(w.message));
        }
        What::MessageApproved(w) => {
            let event = MessageEvent::Approved {
                sha256: &w.text_sha256,
                by: &entry.author.person,
                step: &w.step,
                still: &w.still,
                skipped: &w.skipped,
            };
            on_message(incident, w.message, event, entry)?;
        }
        What::MessageSending(w) => {
            incident.sendings.insert(entry.id, w.message);
            let other = incident.messages.get_mut(&w.message).filter(|m| m.state == MessageState::Sending);
            if let Some(sending) = other.and_then(|m| m.sending.as_mut()) {
                sending.contested = true;
            }
            let event = MessageEvent::Sending(Begun {
                entry: entry.id,
                backend: &w.backend,
                process: &w.process,
                by: &entry.author.person,
                recipients: &w.recipients,
                subject: &w.subject,
            });
            let beside = incident.messages.get(&w.message).is_some_and(twice::beside);
            let known = on_message(incident, w.message, event, entry);
            if let Some(message) = incident.messages.get_mut(&w.message) {
                twice::begun(message, entry, &w.process, beside && known.is_err());
            }
            known?;
        }
        What::MessageRecipients(w) => {
            let message = incident.sendings.get(&w.sending).copied();
            let message = message.ok_or_else(|| NoEffect::new("there is no such sending here"))?;
            let event = MessageEvent::Recipients { sending: w.sending, outcomes: &w.outcomes };
            became_known(incident, entry, message, event)?;
        }
        What::MessageSent(w) => {
            let told = incident.messages.get(&w.message).is_some_and(|m| m.told.is_some());
            end(incident, w.message, entry, MessageState::Sent)?;
            on_message(incident, w.message, MessageEvent::Sent { reference: &w.reference }, entry)?;
            // The same word, by somebody who did not know that it went, promises nothing more.
            let again = incident.messages.get(&w.message).is_some_and(|m| m.tries.iter().any(|t| t.beside));
            if !(told && again) {
                promise_of(incident, entry, w.message);
            }
        }
        What::MessageDelivered(w) => {
            on_message(incident, w.message, MessageEvent::Delivered { detail: &w.detail }, entry)?;
        }
        What::MessageFailed(w) => {
            end(incident, w.message, entry, MessageState::Failed)?;
            became_known(incident, entry, w.message, MessageEvent::Failed { why: &w.why })?;
        }
        What::MessageUnknown(w) => {
            end(incident, w.message, entry, MessageState::Unknown)?;
            became_known(incident, entry, w.message, MessageEvent::Unknown { why: &w.why })?;
        }
        What::MessageSkipped(w) => on_message(incident, w.message, MessageEvent::Skipped { why: &w.why }, entry)?,
        What::ToldElsewhere(w) => told_elsewhere(incident, entry, w),
        What::PromiseMade(w) => {
            let promise = Promise {
                id: entry.id,
                text: w.text.clone(),
                to: w.to.clone(),
                owner: w.owner.clone(),
                due: w.due,
                call: None,
                kept: None,
                made_by: None,
                kept_by: None,
                made: at,
            };
            incident.promises.insert(entry.id, promise);
        }
        What::PromiseKept(w) => match incident.promises.get_mut(&w.promise) {
            Some(promise) if promise.kept.is_none() => promise.kept = Some(at),
            Some(_) => return Err(NoEffect::new("it was kept already")),
            None => return Err(NoEffect::new("there is no such promise here")),
        },
        What::FactSet(w) => {
            let fact = Fact {
                value: w.value.clone(),
                unit: w.unit.clone(),
                basis: w.basis.clone(),
                confirmed_by: w.confirmed_by.clone(),
                needs: w.needs.clone(),
            };
            incident.facts.entry(w.name.clone()).or_default().set(entry, fact, &w.replaces);
            stated(incident, entry, w);
            overtake(incident, entry, None);
        }
        What::FactCleared(w) => {
            let stands = incident.facts.get(&w.name).and_then(|r| r.setting()).map(|s| s.entry) == Some(w.set);
            if !stands || !incident.uncleared(&w.name).contains(&w.step) {
                return Err(NoEffect::new("the fact has changed since, or was cleared already"));
            }
            let clearing = Clearing { step: w.step.clone(), by: entry.author.person.clone(), at };
            incident.clearings.entry(w.set).or_default().push(clearing);
            overtake(incident, entry, None);
        }
        What::ServiceStated(w) => {
            let (by, basis) = (entry.author.person.clone(), w.basis.clone());
            let stated = ServiceWord { harmed: w.harmed, since: at, first_harm: w.harmed.then_some(at), by, basis };
            let next = match incident.services.remove(&w.audience) {
                Some(before) => before.then(stated),
                None => stated,
            };
            incident.services.insert(w.audience.clone(), next);
        }
        What::ClockSet(w) => {
            let choice = ClockChoice { at: w.at, why: w.why.clone(), assumed: w.assumed };
            incident.clocks.entry(w.clock.clone()).or_default().set(entry, choice, &w.replaces);
        }
        What::StageDrafted(w) => on_stage(incident, &w.rule, &w.stage, StageEvent::Drafted, entry)?,
        What::StageFiled(w) => {
            let (reference, person, by) = (&w.reference, &w.person, &entry.author.person);
            let event = StageEvent::Filed { reference, person, how: &w.how, by };
            on_stage(incident, &w.rule, &w.stage, event, entry)?;
        }
        What::StageConfirmed(w) => on_stage(incident, &w.rule, &w.stage, StageEvent::Confirmed { how: &w.how }, entry)?,
        What::StageWaived(w) => {
            let event = StageEvent::Waived { why: &w.why, by: &w.by, figures: &w.figures };
            on_stage(incident, &w.rule, &w.stage, event, entry)?;
        }
        What::StageWithdrawn(w) => {
            let event = StageEvent::Withdrawn { why: &w.why, by: &w.by, figures: &w.figures };
            on_stage(incident, &w.rule, &w.stage, event, entry)?;
        }
        What::AgencyTold(w) => {
            let of_stage = incident.told.entry((w.rule.clone(), w.stage.clone())).or_default();
            let told = of_stage.entry(w.name.clone()).or_default();
            let mark = Mark { at, by: entry.author.person.clone(), person: w.person.clone() };
            // The first word is the one that counts; a name that was missing is added to it.
            match told.by.get_mut(&w.by) {
                None => {
                    told.by.insert(w.by, mark);
                }
                Some(before) if before.person.is_empty() && !mark.person.is_empty() => before.person = mark.person,
                Some(_) => return Err(NoEffect::new("they were told already")),
            }
        }
        What::AgencyCalled(w) => {
            let promise = Promise {
                id: entry.id,
                text: w.about.clone(),
                to: w.agency.clone(),
                owner: w.taken_by.clone(),
                due: w.due,
                call: Some(w.caller.clone()),
                made: at,
                kept: None,
                made_by: None,
                kept_by: None,
            };
            incident.promises.insert(entry.id, promise);
        }
        What::ComponentChanged(w) => component_changed(incident, entry, w),
        What::ComponentGone(w) => {
            if let Some(seen) = incident.components.get_mut(&(w.origin.clone(), w.component.clone())) {
                seen.state = None;
                seen.since = at;
                seen.entry = entry.id;
            }
        }
        What::RemoteUpdated(w) => {
            let key = (w.origin.clone(), w.incident.clone());
            let seen = incident.remotes.entry(key).or_insert_with(|| RemoteSeen {
                title: w.title.clone(),
                phase: w.phase,
                updates: Default::default(),
                gone: false,
                entry: entry.id,
            });
            seen.title.clone_from(&w.title);
            seen.phase = w.phase;
            seen.gone = false;
            seen.entry = entry.id;
            seen.updates.insert(w.update.clone(), entry.id);
        }
        What::RemoteGone(w) => {
            if let Some(seen) = incident.remotes.get_mut(&(w.origin.clone(), w.incident.clone())) {
                seen.gone = true;
                seen.entry = entry.id;
            }
        }
        What::AlertFired(w) => {
            let key = (w.origin.clone(), w.alert.clone());
            let alerts = Arc::make_mut(&mut incident.alerts);
            let first_seen = alerts.get(&key).map_or(at, |seen| seen.first_seen);
            let seen = AlertSeen {
                name: w.name.clone(),
                summary: w.summary.clone(),
                severity: w.severity.clone(),
                state: AlertState::Firing,
                starts_at: w.starts_at,
                gone: None,
                first_seen,
                entry: entry.id,
            };
            alerts.insert(key, seen);
        }
        What::AlertChanged(w) => {
            let key = (w.origin.clone(), w.alert.clone());
            if let Some(seen) = Arc::make_mut(&mut incident.alerts).get_mut(&key) {
                seen.state = w.to;
                seen.gone = None;
                seen.entry = entry.id;
            }
        }
        What::AlertGone(w) => {
            let key = (w.origin.clone(), w.alert.clone());
            if let Some(seen) = Arc::make_mut(&mut incident.alerts).get_mut(&key) {
                seen.gone = Some(at);
                seen.entry = entry.id;
            }
        }
        What::MetricMoved(w) => {
            metric_moved(incident, entry, w);
            overtake(incident, entry, None);
        }
        What::SourceFailing(w) => {
            let seen = SourceSeen { family: w.family.clone(), failing: true, why: w.why.clone(), since: at };
            incident.sources.insert(w.source.clone(), seen);
        }
        What::SourceBack(w) => {
            let seen = SourceSeen { family: w.family.clone(), failing: false, why: String::new(), since: at };
            incident.sources.insert(w.source.clone(), seen);
        }
        What::ReceiptSeen(w) => receipt_seen(incident, entry, w)?,
        // Which entries are taken back is settled before any is applied: see `fold`. Here only whether it could be.
        What::Retracted(w) => match incident.timeline.find(w.entry) {
            Some(row) if matches!(row.effect, Effect::Retracted(_)) => {}
            Some(_) => return Err(NoEffect::new("what left the building, or was seen, cannot be taken back")),
            None => return Err(NoEffect::new("there is no such entry here")),
        },
        What::Amended(w) => {
            incident.amended.insert(w.entry, (w.text.clone(), entry.author.person.clone()));
        }
        What::Unknown { .. } => incident.not_understood += 1,
    }
    Ok(())
}

fn role_set(incident: &mut Incident, entry: &Entry, role: Role, holder: Option<String>, replaces: &[EntryId]) {
    incident.people.extend(holder.iter().cloned());
    // What was offered by the one before is not theirs to give any more.
    incident.leading.offers.retain(|_, offer| offer.role != role);
    incident.roles.entry(role).or_default().set(entry, holder, replaces);
}

fn declared(incident: &mut Incident, entry: &Entry, w: &Declared) -> Result<(), NoEffect> {
    if incident.declared.is_some() {
        return Err(NoEffect::new("the incident was declared already"));
    }
    incident.declared = Some(DeclaredState {
        entry: entry.id,
        at: entry.happened,
        by: entry.author.clone(),
        started: w.started,
        detected: w.detected,
        exercise: w.exercise,
        demo: w.demo,
        timezone: w.timezone.clone(),
        organisation: w.organisation.clone(),
    });
    incident.title.set(entry, w.title.clone(), &[]);
    incident.severity.set(entry, w.severity, &[]);
    incident.phase.set(entry, Phase::Investigating, &[]);
    Ok(())
}

fn task_added(incident: &mut Incident, entry: &Entry, w: &TaskAdded) -> Result<(), NoEffect> {
    if let Some(planned) = &w.planned
        && incident.tasks.values().any(|t| t.planned.as_ref() == Some(planned))
    {
        return Err(NoEffect::new("the playbook's task is there already"));
    }
    let due = TimeDelta::minutes(i64::from(w.minutes));
    let asked = w.owner.as_ref().map(|_| entry.happened);
    if let Some(owner) = &w.owner {
        incident.people.insert(owner.clone());
    }
    incident.tasks.insert(
        entry.id,
        Task {
            id: entry.id,
            title: w.title.clone(),
            team: w.team.clone(),
            owner: w.owner.clone(),
            // Who takes a task upon themselves has understood it.
            state: match &w.owner {
                Some(owner) if *owner == entry.author.person => TaskState::Acknowledged,
                Some(_) | None => TaskState::Open,
            },
            minutes: w.minutes,
            first: w.first,
            planned: w.planned.clone(),
            added: entry.happened,
            asked,
            moved: entry.happened,
            due: asked.and_then(|at| at.checked_add_signed(due)),
            blocked_on: None,
            result: String::new(),
            extensions: 0,
        },
    );
    Ok(())
}

fn on_task(incident: &mut Incident, id: EntryId, event: TaskEvent<'_>, entry: &Entry) -> Result<(), NoEffect> {
    let task = incident.tasks.get_mut(&id).ok_or_else(|| NoEffect::new("there is no such task here"))?;
    *task = task::step(task, event, entry.happened)?;
    Ok(())
}

fn message_drafted(incident: &mut Incident, entry: &Entry, w: &MessageDrafted) -> Result<(), NoEffect> {
    incident.messages.insert(
        entry.id,
        Message {
            id: entry.id,
            audience: w.audience.clone(),
            channel: w.channel.clone(),
            round: w.round,
            sha256: message::sha256(&w.text),
            text: w.text.clone(),
            next_update: w.next_update,
            state: MessageState::Draft,
            drafted: entry.happened,
            text_entry: entry.id,
            conflict: false,
            author: entry.author.person.clone(),
            grounds: w.grounds.clone(),
            overtaken: Vec::new(),
            approvals: Vec::new(),
            unrightful: BTreeMap::new(),
            approved: None,
            sending: None,
            recipients: Recipients::default(),
            told: None,
            delivered: None,
            detail: String::new(),
            proof: None,
            tries: Vec::new(),
            settled: false,
        },
    );
    overtake(incident, entry, Some(entry.id));
    Ok(())
}

/// A fact may be another now than in the texts that use it: those that did not leave are drafts again, the others are owed a
/// correction. `only`: just this message, whose text is new.
fn overtake(incident: &mut Incident, entry: &Entry, only: Option<EntryId>) {
    let concerned = incident.messages.values().filter(|m| only.is_none_or(|id| id == m.id));
    let by: Vec<_> = concerned
        .filter(|m| !m.grounds.facts.is_empty())
        .map(|m| (m.id, pin::moved(incident, &m.grounds.facts)))
        .filter(|(id, by)| incident.messages.get(id).is_some_and(|m| m.overtaken != *by))
        .collect();
    for (id, by) in by {
        // It always applies: what is true of the outside is noted also where the text has left.
        let _ = on_message(incident, id, MessageEvent::Overtaken { by }, entry);
    }
}

fn on_message(incident: &mut Incident, id: EntryId, event: MessageEvent<'_>, entry: &Entry) -> Result<(), NoEffect> {
    let message = incident.messages.get_mut(&id).ok_or_else(|| NoEffect::new("there is no such message here"))?;
    *message = message::step(message, event, entry.happened)?;
    Ok(())
}

/// Notes how a sending ended.
fn end(incident: &mut Incident, id: EntryId, entry: &Entry, end: MessageState) -> Result<(), NoEffect> {
    incident.messages.get_mut(&id).map_or(Ok(()), |message| twice::ended(message, entry, end))
}

fn told_elsewhere(incident: &mut Incident, entry: &Entry, w: &ToldElsewhere) {
    let round = w.round.unwrap_or(Round::Update);
    incident.messages.insert(
        entry.id,
        Message {
            id: entry.id,
            audience: w.audience.clone(),
            channel: w.channel.clone(),
            round,
            sha256: message::sha256(&w.text),
            text: w.text.clone(),
            next_update: w.next_update,
            state: MessageState::SentElsewhere,
            drafted: entry.happened,
            text_entry: entry.id,
            conflict: false,
            author: entry.author.person.clone(),
            grounds: Grounds::default(),
            overtaken: Vec::new(),
            approvals: Vec::new(),
            unrightful: BTreeMap::new(),
            approved: None,
            sending: None,
            recipients: Recipients::default(),
            told: Some(entry.happened),
            delivered: None,
            detail: w.by.clone(),
            proof: w.proof.clone(),
            tries: Vec::new(),
            settled: false,
        },
    );
    promise_of(incident, entry, entry.id);
}

/// A word that went out names the next one: that is a promise, and it keeps the earlier ones to the same audience.
fn promise_of(incident: &mut Incident, entry: &Entry, id: EntryId) {
    let Some(message) = incident.messages.get(&id) else { return };
    let (audience, next, owner) = (message.audience.clone(), message.next_update, message.author.clone());
    // The same words over another channel, or tried again, are not the next word.
    let worded = message.approved.as_ref().map_or(message.drafted, |(_, at)| *at);
    for promise in incident.promises.values_mut() {
        let next_word = promise.to == audience && promise.text == NEXT_UPDATE && promise.made < worded;
        if next_word && promise.kept.is_none() {
            promise.kept = Some(entry.happened);
            promise.kept_by = Some(id);
        }
    }
    if let Some(due) = next {
        let promise = Promise {
            id: entry.id,
            text: NEXT_UPDATE.to_owned(),
            to: audience,
            owner,
            due,
            call: None,
            kept: None,
            made_by: Some(id),
            kept_by: None,
            made: entry.happened,
        };
        incident.promises.insert(entry.id, promise);
    }
}

/// What an event says of a message, and of what it promised: by its recipients it may have reached some, or nobody.
fn became_known(incident: &mut Incident, entry: &Entry, id: EntryId, event: MessageEvent<'_>) -> Result<(), NoEffect> {
    let told = |incident: &Incident| incident.messages.get(&id).is_some_and(|m| m.told.is_some());
    let before = told(incident);
    on_message(incident, id, event, entry)?;
    let failed = incident.messages.get(&id).is_some_and(|m| m.state == MessageState::Failed);
    match (before, told(incident)) {
        (false, true) => promise_of(incident, entry, id),
        _ if failed => nobody_heard(incident, id),
        _ => {}
    }
    Ok(())
}

/// It did not arrive after all: nobody heard what it promised, and what it seemed to keep is owed again.
fn nobody_heard(incident: &mut Incident, id: EntryId) {
    incident.promises.retain(|_, promise| promise.made_by != Some(id));
    for promise in incident.promises.values_mut().filter(|p| p.kept_by == Some(id)) {
        promise.kept = None;
        promise.kept_by = None;
    }
}

/// The text of a promise that a message made by naming the next update.
pub const NEXT_UPDATE: &str = "next update";

fn on_stage(
    incident: &mut Incident,
    rule: &str,
    stage: &str,
    event: StageEvent<'_>,
    entry: &Entry,
) -> Result<(), NoEffect> {
    let key = (rule.to_owned(), stage.to_owned());
    let filing = incident.filings.get(&key).cloned().unwrap_or_else(|| stage::pending(rule, stage));
    incident.filings.insert(key, stage::step(&filing, event, entry.happened)?);
    Ok(())
}

fn component_changed(incident: &mut Incident, entry: &Entry, w: &ComponentChanged) {
    let at = entry.happened;
    let seen = incident.components.entry((w.origin.clone(), w.component.clone())).or_insert_with(|| ComponentSeen {
        name: w.name.clone(),
        state: None,
        since: at,
        first_harm: None,
        recovered: None,
        entry: entry.id,
    });
    if w.to.harms() {
        seen.first_harm = Some(seen.first_harm.map_or(at, |first| first.min(at)));
        seen.recovered = None;
    } else if seen.first_harm.is_some() && seen.recovered.is_none() && w.to == super::words::ComponentState::Operational
    {
        // Also by way of maintenance or unknown: only the word that it works is a recovery.
        seen.recovered = Some(at);
    }
    seen.name.clone_from(&w.name);
    seen.state = Some(w.to);
    seen.since = at;
    seen.entry = entry.id;
}

/// A number that a person stated, or that nobody knows it any more; what is neither has no history.
fn stated(incident: &mut Incident, entry: &Entry, w: &FactSet) {
    let number = match &w.value {
        serde_json::Value::Null => None,
        // Rounded up, so that a threshold is met rather than missed.
        serde_json::Value::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|n| n.ceil() as i64)),
        serde_json::Value::Bool(_)
        | serde_json::Value::String(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => return,
    };
    let history = incident.stated.entry(w.name.clone()).or_default();
    let place = history.partition_point(|(earlier, _)| *earlier <= entry.happened);
    history.insert(place, (entry.happened, number));
}

fn metric_moved(incident: &mut Incident, entry: &Entry, w: &MetricMoved) {
    let at = entry.happened;
    let seen = incident.metrics.entry((w.origin.clone(), w.name.clone())).or_insert_with(|| MetricSeen {
        unit: w.unit.clone(),
        value: None,
        quality: w.quality,
        estimated: w.estimated,
        at,
        entry: entry.id,
        last_known: None,
        history: Vec::new(),
    });
    if let Some(value) = w.value {
        seen.last_known = Some((value, at));
    }
    seen.value = w.value;
    seen.quality = w.quality;
    seen.estimated = w.estimated;
    seen.at = at;
    seen.entry = entry.id;
    // By time: what another host saw may be written down late.
    let place = seen.history.partition_point(|(earlier, _)| *earlier <= at);
    seen.history.insert(place, (at, w.value));
}

fn receipt_seen(incident: &mut Incident, entry: &Entry, w: &ReceiptSeen) -> Result<(), NoEffect> {
    let message = incident.sendings.get(&w.sending).copied();
    let message = message.ok_or_else(|| NoEffect::new("there is no such sending here"))?;
    // That an earlier try failed says nothing about the newest; that it arrived is true all the same.
    let newest = incident.messages.get(&message).and_then(|m| m.sending.as_ref()).map(|s| s.entry);
    if newest != Some(w.sending) && matches!(w.state, Delivery::Failed | Delivery::Unknown) {
        return Err(NoEffect::new("it is about an earlier sending"));
    }
    match w.state {
        Delivery::Queued | Delivery::Sending => Ok(()),
        Delivery::Sent => {
            on_message(incident, message, MessageEvent::Sent { reference: &w.detail }, entry)?;
            promise_of(incident, entry, message);
            Ok(())
        }
        Delivery::Delivered => {
            let was_told = incident.messages.get(&message).is_some_and(|m| m.told.is_some());
            on_message(incident, message, MessageEvent::Delivered { detail: &w.detail }, entry)?;
            if !was_told {
                promise_of(incident, entry, message);
            }
            Ok(())
        }
        Delivery::Failed => became_known(incident, entry, message, MessageEvent::Failed { why: &w.detail }),
        Delivery::Unknown => on_message(incident, message, MessageEvent::Unknown { why: &w.detail }, entry),
    }
}

/// Whether an entry may be taken back. What left the building cannot, nor can what machines saw.
pub fn retractable(what: &What) -> bool {
    match what {
        What::Titled(_)
        | What::SeveritySet(_)
        | What::PhaseSet(_)
        | What::EndReached(_)
        | What::Noted(_)
        | What::ChangeNoted(_)
        | What::ObjectivesSet(_)
        | What::Asked(_)
        | What::Decided(_)
        | What::DecisionChecked(_)
        | What::TimeOutStarted(_)
        | What::TimeOutEnded(_)
        | What::TeamSet(_)
        | What::RollCallAsked(_)
        | What::RollCallAnswered(_)
        | What::ContactSet(_)
        | What::RoleSet(_)
        | What::TaskAdded(_)
        | What::TaskAssigned(_)
        | What::TaskAcknowledged(_)
        | What::TaskStarted(_)
        | What::TaskBlocked(_)
        | What::TaskDone(_)
        | What::TaskCancelled(_)
        | What::TaskExtended(_)
        | What::AlertsAcknowledged(_)
        | What::MessageDrafted(_)
        | What::MessageEdited(_)
        | What::MessageApproved(_)
        | What::MessageSkipped(_)
        | What::ToldElsewhere(_)
        | What::RightStood(_)
        | What::PromiseMade(_)
        | What::PromiseKept(_)
        | What::FactSet(_)
        | What::FactCleared(_)
        | What::ServiceStated(_)
        | What::ClockSet(_)
        | What::StageDrafted(_)
        | What::StageFiled(_)
        | What::StageConfirmed(_)
        | What::StageWaived(_)
        | What::StageWithdrawn(_)
        | What::AgencyTold(_)
        | What::AgencyCalled(_)
        | What::Retracted(_)
        | What::Amended(_) => true,
        What::Declared(_)
        | What::PlanAdopted(_)
        | What::RulesAdopted(_)
        | What::RightsAdopted(_)
        | What::HandoverOffered(_)
        | What::HandoverAccepted(_)
        | What::HandoverRefused(_)
        | What::MessageSending(_)
        | What::MessageRecipients(_)
        | What::MessageSent(_)
        | What::MessageDelivered(_)
        | What::MessageFailed(_)
        | What::MessageUnknown(_)
        | What::ComponentChanged(_)
        | What::ComponentGone(_)
        | What::RemoteUpdated(_)
        | What::RemoteGone(_)
        | What::AlertFired(_)
        | What::AlertChanged(_)
        | What::AlertGone(_)
        | What::MetricMoved(_)
        | What::SourceFailing(_)
        | What::SourceBack(_)
        | What::ReceiptSeen(_)
        | What::HeadsSeen(_)
        | What::Unknown { .. } => false,
    }
}

/// Severity lowered: that asks why.
pub fn lowers(from: Severity, to: Severity) -> bool {
    to > from
}
