//! Three hosts, each with its own process that replicates over a line of its own that is cut, slowed and swallows; 200 rounds of
//! random edits. Held against a small model: what was acknowledged, and what each host was seen to have.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use warroom::incident::entry::{Author, Draft, Entry, EntryId, IncidentId};
use warroom::incident::what::What;
use warroom::journal::{Access, Cursor, Journal};

use super::apart::state;
use super::replicated::random;
use super::seat::{home, real};
use super::server::{Line, Postgres};
use crate::journal::arbitrary::what;
use crate::journal::assert_intact;
use crate::support::pty::{HANG, Home};

const ROUNDS: usize = 200;

struct Host {
    home: Home,
    line: Line,
    journal: Journal,
    replicates: Child,
    /// Everything that it was ever seen to have.
    seen: BTreeSet<EntryId>,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.replicates.kill();
        let _ = self.replicates.wait();
    }
}

impl Host {
    fn entries(&mut self, id: IncidentId) -> Vec<Entry> {
        self.journal.read_after(id, Cursor::START, usize::MAX).unwrap().0
    }

    /// What it has now: all it had before, and nothing that nobody wrote.
    fn look(&mut self, id: IncidentId, acknowledged: &BTreeSet<EntryId>) {
        let entries = self.entries(id);
        let own = entries.iter().filter(|e| !matches!(e.what, What::HeadsSeen(_))).map(|e| e.id);
        let has: BTreeSet<EntryId> = own.collect();
        assert!(has.is_superset(&self.seen), "it had more before");
        assert!(has.is_subset(acknowledged), "nobody wrote some of it");
        self.seen = has;
    }
}

/// The state without what is local, and without when it was looked at.
fn shared(home: &Home) -> Value {
    let mut state = state(home);
    // What is so at this very moment says when that is.
    let now = state["as_of"].clone();
    for item in state["now"].as_array_mut().unwrap().iter_mut().filter(|item| item["at"] == now) {
        item["at"] = Value::Null;
    }
    for local in ["as_of", "sources", "replication"] {
        state.as_object_mut().unwrap().remove(local);
    }
    state
}

fn ids(printed: &str) -> Vec<EntryId> {
    let rows: Value = serde_json::from_str(printed).unwrap();
    rows.as_array().unwrap().iter().map(|r| serde_json::from_value(r["id"].clone()).unwrap()).collect()
}

#[test]
fn three_processes_settle_whatever_happens_on_the_way() {
    let server = Postgres::ready(&["jump"]);
    let mut hosts: Vec<Host> = Vec::new();
    let mut id = None;
    for n in 0..3 {
        let line = Line::to(server.port);
        let home = home(&server, "jump", &[line.port], "");
        if n == 0 {
            home.must(&["--as", "kim", "declare", "Outage", "--severity", "sev2"]);
        }
        home.must(&["replicate", "--once"]);
        let journal = Journal::open(&home.journal(), Access::ReadWrite).unwrap();
        id = id.or_else(|| serde_json::from_value(state(&home)["incident"]["id"].clone()).ok());
        let replicates = home.command().arg("replicate").stdout(Stdio::null()).spawn().unwrap();
        hosts.push(Host { home, line, journal, replicates, seen: BTreeSet::new() });
    }
    let id: IncidentId = id.unwrap();
    let mut acknowledged: BTreeSet<EntryId> = hosts[0].entries(id).iter().map(|e| e.id).collect();
    let (mut runner, edits) = (TestRunner::deterministic(), what());
    let mut next = random(0x51ab_1e5e_ed00_0042);
    let mut pick = |below: usize| usize::try_from(next(below as u64)).unwrap();
    let mut faults = [0; 4];
    for round in 0..ROUNDS {
        let n = pick(3);
        let person = ["kim", "ana", "rae"][n];
        if pick(4) == 0 {
            // By a command, at the head of what this host knows: registers that two replace while they are apart.
            let text = format!("round {round}");
            let severity = ["sev1", "sev2", "sev3", "sev4"][pick(4)];
            let holder = ["kim", "ana", "rae", "lee"][pick(4)];
            let command: Vec<&str> = match pick(4) {
                0 => vec!["note", &text],
                1 => vec!["severity", severity, "--why", &text],
                2 => vec!["role", "scribe", holder],
                _ => vec!["fact", "set", "cause", &text, "--basis", "log"],
            };
            let mut arguments = vec!["--as", person, "--json"];
            arguments.extend(command);
            let ran = hosts[n].home.run(&arguments);
            // Refused is not written: what it is already, it is not made again.
            if ran.code == Some(0) {
                acknowledged.extend(ids(&ran.out));
            }
        } else {
            let author = Author { person: person.to_owned(), host: format!("jump{n}"), machine: false };
            let whats = (0..=pick(3)).map(|_| edits.new_tree(&mut runner).unwrap().current());
            let drafts: Vec<Draft> = whats.filter(|w| !matches!(w, What::HeadsSeen(_))).map(Draft::now).collect();
            let written = hosts[n].journal.append::<Infallible>(id, &author, real(), Cursor::START, |_| Ok(drafts));
            acknowledged.extend(written.unwrap().own.iter().map(|e| e.id));
        }
        let line = &hosts[pick(3)].line;
        let fault = pick(8);
        match fault {
            0 => line.cut_after(i64::try_from(pick(12_000)).unwrap()),
            1 => line.slow(Duration::from_millis(pick(60) as u64)),
            2 => line.swallow(),
            3..=5 => line.mend(),
            _ => {}
        }
        faults[fault.min(3)] += 1;
        if pick(3) == 0 {
            hosts[pick(3)].look(id, &acknowledged);
        }
        // The pace of the faults; nothing waits for it.
        std::thread::sleep(Duration::from_millis(pick(120) as u64));
    }
    for host in &hosts {
        host.line.mend();
    }
    let begun = Instant::now();
    loop {
        let has: Vec<_> = hosts.iter_mut().map(|host| host.journal.has(id).unwrap()).collect();
        let whole = hosts.iter_mut().all(|host| host.entries(id).len() >= acknowledged.len());
        if whole && has.windows(2).all(|pair| pair[0] == pair[1]) {
            break;
        }
        assert!(begun.elapsed() < HANG, "they do not settle");
        std::thread::sleep(Duration::from_millis(50));
    }
    let settled = begun.elapsed();
    for host in &mut hosts {
        host.look(id, &acknowledged);
        let entries = host.entries(id);
        let places: BTreeSet<_> = entries.iter().map(|e| (e.writer, e.seq)).collect();
        let own = entries.iter().filter(|e| !matches!(e.what, What::HeadsSeen(_))).count();
        assert_eq!(host.seen, acknowledged, "none that was acknowledged is missing");
        assert_eq!((places.len(), own), (entries.len(), acknowledged.len()), "none twice");
        assert_eq!(host.journal.missing(id).unwrap(), vec![]);
        assert_intact(&mut host.journal);
    }
    // A minute may turn, or a process may not have said yet that it is back, between two of them.
    let begun = Instant::now();
    loop {
        let states: Vec<Value> = hosts.iter().map(|host| shared(&host.home)).collect();
        if states.windows(2).all(|pair| pair[0] == pair[1]) {
            let conflicts = states[0]["conflicts"].as_array().unwrap().len();
            println!(
                "{} acknowledged entries, {conflicts} conflicts, faults {faults:?}, settled after {settled:?}",
                acknowledged.len()
            );
            break;
        }
        let parts = states[0].as_object().unwrap().keys();
        let differ = parts.filter(|part| states.iter().any(|s| s[*part] != states[0][*part]));
        let differ: Vec<_> =
            differ.map(|part| states.iter().map(|s| s[part].to_string()).collect::<Vec<_>>()).collect();
        assert!(begun.elapsed() < HANG, "{differ:#?}");
    }
}
