//! The words of the built-in book, for whoever names them: kinds of organisation, facts. Holds no rules.

use super::BOOK;
use crate::incident::rule::{Clock, FactKind, FactWord, Grows, Kind, Rules};
use crate::text::suggest;

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

/// How a clock is named that is set for one rule alone: `awareness@eu-gdpr-breach`.
pub fn own_clock(name: &str, rule: &str) -> String {
    format!("{name}@{rule}")
}

/// What is wrong with the name of a clock that somebody sets: one that no rule runs from moves nothing. After an `@` stands the
/// rule for which alone it is set.
pub fn clock_fault(rules: &Rules, name: &str) -> Option<String> {
    if let Some((clock, rule)) = name.split_once('@') {
        let Some(found) = rules.get(rule) else {
            let near = suggest::nearest(rule, rules.rules.iter().map(|r| r.id.as_str()));
            let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Some(format!("no rule is called {rule}{hint}"));
        };
        let clocks = found.clock_names();
        let listed = clocks.join(", ");
        return (!clocks.contains(&clock))
            .then(|| format!("{rule} runs from no clock called {clock}, but from {listed}"));
    }
    let known = || rules.clocks.iter().chain(&BOOK.words.clocks).map(|clock| clock.name.as_str());
    (!known().any(|known| known == name)).then(|| match suggest::nearest(name, known()) {
        Some(near) => format!("no rule runs from a clock called {name}; did you mean {near}?"),
        None => format!("no rule runs from a clock called {name}: `warroom rules ID` names them"),
    })
}

/// What is wrong with the name of a fact that somebody states: nearly one that rules or the plan ask for is a slip; another is
/// a fact of one's own. `known`: what the plan and the incident name.
pub fn fact_fault<'a>(rules: &'a Rules, known: &[&'a str], name: &str) -> Option<String> {
    let all =
        || rules.facts.iter().chain(&BOOK.words.facts).map(|fact| fact.name.as_str()).chain(known.iter().copied());
    if all().any(|known| known == name) {
        return None;
    }
    suggest::nearest(name, all()).map(|near| format!("no fact is called {name}; did you mean {near}?"))
}

/// That no rule knows a fact of that name, where nothing else could.
pub fn unknown_fault(rules: &Rules, name: &str) -> Option<String> {
    let all = || rules.facts.iter().chain(&BOOK.words.facts).map(|fact| fact.name.as_str());
    if all().any(|known| known == name) {
        return None;
    }
    let near = suggest::nearest(name, all()).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Some(format!("{name}: no rule knows such a fact{near}"))
}

/// What is wrong with a value for a fact of that name: a rule asks for true or false, or for a whole number. Not known is a value.
pub fn value_fault(rules: &Rules, name: &str, value: &serde_json::Value) -> Option<String> {
    let word = rules.fact(name).or_else(|| BOOK.words.facts.iter().find(|fact| fact.name == name))?;
    let expected = match word.kind {
        _ if value.is_null() => return None,
        FactKind::Boolean if value.is_boolean() => return None,
        FactKind::Integer if value.is_number() => return None,
        FactKind::Boolean => "true or false",
        FactKind::Integer => "a number",
    };
    Some(format!("value: {name} is {expected}; empty: not known"))
}

/// The facts that grow by themselves, of `rules` and of the built-in book.
pub fn growing(rules: &Rules) -> impl Iterator<Item = (&str, &Grows)> {
    let ours = BOOK.words.facts.iter().filter(|word| rules.fact(&word.name).is_none());
    rules.facts.iter().chain(ours).filter_map(|word| Some((word.name.as_str(), word.grows.as_ref()?)))
}
