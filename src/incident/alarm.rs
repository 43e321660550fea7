//! What can ring, and how long before it is due: words and settings only. What rings now says `situation::alarm`.

use chrono::TimeDelta;

/// The kinds of things that ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A task's or a decision's check passed.
    CheckIn,
    /// Alerts of one name fire, and nobody has taken them; or more of them since somebody did.
    Alert,
    /// An acknowledgement of alerts lapsed.
    Ack,
    Promise,
    /// A deadline of an agency.
    Deadline,
    /// The first word or the next one to an audience is late.
    Word,
    /// An audience's service is back, and it was never told anything.
    Restored,
    /// The answer to a sending was lost, or it failed.
    Unsure,
    /// Something waits for the commander's decision.
    Question,
    /// A source answers no more, or the other hosts are not met any more.
    Source,
    /// Every so many minutes: time to say aloud where we are.
    Mark,
}

impl Kind {
    pub const ALL: [Kind; 11] = [
        Kind::CheckIn,
        Kind::Alert,
        Kind::Ack,
        Kind::Promise,
        Kind::Deadline,
        Kind::Word,
        Kind::Restored,
        Kind::Unsure,
        Kind::Question,
        Kind::Source,
        Kind::Mark,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::CheckIn => "check_in",
            Kind::Alert => "alert",
            Kind::Ack => "ack",
            Kind::Promise => "promise",
            Kind::Deadline => "deadline",
            Kind::Word => "word",
            Kind::Restored => "restored",
            Kind::Unsure => "unsure",
            Kind::Question => "question",
            Kind::Source => "source",
            Kind::Mark => "mark",
        }
    }

    pub fn named(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What rings, and how long before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rings {
    /// The mark rings where `mark` says so, whatever stands here.
    pub kinds: Vec<Kind>,
    /// How long before a deadline it rings, beside half time, the longest first.
    pub deadline: Vec<TimeDelta>,
    pub promise: TimeDelta,
    /// None: no mark.
    pub mark: Option<TimeDelta>,
}

impl Default for Rings {
    fn default() -> Rings {
        Rings {
            kinds: Kind::ALL.into_iter().filter(|kind| *kind != Kind::Mark).collect(),
            deadline: [30, 10, 5].map(TimeDelta::minutes).to_vec(),
            promise: TimeDelta::minutes(5),
            mark: None,
        }
    }
}

impl Rings {
    pub fn wants(&self, kind: Kind) -> bool {
        match kind {
            Kind::Mark => self.mark.is_some(),
            _ => self.kinds.contains(&kind),
        }
    }
}
