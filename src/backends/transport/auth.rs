//! Turning a secret into headers. The only place where a secret meets a request; nothing here is printed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use super::secret::Secret;
use crate::backends::response::Response;
use crate::backends::{Class, Failure};
use crate::config::SourceConfig;
use crate::incident::Instant;

/// How a kind of backend wants its token, where the configuration names neither a user nor a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `Authorization: ` and this and the token.
    Prefix(&'static str),
    /// The token is a key: `Webhook-Signature` over id, time and body (Standard Webhooks).
    Signature,
}

/// The headers that carry the credential, marked as sensitive.
pub fn headers(
    source: &SourceConfig,
    scheme: Scheme,
    secret: &Secret,
    id: &str,
    body: &[u8],
    now: Instant,
) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    let token = secret.reveal();
    match (scheme, &source.user, &source.token_header) {
        (Scheme::Signature, _, _) => {
            let at = now.timestamp();
            headers.insert("webhook-id", value(id)?);
            headers.insert("webhook-timestamp", value(&at.to_string())?);
            headers.insert("webhook-signature", sensitive(&signature(token, id, at, body)?)?);
        }
        (_, Some(user), _) => {
            let pair = STANDARD.encode(format!("{user}:{token}"));
            headers.insert(AUTHORIZATION, sensitive(&format!("Basic {pair}"))?);
        }
        (_, None, Some(name)) => {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Failure::before(Class::Setup, "token_header is not a header's name"))?;
            headers.insert(name, sensitive(token)?);
        }
        (Scheme::Bearer, None, None) => {
            headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {token}"))?);
        }
        (Scheme::Prefix(prefix), None, None) => {
            headers.insert(AUTHORIZATION, sensitive(&format!("{prefix}{token}"))?);
        }
    }
    Ok(headers)
}

/// `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. A key that begins with `whsec_` is base64 itself.
fn signature(key: &str, id: &str, at: i64, body: &[u8]) -> Result<String, Failure> {
    let unusable = || Failure::before(Class::Setup, "the key after whsec_ is not base64");
    let key = match key.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| unusable())?,
        None => key.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| unusable())?;
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// An answer without the credential that it repeats.
pub fn hidden(mut answer: Response, source: &SourceConfig, secret: &Secret) -> Response {
    let token = secret.reveal();
    let pair = source.user.as_ref().map(|user| STANDARD.encode(format!("{user}:{token}")));
    for secret in [Some(token), pair.as_deref()].into_iter().flatten() {
        if let Some(body) = without(&answer.body, secret.as_bytes()) {
            answer.body = body;
        }
        if let Some(kind) = without(answer.content_type.as_bytes(), secret.to_ascii_lowercase().as_bytes()) {
            answer.content_type = String::from_utf8_lossy(&kind).into_owned();
        }
    }
    answer
}

/// The bytes with something else in the place of `what`; None where it does not occur. A word too short to be a secret
/// would tear honest answers.
fn without(bytes: &[u8], what: &[u8]) -> Option<Vec<u8>> {
    const SHORTEST: usize = 6;
    let first = what.first().filter(|_| what.len() >= SHORTEST)?;
    let mut out = Vec::new();
    let (mut rest, mut found) = (bytes, false);
    while let Some(at) = rest.iter().position(|b| b == first) {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        match after.strip_prefix(what) {
            Some(after) => {
                out.extend_from_slice(b"[credential]");
                (rest, found) = (after, true);
            }
            None => {
                out.push(*first);
                rest = after.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    found.then_some(out)
}

fn sensitive(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Failure::before(Class::Setup, "the token holds a character that a header cannot hold"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text)
        .map_err(|_| Failure::before(Class::Setup, "the key of the message cannot stand in a header"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_comes_back_is_hidden() {
        let said = |body: &str, secret: &str| without(body.as_bytes(), secret.as_bytes()).map(String::from_utf8);
        assert_eq!(
            said("a tok: token-1 token-1.", "token-1"),
            Some(Ok("a tok: [credential] [credential].".to_owned()))
        );
        assert_eq!(said("nothing", "token-1"), None);
        assert_eq!(said("an a", "a"), None);
    }

    #[test]
    fn signs_as_the_published_example() {
        // The example of the Standard Webhooks libraries.
        let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
