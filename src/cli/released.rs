//! The sending of `warroom message send`: durable before anything leaves; where other hosts are met it is claimed first, and they
//! see it. Delivers nothing.

use std::cell::Cell;

use super::fail::Fail;
use super::session::Session;
use crate::config::Replicate;
use crate::incident::command::Command;
use crate::incident::decide::decide;
use crate::incident::entry::{Draft, Entry, EntryId};
use crate::incident::twice;
use crate::incident::what::MessageFailed;
use crate::journal::{Access, Journal};
use crate::replicate::{Fault, Here, There, with};
use crate::room::claiming::{self, Claimant, Claimed};
use crate::room::orphans::process_name;

/// Writes the sending. `attempt`: as which it was claimed.
pub fn sending(session: &mut Session<'_>, message: EntryId, attempt: Option<u64>) -> Result<Vec<Entry>, Fail> {
    let process = process_name(&session.context.actor.host);
    let (actor, plan, now) = (session.context.actor.clone(), session.plan(), session.now());
    let claimed = attempt.map(|attempt| twice::claimed(session.id, message, attempt, &process));
    let command = Command::SendMessage { message, process };
    session.write(false, now, |incident| {
        let drafts = decide(incident, &plan, &command, &actor, now)?;
        Ok(drafts.into_iter().map(|draft| Draft { id: claimed.or(draft.id), ..draft }).collect())
    })
}

/// Claims the message, writes its sending and puts it where others see it. Fails where somebody else has it, or nobody could
/// be asked: then nothing left.
pub fn claimed(session: &mut Session<'_>, place: &Replicate, message: EntryId) -> Result<Vec<Entry>, Fail> {
    // What would be refused here claims nothing: others may send it.
    let (actor, plan, now) = (session.context.actor.clone(), session.plan(), session.now());
    let send = Command::SendMessage { message, process: process_name(&actor.host) };
    decide(session.incident(), &plan, &send, &actor, now).map_err(|why| Fail::failed(why.0))?;
    let claimant = Claimant {
        place: place.clone(),
        journal: session.context.journal_path()?,
        incident: session.id,
        actor: session.context.actor.clone(),
        process: process_name(&session.context.actor.host),
    };
    let mut journal = Journal::open(&claimant.journal, Access::ReadWrite)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut written, mut refused) = (None, None);
    let begun = Cell::new(false);
    let host = session.context.actor.host.clone();
    let shown = runtime.block_on(async {
        let work = with(place, &host, async |client| {
            // A script may be the only one here that meets the others: what they did comes first.
            There::of(claimant.incident).exchange(client, &mut journal, &mut Here::default()).await?;
            let Claimed { ours, theirs } = claimant.claim(client, &mut journal, &[message]).await?;
            let Some((_, attempt)) = ours.first() else {
                let told = claiming::told(session.incident(), &theirs);
                refused = Some(Fail::failed(format!("nothing left from here: {told}")));
                return Ok(false);
            };
            begun.set(true);
            match sending(session, message, *attempt) {
                Ok(entries) => written = Some(entries),
                Err(fail) => {
                    refused = Some(fail);
                    return Ok(false);
                }
            }
            let shown = tokio::time::timeout(claiming::patience(1), claimant.show(client, &mut journal, &ours));
            let late = |_| Fault("the server did not answer".to_owned());
            Ok(shown.await.map_err(late)??.contains(&message))
        });
        tokio::select! {
            shown = work => shown,
            fault = claiming::out_of_patience(claiming::patience(1), &begun) => Err(fault),
        }
    });
    if let Some(fail) = refused {
        return Err(fail);
    }
    match (shown, written) {
        (Ok(true), Some(entries)) => Ok(entries),
        (Err(Fault(why)), None) => Err(alone(&why)),
        (shown, _) => {
            let why = match shown {
                Ok(_) => "another host claimed it meanwhile; nothing left from here".to_owned(),
                Err(Fault(why)) => format!("cut off after the claim, before anything left: {why}"),
            };
            let (now, what) = (session.now(), MessageFailed { message, why: why.clone() });
            session.write(true, now, |_| Ok(vec![Draft::now(what.into())]))?;
            Err(Fail::failed(why))
        }
    }
}

fn alone(why: &str) -> Fail {
    Fail::failed(format!("nothing left: {why}; others may send it too. `--alone` sends it all the same"))
}
