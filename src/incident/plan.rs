//! The response plan for a kind of incident, as the playbook gives it. Data only: `playbook` reads it from TOML.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::rights::Rights;
use super::words::{Role, Round};
use crate::text::counting;

/// A playbook, read and checked. Empty where an incident has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub name: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub summary: String,
    /// Roles that are loud while empty, most important first.
    #[serde(default)]
    pub roles: Vec<Role>,
    #[serde(default, rename = "team")]
    pub teams: Vec<Team>,
    #[serde(default, rename = "task")]
    pub tasks: Vec<PlannedTask>,
    /// Ordered by harm: those who protect life first.
    #[serde(default, rename = "audience")]
    pub audiences: Vec<Audience>,
    #[serde(default, rename = "channel")]
    pub channels: Vec<Channel>,
    #[serde(default, rename = "recipients")]
    pub recipients: Vec<Addressed>,
    /// Who must each hear of a stage of a rule.
    #[serde(default, rename = "notify")]
    pub notify: Vec<Notify>,
    #[serde(default, rename = "template")]
    pub templates: Vec<Template>,
    /// What must be known to work before the incident is resolved.
    #[serde(default, rename = "critical")]
    pub critical: Vec<Critical>,
    #[serde(default, rename = "contact")]
    pub contacts: Vec<PlannedContact>,
    #[serde(default, rename = "fallback")]
    pub fallbacks: Vec<Fallback>,
    #[serde(default, rename = "fact")]
    pub facts: Vec<PlannedFact>,
    /// Ids of the agency rules that this kind of incident calls for; empty: all that concern the organisation.
    #[serde(default)]
    pub agencies: Vec<String>,
    /// What a text must say, or not, when: checked before it is approved.
    #[serde(default, rename = "lint")]
    pub lints: Vec<Lint>,
    /// Who may do what: of this host's configuration, not of the playbook.
    #[serde(skip)]
    pub rights: Rights,
}

/// A rule about the words of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lint {
    /// Audience ids; empty: all.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Components of which one has to be down for the rule to hold; empty: always.
    #[serde(default)]
    pub down: Vec<String>,
    /// Of each of these lists the text has to hold one of the words.
    #[serde(default)]
    pub says: Vec<Vec<String>>,
    /// The text may hold none of these.
    #[serde(default)]
    pub never: Vec<String>,
    /// A text with one of these words uses that fact: it has to be confirmed, and cleared.
    #[serde(default)]
    pub words: Vec<String>,
    #[serde(default)]
    pub fact: Option<String>,
    /// What to do about it.
    pub fix: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Team {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub duty: String,
    /// Who speaks for it.
    #[serde(default)]
    pub lead: Option<String>,
    #[serde(default)]
    pub members: Vec<String>,
}

/// A component, and the number that shows whether it works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Critical {
    /// Id or name of the component.
    pub component: String,
    /// Name of a query.
    #[serde(default)]
    pub metric: Option<String>,
    /// What the number may be at most; more is red.
    #[serde(default)]
    pub most: Option<f64>,
}

/// How a person, a team, an agency or the incident is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedContact {
    /// A person, a team's id, a rule's id, or `incident`.
    pub of: String,
    /// Another carrier, radio, landline, desk; for the incident bridge, chat, ticket.
    pub way: String,
    pub address: String,
    /// Components without which it does not work: one that is down makes it useless.
    #[serde(default)]
    pub needs: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedTask {
    pub id: String,
    pub title: String,
    /// A team's id.
    #[serde(default)]
    pub team: Option<String>,
    /// Minutes from the assignment to the check-in.
    #[serde(default = "ten")]
    pub minutes: u32,
    /// One of the first moves, lit when the room opens.
    #[serde(default)]
    pub first: bool,
}

fn ten() -> u32 {
    10
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audience {
    pub id: String,
    pub name: String,
    /// Whether lives may depend on this audience hearing: it stands before all others while untold.
    #[serde(default)]
    pub life: bool,
    /// Component ids or names whose failure harms this audience. Empty: it has no service of its own.
    #[serde(default)]
    pub components: Vec<String>,
    /// Channel ids that reach it, in the order of the grid. A channel that is not listed does not count as telling it.
    #[serde(default)]
    pub channels: Vec<String>,
    #[serde(default)]
    pub owner: Option<String>,
    /// Minutes from first harm to the first word.
    pub first_word: u32,
    /// Minutes between words after the first.
    pub cadence: u32,
    /// Minutes between words later on: from so many minutes after the start, every so many.
    #[serde(default)]
    pub later: Vec<(u32, u32)>,
    /// A reason why nothing may be said for now (fair disclosure, for example). Shown, and blocks sending.
    #[serde(default)]
    pub hold: Option<String>,
    /// Who approves a text for it after the commander, in this order: legal, pr …
    #[serde(default)]
    pub approve: Vec<String>,
    /// It answers the others' questions: it gets its words before a public text.
    #[serde(default)]
    pub front_line: bool,
    /// Whether its text has to name the expected restoration. A public text never promises one.
    #[serde(default)]
    pub restoration: bool,
    /// The language of its texts, where templates exist in several.
    #[serde(default)]
    pub language: String,
    /// What rules call it, `customers` for example: a rule's waiting time for them holds its messages back.
    #[serde(default)]
    pub known_as: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    pub id: String,
    pub name: String,
    /// At most four letters, for the grid.
    pub short: String,
    /// Name of the notification backend that carries it. None: a person posts it, and records it as sent elsewhere.
    #[serde(default)]
    pub via: Option<String>,
    /// Most that the channel takes, in what it counts.
    #[serde(default)]
    pub limit: Option<usize>,
    #[serde(default)]
    pub counts: Counts,
    /// Whether everybody can read it.
    #[serde(default)]
    pub public: bool,
    /// What stands as the subject, where the channel has one. None: the incident's title.
    #[serde(default)]
    pub subject: Option<String>,
    /// Name of the status source that is the page on which its texts appear: looked at, whether they do.
    #[serde(default)]
    pub page: Option<String>,
}

/// The addresses of an audience on a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addressed {
    pub audience: String,
    pub channel: String,
    pub to: Vec<String>,
    /// The file that they were read from, when the playbook was adopted.
    #[serde(default)]
    pub listed_in: Option<String>,
}

/// Those whom a rule asks to tell one by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Ids of the rules.
    pub rules: Vec<String>,
    pub to: Vec<Desk>,
    /// The file that they were read from, when the playbook was adopted.
    #[serde(default)]
    pub listed_in: Option<String>,
}

/// One of them: a name, and the number or address at which they are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    pub name: String,
    pub number: String,
}

/// What a channel's limit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    #[default]
    Characters,
    /// Segments of short messages: 160 or 153 characters of the GSM alphabet each, 70 or 67 where one is outside of it.
    Segments,
    /// A social post: links count 23, wide and most other characters two, Latin ones one.
    Post,
}

impl Audience {
    /// Minutes between words, so long after the start.
    pub fn cadence_at(&self, elapsed: TimeDelta) -> u32 {
        let due = self.later.iter().filter(|(from, _)| elapsed >= TimeDelta::minutes(i64::from(*from)));
        due.max_by_key(|(from, _)| *from).map_or(self.cadence, |(_, every)| *every)
    }
}

impl Channel {
    /// How much of it a text takes, and what that is a number of.
    pub fn measure(&self, text: &str) -> (usize, &'static str) {
        match self.counts {
            Counts::Characters => (text.chars().count(), "characters"),
            Counts::Segments => (counting::segments(text), "segments"),
            Counts::Post => (counting::post(text), "counted characters"),
        }
    }

    /// By how much a text is too long, in words; None: it is not.
    pub fn too_long(&self, text: &str) -> Option<String> {
        let (length, unit) = self.measure(text);
        let limit = self.limit.filter(|limit| length > *limit)?;
        Some(format!("{length} {unit}, {} takes {limit}: shorten it by {}", self.id, length - limit))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    pub round: Round,
    /// Audience ids; empty: all.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Channel ids; empty: all.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Its language; empty: the playbook's own.
    #[serde(default)]
    pub language: String,
    /// Minijinja text, strict: a name that has no value stops it.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub limits: String,
    /// Name of a query that probes it: it works while the fresh number is not 0, whoever said what.
    #[serde(default)]
    pub metric: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFact {
    pub name: String,
    #[serde(default)]
    pub meaning: String,
    #[serde(default)]
    pub unit: String,
    /// Name of the metric that gives it. None: a person states it.
    #[serde(default)]
    pub metric: Option<String>,
    /// Id or name of a component: the fact is true once that harmed its users.
    #[serde(default)]
    pub component: Option<String>,
    /// By what share the metric may move before a text with its number is overtaken.
    #[serde(default = "tenth")]
    pub tolerance: f64,
    /// Who has to clear it before a text may use it: security, legal …
    #[serde(default)]
    pub clear: Vec<String>,
    /// For us and the agencies; no text may hold it.
    #[serde(default)]
    pub internal: bool,
}

fn tenth() -> f64 {
    0.1
}

impl Plan {
    pub fn audience(&self, id: &str) -> Option<&Audience> {
        self.audiences.iter().find(|a| a.id == id)
    }

    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|c| c.id == id)
    }

    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|t| t.id == id)
    }

    /// Everybody who is addressed for an audience on a channel, once each, in the playbook's order.
    pub fn recipients(&self, audience: &str, channel: &str) -> Vec<String> {
        let lists = self.recipients.iter().filter(|r| r.audience == audience && r.channel == channel);
        let mut seen = std::collections::BTreeSet::new();
        lists.flat_map(|r| &r.to).filter(|to| seen.insert(to.as_str())).cloned().collect()
    }

    /// Everybody whom a rule asks to tell one by one, once each, in the playbook's order.
    pub fn desks(&self, rule: &str) -> Vec<&Desk> {
        let lists = self.notify.iter().filter(|n| n.rules.iter().any(|r| r == rule));
        let mut seen = std::collections::BTreeSet::new();
        lists.flat_map(|n| &n.to).filter(|desk| seen.insert(desk.name.as_str())).collect()
    }

    /// The first template that fits the round, the audience and the channel: in the audience's language, else in the
    /// playbook's own.
    pub fn template(&self, round: Round, audience: &str, channel: &str) -> Option<&Template> {
        let fits = |list: &[String], id: &str| list.is_empty() || list.iter().any(|x| x == id);
        let language = self.audience(audience).map_or("", |a| a.language.as_str());
        let fitting = |language: &str| {
            let mut all = self.templates.iter().filter(|t| t.round == round && t.language == language);
            all.find(|t| fits(&t.audiences, audience) && fits(&t.channels, channel))
        };
        fitting(language).or_else(|| fitting(""))
    }

    /// The steps of the approval of a text for an audience, in their order; the empty one is the commander's.
    pub fn steps(&self, audience: &str) -> Vec<String> {
        let more = self.audience(audience).map(|a| a.approve.as_slice()).unwrap_or_default();
        std::iter::once(String::new()).chain(more.iter().cloned()).collect()
    }
}
