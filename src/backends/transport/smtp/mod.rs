//! Mail to many over one server: in batches, with what became of each recipient told as each batch ends. Repeats no batch
//! whose answer was lost.
//!
//! The dialogue is our own: what is certain of each recipient hangs on which byte had left, and libraries do not say.

mod batch;
mod session;
mod wire;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::{Instant as Tick, timeout_at};

use self::session::Session;
use super::Client;
use crate::backends::Failure;
use crate::backends::delivery::Record;
use crate::backends::job::{Mail, Post};
use crate::config::SourceConfig;
use crate::incident::recipient::{RecipientOutcome, fault};
use crate::incident::words::Reach;

/// How long a whole mailing may take; who has had no turn by then is not sent to.
const WHOLE: Duration = Duration::from_secs(30 * 60);

const HUNG: &str = "not sent: the server gave no answer for those before";

const ENDED: &str = "not sent: the program was ended before it was their turn";

/// Whether an address can stand in an envelope.
pub fn fits(address: &str) -> bool {
    fault(address).is_none() && address.is_ascii() && address.contains('@')
}

impl Client {
    /// Sends it. What became of each recipient is recorded batch by batch, before the next one begins.
    pub async fn mail(&self, source: &SourceConfig, mail: &Mail, record: &Record<'_>) -> Vec<RecipientOutcome> {
        let by = Tick::now() + WHOLE;
        let (good, bad): (Vec<&String>, Vec<&String>) = mail.to.iter().partition(|to| fits(to));
        let mut all: Vec<RecipientOutcome> = Vec::new();
        if !bad.is_empty() {
            let why = "not an e-mail address that can be used";
            tell(bad.into_iter().cloned(), Reach::Refused, why, record, &mut all).await;
        }
        let mut queue: VecDeque<String> = good.into_iter().cloned().collect();
        let mut size = mail.post.batch.max(1);
        let mut session: Option<Session> = None;
        let mut ending = self.ending.subscribe();
        while !queue.is_empty() {
            if *ending.borrow() {
                tell(queue.drain(..), Reach::Deferred, ENDED, record, &mut all).await;
                break;
            }
            if Tick::now() >= by {
                tell(queue.drain(..), Reach::Deferred, "not sent: the mailing took all its time", record, &mut all)
                    .await;
                break;
            }
            let open = match session.take() {
                Some(open) => Ok(open),
                None => self.mail_session(source, &mail.post).await,
            };
            let mut open = match open {
                Ok(open) => open,
                Err(failure) => {
                    let why = format!("not sent: {}", failure.why);
                    tell(queue.drain(..), Reach::Deferred, &why, record, &mut all).await;
                    break;
                }
            };
            if open.offers.size().is_some_and(|most| mail.message.len() > most) {
                let why = "the text is larger than the server takes";
                tell(queue.drain(..), Reach::Refused, why, record, &mut all).await;
                break;
            }
            let batch: Vec<String> = queue.drain(..size.min(queue.len())).collect();
            // Durable before they are tried: whoever still waits after a crash has certainly nothing.
            let trying =
                batch.iter().map(|to| RecipientOutcome { to: to.clone(), state: Reach::Trying, detail: String::new() });
            record(trying.collect()).await;
            let done = {
                let told = async { ending.wait_for(|ending| *ending).await.is_ok() };
                let mut work = std::pin::pin!(batch::transaction(&mut open, mail, &batch));
                tokio::select! {
                    done = &mut work => done,
                    _ = told => {
                        // At once: the program may not have the time to see this batch's end.
                        tell(queue.drain(..), Reach::Deferred, ENDED, record, &mut all).await;
                        work.await
                    }
                }
            };
            if done.stale {
                // Nothing of this batch left: a server may close a connection that has served enough.
                batch.into_iter().rev().for_each(|to| queue.push_front(to));
                continue;
            }
            if !done.too_many.is_empty() {
                size = (batch.len() - done.too_many.len()).max(1);
                done.too_many.into_iter().rev().for_each(|to| queue.push_front(to));
            }
            if !done.lost {
                session = Some(open);
            }
            record(done.outcomes.clone()).await;
            all.extend(done.outcomes);
            if done.hung {
                // Another batch would hang as long: they are better told otherwise, or tried when it answers again.
                tell(queue.drain(..), Reach::Deferred, HUNG, record, &mut all).await;
            }
        }
        if let Some(mut open) = session {
            let _ = open.wire.say(b"QUIT\r\n").await;
        }
        all
    }

    /// Connects, encrypts and signs in, and sends nothing: what works, in a line.
    pub async fn try_mail(&self, source: &SourceConfig, post: &Post) -> Result<String, Failure> {
        let by = Tick::now() + Duration::from_secs(source.timeout.max(1)) + self.limits.connect;
        let late = || Failure::before(crate::backends::Class::Network, "the server took all the time");
        let mut open = timeout_at(by, self.mail_session(source, post)).await.map_err(|_| late())??;
        let _ = open.wire.say(b"QUIT\r\n").await;
        let mut parts = vec!["greets us".to_owned()];
        parts.push(if open.encrypted { "encrypted" } else { "NOT encrypted" }.to_owned());
        if open.signed_in {
            parts.push("signed in".to_owned());
        }
        if open.offers.has("DSN") {
            parts.push("reports deliveries".to_owned());
        }
        parts.push("nothing sent".to_owned());
        Ok(parts.join(", "))
    }
}

/// The same for all of them, recorded.
async fn tell(
    to: impl Iterator<Item = String>,
    state: Reach,
    why: &str,
    record: &Record<'_>,
    all: &mut Vec<RecipientOutcome>,
) {
    let outcomes: Vec<_> = to.map(|to| RecipientOutcome { to, state, detail: why.to_owned() }).collect();
    record(outcomes.clone()).await;
    all.extend(outcomes);
}
