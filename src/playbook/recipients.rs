//! To whom a playbook's texts go: addresses in it, or in a file beside it. A file's addresses become part of the text that
//! an incident adopts, so that the record holds them whatever becomes of the file. Sends nothing.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeTable;

use super::read::listed;
use crate::config::document::{Fields, Found, LARGEST};
use crate::config::problem::Faults;
use crate::config::{Problem, file, secret};
use crate::incident::plan::Addressed;
use crate::incident::recipient;

/// Gives the text of a file of addresses, or says why not.
pub type Lists<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// Reads the file of that name beside `playbook`.
pub fn beside(playbook: &Path, name: &str) -> Result<String, String> {
    let name = secret::file_name(name)?;
    let path = playbook.parent().unwrap_or(Path::new("")).join(name);
    file::read(&path).map_err(|problem| format!("{}: {}", path.display(), problem.message))
}

/// All `[[recipients]]`. `lists` gives the files that they name.
pub fn read(
    root: &mut Fields<'_>,
    audiences: &[String],
    channels: &[String],
    lists: Lists<'_>,
    faults: &mut Faults,
) -> Vec<Addressed> {
    let mut out = Vec::new();
    // For one audience on one channel nobody is named twice: a slip there is a slip elsewhere.
    let mut seen: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for mut fields in root.tables("recipients", faults) {
        let line = fields.line;
        let audience = fields.need_text("audience", faults);
        let channel = fields.need_text("channel", faults);
        if let Some(audience) = &audience {
            listed(&audience.value, "audience", audiences, audience, faults);
        }
        if let Some(channel) = &channel {
            listed(&channel.value, "channel", channels, channel, faults);
        }
        let given = fields.texts("to", faults);
        let from = fields.text("file", faults);
        let listed_in = fields.text("listed_in", faults).map(|f| f.value);
        let (addresses, listed_in) = match (given, from) {
            (Some(given), None) => (at_one_line(given), listed_in),
            (None, Some(from)) => (of_file(&from, lists, faults), Some(from.value)),
            (Some(_), Some(from)) => {
                faults.add(from.line, &from.key, "stands beside `to`; expected one of the two");
                (Vec::new(), None)
            }
            (None, None) => {
                faults.add(line, "recipients", "names nobody; expected `to`, a list of addresses, or `file`");
                (Vec::new(), None)
            }
        };
        fields.finish(faults);
        let (Some(audience), Some(channel)) = (audience, channel) else { continue };
        let mut to = Vec::new();
        for Found { value: address, line, key } in addresses {
            if let Some(why) = recipient::fault(&address) {
                faults.add(line, &key, format!("{address:?}: {why}"));
                continue;
            }
            let known = (audience.value.clone(), channel.value.clone(), address.to_lowercase());
            if let Some(first) = seen.insert(known, line) {
                faults.add(line, &key, format!("{address} stands there already, on line {first}"));
                continue;
            }
            to.push(address);
        }
        out.push(Addressed { audience: audience.value, channel: channel.value, to, listed_in });
    }
    out
}

fn at_one_line(given: Found<Vec<String>>) -> Vec<Found<String>> {
    let Found { value, line, key } = given;
    value.into_iter().map(|value| Found { value: value.trim().to_owned(), line, key: key.clone() }).collect()
}

/// One address a line; empty lines and what follows `#` at a line's beginning are for people.
fn of_file(from: &Found<String>, lists: Lists<'_>, faults: &mut Faults) -> Vec<Found<String>> {
    let text = match lists(&from.value) {
        Ok(text) => text,
        Err(why) => {
            faults.add(from.line, &from.key, why);
            return Vec::new();
        }
    };
    let mut out = Vec::new();
    for (at, address) in text.lines().map(str::trim).enumerate() {
        if address.is_empty() || address.starts_with('#') {
            continue;
        }
        match recipient::fault(address) {
            Some(why) => {
                let message = format!("{} line {}: {address:?}: {why}", from.value, at + 1);
                faults.add(from.line, &from.key, message);
            }
            None => out.push(Found { value: address.to_owned(), line: from.line, key: from.key.clone() }),
        }
    }
    if out.is_empty() {
        faults.add(from.line, &from.key, format!("{} holds no address that can be used", from.value));
    }
    out
}

/// The text with each `file` replaced by the addresses that were read from it.
pub fn inlined(origin: &str, text: &str, recipients: &[Addressed]) -> Result<String, Vec<Problem>> {
    let lists = recipients.iter().map(|addressed| (addressed.to.clone(), addressed.listed_in.clone()));
    taken_in(origin, text, "recipients", &lists.collect::<Vec<_>>())
}

/// The text with the `file` of each table of that name replaced by its list.
pub(super) fn taken_in(
    origin: &str,
    text: &str,
    tables: &str,
    lists: &[(Vec<String>, Option<String>)],
) -> Result<String, Vec<Problem>> {
    let fault = |message: &str| Err(vec![Problem::of(origin, message)]);
    let Ok(table) = DeTable::parse(text) else { return fault("could not be read") };
    let tables = table.get_ref().get(tables).and_then(|list| list.get_ref().as_array());
    let mut whole = text.to_owned();
    let mut places = Vec::new();
    for (table, (to, listed_in)) in tables.into_iter().flatten().zip(lists) {
        let Some((key, value)) = table.get_ref().as_table().and_then(|table| table.get_key_value("file")) else {
            continue;
        };
        let list: Vec<String> = to.iter().map(|to| toml::Value::from(to.as_str()).to_string()).collect();
        let name = toml::Value::from(listed_in.clone().unwrap_or_default());
        places.push((key.span().start..value.span().end, format!("to = [{}]\nlisted_in = {name}", list.join(", "))));
    }
    for (place, instead) in places.into_iter().rev() {
        whole.replace_range(place, &instead);
    }
    if whole.len() > LARGEST {
        return fault("with the addresses of its files it is larger than 1 MiB");
    }
    Ok(whole)
}
