//! A program of this host as a channel: the text on its input, the rest in its environment. Runs nothing itself, no shell.

use crate::backends::adapter::{Adapter, Outgoing};
use crate::backends::job::{Job, Probe, Run};
use crate::backends::kinds::{Kind, Place};
use crate::backends::settings::{Key, Keys};
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::words::Family;

pub const KIND: Kind = Kind {
    name: "command",
    family: Family::Notification,
    place: Place::Here,
    doc: "Hands messages to a program of this host. Exit code 0 says sent, another that it failed; what does not end in time \
          is killed, and not known.",
    example: r#"[[notification]]
name    = "pagers"
kind    = "command"
command = ["/usr/local/bin/page-duty", "--group", "noc"]   # no shell; the text is on its standard input
timeout = "30s"
# In its environment: WARROOM_KEY (the same key never comes twice), WARROOM_AUDIENCE, WARROOM_CHANNEL, WARROOM_ROUND,
# WARROOM_SUBJECT, WARROOM_INCIDENT, WARROOM_TITLE, WARROOM_RECIPIENTS (one a line).
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[Key { name: "command", meaning: "The program and its arguments; required.", default: "" }];

struct Command {
    words: Vec<String>,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let words = keys.texts("command")?;
    if words.first().is_none_or(|program| program.trim().is_empty()) || words.iter().any(|word| word.contains('\0')) {
        return Err(keys.problem("command", "expected a list, the program and its arguments"));
    }
    if source.token.is_some() {
        return Err(keys.problem("token", "a program of this host keeps its own secrets; expected none"));
    }
    Ok(Box::new(Command { words }))
}

impl Adapter for Command {
    fn family(&self) -> Family {
        Family::Notification
    }

    fn send(&self, message: &Outgoing, key: &str, _now: Instant) -> Result<Job, String> {
        let variables = vec![
            ("WARROOM_KEY", key.to_owned()),
            ("WARROOM_AUDIENCE", message.audience.clone()),
            ("WARROOM_CHANNEL", message.channel.clone()),
            ("WARROOM_ROUND", message.round.to_string()),
            ("WARROOM_SUBJECT", message.subject.clone()),
            ("WARROOM_INCIDENT", message.incident.clone()),
            ("WARROOM_TITLE", message.title.clone()),
            ("WARROOM_RECIPIENTS", message.recipients.join("\n")),
        ];
        // An environment holds no NUL; a title may come from anywhere.
        let variables = variables.into_iter().map(|(name, value)| (name, value.replace('\0', " "))).collect();
        Ok(Job::Command(Run { words: self.words.clone(), input: message.text.clone(), variables }))
    }

    fn probe(&self) -> Option<Probe> {
        self.words.first().cloned().map(Probe::Program)
    }
}
