//! What a test of a backend starts from: a source out of a TOML block, a client in a hurry, a poll.

use std::path::PathBuf;
use std::time::Duration;

use warroom::backends::{Adapter, Client, Limits, kinds, poller};
use warroom::config::{SecretRef, Settings, SourceConfig};
use warroom::incident::Instant;
use warroom::incident::observation::Source;
use warroom::incident::words::Family;

/// The present, as a room without a replay has it.
pub fn moment() -> warroom::incident::clock::Moment {
    warroom::incident::clock::Moment { now: now(), real: now(), speed: 1.0 }
}

pub fn now() -> Instant {
    std::time::SystemTime::now().into()
}

pub fn data(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

pub fn bytes(path: &str) -> Vec<u8> {
    std::fs::read(data(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Where nobody keeps what becomes of recipients.
pub fn unrecorded(
    _: Vec<warroom::incident::recipient::RecipientOutcome>,
) -> futures_util::future::BoxFuture<'static, bool> {
    Box::pin(async { true })
}

/// A client whose limits are short enough for tests and long enough for a busy machine.
pub fn client() -> Client {
    let limits = Limits {
        connect: Duration::from_secs(2),
        head: Duration::from_millis(2500),
        idle: Duration::from_millis(700),
        ..Limits::default()
    };
    Client::new("test-host", limits)
}

/// The source of one `[[family]]` block, as the configuration file would give it.
pub fn source(block: &str) -> SourceConfig {
    let whole: toml::Table = toml::from_str(block).unwrap_or_else(|e| panic!("{e}\n{block}"));
    let (family, list) = whole.iter().next().expect("a family");
    let family: Family = family.parse().expect("a family's word");
    let mut table = list[0].as_table().expect("a table").clone();
    let mut text = |key: &str| table.remove(key).map(|v| v.as_str().expect("text").to_owned());
    let seconds = |text: String| warroom::text::duration::parse_seconds(&text).expect("a duration");
    let (name, kind, url) = (text("name"), text("kind"), text("url"));
    let (every, timeout) = (text("every").map(seconds), text("timeout").map(seconds));
    let (user, token_header, proxy, ca) = (text("user"), text("token_header"), text("proxy"), text("ca"));
    let token = table.remove("token").map(|token| {
        let (way, what) = token.as_table().and_then(|t| t.iter().next()).expect("one way to a secret");
        match way.as_str() {
            "env" => SecretRef::Env(what.as_str().expect("text").to_owned()),
            "file" => SecretRef::File(what.as_str().expect("text").into()),
            "command" => SecretRef::Command(
                what.as_array().expect("a list").iter().map(|w| w.as_str().expect("text").to_owned()).collect(),
            ),
            other => panic!("no way {other}"),
        }
    });
    SourceConfig {
        insecure: false,
        family,
        name: name.expect("name"),
        kind: kind.expect("kind"),
        url: url.unwrap_or_default(),
        every: every.unwrap_or(15),
        timeout: timeout.unwrap_or(5),
        token,
        user,
        token_header,
        ca: ca.map(Into::into),
        proxy,
        settings: Settings { lines: lines(block), table },
    }
}

/// The line of each key by its dotted path, as far as simple blocks need it.
fn lines(block: &str) -> std::collections::BTreeMap<String, usize> {
    let mut found = std::collections::BTreeMap::new();
    let mut prefix = String::new();
    let mut counts: std::collections::BTreeMap<String, usize> = Default::default();
    for (i, line) in block.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("[[").and_then(|l| l.split("]]").next()) {
            prefix = match name.split_once('.') {
                Some((_, inner)) => {
                    let n = counts.entry(inner.to_owned()).or_default();
                    *n += 1;
                    format!("{inner}.{}", *n - 1)
                }
                None => String::new(),
            };
            found.insert(prefix.clone(), i + 1);
        } else if let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let dot = if prefix.is_empty() { "" } else { "." };
            found.insert(format!("{prefix}{dot}{}", key.trim()), i + 1);
        }
    }
    found.remove("");
    found
}

pub fn adapter(source: &SourceConfig) -> Box<dyn Adapter> {
    kinds::build(source, "warroom.toml").unwrap_or_else(|problem| panic!("{problem}"))
}

pub fn never(source: &SourceConfig) -> Source {
    Source::never(&source.name, source.family, &source.kind, source.every, source.timeout)
}

/// One poll of a source that was never asked.
pub async fn poll(client: &Client, source: &SourceConfig) -> Source {
    poller::poll_source(client, &*adapter(source), source, &never(source), moment()).await
}

pub fn alertmanager(url: &str) -> SourceConfig {
    source(&format!("[[notification]]\nname = \"am\"\nkind = \"alertmanager\"\nurl = \"{url}\"\n"))
}

pub fn statuspage(url: &str) -> SourceConfig {
    source(&format!("[[status]]\nname = \"page\"\nkind = \"statuspage\"\nurl = \"{url}\"\n"))
}

pub fn prometheus(url: &str, query: &str) -> SourceConfig {
    source(&format!(
        "[[metrics]]\nname = \"prom\"\nkind = \"prometheus\"\nurl = \"{url}\"\n[[metrics.query]]\nname = \"q\"\nquery = '{query}'\n"
    ))
}
