//! Several users of one host: at one journal in a directory that they share, and at a server that the system introduces them to.
//! With real users of the system, so only root can run it: it says so where it cannot.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::server::Postgres;
use crate::support::pty::{Home, Ran, Start};

/// Two colleagues, their group, and a stranger: numbers that no user of a machine has.
const KIM: u32 = 61_001;
const ANA: u32 = 61_002;
const GROUP: u32 = 61_010;
const STRANGER: u32 = 61_003;

fn root() -> bool {
    let root = rustix::process::getuid().is_root();
    if !root {
        println!("NOT ROOT: nothing of several users was proven");
    }
    root
}

struct Shared {
    directory: tempfile::TempDir,
}

impl Shared {
    fn new() -> Shared {
        let directory = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        let shared = Shared { directory };
        // Users may not reach the folder in which it was built.
        fs::copy(env!("CARGO_BIN_EXE_warroom"), shared.program()).unwrap();
        fs::create_dir(shared.place()).unwrap();
        chown(shared.place(), Some(0), Some(GROUP)).unwrap();
        fs::set_permissions(shared.place(), Permissions::from_mode(0o2770)).unwrap();
        shared
    }

    fn program(&self) -> PathBuf {
        self.directory.path().join("warroom")
    }

    fn place(&self) -> PathBuf {
        self.directory.path().join("shared")
    }

    fn journal(&self) -> PathBuf {
        self.place().join("journal.db")
    }

    fn command(&self, user: u32, groups: &str, umask: &str) -> Command {
        let mut command = Command::new("setpriv");
        let user = user.to_string();
        command.args(["--reuid", &user, "--regid", &user]);
        match groups {
            "" => command.arg("--clear-groups"),
            groups => command.args(["--groups", groups]),
        };
        command.args(["sh", "-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(self.program());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent").env("LANG", "C.UTF-8");
        command.env("WARROOM_JOURNAL", self.journal()).current_dir("/").stdin(Stdio::null());
        command
    }

    fn run(&self, user: u32, umask: &str, arguments: &[&str]) -> Ran {
        let group = GROUP.to_string();
        let groups = if user == STRANGER { "" } else { group.as_str() };
        Ran::of(self.command(user, groups, umask).args(arguments).output().unwrap())
    }

    #[track_caller]
    fn must(&self, user: u32, umask: &str, arguments: &[&str]) -> String {
        let ran = self.run(user, umask, arguments);
        assert_eq!(ran.code, Some(0), "{user} {arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// Files beside the journal: name, owner, group, mode.
    fn files(&self) -> Vec<(String, u32, u32, u32)> {
        let all = fs::read_dir(self.place()).unwrap().flatten().map(|entry| {
            let meta = entry.metadata().unwrap();
            (entry.file_name().into_string().unwrap(), meta.uid(), meta.gid(), meta.mode() & 0o7777)
        });
        let mut all: Vec<_> = all.collect();
        all.sort();
        all
    }

    #[track_caller]
    fn all_shared(&self) -> Vec<(String, u32, u32, u32)> {
        let files = self.files();
        for (name, _, group, mode) in &files {
            let wanted = if name.ends_with(".proofs") { 0o2770 } else { 0o660 };
            assert_eq!((*group, *mode), (GROUP, wanted), "{name} of {files:?}");
        }
        files
    }
}

/// The command between the last backticks of a refusal.
fn mend(told: &str) -> String {
    told.rsplit('`').nth(1).expect("a command").replace("sudo ", "")
}

#[test]
fn colleagues_share_a_journal_whatever_their_umask() {
    if !root() {
        return;
    }
    let shared = Shared::new();
    let declare = ["--as", "kim", "declare", "Outage", "--severity", "sev1", "--playbook", "carrier-outage"];
    shared.must(KIM, "077", &declare);
    shared.all_shared();
    // Kim has the room open: log, shared memory, cache and what she typed are files that she made.
    let home = Home::new();
    fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
    let program = shared.program().display().to_string();
    let before: &'static str = Box::leak(
        format!(
            "umask 077; export HOME=/nonexistent XDG_CONFIG_HOME=/nonexistent; exec setpriv --reuid {KIM} --regid {KIM} \
             --groups {GROUP} {program} --as kim --journal {}",
            shared.journal().display()
        )
        .into_boxed_str(),
    );
    let mut start = Start::new(&home, &[]).size(120, 36);
    start.before = Some(before);
    let mut pty = start.start();
    pty.see("1 here");
    pty.keys("nhalf a sentence");
    pty.see("half a sentence");
    let made = shared.all_shared();
    assert!(made.iter().any(|(name, owner, ..)| name.ends_with("-wal") && *owner == KIM), "{made:?}");
    assert!(made.iter().any(|(name, owner, ..)| name.ends_with(".cache") && *owner == KIM), "{made:?}");
    // Ana writes into all of it, and Kim sees it.
    shared.must(ANA, "022", &["--as", "ana", "note", "from another user"]);
    pty.keys("\u{1b}");
    pty.keys("2");
    pty.see("from another user");
    let proof = shared.directory.path().join("proof.txt");
    fs::write(&proof, "recorded").unwrap();
    let named = format!("@{}", proof.display());
    let told = ["--as", "ana", "message", "elsewhere", "consumers", "social", "--by", "ana", "--proof", &named];
    shared.must(ANA, "077", &told);
    shared.all_shared();
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    // The other way round: what Ana made when she was alone is Kim's to write.
    shared.must(ANA, "077", &["--as", "ana", "note", "alone"]);
    shared.must(KIM, "027", &["--as", "kim", "note", "after her"]);
    let verified = shared.must(KIM, "077", &["verify"]);
    assert!(verified.contains("intact") && verified.matches("    writer ").count() == 1, "one pen for all: {verified}");
    assert!(!verified.contains("is not kept here"), "the proof that Ana kept is Kim's to read: {verified}");
    // Root as well leaves nothing that would lock them out.
    let mut by_root = Command::new(shared.program());
    by_root.env_clear().env("HOME", "/nonexistent").env("WARROOM_JOURNAL", shared.journal()).stdin(Stdio::null());
    assert!(by_root.args(["--as", "root-of-us", "note", "by root"]).output().unwrap().status.success());
    shared.all_shared();
    shared.must(ANA, "022", &["--as", "ana", "note", "and on"]);
    let stranger = shared.run(STRANGER, "022", &["state"]);
    assert_eq!(stranger.code, Some(1));
    assert!(!stranger.out.contains("Outage"), "{}", stranger.out);
}

#[test]
fn the_service_keeps_time_for_colleagues_on_one_journal() {
    if !root() {
        return;
    }
    let unit = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/warroom-poll.service")).unwrap();
    for line in ["StateDirectoryMode=2770", "UMask=0007", "User=warroom", "Group=warroom"] {
        assert!(unit.lines().any(|l| l == line), "{line}");
    }
    // As systemd makes it: the service's own, and its group's.
    let shared = Shared::new();
    chown(shared.place(), Some(STRANGER), Some(GROUP)).unwrap();
    fs::set_permissions(shared.place(), Permissions::from_mode(0o2770)).unwrap();
    let mut service = shared.command(STRANGER, &GROUP.to_string(), "0007");
    let mut service = service.arg("poll").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(service.stdout.take().unwrap()));
    let mut until = |words: &str| lines.by_ref().map(Result::unwrap).find(|line| line.contains(words)).expect(words);
    until("waiting for one");
    shared.must(KIM, "077", &["--as", "kim", "declare", "Outage", "--severity", "sev1", "--playbook", "generic"]);
    until("keeping time for Outage");
    shared.must(ANA, "022", &["--as", "ana", "note", "from a colleague"]);
    until("from a colleague");
    shared.all_shared();
    let pid = rustix::process::Pid::from_child(&service);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(service.wait().unwrap().success());
}

#[test]
fn modes_that_let_strangers_in_or_lock_colleagues_out_are_refused_with_what_mends_them() {
    if !root() {
        return;
    }
    let shared = Shared::new();
    let declare = ["--as", "kim", "declare", "Outage", "--severity", "sev1", "--playbook", "generic"];
    shared.must(KIM, "077", &declare);
    let refused = |why: &str| {
        for user in [KIM, ANA] {
            let ran = shared.run(user, "022", &["--as", "x", "note", "never"]);
            assert!(ran.code == Some(1) && ran.err.contains(why), "{user}: {}", ran.err);
        }
        // The command that it names is the one that mends it.
        let told = shared.run(ANA, "022", &["--as", "x", "note", "never"]).err;
        let done = Command::new("sh").args(["-c", &mend(&told)]).status().unwrap();
        assert!(done.success(), "{told}");
        shared.must(ANA, "022", &["--as", "ana", "note", "mended"]);
    };
    let chmod = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for mode in [0o2775, 0o2777, 0o2771] {
        chmod(&shared.place(), mode);
        refused("lets strangers in");
    }
    for mode in [0o2750, 0o3770] {
        chmod(&shared.place(), mode);
        let ran = shared.run(KIM, "022", &["--as", "x", "note", "never"]);
        assert!(ran.err.contains("does not let the group"), "{}", ran.err);
        assert!(Command::new("sh").args(["-c", &mend(&ran.err)]).status().unwrap().success());
    }
    // Open to the group but not set up for it: what one makes would not be the other's.
    chmod(&shared.place(), 0o770);
    chown(shared.place(), Some(KIM), Some(GROUP)).unwrap();
    chmod(&shared.place(), 0o770);
    refused("to share it");
    for mode in [0o600, 0o640, 0o666] {
        chmod(&shared.journal(), mode);
        refused(if mode == 0o666 { "lets strangers in" } else { "locks out the group" });
    }
    chown(shared.journal(), None, Some(KIM)).unwrap();
    refused("belongs to the group");
    // A stranger is told of what group they would have to be.
    chmod(shared.directory.path(), 0o755);
    let host = warroom::journal::Host { user: STRANGER, groups: vec![STRANGER], ..warroom::journal::Host::this() };
    let opened = warroom::journal::Journal::open_on(&shared.journal(), warroom::journal::Access::ReadOnly, host);
    let told = opened.err().expect("refused").to_string();
    assert!(told.contains("which user 61003 is not in") && told.contains("usermod -aG 61010"), "{told}");
}

#[test]
fn the_system_says_who_is_who_at_the_servers_socket() {
    if !root() {
        return;
    }
    let server = Postgres::with_socket();
    let place = |user: &str| {
        let socket = server.directory.path().display().to_string().replace('/', "%2F");
        let url = format!("postgres://{user}@{socket}:{}/postgres?target_session_attrs=read-write", server.port);
        format!("[replicate]\nurl = \"{url}\"\n")
    };
    server.by_admin(async |client| warroom::replicate::init(client).await);
    server.sql("CREATE ROLE root LOGIN IN ROLE warroom_append; CREATE ROLE daemon LOGIN IN ROLE warroom_append");
    // Each with a journal of their own, and no password anywhere.
    let shared = Shared::new();
    let own = |user: &str| {
        let folder = shared.directory.path().join(user);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        fs::write(folder.join("config.toml"), place(user)).unwrap();
        let chowned = Command::new("chown").args(["-R", &format!("{user}:")]).arg(&folder).status().unwrap();
        assert!(chowned.success());
        folder
    };
    let run = |user: &str, folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]).arg(shared.program());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent").current_dir("/");
        command.env("WARROOM_JOURNAL", folder.join("journal.db")).env("WARROOM_CONFIG", folder.join("config.toml"));
        Ran::of(command.stdin(Stdio::null()).args(["--as", user]).args(arguments).output().unwrap())
    };
    let (one, two) = (own("root"), own("daemon"));
    let declared = run("root", &one, &["declare", "Outage", "--severity", "sev2", "--playbook", "generic"]);
    assert_eq!(declared.code, Some(0), "{}", declared.err);
    let went = run("root", &one, &["replicate", "--once"]);
    assert_eq!(went.code, Some(0), "{}{}", went.out, went.err);
    let came = run("daemon", &two, &["replicate", "--once"]);
    assert!(came.out.contains("not known here before") && came.out.contains("Outage"), "{}{}", came.out, came.err);
    // Nobody is another by saying so.
    fs::write(two.join("config.toml"), place("root")).unwrap();
    let refused = run("daemon", &two, &["replicate", "--once"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.to_lowercase().contains("peer authentication failed"), "{}", refused.err);
}
