//! A directory as a channel: one file a message, for whatever picks files up there. Writes nothing itself.

use std::path::PathBuf;

use serde::Serialize;

use crate::backends::adapter::{Adapter, Outgoing};
use crate::backends::job::{Job, Probe, Put};
use crate::backends::kinds::{Kind, Place};
use crate::backends::settings::{Key, Keys};
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::words::Family;

pub const KIND: Kind = Kind {
    name: "file",
    family: Family::Notification,
    place: Place::Here,
    doc: "Puts each message as one JSON file into a directory of this host, whole or not at all, named by its key.",
    example: r#"[[notification]]
name = "letters"
kind = "file"
path = "/var/spool/warroom/letters"    # KEY.json: id, audience, channel, round, subject, text, recipients, incident, title
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[Key { name: "path", meaning: "The directory, as a whole path; required.", default: "" }];

struct File {
    directory: PathBuf,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let directory = PathBuf::from(keys.needed("path")?);
    if !directory.is_absolute() {
        return Err(keys.problem("path", "expected a whole path, such as \"/var/spool/warroom\""));
    }
    if source.token.is_some() {
        return Err(keys.problem("token", "a directory wants none"));
    }
    Ok(Box::new(File { directory }))
}

#[derive(Serialize)]
struct Sheet<'a> {
    id: &'a str,
    audience: &'a str,
    channel: &'a str,
    round: &'a str,
    subject: &'a str,
    text: &'a str,
    recipients: &'a [String],
    incident: &'a str,
    title: &'a str,
}

impl Adapter for File {
    fn family(&self) -> Family {
        Family::Notification
    }

    fn send(&self, message: &Outgoing, key: &str, _now: Instant) -> Result<Job, String> {
        let sheet = Sheet {
            id: key,
            audience: &message.audience,
            channel: &message.channel,
            round: message.round.as_str(),
            subject: &message.subject,
            text: &message.text,
            recipients: &message.recipients,
            incident: &message.incident,
            title: &message.title,
        };
        let text = serde_json::to_string_pretty(&sheet).map_err(|e| e.to_string())?;
        Ok(Job::File(Put { directory: self.directory.clone(), name: format!("{key}.json"), text: format!("{text}\n") }))
    }

    fn probe(&self) -> Option<Probe> {
        Some(Probe::Directory(self.directory.clone()))
    }
}
