//! A thing that is opened, in full.

use crate::command::TABLE;
use crate::incident::what::What;
use crate::incident::words::MessageState;
use crate::safe;
use crate::situation::thing::Thing;
use crate::tui::able;
use crate::tui::duty;
use crate::tui::ink::{Piece, piece};
use crate::tui::keymap::Keymap;
use crate::tui::lead;
use crate::tui::model::Model;
use crate::tui::panes;
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;

use super::text_lines;

/// How many recipients that lack a message are shown with it.
const SHOWN: usize = 100;

/// An opened thing: what to say aloud, why, who, what is at hand, what was said, what to do, and its record.
pub fn detail(scene: &Scene<'_>, model: &Model, thing: &Thing, columns: usize, keymap: &Keymap) -> Vec<Vec<Piece>> {
    let mut out: Vec<Vec<Piece>> = Vec::new();
    let mut add = |label: &'static str, text: &str, meaning: Meaning| {
        if text.is_empty() {
            return;
        }
        for (index, line) in text_lines(text, columns.saturating_sub(9)).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            out.push(vec![panes::cell(label, 7, Meaning::Dim), piece(line, meaning)]);
        }
    };
    let incident = scene.incident();
    if let Some(item) = scene.situation.item(thing) {
        add("NOW", &format!("{}  {}", item.label, item.text), panes::now::meaning(item.band));
        add("SAY", &format!("\"{}\"", item.say), Meaning::Title);
        add("WHY", &item.why, Meaning::Text);
        add("WHO", item.owner.as_deref().unwrap_or("nobody"), Meaning::Text);
        add("HAVE", &item.have, Meaning::Text);
        add("SAID", &item.said, Meaning::Text);
    }
    match thing {
        Thing::Audience(id) => {
            if let Some(planned) = scene.plan().audience(id) {
                let limits =
                    format!("first word within {} min of harm, then every {} min", planned.first_word, planned.cadence);
                add("PLAN", &format!("{}: {limits}", planned.name), Meaning::Text);
            }
            let mut messages: Vec<_> = incident.messages.values().filter(|m| m.audience == *id).collect();
            messages.sort_by_key(|m| m.drafted);
            for message in messages.iter().rev().take(6) {
                let at = scene.clock(model, message.told.unwrap_or(message.drafted));
                let first = message.text.lines().next().unwrap_or_default();
                let proof = match (message.state, &message.proof) {
                    (MessageState::SentElsewhere, None) => " CLAIMED by ",
                    (MessageState::SentElsewhere, Some(_)) => " by ",
                    _ => " ",
                };
                let counts = message.recipients.counts();
                let counts = if counts.all == 0 { String::new() } else { format!(" [{}]", counts.said()) };
                let text =
                    format!("{at} {} {}{counts}{proof}{} {first}", message.channel, message.state, message.detail);
                add("WORD", &text, Meaning::Text);
            }
        }
        Thing::Message(id) => {
            if let Some(message) = incident.messages.get(id) {
                add("TEXT", &message.text, Meaning::Text);
                add("STATE", &format!("{} {}", message.state, message.detail), Meaning::Text);
                let counts = message.recipients.counts();
                if counts.all > 0 {
                    add("TO", &counts.said(), if counts.missed() > 0 { Meaning::Late } else { Meaning::Text });
                }
                // Those who have it last: whoever looks here looks for the others.
                let mut others: Vec<_> = message.recipients.iter().filter(|(_, r)| r.state.short()).collect();
                others.sort_by_key(|(to, r)| (r.state, *to));
                for (to, recipient) in others.iter().take(SHOWN) {
                    let text = format!("{to} {}: {}", recipient.state, recipient.detail);
                    let unsure = recipient.state == crate::incident::words::Reach::Unknown;
                    add("", &text, if unsure { Meaning::Unsure } else { Meaning::Late });
                }
                if others.len() > SHOWN {
                    let left = others.len() - SHOWN;
                    add("", &format!("and {left} more: `warroom message show` lists all"), Meaning::Dim);
                }
                if message.missed() > 0 {
                    add("DO", "s sends it again to those whom it did not reach, and to nobody else", Meaning::Soon);
                }
                if message.may_be_lost(scene.now()) {
                    add(
                        "DO",
                        "look on the other side, then Space: it went, or it did not. Never send it twice.",
                        Meaning::Unsure,
                    );
                }
            }
        }
        Thing::Task(id) => {
            if let Some(task) = incident.tasks.get(id) {
                let (state, meaning) = panes::teams::state(scene, task);
                add("TASK", &task.title, Meaning::Header);
                add("STATE", &state, meaning);
                add("OWNER", task.owner.as_deref().unwrap_or("nobody"), Meaning::Text);
                add("RESULT", &task.result, Meaning::Text);
            }
        }
        Thing::Stage(rule, stage) => {
            for (label, text, meaning) in duty::opened(scene, model, rule, stage) {
                add(label, &text, meaning);
            }
        }
        Thing::Alerts(name) => {
            let mut alerts: Vec<_> = incident.alerts.iter().filter(|(_, a)| a.name == *name).collect();
            alerts.sort_by_key(|(_, a)| (a.gone.is_some(), a.starts_at));
            add("ALERTS", &format!("{} of \"{name}\"", alerts.len()), Meaning::Header);
            for ((_, id), alert) in alerts.iter().take(200) {
                let gone = alert.gone.map(|at| format!(", no longer listed since {}", scene.clock(model, at)));
                let at = scene.clock(model, alert.starts_at);
                let text = format!("{at} {} {}{} [{id}]", alert.state, alert.summary, gone.unwrap_or_default());
                add("", &text, if alert.gone.is_some() { Meaning::Dim } else { Meaning::Text });
            }
        }
        Thing::Entry(id) | Thing::Decision(id) | Thing::Ask(id) | Thing::Promise(id) => {
            if let Some(row) = incident.timeline.find(*id) {
                let entry = &row.entry;
                if let What::Decided(d) = &entry.what {
                    add("DECIDE", &d.proposal, Meaning::Header);
                    add("SO", &d.outcome, Meaning::Title);
                    add("ACTS", d.acts.as_deref().unwrap_or("nobody named"), Meaning::Text);
                    add("AGAINST", d.objections.as_deref().unwrap_or("nobody was asked"), Meaning::Text);
                    add("REFUSED", &d.refused.join("; "), Meaning::Text);
                    add("UNLESS", d.reversal.as_deref().unwrap_or_default(), Meaning::Text);
                    if let Some(check) = incident.leading.checks.get(id) {
                        let at = scene.clock_zoned(model, check.at);
                        add("CHECKED", &format!("{at} by {}: {}", check.by, check.seen), Meaning::Text);
                    }
                }
                let line = crate::report::line::line(entry, incident, scene.plan(), scene.now(), scene.zone(model));
                add(line.tag, &line.text, Meaning::Header);
                let zone = scene.zone(model);
                if let (true, Some(was)) = (incident.amended.contains_key(id), crate::report::line::words(&entry.what))
                {
                    add("WAS", was, Meaning::Dim);
                }
                add("WHEN", &crate::text::instant::echo(entry.happened, zone), Meaning::Text);
                add("NOTED", &crate::text::instant::echo(entry.recorded, zone), Meaning::Text);
                add("BY", &format!("{} on {}", entry.author.person, entry.author.host), Meaning::Text);
                add("ID", &format!("{} ({})", entry.id, entry.what.kind()), Meaning::Dim);
                match &row.effect {
                    crate::incident::timeline::Effect::Applied => {}
                    crate::incident::timeline::Effect::Without(why) => {
                        add("RIGHT", &format!("done without the right: {why}"), Meaning::Late);
                        match incident.unrightful.get(id).and_then(|done| done.stood.as_ref()) {
                            Some(stood) => add("STANDS", &format!("{} for it: {}", stood.by, stood.why), Meaning::Text),
                            None => add("STANDS", "nobody for it yet: Space", Meaning::Late),
                        }
                    }
                    crate::incident::timeline::Effect::None(why) => {
                        add("EFFECT", &format!("none: {why}"), Meaning::Late)
                    }
                    crate::incident::timeline::Effect::Retracted(why) => {
                        add("EFFECT", &format!("taken back {why}"), Meaning::Late);
                    }
                }
            }
        }
        Thing::Source(name) => {
            if let Some(source) = scene.snapshot.sources.iter().find(|s| s.name == *name) {
                add("SOURCE", &format!("{} ({} {})", source.name, source.family, source.kind), Meaning::Header);
                add("ERROR", source.error.as_deref().unwrap_or_default(), Meaning::Late);
                add("MISSES", &source.misses.to_string(), Meaning::Text);
                let next = source.next_try.map(|at| (at - scene.situation.moment.real).num_seconds().max(0));
                add("AGAIN", &next.map(|s| format!("in {s}s; ctrl-r asks now")).unwrap_or_default(), Meaning::Text);
            }
        }
        Thing::Metric(name) => {
            if let Some(metric) = scene.situation.signals.metrics.iter().find(|m| m.name == *name) {
                let value = metric.value.map(crate::report::line::number).unwrap_or_else(|| "NOT KNOWN".into());
                add("METRIC", &format!("{} {value} {}", metric.name, metric.unit), Meaning::Header);
                add(
                    "QUALITY",
                    &format!("{}{}", metric.quality, if metric.estimated { ", an estimate" } else { "" }),
                    Meaning::Text,
                );
                add("WHY", &metric.why, Meaning::Old);
                add("SOURCE", &metric.source, Meaning::Text);
            }
        }
        Thing::Component(name) => {
            if let Some(component) = scene.situation.signals.components.iter().find(|c| c.name == *name) {
                add("STATE", &format!("{name}: {}", component.state.map_or("GONE", |s| s.short())), Meaning::Header);
                add("", component.mismatch.as_deref().unwrap_or_default(), Meaning::Late);
            }
        }
        Thing::Components(word) => {
            for component in &scene.situation.signals.components {
                let state = component.state.map_or("GONE", |s| s.short());
                if state == word {
                    let since =
                        component.since.map(|at| format!(" since {}", scene.clock(model, at))).unwrap_or_default();
                    let mismatch = component.mismatch.as_ref().map(|m| format!("; {m}")).unwrap_or_default();
                    add(state, &format!("{}{since}{mismatch}", component.name), Meaning::Text);
                }
            }
        }
        Thing::Role(role) => {
            add("ROLE", role.title(), Meaning::Header);
            add("HOLDER", incident.holder(*role).unwrap_or("nobody"), Meaning::Text);
        }
        Thing::Conflict(what) if what.starts_with("sent twice") => {
            add("DO", "ask whether it harms that they got it twice, then Space: that you know of it", Meaning::Text);
        }
        Thing::Conflict(what) => add("", &format!("Set the {what} anew: that replaces both."), Meaning::Text),
        Thing::Team(id) => {
            if let Some(team) = scene.situation.teams.iter().find(|t| t.id == *id) {
                add("TEAM", &team.name, Meaning::Header);
                add("LEAD", team.lead.as_deref().unwrap_or("nobody"), Meaning::Text);
                add("WITH", &team.members.join(", "), Meaning::Text);
                add("DUTY", scene.plan().team(id).map_or("", |t| t.duty.as_str()), Meaning::Text);
            }
        }
        Thing::Offer(_) => add("DO", "H opens the brief", Meaning::Text),
        Thing::RollCall(_) => add("DO", "L opens the roll-call", Meaning::Text),
        Thing::TimeOut(_) => add("DO", "Space or O: its four answers", Meaning::Text),
        Thing::Hosts => add("DO", "call them; `warroom replicate --once` says what is wrong", Meaning::Text),
        Thing::Span => {
            add("WHO", &scene.situation.reports.join(", "), Meaning::Text);
            add("DO", "W gives teams their leads and people", Meaning::Text);
        }
    }
    for of in lead::whom(scene, Some(thing)) {
        let reach = lead::reach(scene, &of);
        add("REACH", &if reach.is_empty() { String::new() } else { format!("{of}: {reach}") }, Meaning::Text);
    }
    let mut keys: Vec<Piece> = vec![panes::cell("DO", 7, Meaning::Dim)];
    for row in TABLE.iter().filter(|row| able::is_about(row.action, thing)) {
        if matches!(row.name, "open") || able::refusal_for(row.action, model, scene, Some(thing)).is_some() {
            continue;
        }
        if let Some(key) = keymap.keys(row.action).first() {
            let word = if row.footer.is_empty() { row.name } else { row.footer };
            keys.push(piece(safe!("{key}"), Meaning::Key));
            keys.push(piece(safe!(" {word}   "), Meaning::Text));
        }
    }
    out.push(keys);
    out
}
