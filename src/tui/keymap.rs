//! Which key does what: the table's keys, with the user's own in their place. Clashes and unknown names are errors.

use std::collections::BTreeMap;

use super::key::Key;
use crate::command::{self, Action, TABLE};

#[derive(Clone, Debug, PartialEq)]
pub struct Keymap {
    by_key: BTreeMap<Key, Action>,
}

impl Keymap {
    /// The table's own keys. The table is checked by a test.
    pub fn standard() -> Keymap {
        Keymap::with(&BTreeMap::new()).unwrap_or(Keymap { by_key: BTreeMap::new() })
    }

    /// The table's keys with a user's in place of them: command name to keys. The error is a sentence.
    pub fn with(own: &BTreeMap<String, Vec<String>>) -> Result<Keymap, String> {
        for name in own.keys() {
            command::find(name).map_err(|near| match near {
                Some(near) => format!("no command is called \"{name}\"; did you mean \"{near}\"?"),
                None => format!("no command is called \"{name}\"; `warroom keys` lists them"),
            })?;
        }
        let mut by_key: BTreeMap<Key, Action> = BTreeMap::new();
        let mut bind = |key: Key, action: Action, must: bool| match by_key.get(&key) {
            Some(other) if *other != action && must => {
                Err(format!("the key {key} is bound to \"{}\" and to \"{}\"", other.row().name, action.row().name))
            }
            Some(_) => Ok(()),
            None => {
                by_key.insert(key, action);
                Ok(())
            }
        };
        // The user's keys first: they take a key from its standard command.
        for row in TABLE {
            for key in own.get(row.name).into_iter().flatten() {
                bind(key.parse()?, row.action, true)?;
            }
        }
        for row in TABLE.iter().filter(|row| !own.contains_key(row.name)) {
            for key in row.keys {
                bind(key.parse()?, row.action, false)?;
            }
        }
        Ok(Keymap { by_key })
    }

    pub fn action(&self, key: Key) -> Option<Action> {
        self.by_key.get(&key).copied()
    }

    /// The keys of a command, as they are written; the shortest first.
    pub fn keys(&self, action: Action) -> Vec<String> {
        let mut keys: Vec<String> =
            self.by_key.iter().filter(|(_, a)| **a == action).map(|(key, _)| key.to_string()).collect();
        keys.sort_by_key(|k| (k.len(), k.clone()));
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(rows: &[(&str, &str)]) -> BTreeMap<String, Vec<String>> {
        rows.iter().map(|(name, key)| ((*name).to_owned(), vec![(*key).to_owned()])).collect()
    }

    #[test]
    fn a_users_key_takes_the_place_of_the_standard_one() {
        let map = Keymap::with(&own(&[("note", "w"), ("zoom", "a")])).unwrap();
        assert_eq!(map.action("w".parse().unwrap()), Some(Action::Note));
        assert_eq!(map.action("n".parse().unwrap()), None);
        assert_eq!(map.action("a".parse().unwrap()), Some(Action::Zoom), "the standard command gives way");
    }

    #[test]
    fn clashes_and_slips_are_named() {
        assert!(Keymap::with(&own(&[("note", "w"), ("zoom", "w")])).unwrap_err().contains("\"zoom\""));
        assert!(Keymap::with(&own(&[("zom", "w")])).unwrap_err().contains("zoom"));
        assert!(Keymap::with(&own(&[("zoom", "hyper-w")])).is_err());
    }
}
