//! `warroom playbooks`: the plans that are known, or the whole text of one.

use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::fail::Fail;
use super::out;
use crate::playbook;

pub fn run(context: &Context, args: &args::Playbooks) -> Result<ExitCode, Fail> {
    let config = context.config()?;
    if let Some(name) = &args.name {
        let found = context.playbook(&config, Some(name))?;
        if context.global.json {
            let plan = serde_json::to_value(&found.plan).map_err(|e| Fail::failed(e.to_string()))?;
            out::json(&plan)?;
        } else {
            out::lines(&crate::text::Safe::lines(found.text.trim_end()))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for name in playbook::names(&config.playbooks) {
        let found = context.playbook(&config, Some(&name))?;
        if context.global.json {
            rows.push(serde_json::json!({ "id": name, "title": found.plan.title, "origin": found.origin }));
        } else {
            out::line(&format!("{name:<16} {} ({})", found.plan.title, found.origin))?;
        }
    }
    if context.global.json {
        out::json(&rows.into())?;
    }
    Ok(ExitCode::SUCCESS)
}
