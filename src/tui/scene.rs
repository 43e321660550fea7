//! What the screen is drawn from: the snapshot of the room, what the moment means, and how times are shown.

use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::form::Help;
use super::model::Model;
use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::observation::Source;
use crate::incident::plan::Plan;
use crate::incident::presence::Presence;
use crate::incident::replication::Replication;
use crate::incident::rule::Rules;
use crate::incident::state::Incident;
use crate::incident::what::What;
use crate::situation::Situation;
use crate::situation::known::Facts;
use crate::situation::obligations::{Law, Obligation, obligations_under};
use crate::situation::thing::Thing;
use crate::text::{duration, instant};

/// The room as it was when the last entry or observation came; replaced whole, never patched.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub incident: Arc<Incident>,
    pub plan: Arc<Plan>,
    pub rules: Arc<Rules>,
    pub sources: Arc<Vec<Source>>,
    /// How this host stands with the others; None: it meets nobody.
    pub replication: Option<Arc<Replication>>,
    /// Who sits in a room.
    pub presence: Arc<Presence>,
    /// Something about the plan or rules in force that could not be read.
    pub problems: Vec<String>,
}

/// A snapshot at a moment.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub snapshot: &'a Snapshot,
    pub situation: &'a Situation,
}

impl<'a> Scene<'a> {
    pub fn incident(&self) -> &'a Incident {
        &self.snapshot.incident
    }

    /// The plan, with whom rules forbid to tell held back.
    pub fn plan(&self) -> &'a Plan {
        self.situation.held.as_deref().unwrap_or(&self.snapshot.plan)
    }

    /// The duties as the pane shows them: by the law of the day of the outage, or by today's.
    pub fn obligations(&self, model: &Model) -> &'a [Obligation] {
        if !model.today {
            return &self.situation.obligations;
        }
        let (s, moment) = (self.snapshot, self.situation.moment);
        self.situation.today.get_or_init(|| {
            let facts = Facts::new(&s.incident, &s.plan, &s.rules, &s.sources, moment.now, moment.real);
            obligations_under(Law::Of(moment.real), &s.incident, &s.plan, &s.rules, &facts, moment.now)
        })
    }

    pub fn now(&self) -> Instant {
        self.situation.moment.now
    }

    /// The zone in which times are shown.
    pub fn zone(&self, model: &Model) -> Tz {
        if model.utc { Tz::UTC } else { self.situation.zone }
    }

    /// `03:20`, in the shown zone.
    pub fn clock(&self, model: &Model, at: Instant) -> String {
        instant::clock(at, self.now(), self.zone(model))
    }

    /// `03:20 CST`.
    pub fn clock_zoned(&self, model: &Model, at: Instant) -> String {
        instant::clock_zoned(at, self.now(), self.zone(model))
    }

    /// Minutes and above; less than one is `<1m`, so that a still screen stays still.
    pub fn ago(&self, at: Instant) -> String {
        age(self.now() - at)
    }

    /// What the forms need to know.
    pub fn help(&self, model: &Model) -> Help<'a> {
        let plan = self.plan();
        let mut facts: Vec<&str> = plan.facts.iter().map(|f| f.name.as_str()).collect();
        facts.extend(self.incident().facts.keys().map(String::as_str));
        for obligation in self.obligations(model) {
            if let crate::situation::obligations::Standing::Unknown(missing) = &obligation.state {
                facts.extend(missing.iter().map(String::as_str));
            }
            facts.extend(obligation.may_fire.iter().flat_map(|may| &may.assumes).map(String::as_str));
            facts.extend(obligation.stages.iter().flat_map(|s| &s.missing).map(String::as_str));
        }
        let mut agencies: Vec<&str> = self.situation.obligations.iter().map(|o| o.short.as_str()).collect();
        agencies.sort_unstable();
        agencies.dedup();
        facts.sort_unstable();
        facts.dedup();
        let mut clocks: Vec<&str> =
            self.situation.obligations.iter().flat_map(|o| o.clocks.iter().map(|c| c.name.as_str())).collect();
        clocks.sort_unstable();
        clocks.dedup();
        Help {
            now: self.now(),
            zone: self.zone(model),
            people: self.people(),
            audiences: plan.audiences.iter().map(|a| a.id.as_str()).collect(),
            channels: plan.channels.iter().map(|c| c.id.as_str()).collect(),
            facts,
            agencies,
            clocks,
            mail: model.mail.clone(),
            teams: self.situation.teams.iter().map(|t| t.id.as_str()).collect(),
            timeout: self.timeout(),
            brief: String::new(),
            minutes: model.minutes,
        }
    }

    /// Whom a task can be given to: people named so far, the plan's and the teams themselves.
    fn people(&self) -> Vec<&'a str> {
        let mut people: Vec<&str> = self.incident().people.iter().map(String::as_str).collect();
        for team in &self.situation.teams {
            let planned = team.lead.iter().chain(&team.members).map(String::as_str);
            people.extend(planned.filter(|p| !self.incident().people.contains(*p)));
        }
        people.extend(self.situation.teams.iter().map(|t| t.id.as_str()));
        people
    }

    /// The time-out that runs, or the last one that has no answers.
    pub fn timeout(&self) -> Option<EntryId> {
        // Hours later the answers would be of another moment.
        let lately = |at: Instant| self.now() - at < TimeDelta::hours(1);
        let open = self.incident().leading.timeouts.values().filter(|t| t.ended.is_none() && lately(t.until));
        open.max_by_key(|t| (t.at, t.id)).map(|t| t.id)
    }

    /// What a row of the timeline is about.
    pub fn subject(&self, thing: &Thing) -> Thing {
        let Thing::Entry(id) = thing else { return thing.clone() };
        let Some(row) = self.incident().timeline.find(*id) else { return thing.clone() };
        match &row.entry.what {
            What::TaskAdded(_) => Thing::Task(*id),
            What::TaskAssigned(w) => Thing::Task(w.task),
            What::TaskAcknowledged(w) => Thing::Task(w.task),
            What::TaskStarted(w) => Thing::Task(w.task),
            What::TaskBlocked(w) => Thing::Task(w.task),
            What::TaskDone(w) => Thing::Task(w.task),
            What::TaskCancelled(w) => Thing::Task(w.task),
            What::TaskExtended(w) => Thing::Task(w.task),
            What::AlertFired(w) => Thing::Alerts(w.name.clone()),
            What::AlertChanged(w) => Thing::Alerts(w.name.clone()),
            What::AlertGone(w) => Thing::Alerts(w.name.clone()),
            What::HandoverOffered(_) if self.incident().leading.offers.contains_key(id) => Thing::Offer(*id),
            What::Decided(_) => Thing::Decision(*id),
            What::DecisionChecked(w) => Thing::Decision(w.decision),
            What::RollCallAsked(_) => Thing::RollCall(*id),
            What::Asked(_) if self.incident().asks.contains_key(id) => Thing::Ask(*id),
            What::StageFiled(w) => Thing::Stage(w.rule.clone(), w.stage.clone()),
            What::StageDrafted(w) => Thing::Stage(w.rule.clone(), w.stage.clone()),
            What::AgencyTold(w) => Thing::Stage(w.rule.clone(), w.stage.clone()),
            What::AgencyCalled(_) if self.incident().promises.contains_key(id) => Thing::Promise(*id),
            What::MessageDrafted(w) => Thing::Audience(w.audience.clone()),
            What::ServiceStated(w) => Thing::Audience(w.audience.clone()),
            What::ToldElsewhere(w) => Thing::Audience(w.audience.clone()),
            _ => thing.clone(),
        }
    }
}

/// An age in minutes and above.
pub fn age(span: TimeDelta) -> String {
    if span < TimeDelta::minutes(1) { "<1m".to_owned() } else { duration::short(span, false) }
}
