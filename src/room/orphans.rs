//! Sendings of processes that are gone: it is not known whether they left. Judges processes of this host alone.

use crate::incident::entry::{Draft, EntryId, WriterId};
use crate::incident::message::Message;
use crate::incident::state::Incident;
use crate::incident::twice::Try;
use crate::incident::what::MessageUnknown;
use crate::incident::words::MessageState;

/// How this process is named in what it sends: host, process number and its start, so that a number used again is not it.
pub fn process_name(host: &str) -> String {
    let pid = std::process::id().to_string();
    let started = start_of(&pid).unwrap_or_default();
    format!("{host}/{pid}@{started}")
}

/// The messages that a process of this host was sending when it died. `own`: the pens of this journal; what another began, on
/// a host that may have the same name, is not ours to judge.
pub fn found(incident: &Incident, host: &str, own: &[WriterId]) -> Vec<EntryId> {
    let gone = |t: &&Try| own.contains(&t.writer) && is_gone(&t.process, host);
    incident.messages.values().filter(|m| open(m).any(|t| gone(&t))).map(|m| m.id).collect()
}

/// What the record says of them, as far as nobody has said it meanwhile.
pub fn told(incident: &Incident, orphans: &[EntryId]) -> Vec<Draft> {
    let still = |id: &&EntryId| incident.messages.get(id).is_some_and(|m| open(m).next().is_some());
    let unknown = |message: &EntryId| {
        let why = "the process that sent it died before the answer".to_owned();
        Draft::now(MessageUnknown { message: *message, why }.into())
    };
    orphans.iter().filter(still).map(unknown).collect()
}

/// The sendings whose end somebody has still to tell.
fn open(message: &Message) -> impl Iterator<Item = &Try> {
    let under_way = message.state == MessageState::Sending;
    message.tries.iter().filter(move |t| t.end.is_none() && (under_way || t.beside))
}

/// Whether a process of this host is gone. One of another host is not ours to judge.
fn is_gone(process: &str, host: &str) -> bool {
    let Some((on, rest)) = process.rsplit_once('/') else { return false };
    if on != host {
        return false;
    }
    let mut parts = rest.splitn(2, '@');
    let pid = parts.next().unwrap_or_default();
    let started = parts.next().unwrap_or_default();
    match start_of(pid) {
        Some(now) => now != started,
        // Its entry may only be hidden from us: that nobody has the number is for the system to say.
        None => pid
            .parse()
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)),
    }
}

/// When a process started, as the system counts; None: it is not there.
fn start_of(pid: &str) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold blanks and brackets; the fields after it do not.
    let rest = stat.rsplit_once(')')?.1;
    rest.split_whitespace().nth(19).map(str::to_owned)
}
