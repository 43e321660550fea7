//! The one list of what needs the commander, in bands. An old overdue chore never stands above an untold audience.

mod duties;
mod messages;
mod people;

use crate::incident::Instant;
use crate::incident::observation::Health;
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::what::What;
use crate::incident::words::MessageState;
use crate::situation::Situation;
use crate::situation::audience::AudienceView;
use crate::situation::audience::Next;
use crate::situation::audience::Service;
use crate::situation::audience::harm;
use crate::situation::page::Says;
use crate::situation::thing::Thing;
use crate::text::duration;
use crate::text::instant;
use chrono::TimeDelta;
use chrono_tz::Tz;

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
                at: conflict.at,
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
