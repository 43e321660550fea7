//! A value that people set: each setting names what it replaces, and two that replace the same are a conflict, kept and shown.

use std::collections::BTreeSet;

use super::Instant;
use super::entry::{Entry, EntryId};

/// One setting of a register.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting<T> {
    pub entry: EntryId,
    pub value: T,
    pub at: Instant,
    pub by: String,
}

/// The settings that nobody has replaced yet: none, one, or several in conflict.
#[derive(Clone, Debug, PartialEq)]
pub struct Register<T> {
    heads: Vec<Setting<T>>,
    /// The last value before the present heads; what holds while they conflict, for some registers.
    before: Option<T>,
    replaced: BTreeSet<EntryId>,
}

impl<T> Default for Register<T> {
    fn default() -> Self {
        Register { heads: Vec::new(), before: None, replaced: BTreeSet::new() }
    }
}

impl<T: Clone + PartialEq> Register<T> {
    /// Applies a setting. It takes the place of the settings that it names and of no others.
    pub fn set(&mut self, entry: &Entry, value: T, replaces: &[EntryId]) {
        self.replaced.extend(replaces.iter().copied());
        if let [only] = self.heads.as_slice()
            && replaces.contains(&only.entry)
        {
            self.before = Some(only.value.clone());
        }
        self.heads.retain(|head| !replaces.contains(&head.entry));
        if !self.replaced.contains(&entry.id) {
            self.heads.push(Setting { entry: entry.id, value, at: entry.happened, by: entry.author.person.clone() });
        }
    }

    /// What a new setting has to name as replaced.
    pub fn replaces(&self) -> Vec<EntryId> {
        self.heads.iter().map(|head| head.entry).collect()
    }

    /// All standing settings; more than one is a conflict.
    pub fn heads(&self) -> &[Setting<T>] {
        &self.heads
    }

    /// Several settings stand, and they say different things.
    pub fn conflict(&self) -> bool {
        self.heads.windows(2).any(|pair| matches!(pair, [a, b] if a.value != b.value))
    }

    /// The value, where there is no conflict.
    pub fn agreed(&self) -> Option<&T> {
        if self.conflict() { None } else { self.heads.first().map(|head| &head.value) }
    }

    /// The setting that holds, where there is no conflict.
    pub fn setting(&self) -> Option<&Setting<T>> {
        if self.conflict() { None } else { self.heads.first() }
    }

    /// The value before the present ones.
    pub fn before(&self) -> Option<&T> {
        self.before.as_ref()
    }

    /// The least standing value: the graver severity, the earlier phase.
    pub fn least(&self) -> Option<&T>
    where
        T: Ord,
    {
        self.heads.iter().map(|head| &head.value).min()
    }
}
