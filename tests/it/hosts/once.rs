//! Two hosts press send on the same text within 50 ms, 500 times, against a real PostgreSQL and a collector: each text leaves once.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use warroom::backends::kinds;
use warroom::incident::decide::{Declare, declare};
use warroom::incident::entry::{Draft, EntryId};
use warroom::incident::what::{MessageApproved, MessageDrafted};
use warroom::incident::words::{MessageState, Round, Severity};
use warroom::room::pollers::{self, Backend};
use warroom::room::store::News;

use super::seat::{Seat, real};
use super::server::Postgres;
use crate::backends::given;
use crate::delivery::given::playbook;
use crate::support::wire::{Wire, json};

const TIMES: usize = 500;

fn id(n: usize) -> EntryId {
    EntryId::derived(&["text", &n.to_string()])
}

/// An incident with so many texts that are approved.
fn approved(texts: usize) -> Vec<Draft> {
    let text = playbook("");
    let plan = warroom::playbook::read::read("small.toml", &text).unwrap();
    let wish = Declare {
        title: "Calls fail".to_owned(),
        severity: Severity::Sev1,
        started: None,
        detected: None,
        exercise: false,
        demo: false,
        timezone: "UTC".to_owned(),
        organisation: Vec::new(),
        playbook: Some(("small".to_owned(), text)),
        rules: String::new(),
    };
    let mut drafts = declare(&wish, &plan, real()).unwrap();
    for n in 0..texts {
        let text = format!("Text {n}. Calls fail in the south.");
        let sha256 = warroom::incident::message::sha256(&text);
        let drafted = MessageDrafted {
            audience: "psaps".to_owned(),
            channel: "mail".to_owned(),
            round: Round::Update,
            text,
            next_update: None,
            grounds: Default::default(),
        };
        drafts.push(Draft::now(drafted.into()).with_id(id(n)));
        drafts.push(Draft::now(MessageApproved::whole(id(n), sha256).into()));
    }
    drafts
}

#[test]
fn two_who_press_send_at_once_on_two_hosts_give_one_send() {
    let server = Postgres::ready(&["jump"]);
    let runtime = crate::room::runtime();
    let collector = runtime.block_on(Wire::saying(json(r#"{"accepted":true}"#)));
    let block = format!("[[notification]]\nname = \"desk\"\nkind = \"webhook\"\nurl = \"{}\"", collector.url());
    let config = given::source(&block);
    let adapter = Arc::from(kinds::build(&config, "test").unwrap_or_else(|e| panic!("{e:?}")));
    let backend = Backend { config, adapter };
    let client = Arc::new(given::client());
    let place = server.place("jump", server.port);
    let kim = Seat::open("jump1", "kim", place.clone(), approved(TIMES));
    let ana = Seat::open("jump2", "ana", place, Vec::new());
    let start = Barrier::new(2);
    let sit = |mut seat: Seat, seed: u64, runtime: tokio::runtime::Handle| {
        let (backend, client, start) = (backend.clone(), Arc::clone(&client), &start);
        seat.sees("every text", |s| {
            s.incident.messages.len() == TIMES && s.incident.messages.values().all(|m| m.state != MessageState::Draft)
        });
        move || {
            let (mut sent, mut told) = (0, 0);
            let mut next = super::replicated::random(seed);
            for n in 0..TIMES {
                start.wait();
                // Within 50 ms of each other: when each presses is the load, nothing waits for it.
                std::thread::sleep(Duration::from_millis(next(50)));
                let effect = n as u64 + 1;
                seat.release(effect, vec![id(n)]);
                let mut mine = None;
                let outcome = seat.until("what came of it", |news| match news {
                    News::Outcome { effect: of, .. } => *of == effect,
                    News::Deliver(_) | News::Unclaimed { .. } => true,
                    _ => false,
                });
                let outcome = match outcome {
                    News::Deliver(sendings) => {
                        mine = sendings.into_iter().next();
                        seat.until("the outcome", |news| matches!(news, News::Outcome { .. }))
                    }
                    other => other,
                };
                match (mine, outcome) {
                    (Some(sending), News::Outcome { result: Ok(_), .. }) => {
                        sent += 1;
                        let backend = Some(backend.clone());
                        let store = seat.store.clone();
                        runtime.block_on(pollers::deliver(Arc::clone(&client), backend, sending, store, real));
                    }
                    (None, News::Outcome { result: Err(why), refused: true, .. }) => {
                        // Who has it, or did it, and where.
                        let other = if seat.claimant.actor.person == "kim" { "ana on jump2" } else { "kim on jump1" };
                        assert!(why.contains(other), "{n}: {why}");
                        told += 1;
                    }
                    (mine, News::Outcome { result, .. }) => panic!("{n}: {mine:?} {result:?}"),
                    (_, News::Unclaimed { why, .. }) => panic!("{n}: no claim: {why}"),
                    _ => unreachable!(),
                }
            }
            seat.sees("all sent", |s| s.incident.messages.values().all(|m| m.state == MessageState::Sent));
            (seat, sent, told)
        }
    };
    let (one, two) = (sit(kim, 11, runtime.handle().clone()), sit(ana, 12, runtime.handle().clone()));
    let ((kim, sent, told), (ana, sent2, told2)) = std::thread::scope(|scope| {
        let (one, two) = (scope.spawn(one), scope.spawn(two));
        (one.join().unwrap(), two.join().unwrap())
    });
    let posts: Vec<_> = collector.seen().into_iter().filter(|s| s.line().starts_with("POST")).collect();
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    for post in &posts {
        let body: serde_json::Value = serde_json::from_slice(&post.body).unwrap();
        *texts.entry(body["text"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    println!("{} received; kim sent {sent} and was told {told}, ana sent {sent2} and was told {told2}", posts.len());
    assert_eq!((posts.len(), texts.len()), (TIMES, TIMES), "every text, every one once");
    assert_eq!((sent + sent2, told + told2), (TIMES, TIMES));
    assert!(sent > TIMES / 20 && sent2 > TIMES / 20, "one of them was always first: it proves nothing");
    for seat in [&kim, &ana] {
        assert_eq!(seat.incident().conflicts(), []);
        assert!(seat.incident().messages.values().all(|m| m.tries.len() == 1));
    }
}
