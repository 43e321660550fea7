//! The CAN report: conditions, actions, needs; at most 12 lines of 72 columns, readable aloud, with ages.

use chrono::TimeDelta;

use super::line::number;
use crate::incident::state::Incident;
use crate::incident::words::{Role, TaskState};
use crate::situation::Situation;
use crate::situation::now::Band;
use crate::text::{Safe, duration, instant, shorten};

const LINES: usize = 12;
const COLUMNS: usize = 72;

/// The report. Every line is safe and fits the columns.
pub fn can(incident: &Incident, situation: &Situation) -> Vec<Safe> {
    let now = situation.moment.now;
    let age = |seconds: i64| duration::age(TimeDelta::seconds(seconds));
    let since = incident.started().map(|at| duration::short(now - at, false)).unwrap_or_else(|| "?".into());
    let mut lines = Vec::new();
    let exercise = if incident.declared.as_ref().is_some_and(|d| d.exercise) { "EXERCISE " } else { "" };
    lines.push(format!(
        "{exercise}{} {} {}, {since} in, at {}",
        incident.severity().as_str().to_uppercase(),
        incident.phase(),
        incident.title(),
        instant::clock_zoned(now, now, situation.zone)
    ));
    let down: Vec<String> = situation
        .signals
        .components
        .iter()
        .filter(|c| c.state.is_none_or(|s| s.harms()))
        .map(|c| format!("{} {}", c.name, c.state.map_or("NOT KNOWN", |s| s.short())))
        .collect();
    lines.push(format!("CONDITIONS  {}", if down.is_empty() { "nothing known down".into() } else { down.join(", ") }));
    let numbers: Vec<String> = situation
        .signals
        .metrics
        .iter()
        .filter_map(|m| {
            let value = m.value?;
            let estimate = if m.estimated { "~" } else { "" };
            let old = if m.current { "" } else { "OLD " };
            Some(format!("{} {estimate}{} ({old}{})", m.name, number(value), m.age.map(age).unwrap_or_default()))
        })
        .collect();
    if !numbers.is_empty() {
        lines.push(format!("  {}", numbers.join(", ")));
    }
    let (fresh, all) = situation.fresh();
    if fresh < all {
        lines.push(format!("  {fresh} of {all} sources answer: the rest is old"));
    }
    let tasks = |state| {
        let of = incident.tasks.values().filter(move |t| t.state == state);
        of.map(|t| format!("{}: {}", t.owner.as_deref().unwrap_or("nobody"), t.title)).collect::<Vec<_>>()
    };
    let doing = tasks(TaskState::InProgress);
    lines.push(format!(
        "ACTIONS     {}",
        if doing.is_empty() { "nothing in progress".into() } else { doing.join("; ") }
    ));
    let acked = tasks(TaskState::Acknowledged);
    if !acked.is_empty() {
        lines.push(format!("  understood, not begun: {}", acked.join("; ")));
    }
    let told: Vec<String> = situation
        .audiences
        .iter()
        .filter_map(|a| a.last_word.map(|at| format!("{} {} ago", a.name, duration::age(now - at))))
        .collect();
    lines.push(format!("  told: {}", if told.is_empty() { "nobody".into() } else { told.join(", ") }));
    let never: Vec<&str> = situation
        .audiences
        .iter()
        .filter(|a| a.last_word.is_none() && a.harmed_since.is_some() && a.hold.is_none())
        .map(|a| a.name.as_str())
        .collect();
    if !never.is_empty() {
        lines.push(format!("  NEVER told: {}", never.join(", ")));
    }
    let needs: Vec<&str> = situation
        .now
        .iter()
        .filter(|i| matches!(i.band, Band::Decide | Band::Unsure | Band::Nobody))
        .map(|i| i.text.as_str())
        .collect();
    lines.push(format!("NEEDS       {}", needs.first().copied().unwrap_or("nothing from this room")));
    let mut last = Vec::new();
    if let Some(clock) = situation.clocks.first() {
        let left = duration::short(clock.at - now, false);
        let iff = if clock.iff { " IF" } else { "" };
        let at = instant::clock_zoned(clock.at, now, situation.zone);
        last.push(format!("NEXT        {left}{iff}: {} {at}", clock.text));
    }
    if incident.holder(Role::Commander).is_none() {
        last.push("NO COMMANDER".to_owned());
    }
    // Further needs give way to what comes last, never the other way round.
    let room = LINES.saturating_sub(lines.len() + last.len());
    lines.extend(needs.iter().skip(1).take(room.min(2)).map(|need| format!("            {need}")));
    lines.extend(last);
    lines.truncate(LINES);
    lines.iter().map(|line| shorten::shorten(&Safe::new(line), COLUMNS)).collect()
}
