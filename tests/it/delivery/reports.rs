//! What a mail server reports afterwards: who has the mail, who never got it though it was taken; and to whom it goes again.

use super::given;
use super::mail_server::MailServer;
use crate::support::pty::Start;

#[test]
fn a_mail_that_was_taken_and_sent_back_is_loud_and_goes_again_to_nobody_else() {
    let server = MailServer::start();
    let all: Vec<String> = ["psap1", "psap2", "bounce3", "psap+4", "bounce5"]
        .iter()
        .map(|name| format!("{name}@county.example.org"))
        .collect();
    let reports = format!(
        "[[notification]]\nname = \"reports\"\nkind = \"bounces\"\npath = \"{}\"\n",
        server.reports().display()
    );
    let home = given::home(&given::mail(server.port, &reports), &all);
    let ran = home.run(&["check"]);
    assert!(ran.out.contains("reports/new: entity not found") || ran.err.contains("reports/new"), "{ran:?}");
    let id = given::approved(&home);
    // What the server says at once: it took all five.
    home.must(&["message", "send", &id]);
    assert_eq!(given::counts(&home)["sent"], 5);
    // What it says later.
    let begun = std::time::Instant::now();
    loop {
        home.run(&["poll", "--once"]);
        let counts = given::counts(&home);
        if counts["delivered"] == 3 && counts["bounced"] == 2 {
            break;
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{counts:?}");
    }
    let each = given::each(&home, &id);
    for (to, state) in [("psap1", "delivered"), ("psap+4", "delivered"), ("bounce3", "bounced"), ("bounce5", "bounced")]
    {
        assert_eq!(each[&format!("{to}@county.example.org")], state, "{to}");
    }
    let shown = home.must(&["message", "show", &id]);
    assert!(shown.contains("3 of 5 sent, 3 delivered, 2 sent back"), "{shown}");
    // The same reports once more are no news.
    let entries = home.must(&["export", "--format", "csv"]).lines().count();
    home.must(&["poll", "--once"]);
    assert_eq!(home.must(&["export", "--format", "csv"]).lines().count(), entries);

    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("PARTLY");
    pty.keys("3gs");
    pty.see("TO 2 addresses: bounce3@county.example.org, bounce5@county.example.org");
    pty.keys("\u{1b}");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    // Sent again it goes to those two alone, and what came back the first time does not speak of the second.
    home.must(&["message", "send", &id]);
    let received = server.settled(3);
    assert_eq!((received.len(), received.values().max()), (3, Some(&1)), "{received:?}");
    let record = home.must(&["export"]);
    assert!(record.contains("sent back"), "{record}");
}
