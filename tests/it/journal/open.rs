//! Where a journal opens, how, and what is refused with which words.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use warroom::journal::{Access, Host, Journal, JournalError};

use super::child::command;
use super::{INCIDENT, add, all, ann, noon, note, place, words, writing};

fn refusal(path: &Path, access: Access) -> String {
    match Journal::open(path, access) {
        Ok(_) => panic!("{} opens", path.display()),
        Err(e) => e.to_string(),
    }
}

#[test]
fn every_commit_waits_for_the_disk() {
    let (_directory, path) = place();
    let mut journal = writing(&path);
    let asked = journal.settings().unwrap();
    let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        asked,
        [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("foreign_keys", "1"),
            ("busy_timeout", "10000"),
            ("journal_size_limit", "67108864"),
            ("wal_autocheckpoint", "1000"),
        ]
    );
    let version: Vec<u32> = rusqlite::version().split('.').map(|n| n.parse().unwrap()).collect();
    assert!(version >= vec![3, 51, 3], "{version:?}");
}

#[test]
fn files_are_closed_to_others_whatever_the_umask() {
    for umask in ["000", "022", "077", "007"] {
        let (_directory, path) = place();
        let path = path.parent().unwrap().join("made").join("deep").join("journal.db");
        let mut child = command("one", &path, &format!("umask {umask}; exec \"$@\""))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
        while !line.starts_with("> ") {
            line.clear();
            assert!(std::io::BufRead::read_line(&mut out, &mut line).unwrap() > 0, "the child ended");
        }
        let mut modes: Vec<(String, u32)> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|f| f.unwrap())
            .map(|f| (f.file_name().into_string().unwrap(), f.metadata().unwrap().mode() & 0o7777))
            .collect();
        modes.sort();
        let names: Vec<&str> = modes.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "journal.db",
                "journal.db-shm",
                "journal.db-wal",
                "journal.db.cache",
                "journal.db.cache-shm",
                "journal.db.cache-wal",
                "journal.db.local",
                "journal.db.local-shm",
                "journal.db.local-wal",
            ]
        );
        assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "umask {umask}: {modes:?}");
        for directory in path.ancestors().skip(1).take(2) {
            assert_eq!(fs::metadata(directory).unwrap().mode() & 0o7777, 0o700, "umask {umask}");
        }
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn what_others_may_read_or_write_is_refused_with_the_command_that_mends_it() {
    let (_directory, path) = place();
    add(&mut writing(&path), "a");
    for mode in [0o640, 0o604, 0o660, 0o622] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for access in [Access::ReadWrite, Access::ReadOnly] {
            let why = refusal(&path, access);
            assert!(why.contains(&format!("`chmod 600 {}`", path.display())), "{why}");
        }
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    for file in ["-wal", "-shm"] {
        let file = format!("{}{file}", path.display());
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let why = refusal(&path, Access::ReadWrite);
        assert!(why.contains(&format!("`chmod 600 {file}`")), "{why}");
        fs::remove_file(&file).unwrap();
    }
    let directory = path.parent().unwrap();
    for mode in [0o755, 0o770, 0o702] {
        fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
        let why = refusal(&path, Access::ReadWrite);
        assert!(why.contains(&format!("`chmod 700 {}`", directory.display())), "{why}");
    }
    // A shared place is not ours to close: a directory in it is.
    fs::set_permissions(directory, fs::Permissions::from_mode(0o1777)).unwrap();
    let why = refusal(&path, Access::ReadWrite);
    assert!(why.contains(&format!("mkdir -m 700 {}/warroom", directory.display())), "{why}");
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(words(&all(&mut writing(&path))), ["a"]);
}

#[test]
fn a_directory_above_that_everybody_may_change_is_refused() {
    let (_directory, path) = place();
    let above = path.parent().unwrap().to_owned();
    let path = above.join("own").join("journal.db");
    add(&mut writing(&path), "a");
    fs::set_permissions(&above, fs::Permissions::from_mode(0o777)).unwrap();
    let why = refusal(&path, Access::ReadWrite);
    assert!(why.contains(&format!("`chmod o-w {}`", above.display())), "{why}");
    fs::set_permissions(&above, fs::Permissions::from_mode(0o1777)).unwrap();
    writing(&path);
}

#[test]
fn a_link_in_place_of_the_journal_is_refused() {
    let (_directory, path) = place();
    let real = path.with_file_name("real.db");
    add(&mut writing(&real), "a");
    symlink(&real, &path).unwrap();
    for access in [Access::ReadWrite, Access::ReadOnly] {
        assert!(refusal(&path, access).contains("is a symbolic link"));
    }
    fs::remove_file(&path).unwrap();
    // Also one that points nowhere: nothing is made at its end.
    symlink(path.with_file_name("nowhere.db"), &path).unwrap();
    assert!(refusal(&path, Access::ReadWrite).contains("is a symbolic link"));
    assert!(!path.with_file_name("nowhere.db").exists());
    symlink(&real, format!("{}-wal", real.display())).unwrap();
    assert!(refusal(&real, Access::ReadWrite).contains("-wal is a symbolic link"));
}

#[test]
fn a_network_file_system_is_refused_before_anything_is_written() {
    let (_directory, path) = place();
    let host = Host { refuse: |_| Ok(Some("NFS")), ..Host::this() };
    for deep in [path.clone(), path.parent().unwrap().join("a").join("journal.db")] {
        let why = Journal::open_on(&deep, Access::ReadWrite, host.clone()).err().unwrap();
        assert!(matches!(why, JournalError::Network { .. }));
        let why = why.to_string();
        assert!(why.contains("(NFS)") && why.contains("/var/tmp/"), "{why}");
    }
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
}

#[test]
fn another_users_journal_is_refused_and_left_alone() {
    let (_directory, path) = place();
    add(&mut writing(&path), "a");
    let before = picture(path.parent().unwrap());
    let host = Host { user: Host::this().user + 1, ..Host::this() };
    for path in [path.clone(), path.parent().unwrap().join("new.db"), path.parent().unwrap().join("a/new.db")] {
        let owner = Host::this().user;
        if owner == 0 && path.ends_with("a/new.db") {
            // Below root's own directories (/tmp, /var) anybody may make what the modes let them.
            continue;
        }
        let why = Journal::open_on(&path, Access::ReadWrite, host.clone()).err().unwrap().to_string();
        assert!(why.contains(&format!("belongs to user {owner}")) && why.contains("sudo -u"), "{why}");
    }
    assert_same(&picture(path.parent().unwrap()), &before);
}

#[test]
fn root_does_not_make_directories_in_a_users_home() {
    let (_directory, path) = place();
    let home = path.parent().unwrap();
    if std::os::unix::fs::chown(home, Some(12345), None).is_err() {
        println!("not root: left out");
        return;
    }
    let why = refusal(&home.join("state").join("journal.db"), Access::ReadWrite);
    assert!(why.contains("belongs to user 12345") && why.contains("this is user 0"), "{why}");
    assert_eq!(fs::read_dir(home).unwrap().count(), 0);
}

#[test]
fn a_newer_schema_and_foreign_files_are_refused_unchanged() {
    let (_directory, path) = place();
    add(&mut writing(&path), "a");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 7).unwrap();
    drop(raw);
    let before = picture(path.parent().unwrap());
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let why = refusal(&path, access);
        assert!(why.contains("newer warroom (its schema is 7, this one knows 3)"), "{why}");
    }
    assert_same(&picture(path.parent().unwrap()), &before);

    let text = path.with_file_name("letter.txt");
    fs::write(&text, "Dear all,\n".repeat(200)).unwrap();
    let other = path.with_file_name("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    for file in [&text, &other] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        let before = fs::read(file).unwrap();
        for access in [Access::ReadWrite, Access::ReadOnly] {
            assert!(refusal(file, access).contains("is not a warroom journal"));
        }
        assert_eq!(fs::read(file).unwrap(), before);
    }
}

type Picture = Vec<(String, u32, u32, i64, i64, Vec<u8>)>;

/// Names what differs, not all the bytes.
fn assert_same(now: &Picture, before: &Picture) {
    let names = |p: &Picture| p.iter().map(|file| file.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(now), names(before));
    for (now, before) in now.iter().zip(before) {
        assert!(now == before, "{} changed", now.0);
    }
}

/// Every file of a directory with all that could change.
fn picture(directory: &Path) -> Picture {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|f| f.unwrap())
        .map(|f| {
            let meta = f.metadata().unwrap();
            let bytes = if meta.is_file() { fs::read(f.path()).unwrap() } else { Vec::new() };
            let name = f.file_name().into_string().unwrap();
            (name, meta.mode(), meta.uid(), meta.mtime(), meta.mtime_nsec(), bytes)
        })
        .collect();
    files.sort();
    files
}

fn read_everything(journal: &mut Journal) -> Vec<String> {
    journal.incidents().unwrap();
    journal.head(INCIDENT).unwrap();
    journal.verify(INCIDENT).unwrap();
    journal.sources().unwrap();
    journal.drafts(INCIDENT, "ann").unwrap();
    journal.clock().unwrap();
    journal.lease(noon()).unwrap();
    journal.changed().unwrap();
    words(&all(journal)).into_iter().map(str::to_owned).collect()
}

#[test]
fn reading_only_makes_nothing() {
    let (_directory, path) = place();
    let why = refusal(&path, Access::ReadOnly);
    assert!(why.contains("there is no journal at"), "{why}");
    assert!(refusal(&path.parent().unwrap().join("no/journal.db"), Access::ReadOnly).contains("there is no journal"));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
}

#[test]
fn reading_only_changes_nothing_with_or_without_a_log() {
    let (_directory, path) = place();
    let directory = path.parent().unwrap().to_owned();
    add(&mut writing(&path), "a");
    // Closed: the log is in the file.
    let before = picture(&directory);
    let mut reading = Journal::open(&path, Access::ReadOnly).unwrap();
    assert_eq!(read_everything(&mut reading), ["a"]);
    let refused = reading.append::<String>(INCIDENT, &ann(), noon(), Default::default(), |_| Ok(vec![note("b")]));
    assert!(refused.unwrap_err().to_string().contains("open for reading only"));
    assert!(reading.put_draft(INCIDENT, "ann", "note", "x").is_err());
    assert_same(&picture(&directory), &before);

    let mut still = Journal::open(&path, Access::ReadOnly).unwrap();
    assert_eq!(words(&all(&mut still)), ["a"]);

    // A writer comes, in a process of its own: what was open for reading goes on with it.
    let mut child = command("one", &path, "exec \"$@\"").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("> ") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut out, &mut line).unwrap() > 0, "the child ended");
    }
    assert_eq!(words(&all(&mut still)), ["a", "one"], "also without being asked what changed");
    let before = picture(&directory);
    assert!(before.iter().any(|file| file.0 == "journal.db-wal" && !file.5.is_empty()));
    assert!(reading.changed().unwrap().journal);
    assert_eq!(read_everything(&mut reading), ["a", "one"]);
    assert_eq!(read_everything(&mut Journal::open(&path, Access::ReadOnly).unwrap()), ["a", "one"]);
    drop((reading, still));
    assert_same(&picture(&directory), &before);

    // It died: its log is left, and nobody maps it.
    child.kill().unwrap();
    child.wait().unwrap();
    let mut reading = Journal::open(&path, Access::ReadOnly).unwrap();
    assert_eq!(read_everything(&mut reading), ["a", "one"]);
    assert_eq!(reading.drafts(INCIDENT, "ann").unwrap(), [("note".to_owned(), "half a sentence".to_owned())]);
    drop(reading);
    assert_same(&picture(&directory), &before);

    // Without the shared memory it cannot be read unless something is written: said, not done.
    fs::remove_file(directory.join("journal.db-shm")).unwrap();
    let before = picture(&directory);
    let why = refusal(&path, Access::ReadOnly);
    assert!(why.contains("open it once for writing"), "{why}");
    assert_same(&picture(&directory), &before);
    assert_eq!(words(&all(&mut writing(&path))), ["a", "one"]);
}
