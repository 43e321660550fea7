//! What to do with a redirect: within the origin at most three times, never to another origin, never down to plain http.

use reqwest::Url;

use crate::backends::{Class, Failure};

const HOPS: usize = 3;

pub enum Step {
    /// This is the answer.
    Here,
    /// Ask there; the same origin.
    To(Url),
}

/// Reads the status and `Location` of an answer from `from`, after `hops` redirects.
pub fn step(from: &Url, status: u16, location: Option<&str>, follow: bool, hops: usize) -> Result<Step, Failure> {
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(Step::Here);
    }
    // A redirect is a refusal: the request was not acted on.
    let refuse = |class, why: String| Err(Failure::before(class, why));
    let Some(to) = location.and_then(|location| from.join(location).ok()) else {
        return refuse(Class::Shape, format!("answered with a redirect to nowhere ({status})"));
    };
    let host = to.host_str().unwrap_or("nowhere");
    if from.scheme() == "https" && to.scheme() == "http" {
        return refuse(Class::Refused, format!("redirects from https to plain http at {host}; refused"));
    }
    if to.origin() != from.origin() {
        return match status {
            301 | 308 => refuse(Class::Setup, format!("moved to another site (redirects to {host}); correct the url")),
            _ => refuse(Class::Refused, format!("sign-in needed (redirects to {host})")),
        };
    }
    if !follow {
        return refuse(Class::Setup, format!("answered with a redirect to {}; correct the url", to.path()));
    }
    if hops >= HOPS {
        return refuse(Class::Shape, format!("more than {HOPS} redirects"));
    }
    Ok(Step::To(to))
}
