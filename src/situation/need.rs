//! One incident among several, as a person who must choose sees it: how bad, how far, and what it wants of whom. Pure.

use super::Situation;
use super::now::Band;
use crate::incident::Instant;
use crate::incident::entry::IncidentId;
use crate::incident::state::Incident;
use crate::incident::words::{Phase, Role, Severity};

#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    pub incident: IncidentId,
    pub title: String,
    pub severity: Severity,
    pub phase: Phase,
    pub exercise: bool,
    pub started: Option<Instant>,
    pub declared: Option<Instant>,
    pub entries: usize,
    pub commander: Option<String>,
    /// Lines of Now, and those of them that cannot wait.
    pub now: usize,
    pub untold: usize,
    pub decide: usize,
    pub unsure: usize,
    pub late: usize,
    /// What counts down next, or passed first and is owed.
    pub next: Option<(Instant, String)>,
    /// The loudest band of its Now.
    pub band: Option<Band>,
}

impl Need {
    pub fn of(id: IncidentId, incident: &Incident, situation: &Situation) -> Need {
        let count = |band| situation.now.iter().filter(|item| item.band == band).count();
        Need {
            incident: id,
            title: incident.title().to_owned(),
            severity: incident.severity(),
            phase: incident.phase(),
            exercise: incident.is_exercise(),
            started: incident.started(),
            declared: incident.declared.as_ref().map(|d| d.at),
            entries: incident.timeline.len(),
            commander: incident.holder(Role::Commander).map(str::to_owned),
            now: situation.now.len(),
            untold: count(Band::Untold),
            decide: count(Band::Decide),
            unsure: count(Band::Unsure),
            late: count(Band::Late),
            next: situation.clocks.first().map(|c| (c.at, c.text.clone())),
            band: situation.now.iter().map(|item| item.band).min(),
        }
    }

    pub fn open(&self) -> bool {
        self.phase != Phase::Resolved
    }

    /// Whether it cannot wait: something is untold, to decide, unsure or late. An exercise never calls anybody away.
    pub fn calls(&self) -> bool {
        self.open() && !self.exercise && self.untold + self.decide + self.unsure + self.late > 0
    }

    /// `26: 4 untold, 1 late, 1 to decide`.
    pub fn wants(&self) -> String {
        let parts: Vec<String> =
            [(self.untold, "untold"), (self.late, "late"), (self.decide, "to decide"), (self.unsure, "unsure")]
                .iter()
                .filter(|(n, _)| *n > 0)
                .map(|(n, word)| format!("{n} {word}"))
                .collect();
        match (self.now, parts.is_empty()) {
            (0, _) => "nothing".to_owned(),
            (n, true) => n.to_string(),
            (n, false) => format!("{n}: {}", parts.join(", ")),
        }
    }
}

/// The one that needs somebody most stands first: real before exercise, open before over, then by the loudest thing that
/// it wants, by severity, by the next clock.
pub fn sort(needs: &mut [Need]) {
    needs.sort_by_key(|n| {
        let clock = n.next.as_ref().map(|(at, _)| *at);
        // Of those that cannot wait the gravest; what is merely to be decided in a lesser one waits for it.
        let untold = n.untold == 0;
        (
            !n.open(),
            n.exercise,
            !n.calls(),
            untold,
            n.severity,
            n.band.is_none(),
            n.band,
            clock.is_none(),
            clock,
            std::cmp::Reverse(n.declared),
        )
    });
}

/// `other: 1 SEV1`: how many of the others cannot wait, the gravest severity first. None: nobody is called away.
pub fn elsewhere(others: &[Need], here: Option<IncidentId>) -> Option<String> {
    let mut calling: Vec<Severity> =
        others.iter().filter(|n| Some(n.incident) != here && n.calls()).map(|n| n.severity).collect();
    calling.sort();
    let worst = *calling.first()?;
    let alike = calling.iter().filter(|s| **s == worst).count();
    let more = if calling.len() > alike { format!(" +{}", calling.len() - alike) } else { String::new() };
    Some(format!("other: {alike} {}{more}", worst.as_str().to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(n: u128, severity: Severity) -> Need {
        Need {
            incident: IncidentId(uuid::Uuid::from_u128(n)),
            title: String::new(),
            severity,
            phase: Phase::Investigating,
            exercise: false,
            started: None,
            declared: None,
            entries: 1,
            commander: None,
            now: 0,
            untold: 0,
            decide: 0,
            unsure: 0,
            late: 0,
            next: None,
            band: None,
        }
    }

    #[test]
    fn who_needs_somebody_most_stands_first() {
        let calm = need(1, Severity::Sev1);
        let untold = Need { now: 3, untold: 1, band: Some(Band::Untold), ..need(2, Severity::Sev3) };
        let late = Need { now: 1, late: 1, band: Some(Band::Late), ..need(3, Severity::Sev1) };
        let drill = Need { exercise: true, now: 9, untold: 9, band: Some(Band::Untold), ..need(4, Severity::Sev1) };
        let over = Need { phase: Phase::Resolved, untold: 1, band: Some(Band::Untold), ..need(5, Severity::Sev1) };
        let mut all = vec![over, drill, calm, late, untold];
        sort(&mut all);
        let order: Vec<u128> = all.iter().map(|n| n.incident.0.as_u128()).collect();
        assert_eq!(order, [2, 3, 1, 4, 5]);
        assert_eq!(elsewhere(&all, None).as_deref(), Some("other: 1 SEV1 +1"));
        assert_eq!(elsewhere(&all, Some(IncidentId(uuid::Uuid::from_u128(3)))).as_deref(), Some("other: 1 SEV3"));
        assert_eq!(all[0].wants(), "3: 1 untold");
    }
}
