//! Reads the words of a rulebook: kinds of organisation, clocks, facts, calendars. Gathers every fault; knows no rule.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Weekday};

use super::{SCHEMA, a_zone, once, word};
use crate::config::document::{Fields, Found, unknown, wrong};
use crate::config::problem::Faults;
use crate::incident::rule::{Calendar, Clock, FactKind, FactWord, Grows, Kind, Rules};

const KINDS: &[(&str, FactKind)] = &[("integer", FactKind::Integer), ("boolean", FactKind::Boolean)];

/// What a fact grows by that grows one a minute.
const MINUTES: &str = "minutes";

/// The words of a text. Its rules are not read.
pub fn read(root: &mut Fields<'_>, faults: &mut Faults) -> Rules {
    if let Some(schema) = root.text("schema", faults)
        && schema.value != SCHEMA
    {
        faults.add(schema.line, &schema.key, format!("expected \"{SCHEMA}\", the only form that is known"));
    }
    root.day("as_of", faults);
    root.text("as_of_note", faults);
    Rules {
        rules: Vec::new(),
        kinds: kinds(root, faults),
        clocks: clocks(root, faults),
        facts: facts(root, faults),
        calendars: calendars(root, faults),
    }
}

fn kinds(root: &mut Fields<'_>, faults: &mut Faults) -> Vec<Kind> {
    let Some(mut table) = root.table("kinds", faults) else { return Vec::new() };
    let mut out = Vec::new();
    for (name, found) in table.entries(faults) {
        match found.value.as_str() {
            Some(meaning) => out.push(Kind { name, meaning: meaning.to_owned() }),
            None => wrong(&found, "text: what it means", faults),
        }
    }
    out
}

/// A clock is its meaning, or a table with `meaning` and `or_reportable`.
fn clocks(root: &mut Fields<'_>, faults: &mut Faults) -> Vec<Clock> {
    let Some(mut table) = root.table("clocks", faults) else { return Vec::new() };
    let mut out = Vec::new();
    for (name, found) in table.entries(faults) {
        if let Some(meaning) = found.value.as_str() {
            out.push(Clock { name, meaning: meaning.to_owned(), or_reportable: false });
        } else if let Some(inner) = found.value.as_table() {
            let mut fields = table.inner(inner, found.key, found.line);
            let meaning = fields.need_text("meaning", faults);
            let or_reportable = fields.flag("or_reportable", faults).is_some_and(|f| f.value);
            fields.finish(faults);
            out.extend(meaning.map(|meaning| Clock { name, meaning: meaning.value, or_reportable }));
        } else {
            wrong(&found, "text: what it means", faults);
        }
    }
    out
}

fn facts(root: &mut Fields<'_>, faults: &mut Faults) -> Vec<FactWord> {
    let mut seen = BTreeMap::new();
    let mut out = Vec::new();
    for mut fields in root.tables("facts", faults) {
        let name = fields.need_text("name", faults);
        if let Some(name) = &name {
            once(name, "fact", &mut seen, faults);
            a_word(name, faults);
        }
        let kind = word(&mut fields, "type", KINDS, faults);
        let meaning = fields.need_text("meaning", faults);
        let grows = fields.text("grows", faults);
        if let (Some(grows), Some(FactKind::Boolean)) = (&grows, kind) {
            faults.add(grows.line, &grows.key, "only a whole number grows");
        }
        fields.finish(faults);
        let grows = grows.map(|f| if f.value == MINUTES { Grows::Minutes } else { Grows::By(f.value) });
        if let (Some(name), Some(kind), Some(meaning)) = (name, kind, meaning) {
            out.push(FactWord { name: name.value, kind, meaning: meaning.value, grows });
        }
    }
    out
}

/// A name that an expression can hold.
fn a_word(name: &Found<String>, faults: &mut Faults) {
    let fits = name.value.starts_with(|c: char| c.is_ascii_lowercase())
        && name.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !["true", "false"].contains(&name.value.as_str());
    if !fits {
        faults.add(name.line, &name.key, "expected small letters, digits and _, such as sites_down");
    }
}

fn calendars(root: &mut Fields<'_>, faults: &mut Faults) -> Vec<Calendar> {
    let mut seen = BTreeMap::new();
    let mut out = Vec::new();
    for mut fields in root.tables("calendar", faults) {
        let id = fields.need_text("id", faults);
        if let Some(id) = &id {
            once(id, "calendar", &mut seen, faults);
        }
        let timezone = fields.need_text("timezone", faults);
        if let Some(zone) = &timezone {
            a_zone(zone, faults);
        }
        let weekend = fields.texts("weekend", faults).map(|days| weekend(&days, faults)).unwrap_or_default();
        let holidays = fields.texts("holidays", faults).map(|days| holidays(&days, faults)).unwrap_or_default();
        for key in ["weekend", "holidays"] {
            if fields.get(key, faults).is_none() {
                fields.fault(key, "missing; expected a list, [] for none", faults);
            }
        }
        let note = fields.text("note", faults).map(|f| f.value).unwrap_or_default();
        fields.finish(faults);
        if let (Some(id), Some(timezone)) = (id, timezone) {
            out.push(Calendar { id: id.value, timezone: timezone.value, weekend, holidays, note });
        }
    }
    out
}

const WEEK: [(&str, Weekday); 7] = [
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sunday", Weekday::Sun),
];

fn weekend(days: &Found<Vec<String>>, faults: &mut Faults) -> Vec<Weekday> {
    let mut out = Vec::new();
    for day in &days.value {
        // "Sat" is what an adopted rulebook writes.
        match WEEK.iter().find(|(name, short)| name == day || short.to_string() == *day) {
            Some((_, weekday)) => out.push(*weekday),
            None => {
                let message = format!("{day}: {}", unknown("day of the week", day, WEEK.iter().map(|w| w.0)));
                faults.add(days.line, &days.key, message);
            }
        }
    }
    if out.len() >= WEEK.len() {
        faults.add(days.line, &days.key, "all seven days: nothing would ever be due");
    }
    out
}

fn holidays(days: &Found<Vec<String>>, faults: &mut Faults) -> Vec<NaiveDate> {
    let mut out = Vec::new();
    for day in &days.value {
        match NaiveDate::parse_from_str(day, "%Y-%m-%d") {
            Ok(day) => out.push(day),
            Err(_) => faults.add(days.line, &days.key, format!("{day}: expected a day such as \"2026-12-25\"")),
        }
    }
    out
}

/// What its own words say of others: a fact grows by another that is a number.
pub fn check(root: &mut Fields<'_>, all: &Rules, faults: &mut Faults) {
    for mut fields in root.tables("facts", faults) {
        let (name, Some(found)) = (fields.text("name", faults), fields.text("grows", faults)) else { continue };
        let by = &found.value;
        if by == MINUTES {
            continue;
        }
        match all.fact(by).map(|f| f.kind) {
            Some(FactKind::Integer) if name.is_none_or(|name| name.value != *by) => {}
            Some(FactKind::Integer) => {
                faults.add(found.line, &found.key, "a fact cannot grow by itself: by which other?");
            }
            Some(FactKind::Boolean) => {
                faults.add(found.line, &found.key, format!("{by} is true or false: a number is needed"));
            }
            None => {
                let known = all.facts.iter().map(|f| f.name.as_str()).chain([MINUTES]);
                faults.add(found.line, &found.key, format!("{by}: {}", unknown("fact", by, known)));
            }
        }
    }
}
