//! A mailbox into which delivery reports come: of each recipient, that the mail arrived or was sent back. Reads mails; opens
//! no file.

use std::path::PathBuf;

use mail_parser::{Message, MessageParser, MimeHeaders};

use crate::backends::Failure;
use crate::backends::adapter::Adapter;
use crate::backends::job::Mailbox;
use crate::backends::kinds::{Kind, Place};
use crate::backends::settings::{Key, Keys};
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::observation::{Observation, Receipt};
use crate::incident::words::{Delivery, Family, Quality};

pub const KIND: Kind = Kind {
    name: "bounces",
    family: Family::Notification,
    place: Place::Here,
    doc: "Reads the delivery reports (RFC 3464) that come back to the sender of mail, out of a Maildir of this host: who \
          has it, whose server sent it back. It moves and deletes nothing. Let only your own mail server write into it.",
    example: r#"[[notification]]
name = "mail reports"
kind = "bounces"
path = "/var/mail/incidents/Maildir"   # where mail to the `from` of your smtp channel arrives
every = "30s"
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] =
    &[Key { name: "path", meaning: "The Maildir (it holds `new` and `cur`), as a whole path; required.", default: "" }];

struct Bounces {
    folder: PathBuf,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let folder = PathBuf::from(keys.needed("path")?);
    if !folder.is_absolute() {
        return Err(keys.problem("path", "expected a whole path, such as \"/var/mail/incidents/Maildir\""));
    }
    if source.token.is_some() {
        return Err(keys.problem("token", "a directory wants none"));
    }
    Ok(Box::new(Bounces { folder }))
}

impl Adapter for Bounces {
    fn family(&self) -> Family {
        Family::Notification
    }

    fn mailbox(&self) -> Option<PathBuf> {
        Some(self.folder.clone())
    }

    fn read_mailbox(&self, mailbox: &Mailbox, _now: Instant) -> Result<Observation, Failure> {
        let receipts: Vec<Receipt> = mailbox.mails.iter().flat_map(|mail| reports(mail)).collect();
        let origin = format!("maildir:{}", self.folder.display());
        let mut seen = Observation::of_receipts(&origin, receipts);
        if mailbox.left_out > 0 {
            seen.quality = Quality::Partial;
            seen.quality_why = Some(format!("{} older mails were too many to read: move them away", mailbox.left_out));
        }
        Ok(seen)
    }
}

/// What a mail reports of our recipients; nothing where it is no report.
fn reports(mail: &[u8]) -> Vec<Receipt> {
    let Some(mail) = MessageParser::default().parse(mail) else { return Vec::new() };
    let status = mail.parts.iter().find(|part| part.is_content_type("message", "delivery-status"));
    let Some(status) = status.map(|part| String::from_utf8_lossy(part.contents()).replace("\r\n", "\n")) else {
        return Vec::new();
    };
    let mut groups = status.split("\n\n").filter(|group| !group.trim().is_empty()).map(Fields::of);
    let Some(whole) = groups.next() else { return Vec::new() };
    let Some(key) = whole.get("original-envelope-id").map(|id| plain(&id)).or_else(|| returned_id(&mail)) else {
        return Vec::new();
    };
    groups.filter_map(|group| receipt(&key, &group)).collect()
}

fn receipt(key: &str, group: &Fields) -> Option<Receipt> {
    let address = group.get("original-recipient").or_else(|| group.get("final-recipient"))?;
    let to = plain(address.split_once(';').map_or(address.as_str(), |(_, address)| address).trim());
    let state = match group.get("action")?.to_ascii_lowercase().split_whitespace().next()? {
        "delivered" => Delivery::Delivered,
        "failed" => Delivery::Failed,
        // Given on to a server that reports no more, or still being tried: no news of what became of it.
        "relayed" | "expanded" | "delayed" => Delivery::Sent,
        _ => return None,
    };
    let said = group.get("diagnostic-code").or_else(|| group.get("status")).unwrap_or_default();
    let detail = said.split_once(';').map_or(said.as_str(), |(_, said)| said).trim().chars().take(300).collect();
    Some(Receipt { key: key.to_owned(), to: Some(to), state, at: None, detail })
}

/// The key out of the Message-ID of the mail that came back, where the report itself does not name it.
fn returned_id(report: &Message<'_>) -> Option<String> {
    let returned = report
        .parts
        .iter()
        .find(|part| part.is_content_type("message", "rfc822") || part.is_content_type("text", "rfc822-headers"))?;
    let head = String::from_utf8_lossy(returned.contents()).replace("\r\n", "\n");
    let id = Fields::of(head.split("\n\n").next()?).get("message-id")?;
    let key = id.trim().trim_start_matches('<').split('@').next()?.to_owned();
    (!key.is_empty()).then_some(key)
}

/// Fields of a group: names in small letters, folded lines joined.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(group: &str) -> Fields {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in group.lines() {
            match (line.starts_with([' ', '\t']), fields.last_mut()) {
                (true, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                _ => {
                    if let Some((name, value)) = line.split_once(':') {
                        fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
                    }
                }
            }
        }
        Fields(fields)
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

/// RFC 3461's xtext read back.
fn plain(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = more.get(..2).filter(|_| *first == b'+').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = more.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
