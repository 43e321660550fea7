//! Writing a status page: opened once, updated after that, resolved with the incident, and looked up where the answer was
//! lost: a second update would mail every subscriber twice.

use std::sync::Mutex;

use serde_json::{Value, json};
use warroom::backends::{Outcome, delivery, poller};
use warroom::config::{SecretRef, SourceConfig};
use warroom::incident::words::Phase;

use super::given;
use super::outgoing::{KEY, incident, outgoing};
use crate::support::wire::{Act, Wire, answer};

fn source(wire: &Wire) -> SourceConfig {
    let mut source = given::source(&format!(
        "[[notification]]\nname = \"page\"\nkind = \"statuspage-manage\"\nurl = \"{}/v1\"\npage = \"abc123\"\n",
        wire.url()
    ));
    source.token = Some(SecretRef::File(given::data("tokens/webhook")));
    source
}

fn say(status: u16, body: &Value) -> Vec<Act> {
    vec![Act::Say(answer(status, &[("Content-Type", "application/json")], body.to_string().as_bytes()))]
}

fn theirs(incident: &str, key: &str) -> Value {
    json!({ "id": "p31zjtct2jer", "name": "x", "shortlink": "https://stspg.io/1", "metadata": { "warroom": { "incident": incident, "key": key } } })
}

/// A page that lists these before anything is written, and these after it; a writing is answered so.
async fn send(before: Value, write: Vec<Act>, after: Value, phase: Phase) -> (Outcome, Wire) {
    let wrote = Mutex::new(false);
    let wire = Wire::start(move |seen| {
        let mut wrote = wrote.lock().unwrap();
        if seen.line().starts_with("GET") {
            return say(200, if *wrote { &after } else { &before });
        }
        *wrote = true;
        write.clone()
    })
    .await;
    let source = source(&wire);
    let message = outgoing("We are on it.", "", &[], phase);
    let adapter = given::adapter(&source);
    let outcome =
        delivery::deliver(&given::client(), &*adapter, &source, &message, KEY, given::now(), &given::unrecorded).await;
    (outcome, wire)
}

fn written(wire: &Wire) -> Vec<(String, Value)> {
    let writes = wire.seen().into_iter().filter(|s| !s.line().starts_with("GET"));
    writes.map(|s| (s.line().to_owned(), serde_json::from_slice(&s.body).unwrap())).collect()
}

#[tokio::test]
async fn the_first_text_opens_the_incident_and_the_next_one_updates_it() {
    let ours = incident().to_string();
    let other = theirs("another", "k");
    let taken = say(201, &theirs(&ours, KEY));
    let (outcome, wire) = send(json!([other]), taken.clone(), json!([]), Phase::Investigating).await;
    assert_eq!(outcome, Outcome::Done { reference: "https://stspg.io/1".to_owned() });
    assert!(wire.seen()[0].header("authorization").unwrap().starts_with("OAuth "));
    let [(line, body)] = &written(&wire)[..] else { panic!("one writing") };
    assert_eq!(line, "POST /v1/pages/abc123/incidents");
    assert_eq!(
        *body,
        json!({ "incident": {
            "name": "Outage <core> & \"more\"", "status": "investigating", "body": "We are on it.",
            "deliver_notifications": true, "metadata": { "warroom": { "incident": ours, "key": KEY } },
        }})
    );
    let (_, wire) = send(json!([other, theirs(&ours, "earlier")]), taken, json!([]), Phase::Resolved).await;
    let [(line, body)] = &written(&wire)[..] else { panic!("one writing") };
    assert_eq!(line, "PATCH /v1/pages/abc123/incidents/p31zjtct2jer");
    assert_eq!((&body["incident"]["status"], &body["incident"]["name"]), (&json!("resolved"), &Value::Null));
    assert_eq!(body["incident"]["metadata"]["warroom"]["key"], KEY);
}

#[tokio::test]
async fn refusals_are_certain_and_a_page_that_cannot_be_read_is_not_written() {
    for (status, body, expected) in [
        (422, json!({ "error": ["Name can't be blank"] }), "Name can't be blank"),
        (420, json!({ "error": "slow down" }), "too many requests (420)"),
        (401, json!({ "error": "Could not authenticate" }), "the credential was refused"),
    ] {
        let (outcome, wire) = send(json!([]), say(status, &body), json!([]), Phase::Investigating).await;
        assert!(matches!(&outcome, Outcome::Refused { why } if why.contains(expected)), "{outcome:?}");
        assert_eq!(written(&wire).len(), 1);
    }
    for before in [json!({ "error": "no" }), json!([{ "name": "without an id" }])] {
        let (outcome, wire) = send(before, say(201, &json!({})), json!([]), Phase::Investigating).await;
        assert!(matches!(&outcome, Outcome::Refused { why } if why.starts_with("not sent: ")), "{outcome:?}");
        assert_eq!(written(&wire).len(), 0, "who does not know what is there opens no second incident");
    }
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_never_written_again() {
    let ours = incident().to_string();
    for lost in [vec![Act::Reset], say(502, &json!({}))] {
        let (outcome, wire) = send(json!([]), lost.clone(), json!([theirs(&ours, KEY)]), Phase::Investigating).await;
        assert!(matches!(&outcome, Outcome::Done { reference } if reference.contains("on the page")), "{outcome:?}");
        assert_eq!(written(&wire).len(), 1);
        let (outcome, wire) = send(json!([]), lost, json!([theirs(&ours, "earlier")]), Phase::Investigating).await;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
        assert_eq!(written(&wire).len(), 1);
    }
}

#[tokio::test]
async fn check_reads_the_page_and_posts_nothing() {
    let wire = Wire::start(|_| say(200, &json!({ "id": "abc123", "name": "Example Status" }))).await;
    let source = source(&wire);
    let said = poller::check(&given::client(), &*given::adapter(&source), &source, given::now()).await;
    assert_eq!(said.unwrap(), "may read the page \"Example Status\", nothing posted");
    assert_eq!(wire.seen().iter().map(|s| s.line().to_owned()).collect::<Vec<_>>(), ["GET /v1/pages/abc123"]);
}
