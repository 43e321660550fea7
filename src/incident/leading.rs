//! How the room is led: handovers, teams, roll-calls, time-outs, objectives, contacts, checked decisions. Values and their
//! steps; nothing here knows of messages or agencies.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::Instant;
use super::entry::{Entry, EntryId};
use super::message::sha256;
use super::register::Register;
use super::task::NoEffect;
use super::what::*;
use super::words::Role;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Leading {
    /// Handovers that are offered and neither accepted nor refused.
    pub offers: BTreeMap<EntryId, Offer>,
    /// By the team's id: who leads it and who is in it.
    pub teams: BTreeMap<String, Register<TeamMade>>,
    pub rollcalls: BTreeMap<EntryId, RollCall>,
    pub timeouts: BTreeMap<EntryId, TimeOut>,
    /// What is to be reached in this period, and until when.
    pub objectives: Register<(String, Option<Instant>)>,
    /// By whom they reach and the way; None: struck out.
    pub contacts: BTreeMap<(String, String), Register<Option<Contact>>>,
    /// What was seen when a decision was checked.
    pub checks: BTreeMap<EntryId, Check>,
}

/// A role offered to somebody, with the brief that they are to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub id: EntryId,
    pub role: Role,
    pub from: Option<String>,
    pub to: String,
    pub brief: String,
    pub at: Instant,
    pub by: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TeamMade {
    pub name: String,
    /// The team that it was split off.
    pub parent: Option<String>,
    /// The one who speaks for it.
    pub lead: Option<String>,
    /// Without the lead.
    pub members: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RollCall {
    pub id: EntryId,
    pub at: Instant,
    pub by: String,
    pub people: Vec<String>,
    /// Within how many minutes an answer is expected.
    pub minutes: u32,
    /// Who answered, when and what.
    pub answers: BTreeMap<String, (Instant, String)>,
}

/// How long a roll-call says who is there.
pub const ROLL_STANDS: TimeDelta = TimeDelta::minutes(60);

impl RollCall {
    pub fn due(&self) -> Instant {
        later(self.at, self.minutes)
    }

    /// Who was asked and has not answered.
    pub fn silent(&self) -> impl Iterator<Item = &str> {
        self.people.iter().filter(|p| !self.answers.contains_key(*p)).map(String::as_str)
    }
}

/// Everybody stops and thinks: what do we know, what do we assume, what would change our mind, who is tired.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeOut {
    pub id: EntryId,
    pub at: Instant,
    pub until: Instant,
    pub by: String,
    /// When it was ended with its answers.
    pub ended: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    pub address: String,
    /// Components without which it does not work.
    pub needs: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    pub at: Instant,
    pub by: String,
    /// None: it cannot be told yet.
    pub worked: Option<bool>,
    pub seen: String,
}

/// Whether two names mean the same person or thing.
pub fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

fn later(at: Instant, minutes: u32) -> Instant {
    at.checked_add_signed(TimeDelta::minutes(i64::from(minutes))).unwrap_or(at)
}

impl Leading {
    /// The time-out that runs at `now`.
    pub fn timeout(&self, now: Instant) -> Option<&TimeOut> {
        self.timeouts.values().filter(|t| t.ended.is_none() && t.at <= now && now < t.until).max_by_key(|t| t.at)
    }

    /// The newest roll-call.
    pub fn rollcall(&self) -> Option<&RollCall> {
        self.rollcalls.values().max_by_key(|call| (call.at, call.id))
    }

    /// The offer of a role that waits for its answer.
    pub fn offer(&self, role: Role) -> Option<&Offer> {
        self.offers.values().filter(|o| o.role == role).max_by_key(|o| (o.at, o.id))
    }

    /// How a team stands; while two say different things, as before them.
    pub fn team(&self, id: &str) -> Option<&TeamMade> {
        let register = self.teams.get(id)?;
        register.agreed().or_else(|| register.before())
    }

    /// How somebody is reached: way and contact. Where two say different things both stand: one of them may answer.
    pub fn contacts_of<'a>(&'a self, of: &'a str) -> impl Iterator<Item = (&'a str, &'a Contact)> {
        let of = self.contacts.iter().filter(move |((whom, _), _)| same(whom, of));
        of.flat_map(|((_, way), register)| {
            register.heads().iter().filter_map(move |head| Some((way.as_str(), head.value.as_ref()?)))
        })
    }

    /// Whether a way was recorded here, struck out or not: then the plan's does not count.
    pub fn records(&self, of: &str, way: &str) -> bool {
        self.contacts.keys().any(|(whom, recorded)| same(whom, of) && same(recorded, way))
    }

    pub fn offered(&mut self, entry: &Entry, w: &HandoverOffered) {
        // A new offer of the same role takes the place of the one before.
        self.offers.retain(|_, offer| offer.role != w.role);
        let offer = Offer {
            id: entry.id,
            role: w.role,
            from: w.from.clone(),
            to: w.to.clone(),
            brief: w.brief.clone(),
            at: entry.happened,
            by: entry.author.person.clone(),
        };
        self.offers.insert(entry.id, offer);
    }

    /// Accepts an offer: only the one it was made to, having read these words.
    pub fn accepted(&mut self, entry: &Entry, w: &HandoverAccepted) -> Result<Offer, NoEffect> {
        let offer = self.offers.get(&w.offer).ok_or_else(|| NoEffect::new("that offer does not stand any more"))?;
        if !same(&offer.to, &entry.author.person) {
            return Err(NoEffect::new(format!("it was offered to {}", offer.to)));
        }
        if sha256(&offer.brief) != w.brief_sha256 {
            return Err(NoEffect::new("the brief was another one"));
        }
        self.answered(w.offer)
    }

    /// Takes an offer off the table, for its answer.
    pub fn answered(&mut self, offer: EntryId) -> Result<Offer, NoEffect> {
        self.offers.remove(&offer).ok_or_else(|| NoEffect::new("that offer does not stand any more"))
    }

    pub fn team_set(&mut self, entry: &Entry, w: &TeamSet) {
        let made = TeamMade {
            name: w.name.clone(),
            parent: w.parent.clone(),
            lead: w.lead.clone(),
            members: w.members.clone(),
        };
        self.teams.entry(w.team.clone()).or_default().set(entry, made, &w.replaces);
    }

    pub fn rollcall_asked(&mut self, entry: &Entry, w: &RollCallAsked) {
        let call = RollCall {
            id: entry.id,
            at: entry.happened,
            by: entry.author.person.clone(),
            people: w.people.clone(),
            minutes: w.minutes,
            answers: BTreeMap::new(),
        };
        self.rollcalls.insert(entry.id, call);
    }

    pub fn rollcall_answered(&mut self, entry: &Entry, w: &RollCallAnswered) -> Result<(), NoEffect> {
        let call = self.rollcalls.get_mut(&w.call).ok_or_else(|| NoEffect::new("there is no such roll-call here"))?;
        answer(call, &w.person)?;
        call.answers.insert(w.person.clone(), (entry.happened, w.says.clone()));
        Ok(())
    }

    pub fn timeout_started(&mut self, entry: &Entry, w: &TimeOutStarted) {
        let timeout = TimeOut {
            id: entry.id,
            at: entry.happened,
            until: later(entry.happened, w.minutes),
            by: entry.author.person.clone(),
            ended: None,
        };
        self.timeouts.insert(entry.id, timeout);
    }

    pub fn timeout_ended(&mut self, entry: &Entry, w: &TimeOutEnded) -> Result<(), NoEffect> {
        let found = self.timeouts.get_mut(&w.timeout).ok_or_else(|| NoEffect::new("there is no such time-out here"))?;
        match found.ended {
            Some(_) => Err(NoEffect::new("it was ended already")),
            None => {
                found.ended = Some(entry.happened);
                Ok(())
            }
        }
    }

    pub fn contact_set(&mut self, entry: &Entry, w: &ContactSet) {
        let contact = w.address.clone().map(|address| Contact { address, needs: w.needs.clone() });
        self.contacts.entry((w.of.clone(), w.way.clone())).or_default().set(entry, contact, &w.replaces);
    }

    pub fn checked(&mut self, entry: &Entry, w: &DecisionChecked) {
        let check =
            Check { at: entry.happened, by: entry.author.person.clone(), worked: w.worked, seen: w.seen.clone() };
        self.checks.insert(w.decision, check);
    }
}

/// Whether a person can answer a roll-call now.
pub fn answer(call: &RollCall, person: &str) -> Result<(), NoEffect> {
    if !call.people.iter().any(|p| p == person) {
        return Err(NoEffect::new(format!("{person} was not asked")));
    }
    if call.answers.contains_key(person) {
        return Err(NoEffect::new(format!("{person} answered already")));
    }
    Ok(())
}
