//! What every subcommand starts from: configuration, journal, person. Looks things up when first asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Global;
use super::edge;
use super::fail::Fail;
use crate::backends::kinds;
use crate::command::TABLE;
use crate::config::file::{self, Places};
use crate::config::read::{Ascii, Known};
use crate::config::{Config, Place, Problem};
use crate::incident::command::Actor;
use crate::incident::person::is_shared;
use crate::incident::rule::Rules;
use crate::incident::words::Family;
use crate::journal::{Access, Journal};
use crate::playbook::{self, Playbook};
use crate::room::naming::Naming;
use crate::room::pollers::Backend;
use crate::rulebook;
use crate::tui::keymap::Keymap;
use crate::tui::theme::{self, Theme};

pub struct Context {
    pub global: Global,
    pub actor: Actor,
}

impl Context {
    pub fn new(global: Global) -> Context {
        let actor = edge::actor(global.name.as_deref());
        let mut context = Context { global, actor };
        if context.is_unnamed()
            && let Some(name) = context.remembered()
        {
            context.actor.person = name;
        }
        context
    }

    /// Whether nobody said who acts, and the account does not say it either.
    pub fn is_unnamed(&self) -> bool {
        let said = self.global.name.is_some() || edge::variable("WARROOM_NAME").is_some();
        !said && is_shared(&self.actor.person)
    }

    /// Who said in a room that they sit at this terminal session.
    fn remembered(&self) -> Option<String> {
        let mut journal = Journal::open(&self.journal_path().ok()?, Access::ReadOnly).ok()?;
        journal.name(&edge::session()?).ok()?
    }

    /// What the room asks where nobody said who acts.
    pub fn naming(&self) -> Option<Naming> {
        let (account, session) = (self.actor.person.clone(), edge::session());
        self.is_unnamed().then(|| Naming { account, candidates: edge::candidates(), session })
    }

    /// The configuration; the default one where there is no file.
    pub fn config(&self) -> Result<Config, Fail> {
        let place = file::place(&Places {
            option: self.global.config.clone(),
            variable: edge::variable("WARROOM_CONFIG").map(PathBuf::from),
            xdg_config_home: edge::variable("XDG_CONFIG_HOME").map(PathBuf::from),
            home: edge::variable("HOME").map(PathBuf::from),
        });
        match file::load(&place).map_err(|problem| Fail::problems(&[problem]))? {
            Some((path, text)) => read_config(&path, &text),
            None => Ok(Config::default()),
        }
    }

    /// Where the journal is.
    pub fn journal_path(&self) -> Result<PathBuf, Fail> {
        if let Some(path) = &self.global.journal {
            return Ok(path.clone());
        }
        if let Some(path) = edge::variable("WARROOM_JOURNAL") {
            return Ok(path.into());
        }
        let base = edge::variable("XDG_STATE_HOME").map(PathBuf::from).filter(|p| p.is_absolute());
        let base = base.or_else(|| edge::variable("HOME").map(|home| Path::new(&home).join(".local/state")));
        match base {
            Some(base) => Ok(base.join("warroom/journal.db")),
            None => Err(Fail::wrong(
                "neither --journal, $WARROOM_JOURNAL, $XDG_STATE_HOME nor $HOME says where the journal is",
            )),
        }
    }

    pub fn access(&self) -> Access {
        if self.global.read_only { Access::ReadOnly } else { Access::ReadWrite }
    }

    /// The journal, open. `writes`: the command needs to.
    pub fn journal(&self, writes: bool) -> Result<Journal, Fail> {
        if writes && self.global.read_only {
            return Err(Fail::wrong("this command writes; it cannot be given --read-only"));
        }
        let path = self.journal_path()?;
        // What only reads never makes a journal.
        let access = if writes { Access::ReadWrite } else { Access::ReadOnly };
        Ok(Journal::open(&path, access)?)
    }

    /// The configured playbook, or the one named.
    pub fn playbook(&self, config: &Config, name: Option<&str>) -> Result<Playbook, Fail> {
        let name = name.unwrap_or(&config.playbook);
        playbook::find(name, &config.playbooks).map_err(|problems| Fail::problems(&problems))
    }

    /// The rules in force for a new incident: those of the places where we are answerable.
    pub fn rules(&self, config: &Config) -> Result<Rules, Fail> {
        let mut rules = rulebook::load(&config.rules).map_err(|problems| Fail::problems(&problems))?;
        let places = &config.jurisdictions;
        if let Some(none) =
            places.iter().find(|place| !rules.rules.iter().any(|rule| rule.within(&[place.to_string()])))
        {
            let known: std::collections::BTreeSet<&str> = rules.rules.iter().map(|r| r.jurisdiction.as_str()).collect();
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            let path = config.path.display();
            return Err(Fail::wrong(format!(
                "{path}, jurisdictions: {none}: no rule is of that place; known are {known}"
            )));
        }
        rules.rules.retain(|rule| rule.within(places));
        Ok(rules)
    }

    /// The same as a text, whole.
    pub fn rules_text(&self, config: &Config) -> Result<String, Fail> {
        rulebook::write(&self.rules(config)?).map_err(Fail::failed)
    }

    /// The adapters of the configured backends.
    pub fn backends(&self, config: &Config) -> Result<Vec<Backend>, Fail> {
        let file = config.path.display().to_string();
        let mut problems = Vec::new();
        let mut backends = Vec::new();
        for source in &config.sources {
            match kinds::build(source, &file) {
                Ok(adapter) => backends.push(Backend { config: source.clone(), adapter: Arc::from(adapter) }),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(backends) } else { Err(Fail::problems(&problems)) }
    }

    pub fn keymap(&self, config: &Config) -> Result<Keymap, Fail> {
        let own = config.keys.iter().map(|b| (b.command.clone(), b.keys.clone())).collect();
        Keymap::with(&own).map_err(|message| {
            let line = config.keys.first().map(|b| b.line);
            let file = config.path.display().to_string();
            Fail::problems(&[Problem { file, line, key: Some("keys".to_owned()), message }])
        })
    }

    /// The theme for this terminal.
    pub fn theme(&self, config: &Config) -> Result<Theme, Fail> {
        let no_color = edge::variable("NO_COLOR").is_some();
        let term = edge::variable("TERM").unwrap_or_default();
        let depth = theme::depth(no_color, &term, &edge::variable("COLORTERM").unwrap_or_default());
        let name = if config.theme == "default" { "dark" } else { &config.theme };
        if name.ends_with(".toml") {
            let text = file::read(Path::new(name)).map_err(|p| Fail::problems(&[p]))?;
            return Theme::read(name, &text, depth).map_err(|p| Fail::problems(&[p]));
        }
        match theme::BUILT_IN.iter().find(|(built_in, _)| *built_in == name) {
            Some((name, text)) => Theme::read(name, text, depth).map_err(|p| Fail::problems(&[p])),
            None => {
                let known: Vec<&str> = theme::BUILT_IN.iter().map(|(name, _)| *name).collect();
                Err(Fail::wrong(format!("no theme is called {name:?}: {}", known.join(", "))))
            }
        }
    }

    pub fn ascii(&self, config: &Config) -> bool {
        match config.ascii {
            Ascii::Always => true,
            Ascii::Never => false,
            Ascii::Auto => {
                let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| edge::variable(name));
                let unicode = locale.is_some_and(|l| {
                    let l = l.to_lowercase();
                    l.contains("utf-8") || l.contains("utf8")
                });
                !unicode
            }
        }
    }
}

/// Reads a configuration text with all that the program knows.
pub fn read_config(path: &Path, text: &str) -> Result<Config, Fail> {
    let families: Vec<(&str, Family)> = kinds::KINDS.iter().map(|k| (k.name, k.family)).collect();
    let adapter_keys = |family: Family, kind: &str| {
        kinds::find(kind).filter(|k| k.family == family).map(|k| k.top_keys().collect::<Vec<_>>())
    };
    let mut organisations: Vec<&str> = rulebook::names::organisations().iter().map(|k| k.name.as_str()).collect();
    let commands: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
    let mut themes: Vec<&str> = theme::BUILT_IN.iter().map(|(name, _)| *name).collect();
    themes.push("default");
    let mut known = Known {
        kinds: &families,
        adapter_keys: &adapter_keys,
        place: &|kind| kinds::find(kind).map_or(Place::Web, |k| k.place),
        organisations: &[],
        commands: &commands,
        themes: &themes,
    };
    // Kinds of organisation may be of one's own: the files of rules that the configuration names say which.
    let own = Config::load(path, text, &known).map(|config| rulebook::words_of(&config.rules)).unwrap_or_default();
    organisations.extend(own.kinds.iter().map(|k| k.name.as_str()));
    known.organisations = &organisations;
    Config::load(path, text, &known).map_err(|problems| Fail::problems(&problems))
}
