//! Lines in Now about tasks, roles and leading: nobody on it, not back, gone, without the right.

use super::{Band, Builder, NO_ACK, NowItem, SOON, TIRED, tells};
use crate::incident::leading::ROLL_STANDS;
use crate::incident::task::Task;
use crate::incident::what::What;
use crate::incident::words::Role;
use crate::incident::words::TaskState;
use crate::situation::audience::AudienceView;
use crate::situation::presence;
use crate::situation::thing::Thing;
use crate::text::duration;
use chrono::TimeDelta;

impl Builder<'_> {
    pub(super) fn tasks(&mut self) {
        for task in self.incident.tasks.values().filter(|t| t.live()) {
            if let Some(item) = self.task(task) {
                self.items.push(item);
            }
        }
    }

    pub(super) fn task(&self, task: &Task) -> Option<NowItem> {
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

    pub(super) fn roles(&mut self) {
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
    pub(super) fn unrightful(&mut self) {
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
    pub(super) fn away(&self, role: Role, holder: &str) -> Option<NowItem> {
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

    pub(super) fn leading(&mut self) {
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
        if reports.len() > crate::situation::teams::SPAN {
            let text = format!(
                "{} people report to you, more than {}: split a team",
                reports.len(),
                crate::situation::teams::SPAN
            );
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
}
