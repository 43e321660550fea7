//! A drill's script as read: injects by the minute, what a commander does then, and by what the record shows it. Gathers
//! every fault with its line, like a playbook.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::config::Problem;
use crate::config::document::{self, Fields, unknown};
use crate::config::problem::Faults;
use crate::incident::entry::Entry;
use crate::incident::what::What;
use crate::incident::words::Severity;
use crate::rulebook::names::organisations;

/// A day, in minutes: what is longer is no drill.
const LONGEST: u64 = 24 * 60;
/// Most alerts that one step may raise.
const MOST_ALERTS: u64 = 2000;

#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    pub title: String,
    /// The playbook it is written for.
    pub playbook: Option<String>,
    pub severity: Severity,
    /// Kinds of organisation that practise, for the agency rules; None: as configured.
    pub organisation: Option<Vec<String>>,
    /// Minutes that the outage has lasted when the commander joins.
    pub began: u32,
    /// Minutes after which it ends, done or not.
    pub minutes: u32,
    /// In the order of their minutes.
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub minute: u32,
    pub inject: String,
    pub does: String,
    /// Keys allowed; None: nobody counts.
    pub keys: Option<u32>,
    /// Entries that show that it is done, all of them. None: it is only told.
    pub done: Vec<Done>,
    /// A question that is put to the commander with it.
    pub ask: Option<Ask>,
    /// Alerts alike that fire with it.
    pub alerts: Option<Alerts>,
}

/// Entries of a kind by a person, whose fields hold these texts, upper or lower case alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Any of these kinds.
    pub entry: Vec<String>,
    pub with: BTreeMap<String, String>,
    pub count: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub by: String,
    pub proposal: String,
    pub risk: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Alerts {
    pub name: String,
    pub count: usize,
}

impl Done {
    /// Whether this entry is one of those that are waited for.
    pub fn is(&self, entry: &Entry) -> bool {
        if entry.author.machine || !self.entry.iter().any(|kind| kind == entry.what.kind()) {
            return false;
        }
        let (_, data) = entry.what.encode();
        self.with.iter().all(|(field, text)| {
            let holds =
                |value: &str| text.to_lowercase().split('|').any(|one| value.to_lowercase().contains(one.trim()));
            match data.get(field) {
                None | Some(serde_json::Value::Null) => false,
                Some(serde_json::Value::String(value)) => holds(value),
                Some(value) => holds(&value.to_string()),
            }
        })
    }
}

impl Script {
    /// The script of `text`, or everything that is wrong with it. `file` is how faults name it.
    pub fn read(file: &str, text: &str) -> Result<Script, Vec<Problem>> {
        document::read(file, text, script)
    }

    /// The one that is built in: the first hour of a carrier's outage.
    pub fn built_in() -> Result<Script, Vec<Problem>> {
        Script::read("first-hour.toml (built in)", include_str!("first-hour.toml"))
    }
}

fn script(root: &mut Fields<'_>, faults: &mut Faults) -> Option<Script> {
    let title = root.need_text("title", faults);
    let playbook = root.text("playbook", faults).map(|f| f.value);
    let severity = root.text("severity", faults).and_then(|word| match Severity::from_str(&word.value) {
        Ok(severity) => Some(severity),
        Err(_) => {
            let known = Severity::ALL.iter().map(|s| s.as_str());
            faults.add(word.line, &word.key, unknown("severity", &word.value, known));
            None
        }
    });
    let organisation = root.texts("organisation", faults);
    for (word, list) in organisation.iter().flat_map(|list| list.value.iter().map(move |word| (word, list))) {
        if !organisations().iter().any(|known| known.name == *word) {
            let message = unknown("organisation", word, organisations().iter().map(|known| known.name.as_str()));
            faults.add(list.line, &list.key, format!("{word}: {message}"));
        }
    }
    let began = minutes(root, "began", 0, faults);
    let length = root.number("minutes", 1, LONGEST, faults);
    let mut steps: Vec<Step> = Vec::new();
    for mut fields in root.tables("step", faults) {
        let read = step(&mut fields, faults);
        fields.finish(faults);
        let Some(read) = read else { continue };
        if let Some(before) = steps.last().filter(|before| before.minute > read.minute) {
            let message =
                format!("minute {} stands before it: steps stand in the order of their minutes", before.minute);
            fields.fault("minute", message, faults);
        }
        steps.push(read);
    }
    let Some(last) = steps.iter().map(|step| step.minute).max() else {
        root.fault("step", "missing; expected [[step]] tables", faults);
        return None;
    };
    if let Some(length) = length.as_ref().filter(|length| length.value < u64::from(last)) {
        let message = format!("it would end after {} minutes, before its last step at {last}", length.value);
        faults.add(length.line, &length.key, message);
    }
    let length = length.and_then(|n| u32::try_from(n.value).ok());
    Some(Script {
        title: title?.value,
        playbook,
        severity: severity.unwrap_or(Severity::Sev1),
        organisation: organisation.map(|list| list.value),
        began: began.unwrap_or(0),
        minutes: length.unwrap_or(last.saturating_add(10)),
        steps,
    })
}

fn step(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Step> {
    if fields.get("minute", faults).is_none() {
        fields.fault("minute", "missing; expected a whole number of minutes", faults);
    }
    let minute = minutes(fields, "minute", 0, faults);
    let inject = fields.need_text("inject", faults);
    let does = fields.text("does", faults).map(|f| f.value).unwrap_or_default();
    let keys = fields.number("keys", 0, 1000, faults).and_then(|n| u32::try_from(n.value).ok());
    let mut done = Vec::new();
    for mut wanted in fields.tables("done", faults) {
        done.extend(read_done(&mut wanted, faults));
        wanted.finish(faults);
    }
    let ask = fields.table("ask", faults).and_then(|mut ask| {
        let read = (ask.need_text("by", faults), ask.need_text("proposal", faults));
        let risk = ask.text("risk", faults).map(|f| f.value).unwrap_or_default();
        ask.finish(faults);
        Some(Ask { by: read.0?.value, proposal: read.1?.value, risk })
    });
    let alerts = fields.table("alerts", faults).and_then(|mut alerts| {
        let name = alerts.need_text("name", faults);
        let count = alerts.number("count", 1, MOST_ALERTS, faults).map_or(1, |n| n.value);
        alerts.finish(faults);
        Some(Alerts { name: name?.value, count: usize::try_from(count).unwrap_or(1) })
    });
    Some(Step { minute: minute?, inject: inject?.value, does, keys, done, ask, alerts })
}

fn read_done(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Done> {
    let entry = fields.need_text("entry", faults);
    let kinds = |value: &str| value.split('|').map(|kind| kind.trim().to_owned()).collect::<Vec<_>>();
    for (kind, word) in entry.iter().flat_map(|kind| kinds(&kind.value).into_iter().map(move |word| (kind, word))) {
        if !What::KINDS.contains(&word.as_str()) {
            faults.add(kind.line, &kind.key, unknown("kind of entry", &word, What::KINDS.iter().copied()));
        } else if NEVER.contains(&word.as_str()) {
            let message = "nothing of an exercise is sent, so this never comes; expected \"message.elsewhere/1\", which a \
                           release writes here";
            faults.add(kind.line, &kind.key, message);
        }
    }
    let count = fields.number("count", 1, 1000, faults).map_or(1, |n| n.value);
    let mut with = BTreeMap::new();
    if let Some(mut wanted) = fields.table("with", faults) {
        wanted.allow_all();
        for (key, value) in wanted.raw().iter() {
            match value.get_ref().as_str() {
                Some(text) => {
                    with.insert(key.get_ref().to_string(), text.to_owned());
                }
                None => {
                    let line = faults.line(key.span().start);
                    faults.add(line, &format!("step.done.with.{}", key.get_ref()), "expected text");
                }
            }
        }
    }
    Some(Done { entry: kinds(&entry?.value), with, count: usize::try_from(count).unwrap_or(1) })
}

/// What is only ever written of a text that leaves.
const NEVER: &[&str] = &["message.sending/1", "message.sent/1", "message.delivered/1"];

fn minutes(fields: &mut Fields<'_>, key: &'static str, least: u64, faults: &mut Faults) -> Option<u32> {
    fields.number(key, least, LONGEST, faults).and_then(|n| u32::try_from(n.value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_script_reads() {
        let script = Script::built_in().unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert!(script.steps.len() > 20, "{}", script.steps.len());
        assert!(script.steps.iter().filter(|s| !s.done.is_empty()).all(|s| s.keys.is_some()));
    }

    #[test]
    fn every_fault_has_file_line_and_key() {
        let text = "title = \"x\"\norganisation = [\"wireless\"]\nminutes = 4\n[[step]]\nminute = 5\ninject = \"a\"\nkey = 3\n\
                    done = [{ entry = \"note.add/1\" }, { entry = \"message.sent/1\", with = { text = 1 } }]\n\
                    [[step]]\nminute = 3\ninject = \"\"\n[[step]]\nminute = 2\ninject = \"b\"\n";
        let said: Vec<String> = Script::read("s.toml", text).unwrap_err().iter().map(ToString::to_string).collect();
        let has = |wanted: &str| assert!(said.iter().any(|s| s.starts_with(wanted)), "{wanted}: {said:#?}");
        has("s.toml, line 7, step.key: no such key; did you mean \"keys\"?");
        has("s.toml, line 8, step.done.entry: no such kind of entry; did you mean \"note.added/1\"?");
        has("s.toml, line 8, step.done.entry: nothing of an exercise is sent");
        has("s.toml, line 8, step.done.with.text: expected text");
        has("s.toml, line 11, step.inject: empty");
        has("s.toml, line 13, step.minute: minute 5 stands before it");
        has("s.toml, line 2, organisation: wireless: no such organisation");
        has("s.toml, line 3, minutes: it would end after 4 minutes");
    }
}
