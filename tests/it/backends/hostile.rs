//! Answers made to mislead: each gives what `bodies.toml` says, and nothing gives an all-clear.

use warroom::backends::{Failure, Response};
use warroom::config::SourceConfig;
use warroom::incident::observation::Observation;
use warroom::incident::words::{AlertState, ComponentState, Quality};

use super::given;
use crate::support::wire::{Act, Wire, answer};

fn read(source: &SourceConfig, body: &[u8], kind: &str) -> Result<Observation, Failure> {
    given::adapter(source).read(&[Ok(Response::of(200, kind, body))], given::now())
}

fn page() -> SourceConfig {
    let mut page = given::statuspage("https://status.example.net");
    page.settings.table.insert("incidents".to_owned(), false.into());
    page
}

/// With this page the incidents are listed, so that a summary of components alone is whole.
fn summary(body: &[u8]) -> Result<Observation, Failure> {
    let list = Response::of(200, "application/json", br#"{"incidents":[]}"#);
    let page = given::statuspage("https://status.example.net");
    given::adapter(&page).read(&[Ok(Response::of(200, "application/json", body)), Ok(list)], given::now())
}

fn body(name: &str) -> Vec<u8> {
    given::bytes(&format!("hostile/bodies/{name}"))
}

fn why(result: Result<Observation, Failure>) -> String {
    match result {
        Ok(seen) => panic!("was read: {seen:?}"),
        Err(failure) => failure.why,
    }
}

#[test]
fn no_hostile_body_is_an_all_clear_for_any_kind() {
    let mut count = 0;
    for entry in std::fs::read_dir(given::data("hostile/bodies")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let kind = if name.ends_with(".html") { "text/html" } else { "application/json" };
        count += 1;
        let seen = read(&page(), &bytes, kind);
        assert!(seen.is_err(), "{name} as a status page: {seen:?}");
        let alerts = read(&given::alertmanager("http://h"), &bytes, kind);
        let alerts_expected = matches!(name.as_str(), "future-alert.json" | "many-labels.json");
        assert_eq!(alerts.is_ok(), alerts_expected, "{name} as alerts: {alerts:?}");
        let metric = read(&given::prometheus("http://h", "a + b"), &bytes, kind);
        assert!(metric.iter().flat_map(|o| &o.metrics).all(|m| m.value.is_none()), "{name} as a metric: {metric:?}");
    }
    assert_eq!(count, 22, "all of them");
}

#[test]
fn each_body_has_its_own_reason() {
    assert_eq!(why(read(&page(), &body("login.html"), "text/html")), "answered with a web page: Sign in");
    assert_eq!(why(read(&page(), &body("empty.json"), "application/json")), "empty answer (200)");
    assert!(why(summary(&body("wrong-shape.json"))).contains("missing field `components`"));
    assert!(why(summary(&body("wrong-type.json"))).contains("invalid type: string \"none\", expected a sequence"));
    assert!(why(summary(&body("null.json"))).contains("expected struct"));
    assert!(why(summary(&body("truncated.json"))).contains("EOF"));
    assert!(why(summary(&body("trailing.json"))).contains("trailing characters"));
    assert!(summary(&body("bom.json")).unwrap().components.is_empty(), "a byte order mark is read over");
}

#[test]
fn a_doubled_key_is_never_read_as_operational() {
    let body = r#"{"components":[{"id":"c1","name":"Voice","status":"operational","status":"major_outage"}]}"#;
    assert!(why(summary(body.as_bytes())).contains("duplicate field `status`"));
}

#[test]
fn an_unknown_word_is_unknown_and_loud_and_the_others_stand() {
    let seen = summary(&body("unknown-state.json")).unwrap();
    assert_eq!(seen.components.len(), 3);
    assert!(seen.components.iter().all(|c| c.state == ComponentState::Unknown));
    assert_eq!(seen.components[0].raw_state, "partially_haunted");
}

#[test]
fn of_two_components_with_one_id_the_worse_is_believed_in_either_order() {
    let one = |a: &str, b: &str| {
        let text = format!(r#"{{"components":[{{"id":"c","status":"{a}"}},{{"id":"c","status":"{b}"}}]}}"#);
        summary(text.as_bytes()).unwrap().components.iter().map(|c| c.state).collect::<Vec<_>>()
    };
    assert_eq!(one("operational", "major_outage"), [ComponentState::MajorOutage]);
    assert_eq!(one("major_outage", "operational"), [ComponentState::MajorOutage]);
    assert_eq!(one("operational", "haunted"), [ComponentState::Unknown]);
}

#[test]
fn instants_are_read_with_their_zone_or_refused_by_name() {
    let body: serde_json::Value = serde_json::from_slice(&body("times.json")).unwrap();
    let mut accepted = 0;
    for time in body["t"].as_array().unwrap() {
        let text = serde_json::json!({"components": [], "incidents": [{"id": "i", "incident_updates": [
            {"id": "u", "status": "identified", "created_at": "2024-02-22T09:00:00Z", "display_at": time}]}]});
        let seen = read(&page(), text.to_string().as_bytes(), "application/json");
        let alert =
            serde_json::json!([{"fingerprint": "f", "startsAt": time, "labels": {}, "status": {"state": "active"}}]);
        let alert = read(&given::alertmanager("http://h"), alert.to_string().as_bytes(), "application/json");
        assert_eq!(seen.is_ok(), alert.is_ok(), "{time}");
        match seen {
            Ok(_) => accepted += 1,
            Err(failure) => assert!(failure.why.starts_with("display_at of update u of incident i"), "{}", failure.why),
        }
    }
    assert_eq!(accepted, 5, "offset, leap second, year one, fractions, and null, which falls back");
}

#[test]
fn numbers_that_are_none_are_missing_with_the_reason() {
    let value = |text: &str| {
        let body = format!(
            r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[1708684800.1,"{text}"]}}]}}}}"#
        );
        let seen = read(&given::prometheus("http://h", "a + b"), body.as_bytes(), "application/json").unwrap();
        let metric = &seen.metrics[0];
        assert_eq!(metric.quality == Quality::Exact, metric.value.is_some());
        (metric.value, metric.why.clone().unwrap_or_default())
    };
    assert_eq!(value("1e-323").0, Some(1e-323));
    assert_eq!(value("-0").0, Some(-0.0));
    assert_eq!(value("9007199254740992").0, Some(9007199254740992.0));
    for (text, why) in [
        ("NaN", "0/0"),
        ("+Inf", "not finite: +Inf"),
        ("-Inf", "-Inf"),
        ("1e400", "1e400"),
        ("0x10", "0x10"),
        ("", "not a number"),
    ] {
        let (number, reason) = value(text);
        assert_eq!(number, None, "{text}");
        assert!(reason.contains(why), "{text}: {reason}");
    }
}

#[test]
fn no_answer_is_not_zero_and_one_of_two_is_not_picked() {
    let metric = |name: &str| {
        let seen = read(&given::prometheus("http://h", "a + b"), &body(name), "application/json").unwrap();
        let metric = seen.metrics[0].clone();
        (metric.value, metric.quality, metric.why.unwrap_or_default(), seen.quality)
    };
    let (value, quality, why, whole) = metric("prom-warning.json");
    assert_eq!((value, quality, whole), (None, Quality::Missing, Quality::Partial));
    assert!(why.contains("no data") && why.contains("store-3 is down"), "{why}");
    let (value, _, why, _) = metric("prom-two-series.json");
    assert!(value.is_none() && why == "2 series, expected one; use sum(…) or max(…)", "{why}");
    let (value, _, why, _) = metric("prom-error.json");
    assert!(value.is_none() && why.contains("parse error at char 3"), "{why}");
}

#[test]
fn alerts_of_the_future_and_of_many_labels() {
    let seen = read(&given::alertmanager("http://h"), &body("future-alert.json"), "application/json").unwrap();
    assert_eq!(seen.alerts[0].state, AlertState::Firing);
    assert_eq!(seen.alerts[0].starts_at.to_rfc3339(), "2124-01-01T00:00:00+00:00");
    let seen = read(&given::alertmanager("http://h"), &body("many-labels.json"), "application/json").unwrap();
    assert_eq!(seen.alerts.len(), 20);
    assert!(seen.alerts.iter().all(|a| a.labels.len() <= 20));
    let labels = (0..50).map(|n| format!("\"l{n}\":\"v\"")).collect::<Vec<_>>().join(",");
    let one = format!(
        r#"[{{"fingerprint":"f","startsAt":"0001-01-01T00:00:00Z","labels":{{{labels}}},"status":{{"state":"unprocessed"}}}}]"#
    );
    let seen = read(&given::alertmanager("http://h"), one.as_bytes(), "application/json").unwrap();
    assert_eq!(
        (seen.alerts[0].labels.len(), seen.alerts[0].labels_cut, seen.alerts[0].state),
        (20, 30, AlertState::Firing)
    );
}

#[test]
fn more_alerts_than_are_kept_is_partial_and_keeps_what_fires() {
    let mut source = given::alertmanager("http://h");
    source.settings.table.insert("max_alerts".to_owned(), 2.into());
    let alert = |id: &str, state: &str| {
        format!(
            r#"{{"fingerprint":"{id}","startsAt":"2024-02-22T09:00:00Z","labels":{{"alertname":"{id}"}},"status":{{"state":"{state}"}}}}"#
        )
    };
    let body = format!("[{},{},{}]", alert("a", "suppressed"), alert("b", "active"), alert("c", "active"));
    let seen = read(&source, body.as_bytes(), "application/json").unwrap();
    assert_eq!(seen.quality, Quality::Partial);
    assert_eq!(seen.quality_why.as_deref(), Some("3 alerts, 1 more than are kept"));
    assert_eq!(seen.alerts.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

#[tokio::test]
async fn a_bomb_and_a_false_gzip_are_failures() {
    let client = given::client();
    for (name, why) in [("bomb-64MiB.json.gz", "larger than 8 MiB"), ("not-gzip.gz", "broken or cut short")] {
        let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
        let wire = Wire::saying(vec![Act::Say(answer(200, &headers, &body(name)))]).await;
        let mut page = page();
        page.url = wire.url();
        let seen = given::poll(&client, &page).await;
        assert!(seen.error.as_deref().unwrap_or_default().contains(why), "{name}: {:?}", seen.error);
        assert!(seen.observation.is_none());
    }
}
