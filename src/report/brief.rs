//! The brief of a handover: where it stands, made from the state, for the one who takes over to read to its end.

use super::can::can;
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::what::What;
use crate::incident::words::{MessageState, Role};
use crate::situation::Situation;
use crate::situation::open;
use crate::text::{Safe, duration, instant, shorten};

const COLUMNS: usize = 72;

/// The lines of a brief: the CAN report, then at most eight of what only the one who leaves knows.
pub fn brief(incident: &Incident, plan: &Plan, situation: &Situation, worries: &str) -> Vec<String> {
    let now = situation.moment.now;
    let clock = |at| instant::clock_zoned(at, now, situation.zone);
    let mut lines: Vec<String> = can(incident, situation).iter().map(|line| line.as_str().to_owned()).collect();
    let mut add = |label: &str, parts: Vec<String>| {
        if !parts.is_empty() {
            let text = format!("{label:<12}{}", parts.join("; "));
            lines.push(shorten::shorten(&Safe::new(&text), COLUMNS).as_str().to_owned());
        }
    };
    let aim = incident.leading.objectives.heads().iter().map(|head| {
        let until = head.value.1.map(|at| format!(" until {}", clock(at))).unwrap_or_default();
        format!("{}{until}", head.value.0)
    });
    add("AIM", aim.collect());
    let pending = incident.asks.values().map(|ask| format!("{} asks: {}", ask.by, ask.proposal));
    add("TO DECIDE", pending.collect());
    let unchecked = incident.decisions.iter().rev().filter(|id| !incident.leading.checks.contains_key(id));
    let unchecked = unchecked.filter_map(|id| match &incident.timeline.find(*id)?.entry.what {
        What::Decided(d) => Some(format!("{} {}", d.outcome, d.check_at.map(|at| format!("check {}", clock(at)))?)),
        _ => None,
    });
    add("TO CHECK", unchecked.take(3).collect());
    let owed = incident.promises.values().filter(|p| p.kept.is_none());
    let name = |id: &str| plan.audience(id).map_or(id.to_owned(), |a| a.name.clone());
    let mut owed: Vec<_> = owed.map(|p| (p.due, format!("{} {} by {}", name(&p.to), p.text, clock(p.due)))).collect();
    owed.sort();
    add("PROMISED", owed.into_iter().take(3).map(|(_, text)| text).collect());
    let drafts = incident.messages.values().filter(|m| matches!(m.state, MessageState::Draft | MessageState::Approved));
    add("DRAFTS", drafts.take(3).map(|m| format!("{} {} {}", name(&m.audience), m.channel, m.state)).collect());
    let changes = open::changes(incident).into_iter().filter(|(_, _, before)| *before);
    add("CHANGED", changes.take(2).map(|(at, text, _)| format!("{} {text}", clock(at))).collect());
    let roles = Role::ALL.iter().filter_map(|r| Some(format!("{} {}", short(*r), incident.holder(*r)?)));
    add("ROLES", roles.collect());
    let since = incident.roles.get(&Role::Commander).and_then(|r| r.setting()).map(|s| s.at);
    let since = since.map(|at| format!("in command for {}", duration::short(now - at, false)));
    add("WORRIES", Some(worries.trim().to_owned()).filter(|w| !w.is_empty()).into_iter().chain(since).collect());
    lines
}

fn short(role: Role) -> &'static str {
    match role {
        Role::Commander => "IC",
        Role::Deputy => "Deputy",
        Role::Scribe => "Scribe",
        Role::Communications => "Comms",
        Role::Liaison => "Liaison",
        Role::Operations => "Ops",
        Role::Expert => "Expert",
    }
}
