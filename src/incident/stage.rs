//! A stage of an obligation, as far as people did something about it: drafted, filed, confirmed. Its steps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Instant;
use super::task::NoEffect;
use super::words::{StageState, Way};

/// What a filing said, by fact: what is not so any more has to be corrected.
pub type Figures = BTreeMap<String, serde_json::Value>;

/// How it was filed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct How {
    /// Portal, e-mail, telephone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// What shows that it was: a link, a file, a recording.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub proof: String,
    /// Why it was made, where no law demanded it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    #[serde(default, skip_serializing_if = "Figures::is_empty")]
    pub figures: Figures,
}

impl How {
    pub fn is_empty(&self) -> bool {
        *self == How::default()
    }
}

/// One of many recipients, as far as they were told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    pub by: BTreeMap<Way, Mark>,
}

/// That somebody was told in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: Instant,
    /// Who told them.
    pub by: String,
    /// With whom they spoke.
    pub person: String,
}

/// One time that a stage was filed.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    pub at: Instant,
    pub by: String,
    /// What the agency gave for it; empty where none was recorded.
    pub reference: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Filing {
    pub rule: String,
    pub stage: String,
    pub state: StageState,
    /// When it was first filed.
    pub filed: Option<Instant>,
    /// Every time that it was filed, oldest first: what comes again is filed again, and what is not so any more is
    /// supplemented. What was withdrawn is none.
    pub rounds: Vec<Round>,
    pub filed_by: String,
    /// The portal's receipt or file number.
    pub reference: String,
    /// Whom we spoke to.
    pub person: String,
    /// How it was filed last, and what it said; of what was waived, what was known then.
    pub how: How,
    /// Who decided that it is not filed, or called back.
    pub decided_by: String,
    /// When that was.
    pub decided: Option<Instant>,
    /// How it was confirmed, or why it was waived or withdrawn.
    pub detail: String,
    /// All that was done about it, oldest first, in words. What stands above is how that came out.
    pub history: Vec<Past>,
}

/// Something that was done about a stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    pub at: Instant,
    pub what: String,
}

impl Filing {
    fn decide(&mut self, state: StageState, (why, by): (&str, &str), at: Instant, figures: &Figures) {
        self.state = state;
        self.detail = why.to_owned();
        self.decided_by = by.to_owned();
        self.decided = Some(at);
        self.how.figures = figures.clone();
    }
}

impl StageEvent<'_> {
    /// In words, with who did it and what it was about.
    fn said(&self) -> String {
        let by = |by: &str| if by.is_empty() { String::new() } else { format!(" ({by})") };
        match self {
            StageEvent::Drafted => "begun".to_owned(),
            StageEvent::Filed { reference: "", by: who, .. } => format!("filed without a number{}", by(who)),
            StageEvent::Filed { reference, by: who, .. } => format!("filed no. {reference}{}", by(who)),
            StageEvent::Confirmed { how } => format!("confirmed: {how}"),
            StageEvent::Waived { why, by: who, .. } => format!("waived: {why}{}", by(who)),
            StageEvent::Withdrawn { why, by: who, .. } => format!("withdrawn: {why}{}", by(who)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StageEvent<'a> {
    Drafted,
    Filed { reference: &'a str, person: &'a str, how: &'a How, by: &'a str },
    Confirmed { how: &'a str },
    Waived { why: &'a str, by: &'a str, figures: &'a Figures },
    Withdrawn { why: &'a str, by: &'a str, figures: &'a Figures },
}

/// Nothing done yet.
pub fn pending(rule: &str, stage: &str) -> Filing {
    Filing {
        rule: rule.to_owned(),
        stage: stage.to_owned(),
        state: StageState::Pending,
        filed: None,
        rounds: Vec::new(),
        filed_by: String::new(),
        reference: String::new(),
        person: String::new(),
        how: How::default(),
        decided_by: String::new(),
        decided: None,
        detail: String::new(),
        history: Vec::new(),
    }
}

/// The filing after the event at `at`, or why it has no effect. A filing is true of the outside world: it always applies.
pub fn step(filing: &Filing, event: StageEvent<'_>, at: Instant) -> Result<Filing, NoEffect> {
    use StageState::*;
    let mut next = filing.clone();
    match event {
        StageEvent::Drafted => match filing.state {
            Pending => next.state = Drafted,
            Drafted | Filed | Confirmed | Waived | Withdrawn => {
                return Err(NoEffect::new(format!("it is {} already", filing.state)));
            }
        },
        StageEvent::Filed { reference, person, how, by } => {
            // What was decided against it, or confirmed an earlier one, says nothing of this one.
            next.detail.clear();
            next.decided_by.clear();
            next.decided = None;
            next.state = Filed;
            next.filed = Some(filing.filed.map_or(at, |first| first.min(at)));
            let place = next.rounds.partition_point(|earlier| earlier.at <= at);
            next.rounds.insert(place, Round { at, by: by.to_owned(), reference: reference.to_owned() });
            if next.filed_by.is_empty() {
                next.filed_by = by.to_owned();
            }
            if !reference.is_empty() {
                next.reference = reference.to_owned();
            }
            if !person.is_empty() {
                next.person = person.to_owned();
            }
            // What an earlier one said stays where the later one says nothing.
            if !how.is_empty() {
                let figures = if how.figures.is_empty() { next.how.figures.clone() } else { how.figures.clone() };
                next.how = How { figures, ..how.clone() };
            }
        }
        StageEvent::Confirmed { how } => match filing.state {
            Filed => {
                next.state = Confirmed;
                next.detail = how.to_owned();
            }
            Confirmed => return Err(NoEffect::new("it is confirmed already")),
            Pending | Drafted | Waived | Withdrawn => return Err(NoEffect::new("it is not filed")),
        },
        StageEvent::Waived { why, by, figures } => match filing.state {
            Pending | Drafted => next.decide(Waived, (why, by), at, figures),
            // With other facts it is another decision.
            Waived | Withdrawn if *figures != filing.how.figures => next.decide(Waived, (why, by), at, figures),
            Filed | Confirmed | Waived | Withdrawn => {
                return Err(NoEffect::new(format!("it is {} already", filing.state)));
            }
        },
        StageEvent::Withdrawn { why, by, figures } => match filing.state {
            Filed | Confirmed => {
                next.rounds.clear();
                // Filed anew it is filed then, by whoever does it.
                next.filed = None;
                next.filed_by.clear();
                next.decide(Withdrawn, (why, by), at, figures);
            }
            Pending | Drafted | Waived | Withdrawn => return Err(NoEffect::new("there is nothing filed to withdraw")),
        },
    }
    next.history.push(Past { at, what: event.said() });
    Ok(next)
}
