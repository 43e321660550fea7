//! What these start from: a home with an incident on the carrier's plan.

use crate::support::pty::{Home, Ran};

/// A home with one incident declared in it, and the incident's id.
pub fn declared() -> (Home, String) {
    let home = Home::new();
    config(&home, "");
    let id = home.must(&["declare", "Voice down", "--severity", "sev1", "--started", "-20m"]).trim().to_owned();
    (home, id)
}

/// Writes the configuration of a home: the carrier's plan, and more.
pub fn config(home: &Home, more: &str) {
    super::configure(
        home,
        &format!(
            "playbook = \"carrier-outage\"\ntimezone = \"America/Chicago\"\norganisation = [\"wireless_carrier\"]\n{more}"
        ),
    );
}

/// It failed as it should: this code, nothing on standard output, and these words on standard error.
#[track_caller]
pub fn refused(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!(ran.code, Some(code), "{ran:?}");
    assert_eq!(ran.out, "", "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word), "{word:?} is not in {:?}", ran.err);
    }
}
