//! An HTTP answer that came whole, and its reading as JSON. A web page, an empty or a cut answer is never "nothing there".

use serde::de::DeserializeOwned;

use super::{Class, Failure};

/// The answer to one request: whole, or a failure.
pub type Answer = Result<Response, Failure>;

/// Longest piece of a backend's own words in a sentence of ours, in characters.
const QUOTE: usize = 200;

/// A whole answer, of any status.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    pub status: u16,
    /// Lower case, without parameters; empty where the server named none.
    pub content_type: String,
    /// Decompressed.
    pub body: Vec<u8>,
    /// Seconds the server asks us to wait, capped.
    pub retry_after: Option<u64>,
    /// Seconds by which the server's `Date` is ahead of our clock.
    pub skew: Option<f64>,
}

impl Response {
    /// A bare answer, for tests and replays.
    pub fn of(status: u16, content_type: &str, body: &[u8]) -> Response {
        let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Response { status, content_type, body: body.to_vec(), retry_after: None, skew: None }
    }

    /// Err unless the status is 2xx; the sentence names the status and the backend's reason.
    pub fn checked(&self) -> Result<(), Failure> {
        if (200..300).contains(&self.status) {
            return Ok(());
        }
        let (class, what) = match self.status {
            401 => (Class::Refused, "the credential was refused".to_owned()),
            403 => (Class::Refused, "not allowed with this credential".to_owned()),
            404 => (Class::NotFound, "nothing at this address".to_owned()),
            410 => (Class::NotFound, "gone for good".to_owned()),
            407 => (Class::Network, "the proxy wants a sign-in".to_owned()),
            408 | 425 => (Class::Busy, "the server did not wait for the request".to_owned()),
            420 | 429 => (Class::Busy, "too many requests".to_owned()),
            500..=599 => (Class::Busy, "the server failed".to_owned()),
            300..=399 => (Class::Shape, "answered with a redirect that is not followed".to_owned()),
            _ => (Class::Shape, "the request was refused".to_owned()),
        };
        let mut why = format!("{what} ({})", self.status);
        if let Some(reason) = self.reason() {
            why.push_str(": ");
            why.push_str(&reason);
        }
        if let Some(seconds) = self.retry_after {
            why.push_str(&format!("; asks to wait {seconds} s"));
        }
        Err(Failure { retry_after: self.retry_after, ..Failure::new(class, why) })
    }

    /// The body of a 2xx answer as JSON. Unknown keys are ignored; a doubled key that is read is an error.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        self.checked()?;
        self.json_of_any_status()
    }

    /// The body as JSON whatever the status, for backends that word their errors in their own shape.
    pub fn json_of_any_status<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::new(Class::Shape, format!("empty answer ({})", self.status)));
        }
        if let Some(title) = self.web_page() {
            return Err(Failure::new(Class::Shape, format!("answered with a web page: {title}")));
        }
        serde_json::from_slice(body).map_err(|e| {
            Failure::new(Class::Shape, format!("the answer has not the expected shape: {}", quote(&e.to_string())))
        })
    }

    /// The title of the page where HTML came instead of data.
    pub fn web_page(&self) -> Option<String> {
        let head = &self.body[..self.body.len().min(64 << 10)];
        let text = String::from_utf8_lossy(head);
        let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).to_ascii_lowercase();
        let is_page = start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head");
        let said = self.content_type == "text/html" && start.starts_with('<');
        (is_page || said).then(|| title(&text).unwrap_or_else(|| "without a title".to_owned()))
    }

    /// The backend's own words for an error: a bare JSON string, `message`, `error` (text or list), a page's title, or text.
    fn reason(&self) -> Option<String> {
        if let Some(title) = self.web_page() {
            return Some(title);
        }
        let words = match serde_json::from_slice::<serde_json::Value>(&self.body) {
            Ok(serde_json::Value::String(text)) => text,
            Ok(serde_json::Value::Object(map)) => {
                ["message", "error", "errors", "detail"].iter().find_map(|key| match map.get(*key)? {
                    serde_json::Value::String(text) => Some(text.clone()),
                    serde_json::Value::Array(list) => {
                        Some(list.iter().filter_map(|v| v.as_str()).collect::<Vec<_>>().join("; "))
                    }
                    serde_json::Value::Object(inner) => inner.get("message")?.as_str().map(str::to_owned),
                    serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => None,
                })?
            }
            Ok(_) => return None,
            Err(_) if self.content_type.starts_with("text/") => String::from_utf8_lossy(&self.body).into_owned(),
            Err(_) => return None,
        };
        let words = quote(words.trim());
        if words.is_empty() { None } else { Some(words) }
    }
}

fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower.get(open..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let words: Vec<&str> = page.get(start..end)?.split_whitespace().collect();
    if words.is_empty() { None } else { Some(quote(&words.join(" "))) }
}

/// At most [`QUOTE`] characters of outside text.
pub fn quote(text: &str) -> String {
    match text.char_indices().nth(QUOTE) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}
