//! The built program in a real pseudo-terminal, its screen emulated. Waits for what is shown, never for a time.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};

pub use super::process::stat;
use super::wire_check;

/// A guard against hanging for ever, far beyond what anything here takes.
pub const HANG: Duration = Duration::from_secs(60);

/// A home of its own: nothing of the person who runs the tests is read or written.
pub struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Home {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o700)).tempdir().unwrap();
        let home = Home { dir };
        for sub in ["state", "config", "run", "tmp"] {
            std::fs::create_dir(home.path().join(sub)).unwrap();
        }
        home
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    /// Where the program puts a journal by itself.
    pub fn journal(&self) -> PathBuf {
        self.path().join("state/warroom/journal.db")
    }

    /// The whole environment of a child: this and no more.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let sub = |name: &str| self.path().join(name).display().to_string();
        vec![
            ("HOME", self.path().display().to_string()),
            ("XDG_STATE_HOME", sub("state")),
            ("XDG_CONFIG_HOME", sub("config")),
            ("XDG_RUNTIME_DIR", sub("run")),
            ("TMPDIR", sub("tmp")),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("TERM", "xterm-256color".to_owned()),
            ("COLORTERM", "truecolor".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("USER", "zoe".to_owned()),
        ]
    }

    /// The program without a terminal, ready for arguments.
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_warroom"));
        command.env_clear().envs(self.environment()).current_dir(self.path()).stdin(std::process::Stdio::null());
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command().args(arguments).output().unwrap())
    }

    /// Runs it; what it prints on standard output, which must be a success.
    pub fn must(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// Files below a folder of this home, by their path in it.
    pub fn left(&self, folder: &str) -> Vec<String> {
        fn walk(at: &Path, out: &mut Vec<String>) {
            for entry in std::fs::read_dir(at).into_iter().flatten().flatten() {
                out.push(entry.path().display().to_string());
                if entry.file_type().is_ok_and(|t| t.is_dir()) {
                    walk(&entry.path(), out);
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.path().join(folder), &mut out);
        out
    }
}

/// How a run without a terminal ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: std::process::Output) -> Ran {
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// What the terminal does when it is asked who it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answers {
    AtOnce,
    Never,
    /// Only when the test says so.
    Later,
}

/// How the program is started.
pub struct Start<'a> {
    pub home: &'a Home,
    pub arguments: Vec<String>,
    pub size: (u16, u16),
    pub answers: Answers,
    /// Changes to the environment; None takes a variable away.
    pub environment: Vec<(&'static str, Option<&'static str>)>,
    /// A shell that runs before and is replaced by the program.
    pub before: Option<&'static str>,
}

impl<'a> Start<'a> {
    pub fn new(home: &'a Home, arguments: &[&str]) -> Start<'a> {
        let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
        let (size, answers) = ((160, 48), Answers::AtOnce);
        Start { home, arguments, size, answers, environment: Vec::new(), before: None }
    }

    pub fn size(mut self, width: u16, height: u16) -> Start<'a> {
        self.size = (width, height);
        self
    }

    pub fn answers(mut self, answers: Answers) -> Start<'a> {
        self.answers = answers;
        self
    }

    pub fn variable(mut self, name: &'static str, value: Option<&'static str>) -> Start<'a> {
        self.environment.push((name, value));
        self
    }

    pub fn start(self) -> Pty {
        Pty::start(self)
    }
}

struct Shown {
    parser: vt100::Parser,
    log: Vec<u8>,
    /// Questions seen and not answered.
    asked: usize,
    /// The reader ended.
    over: bool,
}

impl Shown {
    /// Whether a picture has begun and is not whole yet.
    fn half(&self) -> bool {
        let mark = b"\x1b[?2026";
        let last = self.log.windows(mark.len()).rposition(|w| w == mark);
        last.is_some_and(|at| self.log.get(at + mark.len()) != Some(&b'l'))
    }
}

/// A running program and the terminal that it believes to be on.
pub struct Pty {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    child: Box<dyn Child + Send + Sync>,
    pub pid: Pid,
    master: Option<Box<dyn MasterPty + Send>>,
    /// The master once more, for keys and answers.
    keyboard: Option<Arc<File>>,
    /// The terminal as the shell behind the program holds it.
    tty: Option<File>,
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    /// The terminal's settings before the program started.
    pub before: String,
}

impl Pty {
    fn start(start: Start<'_>) -> Pty {
        let (width, height) = start.size;
        let pair = native_pty_system().openpty(size(width, height)).expect("a pseudo-terminal");
        let mut command = match start.before {
            None => CommandBuilder::new(env!("CARGO_BIN_EXE_warroom")),
            Some(script) => {
                let mut shell = CommandBuilder::new("/bin/sh");
                shell.args(["-c", &format!("{script}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_warroom")]);
                shell
            }
        };
        command.args(&start.arguments);
        command.env_clear();
        for (name, value) in start.home.environment() {
            command.env(name, value);
        }
        for (name, value) in start.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            }
        }
        command.cwd(start.home.path());
        let tty = pair.master.tty_name().expect("the terminal's name");
        // Not as our own controlling terminal.
        let noctty = rustix::fs::OFlags::NOCTTY.bits() as i32;
        use std::os::unix::fs::OpenOptionsExt;
        let tty = File::options().read(true).write(true).custom_flags(noctty).open(tty).expect("the terminal");
        let before = settings(&tty);
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let pid = Pid::from_raw(child.process_id().expect("a pid") as i32).expect("a pid");
        let raw = pair.master.as_raw_fd().expect("a descriptor");
        // SAFETY: `master` is open here and stays open until after this borrow.
        let keyboard = unsafe { BorrowedFd::borrow_raw(raw) }.try_clone_to_owned().expect("a second descriptor");
        let keyboard = Arc::new(File::from(keyboard));
        let parser = vt100::Parser::new(some(height), some(width), 0);
        let shown = Shown { parser, log: Vec::new(), asked: 0, over: false };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let reader = read(Arc::clone(&keyboard), Arc::clone(&shown), Arc::clone(&stop), start.answers);
        Pty {
            shown,
            child,
            pid,
            master: Some(pair.master),
            keyboard: Some(keyboard),
            tty: Some(tty),
            stop,
            reader: Some(reader),
            before,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.0.lock().unwrap()
    }

    /// Waits until the screen is as wanted; fails with the screen where it never is.
    #[track_caller]
    pub fn wait(&self, what: &str, mut wanted: impl FnMut(&vt100::Screen) -> bool) {
        let end = Instant::now() + HANG;
        let mut shown = self.lock();
        while shown.half() || !wanted(shown.parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || shown.over {
                let screen = shown.parser.screen().contents();
                drop(shown);
                panic!("never seen: {what}. The screen:\n{screen}");
            }
            // Looked at again now and then, should the condition be of something else than the screen.
            shown = self.shown.1.wait_timeout(shown, left.min(Duration::from_millis(200))).unwrap().0;
        }
    }

    /// Waits until a text is somewhere on the screen.
    #[track_caller]
    pub fn see(&self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    /// Waits until a text is nowhere on the screen.
    #[track_caller]
    pub fn gone(&self, text: &str) {
        self.wait(&format!("{text} gone"), |screen| !screen.contents().contains(text));
    }

    /// Looks at the emulated screen, between two pictures.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        let mut shown = self.lock();
        while shown.half() && !shown.over {
            shown = self.shown.1.wait_timeout(shown, Duration::from_millis(200)).unwrap().0;
        }
        at(shown.parser.screen())
    }

    pub fn text(&self) -> String {
        self.look(vt100::Screen::contents)
    }

    /// Rows, without the blanks at their ends.
    pub fn rows(&self) -> Vec<String> {
        self.look(rows)
    }

    /// Types.
    pub fn keys(&self, keys: &str) {
        let mut keyboard: &File = self.keyboard.as_ref().expect("a terminal");
        keyboard.write_all(keys.as_bytes()).expect("keys");
    }

    /// Pastes, as a terminal does that was asked to mark a paste.
    pub fn paste(&self, text: &str) {
        self.keys(&format!("\u{1b}[200~{text}\u{1b}[201~"));
    }

    pub fn resize(&self, width: u16, height: u16) {
        let mut shown = self.lock();
        shown.parser.screen_mut().set_size(some(height), some(width));
        self.master.as_ref().expect("a terminal").resize(size(width, height)).expect("a new size");
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid, signal).expect("a signal");
    }

    /// Answers every question that was seen so far; how many those were.
    pub fn answer(&self) -> usize {
        let asked = std::mem::take(&mut self.lock().asked);
        for _ in 0..asked {
            self.keys("\u{1b}[?62;c");
        }
        asked
    }

    /// Every byte that the program has sent.
    pub fn log(&self) -> Vec<u8> {
        self.lock().log.clone()
    }

    /// Fails where anything but our own few sequences was sent.
    #[track_caller]
    pub fn assert_only_ours(&self) {
        if let Some(why) = wire_check::foreign(&self.log()) {
            panic!("on the wire: {why}");
        }
    }

    /// The terminal's settings now.
    pub fn settings(&self) -> String {
        settings(self.tty.as_ref().expect("a terminal"))
    }

    /// The terminal goes away: a closed window, a dropped link.
    pub fn close_master(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.tty = None;
        self.keyboard = None;
        self.master = None;
    }

    /// Nobody reads what the program sends any more; the terminal stays.
    pub fn stop_reading(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }

    /// Waits for the end; the exit code.
    #[track_caller]
    pub fn exit(&mut self) -> u32 {
        let end = Instant::now() + HANG;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end; the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the end, and until everything it sent has been read.
    #[track_caller]
    pub fn exit_and_read(&mut self) -> u32 {
        let code = self.exit();
        // The last holder of the terminal lets go: the reader sees its end.
        self.tty = None;
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        code
    }

    /// A field of the process's line in /proc, counted as proc(5) does.
    pub fn stat(&self, field: usize) -> Option<String> {
        stat(self.pid, field)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process(self.pid, Signal::KILL);
        let _ = self.child.wait();
        self.stop.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

pub fn rows(screen: &vt100::Screen) -> Vec<String> {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).map(|row| row.trim_end().to_owned()).collect()
}

fn settings(tty: &File) -> String {
    format!("{:?}", rustix::termios::tcgetattr(tty).expect("settings"))
}

fn some(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n.max(1)).expect("not zero")
}

fn size(width: u16, height: u16) -> PtySize {
    PtySize { rows: height, cols: width, pixel_width: 0, pixel_height: 0 }
}

fn read(
    master: Arc<File>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    stop: Arc<AtomicBool>,
    answers: Answers,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut bytes = [0u8; 65536];
        loop {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            let wait = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
            let mut fds = [PollFd::new(&*master, PollFlags::IN)];
            match poll(&mut fds, Some(&wait)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => continue,
                Ok(_) => {}
                Err(_) => break,
            }
            let n = match (&*master).read(&mut bytes) {
                Ok(n) if n > 0 => n,
                // Nobody holds the terminal any more.
                Ok(_) | Err(_) => break,
            };
            let mut state = shown.0.lock().unwrap();
            let from = state.log.len().saturating_sub(2);
            state.log.extend_from_slice(&bytes[..n]);
            state.parser.process(&bytes[..n]);
            let asked = state.log[from..].windows(3).filter(|w| *w == b"\x1b[c").count();
            state.asked += asked;
            if answers == Answers::AtOnce {
                for _ in 0..std::mem::take(&mut state.asked) {
                    let _ = (&*master).write_all(b"\x1b[?62;c");
                }
            }
            shown.1.notify_all();
        }
        shown.0.lock().unwrap().over = true;
        shown.1.notify_all();
    })
}
