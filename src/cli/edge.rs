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

/// The person's own editor.
pub fn editor() -> Option<String> {
    variable("VISUAL").or_else(|| variable("EDITOR"))
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

/// Who may sit behind a shared account: the person behind sudo, whom SSH let in, who logged in before `su`.
pub fn candidates() -> Vec<String> {
    let before = std::fs::read_to_string("/proc/self/loginuid").ok().and_then(|uid| user(uid.trim()));
    let names = [variable("SUDO_USER"), variable("SSH_USER"), before, variable("LOGNAME"), variable("USER")];
    names.into_iter().flatten().collect()
}

/// What tells this terminal session from every other, as a hash: its leader and when that began; where the system does not
/// tell, the pane of tmux or the connection. None: nothing can be remembered for it.
pub fn session() -> Option<String> {
    let stat = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    // The name may hold blanks and brackets; the fields after it do not.
    let field = |line: &str, n: usize| Some(line.rsplit_once(')')?.1.split_whitespace().nth(n)?.to_owned());
    let own = stat("self");
    let by_leader = || {
        let own = own.as_deref()?;
        let (leader, terminal) = (field(own, 3)?, field(own, 4)?);
        let began = field(&stat(&leader)?, 19)?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Some(format!("leader {leader} {began} {terminal} {}", boot.trim()))
    };
    let by_name = |name: &str| variable(name).map(|value| format!("{name} {value}"));
    let known = by_leader().or_else(|| by_name("TMUX_PANE")).or_else(|| by_name("SSH_CONNECTION"))?;
    Some(crate::incident::message::sha256(&known))
}

/// The login name of this process's user.
fn login() -> Option<String> {
    user(&rustix::process::getuid().as_raw().to_string())
}

/// The name of a user, from the system's list.
fn user(uid: &str) -> Option<String> {
    let list = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = list.lines().find(|line| line.split(':').nth(2) == Some(uid))?;
    line.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}
