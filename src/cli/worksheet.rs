//! `warroom agency worksheet`: what a filing must say, shown, written to a file, printed, or mailed once. Files nothing.

use std::process::ExitCode;

use super::agency::{duty, with_sheet};
use super::args::SheetOut;
use super::fail::Fail;
use super::session::Session;
use super::{edge, export, out};
use crate::backends::transport::Limits;
use crate::backends::{Client, Outgoing, delivery};
use crate::incident::command::Command;
use crate::incident::entry::Draft;
use crate::incident::rights;
use crate::incident::what::Noted;
use crate::report::letter::{Letter, addresses};
use crate::report::worksheet::worksheet;
use crate::room::paper;
use crate::situation::filing;

pub fn run(session: &mut Session<'_>, rule: &str, stage: &str, to: &SheetOut) -> Result<ExitCode, Fail> {
    let found = duty(session, rule)?;
    let (items, lines) = with_sheet(session, rule, stage, |sheet| (sheet.items(), worksheet(sheet, &found)))?;
    let text = format!("{}\n", lines.join("\n"));
    if let Some(path) = &to.output {
        export::write(path, text.as_bytes(), to.force)?;
        out::line(&format!("{} written", path.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if to.print {
        let words = session.context.config()?.print;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        out::line(&runtime.block_on(paper::printed(words, text)).map_err(Fail::failed)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let (Some(mail), Some(over)) = (&to.mail, &to.over) {
        let subject = filing::subject(session.incident(), lines.first().map_or("", String::as_str));
        let to = addresses(mail).map_err(|why| Fail::wrong(format!("--mail {why}")))?;
        return post(session, &Letter::of((rule, stage), to, over.clone(), subject, &lines));
    }
    if session.context.global.json {
        let items: Vec<serde_json::Value> = items
            .iter()
            .map(|item| serde_json::json!({ "asked": item.asked, "said": item.said, "partly": item.partly, "facts": item.facts }))
            .collect();
        out::json(&serde_json::json!({ "rule": rule, "stage": stage, "items": items, "lines": lines }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for line in &lines {
        out::line(line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Mails it once. The record says so before it leaves, and then how that went.
fn post(session: &mut Session<'_>, letter: &Letter) -> Result<ExitCode, Fail> {
    let config = session.context.config()?;
    let backends = session.context.backends(&config)?;
    let backend = backends.iter().find(|b| b.config.name == letter.over).filter(|b| b.config.kind == "smtp");
    let backend = backend.ok_or_else(|| {
        let mail = backends.iter().filter(|b| b.config.kind == "smtp").map(|b| b.config.name.as_str());
        let mail: Vec<&str> = mail.collect();
        let known = if mail.is_empty() { "none is configured".to_owned() } else { mail.join(", ") };
        Fail::wrong(format!("--over {}: no mail backend of that name; known: {known}", letter.over))
    })?;
    let incident = session.incident().clone();
    let person = session.context.actor.person.clone();
    let plan = session.plan();
    rights::may(&incident, &plan, &person, "send", "mail a worksheet").map_err(|why| Fail::failed(why.0))?;
    let outgoing = Outgoing::letter(&incident, session.id, &letter.subject, &letter.text, &letter.to)
        .ok_or_else(|| Fail::failed("this is an exercise: nothing leaves the building"))?;
    let before = session.command(&Command::Note { text: letter.before(), at: None, follow_up: false })?;
    let key = before.first().map(|entry| entry.id.to_string()).unwrap_or_default();
    let client = Client::new(&session.context.actor.host, Limits::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let now = edge::now();
    let went = runtime.block_on(delivery::post(&client, &*backend.adapter, &backend.config, &outgoing, &key, now));
    let how = match &went {
        Ok(how) | Err(how) => letter.after(how),
    };
    let now = session.now();
    let after = session.write(true, now, |_| Ok(vec![Draft::now(Noted { text: how, follow_up: false }.into())]))?;
    session.print(&[before, after].concat())?;
    Ok(if went.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
