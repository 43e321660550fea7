//! `warroom message`: what the grid and the review do, for scripts. Sends once, after the sending is on disk.

use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::args::{self, MessageCmd};
use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use super::released;
use super::session::Session;
use crate::backends::{Client, Limits, Outcome, Outgoing, delivery, poller};
use crate::incident::command::Command;
use crate::incident::decide::decide;
use crate::incident::entry::{Draft, EntryId};
use crate::incident::pin::Grounds;
use crate::incident::recipient::RecipientOutcome;
use crate::incident::what::{MessageFailed, MessageRecipients, MessageSent, MessageUnknown, What};
use crate::room::editor::Editing;
use crate::room::orphans::process_name;
use crate::room::pollers::Backend;

use crate::situation::proposal::{proposals, round as due_round};
use crate::text::{Safe, instant};

pub fn run(context: &Context, args: &args::Message) -> Result<ExitCode, Fail> {
    let reads = matches!(
        args.command,
        MessageCmd::List | MessageCmd::Show { .. } | MessageCmd::Words | MessageCmd::Send { dry_run: true, .. }
    );
    let writes = !reads;
    let mut session = Session::open(context, writes)?;
    let command = match &args.command {
        MessageCmd::List => return list(&mut session),
        MessageCmd::Show { id } => return show(&session, id),
        MessageCmd::Draft { audience, channel, text, round, next } => {
            draft(&mut session, audience, channel, text.as_deref(), *round, next.as_deref())?
        }
        MessageCmd::Edit { id, anew: true, .. } => anew(&mut session, id)?,
        MessageCmd::Edit { id, text, anew: false } => {
            let message = session.message(id)?;
            let found =
                session.incident().messages.get(&message).cloned().ok_or_else(|| Fail::failed("no such message"))?;
            let text = match text {
                Some(text) => text.clone(),
                None => in_editor(&found.text)?,
            };
            let grounds = session.grounds(&found.audience, &text, &found.grounds);
            Command::EditMessage { message, text, next_update: found.next_update, grounds }
        }
        MessageCmd::Approve { id } => {
            let message = session.message(id)?;
            let found = session.incident().messages.get(&message).cloned();
            let found = found.ok_or_else(|| Fail::failed("no such message"))?;
            // What is approved is shown: a script's log is part of the proof.
            for line in Safe::lines(&found.text) {
                eprintln!("  {line}");
            }
            checked(&mut session, message)?;
            Command::ApproveMessage { message, text_sha256: found.sha256 }
        }
        MessageCmd::SkipStep { id, why } => {
            let message = session.message(id)?;
            let text_sha256 = session.incident().messages.get(&message).map(|m| m.sha256.clone()).unwrap_or_default();
            Command::SkipStep { message, text_sha256, why: why.clone() }
        }
        MessageCmd::Words => return words(&session),
        MessageCmd::Send { id, dry_run: true, .. } => return dry_run(&mut session, id),
        MessageCmd::Send { id, dry_run: false, alone } => return send(&mut session, id, *alone),
        MessageCmd::Skip { id, why } => Command::SkipMessage { message: session.message(id)?, why: why.clone() },
        MessageCmd::Elsewhere { audience, channel, by, at, proof, text, next } => Command::RecordElsewhere {
            audience: audience.clone(),
            channel: channel.clone(),
            by: by.clone(),
            at: session.past(at.as_deref())?,
            proof: proof.clone(),
            text: text.clone(),
            next_update: session.next(next.as_deref())?,
        },
        MessageCmd::Service { audience, how, at, basis } => {
            let harmed = match how.as_str() {
                "harmed" => true,
                "back" => false,
                other => return Err(Fail::wrong(format!("{other}: harmed, or back"))),
            };
            let (audience, at) = (audience.clone(), session.past(at.as_deref())?);
            Command::SetService { audience, harmed, at, basis: basis.clone() }
        }
        MessageCmd::Settle { id, went, how } => {
            let went = match went.as_str() {
                "yes" => true,
                "no" => false,
                other => return Err(Fail::wrong(format!("{other}: yes, it went, or no, it did not"))),
            };
            Command::SettleMessage { message: session.message(id)?, went, how: how.clone() }
        }
        MessageCmd::Promise { text, to, due } => {
            let due = session.next(Some(due))?.ok_or_else(|| Fail::wrong("--due is needed"))?;
            Command::Promise { text: text.clone(), to: to.clone(), due }
        }
    };
    session.run(&command)
}

/// The words as they would be now, where facts in a text moved.
fn anew(session: &mut Session<'_>, id: &str) -> Result<Command, Fail> {
    let message = session.message(id)?;
    let situation = session.situation();
    let audience = session.incident().messages.get(&message).map(|m| m.audience.clone()).unwrap_or_default();
    let all = proposals(session.incident(), &session.in_force.plan, &situation, &audience);
    let found = all.into_iter().find(|p| p.message == Some(message) && p.was.is_some());
    let found = found.ok_or_else(|| Fail::failed("nothing that it rests on is another now, or it has left"))?;
    Ok(Command::EditMessage { message, text: found.text, next_update: found.next_update, grounds: found.grounds })
}

/// The words in the person's own editor.
fn in_editor(text: &str) -> Result<String, Fail> {
    let program =
        edge::editor().ok_or_else(|| Fail::wrong("no words are given, and no editor: set $VISUAL or $EDITOR"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let edited = runtime.block_on(async { Editing::start(&program, text)?.end().await });
    edited.map_err(Fail::failed)
}

/// What the review would say of a text: warnings are told, what stops it is refused.
fn checked(session: &mut Session<'_>, message: EntryId) -> Result<(), Fail> {
    let situation = session.situation();
    let (incident, plan) = (Arc::clone(session.incident()), session.plan());
    let Some(found) = incident.messages.get(&message) else { return Ok(()) };
    let proposals = proposals(&incident, &plan, &situation, &found.audience);
    let Some(proposal) = proposals.into_iter().find(|p| p.message == Some(message)) else { return Ok(()) };
    for warning in &proposal.warnings {
        out::warn(warning);
    }
    match (proposal.stop, proposal.was) {
        (Some(why), _) => Err(Fail::failed(format!("it stops: {why}"))),
        (None, Some(_)) => Err(Fail::failed("a fact in it is another now: `warroom message edit`, with the new words")),
        (None, None) => Ok(()),
    }
}

fn words(session: &Session<'_>) -> Result<ExitCode, Fail> {
    let lines = crate::report::words::words(session.incident(), &session.in_force.plan, session.now());
    if session.context.global.json {
        out::json(&serde_json::json!({ "lines": lines }))?;
        return Ok(ExitCode::SUCCESS);
    }
    out::lines(&lines.iter().map(|line| Safe::new(line)).collect::<Vec<_>>())?;
    Ok(ExitCode::SUCCESS)
}

fn draft(
    session: &mut Session<'_>,
    audience: &str,
    channel: &str,
    text: Option<&str>,
    round: Option<crate::incident::words::Round>,
    next: Option<&str>,
) -> Result<Command, Fail> {
    let next_update = session.next(next)?;
    let situation = session.situation();
    let plan = session.plan();
    let proposed = proposals(session.incident(), &plan, &situation, audience);
    let proposed = proposed.into_iter().find(|p| p.channel == channel && p.message.is_none());
    let (text, next_update, grounds) = match (text, proposed) {
        (Some(text), _) => (text.to_owned(), next_update, session.grounds(audience, text, &Grounds::default())),
        (None, Some(p)) if p.text.is_empty() => return Err(Fail::failed(p.stop.unwrap_or_default())),
        (None, Some(p)) => (p.text, next_update.or(p.next_update), p.grounds),
        (None, None) => {
            let due = round.unwrap_or_else(|| due_round(session.incident(), audience));
            return Err(Fail::failed(format!("the playbook has no {due} for {audience} over {channel}: give --text")));
        }
    };
    let round = round.unwrap_or_else(|| due_round(session.incident(), audience));
    let (audience, channel) = (audience.to_owned(), channel.to_owned());
    Ok(Command::DraftMessage { audience, channel, round, text, next_update, grounds })
}

fn send(session: &mut Session<'_>, id: &str, alone: bool) -> Result<ExitCode, Fail> {
    let config = session.context.config()?;
    let backends = session.context.backends(&config)?;
    let message = session.message(id)?;
    checked(session, message)?;
    let entries = match &config.replicate {
        Some(place) if !alone && !session.incident().is_exercise() => released::claimed(session, place, message)?,
        _ => released::sending(session, message, None)?,
    };
    let Some(entry) = entries.first() else { return Err(Fail::failed("nothing was written")) };
    let What::MessageSending(sending) = &entry.what else { return Err(Fail::failed("nothing was written")) };
    let incident = Arc::clone(session.incident());
    let outgoing = Outgoing::of(&incident, session.id, message)
        .ok_or_else(|| Fail::failed("there is no such message, or this is an exercise: nothing left"))?;
    let outcome = match backends.iter().find(|b| b.config.name == sending.backend) {
        None => Outcome::Refused { why: format!("no backend named {} is configured here", sending.backend) },
        Some(backend) => deliver(session, backend, &outgoing, entry.id)?,
    };
    let written = ended(session, message, &outcome)?;
    session.print(&written)?;
    let counts = session.incident().messages.get(&message).map(|m| m.recipients.counts()).unwrap_or_default();
    let whole = counts.missed() == 0;
    if !whole && !session.context.global.json {
        out::line(&format!("not to all of them: {}", counts.said()))?;
    }
    // A script hears of those who did not get it too.
    Ok(if whole && matches!(outcome, Outcome::Done { .. }) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What `send` would do, without doing it: to whom, under what subject, and whether the backend would take it.
fn dry_run(session: &mut Session<'_>, id: &str) -> Result<ExitCode, Fail> {
    let config = session.context.config()?;
    let backends = session.context.backends(&config)?;
    let message = session.message(id)?;
    let process = process_name(&session.context.actor.host);
    let command = Command::SendMessage { message, process };
    let (plan, actor, now) = (session.plan(), session.context.actor.clone(), session.now());
    let drafts = decide(session.incident(), &plan, &command, &actor, now).map_err(|why| Fail::failed(why.0))?;
    let Some(What::MessageSending(sending)) = drafts.into_iter().next().map(|draft| draft.what) else {
        return Err(Fail::failed("nothing would be sent"));
    };
    let backend = backends.iter().find(|b| b.config.name == sending.backend);
    let (ok, works) = match backend {
        None => (false, format!("no backend named {} is configured here", sending.backend)),
        Some(backend) if backend.adapter.addressed() && sending.recipients.is_empty() => {
            (false, "the playbook names no recipients for it".to_owned())
        }
        Some(backend) => {
            let client = Client::new(&session.context.actor.host, Limits::default());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let checked = poller::check(&client, &*backend.adapter, &backend.config, edge::now());
            match runtime.block_on(checked) {
                Ok(works) => (true, works),
                Err(failure) => (false, failure.why),
            }
        }
    };
    if session.context.global.json {
        out::json(&serde_json::json!({
            "id": message, "backend": sending.backend, "ok": ok, "text": works, "sent": false,
            "subject": sending.subject, "recipients": sending.recipients,
        }))?;
    } else {
        out::line(&format!("over {}: {works}", sending.backend))?;
        if !sending.recipients.is_empty() {
            out::line(&format!("to {} addresses, subject: {}", sending.recipients.len(), sending.subject))?;
        }
        for to in &sending.recipients {
            out::line(&format!("  {to}"))?;
        }
        out::line("nothing was sent")?;
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Delivers it, and records what becomes of its recipients as it becomes known.
fn deliver(
    session: &mut Session<'_>,
    backend: &Backend,
    outgoing: &Outgoing,
    sending: EntryId,
) -> Result<Outcome, Fail> {
    let client = Client::new(&session.context.actor.host, Limits::default());
    let key = sending.to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (heard, mut news) = mpsc::unbounded_channel();
    let record = |outcomes: Vec<RecipientOutcome>| {
        let (done, told) = oneshot::channel::<bool>();
        let _ = heard.send((outcomes, done));
        let told: BoxFuture<'_, bool> = Box::pin(async move { told.await.unwrap_or(false) });
        told
    };
    let mut unrecorded: Vec<What> = Vec::new();
    let outcome = runtime.block_on(async {
        let delivery =
            delivery::deliver(&client, &*backend.adapter, &backend.config, outgoing, &key, edge::now(), &record);
        let mut delivery = std::pin::pin!(delivery);
        loop {
            tokio::select! {
                outcome = &mut delivery => return outcome,
                Some((outcomes, done)) = news.recv() => {
                    unrecorded.push(MessageRecipients { sending, outcomes }.into());
                    // Where the disk refuses it, it is written with the end, and no further batch begins.
                    if let Err(fail) = record_all(session, &mut unrecorded) {
                        eprintln!("warroom: {}", Safe::new(&fail.said()));
                    }
                    let _ = done.send(unrecorded.is_empty());
                }
            }
        }
    });
    record_all(session, &mut unrecorded)?;
    Ok(outcome)
}

/// Writes these in their order, as far as the disk takes them.
fn record_all(session: &mut Session<'_>, what: &mut Vec<What>) -> Result<(), Fail> {
    while let Some(first) = what.first().cloned() {
        let now = session.now();
        session.write(true, now, |_| Ok(vec![Draft::now(first)]))?;
        what.remove(0);
    }
    Ok(())
}

fn ended(
    session: &mut Session<'_>,
    message: EntryId,
    outcome: &Outcome,
) -> Result<Vec<crate::incident::entry::Entry>, Fail> {
    let what: What = match outcome {
        Outcome::Done { reference } => MessageSent { message, reference: reference.clone() }.into(),
        Outcome::Refused { why } => MessageFailed { message, why: why.clone() }.into(),
        Outcome::Unknown { why } => MessageUnknown { message, why: why.clone() }.into(),
    };
    let now = session.now();
    session.write(true, now, |_| Ok(vec![Draft::now(what)]))
}

fn show(session: &Session<'_>, id: &str) -> Result<ExitCode, Fail> {
    let message = session.message(id)?;
    let Some(m) = session.incident().messages.get(&message) else { return Err(Fail::failed("no such message")) };
    if session.context.global.json {
        out::json(&serde_json::json!({
            "id": m.id, "audience": m.audience, "channel": m.channel, "round": m.round, "state": m.state,
            "text": m.text, "sha256": m.sha256, "next_update_at": m.next_update, "detail": m.detail,
            "recipients": m.recipients.iter().map(|(to, r)| serde_json::json!({
                "to": to, "state": r.state, "detail": r.detail, "at": r.at,
            })).collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    out::line(&format!("{} {} to {} over {}: {}", m.id.short(), m.round, m.audience, m.channel, m.state))?;
    out::lines(&Safe::lines(&m.text))?;
    if !m.recipients.is_empty() {
        out::line(&m.recipients.counts().said())?;
    }
    for (to, r) in m.recipients.iter() {
        out::line(&format!("  {:<9} {to}  {}", r.state.as_str(), r.detail))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn list(session: &mut Session<'_>) -> Result<ExitCode, Fail> {
    let situation = session.situation();
    let incident = Arc::clone(session.incident());
    if session.context.global.json {
        let rows: Vec<serde_json::Value> = incident
            .messages
            .values()
            .map(|m| {
                serde_json::json!({
                    "id": m.id, "audience": m.audience, "channel": m.channel, "round": m.round, "state": m.state,
                    "told_at": m.told, "next_update_at": m.next_update, "detail": m.detail,
                    "text": m.text, "sha256": m.sha256, "author": m.author,
                    "approved_by": m.approved.as_ref().map(|(by, _)| by), "proof": m.proof,
                    "recipients": (!m.recipients.is_empty()).then(|| m.recipients.counts()),
                })
            })
            .collect();
        out::json(&rows.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut messages: Vec<_> = incident.messages.values().collect();
    messages.sort_by_key(|m| (m.drafted, m.id));
    for m in messages {
        let at = instant::clock_zoned(m.told.unwrap_or(m.drafted), session.now(), session.zone());
        out::line(&format!(
            "{}  {at:<11} {:<10} {:<12} {:<11} {}",
            m.id.short(),
            m.state.as_str(),
            m.audience,
            m.channel,
            m.text.lines().next().unwrap_or_default()
        ))?;
    }
    for audience in &situation.audiences {
        let due = audience.next.at().map(|at| instant::clock_zoned(at, session.now(), session.zone()));
        let last = audience.last_word.map(|at| instant::clock_zoned(at, session.now(), session.zone()));
        out::line(&format!(
            "{:<14} last word {}, next by {}",
            audience.name,
            last.unwrap_or_else(|| "NEVER".into()),
            due.unwrap_or_else(|| "--".into())
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
