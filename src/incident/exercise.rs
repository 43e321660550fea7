//! What sets an exercise apart: its mark on every text, and the proof that an incident is none, without which nothing can
//! be delivered. Sends nothing itself.

use super::state::Incident;

/// How every line and every text of an exercise begins.
pub const MARK: &str = "EXERCISE";

/// Proof that a declared incident is no exercise. Made only here: what a delivery is made from asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Real(());

impl Real {
    /// None: an exercise, or nothing is declared.
    pub fn of(incident: &Incident) -> Option<Real> {
        incident.declared.as_ref().filter(|declared| !declared.exercise).map(|_| Real(()))
    }
}

impl Incident {
    pub fn is_exercise(&self) -> bool {
        self.declared.as_ref().is_some_and(|declared| declared.exercise)
    }
}

/// A text for people outside, as it may be written down: one of an exercise says so at its beginning, wherever it is
/// pasted. An empty one stays empty.
pub fn text(incident: &Incident, text: &str) -> String {
    let begun = text.trim_start().strip_prefix(MARK).is_some_and(|rest| rest.starts_with(':'));
    if !incident.is_exercise() || begun || text.trim().is_empty() {
        return text.to_owned();
    }
    format!("{MARK}: {text}")
}

/// A line for people inside: a row of the timeline, a line that a command prints.
pub fn line(incident: &Incident, line: &str) -> String {
    if !incident.is_exercise() || line.is_empty() || line.starts_with(MARK) {
        return line.to_owned();
    }
    format!("{MARK} {line}")
}
