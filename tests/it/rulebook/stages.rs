//! Stages: what they run from, a second limit, a condition of their own, what comes again, and two readings of a clock.

use warroom::incident::Instant;
use warroom::rulebook::expression::Truth;
use warroom::rulebook::stage::Start;
use warroom::rulebook::{Due, Evaluation, Series, StageDue, State};

use super::{Case, at, book};

fn stage<'e>(evaluation: &'e Evaluation, id: &str) -> &'e StageDue {
    evaluation.stages.iter().find(|s| s.stage == id).unwrap()
}

fn due(evaluation: &Evaluation, id: &str) -> Option<Due> {
    stage(evaluation, id).due
}

fn by(time: &str) -> Option<Due> {
    Some(Due::At(at(time)))
}

#[test]
fn a_stage_after_another_waits_for_its_filing_and_others_do_not_concern_us() {
    let case = Case::default().number("offices_911_affected", 3).clock("discovery", "2025-07-04T15:00:00Z");
    let case = case.on("2025-07-04");
    let judged = case.judge("us-fcc-911-facility");
    let dues: Vec<bool> = judged.stages.iter().map(|s| s.due.is_some()).collect();
    assert_eq!((judged.state.clone(), dues), (State::Due, vec![true, false, false, false]));
    let filed = case.filed("initial", "2025-07-04T15:22:00Z").judge("us-fcc-911-facility");
    assert_eq!(due(&filed, "follow-up"), by("2025-07-04T17:22:00Z"));
    let book = book();
    let rule = book.get("us-fcc-911-facility").unwrap();
    let known = warroom::rulebook::Known {
        facts: &|_| warroom::rulebook::FactValue::Integer(3),
        growth: &warroom::rulebook::Growth::default(),
        clocks: &|_| vec![at("2025-07-04T15:00:00Z")],
        filed: &|_| Vec::new(),
        on: None,
        now: None,
    };
    let other = warroom::rulebook::evaluate(&book, rule, &["public_company".to_owned()], &known);
    assert_eq!(other.state, State::NotConcerned);
    assert!(other.stages.iter().all(|s| s.due.is_none()));
}

#[test]
fn the_earlier_of_two_limits_governs_unless_it_passed_before_the_clock_started() {
    let dora = |classified: Option<&str>| {
        let case = Case::default().truth("major_ict_incident", true).clock("awareness", "2026-05-12T07:00:00Z");
        match classified {
            Some(time) => case.clock("classification", time),
            None => case,
        }
        .judge("eu-dora-19")
    };
    let early = dora(Some("2026-05-12T09:00:00Z"));
    assert_eq!((due(&early, "initial"), stage(&early, "initial").limited), (by("2026-05-12T13:00:00Z"), false));
    let late = dora(Some("2026-05-13T05:00:00Z"));
    assert_eq!((due(&late, "initial"), stage(&late, "initial").limited), (by("2026-05-13T07:00:00Z"), true));
    let too_late = dora(Some("2026-05-13T08:00:00Z"));
    assert_eq!(due(&too_late, "initial"), by("2026-05-13T12:00:00Z"), "four hours from the classification");
    assert_eq!(due(&dora(None), "initial"), by("2026-05-13T07:00:00Z"), "the limit alone, until it is classified");
}

#[test]
fn a_stage_has_a_condition_of_its_own_in_three_values() {
    let crtc = |minutes: Option<i64>| {
        let case = Case::default().truth("emergency_calls_affected", true).clock("awareness", "2026-07-01T03:00:00Z");
        match minutes {
            Some(minutes) => case.number("duration_minutes", minutes),
            None => case,
        }
        .judge("ca-crtc-911")
    };
    let applies = |minutes| {
        let judged = crtc(minutes);
        let stage = stage(&judged, "notification").clone();
        (stage.applies, stage.iff, stage.due, stage.missing)
    };
    let at_five = by("2026-07-01T05:00:00Z");
    assert_eq!(applies(Some(30)), (Truth::True, false, at_five, Vec::new()));
    assert_eq!(applies(Some(29)), (Truth::False, false, None, Vec::new()));
    assert_eq!(applies(None), (Truth::Unknown, true, at_five, vec!["duration_minutes".to_owned()]));
    assert_eq!(due(&crtc(None), "psap"), by("2026-07-01T03:30:00Z"), "centres hear at any duration");
}

#[test]
fn what_comes_again_runs_from_the_last_until_its_clock_is_set() {
    let california = || {
        Case::default()
            .number("duration_minutes", 40)
            .number("zip_end_users_affected", 100)
            .clock("discovery", "2026-03-07T20:00:00Z")
            .filed("initial", "2026-03-07T20:30:00Z")
    };
    let updates = |case: Case| {
        let judged = case.judge("us-ca-caloes-outage");
        (due(&judged, "updates"), stage(&judged, "updates").again.clone().unwrap())
    };
    let (first, again) = updates(california());
    assert_eq!((first, again.filed, again.ended), (by("2026-03-08T02:30:00Z"), 0, false));
    let (next, again) =
        updates(california().filed("updates", "2026-03-08T02:10:00Z").filed("updates", "2026-03-08T08:00:00Z"));
    assert_eq!((next, again.filed), (by("2026-03-08T14:00:00Z"), 2), "elapsed hours across daylight saving");
    assert_eq!(again.last, Some(at("2026-03-08T08:00:00Z")));
    let (none, again) =
        updates(california().filed("updates", "2026-03-08T02:10:00Z").clock("restoration", "2026-03-08T05:00:00Z"));
    assert!(none.is_none() && again.ended, "it was restored before the next");
    let (late, again) =
        updates(california().filed("updates", "2026-03-08T02:10:00Z").clock("restoration", "2026-03-08T09:00:00Z"));
    assert!(late == by("2026-03-08T08:10:00Z") && !again.ended, "that one was owed before");
}

#[test]
fn the_pace_changes_after_a_while() {
    let start = "2026-06-01T00:00:00Z";
    let next = |hours: &[i64]| -> Option<Instant> {
        let mut case = Case::default()
            .truth("complete_loss_of_service", true)
            .truth("whole_state_affected", true)
            .number("expected_minutes", 600)
            .clock("detection", start)
            .filed("stakeholders", start);
        for hour in hours {
            case = case.filed("customer-updates", &(at(start) + chrono::TimeDelta::hours(*hour)).to_rfc3339());
        }
        due(&case.judge("au-acma-major-outage"), "customer-updates").map(Due::instant)
    };
    let hour = |n| Some(at(start) + chrono::TimeDelta::hours(n));
    assert_eq!((next(&[]), next(&[6]), next(&[6, 12, 18])), (hour(6), hour(12), hour(24)));
    assert_eq!((next(&[6, 12, 18, 24]), next(&[6, 12, 18, 24, 48])), (hour(48), hour(72)), "daily after a day");
}

#[test]
fn a_stage_that_waits_for_an_event_says_which() {
    let case = Case::default().truth("significant_incident", true).clock("awareness", "2026-01-30T10:00:00Z");
    let judged = case.filed("notification", "2026-01-31T15:00:00Z").judge("eu-nis2-23");
    assert_eq!(stage(&judged, "intermediate").on.as_deref(), Some("a request of the authority"));
    let dirs = Case::default().truth("dirs_active", true).judge("us-fcc-dirs");
    assert_eq!(stage(&dirs, "daily").on, None);
}

#[test]
fn customers_may_not_be_told_before_a_waiting_time_is_over() {
    let case = Case::default().truth("cpni_breach", true).clock("determination", "2026-12-21T20:00:00Z");
    let judged = case.filed("law-enforcement", "2026-12-23T15:00:00Z").judge("us-fcc-cpni");
    let holding: Vec<(&str, bool)> = judged.stages.iter().map(|s| (s.stage.as_str(), s.holds)).collect();
    assert_eq!(holding, [("law-enforcement", false), ("customers", true)]);
}

#[test]
fn business_days_beyond_the_calendar_are_said_to_be() {
    let case = |day: &str| {
        let case = Case::default().truth("cyber_incident", true).truth("material_to_investors", true);
        let judged = case.clock("determination", day).judge("us-sec-8k-105");
        stage(&judged, "8k").beyond_calendar
    };
    assert!(!case("2027-12-20T20:00:00Z") && case("2027-12-30T20:00:00Z") && case("2031-01-01T00:00:00Z"));
}

/// Discovered at 02:48, reportable at 03:15: both are shown, the earlier is worked to.
#[test]
fn a_clock_of_knowing_has_two_readings_where_the_threshold_was_met_later() {
    let mut case = Case::default()
        .number("msc_outages", 0)
        .number("oc3_minutes", 0)
        .number("offices_911_affected", 0)
        .number("facilities_988_affected", 0)
        .clock("discovery", "2024-02-22T08:48:00Z");
    let start = at("2024-02-22T08:45:00Z");
    case.growth.sum("duration_minutes", Series::duration(start, None));
    case.growth.sum("user_minutes", Series::new(start, 0, vec![(start, Some(125_000_000))]));
    case.now = Some(at("2024-02-22T09:20:00Z"));
    let judged = case.judge("us-fcc-nors-wireless");
    assert_eq!((judged.state.clone(), judged.reportable), (State::Due, Some(at("2024-02-22T09:15:00Z"))));
    let notification = stage(&judged, "notification");
    assert_eq!(notification.due, by("2024-02-22T10:48:00Z"));
    let readings: Vec<(Instant, Due, Start)> =
        notification.readings.iter().map(|r| (r.clock, r.due, r.start)).collect();
    assert_eq!(
        readings,
        [
            (at("2024-02-22T08:48:00Z"), Due::At(at("2024-02-22T10:48:00Z")), Start::Set),
            (at("2024-02-22T09:15:00Z"), Due::At(at("2024-02-22T11:15:00Z")), Start::Reportable),
        ]
    );
    let meters: Vec<(&str, i64, Option<Instant>)> =
        judged.meters.iter().map(|m| (m.threshold.fact.as_str(), m.threshold.goal, m.met_at)).collect();
    assert_eq!(
        meters,
        [
            ("duration_minutes", 30, Some(at("2024-02-22T09:15:00Z"))),
            ("user_minutes", 900_000, Some(at("2024-02-22T08:45:01Z"))),
        ]
    );
    // Found after it was reportable: one reading.
    case.clocks.clear();
    let late = case.clone().clock("discovery", "2024-02-22T09:16:00Z").judge("us-fcc-nors-wireless");
    assert_eq!(stage(&late, "notification").readings.len(), 1);
    // People chose two instants: both are readings, and the earlier is worked to.
    let two = case.clock("discovery", "2024-02-22T09:18:00Z").clock("discovery", "2024-02-22T09:17:00Z");
    let judged = two.judge("us-fcc-nors-wireless");
    assert_eq!(stage(&judged, "notification").readings.len(), 2);
    assert_eq!(due(&judged, "notification"), by("2024-02-22T11:17:00Z"));
}

/// The law runs these from the incident itself: when anybody knew does not matter.
#[test]
fn a_clock_that_is_no_knowing_has_one_reading() {
    let mut case = Case::default()
        .number("users_affected", 30_000)
        .truth("emergency_calls_affected", true)
        .clock("outage_start", "2026-05-01T00:00:00Z");
    case.growth.sum("duration_minutes", Series::duration(at("2026-05-01T00:00:00Z"), None));
    case.now = Some(at("2026-05-01T02:00:00Z"));
    let judged = case.judge("jp-tba-28");
    assert_eq!(judged.reportable, Some(at("2026-05-01T01:00:00Z")));
    assert_eq!(stage(&judged, "report").readings.len(), 1);
}
