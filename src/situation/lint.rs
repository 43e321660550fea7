//! What is wrong with a text before it leaves, and what to do about it. Judges words; changes none.

use super::{Situation, wording};
use crate::incident::Instant;
use crate::incident::pin::{Grounds, Outage};
use crate::incident::plan::{Audience, Channel, Lint, Plan};
use crate::incident::state::Incident;
use crate::incident::words::Round;

/// A text that may leave.
pub struct Wording<'a> {
    pub audience: &'a Audience,
    pub channel: &'a Channel,
    pub round: Round,
    pub text: &'a str,
    pub next_update: Option<Instant>,
    pub grounds: &'a Grounds,
}

/// One thing that is wrong, with what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// It may not be approved, nor leave.
    pub stops: bool,
    pub text: String,
}

/// All that is wrong, what stops it first.
pub fn findings(incident: &Incident, plan: &Plan, situation: &Situation, wording: &Wording<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut add = |stops: bool, text: String| out.push(Finding { stops, text });
    if let Some(why) = wording.channel.too_long(wording.text) {
        add(true, why);
    }
    if let Some(blank) = placeholder(wording.text) {
        add(true, format!("{blank:?} is not filled in: E edits it"));
    }
    if let Some(host) = wording.text.split_whitespace().find_map(machine) {
        add(wording.channel.public, format!("{host:?} names a machine or a ticket: say it in the readers' words"));
    }
    restoration(wording, &mut add);
    next_word(situation, wording, &mut add);
    for lint in plan.lints.iter().filter(|lint| concerns(incident, lint, wording.audience)) {
        of_playbook(incident, lint, wording.text, &mut add);
    }
    facts(incident, plan, situation, wording, &mut add);
    for fallback in &plan.fallbacks {
        if wording::names_it(wording.text, &fallback.name) && wording::broken(incident, situation, fallback) {
            add(true, format!("it offers {}, which does not work now: take it out", fallback.name));
        }
    }
    let outage = wording::outage(situation, wording.audience);
    if let Some(seen) = wording.grounds.outage.as_ref().filter(|seen| !seen.same(&outage)) {
        add(false, changed(seen, &outage));
    }
    out.sort_by_key(|finding| !finding.stops);
    out
}

/// What is down, or back, otherwise than when the words were made.
fn changed(seen: &Outage, outage: &Outage) -> String {
    if seen.back != outage.back {
        let how = if outage.back { "is back" } else { "is not back any more" };
        return format!("their service {how} since these words were written: E edits them");
    }
    let not_in = |a: &[String], b: &[String]| -> Vec<String> { a.iter().filter(|n| !b.contains(n)).cloned().collect() };
    let (new, well) = (not_in(&outage.down, &seen.down), not_in(&seen.down, &outage.down));
    let mut said: Vec<String> = Vec::new();
    if !new.is_empty() {
        said.push(format!("down since: {}", new.join(", ")));
    }
    if !well.is_empty() {
        said.push(format!("not down any more: {}", well.join(", ")));
    }
    format!("what is down is another now than in these words ({}): E edits them", said.join("; "))
}

/// What somebody meant to fill in.
fn placeholder(text: &str) -> Option<String> {
    let marks = ["{{", "}}", "{%", "TODO", "TBD", "XXX", "____", "<insert"];
    if let Some(mark) = marks.iter().find(|mark| text.contains(**mark)) {
        return Some((*mark).to_owned());
    }
    let (_, rest) = text.split_once('[')?;
    let (inside, _) = rest.split_once(']')?;
    let blank = inside.trim().is_empty() || inside.chars().all(|c| c.is_ascii_uppercase() || c == ' ' || c == '_');
    blank.then(|| format!("[{inside}]"))
}

/// A word that names a machine: an address, a name of an inner domain, `core-db-03`.
fn machine(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let lower = word.to_lowercase();
    let inner =
        [".local", ".internal", ".lan", ".corp", ".intra", ".localdomain"].iter().any(|end| lower.ends_with(end));
    let address = word.parse::<std::net::IpAddr>().is_ok();
    let parts: Vec<&str> = lower.split('-').collect();
    let numbered = match parts.as_slice() {
        [first, .., last] => {
            first.starts_with(|c: char| c.is_ascii_alphabetic())
                && (2..=4).contains(&last.len())
                && last.chars().all(|c| c.is_ascii_digit())
                && parts.iter().all(|p| !p.is_empty() && p.chars().all(|c| c.is_ascii_alphanumeric()))
        }
        _ => false,
    };
    (inner || address || numbered).then(|| word.to_owned())
}

/// The public is promised no time of repair; who plans with one has to be told it.
fn restoration(wording: &Wording<'_>, add: &mut impl FnMut(bool, String)) {
    if wording.audience.restoration && wording.round != Round::Resolution {
        let text = wording.text.to_lowercase();
        if !text.contains("restor") {
            add(
                true,
                "it does not name the expected restoration, which they plan with: \"not known yet\" is an answer"
                    .into(),
            );
        }
        return;
    }
    if !wording.channel.public {
        return;
    }
    if let Some(sentence) = wording.text.split_inclusive(['.', '!', '?', '\n', ';']).find(|s| promises_repair(s)) {
        add(true, format!("{:?} promises a time of repair to the public: take it out", sentence.trim()));
    }
}

fn promises_repair(sentence: &str) -> bool {
    let text = sentence.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let repair = any(&[
        "restored",
        "restore ",
        "restoration",
        "repaired",
        "fixed",
        "resolved",
        "back to normal",
        "be back",
        "working again",
    ]);
    let by = any(&[" by ", " within ", " before ", " until ", " in the next ", "at the latest"]);
    let time = text.contains(|c: char| c.is_ascii_digit())
        || any(&["noon", "midnight", "tonight", "tomorrow", "hour", "minute"]);
    let word = any(&["write again", "next word", "next update", "next statement", "next brief", "new words"]);
    repair && by && time && !word
}

fn next_word(situation: &Situation, wording: &Wording<'_>, add: &mut impl FnMut(bool, String)) {
    match wording.next_update {
        _ if wording.round == Round::Resolution => {}
        Some(at) if at <= situation.moment.now => {
            add(true, "the next word that it promises is due already: E, or u and the playbook's new text".into());
        }
        Some(_) if !wording.text.contains(|c: char| c.is_ascii_digit()) => {
            add(false, "it does not say when the next word comes".into());
        }
        Some(_) => {}
        None => add(false, "no next word is promised: they will not know when to look again".into()),
    }
}

fn concerns(incident: &Incident, lint: &Lint, audience: &Audience) -> bool {
    let theirs = lint.audiences.is_empty() || lint.audiences.contains(&audience.id);
    let is_down = |name: &String| {
        incident.components.iter().any(|((_, id), seen)| {
            (id == name || seen.name.eq_ignore_ascii_case(name)) && seen.state.is_some_and(|state| state.harms())
        })
    };
    theirs && (lint.down.is_empty() || lint.down.iter().any(is_down))
}

fn of_playbook(incident: &Incident, lint: &Lint, text: &str, add: &mut impl FnMut(bool, String)) {
    let text = text.to_lowercase();
    for either in lint.says.iter().filter(|either| !either.iter().any(|word| text.contains(word))) {
        add(true, format!("it does not say {}: {}", either.join(" or "), lint.fix));
    }
    if let Some(word) = lint.never.iter().find(|word| text.contains(word.as_str())) {
        add(true, format!("{word:?}: {}", lint.fix));
    }
    if let Some(fact) = &lint.fact
        && let Some(word) = lint.words.iter().find(|word| text.contains(word.as_str()))
        && incident.sure(fact).is_none_or(|fact| fact.value != true)
    {
        add(true, format!("{word:?} rests on {fact}, {}: {}", lacks(incident, fact), lint.fix));
    }
}

/// Why a text may not use a fact yet.
fn lacks(incident: &Incident, name: &str) -> String {
    match incident.fact(name) {
        None => "which nobody has stated".to_owned(),
        Some(fact) if fact.confirmed_by.is_none() => "which is not confirmed".to_owned(),
        Some(fact) if fact.value == false => "which is said not to be so".to_owned(),
        Some(_) => format!("which {} has still to clear", incident.uncleared(name).join(" and ")),
    }
}

fn facts(
    incident: &Incident,
    plan: &Plan,
    situation: &Situation,
    wording: &Wording<'_>,
    add: &mut impl FnMut(bool, String),
) {
    for name in incident.facts.keys() {
        let Some(fact) = incident.fact(name).filter(|fact| wording::holds(wording.text, &fact.value)) else { continue };
        let internal = plan.facts.iter().any(|f| f.name == *name && f.internal);
        if internal {
            add(true, format!("{} is {name}, which is not for texts: take it out", wording::shown(&fact.value)));
        } else if incident.sure(name).is_none() {
            let lacks = lacks(incident, name);
            add(true, format!("{} is {name}, {lacks}: F states it, with who confirms", wording::shown(&fact.value)));
        }
    }
    for pin in &wording.grounds.facts {
        let Some(metric) = &pin.metric else { continue };
        let Some(live) = wording::live(situation, metric).filter(|live| !live.sure) else { continue };
        let age = live.age.map_or("of unknown age".to_owned(), |s| format!("{} min old", s / 60));
        add(false, format!("{} is not exact and fresh ({age}): it may be more by now", pin.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_machine_does_and_what_does_not_does_not() {
        for word in ["core-db-03", "10.0.0.1", "mme.chi.internal,", "(hss-12)", "2001:db8::1", "MOP-17"] {
            assert!(machine(word).is_some(), "{word}");
        }
        for word in ["Wi-Fi", "911", "02:45", "5G", "data-5g", "test-call", "3,000", "24-hour", "twenty-one", "-"] {
            assert!(machine(word).is_none(), "{word}");
        }
    }

    #[test]
    fn what_is_not_filled_in_shows() {
        for text in ["call [NUMBER]", "{{ started }}", "TBD", "[ ]", "since ____"] {
            assert!(placeholder(text).is_some(), "{text}");
        }
        assert!(placeholder("down [see the list]: a, b").is_none());
    }

    #[test]
    fn a_time_of_repair_is_told_from_the_next_word() {
        for text in ["Service will be restored by 10:40.", "We expect to be back by noon", "fixed within 2 hours"] {
            assert!(promises_repair(text), "{text}");
        }
        for text in ["We write again by 10:40, when service is restored.", "We are working to restore it.", "Restored."]
        {
            assert!(!promises_repair(text), "{text}");
        }
    }
}
