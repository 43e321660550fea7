//! Reads and checks the configuration. Gathers every fault with its line; reads no other file, contacts nobody.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use toml::de::DeValue;

use super::document::{self, Fields, Found, texts, unknown, wrong};
use super::problem::{Faults, Problem};
use super::{Alarms, Place, Replicate, SourceConfig, alarms, program, replicate, rights, secret, source};
use crate::incident::rights::Rights;
use crate::incident::words::Family;
use crate::text::instant;

/// What other parts of the program know, and the configuration may name.
pub struct Known<'a> {
    /// Every kind of backend with its family.
    pub kinds: &'a [(&'a str, Family)],
    /// The keys of an adapter's own at the top of its block; None: no such kind in that family.
    pub adapter_keys: &'a dyn Fn(Family, &str) -> Option<Vec<&'static str>>,
    /// Where a kind of that name is.
    pub place: &'a dyn Fn(&str) -> Place,
    /// Kinds of organisation, names of commands, names of themes. Empty: not checked.
    pub organisations: &'a [&'a str],
    pub commands: &'a [&'a str],
    pub themes: &'a [&'a str],
}

/// Whether to draw with ASCII only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ascii {
    /// As the terminal's locale says.
    #[default]
    Auto,
    Always,
    Never,
}

/// The keys that a person wants for a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub command: String,
    pub keys: Vec<String>,
    /// For faults that only the keymap can see.
    pub line: usize,
}

/// The configuration, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub path: PathBuf,
    pub playbook: String,
    pub timezone: Tz,
    pub organisation: Vec<String>,
    /// Where we are answerable; empty: everywhere.
    pub jurisdictions: Vec<String>,
    pub theme: String,
    pub ascii: Ascii,
    /// Files of agency rules.
    pub rules: Vec<PathBuf>,
    /// Files or folders of playbooks.
    pub playbooks: Vec<PathBuf>,
    /// In the order of the file within each family: status, notification, metrics.
    pub sources: Vec<SourceConfig>,
    pub keys: Vec<Binding>,
    pub alarms: Alarms,
    pub rights: Rights,
    /// The program that prints what it is given on its standard input.
    pub print: Vec<String>,
    /// Where several hosts meet.
    pub replicate: Option<Replicate>,
}

/// Where there is no file: no backends, the generic playbook, UTC.
impl Default for Config {
    fn default() -> Config {
        Config {
            path: PathBuf::new(),
            playbook: "generic".to_owned(),
            timezone: Tz::UTC,
            organisation: Vec::new(),
            jurisdictions: Vec::new(),
            theme: "default".to_owned(),
            ascii: Ascii::Auto,
            rules: Vec::new(),
            playbooks: Vec::new(),
            sources: Vec::new(),
            keys: Vec::new(),
            alarms: Alarms::default(),
            rights: Rights::default(),
            print: vec!["lp".to_owned()],
            replicate: None,
        }
    }
}

impl Config {
    /// The configuration of `text`, or everything that is wrong with it. `path` is where it stands: faults name it, and
    /// relative paths are looked up beside it.
    pub fn load(path: &Path, text: &str, known: &Known<'_>) -> Result<Config, Vec<Problem>> {
        document::read(&path.display().to_string(), text, |root, faults| Some(config(path, root, known, faults)))
    }
}

fn config(path: &Path, root: &mut Fields<'_>, known: &Known<'_>, faults: &mut Faults) -> Config {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let usual = Config::default();
    Config {
        path: path.to_owned(),
        playbook: root.text("playbook", faults).map_or(usual.playbook, |f| f.value),
        timezone: zone(root, faults).unwrap_or(usual.timezone),
        organisation: organisation(root, known.organisations, faults),
        jurisdictions: root.texts("jurisdictions", faults).map(|list| list.value).unwrap_or_default(),
        theme: theme(root, &folder, known.themes, faults).unwrap_or(usual.theme),
        ascii: ascii(root, faults).unwrap_or_default(),
        rules: paths(root, "rules", &folder, faults),
        playbooks: paths(root, "playbooks", &folder, faults),
        sources: sources(root, &folder, known, faults),
        keys: bindings(root, known.commands, faults),
        alarms: alarms::read(root, faults),
        rights: rights::read(root, faults),
        print: program::read(root, "print", faults).unwrap_or(usual.print),
        replicate: replicate::read(root, &folder, faults),
    }
}

fn zone(root: &mut Fields<'_>, faults: &mut Faults) -> Option<Tz> {
    let found = root.text("timezone", faults)?;
    match instant::zone(&found.value) {
        Ok(zone) => Some(zone),
        Err(message) => {
            faults.add(found.line, &found.key, message);
            None
        }
    }
}

fn organisation(root: &mut Fields<'_>, known: &[&str], faults: &mut Faults) -> Vec<String> {
    let Some(list) = root.texts("organisation", faults) else { return Vec::new() };
    for kind in list.value.iter().filter(|kind| !known.is_empty() && !known.contains(&kind.as_str())) {
        let message = format!("{kind}: {}", unknown("kind of organisation", kind, known.iter().copied()));
        faults.add(list.line, &list.key, message);
    }
    list.value
}

/// A theme's name, or the path of a file of one's own, resolved beside the configuration.
fn theme(root: &mut Fields<'_>, folder: &Path, known: &[&str], faults: &mut Faults) -> Option<String> {
    let found = root.text("theme", faults)?;
    if found.value.ends_with(".toml") {
        return Some(folder.join(&found.value).display().to_string());
    }
    if !known.is_empty() && !known.contains(&found.value.as_str()) {
        let message = format!("{:?}: {}", found.value, unknown("theme", &found.value, known.iter().copied()));
        faults.add(found.line, &found.key, message);
    }
    Some(found.value)
}

fn ascii(root: &mut Fields<'_>, faults: &mut Faults) -> Option<Ascii> {
    let found = root.get("ascii", faults)?;
    match found.value {
        DeValue::Boolean(true) => Some(Ascii::Always),
        DeValue::Boolean(false) => Some(Ascii::Never),
        DeValue::String(word) if word == "auto" => Some(Ascii::Auto),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => {
            faults.add(found.line, &found.key, "expected true, false or \"auto\"");
            None
        }
    }
}

fn paths(root: &mut Fields<'_>, key: &'static str, folder: &Path, faults: &mut Faults) -> Vec<PathBuf> {
    let Some(list) = root.texts(key, faults) else { return Vec::new() };
    let mut out = Vec::new();
    for path in &list.value {
        match secret::file_name(path) {
            Ok(path) => out.push(folder.join(path)),
            Err(message) => faults.add(list.line, &list.key, message),
        }
    }
    out
}

fn sources(root: &mut Fields<'_>, folder: &Path, known: &Known<'_>, faults: &mut Faults) -> Vec<SourceConfig> {
    let mut found: Vec<Found<SourceConfig>> = Vec::new();
    for (family, key) in
        [(Family::Status, "status"), (Family::Notification, "notification"), (Family::Metrics, "metrics")]
    {
        for fields in root.tables(key, faults) {
            let Some(source) = source::read(fields, family, folder, known, faults) else { continue };
            if let Some(first) = found.iter().find(|other| other.value.name == source.value.name) {
                let message =
                    format!("{:?} is already the name of a backend, on line {}", first.value.name, first.line);
                faults.add(source.line, &source.key, message);
            }
            found.push(source);
        }
    }
    found.into_iter().map(|source| source.value).collect()
}

fn bindings(root: &mut Fields<'_>, commands: &[&str], faults: &mut Faults) -> Vec<Binding> {
    let Some(mut fields) = root.table("keys", faults) else { return Vec::new() };
    let mut out = Vec::new();
    for (name, value) in fields.raw().iter() {
        let command = name.get_ref().to_string();
        let line = faults.line(name.span().start);
        let found = Found { value: value.get_ref(), line, key: format!("keys.{command}") };
        if !commands.is_empty() && !commands.contains(&command.as_str()) {
            faults.add(line, &found.key, unknown("command", &command, commands.iter().copied()));
            continue;
        }
        let keys = match found.value {
            DeValue::String(key) => Some(vec![key.to_string()]),
            DeValue::Array(_) => texts(&found, faults),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => {
                wrong(&found, "a key, or a list of keys", faults);
                None
            }
        };
        match keys {
            Some(keys) if keys.iter().any(|key| key.is_empty()) => {
                faults.add(line, &found.key, "empty; expected a key")
            }
            Some(keys) => out.push(Binding { command, keys, line }),
            None => {}
        }
    }
    fields.allow_all();
    out
}
