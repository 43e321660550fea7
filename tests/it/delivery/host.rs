//! A program and a directory of this host as channels: real processes, real files.

use std::os::unix::fs::PermissionsExt;

use super::given;

fn send(desk: &str, to: &[String]) -> (crate::support::pty::Home, String, crate::support::pty::Ran) {
    let home = given::home(desk, to);
    let id = given::approved(&home);
    let ran = home.run(&["message", "send", &id]);
    (home, id, ran)
}

fn message(home: &crate::support::pty::Home) -> (String, String) {
    let all = given::json(home, &["message", "list"]);
    (all[0]["state"].as_str().unwrap().to_owned(), all[0]["detail"].as_str().unwrap().to_owned())
}

/// A program through its interpreter: a file that was just written may not be executed by another test's fork.
fn sh(script: &str, timeout: &str) -> String {
    format!("kind = \"command\"\ntimeout = \"{timeout}\"\ncommand = [\"/bin/sh\", \"-c\", '''{script}''']")
}

#[test]
fn a_program_gets_the_text_and_its_exit_code_is_the_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let script = format!("cat > {at}/text; env | grep ^WARROOM_ > {at}/env; echo x >> {at}/runs");
    let to = ["+15551234".to_owned(), "+15555678".to_owned()];
    let (home, id, ran) = send(&sh(&script, "20s"), &to);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(folder.path().join("text")).unwrap(), given::TEXT);
    let env = std::fs::read_to_string(folder.path().join("env")).unwrap();
    for line in
        ["WARROOM_AUDIENCE=psaps", "WARROOM_CHANNEL=mail", "WARROOM_ROUND=initial", "WARROOM_RECIPIENTS=+15551234"]
    {
        assert!(env.lines().any(|l| l == line), "{line}: {env}");
    }
    let key = env.lines().find_map(|l| l.strip_prefix("WARROOM_KEY=")).unwrap();
    assert!(given::json(&home, &["export", "--format", "json"]).to_string().contains(key));
    assert_eq!(message(&home).0, "sent");
    assert_eq!(given::counts(&home)["sent"], 2);
    // It went: it does not go again.
    assert_eq!(home.run(&["message", "send", &id]).code, Some(1));
    assert_eq!(std::fs::read_to_string(folder.path().join("runs")).unwrap(), "x\n");
}

#[test]
fn a_program_that_fails_is_failed_and_one_that_hangs_is_not_known() {
    let (home, id, ran) = send(&sh("echo; printf 'no \\033[2J modem\\nmore\\n' >&2; exit 7", "20s"), &[]);
    assert_eq!(ran.code, Some(1));
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "safe on a terminal");
    let (state, why) = message(&home);
    assert!(state == "failed" && why.contains("exit code 7: no \u{1b}[2J modem"), "{state}: {why}");
    // What certainly did not go may be tried again.
    assert!(home.run(&["message", "send", &id]).out.contains("exit code 7"));

    let (home, id, _) = send(&sh("sleep 600 & sleep 600", "1s"), &[]);
    let (state, why) = message(&home);
    assert!(state == "unknown" && why.contains("did not end within 1 s"), "{state}: {why}");
    assert!(home.run(&["message", "send", &id]).err.contains("look it up first"));

    let (home, ..) = send("kind = \"command\"\ncommand = [\"/no/such/program\"]", &[]);
    let (state, why) = message(&home);
    assert!(state == "failed" && why.contains("cannot be run"), "{state}: {why}");
}

#[test]
fn a_directory_gets_one_file_a_message_whole_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let desk = format!("kind = \"file\"\npath = \"{}\"", folder.path().display());
    let (home, id, ran) = send(&desk, &["Town Hall".replace(' ', "-")]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap()).collect();
    assert_eq!(files.len(), 1, "nothing half is left beside it");
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let sheet: serde_json::Value = serde_json::from_slice(&std::fs::read(files[0].path()).unwrap()).unwrap();
    assert_eq!(files[0].file_name().to_str().unwrap(), format!("{}.json", sheet["id"].as_str().unwrap()));
    assert_eq!((sheet["text"].as_str(), sheet["audience"].as_str()), (Some(given::TEXT), Some("psaps")));
    assert_eq!(sheet["recipients"][0], "Town-Hall");
    assert_eq!(message(&home).0, "sent");
    assert_eq!(home.run(&["message", "send", &id]).code, Some(1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let (home, ..) = send("kind = \"file\"\npath = \"/no/such/place\"", &[]);
    assert_eq!(message(&home).0, "failed");
}

#[test]
fn check_says_what_would_work_and_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (desk, code, expected) in [
        (sh("echo ran > /dev/stderr; exit 1", "5s"), 0, "/bin/sh is there, not run".to_owned()),
        (
            "kind = \"command\"\ncommand = [\"no-such-program\"]".to_owned(),
            1,
            "no-such-program is not there".to_owned(),
        ),
        (
            format!("kind = \"file\"\npath = \"{}\"", folder.path().display()),
            0,
            format!("{} can be written to", folder.path().display()),
        ),
        ("kind = \"file\"\npath = \"/no/such/place\"".to_owned(), 1, "/no/such/place cannot be written to".to_owned()),
    ] {
        let ran = given::home(&desk, &[]).run(&["check"]);
        assert!(ran.code == Some(code) && ran.out.contains(&expected), "{desk}: {}{}", ran.out, ran.err);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the trial is gone again");
    // Mail that nobody is to get, and an address that mail does not know.
    let dead = crate::support::process::free_port();
    let ran = given::home(&given::mail(dead, ""), &[]).run(&["check"]);
    assert!(ran.out.contains("psaps over mail") && ran.out.contains("names no recipients"), "{}", ran.out);
    assert!(ran.out.contains("no connection"), "{}", ran.out);
    let ran =
        given::home(&given::mail(dead, ""), &["+15551234".to_owned(), "a@example.net".to_owned()]).run(&["check"]);
    assert!(ran.out.contains("1 of 2 cannot be sent to: +15551234"), "{}", ran.out);
}
