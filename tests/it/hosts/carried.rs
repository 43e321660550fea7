//! `warroom bundle` on the built program: files, pipes and pastes between homes that share nothing.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::support::pty::{Home, Ran};

fn declared() -> Home {
    let home = Home::new();
    home.must(&["--as", "kim", "declare", "Outage", "--severity", "sev2", "--playbook", "generic"]);
    home
}

fn exported(home: &Home, arguments: &[&str]) -> Vec<u8> {
    let output = home.command().args(["bundle", "export"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// By standard input, as through a pipe from another host.
fn piped(home: &Home, bytes: &[u8]) -> Ran {
    let mut command = home.command();
    let mut child = command
        .args(["--as", "ana", "bundle", "import", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

fn imported(home: &Home, bytes: &[u8]) -> String {
    let ran = piped(home, bytes);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    ran.out
}

/// The state without what the moment makes of it.
fn timeline(home: &Home) -> Value {
    let state: Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    serde_json::json!([state["timeline"], state["roles"], state["tasks"], state["conflicts"], state["facts"]])
}

#[test]
fn there_and_back_by_pipe_and_by_paste() {
    let (here, there) = (declared(), Home::new());
    let told = imported(&there, &exported(&here, &[]));
    assert!(told.contains("not known here before") && told.contains("kim on"), "{told}");
    there.must(&["--as", "ana", "note", "over there"]);
    here.must(&["--as", "kim", "note", "over here"]);
    // Only what the other lacks comes back, short enough to paste.
    std::fs::write(there.path().join("theirs"), exported(&here, &[])).unwrap();
    let back = exported(&there, &["--since", "theirs", "--paste"]);
    let text = String::from_utf8(back.clone()).unwrap();
    assert!(text.starts_with("warroom-paste/1 ") && text.lines().count() < 40, "{text}");
    let told = imported(&here, &back);
    assert!(told.contains("2 new entries, 0 known"), "the note and what was seen: {told}");
    imported(&there, &exported(&here, &[]));
    // What was witnessed last goes over as well, and then it is still.
    imported(&here, &exported(&there, &[]));
    for home in [&here, &there] {
        let again = imported(home, &exported(&there, &[]));
        assert!(again.contains(": 0 new entries"), "{again}");
    }
    assert_eq!(timeline(&here), timeline(&there));
    assert_eq!(exported(&here, &[]), exported(&there, &[]), "the very same bytes");
    for home in [&here, &there] {
        assert!(home.must(&["verify"]).contains("intact"));
    }
}

#[test]
fn what_arose_is_told() {
    let (here, there) = (declared(), Home::new());
    imported(&there, &exported(&here, &[]));
    here.must(&["--as", "kim", "severity", "sev1"]);
    there.must(&["--as", "ana", "severity", "sev3", "--why", "smaller"]);
    let told = imported(&there, &exported(&here, &[]));
    assert!(told.contains("CONFLICT severity: ") && told.contains("kim says sev1"), "{told}");
    assert!(told.contains("ana says sev3"), "{told}");
    let ran = piped(&there, &exported(&here, &[]));
    assert!(!ran.out.contains("CONFLICT"), "told once: {}", ran.out);
    let json = there.command().args(["bundle", "import", "theirs", "--json"]).output().unwrap();
    assert_eq!(json.status.code(), Some(1), "there is no such file");
    let file = there.path().join("theirs");
    std::fs::write(&file, exported(&here, &[])).unwrap();
    let json: Value = serde_json::from_str(&there.must(&["bundle", "import", "theirs", "--json"])).unwrap();
    assert_eq!((&json["new"], &json["forks"]), (&0.into(), &serde_json::json!([])));
}

#[test]
fn what_is_missing_is_told() {
    let (here, there) = (declared(), Home::new());
    let first = exported(&here, &[]);
    std::fs::write(here.path().join("first"), &first).unwrap();
    here.must(&["note", "later"]);
    let told = imported(&there, &exported(&here, &["--since", "first"]));
    assert!(told.contains("MISSING entr") && told.contains("without --since"), "{told}");
    let told = imported(&there, &first);
    assert!(!told.contains("MISSING"), "{told}");
    assert!(there.must(&["verify"]).contains("intact"));
}

#[test]
fn what_is_refused_changes_nothing() {
    let (here, there) = (declared(), Home::new());
    imported(&there, &exported(&here, &[]));
    here.must(&["note", "a word"]);
    let good = exported(&here, &[]);
    let before = there.must(&["list", "--json"]);
    let mut bent = good.clone();
    let at = bent.windows(6).position(|w| w == b"a word").unwrap();
    bent[at] = b'A';
    for (bytes, why) in [
        (bent.as_slice(), "is not what its hash says"),
        (&good[..good.len() - 9], "cut"),
        (b"warroom-paste/1 2\n1 AAAA 000000\n".as_slice(), "line 1 of the paste is damaged"),
        (b"".as_slice(), "cut"),
    ] {
        let ran = piped(&there, bytes);
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(ran.err.contains(why) && ran.err.contains("nothing was changed"), "{}", ran.err);
        assert!(ran.err.contains("standard input: "), "{}", ran.err);
    }
    assert_eq!(there.must(&["list", "--json"]), before);
    let other = there.command().args(["--incident", "ffff", "bundle", "import", "-"]).output().unwrap();
    assert_eq!(other.status.code(), Some(1));
    let wrong = there.run(&["--read-only", "bundle", "import", "x"]);
    assert_ne!(wrong.code, Some(0));
}

#[test]
fn a_journal_put_back_from_a_copy_is_told_as_a_fork() {
    let (here, there) = (declared(), Home::new());
    // A copy that keeps the file's name and place on the disk, as a backup put back does.
    let backup = std::fs::read(here.journal()).unwrap();
    here.must(&["--as", "kim", "note", "written before the disk was put back"]);
    imported(&there, &exported(&here, &[]));
    for beside in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(here.path().join(format!("state/warroom/journal.db{beside}")));
    }
    std::fs::write(here.journal(), backup).unwrap();
    here.must(&["--as", "kim", "note", "written after"]);
    there.must(&["--as", "ana", "note", "over there"]);
    let ran = piped(&there, &exported(&here, &[]));
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("FORK writer") && ran.out.contains("two histories from entry"), "{}", ran.out);
    let verified = there.run(&["verify"]);
    assert!(
        verified.out.contains("intact") && verified.out.contains("FORK at entry"),
        "not mixed in, and told: {}",
        verified.out
    );
    assert_eq!(verified.code, Some(1));
    // The one that was put back learns it too, takes what others wrote, and goes on with another pen.
    let ran = piped(&here, &exported(&there, &[]));
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("FORK writer") && ran.out.contains("new entries"), "{}", ran.out);
    here.must(&["--as", "kim", "note", "with another pen"]);
    let ran = piped(&there, &exported(&here, &[]));
    assert!(ran.out.contains("of writer"), "{}", ran.out);
    let text = serde_json::to_string(&timeline(&there)).unwrap();
    assert!(text.contains("with another pen") && !text.contains("written after"), "{text}");
}
