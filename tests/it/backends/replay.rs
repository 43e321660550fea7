//! Every recorded answer goes through the real transport and its adapter; what each must give is written down here.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;
use warroom::config::SourceConfig;
use warroom::incident::observation::{Observation, Source};

use super::given;
use crate::support::wire::{Act, Wire, head};

#[derive(Deserialize)]
struct Recorded {
    file: String,
    status: u16,
    headers: BTreeMap<String, String>,
}

fn recorded() -> Vec<Recorded> {
    let index = String::from_utf8(given::bytes("answers/index.jsonl")).unwrap();
    index.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The bytes as the server sent them, cut where they were cut.
fn acts(answer: &Recorded) -> Vec<Act> {
    let body = given::bytes(&format!("answers/{}", answer.file));
    let cut = answer.file.contains("truncated");
    let keep =
        |name: &str| !matches!(name.to_lowercase().as_str(), "content-length" | "transfer-encoding" | "connection");
    let headers: Vec<(&str, &str)> =
        answer.headers.iter().filter(|(name, _)| keep(name)).map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let chunked = answer.headers.contains_key("Transfer-Encoding");
    let length = answer.headers.get("Content-Length").filter(|_| cut).and_then(|n| n.parse().ok());
    if cut && chunked {
        let mut bytes = head(answer.status, &[&headers[..], &[("Transfer-Encoding", "chunked")]].concat(), None);
        bytes.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(&body);
        bytes.extend_from_slice(b"\r\n");
        return vec![Act::Say(bytes)];
    }
    let mut bytes = match (cut, length) {
        (true, None) => head(answer.status, &headers, None),
        (true, length) => head(answer.status, &headers, length),
        (false, _) => head(answer.status, &headers, Some(body.len())),
    };
    bytes.extend_from_slice(&body);
    vec![Act::Say(bytes)]
}

fn source(folder: &str, file: &str, url: &str) -> SourceConfig {
    match folder {
        "alertmanager" | "front" => given::alertmanager(url),
        // Alone, without the list of incidents: some files are the one, some the other.
        "statuspage" => {
            let mut source = given::statuspage(url);
            source.settings.table.insert("incidents".to_owned(), (file.contains("incidents")).into());
            source
        }
        "prometheus" => given::prometheus(url, "a + b"),
        other => panic!("no adapter for {other}"),
    }
}

fn told(source: &Source) -> String {
    let Some(seen) = &source.observation else {
        let class = if source.refused { "REFUSED" } else { "FAILING" };
        return format!("{class}: {}", source.error.as_deref().unwrap_or("no reason"));
    };
    let Observation { quality, quality_why, components, incidents, alerts, metrics, .. } = seen;
    let mut out = format!("{quality}");
    if let Some(why) = quality_why {
        write!(out, " ({why})").unwrap();
    }
    for c in components {
        write!(out, ", {} {}", c.name, c.state).unwrap();
    }
    for i in incidents {
        write!(out, ", incident {:?} {} updates", i.phase, i.updates.len()).unwrap();
    }
    for a in alerts {
        write!(out, ", {} {} {:?}", a.name, a.state, a.quiet_because).unwrap();
    }
    for m in metrics {
        write!(out, ", {:?} {} {}", m.value, m.quality, m.why.as_deref().unwrap_or("")).unwrap();
    }
    out.replace('\u{1b}', "ESC")
}

#[tokio::test]
async fn every_recorded_answer_gives_what_is_written_down() {
    let client = given::client();
    let mut lines = Vec::new();
    for answer in recorded() {
        // What a server pushes is no answer of its own.
        if answer.status == 0 {
            continue;
        }
        let folder = answer.file.split('/').next().unwrap_or_default();
        let wire = Wire::saying(acts(&answer)).await;
        let source = given::poll(&client, &source(folder, &answer.file, &wire.url())).await;
        let line = told(&source).replace(&format!(":{}", wire.port), ":PORT");
        let has_value = source.observation.iter().flat_map(|o| &o.metrics).any(|m| m.value.is_some());
        let healthy = source.error.is_none() && (folder != "prometheus" || has_value);
        if !(200..300).contains(&answer.status) || answer.file.contains("truncated") || answer.file.contains("login") {
            assert!(!healthy, "{} must not be an answer: {line}", answer.file);
        }
        lines.push(format!("{} {}: {line}", answer.file, answer.status));
    }
    assert!(lines.len() >= 95, "{} answers replayed", lines.len());
    insta::assert_snapshot!(lines.join("\n"));
}
