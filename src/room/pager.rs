//! Runs the host's command for one thing that rang: no shell, ten seconds at most, nothing of it on a terminal. Never again
//! by itself.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;

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
    let Some((program, arguments)) = page.words.split_first() else {
        return Err("no command is configured".to_owned());
    };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .envs(page.variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C on our terminal is not meant for it, and what it started ends with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| format!("{program} cannot be run: {}", e.kind()))?;
    let stdin = child.stdin.take();
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A command need not read what it is told.
            let _ = stdin.write_all(page.json.as_bytes()).await;
        }
        std::future::pending::<()>().await;
    };
    let ended = async {
        tokio::select! {
            status = child.wait() => status,
            () = feed => Err(std::io::Error::other("it was fed for ever")),
        }
    };
    match tokio::time::timeout(LONGEST, ended).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(match status.code() {
            Some(code) => format!("{program} failed with exit code {code}"),
            None => format!("{program} was ended by a signal"),
        }),
        Ok(Err(error)) => Err(format!("{program} failed: {}", error.kind())),
        Err(_) => {
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            Err(format!("{program} did not end within {} s", LONGEST.as_secs()))
        }
    }
}
