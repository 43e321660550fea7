//! The poller: what is asked, how many at once, what is not asked again, and what `check` says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use warroom::backends::{kinds, poller};
use warroom::incident::words::{Family, Quality};

use super::given;
use crate::support::wire::{Act, Wire, answer, json};

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[tokio::test]
async fn not_modified_is_fresh_and_gives_the_same_observation() {
    let list = br#"{"components":[{"id":"c","name":"Voice","status":"major_outage"}],"incidents":[]}"#;
    let wire = Wire::start(move |seen| {
        let answer = match seen.header("if-none-match").as_deref() {
            Some("\"v1\"") => answer(304, &[("ETag", "\"v1\"")], b""),
            _ => answer(200, &[JSON, ("ETag", "\"v1\"")], list),
        };
        vec![Act::Say(answer)]
    })
    .await;
    let (client, source) = (given::client(), given::statuspage(&wire.url()));
    let first = given::poll(&client, &source).await;
    let second = poller::poll_source(&client, &*given::adapter(&source), &source, &first, given::moment()).await;
    assert_eq!(second.error, None);
    assert_eq!(first.observation, second.observation);
    assert!(second.last_success > first.last_success);
    assert_eq!(wire.seen().iter().filter(|seen| seen.header("if-none-match").is_some()).count(), 2);
}

#[tokio::test]
async fn two_at_once_to_a_host_whatever_the_number_of_queries() {
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (open_too, most_too) = (Arc::clone(&open), Arc::clone(&most));
    // A request counts as open until its first byte is answered, a moment later.
    let wire = Wire::start(move |_| {
        let now = open_too.fetch_add(1, Ordering::SeqCst) + 1;
        most_too.fetch_max(now, Ordering::SeqCst);
        let open = Arc::clone(&open_too);
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            open.fetch_sub(1, Ordering::SeqCst);
        });
        let body = br#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"#;
        vec![Act::Drip(b"H".to_vec(), Duration::from_millis(40)), Act::Say(answer(200, &[JSON], body)[1..].to_vec())]
    })
    .await;
    let queries: String = (0..6).map(|n| format!("[[metrics.query]]\nname = \"q{n}\"\nquery = 'a + b'\n")).collect();
    let source = given::source(&format!(
        "[[metrics]]\nname = \"m\"\nkind = \"prometheus\"\nurl = \"{}\"\n{queries}",
        wire.url()
    ));
    let seen = given::poll(&given::client(), &source).await;
    assert_eq!(seen.error, None);
    assert!(seen.observation.unwrap().metrics.iter().all(|m| m.value == Some(7.0)));
    assert_eq!(wire.seen().len(), 6);
    assert!(most.load(Ordering::SeqCst) <= 2, "{} at once", most.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_bad_query_is_missing_and_the_others_stand() {
    let wire = Wire::start(|seen| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        if body.contains("bad") {
            let error = br#"{"status":"error","errorType":"bad_data","error":"parse error"}"#;
            vec![Act::Say(answer(400, &[JSON], error))]
        } else if body.contains("timestamp") {
            json(r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1000,"600"]}]}}"#)
        } else if body.contains("start=") {
            json(r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[900,"1"],[930,"NaN"],[960,"3"]]}]}}"#)
        } else {
            json(r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1000,"5"]}]}}"#)
        }
    })
    .await;
    let block = "[[metrics]]\nname = \"m\"\nkind = \"prometheus\"\nurl = \"URL//\"\n\
        [[metrics.query]]\nname = \"bad\"\nquery = 'bad + b'\n\
        [[metrics.query]]\nname = \"old\"\nquery = 'sum(users)'\nrange = \"10m\"\n\
        [[metrics.query]]\nname = \"plain\"\nquery = 'a + b'\ntolerance = 0.5\nestimated = true\nunit = \"users\"\n";
    let source = given::source(&block.replace("URL", &wire.url()));
    let seen = given::poll(&given::client(), &source).await.observation.expect("the source answers");
    let [bad, old, plain] = &seen.metrics[..] else { panic!("three metrics: {seen:?}") };
    assert_eq!(
        (bad.value, bad.quality, bad.why.as_deref()),
        (None, Quality::Missing, Some("the query failed: parse error"))
    );
    assert_eq!(
        (old.value, old.quality, old.why.as_deref()),
        (Some(5.0), Quality::Stale, Some("the newest sample is 400 s old"))
    );
    assert_eq!(old.sampled_at.unwrap().timestamp(), 600);
    assert_eq!(old.history.iter().map(|p| p.1).collect::<Vec<_>>(), [1.0, 3.0]);
    assert_eq!((plain.value, plain.quality, plain.sampled_at), (Some(5.0), Quality::Exact, None));
    assert_eq!((plain.tolerance, plain.estimated, plain.unit.as_str()), (0.5, true, "users"));
    assert!(wire.seen().iter().all(|s| s.line().starts_with("POST /api/v1/query")), "a doubled slash is normalised");
}

#[tokio::test]
async fn one_query_that_gets_no_answer_does_not_fail_the_source_but_all_of_them_do() {
    let wire = Wire::start(|seen| match String::from_utf8_lossy(&seen.body).contains("slow") {
        true => vec![Act::Say(answer(503, &[("Retry-After", "7")], b""))],
        false => json(r#"{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}"#),
    })
    .await;
    let block = |second: &str| {
        given::source(&format!(
            "[[metrics]]\nname = \"m\"\nkind = \"prometheus\"\nurl = \"{}\"\n[[metrics.query]]\nname = \"a\"\nquery = 'slow + b'\n[[metrics.query]]\nname = \"b\"\nquery = '{second}'\n",
            wire.url()
        ))
    };
    let seen = given::poll(&given::client(), &block("c + d")).await.observation.unwrap();
    assert_eq!((seen.metrics[0].value, seen.metrics[1].value, seen.quality), (None, Some(7.0), Quality::Partial));
    let seen = given::poll(&given::client(), &block("slow * 2")).await;
    assert_eq!(seen.error.as_deref(), Some("the server failed (503); asks to wait 7 s"));
}

#[tokio::test]
async fn peers_are_merged_and_a_silent_one_makes_it_partial() {
    let alert = |id: &str, state: &str| {
        format!(
            r#"{{"fingerprint":"{id}","startsAt":"2024-02-22T09:00:00Z","labels":{{"alertname":"{id}"}},"status":{{"state":"{state}","silencedBy":["s1","s2"]}}}}"#
        )
    };
    let one = Wire::saying(json(&format!("[{},{}]", alert("a", "suppressed"), alert("b", "active")))).await;
    let two = Wire::saying(json(&format!("[{},{}]", alert("a", "active"), alert("c", "odd")))).await;
    let block = |peers: &str| {
        given::source(&format!(
            "[[notification]]\nname = \"am\"\nkind = \"alertmanager\"\nurl = \"{}\"\npeers = [{peers}]\n",
            one.url()
        ))
    };
    let seen = given::poll(&given::client(), &block(&format!("\"{}/\"", two.url()))).await.observation.unwrap();
    let states: Vec<String> = seen.alerts.iter().map(|a| format!("{} {}", a.id, a.state)).collect();
    assert_eq!(states, ["a firing", "b firing", "c unknown"]);
    assert_eq!(seen.quality, Quality::Exact);
    let dead = format!("\"http://127.0.0.1:{}\"", crate::support::process::free_port());
    let seen = given::poll(&given::client(), &block(&dead)).await.observation.unwrap();
    assert_eq!((seen.quality, seen.alerts.len()), (Quality::Partial, 2));
    assert_eq!(seen.alerts[0].quiet_because, "silenced by s1 and 1 more");
    assert!(seen.quality_why.unwrap().starts_with("1 of 2 peers did not answer: connection refused"));
}

#[tokio::test]
async fn the_date_header_shows_how_far_a_clock_is_off() {
    let wire = Wire::start(|_| {
        let ahead = (given::now() + chrono::TimeDelta::seconds(90)).to_rfc2822().replace("+0000", "GMT");
        vec![Act::Say(answer(200, &[JSON, ("Date", &ahead)], b"[]"))]
    })
    .await;
    let source = given::alertmanager(&wire.url());
    let skew = given::poll(&given::client(), &source).await.skew.unwrap();
    assert!((skew - 90.0).abs() < 3.0, "{skew}");
    let line = poller::check(&given::client(), &*given::adapter(&source), &source, given::now()).await.unwrap();
    assert!(line.contains("s ahead of ours"), "{line}");
}

#[tokio::test]
async fn check_says_what_works_or_why_not() {
    let file = |name: &str| given::bytes(&format!("answers/{name}"));
    let (alerts, status) = (file("alertmanager/alerts.json"), file("alertmanager/status.json"));
    let wire = Wire::start(move |seen| {
        let body = if seen.line().ends_with("/status") { &status } else { &alerts };
        vec![Act::Say(answer(200, &[JSON], body))]
    })
    .await;
    let source = given::alertmanager(&wire.url());
    let line = poller::check(&given::client(), &*given::adapter(&source), &source, given::now()).await.unwrap();
    assert!(line.starts_with("Alertmanager 0.25.0, ") && line.ends_with(" alerts"), "{line}");
    let dead = given::alertmanager(&format!("http://127.0.0.1:{}", crate::support::process::free_port()));
    let failure = poller::check(&given::client(), &*given::adapter(&dead), &dead, given::now()).await.unwrap_err();
    assert!(failure.why.starts_with("connection refused by 127.0.0.1:"));
    let hook = given::source("[[notification]]\nname = \"h\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1\"\n");
    assert_eq!(hook.family, Family::Notification);
    assert!(kinds::find("webhook").is_some());
    assert_eq!(
        poller::check(&given::client(), &*given::adapter(&hook), &hook, given::now()).await.unwrap(),
        "only sent to: not contacted"
    );
}
