//! `warroom backends`: the kinds of backends, or one of them with its keys and an example.

use std::process::ExitCode;

use super::args;
use super::context::Context;
use super::fail::Fail;
use super::out;
use crate::backends::kinds::{self, KINDS};

pub fn run(context: &Context, args: &args::Backends) -> Result<ExitCode, Fail> {
    if let Some(name) = &args.kind {
        let Some(kind) = kinds::find(name) else {
            let near = crate::text::suggest::nearest(name, KINDS.iter().map(|k| k.name));
            let hint = near.map(|n| format!("; did you mean {n}?")).unwrap_or_default();
            return Err(Fail::wrong(format!("no kind of backend is called {name}{hint}")));
        };
        out::line(&format!("{} ({}): {}", kind.name, kind.family, kind.doc))?;
        for key in kind.keys {
            let default = if key.default.is_empty() { String::new() } else { format!(" (default {})", key.default) };
            out::line(&format!("  {:<18} {}{default}", key.name, key.meaning))?;
        }
        out::line("")?;
        return out::whole(kind.example).map(|()| ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for kind in KINDS {
        rows.push(serde_json::json!({ "id": kind.name, "family": kind.family, "doc": kind.doc }));
        if !context.global.json {
            out::line(&format!("{:<18} {:<13} {}", kind.name, kind.family.as_str(), kind.doc))?;
        }
    }
    if context.global.json {
        out::json(&rows.into())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The README's pages of the kinds.
pub fn markdown() -> String {
    let mut out = String::new();
    for kind in KINDS {
        out.push_str(&format!(
            "#### `{}` ({})\n\n{}\n\n```toml\n{}\n```\n\n",
            kind.name,
            kind.family,
            kind.doc,
            kind.example.trim()
        ));
        if !kind.keys.is_empty() {
            out.push_str("| key | meaning | default |\n| --- | --- | --- |\n");
            for key in kind.keys {
                out.push_str(&format!("| `{}` | {} | {} |\n", key.name, key.meaning, key.default));
            }
            out.push('\n');
        }
    }
    out
}
