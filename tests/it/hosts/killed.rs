//! An import that is killed at any moment: what stands then verifies, and the import once more makes it whole.

use std::time::{Duration, Instant};

use warroom::incident::what::{Noted, What};
use warroom::journal::bundle::write;

use super::Host;
use crate::journal::{INCIDENT, all, assert_intact, noon, writing};
use crate::support::pty::Home;

const ENTRIES: usize = 40_000;

#[test]
fn killed_in_the_middle_it_leaves_a_chain_that_verifies() {
    let mut source = Host::new("far");
    let noted = |n: usize| What::Noted(Noted { text: format!("{n} somebody said something"), follow_up: false });
    source.write(noon(), (0..ENTRIES).map(noted));
    let bytes = write(&source.bundle(None));
    let mut within = 0;
    // The place of the kill is the machine's to choose; until some fell between the first entry and the last.
    for round in 0..60 {
        let home = Home::new();
        let file = home.path().join("b");
        std::fs::write(&file, &bytes).unwrap();
        let mut child = home
            .command()
            .args(["bundle", "import", "b"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let guard = Instant::now();
        let mut journal = loop {
            assert!(guard.elapsed() < Duration::from_secs(60), "nothing is imported");
            if home.journal().exists()
                && let Ok(journal) =
                    warroom::journal::Journal::open(&home.journal(), warroom::journal::Access::ReadWrite)
            {
                break journal;
            }
        };
        let least = 1 + round * 700 % ENTRIES;
        while journal.end().unwrap().0 < i64::try_from(least).unwrap() && child.try_wait().unwrap().is_none() {
            assert!(guard.elapsed() < Duration::from_secs(60), "the import hangs");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        drop(journal);
        let mut journal = writing(&home.journal());
        let kept = all(&mut journal).len();
        assert_intact(&mut journal);
        assert_eq!(journal.missing(INCIDENT).unwrap(), []);
        if kept > 0 && kept < ENTRIES {
            within += 1;
            home.must(&["bundle", "import", "b"]);
            let whole = all(&mut journal).iter().filter(|e| matches!(e.what, What::Noted(_))).count();
            assert_eq!(whole, ENTRIES);
            assert_intact(&mut journal);
        }
        if within >= 3 {
            return;
        }
    }
    panic!("only {within} of the kills fell in the middle: the test proves nothing");
}
