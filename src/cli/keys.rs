//! `warroom keys`: every command of the room with its keys, as configured.

use std::process::ExitCode;

use super::context::Context;
use super::fail::Fail;
use super::out;
use crate::command::{Script, TABLE};

pub fn run(context: &Context) -> Result<ExitCode, Fail> {
    let config = context.config()?;
    let keymap = context.keymap(&config)?;
    if context.global.json {
        let rows: Vec<serde_json::Value> = TABLE
            .iter()
            .map(|row| {
                let script = match row.script {
                    Script::Form(form) => serde_json::json!(form),
                    Script::None(_) => serde_json::Value::Null,
                };
                serde_json::json!({ "id": row.name, "keys": keymap.keys(row.action), "doc": row.doc, "script": script })
            })
            .collect();
        out::json(&rows.into())?;
        return Ok(ExitCode::SUCCESS);
    }
    for row in TABLE {
        out::line(&format!("{:<14} {:<14} {}", keymap.keys(row.action).join(" "), row.name, row.doc))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The README's table of keys.
pub fn markdown() -> String {
    let mut out = String::from("| key | command | does | in a script |\n| --- | --- | --- | --- |\n");
    for row in TABLE {
        let keys: Vec<String> = row.keys.iter().map(|k| format!("`{k}`")).collect();
        let keys = if keys.is_empty() { "`:`".to_owned() } else { keys.join(" ") };
        let script = match row.script {
            Script::Form(form) => format!("`{}`", form.replace('|', "\\|")),
            Script::None(why) => why.to_owned(),
        };
        out.push_str(&format!("| {keys} | {} | {} | {script} |\n", row.name, row.doc));
    }
    out
}
