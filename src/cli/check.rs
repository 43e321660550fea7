//! `warroom check`: configuration, playbook, rules, theme; each backend contacted once; what works, and why not.

use std::process::ExitCode;

use futures_util::future::join_all;

use super::context::Context;
use super::edge;
use super::fail::Fail;
use super::out;
use crate::backends::transport::program;
use crate::backends::{Client, Limits, poller};
use crate::incident::plan::Plan;
use crate::replicate::{self, Fault, with};
use crate::room::pollers::Backend;
use crate::text::duration;

pub fn run(context: &Context) -> Result<ExitCode, Fail> {
    let config = context.config()?;
    let playbook = context.playbook(&config, None)?;
    let rules = context.rules(&config)?;
    context.theme(&config)?;
    context.keymap(&config)?;
    let backends = context.backends(&config)?;
    let mut rows: Vec<(String, bool, String)> = Vec::new();
    let file =
        if config.path.as_os_str().is_empty() { "none, defaults".into() } else { config.path.display().to_string() };
    rows.push(("configuration".into(), true, file));
    rows.push(("playbook".into(), true, format!("{} ({})", playbook.plan.name, playbook.origin)));
    for id in playbook.plan.agencies.iter().filter(|id| rules.get(id).is_none()) {
        rows.push(("playbook".into(), false, format!("agencies names {id}, which no rulebook has")));
    }
    for channel in playbook.plan.channels.iter() {
        if let Some(via) = channel.via.as_ref().filter(|via| !backends.iter().any(|b| b.config.name == **via)) {
            rows.push((
                format!("channel {}", channel.id),
                true,
                format!("goes over \"{via}\", which is not configured: until it is, people post it and record it"),
            ));
        }
    }
    rows.extend(recipients(&playbook.plan, &backends));
    let (ok, text) = alarms(&config.alarms);
    rows.push(("alarms".into(), ok, text));
    rows.push(("rules".into(), true, format!("{} rules{}", rules.rules.len(), of_places(&config.jurisdictions))));
    match context.journal_path() {
        Ok(path) if path.exists() => match context.journal(false) {
            Ok(_) => rows.push(("journal".into(), true, path.display().to_string())),
            Err(fail) => rows.push(("journal".into(), false, fail.said())),
        },
        Ok(path) => rows.push(("journal".into(), true, format!("{} (made with the first incident)", path.display()))),
        Err(fail) => rows.push(("journal".into(), false, fail.said())),
    }
    let client = Client::new(&context.actor.host, Limits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let checks = backends.iter().map(|b| poller::check(&client, &*b.adapter, &b.config, edge::now()));
    let results = runtime.block_on(join_all(checks));
    for (backend, result) in backends.iter().zip(results) {
        let c = &backend.config;
        let name = format!("{} ({} {})", c.name, c.family, c.kind);
        match result {
            Ok(works) => rows.push((name, true, works)),
            Err(failure) => rows.push((name, false, failure.why)),
        }
    }
    if let Some(place) = &config.replicate {
        let met = runtime.block_on(with(place, &context.actor.host, async |client| replicate::check(client).await));
        let (ok, text) = met.map_or_else(|Fault(why)| (false, why), |text| (true, text));
        rows.push(("replicate".into(), ok, text));
    }
    let bad = rows.iter().any(|(_, ok, _)| !ok);
    if context.global.json {
        let rows: Vec<serde_json::Value> =
            rows.iter().map(|(name, ok, text)| serde_json::json!({ "id": name, "ok": ok, "text": text })).collect();
        out::json(&rows.into())?;
    } else {
        let wide = rows.iter().map(|(name, _, _)| name.chars().count()).max().unwrap_or(0).min(40);
        for (name, ok, text) in &rows {
            out::line(&format!("{}  {name:<wide$}  {text}", if *ok { "ok  " } else { "FAIL" }))?;
        }
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Whom each channel that needs addresses would go to, and which of them it cannot go to.
fn recipients(plan: &Plan, backends: &[Backend]) -> Vec<(String, bool, String)> {
    let mut rows = Vec::new();
    for channel in &plan.channels {
        let backend = backends.iter().find(|b| Some(&b.config.name) == channel.via.as_ref());
        let Some(backend) = backend.filter(|b| b.adapter.addressed()) else { continue };
        for audience in plan.audiences.iter().filter(|a| a.channels.contains(&channel.id)) {
            let name = format!("{} over {}", audience.id, channel.id);
            let to = plan.recipients(&audience.id, &channel.id);
            let fault = |to: &String| Some(format!("{to} ({})", backend.adapter.address_fault(to)?));
            let bad: Vec<String> = to.iter().filter_map(fault).collect();
            let (ok, text) = match (to.len(), bad.as_slice()) {
                (0, _) => (false, "the playbook names no recipients: it could not be sent".to_owned()),
                (n, []) => (true, format!("goes to {n} addresses")),
                (n, bad) => (false, format!("{} of {n} cannot be sent to: {}", bad.len(), bad.join(", "))),
            };
            rows.push((name, ok, text));
        }
    }
    rows
}

/// What rings and what is run then; whether that can be run.
fn alarms(alarms: &crate::config::Alarms) -> (bool, String) {
    let rings = &alarms.rings;
    let kinds: Vec<&str> = rings.kinds.iter().map(|kind| kind.as_str()).collect();
    let kinds = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(" ") };
    let short = |span| duration::short(span, false);
    let before: Vec<String> = rings.deadline.iter().map(|span| short(*span)).collect();
    let mark = rings.mark.map_or("off".to_owned(), |every| format!("every {}", short(every)));
    let bell = if alarms.bell { "on" } else { "off" };
    let text = format!(
        "{kinds} ring; deadlines {} before, promises {}; mark {mark}; bell {bell}",
        before.join(" and "),
        short(rings.promise)
    );
    match alarms.command.first() {
        None => (true, format!("{text}; `warroom poll` runs no command")),
        Some(program) => match program::find(program) {
            Some(path) => (true, format!("{text}; `warroom poll` runs {}", path.display())),
            None => (false, format!("{text}; {program} is not there, or may not be run")),
        },
    }
}

fn of_places(places: &[String]) -> String {
    if places.is_empty() { String::new() } else { format!(" of {}", places.join(", ")) }
}
