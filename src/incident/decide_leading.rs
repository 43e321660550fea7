//! What a command about leading becomes: handovers, teams, roll-calls, time-outs, contacts, and the end of an incident.
//! Called by `decide`; pure like it.

use std::collections::BTreeSet;

use super::Instant;
use super::command::{Actor, Refusal, TeamWish};
use super::decide::{checked_minutes, components_down, refuse, required};
use super::entry::EntryId;
use super::leading::{self, same};
use super::message::sha256;
use super::person;
use super::plan::Plan;
use super::state::Incident;
use super::what::*;
use super::words::{ComponentState, Phase, Quality, Role};

pub fn offer(incident: &Incident, role: Role, to: &str, brief: &str, actor: &Actor) -> Result<What, Refusal> {
    let to = required(to, "to whom")?;
    let holder = incident.holder(role).map(str::to_owned);
    if holder.as_ref().is_some_and(|h| same(h, &to)) {
        return Err(Refusal::new(format!("{to} is {} already", role.title().to_lowercase())));
    }
    let may = |name: &str| same(name, &actor.person);
    if let Some(holder) = &holder
        && !may(holder)
        && !incident.holder(Role::Commander).is_some_and(may)
    {
        return Err(Refusal::new(format!("{holder} holds it: only they or the commander hand it over")));
    }
    let brief = required(brief, "a brief")?;
    Ok(HandoverOffered { role, from: holder, to, brief }.into())
}

pub fn accept(incident: &Incident, offer: EntryId, brief_sha256: &str, actor: &Actor) -> Result<What, Refusal> {
    let found = mine(incident, offer, actor)?;
    if sha256(&found.brief) != brief_sha256 {
        return Err(Refusal::new("the brief is not the one that you read"));
    }
    let replaces = incident.roles.get(&found.role).map(|r| r.replaces()).unwrap_or_default();
    Ok(HandoverAccepted { offer, brief_sha256: brief_sha256.to_owned(), replaces }.into())
}

pub fn refuse_offer(incident: &Incident, offer: EntryId, why: &str, actor: &Actor) -> Result<What, Refusal> {
    let found = incident.leading.offers.get(&offer);
    let found = found.ok_or_else(|| Refusal::new("that offer does not stand any more"))?;
    // Who made the offer may withdraw it.
    if !same(&found.to, &actor.person) && !same(&found.by, &actor.person) {
        return Err(Refusal::new(format!("it is between {} and {}", found.by, found.to)));
    }
    Ok(HandoverRefused { offer, why: required(why, "a reason")? }.into())
}

fn mine<'a>(incident: &'a Incident, offer: EntryId, actor: &Actor) -> Result<&'a leading::Offer, Refusal> {
    let found = incident.leading.offers.get(&offer);
    let found = found.ok_or_else(|| Refusal::new("that offer does not stand any more"))?;
    if same(&found.to, &actor.person) {
        Ok(found)
    } else {
        Err(Refusal::new(format!("it is offered to {}, and you are {}: only they answer it", found.to, actor.person)))
    }
}

/// Several teams at once; each may be split off one that is made with it.
pub fn set_teams(incident: &Incident, plan: &Plan, wishes: &[TeamWish]) -> Result<Vec<What>, Refusal> {
    let mut out: Vec<What> = Vec::new();
    let mut made: Vec<String> = Vec::new();
    for wish in wishes {
        let set = set_team(incident, plan, wish, &made)?;
        if made.contains(&set.team) {
            return Err(Refusal::new(format!("{} is named twice", set.name)));
        }
        made.push(set.team.clone());
        out.push(set.into());
    }
    Ok(out)
}

/// A team's lead and people; a name that the plan does not know becomes a sub-team of `parent`.
fn set_team(incident: &Incident, plan: &Plan, wish: &TeamWish, beside: &[String]) -> Result<TeamSet, Refusal> {
    let name = required(&wish.team, "a team")?;
    let planned = plan.teams.iter().find(|t| t.id == name || same(&t.name, &name));
    let made = incident
        .leading
        .teams
        .keys()
        .find(|id| **id == name || incident.leading.team(id).is_some_and(|t| same(&t.name, &name)));
    let team = match (planned, made) {
        (Some(planned), _) => planned.id.clone(),
        (None, Some(made)) => made.clone(),
        (None, None) => id_of(&name),
    };
    if team.is_empty() {
        return Err(Refusal::new("a team's name needs a letter or a digit"));
    }
    let known = |id: &str| {
        plan.team(id).is_some() || incident.leading.teams.contains_key(id) || beside.iter().any(|made| made == id)
    };
    let parent = match &wish.parent {
        Some(parent) if *parent == team => return Err(Refusal::new("a team is not its own sub-team")),
        Some(parent) if !known(parent) => return Err(Refusal::new(format!("no team is called {parent}"))),
        Some(parent) => Some(parent.clone()),
        None => incident.leading.team(&team).and_then(|t| t.parent.clone()),
    };
    let lead = wish.lead.as_ref().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty());
    let mut members: Vec<String> = Vec::new();
    for person in wish.members.iter().map(|m| m.trim()).filter(|m| !m.is_empty()) {
        if !lead.as_ref().is_some_and(|l| same(l, person)) && !members.iter().any(|m| same(m, person)) {
            members.push(person.to_owned());
        }
    }
    if lead.is_none() && members.is_empty() {
        return Err(Refusal::new("who leads it, or who is in it?"));
    }
    let name = planned.map_or(name, |t| t.name.clone());
    let replaces = incident.leading.teams.get(&team).map(|r| r.replaces()).unwrap_or_default();
    Ok(TeamSet { team, name, parent, lead, members, replaces })
}

fn id_of(name: &str) -> String {
    let kept = name.trim().to_lowercase();
    let kept: Vec<&str> = kept.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    kept.join("-")
}

/// Asks everybody who is named, or else everybody who has a role, a team or a task.
pub fn call_roll(
    incident: &Incident,
    plan: &Plan,
    people: &[String],
    minutes: u32,
    actor: &Actor,
) -> Result<What, Refusal> {
    let minutes = checked_minutes(minutes)?;
    let named = people.iter().map(|p| p.trim().to_owned()).filter(|p| !p.is_empty());
    let mut people: BTreeSet<String> = named.collect();
    if people.is_empty() {
        people = present(incident, plan);
        // Who asks is there.
        people.retain(|name| !same(name, &actor.person));
    }
    if people.is_empty() {
        return Err(Refusal::new("nobody has a role, a team or a task yet: name who is asked"));
    }
    Ok(RollCallAsked { people: people.into_iter().collect(), minutes }.into())
}

/// Everybody who has a role, a place in a team, or a task that is not over.
pub fn present(incident: &Incident, plan: &Plan) -> BTreeSet<String> {
    let mut people: BTreeSet<String> = BTreeSet::new();
    people.extend(Role::ALL.iter().filter_map(|role| incident.holder(*role)).map(str::to_owned));
    for id in team_ids(incident, plan) {
        people.extend(lead_of(incident, plan, &id));
        people.extend(members_of(incident, plan, &id));
    }
    let teams = team_ids(incident, plan);
    let made = |id: &str| incident.leading.team(id).map(|t| t.name.clone());
    let is_team = |name: &str| {
        let named = |id: &String| {
            let planned = plan.team(id).map(|t| t.name.clone());
            same(id, name) || planned.or_else(|| made(id)).is_some_and(|n| same(&n, name))
        };
        teams.iter().any(named)
    };
    let owners = incident.tasks.values().filter(|t| t.live()).filter_map(|t| t.owner.clone());
    people.extend(owners.filter(|owner| !is_team(owner)));
    people
}

/// Teams of the plan, then those that were made here.
pub fn team_ids(incident: &Incident, plan: &Plan) -> Vec<String> {
    let mut ids: Vec<String> = plan.teams.iter().map(|t| t.id.clone()).collect();
    let made = incident.leading.teams.keys().filter(|id| plan.team(id).is_none());
    ids.extend(made.cloned());
    ids
}

pub fn lead_of(incident: &Incident, plan: &Plan, team: &str) -> Option<String> {
    match incident.leading.team(team) {
        Some(made) => made.lead.clone(),
        None => plan.team(team).and_then(|t| t.lead.clone()),
    }
}

pub fn members_of(incident: &Incident, plan: &Plan, team: &str) -> Vec<String> {
    match incident.leading.team(team) {
        Some(made) => made.members.clone(),
        None => plan.team(team).map(|t| t.members.clone()).unwrap_or_default(),
    }
}

pub fn answer_roll(incident: &Incident, call: EntryId, person: &str, says: &str) -> Result<What, Refusal> {
    let found = incident.leading.rollcalls.get(&call).ok_or_else(|| Refusal::new("there is no such roll-call"))?;
    refuse(leading::answer(found, person))?;
    Ok(RollCallAnswered { call, person: person.to_owned(), says: says.trim().to_owned() }.into())
}

pub fn start_timeout(incident: &Incident, minutes: u32, now: Instant) -> Result<What, Refusal> {
    if !(1..=30).contains(&minutes) {
        return Err(Refusal::new("a time-out is of 1 to 30 minutes"));
    }
    if let Some(running) = incident.leading.timeout(now) {
        return Err(Refusal::new(format!("a time-out of {} runs already", running.by)));
    }
    Ok(TimeOutStarted { minutes }.into())
}

/// Why the incident is not resolved yet: what is critical must be known to work.
pub fn critical(incident: &Incident, plan: &Plan) -> Vec<String> {
    let mut out = Vec::new();
    for critical in &plan.critical {
        let seen: Vec<_> = incident
            .components
            .iter()
            .filter(|((_, id), c)| *id == critical.component || c.name == critical.component)
            .map(|(_, c)| c)
            .collect();
        if seen.is_empty() {
            out.push(format!("{}: NOT KNOWN, no page shows it", critical.component));
        }
        // A page that does not answer says nothing of now.
        let silent_page = incident.sources.values().any(|s| s.failing && s.family == "status");
        for component in seen {
            match component.state {
                Some(ComponentState::Operational) if silent_page => {
                    out.push(format!("{}: OLD, a page does not answer", component.name));
                }
                Some(ComponentState::Operational) => {}
                Some(state) => out.push(format!("{}: {}", component.name, state.short())),
                None => out.push(format!("{}: NOT KNOWN, it left the page", component.name)),
            }
        }
        let Some(metric) = &critical.metric else { continue };
        let numbers: Vec<_> = incident.metrics.iter().filter(|((_, name), _)| name == metric).map(|(_, m)| m).collect();
        // Its source is not told apart by name here: any silent source of numbers makes it old.
        let silent = incident.sources.values().any(|s| s.failing && s.family == "metrics");
        match numbers.as_slice() {
            [] => out.push(format!("{metric}: NOT KNOWN, nobody measures it")),
            _ if silent => out.push(format!("{metric}: OLD, a source of numbers does not answer")),
            numbers => out.extend(numbers.iter().filter_map(|m| match (m.value, m.quality) {
                (Some(value), Quality::Exact) if critical.most.is_none_or(|most| value <= most) => None,
                (Some(value), Quality::Exact) => Some(format!("{metric}: {value} is too much")),
                _ => Some(format!("{metric}: NOT KNOWN or old")),
            })),
        }
    }
    out
}

/// The phase, with what spoke against it. Resolving asks why, and a name where something critical is not well.
pub fn set_phase(
    incident: &Incident,
    plan: &Plan,
    phase: Phase,
    why: &str,
    by_name: Option<&str>,
    actor: &Actor,
) -> Result<What, Refusal> {
    let register = &incident.phase;
    if register.agreed() == Some(&phase) {
        return Err(Refusal::new(format!("it is {phase} already")));
    }
    let mut overrode = Vec::new();
    if phase == Phase::Resolved {
        let critical = critical(incident, plan);
        let unnamed = !by_name.is_some_and(|name| same(name, &actor.person));
        if !critical.is_empty() && (unnamed || why.trim().is_empty()) {
            let what = critical.join("; ");
            return Err(Refusal::new(format!("not resolved: {what}. To override give a reason and your own name")));
        }
        if why.trim().is_empty() {
            let down = components_down(incident);
            let down = if down.is_empty() { String::new() } else { format!(" These are down: {}.", down.join(", ")) };
            return Err(Refusal::new(format!("resolving asks why.{down}")));
        }
        if !critical.is_empty() {
            person::answers(&actor.person, "override what is critical")?;
        }
        overrode = critical;
    }
    Ok(PhaseSet { phase, why: why.to_owned(), overrode, replaces: register.replaces() }.into())
}
