//! Writes a configuration to begin with, every key explained. Returns the text; writes no file, asks nobody.

use super::keys::{ALARMS, Key, TOP};

/// What a person already knows of their room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish<'a> {
    pub playbook: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub organisation: &'a [&'a str],
    /// A whole block with comments for each backend that they want, as its adapter gives it.
    pub blocks: &'a [&'a str],
}

/// The text of a configuration that reads without faults once the blocks do.
pub fn text(wish: &Wish<'_>) -> String {
    let mut out = String::from(
        "# warroom configuration. Every key is explained; those behind # have the value shown unless you change it.\n\
         # Secrets never stand here: token = { env = \"NAME\" } or { file = \"…\" } or { command = [\"program\", …] }.\n\
         # Nobody but you may write this file: chmod go-w FILE. `warroom check` says what is wrong with it.\n",
    );
    for key in TOP {
        let given = match key.name {
            "playbook" => wish.playbook.map(quoted),
            "timezone" => wish.timezone.map(quoted),
            "organisation" if !wish.organisation.is_empty() => {
                let list: Vec<String> = wish.organisation.iter().map(|kind| quoted(kind)).collect();
                Some(format!("[{}]", list.join(", ")))
            }
            _ => None,
        };
        out.push_str(&entry(key, given.as_deref()));
    }
    for block in wish.blocks {
        out.push('\n');
        out.push_str(block.trim_end());
        out.push('\n');
    }
    if wish.blocks.is_empty() {
        out.push_str("\n# No backends yet: `warroom backends` shows a block for each kind.\n");
    }
    out.push_str("\n# [keys]                 # command = key, or a list of keys; `warroom keys` lists both\n");
    out.push_str("# acknowledge = \"a\"\n");
    out.push_str("\n# [alarms]               # what rings when you look away\n");
    for key in ALARMS {
        let example = if key.name == "command" { "[\"/usr/local/bin/page-me\"]" } else { key.default };
        out.push_str(&format!("# {} = {example}   # {}\n", key.name, key.doc));
    }
    out
}

fn entry(key: &Key, given: Option<&str>) -> String {
    match given {
        Some(value) => format!("\n# {}\n{} = {value}\n", key.doc, key.name),
        None => format!("\n# {}\n# {} = {}\n", key.doc, key.name, key.default),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
