//! What rings at this moment, for who looks away. Pure; says nothing of bells, screens or who has heard it.
//!
//! Each thing has a key of its own for each occasion: a bell that remembers keys rings once. A thing rings early, late, or
//! both: at any moment it has one alarm.

use chrono::TimeDelta;

use super::Situation;
use super::audience::Next;
use super::obligations::Standing;
use super::promised::{self, Promised};
use super::signals::AlertGroup;
use super::thing::Thing;
use crate::incident::Instant;
use crate::incident::alarm::{Kind, Rings};
use crate::incident::apply::NEXT_UPDATE;
use crate::incident::observation::Health;
use crate::incident::plan::Plan;
use crate::incident::replication;
use crate::incident::state::Incident;
use crate::incident::what::What;
use crate::incident::words::{MessageState, Phase};
use crate::rulebook::deadline::Due;
use crate::text::{duration, instant};

/// One thing that rings.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// The same for the same thing and occasion, in every process.
    pub key: String,
    pub kind: Kind,
    pub thing: Thing,
    /// The instant that it is about: when it is due, or since when it stands.
    pub at: Instant,
    /// Raw text, as what follows: it passes the gate where it is shown.
    pub text: String,
    /// The line to say aloud.
    pub say: String,
    /// Lives may hang on it: it rings also where all else is quiet.
    pub life: bool,
}

/// A clock that has less than this left rings also during a time-out.
const CLOSE: TimeDelta = TimeDelta::minutes(10);

/// After so long without the other hosts it rings.
const CUT_OFF: TimeDelta = TimeDelta::seconds(30);

/// Everything that rings now, the most urgent first. `timeout_running`: the room thinks for five minutes; only life,
/// sendings whose answer was lost, and clocks with less than ten minutes left may disturb it. The rest rings after it.
pub fn alarms(
    incident: &Incident,
    plan: &Plan,
    situation: &Situation,
    rings: &Rings,
    timeout_running: bool,
) -> Vec<Alarm> {
    if incident.declared.is_none() {
        return Vec::new();
    }
    let mut b = Builder { incident, plan, situation, rings, now: situation.moment.now, out: Vec::new() };
    b.audiences();
    b.messages();
    b.deadlines();
    b.promises();
    b.checks();
    b.acks();
    b.questions();
    b.leading();
    b.sources();
    b.mark();
    let now = b.now;
    let mut out = b.out;
    out.retain(|alarm| rings.wants(alarm.kind) && (!timeout_running || disturbs(alarm, now)));
    out.sort_by(|a, b| (!a.life, a.at, &a.key).cmp(&(!b.life, b.at, &b.key)));
    out
}

/// Whether it may disturb a time-out.
fn disturbs(alarm: &Alarm, now: Instant) -> bool {
    let clock = match alarm.kind {
        Kind::Unsure => return true,
        Kind::Promise | Kind::Deadline | Kind::Word | Kind::Restored => true,
        Kind::CheckIn | Kind::Alert | Kind::Ack | Kind::Question | Kind::Source | Kind::Mark => false,
    };
    alarm.life || (clock && alarm.at - now < CLOSE)
}

struct Builder<'a> {
    incident: &'a Incident,
    plan: &'a Plan,
    situation: &'a Situation,
    rings: &'a Rings,
    now: Instant,
    out: Vec<Alarm>,
}

impl Builder<'_> {
    fn clock(&self, at: Instant) -> String {
        instant::clock_zoned(at, self.now, self.situation.zone)
    }

    /// `due in 9m (03:48 CST)`, `OVER since 03:48 CST`.
    fn due(&self, at: Instant) -> String {
        if at <= self.now {
            return format!("OVER since {}", self.clock(at));
        }
        let left = at - self.now;
        // Rung at nine minutes and fifty-nine seconds it is ten minutes for who hears it.
        let minutes = (left + TimeDelta::seconds(59)).num_minutes();
        format!("due in {} ({})", duration::short(TimeDelta::minutes(minutes), false), self.clock(at))
    }

    /// `own`: what is said where the thing has no line in Now.
    fn add(&mut self, key: String, kind: Kind, thing: Thing, at: Instant, text: String, own: String) {
        let life = self.is_life(&thing);
        let say = self.situation.item(&thing).map_or(own, |item| item.say.clone());
        self.out.push(Alarm { key, kind, thing, at, text, say, life });
    }

    /// Whether it is about an audience whose lives may hang on a word.
    fn is_life(&self, thing: &Thing) -> bool {
        let audience = match thing {
            Thing::Audience(id) => Some(id.as_str()),
            Thing::Message(id) => self.incident.messages.get(id).map(|m| m.audience.as_str()),
            Thing::Promise(id) => self.incident.promises.get(id).map(|p| p.to.as_str()),
            _ => None,
        };
        audience.and_then(|id| self.plan.audience(id)).is_some_and(|a| a.life)
    }

    fn audiences(&mut self) {
        for audience in &self.situation.audiences {
            let (id, name) = (&audience.id, &audience.name);
            let thing = Thing::Audience(id.clone());
            let say = format!("{name} waits for a word. Who sends it, by when?");
            match audience.next {
                Next::RestoredUntold(since) => {
                    let text = format!("{name}: back since {}, NEVER TOLD", self.clock(since));
                    let key = format!("restored {id} {}", stamp(since));
                    self.add(key, Kind::Restored, thing, since, text, say);
                }
                Next::First(limit) if limit <= self.now => {
                    // Without the instant: that the harm began earlier than was known is no new occasion.
                    let text = format!("{name}: NEVER TOLD, the first word was due {}", self.clock(limit));
                    self.add(format!("word {id} first"), Kind::Word, thing, limit, text, say);
                }
                Next::Cadence(due) if due <= self.now => {
                    let text = format!("{name}: the next word was due {}", self.clock(due));
                    self.add(format!("word {id} {}", stamp(due)), Kind::Word, thing, due, text, say);
                }
                // A promised word is among the promises.
                Next::Nothing | Next::First(_) | Next::Promised(_) | Next::Cadence(_) => {}
            }
        }
    }

    fn messages(&mut self) {
        for message in self.incident.messages.values() {
            let lost = message.may_be_lost(self.now);
            let missed = message.missed();
            if !lost && missed == 0 && message.state != MessageState::Failed {
                continue;
            }
            // What Now does not hold up to anybody any more, as a later word took its place, does not ring either.
            let thing = Thing::Message(message.id);
            if self.situation.item(&thing).is_none() {
                continue;
            }
            let name = self.plan.audience(&message.audience).map_or(message.audience.as_str(), |a| &a.name);
            let channel = self.plan.channel(&message.channel).map_or(message.channel.as_str(), |c| &c.name);
            let (state, text) = match lost {
                true => ("unsure", format!("UNSURE: {channel} to {name} may have gone; look it up")),
                false if missed > 0 => {
                    let all = message.recipients.counts().all;
                    ("partly", format!("PARTLY: {channel} to {name}: {missed} of {all} refused"))
                }
                false => ("failed", format!("FAILED: {channel} to {name}: {}", message.detail)),
            };
            let at = message.sending.as_ref().map_or(message.drafted, |s| s.since);
            // A second sending of the same text is another occasion.
            let sending = message.sending.as_ref().map_or(message.id, |s| s.entry);
            let say = format!("Did the text to {name} go out? Who looks?");
            self.add(format!("{state} {sending}"), Kind::Unsure, thing, at, text, say);
        }
    }

    fn deadlines(&mut self) {
        for obligation in &self.situation.obligations {
            let in_force = matches!(obligation.state, Standing::Due | Standing::Unknown(_));
            if obligation.voluntary || !in_force {
                continue;
            }
            for stage in obligation.stages.iter().filter(|s| s.open()) {
                let thing = Thing::Stage(obligation.rule.clone(), stage.id.clone());
                let what = format!("{}, {}", obligation.named(), stage.name.to_lowercase());
                let iff = if stage.iff { " IF it applies" } else { "" };
                let say = format!("{} must hear from us. Who does it now?", obligation.short);
                let key = format!("deadline {}/{}", obligation.rule, stage.id);
                match stage.due {
                    Some(Due::At(at)) => {
                        let left = at - self.now;
                        let half = stage.from.map(|from| (at - from) / 2).filter(|half| left <= *half).map(|_| "half");
                        let step = step(left, &self.rings.deadline).or(half.map(str::to_owned));
                        let Some(step) = step else { continue };
                        let key = format!("{key} {} {step}", stamp(at));
                        let text = format!("{what}: {}{iff}", self.due(at));
                        self.add(key, Kind::Deadline, thing, at, text, say);
                    }
                    // Due at once; an "if" without a number stays in its pane.
                    Some(Due::Asap(since)) if !stage.iff => {
                        self.add(key, Kind::Deadline, thing, since, format!("{what}: due AT ONCE"), say);
                    }
                    Some(Due::Asap(_)) | None => {}
                }
            }
        }
    }

    fn promises(&mut self) {
        for Promised { due, text, promises, names } in promised::open(self.incident, self.plan) {
            let Some(step) = step(due - self.now, &[self.rings.promise]) else { continue };
            let Some(first) = promises.first() else { continue };
            let thing = match self.plan.audience(&first.to).filter(|_| text == NEXT_UPDATE) {
                Some(audience) => Thing::Audience(audience.id.clone()),
                None => Thing::Promise(first.id),
            };
            let whom = names.join(", ");
            let say = format!("We promised {whom} the {text} by {}. Is it ready?", self.clock(due));
            let told = format!("{text} promised to {whom}: {}", self.due(due));
            self.add(format!("promise {} {text} {step}", stamp(due)), Kind::Promise, thing, due, told, say);
        }
    }

    fn checks(&mut self) {
        for task in self.incident.tasks.values().filter(|t| t.live()) {
            let Some(due) = task.due.filter(|due| *due <= self.now) else { continue };
            let who = task.owner.as_deref().unwrap_or("nobody");
            let text = format!("{who} was due back {}: {}", self.clock(due), task.title);
            let say = format!("{who}, your time is up on \"{}\". Done, more time, or stuck?", task.title);
            let key = format!("check-in {} {}", task.id, stamp(due));
            self.add(key, Kind::CheckIn, Thing::Task(task.id), due, text, say);
        }
        for id in &self.incident.decisions {
            let thing = Thing::Decision(*id);
            // Checked ones, and those of long ago, are not in Now.
            if self.situation.item(&thing).is_none() {
                continue;
            }
            let Some(row) = self.incident.timeline.find(*id) else { continue };
            let What::Decided(decision) = &row.entry.what else { continue };
            let Some(at) = decision.check_at.filter(|at| *at <= self.now) else { continue };
            let text = format!("check the decision: {}", decision.proposal);
            let say = format!("We decided: {}. Did it work?", decision.outcome);
            self.add(format!("check-in {id} {}", stamp(at)), Kind::CheckIn, thing, at, text, say);
        }
    }

    fn acks(&mut self) {
        for group in self.situation.signals.alerts.iter().filter(|g| g.firing > 0) {
            let lapsed = group.acked.as_ref().filter(|a| a.due <= self.now);
            let Some(acked) = lapsed else {
                self.alerts(group);
                continue;
            };
            let text = format!("{} alike \"{}\": acked by {}, no progress", group.firing, group.name, acked.by);
            let key = format!("ack {} {}", group.name, stamp(acked.due));
            let say = format!("{}: who looks at it?", group.name);
            self.add(key, Kind::Ack, Thing::Alerts(group.name.clone()), acked.due, text, say);
        }
    }

    /// Alerts of one name that nobody has taken, or more of them since somebody did.
    fn alerts(&mut self, group: &AlertGroup) {
        let since = group.oldest.unwrap_or(self.now);
        let (key, text) = match &group.acked {
            // Without the instant: the oldest of many comes and goes while they stand.
            None => {
                (format!("alert {}", group.name), format!("{} alike \"{}\": nobody on it", group.firing, group.name))
            }
            Some(acked) if acked.new > 0 => (
                format!("alert {} since {}", group.name, stamp(acked.due)),
                format!("{} new \"{}\" since {} took them", acked.new, group.name, acked.by),
            ),
            Some(_) => return,
        };
        let say = format!("{}: who looks at it?", group.name);
        self.add(key, Kind::Alert, Thing::Alerts(group.name.clone()), since, text, say);
    }

    fn questions(&mut self) {
        for ask in self.incident.asks.values() {
            let text = format!("{} asks: {}", ask.by, ask.proposal);
            let say = format!("A question for you: {}", ask.proposal);
            self.add(format!("question {}", ask.id), Kind::Question, Thing::Ask(ask.id), ask.at, text, say);
        }
    }

    /// Handovers, roll-calls and time-outs that wait for somebody.
    fn leading(&mut self) {
        for item in &self.situation.now {
            let (key, kind) = match &item.thing {
                Thing::Offer(id) => (format!("offer {id}"), Kind::Question),
                Thing::RollCall(id) => (format!("roll-call {id}"), Kind::CheckIn),
                Thing::TimeOut(id) => (format!("time-out {id}"), Kind::CheckIn),
                _ => continue,
            };
            let (text, say) = (item.text.clone(), item.say.clone());
            self.out.push(Alarm { key, kind, thing: item.thing.clone(), at: item.at, text, say, life: false });
        }
    }

    fn sources(&mut self) {
        for source in &self.situation.signals.sources {
            let silent = matches!(source.health, Health::Stale | Health::Failing);
            // That nobody asked it for a while is not its silence.
            let (Some(last), true, Some(error)) = (source.last, silent, &source.error) else { continue };
            let text = format!("{} is silent: {error}", source.name);
            let say = format!("We do not hear from {}. What it showed is old.", source.name);
            // Its instants are of real time, those of the room may be a scenario's.
            let at = self.now - (self.situation.moment.real - last).max(TimeDelta::zero());
            let key = format!("source {} {}", source.name, stamp(last));
            self.add(key, Kind::Source, Thing::Source(source.name.clone()), at, text, say);
        }
        self.hosts();
    }

    /// Cut off from the other hosts, for longer than a server takes to start again.
    fn hosts(&mut self) {
        let Some(replication::Health::CutOff(since)) = self.situation.meeting.as_ref().map(|m| m.health) else {
            return;
        };
        if self.situation.moment.real - since < CUT_OFF {
            return;
        }
        let text =
            format!("CUT OFF from the other hosts since {}: they may send, file and decide too", self.clock(since));
        let say = "We do not hear from the other hosts. Who calls them?".to_owned();
        self.add(format!("hosts {}", stamp(since)), Kind::Source, Thing::Hosts, since, text, say);
    }

    fn mark(&mut self) {
        let (Some(every), Some(started)) = (self.rings.mark, self.incident.started()) else { return };
        if self.incident.phase() == Phase::Resolved || every < TimeDelta::minutes(1) {
            return;
        }
        let n = (self.now - started).num_seconds() / every.num_seconds();
        let Ok(n @ 1..) = i32::try_from(n) else { return };
        let at = started + every * n;
        let elapsed = duration::since(at - started);
        let say = format!("{elapsed}. What has changed, what do we do next, who is back when?");
        let entry = self.incident.declared.as_ref().map(|d| Thing::Entry(d.entry));
        let Some(thing) = entry else { return };
        self.add(format!("mark {n}"), Kind::Mark, thing, at, format!("the mark of {elapsed}"), say);
    }
}

/// An instant as part of a key: whole seconds, so that it reads the same everywhere.
fn stamp(at: Instant) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How far a clock has come: past, or inside the nearest of the spans before it. None: it does not ring yet.
fn step(left: TimeDelta, before: &[TimeDelta]) -> Option<String> {
    if left <= TimeDelta::zero() {
        return Some("over".to_owned());
    }
    before.iter().filter(|span| left <= **span).min().map(|span| format!("{}m", span.num_minutes()))
}
