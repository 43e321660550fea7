//! Reads the stages of a rule: clock, time, second limit, what comes again. Gathers every fault; never stops at the first.

use std::collections::BTreeMap;

use chrono::NaiveTime;

use super::{condition, named, once, word};
use crate::config::document::{Fields, Found, unknown};
use crate::config::problem::Faults;
use crate::incident::rule::{Limit, Repeat, Rules, Stage, Unit};
use crate::incident::words::Way;
use crate::rulebook::evaluate::STAGE;

const UNITS: &[(&str, Unit)] = &[
    ("minutes", Unit::Minutes),
    ("hours", Unit::Hours),
    ("calendar_days", Unit::CalendarDays),
    ("business_days", Unit::BusinessDays),
    ("months", Unit::Months),
    ("asap", Unit::Asap),
];

/// Beyond these a number is a slip: ten years.
const fn most(unit: Unit) -> u64 {
    match unit {
        Unit::Minutes => 5_256_000,
        Unit::Hours => 87_600,
        Unit::CalendarDays | Unit::BusinessDays => 3_650,
        Unit::Months | Unit::Asap => 120,
    }
}

/// What a stage may refer to.
struct Around<'a> {
    all: &'a Rules,
    /// The ids of the stages before it.
    earlier: Vec<String>,
    has_calendar: bool,
}

/// `[[rule.stages]]`, or `[[rule.stage]]` as it was called.
pub fn stages(rule: &mut Fields<'_>, has_calendar: bool, all: &Rules, faults: &mut Faults) -> Vec<Stage> {
    let mut stages = Vec::new();
    let mut seen = BTreeMap::new();
    let mut tables = rule.tables("stages", faults);
    tables.extend(rule.tables("stage", faults));
    let none = tables.is_empty();
    for mut fields in tables {
        let around = Around { all, earlier: seen.keys().cloned().collect(), has_calendar };
        stages.extend(stage(&mut fields, &mut seen, &around, faults));
        fields.finish(faults);
    }
    if none && rule.get("stages", faults).is_none() {
        rule.fault("stages", "missing; expected at least one [[rule.stages]]", faults);
    }
    stages
}

fn stage(
    fields: &mut Fields<'_>,
    seen: &mut BTreeMap<String, usize>,
    around: &Around<'_>,
    faults: &mut Faults,
) -> Option<Stage> {
    let id = fields.need_text("id", faults);
    if let Some(id) = &id {
        once(id, "stage of this rule", seen, faults);
    }
    let name = fields.need_text("name", faults);
    let after = after(fields, around, faults);
    let unit = unit(fields, around, faults);
    let counted = fields.get("amount", faults).is_some();
    let amount = number(fields, "amount", 0, unit, faults);
    match unit {
        Some(Unit::Asap) if counted => fields.fault("amount", "\"asap\" takes no amount", faults),
        Some(Unit::Minutes | Unit::Hours | Unit::CalendarDays | Unit::BusinessDays | Unit::Months) if !counted => {
            fields.fault("amount", "missing; expected a whole number", faults);
        }
        Some(_) | None => {}
    }
    let at_local = at_local(fields, unit, faults);
    let not_after = fields.table("not_after", faults).and_then(|mut table| {
        let limit = limit(&mut table, around, faults);
        table.finish(faults);
        limit
    });
    let repeat = fields.table("repeat", faults).and_then(|mut table| {
        let repeat = repeat(&mut table, unit, around, faults);
        table.finish(faults);
        repeat
    });
    let only_if = fields.text("only_if", faults);
    if let Some(only_if) = &only_if {
        condition(only_if, around.all, faults);
    }
    let mut text = |key| fields.text(key, faults).map(|f| f.value);
    let (to, on, note) = (text("to"), text("on"), text("note").unwrap_or_default());
    let holds = fields.flag("holds", faults).is_some_and(|f| f.value);
    let each = each(fields, faults);
    Some(Stage {
        id: id?.value,
        name: name?.value,
        after: after?,
        amount,
        unit: unit?,
        at_local,
        not_after,
        repeat,
        on,
        only_if: only_if.map(|f| f.value),
        to,
        holds,
        each,
        note,
    })
}

/// The ways in which each of many is told.
fn each(fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<Way> {
    let Some(list) = fields.texts("each", faults) else { return Vec::new() };
    let mut out = Vec::new();
    for text in &list.value {
        match text.parse::<Way>() {
            Ok(way) if !out.contains(&way) => out.push(way),
            Ok(way) => faults.add(list.line, &list.key, format!("{way} stands twice")),
            Err(why) => faults.add(list.line, &list.key, format!("{text}: {why}")),
        }
    }
    out
}

/// A clock, or an earlier stage.
fn after(fields: &mut Fields<'_>, around: &Around<'_>, faults: &mut Faults) -> Option<String> {
    let after = fields.need_text("after", faults)?;
    match after.value.strip_prefix(STAGE) {
        Some(stage) if around.earlier.iter().any(|id| id == stage) => {}
        Some(stage) => {
            let message = unknown("earlier stage", stage, around.earlier.iter().map(String::as_str));
            faults.add(after.line, &after.key, message);
        }
        None => clock(&after, around, faults),
    }
    Some(after.value)
}

fn clock(found: &Found<String>, around: &Around<'_>, faults: &mut Faults) {
    named("clock", found, around.all.clocks.iter().map(|c| c.name.as_str()), faults);
}

fn unit(fields: &mut Fields<'_>, around: &Around<'_>, faults: &mut Faults) -> Option<Unit> {
    let unit = word(fields, "unit", UNITS, faults)?;
    if unit == Unit::BusinessDays && !around.has_calendar {
        fields.fault("unit", "\"business_days\" needs the rule's calendar, such as calendar = \"us-federal\"", faults);
    }
    Some(unit)
}

/// A whole number of that unit.
fn number(
    fields: &mut Fields<'_>,
    key: &'static str,
    least: u64,
    unit: Option<Unit>,
    faults: &mut Faults,
) -> Option<u32> {
    let most = unit.map_or(most(Unit::Minutes), most);
    fields.number(key, least, most, faults).and_then(|n| u32::try_from(n.value).ok())
}

/// `17:30`, with seconds or without.
fn at_local(fields: &mut Fields<'_>, unit: Option<Unit>, faults: &mut Faults) -> Option<NaiveTime> {
    let found = fields.get("at_local", faults)?;
    let text = match found.value {
        toml::de::DeValue::String(text) => text.to_string(),
        toml::de::DeValue::Datetime(time) => time.to_string(),
        _ => String::new(),
    };
    let time = NaiveTime::parse_from_str(&text, "%H:%M:%S").or_else(|_| NaiveTime::parse_from_str(&text, "%H:%M"));
    match (time, unit) {
        (Err(_), _) => faults.add(found.line, &found.key, "expected a time such as \"17:30:00\""),
        (Ok(_), Some(Unit::Minutes | Unit::Hours | Unit::Asap)) => {
            faults.add(found.line, &found.key, "only days and months end at a time of day");
        }
        (Ok(_), Some(Unit::CalendarDays | Unit::BusinessDays | Unit::Months) | None) => {}
    }
    time.ok()
}

fn limit(fields: &mut Fields<'_>, around: &Around<'_>, faults: &mut Faults) -> Option<Limit> {
    let after = after(fields, around, faults);
    let unit = unit(fields, around, faults);
    if unit == Some(Unit::Asap) {
        fields.fault("unit", "a limit has a number: \"asap\" is none", faults);
    }
    if fields.get("amount", faults).is_none() {
        fields.fault("amount", "missing; expected a whole number", faults);
    }
    let amount = number(fields, "amount", 0, unit, faults);
    Some(Limit { after: after?, amount: amount?, unit: unit? })
}

fn repeat(
    fields: &mut Fields<'_>,
    stage_unit: Option<Unit>,
    around: &Around<'_>,
    faults: &mut Faults,
) -> Option<Repeat> {
    let until = fields.need_text("until", faults);
    if let Some(until) = &until {
        clock(until, around, faults);
    }
    let unit = if fields.get("unit", faults).is_some() { unit(fields, around, faults) } else { None };
    // None between two updates would be for ever.
    let every = number(fields, "every", 1, unit.or(stage_unit), faults);
    let on = fields.text("on", faults).map(|f| f.value);
    if fields.get("every", faults).is_none() && on.is_none() {
        fields.fault(
            "every",
            "missing; expected a whole number, or on = the event that makes the next one due",
            faults,
        );
    }
    if every.is_some() && unit.or(stage_unit) == Some(Unit::Asap) {
        fields.fault("unit", "missing; expected the unit of `every`", faults);
    }
    let for_hours = fields.number("for_hours", 1, most(Unit::Hours), faults).and_then(|n| u32::try_from(n.value).ok());
    let then_every = number(fields, "then_every", 1, unit.or(stage_unit), faults);
    if for_hours.is_some() != then_every.is_some() {
        fields.fault("then_every", "for_hours and then_every go together: for so long, then so slowly", faults);
    }
    Some(Repeat { until: until?.value, every, unit, on, for_hours, then_every })
}
