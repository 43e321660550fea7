//! The one list of what needs the commander, in bands. An old overdue chore never stands above an untold audience.

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::Situation;
use super::audience::{AudienceView, Next, Service, harm};
use super::filing::Supplement;
use super::obligations::{StageView, Standing};
use super::page::Says;
use super::presence;
use super::promised::{self, Promised};
use super::receipt;
use super::thing::Thing;
use super::wording::shown;
use crate::incident::Instant;
use crate::incident::apply::NEXT_UPDATE;
use crate::incident::leading::ROLL_STANDS;
use crate::incident::message::Message;
use crate::incident::observation::Health;
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::task::Task;
use crate::incident::what::What;
use crate::incident::words::{MessageState, Role, StageState, TaskState};
use crate::rulebook::deadline::Due;
use crate::text::{duration, instant};

/// The bands, the loudest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    Untold,
    Decide,
    Unsure,
    Late,
    Due,
    Nobody,
    Old,
}

impl Band {
    pub fn as_str(self) -> &'static str {
        match self {
            Band::Untold => "untold",
            Band::Decide => "decide",
            Band::Unsure => "unsure",
            Band::Late => "late",
            Band::Due => "due",
            Band::Nobody => "nobody",
            Band::Old => "old",
        }
    }

    /// The mark before the label: `!!` life or late, `??` an answer was lost, `!` soon, unacknowledged or old.
    pub fn mark(self) -> &'static str {
        match self {
            Band::Untold | Band::Decide | Band::Late => "!!",
            Band::Unsure => "??",
            Band::Due | Band::Nobody | Band::Old => "! ",
        }
    }
}

/// Words that end as a sentence does.
fn sentence(words: &str) -> String {
    let ends = words.trim_end().ends_with(['.', '?', '!']);
    format!("{}{}", words.trim_end(), if ends { "" } else { "." })
}

/// The task that somebody has who took it on to tell an audience.
pub fn tells(audience: &str) -> String {
    format!("tell {audience}")
}

/// One line of the list. Texts are raw: they pass the gate where they are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct NowItem {
    pub thing: Thing,
    pub band: Band,
    /// `OVER 20m`, `ASAP`, `DECIDE`, `28m IF`, `NO ACK`.
    pub label: String,
    pub text: String,
    pub owner: Option<String>,
    /// What it is sorted by inside its band: the instant that matters.
    pub at: Instant,
    /// For how many people, centres or alerts this one line stands.
    pub alike: usize,
    /// The line to say aloud.
    pub say: String,
    pub why: String,
    /// What is at hand.
    pub have: String,
    /// What was said so far.
    pub said: String,
}

/// How soon a thing must be due to be in the list.
const SOON: TimeDelta = TimeDelta::minutes(15);
/// A legal deadline and a promise are in the list earlier.
const SOON_DUTY: TimeDelta = TimeDelta::minutes(30);
/// From half time on a legal deadline is in the list; of one that is further away half time is told for so long.
const HALF: TimeDelta = TimeDelta::minutes(60);
const LONG_DUTY: TimeDelta = TimeDelta::hours(12);
/// After how many minutes without an acknowledgement a task is in the list.
const NO_ACK: TimeDelta = TimeDelta::minutes(2);

/// After so long in command a handover is insisted on.
const TIRED: TimeDelta = TimeDelta::hours(8);

struct Builder<'a> {
    incident: &'a Incident,
    plan: &'a Plan,
    situation: &'a Situation,
    now: Instant,
    zone: Tz,
    items: Vec<NowItem>,
}

/// The list, sorted. Nothing stands in it twice.
pub fn now(incident: &Incident, plan: &Plan, situation: &Situation) -> Vec<NowItem> {
    let now = situation.moment.now;
    let mut b = Builder { incident, plan, situation, now, zone: situation.zone, items: Vec::new() };
    b.audiences();
    b.asks_and_conflicts();
    b.messages();
    b.overtaken();
    b.promises();
    b.obligations();
    b.tasks();
    b.alerts();
    b.roles();
    b.unrightful();
    b.leading();
    b.pages();
    b.old();
    // Of those who were told nothing, lives come first; of those harmed alike, in the plan's order of harm.
    let place = |item: &NowItem| match (item.band, &item.thing) {
        (Band::Untold, Thing::Audience(id)) => {
            let at = plan.audiences.iter().position(|a| a.id == *id).unwrap_or(usize::MAX);
            (!plan.audience(id).is_some_and(|a| a.life), at)
        }
        _ => (true, usize::MAX),
    };
    b.items.sort_by(|a, b| {
        let ((life_a, place_a), (life_b, place_b)) = (place(a), place(b));
        (a.band, life_a, a.at, place_a, &a.thing).cmp(&(b.band, life_b, b.at, place_b, &b.thing))
    });
    b.items
}

impl Builder<'_> {
    fn over(&self, at: Instant) -> String {
        format!("OVER {}", duration::short(self.now - at, false))
    }

    fn left(&self, at: Instant) -> String {
        duration::short(at - self.now, true)
    }

    fn clock(&self, at: Instant) -> String {
        instant::clock_zoned(at, self.now, self.zone)
    }

    fn ago(&self, at: Instant) -> String {
        duration::age(self.now - at)
    }

    fn push(&mut self, item: NowItem) {
        self.items.push(item);
    }

    fn audiences(&mut self) {
        let situation = self.situation;
        // Audiences without a service of their own that are late together are one line.
        let mut behind: Vec<&AudienceView> = Vec::new();
        for audience in &situation.audiences {
            // A hold of a rule begins when the rule does: what was said before it was said in time.
            let own = situation.held.is_none();
            if let (Some(why), Some(at), true) = (&audience.hold, audience.last_word, own) {
                let ago = self.ago(at);
                let item = self.untold(audience, at, "HOLD", "");
                self.push(NowItem {
                    band: Band::Late,
                    text: format!("{}: told {ago} ago in spite of the hold: {why}", audience.name),
                    say: format!("{} was told although it is held back: {why}. Does legal know?", audience.name),
                    why: "a word by other means is recorded as it happened; the hold stands all the same".to_owned(),
                    at,
                    ..item
                });
            }
            match &audience.next {
                Next::RestoredUntold(since) => {
                    let item = self.untold(audience, *since, "RESTORED", "NEVER TOLD");
                    self.push(item);
                }
                Next::First(limit) if *limit <= self.now => {
                    if audience.life || matches!(audience.service, Service::Harmed { .. }) {
                        let item = self.untold(audience, *limit, &self.over(*limit), "NEVER TOLD");
                        self.push(item);
                    } else {
                        behind.push(audience);
                    }
                }
                // Whose lives hang on it hears from the moment of harm, not from the limit.
                Next::First(limit) if audience.life && matches!(audience.service, Service::Harmed { .. }) => {
                    let item = self.untold(audience, *limit, &self.left(*limit), "NEVER TOLD");
                    self.push(item);
                }
                Next::First(limit) if *limit - self.now <= SOON => {
                    let label = self.left(*limit);
                    let item = self.untold(audience, *limit, &label, "not told yet");
                    self.push(NowItem { band: Band::Due, at: *limit, ..item });
                }
                Next::Cadence(due) if *due <= self.now => {
                    let last = audience.last_word.map(|at| self.ago(at)).unwrap_or_default();
                    let item = self.silent(audience, *due, self.over(*due), &format!("last word {last} ago"));
                    self.push(NowItem { band: Band::Late, ..item });
                }
                Next::Cadence(due) if *due - self.now <= SOON => {
                    let item = self.silent(audience, *due, self.left(*due), "next word due");
                    self.push(item);
                }
                // Promised words are debts: they stand among the promises.
                Next::Nothing | Next::First(_) | Next::Promised(_) | Next::Cadence(_) => {}
            }
        }
        if let Some(first) = behind.first() {
            let limit = behind.iter().filter_map(|a| a.next.at()).min().unwrap_or(self.now);
            let names: Vec<&str> = behind.iter().map(|a| a.name.as_str()).collect();
            let told = situation.audiences.iter().filter(|a| a.last_word.is_some()).count();
            let state = if told > 0 { "behind the public text" } else { "not told yet" };
            let mut item = self.untold(first, limit, &self.over(limit), state);
            item.text = format!("{}: {state}", names.join(", "));
            item.say = format!("Who tells {}, by when?", names.join(" and "));
            item.at = limit;
            item.alike = behind.len();
            item.band = Band::Late;
            // Who has one of them has not all.
            let who: Vec<Option<String>> = behind.iter().map(|a| self.teller(a).or_else(|| a.owner.clone())).collect();
            item.owner = who.first().cloned().flatten().filter(|one| who.iter().all(|w| w.as_ref() == Some(one)));
            self.push(item);
        }
    }

    fn untold(&self, audience: &AudienceView, at: Instant, label: &str, state: &str) -> NowItem {
        let service = match &audience.service {
            Service::Harmed { state, since } => format!("{} {}, ", harm(*state).to_lowercase(), self.ago(*since)),
            Service::Restored { since } => format!("restored {} ago, ", self.ago(*since)),
            Service::NotKnown => "service NOT KNOWN, ".to_owned(),
            Service::None | Service::Ok => String::new(),
        };
        let drafts = self.drafts(&audience.id);
        let hint = if drafts.is_empty() { String::new() } else { format!("; {drafts}") };
        let label = if audience.life && at > self.now { format!("{label} LIFE") } else { label.to_owned() };
        NowItem {
            thing: Thing::Audience(audience.id.clone()),
            band: Band::Untold,
            label,
            text: format!("{}: {service}{state}{hint}", audience.name),
            owner: self.teller(audience).or_else(|| audience.owner.clone()),
            // Those who were harmed first come first.
            at: audience.harmed_since.unwrap_or(at),
            alike: 1,
            say: format!("{} has heard nothing for {}. Who sends, by when?", audience.name, self.harm_age(audience)),
            why: format!(
                "harm since {}; the first word was due by {}",
                audience.harmed_since.map(|at| self.clock(at)).unwrap_or_else(|| "not known".into()),
                self.clock(at)
            ),
            have: if drafts.is_empty() { "no draft; the playbook has a text: s".into() } else { drafts },
            said: "nothing".into(),
        }
    }

    /// Who took it on to tell an audience.
    fn teller(&self, audience: &AudienceView) -> Option<String> {
        let title = tells(&audience.name);
        self.incident.tasks.values().find(|t| t.live() && t.title == title).and_then(|t| t.owner.clone())
    }

    fn silent(&self, audience: &AudienceView, due: Instant, label: String, state: &str) -> NowItem {
        NowItem {
            thing: Thing::Audience(audience.id.clone()),
            band: Band::Due,
            label,
            text: format!("{}: {state}", audience.name),
            owner: audience.owner.clone(),
            at: due,
            alike: 1,
            say: format!("{} waits for the next word. Who sends it?", audience.name),
            why: format!("the plan's cadence: due by {}", self.clock(due)),
            have: self.drafts(&audience.id),
            said: audience.last_word.map(|at| format!("last word {}", self.clock(at))).unwrap_or_default(),
        }
    }

    fn harm_age(&self, audience: &AudienceView) -> String {
        audience.harmed_since.map(|at| self.ago(at)).unwrap_or_else(|| "an unknown time".into())
    }

    /// What is drafted or approved for an audience, in words.
    fn drafts(&self, audience: &str) -> String {
        let of = |state| self.incident.messages.values().filter(|m| m.audience == audience && m.state == state).count();
        match (of(MessageState::Draft), of(MessageState::Approved)) {
            (0, 0) => String::new(),
            (0, _) => "approved, not sent".into(),
            (_, 0) => "draft, not approved".into(),
            _ => "drafts, some approved".into(),
        }
    }

    fn asks_and_conflicts(&mut self) {
        for ask in self.incident.asks.values() {
            let risk = if ask.risk.is_empty() { String::new() } else { format!("; risk: {}", ask.risk) };
            self.items.push(NowItem {
                thing: Thing::Ask(ask.id),
                band: Band::Decide,
                label: "DECIDE".into(),
                text: format!("{}{risk} (asked {} ago)", ask.proposal, self.ago(ask.at)),
                owner: Some(ask.by.clone()),
                at: ask.at,
                alike: 1,
                say: format!("{} proposes: {} Any strong objections?", ask.by, sentence(&ask.proposal)),
                why: format!("asked {}", self.clock(ask.at)),
                have: if ask.risk.is_empty() { "no risk named".into() } else { format!("risk: {}", ask.risk) },
                said: "no decision yet".into(),
            });
        }
        for conflict in self.incident.conflicts() {
            let sides: Vec<String> = conflict.sides.iter().map(|(by, what)| format!("{by}: {what}")).collect();
            let twice = conflict.what.starts_with("sent twice");
            self.items.push(NowItem {
                thing: Thing::Conflict(conflict.what.clone()),
                band: Band::Decide,
                label: "CONFLICT".into(),
                text: format!("{}: {}", conflict.what, sides.join(" / ")),
                owner: None,
                at: self.now,
                alike: 1,
                say: match twice {
                    true => format!("A text was {}. Who tells them that it is one word, not two?", conflict.what),
                    false => format!("Two of us set the {}. Which one stands?", conflict.what),
                },
                why: "neither saw the other's".into(),
                have: sides.join(" / "),
                said: String::new(),
            });
        }
        for id in &self.incident.decisions {
            let Some(row) = self.incident.timeline.find(*id) else { continue };
            let What::Decided(decision) = &row.entry.what else { continue };
            let Some(check) = decision.check_at else { continue };
            let checked = self.incident.leading.checks.contains_key(id);
            if checked || check - self.now > SOON || self.now - check > TimeDelta::hours(1) {
                continue;
            }
            let late = check <= self.now;
            self.items.push(NowItem {
                thing: Thing::Decision(*id),
                band: if late { Band::Late } else { Band::Due },
                label: if late { self.over(check) } else { self.left(check) },
                text: format!("check: {}", decision.proposal),
                owner: decision.acts.clone(),
                at: check,
                alike: 1,
                say: format!("We decided: {}. Did it work?", decision.outcome),
                why: format!("to be checked {}", self.clock(check)),
                have: decision.reversal.clone().map(|r| format!("reversed if: {r}")).unwrap_or_default(),
                said: decision.outcome.clone(),
            });
        }
    }

    /// Whether a text has been on its way for longer than anybody expects.
    fn sends_long(&self, message: &Message) -> bool {
        const LONG: TimeDelta = TimeDelta::minutes(1);
        message.sending.as_ref().is_some_and(|sending| self.situation.moment.waited(sending.since) >= LONG)
    }

    fn messages(&mut self) {
        for message in self.incident.messages.values() {
            let unsure = message.may_be_lost(self.now);
            let (label, band) = match message.state {
                _ if unsure => ("UNSURE", Band::Unsure),
                MessageState::Sending if self.sends_long(message) => ("SENDING", Band::Due),
                MessageState::Failed => ("FAILED", Band::Unsure),
                MessageState::Sent | MessageState::Delivered if message.missed() > 0 => ("PARTLY", Band::Unsure),
                MessageState::Sent
                    if receipt::missing(self.incident, &self.situation.signals, message, self.situation.moment) =>
                {
                    ("RECEIPT?", Band::Unsure)
                }
                MessageState::Draft
                | MessageState::Unknown
                | MessageState::Approved
                | MessageState::Sending
                | MessageState::Sent
                | MessageState::Delivered
                | MessageState::Skipped
                | MessageState::SentElsewhere => continue,
            };
            // A later word on the same channel took its place.
            let replaced = self.incident.messages.values().any(|m| {
                m.audience == message.audience
                    && m.channel == message.channel
                    && m.drafted > message.drafted
                    && m.told.is_some()
            });
            // That something may have gone is not answered by another word.
            if replaced && !unsure {
                continue;
            }
            let sent = message.sending.as_ref().map_or(message.drafted, |s| s.since);
            let missed = message.missed();
            let all = message.recipients.counts().all;
            let name = |id: &str| self.plan.audience(id).map_or(id.to_owned(), |a| a.name.clone());
            let channel = self.plan.channel(&message.channel).map_or(message.channel.clone(), |c| c.name.clone());
            self.items.push(NowItem {
                thing: Thing::Message(message.id),
                band,
                label: label.into(),
                text: if label == "SENDING" {
                    let counts = message.recipients.counts();
                    let of = if all > 0 { format!(", {} of {all} told", all - counts.waiting) } else { String::new() };
                    format!("{channel} to {}: on its way for {}{of}", name(&message.audience), self.ago(sent))
                } else if unsure {
                    format!("{channel} {} to {} may have gone. Look it up", self.clock(sent), name(&message.audience))
                } else if missed > 0 {
                    format!("{channel} to {}: {}", name(&message.audience), message.recipients.counts().said())
                } else if label == "RECEIPT?" {
                    let counts = message.recipients.counts();
                    let of = if all > 0 { format!("{} of {all}: ", counts.sent) } else { String::new() };
                    format!("{channel} to {}: {of}taken {} ago, no receipt", name(&message.audience), self.ago(sent))
                } else {
                    format!("{channel} to {} failed: {}", name(&message.audience), message.detail)
                },
                owner: message.sending.as_ref().map(|s| s.by.clone()),
                at: sent,
                alike: 1,
                say: if label == "SENDING" {
                    format!(
                        "The {channel} text to {} is not out yet. Who reaches them otherwise?",
                        name(&message.audience)
                    )
                } else if unsure {
                    format!(
                        "Did the {channel} text to {} go out? Who looks on the other side?",
                        name(&message.audience)
                    )
                } else if missed > 0 {
                    format!(
                        "{missed} of {all} of {} do not have the {channel} text. Who reaches them?",
                        name(&message.audience)
                    )
                } else if label == "RECEIPT?" {
                    format!("Did {} really get the {channel} text? Who asks one of them?", name(&message.audience))
                } else {
                    format!("The {channel} text to {} did not go. Who reaches them otherwise?", name(&message.audience))
                },
                why: message.detail.clone(),
                have: format!("text {}", &message.sha256.get(..4).unwrap_or_default()),
                said: String::new(),
            });
        }
    }

    /// Texts whose facts are others now: drafts again, or out there and owed a correction. Alike is one line.
    fn overtaken(&mut self) {
        let latest = |m: &Message| {
            let theirs = self.incident.messages.values().filter(|o| o.audience == m.audience && o.channel == m.channel);
            theirs.max_by_key(|o| (o.told.is_some(), o.told.unwrap_or(o.drafted), o.id)).map(|o| o.id) == Some(m.id)
        };
        let all = self.incident.messages.values().filter(|m| !m.overtaken.is_empty());
        let (told, drafts): (Vec<&Message>, Vec<&Message>) = all.partition(|m| m.told.is_some());
        let told: Vec<&Message> = told.into_iter().filter(|m| latest(m)).collect();
        let drafts = drafts.into_iter().filter(|m| m.state == MessageState::Draft).collect();
        for (label, messages, is_out) in [("CORRECT", told, true), ("CHANGED", drafts, false)] {
            let mut messages: Vec<&Message> = messages;
            messages.sort_by_key(|m| {
                let at = self.plan.audiences.iter().position(|a| a.id == m.audience);
                (at.unwrap_or(usize::MAX), m.drafted, m.id)
            });
            let Some(first) = messages.first() else { continue };
            let mut names: Vec<&str> = messages
                .iter()
                .map(|m| self.plan.audience(&m.audience).map_or(m.audience.as_str(), |a| a.name.as_str()))
                .collect();
            names.dedup();
            let names = names.join(", ");
            let moved = first.overtaken.first();
            let what = moved.map(|moved| {
                let is = if moved.is.is_null() {
                    "not confirmed now".into()
                } else {
                    format!("is {} now", shown(&moved.is))
                };
                format!("{} {is}, not {}", moved.name, shown(&moved.was))
            });
            let what = what.unwrap_or_default();
            self.items.push(NowItem {
                thing: Thing::Message(first.id),
                band: Band::Late,
                label: label.into(),
                text: match is_out {
                    true => format!("{names} were told: {what}"),
                    false => format!("text for {names} is a draft again: {what}"),
                },
                owner: None,
                at: first.told.unwrap_or(first.drafted),
                alike: messages.len(),
                say: match is_out {
                    true => format!("{what}. Who corrects it to {names}, over the same channels, by when?"),
                    false => format!("{what}. Who reads the new words for {names}?"),
                },
                why: match is_out {
                    true => {
                        "a fact in a text that left has been amended, or its number moved beyond the tolerance".into()
                    }
                    false => {
                        "a fact in it moved after it was written: the approval is gone, s shows what changed".into()
                    }
                },
                have: String::new(),
                said: first.text.lines().next().unwrap_or_default().to_owned(),
            });
        }
    }

    fn promises(&mut self) {
        for Promised { due, text, promises, names } in promised::open(self.incident, self.plan) {
            if due - self.now > SOON_DUTY {
                continue;
            }
            let late = due <= self.now;
            let whom = match names.as_slice() {
                [one] => one.clone(),
                many => format!("{} audiences", many.len()),
            };
            let Some(first) = promises.first() else { continue };
            let drafted = promises.iter().filter(|p| !self.drafts(&p.to).is_empty()).count();
            let ready = match (promises.len(), drafted) {
                (1, 1) => self.drafts(&first.to),
                (_, 0) => "no draft".to_owned(),
                (all, some) => format!("{some} of {all} drafted"),
            };
            // A word owed to an audience is the audience's own line; another promise is its own.
            let thing = match self.plan.audience(&first.to).filter(|_| text == NEXT_UPDATE) {
                Some(audience) => Thing::Audience(audience.id.clone()),
                None => Thing::Promise(first.id),
            };
            self.items.push(NowItem {
                thing,
                band: if late { Band::Late } else { Band::Due },
                label: if late { self.over(due) } else { self.left(due) },
                text: format!("{text} promised to {whom} for {}; {ready}", self.clock(due)),
                owner: Some(first.owner.clone()),
                at: due,
                alike: promises.len(),
                say: format!("We promised {whom} the {text} by {}. Is it ready?", self.clock(due)),
                why: format!("said by {}", first.owner),
                have: ready,
                said: names.join(", "),
            });
        }
    }

    fn obligations(&mut self) {
        self.supplements();
        for obligation in &self.situation.obligations {
            let missing = match &obligation.state {
                Standing::Due => None,
                Standing::Unknown(missing) => Some(missing.join(", ")),
                Standing::NotInForce | Standing::NotTriggered => continue,
            };
            for stage in &obligation.stages {
                let corrects = |s: &Supplement| s.rule == obligation.rule && s.stage == stage.id;
                if self.situation.supplements.iter().any(corrects) {
                    continue;
                }
                let thing = Thing::Stage(obligation.rule.clone(), stage.id.clone());
                let whom = &obligation.named();
                let doubt = obligation.doubt();
                let doubtful = if doubt.is_empty() { String::new() } else { format!("; {doubt}") };
                if stage.state == StageState::Filed && !obligation.confirmed_by.is_empty() {
                    let filed = stage.filed.unwrap_or(self.now);
                    self.items.push(NowItem {
                        thing,
                        band: Band::Nobody,
                        label: "UNCONFIRM".into(),
                        text: match &stage.told {
                            Some(told) => {
                                format!("{whom}, {}: filed {}, {} told", stage.name, self.clock(filed), told.said())
                            }
                            None => format!("{whom}, {}: filed {}, not confirmed", stage.name, self.clock(filed)),
                        },
                        owner: Some(stage.by.clone()),
                        at: filed,
                        alike: 1,
                        say: format!("{whom} has our {}. Is it confirmed?", stage.name.to_lowercase()),
                        why: format!("confirmed by: {}", obligation.confirmed_by),
                        have: format!("reference {}", stage.reference),
                        said: String::new(),
                    });
                    continue;
                }
                let (Some(due), true) = (stage.due, stage.open()) else { continue };
                // A voluntary contact and an "if" without a number stay in their pane.
                if obligation.voluntary || (stage.iff && matches!(due, Due::Asap(_))) {
                    continue;
                }
                let iff = if stage.iff { " IF" } else { "" };
                let (band, label, at) = match due {
                    Due::Asap(since) => (Band::Untold, "ASAP".to_owned(), since),
                    Due::At(at) if at <= self.now && stage.iff => (Band::Late, format!("IF {}", self.over(at)), at),
                    Due::At(at) if at <= self.now => (Band::Late, self.over(at), at),
                    Due::At(at)
                        if at - self.now <= SOON_DUTY || self.half_time(stage, at) || stage.overtaken.is_some() =>
                    {
                        (Band::Due, format!("{}{iff}", self.left(at)), at)
                    }
                    Due::At(_) => continue,
                };
                let again = if stage.overtaken.is_some() { ", AGAIN: decided against before" } else { "" };
                let asked = missing.as_ref().map(|m| format!(", if it applies: {m}?")).unwrap_or_default();
                let told = stage.told.as_ref().map(|told| format!(", {} told", told.said())).unwrap_or_default();
                let owner = self.incident.holder(Role::Liaison).map(str::to_owned);
                let calls = if owner.is_some() { "not told yet" } else { "nobody calling" };
                let text = match (due, told.is_empty()) {
                    (Due::Asap(_), true) => format!("{whom}: {}, {calls}{again}", stage.name.to_lowercase()),
                    (Due::Asap(_), false) => format!("{whom}: {}{told}", stage.name.to_lowercase()),
                    (Due::At(_), _) => {
                        format!("{} {whom}, {}{told}{asked}{again}", self.clock(at), stage.name.to_lowercase())
                    }
                };
                let other = stage.readings.get(1);
                let other =
                    other.map(|r| format!("; or {}, {}", self.clock(r.due.instant()), r.why)).unwrap_or_default();
                self.items.push(NowItem {
                    thing,
                    band,
                    label,
                    text,
                    owner,
                    at,
                    alike: 1,
                    say: format!("{whom} must hear from us. Who does it now?"),
                    why: format!("{} ({}){other}{doubtful}", obligation.trigger, obligation.citation),
                    have: obligation.method.clone(),
                    said: stage.overtaken.clone().unwrap_or_else(|| "nothing filed".into()),
                });
            }
        }
    }

    /// Whether half of the time of a stage is over, and that is worth a line.
    fn half_time(&self, stage: &StageView, due: Instant) -> bool {
        let Some(from) = stage.from else { return false };
        let half = (due - from) / 2;
        let past = half - (due - self.now);
        past >= TimeDelta::zero() && (due - from <= LONG_DUTY || past < HALF)
    }

    /// Agencies that were told what is not so any more. Alike is one line.
    fn supplements(&mut self) {
        let all = &self.situation.supplements;
        for (index, first) in all.iter().enumerate() {
            if all.iter().take(index).any(|earlier| earlier.moved == first.moved) {
                continue;
            }
            let alike: Vec<&Supplement> = all.iter().filter(|s| s.moved == first.moved).collect();
            let name = |s: &&Supplement| match s.reference.as_str() {
                "" => s.whom.clone(),
                number => format!("{} no. {number}", s.whom),
            };
            let names = alike.iter().map(name).collect::<Vec<_>>().join(", ");
            let what = first.moved.iter().map(|m| format!("{} is {} now, not {}", m.name, shown(&m.is), shown(&m.was)));
            let what = what.collect::<Vec<_>>().join("; ");
            self.items.push(NowItem {
                thing: Thing::Stage(first.rule.clone(), first.stage.clone()),
                band: Band::Late,
                label: "CORRECT".into(),
                text: format!("{names}: {what}"),
                owner: self.incident.holder(Role::Liaison).map(str::to_owned),
                at: first.filed,
                alike: alike.len(),
                say: format!("{what}. Who corrects it with {names}, by when?"),
                why: "a number in what was filed has moved; f records the supplement".into(),
                have: String::new(),
                said: format!("filed {}", self.clock(first.filed)),
            });
        }
    }

    fn tasks(&mut self) {
        for task in self.incident.tasks.values().filter(|t| t.live()) {
            if let Some(item) = self.task(task) {
                self.items.push(item);
            }
        }
    }

    fn task(&self, task: &Task) -> Option<NowItem> {
        // They have heard since: nothing of it is late.
        let heard = |a: &AudienceView| tells(&a.name) == task.title && a.last_word.is_some_and(|at| at >= task.added);
        if self.situation.audiences.iter().any(heard) {
            return None;
        }
        let owner = task.owner.as_deref();
        let item = |band, label: String, text: String, at, say: String, why: String| NowItem {
            thing: Thing::Task(task.id),
            band,
            label,
            text,
            owner: task.owner.clone(),
            at,
            alike: 1,
            say,
            why,
            have: format!("state {}, time-box {} min", task.state, task.minutes),
            said: task.blocked_on.clone().map(|on| format!("blocked on {on}")).unwrap_or_default(),
        };
        let who = owner.unwrap_or("nobody");
        if let Some(due) = task.due.filter(|due| *due <= self.now) {
            let state = match task.state {
                TaskState::Acknowledged => ", acked, no progress",
                TaskState::Blocked => ", BLOCKED",
                TaskState::Open => ", not acked",
                TaskState::InProgress | TaskState::Done | TaskState::Cancelled => "",
            };
            let text = format!("{}{state}", task.title);
            let say = format!("{who}, your time is up on \"{}\". Done, more time, or stuck?", task.title);
            return Some(item(Band::Late, self.over(due), text, due, say, format!("back at {}", self.clock(due))));
        }
        if task.state == TaskState::Blocked {
            let on = task.blocked_on.as_deref().unwrap_or("?");
            let say = format!("{who} is stuck on {on}. Who frees it?");
            let text = format!("{}: on {on}", task.title);
            return Some(item(Band::Nobody, "BLOCKED".into(), text, task.moved, say, format!("blocked on {on}")));
        }
        match (owner, task.asked) {
            // A chore of the playbook may wait; a first move, and what somebody asked for here, may not.
            (None, _) if task.first || task.planned.is_none() => {
                let say = format!("Who takes \"{}\"?", task.title);
                let why = if task.first { "one of the first moves" } else { "nobody was asked" }.to_owned();
                return Some(item(Band::Nobody, "NOBODY".into(), task.title.clone(), task.added, say, why));
            }
            (Some(_), Some(asked)) if task.state == TaskState::Open && self.now - asked >= NO_ACK => {
                // What comes back within the quarter of an hour stands where that is told.
                if let Some(due) = task.due.filter(|due| *due - self.now <= SOON) {
                    let text = format!("{}, not acked, asked {} ago", task.title, self.ago(asked));
                    let say = format!("{who}, did you hear: \"{}\"? It comes back in {}.", task.title, self.left(due));
                    return Some(item(Band::Due, self.left(due), text, due, say, "asked and not answered".into()));
                }
                let text = format!("\"{}\", asked {} ago", task.title, self.ago(asked));
                let say = format!("{who}, did you hear: \"{}\"?", task.title);
                return Some(item(Band::Nobody, "NO ACK".into(), text, asked, say, "asked and not answered".into()));
            }
            _ => {}
        }
        let due = task.due.filter(|due| *due - self.now <= SOON)?;
        let say = format!("{who}: \"{}\" comes back in {}.", task.title, self.left(due));
        Some(item(Band::Due, self.left(due), task.title.clone(), due, say, format!("back at {}", self.clock(due))))
    }

    fn alerts(&mut self) {
        for group in self.situation.signals.alerts.iter().filter(|g| g.firing > 0) {
            let since = group.oldest.unwrap_or(self.now);
            let count = if group.firing == 1 { "1 alert".to_owned() } else { format!("{} alike", group.firing) };
            let (band, label, text, at) = match &group.acked {
                None => (Band::Nobody, "ALERT".to_owned(), format!("{count} \"{}\"", group.name), since),
                Some(acked) if acked.due <= self.now => {
                    let text = format!("{count} \"{}\", acked by {}, no progress", group.name, acked.by);
                    (Band::Late, self.over(acked.due), text, acked.due)
                }
                Some(acked) if acked.new > 0 => {
                    let text = format!("{} new \"{}\" since {} acked", acked.new, group.name, acked.by);
                    (Band::Nobody, "ALERT".to_owned(), text, since)
                }
                Some(_) => continue,
            };
            self.items.push(NowItem {
                thing: Thing::Alerts(group.name.clone()),
                band,
                label,
                text,
                owner: group.acked.as_ref().map(|a| a.by.clone()),
                at,
                alike: group.firing,
                say: format!("{}: who looks at it?", group.name),
                why: if group.summary.is_empty() {
                    format!("since {}", self.clock(since))
                } else {
                    group.summary.clone()
                },
                have: format!("{} firing, {} quiet, {} no longer listed", group.firing, group.suppressed, group.gone),
                said: String::new(),
            });
        }
    }

    fn roles(&mut self) {
        let mut roles = self.plan.roles.clone();
        if !roles.contains(&Role::Commander) {
            roles.insert(0, Role::Commander);
        }
        for (index, role) in roles.into_iter().enumerate() {
            if let Some(holder) = self.incident.holder(role) {
                self.items.extend(self.away(role, holder));
                continue;
            }
            let band = if role == Role::Commander { Band::Decide } else { Band::Nobody };
            let base = self.incident.declared.as_ref().map_or(self.now, |d| d.at);
            self.items.push(NowItem {
                thing: Thing::Role(role),
                band,
                label: "NOBODY".into(),
                text: format!("{}: empty", role.title()),
                owner: None,
                at: base.checked_add_signed(TimeDelta::milliseconds(index as i64)).unwrap_or(base),
                alike: 1,
                say: format!("Who is {}?", role.title().to_lowercase()),
                why: "the playbook names this role".into(),
                have: String::new(),
                said: String::new(),
            });
        }
    }

    /// What left, or was filed, without the right: until somebody who has it stands for it.
    fn unrightful(&mut self) {
        for (id, done) in self.incident.unrightful.iter().filter(|(_, done)| done.stood.is_none()) {
            let what = self.incident.timeline.find(*id).map(|row| match &row.entry.what {
                What::MessageSending(w) => match self.incident.messages.get(&w.message) {
                    Some(m) => {
                        let name = self.plan.audience(&m.audience).map_or(m.audience.as_str(), |a| a.name.as_str());
                        format!("{}'s text to {name}", done.by)
                    }
                    None => format!("{}'s sending", done.by),
                },
                What::StageFiled(w) => format!("{} filed {} {}", done.by, w.rule, w.stage),
                What::StageConfirmed(w) => format!("{} confirmed {} {}", done.by, w.rule, w.stage),
                What::StageWithdrawn(w) => format!("{} withdrew {} {}", done.by, w.rule, w.stage),
                What::AgencyTold(w) => format!("{} told {}", done.by, w.name),
                _ => format!("{}'s {}", done.by, done.act),
            });
            let what = what.unwrap_or_default();
            self.items.push(NowItem {
                thing: Thing::Entry(*id),
                band: Band::Decide,
                label: "NO RIGHT".into(),
                text: format!("{what}: {}", done.why),
                owner: None,
                at: done.at,
                alike: 1,
                say: format!("{} did this without the right. Does it stand, or is it corrected?", done.by),
                why: "it is true of the outside world, so it counts; somebody who may has to stand for it: Space"
                    .into(),
                have: String::new(),
                said: String::new(),
            });
        }
    }

    /// Whoever holds a role and is gone for long, as far as it can be known.
    fn away(&self, role: Role, holder: &str) -> Option<NowItem> {
        let moment = self.situation.moment;
        let away = presence::away(self.incident, &self.situation.presences, moment, holder)?;
        let (ago, title) = (presence::ago(away.since, moment.real), role.title());
        // By real time, as far as the room's clock is another.
        let at = moment.now - (moment.real - away.since);
        let (label, band) = match (away.known, role) {
            (false, _) => ("NOT KNOWN".to_owned(), Band::Old),
            (true, Role::Commander) => (format!("GONE {ago}"), Band::Late),
            (true, _) => (format!("GONE {ago}"), Band::Nobody),
        };
        let since = self.clock(at);
        let (text, why) = match away.known {
            true => (
                format!("{title} {holder}: {} since {since}", away.words),
                "nobody can be said to do the work of the role".to_owned(),
            ),
            false => (
                format!("{title} {holder}: not known since {since}"),
                "this host is cut off from others: they may be at work there".to_owned(),
            ),
        };
        Some(NowItem {
            thing: Thing::Role(role),
            band,
            label,
            text,
            owner: Some(holder.to_owned()),
            at,
            alike: 1,
            say: format!("{holder}, are you there? Who does what {} does?", role.title().to_lowercase()),
            why,
            have: String::new(),
            said: String::new(),
        })
    }

    fn leading(&mut self) {
        let line = |thing, band, label: &str, text: String, at, say: String, why: String| NowItem {
            thing,
            band,
            label: label.to_owned(),
            text,
            owner: None,
            at,
            alike: 1,
            say,
            why,
            have: String::new(),
            said: String::new(),
        };
        let leading = &self.incident.leading;
        let mut items = Vec::new();
        for offer in leading.offers.values() {
            let (from, role) = (offer.from.as_deref().unwrap_or("nobody"), offer.role.title().to_lowercase());
            let text = format!("{role}: {from} to {}, offered {}, no answer yet", offer.to, self.clock(offer.at));
            let say = format!("{}, read the brief: do you take {role}?", offer.to);
            let why = format!("{from} holds it until {} accepts", offer.to);
            let mut item = line(Thing::Offer(offer.id), Band::Decide, "HANDOVER", text, offer.at, say, why);
            item.owner = Some(offer.to.clone());
            items.push(item);
        }
        if let Some(call) = leading.rollcall().filter(|call| call.due() <= self.now) {
            let silent: Vec<&str> = call.silent().collect();
            if !silent.is_empty() && self.now - call.at < ROLL_STANDS {
                let text = format!("roll-call: {} not heard for {}", silent.join(", "), self.ago(call.at));
                let say = format!("{}: are you there?", silent.join(", "));
                let why = format!("asked {} by {}", self.clock(call.at), call.by);
                let mut item = line(Thing::RollCall(call.id), Band::Nobody, "SILENT", text, call.due(), say, why);
                item.alike = silent.len();
                items.push(item);
            }
        }
        for timeout in leading.timeouts.values().filter(|t| t.ended.is_none()) {
            if timeout.until <= self.now && self.now - timeout.until < TimeDelta::hours(1) {
                let text = "the time-out is over: what do we know, assume, watch for, who is tired?".to_owned();
                let say = "Time-out is over. Four answers, then on.".to_owned();
                let why = format!("called {} by {}", self.clock(timeout.at), timeout.by);
                let label = self.over(timeout.until);
                items.push(line(Thing::TimeOut(timeout.id), Band::Late, &label, text, timeout.until, say, why));
            }
        }
        let reports = &self.situation.reports;
        if reports.len() > super::teams::SPAN {
            let text =
                format!("{} people report to you, more than {}: split a team", reports.len(), super::teams::SPAN);
            let say = "I split the teams: each lead speaks for theirs.".to_owned();
            let why = reports.join(", ");
            items.push(line(Thing::Span, Band::Nobody, "SPAN", text, self.now, say, why));
        }
        let since = self.incident.roles.get(&Role::Commander).and_then(|r| r.setting()).map(|s| s.at);
        if let (Some(since), Some(holder)) = (since, self.incident.holder(Role::Commander))
            && self.now - since >= TIRED
        {
            let text = format!("{holder} has commanded for {}: hand over", duration::short(self.now - since, false));
            let say = format!("{holder} hands over command. Who takes it?");
            let why = "after eight hours nobody judges well".to_owned();
            items.push(line(Thing::Role(Role::Commander), Band::Late, "TIRED", text, since, say, why));
        }
        self.items.extend(items);
    }

    /// A page that misleads the public is nobody's silence: it is ours.
    fn pages(&mut self) {
        for view in &self.situation.pages {
            let channel = self.plan.channel(&view.channel).map_or(view.channel.as_str(), |c| c.name.as_str());
            let ago = self.ago(view.since);
            let (thing, text, say, have) = match &view.says {
                Says::Belies { components } => {
                    let names = components.join(", ");
                    (
                        Thing::Source(view.page.clone()),
                        format!("{} shows as working what is down: {names}", view.page),
                        format!("{} tells the public that {names} works. Who corrects it, by when?", view.page),
                        String::new(),
                    )
                }
                Says::NotThere { message, instead } => {
                    let other = instead.as_ref().map(|words| format!("; there: \"{words}\"")).unwrap_or_default();
                    (
                        Thing::Message(*message),
                        format!("{channel}: sent {ago} ago and NOT ON {}{other}", view.page),
                        format!("What we sent over {channel} is not on {}. Who looks?", view.page),
                        "the text left; the page does not show it".to_owned(),
                    )
                }
                Says::Other { message, words } => (
                    Thing::Message(*message),
                    format!("{}: other words than ours stand there now: \"{words}\"", view.page),
                    format!("{} says something that did not leave from here. Whose words are they?", view.page),
                    "our text stands below them".to_owned(),
                ),
            };
            self.items.push(NowItem {
                thing,
                band: Band::Unsure,
                label: "PAGE".to_owned(),
                text,
                owner: None,
                at: view.since,
                alike: 1,
                say,
                why: "the page's own words and states are read at every poll, and held against ours".to_owned(),
                have,
                said: String::new(),
            });
        }
    }

    fn old(&mut self) {
        let signals = &self.situation.signals;
        for source in &signals.sources {
            let (label, state) = match source.health {
                Health::Fresh => continue,
                Health::Never => ("OLD".to_owned(), "has not answered yet".to_owned()),
                Health::Stale | Health::Failing => {
                    let why = source.error.clone().unwrap_or_else(|| "no answer".into());
                    match source.age {
                        Some(age) => (format!("{} OLD", duration::age(TimeDelta::seconds(age))), why),
                        None => ("OLD".to_owned(), why),
                    }
                }
            };
            self.items.push(NowItem {
                thing: Thing::Source(source.name.clone()),
                band: Band::Old,
                label,
                text: format!("{} ({}): {state}", source.name, source.family),
                owner: None,
                at: self.now,
                alike: 1,
                say: format!("We do not hear from {}. What it showed is old.", source.name),
                why: state.clone(),
                have: String::new(),
                said: String::new(),
            });
        }
        for metric in signals.metrics.iter().filter(|m| !m.current) {
            // A source that is silent as a whole is one line already.
            let silent = signals.sources.iter().any(|s| s.name == metric.source && s.health != Health::Fresh);
            if silent || metric.value.is_none() {
                continue;
            }
            let age = metric.age.map(|a| duration::age(TimeDelta::seconds(a))).unwrap_or_default();
            self.items.push(NowItem {
                thing: Thing::Metric(metric.name.clone()),
                band: Band::Old,
                label: format!("{age} OLD"),
                text: format!("{}: {}", metric.name, metric.why),
                owner: None,
                at: self.now,
                alike: 1,
                say: format!("The number of {} is {age} old.", metric.name),
                why: metric.why.clone(),
                have: String::new(),
                said: String::new(),
            });
        }
    }
}
