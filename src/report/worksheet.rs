//! A worksheet for one stage of a rule: what the agency asks for, filled from facts, clocks and the incident. Files nothing.

use super::line::number;
use crate::incident::exercise;
use crate::rulebook::deadline::Due;
use crate::situation::filing::Sheet;
use crate::situation::obligations::Obligation;
use crate::text::instant;

/// What stands where nothing is known.
pub const NOT_KNOWN: &str = "NOT KNOWN";

/// What is said of a deadline that counts business days which nobody has listed yet.
pub const BEYOND: &str =
    "beyond the years that its calendar of holidays knows: it may fall later, look before relying on it";

/// Its lines, raw: they pass the gate where they are shown.
pub fn worksheet(sheet: &Sheet<'_>, obligation: &Obligation) -> Vec<String> {
    let echo = |at| instant::echo(at, sheet.zone);
    let mut out = vec![format!("{}: {}", obligation.agency, sheet.stage.name)];
    out.push("A worksheet, not a filing. An aid, not legal advice.".to_owned());
    let stage = obligation.stages.iter().find(|s| s.id == sheet.stage.id);
    let due = match stage.and_then(|s| s.due) {
        Some(Due::At(at)) => format!("due {}", echo(at)),
        Some(Due::Asap(since)) => format!("due at once, from {}", echo(since)),
        None => "no deadline now".to_owned(),
    };
    let iff = if stage.is_some_and(|s| s.iff) { ", IF it applies" } else { "" };
    let doubt = if stage.is_some_and(|s| s.beyond_calendar) { format!(", {BEYOND}") } else { String::new() };
    out.push(format!("{due}{iff}{doubt}; written {}", echo(sheet.now)));
    if let Some(to) = &sheet.stage.to {
        out.push(format!("to {to}"));
    }
    let items = sheet.items();
    let gaps = items.iter().filter(|item| item.said.is_none() || item.partly).count();
    out.push(format!("WHAT IT MUST SAY: {} of {} known", items.len() - gaps, items.len()));
    for item in &items {
        let hint = match item.facts.as_slice() {
            [] => String::new(),
            facts => format!(" (state {})", facts.join(" or ")),
        };
        let said = match &item.said {
            Some(said) if item.partly => format!("{said}; THE REST OF IT {NOT_KNOWN}"),
            Some(said) => said.clone(),
            None => format!("{NOT_KNOWN}{hint}"),
        };
        out.push(format!("  {}: {said}", item.asked));
    }
    out.push(String::new());
    out.push("WHY IT IS DUE".to_owned());
    out.push(format!("  {}", obligation.trigger));
    for meter in &obligation.meters {
        let met = meter.met_at.filter(|at| *at <= sheet.now).map(|at| format!(", passed {}", echo(at)));
        let (value, goal) = (number(meter.value as f64), number(meter.threshold.goal as f64));
        let least = if meter.at_least { "at least " } else { "" };
        out.push(format!("  {}: {least}{value} of {goal}{}", meter.threshold.fact, met.unwrap_or_default()));
    }
    for (name, value) in sheet.figures() {
        out.push(format!("  {name}: {}", sheet.word(&name).unwrap_or_else(|| value.to_string())));
    }
    for clock in &obligation.clocks {
        let at = clock.at.map_or(NOT_KNOWN.to_owned(), echo);
        let own = if clock.own { ", for this rule alone" } else { "" };
        let assumed = if clock.assumed { ", ASSUMED" } else { "" };
        out.push(format!("  clock {}: {at}{assumed}{own} ({})", clock.name, clock.why));
    }
    let filed = obligation.stages.iter().filter_map(|s| Some((s, s.filed?)));
    for (stage, at) in filed {
        let number = if stage.reference.is_empty() { String::new() } else { format!(" no. {}", stage.reference) };
        out.push(format!("  {}: filed {}{number}", stage.name, echo(at)));
    }
    out.push(String::new());
    out.push(format!("{} ({})", obligation.title, obligation.citation));
    let doubt = obligation.doubt();
    if !doubt.is_empty() {
        out.push(format!("Of this rule: {doubt}."));
    }
    if obligation.confidential {
        out.push("What is filed is presumed confidential.".to_owned());
    }
    for (label, text) in
        [("HOW", &obligation.method), ("CONFIRMED BY", &obligation.confirmed_by), ("TAKEN BACK", &obligation.withdraw)]
    {
        if !text.is_empty() {
            out.push(format!("{label}: {text}"));
        }
    }
    out.into_iter().map(|line| exercise::line(sheet.incident, &line)).collect()
}
