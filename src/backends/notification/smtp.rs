//! Mail over one's own server: one text to many, each of whom sees only themselves. Writes headers and body; opens no socket.

use lettre::Message;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use url::{Host, Url};

use crate::backends::adapter::{Adapter, Outgoing};
use crate::backends::job::{Encryption, Job, Mail, Post, Probe};
use crate::backends::kinds::{Kind, Place};
use crate::backends::settings::{Key, Keys};
use crate::backends::transport::smtp::fits;
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::words::Family;

pub const KIND: Kind = Kind {
    name: "smtp",
    family: Family::Notification,
    place: Place::Mail,
    doc: "Sends mail to the playbook's recipients, and keeps what the server said of each. \"Sent\" is the server's word: \
          it took the mail, no more.",
    example: r#"[[notification]]
name  = "mail"
kind  = "smtp"
url   = "smtp://mail.example.net:587"
from  = "Example Net incident desk <incidents@example.net>"
reply_to = "desk@example.net"          # optional
tls   = "required"                     # STARTTLS, or nothing is sent; "wrapper": TLS at once (port 465)
batch = 50                             # recipients of one transaction
user  = "warroom"
token = { env = "WARROOM_MAIL_PASSWORD" }
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[
    Key { name: "from", meaning: "The sender, with or without a name; required.", default: "" },
    Key { name: "reply_to", meaning: "Where answers go, where not to the sender.", default: "" },
    Key {
        name: "tls",
        meaning: "`required` (STARTTLS, or nothing is sent), `wrapper` (TLS at once), or `none`: only to this host itself, \
                  unless `insecure = true` stands beside it.",
        default: "\"required\"",
    },
    Key { name: "batch", meaning: "Most recipients of one transaction, 1 to 500.", default: "50" },
];

struct Smtp {
    post: Post,
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let mailbox = |key: &str, text: String| {
        let read = text.parse::<Mailbox>().ok().filter(|mailbox| fits(mailbox.email.as_ref()));
        read.ok_or_else(|| keys.problem(key, "expected an address such as \"Desk <desk@example.net>\""))
    };
    let from = mailbox("from", keys.needed("from")?)?;
    let reply_to = keys.text("reply_to")?.map(|text| mailbox("reply_to", text)).transpose()?;
    let encryption = match keys.text("tls")?.as_deref() {
        None | Some("required") => Encryption::Required,
        Some("wrapper") => Encryption::Wrapper,
        Some("none") => Encryption::None,
        Some(_) => return Err(keys.problem("tls", "expected \"required\", \"wrapper\" or \"none\"")),
    };
    let (host, port, loopback) = server(&source.url, encryption)
        .ok_or_else(|| keys.problem("url", "expected a mail server such as \"smtp://mail.example.net:587\""))?;
    if encryption == Encryption::None && !loopback && !source.insecure {
        let message = "everybody on the way to another host could read the mail and the password; \
                       use \"required\" or \"wrapper\", or say insecure = true";
        return Err(keys.problem("tls", message));
    }
    if source.token.is_some() && source.user.is_none() {
        return Err(keys.problem("token", "a mail server wants a name with it; expected user beside it"));
    }
    if source.proxy.is_some() {
        return Err(keys.problem("proxy", "mail goes through no proxy; expected none"));
    }
    let batch = keys.count("batch", 50, 1..=500)?;
    let address: &str = from.email.as_ref();
    let post = Post { host, port, encryption, from: address.to_owned(), batch };
    Ok(Box::new(Smtp { post, from, reply_to }))
}

/// Host, port, and whether it is this machine.
fn server(url: &str, encryption: Encryption) -> Option<(String, u16, bool)> {
    // Read as a web address, so that a host is a host in whatever way it is written.
    let url = Url::parse(&format!("https://{}", url.strip_prefix("smtp://")?)).ok()?;
    // The port that the web would take is what a port not written reads as.
    let port = match (url.port(), encryption) {
        (Some(port), _) => port,
        (None, Encryption::Wrapper) => 465,
        (None, Encryption::Required) => 587,
        (None, Encryption::None) => 25,
    };
    let (host, loopback) = match url.host()? {
        Host::Domain(name) => (name.to_owned(), name == "localhost" || name.ends_with(".localhost")),
        Host::Ipv4(ip) => (ip.to_string(), ip.is_loopback()),
        Host::Ipv6(ip) => (ip.to_string(), ip.is_loopback()),
    };
    Some((host, port, loopback))
}

impl Smtp {
    /// The whole mail as it goes out. The same key makes the same Message-ID: whoever gets it twice can see that.
    fn written(&self, message: &Outgoing, key: &str, now: Instant) -> Result<Vec<u8>, String> {
        let unwritable = |error: lettre::error::Error| format!("the mail cannot be written: {error}");
        let domain = self.from.email.domain();
        let mut builder = Message::builder()
            .envelope(Envelope::new(None, vec![self.from.email.clone()]).map_err(unwritable)?)
            .from(self.from.clone())
            .subject(message.subject.clone())
            .date(now.into())
            .message_id(Some(format!("<{key}@{domain}>")))
            .header(MIME_VERSION_1_0)
            .header(ContentType::TEXT_PLAIN);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        // Nobody sees who else is told. A person released it, and no holiday answer is wanted.
        for (name, value) in [("To", "undisclosed-recipients:;"), ("Auto-Submitted", "auto-generated")] {
            let name = HeaderName::new_from_ascii_str(name);
            builder =
                builder.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned()));
        }
        Ok(builder.body(message.text.clone()).map_err(unwritable)?.formatted())
    }
}

impl Adapter for Smtp {
    fn family(&self) -> Family {
        Family::Notification
    }

    fn send(&self, message: &Outgoing, key: &str, now: Instant) -> Result<Job, String> {
        if message.recipients.is_empty() {
            let (audience, channel) = (&message.audience, &message.channel);
            return Err(format!("the playbook names no recipients of {audience} over {channel}"));
        }
        let written = self.written(message, key, now)?;
        Ok(Job::Mail(Mail {
            post: self.post.clone(),
            to: message.recipients.clone(),
            message: written,
            envelope_id: key.to_owned(),
        }))
    }

    fn addressed(&self) -> bool {
        true
    }

    fn address_fault(&self, address: &str) -> Option<&'static str> {
        (!fits(address)).then_some("not an e-mail address that can be used")
    }

    fn probe(&self) -> Option<Probe> {
        Some(Probe::Mail(self.post.clone()))
    }
}
