//! The commands for scripts, on the built program: exit codes, JSON, errors that help, and a room that shows their effect.

mod commands;
mod faults;
mod given;
mod secrets;

use serde_json::Value;

use crate::support::pty::{Home, Start};

const OUTAGE: &[&str] =
    &["declare", "Wireless outage", "--severity", "sev1", "--playbook", "carrier-outage", "--started", "-40m"];

fn declared() -> Home {
    let home = Home::new();
    home.must(OUTAGE);
    home
}

fn json(home: &Home, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.push("--json");
    let text = home.must(&all);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}\n{text}"))
}

/// Writes a configuration that only its owner may change.
fn configure(home: &Home, text: &str) {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let folder = home.path().join("config/warroom");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
    std::fs::set_permissions(folder.join("config.toml"), PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn a_first_hour_by_script() {
    let home = declared();
    let note = home.must(&["note", "core: change MOP-17 went in", "--at", "-28m"]);
    assert!(note.contains("NOTE") && note.contains("UTC ="), "the instant is echoed with its zone: {note}");
    home.must(&["role", "commander", "kim"]);
    home.must(&["task", "add", "check the change", "--owner", "ana", "--minutes", "5"]);
    let tasks = json(&home, &["task", "list"]);
    let task = tasks.as_array().unwrap().iter().find(|t| t["title"] == "check the change").unwrap();
    let id = task["id"].as_str().unwrap().get(..8).unwrap();
    assert_eq!((task["state"].as_str(), task["owner"].as_str()), (Some("open"), Some("ana")));
    home.must(&["--as", "ana", "ack", id]);
    home.must(&["task", "start", id]);
    home.must(&["task", "done", id, "--result", "found"]);
    let again = home.run(&["task", "start", id]);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("done already"), "{}", again.err);
    home.must(&["ack", "what-changed"]);
    home.must(&["decide", "roll back?", "--ask", "--risk", "a storm"]);
    let state = json(&home, &["state"]);
    let ask = state["asks"][0]["id"].as_str().unwrap();
    home.must(&["decide", "roll back?", "--outcome", "yes", "--acts", "ben", "--check", "+6m", "--answers", ask]);
    home.must(&["fact", "offices_911_affected", "12", "--basis", "the list", "--confirmed-by", "sato"]);
    home.must(&["agency", "clock", "discovery", "-35m", "--why", "first alarm"]);
    home.must(&[
        "agency",
        "file",
        "us-cisa-voluntary",
        "contact",
        "--ref",
        "24-118",
        "--person",
        "desk",
        "--why",
        "they ask for it",
    ]);
    home.must(&["agency", "confirm", "us-cisa-voluntary", "contact", "--how", "they called back"]);
    home.must(&["message", "elsewhere", "consumers", "social", "--by", "marketing", "--at", "-5m", "--next", "+20m"]);
    home.must(&["message", "promise", "a call", "--to", "CISA", "--due", "+30m"]);
    home.must(&["severity", "sev2", "--why", "smaller than feared"]);
    assert_eq!(home.run(&["severity", "sev3"]).code, Some(1), "lowering asks why");
    home.must(&["phase", "identified"]);
    let state = json(&home, &["state"]);
    assert_eq!(state["schema"], "warroom-state/1");
    assert_eq!(state["incident"]["severity"], "sev2");
    for key in [
        "as_of",
        "incident",
        "now",
        "timeline",
        "decisions",
        "audiences",
        "rounds",
        "messages",
        "promises",
        "obligations",
        "roles",
        "teams",
        "tasks",
        "facts",
        "fallbacks",
        "components",
        "alerts",
        "metrics",
        "sources",
    ] {
        assert!(!state[key].is_null(), "{key}");
    }
    let consumers = state["audiences"].as_array().unwrap().iter().find(|a| a["id"] == "consumers").unwrap();
    assert!(consumers["last_word_at"].is_string() || !consumers["last_word"].is_null(), "{consumers}");
    let can = home.must(&["can"]);
    assert!(can.lines().count() <= 12 && can.lines().all(|l| l.chars().count() <= 72), "{can}");
    let record = home.must(&["export"]);
    for word in ["MOP-17", "24-118", "roll back", "claimed", "ana"] {
        assert!(record.contains(word), "{word}");
    }
    let whole = json(&home, &["export", "--format", "json"]);
    assert_eq!(
        whole["entries"].as_array().unwrap().len() as u64,
        json(&home, &["list"])[0]["entries"].as_u64().unwrap()
    );
    assert!(home.must(&["verify"]).contains("intact"));
}

#[test]
fn undo_takes_back_and_the_record_keeps_both() {
    let home = declared();
    let note = home.must(&["note", "a slip"]);
    let id = note.split_whitespace().next().unwrap();
    home.must(&["undo", id, "--why", "wrong room"]);
    let record = home.must(&["export"]);
    assert!(record.contains("a slip") && record.contains("taken back"), "{record}");
    assert_eq!(home.run(&["undo", id]).code, Some(1), "once is enough");
}

#[test]
fn wrong_usage_is_two_a_failure_is_one_and_both_help() {
    let home = declared();
    for (arguments, code, hint) in [
        (vec!["nonsense"], 2, "nonsense"),
        (vec!["declare", "x", "--severity", "sev9"], 2, "sev1"),
        (vec!["note", "x", "--at", "soon"], 2, "02:45"),
        (vec!["note", "x", "--at", "2999-01-01T00:00:00Z"], 1, "future"),
        (vec!["ack", "zzzz"], 1, "task"),
        (vec!["rules", "us-fcc-nors-wirless"], 2, "us-fcc-nors-wireless"),
        (vec!["playbooks", "carrier-outag"], 2, "carrier-outage"),
        (vec!["backends", "prometeus"], 2, "prometheus"),
        (vec!["agency", "file", "us-cisa-voluntary", "contct"], 2, "contact"),
        (vec!["message", "draft", "firstnet", "fax"], 1, "playbook"),
        (vec!["--incident", "ffff", "state"], 1, "list"),
        (vec!["--read-only", "note", "x"], 2, "writes"),
    ] {
        let ran = home.run(&arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(hint), "{arguments:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{arguments:?}: {}", ran.out);
    }
}

#[test]
fn several_open_incidents_are_named_and_chosen_by_prefix() {
    let home = declared();
    let second = home.must(&["declare", "Another", "--severity", "sev3", "--playbook", "generic"]);
    let ran = home.run(&["note", "x"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("Another") && ran.err.contains("Wireless outage"), "{}", ran.err);
    home.must(&["--incident", second.trim().get(..8).unwrap(), "note", "x"]);
    home.must(&["--incident", second.trim(), "phase", "resolved", "--why", "over"]);
    home.must(&["note", "the other is resolved, so this one is meant"]);
}

#[test]
fn lists_print_for_people_and_programs() {
    let home = Home::new();
    for arguments in [vec!["rules"], vec!["playbooks"], vec!["themes"], vec!["keys"], vec!["backends"]] {
        assert!(home.must(&arguments).lines().count() > 1, "{arguments:?}");
        assert!(json(&home, &arguments).as_array().is_some_and(|rows| rows.iter().all(|r| r["id"].is_string())));
    }
    let due = json(
        &home,
        &[
            "rules",
            "evaluate",
            "us-fcc-nors-wireless",
            "--fact",
            "duration_minutes=35",
            "--fact",
            "user_minutes=900000",
            "--clock",
            "discovery=2024-02-22T08:48:00Z",
        ],
    );
    assert_eq!(due["state"], "due");
    assert_eq!(due["stages"][0]["due_at"], "2024-02-22T10:48:00Z");
    for shell in ["bash", "zsh", "fish"] {
        assert!(home.must(&["completions", shell]).contains("declare"));
    }
}

#[test]
fn init_writes_what_check_reads() {
    let home = Home::new();
    let file = home.path().join("new.toml");
    let file = file.to_str().unwrap();
    home.must(&[
        "init",
        "statuspage",
        "prometheus",
        "alertmanager",
        "webhook",
        "--timezone",
        "America/Chicago",
        "-o",
        file,
    ]);
    assert_eq!(home.run(&["init", "webhook", "-o", file]).code, Some(1), "nothing is overwritten");
    let ran = home.run(&["--config", file, "check"]);
    // The example hosts do not exist: the configuration reads, the backends fail, each with its reason.
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("ok") && ran.out.contains("FAIL"), "{}", ran.out);
    assert!(
        !ran.out.contains("which is not configured"),
        "the example's webhook carries the playbook's channels: {}",
        ran.out
    );
}

#[test]
fn a_wrong_configuration_names_file_line_key_and_the_nearest() {
    let home = declared();
    configure(&home, "timezone = \"UTC\"\nplaybok = \"generic\"\n");
    let ran = home.run(&["check"]);
    assert_eq!(ran.code, Some(2));
    for word in ["config.toml", "line 2", "playbok", "playbook"] {
        assert!(ran.err.contains(word), "{word}: {}", ran.err);
    }
    configure(&home, "[keys]\nzom = \"Z\"\n");
    let ran = home.run(&["keys"]);
    assert!(ran.code == Some(2) && ran.err.contains("zoom"), "{}", ran.err);
}

#[test]
fn an_export_is_its_owners_and_overwrites_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let home = declared();
    let file = home.path().join("record.md");
    home.must(&["export", "-o", file.to_str().unwrap()]);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&file, "mine").unwrap();
    assert_eq!(home.run(&["export", "-o", file.to_str().unwrap()]).code, Some(1));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    home.must(&["export", "-o", file.to_str().unwrap(), "--force"]);
    assert!(std::fs::read_to_string(&file).unwrap().contains("Wireless outage"));
}

#[test]
fn a_reader_that_closes_early_is_no_error() {
    let home = declared();
    let ran = std::process::Command::new("sh")
        .args(["-c", "\"$0\" export | head -1", env!("CARGO_BIN_EXE_warroom")])
        .env_clear()
        .envs(home.environment())
        .output()
        .unwrap();
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn what_a_note_holds_never_reaches_a_terminal_raw() {
    let home = declared();
    home.must(&["note", "down\u{1b}[2J\u{9b}1mall clear\u{202e}x"]);
    for arguments in [vec!["state"], vec!["state", "--json"], vec!["export"], vec!["export", "--format", "json"]] {
        let out = home.must(&arguments);
        assert!(!out.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{arguments:?}");
        assert!(arguments == ["state"] || out.contains("all clear"), "{arguments:?}");
    }
    let whole = json(&home, &["export", "--format", "json"]);
    assert!(whole.to_string().contains("\\u001b[2J"), "the evidence keeps the original characters");
}

#[test]
fn a_secret_is_nowhere_to_be_found() {
    let home = declared();
    let file = home.path().join("token");
    std::fs::write(&file, "CANARY-FILE\n").unwrap();
    configure(
        &home,
        &format!(
            "[[status]]\nname = \"a\"\nkind = \"statuspage\"\nurl = \"http://127.0.0.1:1\"\ntoken = {{ env = \"SECRET\" }}\n\
         [[metrics]]\nname = \"b\"\nkind = \"prometheus\"\nurl = \"http://127.0.0.1:1\"\ntoken = {{ file = \"{}\" }}\n\
         [[metrics.query]]\nname = \"q\"\nquery = \"up\"\n\
         [[notification]]\nname = \"c\"\nkind = \"alertmanager\"\nurl = \"http://127.0.0.1:1\"\n\
         token = {{ command = [\"echo\", \"CANARY-COMMAND\"] }}\n",
            file.display()
        ),
    );
    let mut seen = String::new();
    for arguments in [vec!["check"], vec!["poll", "--once"], vec!["state", "--json"], vec!["export"], vec!["verify"]] {
        let output = home.command().args(&arguments).env("SECRET", "CANARY-ENV").output().unwrap();
        seen.push_str(&String::from_utf8_lossy(&output.stdout));
        seen.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    assert!(seen.contains("refused") || seen.contains("connect"), "the backends were asked: {seen}");
    for path in home.left("state") {
        seen.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()));
    }
    assert!(!seen.contains("CANARY"), "a secret came out");
}

#[test]
fn an_open_room_shows_what_a_script_did() {
    let home = declared();
    let pty = Start::new(&home, &[]).size(120, 36).start();
    pty.see("NEVER TOLD");
    home.must(&["note", "said on the bridge: it is the core"]);
    pty.see("said on the bridge: it is the core");
    home.must(&["role", "commander", "kim"]);
    pty.see("IC kim");
    pty.keys("q");
}
