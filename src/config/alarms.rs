//! Reads `[alarms]`: what rings, how long before, and what is run when it does. Runs nothing, looks at no other file.

use chrono::TimeDelta;

use super::document::{Fields, unknown};
use super::problem::Faults;
use super::program;
use crate::incident::alarm::{Kind, Rings};
use crate::text::duration;

/// What `[alarms]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarms {
    pub rings: Rings,
    /// Whether the room rings the terminal's bell.
    pub bell: bool,
    /// Whether the room sets the terminal's title.
    pub title: bool,
    /// Program and arguments that `warroom poll` runs for each thing; empty: none.
    pub command: Vec<String>,
}

impl Default for Alarms {
    fn default() -> Alarms {
        Alarms { rings: Rings::default(), bell: true, title: true, command: Vec::new() }
    }
}

/// How long before a thing may ring: nobody acts on a longer warning, and the clocks count in minutes.
const EARLIEST: u64 = 7 * 24 * 3600;
const LATEST: u64 = 60;

pub fn read(root: &mut Fields<'_>, faults: &mut Faults) -> Alarms {
    let usual = Alarms::default();
    let Some(mut fields) = root.table("alarms", faults) else { return usual };
    let rings = Rings {
        kinds: kinds(&mut fields, faults).unwrap_or(usual.rings.kinds),
        deadline: spans(&mut fields, faults).unwrap_or(usual.rings.deadline),
        promise: span(&mut fields, "promise", faults).unwrap_or(usual.rings.promise),
        mark: mark(&mut fields, faults),
    };
    let alarms = Alarms {
        rings,
        bell: fields.flag("bell", faults).map_or(usual.bell, |f| f.value),
        title: fields.flag("title", faults).map_or(usual.title, |f| f.value),
        command: program::read(&mut fields, "command", faults).unwrap_or_default(),
    };
    fields.finish(faults);
    alarms
}

fn kinds(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Vec<Kind>> {
    let list = fields.texts("ring", faults)?;
    let known = || Kind::ALL.into_iter().filter(|kind| *kind != Kind::Mark).map(Kind::as_str);
    let mut out = Vec::new();
    for word in &list.value {
        match Kind::named(word) {
            Some(Kind::Mark) => faults.add(list.line, &list.key, "mark: has a key of its own, mark = \"10m\""),
            Some(kind) if out.contains(&kind) => {
                faults.add(list.line, &list.key, format!("{word}: stands there twice"))
            }
            Some(kind) => out.push(kind),
            None => faults.add(list.line, &list.key, format!("{word}: {}", unknown("kind of alarm", word, known()))),
        }
    }
    Some(out)
}

fn spans(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Vec<TimeDelta>> {
    let list = fields.texts("deadline", faults)?;
    let mut out = Vec::new();
    for text in &list.value {
        match before(text) {
            Ok(span) => out.push(span),
            Err(message) => faults.add(list.line, &list.key, message),
        }
    }
    out.sort_unstable_by(|a, b| b.cmp(a));
    out.dedup();
    Some(out)
}

fn span(fields: &mut Fields<'_>, key: &'static str, faults: &mut Faults) -> Option<TimeDelta> {
    let found = fields.text(key, faults)?;
    match before(&found.value) {
        Ok(span) => Some(span),
        Err(message) => {
            faults.add(found.line, &found.key, message);
            None
        }
    }
}

fn mark(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<TimeDelta> {
    let found = fields.text("mark", faults)?;
    if found.value == "off" {
        return None;
    }
    match before(&found.value) {
        Ok(span) => Some(span),
        Err(message) => {
            faults.add(found.line, &found.key, format!("{message}, or \"off\""));
            None
        }
    }
}

fn before(text: &str) -> Result<TimeDelta, &'static str> {
    let seconds = duration::parse_seconds(text).ok().filter(|s| (LATEST..=EARLIEST).contains(s) && s % 60 == 0);
    let span = seconds.and_then(|s| i64::try_from(s).ok()).and_then(TimeDelta::try_seconds);
    span.ok_or("expected whole minutes from 1m to 7d, such as \"30m\"")
}
