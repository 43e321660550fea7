//! One entry as one line: a tag and a sentence. Timeline, export and answers of commands use the same words.

use chrono_tz::Tz;

use crate::incident::Instant;
use crate::incident::entry::{Entry, EntryId};
use crate::incident::plan::Plan;
use crate::incident::recipient::Counts;
use crate::incident::state::Incident;
use crate::incident::what::What;
use crate::text::instant;

/// A line. The texts are raw: they pass the gate where they are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// At most six letters.
    pub tag: &'static str,
    pub text: String,
}

/// What an entry says, in words. `now` decides whether times show their day.
pub fn line(entry: &Entry, incident: &Incident, plan: &Plan, now: Instant, zone: Tz) -> Line {
    let clock = |at: Instant| instant::clock_zoned(at, now, zone);
    let by = entry.author.person.as_str();
    let task = |id: &EntryId| incident.tasks.get(id).map_or_else(|| id.short(), |t| format!("\"{}\"", t.title));
    let audience = |id: &str| plan.audience(id).map_or_else(|| id.to_owned(), |a| a.name.clone());
    let channel = |id: &str| plan.channel(id).map_or_else(|| id.to_owned(), |c| c.name.clone());
    let message = |id: &EntryId| match incident.messages.get(id) {
        Some(m) => format!("{} to {}", channel(&m.channel), audience(&m.audience)),
        None => format!("message {}", id.short()),
    };
    let offered = |id: &EntryId| match incident.timeline.find(*id).map(|row| &row.entry.what) {
        Some(What::HandoverOffered(w)) => w.role.title().to_lowercase(),
        _ => format!("offer {}", id.short()),
    };
    let with = |text: &str, more: &str| if more.is_empty() { text.to_owned() } else { format!("{text}: {more}") };
    let amended = incident.amended.get(&entry.id).map(|(text, _)| text.as_str());
    let (tag, text) = match &entry.what {
        What::Declared(w) => {
            let exercise = if w.exercise { "EXERCISE " } else { "" };
            ("START", format!("{exercise}{} declared by {by}: {}; began {}", w.severity, w.title, clock(w.started)))
        }
        What::PlanAdopted(w) => ("PLAN", format!("playbook {} in force", w.name)),
        What::RulesAdopted(_) => ("PLAN", "agency rules in force".to_owned()),
        What::RightsAdopted(w) => {
            let who = w.who.iter().map(|(act, who)| {
                let who = if who.is_empty() { "nobody".to_owned() } else { who.join(", ") };
                format!("{act}: {who}")
            });
            let who = who.collect::<Vec<_>>().join("; ");
            let who = if who.is_empty() { "everybody who answers for it".to_owned() } else { who };
            ("RIGHTS", format!("who may from here on: {who} ({by})"))
        }
        What::RightStood(w) => ("RIGHTS", format!("{by} stands for {}: {}", w.entry.short(), w.why)),
        What::Titled(w) => ("TITLE", format!("{by}: {}", w.title)),
        What::SeveritySet(w) => ("SEV", with(&format!("{} by {by}", w.severity), &w.why)),
        What::PhaseSet(w) => {
            let over = if w.overrode.is_empty() { String::new() } else { format!(" OVER {}", w.overrode.join("; ")) };
            ("PHASE", with(&format!("{} by {by}{over}", w.phase), &w.why))
        }
        What::EndReached(w) => ("END", with(&format!("{} ({by})", w.end), &w.basis)),
        What::Noted(w) if is_inject(entry) => ("INJECT", amended.unwrap_or(&w.text).to_owned()),
        What::Noted(w) => ("NOTE", format!("{} ({by})", amended.unwrap_or(&w.text))),
        What::ChangeNoted(w) => ("CHANGE", format!("{} ({by})", amended.unwrap_or(&w.text))),
        What::ObjectivesSet(w) => {
            let until = w.until.map(|at| format!(", until {}", clock(at))).unwrap_or_default();
            ("AIM", format!("{}{until} ({by})", w.text))
        }
        What::Asked(w) => {
            let risk = if w.risk.is_empty() { String::new() } else { format!("; risk: {}", w.risk) };
            ("ASK", format!("{}: {}{risk}", w.by, w.proposal))
        }
        What::Decided(w) => {
            let acts = w.acts.as_ref().map(|a| format!("; {a} acts")).unwrap_or_default();
            let check = w.check_at.map(|at| format!("; check {}", clock(at))).unwrap_or_default();
            let objections = w.objections.as_ref().map(|o| format!("; objections: {o}")).unwrap_or_default();
            let outcome = amended.unwrap_or(&w.outcome);
            ("DECIDE", format!("{} -> {outcome}{acts}{check}{objections} ({by})", w.proposal))
        }
        What::DecisionChecked(w) => {
            let proposal = incident.timeline.find(w.decision).map(|row| &row.entry.what);
            let proposal = match proposal {
                Some(What::Decided(d)) => d.proposal.clone(),
                _ => w.decision.short(),
            };
            let worked = match w.worked {
                Some(true) => "it worked",
                Some(false) => "it did NOT work",
                None => "not to be told yet",
            };
            ("CHECK", with(&format!("{proposal}: {worked} ({by})"), &w.seen))
        }
        What::TimeOutStarted(w) => ("TIMEOT", format!("time-out of {} min called by {by}", w.minutes)),
        What::TimeOutEnded(w) => {
            let answers = [
                ("we know", &w.known),
                ("we assume", &w.assumed),
                ("would change our mind", &w.change_mind),
                ("tired", &w.tired),
            ];
            let said = answers.iter().filter(|(_, a)| !a.is_empty()).map(|(q, a)| format!("{q}: {a}"));
            ("TIMEOT", with(&format!("time-out ended by {by}"), &said.collect::<Vec<_>>().join("; ")))
        }
        What::HandoverOffered(w) => {
            let from = w.from.as_deref().unwrap_or("nobody");
            ("OFFER", format!("{} offered to {}, now {from}'s ({by})", w.role.title().to_lowercase(), w.to))
        }
        What::HandoverAccepted(w) => ("ROLE", format!("{by} accepts {}", offered(&w.offer))),
        What::HandoverRefused(w) => ("REFUSE", with(&format!("{by} does not take {}", offered(&w.offer)), &w.why)),
        What::TeamSet(w) => {
            let lead = w.lead.as_ref().map(|l| format!(" led by {l}")).unwrap_or_default();
            let members = if w.members.is_empty() { String::new() } else { format!(", with {}", w.members.join(", ")) };
            let parent = w.parent.as_ref().map(|p| format!(", out of {p}")).unwrap_or_default();
            ("TEAM", format!("{}{lead}{members}{parent} ({by})", w.name))
        }
        What::RollCallAsked(w) => {
            ("ROLL", format!("{} asked to answer in {} min ({by})", w.people.join(", "), w.minutes))
        }
        What::RollCallAnswered(w) => ("ROLL", with(&format!("{} answers", w.person), &w.says)),
        What::ContactSet(w) => match &w.address {
            Some(address) => ("REACH", format!("{} by {}: {address} ({by})", w.of, w.way)),
            None => ("REACH", format!("{} no longer by {} ({by})", w.of, w.way)),
        },
        What::RoleSet(w) => {
            let role = w.role.title();
            let taken =
                if w.why.is_empty() { String::new() } else { format!("; without a handover: {} ({by})", w.why) };
            (
                "ROLE",
                match &w.holder {
                    Some(holder) => format!("{holder} is {}{taken}", role.to_lowercase()),
                    None => format!("{} stands empty{taken}", role.to_lowercase()),
                },
            )
        }
        What::TaskAdded(w) => {
            let owner = w.owner.as_ref().map(|o| format!(", for {o}")).unwrap_or_default();
            ("TASK", format!("\"{}\"{owner}", w.title))
        }
        What::TaskAssigned(w) => ("ASSIGN", format!("{} asked: {}, {} min ({by})", w.owner, task(&w.task), w.minutes)),
        What::TaskAcknowledged(w) => ("ACK", format!("{}: {}, back in {} min", w.by, task(&w.task), w.minutes)),
        What::TaskStarted(w) => ("DOING", format!("{} ({by})", task(&w.task))),
        What::TaskBlocked(w) => ("BLOCK", format!("{} on {} ({by})", task(&w.task), w.on)),
        What::TaskDone(w) => ("DONE", with(&format!("{} ({by})", task(&w.task)), &w.result)),
        What::TaskCancelled(w) => ("CANCEL", with(&format!("{} ({by})", task(&w.task)), &w.why)),
        What::TaskExtended(w) => ("MORE", with(&format!("{} back in {} min ({by})", task(&w.task), w.minutes), &w.why)),
        What::AlertsAcknowledged(w) => (
            "ACK",
            format!(
                "{}: {} \"{}\", back in {} min",
                w.by,
                if w.count == 1 { "1 alert".to_owned() } else { format!("{} alerts", w.count) },
                w.group,
                w.minutes
            ),
        ),
        What::MessageDrafted(w) => {
            ("DRAFT", format!("{} to {} ({}, {by})", channel(&w.channel), audience(&w.audience), w.round))
        }
        What::MessageEdited(w) => ("EDIT", format!("{} ({by})", message(&w.message))),
        What::MessageApproved(w) => {
            let hash = w.text_sha256.get(..4).unwrap_or_default();
            let step = if w.step.is_empty() { String::new() } else { format!(" as {}", w.step) };
            let still = if w.still.is_empty() { String::new() } else { format!("; still {}", w.still.join(", ")) };
            match w.skipped.as_str() {
                "" => ("APPROV", format!("{} text {hash}{step} ({by}){still}", message(&w.message))),
                why => {
                    ("SKIP", format!("{} text {hash}: step{step} left out ({by}): {why}{still}", message(&w.message)))
                }
            }
        }
        What::MessageSending(w) => {
            let to = match w.recipients.len() {
                0 => String::new(),
                1 => ", to 1 address".to_owned(),
                n => format!(", to {n} addresses"),
            };
            ("SEND", format!("{} by {by} over {}{to}", message(&w.message), w.backend))
        }
        What::MessageRecipients(w) => {
            let counts = Counts::of(w.outcomes.iter().map(|o| &o.state));
            let of = incident.sendings.get(&w.sending).map(&message).unwrap_or_default();
            ("RECIPS", format!("{of}: {}", counts.said()))
        }
        What::MessageSent(w) => ("SENT", message(&w.message)),
        What::MessageDelivered(w) => ("ARRIVD", message(&w.message)),
        What::MessageFailed(w) => ("FAILED", with(&message(&w.message), &w.why)),
        What::MessageUnknown(w) => ("UNSURE", with(&format!("{} may have gone", message(&w.message)), &w.why)),
        What::MessageSkipped(w) => ("SKIP", with(&format!("{} ({by})", message(&w.message)), &w.why)),
        What::ToldElsewhere(w) => {
            let proof = w.proof.as_ref().map_or("proof not given".to_owned(), |p| format!("proof {p}"));
            ("ELSEWH", format!("{} told over {} by {}; {proof}", audience(&w.audience), channel(&w.channel), w.by))
        }
        What::PromiseMade(w) => ("PROMIS", format!("{} to {} by {} ({by})", w.text, audience(&w.to), clock(w.due))),
        What::PromiseKept(w) => {
            let text = incident.promises.get(&w.promise).map_or_else(|| w.promise.short(), |p| p.text.clone());
            ("KEPT", with(&format!("{text} ({by})"), &w.how))
        }
        What::FactSet(w) => {
            let value = if w.value.is_null() { "NOT KNOWN".to_owned() } else { w.value.to_string() };
            let confirmed =
                w.confirmed_by.as_ref().map_or(", unconfirmed".to_owned(), |c| format!(", confirmed by {c}"));
            let basis = if w.basis.is_empty() { String::new() } else { format!("; {}", w.basis) };
            let unit = if w.unit.is_empty() { String::new() } else { format!(" {}", w.unit) };
            let needs =
                if w.needs.is_empty() { String::new() } else { format!(", {} to clear", w.needs.join(" and ")) };
            ("FACT", format!("{} = {value}{unit}{confirmed}{needs}{basis}", w.name))
        }
        What::FactCleared(w) => ("CLEAR", with(&format!("{} cleared by {by} for {}", w.name, w.step), &w.basis)),
        What::ServiceStated(w) => {
            let (tag, how) = if w.harmed { ("HARM", "harmed") } else { ("BACK", "well again") };
            (tag, format!("{} {how}: {} ({by})", audience(&w.audience), w.basis))
        }
        What::ClockSet(w) => {
            let assumed = if w.assumed { ", ASSUMED" } else { "" };
            let was = w.replaces.iter().filter_map(|id| match &incident.timeline.find(*id)?.entry.what {
                What::ClockSet(before) => Some(clock(before.at)),
                _ => None,
            });
            let was: Vec<String> = was.collect();
            let was = if was.is_empty() { String::new() } else { format!(", was {}", was.join(" or ")) };
            ("CLOCK", format!("{} {}{was}{assumed}: {} ({by})", w.clock, clock(w.at), w.why))
        }
        What::StageDrafted(w) => ("DRAFT", format!("{} {} ({by})", w.rule, w.stage)),
        What::StageFiled(w) => {
            let reference = if w.reference.is_empty() { String::new() } else { format!(", no. {}", w.reference) };
            let person = if w.person.is_empty() { String::new() } else { format!(", with {}", w.person) };
            let channel = if w.how.channel.is_empty() { String::new() } else { format!(", by {}", w.how.channel) };
            let proof = if w.how.proof.is_empty() { String::new() } else { format!(", proof {}", w.how.proof) };
            let why = if w.how.why.is_empty() { String::new() } else { format!(", because {}", w.how.why) };
            ("FILED", format!("{} {}{reference}{person}{channel}{proof}{why} ({by})", w.rule, w.stage))
        }
        What::StageConfirmed(w) => ("CONFIR", with(&format!("{} {}", w.rule, w.stage), &w.how)),
        What::StageWaived(w) => {
            let by = if w.by.is_empty() { by } else { &w.by };
            ("WAIVED", with(&format!("{} {} ({by})", w.rule, w.stage), &w.why))
        }
        What::StageWithdrawn(w) => {
            let by = if w.by.is_empty() { by } else { &w.by };
            ("WITHDR", with(&format!("{} {} ({by})", w.rule, w.stage), &w.why))
        }
        What::AgencyTold(w) => {
            let person = if w.person.is_empty() { String::new() } else { format!(", with {}", w.person) };
            ("TOLD", format!("{} {}{person}: {} {} ({by})", w.name, w.by.said(), w.rule, w.stage))
        }
        What::AgencyCalled(w) => {
            let caller = if w.caller.is_empty() { String::new() } else { format!(" ({})", w.caller) };
            ("CALL", format!("{}{caller}: {}; {} answers by {}", w.agency, w.about, w.taken_by, clock(w.due)))
        }
        What::ComponentChanged(w) => {
            let from = w.from.map(|f| format!(" (was {})", f.short())).unwrap_or_default();
            let raw = if w.to == crate::incident::words::ComponentState::Unknown && !w.raw.is_empty() {
                format!(" \"{}\"", w.raw)
            } else {
                String::new()
            };
            (w.to.short(), format!("{}{raw}{from}", w.name))
        }
        What::ComponentGone(w) => ("GONE", format!("{} is no longer on the page: NOT KNOWN", w.name)),
        What::RemoteUpdated(w) => ("PAGE", format!("{}: {}", w.title, w.body)),
        What::RemoteGone(w) => ("GONE", format!("\"{}\" was removed from the page by its author", w.title)),
        What::AlertFired(w) => ("ALERT", with(&w.name, &w.summary)),
        What::AlertChanged(w) => ("ALERT", with(&format!("{} is {}", w.name, w.to), &w.why)),
        What::AlertGone(w) => ("ALERT", format!("{} no longer firing (not a recovery)", w.name)),
        What::MetricMoved(w) => {
            let estimate = if w.estimated { "~" } else { "" };
            (
                "METRIC",
                match w.value {
                    Some(value) => format!("{} {estimate}{} {}", w.name, number(value), w.unit),
                    None => with(&format!("{} has no value", w.name), &w.why),
                },
            )
        }
        What::SourceFailing(w) => ("OLD", format!("{} ({}) stopped answering: {}", w.source, w.family, w.why)),
        What::SourceBack(w) => ("BACK", format!("{} ({}) answers again", w.source, w.family)),
        What::ReceiptSeen(w) => {
            let of = incident.sendings.get(&w.sending);
            let what = of.map_or_else(|| w.sending.short(), message);
            ("RECPT", with(&format!("{what}: {}", w.state), &w.detail))
        }
        What::HeadsSeen(w) => {
            ("SEEN", format!("{} has the entries of {} other writers", entry.author.host, w.heads.len()))
        }
        What::Retracted(w) => {
            let of = incident.timeline.find(w.entry).map(|row| match row.entry.what {
                // Not followed further: takings back may chain without end.
                What::Retracted(_) => "a taking back".to_owned(),
                _ => {
                    let line = line(&row.entry, incident, plan, now, zone);
                    format!("{} {}", line.tag, line.text)
                }
            });
            ("UNDO", with(&format!("{by} takes back {}", of.unwrap_or_else(|| w.entry.short())), &w.why))
        }
        What::Amended(w) => ("AMEND", format!("{by} corrects {}: {}", w.entry.short(), w.text)),
        What::Unknown { kind, .. } => ("?", format!("{kind}: needs a newer warroom")),
    };
    Line { tag, text: text.trim_end().to_owned() }
}

/// The author of what a drill plays in.
pub const INJECT: &str = "inject";

/// Whether these are words that a drill plays in; no person has said them.
pub fn is_inject(entry: &Entry) -> bool {
    matches!(entry.what, What::Noted(_)) && entry.author.machine && entry.author.person == INJECT
}

/// The words of a note or decision as they were first written: what an amendment puts others in the place of.
pub fn words(what: &What) -> Option<&str> {
    match what {
        What::Noted(w) => Some(&w.text),
        What::ChangeNoted(w) => Some(&w.text),
        What::Decided(w) => Some(&w.outcome),
        _ => None,
    }
}

/// A number as people read it aloud: `125.0 M`, `27,100`, `3.5`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    if size >= 1e9 {
        return format!("{:.1} G", value / 1e9);
    }
    if size >= 1e6 {
        return format!("{:.1} M", value / 1e6);
    }
    if value.fract() != 0.0 && size < 1000.0 {
        return format!("{value:.1}");
    }
    let whole = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0.0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_read_aloud() {
        assert_eq!(number(125_000_000.0), "125.0 M");
        assert_eq!(number(27_100.0), "27,100");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(-1234.0), "-1,234");
        assert_eq!(number(99.5), "99.5");
    }
}
