//! Reads `[rights]`: who may approve, send, file and resolve, and who gives a step such as legal. Judges nobody.

use toml::de::DeValue;

use super::document::{Fields, Found, texts, wrong};
use super::problem::Faults;
use crate::incident::rights::Rights;

pub fn read(root: &mut Fields<'_>, faults: &mut Faults) -> Rights {
    let mut rights = Rights::default();
    let Some(mut fields) = root.table("rights", faults) else { return rights };
    for (name, value) in fields.raw().iter() {
        let key = name.get_ref().to_string();
        let found =
            Found { value: value.get_ref(), line: faults.line(name.span().start), key: format!("rights.{key}") };
        match (key.as_str(), found.value) {
            ("own_text", DeValue::Boolean(own)) => rights.own_text = *own,
            ("own_text", _) => wrong(&found, "true or false", faults),
            (_, DeValue::Array(_)) => {
                if let Some(who) = texts(&found, faults) {
                    rights.who.insert(key, who);
                }
            }
            _ => wrong(&found, "a list of names or roles", faults),
        }
    }
    fields.allow_all();
    fields.finish(faults);
    rights
}
