//! Reading an adapter's own keys, with the line and the nearest known word in each error. Reads no file.

use toml::{Table, Value};

use crate::config::{Problem, Settings};
use crate::text::{duration, suggest};

/// Keys that every backend has; named here so that a slip in one of them finds its word.
pub const SHARED: &[&str] =
    &["name", "kind", "url", "every", "timeout", "token", "user", "token_header", "ca", "proxy"];

/// One documented key of an adapter. A key within a list of tables is written `query.unit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    pub meaning: &'static str,
    /// As it would stand in the file; empty: none, or required (the meaning says so).
    pub default: &'static str,
}

/// A table of an adapter's keys, and where it stands in the file.
pub struct Keys<'a> {
    table: &'a Table,
    settings: &'a Settings,
    /// Dotted path of the table, empty at the top, else ending in a dot.
    prefix: String,
    file: &'a str,
}

impl<'a> Keys<'a> {
    /// The adapter's keys, after checking that `known` names each; `query.unit` in `known` is a key within `query`.
    pub fn of(settings: &'a Settings, file: &'a str, known: &[Key]) -> Result<Keys<'a>, Problem> {
        let keys = Keys { table: &settings.table, settings, prefix: String::new(), file };
        keys.only(known)?;
        Ok(keys)
    }

    fn only(&self, known: &[Key]) -> Result<(), Problem> {
        let list = self.prefix.split('.').next().unwrap_or_default();
        let here: Vec<&str> = known
            .iter()
            .filter_map(|key| match key.name.split_once('.') {
                Some((outer, inner)) => (outer == list).then_some(inner),
                None => list.is_empty().then_some(key.name),
            })
            .collect();
        for key in self.table.keys() {
            if here.contains(&key.as_str()) {
                continue;
            }
            let shared: &[&str] = if list.is_empty() { SHARED } else { &[] };
            let near = suggest::nearest(key, here.iter().copied().chain(shared.iter().copied()));
            let hint = match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if here.is_empty() => "this kind has no keys of its own".to_owned(),
                None => format!("known here: {}", here.join(", ")),
            };
            return Err(self.problem(key, format!("unknown key; {hint}")));
        }
        Ok(())
    }

    /// A problem with `key`, at its line; at the table's line where the key is not there.
    pub fn problem(&self, key: &str, message: impl Into<String>) -> Problem {
        let path = format!("{}{key}", self.prefix);
        let table = self.prefix.trim_end_matches('.');
        let line = self.settings.lines.get(&path).or_else(|| self.settings.lines.get(table)).copied();
        Problem { file: self.file.to_owned(), line, key: Some(path), message: message.into() }
    }

    fn wrong(&self, key: &str, expected: &str, found: &Value) -> Problem {
        self.problem(key, format!("expected {expected}, found {}", found.type_str()))
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub fn text(&self, key: &str) -> Result<Option<String>, Problem> {
        match self.table.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.wrong(key, "text", other)),
        }
    }

    /// A text that must be there and not blank.
    pub fn needed(&self, key: &str) -> Result<String, Problem> {
        match self.text(key)? {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(self.problem(key, "must not be empty")),
            None => Err(self.problem(key, format!("\"{key}\" is missing"))),
        }
    }

    pub fn flag(&self, key: &str, default: bool) -> Result<bool, Problem> {
        match self.table.get(key) {
            None => Ok(default),
            Some(Value::Boolean(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(key, "true or false", other)),
        }
    }

    /// A finite number within the range.
    pub fn number(&self, key: &str, default: f64, range: std::ops::RangeInclusive<f64>) -> Result<f64, Problem> {
        let number = match self.table.get(key) {
            None => return Ok(default),
            Some(Value::Float(number)) => *number,
            Some(Value::Integer(number)) => *number as f64,
            Some(other) => return Err(self.wrong(key, "a number", other)),
        };
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.problem(key, format!("expected a number from {} to {}", range.start(), range.end())))
        }
    }

    /// A whole number within the range.
    pub fn count(&self, key: &str, default: usize, range: std::ops::RangeInclusive<usize>) -> Result<usize, Problem> {
        match self.table.get(key) {
            None => Ok(default),
            Some(Value::Integer(number)) => match usize::try_from(*number) {
                Ok(number) if range.contains(&number) => Ok(number),
                Ok(_) | Err(_) => {
                    Err(self.problem(key, format!("expected a whole number from {} to {}", range.start(), range.end())))
                }
            },
            Some(other) => Err(self.wrong(key, "a whole number", other)),
        }
    }

    /// A duration such as `"30m"`, in seconds, within the range.
    pub fn seconds(&self, key: &str, range: std::ops::RangeInclusive<u64>) -> Result<Option<u64>, Problem> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let seconds =
            duration::parse_seconds(&text).map_err(|expected| self.problem(key, format!("expected {expected}")))?;
        if range.contains(&seconds) {
            Ok(Some(seconds))
        } else {
            Err(self.problem(key, format!("expected {} to {} seconds", range.start(), range.end())))
        }
    }

    pub fn texts(&self, key: &str) -> Result<Vec<String>, Problem> {
        match self.table.get(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => list
                .iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text.clone()),
                    other => Err(self.wrong(key, "a list of texts", other)),
                })
                .collect(),
            Some(other) => Err(self.wrong(key, "a list of texts", other)),
        }
    }

    /// A list of tables (`[[metrics.query]]`), each with its keys checked against `known`.
    pub fn items(&self, key: &str, known: &[Key]) -> Result<Vec<Keys<'a>>, Problem> {
        let list = match self.table.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(other) => return Err(self.wrong(key, "a list of tables", other)),
        };
        let mut items = Vec::new();
        for (i, item) in list.iter().enumerate() {
            let Value::Table(table) = item else {
                return Err(self.wrong(key, "a list of tables", item));
            };
            let prefix = format!("{}{key}.{i}.", self.prefix);
            let keys = Keys { table, settings: self.settings, prefix, file: self.file };
            keys.only(known)?;
            items.push(keys);
        }
        Ok(items)
    }
}
