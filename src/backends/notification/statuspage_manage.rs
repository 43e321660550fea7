//! Writes the public status page: opens one incident there for ours and updates it. Never opens a second one by itself, and
//! never touches components.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::backends::Failure;
use crate::backends::adapter::{Adapter, Outcome, Outgoing, answer_missing, outcome_by_status};
use crate::backends::job::{Job, Probe};
use crate::backends::kinds::{Kind, Place};
use crate::backends::request::{Method, Request};
use crate::backends::response::{Answer, Response, quote};
use crate::backends::settings::{Key, Keys};
use crate::backends::transport::auth::Scheme;
use crate::backends::transport::origin;
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::observation::{Observation, Receipt};
use crate::incident::words::{Delivery, Family};

pub const KIND: Kind = Kind {
    name: "statuspage-manage",
    family: Family::Notification,
    place: Place::Web,
    doc: "Posts messages as updates of one incident on a Statuspage, opening it with the first.",
    example: r#"[[notification]]
name  = "status page"
kind  = "statuspage-manage"
url   = "https://api.statuspage.io/v1"
page  = "kctbh9vrtdwd"                 # the page's id, from the manage API's own page
token = { env = "WARROOM_STATUSPAGE_KEY" }
notify = true                          # whether the page mails its subscribers
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[
    Key { name: "page", meaning: "Id of the page; required.", default: "" },
    Key { name: "notify", meaning: "Whether the page tells its subscribers of each update.", default: "true" },
];

struct Manage {
    origin: String,
    page: String,
    notify: bool,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let page = keys.needed("page")?;
    if !page.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(keys.problem("page", "expected the page's id, such as \"kctbh9vrtdwd\""));
    }
    if source.token.is_none() {
        return Err(keys.problem("token", "\"token\" is missing; the page is written with its API key"));
    }
    Ok(Box::new(Manage { origin: origin(&source.url), page, notify: keys.flag("notify", true)? }))
}

/// An incident of the page, as far as it concerns us.
#[derive(Deserialize)]
struct Theirs {
    id: String,
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    shortlink: Option<String>,
}

impl Theirs {
    fn ours(&self, key: &str) -> Option<&str> {
        self.metadata.get("warroom")?.get(key)?.as_str()
    }
}

impl Manage {
    fn path(&self, rest: &str) -> String {
        format!("/pages/{}/{rest}", self.page)
    }

    /// The open ones, however old, and the newest: what was resolved is no longer among the open ones.
    fn incidents(&self) -> Vec<Request> {
        let newest = vec![("per_page".to_owned(), "50".to_owned())];
        vec![
            Request::get(self.path("incidents/unresolved")),
            Request { query: newest, ..Request::get(self.path("incidents")) },
        ]
    }
}

impl Adapter for Manage {
    fn family(&self) -> Family {
        Family::Notification
    }

    fn scheme(&self) -> Scheme {
        Scheme::Prefix("OAuth ")
    }

    fn poll(&self, _now: Instant) -> Vec<Request> {
        Vec::new()
    }

    /// Reads lists of incidents, where an update was looked up.
    fn read(&self, answers: &[Answer], _now: Instant) -> Result<Observation, Failure> {
        let mut receipts = Vec::new();
        for answer in answers {
            let list: Vec<Theirs> = answer.as_ref().map_err(Clone::clone)?.json()?;
            receipts.extend(list.iter().filter_map(|theirs| {
                let detail = theirs.shortlink.as_deref().map_or_else(|| theirs.id.clone(), str::to_owned);
                let key = theirs.ours("key")?.to_owned();
                // It stands on the page itself: there is no better receipt.
                Some(Receipt {
                    to: None,
                    key,
                    state: Delivery::Delivered,
                    at: None,
                    detail: format!("on the page, {}", quote(&detail)),
                })
            }));
        }
        if answers.is_empty() {
            return Err(answer_missing());
        }
        Ok(Observation::of_receipts(&self.origin, receipts))
    }

    /// First it has to be known whether the page has our incident already.
    fn send(&self, _message: &Outgoing, _key: &str, _now: Instant) -> Result<Job, String> {
        Ok(Job::Ask(self.incidents()))
    }

    fn send_then(&self, answers: &[Response], message: &Outgoing, key: &str, _now: Instant) -> Result<Request, String> {
        let mut known: Vec<Theirs> = Vec::new();
        for answer in answers {
            known.extend(answer.json::<Vec<Theirs>>().map_err(|failure| failure.why)?);
        }
        // The key stands in what is written, so that a lost answer can be looked up.
        let mut incident = json!({
            "status": message.phase.as_str(),
            "body": message.text,
            "deliver_notifications": self.notify,
            "metadata": { "warroom": { "incident": message.incident, "key": key } },
        });
        match known.iter().find(|theirs| theirs.ours("incident") == Some(&message.incident)) {
            Some(theirs) => {
                if !theirs.id.chars().all(|c| c.is_ascii_alphanumeric()) {
                    return Err("the page names its incident in a way that no address can hold".to_owned());
                }
                let body = json!({ "incident": incident }).to_string();
                let path = self.path(&format!("incidents/{}", theirs.id));
                Ok(Request { method: Method::Patch, ..Request::post_json(path, body, key) })
            }
            None => {
                let name = if message.subject.is_empty() { &message.title } else { &message.subject };
                incident["name"] = Value::from(name.as_str());
                Ok(Request::post_json(self.path("incidents"), json!({ "incident": incident }).to_string(), key))
            }
        }
    }

    fn outcome(&self, answer: &Response) -> Outcome {
        match outcome_by_status(answer) {
            Outcome::Done { .. } => {
                let reference = answer.json::<Theirs>().map(|t| t.shortlink.unwrap_or(t.id)).unwrap_or_default();
                Outcome::Done { reference: quote(&reference) }
            }
            other @ (Outcome::Refused { .. } | Outcome::Unknown { .. }) => other,
        }
    }

    fn look_up(&self, _key: &str) -> Vec<Request> {
        self.incidents()
    }

    fn probe(&self) -> Option<Probe> {
        Some(Probe::Http(Request::get(format!("/pages/{}", self.page))))
    }

    fn probed(&self, answer: &Response) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Page {
            name: String,
        }
        answer.json::<Page>().map(|page| format!("may read the page \"{}\", nothing posted", quote(&page.name)))
    }
}
