//! The release review as it is used: opened, kept in step with the journal, its keys. Nothing leaves but on `R`.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::able::refused;
use super::act::{append, open_form};
use super::form::{Form, Purpose};
use super::key::{Code, Key};
use super::model::{Effect, Loud, Model, Overlay, Pending};
use super::over;
use super::review::{Item as ReviewItem, Review};
use super::scene::Scene;
use crate::incident::command::Command;
use crate::incident::decide_messages;
use crate::incident::entry::EntryId;
use crate::incident::exercise;
use crate::incident::pin::Grounds;
use crate::incident::words::MessageState;
use crate::situation::proposal::{self, Proposal};
use crate::situation::wording;
use crate::text::Safe;

fn review_item(p: Proposal, chosen: bool, lit: bool) -> ReviewItem {
    // What went out goes again only where somebody chooses it, what failed only where it is what is lit.
    let again =
        matches!(p.state, MessageState::Sent | MessageState::Delivered) || (p.state == MessageState::Failed && !lit);
    let chosen = chosen && !again;
    ReviewItem {
        to: p.to,
        audience: p.audience,
        channel: p.channel,
        round: p.round,
        text: p.text,
        was: p.was,
        grounds: p.grounds,
        warnings: p.warnings,
        next_update: p.next_update,
        message: p.message,
        state: p.state,
        chosen: chosen && p.carried && p.stop.is_none(),
        carried: p.carried,
        stop: p.stop.or_else(|| (!p.carried).then(|| "no backend carries it: post it, then e records it".to_owned())),
    }
}

/// Opens the review: every text that could go, the lit audience's chosen; where a message is lit, that one.
pub(super) fn open_review(
    model: &mut Model,
    scene: &Scene<'_>,
    audience: Option<String>,
    message: Option<EntryId>,
) -> Vec<Effect> {
    let lit = message.and_then(|id| scene.incident().messages.get(&id));
    let audience = lit.map(|m| m.audience.clone()).or(audience);
    let mut items = Vec::new();
    for view in &scene.situation.audiences {
        let theirs = audience.as_ref() == Some(&view.id);
        let proposals = proposal::proposals(scene.incident(), scene.plan(), scene.situation, &view.id);
        items.extend(proposals.into_iter().map(|p| {
            let chosen = theirs && lit.is_none_or(|m| m.channel == p.channel);
            review_item(p, chosen, lit.is_some())
        }));
    }
    if items.is_empty() {
        model.say(Loud::Refused, "the playbook has no text for anybody: draft one with `warroom message draft`");
        return Vec::new();
    }
    let round = match &audience {
        Some(id) => proposal::round(scene.incident(), id),
        None => items.first().map_or(crate::incident::words::Round::Initial, |i| i.round),
    };
    let mut review = Review { opened: Some(scene.now()), ..Review::new(items, round) };
    // Also where none of its texts may go: why is what the person wants to see.
    let of_lit = |i: &ReviewItem| lit.is_none_or(|m| m.channel == i.channel);
    if let Some(at) = review.items.iter().position(|i| audience.as_ref() == Some(&i.audience) && of_lit(i)) {
        review.at = at;
    }
    model.overlay = Some(Overlay::Review(Box::new(review)));
    Vec::new()
}

/// Keeps an open review in step with the journal: states move, the choice and the texts that were read stay.
pub(super) fn refresh_review(model: &mut Model, scene: &Scene<'_>) {
    let Some(Overlay::Review(review)) = &mut model.overlay else { return };
    let mut proposals: BTreeMap<String, Vec<Proposal>> = BTreeMap::new();
    for (item, read) in review.items.iter_mut().zip(&mut review.read) {
        let theirs = || {
            let messages = scene.incident().messages.values();
            messages.filter(|m| m.audience == item.audience && m.channel == item.channel)
        };
        let newest = theirs().max_by_key(|m| (m.drafted, m.id));
        let own = match item.message {
            Some(id) => scene.incident().messages.get(&id),
            // Only proposed so far: what stands in the journal now takes its place, whoever wrote it.
            None => newest.filter(|m| review.opened.is_none_or(|opened| m.drafted >= opened)),
        };
        let Some(message) = own else { continue };
        let elsewhere = newest.filter(|m| m.id != message.id && m.drafted > message.drafted && m.told.is_some());
        let told = elsewhere.map(|m| format!("{} was told meanwhile: {}", item.audience, m.state));
        // What stands is judged anew: a fact in it may have moved, a fallback may have failed.
        let all = proposals
            .entry(item.audience.clone())
            .or_insert_with(|| proposal::proposals(scene.incident(), scene.plan(), scene.situation, &item.audience));
        let now = all.iter().find(|p| p.channel == item.channel && p.message == Some(message.id));
        item.message = Some(message.id);
        item.state = now.map_or(message.state, |p| p.state);
        item.next_update = now.map_or(message.next_update, |p| p.next_update);
        item.was = now.and_then(|p| p.was.clone());
        item.grounds = now.map_or_else(|| message.grounds.clone(), |p| p.grounds.clone());
        item.warnings = now.map(|p| p.warnings.clone()).unwrap_or_default();
        if let Some(now) = now {
            item.stop = now.stop.clone().or_else(|| item.stop.take().filter(|_| !item.carried));
        }
        item.to = proposal::addresses(
            scene.incident(),
            scene.plan(),
            &item.audience,
            &item.channel,
            (message.round, Some(message)),
        );
        // Another text came from somebody else, or is proposed in its place: it has to be read again.
        let text = now.map_or(&message.text, |p| &p.text);
        if item.text != *text {
            item.text.clone_from(text);
            item.chosen = false;
            *read = false;
        }
        if told.is_some() {
            item.chosen = false;
            item.stop = told;
        }
    }
}

pub(super) fn on_review(model: &mut Model, mut review: Box<Review>, key: Key, scene: &Scene<'_>) -> Vec<Effect> {
    let mut effects = Vec::new();
    // What was asked is answered by the next key, or not at all.
    let told_alone = std::mem::take(&mut review.alone);
    match key.code {
        Code::Esc | Code::Char('q') => {
            model.say(Loud::Info, "nothing left");
            return effects;
        }
        Code::Down | Code::Char('j') | Code::Tab => review.go(1),
        Code::Up | Code::Char('k') | Code::BackTab => review.go(-1),
        Code::PageDown | Code::PageUp => {
            let seen = over::review_text(model.size, &review);
            let page = seen.height.saturating_sub(1).max(1);
            let last = seen.lines.len().saturating_sub(seen.height);
            match (key.code, first_unread(&review)) {
                // This one was read to its end: on to the next that is chosen and was not.
                (Code::PageDown, Some(next)) if review.scroll >= last && next != review.at => {
                    review.at = next;
                    review.scroll = 0;
                }
                (Code::PageDown, _) => review.scroll = (review.scroll + page).min(last),
                _ => review.scroll = review.scroll.min(last).saturating_sub(page),
            }
        }
        Code::Char(' ') => {
            if let Some(item) = review.items.get_mut(review.at) {
                match &item.stop {
                    Some(why) => model.flash = Some((Loud::Refused, Safe::new(why))),
                    None => item.chosen = !item.chosen,
                }
            }
        }
        Code::Char('A') => {
            let all = review.items.iter().filter(|i| i.stop.is_none()).all(|i| i.chosen);
            for item in review.items.iter_mut().filter(|i| i.stop.is_none()) {
                item.chosen = !all;
            }
        }
        Code::Char('E') => {
            let left = review.current().filter(|item| {
                !matches!(item.state, MessageState::Draft | MessageState::Approved | MessageState::Failed)
            });
            if let Some(item) = left {
                let why = crate::safe!("it is {}: what left is not written anew, s proposes the next word", item.state);
                model.flash = Some((Loud::Refused, why));
            } else if let Some(item) = review.current() {
                let purpose = Purpose::EditText { audience: item.audience.clone(), channel: item.channel.clone() };
                let text = item.text.clone();
                open_form(model, purpose, scene);
                if let Some(Overlay::Form(form)) = &mut model.overlay
                    && let Some(field) = form.fields.first_mut()
                {
                    match field.value() {
                        kept if kept.is_empty() => field.set(&text),
                        kept if kept != text => {
                            model.say(Loud::Info, "this is what you typed before, not the text that stands");
                        }
                        _ => {}
                    }
                }
                return effects;
            }
        }
        Code::Char('K') => {
            let message = review.current().and_then(|i| scene.incident().messages.get(&i.message?));
            let step = message.and_then(|m| {
                let given = !m.approvals.is_empty();
                decide_messages::outstanding(scene.plan(), m)
                    .into_iter()
                    .next()
                    .filter(|step| given && !step.is_empty())
            });
            match (message, step) {
                (Some(message), Some(step)) => {
                    let (id, text_sha256) = (message.id, message.sha256.clone());
                    return open_form(model, Purpose::SkipStep { message: id, text_sha256, step }, scene);
                }
                _ => model.say(Loud::Refused, "no step but the commander's is wanted for this text"),
            }
        }
        Code::Char('P') if model.is_pending(TEXT) => {
            model.say(Loud::Refused, "the new words are being saved: not on disk yet");
        }
        Code::Char('P') if model.is_pending(APPROVE) => {
            model.say(Loud::Refused, "being approved: not on disk yet");
        }
        Code::Char('P') => match first_unread(&review) {
            Some(index) => {
                if review.at != index {
                    review.at = index;
                    review.scroll = 0;
                }
                model.say(Loud::Refused, "this text is chosen and was not read to its end: read it (pagedown), then P");
            }
            None if review.to_approve().next().is_some() => {
                let commands = approve_commands(&review);
                let what = format!("{APPROVE} {}", review.to_approve().count());
                model.overlay = Some(Overlay::Review(review));
                return append(model, commands, what, None, scene);
            }
            None => model.say(Loud::Refused, "nothing chosen is a draft"),
        },
        Code::Char('R') if model.is_pending(RELEASE) => {
            model.say(Loud::Refused, "being released: not on disk yet");
        }
        Code::Char('R') => {
            let messages: Vec<_> = review.to_release().filter_map(|i| i.message).collect();
            if scene.incident().is_exercise() && !messages.is_empty() {
                let commands = rehearse(&review);
                return append(model, commands, format!("{RELEASE} {} texts as told", messages.len()), None, scene);
            }
            let doubt = doubt(model, scene);
            if messages.is_empty() {
                model.say(Loud::Refused, "nothing chosen is approved: P approves what you read");
            } else if let Some(doubt) = doubt.as_ref().filter(|_| !told_alone) {
                review.alone = true;
                model.say(Loud::Refused, crate::safe!("R again RELEASES all the same: {doubt}, others may send too"));
            } else {
                let effect = model.next_effect;
                model.next_effect += 1;
                model.pending.push(Pending {
                    effect,
                    what: format!("{RELEASE} {} texts", messages.len()),
                    since: scene.situation.moment.real,
                    commands: Vec::new(),
                    form: None,
                });
                model.releasing = messages.iter().map(|id| (*id, scene.now())).collect();
                effects.push(Effect::Release { effect, messages, alone: doubt.is_some() });
                return effects;
            }
        }
        Code::Enter | Code::Char('y') => {
            model.say(Loud::Refused, "nothing leaves on this key: P approves, R releases");
        }
        _ => {}
    }
    model.overlay = Some(Overlay::Review(review));
    effects
}

/// Why others may send what is released here, and nobody would know; None: each text is claimed first, or no host is met.
pub(in crate::tui) fn doubt(model: &Model, scene: &Scene<'_>) -> Option<String> {
    let meeting = scene.situation.meeting.as_ref()?;
    if scene.incident().is_exercise() {
        return None;
    }
    if let Some(doubt) = meeting.doubt() {
        return Some(doubt.said(scene.now(), scene.zone(model)));
    }
    // Rounds may work where claims do not: a round says nothing about it. After a while a claim is tried again.
    let since = model.unclaimed.as_ref().filter(|(at, _)| scene.situation.moment.real - *at < UNCLAIMED);
    since.map(|(_, why)| format!("NO CLAIM ({why})"))
}

/// How long it is taken that nothing can be claimed, since a claim last could not be made.
const UNCLAIMED: TimeDelta = TimeDelta::minutes(5);

/// A claim could not be made, and nothing left: told, and asked about when it is released again.
pub(super) fn unclaimed(model: &mut Model, scene: &Scene<'_>, effect: u64, why: String) -> Vec<Effect> {
    model.pending.retain(|pending| pending.effect != effect);
    model.releasing.clear();
    let text = crate::safe!(
        "NOTHING LEFT: whether another host sends it could not be asked ({why}). s and R, R again: sends all the same"
    );
    // It stays until it is read: that the message failed may ring in the same moment.
    model.say(Loud::Failed, text);
    model.unclaimed = Some((scene.situation.moment.real, why));
    Vec::new()
}

/// The chosen draft that has to be read next.
fn first_unread(review: &Review) -> Option<usize> {
    review.unread().next()
}

/// How what is pending begins, where a second press must not ask for it again.
const APPROVE: &str = "approve";
const TEXT: &str = "text";
pub const RELEASE: &str = "release";

/// Drafts what is only proposed and approves all that is chosen; the approvals bind to the words on the screen.
fn approve_commands(review: &Review) -> Vec<Command> {
    let mut commands = Vec::new();
    for (_, item) in review.to_approve() {
        let (text, next_update, grounds) = (item.text.clone(), item.next_update, item.grounds.clone());
        match item.message {
            Some(message) if item.was.is_some() => {
                commands.push(Command::EditAndApprove { message, text, next_update, grounds });
            }
            Some(message) => {
                let text_sha256 = crate::incident::message::sha256(&text);
                commands.push(Command::ApproveMessage { message, text_sha256 });
            }
            None => commands.push(Command::DraftAndApprove {
                audience: item.audience.clone(),
                channel: item.channel.clone(),
                round: item.round,
                text,
                next_update,
                grounds,
            }),
        }
    }
    commands
}

/// In an exercise nothing leaves: what is released is set aside, and taken as told by nobody, so that the clocks go on as
/// they would.
fn rehearse(review: &Review) -> Vec<Command> {
    let mut commands = Vec::new();
    for (item, message) in review.to_release().filter_map(|item| Some((item, item.message?))) {
        commands.push(Command::SkipMessage { message, why: "exercise: nothing is sent".to_owned() });
        commands.push(Command::RecordElsewhere {
            audience: item.audience.clone(),
            channel: item.channel.clone(),
            by: "nobody".to_owned(),
            at: None,
            proof: Some("exercise: taken as told".to_owned()),
            text: item.text.clone(),
            next_update: item.next_update,
        });
    }
    commands
}

pub(super) fn proposed(scene: &Scene<'_>, audience: &str, channel: &str) -> Option<Proposal> {
    let proposals = proposal::proposals(scene.incident(), scene.plan(), scene.situation, audience);
    proposals.into_iter().find(|p| p.channel == channel)
}

pub(super) fn keep_text(
    model: &mut Model,
    scene: &Scene<'_>,
    audience: &str,
    channel: &str,
    mut form: Box<Form>,
) -> Vec<Effect> {
    let text = form.texts().join("\n");
    let Some(found) = proposed(scene, audience, channel) else {
        form.error = Some("this audience is gone from the plan".into());
        model.overlay = Some(Overlay::Form(form));
        return Vec::new();
    };
    // The playbook's words stay the playbook's while nobody changes any.
    let grounds = match text == found.text {
        true => found.grounds.clone(),
        false => {
            let facts =
                wording::pins_of_text(scene.incident(), scene.plan(), scene.situation, &text, &found.grounds.facts);
            // Whoever writes it knows what is down now.
            let audience = scene.plan().audience(audience).filter(|_| found.grounds.outage.is_some());
            let outage = audience.map(|audience| wording::outage(scene.situation, audience));
            Grounds { facts, template: false, language: found.grounds.language.clone(), outage }
        }
    };
    let next_update = found.next_update;
    let (written, kept) = (exercise::text(scene.incident(), text.trim()), grounds.clone());
    let command = match found.message {
        Some(message) => Command::EditMessage { message, text, next_update, grounds },
        None => Command::DraftMessage {
            audience: audience.to_owned(),
            channel: channel.to_owned(),
            round: found.round,
            text,
            next_update,
            grounds,
        },
    };
    if let Some(why) = refused(model, scene, &command) {
        form.error = Some(why);
        model.overlay = Some(Overlay::Form(form));
        return Vec::new();
    }
    let effects = append(model, vec![command], TEXT.to_owned(), Some(form), scene);
    // Back to where it was opened: the new words stand there, chosen.
    open_review(model, scene, None, None);
    if let Some(Overlay::Review(review)) = &mut model.overlay
        && let Some(at) = review.items.iter().position(|i| i.audience == audience && i.channel == channel)
        && let Some(item) = review.items.get_mut(at)
    {
        (item.text, item.was, item.grounds) = (written, None, kept);
        item.state = MessageState::Draft;
        item.stop = item.stop.take().filter(|_| !item.carried);
        item.chosen = item.carried && item.stop.is_none();
        review.at = at;
    }
    effects
}
