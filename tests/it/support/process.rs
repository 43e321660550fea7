//! Real servers of the distribution, as processes on free loopback ports. Ended by their own handle, never by name.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Pid;

/// A port of 127.0.0.1 that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Where a program is. A missing one fails the test: a proof that is skipped proves nothing.
pub fn binary(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("the program {name} is not installed; this test needs it (see CONTRIBUTING.md)"))
}

/// A running process that ends with its handle. What it prints goes to a file beside its data.
pub struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    pub fn start(program: &str, folder: &Path, arguments: &[String]) -> Server {
        let log = folder.join(format!("{program}.log"));
        let out = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
        let child = Command::new(binary(program))
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("the log file twice"))
            .stderr(out)
            .spawn()
            .unwrap_or_else(|e| panic!("{program} does not start: {e}"));
        Server { child, log }
    }

    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What it printed, for a failed expectation.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Tries until `attempt` gives something; None when the time is over.
pub async fn until<T>(limit: Duration, mut attempt: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = attempt().await {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A field of a process's line in /proc, counted as proc(5) does from 3 on.
pub fn stat(pid: Pid, field: usize) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let rest = line.rsplit_once(')')?.1;
    rest.split_whitespace().nth(field - 3).map(str::to_owned)
}
