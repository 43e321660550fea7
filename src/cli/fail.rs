//! Why a command did not do its work, and the exit code that says so.

use crate::config::Problem;
use crate::incident::command::Refusal;
use crate::journal::{AppendError, JournalError};

#[derive(Debug)]
pub enum Fail {
    /// It failed: exit code 1.
    Failed(String),
    /// Wrong usage or configuration: exit code 2.
    Wrong(Vec<String>),
}

impl Fail {
    pub fn failed(why: impl Into<String>) -> Fail {
        Fail::Failed(why.into())
    }

    pub fn wrong(why: impl Into<String>) -> Fail {
        Fail::Wrong(vec![why.into()])
    }

    /// In one line.
    pub fn said(&self) -> String {
        match self {
            Fail::Failed(why) => why.clone(),
            Fail::Wrong(problems) => problems.join("; "),
        }
    }

    pub fn problems(problems: &[Problem]) -> Fail {
        Fail::Wrong(problems.iter().map(ToString::to_string).collect())
    }
}

impl From<JournalError> for Fail {
    fn from(error: JournalError) -> Fail {
        Fail::Failed(error.to_string())
    }
}

impl From<AppendError<Refusal>> for Fail {
    fn from(error: AppendError<Refusal>) -> Fail {
        match error {
            AppendError::Refused(Refusal(why)) => Fail::Failed(why),
            AppendError::Journal(error) => error.into(),
        }
    }
}

impl From<std::io::Error> for Fail {
    fn from(error: std::io::Error) -> Fail {
        Fail::Failed(error.to_string())
    }
}
