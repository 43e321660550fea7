//! The one table of the keys of a rulebook: what each is, and what it means. Reads nothing itself.
//!
//! The README's chapter derives from it; tests hold it against what is read.

/// One documented key.
pub struct Key {
    pub name: &'static str,
    /// What is written there, in words.
    pub value: &'static str,
    pub doc: &'static str,
    pub needed: bool,
}

const fn key(name: &'static str, value: &'static str, doc: &'static str) -> Key {
    Key { name, value, doc, needed: false }
}

const fn needed(name: &'static str, value: &'static str, doc: &'static str) -> Key {
    Key { name, value, doc, needed: true }
}

pub const RULE: &[Key] = &[
    needed("id", "text", "Its name everywhere. One that the built-in book has takes that rule's place."),
    needed("jurisdiction", "text", "`US`, `US-CA`, `EU` …; a contract may say `contract`."),
    needed("agency", "text", "Who must be told."),
    key("short", "text", "The agency in 14 columns, for the screen."),
    needed("title", "text", "What the duty is called."),
    needed("applies_to", "list of kinds", "The kinds of organisation that it concerns; `any` concerns all."),
    needed("trigger", "text", "When it applies, in plain words."),
    needed(
        "when",
        "expression",
        "The same over facts: `&& \\|\\| ! ( )` and `== != >= > <= <`. A fact that is not known is not false.",
    ),
    needed("clock", "clock", "The clock that the first stage runs from."),
    needed("timezone", "IANA name", "Where the agency counts its days."),
    key("calendar", "calendar", "Whose business days count, where a stage counts them."),
    needed("stages", "[[rule.stages]] tables", "What must reach the agency, in order."),
    key("merge", "text", "Rules with the same word, or of that id, are answered by one filing of the same stage."),
    key("method", "text", "The portal or address."),
    key(
        "content",
        "list of texts",
        "What a filing must say. `{name}` of a fact, a clock or a word of the incident (see the worksheet) is filled in.",
    ),
    key(
        "confirmed_by",
        "text",
        "What confirms a filing: a receipt number, an answering voice. Filed is not confirmed.",
    ),
    key("withdraw", "text", "How a filing is taken back."),
    key("calendar_note", "text", "What people get wrong about the time; what could not be confirmed."),
    key("note", "text", "Anything else."),
    key("if_not", "text", "What is worth saying where it does not fire; shown in its row."),
    needed("citation", "text", "Where it is written."),
    needed("as_of", "day", "When its text was last looked at."),
    key(
        "basis",
        "`text`, `secondary`, `recall`",
        "What was read: the rule or the authority's own page; law firms, press, official mentions; nothing again.",
    ),
    key("in_force", "true, false, \"pending\"", "What was known of its force on that day; true where it is absent."),
    key(
        "effective",
        "day",
        "The first day on which it binds. Absent: not researched, which is neither in force nor not, and is said.",
    ),
    key("effective_note", "text", "What is known of that day where it was not researched."),
    key("until", "day", "The last day on which it bound."),
    key("voluntary", "true or false", "No law demands it."),
    key("confidential", "true or false", "What is filed is presumed confidential."),
    needed(
        "confidence",
        "`high`, `medium`, `low`",
        "`high`: the text was read and is clear. `low`: could not be confirmed, check before relying on it.",
    ),
];

pub const STAGE: &[Key] = &[
    needed("id", "text", "Its name within the rule."),
    needed("name", "text", "What it is called."),
    needed(
        "after",
        "clock or `stage:ID`",
        "What it runs from; an earlier stage means the instant at which that was filed.",
    ),
    key("amount", "whole number", "How many of the unit; none for `asap`."),
    needed("unit", "a word", "`minutes`, `hours`, `calendar_days`, `business_days`, `months` or `asap`."),
    key(
        "at_local",
        "time of day",
        "When on the due day, in the rule's zone; 23:59:59 where absent. For days and months.",
    ),
    key(
        "not_after",
        "table",
        "A second limit: `after`, `amount`, `unit`. The earlier governs, unless it had passed before the clock started.",
    ),
    key(
        "repeat",
        "table",
        "It comes again: `until` a clock; `every` so many of `unit`, after `for_hours` only `then_every`; or `on` an event.",
    ),
    key("on", "text", "It is due only when this happens."),
    key("only_if", "expression", "A further condition over facts, in three values."),
    key("to", "text", "If it goes to somebody other than the agency."),
    key(
        "holds",
        "true or false",
        "A waiting time: until it is over those it goes `to` may not be told, and their messages are held back.",
    ),
    key(
        "each",
        "list of `phone`, `writing`",
        "It goes to many, each told in these ways: the playbook's `[[notify]]` lists them.",
    ),
    key("note", "text", "Anything else."),
];

pub const FACT: &[Key] = &[
    needed("name", "text", "Small letters, digits and `_`."),
    needed("type", "`integer`, `boolean`", "A whole number, or true or false."),
    needed("meaning", "text", "What it says, so that two people give the same answer."),
    key(
        "grows",
        "`minutes` or a fact",
        "It grows by itself while the outage is open: one a minute, or by that fact's value every minute.",
    ),
];

pub const CALENDAR: &[Key] = &[
    needed("id", "text", "Its name; `us-federal` takes the place of the built-in one."),
    needed("timezone", "IANA name", "Where its days are."),
    needed("weekend", "list of days", "`saturday`, `sunday` …"),
    needed("holidays", "list of days", "Beyond the years that they cover a deadline may fall too early, and says so."),
    key("note", "text", "Anything else."),
];

pub const EXAMPLE: &[Key] = &[
    needed("id", "text", "Its name in the file."),
    needed("rule", "rule", "The rule that it is about."),
    key("title", "text", "What it shows."),
    key("facts", "table", "What is known. A fact that is absent is unknown."),
    key("clocks", "table", "Instants in RFC 3339."),
    key("filed", "table", "When a stage was filed; a list where it was filed again."),
    key("on", "day", "Judge by the law of this day; absent: the rule is taken to be in force."),
    key(
        "now",
        "instant",
        "The instant at which to look; `outage_start` where that stands alone. Without either nothing grows: what is absent is unknown.",
    ),
    key("outage_start", "instant", "Since when facts grow. In a `[[forecast]]` it must be there."),
    key("users", "list of tables", "`from` an instant on, so many `users_affected`."),
    key("expect", "a state", "`not_in_force`, `not_triggered`, `unknown`, `forecast` or `due`."),
    key("due", "list of tables", "`stage` and `at`: the stages with a number whose clock is known, and no others."),
    key(
        "fires_at",
        "instant",
        "When it fires at the present rate. In a `[[forecast]]` it is `reportable_at`, and absent means never.",
    ),
    key("why", "text", "Why that is right; shown where it is not."),
    key("note", "text", "Anything else."),
];

/// The README's tables.
pub fn markdown() -> String {
    let mut out = String::new();
    let tables = [
        ("`[[rule]]`", RULE),
        ("`[[rule.stages]]`", STAGE),
        ("`[[facts]]`", FACT),
        ("`[[calendar]]`", CALENDAR),
        ("`[[example]]` and `[[forecast]]`", EXAMPLE),
    ];
    for (title, keys) in tables {
        out.push_str(&format!("{title}\n\n| key | value | meaning |\n| --- | --- | --- |\n"));
        for key in keys {
            let name = if key.needed { format!("**`{}`**", key.name) } else { format!("`{}`", key.name) };
            out.push_str(&format!("| {name} | {} | {} |\n", key.value, key.doc));
        }
        out.push('\n');
    }
    out
}

/// The built-in rules as a table, for the page that says how their sources are kept.
pub fn book() -> String {
    let mut out = "| rule | agency | source | read | from | sure |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    let rules = super::built_in().map(|rules| rules.rules).unwrap_or_default();
    for rule in rules {
        let basis = rule.basis.map_or("", |basis| basis.as_str());
        let (sure, source) = (rule.confidence.as_str(), rule.citation.replace('|', "\\|"));
        out.push_str(&format!("| `{}` | {} | {source} | {} | {basis} | {sure} |\n", rule.id, rule.agency, rule.as_of));
    }
    out
}
