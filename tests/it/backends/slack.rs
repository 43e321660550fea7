//! Slack: a 200 that says no, a wait that is said, and a post that is looked up by its key where the answer was lost.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use warroom::backends::{Outcome, delivery, poller};
use warroom::config::{SecretRef, SourceConfig};
use warroom::incident::words::Phase;

use super::given;
use super::outgoing::{KEY, outgoing};
use crate::support::wire::{Act, Wire, answer};

const JSON: (&str, &str) = ("Content-Type", "application/json; charset=utf-8");

fn source(wire: &Wire) -> SourceConfig {
    let mut source = given::source(&format!(
        "[[notification]]\nname = \"chat\"\nkind = \"slack\"\nurl = \"{}/api\"\nchannel = \"C0123\"\n",
        wire.url()
    ));
    source.token = Some(SecretRef::File(given::data("tokens/webhook")));
    source
}

fn say(status: u16, headers: &[(&str, &str)], body: &Value) -> Vec<Act> {
    let mut all = vec![JSON];
    all.extend_from_slice(headers);
    vec![Act::Say(answer(status, &all, body.to_string().as_bytes()))]
}

/// Sends over a Slack that answers a post so, and whose history holds these posts.
async fn send(post: Vec<Act>, history: Value) -> (Outcome, Wire) {
    let wire = Wire::start(move |seen| match seen.line() {
        line if line.contains("chat.postMessage") => post.clone(),
        _ => say(200, &[], &history),
    })
    .await;
    let source = source(&wire);
    let message = outgoing("Down: <core> & \"more\" *now*", "", &[], Phase::Investigating);
    let adapter = given::adapter(&source);
    let outcome =
        delivery::deliver(&given::client(), &*adapter, &source, &message, KEY, given::now(), &given::unrecorded).await;
    (outcome, wire)
}

fn posts(wire: &Wire) -> usize {
    wire.seen().iter().filter(|s| s.line().contains("chat.postMessage")).count()
}

#[tokio::test]
async fn a_post_is_word_for_word_and_carries_its_key() {
    let taken = json!({ "ok": true, "channel": "C0123", "ts": "1708590000.000200" });
    let (outcome, wire) = send(say(200, &[], &taken), json!({})).await;
    assert_eq!(outcome, Outcome::Done { reference: "1708590000.000200".to_owned() });
    let seen = wire.seen();
    assert_eq!(seen[0].line(), "POST /api/chat.postMessage");
    assert!(seen[0].header("authorization").unwrap().starts_with("Bearer "));
    let body: Value = serde_json::from_slice(&seen[0].body).unwrap();
    assert_eq!(body["text"], "Down: &lt;core&gt; &amp; \"more\" *now*");
    assert_eq!(
        (&body["mrkdwn"], &body["unfurl_links"], &body["channel"]),
        (&json!(false), &json!(false), &json!("C0123"))
    );
    assert_eq!(body["metadata"]["event_payload"]["key"], KEY);
}

#[tokio::test]
async fn two_hundred_can_say_no_and_a_wait_is_said() {
    let (outcome, wire) = send(say(200, &[], &json!({ "ok": false, "error": "channel_not_found" })), json!({})).await;
    assert_eq!(outcome, Outcome::Refused { why: "Slack says no: channel_not_found".to_owned() });
    assert_eq!(wire.seen().len(), 1, "certain: nothing to look up");
    let (outcome, wire) =
        send(say(429, &[("Retry-After", "30")], &json!({ "ok": false, "error": "ratelimited" })), json!({})).await;
    assert!(matches!(&outcome, Outcome::Refused { why } if why.contains("asks to wait 30 s")), "{outcome:?}");
    assert_eq!(posts(&wire), 1);
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_by_the_key_and_never_posted_again() {
    let post = |key: &str| json!({ "ts": "1708590000.000200", "text": "x", "metadata": { "event_type": "warroom_message", "event_payload": { "key": key } } });
    let found = json!({ "ok": true, "messages": [{ "ts": "1", "text": "hello" }, post("another"), post(KEY)] });
    let none = json!({ "ok": true, "messages": [post("another")] });
    let strange = json!({ "ok": false, "error": "missing_scope" });
    let in_doubt = say(200, &[], &json!({ "ok": false, "error": "fatal_error" }));
    for lost in [vec![Act::Reset], say(500, &[], &json!({})), in_doubt] {
        let (outcome, wire) = send(lost.clone(), found.clone()).await;
        assert!(
            matches!(&outcome, Outcome::Done { reference } if reference.contains("seen in the channel")),
            "{outcome:?}"
        );
        assert_eq!(posts(&wire), 1);
        let asked = wire.seen()[1].line().to_owned();
        assert!(asked.starts_with("GET /api/conversations.history?channel=C0123&include_all_metadata=true"), "{asked}");
        for history in [none.clone(), strange.clone()] {
            let (outcome, wire) = send(lost.clone(), history).await;
            assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
            assert_eq!(posts(&wire), 1);
        }
    }
}

#[tokio::test]
async fn check_signs_in_and_posts_nothing() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    for (body, expected) in [
        (
            json!({ "ok": true, "team": "Example", "user": "warroom" }),
            Ok("signed in to Example as warroom, nothing posted"),
        ),
        (json!({ "ok": false, "error": "invalid_auth" }), Err("Slack says no: invalid_auth")),
    ] {
        let told = Arc::clone(&heard);
        let wire = Wire::start(move |seen| {
            told.lock().unwrap().push(seen.line().to_owned());
            say(200, &[], &body)
        })
        .await;
        let source = source(&wire);
        let said = poller::check(&given::client(), &*given::adapter(&source), &source, given::now()).await;
        assert_eq!(said.as_deref().map_err(|f| f.why.as_str()), expected);
    }
    assert_eq!(*heard.lock().unwrap(), ["POST /api/auth.test", "POST /api/auth.test"]);
}
