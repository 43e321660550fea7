//! Taking back: whatever arrives first, a retraction holds; what left the building cannot be taken back by anybody.

use warroom::incident::command::{Actor, Command};
use warroom::incident::decide::decide;
use warroom::incident::fold::Log;
use warroom::incident::message::sha256;
use warroom::incident::plan::Plan;
use warroom::incident::timeline::Effect;
use warroom::incident::what::*;
use warroom::incident::words::{Delivery, MessageState, Round};

use super::{Record, id, minutes};

fn retracted(of: &str, why: &str) -> Retracted {
    Retracted { entry: id(of), why: why.into() }
}

fn task() -> TaskAdded {
    TaskAdded { title: "t".into(), team: None, owner: None, minutes: 5, first: false, planned: None }
}

#[test]
fn a_retraction_that_arrives_before_what_it_takes_back_holds() {
    let mut record = Record::declared();
    record.add("task", 6, task());
    record.add("undo", 7, retracted("task", "slip"));
    let [declared, task, undo] = <[_; 3]>::try_from(record.entries.clone()).unwrap();
    let mut log = Log::default();
    log.absorb([declared, undo]);
    log.absorb([task]);
    assert!(log.incident().tasks.is_empty(), "the task was taken back");
    assert_eq!(**log.incident(), record.incident());
}

#[test]
fn two_who_take_back_the_same_give_one_reason_in_any_order() {
    let mut record = Record::declared();
    record.add("task", 6, task());
    record.add("undo 1", 7, retracted("task", "slip"));
    record.add("undo 2", 8, retracted("task", "mine"));
    let mut log = Log::default();
    for entry in [0, 1, 3, 2] {
        log.absorb([record.entries[entry].clone()]);
    }
    assert_eq!(**log.incident(), record.incident());
}

fn message(record: &mut Record) {
    let text = || "Voice is down".to_owned();
    let (audience, channel) = ("consumers".to_owned(), "app".to_owned());
    record.add(
        "draft",
        6,
        MessageDrafted {
            audience,
            channel,
            round: Round::Initial,
            text: text(),
            next_update: None,
            grounds: Default::default(),
        },
    );
    record.add("approve", 7, MessageApproved::whole(id("draft"), sha256(&text())));
}

#[test]
fn the_draft_of_what_was_sent_cannot_be_taken_back() {
    let mut record = Record::declared();
    message(&mut record);
    let undo = Command::Retract { entry: id("draft"), why: "slip".into() };
    let kim = Actor { person: "kim".into(), host: "jump1".into() };
    decide(&record.incident(), &Plan::default(), &undo, &kim, minutes(8)).expect("a draft may be");
    record.add(
        "send",
        8,
        MessageSending {
            message: id("draft"),
            backend: "out".into(),
            process: "p".into(),
            recipients: Vec::new(),
            subject: String::new(),
        },
    );
    record.add("sent", 9, MessageSent { message: id("draft"), reference: "42".into() });
    for of in ["draft", "approve"] {
        let undo = Command::Retract { entry: id(of), why: "slip".into() };
        decide(&record.incident(), &Plan::default(), &undo, &kim, minutes(10)).expect_err("it has left");
        // Written all the same, by somebody who had not seen the sending.
        record.add(&format!("undo {of}"), 10, retracted(of, "slip"));
        let incident = record.incident();
        assert_eq!(incident.messages[&id("draft")].state, MessageState::Sent);
        let row = incident.timeline.find(id(&format!("undo {of}"))).unwrap();
        assert!(matches!(&row.effect, Effect::None(why) if why.contains("left the building")), "{:?}", row.effect);
    }
}

#[test]
fn a_draft_that_was_not_sent_can() {
    let mut record = Record::declared();
    message(&mut record);
    record.add("undo", 8, retracted("draft", "slip"));
    assert!(record.incident().messages.is_empty());
}

#[test]
fn that_an_older_try_failed_says_nothing_of_the_newest() {
    let mut record = Record::declared();
    message(&mut record);
    let sending = || MessageSending {
        message: id("draft"),
        backend: "out".into(),
        process: "p".into(),
        recipients: Vec::new(),
        subject: String::new(),
    };
    let receipt = |of: &str, state| ReceiptSeen { sending: id(of), state, detail: String::new() };
    record.add("send 1", 8, sending());
    record.add("failed", 9, MessageFailed { message: id("draft"), why: "refused".into() });
    record.add("send 2", 10, sending());
    record.add("sent", 11, receipt("send 2", Delivery::Sent));
    record.add("late", 12, receipt("send 1", Delivery::Failed));
    let told = record.incident().messages[&id("draft")].clone();
    assert_eq!((told.state, told.told), (MessageState::Sent, Some(minutes(11))));
    record.add("arrived", 13, receipt("send 1", Delivery::Delivered));
    assert_eq!(record.incident().messages[&id("draft")].state, MessageState::Delivered);
}

#[test]
fn a_word_that_failed_after_all_keeps_and_makes_no_promise() {
    let mut record = Record::declared();
    message(&mut record);
    let promised = ToldElsewhere {
        audience: "consumers".into(),
        channel: "app".into(),
        by: "lee".into(),
        proof: None,
        text: "first".into(),
        round: Some(Round::Initial),
        next_update: Some(minutes(20)),
    };
    record.add("first", 6, promised);
    record.add(
        "send",
        8,
        MessageSending {
            message: id("draft"),
            backend: "out".into(),
            process: "p".into(),
            recipients: Vec::new(),
            subject: String::new(),
        },
    );
    record.add("sent", 9, MessageSent { message: id("draft"), reference: "42".into() });
    assert!(record.incident().promises[&id("first")].kept.is_some());
    record.add("failed", 10, MessageFailed { message: id("draft"), why: "bounced".into() });
    let incident = record.incident();
    assert_eq!(incident.promises.len(), 1);
    assert_eq!(incident.promises[&id("first")].kept, None, "it is owed again");
}

#[test]
fn a_sending_nobody_hears_of_any_more_can_be_settled() {
    let mut record = Record::declared();
    message(&mut record);
    record.add(
        "send",
        8,
        MessageSending {
            message: id("draft"),
            backend: "out".into(),
            process: "gone/1@1".into(),
            recipients: Vec::new(),
            subject: String::new(),
        },
    );
    let kim = Actor { person: "kim".into(), host: "jump1".into() };
    let settle = Command::SettleMessage { message: id("draft"), went: true, how: "seen on the page".into() };
    decide(&record.incident(), &Plan::default(), &settle, &kim, minutes(12)).expect_err("its answer may still come");
    decide(&record.incident(), &Plan::default(), &settle, &kim, minutes(14)).expect("after five minutes nobody hears");
}
