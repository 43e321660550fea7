//! One message given to one backend, once, as a future: what became of it, whole and by recipient. Repeats nothing whose
//! answer was lost; records nothing itself, but waits until what it tells is recorded.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::adapter::{Adapter, Outcome, Outgoing};
use super::job::{Job, Run};
use super::poller::ask;
use super::request::Request;
use super::transport::program::{self, End};
use super::transport::{Began, Client, folder};
use crate::config::SourceConfig;
use crate::incident::Instant;
use crate::incident::observation::Receipt;
use crate::incident::recipient::{Counts, RecipientOutcome};
use crate::incident::words::{Delivery, Reach};

/// Told what became of some recipients; done when that is durable, or when the disk refused it for now (false).
pub type Record<'a> = dyn Fn(Vec<RecipientOutcome>) -> BoxFuture<'a, bool> + Send + Sync + 'a;

/// Sends a message once and never repeats it. Where the answer is lost the backend is asked once what became of it; what
/// stays unknown is for a person to say.
pub async fn deliver(
    client: &Client,
    adapter: &dyn Adapter,
    config: &SourceConfig,
    message: &Outgoing,
    key: &str,
    now: Instant,
    record: &Record<'_>,
) -> Outcome {
    let job = match adapter.send(message, key, now) {
        Ok(job) => job,
        Err(why) => return Outcome::Refused { why: format!("not sent: {why}") },
    };
    match job {
        Job::Http(request) => over_http(client, adapter, config, &request, key, now).await,
        Job::Ask(questions) => {
            let answers = ask(client, adapter, config, Began::new(now), &questions).await;
            let answers: Result<Vec<_>, _> = answers.into_iter().collect();
            let request = match answers {
                Ok(answers) => adapter.send_then(&answers, message, key, now),
                Err(failure) => Err(failure.why),
            };
            match request {
                Ok(request) => over_http(client, adapter, config, &request, key, now).await,
                // Only questions were asked.
                Err(why) => Outcome::Refused { why: format!("not sent: {why}") },
            }
        }
        Job::Mail(mail) => overall(&client.mail(config, &mail, record).await),
        Job::Command(run) => by_command(&run, Duration::from_secs(config.timeout.max(1))).await,
        Job::File(file) => folder::put(&file).await,
    }
}

/// Sends a text once whose recipients are not kept one by one, and says how that went. Err: it did not go, or that is not
/// known.
pub async fn post(
    client: &Client,
    adapter: &dyn Adapter,
    config: &SourceConfig,
    text: &Outgoing,
    key: &str,
    now: Instant,
) -> Result<String, String> {
    let record = |_| -> BoxFuture<'_, bool> { Box::pin(std::future::ready(true)) };
    match deliver(client, adapter, config, text, key, now, &record).await {
        Outcome::Done { reference } => Ok(reference),
        Outcome::Refused { why } => Err(format!("NOT SENT: {why}")),
        Outcome::Unknown { why } => Err(format!("NOT KNOWN whether it went: {why}")),
    }
}

async fn over_http(
    client: &Client,
    adapter: &dyn Adapter,
    config: &SourceConfig,
    request: &Request,
    key: &str,
    now: Instant,
) -> Outcome {
    let answers = ask(client, adapter, config, Began::new(now), std::slice::from_ref(request)).await;
    let lost = match answers.into_iter().next() {
        Some(Ok(answer)) => match adapter.outcome(&answer) {
            Outcome::Unknown { why } => why,
            certain @ (Outcome::Done { .. } | Outcome::Refused { .. }) => return certain,
        },
        Some(Err(failure)) if !failure.reached => {
            return Outcome::Refused { why: format!("not sent: {}", failure.why) };
        }
        Some(Err(failure)) => format!("the answer was lost: {}", failure.why),
        None => "no answer".to_owned(),
    };
    match look_up(client, adapter, config, key, now).await {
        LookUp::Found(receipt) => found(receipt, lost),
        LookUp::NotThere | LookUp::CannotAsk | LookUp::Failed { .. } => Outcome::Unknown { why: lost },
    }
}

/// Exit code 0 says sent, another one that it failed. Whatever was ended in its course may have done its work.
async fn by_command(run: &Run, limit: Duration) -> Outcome {
    let program = run.words.first().map(String::as_str).unwrap_or_default();
    let end = program::run(run, limit).await;
    let Some(why) = end.fault(program, limit) else { return Outcome::Done { reference: program.to_owned() } };
    match end {
        End::Well | End::NotRun { .. } | End::Code { .. } => Outcome::Refused { why },
        End::Signal | End::Killed | End::Lost { .. } => Outcome::Unknown { why },
    }
}

/// What a message is by its recipients.
pub fn overall(outcomes: &[RecipientOutcome]) -> Outcome {
    let counts = Counts::of(outcomes.iter().map(|o| &o.state));
    let first = |states: &[Reach]| {
        let found = outcomes.iter().find(|o| states.contains(&o.state));
        found.map(|o| format!(" ({})", o.detail)).unwrap_or_default()
    };
    let said = counts.said();
    if counts.unknown > 0 {
        Outcome::Unknown { why: format!("{said}{}", first(&[Reach::Unknown])) }
    } else if counts.reached() == 0 {
        Outcome::Refused { why: format!("{said}{}", first(&[Reach::Refused, Reach::Deferred])) }
    } else {
        Outcome::Done { reference: format!("{said}{}", first(&[Reach::Refused, Reach::Deferred])) }
    }
}

/// What a receipt says of a message whose answer was lost.
fn found(receipt: Receipt, why: String) -> Outcome {
    match receipt.state {
        Delivery::Sent | Delivery::Delivered => {
            Outcome::Done { reference: format!("{}: {}", receipt.state, receipt.detail) }
        }
        Delivery::Failed => Outcome::Refused { why: receipt.detail },
        // It has the message and is not done with it: the next receipt tells.
        Delivery::Queued | Delivery::Sending | Delivery::Unknown => Outcome::Unknown { why },
    }
}

/// What a backend says of a message whose outcome is unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum LookUp {
    Found(Receipt),
    /// The backend was asked and does not know the key (yet).
    NotThere,
    /// This backend cannot be asked.
    CannotAsk,
    Failed {
        why: String,
    },
}

/// Asks what became of the message with that key.
pub async fn look_up(client: &Client, adapter: &dyn Adapter, config: &SourceConfig, key: &str, now: Instant) -> LookUp {
    let requests = adapter.look_up(key);
    if requests.is_empty() {
        return LookUp::CannotAsk;
    }
    let answers = ask(client, adapter, config, Began::new(now), &requests).await;
    match adapter.read(&answers, now) {
        Ok(observation) => match observation.receipts.into_iter().find(|receipt| receipt.key == key) {
            Some(receipt) => LookUp::Found(receipt),
            None => LookUp::NotThere,
        },
        Err(failure) => LookUp::Failed { why: failure.why },
    }
}
