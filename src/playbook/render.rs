//! Fills a template with what is known. Strict: a name without a value stops it. Values are never expanded themselves.
//!
//! No files, no clock, no loops without end: the engine has no loader, a budget of steps, and a bound on its output.

use std::collections::BTreeMap;
use std::io;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use crate::incident::plan::Template;
use crate::text::{counting, suggest};

/// Longest text that a template may make, in bytes.
pub const LONGEST: usize = 16 * 1024;
const STEPS: u64 = 20_000;

/// What a template may say. Only what the caller knows to be so: an absent value stops the template that asks for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Words {
    /// When service was first affected, as a local clock with its zone.
    pub started: String,
    /// When this audience's own service was first affected; `started`, where it has none of its own.
    pub harmed: String,
    /// When this audience's own service came back, while that of others may not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back: Option<String>,
    pub now: String,
    /// When the next word comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_update: Option<String>,
    pub phase: String,
    pub title: String,
    pub severity: String,
    /// Names of the components that harm their users now.
    pub down: Vec<String>,
    /// Names of fallbacks that are known to work now.
    pub fallbacks: Vec<String>,
    /// Confirmed facts by name.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// When service is expected to be back, for an audience that plans with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restoration: Option<String>,
    /// What a correction corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects: Option<Corrected>,
}

/// The text that is corrected, by when it went out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Corrected {
    pub at: String,
    pub facts: Vec<CorrectedFact>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CorrectedFact {
    pub name: String,
    pub was: String,
    pub is: String,
}

/// What of the words a template asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// Names of the facts that have a value.
    pub facts: Vec<String>,
    pub fallbacks: bool,
    pub restoration: bool,
    /// What is down, or whether the audience's service is back.
    pub outage: bool,
}

/// What of `words` a template asks for; nothing where it cannot be read.
pub fn used(template: &Template, words: &Words) -> Used {
    let environment = environment();
    let Ok(compiled) = environment.template_from_str(&template.text) else { return Used::default() };
    let asked = compiled.undeclared_variables(true);
    let named = |name: &str| asked.iter().any(|a| a.split('.').next() == Some(name));
    let facts = asked.iter().filter_map(|name| name.strip_prefix("facts.")).map(|name| {
        // What follows a further dot is a part of its value.
        name.split('.').next().unwrap_or_default().to_owned()
    });
    let mut facts: Vec<String> = facts.filter(|name| words.facts.contains_key(name)).collect();
    facts.sort();
    facts.dedup();
    let outage = named("down") || named("back");
    Used { facts, fallbacks: named("fallbacks"), restoration: named("restoration"), outage }
}

/// The names of [`Words`], for checks and for help.
pub const NAMES: &[&str] = &[
    "started",
    "harmed",
    "back",
    "now",
    "next_update",
    "phase",
    "title",
    "severity",
    "down",
    "fallbacks",
    "facts",
    "restoration",
    "corrects",
];

/// The text of `template`, trimmed. The error says which line of the template stopped it, and why.
pub fn render(template: &Template, words: &Words) -> Result<String, String> {
    let environment = environment();
    let compiled = environment.template_from_str(&template.text).map_err(|error| said(&error))?;
    if let Some(absent) = absent(&compiled.undeclared_variables(true), words) {
        // Named beforehand: the engine's own error does not say which name it was. A branch not taken may ask for it.
        return rendered(&compiled, words).map_err(|error| format!("{error}: {absent}"));
    }
    rendered(&compiled, words)
}

fn rendered(compiled: &minijinja::Template<'_, '_>, words: &Words) -> Result<String, String> {
    let mut out = Bounded(Vec::new());
    match compiled.render_captured_to(Value::from(Serde(words)), &mut out) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::WriteFailure => return Err(format!("longer than {LONGEST} bytes")),
        Err(error) => return Err(said(&error)),
    }
    String::from_utf8(out.0).map(|text| text.trim().to_owned()).map_err(|_| "not UTF-8 text".to_owned())
}

/// Faults of a template that show without any values: its syntax, and names that nothing will ever give a value.
/// Each with its line in the template, from 1.
pub fn check(text: &str) -> Vec<(usize, String)> {
    let environment = environment();
    match environment.template_from_str(text) {
        Err(error) => vec![(error.line().unwrap_or(1), said(&error))],
        Ok(compiled) => {
            let mut names: Vec<String> = compiled.undeclared_variables(false).into_iter().collect();
            names.sort();
            let strange = names.iter().filter(|name| !NAMES.contains(&name.as_str()));
            strange.map(|name| (line_of(text, name), strange_name(name))).collect()
        }
    }
}

fn strange_name(name: &str) -> String {
    match suggest::nearest(name, NAMES.iter().copied()) {
        Some(near) => format!("no such name: {name}; did you mean \"{near}\"?"),
        None => format!("no such name: {name}; expected one of {}", NAMES.join(", ")),
    }
}

/// The first line where `word` stands by itself.
fn line_of(text: &str, word: &str) -> usize {
    let holds = |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|piece| piece == word);
    text.lines().position(holds).map_or(1, |at| at + 1)
}

fn absent(asked: &std::collections::HashSet<String>, words: &Words) -> Option<String> {
    let mut absent: Vec<String> = Vec::new();
    for name in asked {
        if name == "next_update" && words.next_update.is_none() {
            absent.push("when the next word comes (next_update) is not set".to_owned());
        } else if name.split('.').next() == Some("restoration") && words.restoration.is_none() {
            absent.push("the audience is not one that is told the expected restoration".to_owned());
        } else if name == "back" && words.back.is_none() {
            absent.push("the audience's service is not known to be back".to_owned());
        } else if name.split('.').next() == Some("corrects") && words.corrects.is_none() {
            absent.push("there is nothing to correct".to_owned());
        } else if let Some(fact) = name.strip_prefix("facts.")
            && !words.facts.contains_key(fact)
        {
            absent.push(format!("the fact {fact} has no confirmed value"));
        } else if !NAMES.contains(&name.split('.').next().unwrap_or_default()) {
            absent.push(strange_name(name));
        }
    }
    absent.sort();
    (!absent.is_empty()).then(|| absent.join("; "))
}

/// Nothing but a few filters: what a template cannot name it cannot do.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    // A line that holds only a block leaves no line behind. The usual marks always make a syntax.
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_fuel(Some(STEPS));
    environment.add_filter("grouped", grouped);
    environment.add_filter("join", minijinja::filters::join);
    environment.add_filter("length", minijinja::filters::length);
    environment.add_filter("first", minijinja::filters::first);
    environment.add_filter("last", minijinja::filters::last);
    environment.add_filter("lower", minijinja::filters::lower);
    environment.add_filter("upper", minijinja::filters::upper);
    environment.add_test("defined", minijinja::tests::is_defined);
    environment.add_test("undefined", minijinja::tests::is_undefined);
    environment
}

/// 125000000 as 125,000,000; what is no whole number stays as it is.
fn grouped(value: Value) -> Value {
    match i64::try_from(value.clone()) {
        Ok(number) => Value::from(counting::grouped(number)),
        Err(_) => value,
    }
}

fn said(error: &minijinja::Error) -> String {
    let what = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    match error.line() {
        Some(line) => format!("line {line} of the template: {what}"),
        None => what,
    }
}

/// Refuses what is beyond the bound, so that a runaway template ends instead of filling the memory.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::words::Round;
    use proptest::prelude::*;

    fn template(text: &str) -> Template {
        let text = text.to_owned();
        Template { round: Round::Initial, audiences: Vec::new(), channels: Vec::new(), language: String::new(), text }
    }

    fn words() -> Words {
        Words {
            started: "02:45 CST".to_owned(),
            next_update: Some("03:28 CST".to_owned()),
            down: vec!["Voice".to_owned(), "911".to_owned()],
            ..Words::default()
        }
    }

    #[test]
    fn fills_and_stops() {
        let fill = |text: &str| render(&template(text), &words());
        assert_eq!(
            fill("Since {{ started }}: {{ down|join(\", \") }}.\n"),
            Ok("Since 02:45 CST: Voice, 911.".to_owned())
        );
        assert_eq!(fill("{% if fallbacks %}x{% else %}none{% endif %}"), Ok("none".to_owned()));
        for (wrong, why) in [
            ("a\n{{ strated }}", "no such name: strated; did you mean \"started\"?"),
            ("{{ facts.users_affected }}", "the fact users_affected has no confirmed value"),
            ("{% include \"/etc/passwd\" %}", "line 1"),
            ("{{ started", "line 1"),
            ("{{ env(\"HOME\") }}", "line 1"),
            ("{{ started|safe }}", "line 1"),
        ] {
            let said = fill(wrong).unwrap_err();
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }

    #[test]
    fn a_promise_that_is_not_made_stops_the_text_that_names_it() {
        let without = Words { next_update: None, ..words() };
        let said = render(&template("We write again by {{ next_update }}."), &without).unwrap_err();
        assert!(said.contains("next_update"), "{said}");
        let guarded = "{% if next_update is defined %}By {{ next_update }}.{% else %}Done.{% endif %}";
        assert_eq!(render(&template(guarded), &without), Ok("Done.".to_owned()));
    }

    #[test]
    fn values_are_not_expanded_again() {
        let hostile = Words { title: "{{ severity }}{% for x in down %}".to_owned(), ..words() };
        assert_eq!(
            render(&template("{{ title }} <b>"), &hostile),
            Ok("{{ severity }}{% for x in down %} <b>".to_owned())
        );
    }

    #[test]
    fn output_and_work_are_bounded() {
        let long = Words { title: "x".repeat(LONGEST), ..words() };
        assert!(render(&template("{{ title }}{{ title }}"), &long).unwrap_err().contains("longer than"));
        for (grow, times) in [
            ("{% set x = x ~ x %}", 60),
            ("{% with x = x ~ x %}", 60),
            ("{% set x = x * 1000 %}", 4),
            ("{% set x = x|join(x) %}", 5),
            ("{% set x = x|upper ~ x|lower %}", 60),
        ] {
            let close = if grow.starts_with("{% with") { "{% endwith %}".repeat(times) } else { String::new() };
            let bomb = format!("{{% set x = title %}}{}{{{{ x|length }}}}{close}", grow.repeat(times));
            assert!(render(&template(&bomb), &Words { title: "x".repeat(1000), ..words() }).is_err(), "{grow}");
        }
        let many = Words { down: vec!["a".to_owned(); 1000], ..words() };
        let nested = "{% for a in down %}{% for b in down %}{% for c in down %}{% endfor %}{% endfor %}{% endfor %}";
        assert!(render(&template(nested), &many).is_err());
    }

    proptest! {
        #[test]
        fn any_template_is_filled_or_refused(text in "\\PC{0,60}|[{}%# a-z|().\"~*0-9\\[\\]-]{0,60}") {
            let _ = check(&text);
            if let Ok(out) = render(&template(&text), &words()) {
                prop_assert!(out.len() <= LONGEST);
            }
        }
    }
}
