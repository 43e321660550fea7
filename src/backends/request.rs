//! What an adapter wants to have asked. Holds no secret: the transport adds the credential.

/// The body cap of an ordinary answer, in bytes after decompression.
pub const BODY_CAP: usize = 8 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    None,
    Form(Vec<(String, String)>),
    /// The very bytes that are sent, and signed where the backend wants a signature.
    Json(String),
}

/// One request, relative to the source's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Another base URL that the configuration names (a peer); None: the source's own.
    pub base: Option<String>,
    pub method: Method,
    /// Appended to the base URL; begins with `/`, or is empty.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Body,
    pub headers: Vec<(&'static str, String)>,
    pub accept: &'static str,
    /// Whether redirects within the same origin are followed (at most three). Never to another origin.
    pub follow: bool,
    /// Bytes after decompression above which the answer is refused.
    pub cap: usize,
    /// What a signed request is known by; the idempotency key of a message.
    pub id: String,
}

impl Request {
    pub fn get(path: impl Into<String>) -> Request {
        Request {
            base: None,
            method: Method::Get,
            path: path.into(),
            query: Vec::new(),
            body: Body::None,
            headers: Vec::new(),
            accept: "application/json",
            follow: false,
            cap: BODY_CAP,
            id: String::new(),
        }
    }

    /// A question in a form body, so that a long query fits.
    pub fn post_form(path: impl Into<String>, fields: Vec<(String, String)>) -> Request {
        Request { method: Method::Post, body: Body::Form(fields), ..Request::get(path) }
    }

    pub fn post_json(path: impl Into<String>, json: String, id: &str) -> Request {
        Request { method: Method::Post, body: Body::Json(json), id: id.to_owned(), ..Request::get(path) }
    }
}
