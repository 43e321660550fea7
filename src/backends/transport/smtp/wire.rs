//! Lines to and from a mail server, each within a limit of time and size. Knows no command; shows no credential.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::backends::response::quote;
use crate::backends::transport::sentence::span;

/// Bytes of one whole answer.
const LARGEST: usize = 64 << 10;

/// A connection, encrypted or not.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// What the server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// Each line without its code, raw.
    pub lines: Vec<String>,
}

impl Reply {
    pub fn good(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Refused for now: a later try may go.
    pub fn for_now(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// `550 5.1.1 no such user`, shortened.
    pub fn said(&self) -> String {
        quote(format!("{} {}", self.code, self.lines.join(" ")).trim())
    }
}

pub struct Wire {
    stream: Box<dyn Duplex>,
    heard: Vec<u8>,
    /// How long one piece may take.
    pub step: Duration,
    /// What is hidden where the server repeats it.
    secrets: Vec<String>,
}

impl Wire {
    pub fn new(stream: Box<dyn Duplex>, step: Duration) -> Wire {
        Wire { stream, heard: Vec::new(), step, secrets: Vec::new() }
    }

    pub fn hide(&mut self, secret: &str) {
        // A word too short to be a secret would tear honest answers.
        const SHORTEST: usize = 6;
        if secret.len() >= SHORTEST {
            self.secrets.push(secret.to_owned());
        }
    }

    /// The stream under the lines, to be encrypted. None: the server said more than it should have before that, which
    /// somebody on the way may have put there.
    pub fn into_stream(self) -> Option<Box<dyn Duplex>> {
        self.heard.is_empty().then_some(self.stream)
    }

    /// Err: some of it may have left.
    pub async fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        let all = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        match timeout(self.step, all).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("the connection was lost: {}", error.kind())),
            Err(_) => Err(format!("the server took nothing for {}", span(self.step))),
        }
    }

    pub async fn command(&mut self, line: &str) -> Result<Reply, String> {
        self.say(format!("{line}\r\n").as_bytes()).await?;
        self.hear().await
    }

    pub async fn hear(&mut self) -> Result<Reply, String> {
        self.hear_within(self.step).await
    }

    pub async fn hear_within(&mut self, limit: Duration) -> Result<Reply, String> {
        match timeout(limit, self.reply()).await {
            Ok(reply) => reply,
            Err(_) => Err(format!("no answer within {}", span(limit))),
        }
    }

    async fn reply(&mut self) -> Result<Reply, String> {
        let mut lines = Vec::new();
        let mut size = 0;
        loop {
            let line = self.line().await?;
            size += line.len();
            let (code, rest) = line.split_at_checked(3).ok_or_else(not_smtp)?;
            let code: u16 = code.parse().map_err(|_| not_smtp())?;
            if size > LARGEST || !(200..600).contains(&code) {
                return Err(not_smtp());
            }
            let last = !rest.starts_with('-');
            let text = rest.get(1..).unwrap_or_default();
            lines.push(self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[credential]")));
            if last {
                return Ok(Reply { code, lines });
            }
        }
    }

    async fn line(&mut self) -> Result<String, String> {
        loop {
            if let Some(end) = self.heard.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.heard.len() > LARGEST {
                return Err(not_smtp());
            }
            let mut piece = [0u8; 4096];
            match self.stream.read(&mut piece).await {
                Ok(0) => return Err("the server closed the connection".to_owned()),
                Ok(n) => self.heard.extend_from_slice(piece.get(..n).unwrap_or_default()),
                Err(error) => return Err(format!("the connection was lost: {}", error.kind())),
            }
        }
    }
}

fn not_smtp() -> String {
    "it does not answer as a mail server".to_owned()
}
