//! A scenario: what the outside world was like at every instant of a replay, and what people did before it opens.
//!
//! Data and pure queries only: reads no clock and no file, does no IO, and answers for any instant without failing.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::incident::Instant;
use crate::incident::words::{ComponentState, Delivery, Phase, Role, Round, Severity};

/// The schema that this warroom reads.
pub const SCHEMA: &str = "warroom-scenario/1";

/// A task that begins so is the playbook's own, by its id there: `plan:what-changed`.
pub const PLANNED: &str = "plan:";

/// A whole scenario, read and checked (see [`Scenario::read`](super::read)).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    pub schema: String,
    pub id: String,
    pub incident: Opening,
    /// Short keys for where a fact comes from.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    #[serde(default, rename = "page")]
    pub pages: Vec<Page>,
    #[serde(default, rename = "job")]
    pub jobs: Vec<Job>,
    #[serde(default)]
    pub series: Vec<Series>,
    #[serde(default, rename = "alert")]
    pub alerts: Vec<AlertPlan>,
    #[serde(default)]
    pub outbox: OutboxPlan,
    #[serde(default, rename = "fact")]
    pub facts: Vec<PublishedFact>,
    /// What was said to whom in history; for comparison, nothing is sent of it.
    #[serde(default, rename = "message")]
    pub messages: Vec<HistoricMessage>,
    #[serde(default, rename = "lesson")]
    pub lessons: Vec<Lesson>,
    #[serde(default, rename = "act")]
    pub acts: Vec<Act>,
    #[serde(default, rename = "inject")]
    pub injects: Vec<Inject>,
    /// Whom rules ask to tell one by one: as in a playbook, to which it is added.
    #[serde(default)]
    pub notify: Vec<NotifyList>,
}

/// Names with numbers, each `NAME: NUMBER`, for the rules named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyList {
    pub rules: Vec<String>,
    pub to: Vec<String>,
    #[serde(default, skip_serializing)]
    pub invented: bool,
}

/// The incident as it is declared, and the two ends of the replay.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    pub title: String,
    pub severity: Severity,
    pub timezone: String,
    pub started: Instant,
    #[serde(default)]
    pub detected: Option<Instant>,
    /// The instant of detection is not public: it was chosen so that clocks have something to run from.
    #[serde(default)]
    pub detected_assumed: bool,
    /// Who declared it in the room, and when.
    pub declared: Instant,
    pub declared_by: String,
    pub playbook: String,
    #[serde(default)]
    pub organisation: Vec<String>,
    /// Where the replay begins: all acts are before it.
    pub opens_at: Instant,
    pub ends_at: Instant,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
}

/// How exactly an instant is public.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    #[default]
    Exact,
    Approximate,
    Date,
    Unknown,
}

/// One status page.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The source's name in the configuration.
    pub name: String,
    pub id: String,
    pub title: String,
    pub url: String,
    /// The zone in which the page writes its times.
    pub timezone: String,
    /// When the page and its components were made.
    pub since: Instant,
    #[serde(default)]
    pub invented: bool,
    /// The channel whose texts it shows as they are sent in the replay.
    #[serde(default)]
    pub shows: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default, rename = "component")]
    pub components: Vec<Component>,
    #[serde(default, rename = "incident")]
    pub incidents: Vec<RemoteIncident>,
}

/// A component of a page; operational until its first state.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub group: Option<String>,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub invented: bool,
    #[serde(default, rename = "state")]
    pub states: Vec<StateChange>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateChange {
    pub from: Instant,
    pub state: ComponentState,
    #[serde(default)]
    pub estimated: bool,
    #[serde(default)]
    pub note: Option<String>,
}

/// An incident that a page tells of; it is on the page from its first update on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteIncident {
    pub id: String,
    pub name: String,
    /// The page's own word: `none`, `minor`, `major`, `critical`.
    pub impact: Impact,
    /// Ids of the page's components that it concerns.
    #[serde(default)]
    pub components: Vec<String>,
    #[serde(rename = "update")]
    pub updates: Vec<RemoteUpdate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    None,
    Minor,
    Major,
    Critical,
}

impl Impact {
    pub fn as_str(self) -> &'static str {
        match self {
            Impact::None => "none",
            Impact::Minor => "minor",
            Impact::Major => "major",
            Impact::Critical => "critical",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteUpdate {
    /// When the page published it.
    pub at: Instant,
    /// When its author says that it happened, where that is earlier.
    #[serde(default)]
    pub happened: Option<Instant>,
    pub status: Phase,
    pub body: String,
    #[serde(default)]
    pub precision: Precision,
    #[serde(default)]
    pub invented: bool,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub conflict: Option<String>,
}

/// One exporter that the metrics server scrapes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    pub name: String,
    pub instance: String,
    /// Seconds between scrapes, 1 to 3600.
    pub scrape: u32,
    /// While it does not answer, its series are gone and `up` is 0.
    #[serde(default, rename = "down")]
    pub downs: Vec<Down>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Down {
    pub from: Instant,
    pub until: Instant,
    #[serde(default)]
    pub invented: bool,
    #[serde(default)]
    pub note: Option<String>,
}

/// A metric over time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The name that facts and rules use.
    pub name: String,
    /// The metric's name on the wire.
    pub metric: String,
    /// The query as the configuration asks it.
    pub query: String,
    pub title: String,
    pub unit: String,
    pub job: String,
    /// Digits after the point, 0 to 6.
    #[serde(default)]
    pub decimals: u8,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    pub points: Vec<Point>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub at: Instant,
    pub value: f64,
    /// We made it up so that there is a curve. Never a fact.
    pub estimated: bool,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub conflict: Option<String>,
}

/// An alert, or many alike: one for each combination of the values in `each`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertPlan {
    pub name: String,
    pub severity: String,
    pub summary: String,
    pub from: Instant,
    /// None: it fires to the end.
    #[serde(default)]
    pub until: Option<Instant>,
    /// Seconds over which the many begin and end one after the other.
    #[serde(default)]
    pub over: u32,
    /// The exporter whose series it is computed from: while that is down the alert is not listed, though nothing is repaired.
    #[serde(default)]
    pub job: Option<String>,
    /// Name of an alert that keeps this one quiet while it fires.
    #[serde(default)]
    pub inhibited_by: Option<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub each: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub invented: bool,
}

/// What becomes of the messages that the demo's outbox takes, in seconds of real time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxPlan {
    #[serde(default = "one")]
    pub sent_after: u32,
    #[serde(default = "three")]
    pub delivered_after: u32,
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
}

fn one() -> u32 {
    1
}

fn three() -> u32 {
    3
}

impl Default for OutboxPlan {
    fn default() -> OutboxPlan {
        OutboxPlan { sent_after: one(), delivered_after: three(), faults: Vec::new() }
    }
}

/// A channel whose messages do not arrive.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The message's `channel`.
    pub channel: String,
    /// The state in which a message of it stays: `queued`, `sent`, `failed`, `unknown`.
    pub stays: Delivery,
    #[serde(default)]
    pub detail: String,
    #[serde(default)]
    pub invented: bool,
}

/// A fact of the public record, and where the replay must show it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedFact {
    pub id: String,
    /// Absent where the instant is not public.
    #[serde(default)]
    pub at: Option<Instant>,
    #[serde(default)]
    pub precision: Precision,
    pub text: String,
    pub source: String,
    #[serde(default)]
    pub conflict: Option<String>,
    /// The series that has `value` at `at`.
    #[serde(default)]
    pub series: Option<String>,
    #[serde(default)]
    pub value: Option<f64>,
    /// Page and component that are in `state` at `at`.
    #[serde(default)]
    pub page: Option<String>,
    #[serde(default)]
    pub component: Option<String>,
    #[serde(default)]
    pub state: Option<ComponentState>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoricMessage {
    pub audience: String,
    pub channel: String,
    /// `initial`, `update`, `resolution`.
    pub round: Round,
    /// Absent where the time is not public.
    #[serde(default)]
    pub sent_at: Option<Instant>,
    #[serde(default)]
    pub precision: Precision,
    pub subject: String,
    pub source: String,
    #[serde(default)]
    pub lesson: Option<String>,
    #[serde(default)]
    pub conflict: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    pub id: String,
    pub found: String,
    pub source: String,
}

/// Something that is said in the room at an instant of the replay.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inject {
    pub at: Instant,
    pub text: String,
    #[serde(default)]
    pub invented: bool,
    #[serde(default)]
    pub source: Option<String>,
}

/// What a person did before the replay opens.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    pub at: Instant,
    pub by: String,
    /// Not from the public record.
    #[serde(default)]
    pub invented: bool,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(rename = "do")]
    pub what: Do,
}

/// The act itself, near to the command that a person would have given. `key` names a thing for later acts to refer to;
/// a task is such a key, or `plan:` and the id of a task of the playbook.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Do {
    Note {
        text: String,
        /// When it happened, where that is before it was noted.
        #[serde(default)]
        happened: Option<Instant>,
        #[serde(default)]
        follow_up: bool,
    },
    /// A question put to the commander.
    Ask {
        proposal: String,
        #[serde(default)]
        risk: String,
    },
    Decide {
        proposal: String,
        outcome: String,
        #[serde(default)]
        refused: Vec<String>,
        #[serde(default)]
        objections: Option<String>,
        #[serde(default)]
        acts: Option<String>,
        #[serde(default)]
        check_at: Option<Instant>,
        #[serde(default)]
        reversal: Option<String>,
    },
    Severity {
        severity: Severity,
        why: String,
    },
    Phase {
        phase: Phase,
        why: String,
    },
    /// Without a holder the role stands empty.
    Role {
        role: Role,
        #[serde(default)]
        holder: Option<String>,
    },
    AddTask {
        key: String,
        title: String,
        #[serde(default)]
        team: Option<String>,
        #[serde(default)]
        owner: Option<String>,
        minutes: u32,
    },
    Assign {
        task: String,
        owner: String,
        minutes: u32,
    },
    Acknowledge {
        task: String,
        minutes: u32,
    },
    Start {
        task: String,
    },
    Block {
        task: String,
        on: String,
    },
    Finish {
        task: String,
        #[serde(default)]
        result: String,
    },
    Extend {
        task: String,
        minutes: u32,
        why: String,
    },
    AcknowledgeAlerts {
        group: String,
        count: usize,
        minutes: u32,
    },
    Draft {
        key: String,
        audience: String,
        channel: String,
        round: Round,
        text: String,
        #[serde(default)]
        next_update: Option<Instant>,
    },
    Approve {
        message: String,
    },
    /// It was sent through the outbox, and this came of it.
    Send {
        message: String,
        outcome: Outcome,
        #[serde(default)]
        detail: String,
    },
    Elsewhere {
        audience: String,
        channel: String,
        by: String,
        #[serde(default)]
        happened: Option<Instant>,
        #[serde(default)]
        proof: Option<String>,
        #[serde(default)]
        text: String,
        #[serde(default)]
        next_update: Option<Instant>,
    },
    Promise {
        text: String,
        to: String,
        due: Instant,
    },
    /// Without a value it is recorded as not known.
    Fact {
        name: String,
        #[serde(default)]
        value: serde_json::Value,
        basis: String,
        #[serde(default)]
        confirmed_by: Option<String>,
    },
    Clock {
        clock: String,
        at: Instant,
        why: String,
        #[serde(default)]
        assumed: bool,
    },
    DraftStage {
        rule: String,
        stage: String,
    },
}

/// What came of a sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Sent,
    Delivered,
    /// The answer was lost: it may have gone.
    Unknown,
    Failed,
}

/// A component at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComponentAt<'a> {
    pub component: &'a Component,
    pub state: ComponentState,
    /// When the state began; None: it was never otherwise.
    pub since: Option<Instant>,
    pub estimated: bool,
}

/// An incident of a page with what had been published of it, newest first; never without an update.
#[derive(Clone, Debug, PartialEq)]
pub struct Published<'a> {
    pub incident: &'a RemoteIncident,
    pub updates: Vec<&'a RemoteUpdate>,
}

/// A metric's value at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub value: f64,
    /// False only at a published point.
    pub estimated: bool,
}

/// An alert that fires at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Firing<'a> {
    pub plan: &'a AlertPlan,
    pub labels: BTreeMap<String, String>,
    pub starts_at: Instant,
}

impl Scenario {
    /// All components of a page, in its order. Empty for a page that there is not.
    pub fn component_states(&self, page: &str, at: Instant) -> Vec<ComponentAt<'_>> {
        let Some(page) = self.page(page) else { return Vec::new() };
        page.components.iter().map(|c| c.at(at)).collect()
    }

    /// What a page had published by then, newest incident first.
    pub fn updates(&self, page: &str, at: Instant) -> Vec<Published<'_>> {
        let Some(page) = self.page(page) else { return Vec::new() };
        let mut all: Vec<Published<'_>> = page
            .incidents
            .iter()
            .map(|incident| Published {
                incident,
                updates: incident.updates.iter().rev().filter(|u| u.at <= at).collect(),
            })
            .filter(|p| !p.updates.is_empty())
            .collect();
        all.sort_by_key(|p| std::cmp::Reverse(p.updates.first().map(|u| u.at)));
        all
    }

    /// The value of a series by its query, metric or name. None: it has no sample then, which is not zero.
    pub fn metric(&self, query: &str, at: Instant) -> Option<Sample> {
        let series = self.series(query)?;
        if self.job(&series.job).is_some_and(|job| job.is_down(at)) {
            return None;
        }
        series.at(at)
    }

    /// The series that a query means.
    pub fn series(&self, query: &str) -> Option<&Series> {
        let query = query.trim();
        let by = |f: fn(&Series) -> &str| self.series.iter().find(|s| f(s) == query);
        by(|s| &s.query).or_else(|| by(|s| &s.metric)).or_else(|| by(|s| &s.name))
    }

    /// The alerts that are listed at that instant. A resolved alert is simply not there.
    pub fn alerts(&self, at: Instant) -> Vec<Firing<'_>> {
        self.alerts.iter().flat_map(|plan| self.firing(plan, at)).collect()
    }

    fn firing<'a>(&'a self, plan: &'a AlertPlan, at: Instant) -> Vec<Firing<'a>> {
        let job = plan.job.as_deref().and_then(|name| self.job(name));
        if job.is_some_and(|job| job.is_down(at)) {
            return Vec::new();
        }
        // An exporter that came back makes its alerts fire anew.
        let back = job.and_then(|job| job.downs.iter().map(|d| d.until).filter(|until| *until <= at).max());
        let sets = plan.label_sets();
        let count = i64::try_from(sets.len()).unwrap_or(i64::MAX).max(1);
        let mut firing = Vec::new();
        for (i, labels) in (0i64..).zip(sets) {
            let later = TimeDelta::milliseconds(i64::from(plan.over) * 1000 * i / count);
            let from = plan.from.checked_add_signed(later).unwrap_or(plan.from);
            let until = plan.until.map(|until| until.checked_add_signed(later).unwrap_or(until));
            if from <= at && until.is_none_or(|until| at < until) {
                let starts_at = back.map_or(from, |back| back.max(from));
                firing.push(Firing { plan, labels, starts_at });
            }
        }
        firing
    }

    pub fn page(&self, name: &str) -> Option<&Page> {
        self.pages.iter().find(|p| p.name == name)
    }

    pub fn job(&self, name: &str) -> Option<&Job> {
        self.jobs.iter().find(|j| j.name == name)
    }

    /// Whether a series is to be announced as an estimate: any point from the opening on is one.
    pub fn is_estimated(&self, series: &Series) -> bool {
        series.points.iter().any(|p| p.estimated && p.at >= self.incident.opens_at)
    }
}

impl Component {
    fn at(&self, at: Instant) -> ComponentAt<'_> {
        match self.states.iter().rev().find(|s| s.from <= at) {
            Some(s) => ComponentAt { component: self, state: s.state, since: Some(s.from), estimated: s.estimated },
            None => ComponentAt { component: self, state: ComponentState::Operational, since: None, estimated: false },
        }
    }
}

impl Job {
    pub fn is_down(&self, at: Instant) -> bool {
        self.downs.iter().any(|d| d.from <= at && at < d.until)
    }

    /// The newest scrape not after `at`.
    pub fn scraped(&self, at: Instant) -> Instant {
        let every = i64::from(self.scrape.max(1));
        let seconds = at.timestamp();
        Instant::from_timestamp(seconds - seconds.rem_euclid(every), 0).unwrap_or(at)
    }
}

impl Series {
    /// On a straight line between points; before the first there is nothing, after the last it stays.
    fn at(&self, at: Instant) -> Option<Sample> {
        let next = self.points.iter().position(|p| p.at > at).unwrap_or(self.points.len());
        let before = self.points.get(next.checked_sub(1)?)?;
        if before.at == at {
            return Some(Sample { value: before.value, estimated: before.estimated });
        }
        let Some(after) = self.points.get(next) else {
            return Some(Sample { value: before.value, estimated: true });
        };
        let whole = (after.at - before.at).num_milliseconds().max(1) as f64;
        let part = (at - before.at).num_milliseconds() as f64 / whole;
        let scale = 10f64.powi(i32::from(self.decimals));
        let value = before.value + (after.value - before.value) * part;
        Some(Sample { value: (value * scale).round() / scale, estimated: true })
    }
}

impl AlertPlan {
    /// How many alerts alike it makes.
    pub fn count(&self) -> usize {
        self.each.values().fold(1, |n, values| n.saturating_mul(values.len()))
    }

    /// One set of labels for each combination of the values in `each`.
    fn label_sets(&self) -> Vec<BTreeMap<String, String>> {
        let mut base = self.labels.clone();
        base.insert("alertname".to_owned(), self.name.clone());
        base.insert("severity".to_owned(), self.severity.clone());
        if let Some(job) = &self.job {
            base.insert("job".to_owned(), job.clone());
        }
        self.each.iter().fold(vec![base], |sets, (label, values)| {
            sets.iter()
                .flat_map(|set| {
                    values.iter().map(move |value| {
                        let mut set = set.clone();
                        set.insert(label.clone(), value.clone());
                        set
                    })
                })
                .collect()
        })
    }
}
