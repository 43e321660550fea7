//! An agency rule: who must be told, when, and what says so. Data only: `rulebook` reads and evaluates it.

use serde::{Deserialize, Serialize};

/// One rule of the rulebook. It is an aid, not legal advice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub id: String,
    pub jurisdiction: String,
    pub agency: String,
    /// At most 14 columns for the pane; the agency's name where absent.
    #[serde(default)]
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
    #[serde(rename = "stage")]
    pub stages: Vec<Stage>,
    #[serde(default)]
    pub method: String,
    #[serde(default)]
    pub content: Vec<String>,
    /// What confirms a filing: a receipt number, an answering voice.
    #[serde(default)]
    pub confirmed_by: String,
    #[serde(default)]
    pub note: String,
    pub citation: String,
    /// The day on which the text was last looked at, `2026-10-01`.
    pub as_of: String,
    /// First day on which it binds. None: not researched.
    #[serde(default)]
    pub effective: Option<chrono::NaiveDate>,
    /// Last day on which it bound. None: it still does.
    #[serde(default)]
    pub until: Option<chrono::NaiveDate>,
    #[serde(default)]
    pub voluntary: bool,
    pub confidence: Confidence,
}

/// One thing that must reach an agency, counted from a clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub id: String,
    pub name: String,
    /// A clock, or `stage:ID`: the instant at which that stage was filed.
    pub after: String,
    #[serde(default)]
    pub amount: Option<u32>,
    pub unit: Unit,
    /// If this stage goes to somebody other than the agency.
    #[serde(default)]
    pub to: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Elapsed time; no weekend, holiday or daylight saving changes it.
    Minutes,
    Hours,
    /// The date of the clock in the rule's zone, plus N; due at 23:59:59 there.
    CalendarDays,
    /// No number in the law: due at once, its age counts up, never overdue by a number.
    Asap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    High,
    Medium,
    Low,
}

/// The rules that concern one organisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    pub rules: Vec<Rule>,
}

impl Rules {
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.id == id)
    }
}
