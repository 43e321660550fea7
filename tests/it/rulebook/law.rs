//! The law of the day: from its first day to its last, what was not researched, and what is not binding yet.

use warroom::rulebook::{Binding, State, evaluate};

use super::{Case, at, book};

fn binding(rule: &str, day: &str) -> Binding {
    evaluate::binding(book().get(rule).unwrap(), day.parse().unwrap())
}

#[test]
fn a_rule_counts_from_its_first_day_to_its_last() {
    assert_eq!(binding("us-fcc-911-facility", "2025-04-14"), Binding::NotYet("2025-04-15".parse().unwrap()));
    assert_eq!(binding("us-fcc-911-facility", "2025-04-15"), Binding::Binds);
    let before = "us-fcc-911-facility-before-2025";
    assert_eq!(binding(before, "2025-04-15"), Binding::Ended(Some("2025-04-14".parse().unwrap())));
    assert_eq!(binding("eu-cra-14", "2026-09-10"), Binding::NotYet("2026-09-11".parse().unwrap()));
    assert_eq!(binding("eu-cra-14", "2026-09-11"), Binding::Binds);
    assert_eq!(binding("eu-eecc-40", "2022-01-01"), Binding::Binds, "the law of 2022");
    assert!(!binding("eu-eecc-40", "2026-06-01").binds());
}

/// Neither in force nor not: it is worked to, and said.
#[test]
fn a_first_day_that_was_not_researched_is_its_own_answer() {
    for rule in ["us-fcc-911-facility-before-2025", "us-fcc-nors-wireless", "us-firstnet-contract"] {
        let binding = binding(rule, "2024-02-22");
        assert_eq!(binding, Binding::NotResearched, "{rule}");
        assert!(binding.binds() && binding.said().contains("not researched"));
    }
    let judged =
        Case::default().number("offices_911_affected", 1).on("2024-02-22").judge("us-fcc-911-facility-before-2025");
    assert_eq!((judged.state, judged.binding), (State::Due, Binding::NotResearched));
    let mut rule = book().get("eu-eecc-40").unwrap().clone();
    rule.until = None;
    let ended = evaluate::binding(&rule, "2022-01-01".parse().unwrap());
    assert!(ended == Binding::Ended(None) && ended.said().contains("last day was not researched"));
}

#[test]
fn what_is_pending_does_not_bind_before_its_day() {
    for rule in ["us-circia-incident", "us-fcc-data-breach-2023", "uk-csr-bill"] {
        assert_eq!(binding(rule, "2026-10-05"), Binding::Pending, "{rule}");
        assert!(!Binding::Pending.binds());
    }
    assert_eq!(binding("in-dpdp", "2027-05-12"), Binding::NotYet("2027-05-13".parse().unwrap()));
    assert_eq!(binding("in-dpdp", "2027-05-13"), Binding::Binds);
    let judged = Case::default().truth("ransom_paid", true).on("2026-10-05").judge("us-circia-ransom");
    assert_eq!(judged.state, State::NotInForce);
    assert!(judged.stages.iter().all(|s| s.due.is_none()));
    // Without a day it is taken to be in force, as an example may ask.
    assert_eq!(Case::default().truth("ransom_paid", true).judge("us-circia-ransom").state, State::Due);
}

#[test]
fn the_day_is_that_of_the_agency() {
    let rule = book().get("us-fcc-911-facility").unwrap().clone();
    let late = at("2025-04-15T03:59:00Z");
    assert_eq!(evaluate::day(&rule, late).to_string(), "2025-04-14", "still the day before in Washington");
}
