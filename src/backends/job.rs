//! What an adapter wants done to send a message or to be looked at. Data only: the transports do it.

use std::path::PathBuf;

use super::request::Request;

/// How one message is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    Http(Request),
    /// Questions first, whose answers decide what is sent: [`super::Adapter::send_then`] makes the request of them.
    Ask(Vec<Request>),
    Mail(Mail),
    Command(Run),
    File(Put),
}

/// What shows that a backend which is only sent to would take a message, without sending one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Answered to [`super::Adapter::probed`].
    Http(Request),
    Mail(Post),
    /// A program that has to be there and to be one.
    Program(String),
    /// A directory that has to be writable.
    Directory(PathBuf),
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// `STARTTLS`, or nothing is sent.
    Required,
    /// TLS from the first byte.
    Wrapper,
    None,
}

/// The way to a mail server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// The sender's bare address.
    pub from: String,
    /// Most recipients of one transaction.
    pub batch: usize,
}

/// One mail to many, who do not see each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub post: Post,
    pub to: Vec<String>,
    /// Headers and body, with CR LF, as they go out.
    pub message: Vec<u8>,
    /// What delivery reports name it by.
    pub envelope_id: String,
}

/// What stands in a mailbox, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    pub mails: Vec<Vec<u8>>,
    /// Older mails that were too many to be read.
    pub left_out: usize,
}

/// A program that is run once. No shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Program and arguments.
    pub words: Vec<String>,
    /// On its standard input.
    pub input: String,
    /// In its environment.
    pub variables: Vec<(&'static str, String)>,
}

/// A file that comes into being whole, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    pub directory: PathBuf,
    /// Made from the key: a file that is there was written before.
    pub name: String,
    pub text: String,
}
