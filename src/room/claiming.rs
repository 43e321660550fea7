//! A release where several hosts meet: each text is claimed for this host, its sending stands on the server, and only then it is
//! handed out for delivery. Delivers nothing itself; an answer that was lost is not a yes.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc::UnboundedSender, oneshot};
use tokio_postgres::Client;

use super::store::{Ask, DeliveryEnd, LEFT, News, Released, Sending, Store, ToSend};
use crate::config::Replicate;
use crate::incident::command::Actor;
use crate::incident::entry::{EntryId, IncidentId};
use crate::incident::fold::Log;
use crate::incident::state::Incident;
use crate::incident::twice;
use crate::journal::{Access, Cursor, Journal};
use crate::replicate::{Claim, Fault, Here, Holder, Known, There, Wish, claim, offer, stands, with};

/// How long a claim, and then the word that its sending is there, may take; and how much more for each further text.
const PATIENCE: Duration = Duration::from_secs(5);
const EACH: Duration = Duration::from_millis(500);

/// For so many texts.
pub fn patience(texts: usize) -> Duration {
    PATIENCE + EACH * u32::try_from(texts.saturating_sub(1)).unwrap_or(0)
}

/// Who claims, and where.
#[derive(Clone)]
pub struct Claimant {
    pub place: Replicate,
    pub journal: PathBuf,
    pub incident: IncidentId,
    pub actor: Actor,
    pub process: String,
}

/// What was asked for: what is ours to send, and what others have.
#[derive(Debug, Default)]
pub struct Claimed {
    pub ours: Vec<ToSend>,
    pub theirs: Vec<(EntryId, Holder)>,
}

/// The record as it is read anew wherever a claim of another is met.
struct Eye<'a> {
    journal: &'a mut Journal,
    log: Log,
    cursor: Cursor,
}

impl Eye<'_> {
    /// What the record knows of an attempt, after all that the server has of it was read.
    async fn known(
        &mut self,
        client: &mut Client,
        (incident, message): (IncidentId, EntryId),
        (attempt, process): (u64, &str),
    ) -> Result<Known, Fault> {
        There::of(incident).exchange(client, self.journal, &mut Here::default()).await?;
        let read = self.journal.read_after(incident, self.cursor, usize::MAX);
        let (entries, cursor) = read.map_err(|error| Fault(error.to_string()))?;
        self.cursor = cursor;
        self.log.absorb(entries);
        let sending = twice::claimed(incident, message, attempt, process);
        let known = self.log.incident().messages.get(&message);
        Ok(match known.and_then(|m| m.tries.iter().find(|t| t.entry == sending)) {
            None => Known::Nothing,
            Some(one) if one.end.is_none() => Known::UnderWay,
            Some(_) => Known::Ended,
        })
    }
}

impl Claimant {
    /// Claims each of the messages that nobody has.
    pub async fn claim(
        &self,
        client: &mut Client,
        journal: &mut Journal,
        messages: &[EntryId],
    ) -> Result<Claimed, Fault> {
        let mut eye = Eye { journal, log: Log::default(), cursor: Cursor::START };
        let mut claimed = Claimed::default();
        for message in messages {
            let wish = Wish {
                incident: self.incident,
                message: *message,
                by: &self.actor.person,
                host: &self.actor.host,
                process: &self.process,
            };
            let about = (self.incident, *message);
            match claim(client, &wish, async |client, attempt, process| {
                eye.known(client, about, (attempt, process)).await
            })
            .await?
            {
                Claim::Ours(attempt) => claimed.ours.push((*message, Some(attempt))),
                Claim::Theirs(holder) => claimed.theirs.push((*message, holder)),
            }
        }
        Ok(claimed)
    }

    /// Puts the sendings where others see them. Then the claims that still stand; those that do not lapsed on the way, and
    /// another has them.
    pub async fn show(
        &self,
        client: &mut Client,
        journal: &mut Journal,
        claimed: &[ToSend],
    ) -> Result<Vec<EntryId>, Fault> {
        let sending =
            |(message, attempt): &ToSend| Some(twice::claimed(self.incident, *message, (*attempt)?, &self.process));
        let sendings: Vec<_> = claimed.iter().filter_map(sending).collect();
        offer(client, journal, self.incident, &sendings).await?;
        let mut standing = Vec::new();
        for (message, attempt) in claimed {
            if let Some(attempt) = attempt
                && stands(client, self.incident, *message, *attempt).await?
            {
                standing.push(*message);
            }
        }
        Ok(standing)
    }
}

/// Ends by itself when it took too long and `begun` is not set.
pub async fn out_of_patience(patience: Duration, begun: &Cell<bool>) -> Fault {
    tokio::time::sleep(patience).await;
    if begun.get() {
        // What is durable is seen to its end.
        std::future::pending::<()>().await;
    }
    Fault(format!("the server did not answer the claim within {} s", patience.as_secs()))
}

/// Who has a message, for the one who wanted to send it too.
pub fn told(incident: &Incident, theirs: &[(EntryId, Holder)]) -> String {
    let one = |(message, holder): &(EntryId, Holder)| {
        let what = incident.messages.get(message).map(|m| format!("{} over {}", m.audience, m.channel));
        let what = what.unwrap_or_else(|| message.short());
        format!("{} on {} sends {what}, claimed {} s ago", holder.by, holder.host, holder.seconds.max(0))
    };
    theirs.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Why nothing left where a claim could not be shown to others.
const CUT: &str = "cut off after the claim, before anything left";
const LAPSED: &str = "another host claimed it meanwhile; nothing left from here";

/// Claims, has the store make the sendings durable, shows them, and hands them out; on a thread of its own. What is returned
/// ends with it. A room that hears no more news has been left: then nothing leaves any more, and the record says so.
pub fn start(
    claimant: Claimant,
    effect: u64,
    messages: Vec<EntryId>,
    snapshot: std::sync::Arc<Incident>,
    store: Store,
    news: UnboundedSender<News>,
) -> std::io::Result<oneshot::Receiver<()>> {
    let (running, ended) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("claim".into()).spawn(move || {
        let release = Release { claimant, effect, store, news };
        runtime.block_on(release.run(&messages, &snapshot));
        drop(running);
    })?;
    Ok(ended)
}

struct Release {
    claimant: Claimant,
    effect: u64,
    store: Store,
    news: UnboundedSender<News>,
}

impl Release {
    async fn run(&self, messages: &[EntryId], incident: &Incident) {
        let begun = Cell::new(false);
        let mut done = Done::default();
        let place = &self.claimant.place;
        let claims = with(place, &self.claimant.actor.host, async |client| {
            self.claim_and_show(client, messages, &begun, &mut done).await
        });
        let ended = tokio::select! {
            ended = claims => ended,
            fault = out_of_patience(patience(messages.len()), &begun) => Err(fault),
            () = self.news.closed() => Err(Fault(LEFT.to_owned())),
        };
        done.take_written();
        let theirs = told(incident, &done.theirs);
        match (done.released, ended) {
            (Some(Ok((sendings, said))), ended) => {
                let (leave, stay): (Vec<Sending>, Vec<Sending>) =
                    sendings.into_iter().partition(|s| done.standing.contains(&s.message));
                let why = match &ended {
                    Ok(()) => LAPSED,
                    Err(Fault(why)) if why == LEFT => LEFT,
                    Err(_) => CUT,
                };
                self.failed(stay, why);
                self.hand_out(leave);
                if let Err(Fault(fault)) = ended {
                    let why = format!("{CUT}: {fault}");
                    let _ = self.news.send(News::Unclaimed { effect: self.effect, why });
                    return;
                }
                self.outcome(Ok(said), false);
                if !theirs.is_empty() {
                    let _ = self.news.send(News::Refused(format!("not sent from here: {theirs}")));
                }
            }
            (Some(Err((why, refused))), _) => self.outcome(Err(why), refused),
            (None, Ok(())) => self.outcome(Err(format!("nothing left from here: {theirs}")), true),
            (None, Err(Fault(why))) => {
                let _ = self.news.send(News::Unclaimed { effect: self.effect, why });
            }
        }
    }

    async fn claim_and_show(
        &self,
        client: &mut Client,
        messages: &[EntryId],
        begun: &Cell<bool>,
        done: &mut Done,
    ) -> Result<(), Fault> {
        let opened = Journal::open(&self.claimant.journal, Access::ReadWrite);
        let mut journal = opened.map_err(|error| Fault(error.to_string()))?;
        let claimed = self.claimant.claim(client, &mut journal, messages).await?;
        done.theirs = claimed.theirs;
        if claimed.ours.is_empty() {
            return Ok(());
        }
        begun.set(true);
        let (hand, released) = oneshot::channel();
        self.store.ask(Ask::Release { effect: self.effect, messages: claimed.ours.clone(), hand: Some(hand) });
        let ended = || Err(("the room was left before anything was written".to_owned(), true));
        // Kept outside: where the connection ends in the same moment, what the store wrote is still taken.
        let released = done.hand.insert(released).await.unwrap_or_else(|_| ended());
        let durable = released.is_ok();
        done.released = Some(released);
        if durable {
            let shown = self.claimant.show(client, &mut journal, &claimed.ours);
            let patience = patience(messages.len());
            let late = |_| Fault(format!("the server did not answer within {} s", patience.as_secs()));
            done.standing = tokio::time::timeout(patience, shown).await.map_err(late)??;
        }
        Ok(())
    }

    fn outcome(&self, result: Result<String, String>, refused: bool) {
        let _ = self.news.send(News::Outcome { effect: self.effect, result, refused, made: None });
    }

    /// Into the room's hands; where the room is gone nothing leaves, and that is known.
    fn hand_out(&self, sendings: Vec<Sending>) {
        if !sendings.is_empty()
            && let Err(unsent) = self.news.send(News::Deliver(sendings))
            && let News::Deliver(sendings) = unsent.0
        {
            self.failed(sendings, LEFT);
        }
    }

    fn failed(&self, sendings: Vec<Sending>, why: &str) {
        for sending in sendings {
            let end = DeliveryEnd::Failed(why.to_owned());
            self.store.ask(Ask::Delivered { message: sending.message, end });
        }
    }
}

/// How far a release came.
#[derive(Default)]
struct Done {
    theirs: Vec<(EntryId, Holder)>,
    /// Where the store hands over what it made durable.
    hand: Option<oneshot::Receiver<Released>>,
    released: Option<Released>,
    standing: Vec<EntryId>,
}

impl Done {
    /// Takes what the store handed over while nobody waited any more. What it writes later it finds nobody for, and fails it.
    fn take_written(&mut self) {
        let Some(mut hand) = self.hand.take() else { return };
        hand.close();
        if let Ok(released) = hand.try_recv() {
            self.released = Some(released);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_store_wrote_is_taken_also_where_nobody_waited_any_more() {
        let (hand, released) = oneshot::channel();
        let mut done = Done { hand: Some(released), ..Done::default() };
        hand.send(Ok((Vec::new(), "releasing 1 text".to_owned()))).unwrap();
        done.take_written();
        assert!(done.released.is_some());
        // What comes later is told to the store, which fails it.
        let (hand, released) = oneshot::channel::<Released>();
        let mut done = Done { hand: Some(released), ..Done::default() };
        done.take_written();
        assert!(done.released.is_none() && hand.is_closed());
    }
}
