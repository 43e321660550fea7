//! What this process has asked to ring, and what of it rings now. Remembers keys only; the disk says what rang before.

use std::collections::{BTreeMap, BTreeSet};

use crate::situation::alarm::Alarm;

#[derive(Debug, Default)]
pub struct Bells {
    known: BTreeSet<String>,
    /// Asked, and not answered by the disk.
    waiting: BTreeMap<String, Alarm>,
    opened: bool,
}

impl Bells {
    /// The keys to ask the disk about: what was not asked before. The first time also where there is none, so that it is
    /// known that the incident was opened.
    pub fn fresh(&mut self, alarms: Vec<Alarm>) -> Option<Vec<String>> {
        let mut keys = Vec::new();
        for alarm in alarms {
            if self.known.insert(alarm.key.clone()) {
                keys.push(alarm.key.clone());
                self.waiting.insert(alarm.key.clone(), alarm);
            }
        }
        let first = !std::mem::replace(&mut self.opened, true);
        (first || !keys.is_empty()).then_some(keys)
    }

    /// The alarms of an answer. Each is given out once, the most urgent first.
    pub fn rang(&mut self, keys: &[String]) -> Vec<Alarm> {
        let mut out: Vec<Alarm> = keys.iter().filter_map(|key| self.waiting.remove(key)).collect();
        out.sort_by(|a, b| (!a.life, a.at, &a.key).cmp(&(!b.life, b.at, &b.key)));
        out
    }
}

/// Whether the terminal's bell sounds for them. Quiet is broken where lives may hang on it; a bell that is configured away
/// never sounds.
pub fn sounds(alarms: &[Alarm], bell: bool, quiet: bool) -> bool {
    bell && alarms.iter().any(|alarm| alarm.life || !quiet)
}

/// What rang, in one line: the first of them, and how many more.
pub fn line(alarms: &[Alarm], exercise: bool) -> String {
    let Some(first) = alarms.first() else { return String::new() };
    let exercise = if exercise { "EXERCISE " } else { "" };
    let more = if alarms.len() > 1 { format!("  and {} more", alarms.len() - 1) } else { String::new() };
    format!("{exercise}{}{more}", first.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::Instant;
    use crate::incident::alarm::Kind;
    use crate::situation::thing::Thing;

    fn alarm(key: &str, life: bool) -> Alarm {
        Alarm {
            key: key.into(),
            kind: Kind::CheckIn,
            thing: Thing::Team(key.into()),
            at: Instant::UNIX_EPOCH,
            text: key.to_uppercase(),
            say: String::new(),
            life,
        }
    }

    #[test]
    fn a_key_is_asked_once_and_lives_come_first() {
        let mut bells = Bells::default();
        assert_eq!(bells.fresh(Vec::new()), Some(Vec::new()), "the opening itself is told");
        assert_eq!(bells.fresh(Vec::new()), None);
        let both = vec![alarm("a", false), alarm("b", true)];
        assert_eq!(bells.fresh(both.clone()).map(|keys| keys.len()), Some(2));
        assert_eq!(bells.fresh(both), None);
        let rang = bells.rang(&["a".to_owned(), "b".to_owned()]);
        assert_eq!(line(&rang, true), "EXERCISE B  and 1 more");
        assert!(bells.rang(&["a".to_owned()]).is_empty());
    }

    #[test]
    fn lives_break_the_quiet_and_nothing_else_does() {
        let (chore, life) = (alarm("a", false), alarm("b", true));
        assert!(sounds(std::slice::from_ref(&chore), true, false));
        assert!(!sounds(std::slice::from_ref(&chore), true, true));
        assert!(sounds(&[chore.clone(), life.clone()], true, true));
        assert!(!sounds(&[chore, life], false, false) && !sounds(&[], true, false));
    }
}
