//! `warroom themes`: the themes that are built in.

use std::process::ExitCode;

use super::context::Context;
use super::fail::Fail;
use super::out;
use crate::tui::theme::{BUILT_IN, Depth, Theme};

pub fn run(context: &Context) -> Result<ExitCode, Fail> {
    let mut rows = Vec::new();
    for (name, text) in BUILT_IN {
        let theme = Theme::read(name, text, Depth::True).map_err(|p| Fail::problems(&[p]))?;
        rows.push(serde_json::json!({ "id": theme.name, "doc": theme.doc }));
        if !context.global.json {
            out::line(&format!("{:<8} {}", theme.name, theme.doc))?;
        }
    }
    if context.global.json {
        out::json(&rows.into())?;
    } else {
        out::line("`theme = \"light\"` in the configuration; NO_COLOR shows none of their colours")?;
    }
    Ok(ExitCode::SUCCESS)
}
