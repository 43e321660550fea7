//! A server that stalls, drips, floods, breaks off and redirects: each gives its own sentence in time, and no half answer.

use std::time::{Duration, Instant};

use warroom::incident::observation::Source;

use super::given;
use crate::support::wire::{Act, Wire, answer, head};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const CANARY: &str = "CANARY-token-that-must-not-travel";

/// One poll of an Alertmanager that does `acts`, and how long it took.
async fn told(acts: Vec<Act>) -> (Source, Duration) {
    let wire = Wire::saying(acts).await;
    let begun = Instant::now();
    let seen = given::poll(&given::client(), &given::alertmanager(&wire.url())).await;
    (seen, begun.elapsed())
}

async fn why(acts: Vec<Act>) -> String {
    let (seen, took) = told(acts).await;
    assert!(seen.observation.is_none() && seen.last_success.is_none() && seen.misses == 1, "{seen:?}");
    assert!(took < Duration::from_secs(7), "{took:?}");
    assert!(seen.next_try.is_some());
    seen.error.expect("a reason")
}

fn say(bytes: Vec<u8>) -> Act {
    Act::Say(bytes)
}

#[tokio::test]
async fn what_takes_too_long_ends_with_its_phase() {
    let half = |n: usize| answer(200, &[JSON], b"[                    ]")[..n].to_vec();
    let whole = half(90);
    let (headers, body, drip, connect) = tokio::join!(
        why(vec![say(b"HTTP/1.1 20".to_vec()), Act::Stall]),
        why(vec![say(whole), Act::Stall]),
        why(vec![say(head(200, &[JSON], Some(500))), Act::Drip(vec![b' '; 500], Duration::from_millis(300))]),
        why(vec![Act::Stall]),
    );
    assert_eq!(headers, "no answer within 2500 ms");
    assert_eq!(connect, "no answer within 2500 ms");
    assert_eq!(body, "the answer stalled: no byte for 700 ms");
    assert_eq!(drip, "the answer did not end within 5 s");
}

#[tokio::test]
async fn what_breaks_off_is_no_answer() {
    let body = br#"[{"fingerprint":"f","labels":{},"status":{"state":"active"}}]"#;
    let mut short = head(200, &[JSON], Some(body.len() + 100));
    short.extend_from_slice(body);
    let mut chunk = head(200, &[JSON, ("Transfer-Encoding", "chunked")], None);
    chunk.extend_from_slice(b"2\r\n[]\r\nZZ\r\nboom");
    let cases = [
        (vec![say(short)], "the answer is broken or cut short"),
        (vec![say(chunk)], "the answer is broken or cut short"),
        (vec![Act::Reset], "the connection was reset before an answer"),
        (vec![], "no usable answer: connection closed before message completed"),
        (
            vec![say(b"SSH-2.0-OpenSSH_9.2\r\n\x1b[2J\x00\xff".to_vec())],
            "no usable answer: invalid HTTP version parsed",
        ),
        (vec![say(answer(200, &[JSON], b""))], "empty answer (200)"),
        (vec![say(answer(204, &[], b""))], "empty answer (204)"),
        (vec![say(answer(200, &[JSON, ("Content-Encoding", "br")], b"x"))], "compression that was not asked for"),
        (vec![say(answer(304, &[], b""))], "not modified"),
    ];
    for (acts, expected) in cases {
        let found = why(acts).await;
        assert!(found.contains(expected), "{found:?}, expected {expected:?}");
    }
}

#[tokio::test]
async fn what_never_ends_is_stopped_at_the_cap() {
    let endless =
        why(vec![say(head(200, &[JSON], None)), say(b"[".to_vec()), Act::Flood(b"\"aaaaaaaa\",".repeat(6000))]).await;
    assert_eq!(endless, "the answer is larger than 32 MiB");
    let heads = why(vec![
        say(b"HTTP/1.1 200 X\r\n".to_vec()),
        Act::Flood(format!("X-Pad: {}\r\n", "a".repeat(8000)).into_bytes()),
    ])
    .await;
    assert!(heads.starts_with("no usable answer: message head is too large"), "{heads}");
}

#[tokio::test]
async fn a_status_is_told_with_its_reason_and_the_wait_it_asks_for() {
    let status = async |status: u16, headers: &[(&str, &str)], body: &str| {
        let (seen, _) = told(vec![say(answer(status, headers, body.as_bytes()))]).await;
        let wait = seen.next_try.unwrap() - seen.last_try.unwrap();
        (seen.error.unwrap(), seen.refused, wait.num_seconds())
    };
    let (why, refused, wait) = status(429, &[("Retry-After", "200")], "").await;
    assert_eq!((why.as_str(), refused, wait), ("too many requests (429); asks to wait 200 s", false, 200));
    let (_, _, wait) = status(503, &[("Retry-After", "999999999")], "").await;
    assert_eq!(wait, 300, "the absurd is capped");
    let dates = [("Date", "Thu, 22 Feb 2024 10:00:00 GMT"), ("Retry-After", "Thu, 22 Feb 2024 10:02:30 GMT")];
    let (_, _, wait) = status(503, &dates, "").await;
    assert_eq!(wait, 150, "by the server's clock");
    let (why, _, wait) = status(503, &[("Retry-After", "garbage")], "").await;
    assert!(why == "the server failed (503)" && (15..=120).contains(&wait), "{why} {wait}");
    let (why, refused, wait) = status(401, &[("Content-Type", "text/html")], "<html><title>401 Who?</title>").await;
    assert!(why == "the credential was refused (401): 401 Who?" && refused && wait >= 60, "{why} {wait}");
    let (why, refused, wait) = status(404, &[], "").await;
    assert!(why == "nothing at this address (404)" && !refused && wait >= 60);
    let (why, ..) = status(400, &[JSON], "\"error parsing regexp\"").await;
    assert_eq!(why, "the request was refused (400): error parsing regexp");
    let (why, ..) = status(422, &[JSON], r#"{"code":602,"message":"comment is required"}"#).await;
    assert_eq!(why, "the request was refused (422): comment is required");
    let (why, ..) = status(200, &[("Content-Type", "text/html")], "<!DOCTYPE html><title> Sign\nin </title>").await;
    assert_eq!(why, "answered with a web page: Sign in");
}

/// A page with a custom header as its credential, which reqwest itself would send anywhere.
fn with_canary(url: &str) -> warroom::config::SourceConfig {
    let mut source = given::statuspage(url);
    source.token = Some(warroom::config::SecretRef::File(given::data("tokens/canary")));
    source.token_header = Some("X-Api-Key".to_owned());
    source
}

#[tokio::test]
async fn a_credential_never_leaves_its_origin() {
    let thief = Wire::saying(vec![say(answer(200, &[JSON], b"{}"))]).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/login?next=secret-query", thief.url());
        let wire = Wire::saying(vec![say(answer(status, &[("Location", &to)], b""))]).await;
        let seen = given::poll(&given::client(), &with_canary(&wire.url())).await;
        let why = seen.error.unwrap();
        match status {
            301 | 308 => assert_eq!(why, "moved to another site (redirects to 127.0.0.1); correct the url"),
            _ => assert_eq!(why, "sign-in needed (redirects to 127.0.0.1)"),
        }
        assert!(wire.seen().iter().all(|seen| seen.header("x-api-key").as_deref() == Some(CANARY)));
        assert_eq!(seen.refused, !matches!(status, 301 | 308));
    }
    assert_eq!(thief.connections(), 0, "nothing at all arrived at the other origin");
}

#[tokio::test]
async fn redirects_within_the_origin_are_followed_three_times_by_pages_and_never_by_posts() {
    let list = r#"{"components":[],"incidents":[]}"#;
    let hops = |most: usize| {
        move |seen: &crate::support::wire::Seen| {
            let n: usize = seen.line().rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            if n < most {
                vec![say(answer(302, &[("Location", &format!("/{}", n + 1))], b""))]
            } else {
                vec![say(answer(200, &[JSON], list.as_bytes()))]
            }
        }
    };
    let fine = Wire::start(hops(3)).await;
    let seen = given::poll(&given::client(), &with_canary(&fine.url())).await;
    assert_eq!(seen.error, None);
    let looped = Wire::start(hops(usize::MAX)).await;
    let seen = given::poll(&given::client(), &given::statuspage(&looped.url())).await;
    assert_eq!(seen.error.as_deref(), Some("more than 3 redirects"));
    assert_eq!(looped.seen().len(), 8, "two requests of four hops");
    let moved = Wire::saying(vec![say(answer(302, &[("Location", "/prometheus/api?token=x")], b""))]).await;
    let seen = given::poll(&given::client(), &given::prometheus(&moved.url(), "up")).await;
    assert_eq!(seen.error.as_deref(), Some("answered with a redirect to /prometheus/api; correct the url"));
}

#[tokio::test]
async fn no_connection_names_the_host_and_the_cause() {
    let port = crate::support::process::free_port();
    let seen = given::poll(&given::client(), &given::alertmanager(&format!("http://127.0.0.1:{port}"))).await;
    assert_eq!(seen.error.unwrap(), format!("connection refused by 127.0.0.1:{port}"));
    let seen = given::poll(&given::client(), &given::alertmanager("http://no-such-host.invalid")).await;
    assert!(seen.error.unwrap().starts_with("the name no-such-host.invalid cannot be resolved"));
    for local in ["http://169.254.169.254/latest", "http://[fe80::1]:80"] {
        let seen = given::poll(&given::client(), &given::alertmanager(local)).await;
        assert_eq!(seen.error.unwrap(), "link-local addresses are refused");
    }
    let seen = given::poll(&given::client(), &with_canary("http://status.example")).await;
    assert_eq!(seen.error.unwrap(), "the token would go over plain http; use https");
}

#[tokio::test]
async fn a_dead_proxy_is_named_and_loopback_goes_around_it() {
    let proxy = crate::support::process::free_port();
    let mut far = given::alertmanager("http://far.example");
    far.proxy = Some(format!("http://127.0.0.1:{proxy}"));
    let seen = given::poll(&given::client(), &far).await;
    let why = seen.error.unwrap();
    assert!(why.starts_with(&format!("through the proxy 127.0.0.1:{proxy}: ")) && why.contains("refused"), "{why}");
    let wire = Wire::saying(vec![say(answer(200, &[JSON], b"[]"))]).await;
    let mut near = given::alertmanager(&wire.url());
    near.proxy = far.proxy.clone();
    assert_eq!(given::poll(&given::client(), &near).await.error, None);
    let used = Wire::saying(vec![say(answer(200, &[JSON], b"[]"))]).await;
    far.proxy = Some(used.url());
    assert_eq!(given::poll(&given::client(), &far).await.error, None);
    assert!(used.seen()[0].line().starts_with("GET http://far.example/"), "{:?}", used.seen());
}

#[tokio::test]
async fn a_failure_keeps_what_was_known_and_a_success_mends() {
    let (client, wire) = (
        given::client(),
        Wire::start({
            let turn = std::sync::atomic::AtomicUsize::new(0);
            move |_| match turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
                1 | 2 => vec![say(answer(503, &[], b""))],
                _ => vec![say(answer(200, &[JSON], b"[]"))],
            }
        })
        .await,
    );
    let source = given::alertmanager(&wire.url());
    let adapter = given::adapter(&source);
    let mut state = given::never(&source);
    let mut misses = Vec::new();
    let mut known = None;
    for _ in 0..4 {
        state = warroom::backends::poller::poll_source(&client, &*adapter, &source, &state, given::moment()).await;
        misses.push((state.misses, state.error.is_some()));
        assert!(state.observation.is_some(), "the last good answer stays");
        if state.misses > 0 {
            assert_eq!(state.last_success, known, "and is not made younger by a failure");
        }
        known = state.last_success;
    }
    assert_eq!(misses, [(0, false), (1, true), (2, true), (0, false)]);
}

/// The other half of the next test; on its own it proves nothing and does nothing.
#[tokio::test]
async fn asks_the_far_host_that_a_variable_names() {
    let Ok(url) = std::env::var("WARROOM_TEST_FAR") else { return };
    assert_eq!(given::poll(&given::client(), &given::alertmanager(&url)).await.error, None);
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_except_where_it_says_not_to() {
    let used = Wire::saying(vec![say(answer(200, &[JSON], b"[]"))]).await;
    let child = |url: String, except: &'static str| {
        let proxy = used.url();
        tokio::task::spawn_blocking(move || {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "backends::faults::asks_the_far_host_that_a_variable_names"])
                .env("WARROOM_TEST_FAR", url)
                .env("http_proxy", proxy)
                .env("NO_PROXY", except)
                .env_remove("no_proxy")
                .output()
                .unwrap()
        })
    };
    let output = child("http://far.invalid".to_owned(), "other.invalid").await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(used.seen()[0].line().starts_with("GET http://far.invalid/"), "{:?}", used.seen());
    let output = child("http://far.invalid".to_owned(), "far.invalid").await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("cannot be resolved"), "asked directly");
    let near = Wire::saying(vec![say(answer(200, &[JSON], b"[]"))]).await;
    assert!(child(near.url(), "").await.unwrap().status.success());
    assert_eq!((used.seen().len(), near.seen().len()), (1, 1), "loopback is never proxied");
}
