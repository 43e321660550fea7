//! Random edits, splits, losses, repetitions and orders of bundles: after all is exchanged all hosts say the same.

use proptest::prelude::*;
use warroom::incident::what::What;
use warroom::journal::bundle::{Bundle, paste, read, write};

use super::Host;
use crate::journal::arbitrary::what;
use crate::journal::{all, assert_intact, noon};

const HOSTS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Edit {
        host: usize,
        after: i64,
        whats: Vec<What>,
    },
    /// A bundle is made, of all or of what the other lacked as its last bundle says, and put aside.
    Make {
        host: usize,
        since: Option<usize>,
    },
    /// One of the bundles that were made arrives, perhaps not for the first time, perhaps only some of its entries.
    Arrive {
        host: usize,
        which: prop::sample::Index,
        from: prop::sample::Index,
        to: prop::sample::Index,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let host = || 0..HOSTS;
    let index = any::<prop::sample::Index>;
    prop_oneof![
        3 => (host(), -10_000i64..100_000, prop::collection::vec(what(), 1..4))
            .prop_map(|(host, after, whats)| Step::Edit { host, after, whats }),
        2 => (host(), prop::option::of(host())).prop_map(|(host, since)| Step::Make { host, since }),
        3 => (host(), index(), index(), index())
            .prop_map(|(host, which, from, to)| Step::Arrive { host, which, from, to }),
    ]
}

/// Through the bytes, as a file or as a paste.
fn carried(bundle: &Bundle) -> Bundle {
    let bytes = write(bundle);
    let lines = paste::fold(&bytes).unwrap();
    assert_eq!(paste::unfold(lines.as_bytes()).unwrap(), bytes);
    let read = read(&bytes).unwrap();
    assert_eq!(&read, bundle);
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_pieces_in_any_order_give_the_same_state(steps in prop::collection::vec(step(), 1..25)) {
        let mut hosts: Vec<Host> = (0..HOSTS).map(|n| Host::new(&format!("jump{n}"))).collect();
        let mut made: Vec<Bundle> = Vec::new();
        let mut edits = 0;
        let mut now = noon();
        for step in steps {
            match step {
                Step::Edit { host, after, whats } => {
                    now += chrono::TimeDelta::milliseconds(after);
                    edits += whats.len();
                    hosts[host].write(now, whats);
                }
                Step::Make { host, since } => {
                    let since = since.map(|other| hosts[other].bundle(None));
                    made.push(hosts[host].bundle(since.as_ref()));
                }
                Step::Arrive { host, which, from, to } => {
                    if made.is_empty() {
                        continue;
                    }
                    let mut part = carried(which.get(&made));
                    if !part.rows.is_empty() {
                        let (a, b) = (from.index(part.rows.len()), to.index(part.rows.len()));
                        part.rows = part.rows[a.min(b)..=a.max(b)].to_vec();
                    }
                    let part = carried(&part);
                    prop_assert_eq!(hosts[host].take(&part).forks, vec![]);
                    let before = all(&mut hosts[host].journal);
                    let again = hosts[host].take(&part);
                    prop_assert_eq!((again.all_new(), again.known), (0, part.rows.len()));
                    prop_assert_eq!(all(&mut hosts[host].journal), before, "twice is once, its witness included");
                }
            }
        }
        // Until nothing is new anywhere; it must end.
        for round in 0.. {
            prop_assert!(round < 6, "the hosts go on telling each other of each other");
            let mut new = 0;
            for from in 0..HOSTS {
                for to in 0..HOSTS {
                    let bundle = hosts[from].bundle(None);
                    new += hosts[to].take(&carried(&bundle)).all_new();
                }
            }
            if new == 0 {
                break;
            }
        }
        let first = hosts[0].state();
        let head = hosts[0].journal.has(crate::journal::INCIDENT).unwrap();
        for host in &mut hosts {
            prop_assert_eq!(&host.state(), &first);
            prop_assert_eq!(&host.journal.has(crate::journal::INCIDENT).unwrap(), &head);
            prop_assert_eq!(host.journal.missing(crate::journal::INCIDENT).unwrap(), vec![]);
            let kept = all(&mut host.journal).iter().filter(|e| !matches!(e.what, What::HeadsSeen(_))).count();
            prop_assert_eq!(kept, edits, "none lost, none twice");
            assert_intact(&mut host.journal);
        }
    }
}
