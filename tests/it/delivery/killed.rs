//! The program killed in the middle of a mailing, and two of them that send the same text at once.

use super::cut::{After, Wire};
use super::given;
use super::mail_server::MailServer;
use super::thousand::addresses;
use crate::support::pty::Start;

#[test]
fn killed_in_the_middle_the_finished_batches_are_known_and_the_rest_is_not_sent_again() {
    let server = MailServer::start();
    let wire = Wire::start(server.port, 6, After::Hold);
    let all = addresses();
    let home = given::home(&given::mail(wire.port, "batch = 50"), &all);
    let id = given::approved(&home);
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("PSAPs");
    let mut child = home.command().args(["message", "send", &id]).stdout(std::process::Stdio::null()).spawn().unwrap();
    wire.wait();
    child.kill().unwrap();
    child.wait().unwrap();
    let good = |some: &[String]| some.iter().filter(|a| !a.starts_with("refused") && !a.starts_with("later")).count();
    // What five batches said is on disk; the sixth was taken, and nobody heard it.
    let received = server.settled(good(&all[..300]));
    assert_eq!((received.len(), received.values().max()), (good(&all[..300]), Some(&1)));

    // A room that was open all the time hears of it, and so does a script.
    pty.see("UNSURE");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let states = given::each(&home, &id);
    for (n, to) in all.iter().enumerate() {
        let expected = match (n, to.as_str()) {
            (250..300, _) => "unknown",
            // Their batches had not begun: they certainly have nothing.
            (300.., _) => "deferred",
            (_, to) if to.starts_with("refused") => "refused",
            (_, to) if to.starts_with("later") => "deferred",
            _ => "sent",
        };
        assert_eq!(states[to], expected, "{n} {to}");
    }
    let again = home.run(&["message", "send", &id]);
    assert!(again.code == Some(1) && again.err.contains("look it up first"), "{}", again.err);
    assert_eq!(server.settled(received.len()), received, "nothing was sent again");
    home.must(&["verify"]);
}

#[test]
fn two_that_send_at_once_send_once() {
    let server = MailServer::start();
    // The first three hold each mailing up for a second, so that the two overlap.
    let name = |n: usize| if n < 3 { "slow" } else { "psap" };
    let all: Vec<String> = (0..120).map(|n| format!("{}{n}@county.example.org", name(n))).collect();
    let home = given::home(&given::mail(server.port, "batch = 25"), &all);
    let id = given::approved(&home);
    let start = || {
        let mut command = home.command();
        command.args(["message", "send", &id]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let ended: Vec<_> = [start(), start()].into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let mut codes: Vec<_> = ended.iter().map(|e| e.status.code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 1], "{ended:?}");
    let received = server.settled(120);
    assert_eq!((received.len(), received.values().max()), (120, Some(&1)));
    let counts = given::counts(&home);
    assert_eq!((counts["all"], counts["sent"]), (120, 120));
}

#[test]
fn a_room_that_is_left_in_the_middle_begins_no_further_batch_and_says_so() {
    let server = MailServer::start();
    // Each is a batch that takes a second.
    let all: Vec<String> = (0..30).map(|n| format!("slow{n}@county.example.org")).collect();
    let home = given::home(&given::mail(server.port, "batch = 1"), &all);
    let id = given::approved(&home);
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("PSAPs");
    pty.keys("s");
    pty.see("TO 30 addresses");
    pty.keys("R");
    server.settled(2);
    pty.keys("\u{1b}q");
    assert_eq!(pty.exit(), 0);
    // The next start settles what the last batch left open, if its end was not waited for.
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("PSAPs");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let counts = given::counts(&home);
    assert!(counts["unknown"] <= 1 && counts["deferred"] >= 1 && counts["waiting"] == 0, "{counts:?}");
    if counts["unknown"] == 1 {
        home.must(&["message", "settle", &id, "no", "--how", "the server's log"]);
    }
    let states = given::each(&home, &id);
    let received = server.received();
    for (to, state) in &states {
        assert!(*state != "sent" || received.contains_key(to), "{to}");
    }
    assert_eq!(received.values().max(), Some(&1));
}
