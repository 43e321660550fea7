//! How the incident was led, for the record: handovers, time-outs, roll-calls, objectives, changes, what to follow up.
//! Lines of Markdown, outside text escaped.

use super::markdown::escape;
use crate::incident::Instant;
use crate::incident::state::Incident;
use crate::incident::what::What;
use crate::situation::open::{changes, follow_ups};

/// The lines of the section, in the order in which things happened.
pub fn lines(incident: &Incident, at: &dyn Fn(Instant) -> String) -> Vec<String> {
    let mut out = Vec::new();
    for row in incident.timeline.iter().filter(|row| row.applied()) {
        let (when, by) = (at(row.entry.happened), escape(&row.entry.author.person));
        match &row.entry.what {
            What::ObjectivesSet(w) => {
                let until = w.until.map(|until| format!(", until {}", at(until))).unwrap_or_default();
                out.push(format!("- {when}: objectives{until}, by {by}: {}", escape(&w.text)));
            }
            What::HandoverOffered(w) => {
                let from = w.from.as_deref().map_or("nobody".to_owned(), escape);
                let role = w.role.title();
                out.push(format!("- {when}: {role} offered to {}, held by {from}, by {by}", escape(&w.to)));
                out.extend(w.brief.lines().map(|line| format!("  - Brief: {}", escape(line))));
            }
            What::HandoverAccepted(_) => out.push(format!("- {when}: {by} accepted, having read the brief")),
            What::HandoverRefused(w) => out.push(format!("- {when}: {by} did not: {}", escape(&w.why))),
            What::TimeOutStarted(w) => out.push(format!("- {when}: time-out of {} min called by {by}", w.minutes)),
            What::TimeOutEnded(w) => {
                out.push(format!("- {when}: time-out ended by {by}"));
                let answers = [
                    ("We know", &w.known),
                    ("We assume", &w.assumed),
                    ("What would change our mind", &w.change_mind),
                    ("Who is tired", &w.tired),
                ];
                let said = answers.iter().filter(|(_, answer)| !answer.is_empty());
                out.extend(said.map(|(prompt, answer)| format!("  - {prompt}: {}", escape(answer))));
            }
            What::RollCallAsked(w) => {
                let asked = w.people.iter().map(|p| escape(p)).collect::<Vec<_>>().join(", ");
                out.push(format!("- {when}: roll-call by {by}: {asked}"));
                if let Some(call) = incident.leading.rollcalls.get(&row.entry.id) {
                    for person in &call.people {
                        let said = match call.answers.get(person) {
                            Some((answered, says)) if says.is_empty() => format!("answered {}", at(*answered)),
                            Some((answered, says)) => format!("answered {}: {}", at(*answered), escape(says)),
                            None => "**not heard**".to_owned(),
                        };
                        out.push(format!("  - {}: {said}", escape(person)));
                    }
                }
            }
            _ => {}
        }
    }
    for (when, text, before) in changes(incident) {
        let before = if before { ", before the start" } else { "" };
        out.push(format!("- Change {}{before}: {}", at(when), escape(&text)));
    }
    out.extend(follow_ups(incident).iter().map(|text| format!("- To follow up: {}", escape(text))));
    out
}
