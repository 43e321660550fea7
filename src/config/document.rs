//! A TOML text read key by key, each key with its line. Gathers every fault; never stops at the first, never panics.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Faults, Problem};
use crate::text::suggest;

/// No file that a person writes is larger.
pub const LARGEST: usize = 1 << 20;

/// Parses `text` and hands its root to `read`; the result is `read`'s, or every fault that was found.
pub fn read<T>(
    file: &str,
    text: &str,
    read: impl FnOnce(&mut Fields<'_>, &mut Faults) -> Option<T>,
) -> Result<T, Vec<Problem>> {
    let mut faults = Faults::new(file, text);
    let mut value = None;
    if text.len() > LARGEST {
        faults.whole("larger than 1 MiB; expected a file that a person wrote");
    } else {
        match DeTable::parse(text) {
            Ok(table) => {
                let mut root =
                    Fields { table: table.get_ref(), path: String::new(), line: 1, asked: Vec::new(), open: false };
                value = read(&mut root, &mut faults);
                root.finish(&mut faults);
            }
            Err(error) => {
                // Only the parser's own words: its full display would print the line, and a secret with it.
                let at = error.span().map_or(0, |span| span.start);
                let message = format!("not TOML here (column {}): {}", faults.column(at), error.message());
                faults.add(faults.line(at), "", message);
            }
        }
    }
    if value.is_none() && faults.is_empty() {
        faults.whole("could not be read");
    }
    faults.settle(value).and_then(|value| value.ok_or_else(Vec::new))
}

/// A value with the line and the dotted name of its key.
#[derive(Clone, Debug)]
pub struct Found<T> {
    pub value: T,
    pub line: usize,
    pub key: String,
}

impl<T> Found<T> {
    fn with<U>(&self, value: U) -> Found<U> {
        Found { value, line: self.line, key: self.key.clone() }
    }
}

/// The keys of one table. A key that nobody asked for is a fault when the table is finished.
pub struct Fields<'t> {
    table: &'t DeTable<'t>,
    path: String,
    /// Where the table begins.
    pub line: usize,
    asked: Vec<&'static str>,
    /// The caller checks the keys itself.
    open: bool,
}

pub type Value<'t> = &'t DeValue<'t>;

impl<'t> Fields<'t> {
    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    pub fn get(&mut self, key: &'static str, faults: &Faults) -> Option<Found<Value<'t>>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let (found, value) = self.table.get_key_value(key)?;
        Some(Found { value: value.get_ref(), line: faults.line(found.span().start), key: self.name(key) })
    }

    /// The keys that are there, with their lines.
    pub fn keys(&self, faults: &Faults) -> Vec<(String, usize)> {
        self.table.keys().map(|k| (k.get_ref().to_string(), faults.line(k.span().start))).collect()
    }

    pub fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<Found<String>> {
        let found = self.get(key, faults)?;
        as_text(&found, faults)
    }

    /// Text that must be there and not be empty.
    pub fn need_text(&mut self, key: &'static str, faults: &mut Faults) -> Option<Found<String>> {
        let Some(found) = self.get(key, faults) else {
            faults.add(self.line, &self.name(key), "missing; expected text");
            return None;
        };
        let text = as_text(&found, faults)?;
        if text.value.trim().is_empty() {
            faults.add(text.line, &text.key, "empty; expected text");
            return None;
        }
        Some(text)
    }

    pub fn flag(&mut self, key: &'static str, faults: &mut Faults) -> Option<Found<bool>> {
        let found = self.get(key, faults)?;
        match found.value.as_bool() {
            Some(value) => Some(found.with(value)),
            None => {
                wrong(&found, "true or false", faults);
                None
            }
        }
    }

    /// A whole number from `least` to `most`.
    pub fn number(&mut self, key: &'static str, least: u64, most: u64, faults: &mut Faults) -> Option<Found<u64>> {
        let found = self.get(key, faults)?;
        let Some(digits) = found.value.as_integer() else {
            wrong(&found, "a whole number", faults);
            return None;
        };
        match u64::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(n) if (least..=most).contains(&n) => Some(found.with(n)),
            Ok(_) | Err(_) => {
                faults.add(found.line, &found.key, format!("expected a whole number from {least} to {most}"));
                None
            }
        }
    }

    /// A number that may have a fraction.
    pub fn decimal(&mut self, key: &'static str, faults: &mut Faults) -> Option<Found<f64>> {
        let found = self.get(key, faults)?;
        let text = match found.value {
            DeValue::Integer(digits) => Some(digits.as_str()),
            DeValue::Float(digits) => Some(digits.as_str()),
            _ => None,
        };
        match text.and_then(|t| t.parse::<f64>().ok()).filter(|n| n.is_finite()) {
            Some(number) => Some(found.with(number)),
            None => {
                wrong(&found, "a number", faults);
                None
            }
        }
    }

    pub fn texts(&mut self, key: &'static str, faults: &mut Faults) -> Option<Found<Vec<String>>> {
        let found = self.get(key, faults)?;
        let list = texts(&found, faults)?;
        Some(found.with(list))
    }

    /// A day, written as `2024-02-22` with or without quotes.
    pub fn day(&mut self, key: &'static str, faults: &mut Faults) -> Option<Found<chrono::NaiveDate>> {
        let found = self.get(key, faults)?;
        let text = match found.value {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(day) => day.to_string(),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => {
                String::new()
            }
        };
        match chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
            Ok(day) => Some(found.with(day)),
            Err(_) => {
                faults.add(found.line, &found.key, "expected a day such as \"2024-02-22\"");
                None
            }
        }
    }

    /// An instant in RFC 3339, with or without quotes.
    pub fn instant(&mut self, key: &'static str, faults: &mut Faults) -> Option<Found<chrono::DateTime<chrono::Utc>>> {
        let found = self.get(key, faults)?;
        as_instant(&found, faults)
    }

    /// Every key of this table with its value, for a table whose keys are names.
    pub fn entries(&mut self, faults: &Faults) -> Vec<(String, Found<Value<'t>>)> {
        self.open = true;
        let found = self.table.iter().map(|(key, value)| {
            let name = key.get_ref().to_string();
            let line = faults.line(key.span().start);
            (name.clone(), Found { value: value.get_ref(), line, key: self.name(&name) })
        });
        found.collect()
    }

    /// The tables of `[[key]]`.
    pub fn tables(&mut self, key: &'static str, faults: &mut Faults) -> Vec<Fields<'t>> {
        let Some(found) = self.get(key, faults) else { return Vec::new() };
        let Some(list) = found.value.as_array() else {
            wrong(&found, &format!("[[{}]] tables", found.key), faults);
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in list.iter() {
            match item.get_ref().as_table() {
                Some(table) => out.push(self.inner(table, found.key.clone(), faults.line(item.span().start))),
                None => wrong(&found, &format!("[[{}]] tables", found.key), faults),
            }
        }
        out
    }

    /// The table of `[key]` or `key = { … }`.
    pub fn table(&mut self, key: &'static str, faults: &mut Faults) -> Option<Fields<'t>> {
        let found = self.get(key, faults)?;
        match found.value.as_table() {
            Some(table) => Some(self.inner(table, found.key, found.line)),
            None => {
                wrong(&found, "a table", faults);
                None
            }
        }
    }

    /// A value of this table that is a table itself, once it is known to be one.
    pub fn inner(&self, table: &'t DeTable<'t>, path: String, line: usize) -> Fields<'t> {
        Fields { table, path, line, asked: Vec::new(), open: false }
    }

    /// Keys of which only the caller knows that they are allowed.
    pub fn allow(&mut self, keys: &[&'static str]) {
        self.asked.extend_from_slice(keys);
    }

    /// Every key, since the caller checks them itself.
    pub fn allow_all(&mut self) {
        self.open = true;
    }

    pub fn raw(&self) -> &'t DeTable<'t> {
        self.table
    }

    /// A fault of this table as a whole, of a key, or of one that is missing.
    pub fn fault(&self, key: &str, message: impl AsRef<str>, faults: &mut Faults) {
        let name = if key.is_empty() { self.path.clone() } else { self.name(key) };
        let line = self.table.get_key_value(key).map_or(self.line, |(found, _)| faults.line(found.span().start));
        faults.add(line, &name, message);
    }

    /// Names the keys that nobody asked for, each with the nearest known one.
    pub fn finish(&self, faults: &mut Faults) {
        for (key, _) in self.table.iter() {
            if !self.open && !self.asked.iter().any(|known| *known == key.get_ref().as_ref()) {
                let message = unknown("key", key.get_ref(), self.asked.iter().copied());
                faults.add(faults.line(key.span().start), &self.name(key.get_ref()), message);
            }
        }
    }
}

/// "no such key; did you mean …", or the known words where none is near and they are few.
pub fn unknown<'a>(what: &str, word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    if let Some(near) = suggest::nearest(word, known.iter().copied()) {
        return format!("no such {what}; did you mean \"{near}\"?");
    }
    match known.len() {
        0 => format!("no such {what}"),
        1..=24 => format!("no such {what}; expected one of {}", known.join(", ")),
        _ => format!("no such {what}"),
    }
}

/// Says what stands there by its type only: the value itself may be a secret.
pub fn wrong(found: &Found<Value<'_>>, expected: &str, faults: &mut Faults) {
    let there = match found.value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    faults.add(found.line, &found.key, format!("expected {expected}, found {there}"));
}

/// An instant in RFC 3339, with or without quotes.
pub fn as_instant(found: &Found<Value<'_>>, faults: &mut Faults) -> Option<Found<chrono::DateTime<chrono::Utc>>> {
    let text = match found.value {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => {
            String::new()
        }
    };
    match chrono::DateTime::parse_from_rfc3339(&text) {
        Ok(at) => Some(found.with(at.to_utc())),
        Err(_) => {
            faults.add(found.line, &found.key, "expected an instant such as \"2024-02-22T08:48:00Z\"");
            None
        }
    }
}

fn as_text(found: &Found<Value<'_>>, faults: &mut Faults) -> Option<Found<String>> {
    match found.value.as_str() {
        Some(text) => Some(found.with(text.to_owned())),
        None => {
            wrong(found, "text", faults);
            None
        }
    }
}

/// A list of texts.
pub fn texts(found: &Found<Value<'_>>, faults: &mut Faults) -> Option<Vec<String>> {
    let list =
        found.value.as_array().map(|list| list.iter().map(|item: &Spanned<DeValue<'_>>| item.get_ref().as_str()));
    match list.and_then(|items| items.map(|item| item.map(str::to_owned)).collect()) {
        Some(list) => Some(list),
        None => {
            let expected = if found.value.is_array() { "a list of texts only" } else { "a list of texts" };
            wrong(found, expected, faults);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"a\"\n\n[[part]]\nid = 1\n\n[[part]]\nid = \"x\"\nextra = true\n[deep]\na.b = 1\n";

    #[test]
    fn every_fault_has_the_line_of_its_key() {
        let result = read("f.toml", TEXT, |root, faults| {
            root.text("name", faults);
            for mut part in root.tables("part", faults) {
                part.need_text("id", faults);
                part.need_text("title", faults);
                part.finish(faults);
            }
            let deep = root.table("deep", faults);
            if let Some(deep) = deep {
                deep.finish(faults);
            }
            Some(())
        });
        let said: Vec<String> = result.unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "f.toml, line 3, part.title: missing; expected text",
                "f.toml, line 4, part.id: expected text, found a whole number",
                "f.toml, line 6, part.title: missing; expected text",
                "f.toml, line 8, part.extra: no such key; expected one of id, title",
                "f.toml, line 10, deep.a: no such key",
            ]
        );
    }

    #[test]
    fn what_is_not_toml_names_line_and_column_and_not_the_text() {
        let said = read("f", "a = 1\ntoken = \"CANARY\nb = 2", |_, _| Some(())).unwrap_err();
        assert_eq!(said[0].line, Some(2));
        assert!(!said[0].to_string().contains("CANARY"), "{}", said[0]);
    }
}
