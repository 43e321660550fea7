//! The message gateway: only signed messages, each once, and receipts that move with real time.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use sha2::Sha256;

use super::{REAL, Stage, at, built_in, json};

const OPENING: &str = "2024-02-22T09:20:00Z";

fn sign(secret: &str, id: &str, time: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

async fn post(stage: &Stage, id: &str, time: i64, signature: &str, body: &str) -> Response {
    let request = stage.client.post(stage.url("outbox", "")).header("Content-Type", "application/json");
    let request = request.header("Webhook-Id", id).header("Webhook-Timestamp", time.to_string());
    request.header("Webhook-Signature", signature).body(body.to_owned()).send().await.unwrap()
}

async fn send(stage: &Stage, id: &str, channel: &str) -> Response {
    let body = format!(r#"{{"id":"{id}","channel":"{channel}","text":"We are working on it."}}"#);
    let time = at(REAL).timestamp();
    let signature = sign(&stage.token("outbox"), id, time, &body);
    post(stage, id, time, &signature, &body).await
}

async fn state(stage: &Stage, id: &str) -> String {
    let receipts = json(stage.client.get(stage.url("outbox", "/receipts")).send().await.unwrap()).await;
    let all = receipts["receipts"].as_array().unwrap();
    let it = all.iter().find(|r| r["id"] == id).unwrap_or_else(|| panic!("no receipt of {id}"));
    assert!(it["at"].is_string() && it["detail"].is_string());
    it["state"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_message_is_taken_once_and_its_receipt_moves() {
    let stage = Stage::new(built_in(), OPENING).await;
    let taken = send(&stage, "m-1", "direct").await;
    assert_eq!(taken.status(), StatusCode::ACCEPTED);
    assert_eq!(json(taken).await, serde_json::json!({ "accepted": "m-1" }));
    assert_eq!(send(&stage, "m-1", "direct").await.status(), StatusCode::ACCEPTED);
    let messages = json(stage.client.get(stage.url("outbox", "/messages")).send().await.unwrap()).await;
    let messages: &Vec<Value> = messages["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["times"]), (1, &serde_json::json!(2)));
    assert_eq!(stage.outbox.count(), 1);
    assert_eq!(send(&stage, "m-1", "website").await.status(), StatusCode::CONFLICT, "other words under the same id");

    assert_eq!(state(&stage, "m-1").await, "queued");
    stage.pass(1);
    assert_eq!(state(&stage, "m-1").await, "sent");
    stage.pass(2);
    assert_eq!(state(&stage, "m-1").await, "delivered");
}

#[tokio::test]
async fn a_faulty_channel_never_delivers() {
    let stage = Stage::new(built_in(), OPENING).await;
    send(&stage, "m-2", "app").await;
    stage.pass(100);
    assert_eq!(state(&stage, "m-2").await, "sent");
}

#[tokio::test]
async fn what_was_sent_before_the_opening_can_be_looked_up() {
    let stage = Stage::new(built_in(), OPENING).await;
    stage.outbox.remember("early", "app", "holding text", at("2024-02-22T09:08:10Z"));
    stage.pass(10);
    assert_eq!(state(&stage, "early").await, "sent");
}

#[tokio::test]
async fn an_unsigned_forged_or_old_message_is_refused() {
    let stage = Stage::new(built_in(), OPENING).await;
    let (secret, time, body) = (stage.token("outbox"), at(REAL).timestamp(), r#"{"channel":"direct"}"#);
    let good = sign(&secret, "m-3", time, body);
    let other = format!("whsec_{}", STANDARD.encode("another key that is long enough"));
    let old = time - 3600;
    for (id, time, signature, body) in [
        ("m-3", time, sign(&other, "m-3", time, body), body),
        ("m-4", time, good.clone(), body),
        ("m-3", time + 1, good.clone(), body),
        ("m-3", time, good.clone(), r#"{"channel":"website"}"#),
        ("m-3", time, good.replace("v1,", "v2,"), body),
        ("m-3", old, sign(&secret, "m-3", old, body), body),
        ("m-3", time, "v1,".to_owned(), body),
    ] {
        let answer = post(&stage, id, time, &signature, body).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{id} {time} {signature}");
    }
    let bare = stage.client.post(stage.url("outbox", "")).body(body).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(stage.outbox.count(), 0, "nothing of it was kept");
    // Several signatures may stand in one header while a key is changed; one that fits is enough.
    let both = format!("v1,AAAA {good}");
    assert_eq!(post(&stage, "m-3", time, &both, body).await.status(), StatusCode::ACCEPTED);
    // By the scenario's clock it is as new.
    let room = at(OPENING).timestamp();
    let signature = sign(&secret, "m-5", room, body);
    assert_eq!(post(&stage, "m-5", room, &signature, body).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn nobody_reads_the_outbox_without_its_path() {
    let stage = Stage::new(built_in(), OPENING).await;
    let url = stage.url("outbox", "");
    let origin = url.rsplit_once('/').unwrap().0;
    for path in ["/receipts", "/messages", "/"] {
        let answer = stage.client.get(format!("{origin}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
