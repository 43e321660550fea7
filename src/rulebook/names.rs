//! The words of the built-in book, for whoever names them: kinds of organisation, facts. Holds no rules.

use super::BOOK;
use crate::incident::rule::{Clock, FactWord, Grows, Kind, Rules};

/// Concerns every organisation.
pub const ANY: &str = "any";

/// What an organisation can be.
pub fn organisations() -> &'static [Kind] {
    &BOOK.words.kinds
}

/// A fact that the built-in rules may name.
pub fn fact(name: &str) -> Option<&'static FactWord> {
    BOOK.words.fact(name)
}

/// A clock of `rules`, else of the built-in book: rules that an incident adopted before they carried their words use ours.
pub fn clock<'r>(rules: &'r Rules, name: &str) -> Option<&'r Clock> {
    rules.clock(name).or_else(|| BOOK.words.clock(name))
}

/// The facts that grow by themselves, of `rules` and of the built-in book.
pub fn growing(rules: &Rules) -> impl Iterator<Item = (&str, &Grows)> {
    let ours = BOOK.words.facts.iter().filter(|word| rules.fact(&word.name).is_none());
    rules.facts.iter().chain(ours).filter_map(|word| Some((word.name.as_str(), word.grows.as_ref()?)))
}
