//! Response plans: TOML beside the code that reads them. Never sends anything, never guesses a text's missing values.

pub mod notify;
pub mod read;
pub mod recipients;
pub mod render;

use std::path::{Path, PathBuf};

use crate::config::document::unknown;
use crate::config::{Problem, file};
use crate::incident::plan::Plan;

/// A playbook that is part of the program.
pub struct BuiltIn {
    pub name: &'static str,
    pub text: &'static str,
}

pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn { name: "carrier-outage", text: include_str!("carrier-outage.toml") },
    BuiltIn { name: "generic", text: include_str!("generic.toml") },
];

/// A playbook with the whole text that an incident adopts.
#[derive(Clone, Debug, PartialEq)]
pub struct Playbook {
    pub plan: Plan,
    pub text: String,
    /// The file, or `built in`.
    pub origin: String,
}

/// The playbook of that name: from `places` (files, or folders that hold `NAME.toml`), else a built-in one. A file of
/// one's own wins over ours of the same name.
pub fn find(name: &str, places: &[PathBuf]) -> Result<Playbook, Vec<Problem>> {
    if let Some(path) = places.iter().find_map(|place| candidate(place, name)) {
        let text = file::read(&path).map_err(|problem| vec![problem])?;
        let origin = path.display().to_string();
        let plan = read::read_beside(&origin, &text, &|name| recipients::beside(&path, name))?;
        let whole = recipients::inlined(&origin, &text, &plan.recipients)?;
        let whole = notify::inlined(&origin, &whole, &plan.notify)?;
        if read::read(&origin, &whole).ok().as_ref() != Some(&plan) {
            let message = "the files of its recipients cannot be taken in; write each [[recipients]] and [[notify]] as a table of its own";
            return Err(vec![Problem::of(&origin, message)]);
        }
        return Ok(Playbook { plan, text: whole, origin });
    }
    match BUILT_IN.iter().find(|built_in| built_in.name == name) {
        Some(found) => {
            let plan = read::read(&format!("{name}.toml (built in)"), found.text)?;
            Ok(Playbook { plan, text: found.text.to_owned(), origin: "built in".to_owned() })
        }
        None => {
            let known = names(places);
            let message = unknown("playbook", name, known.iter().map(String::as_str));
            Err(vec![Problem::of(&format!("playbook {name:?}"), &message)])
        }
    }
}

/// Every name that [`find`] knows, in order.
pub fn names(places: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = BUILT_IN.iter().map(|b| b.name.to_owned()).collect();
    for place in places {
        match place.is_dir() {
            true => {
                names.extend(std::fs::read_dir(place).into_iter().flatten().flatten().filter_map(|e| stem(&e.path())))
            }
            false => names.extend(stem(place)),
        }
    }
    names.sort();
    names.dedup();
    names
}

fn candidate(place: &Path, name: &str) -> Option<PathBuf> {
    // A name is a name, never a way out of the folder.
    if name.is_empty() || name.contains(['/', '\\', '\0']) || name.starts_with('.') {
        return None;
    }
    let path = if place.is_dir() { place.join(format!("{name}.toml")) } else { place.to_owned() };
    (stem(&path).as_deref() == Some(name) && path.exists()).then_some(path)
}

fn stem(path: &Path) -> Option<String> {
    let toml = path.extension().is_some_and(|e| e == "toml");
    path.file_stem().filter(|_| toml).and_then(|s| s.to_str()).map(str::to_owned)
}
