//! One future a source: asks it when it is due and hands the answer to the store. A panic in one is that source's failure.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use super::store::{Ask, DeliveryEnd, Sending, Store};
use crate::backends::schedule::{self, Seed};
use crate::backends::{Adapter, Client, Outcome, delivery, poller};
use crate::config::SourceConfig;
use crate::incident::Instant;
use crate::incident::clock::{Clock, Moment};
use crate::incident::observation::Source;
use crate::tui::model::Loud;

/// A configured backend, ready to be asked.
#[derive(Clone)]
pub struct Backend {
    pub config: SourceConfig,
    pub adapter: Arc<dyn Adapter>,
}

impl Backend {
    /// Whether there is anything to ask; a backend may only be sent to.
    pub fn polls(&self, now: Instant) -> bool {
        self.adapter.mailbox().is_some() || !self.adapter.poll(now).is_empty()
    }

    /// Its standing before any answer.
    pub fn source(&self) -> Source {
        let c = &self.config;
        Source::never(&c.name, c.family, &c.kind, c.every, c.timeout)
    }
}

/// What all pollers are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Whether this process holds the lease.
    pub leads: bool,
    /// Counts up with every wish to ask now.
    pub now: u64,
    /// The room's clock.
    pub clock: Clock,
}

impl Default for Control {
    fn default() -> Control {
        Control { leads: false, now: 0, clock: Clock::wall() }
    }
}

/// Asks one source until the end of the world. `before` is what is known of it from an earlier process.
pub async fn poll(
    client: Arc<Client>,
    backend: Backend,
    mut source: Source,
    store: Store,
    mut control: watch::Receiver<Control>,
    real: fn() -> Instant,
) {
    let seed = Seed::new(client.host(), &backend.config.name);
    // The first question comes soon, whatever an earlier process had planned.
    let mut next = schedule::first(real(), seed);
    let mut heard = control.borrow().now;
    loop {
        let leads = control.borrow_and_update().leads;
        let now = real();
        let wait = match leads {
            true if schedule::due(Some(next), backend.config.every, now) => Duration::ZERO,
            true => (next - now).to_std().unwrap_or_default(),
            false => Duration::from_secs(3600),
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            changed = control.changed() => {
                if changed.is_err() {
                    return;
                }
                // A wish to ask now waits where the backend said how long.
                let wish = control.borrow().now;
                if wish != heard && !source.refused {
                    next = source.not_before.unwrap_or_default().max(real());
                }
                heard = wish;
                continue;
            }
        }
        if !control.borrow().leads {
            continue;
        }
        let now = real();
        let moment = Moment::of(&control.borrow().clock, now);
        let (client, backend_, before) = (Arc::clone(&client), backend.clone(), source.clone());
        let asked = tokio::spawn(async move {
            poller::poll_source(&client, &*backend_.adapter, &backend_.config, &before, moment).await
        });
        source = match asked.await {
            Ok(after) => after,
            Err(_) => Source {
                last_try: Some(real()),
                misses: source.misses.saturating_add(1),
                error: Some("a fault of ours in reading its answer".to_owned()),
                ..source
            },
        };
        let every = chrono::TimeDelta::seconds(i64::try_from(backend.config.every).unwrap_or(60));
        next = source.next_try.filter(|at| *at > real()).unwrap_or_else(|| real() + every);
        store.ask(Ask::Polled(Box::new(source.clone())));
    }
}

/// Delivers one message whose sending is on disk, once, and says how it ended.
pub async fn deliver(
    client: Arc<Client>,
    backend: Option<Backend>,
    sending: Sending,
    store: Store,
    real: fn() -> Instant,
) -> Option<(Loud, String)> {
    let message = sending.message;
    let end = match backend {
        None => DeliveryEnd::Failed(format!("no backend named {} is configured here", sending.backend)),
        Some(backend) => {
            let key = sending.key.to_string();
            let Backend { config, adapter } = &backend;
            let record = |outcomes| {
                let (done, told) = tokio::sync::oneshot::channel();
                store.ask(Ask::Recipients { sending: sending.key, outcomes, done });
                // It fails only where the store has ended: then nothing can be recorded any more.
                let told: BoxFuture<'_, bool> = Box::pin(async move { told.await.unwrap_or(false) });
                told
            };
            match delivery::deliver(&client, &**adapter, config, &sending.outgoing, &key, real(), &record).await {
                Outcome::Done { reference } => DeliveryEnd::Sent(reference),
                Outcome::Refused { why } => DeliveryEnd::Failed(why),
                Outcome::Unknown { why } => DeliveryEnd::Unknown(why),
            }
        }
    };
    store.ask(Ask::Delivered { message, end });
    None
}
