//! The unit of `warroom poll` as a service: systemd takes it, its walls are as high as said, and the program needs nothing that
//! they forbid. Reads the unit that is shipped.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::process::binary;
use crate::support::pty::Home;

const UNIT: &str = "contrib/warroom-poll.service";

/// The unit as shipped, but for the place of the program.
fn unit(folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(UNIT)).unwrap();
    assert!(text.contains("ExecStart=/usr/local/bin/warroom poll\n"));
    let path = folder.join("warroom-poll.service");
    std::fs::write(&path, text.replace("/usr/local/bin/warroom", env!("CARGO_BIN_EXE_warroom"))).unwrap();
    path
}

fn analyze(arguments: &[&str]) -> (bool, String) {
    let ran = Command::new(binary("systemd-analyze")).args(arguments).env("SYSTEMD_COLORS", "0").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    (ran.status.success(), said)
}

#[test]
fn systemd_takes_the_unit_and_finds_it_walled_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = unit(folder.path()).display().to_string();
    let (good, said) = analyze(&["verify", "--man=no", &path]);
    assert!(good && said.trim().is_empty(), "{said}");
    // At most 2.0 of 10; a unit without walls has 9.6.
    let (good, said) = analyze(&["security", "--offline=true", "--threshold=20", &path]);
    let figure = said.lines().find(|line| line.contains("exposure")).unwrap_or(&said).to_owned();
    assert!(good, "{said}");
    println!("{figure}");
    let broken = folder.path().join("broken.service");
    std::fs::write(&broken, "[Service]\nExecStart=/nowhere/warroom poll\nProtectSystm=strict\n").unwrap();
    assert!(!analyze(&["verify", "--man=no", &broken.display().to_string()]).1.trim().is_empty(), "this test can fail");
}

/// The calls of a set of systemd's, sets in it opened up.
fn calls(set: &str, out: &mut BTreeSet<String>) {
    let (good, said) = analyze(&["syscall-filter", set]);
    assert!(good, "{said}");
    for word in said.lines().skip(1).map(str::trim).filter(|word| !word.is_empty() && !word.starts_with('#')) {
        match word.starts_with('@') {
            true => calls(word, out),
            false => {
                out.insert(word.to_owned());
            }
        }
    }
}

#[test]
fn the_program_calls_nothing_that_the_unit_forbids() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(UNIT)).unwrap();
    assert!(text.contains("SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources\n"));
    let (mut allowed, mut forbidden) = (BTreeSet::new(), BTreeSet::new());
    calls("@system-service", &mut allowed);
    calls("@privileged", &mut forbidden);
    calls("@resources", &mut forbidden);
    // chown and its kind are in both; what is taken away wins.
    allowed.retain(|call| !forbidden.contains(call));
    assert!(allowed.contains("openat") && !allowed.contains("mount") && !allowed.contains("setpriority"));
    // SQLite gives its files to the database's owner where it is root, as this test may be and the service is not.
    assert!(text.contains("\nUser=warroom\n"));
    allowed.insert("fchown".to_owned());
    let home = Home::new();
    crate::room::configure(
        &home,
        "[alarms]\ncommand = [\"/bin/true\"]\n[[status]]\nname = \"page\"\nkind = \"statuspage\"\nurl = \"http://127.0.0.1:9\"\nevery = \"15s\"\n",
    );
    crate::room::declare(&home, &[]);
    let log = home.path().join("calls");
    let mut traced = Command::new(binary("strace"));
    traced.args(["-f", "-q", "-o"]).arg(&log).arg("--").arg(env!("CARGO_BIN_EXE_warroom")).arg("poll");
    traced.env_clear().envs(home.environment()).current_dir(home.path());
    let mut child = traced.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Until it asked the page, wrote what it heard, and ran the command.
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    let begun = Instant::now();
    while !(read().contains("/bin/true") && read().contains("connect(")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not come so far: {}", read().lines().count());
        std::thread::sleep(Duration::from_millis(100));
    }
    let pid = read().split_whitespace().next().unwrap().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success(), "it ends in order");
    // `12345 openat(AT_FDCWD, ...` and `12345 <... futex resumed>`.
    let text = read();
    let called: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('))
        .map(|(call, _)| call)
        .filter(|call| !call.is_empty() && call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        .collect();
    assert!(called.len() > 30 && called.contains("fdatasync") | called.contains("fsync"), "{called:?}");
    let outside: Vec<&&str> = called.iter().filter(|call| !allowed.contains(**call)).collect();
    assert!(outside.is_empty(), "the unit forbids {outside:?}");
    println!("{} kinds of calls, all of them allowed", called.len());
}
