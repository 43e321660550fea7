//! What is still open, for whoever is about to call it resolved or to take it over. Says; forbids nothing.

use super::Situation;
use super::audience::Next;
use super::obligations::Standing;
use crate::incident::decide::components_down;
use crate::incident::decide_leading::critical;
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::what::What;
use crate::incident::words::{End, MessageState};

/// Lines, the gravest first. Raw: they pass the gate where they are shown.
pub fn still_open(incident: &Incident, plan: &Plan, situation: &Situation) -> Vec<String> {
    let mut out = Vec::new();
    let mut list = |label: &str, names: Vec<String>| {
        if !names.is_empty() {
            out.push(format!("{label}: {}", names.join(", ")));
        }
    };
    list("critical", critical(incident, plan));
    list("down or not known", components_down(incident));
    let untold = situation.audiences.iter().filter(|a| {
        matches!(a.next, Next::RestoredUntold(_))
            || (a.last_word.is_none() && a.harmed_since.is_some() && a.hold.is_none())
    });
    list("never told", untold.map(|a| a.name.clone()).collect());
    let messages = |wanted: &[MessageState]| {
        let of = incident.messages.values().filter(|m| wanted.contains(&m.state));
        of.map(|m| format!("{} {}", m.audience, m.channel)).collect::<Vec<_>>()
    };
    list("may have gone, not settled", messages(&[MessageState::Unknown, MessageState::Sending]));
    list("failed", messages(&[MessageState::Failed]));
    let partly = incident.messages.values().filter(|m| m.missed() > 0);
    list("not reached", partly.map(|m| format!("{} of {} {}", m.missed(), m.audience, m.channel)).collect());
    list("drafted, not sent", messages(&[MessageState::Draft, MessageState::Approved]));
    let owed = incident.promises.values().filter(|p| p.kept.is_none());
    list("promised", owed.map(|p| format!("{} to {}", p.text, p.to)).collect());
    let duties = situation
        .obligations
        .iter()
        .filter(|o| !o.voluntary && matches!(o.state, Standing::Due | Standing::Unknown(_)));
    let duties = duties.flat_map(|o| {
        let open = o.stages.iter().filter(|s| s.open());
        open.map(move |s| format!("{} {}{}", o.short, s.name.to_lowercase(), if s.iff { " IF" } else { "" }))
    });
    list("to file", duties.collect());
    let wrong = situation.supplements.iter().map(|s| format!("{} {}", s.whom, s.reference).trim().to_owned());
    list("to correct", wrong.collect());
    list("to decide", incident.asks.values().map(|a| a.proposal.clone()).collect());
    let tasks = incident.tasks.values().filter(|t| t.live() && t.owner.is_some());
    list("at work", tasks.map(|t| format!("{} ({})", t.title, t.owner.as_deref().unwrap_or("nobody"))).collect());
    let ends = End::ALL.iter().filter(|end| !incident.ends.contains_key(end));
    list("ends not recorded", ends.map(|end| end.to_string()).collect());
    list("follow-ups", follow_ups(incident));
    out
}

/// What was to be come back to, in the words of the notes.
pub fn follow_ups(incident: &Incident) -> Vec<String> {
    let rows = incident.timeline.iter().filter(|row| row.applied());
    rows.filter_map(|row| match &row.entry.what {
        What::Noted(w) if w.follow_up => {
            Some(incident.amended.get(&row.entry.id).map_or_else(|| w.text.clone(), |(text, _)| text.clone()))
        }
        _ => None,
    })
    .collect()
}

/// Changes in what we run, newest first, with whether each came before the start.
pub fn changes(incident: &Incident) -> Vec<(crate::incident::Instant, String, bool)> {
    let started = incident.started();
    let rows = incident.timeline.iter().rev().filter(|row| row.applied());
    rows.filter_map(|row| match &row.entry.what {
        What::ChangeNoted(w) => {
            let text = incident.amended.get(&row.entry.id).map_or_else(|| w.text.clone(), |(text, _)| text.clone());
            let before = started.is_some_and(|at| row.entry.happened <= at);
            Some((row.entry.happened, text, before))
        }
        _ => None,
    })
    .collect()
}
