//! Runs a program of this host once: no shell, a limit of time, nothing of it on a terminal. Never again by itself.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::backends::job::Run;

/// What a program may say about its failure, in bytes.
const HEARD: u64 = 8 << 10;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Well,
    /// It never began.
    NotRun {
        why: String,
    },
    /// It ended by itself and said that it failed. `said`: the first line of its errors, raw.
    Code {
        code: i32,
        said: String,
    },
    Signal,
    /// Its time was over, and it was killed.
    Killed,
    /// What became of it is not known.
    Lost {
        why: String,
    },
}

impl End {
    /// As a sentence about `program`; None: it ended well.
    pub fn fault(&self, program: &str, limit: Duration) -> Option<String> {
        Some(match self {
            End::Well => return None,
            End::NotRun { why } => format!("{program} cannot be run: {why}"),
            End::Code { code, said } if said.is_empty() => format!("{program} failed with exit code {code}"),
            End::Code { code, said } => format!("{program} failed with exit code {code}: {said}"),
            End::Signal => format!("{program} was ended by a signal"),
            End::Killed => format!("{program} did not end within {} s", limit.as_secs()),
            End::Lost { why } => format!("{program} failed: {why}"),
        })
    }
}

/// Where a program stands, by the path; None: nowhere, or it may not be run.
pub fn find(name: &str) -> Option<PathBuf> {
    let runs = |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(runs);
    }
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(runs)
}

/// Runs it for at most `limit`.
pub async fn run(run: &Run, limit: Duration) -> End {
    let Some((program, arguments)) = run.words.split_first() else {
        return End::NotRun { why: "no command is configured".to_owned() };
    };
    let child = tokio::process::Command::new(program)
        .args(arguments)
        .envs(run.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // Ctrl-C on our terminal is not meant for it, and what it started ends with it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return End::NotRun { why: error.kind().to_string() },
    };
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A command need not read what it is told.
            let _ = stdin.write_all(run.input.as_bytes()).await;
        }
    };
    let mut said = Vec::new();
    let hear = async {
        if let Some(mut stderr) = stderr {
            let _ = (&mut stderr).take(HEARD).read_to_end(&mut said).await;
            // What it says beyond that is read and forgotten, so that it is not held up.
            let _ = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
        }
    };
    // The end of the program is the end: what it left running may keep its pipes open.
    let ended = tokio::time::timeout(limit, async {
        let mut talk = std::pin::pin!(async { tokio::join!(feed, hear) });
        tokio::select! {
            status = child.wait() => {
                let _ = tokio::time::timeout(Duration::from_millis(100), &mut talk).await;
                status
            }
            _ = &mut talk => child.wait().await,
        }
    })
    .await;
    match ended {
        Ok(Ok(status)) if status.success() => End::Well,
        Ok(Ok(status)) => match status.code() {
            Some(code) => End::Code { code, said: first_line(&said) },
            None => End::Signal,
        },
        Ok(Err(error)) => End::Lost { why: error.kind().to_string() },
        Err(_) => {
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            End::Killed
        }
    }
}

fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    crate::backends::response::quote(line)
}
