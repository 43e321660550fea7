//! The wire formats: the same keys as recorded answers of the real servers, their refusals, and who is let in.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json as value};
use warroom::demo::Scenario;

use super::{Stage, at, built_in, json, recorded};

const OPENING: &str = "2024-02-22T09:20:00Z";

/// Every path of keys in a value; list elements share one path.
fn keys(of: &Value) -> BTreeSet<String> {
    fn walk(of: &Value, path: &str, into: &mut BTreeSet<String>) {
        match of {
            Value::Object(map) => {
                for (key, inner) in map {
                    let path = format!("{path}.{key}");
                    into.insert(path.clone());
                    walk(inner, &path, into);
                }
            }
            Value::Array(list) => list.iter().for_each(|inner| walk(inner, &format!("{path}[]"), into)),
            _ => {}
        }
    }
    let mut all = BTreeSet::new();
    walk(of, "", &mut all);
    all
}

fn missing(real: &Value, ours: &Value, but: &[&str]) -> Vec<String> {
    let ours = keys(ours);
    keys(real).into_iter().filter(|k| !ours.contains(k) && !but.iter().any(|b| k.contains(b))).collect()
}

fn of<'a>(list: &'a Value, key: &str, word: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|x| x[key] == word).unwrap_or_else(|| panic!("no {word}"))
}

#[tokio::test]
async fn a_status_page_has_the_shape_of_the_real_one() {
    let stage = Stage::new(built_in(), OPENING).await;
    let summary = stage.json("service health", "/api/v2/summary.json").await;
    // We plan no maintenance, and do not say what an update changed.
    let but = ["scheduled_maintenances[]", "affected_components[]"];
    let real = recorded("statuspage/summary.json");
    assert_eq!(missing(&real, &summary, &but), Vec::<String>::new());
    assert!(summary["scheduled_maintenances"].is_array());
    assert_eq!(of(&summary["components"], "id", "firstnet")["status"], "major_outage");
    assert_eq!(of(&summary["components"], "id", "data-4g")["status"], "not_reported");
    assert_eq!(summary["status"]["indicator"], "critical");
    let update = &summary["incidents"][0]["incident_updates"][0];
    assert_ne!(update["display_at"], update["created_at"], "it was back-dated by its author");
    assert_eq!(update["display_at"], "2024-02-22T02:45:00.000-06:00");
    let groups = summary["components"].as_array().unwrap().iter().filter(|c| c["group"] == true);
    assert_eq!(groups.count(), 2);
}

#[tokio::test]
async fn a_resolved_incident_leaves_the_summary_and_stays_in_the_list() {
    let stage = Stage::new(built_in(), "2024-02-22T22:30:00Z").await;
    let summary = stage.json("service health", "/api/v2/summary.json").await;
    assert_eq!(summary["incidents"], value!([]));
    let list = stage.json("service health", "/api/v2/incidents.json").await;
    assert_eq!(
        missing(&recorded("statuspage/incidents.json"), &list, &["affected_components[]"]),
        Vec::<String>::new()
    );
    assert_eq!(list["incidents"][0]["status"], "resolved");
    assert!(list["incidents"][0]["resolved_at"].is_string());
}

#[tokio::test]
async fn the_public_page_is_healthy_at_the_opening_and_changes_when_the_statement_comes() {
    let stage = Stage::new(built_in(), OPENING).await;
    let first = stage.get("public page", "/api/v2/summary.json").await;
    let tag = first.headers()["etag"].clone();
    assert_eq!(json(first).await["status"]["indicator"], "none");
    let again = |tag: reqwest::header::HeaderValue| {
        let url = stage.url("public page", "/api/v2/summary.json");
        stage.client.get(url).bearer_auth(stage.token("public page")).header("If-None-Match", tag).send()
    };
    stage.room("2024-02-22T13:04:59Z");
    let same = again(tag.clone()).await.unwrap();
    assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(same.headers()["date"], "Thu, 22 Feb 2024 13:04:59 GMT");
    stage.room("2024-02-22T13:05:00Z");
    let other = again(tag).await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);
    assert_eq!(json(other).await["incidents"][0]["incident_updates"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn alerts_have_the_real_shape_and_their_times_move_while_nothing_changes() {
    let stage = Stage::new(built_in(), OPENING).await;
    let alerts = stage.json("pager", "/api/v2/alerts").await;
    let real = recorded("alertmanager/alerts.json");
    let but = [".labels.", ".annotations."];
    assert_eq!(missing(&real, &alerts, &but), Vec::<String>::new());
    let alike: Vec<&Value> =
        alerts.as_array().unwrap().iter().filter(|a| a["labels"]["alertname"] == "AttachReject").collect();
    assert_eq!(alike.len(), 300);
    let prints: BTreeSet<&str> = alike.iter().map(|a| a["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), 300, "each is its own");
    let quiet =
        alerts.as_array().unwrap().iter().find(|a| a["labels"]["alertname"] == "RoamingPartnersRejected").unwrap();
    assert_eq!(quiet["status"]["state"], "suppressed");
    assert_eq!(quiet["status"]["inhibitedBy"].as_array().unwrap().len(), 1);

    let pick = |all: &Value| {
        all.as_array().unwrap().iter().find(|a| a["labels"]["alertname"] == "VoiceBlockRateHigh").unwrap().clone()
    };
    let before = pick(&alerts);
    stage.room("2024-02-22T09:25:00Z");
    let after = pick(&stage.json("pager", "/api/v2/alerts").await);
    assert_eq!((&before["fingerprint"], &before["startsAt"]), (&after["fingerprint"], &after["startsAt"]));
    assert_ne!(before["updatedAt"], after["updatedAt"]);
    assert_ne!(before["endsAt"], after["endsAt"]);
    stage.room("2024-02-22T18:31:31Z");
    let later = stage.json("pager", "/api/v2/alerts").await;
    assert!(!later.to_string().contains("AttachReject"), "a resolved alert is simply not there");
}

#[tokio::test]
async fn a_silence_quiets_what_it_matches_and_is_not_idempotent() {
    let stage = Stage::new(built_in(), OPENING).await;
    let post = |body: Value| {
        let request = stage.client.post(stage.url("pager", "/api/v2/silences")).bearer_auth(stage.token("pager"));
        request.header("Content-Type", "application/json").body(body.to_string()).send()
    };
    let matcher = |name: &str, value: &str| value!({ "name": name, "value": value, "isRegex": false, "isEqual": true });
    let silence = value!({
        "matchers": [matcher("alertname", "CareQueueLong")], "startsAt": OPENING, "endsAt": "2024-02-22T11:00:00Z",
        "createdBy": "kim", "comment": "known",
    });
    let first = json(post(silence.clone()).await.unwrap()).await["silenceID"].as_str().unwrap().to_owned();
    let second = json(post(silence.clone()).await.unwrap()).await["silenceID"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    let ours = stage.json("pager", &format!("/api/v2/silence/{first}")).await;
    assert_eq!(keys(&ours), keys(&recorded("alertmanager/silence-get.json")));
    let alerts = stage.json("pager", "/api/v2/alerts").await;
    let quiet: Vec<&Value> = alerts
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| !a["status"]["silencedBy"].as_array().unwrap().is_empty())
        .collect();
    assert_eq!(quiet.len(), 1);
    assert_eq!(quiet[0]["labels"]["alertname"], "CareQueueLong");

    let mut bad = silence.clone();
    bad.as_object_mut().unwrap().remove("comment");
    let refused = post(bad).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(json(refused).await, value!({ "code": 602, "message": "comment in body is required" }));
    let mut bad = silence;
    bad["endsAt"] = value!("2024-02-22T09:00:00Z");
    let refused = post(bad).await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(json(refused).await.is_string(), "a bare text");
}

#[tokio::test]
async fn queries_answer_as_the_real_server_does() {
    let stage = Stage::new(built_in(), "2024-02-22T09:13:50Z").await;
    let sum = stage.json("core", "/api/v1/query?query=sum(subscribers_without_service)").await;
    assert_eq!(keys(&sum), keys(&recorded("prometheus/instant-sum.json")));
    assert_eq!(sum["data"]["result"][0]["value"], value!([1708593230.0, "125000000"]));
    let plain = stage.json("core", "/api/v1/query?query=subscribers_without_service").await;
    let real = recorded("prometheus/instant-vector.json");
    assert_eq!(missing(&real, &plain, &[".region", ".instance"]), Vec::<String>::new());
    let aged = stage.json("core", "/api/v1/query?query=min(timestamp(subscribers_without_service))").await;
    assert_eq!(aged["data"]["result"][0]["value"][1], "1708593225", "the scrape's instant, not the question's");
    let path = "/api/v1/query_range?query=sum(subscribers_without_service)&start=1708591200&end=1708593200&step=60";
    let range = stage.json("core", path).await;
    assert_eq!(keys(&range), keys(&recorded("prometheus/range.json")));
    let form = stage.client.post(stage.url("core", "/api/v1/query")).bearer_auth(stage.token("core"));
    let posted = json(form.form(&[("query", "sum(subscribers_without_service)")]).send().await.unwrap()).await;
    assert_eq!(posted, sum);
    assert_eq!(stage.json("core", "/api/v1/query?query=no_such_metric").await, recorded("prometheus/empty.json"));
    let up = stage.json("core", "/api/v1/query?query=up%7Bjob%3D%22core%22%7D").await;
    assert_eq!(keys(&up), keys(&recorded("prometheus/target-down-up.json")));

    for (path, file) in [
        ("/api/v1/query?query=sum%28", "bad-query"),
        ("/api/v1/query?query=up&time=yesterday", "bad-time"),
        ("/api/v1/query", "missing-param"),
    ] {
        let answer = stage.get("core", path).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}");
        let (ours, real) = (json(answer).await, recorded(&format!("prometheus/{file}.json")));
        assert_eq!((&ours["errorType"], keys(&ours)), (&real["errorType"], keys(&real)), "{path}");
    }
    let body = stage.client.post(stage.url("core", "/api/v1/query")).bearer_auth(stage.token("core"));
    let body = body.header("Content-Type", "application/json").body(r#"{"query":"up"}"#).send().await.unwrap();
    assert_eq!(body.status(), StatusCode::BAD_REQUEST, "a JSON body is not read");
}

#[tokio::test]
async fn a_dead_exporter_gives_no_value_at_all_and_the_other_series_go_on() {
    let stage = Stage::new(built_in(), OPENING).await;
    let empty = recorded("prometheus/empty.json");
    let core = "/api/v1/query?query=sum(subscribers_without_service)";
    assert_eq!(stage.json("core", core).await, empty);
    let up = stage.json("core", "/api/v1/query?query=up%7Bjob%3D%22core%22%7D").await;
    assert_eq!(up["data"]["result"][0]["value"][1], "0");
    let voice = stage.json("core", "/api/v1/query?query=max(voice_calls_blocked_percent)").await;
    assert_eq!(voice["data"]["result"][0]["value"][1], "100");
    // A range ends where the series ended, without nulls.
    let path = "/api/v1/query_range?query=sum(subscribers_without_service)&start=1708592400&end=1708593600&step=60";
    let range = stage.json("core", path).await;
    let values = range["data"]["result"][0]["values"].as_array().unwrap();
    assert_eq!(values.last().unwrap()[0], at("2024-02-22T09:13:00Z").timestamp() as f64);
    stage.room("2024-02-22T09:40:00Z");
    assert_eq!(stage.json("core", core).await["data"]["result"][0]["value"][1], "125000000");
    // Nobody has samples of the future.
    let future = format!("{core}&time=1708620000");
    assert_eq!(stage.json("core", &future).await, empty);
}

#[tokio::test]
async fn who_has_no_token_gets_html_and_401_from_each() {
    let stage = Stage::new(built_in(), OPENING).await;
    for (name, path) in [
        ("service health", "/api/v2/summary.json"),
        ("public page", "/api/v2/incidents.json"),
        ("pager", "/api/v2/alerts"),
        ("core", "/api/v1/query?query=up"),
    ] {
        for token in [None, Some("wrong".to_owned()), Some(stage.token("outbox"))] {
            let request = stage.client.get(stage.url(name, path));
            let request = match &token {
                Some(token) => request.bearer_auth(token),
                None => request,
            };
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{name} {token:?}");
            assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        }
        let answer = stage.get(name, path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{name}");
        assert_eq!(answer.headers()["date"], "Thu, 22 Feb 2024 09:20:00 GMT", "{name}");
    }
    let oauth = format!("OAuth {}", stage.token("public page"));
    let url = stage.url("public page", "/api/v2/summary.json");
    assert_eq!(stage.client.get(url).header("Authorization", oauth).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_configuration_names_loopback_servers_and_private_token_files() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::new(built_in(), OPENING).await;
    assert_eq!(stage.config["playbook"].as_str(), Some("carrier-outage"));
    let mut tokens = BTreeSet::new();
    for name in ["service health", "public page", "pager", "outbox", "core"] {
        let source = stage.source(name);
        assert!(source["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{name}");
        assert_eq!(source["every"].as_str(), Some("2s"));
        let mode = std::fs::metadata(source["token"]["file"].as_str().unwrap()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        assert!(tokens.insert(stage.token(name)), "{name} shares a token");
    }
    let queries = stage.source("core")["query"].as_array().unwrap();
    assert_eq!(queries.len(), built_in().series.len());
    for query in queries {
        let query = query["query"].as_str().unwrap();
        let answer = stage.json("core", &format!("/api/v1/query?query={query}&time=1708606800")).await;
        assert_eq!(answer["status"], "success", "{query}");
    }
}

#[tokio::test]
async fn another_scenario_is_replayed_too_and_serving_ends_when_told() {
    let small = Scenario::read("small.toml", include_str!("../../data/demo/small.toml")).unwrap();
    let mut stage = Stage::new(small, "2025-03-01T04:30:00Z").await;
    let answer = stage.json("core", "/api/v1/query?query=sum(loaves_missing)").await;
    assert_eq!(answer["data"]["result"][0]["value"][1], "300");
    let summary = stage.json("shop", "/api/v2/summary.json").await;
    assert_eq!(summary["components"][0]["status"], "major_outage");
    stage.stop.take().unwrap().send(()).unwrap();
    let served = tokio::time::timeout(std::time::Duration::from_secs(5), stage.served.take().unwrap()).await;
    served.expect("it ends").unwrap().unwrap();
}
