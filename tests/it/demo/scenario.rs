//! The scenario file: the public record is in it at its instant, it answers for any instant, and a broken one says where.

use chrono::TimeDelta;
use proptest::prelude::*;
use warroom::demo::Scenario;
use warroom::demo::scenario::{Do, PLANNED, Precision};
use warroom::incident::words::ComponentState;

use super::{at, built_in};

#[test]
fn every_published_number_and_state_is_shown_at_its_instant() {
    let s = built_in();
    let mut shown = 0;
    for fact in &s.facts {
        let Some(when) = fact.at else {
            assert_eq!(fact.precision, Precision::Unknown, "{}: no instant, so none may be claimed", fact.id);
            continue;
        };
        if let (Some(series), Some(value)) = (&fact.series, fact.value) {
            let sample = s.metric(series, when).unwrap_or_else(|| panic!("{}: no sample", fact.id));
            assert_eq!((sample.value, sample.estimated), (value, false), "{}", fact.id);
            shown += 1;
        }
        if let (Some(page), Some(id), Some(state)) = (&fact.page, &fact.component, fact.state) {
            let all = s.component_states(page, when);
            let it = all.iter().find(|c| c.component.id == *id).unwrap();
            assert_eq!(it.state, state, "{}", fact.id);
            shown += 1;
        }
    }
    assert!(shown >= 12, "only {shown} facts say where the replay shows them");
    // Said here too, so that a slip in the file's own facts is seen.
    assert_eq!(s.metric("users_affected", at("2024-02-22T08:45:00Z")).unwrap().value, 125_000_000.0);
    assert_eq!(s.metric("calls_911_blocked", at("2024-02-22T22:00:00Z")).unwrap().value, 25_000.0);
    assert_eq!(s.metric("calls_blocked", at("2024-02-22T20:45:00Z")).unwrap().value, 92_000_000.0);
    let firstnet = |when: &str| {
        let all = s.component_states("service health", at(when));
        all.iter().find(|c| c.component.id == "firstnet").unwrap().state
    };
    assert_eq!(firstnet("2024-02-22T10:59:59Z"), ComponentState::MajorOutage);
    assert_eq!(firstnet("2024-02-22T11:00:00Z"), ComponentState::Operational);
}

#[test]
fn every_published_point_of_a_series_comes_back_and_names_its_source() {
    let s = built_in();
    for series in &s.series {
        for point in series.points.iter().filter(|p| !p.estimated) {
            let sample = s.metric(&series.query, point.at).unwrap();
            assert_eq!((sample.value, sample.estimated), (point.value, false), "{} at {}", series.name, point.at);
            assert!(point.source.is_some() || series.source.is_some());
        }
        // Between two points nothing is a fact.
        let between = series.points[0].at + TimeDelta::milliseconds(1);
        if s.metric(&series.name, between).is_some() {
            assert!(s.metric(&series.name, between).unwrap().estimated, "{}", series.name);
        }
    }
}

#[test]
fn at_the_opening_the_public_page_contradicts_the_service_health() {
    let s = built_in();
    let opening = s.incident.opens_at;
    assert_eq!(opening - s.incident.started, TimeDelta::minutes(35));
    assert!(s.component_states("public page", opening).iter().all(|c| c.state == ComponentState::Operational));
    assert!(s.updates("public page", opening).is_empty());
    let down = |id: &str| {
        let all = s.component_states("service health", opening);
        all.iter().find(|c| c.component.id == id).unwrap().state
    };
    for id in ["calls-911", "voice", "data-5g", "firstnet", "wps", "registration"] {
        assert_eq!(down(id), ComponentState::MajorOutage, "{id}");
    }
    assert_eq!(down("wea"), ComponentState::Operational);
    assert_eq!(down("data-4g"), ComponentState::Unknown);
    let told = at("2024-02-22T13:05:00Z");
    assert!(s.updates("public page", told - TimeDelta::milliseconds(1)).is_empty());
    assert_eq!(s.updates("public page", told).len(), 1);
}

#[test]
fn three_hundred_alerts_alike_and_the_exporter_s_death_hides_alerts_without_repair() {
    let s = built_in();
    let count = |name: &str, when: &str| s.alerts(at(when)).iter().filter(|f| f.plan.name == name).count();
    assert_eq!(count("AttachReject", "2024-02-22T09:20:00Z"), 300);
    assert!((1..300).contains(&count("AttachReject", "2024-02-22T08:46:00Z")), "they begin one after the other");
    assert_eq!(count("CoreProtectMode", "2024-02-22T09:13:59Z"), 1);
    assert_eq!(count("CoreProtectMode", "2024-02-22T09:14:00Z"), 0);
    assert_eq!(count("CoreProtectMode", "2024-02-22T09:40:00Z"), 1);
    let anew = s.alerts(at("2024-02-22T09:41:00Z"));
    let core = anew.iter().find(|f| f.plan.name == "CoreProtectMode").unwrap();
    assert_eq!(core.starts_at, at("2024-02-22T09:40:00Z"), "it fires anew");
    assert_eq!(count("CoreMetricsDown", "2024-02-22T09:20:00Z"), 1);
    assert_eq!(s.metric("users_affected", at("2024-02-22T09:20:00Z")), None, "no value, which is not zero");
    assert!(s.metric("call_block_rate", at("2024-02-22T09:20:00Z")).is_some());
}

#[test]
fn the_acts_are_invented_or_sourced_and_before_the_opening() {
    let s = built_in();
    assert!(s.acts.len() > 30);
    for act in &s.acts {
        assert!(act.invented || act.source.is_some(), "{act:?}");
        assert!(act.at < s.incident.opens_at);
    }
    let drafts = s.acts.iter().filter(|a| matches!(&a.what, Do::Draft { audience, .. } if audience == "firstnet"));
    assert_eq!(drafts.count(), 1, "FirstNet has a draft");
    assert!(!s.acts.iter().any(|a| matches!(&a.what, Do::Send { message, .. } if message == "firstnet-1")));
    assert!(!s.acts.iter().any(|a| matches!(&a.what, Do::Approve { message } if message == "firstnet-1")));
    assert!(s.acts.iter().any(|a| matches!(&a.what, Do::Assign { task, .. } if task.starts_with(PLANNED))));
    assert!(s.injects.iter().all(|i| i.invented != i.source.is_some()), "each says where it is from");
}

#[test]
fn a_small_scenario_with_other_content_reads_as_well() {
    let s = Scenario::read("small.toml", include_str!("../../data/demo/small.toml")).unwrap();
    assert_eq!(s.metric("sum(loaves_missing)", at("2025-03-01T04:30:00Z")).unwrap().value, 300.0);
    assert_eq!(
        s.metric("sum(loaves_missing)", at("2025-03-01T03:59:59Z")),
        None,
        "before the first point there is none"
    );
}

#[test]
fn a_broken_scenario_says_file_line_and_key() {
    let good = include_str!("../../data/demo/small.toml");
    let cases = [
        ("state = \"major_outage\"", "state = \"broken\"", "state", "major_outage"),
        ("severity = \"sev3\"", "severtiy = \"sev3\"", "severtiy", "unknown field"),
        (
            "from = \"2025-03-01T05:00:00Z\"",
            "from = \"2025-03-01T03:00:00Z\"",
            "page.component.state.from",
            "is before",
        ),
        ("from = \"2025-03-01T05:00:00Z\"", "from = \"five\"", "from", ""),
        ("job = \"ovens\"", "job = \"oven\"", "series.job", "did you mean \"ovens\""),
        (
            "timezone = \"Europe/Vienna\"\nstarted",
            "timezone = \"Europe/Vienn\"\nstarted",
            "incident.timezone",
            "Europe/Vienna",
        ),
        ("at = \"2025-03-01T04:06:00Z\"", "at = \"2025-03-01T05:06:00Z\"", "act.at", "before opens_at"),
        ("do.role = { role = \"commander\", holder = \"mia\" }", "do.start = { task = \"x\" }", "act.do", "no task"),
        ("do.role = { role =", "do.dance = { role =", "do.dance", "unknown variant"),
        ("warroom-scenario/1", "warroom-scenario/2", "schema", "expected"),
        ("at = \"2025-03-01T05:00:00Z\", value", "at = \"2025-03-01T03:00:00Z\", value", "series.points", "is before"),
    ];
    for (find, put, key, says) in cases {
        assert!(good.contains(find), "{find}");
        let text = good.replacen(find, put, 1);
        let problems = Scenario::read("mine.toml", &text).unwrap_err();
        let problem = &problems[0];
        assert_eq!(problem.file, "mine.toml");
        assert_eq!(problem.key.as_deref(), Some(key), "{put}: {problem}");
        assert!(problem.message.contains(says), "{put}: {problem}");
        let line = problem.line.unwrap_or_else(|| panic!("{put}: no line"));
        let there = text.lines().nth(line - 1).unwrap();
        let last = key.rsplit('.').next().unwrap();
        assert!(there.contains(last) || there.contains(put), "{put}: line {line} is {there:?}");
    }
    assert!(Scenario::read("empty.toml", "").is_err());
}

proptest! {
    #[test]
    fn it_answers_for_any_instant(millis in any::<i64>()) {
        let s = built_in_once();
        if let Some(when) = warroom::incident::Instant::from_timestamp_millis(millis) {
            for page in &s.pages {
                prop_assert_eq!(s.component_states(&page.name, when).len(), page.components.len());
                for published in s.updates(&page.name, when) {
                    prop_assert!(published.updates.iter().all(|u| u.at <= when));
                }
            }
            for series in &s.series {
                let _ = s.job(&series.job).unwrap().scraped(when);
                if let Some(sample) = s.metric(&series.query, when) {
                    let values = || series.points.iter().map(|p| p.value);
                    prop_assert!(values().any(|v| v <= sample.value) && values().any(|v| v >= sample.value));
                }
            }
            prop_assert!(s.alerts(when).iter().all(|f| f.starts_at <= when));
        }
    }

    #[test]
    fn no_text_breaks_the_reader(cut in 0usize..1800, junk in "\\PC{0,12}") {
        let good = include_str!("../../data/demo/small.toml");
        let cut = (0..=cut.min(good.len())).rev().find(|n| good.is_char_boundary(*n)).unwrap_or(0);
        let _ = Scenario::read("x.toml", &format!("{}{junk}{}", &good[..cut], &good[cut..]));
    }
}

fn built_in_once() -> &'static Scenario {
    static ONCE: std::sync::OnceLock<Scenario> = std::sync::OnceLock::new();
    ONCE.get_or_init(built_in)
}
