//! One poll, one check of one source, as futures. Spawns nothing, decides nothing about incidents.

use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;

use super::adapter::Adapter;
use super::job::Probe;
use super::request::Request;
use super::response::Answer;
use super::schedule::{self, Seed, Went};
use super::transport::http::Context;
use super::transport::{Began, Client, folder, maildir, program};
use super::{Class, Failure};
use crate::config::SourceConfig;
use crate::incident::Instant;
use crate::incident::clock::Moment;
use crate::incident::observation::{Observation, Source};

/// Asks a source once and gives its new standing. Ends within the source's timeout. A failed poll keeps the last
/// observation and only ages it. What is asked and read is judged by the room's instant, polling by real time.
pub async fn poll_source(
    client: &Client,
    adapter: &dyn Adapter,
    config: &SourceConfig,
    before: &Source,
    moment: Moment,
) -> Source {
    let Moment { now, real, .. } = moment;
    let seed = Seed::new(client.host(), &config.name);
    let mut after = Source { last_try: Some(real), ..before.clone() };
    let (requests, mailbox) = (adapter.poll(now), adapter.mailbox());
    if requests.is_empty() && mailbox.is_none() {
        // It is only sent to: neither fresh nor failing.
        return after;
    }
    let began = Began::new(real);
    let answers = ask(client, adapter, config, began, &requests).await;
    let read = match &mailbox {
        Some(folder) => mails(adapter, config, folder, now).await,
        None => adapter.read(&answers, now),
    };
    if let Some(skew) = answers.iter().find_map(|answer| answer.as_ref().ok()?.skew) {
        // Its clock against the room's: a replay's servers stamp the replay's time.
        after.skew = Some(skew + (real - now).num_milliseconds() as f64 / 1000.0);
    }
    after.not_before = None;
    let went = match read {
        Ok(observation) => {
            after.observation = Some(observation);
            after.last_success = Some(began.now());
            after.misses = 0;
            after.error = None;
            after.refused = false;
            Went::Well
        }
        Err(failure) => {
            after.misses = before.misses.saturating_add(1);
            after.refused = failure.class == Class::Refused;
            after.error = Some(failure.why);
            let asked = failure.retry_after.and_then(|s| chrono::TimeDelta::try_seconds(i64::try_from(s).ok()?));
            after.not_before = asked.and_then(|wait| real.checked_add_signed(wait));
            Went::Badly { class: failure.class, misses: after.misses, retry_after: failure.retry_after }
        }
    };
    after.next_try = Some(schedule::next(real, config.every, went, seed));
    after
}

/// Contacts a source once: what works, in a line, or why nothing does.
pub async fn check(
    client: &Client,
    adapter: &dyn Adapter,
    config: &SourceConfig,
    now: Instant,
) -> Result<String, Failure> {
    if let Some(folder) = adapter.mailbox() {
        return mails(adapter, config, &folder, now).await.map(|observation| counts(&observation));
    }
    let requests = adapter.poll(now);
    if requests.is_empty() {
        return match adapter.probe() {
            Some(probe) => probed(client, adapter, config, now, probe).await,
            None => Ok("only sent to: not contacted".to_owned()),
        };
    }
    let began = Began::new(now);
    let answers = ask(client, adapter, config, began, &requests).await;
    let observation = adapter.read(&answers, now)?;
    let mut parts = Vec::new();
    if let Some(request) = adapter.ask_version() {
        let answers = ask(client, adapter, config, Began::new(began.now()), std::slice::from_ref(&request)).await;
        let version = answers.first().and_then(|answer| adapter.version(answer.as_ref().ok()?));
        parts.extend(version);
    }
    parts.push(counts(&observation));
    if let Some(why) = &observation.quality_why {
        parts.push(format!("partial: {why}"));
    }
    if let Some(skew) = answers.iter().find_map(|answer| answer.as_ref().ok()?.skew).filter(|skew| skew.abs() > 5.0) {
        let way = if skew > 0.0 { "ahead of" } else { "behind" };
        parts.push(format!("its clock is {:.0} s {way} ours", skew.abs()));
    }
    Ok(parts.join(", "))
}

/// Whether a backend that is only sent to would take a message. Sends none.
async fn probed(
    client: &Client,
    adapter: &dyn Adapter,
    config: &SourceConfig,
    now: Instant,
    probe: Probe,
) -> Result<String, Failure> {
    let setup = |why: String| Failure::before(Class::Setup, why);
    match probe {
        Probe::Http(request) => {
            let answers = ask(client, adapter, config, Began::new(now), std::slice::from_ref(&request)).await;
            let answer = answers.into_iter().next().ok_or_else(super::adapter::answer_missing)??;
            adapter.probed(&answer)
        }
        Probe::Mail(post) => client.try_mail(config, &post).await,
        Probe::Program(name) => program::find(&name)
            .map(|path| format!("{} is there, not run", path.display()))
            .ok_or_else(|| setup(format!("{name} is not there, or may not be run"))),
        Probe::Directory(path) => folder::check(&path).await.map_err(setup),
    }
}

/// What stands in a mailbox, read within the source's timeout.
async fn mails(
    adapter: &dyn Adapter,
    config: &SourceConfig,
    folder: &Path,
    now: Instant,
) -> Result<Observation, Failure> {
    let limit = Duration::from_secs(config.timeout.max(1));
    match tokio::time::timeout(limit, maildir::read(folder)).await {
        Ok(Ok(mailbox)) => adapter.read_mailbox(&mailbox, now),
        Ok(Err(why)) => Err(Failure::new(Class::Network, why)),
        Err(_) => Err(Failure::new(Class::Network, format!("not read within {} s", config.timeout))),
    }
}

fn counts(observation: &Observation) -> String {
    let count = |n: usize, one: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {one}s")),
    };
    let with_value = observation.metrics.iter().filter(|m| m.value.is_some()).count();
    let metrics = match observation.metrics.len() {
        0 => None,
        all if with_value == all => count(all, "value"),
        all => Some(format!("{with_value} of {all} values")),
    };
    let parts: Vec<String> = [
        count(observation.components.len(), "component"),
        count(observation.incidents.len(), "incident"),
        count(observation.alerts.len(), "alert"),
        metrics,
        count(observation.receipts.len(), "receipt"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() { "answers, with nothing to tell".to_owned() } else { parts.join(", ") }
}

/// All requests of one piece of work, together, within the source's timeout; the answers in the same order.
pub(super) async fn ask(
    client: &Client,
    adapter: &dyn Adapter,
    config: &SourceConfig,
    began: Began,
    requests: &[Request],
) -> Vec<Answer> {
    let deadline = began.tick + Duration::from_secs(config.timeout.max(1));
    let context = Context { source: config, scheme: adapter.scheme(), began, deadline };
    let work = async { join_all(requests.iter().map(|request| client.fetch(context, request))).await };
    match tokio::time::timeout_at(deadline + Duration::from_secs(1), work).await {
        Ok(answers) => answers,
        Err(_) => {
            let late = || Err(Failure::new(Class::Network, format!("not done within {} s", config.timeout)));
            requests.iter().map(|_| late()).collect()
        }
    }
}
