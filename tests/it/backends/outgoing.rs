//! A message on its way out, made as the room makes it: from the entries of an incident whose sending is written.

use warroom::backends::Outgoing;
use warroom::incident::entry::{Author, Entry, EntryId, Hlc, IncidentId, WriterId};
use warroom::incident::fold::fold;
use warroom::incident::message::sha256;
use warroom::incident::what::{Declared, MessageApproved, MessageDrafted, MessageSending, PhaseSet, What};
use warroom::incident::words::{Phase, Round, Severity};

use super::given;

pub const KEY: &str = "0d9d5cc2-5a0b-5c7e-8c55-1b7f0a6f8f10";

pub fn incident() -> IncidentId {
    IncidentId(uuid::Uuid::nil())
}

/// `text` to these, with this subject, of an incident in this phase.
pub fn outgoing(text: &str, subject: &str, to: &[&str], phase: Phase) -> Outgoing {
    let id = |n: &str| EntryId::derived(&[n]);
    let declared = Declared {
        title: "Outage <core> & \"more\"".to_owned(),
        severity: Severity::Sev1,
        started: given::now(),
        detected: None,
        exercise: false,
        timezone: "UTC".to_owned(),
        organisation: Vec::new(),
        demo: false,
    };
    let drafted = MessageDrafted {
        audience: "consumers".to_owned(),
        channel: "mail".to_owned(),
        round: Round::Initial,
        text: text.to_owned(),
        next_update: None,
        grounds: Default::default(),
    };
    let sending = MessageSending {
        message: id("message"),
        backend: "desk".to_owned(),
        process: "p".to_owned(),
        recipients: to.iter().map(|to| (*to).to_owned()).collect(),
        subject: subject.to_owned(),
    };
    let all: Vec<(&str, What)> = vec![
        ("declared", declared.into()),
        ("phase", PhaseSet { phase, why: String::new(), overrode: Vec::new(), replaces: vec![id("declared")] }.into()),
        ("message", drafted.into()),
        ("approved", MessageApproved::whole(id("message"), sha256(text)).into()),
        ("sending", sending.into()),
    ];
    let entries = all.into_iter().zip(1..).map(|((name, what), seq)| Entry {
        writer: WriterId(uuid::Uuid::nil()),
        seq,
        id: id(name),
        hlc: Hlc(seq as i64, 0),
        happened: given::now(),
        recorded: given::now(),
        author: Author { person: "kim".to_owned(), host: "jump".to_owned(), machine: false },
        what,
    });
    Outgoing::of(&fold(entries), incident(), id("message")).expect("a real incident")
}

#[tokio::test]
async fn a_file_is_named_by_its_key_and_a_second_one_changes_nothing() {
    use warroom::backends::{Outcome, delivery};
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let source = given::source(&format!("[[notification]]\nname = \"f\"\nkind = \"file\"\npath = \"{at}\"\n"));
    let adapter = given::adapter(&source);
    let mut references = Vec::new();
    for text in ["first", "second"] {
        let message = outgoing(text, "", &[], Phase::Investigating);
        let (client, now) = (given::client(), given::now());
        match delivery::deliver(&client, &*adapter, &source, &message, KEY, now, &given::unrecorded).await {
            Outcome::Done { reference } => references.push(reference),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(references, [format!("{at}/{KEY}.json"), format!("{at}/{KEY}.json was there already")]);
    let written = std::fs::read_to_string(folder.path().join(format!("{KEY}.json"))).unwrap();
    assert!(written.contains("\"first\"") && std::fs::read_dir(folder.path()).unwrap().count() == 1, "{written}");
}
