//! Claims against a real PostgreSQL: one of each attempt, by the first; none without an answer; none that may be rewritten.

use warroom::incident::entry::{Author, Entry, EntryId, Hlc, WriterId};
use warroom::incident::fold::fold;
use warroom::incident::what::{MessageApproved, MessageDrafted, MessageSending, MessageSent, What};
use warroom::incident::words::{MessageState, Round};
use warroom::journal::Journal;
use warroom::replicate::{Claim, Fault, Known, Wish, claim, offer, stands};
use warroom::room::orphans;

use super::server::{Line, Postgres};
use crate::journal::{INCIDENT, add, noon, place, writing};

fn message(n: usize) -> EntryId {
    EntryId::derived(&["claimed", &n.to_string()])
}

/// A claim by a person whose record knows this of whatever was claimed before.
fn claims(server: &Postgres, port: u16, who: &str, n: usize, known: Known) -> Result<Claim, Fault> {
    let (host, process) = (format!("{who}-host"), format!("{who}-host/1@1"));
    let wish = Wish { incident: INCIDENT, message: message(n), by: who, host: &host, process: &process };
    server.by(&server.place("jump", port), async |client| claim(client, &wish, async |_, _, _| Ok(known)).await)
}

fn holder(claim: Result<Claim, Fault>) -> String {
    match claim.unwrap() {
        Claim::Theirs(holder) => format!("{} on {}", holder.by, holder.host),
        Claim::Ours(attempt) => panic!("it was given as attempt {attempt}"),
    }
}

#[test]
fn an_attempt_is_the_first_s_until_it_ended_or_lapsed() {
    let server = Postgres::ready(&["jump"]);
    let of = |who, known| claims(&server, server.port, who, 1, known);
    assert_eq!(of("kim", Known::Nothing), Ok(Claim::Ours(1)));
    assert_eq!(holder(of("ana", Known::Nothing)), "kim on kim-host");
    assert_eq!(holder(of("ana", Known::UnderWay)), "kim on kim-host");
    // It is still the same process's, also where the answer had been lost.
    assert_eq!(of("kim", Known::Nothing), Ok(Claim::Ours(1)));
    // The record says that it failed.
    assert_eq!(of("ana", Known::Ended), Ok(Claim::Ours(2)));
    assert_eq!(holder(of("kim", Known::UnderWay)), "ana on ana-host");
    // By the server's clock the claim lapsed, and nobody knows of a sending: the next may try, and the one before must not.
    server.sql("UPDATE warroom_claims SET expires_at = now() - INTERVAL '1 second' WHERE attempt = 2");
    assert_eq!(holder(of("kim", Known::UnderWay)), "ana on ana-host", "its sending is known");
    assert_eq!(of("kim", Known::Nothing), Ok(Claim::Ours(3)));
    let standing = |attempt| {
        let ask = async |client: &mut _| stands(client, INCIDENT, message(1), attempt).await;
        server.by(&server.place("jump", server.port), ask).unwrap()
    };
    assert_eq!([standing(1), standing(2), standing(3)], [false, false, true]);
}

#[test]
fn a_lost_answer_is_no_claim_and_takes_none_away() {
    let server = Postgres::ready(&["jump"]);
    let line = Line::to(server.port);
    let (mut lost, mut given) = (0, 0);
    for n in 0..60 {
        line.cut_after(400 + 40 * i64::try_from(n).unwrap());
        let answer = claims(&server, line.port, "kim", n, Known::Nothing);
        line.mend();
        match answer {
            Ok(claim) => {
                assert_eq!(claim, Claim::Ours(1));
                given += 1;
            }
            Err(_) => lost += 1,
        }
        // Whether or not it had reached the server: asked again it is theirs, once.
        assert_eq!(claims(&server, server.port, "kim", n, Known::Nothing), Ok(Claim::Ours(1)));
        assert_eq!(holder(claims(&server, server.port, "ana", n, Known::Nothing)), "kim on kim-host");
    }
    assert!(lost > 5 && given > 5, "{lost} lost, {given} given: the test proves nothing");
    println!("{lost} answers lost, {given} given");
}

/// A sending that began while another's was under way, by a process that is gone: what became of it nobody will tell.
#[test]
fn whoever_died_sending_beside_another_is_told_of() {
    let entry = |writer: u128, seq: u64, host: &str, what: What| Entry {
        writer: WriterId(uuid::Uuid::from_u128(writer)),
        seq,
        id: EntryId::derived(&[host, &seq.to_string()]),
        hlc: Hlc(seq as i64, 0),
        happened: noon(),
        recorded: noon(),
        author: Author { person: host.to_owned(), host: host.to_owned(), machine: true },
        what,
    };
    let drafted = MessageDrafted {
        audience: "psaps".to_owned(),
        channel: "sms".to_owned(),
        round: Round::Initial,
        text: "a".to_owned(),
        next_update: None,
        grounds: Default::default(),
    };
    let message = EntryId::derived(&["jump1", "1"]);
    let sending = |process: &str| MessageSending {
        message,
        backend: "b".to_owned(),
        process: process.to_owned(),
        recipients: Vec::new(),
        subject: String::new(),
    };
    let approved = MessageApproved::whole(message, warroom::incident::message::sha256("a"));
    let sent = MessageSent { message, reference: String::new() };
    let mut all = vec![
        entry(1, 1, "jump1", drafted.into()),
        entry(1, 2, "jump1", approved.into()),
        entry(1, 3, "jump1", sending("jump1/999999999@1").into()),
        entry(2, 4, "jump2", sending("jump2/999999999@1").into()),
        entry(1, 5, "jump1", sent.into()),
    ];
    let (one, two) = ([all[0].writer], [all[3].writer]);
    let incident = fold(all.clone());
    assert_eq!(orphans::found(&incident, "jump1", &one), []);
    assert_eq!(orphans::found(&incident, "jump2", &one), [], "another journal's pen is not ours to judge");
    assert_eq!(orphans::found(&incident, "jump2", &two), [message]);
    for (n, draft) in (6..).zip(orphans::told(&incident, &[message])) {
        all.push(entry(2, n, "jump2", draft.what));
    }
    let incident = fold(all);
    assert_eq!(incident.messages[&message].state, MessageState::Sent, "the other's went");
    assert_eq!(incident.messages[&message].tries[1].end, Some(MessageState::Unknown));
    assert_eq!(orphans::found(&incident, "jump2", &two), [], "it is told once");
    assert_eq!(incident.conflicts().len(), 1);
}

#[test]
fn a_room_cannot_rewrite_claims_and_a_reader_makes_none() {
    let server = Postgres::ready(&["jump", "reads"]);
    assert_eq!(claims(&server, server.port, "kim", 1, Known::Nothing), Ok(Claim::Ours(1)));
    for user in ["jump", "reads"] {
        for text in ["UPDATE warroom_claims SET by_whom = 'x'", "DELETE FROM warroom_claims", "TRUNCATE warroom_claims"]
        {
            let tried = server.by(&server.place(user, server.port), async |client| {
                Ok(client.batch_execute(text).await.map_err(|e| e.as_db_error().map(|d| d.message().to_owned())))
            });
            let refused = tried.unwrap().unwrap_err().unwrap();
            assert!(refused.contains("permission denied"), "{text}: {refused}");
        }
    }
    let wish = Wish { incident: INCIDENT, message: message(2), by: "rae", host: "h", process: "h/1@1" };
    let refused = server.by(&server.place("reads", server.port), async |client| {
        claim(client, &wish, async |_, _, _| Ok(Known::Nothing)).await
    });
    assert!(refused.unwrap_err().0.contains("permission denied"));
}

#[test]
fn what_the_server_has_otherwise_is_not_shown_to_others() {
    let server = Postgres::ready(&["jump"]);
    let (_directory, path) = place();
    let shows = |journal: &mut Journal, id: EntryId| {
        server.by(&server.place("jump", server.port), async |client| offer(client, journal, INCIDENT, &[id]).await)
    };
    let write = |text: &str| {
        let mut journal = writing(&path);
        let id = add(&mut journal, text).own[0].id;
        (journal, id)
    };
    drop(write("before the copy"));
    let copy = std::fs::read(&path).unwrap();
    drop(write("after the copy"));
    let (mut journal, id) = write("and one more");
    assert_eq!(shows(&mut journal, id), Ok(()));
    drop(journal);
    // Put back into the same file, so that it goes on with the same pen: shorter than what the server has of it.
    std::fs::write(&path, copy).unwrap();
    let (mut journal, id) = write("a sending");
    let fault = shows(&mut journal, id).unwrap_err();
    assert!(fault.0.contains("another history"), "{fault}");
}
