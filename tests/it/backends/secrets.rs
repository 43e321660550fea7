//! Secrets by reference: resolved late, trimmed, bounded, never in an error; a rotated one is fetched anew after a 401.

use std::os::unix::fs::PermissionsExt;

use warroom::config::SecretRef;

use super::given;
use crate::support::wire::{Act, Wire, answer};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const CANARY: &str = "CANARY-7d1f";

/// An Alertmanager that wants `Bearer good`.
async fn guarded() -> Wire {
    Wire::start(|seen| match seen.header("authorization").as_deref() {
        Some("Bearer good") => vec![Act::Say(answer(200, &[JSON], b"[]"))],
        _ => vec![Act::Say(answer(401, &[], b""))],
    })
    .await
}

async fn why(token: SecretRef) -> Option<String> {
    let wire = guarded().await;
    let mut source = given::alertmanager(&wire.url());
    source.token = Some(token);
    given::poll(&given::client(), &source).await.error
}

fn script(folder: &std::path::Path, text: &str) -> Vec<String> {
    let path = folder.join("tell");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    // Through the interpreter: a file that was just written may not be executed by another test's fork.
    vec!["/bin/sh".to_owned(), path.to_string_lossy().into_owned()]
}

#[tokio::test]
async fn each_way_works_and_each_absence_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "  good\n\n").unwrap();
    assert_eq!(why(SecretRef::File(file.clone())).await, None);
    assert_eq!(why(SecretRef::Command(vec!["printf".to_owned(), "good\\n".to_owned()])).await, None);
    let missing = folder.path().join("none");
    let cases = [
        (SecretRef::Env("WARROOM_TEST_NEVER_SET".to_owned()), "variable WARROOM_TEST_NEVER_SET is not set".to_owned()),
        (SecretRef::File(missing.clone()), format!("file {} cannot be read: entity not found", missing.display())),
        (
            SecretRef::Command(vec!["/no/such/program".to_owned(), CANARY.to_owned()]),
            "command /no/such/program cannot be run: entity not found".to_owned(),
        ),
        (SecretRef::Command(vec!["false".to_owned()]), "command false failed with exit code 1".to_owned()),
        (SecretRef::Command(vec!["true".to_owned()]), "the token's command is empty".to_owned()),
        (
            SecretRef::Command(script(folder.path(), "head -c 70000 /dev/zero")),
            "command /bin/sh holds more than 64 KiB".to_owned(),
        ),
    ];
    for (token, expected) in cases {
        assert_eq!(why(token).await, Some(expected));
    }
}

#[tokio::test]
async fn no_error_holds_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    for (text, expected) in [
        (CANARY.to_owned(), "the credential was refused (401)"),
        (format!("{CANARY}\u{7}x"), "the token holds a character that a header cannot hold"),
        (format!("a\n{CANARY}"), "the token holds a character that a header cannot hold"),
    ] {
        std::fs::write(&file, text).unwrap();
        let why = why(SecretRef::File(file.clone())).await.unwrap();
        assert_eq!(why, expected);
        assert!(!why.contains("CANARY"));
    }
    // Printing to the error stream and failing tells nothing either.
    let words = script(folder.path(), &format!("echo {CANARY} >&2; echo {CANARY}; exit 3"));
    assert_eq!(why(SecretRef::Command(words)).await.unwrap(), "command /bin/sh failed with exit code 3");
}

#[tokio::test]
async fn a_command_is_asked_once_and_again_only_after_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let rotated = folder.path().join("rotated");
    let words = script(
        folder.path(),
        &format!(
            "echo x >> {0}; if [ -e {1} ]; then echo better; else echo good; fi",
            count.display(),
            rotated.display()
        ),
    );
    let wire = Wire::start({
        let rotated = rotated.clone();
        move |seen| {
            let right = if rotated.exists() { "Bearer better" } else { "Bearer good" };
            let fine = seen.header("authorization").as_deref() == Some(right);
            vec![Act::Say(if fine { answer(200, &[JSON], b"[]") } else { answer(401, &[], b"") })]
        }
    })
    .await;
    let (client, mut source) = (given::client(), given::alertmanager(&wire.url()));
    source.token = Some(SecretRef::Command(words));
    let runs = || std::fs::read_to_string(&count).unwrap().lines().count();
    for _ in 0..3 {
        assert_eq!(given::poll(&client, &source).await.error, None);
    }
    assert_eq!(runs(), 1, "kept between polls");
    std::fs::write(&rotated, "").unwrap();
    assert_eq!(given::poll(&client, &source).await.error, None, "fetched anew after the refusal");
    assert_eq!((runs(), wire.seen().len()), (2, 5));
}

#[tokio::test]
async fn a_user_makes_it_basic_and_a_page_wants_its_own_word() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "pass").unwrap();
    let wire = Wire::saying(vec![Act::Say(answer(200, &[JSON], br#"{"components":[],"incidents":[]}"#))]).await;
    let mut source = given::statuspage(&wire.url());
    source.token = Some(SecretRef::File(file));
    given::poll(&given::client(), &source).await;
    source.user = Some("ops".to_owned());
    given::poll(&given::client(), &source).await;
    let sent: std::collections::BTreeSet<String> =
        wire.seen().iter().filter_map(|s| s.header("authorization")).collect();
    assert_eq!(sent, ["Basic b3BzOnBhc3M=".to_owned(), "OAuth pass".to_owned()].into());
}
