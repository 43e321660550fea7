//! The rules applied to a whole incident: the founding outage by the law of its day, a bank in the European Union, what grows
//! by itself, what comes again, and one filing that answers several.

use chrono::TimeDelta;
use serde_json::json;
use warroom::incident::Instant;
use warroom::incident::entry::{Author, Entry, Hlc, WriterId};
use warroom::incident::plan::{Plan, PlannedFact};
use warroom::incident::state::Incident;
use warroom::incident::what::*;
use warroom::incident::words::*;
use warroom::rulebook::{Binding, Due};
use warroom::situation::known::{Facts, Origin};
use warroom::situation::obligations::{
    Law, Obligation, StageView, Standing, obligation, obligations, obligations_under,
};

use super::{at, book};
use crate::incident::{Record, id};

const CARRIER: [&str; 3] = ["wireless_carrier", "firstnet_contractor", "public_company"];

/// An incident and what is told of it, at instants of the day.
struct Case {
    record: Record,
    plan: Plan,
    started: Instant,
}

impl Case {
    fn new(started: &str, organisation: &[&str]) -> Case {
        let started = at(started);
        let declared = Declared {
            title: "Outage".into(),
            severity: Severity::Sev1,
            started,
            detected: Some(started + TimeDelta::minutes(3)),
            exercise: false,
            timezone: "America/Chicago".into(),
            organisation: organisation.iter().map(|kind| (*kind).to_owned()).collect(),
            demo: false,
        };
        let mut case = Case { record: Record { entries: Vec::new() }, plan: Plan::default(), started };
        case.add(5, declared);
        case
    }

    /// So many minutes after the start.
    fn add(&mut self, minute: i64, what: impl Into<What>) -> &mut Case {
        let happened = self.started + TimeDelta::minutes(minute);
        let seq = u64::try_from(self.record.entries.len()).unwrap() + 1;
        self.record.entries.push(Entry {
            id: id(&format!("{seq}")),
            hlc: Hlc(i64::try_from(seq).unwrap(), 0),
            writer: WriterId(uuid::Uuid::from_u128(1)),
            seq,
            happened,
            recorded: happened,
            author: Author { person: "kim".into(), host: "h".into(), machine: false },
            what: what.into(),
        });
        self
    }

    fn fact(&mut self, minute: i64, name: &str, value: serde_json::Value) -> &mut Case {
        let before = self.incident();
        let replaces = before.facts.get(name).map(|r| r.replaces()).unwrap_or_default();
        let (unit, basis) = (String::new(), "the desk".to_owned());
        let name = name.to_owned();
        self.add(minute, FactSet { name, value, unit, basis, confirmed_by: None, needs: Vec::new(), replaces })
    }

    fn clock(&mut self, minute: i64, clock: &str, time: &str) -> &mut Case {
        let (clock, why) = (clock.to_owned(), "the log".to_owned());
        self.add(minute, ClockSet { clock, at: at(time), why, assumed: false, replaces: vec![] })
    }

    fn file(&mut self, minute: i64, rule: &str, stage: &str) -> &mut Case {
        let (rule, stage) = (rule.to_owned(), stage.to_owned());
        self.add(
            minute,
            StageFiled { rule, stage, reference: "24-118".into(), person: "legal".into(), how: Default::default() },
        )
    }

    fn incident(&self) -> Incident {
        self.record.incident()
    }

    fn all(&self, minute: i64) -> Vec<Obligation> {
        let now = self.started + TimeDelta::minutes(minute);
        obligations(&self.incident(), &self.plan, &book(), &[], now, now)
    }

    fn one(&self, minute: i64, rule: &str) -> Obligation {
        self.all(minute).into_iter().find(|o| o.rule == rule).unwrap_or_else(|| panic!("{rule} does not concern us"))
    }
}

fn stage<'o>(obligation: &'o Obligation, id: &str) -> &'o StageView {
    obligation.stages.iter().find(|s| s.id == id).unwrap_or_else(|| panic!("{} has no {id}", obligation.rule))
}

fn by(time: &str) -> Option<Due> {
    Some(Due::At(at(time)))
}

/// 22 February 2024, with the facts as people stated them half an hour in.
fn founding() -> Case {
    let mut case = Case::new("2024-02-22T08:45:00Z", &CARRIER);
    case.fact(6, "users_affected", json!(125_000_000));
    case.fact(20, "offices_911_affected", json!(1)).fact(21, "public_safety_network_affected", json!(true));
    case
}

#[test]
fn the_founding_outage_by_the_law_of_its_day() {
    let case = founding();
    let fcc = case.one(35, "us-fcc-nors-wireless");
    assert_eq!(fcc.state, Standing::Due);
    let dues: Vec<Option<Due>> = fcc.stages.iter().map(|s| s.due).collect();
    assert_eq!(dues, [by("2024-02-22T10:48:00Z"), by("2024-02-25T08:48:00Z"), by("2024-03-24T03:59:59Z")]);
    let readings: Vec<(Instant, Due)> = fcc.stages[0].readings.iter().map(|r| (r.clock, r.due)).collect();
    assert_eq!(
        readings,
        [
            (at("2024-02-22T08:48:00Z"), Due::At(at("2024-02-22T10:48:00Z"))),
            (at("2024-02-22T09:15:00Z"), Due::At(at("2024-02-22T11:15:00Z"))),
        ],
        "discovered 02:48, reportable 03:15"
    );
    let then = case.one(35, "us-fcc-911-facility-before-2025");
    assert_eq!((&then.state, then.binding), (&Standing::Due, Binding::NotResearched));
    assert_eq!(stage(&then, "initial").due, Some(Due::Asap(at("2024-02-22T08:48:00Z"))), "at once");
    let now = case.one(35, "us-fcc-911-facility");
    assert_eq!(now.state, Standing::NotInForce);
    assert!(now.stages.iter().all(|s| s.due.is_none()));
    let firstnet = case.one(35, "us-firstnet-contract");
    assert!(matches!(stage(&firstnet, "customers").due, Some(Due::Asap(_))), "{firstnet:?}");
}

#[test]
fn what_if_it_happened_today() {
    let case = founding();
    let now = at("2024-02-22T09:20:00Z");
    let (incident, book) = (case.incident(), book());
    let facts = Facts::new(&incident, &case.plan, &book, &[], now, now);
    let today = Law::Of(at("2026-11-26T12:00:00Z"));
    let all = obligations_under(today, &incident, &case.plan, &book, &facts, now);
    let of = |rule: &str| all.iter().find(|o| o.rule == rule).unwrap();
    assert_eq!(of("us-fcc-911-facility").state, Standing::Due);
    assert_eq!(stage(of("us-fcc-911-facility"), "initial").due, by("2024-02-22T09:18:00Z"));
    assert_eq!(of("us-fcc-911-facility-before-2025").state, Standing::NotInForce);
    assert!(
        obligation(today, &incident, &book, book.get("eu-dora-19").unwrap(), &facts, now).is_none(),
        "not our kind"
    );
}

/// An outage by a wrong process is no item of Form 8-K, whatever its size.
#[test]
fn an_outage_without_an_attack_is_no_securities_item() {
    let mut case = founding();
    let item = |case: &Case| case.one(40, "us-sec-8k-105").state;
    assert_eq!(item(&case), Standing::Unknown(vec!["cyber_incident".into(), "material_to_investors".into()]));
    case.fact(36, "cyber_incident", json!(false));
    assert_eq!(item(&case), Standing::NotTriggered);
}

/// Nothing is known yet but that it happened: every duty that may hold is there, and says what it lacks.
#[test]
fn a_bank_in_the_union_works_from_its_kinds_alone() {
    let mut bank = Case::new("2026-05-12T06:57:00Z", &["eu_financial", "eu_essential", "data_controller"]);
    let missing = |case: &Case, rule: &str| match case.one(30, rule).state {
        Standing::Unknown(missing) => missing,
        other => panic!("{rule}: {other:?}"),
    };
    assert_eq!(missing(&bank, "eu-dora-19"), ["major_ict_incident"]);
    assert_eq!(missing(&bank, "eu-nis2-23"), ["significant_incident"]);
    assert_eq!(missing(&bank, "eu-gdpr-33"), ["personal_data_breach", "risk_to_individuals"]);
    let dora = bank.one(30, "eu-dora-19");
    let initial = stage(&dora, "initial");
    assert!(
        initial.iff && initial.limited && initial.due == by("2026-05-13T07:00:00Z"),
        "24 hours from knowing: {initial:?}"
    );
    let unset: Vec<&str> = dora.clocks.iter().filter(|c| c.at.is_none()).map(|c| c.name.as_str()).collect();
    assert_eq!(unset, ["classification"], "nobody has classified it");
    let nis2 = bank.one(30, "eu-nis2-23");
    assert!(nis2.stages.iter().take(2).all(|s| s.iff));
    assert_eq!(stage(&nis2, "early-warning").due, by("2026-05-13T07:00:00Z"));
    assert_eq!(stage(&bank.one(30, "eu-gdpr-33"), "notification").due, by("2026-05-15T07:00:00Z"));
    assert!(bank.all(30).iter().all(|o| o.rule != "us-fcc-nors-wireless"), "not a carrier");
    bank.fact(31, "major_ict_incident", json!(true)).clock(32, "classification", "2026-05-12T09:00:00Z");
    let dora = bank.one(130, "eu-dora-19");
    assert_eq!((&dora.state, stage(&dora, "initial").due), (&Standing::Due, by("2026-05-12T13:00:00Z")));
    bank.file(300, "eu-dora-19", "initial");
    let dora = bank.one(301, "eu-dora-19");
    assert_eq!(stage(&dora, "intermediate").due, by("2026-05-15T11:57:00Z"), "72 hours from the filing");
}

#[test]
fn duration_and_users_grow_by_themselves_and_say_when_it_fires() {
    let mut case = Case::new("2025-05-14T10:00:00Z", &["wireless_carrier"]);
    case.plan.facts = vec![PlannedFact {
        component: None,
        name: "users_affected".into(),
        meaning: String::new(),
        unit: String::new(),
        metric: Some("users".into()),
        tolerance: 0.1,
        clear: vec![],
        internal: false,
    }];
    let moved = |value: f64| MetricMoved {
        origin: "https://metrics".into(),
        name: "users".into(),
        unit: String::new(),
        value: Some(value),
        quality: Quality::Exact,
        why: String::new(),
        estimated: false,
    };
    case.add(0, moved(6_000.0));
    let fires = |case: &Case, minute| case.one(minute, "us-fcc-nors-wireless").fires.map(|f| f.at);
    assert_eq!(fires(&case, 20), Some(at("2025-05-14T12:30:00Z")), "900,000 / 6,000 = 150 minutes");
    // Before the duration is reached nothing is owed; what may make it so then is asked for now.
    let early = case.one(20, "us-fcc-nors-wireless");
    assert_eq!(early.state, Standing::NotTriggered);
    let may = early.may_fire.expect("it hangs on facts that nobody has stated");
    assert_eq!(may.at, at("2025-05-14T10:30:00Z"));
    for fact in ["offices_911_affected", "msc_outages", "oc3_minutes"] {
        assert!(may.assumes.iter().any(|name| name == fact), "{fact}: {:?}", may.assumes);
    }
    assert_eq!(case.one(31, "us-fcc-nors-wireless").may_fire, None, "it hangs on them now");
    case.add(60, moved(24_000.0));
    assert_eq!(fires(&case, 70), Some(at("2025-05-14T11:22:30Z")));
    assert_eq!(fires(&case, 83), None, "it has fired");
    let fired = case.one(83, "us-fcc-nors-wireless");
    assert_eq!((fired.state, fired.reportable), (Standing::Due, Some(at("2025-05-14T11:22:30Z"))));
    let meter = fired.meters.iter().find(|m| m.threshold.fact == "user_minutes").unwrap();
    assert_eq!((meter.value, meter.at_least), (360_000 + 23 * 24_000, false));
    // What a person counts takes the place of what is measured, from then on.
    case.fact(75, "users_affected", json!(0));
    assert_eq!(fires(&case, 90), None, "720,000 when service returned");
    let facts_at = case.started + TimeDelta::minutes(90);
    let (incident, book) = (case.incident(), book());
    let facts = Facts::new(&incident, &case.plan, &book, &[], facts_at, facts_at);
    assert_eq!(facts.value("user_minutes"), warroom::rulebook::FactValue::Integer(720_000));
    assert_eq!(facts.view("user_minutes").origin, Origin::Grows { at_least: false });
    assert!(matches!(facts.view("users_affected").origin, Origin::Person { .. }));
    assert_eq!(facts.view("msc_outages").origin, Origin::Nobody);
}

/// A sum that the plan takes from a metric is that metric's, and unknown while that is not fresh.
#[test]
fn a_measured_sum_is_not_reckoned() {
    let mut case = Case::new("2025-05-14T10:00:00Z", &["wireless_carrier"]);
    case.fact(0, "users_affected", json!(50_000));
    assert_eq!(case.one(60, "us-fcc-nors-wireless").state, Standing::Due);
    let planned = |name: &str, metric: &str| PlannedFact {
        component: None,
        name: name.into(),
        meaning: String::new(),
        unit: String::new(),
        metric: Some(metric.into()),
        tolerance: 0.1,
        clear: vec![],
        internal: false,
    };
    case.plan.facts = vec![planned("user_minutes", "lost")];
    assert!(
        matches!(case.one(60, "us-fcc-nors-wireless").state, Standing::Unknown(missing) if missing.contains(&"user_minutes".to_owned()))
    );
}

/// A sum that a person stated goes on from there: it would else stand still while people are without service.
#[test]
fn a_stated_sum_grows_on() {
    let mut case = Case::new("2025-05-14T17:00:00Z", &["wireless_carrier"]);
    case.fact(74, "users_affected", json!(12_000)).fact(74, "user_minutes", json!(888_000));
    let fcc = case.one(74, "us-fcc-nors-wireless");
    assert_eq!(fcc.fires.map(|f| f.at), Some(at("2025-05-14T18:15:00Z")));
    assert_eq!(case.one(75, "us-fcc-nors-wireless").state, Standing::Due);
    case.fact(76, "user_minutes", json!(null));
    assert!(matches!(case.one(80, "us-fcc-nors-wireless").state, Standing::Unknown(_)), "stated to be unknown");
}

#[test]
fn an_update_that_comes_again_counts_down_again() {
    let mut case = Case::new("2026-06-01T12:00:00Z", &["wireless_carrier"]);
    case.fact(6, "zip_end_users_affected", json!(100));
    case.file(40, "us-ca-caloes-outage", "initial").file(400, "us-ca-caloes-outage", "updates");
    let oes = case.one(410, "us-ca-caloes-outage");
    let updates = stage(&oes, "updates");
    assert_eq!((updates.state, updates.due), (StageState::Pending, by("2026-06-02T00:40:00Z")), "open for the next");
    let again = updates.again.clone().unwrap();
    assert_eq!((again.filed, again.last), (1, Some(at("2026-06-01T18:40:00Z"))));
    case.file(700, "us-ca-caloes-outage", "updates").clock(750, "restoration", "2026-06-02T01:00:00Z");
    let oes = case.one(800, "us-ca-caloes-outage");
    let updates = stage(&oes, "updates");
    assert!(!updates.open() && updates.due.is_none() && updates.again.as_ref().unwrap().ended, "{updates:?}");
}

/// What was withdrawn starts no clock; filed anew, the clock runs from then.
#[test]
fn a_withdrawn_filing_starts_nothing() {
    let mut case = Case::new("2026-06-01T12:00:00Z", &["eu_essential"]);
    case.fact(6, "significant_incident", json!(true)).file(60, "eu-nis2-23", "notification");
    let last = |case: &Case| stage(&case.one(200, "eu-nis2-23"), "final").due;
    assert_eq!(last(&case), by("2026-07-01T21:59:59Z"));
    let (rule, stage_id) = ("eu-nis2-23".to_owned(), "notification".to_owned());
    case.add(
        70,
        StageWithdrawn {
            rule,
            stage: stage_id,
            why: "not significant".into(),
            by: "kim".into(),
            figures: Default::default(),
        },
    );
    assert_eq!(last(&case), None);
    case.file(60 * 24, "eu-nis2-23", "notification");
    assert_eq!(last(&case), by("2026-07-02T21:59:59Z"));
}

#[test]
fn one_filing_answers_the_rules_that_go_together() {
    let mut case = Case::new("2026-06-01T12:00:00Z", &["wireline_carrier", "cable_operator", "voip_provider"]);
    case.fact(6, "special_offices_affected", json!(1));
    let open = |case: &Case| -> Vec<String> {
        let nors = case.all(45).into_iter().filter(|o| o.merge.as_deref() == Some("us-fcc-nors"));
        let due = nors.filter(|o| o.state == Standing::Due && stage(o, "notification").open());
        due.map(|o| o.rule).collect()
    };
    assert_eq!(open(&case).len(), 4, "{:?}", open(&case));
    case.file(40, "us-fcc-nors-wireline", "notification");
    assert_eq!(open(&case), [""; 0]);
    let cable = case.one(45, "us-fcc-nors-cable");
    let answered = stage(&cable, "notification");
    assert_eq!((answered.answered_by.as_deref(), answered.state), (Some("us-fcc-nors-wireline"), StageState::Filed));
    let (rule, stage_id) = ("us-fcc-nors-wireline".to_owned(), "notification".to_owned());
    case.add(
        44,
        StageWithdrawn {
            rule,
            stage: stage_id,
            why: "below the threshold".into(),
            by: "kim".into(),
            figures: Default::default(),
        },
    );
    assert!(stage(&case.one(45, "us-fcc-nors-cable"), "notification").open(), "what was withdrawn answers nothing");
}

#[test]
fn a_stage_whose_condition_does_not_hold_is_not_there_and_one_that_may_is_an_if() {
    let mut case = Case::new("2026-06-01T12:00:00Z", &["data_controller"]);
    case.fact(6, "personal_data_breach", json!(true)).fact(7, "risk_to_individuals", json!(true));
    let gdpr = case.one(30, "eu-gdpr-33");
    let people = stage(&gdpr, "individuals");
    assert!(gdpr.state == Standing::Due && people.iff && people.missing == ["high_risk_to_individuals"], "{people:?}");
    case.fact(31, "high_risk_to_individuals", json!(false));
    assert!(case.one(32, "eu-gdpr-33").stages.iter().all(|s| s.id != "individuals"));
}

#[test]
fn what_waits_for_an_event_is_not_due_before_it() {
    let mut case = founding();
    case.file(40, "us-fcc-911-facility-before-2025", "initial");
    let psaps = case.one(60, "us-fcc-911-facility-before-2025");
    let updates = stage(&psaps, "updates");
    assert_eq!((updates.due, updates.on.as_deref()), (None, Some("new material information")));
}

/// Rules that an incident adopted before rules brought their words along still know what grows.
#[test]
fn rules_without_words_use_ours() {
    let case = founding();
    let now = case.started + TimeDelta::minutes(35);
    let bare = warroom::incident::rule::Rules::from(book().rules);
    let all = obligations(&case.incident(), &case.plan, &bare, &[], now, now);
    let fcc = all.iter().find(|o| o.rule == "us-fcc-nors-wireless").unwrap();
    assert_eq!((&fcc.state, fcc.stages[0].readings.len()), (&Standing::Due, 2));
}
