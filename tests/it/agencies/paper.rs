//! A worksheet leaves the screen: printed by the host's program, mailed over a real server, refused where it must not leave.

use crate::delivery::given::mail;
use crate::delivery::mail_server::MailServer;
use crate::support::pty::{Home, Pty, Start};

const RULE: [&str; 2] = ["us-fcc-nors-wireless", "notification"];

/// A carrier that prints into a file, and mails over this port.
fn carrier(port: u16) -> Home {
    let home = Home::new();
    let paper = home.path().join("paper.txt");
    let desk = format!("[[notification]]\nname = \"desk\"\n{}", mail(port, ""));
    let kinds = "organisation = [\"wireless_carrier\"]\n";
    crate::room::configure(&home, &format!("{kinds}print = [\"tee\", \"{}\"]\n{desk}", paper.display()));
    home
}

fn sheet<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["agency", "worksheet", RULE[0], RULE[1]], more].concat()
}

#[test]
fn a_worksheet_is_printed_and_mailed_once_and_the_record_says_so() {
    let server = MailServer::start();
    let home = carrier(server.port);
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", "-20m"]);
    let told = home.must(&sheet(&["--print"]));
    assert!(told.contains("given to tee: whether paper came out is for you to see"), "{told}");
    let paper = || std::fs::read_to_string(home.path().join("paper.txt")).unwrap();
    assert!(paper().contains("A worksheet, not a filing"), "{}", paper());

    let to = "counsel@example.net,bounce@example.net,Counsel@example.net";
    let ran = home.run(&sheet(&["--mail", to, "--over", "desk"]));
    assert!(ran.code == Some(0) && ran.out.contains("2 of 2 sent"), "{ran:?}");
    assert_eq!(server.settled(1).get("counsel@example.net"), Some(&1));
    let inbox = server.inbox();
    assert!(inbox.contains("[warroom] worksheet FCC: Notification (Outage)"), "{inbox}");
    assert!(inbox.contains("A worksheet, not a filing"), "{inbox}");
    let notes = home.must(&["export", "--format", "csv"]);
    assert!(notes.contains("to counsel@example.net, bounce@example.net over desk"), "{notes}");
    // It is word to no audience.
    let state: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    assert_eq!(state["messages"], serde_json::json!([]));

    for (more, why) in [
        (&["--mail", "counsel", "--over", "desk"][..], "--mail counsel: expected an address"),
        (&["--mail", "a@b\u{1b}[2J", "--over", "desk"], "an address holds no blanks or control"),
        (&["--mail", "a@example.net", "--over", "page"], "no mail backend of that name; known: desk"),
        (&["--mail", "a@example.net"], "--over"),
    ] {
        let ran = home.run(&sheet(more));
        assert!(ran.code == Some(2) && ran.err.replace("␛", "").contains(why), "{more:?}: {ran:?}");
    }
}

#[test]
fn on_the_screen_everything_that_leaves_is_shown_before_its_own_letter() {
    let server = MailServer::start();
    let home = carrier(server.port);
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", "-40m"]);
    home.must(&["fact", "users_affected", "125000000000000", "--basis", "x", "--confirmed-by", "ruiz"]);
    let mut pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("FCC, notification");
    pty.keys("4");
    let lit = |s: &vt100::Screen| s.contents().contains(">FCC, notification");
    for _ in 0..9 {
        if pty.look(lit) {
            break;
        }
        pty.keys("j");
        pty.wait("the next row", |_| true);
    }
    pty.keys("i");
    pty.see("p prints, m mails");
    pty.keys("p");
    pty.see("given to tee");
    assert!(std::fs::read_to_string(home.path().join("paper.txt")).unwrap().contains("A worksheet, not a filing"));
    pty.keys("m");
    pty.see("Mail the worksheet");
    pty.keys("counsel@example.net\r");
    pty.see("NOT MAILED YET: M mails it");
    pty.see("TO counsel@example.net");
    // Nothing leaves on another key.
    pty.keys(" \r");
    pty.keys("\u{1b}");
    pty.see("nothing was mailed");
    assert_eq!(server.inbox(), "");
    pty.keys("m");
    pty.see("Mail the worksheet");
    pty.keys("counsel@example.net\r");
    pty.see("NOT MAILED YET");
    pty.keys("M");
    pty.see("1 of 1 sent");
    assert_eq!(server.settled(1).get("counsel@example.net"), Some(&1));
    pty.keys("q");
    pty.exit();
}

/// A room with a letter on the screen that `M` mails.
fn letter(home: &Home) -> Pty {
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", "-40m"]);
    let pty = Start::new(home, &[]).size(120, 36).start();
    pty.see("FCC, notification");
    pty.keys("4");
    for _ in 0..9 {
        if pty.look(|s| s.contents().contains(">FCC, notification")) {
            break;
        }
        pty.keys("j");
        pty.wait("the next row", |_| true);
    }
    pty.keys("im");
    pty.see("Mail the worksheet");
    pty.keys("counsel@example.net\r");
    pty.see("NOT MAILED YET");
    pty
}

#[test]
fn a_letter_of_a_room_that_is_left_goes_or_the_record_says_that_nobody_knows() {
    let server = MailServer::start();
    let home = carrier(server.port);
    let mut pty = letter(&home);
    pty.keys("Mq");
    pty.exit();
    let record = home.must(&["export", "--format", "csv"]);
    assert!(record.contains("whether it went is not known until another line says so"), "{record}");
    assert!(record.contains(" over desk: "), "{record}");
    // Takes the connection and says nothing.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let home = carrier(silent.local_addr().unwrap().port());
    let mut pty = letter(&home);
    pty.keys("M");
    pty.see("mailing to counsel@example.net");
    pty.keys("q");
    pty.exit();
    let record = home.must(&["export", "--format", "csv"]);
    // Whether the connection was made before it was left is the machine's to say; either way the record says what is known.
    let ends =
        [" over desk: the room was left meanwhile: it is not known", " over desk: NOT SENT", " over desk: NOT KNOWN"];
    assert!(ends.iter().any(|end| record.contains(end)), "{record}");
}

#[test]
fn of_an_exercise_nothing_is_mailed_and_a_lost_answer_is_not_a_yes() {
    let server = MailServer::start();
    let home = carrier(server.port);
    home.must(&["declare", "Drill", "--severity", "sev1", "--started", "-20m", "--exercise"]);
    let ran = home.run(&sheet(&["--mail", "a@example.net", "--over", "desk"]));
    assert!(ran.code == Some(1) && ran.err.contains("nothing leaves the building"), "{ran:?}");
    assert_eq!(server.inbox(), "");
    drop(server);
    let gone = carrier(crate::support::process::free_port());
    gone.must(&["declare", "Outage", "--severity", "sev1", "--started", "-20m"]);
    let ran = gone.run(&sheet(&["--mail", "a@example.net", "--over", "desk"]));
    assert!(ran.code == Some(1) && ran.out.contains("NOT SENT"), "{ran:?}");
    assert!(gone.must(&["export", "--format", "csv"]).contains("NOT SENT"));
}
