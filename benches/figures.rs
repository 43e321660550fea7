//! Figures of this machine and their ratios to what the same work costs at least. Prints, judges nothing.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Tick};

use chrono::TimeDelta;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use warroom::incident::Instant;
use warroom::incident::clock::Moment;
use warroom::incident::detect::detect;
use warroom::incident::entry::{Author, Draft, Entry, EntryId, Hlc, IncidentId, WriterId};
use warroom::incident::fold::{Log, fold};
use warroom::incident::what::{Noted, TaskAcknowledged, TaskAdded, What};
use warroom::journal::{Access, Cursor, Journal};

fn main() {
    if std::env::args().nth(1).as_deref() == Some("minimal") {
        return minimal();
    }
    // `cargo bench -- NAME` runs the figures whose name holds it.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let all: [(&str, fn()); 9] = [
        ("append", append),
        ("fold", folding),
        ("open", opening),
        ("alerts", alerts),
        ("frame", frame),
        ("start", start),
        ("idle", idle),
        ("keys", keys),
        ("together", together),
    ];
    for (name, figure) in all {
        if wanted.is_empty() || wanted.iter().any(|w| name.contains(w.as_str())) {
            figure();
        }
    }
}

fn at(seconds: i64) -> Instant {
    "2024-02-22T09:00:00Z".parse::<Instant>().unwrap() + TimeDelta::seconds(seconds)
}

fn percentile(times: &mut [Duration], p: f64) -> Duration {
    times.sort();
    times[((times.len() - 1) as f64 * p) as usize]
}

fn say(name: &str, text: String) {
    println!("{name:<10} {text}");
}

fn home() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state").join("journal.db");
    (dir, path)
}

fn author() -> Author {
    Author { person: "kim".into(), host: "bench".into(), machine: false }
}

const INCIDENT: IncidentId = IncidentId(uuid::Uuid::from_u128(1));

fn note(n: usize) -> What {
    Noted { text: format!("{n}: somebody said something of the usual length on the call"), follow_up: false }.into()
}

/// One durable entry, against a bare SQLite commit of as many bytes into the same directory, turn by turn.
fn append() {
    let (dir, path) = home();
    let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
    let bare = rusqlite::Connection::open(dir.path().join("bare.db")).unwrap();
    bare.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (n INTEGER PRIMARY KEY, a BLOB)",
    )
    .unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut cursor = Cursor::START;
    for n in 0..400 {
        let begun = Tick::now();
        let done =
            journal.append::<()>(INCIDENT, &author(), at(n as i64), cursor, |_| Ok(vec![Draft::now(note(n))])).unwrap();
        ours.push(begun.elapsed());
        cursor = done.cursor;
        let body = vec![7u8; 420];
        let begun = Tick::now();
        bare.execute("INSERT INTO t (a) VALUES (?1)", [body]).unwrap();
        theirs.push(begun.elapsed());
    }
    let (p50, p99) = (percentile(&mut ours, 0.5), percentile(&mut ours, 0.99));
    let (b50, b99) = (percentile(&mut theirs, 0.5), percentile(&mut theirs, 0.99));
    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    say(
        "append",
        format!(
            "p50 {p50:?} p99 {p99:?}; bare commit {b50:?} {b99:?}; ratio {:.2} {:.2}",
            ratio(p50, b50),
            ratio(p99, b99)
        ),
    );
}

fn entries(count: usize) -> Vec<Entry> {
    let writer = WriterId(uuid::Uuid::from_u128(2));
    let mut out = Vec::with_capacity(count);
    let mut task = EntryId::derived(&["none"]);
    for n in 0..count {
        let id = EntryId::derived(&[&n.to_string()]);
        let what: What = match n % 10 {
            0 if n % 1000 == 0 => {
                task = id;
                TaskAdded {
                    title: format!("task {n}"),
                    team: None,
                    owner: None,
                    minutes: 5,
                    first: false,
                    planned: None,
                }
                .into()
            }
            1 => TaskAcknowledged { task, by: "ana".into(), minutes: 5 }.into(),
            _ => note(n),
        };
        out.push(Entry {
            writer,
            seq: n as u64 + 1,
            id,
            hlc: Hlc(at(n as i64).timestamp_millis(), 0),
            happened: at(n as i64),
            recorded: at(n as i64),
            author: author(),
            what,
        });
    }
    out
}

/// Folding 100,000 entries at once, and a late one among them.
fn folding() {
    let all = entries(100_000);
    let begun = Tick::now();
    let mut log = Log::default();
    log.absorb(all.clone());
    let whole = begun.elapsed();
    let mut late = all[50_000].clone();
    late.writer = WriterId(uuid::Uuid::from_u128(3));
    late.id = EntryId::derived(&["late"]);
    let begun = Tick::now();
    log.absorb([late]);
    let refold = begun.elapsed();
    let mut next = all[99_999].clone();
    next.seq += 1;
    next.hlc.0 += 1000;
    next.id = EntryId::derived(&["next"]);
    let begun = Tick::now();
    log.absorb([next]);
    let one = begun.elapsed();
    let begun = Tick::now();
    let mut keys: Vec<_> = all.iter().map(Entry::order).collect();
    keys.sort();
    let sort = begun.elapsed();
    std::hint::black_box((keys, fold(entries(10))));
    say(
        "fold",
        format!(
            "100,000 entries {whole:?} ({:.0} ns each, {:.1} x sorting their keys); a late one in the middle {refold:?}; one more {one:?}",
            whole.as_secs_f64() * 1e9 / 1e5,
            whole.as_secs_f64() / sort.as_secs_f64()
        ),
    );
}

/// Opening a journal of 100,000 entries, against reading and decoding its rows as bare JSON.
fn opening() {
    let (_dir, path) = home();
    let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
    let drafts: Vec<Draft> = (0..100_000).map(|n| Draft::now(note(n))).collect();
    journal.append::<()>(INCIDENT, &author(), at(0), Cursor::START, |_| Ok(drafts)).unwrap();
    drop(journal);
    let begun = Tick::now();
    let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
    let (entries, _) = journal.read_after(INCIDENT, Cursor::START, usize::MAX).unwrap();
    let read = begun.elapsed();
    let state = fold(entries);
    let all = begun.elapsed();
    let begun = Tick::now();
    let bare = rusqlite::Connection::open(&path).unwrap();
    let mut rows = bare.prepare("SELECT body FROM entries").unwrap();
    let mut count = 0;
    let mut cursor = rows.query([]).unwrap();
    while let Some(row) = cursor.next().unwrap() {
        let value: serde_json::Value = serde_json::from_slice(row.get_ref(0).unwrap().as_blob().unwrap()).unwrap();
        count += usize::from(value.is_object());
    }
    let bare = begun.elapsed();
    assert_eq!((count, state.timeline.len()), (100_000, 100_000));
    say(
        "open",
        format!(
            "100,000 entries read {read:?}, folded {all:?}; rows as bare JSON {bare:?}; ratio {:.2}",
            all.as_secs_f64() / bare.as_secs_f64()
        ),
    );
}

/// A poll of 10,000 alerts: read by the adapter, turned into entries, folded; against serde_json alone.
fn alerts() {
    let body: Vec<serde_json::Value> = (0..10_000)
        .map(|n| {
            serde_json::json!({
                "annotations": {"summary": "the market refuses registration"}, "endsAt": "2024-02-22T09:30:00Z",
                "fingerprint": format!("{n:016x}"), "receivers": [{"name": "pager"}], "startsAt": "2024-02-22T08:45:00Z",
                "status": {"inhibitedBy": [], "silencedBy": [], "state": "active"}, "updatedAt": "2024-02-22T09:00:00Z",
                "generatorURL": "http://prometheus.example/graph",
                "labels": {"alertname": "AttachReject", "market": format!("m{n}"), "severity": "page", "cluster": "core-1"},
            })
        })
        .collect();
    let body = serde_json::to_vec(&body).unwrap();
    let config = warroom::config::SourceConfig {
        insecure: false,
        family: warroom::incident::words::Family::Notification,
        name: "pager".into(),
        kind: "alertmanager".into(),
        url: "http://127.0.0.1:1".into(),
        every: 15,
        timeout: 10,
        token: None,
        user: None,
        token_header: None,
        ca: None,
        proxy: None,
        settings: Default::default(),
    };
    let adapter = warroom::backends::kinds::build(&config, "bench").unwrap();
    let answer = warroom::backends::Response::of(200, "application/json", &body);
    let begun = Tick::now();
    let observation = adapter.read(&[Ok(answer)], at(0)).unwrap();
    let read = begun.elapsed();
    let incident = fold([declared()]);
    let begun = Tick::now();
    let drafts = detect(&incident, None, &observation, at(60));
    let detected = begun.elapsed();
    let (_dir, path) = home();
    let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
    let begun = Tick::now();
    let written = journal.append::<()>(INCIDENT, &author(), at(60), Cursor::START, |_| Ok(drafts)).unwrap();
    let durable = begun.elapsed();
    let begun = Tick::now();
    let again = detect(&fold(std::iter::once(declared()).chain(written.own)), Some(&observation), &observation, at(75));
    let second = begun.elapsed();
    assert!(again.is_empty());
    let begun = Tick::now();
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let bare = begun.elapsed();
    std::hint::black_box(value);
    say(
        "alerts",
        format!(
            "10,000 ({:.1} MB): read {read:?} ({:.2} x serde_json), entries {detected:?}, durable {durable:?}, folded and polled again {second:?}",
            body.len() as f64 / 1e6,
            read.as_secs_f64() / bare.as_secs_f64()
        ),
    );
}

fn declared() -> Entry {
    let mut entry = entries(1).remove(0);
    entry.id = EntryId::derived(&["declared"]);
    entry.writer = WriterId(uuid::Uuid::from_u128(9));
    entry.what = warroom::incident::what::Declared {
        title: "Outage".into(),
        severity: warroom::incident::words::Severity::Sev1,
        started: at(-60),
        detected: None,
        exercise: false,
        timezone: "America/Chicago".into(),
        organisation: vec!["wireless_carrier".into()],
        demo: false,
    }
    .into();
    entry
}

/// One frame in memory at 160×48 over 100,000 entries: assessing, drawing, the bytes of one minute's change.
fn frame() {
    use warroom::tui::{keymap::Keymap, model::Model, paint::Painter, places, scene, theme, view};
    let incident = fold(std::iter::once(declared()).chain(entries(100_000)));
    let plan = warroom::playbook::find("carrier-outage", &[]).unwrap().plan;
    let snapshot = scene::Snapshot {
        incident: Arc::new(incident),
        plan: Arc::new(plan),
        rules: Arc::new(warroom::rulebook::built_in().unwrap()),
        sources: Arc::default(),
        replication: None,
        presence: Arc::default(),
        problems: Vec::new(),
    };
    let actor = warroom::incident::command::Actor { person: "kim".into(), host: "bench".into() };
    let mut model = Model::new(actor, "bench".into(), (160, 48));
    model.loading = false;
    let theme = theme::Theme::default_at(theme::Depth::True);
    let keymap = Keymap::standard();
    let look = view::Look { theme: &theme, keymap: &keymap, ascii: false };
    let mut painter = Painter::default();
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for n in 0..200 {
        let moment = Moment { now: at(100_000 + n * 60), real: at(0), speed: 1.0 };
        let begun = Tick::now();
        let s = &snapshot;
        let situation = warroom::situation::assess(&s.incident, &s.plan, &s.rules, &s.sources, moment);
        let scene = scene::Scene { snapshot: s, situation: &situation };
        places::settle(&mut model, &scene);
        let mut buffer = ratatui::buffer::Buffer::empty(ratatui::layout::Rect::new(0, 0, 160, 48));
        let drawn = view::view(&model, &scene, &look, &mut buffer);
        let bytes = painter.paint(&buffer, drawn.cursor);
        times.push(begun.elapsed());
        sizes.push(bytes.len());
    }
    let first = sizes[0];
    sizes.sort_unstable();
    say(
        "frame",
        format!(
            "160x48 over 100,000 entries: p50 {:?} p99 {:?}; first {first} bytes, a minute's change {} bytes",
            percentile(&mut times, 0.5),
            percentile(&mut times, 0.99),
            sizes[100]
        ),
    );
}

/// A program in a pseudo-terminal.
struct Shown {
    writer: Box<dyn Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    got: Arc<Mutex<(usize, Tick, Vec<u8>)>>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Shown {
    fn start(program: &str, args: &[&str], home: &Path) -> (Shown, Tick) {
        let pty =
            native_pty_system().openpty(PtySize { rows: 48, cols: 160, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("USER", "kim")] {
            command.env(name, value);
        }
        command.env("HOME", home);
        let begun = Tick::now();
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let got = Arc::new(Mutex::new((0, Tick::now(), Vec::new())));
        let (told, mut reader) = (Arc::clone(&got), pty.master.try_clone_reader().unwrap());
        let writer = Arc::new(Mutex::new(pty.master.take_writer().unwrap()));
        let answers = Arc::clone(&writer);
        std::thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                // The terminal says who it is, as terminals do.
                if bytes[..n].windows(3).any(|w| w == b"\x1b[c") {
                    let _ = answers.lock().unwrap().write_all(b"\x1b[?62;c");
                }
                let mut got = told.lock().unwrap();
                got.0 += n;
                got.1 = Tick::now();
                got.2.extend_from_slice(&bytes[..n]);
            }
        });
        struct Both(Arc<Mutex<Box<dyn Write + Send>>>);
        impl Write for Both {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> std::io::Result<()> {
                self.0.lock().unwrap().flush()
            }
        }
        (Shown { writer: Box::new(Both(writer)), child, got, _master: pty.master }, begun)
    }

    /// When the bytes first hold the mark.
    fn wait(&self, mark: &str) -> Tick {
        let guard = Tick::now();
        loop {
            {
                let got = self.got.lock().unwrap();
                if got.2.windows(mark.len()).any(|w| w == mark.as_bytes()) {
                    return got.1;
                }
            }
            assert!(guard.elapsed() < Duration::from_secs(60), "{mark} never shows");
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// When the screen shows the mark: a frame writes only what differs, so that its bytes need not hold it whole. `seen`:
    /// the screen so far, and how many bytes made it.
    fn wait_on_screen(&self, seen: &mut (vt100::Parser, usize), mark: &str) -> Tick {
        let guard = Tick::now();
        loop {
            let at = {
                let got = self.got.lock().unwrap();
                seen.0.process(&got.2[seen.1..]);
                seen.1 = got.2.len();
                got.1
            };
            if seen.0.screen().contents().contains(mark) {
                return at;
            }
            assert!(guard.elapsed() < Duration::from_secs(60), "{mark} never shows");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn bytes(&self) -> usize {
        self.got.lock().unwrap().0
    }

    fn end(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const WARROOM: &str = env!("CARGO_BIN_EXE_warroom");

fn declare(home: &Path) {
    let done = std::process::Command::new(WARROOM)
        .args(["declare", "Outage", "--severity", "sev1", "--playbook", "carrier-outage", "--started", "-70m"])
        .env_clear()
        .env("HOME", home)
        .env("USER", "kim")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// From exec to the first frame, against the least ratatui program that draws as large a screen.
fn start() {
    let home = tempfile::tempdir().unwrap();
    declare(home.path());
    let me = std::env::current_exe().unwrap();
    let (mut ours, mut whole, mut least) = (Vec::new(), Vec::new(), Vec::new());
    let mut sizes = (0, 0);
    for _ in 0..15 {
        let (shown, begun) = Shown::start(me.to_str().unwrap(), &["minimal"], home.path());
        least.push(shown.wait("the-end") - begun);
        sizes.0 = shown.bytes();
        shown.end();
        let (shown, begun) = Shown::start(WARROOM, &[], home.path());
        ours.push(shown.wait("opening the journal") - begun);
        whole.push(shown.wait("NEVER TOLD") - begun);
        sizes.1 = shown.bytes();
        shown.end();
    }
    let (a, b, c) = (percentile(&mut ours, 0.5), percentile(&mut whole, 0.5), percentile(&mut least, 0.5));
    say(
        "start",
        format!(
            "first frame {a:?}, the incident on it {b:?}; minimal program {c:?}; ratios {:.2} {:.2}; bytes {} and {}",
            a.as_secs_f64() / c.as_secs_f64(),
            b.as_secs_f64() / c.as_secs_f64(),
            sizes.1,
            sizes.0
        ),
    );
}

/// Two rooms and a script on one journal, five entries a second for a minute (`WARROOM_SECONDS=600`: for ten): how long until
/// both show each, against one append without rooms.
fn together() {
    let seconds: usize = std::env::var("WARROOM_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(60);
    let home = tempfile::tempdir().unwrap();
    declare(home.path());
    let path = home.path().join(".local/state/warroom/journal.db");
    let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
    let incident = journal.incidents().unwrap()[0].incident;
    let mut write = |n: usize| {
        let now: Instant = std::time::SystemTime::now().into();
        let what: What = Noted { text: format!("script {n};"), follow_up: false }.into();
        let begun = Tick::now();
        journal
            .append(incident, &author(), now, Cursor::START, |_| {
                Ok::<_, warroom::incident::command::Refusal>(vec![Draft::now(what)])
            })
            .unwrap();
        begun.elapsed()
    };
    let mut alone: Vec<Duration> = (0..50).map(|n| write(1_000_000 + n)).collect();
    let rooms = [
        Shown::start(WARROOM, &["--as", "kim"], home.path()).0,
        Shown::start(WARROOM, &["--as", "ana"], home.path()).0,
    ];
    let mut screens = [(); 2].map(|()| {
        (vt100::Parser::new(std::num::NonZeroU16::new(48).unwrap(), std::num::NonZeroU16::new(160).unwrap(), 0), 0)
    });
    for (room, screen) in rooms.iter().zip(&mut screens) {
        room.wait_on_screen(screen, "NEVER TOLD");
    }
    let (mut shown, mut written) = (Vec::new(), Vec::new());
    let begun = Tick::now();
    for n in 0..seconds * 5 {
        let due = begun + Duration::from_millis(200) * n as u32;
        std::thread::sleep(due.saturating_duration_since(Tick::now()));
        let asked = Tick::now();
        written.push(write(n));
        for (room, screen) in rooms.iter().zip(&mut screens) {
            shown.push(room.wait_on_screen(screen, &format!("script {n};")).saturating_duration_since(asked));
        }
    }
    let worst = shown.iter().max().copied().unwrap_or_default();
    let alone = percentile(&mut alone, 0.5);
    say(
        "together",
        format!(
            "{} entries in {seconds} s, both rooms: shown p50 {:?} p99 {:?} worst {worst:?}; appended p50 {:?}, alone {alone:?}, ratio {:.2}",
            written.len(),
            percentile(&mut shown, 0.5),
            percentile(&mut shown, 0.99),
            percentile(&mut written, 0.5),
            percentile(&mut written, 0.5).as_secs_f64() / alone.as_secs_f64(),
        ),
    );
    rooms.into_iter().for_each(Shown::end);
}

/// What a still room costs in ten seconds.
fn idle() {
    let home = tempfile::tempdir().unwrap();
    declare(home.path());
    let (shown, _) = Shown::start(WARROOM, &[], home.path());
    shown.wait("NEVER TOLD");
    std::thread::sleep(Duration::from_secs(2));
    let pid = shown.child.process_id().unwrap();
    let before = (shown.bytes(), cost(pid));
    std::thread::sleep(Duration::from_secs(10));
    let after = (shown.bytes(), cost(pid));
    say(
        "idle",
        format!(
            "{:.1} bytes/s, {:.3} % CPU, {:.1} wakeups/s",
            after.0.saturating_sub(before.0) as f64 / 10.0,
            ((after.1.0 - before.1.0) * 10.0).max(0.0),
            // A thread that ended meanwhile takes its count with it.
            after.1.1.saturating_sub(before.1.1) as f64 / 10.0
        ),
    );
    shown.end();
}

/// Seconds on a processor and voluntary switches, all threads.
fn cost(pid: u32) -> (f64, u64) {
    let (mut seconds, mut switches) = (0.0, 0);
    for thread in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let read = |name: &str| std::fs::read_to_string(thread.path().join(name)).unwrap_or_default();
        let run = read("schedstat");
        seconds += run.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1e9;
        let status = read("status");
        let line = status.lines().find(|l| l.starts_with("voluntary_ctxt_switches")).unwrap_or_default();
        switches += line.rsplit('\t').next().and_then(|n| n.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    (seconds, switches)
}

/// Key to screen while 50 backends are polled every second, against the same with none.
fn keys() {
    let mut figures = Vec::new();
    for backends in [0, 50] {
        let home = tempfile::tempdir().unwrap();
        declare(home.path());
        let _server = serve(home.path(), backends);
        let (mut shown, _) = Shown::start(WARROOM, &[], home.path());
        shown.wait("NEVER TOLD");
        std::thread::sleep(Duration::from_secs(3));
        let mut times = Vec::new();
        for n in 0..300 {
            let before = shown.bytes();
            let begun = Tick::now();
            shown.writer.write_all(if n % 2 == 0 { b"j" } else { b"k" }).unwrap();
            while shown.bytes() == before && begun.elapsed() < Duration::from_secs(2) {
                std::thread::sleep(Duration::from_micros(50));
            }
            times.push(begun.elapsed());
            std::thread::sleep(Duration::from_millis(15));
        }
        figures.push((percentile(&mut times, 0.5), percentile(&mut times, 0.99)));
        shown.end();
    }
    let (none, fifty) = (figures[0], figures[1]);
    say(
        "keys",
        format!(
            "no backend p50 {:?} p99 {:?}; 50 backends p50 {:?} p99 {:?}; ratio {:.2} {:.2}",
            none.0,
            none.1,
            fifty.0,
            fifty.1,
            fifty.0.as_secs_f64() / none.0.as_secs_f64(),
            fifty.1.as_secs_f64() / none.1.as_secs_f64()
        ),
    );
}

/// Status pages on loopback, each with a component that changes at every poll.
fn serve(home: &Path, count: usize) -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    if count == 0 {
        return runtime;
    }
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let polls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let answer = move |path: axum::http::Uri| {
        let n = polls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            let state = if n.is_multiple_of(2) { "operational" } else { "major_outage" };
            let components: Vec<serde_json::Value> = (0..20)
                .map(|c| serde_json::json!({"id": format!("c{c}"), "name": format!("part {c}"), "status": state, "group": false}))
                .collect();
            let value = match path.path().ends_with("incidents.json") {
                true => serde_json::json!({"page": {"id": "p", "updated_at": "2024-02-22T09:00:00Z"}, "incidents": []}),
                false => serde_json::json!({
                    "page": {"id": "p", "updated_at": "2024-02-22T09:00:00Z"}, "components": components, "incidents": [],
                    "scheduled_maintenances": [], "status": {"indicator": "none", "description": "x"},
                }),
            };
            axum::Json(value)
        }
    };
    runtime.spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    let mut text = String::new();
    for n in 0..count {
        text.push_str(&format!("[[status]]\nname = \"page {n}\"\nkind = \"statuspage\"\nurl = \"http://127.0.0.1:{port}/{n}\"\nevery = \"1s\"\n"));
    }
    let folder = home.join(".config/warroom");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
    runtime
}

/// The least ratatui program that draws a whole screen and waits for a key.
fn minimal() {
    use ratatui::widgets::{Block, Paragraph};
    let mut terminal = ratatui::init();
    let text = "the text of a screen ".repeat(400);
    terminal
        .draw(|frame| {
            frame.render_widget(
                Paragraph::new(text.as_str())
                    .block(Block::bordered().title("the-end"))
                    .wrap(ratatui::widgets::Wrap { trim: true }),
                frame.area(),
            );
        })
        .unwrap();
    let _ = ratatui::crossterm::event::read();
    ratatui::restore();
}
