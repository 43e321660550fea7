//! Words that leave: they rest on facts, are approved step by step, and what is not so any more is taken back or corrected.

mod day;
mod editor;
mod hostile;
mod page;

use serde_json::Value;

use crate::room::{configure, posts, runtime};
use crate::support::pty::{Home, Pty, Start};
use crate::support::wire::{Act, Wire, json};

/// A small company: a public page and mail, legal after the commander for customers, one audience on hold.
const PLAYBOOK: &str = r#"
name = "small"
title = "Small"
roles = ["commander"]

[[channel]]
id = "page"
name = "Page"
short = "PAGE"
via = "outbox"
public = true

[[channel]]
id = "mail"
name = "Mail"
short = "MAIL"
via = "outbox"

[[channel]]
id = "text"
name = "Text message"
short = "SMS"
limit = 1
counts = "segments"

[[audience]]
id = "partners"
name = "Partners"
channels = ["mail"]
first_word = 20
cadence = 20

[[audience]]
id = "customers"
name = "Customers"
channels = ["page", "text"]
approve = ["legal"]
first_word = 20
cadence = 20
later = ["2h: 60m"]

[[audience]]
id = "clientes"
name = "Clientes"
channels = ["mail"]
language = "es"
first_word = 20
cadence = 20

[[audience]]
id = "support"
name = "Support"
channels = ["mail"]
front_line = true
first_word = 20
cadence = 20

[[audience]]
id = "investors"
name = "Investors"
channels = ["mail"]
first_word = 240
cadence = 240
hold = "fair disclosure"

[[fallback]]
id = "phone"
name = "the phone line"

[[fact]]
name = "users_affected"
meaning = "users without service"
unit = "users"

[[fact]]
name = "not_an_attack"
clear = ["security"]

[[fact]]
name = "own_estimate"
unit = "users"
internal = true

[[lint]]
words = ["not an attack"]
fact = "not_an_attack"
fix = "security clears it"

[[lint]]
never = ["sorry for any inconvenience"]
fix = "say what is wrong instead"

[[template]]
round = "initial"
audiences = ["clientes"]
language = "es"
text = "Servicio afectado desde {{ started }}. Escribimos otra vez a las {{ next_update }}."

[[template]]
round = "initial"
text = """
{% if facts.users_affected is defined %}
{{ facts.users_affected|grouped }} users are without service since {{ started }}.
{% else %}
Some users are without service since {{ started }}.
{% endif %}
{% if fallbacks %}
Meanwhile: {{ fallbacks|join(", ") }}.
{% endif %}
Next word by {{ next_update }}.
"""

[[template]]
round = "update"
text = "Still working on it. Next word by {{ next_update }}."

[[template]]
round = "correction"
text = """
Our message of {{ corrects.at }} was not right:{% for fact in corrects.facts %} {{ fact.name }}: {{ fact.is }}, not {{ fact.was }}.{% endfor %} Next word by {{ next_update }}.
"""

[[template]]
round = "resolution"
text = "It works again."
"#;

struct Place {
    home: Home,
    wire: Wire,
    _runtime: tokio::runtime::Runtime,
}

fn place(rights: &str) -> Place {
    place_with(PLAYBOOK, rights)
}

fn place_with(words: &str, rights: &str) -> Place {
    let runtime = runtime();
    let wire = runtime.block_on(Wire::saying(json(r#"{"id":"x"}"#)));
    let home = Home::new();
    let playbook = home.path().join("small.toml");
    std::fs::write(&playbook, words).unwrap();
    configure(
        &home,
        &format!(
            "playbooks = [\"{}\"]\n{rights}\n[[notification]]\nname = \"outbox\"\nkind = \"webhook\"\nurl = \"{}\"\n",
            playbook.display(),
            wire.url()
        ),
    );
    home.must(&["declare", "Outage", "--severity", "sev2", "--playbook", "small", "--started", "-5m"]);
    home.must(&["role", "commander", "zoe"]);
    Place { home, wire, _runtime: runtime }
}

impl Place {
    fn state(&self) -> Value {
        serde_json::from_str(&self.home.must(&["state", "--json"])).unwrap()
    }

    /// The newest message to an audience over a channel.
    fn message(&self, audience: &str, channel: &str) -> Value {
        let state = self.state();
        let all = state["messages"].as_array().unwrap();
        let of = all.iter().filter(|m| m["audience"] == audience && m["channel"] == channel);
        of.max_by_key(|m| m["drafted_at"].as_str().unwrap().to_owned()).cloned().expect("a message")
    }

    fn draft(&self, audience: &str, channel: &str, text: Option<&str>) -> String {
        let mut arguments = vec!["message", "draft", audience, channel];
        if let Some(text) = text {
            arguments.extend(["--text", text, "--next", "+20m"]);
        }
        arguments.push("--json");
        let written: Value = serde_json::from_str(&self.home.must(&arguments)).unwrap();
        written[0]["id"].as_str().unwrap().to_owned()
    }

    fn refused(&self, arguments: &[&str], why: &str) {
        let ran = self.home.run(arguments);
        assert!(ran.code == Some(1) && ran.err.contains(why), "{arguments:?}: {ran:?}");
    }

    fn users(&self, n: &str) {
        self.home.must(&["fact", "users_affected", n, "--basis", "counted", "--confirmed-by", "ruiz"]);
    }
}

/// Puts the lit row of the review on an audience whose text is chosen.
fn to(pty: &Pty, audience: &str) {
    let lit = |s: &vt100::Screen| crate::support::pty::rows(s).into_iter().find(|row| row.contains(">["));
    pty.wait("a row is lit", |s| lit(s).is_some());
    for _ in 0..12 {
        let before = pty.look(lit);
        if before.as_ref().is_some_and(|row| row.contains(&format!(">[x]{audience}"))) {
            return;
        }
        pty.keys("j");
        pty.wait("the next row", |s| lit(s) != before);
    }
    panic!("{audience} is not chosen\n{}", pty.text());
}

#[test]
fn a_fact_that_moves_takes_the_approval_away_and_then_owes_a_correction() {
    let place = place("");
    place.users("125000000");
    let mut pty = Start::new(&place.home, &[]).size(120, 36).start();
    pty.see("Partners");
    // The playbook's words, with the number in them: approved, not released.
    pty.keys("3gs");
    pty.see("125,000,000 users");
    to(&pty, "Partners");
    pty.keys("P");
    pty.see("APPROVED");
    pty.keys("\u{1b}");
    pty.see("nothing left");
    place.users("62000000");
    // It is a draft again, loudly; what changed is marked; the new words are approved and go.
    pty.keys("1");
    pty.see("CHANGED");
    let message = place.message("partners", "mail");
    assert_eq!((&message["state"], &message["approved_by"]), (&"draft".into(), &Value::Null), "{message}");
    pty.keys("3gs");
    pty.see("[-125,000,000-]");
    pty.see("{+62,000,000+}");
    to(&pty, "Partners");
    pty.keys("P");
    pty.see("APPROVED");
    pty.keys("R");
    pty.see("SENT   Mail to Partners");
    assert_eq!(posts(&place.wire), 1);
    assert!(String::from_utf8_lossy(&place.wire.seen()[0].body).contains("62,000,000"));
    // What left is owed a correction, over the same channel.
    place.users("3000000");
    pty.keys("1");
    pty.see("CORRECT");
    pty.see("Partners were told: users_affected");
    pty.keys("3gs");
    pty.see("was not right: users without service: 3,000,000, not 62,000,000.");
    to(&pty, "Partners");
    pty.keys("P");
    pty.see("APPROVED");
    pty.keys("R");
    pty.see("releasing 1 text");
    pty.gone("CORRECT");
    assert_eq!(posts(&place.wire), 2);
    let message = place.message("partners", "mail");
    assert_eq!((&message["round"], &message["overtaken"]), (&"correction".into(), &Value::Array(vec![])));
    let record = place.home.must(&["export"]);
    assert!(
        record.contains("Rests on users\\_affected = 62,000,000") && record.contains("is 3,000,000 now"),
        "{record}"
    );
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn a_hold_keeps_a_text_back_with_its_reason() {
    let place = place("");
    let pty = Start::new(&place.home, &[]).size(120, 36).start();
    pty.see("HOLD: fair disclosure");
    let id = place.draft("investors", "mail", Some("We write again at 10:40."));
    place.refused(&["message", "approve", &id], "HOLD: fair disclosure");
    pty.keys("3Gs");
    pty.see("STOP: HOLD: fair disclosure");
    pty.keys("PR");
    pty.see("nothing chosen is approved");
    assert_eq!(posts(&place.wire), 0);
}

#[test]
fn legal_approves_after_the_commander_or_is_left_out_by_name_and_reason() {
    let place = place("");
    let id = place.draft("customers", "page", None);
    place.home.must(&["--as", "kim", "message", "approve", &id]);
    assert_eq!(place.message("customers", "page")["state"], "draft", "legal has still to");
    place.refused(&["--as", "kim", "message", "approve", &id], "legal has to approve it, and is somebody else");
    place.refused(&["message", "send", &id], "not approved");
    place.home.must(&["--as", "lee", "message", "approve", &id]);
    let message = place.message("customers", "page");
    assert_eq!((&message["state"], message["approvals"].as_array().unwrap().len()), (&"approved".into(), 2));
    // Other words, and every step is wanted again.
    place.home.must(&["message", "edit", &id, "Some of you cannot log in. Next word at 10:40."]);
    assert_eq!(place.message("customers", "page")["state"], "draft");
    place.refused(&["message", "approve", &id], "you wrote these words for the public");
    place.home.must(&["--as", "kim", "message", "approve", &id]);
    place.refused(&["--as", "kim", "message", "skip-step", &id, "--why", " "], "why the step is left out");
    place.home.must(&["--as", "kim", "message", "skip-step", &id, "--why", "lee is asleep, lives first"]);
    assert_eq!(place.message("customers", "page")["state"], "approved");
    let record = place.home.must(&["export"]);
    assert!(record.contains("legal **left out** by kim: lee is asleep, lives first"), "{record}");
}

#[test]
fn what_it_is_not_is_a_fact_that_security_clears() {
    let place = place("");
    let id = place.draft("partners", "mail", Some("This is not an attack. Next word at 10:40."));
    let approve = ["--as", "kim", "message", "approve", &id];
    place.refused(&approve, "which nobody has stated");
    place.home.must(&["--as", "ruiz", "fact", "not_an_attack", "true", "--basis", "the log", "--confirmed-by", "ruiz"]);
    place.refused(&approve, "which security has still to clear");
    place.refused(&["--as", "ruiz", "fact", "not_an_attack", "--clear"], "is somebody else");
    place
        .refused(&["--as", "noor", "fact", "not_an_attack", "--clear", "legal"], "legal has not to clear it: security");
    place.home.must(&["--as", "noor", "fact", "not_an_attack", "--clear", "security", "--basis", "our own change"]);
    place.home.must(&approve);
    // Said anew it has to be cleared anew.
    place.home.must(&["--as", "ruiz", "fact", "not_an_attack", "true", "--basis", "again", "--confirmed-by", "ruiz"]);
    place.refused(&["message", "send", &id], "which security has still to clear");
}

#[test]
fn a_text_is_looked_at_before_it_is_approved() {
    let place = place("");
    place.home.must(&["fact", "own_estimate", "4500", "--confirmed-by", "ruiz"]);
    place.home.must(&["fact", "users_affected", "7700", "--basis", "a guess"]);
    place.home.must(&["fact", "fallback_phone", "false", "--confirmed-by", "ruiz"]);
    let next = "Next word at 10:40.";
    for (channel, text, why) in [
        ("page", "Service is restored by 11:00. Next word at 10:40.", "promises a time of repair to the public"),
        ("page", "core-db-03 is down. Next word at 10:40.", "names a machine"),
        ("page", "Call [NUMBER]. Next word at 10:40.", "is not filled in"),
        ("page", "4,500 users are affected. Next word at 10:40.", "which is not for texts"),
        ("page", "7700 users are affected. Next word at 10:40.", "which is not confirmed"),
        ("page", "Use the phone line. Next word at 10:40.", "does not work now: take it out"),
        ("page", "Sorry for any inconvenience. Next word at 10:40.", "say what is wrong instead"),
    ] {
        let id = place.draft("customers", channel, Some(text));
        place.refused(&["--as", "kim", "message", "approve", &id], why);
        place.home.must(&["message", "skip", &id, "--why", "a bad text"]);
    }
    let long = format!("{} {next}", "a".repeat(150));
    place.refused(&["message", "draft", "customers", "text", "--text", &long], "2 segments, text takes 1");
    let id = place.draft("customers", "page", Some("Some of you cannot log in. Next word at 10:40."));
    place.home.must(&["--as", "kim", "message", "approve", &id]);
}

#[test]
fn rights_say_who_can() {
    let place = place(
        "[rights]\napprove = [\"commander\", \"lee\"]\nsend = [\"pat\"]\nlegal = [\"zoe\"]\nresolve = [\"commander\"]\n",
    );
    let id = place.draft("customers", "page", None);
    place.refused(
        &["--as", "kim", "message", "approve", &id],
        "kim may not approve; who can: incident commander (zoe), lee",
    );
    // Whom the rights name for a step may give it beside another.
    place.home.must(&["message", "approve", &id]);
    place.home.must(&["message", "approve", &id]);
    place.refused(&["message", "send", &id], "zoe may not release; who can: pat");
    place.refused(&["--as", "kim", "phase", "resolved", "--why", "it is over"], "kim may not resolve");
    place.home.must(&["--as", "pat", "message", "send", &id]);
    assert_eq!(posts(&place.wire), 1);
    // What cannot be read gives nobody a right, and keeps nobody from the record.
    configure(&place.home, "[rights]\napprove = 3\n");
    let ran = place.home.run(&["check"]);
    assert!(ran.out.contains("rights.approve") || ran.err.contains("rights.approve"), "{ran:?}");
}

#[test]
fn an_audience_is_written_to_in_its_language_and_the_front_line_is_not_behind() {
    let place = place("");
    let pty = Start::new(&place.home, &[]).size(120, 36).start();
    pty.see("Partners");
    let id = place.draft("clientes", "mail", None);
    let message = place.message("clientes", "mail");
    assert!(message["text"].as_str().unwrap().starts_with("Servicio afectado desde"), "{message}");
    assert_eq!(message["language"], "es");
    place.home.must(&["--as", "kim", "message", "approve", &id]);
    place.home.must(&["message", "send", &id]);
    // The customers' page is chosen and support is not: it is told.
    pty.see("DRAFT");
    pty.keys("3gjs");
    pty.see("FRONT LINE does not have these words yet: Support");
    let words = place.home.must(&["message", "words"]);
    assert!(words.contains("for Clientes (Mail)") && words.contains("Servicio afectado"), "{words}");
    place.home.must(&[
        "message",
        "elsewhere",
        "partners",
        "mail",
        "--by",
        "pat",
        "--text",
        "By phone.",
        "--proof",
        "call 7",
    ]);
    let words = place.home.must(&["message", "words"]);
    assert!(words.contains("By phone."), "{words}");
}

#[test]
fn who_has_no_page_is_harmed_and_well_again_by_somebody_s_word() {
    let place = place("");
    let mut pty = Start::new(&place.home, &[]).size(120, 36).start();
    pty.see("Partners");
    // The lit audience, two words, since when and how it is known.
    pty.keys("3gU");
    pty.see("How they fare");
    pty.keys("harmed three calls to the desk\t-4m\r");
    pty.see("HARM 4m");
    let audience = || {
        let state = place.state();
        state["audiences"].as_array().unwrap().iter().find(|a| a["id"] == "partners").cloned().unwrap()
    };
    assert_eq!(audience()["service"], "harmed");
    place.refused(&["message", "service", "partners", "harmed", "--basis", "again"], "harmed already, by");
    place.refused(&["message", "service", "partner", "back", "--basis", "x"], "did you mean partners?");
    place.refused(&["message", "service", "partners", "back", "--at", "-5m", "--basis", "x"], "before its harm began");
    place.home.must(&["message", "service", "partners", "back", "--basis", "a test of our own"]);
    // Back, and nobody ever told them: the loudest silence.
    pty.see("UNTOLD");
    pty.keys("1");
    pty.see("NEVER TOLD");
    assert_eq!((&audience()["service"], &audience()["next"]), (&"restored".into(), &"restored_untold".into()));
    let record = place.home.must(&["export"]);
    assert!(record.contains("Partners well again: a test of our own"), "{record}");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn a_file_that_proves_it_is_kept_under_its_hash_and_looked_at() {
    let place = place("");
    let shot = place.home.path().join("post one.png");
    std::fs::write(&shot, b"a picture of the post").unwrap();
    let told = |proof: &str| {
        let tell = ["message", "elsewhere", "partners", "mail", "--by", "pat", "--text", "By phone.", "--proof", proof];
        place.home.run(&tell)
    };
    let missing = told("@/no/such/file");
    assert!(missing.code == Some(1) && missing.err.contains("/no/such/file: there is no such file"), "{missing:?}");
    // The same in the room: refused, and what was typed is there.
    let mut pty = Start::new(&place.home, &[]).size(120, 36).start();
    pty.see("Partners");
    pty.keys("3ge");
    pty.see("Told by other means");
    pty.keys("pat\t\t@/no/such/file\r");
    pty.see("there is no such file");
    pty.keys(&format!("\u{15}@{}\r", shot.display()));
    pty.see("saved: ELSEWH");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    let proof = place.message("partners", "mail")["proof"].as_str().unwrap().to_owned();
    let hash = proof.strip_prefix("post one.png, sha256 ").expect(&proof);
    let mut kept = place.home.journal().into_os_string();
    kept.push(".proofs");
    let kept = std::path::PathBuf::from(kept).join(hash);
    assert_eq!(std::fs::read(&kept).unwrap(), b"a picture of the post");
    assert_eq!(warroom::incident::message::sha256("a picture of the post"), hash);
    place.home.must(&["verify"]);
    // Somebody changes it: said, and the exit code too.
    std::fs::write(&kept, b"another picture").unwrap();
    let ran = place.home.run(&["verify"]);
    assert!(ran.code == Some(1) && ran.out.contains("is another file now"), "{ran:?}");
    std::fs::remove_file(&kept).unwrap();
    assert_eq!(place.home.run(&["verify"]).code, Some(1));
}

#[test]
fn a_lost_answer_is_not_answered_by_a_claim_and_a_hold_that_is_broken_is_loud() {
    let place = place("");
    let id = place.draft("partners", "mail", Some("Down. Next word at 10:40."));
    place.home.must(&["--as", "kim", "message", "approve", &id]);
    // Nobody answers at the outbox any more: what was sent may have gone.
    let runtime = runtime();
    let silent = runtime.block_on(Wire::saying(vec![Act::Stall]));
    let playbook = place.home.path().join("small.toml");
    let config = format!(
        "playbooks = [\"{}\"]\n[[notification]]\nname = \"outbox\"\nkind = \"webhook\"\nurl = \"{}\"\ntimeout = \"1s\"\n",
        playbook.display(),
        silent.url()
    );
    configure(&place.home, &config);
    assert_eq!(place.home.run(&["message", "send", &id]).code, Some(1));
    assert_eq!(place.message("partners", "mail")["state"], "unknown");
    for audience in ["partners", "investors"] {
        place.home.must(&["message", "elsewhere", audience, "mail", "--by", "pat", "--text", "By phone."]);
    }
    for label in ["UNSURE", "HOLD"] {
        let state = place.state();
        assert!(
            state["now"].as_array().unwrap().iter().any(|item| item["label"] == label),
            "{label}: {}",
            state["now"]
        );
    }
    let mut pty = Start::new(&place.home, &[]).size(120, 36).start();
    pty.see("<1m?");
    pty.see("TOLD <1m ago, HOLD: fair disclosure");
    // In the grid the lost answer stands before the claim.
    let row = pty.rows().into_iter().find(|row| row.contains("Partners") && row.contains("<1m?")).unwrap();
    assert!(row.trim_end().ends_with('?'), "{row}");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn a_correction_for_which_the_playbook_has_no_words_is_written_by_hand() {
    let at = PLAYBOOK.find("[[template]]\nround = \"correction\"").unwrap();
    let end = PLAYBOOK[at + 5..].find("[[template]]").unwrap() + at + 5;
    let place = place_with(&format!("{}{}", &PLAYBOOK[..at], &PLAYBOOK[end..]), "");
    place.users("125000000");
    let id = place.draft("partners", "mail", None);
    place.home.must(&["--as", "kim", "message", "approve", &id]);
    place.home.must(&["message", "send", &id]);
    place.users("3000000");
    let mut pty = Start::new(&place.home, &[]).size(120, 36).start();
    pty.see("CORRECT");
    pty.keys("3gs");
    pty.see("STOP: the playbook has no words for a correction: E writes them");
    pty.keys("E");
    pty.see("Text for partners");
    pty.keys("\u{15}Our word was wrong: 3,000,000 users. Next word by 23:58.\u{13}");
    pty.see("saved: DRAFT");
    to(&pty, "Partners");
    pty.keys("P");
    pty.see("APPROVED");
    pty.keys("R");
    pty.see("LEFT 1 of 1");
    pty.keys("\u{1b}");
    pty.gone("REVIEW");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!(place.message("partners", "mail")["round"], "correction");
}
