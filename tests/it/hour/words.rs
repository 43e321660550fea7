//! The rows of the first hour that belong to words: who is told what, approved, sent, corrected, and told that it is back.

use serde_json::Value;

use super::act::Hour;
use crate::room::{configure, posts, runtime};
use crate::support::pty::{Home, Start};
use crate::support::wire::{Wire, json};

fn told(size: (u16, u16)) {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"id":"x"}"#)));
    let home = Home::new();
    configure(&home, &format!("[[notification]]\nname = \"outbox\"\nkind = \"webhook\"\nurl = \"{}\"\n", wire.url()));
    let declare =
        ["declare", "Wireless outage", "--severity", "sev1", "--playbook", "carrier-outage", "--started", "-20m"];
    home.must(&declare);
    home.must(&["--as", "zoe", "role", "commander", "zoe"]);
    // Whom the room has heard of.
    for name in ["ruiz", "noor", "lee"] {
        home.must(&["task", "add", &format!("a task for {name}"), "--owner", name]);
    }
    home.must(&["fact", "users_affected", "125000000", "--basis", "the formula", "--confirmed-by", "ruiz"]);
    let mut hour = Hour::open(&home, size, "zoe");
    let message = |audience: &str, channel: &str| -> Value {
        let state: Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
        let all = state["messages"].as_array().unwrap().iter();
        let theirs = all.filter(|m| m["audience"] == audience && m["channel"] == channel);
        theirs.max_by_key(|m| m["drafted_at"].as_str().unwrap().to_owned()).cloned().unwrap_or_default()
    };

    hour.step("the public safety desk: our crews have nothing; lee calls them", 3, |k| {
        k.press("1").press("A").see("FirstNet").text("lee").press("enter").see("saved: TASK");
    });

    // Everything is in one review; every text is read, and one letter releases them together.
    hour.step("the first word, to all of them", 5, |k| {
        k.press("s").see("REVIEW").press("A").see("approves 14").read_all();
        k.press("P").see_row(&[">[x]", "APPROVED"]).press("R").see("releas");
    });
    hour.leave("REVIEW");
    let all = [
        ("firstnet", "direct"),
        ("psaps", "direct"),
        ("care", "direct"),
        ("consumers", "app"),
        ("business", "website"),
    ];
    for (audience, channel) in all {
        hour.pty.wait("it is sent", |_| message(audience, channel)["state"] == "sent");
    }
    assert_eq!(message("investors", "direct"), Value::Null, "on hold");
    let first = posts(&wire);
    assert!(first >= 12, "{first}");

    hour.step("social is posted by marketing two minutes ago", 4, |k| {
        // The social post of the consumers is the one that nobody sends from here.
        k.press("e").text("consumers social ").text("marketing").press("tab").text("-1m").press("enter");
        k.see("saved: ELSEWH");
    });
    assert_eq!(message("consumers", "social")["state"], "sent_elsewhere");

    hour.step("a rumour of an attack: what it is not, which security must clear", 3, |k| {
        k.press("F")
            .text("not_an true")
            .press("tab")
            .text("ruiz: the log of the change")
            .press("enter")
            .see("saved: FACT");
    });
    let draft = ["message", "draft", "media", "direct", "--text"];
    let words = "This is not an attack. If 911 fails use a landline; please no test calls to 911. Next word at 23:59.";
    home.must(&[&draft[..], &[words, "--next", "+20m"]].concat());
    let id = message("media", "direct")["id"].as_str().unwrap().to_owned();
    let ran = home.run(&["--as", "kim", "message", "approve", &id]);
    assert!(ran.code == Some(1) && ran.err.contains("which security has still to clear"), "{ran:?}");

    hour.minutes(19);
    hour.pty.see("RANG");
    hour.step("the promised update: edited, approved, sent", 5, |k| {
        k.press("s").see("REVIEW").press("E").see("Text for");
        k.text("\u{18}Still down. Land mobile radio works. If 911 fails use a landline; no test calls to 911. Next word by 23:58.");
        k.press("\u{13}").see("saved: DRAFT").read_all();
        k.press("P").see_row(&[">[x]", "APPROVED"]).press("R").see("releas");
    });
    hour.leave("REVIEW");
    hour.pty.wait("it is sent", |_| {
        message("firstnet", "direct")["round"] == "update" && message("firstnet", "direct")["state"] == "sent"
    });
    assert_eq!(posts(&wire), first + 1);

    // Security stands for it in a room of their own.
    let desk = Start::new(&home, &["--as", "noor"]).size(size.0, size.1).start();
    desk.see("SEV1");
    let mut noor = Hour::beside(&home, desk, size, "noor");
    noor.step("security: not an attack, and why", 3, |k| {
        k.press("Y")
            .see("Stand for")
            .text("security")
            .press("tab")
            .text("our own change")
            .press("enter")
            .see("saved: CLEAR");
    });
    home.must(&["--as", "kim", "message", "approve", &id]);
    assert_eq!(message("media", "direct")["state"], "approved", "unblocked");

    let care =
        "125,000,000 users are without service. If 911 fails use a landline; no test calls to 911. Next word at 23:59.";
    home.must(&["message", "draft", "care", "direct", "--text", care, "--next", "+20m"]);
    let id = message("care", "direct")["id"].as_str().unwrap().to_owned();
    home.must(&["--as", "kim", "message", "approve", &id]);
    hour.step("the analyst halves the count", 3, |k| {
        k.press("F").text("users_aff 62M").press("tab").text("ruiz: counted anew").press("enter").see("saved: FACT");
    });
    assert_eq!(message("care", "direct")["state"], "draft", "approved, and what it rests on has moved");

    hour.step("FirstNet is back, by the word of a crew", 2, |k| {
        k.press("U").see("How they fare").text("firstnet back a crew called").press("enter").see("saved: BACK");
    });
    hour.step("they are told so", 5, |k| {
        k.press(".")
            .press("s")
            .see("works again")
            .read_all()
            .press("P")
            .see_row(&[">[x]", "APPROVED"])
            .press("R")
            .see("releas");
    });
    hour.leave("REVIEW");
    hour.pty.wait("they are told", |_| posts(&wire) == first + 2);
    let last = message("firstnet", "direct");
    assert!(last["text"].as_str().unwrap().contains("works again"), "{last}");
}

#[test]
fn the_words_of_the_hour_within_their_keys_at_120x36() {
    told((120, 36));
}

#[test]
fn the_words_of_the_hour_within_their_keys_at_80x24() {
    told((80, 24));
}

#[test]
fn the_words_of_the_hour_with_two_more_keys_at_40x10() {
    told((40, 10));
}
