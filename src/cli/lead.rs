//! Handovers, teams, roll-calls, time-outs, objectives, ends, contacts, checked decisions: the same as the room's keys.

use std::process::ExitCode;
use std::sync::Arc;

use super::args::{self, ContactCmd, HandoverCmd, TeamCmd};
use super::context::Context;
use super::fail::Fail;
use super::out;
use super::session::{Session, begins};
use crate::incident::command::{Command, TeamWish};
use crate::incident::entry::EntryId;
use crate::incident::message::sha256;
use crate::report::brief::brief;
use crate::situation::teams::{reached, ways};
use crate::text::{Safe, duration, instant};

pub fn checked(context: &Context, args: &args::Checked) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    let decision = session.entry(&args.id)?;
    let worked = match args.worked.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    session.run(&Command::CheckDecision { decision, worked, seen: args.seen.clone() })
}

pub fn handover(context: &Context, args: &args::Handover) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, !matches!(args.command, HandoverCmd::Show))?;
    let command = match &args.command {
        HandoverCmd::Show => return show(&session),
        HandoverCmd::Offer { role, to, brief: given, worries } => {
            let situation = session.situation();
            let made = || brief(session.incident(), &session.in_force.plan, &situation, worries).join("\n");
            Command::Offer { role: *role, to: to.clone(), brief: given.clone().unwrap_or_else(made) }
        }
        HandoverCmd::Accept { id } => {
            let offer = offer(&session, id)?;
            // A script accepts the brief as it stands; what it says is printed first.
            let text = session.incident().leading.offers.get(&offer).map(|o| o.brief.clone()).unwrap_or_default();
            if !context.global.json {
                out::lines(&Safe::lines(&text))?;
            }
            Command::AcceptOffer { offer, brief_sha256: sha256(&text) }
        }
        HandoverCmd::Refuse { id, why } => Command::RefuseOffer { offer: offer(&session, id)?, why: why.clone() },
    };
    session.run(&command)
}

fn offer(session: &Session<'_>, prefix: &str) -> Result<EntryId, Fail> {
    let offers = &session.incident().leading.offers;
    let found: Vec<EntryId> = offers.keys().filter(|id| begins(**id, prefix)).copied().collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Fail::failed(format!("no offer that stands begins with {prefix}: `warroom handover show`"))),
        _ => Err(Fail::failed(format!("{prefix} is the beginning of several offers"))),
    }
}

fn show(session: &Session<'_>) -> Result<ExitCode, Fail> {
    let offers = session.incident().leading.offers.values();
    if session.context.global.json {
        let rows = offers.map(|o| {
            serde_json::json!({
                "id": o.id, "role": o.role, "from": o.from, "to": o.to, "brief": o.brief, "at": o.at, "by": o.by,
            })
        });
        out::json(&rows.collect::<Vec<_>>().into())?;
        return Ok(ExitCode::SUCCESS);
    }
    for o in offers {
        let from = o.from.as_deref().unwrap_or("nobody");
        let at = instant::clock_zoned(o.at, session.now(), session.zone());
        out::line(&format!("{}  {} {from} -> {}, offered {at}", o.id.short(), o.role.title(), o.to))?;
        out::lines(&Safe::lines(&o.brief))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn team(context: &Context, args: &args::TeamArgs) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, !matches!(args.command, TeamCmd::List))?;
    match &args.command {
        TeamCmd::Set { team, lead, members, parent } => {
            let (team, lead) = (team.clone(), lead.clone());
            let wish = TeamWish { team, lead, members: members.clone(), parent: parent.clone() };
            session.run(&Command::SetTeams(vec![wish]))
        }
        TeamCmd::List => {
            let situation = session.situation();
            if context.global.json {
                let rows = situation.teams.iter().map(|t| {
                    serde_json::json!({
                        "id": t.id, "name": t.name, "parent": t.parent, "lead": t.lead, "members": t.members,
                    })
                });
                let rows: Vec<serde_json::Value> = rows.collect();
                out::json(&serde_json::json!({"teams": rows, "reports": situation.reports}))?;
                return Ok(ExitCode::SUCCESS);
            }
            for t in &situation.teams {
                let lead = t.lead.as_deref().unwrap_or("--");
                out::line(&format!("{:<16} {:<14} {lead:<12} {}", t.id, t.name, t.members.join(", ")))?;
            }
            let count = situation.reports.len();
            out::line(&format!("{count} report to the commander: {}", situation.reports.join(", ")))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

pub fn roll_call(context: &Context, args: &args::RollCallArgs) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, args.ask || args.heard.is_some())?;
    if args.ask {
        return session.run(&Command::CallRoll { people: args.people.clone(), minutes: args.minutes });
    }
    let incident = Arc::clone(session.incident());
    let Some(call) = incident.leading.rollcall() else {
        return Err(Fail::failed("nobody was asked yet: `warroom roll-call --ask`"));
    };
    if let Some(person) = &args.heard {
        let (person, says) = (person.clone(), args.says.clone());
        return session.run(&Command::AnswerRoll { call: call.id, person, says });
    }
    if context.global.json {
        let rows = call.people.iter().map(|person| {
            let answer = call.answers.get(person);
            serde_json::json!({
                "id": person, "answered_at": answer.map(|(at, _)| at), "says": answer.map(|(_, says)| says),
            })
        });
        let rows: Vec<serde_json::Value> = rows.collect();
        out::json(&serde_json::json!({"id": call.id, "asked_at": call.at, "due_at": call.due(), "people": rows}))?;
        return Ok(ExitCode::SUCCESS);
    }
    for person in &call.people {
        let state = match call.answers.get(person) {
            Some((at, says)) => format!("answered after {} {says}", duration::short(*at - call.at, false)),
            None => format!("NOT HEARD for {}", duration::short(session.now() - call.at, false)),
        };
        out::line(&format!("{person:<20} {state}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub fn time_out(context: &Context, args: &args::TimeOutArgs) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    let Some(known) = &args.known else { return session.run(&Command::StartTimeOut { minutes: args.minutes }) };
    let incident = Arc::clone(session.incident());
    let open = incident.leading.timeouts.values().filter(|t| t.ended.is_none()).max_by_key(|t| (t.at, t.id));
    let timeout = open.ok_or_else(|| Fail::failed("no time-out waits for its answers"))?.id;
    session.run(&Command::EndTimeOut {
        timeout,
        known: known.clone(),
        assumed: args.assumed.clone(),
        change_mind: args.change_mind.clone(),
        tired: args.tired.clone(),
    })
}

pub fn objectives(context: &Context, args: &args::Objectives) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    let until = session.next(args.until.as_deref())?;
    session.run(&Command::SetObjectives { text: args.text.clone(), until })
}

pub fn end(context: &Context, args: &args::EndArgs) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, true)?;
    let at = session.past(args.at.as_deref())?;
    session.run(&Command::ReachEnd { end: args.end, at, basis: args.basis.clone() })
}

pub fn contact(context: &Context, args: &args::ContactArgs) -> Result<ExitCode, Fail> {
    let mut session = Session::open(context, !matches!(args.command, ContactCmd::List))?;
    let command = match &args.command {
        ContactCmd::List => return contacts(&session),
        ContactCmd::Set { of, way, address, needs } => {
            let (of, way, needs) = (of.clone(), way.clone(), needs.clone());
            Command::SetContact { of, way, address: Some(address.clone()), needs }
        }
        ContactCmd::Strike { of, way } => {
            Command::SetContact { of: of.clone(), way: way.clone(), address: None, needs: Vec::new() }
        }
    };
    session.run(&command)
}

fn contacts(session: &Session<'_>) -> Result<ExitCode, Fail> {
    let (incident, plan) = (session.incident(), &session.in_force.plan);
    let mut rows = Vec::new();
    for of in reached(incident, plan) {
        for way in ways(incident, plan, &of) {
            if session.context.global.json {
                rows.push(serde_json::json!({
                    "of": of, "way": way.way, "address": way.address, "needs_what_fails": way.fails,
                }));
                continue;
            }
            let fails = if way.fails.is_empty() { String::new() } else { format!("  NEEDS {}", way.fails.join(", ")) };
            out::line(&format!("{of:<16} {:<14} {}{fails}", way.way, way.address))?;
        }
    }
    if session.context.global.json {
        out::json(&rows.into())?;
    }
    Ok(ExitCode::SUCCESS)
}
