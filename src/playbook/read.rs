//! Reads and checks a playbook. Gathers every fault with its line; never accepts a reference to what is not there.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::notify;
use super::recipients::{self, Lists};
use super::render;
use crate::config::Problem;
use crate::config::document::{self, Fields, Found, unknown};
use crate::config::problem::Faults;
use crate::incident::plan::{
    Audience, Channel, Counts, Critical, Fallback, Lint, Plan, PlannedContact, PlannedFact, PlannedTask, Team, Template,
};
use crate::incident::rights::Rights;
use crate::incident::words::{Role, Round};
use crate::text::{duration, suggest, width};

/// Columns of a channel's name in the grid.
const SHORT: usize = 4;
/// A day and a half in minutes: what is longer is no cadence of an outage.
const LONGEST: u64 = 2160;

/// The plan of `text`, or everything that is wrong with it. `file` is how faults name it.
pub fn read(file: &str, text: &str) -> Result<Plan, Vec<Problem>> {
    read_beside(file, text, &|_| Err("is read when the playbook is adopted, and not here".to_owned()))
}

/// The same for a playbook that stands in a file: `lists` gives the files of recipients that it names.
pub fn read_beside(file: &str, text: &str, lists: Lists<'_>) -> Result<Plan, Vec<Problem>> {
    document::read(file, text, |root, faults| plan(root, lists, faults))
}

fn plan(root: &mut Fields<'_>, lists: Lists<'_>, faults: &mut Faults) -> Option<Plan> {
    let name = root.need_text("name", faults);
    let title = or_empty(root.text("title", faults));
    let summary = or_empty(root.text("summary", faults));
    let roles = roles(root, faults);
    let agencies = root.texts("agencies", faults).map(|f| f.value).unwrap_or_default();

    let (teams, team_ids) = each(root, "team", faults, |fields, faults| {
        let team = (fields.need_text("id", faults), fields.need_text("name", faults));
        let duty = or_empty(fields.text("duty", faults));
        let lead = fields.text("lead", faults).map(|f| f.value).filter(|l| !l.trim().is_empty());
        let members = fields.texts("members", faults).map(|f| f.value).unwrap_or_default();
        Some(Team { id: team.0?.value, name: team.1?.value, duty, lead, members })
    });
    let (tasks, _) = each(root, "task", faults, |fields, faults| task(fields, &team_ids, faults));
    let (channels, channel_ids) = each(root, "channel", faults, channel);
    let (audiences, audience_ids) =
        each(root, "audience", faults, |fields, faults| audience(fields, &channel_ids, faults));
    let recipients = recipients::read(root, &audience_ids, &channel_ids, lists, faults);
    let notify = notify::read(root, lists, faults);
    let mut templates = Vec::new();
    for mut fields in root.tables("template", faults) {
        templates.extend(template(&mut fields, &audience_ids, &channel_ids, faults));
        fields.finish(faults);
    }
    let (fallbacks, _) = each(root, "fallback", faults, |fields, faults| {
        let fallback = (fields.need_text("id", faults), fields.need_text("name", faults));
        let limits = or_empty(fields.text("limits", faults));
        let metric = fields.text("metric", faults).map(|f| f.value);
        Some(Fallback { id: fallback.0?.value, name: fallback.1?.value, limits, metric })
    });
    let facts = facts(root, faults);
    let lints = lints(root, &audience_ids, &facts, faults);
    let critical = critical(root, faults);
    let contacts = contacts(root, faults);
    Some(Plan {
        name: name?.value,
        title,
        summary,
        roles,
        teams,
        tasks,
        audiences,
        channels,
        recipients,
        notify,
        templates,
        critical,
        contacts,
        fallbacks,
        facts,
        agencies,
        lints,
        rights: Rights::default(),
    })
}

fn or_empty(found: Option<Found<String>>) -> String {
    found.map(|f| f.value).unwrap_or_default()
}

/// The things of `[[key]]`, whose ids are distinct, and all ids that stand there: a thing with a fault of its own is
/// still one that others may name.
fn each<T>(
    root: &mut Fields<'_>,
    key: &'static str,
    faults: &mut Faults,
    mut read: impl FnMut(&mut Fields<'_>, &mut Faults) -> Option<T>,
) -> (Vec<T>, Vec<String>) {
    let mut out = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for mut fields in root.tables(key, faults) {
        if let Some(id) = fields.need_text("id", faults) {
            once(&id, key, &mut seen, faults);
        }
        out.extend(read(&mut fields, faults));
        fields.finish(faults);
    }
    (out, seen.into_keys().collect())
}

fn once(id: &Found<String>, what: &str, seen: &mut BTreeMap<String, usize>, faults: &mut Faults) {
    if !id.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c)) {
        faults.add(id.line, &id.key, "expected an id of lower-case letters, digits, - and _");
    }
    if let Some(first) = seen.insert(id.value.clone(), id.line) {
        faults.add(id.line, &id.key, format!("{:?} is already the id of a {what}, on line {first}", id.value));
    }
}

fn roles(root: &mut Fields<'_>, faults: &mut Faults) -> Vec<Role> {
    let Some(list) = root.texts("roles", faults) else { return Vec::new() };
    let mut roles = Vec::new();
    for word in &list.value {
        match Role::from_str(word) {
            Ok(role) if roles.contains(&role) => faults.add(list.line, &list.key, format!("{word} stands twice")),
            Ok(role) => roles.push(role),
            Err(_) => {
                let known = Role::ALL.iter().map(|r| r.as_str());
                faults.add(list.line, &list.key, format!("{word}: {}", unknown("role", word, known)));
            }
        }
    }
    roles
}

fn task(fields: &mut Fields<'_>, teams: &[String], faults: &mut Faults) -> Option<PlannedTask> {
    let (id, title) = (fields.need_text("id", faults), fields.need_text("title", faults));
    let team = fields.text("team", faults);
    if let Some(team) = &team {
        listed(&team.value, "team", teams, team, faults);
    }
    let minutes = minutes(fields, "minutes", faults).unwrap_or(10);
    let first = fields.flag("first", faults).is_some_and(|f| f.value);
    Some(PlannedTask { id: id?.value, title: title?.value, team: team.map(|t| t.value), minutes, first })
}

fn channel(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<Channel> {
    let (id, name, short) =
        (fields.need_text("id", faults), fields.need_text("name", faults), fields.need_text("short", faults));
    if let Some(short) = short.as_ref().filter(|s| width::width(&s.value) > SHORT) {
        faults.add(short.line, &short.key, format!("{:?} is wider than {SHORT} columns", short.value));
    }
    let via = fields.text("via", faults).map(|f| f.value);
    let limit = fields.number("limit", 1, 1_000_000, faults).and_then(|n| usize::try_from(n.value).ok());
    let public = fields.flag("public", faults).is_some_and(|f| f.value);
    let counts = fields.text("counts", faults).and_then(|found| match found.value.as_str() {
        "characters" => Some(Counts::Characters),
        "segments" => Some(Counts::Segments),
        "post" => Some(Counts::Post),
        other => {
            let message = unknown("way to count", other, ["characters", "segments", "post"].into_iter());
            faults.add(found.line, &found.key, message);
            None
        }
    });
    let counts = counts.unwrap_or_default();
    let subject = fields.text("subject", faults);
    if let Some(subject) = subject.as_ref().filter(|s| s.value.chars().any(char::is_control)) {
        faults.add(subject.line, &subject.key, "holds a line break or another control character");
    }
    let subject = subject.map(|f| f.value).filter(|s| !s.trim().is_empty());
    let page = fields.text("page", faults).map(|f| f.value);
    Some(Channel { id: id?.value, name: name?.value, short: short?.value, via, limit, counts, public, subject, page })
}

fn audience(fields: &mut Fields<'_>, channels: &[String], faults: &mut Faults) -> Option<Audience> {
    let (id, name) = (fields.need_text("id", faults), fields.need_text("name", faults));
    let reached = fields.texts("channels", faults);
    if let Some(reached) = &reached {
        for channel in &reached.value {
            listed(channel, "channel", channels, reached, faults);
        }
    }
    let first_word = required_minutes(fields, "first_word", faults);
    let cadence = required_minutes(fields, "cadence", faults);
    let later = later(fields, faults);
    Some(Audience {
        life: fields.flag("life", faults).is_some_and(|f| f.value),
        components: fields.texts("components", faults).map(|f| f.value).unwrap_or_default(),
        owner: fields.text("owner", faults).map(|f| f.value),
        hold: fields.text("hold", faults).map(|f| f.value).filter(|why| !why.trim().is_empty()),
        approve: steps(fields, "approve", faults),
        front_line: fields.flag("front_line", faults).is_some_and(|f| f.value),
        restoration: fields.flag("restoration", faults).is_some_and(|f| f.value),
        language: or_empty(fields.text("language", faults)),
        known_as: fields.texts("known_as", faults).map(|f| f.value).unwrap_or_default(),
        id: id?.value,
        name: name?.value,
        channels: reached.map(|f| f.value).unwrap_or_default(),
        first_word: first_word?,
        cadence: cadence?,
        later,
    })
}

/// `later = ["120m: 60m"]`: from two hours on every hour.
fn later(fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<(u32, u32)> {
    let Some(list) = fields.texts("later", faults) else { return Vec::new() };
    let minutes = |text: &str| {
        let seconds =
            duration::parse_seconds(text.trim()).ok().filter(|s| s % 60 == 0 && (60..=LONGEST * 60).contains(s))?;
        u32::try_from(seconds / 60).ok()
    };
    let mut out = Vec::new();
    for text in &list.value {
        let pair = text.split_once(':').and_then(|(from, every)| Some((minutes(from)?, minutes(every)?)));
        match pair {
            Some(pair) => out.push(pair),
            None => faults.add(
                list.line,
                &list.key,
                format!("{text:?}: expected such as \"2h: 60m\": from then on, every so long"),
            ),
        }
    }
    out
}

/// Names of steps: who approves, or clears.
fn steps(fields: &mut Fields<'_>, key: &'static str, faults: &mut Faults) -> Vec<String> {
    let Some(list) = fields.texts(key, faults) else { return Vec::new() };
    for (at, step) in list.value.iter().enumerate() {
        if step.trim().is_empty() || step == "commander" || list.value.iter().take(at).any(|other| other == step) {
            let message = format!("{step:?}: expected the names of other steps than the commander's, each once");
            faults.add(list.line, &list.key, message);
        }
    }
    list.value
}

fn minutes(fields: &mut Fields<'_>, key: &'static str, faults: &mut Faults) -> Option<u32> {
    fields.number(key, 1, LONGEST, faults).and_then(|n| u32::try_from(n.value).ok())
}

fn required_minutes(fields: &mut Fields<'_>, key: &'static str, faults: &mut Faults) -> Option<u32> {
    if fields.get(key, faults).is_none() {
        fields.fault(key, "missing; expected a whole number of minutes", faults);
    }
    minutes(fields, key, faults)
}

fn template(
    fields: &mut Fields<'_>,
    audiences: &[String],
    channels: &[String],
    faults: &mut Faults,
) -> Option<Template> {
    let round = fields.need_text("round", faults);
    let round = round.and_then(|round| {
        let known = Round::from_str(&round.value).ok();
        if known.is_none() {
            let message = unknown("round", &round.value, Round::ALL.iter().map(|r| r.as_str()));
            faults.add(round.line, &round.key, message);
        }
        known
    });
    let mut some = |key: &'static str, what: &str, known: &[String]| {
        let list = fields.texts(key, faults)?;
        for id in &list.value {
            listed(id, what, known, &list, faults);
        }
        Some(list.value)
    };
    let for_audiences = some("audiences", "audience", audiences).unwrap_or_default();
    let on_channels = some("channels", "channel", channels).unwrap_or_default();
    let text = fields.need_text("text", faults);
    if let Some(text) = &text {
        // The text begins on the line after its opening quotes, as people write long ones.
        let below = usize::from(text.value.contains('\n'));
        for (line, message) in render::check(&text.value) {
            faults.add(text.line + below + line - 1, &text.key, message);
        }
    }
    let language = or_empty(fields.text("language", faults));
    Some(Template { round: round?, audiences: for_audiences, channels: on_channels, language, text: text?.value })
}

fn facts(root: &mut Fields<'_>, faults: &mut Faults) -> Vec<PlannedFact> {
    let mut out = Vec::new();
    let mut seen = BTreeMap::new();
    for mut fields in root.tables("fact", faults) {
        let name = fields.need_text("name", faults);
        if let Some(name) = &name {
            once(name, "fact", &mut seen, faults);
        }
        let meaning = or_empty(fields.text("meaning", faults));
        let unit = or_empty(fields.text("unit", faults));
        let metric = fields.text("metric", faults).map(|f| f.value);
        let component = fields.text("component", faults);
        if let (Some(found), Some(_)) = (&component, &metric) {
            faults.add(found.line, &found.key, "stands beside `metric`; expected one of the two");
        }
        let component = component.map(|f| f.value);
        let tolerance = fields.decimal("tolerance", faults);
        if let Some(found) = tolerance.as_ref().filter(|t| !(0.0..=10.0).contains(&t.value)) {
            faults.add(found.line, &found.key, "expected a share such as 0.1, for a tenth");
        }
        let tolerance = tolerance.map_or(0.1, |t| t.value);
        let clear = steps(&mut fields, "clear", faults);
        let internal = fields.flag("internal", faults).is_some_and(|f| f.value);
        fields.finish(faults);
        let name = name.map(|f| f.value);
        out.extend(name.map(|name| PlannedFact { name, meaning, unit, metric, component, tolerance, clear, internal }));
    }
    out
}

fn lints(root: &mut Fields<'_>, audiences: &[String], facts: &[PlannedFact], faults: &mut Faults) -> Vec<Lint> {
    let mut out = Vec::new();
    for mut fields in root.tables("lint", faults) {
        let mut list = |key: &'static str| fields.texts(key, faults);
        let (theirs, down) = (list("audiences"), list("down"));
        let (says, never, words) = (list("says"), list("never"), list("words"));
        let fact = fields.text("fact", faults);
        let fix = fields.need_text("fix", faults);
        if says.is_none() && never.is_none() && (words.is_none() || fact.is_none()) {
            fields.fault("says", "says nothing; expected `says`, `never`, or `words` with `fact`", faults);
        }
        for found in theirs.iter() {
            found.value.iter().for_each(|id| listed(id, "audience", audiences, found, faults));
        }
        if let Some(fact) = &fact {
            let names: Vec<String> = facts.iter().map(|f| f.name.clone()).collect();
            listed(&fact.value, "fact", &names, fact, faults);
        }
        fields.finish(faults);
        let of = |found: Option<Found<Vec<String>>>| found.map(|f| f.value).unwrap_or_default();
        // "landline | another carrier": one of them.
        let either = |text: &String| text.split('|').map(|word| word.trim().to_lowercase()).collect();
        out.extend(fix.map(|fix| Lint {
            audiences: of(theirs),
            down: of(down),
            says: of(says).iter().map(either).collect(),
            never: of(never).iter().map(|word| word.to_lowercase()).collect(),
            words: of(words).iter().map(|word| word.to_lowercase()).collect(),
            fact: fact.map(|f| f.value),
            fix: fix.value,
        }));
    }
    out
}

fn critical(root: &mut Fields<'_>, faults: &mut Faults) -> Vec<Critical> {
    let mut out = Vec::new();
    for mut fields in root.tables("critical", faults) {
        let component = fields.need_text("component", faults);
        let metric = fields.text("metric", faults).map(|f| f.value);
        let most = fields.decimal("most", faults);
        if let (Some(most), None) = (&most, &metric) {
            faults.add(most.line, &most.key, "says nothing without `metric`; expected the name of a query beside it");
        }
        fields.finish(faults);
        let most = most.map(|f| f.value);
        out.extend(component.map(|component| Critical { component: component.value, metric, most }));
    }
    out
}

fn contacts(root: &mut Fields<'_>, faults: &mut Faults) -> Vec<PlannedContact> {
    let mut out = Vec::new();
    for mut fields in root.tables("contact", faults) {
        let (of, way) = (fields.need_text("of", faults), fields.need_text("way", faults));
        let address = fields.need_text("address", faults);
        let needs = fields.texts("needs", faults).map(|f| f.value).unwrap_or_default();
        fields.finish(faults);
        if let (Some(of), Some(way), Some(address)) = (of, way, address) {
            out.push(PlannedContact { of: of.value, way: way.value, address: address.value, needs });
        }
    }
    out
}

pub(super) fn listed<T>(id: &str, what: &str, known: &[String], at: &Found<T>, faults: &mut Faults) {
    if !known.iter().any(|k| k == id) {
        let message = match suggest::nearest(id, known.iter().map(String::as_str)) {
            Some(near) => format!("no {what} has the id {id:?}; did you mean {near:?}?"),
            None => format!("no {what} has the id {id:?}"),
        };
        faults.add(at.line, &at.key, message);
    }
}
