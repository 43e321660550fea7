//! Delivery reports as other servers write them, and what is none.

use proptest::prelude::*;
use warroom::backends::job::Mailbox;
use warroom::incident::observation::Receipt;
use warroom::incident::words::Delivery;

use super::given;
use super::outgoing::KEY;

fn read(mails: &[&[u8]]) -> Vec<Receipt> {
    let source = given::source("[[notification]]\nname = \"r\"\nkind = \"bounces\"\npath = \"/var/mail/x\"\n");
    let mailbox = Mailbox { mails: mails.iter().map(|mail| mail.to_vec()).collect(), left_out: 0 };
    given::adapter(&source).read_mailbox(&mailbox, given::now()).expect("a mailbox").receipts
}

/// A report of a server that names no envelope: the mail that came back does.
fn report(action: &str, recipient: &str, more: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mail.example.org\r\nTo: incidents@example.net\r\nSubject: Undelivered Mail\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\n{more}\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: unknown\r\n    in this place\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{KEY}@example.net>\r\nSubject: Update\r\n\r\nText\r\n--b--\r\n"
    )
}

#[test]
fn what_came_back_is_told_of_its_recipient_with_the_server_s_words() {
    let failed = report("failed", "desk@county.example.org", "");
    let got = read(&[failed.as_bytes()]);
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].key.as_str(), got[0].to.as_deref()), (KEY, Some("desk@county.example.org")));
    assert_eq!(got[0].state, Delivery::Failed);
    assert_eq!(got[0].detail, "550 5.1.1 <desk@county.example.org>: unknown in this place");
    // The envelope's own name goes before the returned mail's, and is read back as it was written.
    let named = report("delivered", "a+b@x.example", "Original-Envelope-Id: k+2B1\r\n");
    let got = read(&[named.as_bytes()]);
    assert_eq!((got[0].key.as_str(), got[0].state), ("k+1", Delivery::Delivered));
    // Still being tried is no failure, and no delivery either.
    for action in ["delayed", "relayed", "expanded"] {
        assert_eq!(read(&[report(action, "a@x.example", "").as_bytes()])[0].state, Delivery::Sent, "{action}");
    }
    // Whatever else lies there is no report: an answer of a person, a holiday note, a report of reading.
    let note = "From: a@x.example\r\nSubject: Re: Update\r\n\r\nAction: delivered\r\n";
    assert_eq!(read(&[note.as_bytes(), b"", report("read", "a@x.example", "").as_bytes()]), []);
}

proptest! {
    #[test]
    fn no_mail_ends_it(noise in any::<Vec<u8>>(), at in 0usize..900, action in "\\PC{0,12}", to in "\\PC{0,20}") {
        let mut mail = report(&action, &to, "").into_bytes();
        let at = at.min(mail.len());
        mail.splice(at..at, noise.iter().copied());
        let _ = read(&[&noise, &mail]);
    }
}
