//! In the room: the review says to how many a text goes and under what subject; who was refused is loud, and is opened.

use super::given;
use super::mail_server::MailServer;
use crate::support::pty::Start;

#[test]
fn the_review_counts_and_what_was_refused_is_loud() {
    let server = MailServer::start();
    let all: Vec<String> =
        ["psap1", "psap2", "refused3", "later4"].iter().map(|name| format!("{name}@county.example.org")).collect();
    let home = given::home(&given::mail(server.port, ""), &all);
    given::approved(&home);
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("PSAPs");
    pty.keys("s");
    pty.see("REVIEW");
    pty.see("TO 4 addresses: psap1@county.example.org");
    pty.see("SUBJECT Calls fail");
    pty.see("RELEASES 1");
    pty.keys("R");
    pty.see("2 of 4 refused");
    pty.keys("\u{1b}");
    let received = server.settled(2);
    assert_eq!(received.values().max(), Some(&1));
    pty.keys("3");
    pty.see(">!");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let counts = given::counts(&home);
    assert_eq!((counts["sent"], counts["refused"], counts["deferred"]), (2, 1, 1));
}
