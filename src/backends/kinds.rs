//! The table of adapters, one row each: what a kind is, its keys, an example, and how it is built. Holds no adapter's logic.

use super::adapter::Adapter;
use super::metrics::prometheus;
use super::notification::{alertmanager, bounces, command, file, slack, smtp, statuspage_manage, webhook};
use super::settings::Key;
use super::status::statuspage;
pub use crate::config::Place;
use crate::config::{Problem, SourceConfig};
use crate::incident::words::Family;
use crate::text::suggest;

/// An adapter, or what is wrong with its configuration.
pub type Built = Result<Box<dyn Adapter>, Problem>;

/// One kind of backend.
pub struct Kind {
    pub name: &'static str,
    pub family: Family,
    /// What its `url` is.
    pub place: Place,
    /// What it is for, in a line.
    pub doc: &'static str,
    /// A whole block of the configuration file, with comments.
    pub example: &'static str,
    /// The keys that only this kind knows.
    pub keys: &'static [Key],
    /// Builds the adapter; the second argument is the file's name for problems.
    pub build: fn(&SourceConfig, &str) -> Built,
}

/// All kinds, in the order of their families.
pub const KINDS: &[Kind] = &[
    statuspage::KIND,
    alertmanager::KIND,
    webhook::KIND,
    smtp::KIND,
    slack::KIND,
    statuspage_manage::KIND,
    command::KIND,
    file::KIND,
    bounces::KIND,
    prometheus::KIND,
];

impl Kind {
    /// The top-level keys that a configuration block of this kind may hold besides the shared ones.
    pub fn top_keys(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name).filter(|name| !name.contains('.'))
    }
}

/// The kind of that name.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Builds the adapter of a configured source. The problem names the key, its line and the nearest known word.
pub fn build(source: &SourceConfig, file: &str) -> Built {
    let problem = |message: String| {
        let line = source.settings.lines.values().min().copied();
        Err(Problem { file: file.to_owned(), line, key: Some("kind".to_owned()), message })
    };
    let of_family = || KINDS.iter().filter(|kind| kind.family == source.family).map(|kind| kind.name);
    let Some(kind) = find(&source.kind) else {
        let known: Vec<&str> = of_family().collect();
        return problem(match suggest::nearest(&source.kind, of_family()) {
            Some(near) => format!("no kind \"{}\"; did you mean \"{near}\"?", source.kind),
            None => format!("no kind \"{}\"; expected one of {}", source.kind, known.join(", ")),
        });
    };
    if kind.family != source.family {
        return problem(format!(
            "\"{}\" belongs under [[{}]], not under [[{}]]",
            kind.name, kind.family, source.family
        ));
    }
    (kind.build)(source, file)
}
