//! An agency rule and the words that rules use: who must be told, when, and what says so. Data only: `rulebook` reads and
//! evaluates it.

use chrono::{NaiveDate, NaiveTime, Weekday};
use serde::{Serialize, Serializer};

use super::words::Way;

/// One rule of the rulebook. It is an aid, not legal advice.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rule {
    pub id: String,
    pub jurisdiction: String,
    pub agency: String,
    /// At most 14 columns for the pane; the agency's name where absent.
    pub short: Option<String>,
    pub title: String,
    /// Kinds of organisation that it concerns; `any` concerns all.
    pub applies_to: Vec<String>,
    /// The trigger in plain words.
    pub trigger: String,
    /// The trigger over facts: `&& || ! ( )` and `== != >= > <= <` on integers and booleans.
    pub when: String,
    /// The clock that the first stage runs from.
    pub clock: String,
    /// The zone in which the agency counts days.
    pub timezone: String,
    /// The calendar by which its business days are counted.
    pub calendar: Option<String>,
    pub stages: Vec<Stage>,
    /// Rules with the same value make one filing in one incident; a rule without one is its own.
    pub merge: Option<String>,
    pub method: String,
    pub content: Vec<String>,
    /// What confirms a filing: a receipt number, an answering voice.
    pub confirmed_by: String,
    /// How a filing is taken back.
    pub withdraw: String,
    /// What people get wrong about the time.
    pub calendar_note: String,
    pub note: String,
    /// What is worth saying where it does not fire.
    pub if_not: String,
    pub citation: String,
    /// The day on which the text was last looked at, `2026-10-01`.
    pub as_of: String,
    /// What was read for it.
    pub basis: Option<Basis>,
    pub in_force: InForce,
    /// First day on which it binds. None: not researched.
    pub effective: Option<NaiveDate>,
    /// What is known of that day where it was not researched.
    pub effective_note: String,
    /// Last day on which it bound. None: it still does, or, where `in_force` is false, not researched.
    pub until: Option<NaiveDate>,
    pub voluntary: bool,
    /// What is filed is presumed confidential: it stays out of what others may read.
    pub confidential: bool,
    pub confidence: Confidence,
}

/// How a stage names an earlier stage as its clock.
pub const STAGE: &str = "stage:";

/// The jurisdiction of a rule that stands in a contract.
pub const CONTRACT: &str = "contract";

impl Rule {
    /// The clocks that its stages run from, each once.
    pub fn clock_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = vec![self.clock.as_str()];
        let after = self.stages.iter().map(|s| s.after.as_str());
        let second = self.stages.iter().filter_map(|s| s.not_after.as_ref()).map(|l| l.after.as_str());
        for name in after.chain(second).filter(|name| !name.starts_with(STAGE)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Whether it is law in one of these places: `EU`; with `US-CA` goes the law of `US`, and the other way. A contract is law
    /// everywhere, and no place named means all of them.
    pub fn within(&self, places: &[String]) -> bool {
        let part =
            |of: &str, whole: &str| of.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        let its = self.jurisdiction.as_str();
        places.is_empty() || its == CONTRACT || places.iter().any(|place| part(its, place) || part(place, its))
    }

    /// Rules of one group are answered by one filing.
    pub fn group(&self) -> &str {
        self.merge.as_deref().unwrap_or(&self.id)
    }

    /// What its notes say, as one text.
    pub fn notes(&self) -> String {
        let notes = [self.calendar_note.as_str(), &self.note, &self.effective_note];
        notes.into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// One thing that must reach an agency, counted from a clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stage {
    pub id: String,
    pub name: String,
    /// A clock, or `stage:ID`: the instant at which that stage was filed.
    pub after: String,
    pub amount: Option<u32>,
    pub unit: Unit,
    /// The wall-clock time on the due day in the rule's zone; the day's last second where absent. For units of days.
    pub at_local: Option<NaiveTime>,
    /// A second limit; the earlier of the two governs.
    pub not_after: Option<Limit>,
    pub repeat: Option<Repeat>,
    /// It is due only when this happens: a request of the authority.
    pub on: Option<String>,
    /// A further condition over facts for this stage.
    pub only_if: Option<String>,
    /// If this stage goes to somebody other than the agency.
    pub to: Option<String>,
    /// A waiting time, not only a deadline: until then they may not be told.
    pub holds: bool,
    /// It goes to many, each of whom is told in these ways. Empty: it is one filing.
    pub each: Vec<Way>,
    pub note: String,
}

/// A second limit of a stage.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    pub after: String,
    pub amount: u32,
    pub unit: Unit,
}

/// Updates that come again until a clock is set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Repeat {
    /// The clock that ends it.
    pub until: String,
    /// From one update to the next. None: whenever `on` happens.
    pub every: Option<u32>,
    pub unit: Option<Unit>,
    /// The event that makes the next one due.
    pub on: Option<String>,
    /// After so many hours from the stage's clock the pace changes to `then_every`, in the same unit.
    pub for_hours: Option<u32>,
    pub then_every: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Elapsed time; no weekend, holiday or daylight saving changes it.
    Minutes,
    Hours,
    /// The date of the clock in the rule's zone, plus N.
    CalendarDays,
    /// N business days of the rule's calendar after that date.
    BusinessDays,
    /// The same day N months later, or the last day of that month.
    Months,
    /// No number in the law: due at once, its age counts up, never overdue by a number.
    #[default]
    Asap,
}

/// What the researcher knew of its force on the day `as_of`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InForce {
    #[default]
    Yes,
    No,
    /// Made and not yet binding.
    Pending,
}

impl Serialize for InForce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            InForce::Yes => serializer.serialize_bool(true),
            InForce::No => serializer.serialize_bool(false),
            InForce::Pending => serializer.serialize_str("pending"),
        }
    }
}

/// What was read for a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The rule, or the authority's own page or summary.
    Text,
    /// Law firms, press, official mentions.
    Secondary,
    /// General knowledge, not read again.
    Recall,
}

impl Basis {
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Text => "text",
            Basis::Secondary => "secondary",
            Basis::Recall => "recall",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    High,
    Medium,
    #[default]
    Low,
}

impl Confidence {
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        }
    }
}

/// A kind of organisation and what it means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kind {
    pub name: String,
    pub meaning: String,
}

/// An instant that a stage may run from. Which it is in an incident, a person says, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clock {
    pub name: String,
    pub meaning: String,
    /// A clock of knowing: if the facts were short of the threshold then, it may be read as starting when that was met.
    pub or_reportable: bool,
}

/// A fact that expressions may name. Its value is an incident's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FactWord {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: FactKind,
    pub meaning: String,
    pub grows: Option<Grows>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    Integer,
    Boolean,
}

/// How a fact grows by itself while the outage is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grows {
    /// One a minute.
    Minutes,
    /// The value of that fact, every minute.
    By(String),
}

impl Serialize for Grows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Grows::Minutes => serializer.serialize_str("minutes"),
            Grows::By(fact) => serializer.serialize_str(fact),
        }
    }
}

/// The business days of an authority.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calendar {
    pub id: String,
    pub timezone: String,
    /// Weekdays on which it does not work.
    pub weekend: Vec<Weekday>,
    pub holidays: Vec<NaiveDate>,
    pub note: String,
}

/// Rules, and the words that they use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub rules: Vec<Rule>,
    pub kinds: Vec<Kind>,
    pub clocks: Vec<Clock>,
    pub facts: Vec<FactWord>,
    pub calendars: Vec<Calendar>,
}

impl Rules {
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id == id)
    }

    /// The same without the rules: what other rules may use.
    pub fn words(&self) -> Rules {
        Rules {
            rules: Vec::new(),
            kinds: self.kinds.clone(),
            clocks: self.clocks.clone(),
            facts: self.facts.clone(),
            calendars: self.calendars.clone(),
        }
    }

    pub fn clock(&self, name: &str) -> Option<&Clock> {
        self.clocks.iter().find(|c| c.name == name)
    }

    pub fn fact(&self, name: &str) -> Option<&FactWord> {
        self.facts.iter().find(|f| f.name == name)
    }

    pub fn calendar(&self, id: &str) -> Option<&Calendar> {
        self.calendars.iter().find(|c| c.id == id)
    }
}

impl From<Vec<Rule>> for Rules {
    fn from(rules: Vec<Rule>) -> Rules {
        Rules { rules, ..Rules::default() }
    }
}
