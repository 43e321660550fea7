//! A Slack channel: one post a message, and a look at the channel's history where the answer was lost. Formats nothing.

use serde::Deserialize;
use serde_json::json;

use crate::backends::adapter::{Adapter, Outcome, Outgoing, answer_missing, outcome_by_status};
use crate::backends::job::{Job, Probe};
use crate::backends::kinds::{Kind, Place};
use crate::backends::request::Request;
use crate::backends::response::{Answer, Response, quote};
use crate::backends::settings::{Key, Keys};
use crate::backends::transport::origin;
use crate::backends::{Class, Failure};
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::observation::{Observation, Receipt};
use crate::incident::words::{Delivery, Family};

pub const KIND: Kind = Kind {
    name: "slack",
    family: Family::Notification,
    place: Place::Web,
    doc: "Posts messages to one Slack channel as a bot, word for word.",
    example: r#"[[notification]]
name    = "staff chat"
kind    = "slack"
url     = "https://slack.com/api"
channel = "C0123456789"                # the channel's id; the bot is a member of it
# A bot token with chat:write, and channels:history to look up what became of a post whose answer was lost.
token   = { env = "WARROOM_SLACK_TOKEN" }
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[Key { name: "channel", meaning: "Id of the channel that is posted to; required.", default: "" }];

/// What our metadata is called in Slack.
const EVENT: &str = "warroom_message";

/// Errors of Slack's own after which the post may be there all the same.
const IN_DOUBT: &[&str] = &["internal_error", "fatal_error", "service_unavailable", "request_timeout"];

struct Slack {
    origin: String,
    channel: String,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let channel = keys.needed("channel")?;
    if !channel.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(keys.problem("channel", "expected the channel's id, such as \"C0123456789\", not its name"));
    }
    if source.token.is_none() {
        return Err(keys.problem("token", "\"token\" is missing; Slack takes posts from a bot only"));
    }
    Ok(Box::new(Slack { origin: origin(&source.url), channel }))
}

/// Slack's text knows three characters that are not themselves.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[derive(Deserialize)]
struct Said {
    ok: bool,
    #[serde(default)]
    error: String,
    #[serde(default)]
    ts: String,
    #[serde(default)]
    team: String,
    #[serde(default)]
    user: String,
}

/// What a Slack answer of status 200 says. Err: it says no, or nothing that can be read.
fn said(answer: &Response) -> Result<Said, Failure> {
    let said: Said = answer.json()?;
    if said.ok {
        return Ok(said);
    }
    let class = match said.error.as_str() {
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" | "missing_scope" => {
            Class::Refused
        }
        _ => Class::Shape,
    };
    Err(Failure::new(class, format!("Slack says no: {}", quote(&said.error))))
}

impl Adapter for Slack {
    fn family(&self) -> Family {
        Family::Notification
    }

    fn poll(&self, _now: Instant) -> Vec<Request> {
        Vec::new()
    }

    /// Reads the channel's history, where a post was looked up.
    fn read(&self, answers: &[Answer], _now: Instant) -> Result<Observation, Failure> {
        #[derive(Deserialize)]
        struct History {
            messages: Vec<serde_json::Value>,
        }
        let answer = answers.first().ok_or_else(answer_missing)?.as_ref().map_err(Clone::clone)?;
        said(answer)?;
        let history: History = answer.json()?;
        let receipts = history.messages.iter().filter_map(|post| {
            let metadata = post.get("metadata")?;
            let key = metadata.get("event_payload")?.get("key")?.as_str()?;
            let ours = metadata.get("event_type")?.as_str()? == EVENT;
            let ts = post.get("ts").and_then(|ts| ts.as_str()).unwrap_or_default();
            ours.then(|| Receipt {
                key: key.to_owned(),
                to: None,
                state: Delivery::Sent,
                at: None,
                detail: format!("seen in the channel, {}", quote(ts)),
            })
        });
        Ok(Observation::of_receipts(&self.origin, receipts.collect()))
    }

    fn send(&self, message: &Outgoing, key: &str, _now: Instant) -> Result<Job, String> {
        let post = json!({
            "channel": self.channel,
            "text": escaped(&message.text),
            // The words as they were approved: no stars into bold, no names into calls, no pictures of links.
            "mrkdwn": false,
            "parse": "none",
            "link_names": false,
            "unfurl_links": false,
            "unfurl_media": false,
            "metadata": { "event_type": EVENT, "event_payload": { "key": key } },
        });
        Ok(Job::Http(Request::post_json("/chat.postMessage", post.to_string(), key)))
    }

    fn outcome(&self, answer: &Response) -> Outcome {
        if answer.status != 200 {
            return outcome_by_status(answer);
        }
        match said(answer) {
            Ok(said) => Outcome::Done { reference: quote(&said.ts) },
            Err(failure) => match answer.json::<Said>() {
                Ok(said) if !IN_DOUBT.contains(&said.error.as_str()) => Outcome::Refused { why: failure.why },
                Ok(_) | Err(_) => Outcome::Unknown { why: failure.why },
            },
        }
    }

    fn look_up(&self, _key: &str) -> Vec<Request> {
        let query = [("channel", self.channel.as_str()), ("include_all_metadata", "true"), ("limit", "100")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        vec![Request { query, ..Request::get("/conversations.history") }]
    }

    fn probe(&self) -> Option<Probe> {
        Some(Probe::Http(Request::post_form("/auth.test", Vec::new())))
    }

    fn probed(&self, answer: &Response) -> Result<String, Failure> {
        let said = said(answer)?;
        Ok(format!("signed in to {} as {}, nothing posted", quote(&said.team), quote(&said.user)))
    }
}
