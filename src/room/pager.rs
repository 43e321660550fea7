//! Runs the host's command for one thing that rang: ten seconds at most, nothing of it on a terminal. Never again by itself.

use std::time::Duration;

use crate::backends::job::Run;
use crate::backends::transport::program::{self, End};

/// How long a run may take.
pub const LONGEST: Duration = Duration::from_secs(10);

/// What the command is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Program and arguments.
    pub words: Vec<String>,
    /// On its standard input.
    pub json: String,
    /// In its environment.
    pub variables: Vec<(&'static str, String)>,
}

/// Runs it. The error is a sentence.
pub async fn run(page: Page) -> Result<(), String> {
    let name = page.words.first().cloned().unwrap_or_default();
    let run = Run { words: page.words, input: page.json, variables: page.variables };
    let end = match program::run(&run, LONGEST).await {
        // Nothing of what it says is shown.
        End::Code { code, .. } => End::Code { code, said: String::new() },
        other => other,
    };
    match end.fault(&name, LONGEST) {
        None => Ok(()),
        Some(why) => Err(why),
    }
}
