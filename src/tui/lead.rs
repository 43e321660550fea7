//! The panels of leading: the brief of a handover, the roll-call, how everybody is reached. Each draws and takes its keys.

use super::act::{append, open_form};
use super::form::Purpose;
use super::ink::{Piece, piece};
use super::key::{Code, Key};
use super::model::{Effect, Loud, Model, Overlay};
use super::over::{inside, text_lines};
use super::panes;
use super::scene::Scene;
use super::theme::Meaning;
use crate::incident::command::Command;
use crate::incident::decide_leading::present;
use crate::incident::entry::EntryId;
use crate::incident::leading::{Offer, ROLL_STANDS, RollCall, same};
use crate::incident::message::sha256;
use crate::incident::words::Role;
use crate::safe;
use crate::situation::teams::{reached, ways};
use crate::situation::thing::Thing;
use crate::text::{Safe, duration};

/// How long people have to answer.
const MINUTES: u32 = 3;

// --- Handover --------------------------------------------------------------------------------------------------------

/// `H`: the brief that is offered to this person, what they offered, or the form that offers.
pub fn handover(model: &mut Model, scene: &Scene<'_>, lit: Option<&Thing>) -> Vec<Effect> {
    let offers = || scene.incident().leading.offers.values();
    let me = model.actor.person.clone();
    let mine = |role: &Role| scene.incident().holder(*role).is_some_and(|holder| same(holder, &me));
    let commands = mine(&Role::Commander);
    let free = |role: &Role| scene.incident().leading.offer(*role).is_none();
    let standing = match lit {
        Some(Thing::Offer(id)) => Some(*id),
        // The lit role is meant, where it can be handed over.
        Some(Thing::Role(role)) if (mine(role) || commands) && free(role) => None,
        _ => offers().find(|o| same(&o.to, &me)).or_else(|| offers().find(|o| same(&o.by, &me))).map(|o| o.id),
    };
    if let Some(offer) = standing {
        model.overlay = Some(Overlay::Brief { offer, scroll: 0, read: false });
        return Vec::new();
    }
    let role = match lit {
        Some(Thing::Role(role)) if mine(role) || commands => Some(*role),
        _ => Role::ALL.iter().copied().find(mine),
    };
    match role {
        Some(role) => open_form(model, Purpose::Offer { role }, scene),
        None => {
            model.say(Loud::Refused, "you hold no role to hand over: r takes one");
            Vec::new()
        }
    }
}

fn brief_lines(offer: &Offer, columns: usize) -> Vec<Safe> {
    text_lines(&offer.brief, columns)
}

/// Rows of the brief that a box of so many rows shows: the last two say what the keys do.
fn brief_rows(rows: usize) -> usize {
    rows.saturating_sub(2).max(1)
}

/// Marks the brief as read once its end was on the screen. Whether that is news.
pub fn mark_read(model: &mut Model, scene: &Scene<'_>) -> bool {
    let (columns, rows) = inside(model);
    let Some(Overlay::Brief { offer, scroll, read }) = &mut model.overlay else { return false };
    let Some(offer) = scene.incident().leading.offers.get(offer) else { return false };
    let seen = *scroll + brief_rows(rows) >= brief_lines(offer, columns).len();
    seen && !std::mem::replace(read, true)
}

pub fn on_brief(
    model: &mut Model,
    (offer, scroll, read): (EntryId, usize, bool),
    key: Key,
    scene: &Scene<'_>,
) -> Vec<Effect> {
    let stays = |model: &mut Model, scroll| model.overlay = Some(Overlay::Brief { offer, scroll, read });
    let Some(found) = scene.incident().leading.offers.get(&offer) else {
        model.say(Loud::Info, "that offer does not stand any more");
        return Vec::new();
    };
    let (columns, rows) = inside(model);
    let last = brief_lines(found, columns).len().saturating_sub(brief_rows(rows));
    match key.code {
        Code::Esc | Code::Char('q') => Vec::new(),
        Code::Down | Code::Char('j') => {
            stays(model, (scroll + 1).min(last));
            Vec::new()
        }
        Code::Up | Code::Char('k') => {
            stays(model, scroll.saturating_sub(1));
            Vec::new()
        }
        Code::End | Code::Char('G') => {
            stays(model, last);
            Vec::new()
        }
        Code::Home | Code::Char('g') => {
            stays(model, 0);
            Vec::new()
        }
        Code::PageDown | Code::Char(' ') => {
            stays(model, (scroll + brief_rows(rows)).min(last));
            Vec::new()
        }
        Code::PageUp => {
            stays(model, scroll.saturating_sub(brief_rows(rows)));
            Vec::new()
        }
        Code::Char('A') if !read => {
            stays(model, scroll);
            model.say(Loud::Refused, "read it to its end first: Space turns the page");
            Vec::new()
        }
        Code::Char('A') => {
            let command = Command::AcceptOffer { offer, brief_sha256: sha256(&found.brief) };
            append_or_say(model, scene, command, "accept", Some((scroll, read, offer)))
        }
        Code::Char('N') => open_form(model, Purpose::RefuseOffer { offer }, scene),
        _ => {
            stays(model, scroll);
            Vec::new()
        }
    }
}

fn append_or_say(
    model: &mut Model,
    scene: &Scene<'_>,
    command: Command,
    what: &str,
    brief: Option<(usize, bool, EntryId)>,
) -> Vec<Effect> {
    match super::able::refused(model, scene, &command) {
        None => append(model, vec![command], what.to_owned(), None, scene),
        Some(why) => {
            model.say(Loud::Refused, why);
            model.overlay = brief.map(|(scroll, read, offer)| Overlay::Brief { offer, scroll, read });
            Vec::new()
        }
    }
}

/// Title and lines of the brief, with what can be done about it.
pub fn brief(scene: &Scene<'_>, model: &Model, id: EntryId, scroll: usize, read: bool) -> (Safe, Vec<Vec<Piece>>) {
    let Some(offer) = scene.incident().leading.offers.get(&id) else {
        return ("HANDOVER".into(), vec![vec![piece("that offer does not stand any more: Esc", Meaning::Text)]]);
    };
    let from = offer.from.as_deref().unwrap_or("nobody");
    let title = safe!("HANDOVER  {}: {from} -> {}   {from} STILL HOLDS IT", offer.role.title(), offer.to);
    let (columns, rows) = inside(model);
    let all = brief_lines(offer, columns);
    let shown = brief_rows(rows);
    let scroll = scroll.min(all.len().saturating_sub(shown));
    let mut lines: Vec<Vec<Piece>> =
        all.iter().skip(scroll).take(shown).map(|line| vec![piece(line.clone(), Meaning::Text)]).collect();
    let below = all.len().saturating_sub(scroll + shown);
    lines.push(match below {
        0 => vec![piece("its end", Meaning::Dim)],
        below => vec![piece(safe!("{below} more lines: Space"), Meaning::Soon)],
    });
    let mine = same(&offer.to, &model.actor.person);
    let accept = if mine && read { Meaning::Late } else { Meaning::Dim };
    let who = if mine { " accepts   ".into() } else { safe!(" accepts (only {})   ", offer.to) };
    let refuse = if same(&offer.by, &model.actor.person) { " withdraws   " } else { " refuses   " };
    lines.push(vec![
        piece("A", accept),
        piece(who, accept),
        piece("N", Meaning::Key),
        piece(refuse, Meaning::Text),
        piece("Esc", Meaning::Key),
        piece(" later", Meaning::Text),
    ]);
    (title, lines)
}

// --- Roll-call -------------------------------------------------------------------------------------------------------

/// The roll-call that still says who is there.
fn running<'a>(scene: &Scene<'a>) -> Option<&'a RollCall> {
    scene.incident().leading.rollcall().filter(|call| scene.now() - call.at < ROLL_STANDS)
}

pub fn on_roll(model: &mut Model, lit: Option<String>, key: Key, scene: &Scene<'_>) -> Vec<Effect> {
    let call = running(scene);
    let people: Vec<&str> = call.iter().flat_map(|c| c.people.iter().map(String::as_str)).collect();
    // Nobody is lit who is not in this call: then no key is about anybody.
    let at = match &lit {
        Some(lit) => people.iter().position(|p| p == lit),
        None => (!people.is_empty()).then_some(0),
    };
    let to = match key.code {
        Code::Esc | Code::Char('q') => return Vec::new(),
        Code::Down | Code::Char('j') if at.is_none() && !people.is_empty() => Some(0),
        Code::Down | Code::Char('j') => at.map(|at| (at + 1).min(people.len().saturating_sub(1))),
        Code::Up | Code::Char('k') => at.map(|at| at.saturating_sub(1)),
        Code::Char('R') => {
            let command = Command::CallRoll { people: Vec::new(), minutes: MINUTES };
            let effects = append_or_say(model, scene, command, "roll-call", None);
            model.overlay = Some(Overlay::RollCall { lit: None });
            return effects;
        }
        Code::Char(' ' | 'a') | Code::Enter => {
            let asked = call.zip(at.and_then(|at| people.get(at)));
            let effects = match asked {
                Some((call, person)) => {
                    let command =
                        Command::AnswerRoll { call: call.id, person: (*person).to_owned(), says: String::new() };
                    append_or_say(model, scene, command, "answered", None)
                }
                None => Vec::new(),
            };
            // On to the next who was not heard.
            let next = at.map(|at| (at + 1).min(people.len().saturating_sub(1)));
            model.overlay = Some(Overlay::RollCall { lit: next.and_then(|n| people.get(n)).map(|p| (*p).to_owned()) });
            return effects;
        }
        _ => at,
    };
    model.overlay = Some(Overlay::RollCall { lit: to.and_then(|to| people.get(to)).map(|p| (*p).to_owned()) });
    Vec::new()
}

/// Title, lines, and how far they scroll so that who is lit is in sight.
pub fn roll(scene: &Scene<'_>, model: &Model, lit: Option<&str>) -> (Safe, Vec<Vec<Piece>>, usize) {
    let mut lines = vec![vec![
        piece("Space", Meaning::Key),
        piece(" heard   ", Meaning::Text),
        piece("R", Meaning::Key),
        piece(" asks everybody   ", Meaning::Text),
        piece("Esc", Meaning::Key),
        piece(" back", Meaning::Text),
    ]];
    let mut scroll = 0;
    let title = match running(scene) {
        None => {
            let me = &model.actor.person;
            let people = present(scene.incident(), scene.plan());
            let people: Vec<String> = people.into_iter().filter(|name| !same(name, me)).collect();
            let who = if people.is_empty() {
                "nobody else has a role, a team or a task".to_owned()
            } else {
                people.join(", ")
            };
            for line in text_lines(&format!("Nobody was asked lately. R asks: {who}"), inside(model).0) {
                lines.push(vec![piece(line, Meaning::Text)]);
            }
            Safe::from("ROLL-CALL")
        }
        Some(call) => {
            let first = call.people.first().map(String::as_str);
            for person in &call.people {
                let is_lit = lit.or(first) == Some(person);
                if is_lit {
                    scroll = (lines.len() + 1).saturating_sub(inside(model).1);
                }
                let mark = if is_lit { ">" } else { " " };
                let (state, meaning) = match call.answers.get(person) {
                    Some((at, says)) => {
                        let says = if says.is_empty() { String::new() } else { format!(": {says}") };
                        (format!("answered after {}{says}", duration::short(*at - call.at, false)), Meaning::Good)
                    }
                    None if call.due() <= scene.now() => {
                        (format!("NOT HEARD for {}", duration::short(scene.now() - call.at, false)), Meaning::Late)
                    }
                    None => ("asked".to_owned(), Meaning::Soon),
                };
                lines.push(vec![
                    piece(mark, Meaning::Key),
                    panes::cell(person, 20, Meaning::Text),
                    piece(Safe::new(&state), meaning),
                ]);
            }
            safe!("ROLL-CALL  {} of {} heard", call.answers.len(), call.people.len())
        }
    };
    (title, lines, scroll)
}

// --- Contacts --------------------------------------------------------------------------------------------------------

/// Whom a thing is about, for the contacts that stand first: its owner, its team, its agency.
pub fn whom(scene: &Scene<'_>, thing: Option<&Thing>) -> Vec<String> {
    let incident = scene.incident();
    let mut out: Vec<String> = Vec::new();
    match thing {
        Some(Thing::Task(id)) => {
            if let Some(task) = incident.tasks.get(id) {
                out.extend(task.owner.clone());
                out.extend(task.team.clone());
            }
        }
        Some(Thing::Role(role)) => out.extend(incident.holder(*role).map(str::to_owned)),
        Some(Thing::Team(id)) => {
            out.push(id.clone());
            let team = scene.situation.teams.iter().find(|t| t.id == *id);
            out.extend(team.into_iter().flat_map(|t| t.lead.iter().chain(&t.members).cloned()));
        }
        Some(Thing::Stage(rule, _)) => out.push(rule.clone()),
        Some(Thing::Audience(id)) => {
            out.push(id.clone());
            out.extend(scene.plan().audience(id).and_then(|a| a.owner.clone()));
        }
        Some(thing) => out.extend(scene.situation.item(thing).and_then(|i| i.owner.clone())),
        None => {}
    }
    out
}

/// How somebody is reached, in a line; empty where nothing is on file.
pub fn reach(scene: &Scene<'_>, of: &str) -> String {
    let ways = ways(scene.incident(), scene.plan(), of).into_iter().map(|way| match way.fails.as_slice() {
        [] => format!("{} {}", way.way, way.address),
        fails => format!("{} {} (NEEDS {}, not known to work)", way.way, way.address, fails.join(", ")),
    });
    ways.collect::<Vec<_>>().join("; ")
}

pub fn contacts(scene: &Scene<'_>, model: &Model, first: &[String]) -> Vec<Vec<Piece>> {
    let columns = inside(model).0;
    let mut whom = vec!["incident".to_owned()];
    for of in first.iter().chain(&reached(scene.incident(), scene.plan())) {
        if !whom.iter().any(|known| same(known, of)) {
            whom.push(of.clone());
        }
    }
    let mut lines = Vec::new();
    for of in whom {
        let ways = ways(scene.incident(), scene.plan(), &of);
        let name = match of.as_str() {
            "incident" => "INCIDENT".to_owned(),
            id => scene.situation.teams.iter().find(|t| t.id == id).map_or_else(|| of.clone(), |t| t.name.clone()),
        };
        let rule = scene.situation.obligations.iter().find(|o| o.rule == of);
        if let Some(rule) = rule.filter(|o| !o.method.is_empty()) {
            for (row, line) in text_lines(&rule.method, columns.saturating_sub(18)).into_iter().enumerate() {
                let label = if row == 0 { rule.short.as_str() } else { "" };
                lines.push(vec![panes::cell(label, 16, Meaning::Title), piece(line, Meaning::Text)]);
            }
        }
        if ways.is_empty() {
            let text = if of == "incident" { "no bridge, chat or ticket on file" } else { "no way on file" };
            lines.push(vec![panes::cell(&name, 16, Meaning::Title), piece(text, Meaning::Soon)]);
        }
        let alone = !ways.is_empty() && ways.iter().all(|way| !way.fails.is_empty());
        for (index, way) in ways.iter().enumerate() {
            let fails = if way.fails.is_empty() { String::new() } else { format!("  NEEDS {}", way.fails.join(", ")) };
            let text = format!("{} {}{fails}", way.way, way.address);
            for (row, line) in text_lines(&text, columns.saturating_sub(18)).into_iter().enumerate() {
                let label = if index + row == 0 { name.as_str() } else { "" };
                let meaning = if way.fails.is_empty() { Meaning::Text } else { Meaning::Old };
                lines.push(vec![panes::cell(label, 16, Meaning::Title), piece(line, meaning)]);
            }
        }
        if alone {
            let text = "nothing here works without what is down";
            lines.push(vec![panes::cell("", 16, Meaning::Title), piece(text, Meaning::Late)]);
        }
    }
    lines
}
