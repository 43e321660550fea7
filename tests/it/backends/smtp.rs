//! Mail against a server that misbehaves at each step: what is certain of each recipient, what is not, and what is said.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use warroom::backends::{Outcome, delivery, poller};
use warroom::config::{SecretRef, SourceConfig};
use warroom::incident::recipient::RecipientOutcome;
use warroom::incident::words::{Phase, Reach};

use super::given;
use super::outgoing::{KEY, outgoing};

/// What the server does with a line.
enum Do {
    Say(&'static str),
    Close,
    Stall,
}
use Do::{Close, Say, Stall};

/// A mail server on the loopback; remembers every line of every connection.
struct Post {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Post {
    /// `answer` has the line and the number of the connection (from 1); `.` is the end of a text.
    fn start(answer: impl Fn(&str, usize) -> Do + Send + Sync + 'static) -> Post {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (told, answer) = (Arc::clone(&heard), Arc::new(answer));
        std::thread::spawn(move || {
            for (stream, n) in listener.incoming().flatten().zip(1..) {
                let (told, answer) = (Arc::clone(&told), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let mut out = stream.try_clone().unwrap();
                    let mut lines = BufReader::new(stream).lines();
                    let mut text = false;
                    let mut next = Some("CONNECT".to_owned());
                    while let Some(line) = next.take() {
                        told.lock().unwrap().push(line.clone());
                        if !text || line == "." {
                            match answer(&line, n) {
                                Say(reply) => {
                                    text = reply.starts_with("354");
                                    if out.write_all(format!("{reply}\r\n").as_bytes()).is_err() {
                                        return;
                                    }
                                }
                                Close => return,
                                Stall => std::thread::sleep(std::time::Duration::from_secs(30)),
                            }
                        }
                        next = lines.next().and_then(Result::ok);
                    }
                });
            }
        });
        Post { port, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn source(&self, more: &str) -> SourceConfig {
        given::source(&format!(
            "[[notification]]\nname = \"mail\"\nkind = \"smtp\"\nurl = \"smtp://127.0.0.1:{}\"\ntimeout = \"2s\"\n\
             from = \"Desk <desk@example.net>\"\n{more}",
            self.port
        ))
    }
}

const PLAIN: &str = "tls = \"none\"\nbatch = 2";
const TO: [&str; 4] = ["a@x.org", "b@x.org", "c@x.org", "d@x.org"];

/// A server that takes everything.
fn fine(line: &str) -> Do {
    match line.split([' ', ':']).next().unwrap_or_default() {
        "CONNECT" => Say("220 here"),
        "DATA" => Say("354 go on"),
        "." => Say("250 2.0.0 queued as 7"),
        "QUIT" => Close,
        _ => Say("250 OK"),
    }
}

async fn send(source: &SourceConfig, to: &[&str]) -> (Outcome, Vec<Vec<RecipientOutcome>>) {
    let batches: Mutex<Vec<Vec<RecipientOutcome>>> = Mutex::default();
    let record = |outcomes| {
        batches.lock().unwrap().push(outcomes);
        let done: futures_util::future::BoxFuture<'static, ()> = Box::pin(async {});
        done
    };
    let message = outgoing("Text.\n.dot", "A subject", to, Phase::Investigating);
    let adapter = given::adapter(source);
    let outcome = delivery::deliver(&given::client(), &*adapter, source, &message, KEY, given::now(), &record).await;
    // Whose turn it is was recorded before anything became of them.
    let (mut trying, mut batches) = (Vec::<String>::new(), batches.into_inner().unwrap());
    batches.retain(|batch| {
        let begins = batch.iter().all(|o| o.state == Reach::Trying);
        match begins {
            true => trying = batch.iter().map(|o| o.to.clone()).collect(),
            false => {
                let tried = |o: &&RecipientOutcome| matches!(o.state, Reach::Sent | Reach::Unknown);
                assert!(batch.iter().filter(tried).all(|o| trying.contains(&o.to)), "{batch:?}");
            }
        }
        !begins
    });
    (outcome, batches)
}

/// `a sent, b refused …`, in the order in which it was recorded.
fn said(batches: &[Vec<RecipientOutcome>]) -> String {
    let one = |o: &RecipientOutcome| format!("{} {}", o.to.trim_end_matches("@x.org"), o.state);
    batches.iter().map(|b| b.iter().map(one).collect::<Vec<_>>().join(", ")).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn each_answer_is_kept_for_whom_it_is_and_recorded_batch_by_batch() {
    let post = Post::start(|line, _| match line {
        "RCPT TO:<b@x.org>" => Say("550 5.1.1 no such user"),
        "RCPT TO:<c@x.org>" => Say("451 4.7.1 greylisted"),
        other => fine(other),
    });
    let (outcome, batches) = send(&post.source(PLAIN), &TO).await;
    assert_eq!(said(&batches), "b refused, a sent; c deferred, d sent");
    assert_eq!(batches[0][0].detail, "550 5.1.1 no such user");
    assert_eq!(batches[0][1].detail, "250 2.0.0 queued as 7");
    let expected = "2 of 4 sent, 1 refused, 1 not sent for now (550 5.1.1 no such user)";
    assert_eq!(outcome, Outcome::Done { reference: expected.to_owned() });
    let heard = post.heard();
    assert_eq!(heard.iter().filter(|l| *l == "DATA").count(), 2);
    assert!(heard.contains(&"..dot".to_owned()), "a dot at a line's beginning is doubled on the way: {heard:?}");
    assert!(heard.contains(&format!("Message-ID: <{KEY}@example.net>")));
    assert!(!heard.iter().any(|l| l.contains("NOTIFY") || l.contains("ENVID")), "not offered, not asked for");

    let post = Post::start(|line, _| match line.split(':').next().unwrap() {
        "RCPT TO" => Say("550 nobody"),
        _ => fine(line),
    });
    let (outcome, batches) = send(&post.source(PLAIN), &TO).await;
    assert_eq!(said(&batches), "a refused, b refused; c refused, d refused");
    assert_eq!(outcome, Outcome::Refused { why: "0 of 4 sent, 4 refused (550 nobody)".to_owned() });
    assert!(!post.heard().contains(&"DATA".to_owned()));
}

#[tokio::test]
async fn lost_before_the_dot_is_not_sent_lost_after_it_is_unknown_and_neither_is_repeated() {
    for (at, expected) in [
        ("MAIL", "a deferred, b deferred; c sent, d sent"),
        ("RCPT TO:<b@x.org>", "a deferred, b deferred; c sent, d sent"),
        ("DATA", "a deferred, b deferred; c sent, d sent"),
        (".", "a unknown, b unknown; c sent, d sent"),
    ] {
        let post = Post::start(move |line, n| if n == 1 && line.starts_with(at) { Close } else { fine(line) });
        let (outcome, batches) = send(&post.source(PLAIN), &TO).await;
        assert_eq!(said(&batches), expected, "{at}");
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), at == ".", "{at}: {outcome:?}");
        let dots = post.heard().iter().filter(|l| *l == ".").count();
        assert_eq!(dots, if at == "." { 2 } else { 1 }, "{at}: no text goes out twice");
    }
    // An answer that never comes before the dot is as good as a lost one.
    let post = Post::start(|line, n| if n == 1 && line == "DATA" { Stall } else { fine(line) });
    let (_, batches) = send(&post.source("tls = \"none\"\nbatch = 2\n"), &TO).await;
    assert_eq!(said(&batches), "a deferred, b deferred; c sent, d sent");
    assert!(batches[0][0].detail.contains("no answer within 2 s"), "{}", batches[0][0].detail);
    // Refused after the text is refused; a word that is no verdict is none.
    for (reply, expected) in
        [("552 too large", "a refused"), ("452 disk full", "a deferred"), ("354 what", "a unknown")]
    {
        let post = Post::start(move |line, _| if line == "." { Say(reply) } else { fine(line) });
        assert_eq!(said(&send(&post.source(PLAIN), &TO[..1]).await.1), expected);
    }
}

#[tokio::test]
async fn a_server_that_has_enough_is_given_less_and_a_fresh_connection() {
    // It takes one recipient at a time.
    let taken = Arc::new(Mutex::new(0));
    let post = Post::start({
        let taken = Arc::clone(&taken);
        move |line, _| {
            let mut taken = taken.lock().unwrap();
            match line.split([' ', ':']).next().unwrap() {
                "MAIL" => *taken = 0,
                "RCPT" if *taken == 1 => return Say("452 4.5.3 too many recipients"),
                "RCPT" => *taken += 1,
                _ => {}
            }
            fine(line)
        }
    });
    let (outcome, batches) = send(&post.source(PLAIN), &TO).await;
    assert_eq!(said(&batches), "a sent; b sent; c sent; d sent");
    assert_eq!(outcome, Outcome::Done { reference: "4 of 4 sent".to_owned() });
    // It takes one mail a connection, and says so or just closes.
    for goodbye in [Some("421 enough of you"), None] {
        let mails = Arc::new(Mutex::new(std::collections::BTreeMap::<usize, usize>::new()));
        let post = Post::start(move |line, n| {
            let mut mails = mails.lock().unwrap();
            let of = mails.entry(n).or_default();
            if line.starts_with("MAIL") {
                *of += 1;
                if *of > 1 {
                    return goodbye.map_or(Close, Say);
                }
            }
            fine(line)
        });
        let (_, batches) = send(&post.source(PLAIN), &TO).await;
        assert_eq!(said(&batches), "a sent, b sent; c sent, d sent", "{goodbye:?}");
    }
    // A server that always says so is believed.
    let post = Post::start(|line, _| if line.starts_with("MAIL") { Say("421 not today") } else { fine(line) });
    assert_eq!(said(&send(&post.source(PLAIN), &TO).await.1), "a deferred, b deferred; c deferred, d deferred");
}

#[tokio::test]
async fn what_is_offered_is_used_and_what_is_not_is_not() {
    let post = Post::start(|line, _| match line.split(' ').next().unwrap() {
        "EHLO" => Say("250-here\r\n250-DSN\r\n250-PIPELINING\r\n250 SIZE 900000"),
        _ => fine(line),
    });
    let (outcome, _) = send(&post.source(PLAIN), &["a+b@x.org"]).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    let heard = post.heard();
    assert!(
        heard
            .iter()
            .any(|l| l.starts_with("MAIL FROM:<desk@example.net> SIZE=")
                && l.ends_with(&format!("RET=HDRS ENVID={KEY}"))),
        "{heard:?}"
    );
    assert!(
        heard.contains(&"RCPT TO:<a+b@x.org> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@x.org".to_owned()),
        "{heard:?}"
    );
    // Too large for it: told before anything leaves.
    let post =
        Post::start(|line, _| if line.starts_with("EHLO") { Say("250-here\r\n250 SIZE 10") } else { fine(line) });
    let (outcome, _) = send(&post.source(PLAIN), &["a@x.org"]).await;
    assert!(matches!(outcome, Outcome::Refused { why } if why.contains("larger than the server takes")));
    // No encryption offered, and none wanted otherwise: nothing is sent, not even who it is for.
    let post = Post::start(|line, _| fine(line));
    let (outcome, batches) = send(&post.source(""), &["a@x.org"]).await;
    assert!(
        matches!(&outcome, Outcome::Refused { why } if why.contains("offers no encryption (STARTTLS)")),
        "{outcome:?}"
    );
    assert_eq!(said(&batches), "a deferred");
    assert!(!post.heard().iter().any(|l| l.starts_with("MAIL") || l.starts_with("RCPT")));
    // Words put in before the encryption: somebody is on the way.
    let post = Post::start(|line, _| match line.split(' ').next().unwrap() {
        "EHLO" => Say("250-here\r\n250 STARTTLS"),
        "STARTTLS" => Say("220 go\r\n250 injected"),
        _ => fine(line),
    });
    let (outcome, _) = send(&post.source(""), &["a@x.org"]).await;
    assert!(matches!(&outcome, Outcome::Refused { why } if why.contains("before the encryption")), "{outcome:?}");
    // What is no mail server.
    for (reply, expected) in [
        ("HTTP/1.1 400 Bad Request", "does not answer as a mail server"),
        ("554 go away", "takes nothing: 554 go away"),
    ] {
        let post = Post::start(move |_, _| Say(reply));
        let (outcome, _) = send(&post.source(PLAIN), &["a@x.org"]).await;
        assert!(matches!(&outcome, Outcome::Refused { why } if why.contains(expected)), "{outcome:?}");
    }
}

#[tokio::test]
async fn no_header_and_no_envelope_holds_more_than_it_should() {
    let post = Post::start(|line, _| fine(line));
    let source = post.source(PLAIN);
    let subject = "a\r\nBcc: victim@x.org\r\n\r\nbody \u{1b}[2J ü\u{2028}x".to_owned() + &"long ".repeat(60);
    let to = ["a@x.org", "b@x.org>\r\nRCPT TO:<victim@x.org", "ü@x.org", "+15551234"];
    let message = outgoing("t", &subject, &to, Phase::Investigating);
    let adapter = given::adapter(&source);
    let outcome =
        delivery::deliver(&given::client(), &*adapter, &source, &message, KEY, given::now(), &given::unrecorded).await;
    assert!(
        matches!(&outcome, Outcome::Done { reference } if reference.contains("1 of 4 sent, 3 refused")),
        "{outcome:?}"
    );
    let heard = post.heard();
    assert!(!heard.iter().any(|l| l.starts_with("Bcc") || l.contains("<victim") || l.contains('\u{1b}')), "{heard:?}");
    assert!(heard.iter().all(|l| l.len() <= 998 && l.is_ascii()), "{heard:?}");
    assert_eq!(heard.iter().filter(|l| l.starts_with("RCPT")).count(), 1);
    assert!(heard.contains(&"To: undisclosed-recipients:;".to_owned()), "{heard:?}");
}

#[tokio::test]
async fn the_password_is_in_nothing_that_is_said() {
    const CANARY: &str = "CANARY-7d1f";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, CANARY).unwrap();
    for way in ["250-here\r\n250 AUTH PLAIN LOGIN", "250-here\r\n250 AUTH LOGIN"] {
        // It throws back what it was given.
        let last = Arc::new(Mutex::new(String::new()));
        let post = Post::start(move |line, _| match line.split(' ').next().unwrap() {
            "EHLO" => Say(way),
            "AUTH" if line.ends_with("LOGIN") => Say("334 VXNlcm5hbWU6"),
            "CONNECT" => Say("220 here"),
            "b3Bz" => Say("334 UGFzc3dvcmQ6"),
            other => {
                let secret = if other == "AUTH" { line.rsplit(' ').next().unwrap() } else { other };
                *last.lock().unwrap() = secret.to_owned();
                Say(format!("535 no: {CANARY} {secret}").leak())
            }
        });
        let mut source = post.source(PLAIN);
        source.user = Some("ops".to_owned());
        source.token = Some(SecretRef::File(file.clone()));
        let (outcome, batches) = send(&source, &["a@x.org"]).await;
        let check = poller::check(&given::client(), &*given::adapter(&source), &source, given::now()).await;
        let said = format!("{outcome:?} {batches:?} {check:?}");
        assert!(said.contains("the credential was refused: 535 no: [credential] [credential]"), "{said}");
        assert!(!said.contains(CANARY) && !said.contains("Q0FOQVJZ"), "{said}");
        assert_eq!(batches[0][0].state, Reach::Deferred);
        assert!(!post.heard().iter().any(|l| l.starts_with("MAIL")));
    }
}

#[test]
fn configuration_faults_name_the_key() {
    let fault = |url: &str, more: &str| {
        let block = format!("[[notification]]\nname = \"m\"\nkind = \"smtp\"\nurl = \"{url}\"\n{more}\n");
        let mut source = given::source(&block.replace("WITH_TOKEN", "token = { env = \"X\" }"));
        source.insecure = block.contains("insecure");
        source.settings.table.remove("insecure");
        warroom::backends::kinds::build(&source, "w.toml").map(|_| ()).map_err(|p| p.to_string())
    };
    let away = "smtp://mail.example.net:587";
    for (url, more, expected) in [
        (away, "", "\"from\" is missing"),
        (away, "from = \"no address\"", "expected an address"),
        (away, "from = \"a@b.c\"\nreply_to = \"x y\"", "reply_to"),
        (away, "from = \"a@b.c\"\ntls = \"maybe\"", "expected \"required\""),
        (away, "from = \"a@b.c\"\ntls = \"none\"", "insecure = true"),
        (away, "from = \"a@b.c\"\nbatch = 0", "batch"),
        (away, "from = \"a@b.c\"\nWITH_TOKEN", "expected user"),
        (away, "from = \"a@b.c\"\nproxy = \"http://p:1\"", "proxy"),
        ("smtp://", "from = \"a@b.c\"", "url"),
    ] {
        let said = fault(url, more).unwrap_err();
        assert!(said.contains(expected), "{more}: {said}");
    }
    assert_eq!(fault(away, "from = \"a@b.c\"\ntls = \"none\"\ninsecure = true"), Ok(()));
    assert_eq!(fault("smtp://127.0.0.1:25", "from = \"a@b.c\"\ntls = \"none\""), Ok(()));
    assert_eq!(fault(away, "from = \"Ünser Tisch <a@b.c>\"\nreply_to = \"b@b.c\""), Ok(()));
}
