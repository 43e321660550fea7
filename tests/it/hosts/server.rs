//! A real PostgreSQL of Debian's in a directory of its own, and a line to it that can be cut within a byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio_postgres::{Client, NoTls};
use warroom::config::{Replicate, SecretRef};
use warroom::replicate::{Fault, init, with};

use crate::support::process::free_port;

const SECRET: &str = "CANARY-of-the-server";

/// A running cluster. Ended with its handle.
pub struct Postgres {
    pub directory: tempfile::TempDir,
    pub port: u16,
    child: Option<Child>,
    extra: Vec<String>,
}

/// Debian keeps the programs out of the path. A missing server fails the test: a proof that is skipped proves nothing.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|v| v.path().join("bin").join(name)).filter(|p| p.is_file()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| panic!("PostgreSQL is not installed; this test needs it (see CONTRIBUTING.md)"))
}

/// The server refuses to be root: as root it runs as its own user.
fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    if rustix::process::getuid().is_root() {
        let users = std::fs::read_to_string("/etc/passwd").unwrap();
        let line = users.lines().find(|line| line.starts_with("postgres:")).expect("the user postgres");
        let number = |n| line.split(':').nth(n).unwrap().parse::<u32>().unwrap();
        command.uid(number(2)).gid(number(3));
    }
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    command
}

/// A folder for a server, with the file of its password.
fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let secret = directory.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o644)).unwrap();
    (directory, secret)
}

/// Makes it the server's own, which does not run as root.
fn give(directory: &tempfile::TempDir) {
    if rustix::process::getuid().is_root() {
        let chown = Command::new("chown").args(["-R", "postgres:"]).arg(directory.path()).status().unwrap();
        assert!(chown.success());
    }
}

impl Postgres {
    pub fn start() -> Postgres {
        Postgres::start_as(None)
    }

    /// That also listens at a socket in its directory, where the system says who is who.
    pub fn with_socket() -> Postgres {
        let mut server = Postgres::start();
        server.kill();
        let rules = server.directory.path().join("data/pg_hba.conf");
        let before = std::fs::read_to_string(&rules).unwrap();
        std::fs::write(&rules, format!("local all all peer\n{before}")).unwrap();
        let socket = server.directory.path().display().to_string();
        server.extra.extend(["-c".to_owned(), format!("unix_socket_directories={socket}")]);
        server.go();
        server
    }

    /// With one of the certificates that are made for tests, where one is named.
    pub fn start_as(certificate: Option<&str>) -> Postgres {
        let (directory, secret) = folder();
        let data = directory.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let mut extra = Vec::new();
        if let Some(name) = certificate {
            extra.extend(["-c".to_owned(), "ssl=on".to_owned()]);
            for (end, setting) in [("pem", "ssl_cert_file"), ("key", "ssl_key_file")] {
                let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(format!("{name}.{end}"));
                let to = directory.path().join(format!("server.{end}"));
                std::fs::copy(from, &to).unwrap();
                std::fs::set_permissions(&to, PermissionsExt::from_mode(0o600)).unwrap();
                extra.extend(["-c".to_owned(), format!("{setting}={}", to.display())]);
            }
        }
        give(&directory);
        let made = command("initdb")
            .current_dir("/")
            .args(["-U", "postgres", "-A", "scram-sha-256", "-N", "--locale=C.UTF-8", "-E", "UTF8", "--pwfile"])
            .arg(&secret)
            .arg("-D")
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut server = Postgres { directory, port: free_port(), child: None, extra };
        server.go();
        server
    }

    /// A standby that follows this server by way of `port`, with nothing of its own.
    pub fn standby(&self, port: u16) -> Postgres {
        let (directory, _) = folder();
        give(&directory);
        let copied = command("pg_basebackup")
            .current_dir("/")
            .env("PGPASSWORD", SECRET)
            .args(["-h", "127.0.0.1", "-U", "postgres", "-R", "-X", "stream", "-c", "fast", "-p", &port.to_string()])
            .arg("-D")
            .arg(directory.path().join("data"))
            .output()
            .unwrap();
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let mut server = Postgres { directory, port: free_port(), child: None, extra: self.extra.clone() };
        server.go();
        server
    }

    /// Makes a standby the server that may be written to. Returns when it is.
    pub fn promote(&self) {
        let mut place = self.place("postgres", self.port);
        place.url = place.url.replace("read-write", "any");
        let ask = async |client: &mut Client| {
            client.query_one("SELECT pg_promote(true, 60)", &[]).await.map(|_| ()).map_err(|e| Fault(e.to_string()))
        };
        self.by(&place, ask).unwrap();
    }

    /// Starts it, again after it was killed, on the same port.
    pub fn go(&mut self) {
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(self.directory.path().join("log")).unwrap();
        let child = command("postgres")
            .current_dir("/")
            .arg("-D")
            .arg(self.directory.path().join("data"))
            .args([
                "-p",
                &self.port.to_string(),
                "-c",
                "unix_socket_directories=",
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "max_connections=60",
            ])
            .args(&self.extra)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let guard = Instant::now();
        // Until it takes a connection and says something of its own.
        while !self.answers() {
            let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
            assert!(guard.elapsed() < Duration::from_secs(60), "PostgreSQL does not start: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answers(&self) -> bool {
        let runtime = runtime();
        let url = format!("postgres://postgres:{SECRET}@127.0.0.1:{}/postgres", self.port);
        runtime.block_on(async { tokio_postgres::connect(&url, NoTls).await.is_ok() })
    }

    /// As a power cut, or the kernel when memory is short, ends it.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        if let Some(mut child) = self.child.take() {
            child.wait().unwrap();
        }
    }

    /// The server's own process, for figures.
    #[allow(dead_code)]
    pub fn pid(&self) -> Option<i32> {
        self.child.as_ref().and_then(|child| i32::try_from(child.id()).ok())
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            kill_process(Pid::from_child(child), signal).unwrap();
        }
    }

    /// Stops it where it stands, with every session: it keeps its sockets and says nothing. Or lets it go on.
    pub fn freeze(&self, frozen: bool) {
        let Some(child) = &self.child else { return };
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        let own = child.id().to_string();
        self.signal(signal);
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let pid = entry.file_name().to_string_lossy().parse::<i32>().ok().and_then(Pid::from_raw);
            // Its sessions are its children, and leave by themselves.
            if let Some(pid) = pid.filter(|pid| crate::support::process::stat(*pid, 4).as_ref() == Some(&own)) {
                let _ = kill_process(pid, signal);
            }
        }
    }

    /// Where a user meets it, by way of `port`.
    pub fn place(&self, user: &str, port: u16) -> Replicate {
        Replicate {
            url: format!("postgres://{user}@127.0.0.1:{port}/postgres?target_session_attrs=read-write"),
            token: Some(SecretRef::File(self.directory.path().join("secret"))),
            ca: None,
            every: 1,
            insecure: false,
        }
    }

    /// With the table, and with users who may append and read.
    pub fn ready(users: &[&str]) -> Postgres {
        let server = Postgres::start();
        server.by_admin(async |client| init(client).await);
        // Again: it changes nothing.
        server.by_admin(async |client| init(client).await);
        for user in users {
            let role = if user.starts_with("reads") { "warroom_read" } else { "warroom_append" };
            server.sql(&format!("CREATE ROLE {user} LOGIN PASSWORD '{SECRET}' IN ROLE {role}"));
        }
        server
    }

    /// Nobody reads or writes the table of entries while this is held; claims go on.
    pub fn lock(&self) -> impl Sized {
        let runtime = runtime();
        let url = format!("postgres://postgres:{SECRET}@127.0.0.1:{}/postgres", self.port);
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute("BEGIN; LOCK TABLE warroom_entries IN ACCESS EXCLUSIVE MODE").await.unwrap();
            client
        });
        (client, runtime)
    }

    pub fn by_admin<T>(&self, work: impl AsyncFnOnce(&mut Client) -> Result<T, Fault>) -> T {
        self.by(&self.place("postgres", self.port), work).unwrap()
    }

    pub fn by<T>(
        &self,
        place: &Replicate,
        work: impl AsyncFnOnce(&mut Client) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        runtime().block_on(with(place, "jump", work))
    }

    pub fn sql(&self, text: &str) {
        self.by_admin(async |client| client.batch_execute(text).await.map_err(|e| Fault(e.to_string())));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.freeze(false);
        self.signal(Signal::INT);
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A line to the server that ends after so many bytes in either direction, takes its time, or swallows what it is given.
#[derive(Clone)]
pub struct Line {
    pub port: u16,
    state: Arc<Weather>,
}

struct Weather {
    left: AtomicI64,
    /// Milliseconds that each piece takes.
    delay: AtomicI64,
    swallows: AtomicBool,
}

impl Line {
    pub fn to(server: u16) -> Line {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state =
            Weather { left: AtomicI64::new(i64::MAX), delay: AtomicI64::new(0), swallows: AtomicBool::new(false) };
        let state = Arc::new(state);
        let weather = Arc::clone(&state);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                for (from, to) in [(near.try_clone(), far.try_clone()), (far.try_clone(), near.try_clone())] {
                    let (Ok(from), Ok(to)) = (from, to) else { continue };
                    let weather = Arc::clone(&weather);
                    std::thread::spawn(move || carry(from, to, &weather));
                }
            }
        });
        Line { port, state }
    }

    pub fn cut_after(&self, bytes: i64) {
        self.state.left.store(bytes, Ordering::SeqCst);
    }

    /// Each piece takes so long on its way.
    pub fn slow(&self, delay: Duration) {
        self.state.delay.store(i64::try_from(delay.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Takes everything and hands nothing on, as a firewall does that drops packets.
    pub fn swallow(&self) {
        self.state.swallows.store(true, Ordering::SeqCst);
    }

    /// Bytes in both directions since it was last set to carry all.
    #[allow(dead_code)]
    pub fn carried(&self) -> u64 {
        u64::try_from(i64::MAX - self.state.left.load(Ordering::SeqCst)).unwrap_or(0)
    }

    pub fn mend(&self) {
        self.state.left.store(i64::MAX, Ordering::SeqCst);
        self.state.delay.store(0, Ordering::SeqCst);
        self.state.swallows.store(false, Ordering::SeqCst);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, weather: &Weather) {
    let mut buffer = [0; 512];
    let mut lost = false;
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        // A stream that lost a piece has lost all that follows.
        lost |= weather.swallows.load(Ordering::SeqCst);
        if lost {
            continue;
        }
        let delay = u64::try_from(weather.delay.load(Ordering::SeqCst)).unwrap();
        if delay > 0 {
            // The line itself, not a wait of the test's.
            std::thread::sleep(Duration::from_millis(delay));
        }
        let before = weather.left.fetch_sub(i64::try_from(n).unwrap(), Ordering::SeqCst);
        let may = usize::try_from(before.max(0)).unwrap().min(n);
        if to.write_all(&buffer[..may]).is_err() || may < n {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

/// The file that holds the password.
pub fn secret(server: &Postgres) -> String {
    server.directory.path().join("secret").display().to_string()
}

/// Whether the password stands in a text.
pub fn tells_the_secret(text: &str) -> bool {
    text.contains(SECRET)
}

/// A folder is only ever read by these tests.
pub fn log(server: &Postgres) -> String {
    let path: &Path = server.directory.path();
    std::fs::read_to_string(path.join("log")).unwrap_or_default()
}
