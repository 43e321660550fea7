//! One transaction: a mail to some recipients, with what the server said of each. After the final dot nothing is repeated.

use std::time::Duration;

use tokio::time::Instant as Tick;

use super::session::Session;
use super::wire::Reply;
use crate::backends::job::Mail;
use crate::incident::recipient::RecipientOutcome;
use crate::incident::words::Reach;

/// How long the server may think about a whole message. Who gives up sooner does not know what became of it.
const AFTER_DOT: Duration = Duration::from_secs(120);

/// How a transaction ended.
#[derive(Default)]
pub struct Done {
    pub outcomes: Vec<RecipientOutcome>,
    /// More than the server takes at a time: certainly not sent, and to be tried with fewer.
    pub too_many: Vec<String>,
    /// The server took the text and said nothing until the time was over.
    pub hung: bool,
    /// The connection is of no more use.
    pub lost: bool,
    /// It ended before the server took anything, on a connection that had served before: worth a fresh one.
    pub stale: bool,
}

fn outcome(to: &str, state: Reach, detail: &str) -> RecipientOutcome {
    RecipientOutcome { to: to.to_owned(), state, detail: detail.to_owned() }
}

/// What an answer that is not good means for whom it concerns.
fn refused(reply: &Reply) -> Reach {
    if reply.for_now() { Reach::Deferred } else { Reach::Refused }
}

/// Hands the mail over for these recipients.
pub async fn transaction(session: &mut Session, mail: &Mail, to: &[String]) -> Done {
    let before = session.served;
    session.served += 1;
    let mut done = Done::default();
    let accepted = match envelope(session, mail, to, &mut done).await {
        Ok(accepted) => accepted,
        Err(why) => {
            let heard = !done.outcomes.is_empty();
            // No text has left: whoever was taken is certainly not reached.
            let rest = to.iter().filter(|to| !done.outcomes.iter().any(|o| o.to == **to));
            let why = format!("not sent: {why}");
            let rest: Vec<_> = rest.map(|to| outcome(to, Reach::Deferred, &why)).collect();
            done.outcomes.extend(rest);
            done.too_many.clear();
            done.stale = before > 0 && !heard;
            done.lost = true;
            return done;
        }
    };
    if accepted.is_empty() {
        return reset(session, done).await;
    }
    let all = |state: Reach, detail: &str| accepted.iter().map(|to| outcome(to, state, detail)).collect::<Vec<_>>();
    match session.wire.command("DATA").await {
        Ok(reply) if reply.code == 354 => {}
        Ok(reply) => {
            done.outcomes.extend(all(refused(&reply), &reply.said()));
            return reset(session, done).await;
        }
        Err(why) => {
            done.outcomes.extend(all(Reach::Deferred, &format!("not sent: {why}")));
            done.lost = true;
            return done;
        }
    }
    if let Err(why) = session.wire.say(&stuffed(&mail.message)).await {
        // Without the dot the server has no message.
        done.outcomes.extend(all(Reach::Deferred, &format!("not sent: {why}")));
        done.lost = true;
        return done;
    }
    let (begun, limit) = (Tick::now(), AFTER_DOT.max(session.wire.step));
    let end = match session.wire.say(b".\r\n").await {
        Ok(()) => session.wire.hear_within(limit).await,
        Err(why) => Err(why),
    };
    match end {
        Ok(reply) if reply.good() => done.outcomes.extend(all(Reach::Sent, &reply.said())),
        Ok(reply) if reply.code >= 400 => done.outcomes.extend(all(refused(&reply), &reply.said())),
        Ok(reply) => done.outcomes.extend(all(Reach::Unknown, &reply.said())),
        Err(why) => {
            done.outcomes.extend(all(Reach::Unknown, &format!("the answer was lost: {why}")));
            done.lost = true;
            done.hung = begun.elapsed() >= limit;
        }
    }
    done
}

/// Sender and recipients; gives those that were taken. Err: the connection broke; `done` holds what was heard.
async fn envelope(session: &mut Session, mail: &Mail, to: &[String], done: &mut Done) -> Result<Vec<String>, String> {
    let reports = session.offers.has("DSN");
    let together = session.offers.has("PIPELINING");
    let mut sender = format!("MAIL FROM:<{}>", mail.post.from);
    if session.offers.size().is_some() {
        sender.push_str(&format!(" SIZE={}", mail.message.len()));
    }
    if reports {
        sender.push_str(&format!(" RET=HDRS ENVID={}", xtext(&mail.envelope_id)));
    }
    let lines: Vec<String> = to.iter().map(|to| recipient(to, reports)).collect();
    if together {
        let all: Vec<&str> = std::iter::once(sender.as_str()).chain(lines.iter().map(String::as_str)).collect();
        session.wire.say(format!("{}\r\n", all.join("\r\n")).as_bytes()).await?;
    }
    let reply = if together { session.wire.hear().await? } else { session.wire.command(&sender).await? };
    let taken = reply.good();
    if reply.code == 421 {
        return Err(reply.said());
    }
    let mut accepted = Vec::new();
    for (to, line) in to.iter().zip(&lines) {
        let answer = match (together, taken) {
            (true, _) => session.wire.hear().await?,
            (false, true) => session.wire.command(line).await?,
            (false, false) => reply.clone(),
        };
        // Where the sender was refused, that is the reason, and not "sender first".
        let answer = if taken { answer } else { reply.clone() };
        match answer.code {
            200..300 => accepted.push(to.clone()),
            421 => {
                done.outcomes.push(outcome(to, Reach::Deferred, &answer.said()));
                return Err(answer.said());
            }
            452 | 552 if !accepted.is_empty() => done.too_many.push(to.clone()),
            _ => done.outcomes.push(outcome(to, refused(&answer), &answer.said())),
        }
    }
    Ok(accepted)
}

/// Ends a transaction that sends nothing.
async fn reset(session: &mut Session, mut done: Done) -> Done {
    done.lost = !matches!(session.wire.command("RSET").await, Ok(reply) if reply.good());
    done
}

fn recipient(to: &str, reports: bool) -> String {
    let mut line = format!("RCPT TO:<{to}>");
    if reports {
        line.push_str(&format!(" NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;{}", xtext(to)));
    }
    line
}

/// As RFC 3461 writes what may hold any character.
fn xtext(text: &str) -> String {
    let plain = |b: &u8| (b'!'..=b'~').contains(b) && *b != b'+' && *b != b'=';
    text.bytes().map(|b| if plain(&b) { char::from(b).to_string() } else { format!("+{b:02X}") }).collect()
}

/// The text with a dot before each line that begins with one, ending with a line's end.
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 16);
    let mut begins = true;
    for byte in message {
        if begins && *byte == b'.' {
            out.push(b'.');
        }
        out.push(*byte);
        begins = *byte == b'\n';
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_dot_ends_nothing() {
        assert_eq!(stuffed(b"a\r\n.\r\n..b"), b"a\r\n..\r\n...b\r\n");
        assert_eq!(stuffed(b".a\r\n"), b"..a\r\n");
    }

    #[test]
    fn what_an_envelope_may_hold() {
        assert_eq!(xtext("a+b=c d@x"), "a+2Bb+3Dc+20d@x");
        assert_eq!(recipient("a@x", true), "RCPT TO:<a@x> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a@x");
    }
}
