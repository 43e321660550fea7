//! Who may do what leaves the building or ends the incident, as this host's configuration says. What it does not name is open
//! to everybody who answers for it.

use std::collections::BTreeMap;

use super::command::Refusal;
use super::state::Incident;
use super::words::Role;

/// The acts that rights are given for; other names are steps of an approval or of a fact's clearing.
pub const ACTS: &[&str] = &["approve", "send", "file", "resolve"];

/// Names or roles, by act or step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rights {
    pub who: BTreeMap<String, Vec<String>>,
    /// Whether an author may approve their own words for a public text.
    pub own_text: bool,
}

impl Rights {
    /// Where the configuration cannot be read nobody can be shown to have a right.
    pub fn nobody() -> Rights {
        Rights { who: ACTS.iter().map(|act| ((*act).to_owned(), Vec::new())).collect(), own_text: false }
    }

    /// Ok, or who can. `doing`: the act in words, as "approve".
    pub fn may(&self, incident: &Incident, person: &str, act: &str, doing: &str) -> Result<(), Refusal> {
        let Some(who) = self.who.get(act) else { return Ok(()) };
        let is = |one: &String| match one.parse::<Role>() {
            Ok(role) => incident.holder(role) == Some(person),
            Err(_) => one.eq_ignore_ascii_case(person),
        };
        if who.iter().any(is) {
            return Ok(());
        }
        let names: Vec<String> = who.iter().map(|one| name(incident, one)).collect();
        let can = if names.is_empty() { "nobody here".to_owned() } else { names.join(", ") };
        Err(Refusal::new(format!("{person} may not {doing}; who can: {can}")))
    }

    /// Whether the configuration names who gives a step.
    pub fn names(&self, step: &str) -> bool {
        self.who.contains_key(step)
    }
}

/// A person, or a role with who holds it.
fn name(incident: &Incident, one: &str) -> String {
    match one.parse::<Role>() {
        Ok(role) => {
            let title = role.title().to_lowercase();
            format!("{title} ({})", incident.holder(role).unwrap_or("nobody holds it"))
        }
        Err(_) => one.to_owned(),
    }
}
