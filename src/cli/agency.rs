//! `warroom agency`: every duty with its deadline; filings, confirmations, calls, clocks; whom a stage goes to one by one.

use std::process::ExitCode;

use super::args::{self, AgencyCmd};
use super::context::Context;
use super::fail::Fail;
use super::session::{Session, begins};
use super::{edge, out, worksheet};
use crate::incident::command::Command;
use crate::incident::entry::EntryId;
use crate::incident::rule::{Rule, Stage};
use crate::incident::stage::{Figures, How};
use crate::incident::words::Way;
use crate::report::state::obligation as to_json;
use crate::rulebook::deadline::Due;
use crate::situation::filing::Sheet;
use crate::situation::known::Facts;
use crate::situation::moved;
use crate::situation::obligations::{Law, Obligation, StageView, Standing, obligation, obligations_under};
use crate::text::{duration, instant};

pub fn run(context: &Context, args: &args::Agency) -> Result<ExitCode, Fail> {
    let reads = match &args.command {
        AgencyCmd::List { .. } | AgencyCmd::Show { .. } => true,
        AgencyCmd::Worksheet { out, .. } => out.mail.is_none(),
        _ => false,
    };
    let mut session = Session::open(context, !reads)?;
    let own = |s: &String| s.clone();
    let command = match &args.command {
        AgencyCmd::List { law } => return list(&mut session, law.as_deref()),
        AgencyCmd::Show { rule, stage } => return show(&mut session, rule, stage.as_deref()),
        AgencyCmd::Worksheet { rule, stage, out } => return worksheet::run(&mut session, rule, stage, out),
        AgencyCmd::Draft { rule, stage } => {
            known(&session, rule, stage)?;
            Command::DraftStage { rule: own(rule), stage: own(stage) }
        }
        AgencyCmd::File { rule, stage, reference, person, channel, proof, why, at } => {
            let (found, _) = known(&session, rule, stage)?;
            if found.voluntary && why.trim().is_empty() {
                return Err(Fail::wrong(format!("{rule} is voluntary: --why says why it is made")));
            }
            let figures = figures(&mut session, rule, stage)?;
            let at = session.past(at.as_deref())?;
            let how = How { channel: own(channel), proof: own(proof), why: own(why), figures };
            Command::File {
                rule: own(rule),
                stage: own(stage),
                at,
                reference: own(reference),
                person: own(person),
                how,
            }
        }
        AgencyCmd::Confirm { rule, stage, how } => {
            known(&session, rule, stage)?;
            Command::ConfirmStage { rule: own(rule), stage: own(stage), how: own(how) }
        }
        AgencyCmd::Withdraw { rule, stage, why, by } => {
            let by = by.clone().unwrap_or_else(|| context.actor.person.clone());
            if let Some(still) = duty(&mut session, rule).ok().and_then(|o| o.still_due(session.now(), session.zone()))
            {
                out::warn(&still);
            }
            let figures = decided_on(&mut session, rule, stage)?;
            Command::WithdrawStage { rule: own(rule), stage: own(stage), why: own(why), by, figures }
        }
        AgencyCmd::Waive { rule, stage, why, by } => {
            known(&session, rule, stage)?;
            let figures = decided_on(&mut session, rule, stage)?;
            let by = by.clone().unwrap_or_else(|| context.actor.person.clone());
            Command::WaiveStage { rule: own(rule), stage: own(stage), why: own(why), by, figures }
        }
        AgencyCmd::Told { rule, stage, name, by, person, at } => {
            let (_, found) = known(&session, rule, stage)?;
            if !found.each.contains(by) {
                let ways: Vec<&str> = found.each.iter().map(|way| way.as_str()).collect();
                let ways = if ways.is_empty() { "it is one filing: file".to_owned() } else { ways.join(", ") };
                return Err(Fail::wrong(format!("{rule} {stage} does not ask for it by {by}: {ways}")));
            }
            let at = session.past(at.as_deref())?;
            Command::Tell { rule: own(rule), stage: own(stage), name: own(name), by: *by, person: own(person), at }
        }
        AgencyCmd::Call { agency, about, answer_by, taken_by, caller } => {
            let due = session.next(Some(answer_by))?.ok_or_else(|| Fail::wrong("a time is needed"))?;
            Command::TakeCall {
                agency: own(agency),
                about: own(about),
                due,
                taken_by: own(taken_by),
                caller: own(caller),
            }
        }
        AgencyCmd::Answered { id, how } => Command::KeepPromise { promise: call(&session, id)?, how: own(how) },
        AgencyCmd::Clock { name, at, why, assumed } => {
            if let Some(fault) = crate::rulebook::names::clock_fault(&session.in_force.rules, name) {
                return Err(Fail::failed(fault));
            }
            let at = session.past(Some(at))?.ok_or_else(|| Fail::wrong("a time is needed"))?;
            let command = Command::SetClock { clock: own(name), at, why: own(why), assumed: *assumed };
            return set_clock(&mut session, &command);
        }
    };
    session.run(&command)
}

/// Sets a clock, and tells which deadlines it moved.
fn set_clock(session: &mut Session<'_>, command: &Command) -> Result<ExitCode, Fail> {
    let before = session.situation().obligations;
    session.run(command)?;
    if !session.context.global.json {
        let after = session.situation();
        let moved = moved::moved(&before, &after.obligations);
        out::line(&moved::said(&moved, usize::MAX, after.moment.now, after.zone))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A rule and a stage that are in force for this incident.
fn known(session: &Session<'_>, rule: &str, stage: &str) -> Result<(Rule, Stage), Fail> {
    let found = of_book(session, rule)?;
    if let Some(stage) = found.stages.iter().find(|s| s.id == stage) {
        return Ok((found.clone(), stage.clone()));
    }
    let stages: Vec<&str> = found.stages.iter().map(|s| s.id.as_str()).collect();
    Err(Fail::wrong(format!("{rule} has no stage {stage}: {}", stages.join(", "))))
}

fn of_book(session: &Session<'_>, rule: &str) -> Result<Rule, Fail> {
    if let Some(found) = session.in_force.rules.get(rule) {
        return Ok(found.clone());
    }
    let near = crate::text::suggest::nearest(rule, session.in_force.rules.rules.iter().map(|r| r.id.as_str()));
    let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
    Err(Fail::wrong(format!("no rule is called {rule}{hint}")))
}

/// A call by the beginning of its id, or by the agency where it has only one.
fn call(session: &Session<'_>, text: &str) -> Result<EntryId, Fail> {
    let calls = || session.incident().promises.values().filter(|p| p.call.is_some() && p.kept.is_none());
    let same = |p: &&crate::incident::state::Promise| begins(p.id, text) || p.to.eq_ignore_ascii_case(text);
    let found: Vec<EntryId> = calls().filter(same).map(|p| p.id).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(Fail::failed(format!("no call that waits is {text}: `warroom agency list` shows them"))),
        many => Err(Fail::failed(format!("{text} is one of {}: name it by its id", many.len()))),
    }
}

/// Does something with the worksheet of a stage.
pub(super) fn with_sheet<T>(
    session: &mut Session<'_>,
    rule: &str,
    stage: &str,
    make: impl FnOnce(&Sheet<'_>) -> T,
) -> Result<T, Fail> {
    let (rule, stage) = known(session, rule, stage)?;
    let sources = session.sources();
    let (now, zone, incident) = (session.now(), session.zone(), session.incident().clone());
    let (plan, rules) = (session.in_force.plan.clone(), session.in_force.rules.clone());
    let facts = Facts::new(&incident, &plan, &rules, &sources, now, edge::now());
    Ok(make(&Sheet {
        incident: &incident,
        plan: &plan,
        rules: &rules,
        facts: &facts,
        rule: &rule,
        stage: &stage,
        now,
        zone,
    }))
}

fn figures(session: &mut Session<'_>, rule: &str, stage: &str) -> Result<Figures, Fail> {
    with_sheet(session, rule, stage, |sheet| sheet.figures())
}

fn decided_on(session: &mut Session<'_>, rule: &str, stage: &str) -> Result<Figures, Fail> {
    let standing = duty(session, rule).map_or(Standing::NotInForce, |duty| duty.state);
    with_sheet(session, rule, stage, |sheet| sheet.decided_on(&standing))
}

/// A duty as it stands; none where the rule is for others.
pub(super) fn duty(session: &mut Session<'_>, rule: &str) -> Result<Obligation, Fail> {
    let rule = of_book(session, rule)?;
    let sources = session.sources();
    let (now, incident) = (session.now(), session.incident().clone());
    let (plan, rules) = (session.in_force.plan.clone(), session.in_force.rules.clone());
    let facts = Facts::new(&incident, &plan, &rules, &sources, now, edge::now());
    let found = obligation(Law::OfTheDay, &incident, &rules, &rule, &facts, now);
    found.ok_or_else(|| {
        Fail::failed(format!("{} does not concern us: it is for {}", rule.id, rule.applies_to.join(", ")))
    })
}

fn show(session: &mut Session<'_>, rule: &str, stage: Option<&str>) -> Result<ExitCode, Fail> {
    if let Some(stage) = stage {
        known(session, rule, stage)?;
    }
    let mut found = duty(session, rule)?;
    found.stages.retain(|s| stage.is_none_or(|wanted| s.id == wanted));
    let (now, zone) = (session.now(), session.zone());
    if session.context.global.json {
        out::json(&to_json(session.incident(), &found, now))?;
        return Ok(ExitCode::SUCCESS);
    }
    head(&found, now, zone)?;
    out::line(&format!("    {}", found.trigger))?;
    for one in &found.stages {
        line(one, now, zone)?;
        for reading in &one.readings {
            let (from, due) = (instant::echo(reading.clock, zone), instant::echo(reading.due.instant(), zone));
            out::line(&format!("        from {from}: {due} ({})", reading.why))?;
        }
        let filing = session.incident().filings.get(&(found.rule.clone(), one.id.clone()));
        for past in filing.iter().flat_map(|filing| &filing.history) {
            out::line(&format!("        {}: {}", instant::echo(past.at, zone), past.what))?;
        }
        if let Some(overtaken) = &one.overtaken {
            out::line(&format!("        AGAIN: {overtaken}"))?;
        }
    }
    let incident = session.incident().clone();
    let plan = session.in_force.plan.clone();
    for listed in found.stages.iter().filter(|s| s.told.is_some()) {
        let marks = incident.told.get(&(found.rule.clone(), listed.id.clone()));
        for desk in plan.desks(&found.rule) {
            let told = marks.and_then(|all| all.get(&desk.name));
            let ways = listed.told.iter().flat_map(|told| &told.ways).map(|way| mark(*way, told, zone));
            out::line(&format!("        {} {}: {}", desk.name, desk.number, ways.collect::<Vec<_>>().join(", ")))?;
        }
    }
    for (label, text) in [
        ("how", &found.method),
        ("confirmed by", &found.confirmed_by),
        ("taken back", &found.withdraw),
        ("law", &found.citation),
        ("note", &found.note),
    ] {
        if !text.is_empty() {
            out::line(&format!("    {label}: {text}"))?;
        }
    }
    out::line("An aid, not legal advice: check each rule with counsel.")?;
    Ok(ExitCode::SUCCESS)
}

fn mark(way: Way, told: Option<&crate::incident::stage::Told>, zone: chrono_tz::Tz) -> String {
    match told.and_then(|t| t.by.get(&way)) {
        Some(mark) if mark.person.is_empty() => format!("{way} {}", instant::echo(mark.at, zone)),
        Some(mark) => format!("{way} {} with {}", instant::echo(mark.at, zone), mark.person),
        None => format!("{way} NOT TOLD"),
    }
}

fn list(session: &mut Session<'_>, law: Option<&str>) -> Result<ExitCode, Fail> {
    let situation = session.situation();
    let (now, zone) = (situation.moment.now, situation.zone);
    let all = match law {
        None => situation.obligations,
        Some(day) => {
            let law = Law::Of(super::rules::day_of(day)?);
            let sources = session.sources();
            let (incident, plan) = (session.incident().clone(), session.in_force.plan.clone());
            let rules = session.in_force.rules.clone();
            let facts = Facts::new(&incident, &plan, &rules, &sources, now, situation.moment.real);
            obligations_under(law, &incident, &plan, &rules, &facts, now)
        }
    };
    if session.context.global.json {
        let rows: Vec<serde_json::Value> = all.iter().flat_map(|o| o.stages.iter().map(move |s| row(o, s))).collect();
        out::json(&rows.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(day) = law {
        out::line(&format!("What if: by the law of {day}. What is due is what `warroom agency list` says."))?;
    }
    let calls = session.incident().promises.values().filter(|p| p.call.is_some() && p.kept.is_none());
    for call in calls {
        let by = instant::clock_zoned(call.due, now, zone);
        let late = if call.due <= now { "OVER " } else { "" };
        out::line(&format!("call {}  {}: {} ({late}{by}, {})", call.id.short(), call.to, call.text, call.owner))?;
    }
    for obligation in &all {
        head(obligation, now, zone)?;
        for stage in &obligation.stages {
            line(stage, now, zone)?;
        }
    }
    if law.is_none() && !situation.left_out.is_empty() {
        out::line("The playbook leaves out, though they concern us (`warroom rules why RULE`):")?;
        for left in &situation.left_out {
            let state = crate::report::state::standing(&left.state);
            out::line(&format!("    {}  {} ({state})", left.rule, left.short))?;
        }
    }
    out::line("An aid, not legal advice: check each rule with counsel.")?;
    Ok(ExitCode::SUCCESS)
}

fn row(o: &Obligation, s: &StageView) -> serde_json::Value {
    let missing = match &o.state {
        Standing::Unknown(missing) => missing.clone(),
        // What it hangs on whether it will be.
        Standing::NotTriggered => o.may_fire.iter().flat_map(|may| may.assumes.clone()).collect(),
        Standing::NotInForce | Standing::Due => Vec::new(),
    };
    let told = s.told.as_ref().map(|told| serde_json::json!({ "done": told.done, "all": told.all }));
    serde_json::json!({
        "id": format!("{}/{}", o.rule, s.id), "rule": o.rule, "stage": s.id, "agency": o.agency,
        "state": s.state, "due_at": match s.due { Some(Due::At(at)) => Some(at), _ => None },
        "asap": matches!(s.due, Some(Due::Asap(_))), "if": s.iff, "filed_at": s.filed, "reference": s.reference,
        "may_fire_at": o.may_fire.as_ref().map(|may| may.at), "fires_at": o.fires.as_ref().map(|fires| fires.at),
        "again": s.overtaken, "missing_facts": missing, "told": told, "voluntary": o.voluntary, "confidence": o.confidence,
        "standing": crate::report::state::standing(&o.state),
    })
}

fn head(obligation: &Obligation, now: crate::incident::Instant, zone: chrono_tz::Tz) -> Result<(), Fail> {
    let standing = match &obligation.state {
        Standing::Due if obligation.voluntary => "voluntary".to_owned(),
        Standing::Due => "DUE".to_owned(),
        Standing::Unknown(missing) => format!("NOT KNOWN, needs {}", missing.join(", ")),
        Standing::NotTriggered if obligation.may_fire.is_some() => {
            let may = obligation
                .may_fire
                .iter()
                .map(|may| (instant::clock_zoned(may.at, now, zone), may.assumes.join(" or ")));
            let may: Vec<String> = may.map(|(at, facts)| format!("may fire {at} IF {facts}")).collect();
            format!("not triggered yet, {}", may.join("; "))
        }
        Standing::NotTriggered if obligation.if_not.is_empty() => "not triggered".to_owned(),
        Standing::NotTriggered => format!("not triggered. {}", obligation.if_not),
        Standing::NotInForce => "not in force that day".to_owned(),
    };
    let doubt = obligation.doubt();
    let doubt = if doubt.is_empty() { doubt } else { format!(", {doubt}") };
    let fires = obligation.fires.as_ref().map(|f| {
        let assumed = if f.assumes.is_empty() { String::new() } else { format!(" if {}", f.assumes.join(", ")) };
        let latest = if obligation.at_least() { "at the latest, " } else { "" };
        format!(", fires {} {latest}at the present rate{assumed}", instant::clock_zoned(f.at, now, zone))
    });
    let fires = fires.unwrap_or_default();
    out::line(&format!("{}  {} ({standing}{fires}{doubt})", obligation.rule, obligation.agency))
}

fn line(stage: &StageView, now: crate::incident::Instant, zone: chrono_tz::Tz) -> Result<(), Fail> {
    let iff = if stage.iff { " IF" } else { "" };
    let due = match stage.due {
        Some(Due::At(at)) if !stage.open() => {
            let late = stage.filed.filter(|filed| *filed > at).map(|filed| filed - at);
            let late = late.map(|by| format!(", LATE by {}", duration::short(by, false))).unwrap_or_default();
            format!("was due {}{late}", instant::clock_zoned(at, now, zone))
        }
        Some(Due::At(at)) if at <= now => format!("OVER {}{iff}", duration::short(now - at, false)),
        Some(Due::At(at)) => {
            let left = duration::short(at - now, false);
            let other = stage.readings.get(1).map(|r| instant::clock_zoned(r.due.instant(), now, zone));
            let other = other.map(|at| format!(" (or {at})")).unwrap_or_default();
            format!("{left}{iff}, by {}{other}", instant::clock_zoned(at, now, zone))
        }
        Some(Due::Asap(_)) => format!("as soon as possible{iff}"),
        None => stage.on.as_ref().map_or("--".to_owned(), |on| format!("on {on}")),
    };
    let reference = if stage.reference.is_empty() { String::new() } else { format!(" no. {}", stage.reference) };
    let told = stage.told.as_ref().map(|told| format!(", {} told", told.said())).unwrap_or_default();
    let told = if stage.beyond_calendar { format!("{told}, {}", crate::report::worksheet::BEYOND) } else { told };
    out::line(&format!("    {:<16} {:<10} {due}{told}{reference}", stage.id, stage.state.as_str()))
}
