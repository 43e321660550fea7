//! Why a request or a poll failed, in a sentence and a class. Never holds a URL's query, userinfo or a secret.

/// How a failure is met: what the schedule does, and whether it can mend itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// No usable connection, or it broke: back off.
    Network,
    /// 408, 420, 425, 429, 5xx: back off, at least as long as asked.
    Busy,
    /// 401, 403, a sign-in page in the way: failing at once, asked slowly.
    Refused,
    /// 404, 410: asked slowly.
    NotFound,
    /// The certificate or the handshake: asked slowly.
    Tls,
    /// The answer is not what this backend answers: asked slowly.
    Shape,
    /// Our own configuration: a variable that is not set, a file that is not there.
    Setup,
}

/// A failed request or poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub class: Class,
    /// A sentence without its full stop. May quote the backend: raw, gated where it is shown.
    pub why: String,
    /// Seconds that the backend asked us to wait, at most [`super::transport::retry_after::CAP`].
    pub retry_after: Option<u64>,
    /// Whether the backend may have acted on the request. False where no byte left, and where it answered with a redirect.
    pub reached: bool,
}

impl Failure {
    /// A failure that is no question of delivery: the request may have reached the backend.
    pub fn new(class: Class, why: impl Into<String>) -> Failure {
        Failure { class, why: why.into(), retry_after: None, reached: true }
    }

    /// A failure before any byte of the request left.
    pub fn before(class: Class, why: impl Into<String>) -> Failure {
        Failure { reached: false, ..Failure::new(class, why) }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Failure {}
