//! What was answered last, for `If-None-Match`: a "not modified" is as good as the same answer again. Kept in memory only.

use std::collections::HashMap;
use std::sync::Mutex;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};

use super::locked;
use crate::backends::response::Response;

/// Larger answers are not kept; they are asked for whole each time.
const LARGEST: usize = 2 << 20;

/// A server's marks of one version of an answer.
pub struct Marks {
    pub etag: Option<HeaderValue>,
    pub modified: Option<HeaderValue>,
}

#[derive(Default)]
pub struct Kept {
    /// By source, since two sources may see one URL with different rights.
    answers: Mutex<HashMap<(String, String), (Marks, Response)>>,
}

impl Kept {
    /// Adds the conditions to a request, where there is an answer to fall back to.
    pub fn ask(&self, source: &str, url: &Url, headers: &mut HeaderMap) {
        if let Some((marks, _)) = locked(&self.answers).get(&key(source, url)) {
            if let Some(etag) = &marks.etag {
                headers.insert(IF_NONE_MATCH, etag.clone());
            }
            if let Some(modified) = &marks.modified {
                headers.insert(IF_MODIFIED_SINCE, modified.clone());
            }
        }
    }

    pub fn get(&self, source: &str, url: &Url) -> Option<Response> {
        locked(&self.answers).get(&key(source, url)).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer that has marks; forgets the earlier one in any case.
    pub fn put(&self, source: &str, url: &Url, marks: Marks, answer: &Response) {
        let mut answers = locked(&self.answers);
        answers.remove(&key(source, url));
        if (marks.etag.is_some() || marks.modified.is_some()) && answer.body.len() <= LARGEST {
            answers.insert(key(source, url), (marks, answer.clone()));
        }
    }
}

fn key(source: &str, url: &Url) -> (String, String) {
    (source.to_owned(), url.as_str().to_owned())
}
