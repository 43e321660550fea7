//! What these tests start from: a home with a small company's playbook and its channels, and a text that is approved.

use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use serde_json::Value;

use crate::support::pty::Home;

pub const FROM: &str = "incidents@example.net";
/// A line of the text that is sent; the dot at its beginning must arrive as one.
pub const TEXT: &str = "Calls fail in the south since 03:40.\n.Landlines work. Nächstes Wort um 10:40.";

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
}

/// A playbook whose one audience is reached over `desk`.
pub fn playbook(recipients: &str) -> String {
    format!(
        "name = \"small\"\ntitle = \"A small company\"\n\
         [[channel]]\nid = \"mail\"\nname = \"Mail\"\nshort = \"mail\"\nvia = \"desk\"\n\
         [[audience]]\nid = \"psaps\"\nname = \"PSAPs\"\nlife = true\nchannels = [\"mail\"]\nfirst_word = 15\ncadence = 60\n\
         {recipients}\n"
    )
}

/// A home whose backend `desk` is this, and whose playbook addresses these, one a line in a file beside it.
pub fn home(desk: &str, addresses: &[String]) -> Home {
    let listed = "[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nfile = \"psaps.txt\"";
    home_with(desk, &playbook(if addresses.is_empty() { "" } else { listed }), addresses)
}

pub fn home_with(desk: &str, playbook: &str, addresses: &[String]) -> Home {
    let home = Home::new();
    let folder = home.path().join("config/warroom");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    write(&folder.join("small.toml"), playbook);
    write(&folder.join("psaps.txt"), &format!("# who answers 911\n\n{}\n", addresses.join("\n")));
    let config =
        format!("playbook = \"small\"\nplaybooks = [\"small.toml\"]\n[[notification]]\nname = \"desk\"\n{desk}\n");
    write(&folder.join("config.toml"), &config);
    home
}

/// Mail over this port of the loopback, without encryption.
pub fn mail(port: u16, more: &str) -> String {
    format!(
        "kind = \"smtp\"\nurl = \"smtp://127.0.0.1:{port}\"\nfrom = \"Example desk <{FROM}>\"\ntls = \"none\"\n\
         timeout = \"20s\"\n{more}"
    )
}

pub fn declare(home: &Home) {
    home.must(&["declare", "Calls fail\u{1b}[2J in the süd", "--severity", "sev1", "--started", "-40m"]);
}

/// A declared incident with one approved text; its message's id.
pub fn approved(home: &Home) -> String {
    declare(home);
    home.must(&["message", "draft", "psaps", "mail", "--text", TEXT]);
    let id = json(home, &["message", "list"])[0]["id"].as_str().unwrap().to_owned();
    home.must(&["message", "approve", &id]);
    id
}

pub fn json(home: &Home, arguments: &[&str]) -> Value {
    let mut all = arguments.to_vec();
    all.push("--json");
    let text = home.must(&all);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}\n{text}"))
}

/// How many recipients of the one message are in a state.
pub fn counts(home: &Home) -> std::collections::BTreeMap<String, u64> {
    let state = json(home, &["state"]);
    let counts = state["messages"][0]["recipients"].as_object().expect("counts of recipients").clone();
    counts.into_iter().map(|(state, n)| (state, n.as_u64().unwrap())).collect()
}

/// Each recipient of a message and its state.
pub fn each(home: &Home, id: &str) -> std::collections::BTreeMap<String, String> {
    let shown = json(home, &["message", "show", id]);
    let all = shown["recipients"].as_array().unwrap();
    all.iter().map(|r| (r["to"].as_str().unwrap().to_owned(), r["state"].as_str().unwrap().to_owned())).collect()
}
