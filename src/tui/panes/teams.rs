//! Pane 5: who does what: roles first, then tasks by team, with owner, state and check-in.

use super::{Body, Item, Piece, cell, last, piece};
use crate::incident::entry::EntryId;
use crate::incident::task::Task;
use crate::incident::words::{Role, TaskState};
use crate::safe;
use crate::situation::teams::SPAN;
use crate::situation::thing::Thing;
use crate::text::duration;
use crate::tui::model::{Model, Pane};
use crate::tui::scene::Scene;
use crate::tui::theme::Meaning;

pub const PANE: super::PaneDef = super::PaneDef {
    pane: Pane::Teams,
    title: "TEAMS",
    tab: "Team",
    items,
    row,
    heading,
    columns: None,
    foot: None,
    empty: "no task yet: t adds one",
};

fn roles(scene: &Scene<'_>) -> Vec<Role> {
    let mut roles = scene.plan().roles.clone();
    if !roles.contains(&Role::Commander) {
        roles.insert(0, Role::Commander);
    }
    for role in scene.incident().roles.keys() {
        if !roles.contains(role) {
            roles.push(*role);
        }
    }
    roles
}

fn items(scene: &Scene<'_>, _: &Model) -> Vec<Item> {
    let mut out: Vec<Item> = roles(scene)
        .iter()
        .enumerate()
        .map(|(index, role)| Item { thing: Some(Thing::Role(*role)), body: Body::At(index) })
        .collect();
    let led = |t: &&crate::situation::teams::TeamView| t.lead.is_some() || !t.members.is_empty();
    let teams = scene.situation.teams.iter().filter(led);
    out.extend(teams.map(|t| Item { thing: Some(Thing::Team(t.id.clone())), body: Body::At(0) }));
    let incident = scene.incident();
    let mut tasks: Vec<&Task> = incident.tasks.values().collect();
    // First what somebody is on, then the first moves, then the rest of the plan, then what is over: each by team.
    let rank = |t: &Task| match (t.live(), t.owner.is_some(), t.first) {
        (true, true, _) => 0,
        (true, false, true) => 1,
        (true, false, false) => 2,
        (false, _, _) => 3,
    };
    let team = |t: &Task| t.team.as_ref().and_then(|id| scene.situation.teams.iter().position(|x| x.id == *id));
    tasks.sort_by_key(|t| (rank(t), team(t).unwrap_or(usize::MAX), t.due.is_none(), t.due, t.added, t.id));
    out.extend(tasks.iter().map(|t| Item { thing: Some(Thing::Task(t.id)), body: Body::At(0) }));
    out
}

fn row(scene: &Scene<'_>, model: &Model, item: &Item, columns: usize) -> Vec<Piece> {
    match &item.thing {
        Some(Thing::Role(role)) => role_row(scene, model, *role, columns),
        Some(Thing::Task(id)) => task_row(scene, *id, columns),
        Some(Thing::Team(id)) => team_row(scene, id, columns),
        _ => Vec::new(),
    }
}

fn role_row(scene: &Scene<'_>, model: &Model, role: Role, columns: usize) -> Vec<Piece> {
    let name = if columns >= 48 { 10 } else { 7 };
    let title = match role {
        Role::Commander => "IC",
        Role::Communications => "Comms lead",
        Role::Operations => "Operations",
        Role::Expert => "Expert",
        Role::Deputy | Role::Scribe | Role::Liaison => role.title(),
    };
    let register = scene.incident().roles.get(&role);
    let conflict = register.is_some_and(|r| r.conflict());
    let mut out = vec![cell(title, name, Meaning::Title)];
    match scene.incident().holder(role) {
        Some(holder) => {
            out.push(cell(holder, 8, Meaning::Text));
            if let Some(setting) = register.and_then(|r| r.setting()) {
                out.push(piece(safe!("since {}", scene.clock(model, setting.at)), Meaning::Dim));
            }
        }
        None => {
            out.push(cell("--", 8, Meaning::Dim));
            out.push(piece("EMPTY", Meaning::Late));
        }
    }
    if conflict {
        out.push(piece("  CONFLICT: two hold it", Meaning::Late));
    }
    out
}

fn team_row(scene: &Scene<'_>, id: &str, columns: usize) -> Vec<Piece> {
    let Some(team) = scene.situation.teams.iter().find(|t| t.id == id) else { return Vec::new() };
    let name = if columns >= 48 { 10 } else { 7 };
    let lead = match &team.lead {
        Some(lead) => cell(lead, 8, Meaning::Text),
        None => cell("no lead", 8, Meaning::Soon),
    };
    let with = if team.members.is_empty() { String::new() } else { format!("with {}", team.members.join(", ")) };
    let out_of = team.parent.as_ref().map(|p| format!(" (out of {p})")).unwrap_or_default();
    vec![cell(&team.name, name, Meaning::Title), lead, piece(safe!("leads {with}{out_of}"), Meaning::Dim)]
}

fn task_row(scene: &Scene<'_>, id: EntryId, columns: usize) -> Vec<Piece> {
    let Some(task) = scene.incident().tasks.get(&id) else { return Vec::new() };
    let team = task.team.as_ref().map(|t| scene.plan().team(t).map_or(t.as_str(), |t| t.name.as_str()));
    let (state, loud) = state(scene, task);
    let name = if columns >= 48 { 10 } else { 7 };
    let wide = if columns >= 48 { 22 } else { 12 };
    let title = columns.saturating_sub(1 + name + 1 + 7 + wide + 1);
    let meaning = match (task.live(), task.first && task.owner.is_none()) {
        (false, _) => Meaning::Dim,
        (true, true) => Meaning::Soon,
        (true, false) => Meaning::Text,
    };
    vec![
        cell(team.unwrap_or("--"), name, Meaning::Dim),
        cell(task.owner.as_deref().unwrap_or("--"), 5, Meaning::Text),
        cell(&task.title, title, meaning),
        last(&state, wide, loud),
    ]
}

/// The state and when it comes back, in words.
pub fn state(scene: &Scene<'_>, task: &Task) -> (String, Meaning) {
    let now = scene.now();
    let back = |task: &Task| match task.due {
        Some(due) if due <= now => (format!("OVER {}", duration::short(now - due, false)), true),
        Some(due) => (format!("back in {}", duration::short(due - now, true)), false),
        None => (String::new(), false),
    };
    match task.state {
        TaskState::Done => ("done".into(), Meaning::Dim),
        TaskState::Cancelled => ("not needed".into(), Meaning::Dim),
        TaskState::Blocked => (format!("BLOCKED: {}", task.blocked_on.as_deref().unwrap_or("?")), Meaning::Late),
        TaskState::Open if task.owner.is_none() => (
            if task.first { "FIRST MOVE".into() } else { "open".into() },
            if task.first { Meaning::Soon } else { Meaning::Dim },
        ),
        TaskState::Open => {
            let asked = task.asked.map(|at| duration::short(now - at, false)).unwrap_or_default();
            (format!("NO ACK {asked}"), Meaning::Soon)
        }
        TaskState::Acknowledged | TaskState::InProgress => {
            let (back, late) = back(task);
            let word = if task.state == TaskState::InProgress { "doing" } else { "acked" };
            (format!("{word}  {back}"), if late { Meaning::Late } else { Meaning::Text })
        }
    }
}

fn heading(scene: &Scene<'_>, _: &Model, _: usize) -> Vec<Piece> {
    let tasks = &scene.incident().tasks;
    let reports = scene.situation.reports.len();
    let empty = roles(scene).iter().filter(|r| scene.incident().holder(**r).is_none()).count();
    let noack = tasks.values().filter(|t| t.state == TaskState::Open && t.owner.is_some()).count();
    let commander = scene.incident().holder(Role::Commander).unwrap_or("nobody");
    let mut out = vec![piece(safe!("{reports} report to {commander}"), Meaning::Dim)];
    if reports > SPAN {
        out.push(piece(safe!("  more than {SPAN}: W splits"), Meaning::Late));
    }
    if empty > 0 {
        out.push(piece(safe!("  {empty} empty"), Meaning::Late));
    }
    if let Some((aim, _)) = scene.incident().leading.objectives.agreed() {
        out.push(piece(safe!("  aim: {aim}"), Meaning::Text));
    }
    if noack > 0 {
        out.push(piece(safe!("  {noack} NO ACK"), Meaning::Soon));
    }
    out
}
