//! The webhook: a signature that a receiver can check, three outcomes, no repeat, receipts by the key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use warroom::backends::delivery::{self, LookUp};
use warroom::backends::{Outcome, Outgoing};
use warroom::config::{SecretRef, SourceConfig};
use warroom::incident::entry::{Author, Entry, EntryId, Hlc, IncidentId, WriterId};
use warroom::incident::fold::fold;
use warroom::incident::what::{Declared, MessageDrafted, What};
use warroom::incident::words::{Delivery, Round, Severity};

use super::given;
use crate::support::wire::{Act, Wire, answer, json};

const KEY: &str = "the key of this test";

fn source(url: &str, more: &str) -> SourceConfig {
    let mut source =
        given::source(&format!("[[notification]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"{url}\"\n{more}"));
    source.token = Some(SecretRef::File(given::data("tokens/webhook")));
    source
}

/// A delivery of the one message of an incident: what it is made from.
fn outgoing(exercise: bool) -> Option<Outgoing> {
    let declared = Declared {
        title: "Outage".to_owned(),
        severity: Severity::Sev1,
        started: given::now(),
        detected: None,
        exercise,
        timezone: "UTC".to_owned(),
        organisation: Vec::new(),
        demo: false,
    };
    let drafted = MessageDrafted {
        audience: "consumers".to_owned(),
        channel: "sms".to_owned(),
        round: Round::Initial,
        text: "Keine Verbindung \"im\" Süden\n".to_owned(),
        next_update: None,
        grounds: Default::default(),
    };
    let id = |n: &str| EntryId::derived(&[n]);
    let entry = |seq: u64, name: &str, what: What| Entry {
        writer: WriterId(uuid::Uuid::nil()),
        seq,
        id: id(name),
        hlc: Hlc(seq as i64, 0),
        happened: given::now(),
        recorded: given::now(),
        author: Author { person: "kim".to_owned(), host: "jump".to_owned(), machine: false },
        what,
    };
    let incident = fold([entry(1, "declared", declared.into()), entry(2, "message", drafted.into())]);
    Outgoing::of(&incident, IncidentId(uuid::Uuid::nil()), id("message"))
}

fn message() -> Outgoing {
    outgoing(false).expect("a real incident")
}

#[test]
fn of_an_exercise_there_is_no_delivery_to_make() {
    assert_eq!(outgoing(true), None);
    assert!(outgoing(false).is_some());
}

async fn deliver(source: &SourceConfig) -> Outcome {
    let adapter = given::adapter(source);
    delivery::deliver(&given::client(), &*adapter, source, &message(), "key-1", given::now(), &given::unrecorded).await
}

async fn outcome_of(acts: Vec<Act>) -> (Outcome, usize) {
    let wire = Wire::saying(acts).await;
    let outcome = deliver(&source(&wire.url(), "")).await;
    (outcome, wire.seen().len())
}

#[tokio::test]
async fn what_arrives_is_signed_over_its_own_bytes() {
    let wire = Wire::saying(json(r#"{"id":"m-77"}"#)).await;
    let outcome = deliver(&source(&format!("{}/in", wire.url()), "")).await;
    assert_eq!(outcome, Outcome::Done { reference: "m-77".to_owned() });
    let [seen] = &wire.seen()[..] else { panic!("one request") };
    assert_eq!(seen.line(), "POST /in");
    assert_eq!(seen.header("webhook-id").as_deref(), Some("key-1"));
    assert_eq!(seen.header("authorization"), None);
    let at = seen.header("webhook-timestamp").unwrap();
    assert!((at.parse::<i64>().unwrap() - given::now().timestamp()).abs() < 10);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(format!("key-1.{at}.").as_bytes());
    mac.update(&seen.body);
    let right = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(seen.header("webhook-signature"), Some(right));
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    let expected = serde_json::json!({"id": "key-1", "audience": "consumers", "channel": "sms", "round": "initial",
        "text": "Keine Verbindung \"im\" Süden\n", "incident": "00000000-0000-0000-0000-000000000000", "exercise": false});
    assert_eq!(body, expected);
    let mut unsigned = source(&wire.url(), "");
    unsigned.token = None;
    assert!(matches!(deliver(&unsigned).await, Outcome::Done { .. }));
    let seen = wire.seen().pop().unwrap();
    assert_eq!((seen.header("webhook-id").as_deref(), seen.header("webhook-signature")), (Some("key-1"), None));
    assert_eq!(wire.connections(), 2, "each message on a connection of its own");
}

#[tokio::test]
async fn an_answer_is_done_refused_or_unknown_and_nothing_is_sent_twice() {
    let say = |status: u16| vec![Act::Say(answer(status, &[("Content-Type", "text/plain")], b"because"))];
    for status in [200, 202, 204] {
        assert_eq!(outcome_of(say(status)).await, (Outcome::Done { reference: String::new() }, 1), "{status}");
    }
    let redirect = vec![Act::Say(answer(302, &[("Location", "https://sso.example/")], b""))];
    for acts in [say(400), say(401), say(404), say(410), say(429), redirect] {
        let (outcome, times) = outcome_of(acts.clone()).await;
        assert!(matches!(&outcome, Outcome::Refused { why } if !why.is_empty()), "{acts:?}: {outcome:?}");
        assert_eq!(times, 1);
    }
    let lost = [
        say(500),
        say(503),
        say(408),
        vec![Act::Reset],
        vec![],
        vec![Act::Stall],
        vec![Act::Say(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort".to_vec())],
    ];
    for acts in lost {
        let (outcome, times) = outcome_of(acts.clone()).await;
        assert!(matches!(&outcome, Outcome::Unknown { why } if !why.is_empty()), "{acts:?}: {outcome:?}");
        assert_eq!(times, 1, "never repeated: {acts:?}");
    }
}

#[tokio::test]
async fn what_never_left_is_refused_and_may_be_tried_again() {
    let url = format!("http://127.0.0.1:{}", crate::support::process::free_port());
    let outcome = deliver(&source(&url, "")).await;
    assert!(
        matches!(&outcome, Outcome::Refused { why } if why.starts_with("not sent: connection refused by 127.0.0.1")),
        "{outcome:?}"
    );
    let mut unset = source(&url, "");
    unset.token = Some(SecretRef::Env("WARROOM_TEST_NEVER_SET".to_owned()));
    let outcome = deliver(&unset).await;
    assert_eq!(outcome, Outcome::Refused { why: "not sent: variable WARROOM_TEST_NEVER_SET is not set".to_owned() });
    let reader = given::alertmanager(&url);
    assert_eq!(
        deliver(&reader).await,
        Outcome::Refused { why: "not sent: this kind of backend cannot be sent to".to_owned() }
    );
}

#[tokio::test]
async fn receipts_are_read_and_looked_up_by_the_key() {
    let wire = Wire::saying(json(
        r#"{"receipts":[{"id":"key-1","state":"delivered","at":"2024-02-22T09:00:00Z","detail":"3 of 3"},
            {"id":"key-2","state":"teleported"}]}"#,
    ))
    .await;
    let hook = source(&wire.url(), "receipts = \"/receipts\"\n");
    let seen = given::poll(&given::client(), &hook).await.observation.unwrap();
    assert_eq!(seen.receipts.iter().map(|r| r.state).collect::<Vec<_>>(), [Delivery::Delivered, Delivery::Unknown]);
    assert_eq!(seen.receipts[1].detail, "teleported: ");
    assert_eq!(wire.seen()[0].line(), "GET /receipts");
    assert!(wire.seen()[0].header("webhook-signature").is_some());
    let look = async |source: &SourceConfig, key: &str| {
        delivery::look_up(&given::client(), &*given::adapter(source), source, key, given::now()).await
    };
    assert!(matches!(look(&hook, "key-1").await, LookUp::Found(r) if r.detail == "3 of 3"));
    assert_eq!(look(&hook, "key-9").await, LookUp::NotThere);
    assert_eq!(look(&source(&wire.url(), ""), "key-1").await, LookUp::CannotAsk);
    let dead = format!("http://127.0.0.1:{}", crate::support::process::free_port());
    assert!(matches!(look(&source(&dead, "receipts = \"/r\"\n"), "key-1").await, LookUp::Failed { .. }));
    let sent_only = given::poll(&given::client(), &source(&dead, "")).await;
    assert_eq!((sent_only.error, sent_only.misses, sent_only.observation), (None, 0, None), "nothing to ask");
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_once() {
    let receipts = |state: &str| json(&format!(r#"{{"receipts":[{{"id":"key-1","state":"{state}"}}]}}"#));
    for (state, expected) in [("delivered", "done"), ("failed", "refused"), ("queued", "unknown")] {
        let answer = receipts(state);
        let lost = move |seen: &crate::support::wire::Seen| match seen.line().starts_with("POST") {
            true => vec![Act::Reset],
            false => answer.clone(),
        };
        let wire = Wire::start(lost).await;
        let found = match deliver(&source(&wire.url(), "receipts = \"/receipts\"\n")).await {
            Outcome::Done { .. } => "done",
            Outcome::Refused { .. } => "refused",
            Outcome::Unknown { .. } => "unknown",
        };
        assert_eq!(found, expected, "{state}");
        assert_eq!(wire.seen().iter().filter(|s| s.line().starts_with("POST")).count(), 1, "{state}");
    }
}
