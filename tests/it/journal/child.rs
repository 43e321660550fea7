//! The test binary as a process of its own: it calls itself with a role. Without the variable this test does nothing.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use warroom::incident::entry::EntryId;
use warroom::journal::{Access, AppendError, Cursor, Journal};

use super::{INCIDENT, ann, note};

const ROLE: &str = "WARROOM_TEST_ROLE";
const FILE: &str = "WARROOM_TEST_FILE";

/// The command that runs this binary in a role on a journal. The shell line runs before it and ends in `exec "$@"`.
pub fn command(role: &str, path: &Path, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(shell).arg("sh").arg(std::env::current_exe().unwrap());
    command.args(["--exact", "journal::child::process", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(FILE, path);
    command
}

/// Says a line that the parent reads, in one write.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n> {line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// The lines that a child said; one cut short by its end is none.
pub fn said(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    whole.lines().filter_map(|line| line.strip_prefix("> ")).map(str::to_owned).collect()
}

#[test]
fn process() {
    let (Ok(role), Ok(path)) = (std::env::var(ROLE), std::env::var(FILE)) else { return };
    let path = PathBuf::from(path);
    match role.as_str() {
        "one" => {
            let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
            let id = append(&mut journal, "one").unwrap();
            journal.put_draft(INCIDENT, "ann", "note", "half a sentence").unwrap();
            journal.cache_rev().unwrap();
            say(&id.to_string());
            // Until the parent has looked at the files: they are gone or shorter once the last one closes.
            std::io::read_to_string(std::io::stdin()).unwrap();
        }
        "endless" => loop {
            // Opened again and again: opening, migrating and closing are killed too.
            let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
            for _ in 0..20 {
                let id = append(&mut journal, "endless").unwrap();
                say(&id.to_string());
            }
        },
        "some" => {
            let mut journal = Journal::open(&path, Access::ReadWrite).unwrap();
            for _ in 0..25 {
                match append(&mut journal, "some") {
                    Ok(id) => say(&id.to_string()),
                    Err(e) => say(&format!("error {e}")),
                }
            }
        }
        "sealed" => super::trouble::sealed(&path),
        "full" => super::trouble::full(&path),
        "limit" => super::trouble::limit(&path),
        "eio" => super::trouble::eio(&path),
        other => panic!("no role {other}"),
    }
}

pub fn append(journal: &mut Journal, text: &str) -> Result<EntryId, AppendError<std::convert::Infallible>> {
    let now = chrono::Utc::now();
    // From the end, so that the test does not read everything at each append.
    let end = journal.end()?;
    let drafts = vec![note(text)];
    journal.append(INCIDENT, &ann(), now, Cursor(end.0), |_| Ok(drafts)).map(|done| done.own[0].id)
}
