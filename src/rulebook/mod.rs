//! Agency rules: TOML beside the code that reads and evaluates them. An aid, not legal advice; never files anything.

pub mod deadline;
pub mod evaluate;
pub mod example;
pub mod expression;
pub mod forecast;
pub mod growth;
pub mod judge;
pub mod keys;
pub mod names;
pub mod read;
pub mod reasons;
pub mod stage;

pub use deadline::Due;
pub use evaluate::{Binding, Evaluation, FactValue, Known, State, evaluate};
pub use growth::{Growth, Series};
pub use stage::StageDue;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::config::{Problem, file};
use crate::incident::rule::Rules;

/// A part of the rulebook that comes with the program.
pub struct BuiltIn {
    pub name: &'static str,
    pub text: &'static str,
}

macro_rules! part {
    ($name:literal) => {
        BuiltIn { name: $name, text: include_str!(concat!("rules/", $name, ".toml")) }
    };
}

/// The words come first: the rules use them.
const WORDS: &[BuiltIn] = &[part!("words"), part!("calendars")];

pub const BUILT_IN: &[BuiltIn] = &[
    part!("us-emergency"),
    part!("us-outages"),
    part!("us-finance"),
    part!("us-security"),
    part!("us-data"),
    part!("canada"),
    part!("europe"),
    part!("united-kingdom"),
    part!("australia"),
    part!("asia"),
];

struct Book {
    /// Without rules.
    words: Rules,
    rules: Result<Rules, Vec<Problem>>,
}

/// Read once. Every test run reads it; it has no faults.
static BOOK: LazyLock<Book> = LazyLock::new(|| {
    let mut problems = Vec::new();
    let mut all = Rules::default();
    for part in WORDS.iter().chain(BUILT_IN) {
        match read::read_over(&format!("{}.toml (built in)", part.name), part.text, &all.words()) {
            Ok(more) => all = combine(all, more),
            Err(faults) => problems.extend(faults),
        }
    }
    Book { words: all.words(), rules: if problems.is_empty() { Ok(all) } else { Err(problems) } }
});

/// The rules that are part of the program.
pub fn built_in() -> Result<Rules, Vec<Problem>> {
    BOOK.rules.clone()
}

/// The rules that are part of the program, and those of `files` over them; or every fault of every file.
pub fn load(files: &[PathBuf]) -> Result<Rules, Vec<Problem>> {
    load_over(built_in()?, files)
}

/// The rules of `files` over `base`. Each file may use the words of all of them.
pub fn load_over(base: Rules, files: &[PathBuf]) -> Result<Rules, Vec<Problem>> {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    let mut words = base.words();
    for path in files {
        match file::read(path) {
            Ok(text) => {
                words = combine(words, read::words_of(&text));
                texts.push((path, text));
            }
            Err(problem) => problems.push(problem),
        }
    }
    let mut rules = base;
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in &texts {
        let file = shown(path);
        match read::read_over(&file, text, &words) {
            Ok(more) => {
                for rule in &more.rules {
                    if let Some(first) = seen.insert(rule.id.clone(), file.clone()) {
                        problems.push(twice(&file, text, &rule.id, &first));
                    }
                }
                rules = combine(rules, more);
            }
            Err(faults) => problems.extend(faults),
        }
    }
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

/// Ours gives way to one's own; which of two of one's own is meant, nobody can know.
fn twice(file: &str, text: &str, id: &str, first: &str) -> Problem {
    let names_it = |line: &str| line.trim_start().starts_with("id") && line.contains(&format!("\"{id}\""));
    Problem {
        line: text.lines().position(names_it).map(|line| line + 1),
        key: Some("rule.id".to_owned()),
        ..Problem::of(file, &format!("{id:?} is already a rule of {first}: keep one of them"))
    }
}

/// The words of files that may be faulty, or not there: what can be read of them.
pub fn words_of(files: &[PathBuf]) -> Rules {
    let texts = files.iter().filter_map(|path| file::read(path).ok());
    texts.fold(Rules::default(), |words, text| combine(words, read::words_of(&text)))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Two rulebooks as one: what `more` says takes the place of what `base` says of the same id or name, so that an
/// organisation's own reading wins over ours. How a fact grows and how a clock may be read stays where it says nothing of it.
pub fn combine(base: Rules, more: Rules) -> Rules {
    let mut more = more;
    for fact in &mut more.facts {
        let before = base.fact(&fact.name).filter(|before| before.kind == fact.kind);
        fact.grows = fact.grows.take().or_else(|| before.and_then(|before| before.grows.clone()));
    }
    for clock in &mut more.clocks {
        clock.or_reportable |= base.clock(&clock.name).is_some_and(|before| before.or_reportable);
    }
    Rules {
        rules: over(base.rules, more.rules, |r| &r.id),
        kinds: over(base.kinds, more.kinds, |k| &k.name),
        clocks: over(base.clocks, more.clocks, |c| &c.name),
        facts: over(base.facts, more.facts, |f| &f.name),
        calendars: over(base.calendars, more.calendars, |c| &c.id),
    }
}

fn over<T>(base: Vec<T>, more: Vec<T>, name: impl Fn(&T) -> &String) -> Vec<T> {
    let names: std::collections::BTreeSet<String> = more.iter().map(|item| name(item).clone()).collect();
    let kept = base.into_iter().filter(|item| !names.contains(name(item)));
    kept.chain(more).collect()
}

/// The rules as one text that reads back as the same rules: what an incident adopts.
pub fn write(rules: &Rules) -> Result<String, String> {
    use crate::incident::rule::{Calendar, FactWord, Rule};
    #[derive(serde::Serialize)]
    struct File<'a> {
        kinds: toml::Table,
        clocks: toml::Table,
        facts: &'a [FactWord],
        calendar: &'a [Calendar],
        rule: &'a [Rule],
    }
    let kinds = rules.kinds.iter().map(|k| (k.name.clone(), k.meaning.clone().into())).collect();
    let clocks = rules.clocks.iter().map(|c| {
        let meaning = ("meaning".to_owned(), c.meaning.clone().into());
        let or_reportable = ("or_reportable".to_owned(), c.or_reportable.into());
        (c.name.clone(), toml::Value::Table([meaning, or_reportable].into_iter().collect()))
    });
    let clocks = clocks.collect();
    let file = File { kinds, clocks, facts: &rules.facts, calendar: &rules.calendars, rule: &rules.rules };
    toml::to_string(&file).map_err(|error| error.to_string())
}
