//! Figures of several hosts over a real PostgreSQL on loopback: a large journal joins a host that has nothing; many hosts,
//! incidents and entries at once. Prints, judges nothing. Needs Debian's PostgreSQL; the load stays on this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Tick};

use chrono::TimeDelta;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use warroom::config::Replicate;
use warroom::incident::Instant;
use warroom::incident::entry::{Author, Draft, IncidentId};
use warroom::incident::what::{Noted, What};
use warroom::journal::{Access, Cursor, Journal};
use warroom::replicate::{Here, There, with};

/// What the server of the tests asks of them.
mod support {
    pub(crate) use super::process;
}
#[allow(dead_code)]
#[path = "../tests/it/support/process.rs"]
mod process;
#[allow(dead_code)]
#[path = "../tests/it/hosts/server.rs"]
mod server;

use server::{Line, Postgres};

const WARROOM: &str = env!("CARGO_BIN_EXE_warroom");

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let all: [(&str, fn()); 2] = [("join", join), ("many", many)];
    for (name, figure) in all {
        if wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str())) {
            figure();
        }
    }
}

/// A number from the environment, for a shorter or a longer run.
fn asked(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn percentile(times: &mut [Duration], p: f64) -> Duration {
    times.sort();
    times.get(((times.len().max(1) - 1) as f64 * p) as usize).copied().unwrap_or_default()
}

fn say(name: &str, text: &str) {
    println!("{name:<8} {text}");
}

fn start() -> Instant {
    "2024-02-22T09:00:00Z".parse().unwrap()
}

fn author(host: &str) -> Author {
    Author { person: "kim".into(), host: host.into(), machine: false }
}

fn note(text: String) -> Draft {
    Draft::now(What::from(Noted { text, follow_up: false }))
}

/// A home of its own below a folder.
fn home(folder: &Path, name: &str) -> PathBuf {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let home = folder.join(name);
    for sub in ["state/warroom", "config/warroom"] {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(home.join(sub)).unwrap();
    }
    std::fs::set_permissions(home.join("state/warroom"), PermissionsExt::from_mode(0o700)).unwrap();
    home
}

fn command(home: &Path) -> Command {
    let mut command = Command::new(WARROOM);
    command.env_clear().env("HOME", home).env("XDG_STATE_HOME", home.join("state"));
    command.env("XDG_CONFIG_HOME", home.join("config")).env("USER", "kim").current_dir(home).stdin(Stdio::null());
    command
}

fn configure(home: &Path, server: &Postgres, port: u16) {
    let text = format!(
        "[replicate]\nurl = \"postgres://jump@127.0.0.1:{port}/postgres?target_session_attrs=read-write\"\ntoken = {{ file = \"{}\" }}\n",
        server::secret(server)
    );
    std::fs::write(home.join("config/warroom/config.toml"), text).unwrap();
}

/// Runs it to its end: how long, and the most memory that it had, in MiB.
fn measured(home: &Path, arguments: &[&str]) -> (Duration, f64) {
    let begun = Tick::now();
    let mut child = command(home).args(arguments).stdout(Stdio::null()).spawn().unwrap();
    let mut most = 0.0;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        most = peak.unwrap_or(most);
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{arguments:?}");
            return (begun.elapsed(), most / 1024.0);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A room on a pseudo-terminal whose keys are timed until told to stop.
struct Keys {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<Vec<Duration>>,
}

impl Keys {
    fn press(home: &Path, incident: &str) -> Keys {
        let pair =
            native_pty_system().openpty(PtySize { rows: 48, cols: 160, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(WARROOM);
        command.args(["--incident", incident]);
        command.env_clear();
        for (name, value) in [
            ("HOME", home.to_owned()),
            ("XDG_STATE_HOME", home.join("state")),
            ("XDG_CONFIG_HOME", home.join("config")),
        ] {
            command.env(name, value);
        }
        command.env("USER", "kim");
        command.env("TERM", "xterm-256color");
        command.cwd(home);
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut writer = pair.master.take_writer().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                shown.lock().unwrap().extend_from_slice(&buffer[..n]);
            }
        });
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let master = pair.master;
        let thread = std::thread::spawn(move || {
            let bytes = || seen.lock().unwrap().len();
            let begun = Tick::now();
            while !String::from_utf8_lossy(&seen.lock().unwrap()).contains("saved") {
                assert!(begun.elapsed() < Duration::from_secs(120), "the room does not open");
                std::thread::sleep(Duration::from_millis(20));
            }
            std::thread::sleep(Duration::from_secs(1));
            let mut times = Vec::new();
            let mut down = true;
            while !told.load(Ordering::Relaxed) {
                let before = bytes();
                let begun = Tick::now();
                writer.write_all(if down { b"j" } else { b"k" }).unwrap();
                down = !down;
                while bytes() == before && begun.elapsed() < Duration::from_secs(5) {
                    std::thread::sleep(Duration::from_micros(50));
                }
                times.push(begun.elapsed());
                std::thread::sleep(Duration::from_millis(25));
            }
            writer.write_all(b"q").unwrap();
            let _ = child.wait();
            drop(master);
            times
        });
        Keys { stop, thread }
    }

    fn end(self) -> String {
        self.stop.store(true, Ordering::Relaxed);
        let mut times = self.thread.join().unwrap();
        let worst = times.iter().max().copied().unwrap_or_default();
        let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
        format!("keys of an open room p50 {p50:.1?} p99 {p99:.1?} worst {worst:.1?} ({} presses)", times.len())
    }
}

/// A large journal joins a host that has nothing but a room open on an incident of its own.
fn join() {
    let count = asked("WARROOM_ENTRIES", 1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let old = home(folder.path(), "old");
    let incident = IncidentId(uuid::Uuid::from_u128(0x1111_0000_0000_0000_0000_0000_0000_0001));
    let begun = Tick::now();
    {
        let mut journal = Journal::open(&old.join("state/warroom/journal.db"), Access::ReadWrite).unwrap();
        let mut cursor = Cursor::START;
        let mut n = 0;
        while n < count {
            let some = (n..(n + 5_000).min(count))
                .map(|n| note(format!("{n}: somebody said something of the usual length on the call")));
            let now = start() + TimeDelta::seconds(n as i64);
            let done = journal.append::<()>(incident, &author("old"), now, cursor, |_| Ok(some.collect())).unwrap();
            cursor = done.cursor;
            n += 5_000;
        }
    }
    let file = std::fs::metadata(old.join("state/warroom/journal.db")).unwrap().len();
    say("join", &format!("{count} entries made in {:.1?}, journal {:.1} MiB", begun.elapsed(), mib(file)));
    let fresh = |name: &str| {
        let home = home(folder.path(), name);
        let id =
            command(&home).args(["declare", "Small", "--severity", "sev3", "--playbook", "generic"]).output().unwrap();
        (home, String::from_utf8(id.stdout).unwrap().trim().to_owned())
    };
    let (quiet, small) = fresh("quiet");
    let keys = Keys::press(&quiet, &small);
    std::thread::sleep(Duration::from_secs(15));
    say("join", &format!("alone: {}", keys.end()));
    let id = incident.to_string();
    let bundle = folder.path().join("bundle").display().to_string();
    let (time, memory) = measured(&old, &["--incident", &id, "bundle", "export", "-o", &bundle]);
    let size = std::fs::metadata(&bundle).unwrap().len();
    say("join", &format!("bundle written in {time:.1?}, {:.1} MiB, memory {memory:.0} MiB", mib(size)));
    let (new, small) = fresh("by-bundle");
    let keys = Keys::press(&new, &small);
    std::thread::sleep(Duration::from_secs(3));
    let (time, memory) = measured(&new, &["bundle", "import", &bundle]);
    let rate = count as f64 / time.as_secs_f64();
    say(
        "join",
        &format!("bundle taken in in {time:.1?} ({rate:.0} entries/s), memory {memory:.0} MiB; {}", keys.end()),
    );
    let file = std::fs::metadata(new.join("state/warroom/journal.db")).unwrap().len();
    say("join", &format!("the new journal is {:.1} MiB", mib(file)));
    let (time, memory) = measured(&new, &["--incident", &id, "state"]);
    say("join", &format!("then opened and folded by `state` in {time:.1?}, memory {memory:.0} MiB"));
    let server = Postgres::ready(&["jump"]);
    let line = Line::to(server.port);
    configure(&old, &server, line.port);
    line.cut_after(i64::MAX);
    let (time, memory) = measured(&old, &["replicate", "--once"]);
    let rate = count as f64 / time.as_secs_f64();
    say(
        "join",
        &format!(
            "to the server in {time:.1?} ({rate:.0} entries/s), {:.1} MiB both ways, memory {memory:.0} MiB",
            mib(line.carried())
        ),
    );
    let (new, small) = fresh("by-server");
    let line = Line::to(server.port);
    configure(&new, &server, line.port);
    line.cut_after(i64::MAX);
    let keys = Keys::press(&new, &small);
    std::thread::sleep(Duration::from_secs(3));
    let (time, memory) = measured(&new, &["replicate", "--once"]);
    let rate = count as f64 / time.as_secs_f64();
    say(
        "join",
        &format!(
            "from the server in {time:.1?} ({rate:.0} entries/s), {:.1} MiB both ways, memory {memory:.0} MiB; {}",
            mib(line.carried()),
            keys.end()
        ),
    );
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1 << 20) as f64
}

/// Many hosts at one server, each with entries of its own in many incidents, at a rate for all of them together.
fn many() {
    let (hosts, incidents) = (asked("WARROOM_HOSTS", 30), asked("WARROOM_INCIDENTS", 20));
    let (rate, seconds) = (asked("WARROOM_RATE", 100), asked("WARROOM_SECONDS", 60));
    let server = Arc::new(Postgres::ready(&["jump"]));
    // As many hosts have as many disks: here they share memory, but for the first, which has the disk.
    let memory = tempfile::Builder::new().prefix("warroom").tempdir_in("/dev/shm").unwrap();
    let disk = tempfile::tempdir().unwrap();
    let (ready, go) = (Arc::new(std::sync::Barrier::new(hosts + 1)), Arc::new(AtomicBool::new(true)));
    let threads: Vec<_> = (0..hosts)
        .map(|n| {
            let folder = home(if n == 0 { disk.path() } else { memory.path() }, &format!("host{n}"));
            let place = server.place("jump", server.port);
            let (ready, go) = (Arc::clone(&ready), Arc::clone(&go));
            let each = Duration::from_secs_f64(hosts as f64 / rate as f64);
            std::thread::spawn(move || one_host(n, &folder, &place, (incidents, each), &ready, &go))
        })
        .collect();
    ready.wait();
    let before = cpu(&server);
    std::thread::sleep(Duration::from_secs(seconds as u64));
    let used = cpu(&server) - before;
    go.store(false, Ordering::Relaxed);
    let seen: Vec<Seen> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    let all =
        |of: fn(&Seen) -> &Vec<Duration>, some: &[Seen]| some.iter().flat_map(|s| of(s).clone()).collect::<Vec<_>>();
    let tell = |name: &str, mut times: Vec<Duration>| {
        let worst = times.iter().max().copied().unwrap_or_default();
        let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
        say("many", &format!("  {name}: p50 {p50:.1?} p99 {p99:.1?} worst {worst:.1?} ({} times)", times.len()));
    };
    let wrote: usize = seen.iter().map(|s| s.wrote).sum();
    say(
        "many",
        &format!(
            "{hosts} hosts, {incidents} incidents, {rate} entries/s wanted, {:.0} written, for {seconds} s; server CPU {:.2} of a core",
            wrote as f64 / seconds as f64,
            used / seconds as f64
        ),
    );
    tell("from one host to another", all(|s| &s.took, &seen));
    tell("to the host that has the disk", all(|s| &s.took, &seen[..1]));
    tell("one round", all(|s| &s.rounds, &seen));
    tell("processor that a round took", all(|s| &s.worked, &seen));
    tell("one round of the host that has the disk", all(|s| &s.rounds, &seen[..1]));
}

#[derive(Default)]
struct Seen {
    /// From an entry's commit on its host to the round's end after which it is here.
    took: Vec<Duration>,
    rounds: Vec<Duration>,
    /// Processor time of those.
    worked: Vec<Duration>,
    wrote: usize,
}

/// Processor time of this thread so far.
fn own_time() -> Duration {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(line.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0))
}

fn micros() -> i64 {
    chrono::Utc::now().timestamp_micros()
}

fn one_host(
    n: usize,
    folder: &Path,
    place: &Replicate,
    (incidents, each): (usize, Duration),
    ready: &std::sync::Barrier,
    go: &AtomicBool,
) -> Seen {
    let mut journal = Journal::open(&folder.join("state/warroom/journal.db"), Access::ReadWrite).unwrap();
    let name = format!("host{n}");
    let ids: Vec<IncidentId> = (0..incidents).map(|i| IncidentId(uuid::Uuid::from_u128(i as u128 + 1))).collect();
    let mut cursors: BTreeMap<IncidentId, Cursor> = BTreeMap::new();
    let write = |journal: &mut Journal, id: IncidentId, cursor: Cursor| {
        let text = format!("{} by host {n}, and what somebody said of the usual length", micros());
        let done =
            journal.append::<()>(id, &author(&name), chrono::Utc::now(), cursor, |_| Ok(vec![note(text)])).unwrap();
        done.cursor
    };
    for id in &ids {
        write(&mut journal, *id, Cursor::START);
    }
    let runtime = server::runtime();
    let (mut here, mut seen, mut mine) = (Here::default(), Seen::default(), BTreeSet::new());
    runtime
        .block_on(with(place, "bench", async |client| {
            let mut there = There::default();
            // Everybody has everybody's first entries before it counts.
            for _ in 0..2 {
                there.exchange(client, &mut journal, &mut here).await?;
                ready_once(ready, &mut mine, n);
            }
            for id in &ids {
                let (_, cursor) = journal.read_after(*id, Cursor::START, usize::MAX).unwrap();
                cursors.insert(*id, cursor);
            }
            let (mut next, mut turn) = (Tick::now() + each.mul_f64(n as f64 / 30.0 % 1.0), n);
            let mut round = Tick::now();
            while go.load(Ordering::Relaxed) {
                while Tick::now() >= next {
                    let id = ids[turn % ids.len()];
                    // What others wrote is read after the rounds, to be timed: here the newest is skipped over.
                    write(&mut journal, id, journal_end(&cursors, id));
                    (next, turn) = (next + each, turn + 7);
                    seen.wrote += 1;
                }
                if Tick::now() >= round {
                    let (begun, worked) = (Tick::now(), own_time());
                    let moved = there.exchange(client, &mut journal, &mut here).await?;
                    seen.rounds.push(begun.elapsed());
                    seen.worked.push(own_time().saturating_sub(worked));
                    round = Tick::now() + Duration::from_secs(1);
                    let now = micros();
                    for id in moved.came.keys() {
                        let from = cursors.get(id).copied().unwrap_or_default();
                        let (entries, cursor) = journal.read_after(*id, from, usize::MAX).unwrap();
                        cursors.insert(*id, cursor);
                        for entry in entries.iter().filter(|e| e.author.host != name) {
                            let What::Noted(w) = &entry.what else { continue };
                            let sent: i64 = w.text.split(' ').next().and_then(|t| t.parse().ok()).unwrap_or(now);
                            seen.took.push(Duration::from_micros(u64::try_from(now - sent).unwrap_or(0)));
                        }
                    }
                }
                let wait = next.min(round).saturating_duration_since(Tick::now());
                tokio::time::sleep(wait.min(Duration::from_millis(100))).await;
            }
            Ok(())
        }))
        .unwrap();
    seen
}

/// Waits for all the others, the first time that it is asked.
fn ready_once(ready: &std::sync::Barrier, done: &mut BTreeSet<usize>, n: usize) {
    if done.insert(n) {
        ready.wait();
    }
}

/// A cursor behind everything: appending then reads nothing of what others wrote.
fn journal_end(_: &BTreeMap<IncidentId, Cursor>, _: IncidentId) -> Cursor {
    Cursor(i64::MAX)
}

/// Seconds of processor that the server and its children have used so far.
fn cpu(server: &Postgres) -> f64 {
    let Some(parent) = server.pid() else { return 0.0 };
    let mut ticks = 0.0;
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(line) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((head, rest)) = line.rsplit_once(')') else { continue };
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |n: usize| fields.get(n - 3).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        let own = head.split(' ').next().and_then(|pid| pid.parse().ok()) == Some(parent);
        if own || field(4) == f64::from(parent) {
            ticks += field(14) + field(15);
        }
    }
    ticks / 100.0
}
