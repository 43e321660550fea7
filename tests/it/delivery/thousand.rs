//! A thousand addresses over a real server that refuses some, puts off some and is slow for some, on a wire that breaks
//! after the final dot of one batch.

use std::collections::BTreeMap;

use super::cut::{After, Wire};
use super::given;
use super::mail_server::{MailServer, PASSWORD};

const BATCH: usize = 50;

/// 1,000 addresses: 40 that are refused, 30 that are put off, 5 that are slow.
pub fn addresses() -> Vec<String> {
    let name = |n: usize| match n {
        _ if n.is_multiple_of(25) => format!("refused{n}"),
        _ if n % 32 == 3 && n < 990 => format!("later{n}"),
        _ if n % 200 == 98 => format!("slow{n}"),
        _ => format!("psap{n}"),
    };
    (0..1000).map(|n| format!("{}@county{}.example.org", name(n), n % 7)).collect()
}

#[test]
fn every_outcome_is_right_or_unknown_and_nobody_has_it_twice() {
    let server = MailServer::start();
    let wire = Wire::start(server.port, 7, After::Cut);
    let all = addresses();
    let of = |word: &str| all.iter().filter(|a| a.starts_with(word)).count();
    assert_eq!((all.len(), of("refused"), of("later"), of("slow")), (1000, 40, 30, 5));
    let home = {
        let at = server.reports();
        let reports = format!("[[notification]]\nname = \"reports\"\nkind = \"bounces\"\npath = \"{}\"", at.display());
        given::home(&given::mail(wire.port, &format!("batch = {BATCH}\n{reports}")), &all)
    };
    let id = given::approved(&home);
    let dry = home.must(&["message", "send", &id, "--dry-run"]);
    assert!(dry.contains("to 1000 addresses") && dry.contains("nothing was sent"), "{dry}");
    assert!(server.inbox().is_empty(), "a dry run sends nothing");

    let sent = home.run(&["message", "send", &id]);
    assert_eq!(sent.code, Some(1), "a batch without an answer is no success: {}{}", sent.out, sent.err);
    let taken = 1000 - 40 - 30;
    let received = server.settled(taken);
    assert_eq!(received.len(), taken);
    assert_eq!(received.values().max(), Some(&1), "nobody has it twice");
    let states = given::each(&home, &id);
    assert_eq!(states.len(), 1000);
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for (to, state) in &states {
        *told.entry(state).or_default() += 1;
        let right = match (to.as_str(), state.as_str()) {
            (to, "refused") => to.starts_with("refused"),
            (to, "deferred") => to.starts_with("later"),
            (to, "sent" | "unknown") => received.contains_key(to),
            _ => false,
        };
        assert!(right, "{to} is said to be {state}");
    }
    // The seventh batch: fifty, less those that were refused in it.
    let seventh = all[300..350].iter().filter(|a| !a.starts_with("refused") && !a.starts_with("later")).count();
    assert_eq!(told["unknown"], seventh);
    assert_eq!((told["refused"], told["deferred"], told["sent"]), (40, 30, taken - seventh));
    println!("1,000 addresses: {told:?}, received {} addresses once each", received.len());

    // What may have gone is not sent again, by nobody, until a person has looked.
    let again = home.run(&["message", "send", &id]);
    assert!(again.code == Some(1) && again.err.contains("look it up first"), "{}", again.err);
    home.must(&["message", "settle", &id, "yes", "--how", "the server's log has it"]);
    let counts = given::counts(&home);
    assert_eq!((counts["sent"], counts["unknown"], counts["refused"], counts["deferred"]), (930, 0, 40, 30));
    let now = given::json(&home, &["state"]);
    let loud = now["now"]
        .as_array()
        .unwrap()
        .iter()
        .any(|i| i["text"].as_str().unwrap().contains("930 of 1000 sent, 40 refused, 30 not"));
    assert!(loud, "{}", now["now"]);
    // Again to those whom it certainly did not reach, and to nobody else.
    let again = home.run(&["message", "send", &id]);
    assert!(
        again.code == Some(1) && again.out.contains("0 of 70 sent, 40 refused, 30 not sent for now"),
        "{}",
        again.out
    );
    assert_eq!(given::each(&home, &id), {
        let mut after = states.clone();
        after.values_mut().filter(|s| *s == "unknown").for_each(|s| "sent".clone_into(s));
        after
    });
    assert_eq!(server.settled(taken), received, "nobody has it twice");
    let record = home.must(&["export"]);
    assert!(record.contains("Recipients: 930 of 1000 sent, 40 refused, 30 not sent for now"), "the record counts");
    assert!(record.contains("no such user here"), "and says what the server said");
    home.must(&["verify"]);

    // What each received is what was approved, and shows nobody else.
    let inbox = server.inbox();
    let first = inbox.split("\nFrom ").find(|mail| mail.contains("Calls fail")).unwrap();
    assert!(
        first.contains("To: undisclosed-recipients:;") && first.contains("Auto-Submitted: auto-generated"),
        "{first}"
    );
    let subject = first.lines().find(|line| line.starts_with("Subject: ")).expect("a subject");
    assert!(subject.starts_with("Subject: Calls fail [2J in the =?utf-8?"), "outside text is encoded: {subject}");
    let body = first.split("\n\n").nth(1).unwrap();
    assert!(first.contains("MIME-Version: 1.0"), "else no reader has to decode it");
    assert!(body.contains("\n.Landlines work.") && body.contains("N=C3=A4chstes"), "{body}");
    let written = first.lines().find_map(|l| l.strip_prefix("Message-ID: <")).expect("a Message-ID");
    let sending = given::json(&home, &["export", "--format", "json"]).to_string();
    assert!(sending.contains(written.split('@').next().unwrap()), "it is made of the sending's key");

    // The server's own reports say later who has it: also of the batch whose answer was lost. Nobody is left not known.
    let begun = std::time::Instant::now();
    loop {
        home.run(&["poll", "--once"]);
        let counts = given::counts(&home);
        if counts["delivered"] == taken as u64 {
            assert_eq!((counts["unknown"], counts["refused"], counts["deferred"]), (0, 40, 30));
            break;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{counts:?}");
    }
}

#[test]
fn encrypted_and_signed_in() {
    let server = MailServer::start();
    let ca = format!("{}/tests/data/tls/ca.pem", env!("CARGO_MANIFEST_DIR"));
    let desk = |tls: &str, ca: &str, password: &str| {
        format!(
            "kind = \"smtp\"\nurl = \"smtp://localhost:{}\"\nfrom = \"{}\"\ntls = \"{tls}\"\n{ca}\nuser = \"warroom\"\n\
             token = {{ command = [\"/bin/echo\", \"{password}\"] }}",
            server.port,
            given::FROM
        )
    };
    let trust = format!("ca = \"{ca}\"");
    let check = |desk: &str| {
        let home = given::home(desk, &["psap1@county1.example.org".to_owned()]);
        let ran = home.run(&["check"]);
        assert!(!ran.out.contains(PASSWORD) && !ran.err.contains(PASSWORD));
        (home, ran.out)
    };
    let (home, said) = check(&desk("required", &trust, PASSWORD));
    assert!(said.contains("greets us, encrypted, signed in, reports deliveries, nothing sent"), "{said}");
    let id = given::approved(&home);
    home.must(&["message", "send", &id]);
    assert_eq!(server.settled(1).into_iter().collect::<Vec<_>>(), [("psap1@county1.example.org".to_owned(), 1)]);
    for (tls, ca, password, expected) in [
        ("required", trust.as_str(), "another-word-9a2e", "the credential was refused: 535"),
        ("required", "", PASSWORD, "the certificate or the handshake failed"),
        ("wrapper", trust.as_str(), PASSWORD, "the certificate or the handshake failed"),
        // The server offers no sign-in in the clear, and ours would not take it.
        ("none", trust.as_str(), PASSWORD, "offers no sign-in"),
    ] {
        let (_, said) = check(&desk(tls, ca, password));
        assert!(said.contains("FAIL") && said.contains(expected), "{tls} {ca}: {said}");
    }
}
