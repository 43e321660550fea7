//! The distribution's Exim on a free loopback port, with its spool in a folder of its own. By the name of an address it
//! refuses, refuses for now, takes its time, or takes and sends back; what it takes goes into one file, which is counted.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::process::{Server, free_port};

/// The password that it takes from `warroom`, over TLS only.
pub const PASSWORD: &str = "let-me-send-7d1f";

pub struct MailServer {
    pub port: u16,
    server: Server,
    folder: tempfile::TempDir,
}

/// The user that the package delivers as.
fn user() -> u32 {
    let list = std::fs::read_to_string("/etc/passwd").unwrap();
    let line = list.lines().find(|line| line.starts_with("Debian-exim:"));
    line.and_then(|line| line.split(':').nth(2)?.parse().ok())
        .expect("the user Debian-exim (package exim4-daemon-light)")
}

fn config(folder: &Path, port: u16) -> String {
    let at = folder.display();
    format!(
        "primary_hostname = mail.example.net\nspool_directory = {at}/spool\nlog_file_path = {at}/log/%slog\n\
         pid_file_path = {at}/pid\nlocal_interfaces = 127.0.0.1\ndaemon_smtp_ports = {port}\nacl_smtp_rcpt = rcpt\n\
         dsn_advertise_hosts = *\ntls_advertise_hosts = *\ntls_certificate = {at}/good.pem\n\
         tls_privatekey = {at}/good.key\nrfc1413_query_timeout = 0s\nkeep_environment =\n\
         smtp_accept_queue_per_connection = 0\nsmtp_accept_max_per_connection = 10\n\
         begin acl\nrcpt:\n\
         \x20 deny local_parts = ^refused\n      message = no such user here\n\
         \x20 defer local_parts = ^later\n      message = try again in an hour\n\
         \x20 accept local_parts = ^slow\n      delay = 1s\n\
         \x20 accept\n\
         begin routers\nback:\n  driver = redirect\n  local_parts = ^bounce\n  data = :fail: nobody of that name here\n\
         desk:\n  driver = accept\n  local_parts = incidents\n  transport = reports\n\
         all:\n  driver = accept\n  transport = inbox\n\
         begin transports\ninbox:\n  driver = appendfile\n  file = {at}/inbox/all\n  user = Debian-exim\n\
         \x20 batch_max = 1000\n  envelope_to_add\n  return_path_add\n\
         reports:\n  driver = appendfile\n  directory = {at}/reports\n  maildir_format\n  user = Debian-exim\n\
         begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n  server_prompts = :\n\
         \x20 server_condition = ${{if and{{{{eq{{$auth2}}{{warroom}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}\n\
         \x20 server_advertise_condition = ${{if def:tls_in_cipher}}\n"
    )
}

impl MailServer {
    pub fn start() -> MailServer {
        let open = PermissionsExt::from_mode(0o755);
        let folder = tempfile::Builder::new().permissions(open).tempdir().unwrap();
        let user = user();
        for sub in ["spool", "log", "inbox", "reports"] {
            std::fs::create_dir(folder.path().join(sub)).unwrap();
            chown(folder.path().join(sub), Some(user), None).expect("root, to give the server its folders");
        }
        for name in ["good.pem", "good.key"] {
            let to = folder.path().join(name);
            std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name), &to).unwrap();
            std::fs::set_permissions(&to, PermissionsExt::from_mode(0o600)).unwrap();
            chown(&to, Some(user), None).unwrap();
        }
        let port = free_port();
        let file = folder.path().join("exim.conf");
        std::fs::write(&file, config(folder.path(), port)).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let arguments = ["-C".to_owned(), file.display().to_string(), "-bdf".to_owned()];
        let server = Server::start("exim4", folder.path(), &arguments);
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the mail server does not listen: {}", server.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        MailServer { port, server, folder }
    }

    /// The Maildir of the sender, into which its reports come.
    pub fn reports(&self) -> std::path::PathBuf {
        self.folder.path().join("reports")
    }

    /// Everything that was delivered, as it stands in the one file.
    pub fn inbox(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.path().join("inbox/all")).unwrap_or_default()).into_owned()
    }

    /// How often each address received something.
    pub fn received(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        // A long header goes on in lines that begin with a blank.
        let inbox = self.inbox().replace("\n\t", " ").replace("\n ", " ");
        for list in inbox.lines().filter_map(|line| line.strip_prefix("Envelope-to: ")) {
            // Reports of the server to the sender are no texts of ours.
            for to in list.split(',').map(str::trim).filter(|to| *to != super::given::FROM) {
                *counts.entry(to.to_owned()).or_default() += 1;
            }
        }
        counts
    }

    /// What was received once so many addresses have something, and the server has nothing left to do.
    pub fn settled(&self, addresses: usize) -> BTreeMap<String, usize> {
        let begun = Instant::now();
        loop {
            let received = self.received();
            let waits = std::fs::read_dir(self.folder.path().join("spool/input")).is_ok_and(|mut d| d.next().is_some());
            if received.len() >= addresses && !waits {
                return received;
            }
            let log = || std::fs::read_to_string(self.folder.path().join("log/mainlog")).unwrap_or_default();
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{} of {addresses} were received\n{}\n{}",
                received.len(),
                self.server.log(),
                log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
