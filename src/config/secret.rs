//! Reads where a secret is kept. Never reads the secret, never repeats what stands in its place.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::SecretRef;
use super::document::{Fields, Found, texts, unknown};
use super::keys::SECRET;
use super::problem::Faults;

const EXPECTED: &str = "expected { env = \"NAME\" } or { file = \"…\" } or { command = [\"program\", \"argument\"] }, never the secret itself";

/// `key` of `fields`, or nothing where it is absent or wrong. Relative files are looked up beside the configuration.
pub fn read(fields: &mut Fields<'_>, key: &'static str, folder: &Path, faults: &mut Faults) -> Option<SecretRef> {
    let found = fields.get(key, faults)?;
    let DeValue::Table(table) = found.value else {
        faults.add(found.line, &found.key, EXPECTED);
        return None;
    };
    let mut inner = fields.inner(table, found.key.clone(), found.line);
    let ways = [env(&mut inner, faults), file(&mut inner, folder, faults), command(&mut inner, faults)];
    let strangers: Vec<(String, usize)> =
        inner.keys(faults).into_iter().filter(|(k, _)| !SECRET.iter().any(|known| known.name == k)).collect();
    for (stranger, line) in &strangers {
        let message = unknown("way to keep a secret", stranger, SECRET.iter().map(|k| k.name));
        faults.add(*line, &format!("{}.{stranger}", found.key), message);
    }
    let there = table.len() - strangers.len();
    let one = ways.into_iter().flatten().next();
    match there {
        1 => one,
        0 if !strangers.is_empty() => None,
        0 => fault(&found, EXPECTED, faults),
        _ => fault(&found, "names two places; expected exactly one of env, file, command", faults),
    }
}

fn fault<T>(found: &Found<T>, message: &str, faults: &mut Faults) -> Option<SecretRef> {
    faults.add(found.line, &found.key, message);
    None
}

fn env(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<SecretRef> {
    let name = fields.text("env", faults)?;
    if name.value.is_empty() || name.value.contains(['=', '\0']) || name.value.contains(char::is_whitespace) {
        return fault(&name, "expected the name of an environment variable", faults);
    }
    Some(SecretRef::Env(name.value))
}

fn file(fields: &mut Fields<'_>, folder: &Path, faults: &mut Faults) -> Option<SecretRef> {
    fields.text("file", faults).and_then(|path| beside(&path, folder, faults)).map(SecretRef::File)
}

fn command(fields: &mut Fields<'_>, faults: &mut Faults) -> Option<SecretRef> {
    let found = fields.get("command", faults)?;
    if found.value.is_str() {
        let message =
            "expected a list, the program and its arguments, such as [\"pass\", \"show\", \"prom\"]; no shell is run";
        return fault(&found, message, faults);
    }
    let list = texts(&found, faults)?;
    match list.first() {
        Some(program) if !program.trim().is_empty() && !list.iter().any(|word| word.contains('\0')) => {
            Some(SecretRef::Command(list))
        }
        Some(_) | None => fault(&found, "empty; expected the program and its arguments", faults),
    }
}

/// A path of the configuration: absolute, or beside the file it stands in.
pub fn beside(path: &Found<String>, folder: &Path, faults: &mut Faults) -> Option<PathBuf> {
    match file_name(&path.value) {
        Ok(relative) => Some(folder.join(relative)),
        Err(message) => {
            faults.add(path.line, &path.key, message);
            None
        }
    }
}

/// What is wrong with a path as written, if anything.
pub fn file_name(path: &str) -> Result<&str, &'static str> {
    if path.is_empty() || path.contains('\0') {
        return Err("expected a path");
    }
    if path.starts_with('~') {
        return Err("~ is not expanded here; write the whole path, or one beside this file");
    }
    Ok(path)
}
