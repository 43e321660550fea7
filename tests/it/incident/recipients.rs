//! The recipients of a message, folded: the message is what they are, nobody is sent to twice, and what a text promised holds
//! from when somebody has it.

use warroom::incident::command::{Actor, Command};
use warroom::incident::decide::decide;
use warroom::incident::plan::{Addressed, Channel, Plan};
use warroom::incident::recipient::RecipientOutcome;
use warroom::incident::what::*;
use warroom::incident::words::{MessageState, Reach, Round};

use super::{Record, id, minutes};

fn plan(to: &[&str]) -> Plan {
    let channel = Channel {
        page: None,
        id: "mail".into(),
        name: "Mail".into(),
        short: "MAIL".into(),
        via: Some("desk".into()),
        counts: Default::default(),
        limit: None,
        public: false,
        subject: Some("Disruption".into()),
    };
    let to = to.iter().map(|to| (*to).to_owned()).collect();
    let addressed = Addressed { audience: "psaps".into(), channel: "mail".into(), to, listed_in: None };
    Plan { channels: vec![channel], recipients: vec![addressed], ..Plan::default() }
}

/// What a sending that is decided now would say; Err: why there is none.
fn sending(record: &Record, plan: &Plan, minute: i64) -> Result<MessageSending, String> {
    let kim = Actor { person: "kim".into(), host: "jump1".into() };
    let command = Command::SendMessage { message: id("draft"), process: "p".into() };
    let drafts = decide(&record.incident(), plan, &command, &kim, minutes(minute)).map_err(|refused| refused.0)?;
    match drafts.into_iter().next().map(|draft| draft.what) {
        Some(What::MessageSending(w)) => Ok(w),
        other => panic!("{other:?}"),
    }
}

fn outcomes(all: &[(&str, Reach)]) -> Vec<RecipientOutcome> {
    all.iter().map(|(to, state)| RecipientOutcome { to: (*to).into(), state: *state, detail: String::new() }).collect()
}

fn approved() -> Record {
    let mut record = Record::declared();
    let text = "Calls fail".to_owned();
    let text_sha256 = warroom::incident::message::sha256(&text);
    let next_update = Some(minutes(60));
    let (audience, channel) = ("psaps".into(), "mail".into());
    record.add(
        "draft",
        6,
        MessageDrafted { audience, channel, round: Round::Initial, text, next_update, grounds: Default::default() },
    );
    record.add("approve", 7, MessageApproved::whole(id("draft"), text_sha256));
    record
}

#[test]
fn it_goes_again_only_to_those_whom_it_certainly_did_not_reach() {
    let all = plan(&["a", "b", "c", "d"]);
    let mut record = approved();
    let first = sending(&record, &all, 8).unwrap();
    assert_eq!((first.recipients.join(""), first.subject.as_str()), ("abcd".to_owned(), "Disruption"));
    record.add("first", 8, first);
    assert_eq!(record.incident().messages[&id("draft")].state, MessageState::Sending);
    let heard = [("a", Reach::Sent), ("b", Reach::Refused), ("c", Reach::Deferred)];
    record.add("heard", 9, MessageRecipients { sending: id("first"), outcomes: outcomes(&heard) });
    assert_eq!(record.incident().messages[&id("draft")].state, MessageState::Sending, "the end is not told yet");
    // The process died: whom it had not spoken of may have it.
    record.add("died", 20, MessageUnknown { message: id("draft"), why: "it died".into() });
    let message = record.incident().messages[&id("draft")].clone();
    assert_eq!((message.state, message.told), (MessageState::Unknown, None));
    assert!(sending(&record, &all, 21).unwrap_err().contains("look it up first"));
    // A late word of the same sending is heard all the same; then a part of it certainly did not arrive.
    record.add("late", 22, MessageRecipients { sending: id("first"), outcomes: outcomes(&[("d", Reach::Sent)]) });
    let incident = record.incident();
    let message = &incident.messages[&id("draft")];
    assert_eq!((message.state, message.told, message.missed()), (MessageState::Sent, Some(minutes(22)), 2));
    assert_eq!(incident.promises.values().map(|p| p.due).collect::<Vec<_>>(), [minutes(60)], "who has it was promised");
    // An address was corrected meanwhile, and one is new.
    let again = sending(&record, &plan(&["a", "x", "c", "d", "e"]), 30).unwrap();
    assert_eq!(again.recipients.join(""), "xce");
    record.add("second", 30, again);
    let old = [("a", Reach::Refused), ("c", Reach::Refused)];
    record.add("old", 31, MessageRecipients { sending: id("first"), outcomes: outcomes(&old) });
    let good = [("x", Reach::Sent), ("c", Reach::Sent), ("e", Reach::Sent)];
    record.add("good", 32, MessageRecipients { sending: id("second"), outcomes: outcomes(&good) });
    record.add("end", 32, MessageSent { message: id("draft"), reference: "3 of 3 sent".into() });
    let message = record.incident().messages[&id("draft")].clone();
    assert_eq!((message.state, message.told), (MessageState::Sent, Some(minutes(22))), "told when the first had it");
    assert_eq!((message.recipients.counts().sent, message.missed()), (5, 1), "b, whom the playbook no longer names");
    assert!(sending(&record, &plan(&["a", "c"]), 33).is_err(), "nobody is left");
}

#[test]
fn refused_by_all_is_failed_and_promises_nothing() {
    let all = plan(&["a", "b"]);
    let mut record = approved();
    record.add("first", 8, sending(&record, &all, 8).unwrap());
    let none = [("a", Reach::Refused), ("b", Reach::Deferred)];
    record.add("heard", 9, MessageRecipients { sending: id("first"), outcomes: outcomes(&none) });
    record.add("end", 9, MessageFailed { message: id("draft"), why: "0 of 2 sent".into() });
    let incident = record.incident();
    assert_eq!(incident.messages[&id("draft")].state, MessageState::Failed);
    assert!(incident.promises.is_empty());
    assert_eq!(sending(&record, &all, 10).unwrap().recipients.join(""), "ab");
    // A person who looked says of what was not known that it did not go: those who have it keep it.
    record.add("second", 10, sending(&record, &all, 10).unwrap());
    record.add("one", 11, MessageRecipients { sending: id("second"), outcomes: outcomes(&[("a", Reach::Sent)]) });
    record.add("lost", 12, MessageUnknown { message: id("draft"), why: "lost".into() });
    record.add("settled", 13, MessageFailed { message: id("draft"), why: "did not go".into() });
    let message = record.incident().messages[&id("draft")].clone();
    assert_eq!((message.state, message.missed(), message.told), (MessageState::Sent, 1, Some(minutes(13))));
    assert_eq!(sending(&record, &all, 14).unwrap().recipients.join(""), "b");
}
