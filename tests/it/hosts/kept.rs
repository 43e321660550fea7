//! Keeping and removing: an archive is whole or refused; what was removed has left no byte, does not come back unasked, and comes
//! back whole where it is asked for.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use warroom::incident::what::{Noted, What};
use warroom::journal::JournalError;
use warroom::journal::archive;

use super::Host;
use super::replicated::configured;
use super::server::{Postgres, secret};
use crate::journal::{INCIDENT, noon};
use crate::support::pty::{Home, Start};

/// A word that is nowhere else.
const SECRET: &str = "xylophone-of-the-outage";

/// An incident that is over, with a proof, and another beside it.
fn over(home: &Home) -> String {
    let declare = ["--as", "kim", "declare", SECRET, "--severity", "sev2", "--playbook", "carrier-outage"];
    let id = home.must(&declare).trim().to_owned();
    let on = |rest: &[&str]| home.must(&[&["--as", "kim", "--incident", &id][..], rest].concat());
    let proof = home.path().join("proof.txt");
    std::fs::write(&proof, format!("a recording of {SECRET}")).unwrap();
    let named = format!("@{}", proof.display());
    on(&["message", "elsewhere", "consumers", "social", "--by", "ana", "--proof", &named]);
    for n in 0..40 {
        on(&["note", &format!("{SECRET} {n} {}", "x".repeat(2_000))]);
    }
    on(&["phase", "resolved", "--why", "it is over", "--override-by", "kim"]);
    std::fs::remove_file(proof).unwrap();
    home.must(&["--as", "kim", "declare", "Another", "--severity", "sev3", "--playbook", "generic"]);
    id
}

/// Files of the journal that hold the word.
fn hold(home: &Home) -> Vec<String> {
    let files = home.left("state").into_iter().filter(|path| std::path::Path::new(path).is_file());
    let word = SECRET.as_bytes();
    files.filter(|path| std::fs::read(path).unwrap().windows(word.len()).any(|w| w == word)).collect()
}

fn state(home: &Home, id: &str) -> Value {
    let mut state: Value = serde_json::from_str(&home.must(&["--incident", id, "state", "--json"])).unwrap();
    // What hangs on the moment, and on who saw what came.
    for key in ["as_of", "now", "clocks", "audiences", "obligations", "sources", "presence"] {
        state.as_object_mut().unwrap().remove(key);
    }
    state
}

#[test]
fn archived_removed_and_brought_back() {
    let home = Home::new();
    let id = over(&home);
    let short = &id[..8];
    let before = state(&home, &id);
    let told = home.must(&["archive", short, "-o", "kept.tar.gz"]);
    assert!(
        told.contains("written and read back") && told.contains("1 of 1 proofs") && told.contains("intact"),
        "{told}"
    );
    assert!(home.run(&["archive", short, "-o", "kept.tar.gz"]).err.contains("--force"));
    let list: Value = serde_json::from_str(&home.must(&["list", "--json"])).unwrap();
    let kept =
        |list: &Value| list.as_array().unwrap().iter().find(|l| l["id"] == id.as_str()).unwrap()["archived"].clone();
    assert_eq!(kept(&list)["whole"], true);
    // With any tar it can be read.
    let mut tar = std::process::Command::new("tar");
    let tar = tar.args(["-xzOf", "kept.tar.gz", "record.md"]).current_dir(home.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&tar.stdout).contains(SECRET));
    home.must(&["--incident", short, "bundle", "export", "-o", "carried"]);
    assert!(!hold(&home).is_empty());
    // A room on the other incident is open meanwhile.
    let other: Value = serde_json::from_str(&home.must(&["list", "--json"])).unwrap();
    let other = other.as_array().unwrap().iter().find(|l| l["title"] == "Another").unwrap()["id"].clone();
    let mut pty = Start::new(&home, &["--incident", other.as_str().unwrap()]).size(120, 36).start();
    pty.see("saved");
    let told = home.must(&["remove", short]);
    assert!(told.contains("removed from this journal") && told.contains("1 files of proofs"), "{told}");
    assert_eq!(hold(&home), [""; 0], "{told}");
    pty.keys("nstill here\r");
    pty.see("saved: NOTE");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!(hold(&home), [""; 0]);
    assert!(home.must(&["list"]).contains("1 removed: warroom list --removed"));
    assert!(home.must(&["list", "--removed"]).contains("kept.tar.gz"));
    assert!(!home.must(&["list", "--removed", "--json"]).contains(SECRET));
    home.must(&["verify"]);
    // It does not come back by itself.
    let ran = home.run(&["bundle", "import", "carried"]);
    assert!(ran.code == Some(1) && ran.err.contains("was removed from") && ran.err.contains("--again"), "{}", ran.err);
    assert_eq!(hold(&home), [""; 0]);
    home.must(&["restore", "kept.tar.gz"]);
    let (mut after, mut was) = (state(&home, &id), before);
    for state in [&mut after, &mut was] {
        state["incident"].as_object_mut().unwrap().remove("entries");
    }
    assert_eq!(after, was);
    let verified = home.must(&["--incident", short, "verify"]);
    assert!(verified.contains("intact") && !verified.contains("not kept here"), "{verified}");
    // And once more by a bundle, asked for.
    home.must(&["archive", short, "-o", "again.tar.gz"]);
    home.must(&["remove", short]);
    home.must(&["bundle", "import", "--again", "carried"]);
    assert!(home.must(&["list"]).contains(SECRET));
}

#[test]
fn nothing_goes_that_is_open_or_kept_nowhere() {
    let home = Home::new();
    let id = over(&home);
    let short = &id[..8];
    let open: Value = serde_json::from_str(&home.must(&["list", "--json"])).unwrap();
    let open =
        open.as_array().unwrap().iter().find(|l| l["title"] == "Another").unwrap()["id"].as_str().unwrap().to_owned();
    let ran = home.run(&["remove", &open[..8], "--confirm", &open[..8]]);
    assert!(ran.code == Some(1) && ran.err.contains("only one that is resolved"), "{}", ran.err);
    let refused = |why: &str, more: &[&str]| {
        let ran = home.run(&[&["remove", short][..], more].concat());
        assert!(ran.code == Some(1) && ran.err.contains(why), "{}", ran.err);
        assert!(home.must(&["list"]).contains(SECRET));
    };
    refused("it was never archived", &[]);
    refused("is not", &["--confirm", "deadbeef"]);
    home.must(&["archive", short, "-o", "kept"]);
    home.must(&["--as", "kim", "--incident", short, "note", "later"]);
    refused("written to since it was archived", &[]);
    home.must(&["archive", short, "-o", "kept", "--force"]);
    let whole = std::fs::read(home.path().join("kept")).unwrap();
    std::fs::write(home.path().join("kept"), [&whole[..], b" "].concat()).unwrap();
    refused("is another file now", &[]);
    std::fs::remove_file(home.path().join("kept")).unwrap();
    refused("cannot be read", &[]);
    home.must(&["remove", short, "--confirm", short]);
    assert_eq!(hold(&home), [""; 0]);
    assert!(home.must(&["list", "--removed"]).contains("no archive"));
}

#[test]
fn an_archive_that_is_damaged_changes_nothing() {
    let (home, other) = (Home::new(), Home::new());
    let id = over(&home);
    home.must(&["archive", &id[..8], "-o", "kept"]);
    let whole = std::fs::read(home.path().join("kept")).unwrap();
    assert_eq!(std::fs::metadata(home.path().join("kept")).unwrap().permissions().mode() & 0o777, 0o600);
    let read = archive::read(&whole).unwrap();
    let mut refused = 0;
    for at in (0..whole.len()).step_by(whole.len() / 400 + 1) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        // Some bits of the form mean nothing; what is read is then the same.
        match archive::read(&damaged) {
            Ok(other) => assert_eq!(other, read, "byte {at}"),
            Err(_) => refused += 1,
        }
        assert!(archive::read(&whole[..at]).is_err(), "cut at {at}");
    }
    assert!(refused > 300, "{refused}");
    std::fs::write(other.path().join("bad"), &whole[..whole.len() / 2]).unwrap();
    let ran = other.run(&["restore", "bad"]);
    assert!(ran.code == Some(1) && ran.err.contains("nothing was changed"), "{}", ran.err);
    assert!(other.must(&["list"]).contains("no incident"));
    std::fs::copy(home.path().join("kept"), other.path().join("good")).unwrap();
    assert!(other.must(&["restore", "good"]).contains("not known here before"));
    assert!(other.must(&["verify"]).contains("intact, all of it witnessed"));
}

#[test]
fn an_open_room_cannot_bring_it_back() {
    let mut host = Host::new("one");
    let noted = || What::Noted(Noted { text: SECRET.into(), follow_up: false });
    host.write(noon(), [noted()]);
    let bundle = host.bundle(None);
    let mark =
        warroom::journal::Removed { incident: INCIDENT, at: noon(), by: "kim".into(), entries: 1, archive: None };
    let judged = host.journal.head(INCIDENT).unwrap().writers;
    // Written to after it was judged, it stays.
    let before = [(judged[0].0, 0, judged[0].2)];
    assert!(host.journal.remove(&mark, &before).unwrap_err().to_string().contains("written to meanwhile"));
    let erased = host.journal.remove(&mark, &judged).unwrap();
    assert!(erased.log && erased.shrunk);
    assert_eq!(host.journal.removed().unwrap(), [mark]);
    let author = warroom::incident::entry::Author { person: "kim".into(), host: "one".into(), machine: false };
    let cursor = warroom::journal::Cursor::START;
    let wrote = host.journal.append::<String>(INCIDENT, &author, noon(), cursor, |_| {
        Ok(vec![warroom::incident::entry::Draft::now(noted())])
    });
    assert!(wrote.unwrap_err().to_string().contains("was removed from"));
    assert!(matches!(host.journal.take(INCIDENT, &bundle.rows), Err(JournalError::Removed { .. })));
    assert!(host.journal.unremove(INCIDENT).unwrap());
    assert_eq!(host.journal.take(INCIDENT, &bundle.rows).unwrap().all_new(), 1);
}

#[test]
fn the_server_brings_it_back_only_when_asked() {
    let server = Postgres::ready(&["jump"]);
    let home = configured(&server, "jump");
    let id = over(&home);
    let short = &id[..8];
    home.must(&["replicate", "--once"]);
    home.must(&["archive", short, "-o", "kept"]);
    home.must(&["remove", short]);
    for _ in 0..2 {
        assert!(home.must(&["replicate", "--once"]).contains("0 entries came"));
    }
    assert_eq!(hold(&home), [""; 0]);
    let stranger = home.run(&["restore", "--from-server", "ffff"]);
    assert_eq!(stranger.code, Some(1), "{}", stranger.err);
    home.must(&["restore", "--from-server", short]);
    assert!(home.must(&["replicate", "--once"]).contains(SECRET));
    assert!(!secret(&server).is_empty());
}
