//! The present and the machine: the only place of the command line that asks for them.

use crate::incident::Instant;
use crate::incident::command::Actor;

/// The wall clock.
pub fn now() -> Instant {
    chrono::Utc::now()
}

pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// This machine's name, without its domain.
pub fn host() -> String {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy().into_owned();
    name.split('.').next().filter(|n| !n.is_empty()).unwrap_or("localhost").to_owned()
}

/// Who acts: `--as`, `$WARROOM_NAME`, else the person behind sudo, else the login name.
pub fn actor(named: Option<&str>) -> Actor {
    let person = named
        .map(str::to_owned)
        .or_else(|| variable("WARROOM_NAME"))
        .or_else(|| variable("SUDO_USER"))
        .or_else(|| variable("USER"))
        .or_else(|| variable("LOGNAME"))
        .or_else(login)
        .unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw()));
    Actor { person, host: host() }
}

/// Where a program is that may be run: itself where it is a path, else the first of that name in PATH.
pub fn program(name: &str) -> Option<std::path::PathBuf> {
    let may_run =
        |path: &std::path::PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if name.contains('/') {
        return Some(std::path::PathBuf::from(name)).filter(may_run);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(may_run)
}

/// The login name of this process's user, from the system's list.
fn login() -> Option<String> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let list = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = list.lines().find(|line| line.split(':').nth(2) == Some(&uid))?;
    line.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}
