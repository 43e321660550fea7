//! Who reports to whom: the people whom the commander has to hold in mind, and how somebody is reached. Never acts.

use std::collections::{BTreeMap, BTreeSet};

use crate::incident::decide_leading::{lead_of, members_of, team_ids};
use crate::incident::leading::same;
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::words::{ComponentState, Role};

/// More people than this report to one person at the cost of all.
pub const SPAN: usize = 7;

/// A team as it stands, from the plan or made here.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamView {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    pub lead: Option<String>,
    /// Without the lead.
    pub members: Vec<String>,
}

pub fn teams(incident: &Incident, plan: &Plan) -> Vec<TeamView> {
    let view = |id: String| {
        let made = incident.leading.team(&id);
        let planned = plan.team(&id).map(|t| t.name.clone());
        TeamView {
            name: planned.or_else(|| made.map(|m| m.name.clone())).unwrap_or_else(|| id.clone()),
            parent: made.and_then(|m| m.parent.clone()),
            lead: lead_of(incident, plan, &id),
            members: members_of(incident, plan, &id),
            id,
        }
    };
    team_ids(incident, plan).into_iter().map(view).collect()
}

/// Who reports to the commander themself: leads, holders of roles, and whoever has a task and no lead of their own.
/// Deputy and scribe sit with the commander and do not count.
pub fn reports(incident: &Incident, teams: &[TeamView]) -> Vec<String> {
    let mut people: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |name: &str| {
        people.entry(name.trim().to_lowercase()).or_insert_with(|| name.trim().to_owned());
    };
    for role in [Role::Communications, Role::Liaison, Role::Operations, Role::Expert] {
        incident.holder(role).into_iter().for_each(&mut add);
    }
    for team in teams {
        match &team.lead {
            Some(lead) => add(lead),
            None => team.members.iter().for_each(|m| add(m)),
        }
    }
    for owner in incident.tasks.values().filter(|t| t.live()).filter_map(|t| t.owner.as_deref()) {
        match teams.iter().find(|t| t.id == owner || same(&t.name, owner)) {
            Some(TeamView { lead: Some(lead), .. }) => add(lead),
            Some(_) | None => add(owner),
        }
    }
    // Who has a lead of their own reports to that one; so does the lead of a sub-team.
    let led: BTreeSet<String> = teams
        .iter()
        .filter_map(|team| Some((team, team.lead.as_ref()?)))
        .flat_map(|(team, lead)| {
            let subs =
                teams.iter().filter(|sub| sub.parent.as_ref() == Some(&team.id)).filter_map(|sub| sub.lead.as_ref());
            team.members.iter().chain(subs).filter(|person| !same(person, lead)).map(|p| p.trim().to_lowercase())
        })
        .collect();
    let commander = incident.holder(Role::Commander).map(|c| c.trim().to_lowercase());
    people.retain(|key, _| !led.contains(key) && Some(key) != commander.as_ref());
    people.into_values().collect()
}

/// One way to reach somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    pub way: String,
    pub address: String,
    /// What it needs and is not known to work now: then it cannot be counted on.
    pub fails: Vec<String>,
}

/// The ways to reach a person, a team, an agency or the `incident`: what was recorded here stands before the plan's.
pub fn ways(incident: &Incident, plan: &Plan, of: &str) -> Vec<Way> {
    let fails = |needs: &[String]| -> Vec<String> {
        let works = |need: &String| {
            let mut seen = incident.components.iter().filter(|((_, id), c)| id == need || c.name == *need).peekable();
            // A component that no page shows is not known to fail: nothing is said of it.
            seen.peek().is_none() || seen.all(|(_, c)| c.state == Some(ComponentState::Operational))
        };
        needs.iter().filter(|need| !works(need)).cloned().collect()
    };
    let mut out: Vec<Way> = incident
        .leading
        .contacts_of(of)
        .map(|(way, c)| Way { way: way.to_owned(), address: c.address.clone(), fails: fails(&c.needs) })
        .collect();
    for planned in plan.contacts.iter().filter(|c| same(&c.of, of)) {
        if !incident.leading.records(of, &planned.way) {
            let (way, address) = (planned.way.clone(), planned.address.clone());
            out.push(Way { way, address, fails: fails(&planned.needs) });
        }
    }
    out
}

/// Everybody and everything of which a way is known, the incident first.
pub fn reached(incident: &Incident, plan: &Plan) -> Vec<String> {
    let mut out: Vec<String> = vec!["incident".to_owned()];
    let here = incident.leading.contacts.keys().map(|(of, _)| of);
    for of in here.chain(plan.contacts.iter().map(|c| &c.of)) {
        if !out.iter().any(|known| same(known, of)) {
            out.push(of.clone());
        }
    }
    out
}
