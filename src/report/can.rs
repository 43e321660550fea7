//! The CAN report: conditions, actions, needs; at most 12 lines of 72 columns, readable aloud, with ages.

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::line::number;
use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::exercise;
use crate::incident::state::Incident;
use crate::incident::what::What;
use crate::incident::words::{ComponentState, Role, TaskState};
use crate::situation::Situation;
use crate::situation::now::Band;
use crate::text::{Safe, duration, instant, shorten, width};

const LINES: usize = 12;
const COLUMNS: usize = 72;

/// The report. Every line is safe and fits the columns.
pub fn can(incident: &Incident, situation: &Situation) -> Vec<Safe> {
    let now = situation.moment.now;
    let age = |seconds: i64| duration::age(TimeDelta::seconds(seconds));
    let since = incident.started().map(|at| duration::short(now - at, false)).unwrap_or_else(|| "?".into());
    let mut lines = Vec::new();
    let severity = incident.severity().as_str().to_uppercase();
    let end = format!(", {since} in, at {}", instant::clock_zoned(now, now, situation.zone));
    let head = format!("{severity} {} ", incident.phase());
    let room = COLUMNS.saturating_sub(head.chars().count() + end.chars().count());
    let title = shorten::shorten(&Safe::new(incident.title()), room);
    lines.push(format!("{head}{title}{end}"));
    let in_state = |wanted: Option<ComponentState>| -> Vec<String> {
        situation.signals.components.iter().filter(|c| c.state == wanted).map(|c| c.name.clone()).collect()
    };
    let mut first = true;
    for (state, word) in [
        (Some(ComponentState::MajorOutage), "down"),
        (Some(ComponentState::PartialOutage), "partly down"),
        (Some(ComponentState::Degraded), "degraded"),
        (None, "not known"),
    ] {
        let names = in_state(state);
        if !names.is_empty() {
            let label = if std::mem::take(&mut first) { "CONDITIONS  " } else { "            " };
            lines.push(fitted(&format!("{label}{word}: "), &names, ", "));
        }
    }
    if first {
        // Nobody who looks is not the same as nothing wrong.
        let none = situation.signals.components.is_empty();
        lines.push(
            if none { "CONDITIONS  NOT KNOWN: no page is watched" } else { "CONDITIONS  nothing known down" }
                .to_owned(),
        );
    }
    let numbers: Vec<String> = situation
        .signals
        .metrics
        .iter()
        .filter_map(|m| {
            let value = m.value?;
            let estimate = if m.estimated { "~" } else { "" };
            let old = if m.current { "" } else { "OLD " };
            Some(format!(
                "{} {estimate}{} ({old}{})",
                m.name.replace('_', " "),
                number(value),
                m.age.map(age).unwrap_or_default()
            ))
        })
        .collect();
    // What people stated, where no query gives it.
    let stated = incident.facts.keys().filter(|name| !situation.signals.metrics.iter().any(|m| m.name == **name));
    let stated = stated.filter_map(|name| {
        let fact = incident.fact(name).filter(|fact| fact.value.is_number())?;
        let set = incident.facts.get(name)?.setting()?;
        let sure = if fact.confirmed_by.is_some() { "" } else { "UNCONFIRMED, " };
        let value = number(fact.value.as_f64()?);
        Some(format!("{} {value} ({sure}{})", name.replace('_', " "), duration::age(now - set.at)))
    });
    let numbers: Vec<String> = numbers.into_iter().chain(stated).collect();
    if !numbers.is_empty() {
        lines.push(fitted("            ", &numbers, ", "));
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
    match doing.as_slice() {
        [] => lines.push("ACTIONS     nothing in progress".to_owned()),
        doing => lines.push(fitted("ACTIONS     ", doing, "; ")),
    }
    let asked: Vec<String> = (incident.tasks.values().filter(|t| t.state == TaskState::Open))
        .filter_map(|t| Some(format!("{}: {}", t.owner.as_deref()?, t.title)))
        .collect();
    let unanswered = lines.len();
    if !asked.is_empty() {
        lines.push(fitted("  asked, not answered: ", &asked, "; "));
    }
    let acked = tasks(TaskState::Acknowledged);
    if !acked.is_empty() {
        lines.push(fitted("  understood, not begun: ", &acked, "; "));
    }
    let blocked: Vec<String> = (incident.tasks.values().filter(|t| t.state == TaskState::Blocked))
        .map(|t| {
            let (who, on) = (t.owner.as_deref().unwrap_or("nobody"), t.blocked_on.as_deref().unwrap_or("?"));
            format!("{who}: {} on {on}", t.title)
        })
        .collect();
    if !blocked.is_empty() {
        lines.push(fitted("  BLOCKED: ", &blocked, "; "));
    }
    if let Some(decided) = incident.decisions.iter().rev().find_map(|id| decision(incident, *id, now, situation.zone)) {
        lines.push(format!("  decided: {decided}"));
    }
    let told: Vec<String> = situation
        .audiences
        .iter()
        .filter_map(|a| a.last_word.map(|at| format!("{} {} ago", a.name, duration::age(now - at))))
        .collect();
    match told.as_slice() {
        [] => lines.push("  told: nobody".to_owned()),
        told => lines.push(fitted("  told: ", told, ", ")),
    }
    let never: Vec<String> = situation
        .audiences
        .iter()
        .filter(|a| a.last_word.is_none() && a.harmed_since.is_some() && a.hold.is_none())
        .map(|a| a.name.clone())
        .collect();
    if !never.is_empty() {
        lines.push(fitted("  NEVER told: ", &never, ", "));
    }
    let needs: Vec<&str> = situation
        .now
        .iter()
        .filter(|i| matches!(i.band, Band::Decide | Band::Unsure | Band::Nobody))
        .map(|i| i.text.as_str())
        .collect();
    lines.push(format!("NEEDS       {}", needs.first().copied().unwrap_or("nothing from this room")));
    let mut last = Vec::new();
    let past: Vec<_> = situation.clocks.iter().filter(|clock| clock.at <= now).collect();
    if let Some(clock) = past.first() {
        let over = duration::short(now - clock.at, false);
        let iff = if clock.iff { " IF" } else { "" };
        let more = if past.len() > 1 { format!(" and {} more", past.len() - 1) } else { String::new() };
        last.push(format!("OVER        {over}{iff}: {}{more}", clock.text));
    }
    if let Some(clock) = situation.clocks.iter().find(|clock| clock.at > now) {
        let left = duration::short(clock.at - now, false);
        let iff = if clock.iff { " IF" } else { "" };
        let at = instant::clock_zoned(clock.at, now, situation.zone);
        last.push(format!("NEXT        {left}{iff}: {} {at}", clock.text));
    }
    if incident.holder(Role::Commander).is_none() {
        last.push("NO COMMANDER".to_owned());
    }
    // What somebody has still to answer gives way to what is over and what is next.
    if !asked.is_empty() && lines.len() + last.len() > LINES {
        lines.remove(unanswered);
    }
    // Further needs give way to what comes last, never the other way round.
    let room = LINES.saturating_sub(lines.len() + last.len());
    lines.extend(needs.iter().skip(1).take(room.min(2)).map(|need| format!("            {need}")));
    lines.extend(last);
    lines.truncate(LINES);
    lines.iter().map(|line| shorten::shorten(&Safe::new(&exercise::line(incident, line)), COLUMNS)).collect()
}

/// The outcome of a decision, who acts, and when it is checked or what was seen.
fn decision(incident: &Incident, id: EntryId, now: Instant, zone: Tz) -> Option<String> {
    let What::Decided(d) = &incident.timeline.find(id)?.entry.what else { return None };
    let outcome = incident.amended.get(&id).map_or(d.outcome.as_str(), |(text, _)| text.as_str());
    let acts = d.acts.as_ref().map(|a| format!(", {a} acts")).unwrap_or_default();
    let check = match (incident.leading.checks.get(&id), d.check_at) {
        (Some(check), _) => match check.worked {
            Some(true) => ", it worked".to_owned(),
            Some(false) => ", it did NOT work".to_owned(),
            None => ", not to be told yet".to_owned(),
        },
        (None, Some(at)) => format!(", check {}", instant::clock_zoned(at, now, zone)),
        (None, None) => String::new(),
    };
    // "yes" read aloud says nothing without what it answers.
    let short = outcome.split_whitespace().count() < 3;
    let what = if short { format!("{}: {outcome}", d.proposal) } else { outcome.to_owned() };
    Some(format!("{what}{acts}{check}"))
}

/// As many of the words as fit a line, and how many more there are: a list read aloud never ends in half a word.
fn fitted(label: &str, words: &[String], between: &str) -> String {
    let wide = |text: &str| width::width(Safe::new(text).as_str());
    let mut line = label.to_owned();
    for (index, word) in words.iter().enumerate() {
        let join = if index == 0 { "" } else { between };
        let left = words.len() - index - 1;
        let more = if left > 0 { format!("{between}{left} more") } else { String::new() };
        if index > 0 && wide(&line) + wide(join) + wide(word) + wide(&more) > COLUMNS {
            line.push_str(&format!("{between}{} more", words.len() - index));
            break;
        }
        line.push_str(join);
        line.push_str(word);
    }
    line
}
