//! Whom a rule forbids to tell for a time: their messages are held back like those that the playbook holds. Sends nothing.

use std::sync::Arc;

use super::known::Facts;
use super::obligations::{Law, Standing, obligation, wanted};
use crate::incident::Instant;
use crate::incident::plan::{Audience, Plan};
use crate::incident::rule::Rules;
use crate::incident::state::Incident;
use crate::rulebook::deadline::Due;
use crate::text::instant;

/// The plan with what rules hold back now. None: they hold nothing back.
pub fn held(incident: &Incident, plan: &Plan, rules: &Rules, facts: &Facts<'_>, now: Instant) -> Option<Arc<Plan>> {
    let mut held: Option<Plan> = None;
    for rule in wanted(plan, rules).filter(|rule| rule.stages.iter().any(|s| s.holds)) {
        let Some(found) = obligation(Law::OfTheDay, incident, rules, rule, facts, now) else { continue };
        if found.state != Standing::Due {
            continue;
        }
        for stage in found.stages.iter().filter(|s| s.holds && s.open()) {
            let until = match stage.due.map(Due::instant) {
                Some(at) if at <= now => continue,
                Some(at) => format!("before {}", instant::clock_zoned(at, now, incident.zone())),
                None => "yet".to_owned(),
            };
            let to = stage.to.as_deref().unwrap_or_default();
            let why =
                format!("{}: {to} may not be told {until}; waive {} {} to lift it", found.short, rule.id, stage.id);
            let plan = held.get_or_insert_with(|| plan.clone());
            for audience in plan.audiences.iter_mut().filter(|a| a.hold.is_none() && is(a, to)) {
                audience.hold = Some(why.clone());
            }
        }
    }
    held.map(Arc::new)
}

/// Whether an audience is whom a rule means.
fn is(audience: &Audience, whom: &str) -> bool {
    let same = |name: &String| name.eq_ignore_ascii_case(whom);
    !whom.is_empty() && (same(&audience.id) || same(&audience.name) || audience.known_as.iter().any(same))
}
