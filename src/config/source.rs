//! Reads one backend's block: the keys that all share, checked; those of its kind, kept with their lines. Contacts nobody.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::address::{self, Address};
use super::document::{Fields, Found, unknown};
use super::keys::SOURCE;
use super::problem::Faults;
use super::read::Known;
use super::secret;
use super::{Place, Settings, SourceConfig};
use crate::incident::words::Family;
use crate::text::{Safe, duration};

const EVERY: u64 = 30;
const TIMEOUT: u64 = 10;
const LONGEST_NAME: usize = 60;

/// A backend with the line of its name, for faults that concern two.
pub fn read(
    mut fields: Fields<'_>,
    family: Family,
    folder: &Path,
    known: &Known<'_>,
    faults: &mut Faults,
) -> Option<Found<SourceConfig>> {
    let name = fields.need_text("name", faults).filter(|name| plain(name, LONGEST_NAME, faults));
    let kind = fields.need_text("kind", faults);
    let own_keys = kind.as_ref().and_then(|kind| keys_of(kind, family, known, faults));
    let place = kind.as_ref().map_or(Place::Web, |kind| (known.place)(&kind.value));
    let address = address(&mut fields, place, faults);
    let least = if address.as_ref().is_some_and(|a| a.loopback) { 1 } else { 5 };
    let every = seconds(&mut fields, "every", least, 3600, faults).unwrap_or(EVERY);
    let timeout = seconds(&mut fields, "timeout", 1, 60, faults).unwrap_or(TIMEOUT);
    let token_line = fields.get("token", faults).map(|f| (f.line, f.key));
    let token = secret::read(&mut fields, "token", folder, faults);
    let user = fields.text("user", faults).filter(|user| user_fits(user, faults));
    if let Some(user) = user.as_ref().filter(|_| token_line.is_none()) {
        faults.add(user.line, &user.key, "has no password: expected token beside it");
    }
    let header = fields.text("token_header", faults).filter(|header| header_fits(header, faults));
    let ca = fields.text("ca", faults).and_then(|path| secret::beside(&path, folder, faults));
    let proxy = fields.text("proxy", faults).and_then(|proxy| match address::proxy(&proxy.value) {
        Ok(url) => Some(url),
        Err(message) => {
            faults.add(proxy.line, &proxy.key, message);
            None
        }
    });
    let insecure = fields.flag("insecure", faults).is_some_and(|f| f.value);
    if let (Some(address), Some((line, key))) = (&address, token_line)
        && !address.encrypted
        && !address.loopback
        && !insecure
    {
        let message = "would cross the network unencrypted (the url is plain http to another host); \
                       use https, or say insecure = true";
        faults.add(line, &key, message);
    }
    let settings = settings(&fields, faults);
    match own_keys {
        Some(own) => fields.allow(&own),
        // Nothing is known of an unknown kind's keys: its one fault is enough.
        None => fields.allow_all(),
    }
    fields.finish(faults);
    let name = name?;
    let config = SourceConfig {
        family,
        name: name.value.clone(),
        kind: kind?.value,
        url: address?.url,
        every,
        timeout,
        token,
        user: user.map(|f| f.value),
        token_header: header.map(|f| f.value),
        ca,
        proxy,
        insecure,
        settings,
    };
    Some(Found { value: config, line: name.line, key: name.key })
}

/// The adapter's own keys, or a fault that names the nearest kind.
fn keys_of(kind: &Found<String>, family: Family, known: &Known<'_>, faults: &mut Faults) -> Option<Vec<&'static str>> {
    let keys = (known.adapter_keys)(family, &kind.value);
    if keys.is_none() {
        let elsewhere = known.kinds.iter().find(|(name, _)| *name == kind.value);
        let message = match elsewhere {
            Some((name, other)) => format!("\"{name}\" belongs under [[{other}]], not under [[{family}]]"),
            None => {
                let of_family = known.kinds.iter().filter(|(_, f)| *f == family).map(|(name, _)| *name);
                format!("{:?}: {}", kind.value, unknown("kind", &kind.value, of_family))
            }
        };
        faults.add(kind.line, &kind.key, message);
    }
    keys
}

fn address(fields: &mut Fields<'_>, place: Place, faults: &mut Faults) -> Option<Address> {
    let url = match place {
        Place::Here => {
            if let Some(url) = fields.text("url", faults) {
                faults.add(url.line, &url.key, "this kind is on this host and has none");
            }
            return Some(Address { url: String::new(), loopback: true, encrypted: true });
        }
        Place::Web | Place::Mail => fields.need_text("url", faults)?,
    };
    let checked = if place == Place::Mail { address::mail(&url.value) } else { address::backend(&url.value) };
    match checked {
        Ok(address) => Some(address),
        Err(message) => {
            faults.add(url.line, &url.key, message);
            None
        }
    }
}

/// Whether a name can stand on a screen as it is.
fn plain(name: &Found<String>, longest: usize, faults: &mut Faults) -> bool {
    let fits = Safe::new(&name.value).as_str() == name.value;
    if !fits {
        faults.add(name.line, &name.key, "holds characters that cannot be shown (controls or invisible ones)");
    } else if name.value.chars().count() > longest {
        faults.add(name.line, &name.key, format!("longer than {longest} characters"));
        return false;
    }
    fits
}

fn user_fits(user: &Found<String>, faults: &mut Faults) -> bool {
    let fits = !user.value.is_empty() && !user.value.contains(|c: char| c == ':' || c.is_control());
    if !fits {
        faults.add(user.line, &user.key, "expected a user's name, without a colon");
    }
    fits
}

fn header_fits(header: &Found<String>, faults: &mut Faults) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let fits = !header.value.is_empty() && header.value.chars().all(token);
    if !fits {
        faults.add(header.line, &header.key, "expected the name of an HTTP header, such as \"X-Api-Key\"");
    }
    fits
}

fn seconds(fields: &mut Fields<'_>, key: &'static str, least: u64, most: u64, faults: &mut Faults) -> Option<u64> {
    let found = fields.text(key, faults)?;
    let expected = || format!("expected a duration from {least}s to {}, such as \"15s\"", words(most));
    match duration::parse_seconds(&found.value) {
        Ok(n) if (least..=most).contains(&n) => Some(n),
        Ok(_) | Err(_) => {
            faults.add(found.line, &found.key, expected());
            None
        }
    }
}

fn words(seconds: u64) -> String {
    if seconds.is_multiple_of(3600) { format!("{}h", seconds / 3600) } else { format!("{seconds}s") }
}

/// What is not shared, with the line of every key and table; the block itself has the empty path.
fn settings(fields: &Fields<'_>, faults: &Faults) -> Settings {
    let mut lines = BTreeMap::from([(String::new(), fields.line)]);
    let mut table = Table::new();
    for (key, value) in fields.raw().iter().filter(|(k, _)| !SOURCE.iter().any(|s| s.name == k.get_ref().as_ref())) {
        let path = key.get_ref().to_string();
        lines.insert(path.clone(), faults.line(key.span().start));
        table.insert(path.clone(), owned(value.get_ref(), &path, &mut lines, faults));
    }
    Settings { table, lines }
}

fn owned(value: &DeValue<'_>, path: &str, lines: &mut BTreeMap<String, usize>, faults: &Faults) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        // What does not fit is kept as text: the adapter will say that it expected a number.
        DeValue::Integer(n) => {
            let parsed = i64::from_str_radix(n.as_str(), n.radix()).ok();
            parsed.map_or_else(|| Value::String(n.as_str().to_owned()), Value::Integer)
        }
        DeValue::Float(n) => n.as_str().parse().map_or_else(|_| Value::String(n.as_str().to_owned()), Value::Float),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(at) => Value::Datetime(*at),
        DeValue::Array(list) => {
            let items = list.iter().enumerate().map(|(at, item)| {
                let path = format!("{path}.{at}");
                lines.insert(path.clone(), faults.line(item.span().start));
                owned(item.get_ref(), &path, lines, faults)
            });
            Value::Array(items.collect())
        }
        DeValue::Table(table) => Value::Table(owned_table(table, path, lines, faults)),
    }
}

fn owned_table(table: &DeTable<'_>, path: &str, lines: &mut BTreeMap<String, usize>, faults: &Faults) -> Table {
    let mut out = Table::new();
    for (key, value) in table.iter() {
        let path = format!("{path}.{}", key.get_ref());
        lines.insert(path.clone(), faults.line(key.span().start));
        out.insert(key.get_ref().to_string(), owned(value.get_ref(), &path, lines, faults));
    }
    out
}
