//! How the house is kept: what each file begins with, how large it may be, which doors stay shut.

use super::source::{File, files};

fn ours() -> Vec<File> {
    let mut all = files("src");
    all.extend(files("tests"));
    all
}

/// Names of files that things are thrown into.
const DRAWERS: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc", "shared", "lib2"];

const MOST_LINES: usize = 1_200;

fn faults(file: &File) -> Vec<String> {
    let mut out = Vec::new();
    let first = file.text.lines().next().unwrap_or_default();
    if first.strip_prefix("//! ").is_none_or(|words| words.trim().is_empty()) {
        out.push(format!("{} does not begin by saying what it is", file.path));
    }
    for part in file.path.trim_end_matches(".rs").split('/').filter(|part| DRAWERS.contains(part)) {
        out.push(format!("{}: {part} is a drawer", file.path));
    }
    if file.text.lines().count() > MOST_LINES {
        out.push(format!("{} has more than {MOST_LINES} lines", file.path));
    }
    out
}

#[test]
fn every_file_says_what_it_is_and_none_is_a_drawer_or_a_barn() {
    let found: Vec<String> = ours().iter().flat_map(faults).collect();
    assert_eq!(found, [""; 0]);
    let bad = File { path: "src/tui/utils.rs".into(), text: "use x;\n".repeat(MOST_LINES + 1) };
    assert_eq!(faults(&bad).len(), 3, "each fault is seen");
}

#[test]
fn no_unsafe_code() {
    let files = files("src");
    let top = files.iter().find(|f| f.path == "src/lib.rs").unwrap();
    assert!(top.text.lines().any(|l| l == "#![forbid(unsafe_code)]"));
}

/// Where text is drawn: only `ink` turns safe pieces into what a terminal gets.
fn draws(path: &str) -> bool {
    let files = ["src/tui/header.rs", "src/tui/view.rs", "src/tui/over.rs"];
    path.starts_with("src/tui/panes/") || files.contains(&path)
}

const RAW: &[&str] =
    &["set_string", "set_stringn", "set_line", "set_span", "Span::", "Line::", "Text::", "Paragraph::"];

/// The calls in code by which text would meet the terminal past the gate.
fn raw(code: &str) -> Vec<&'static str> {
    let whole = |at: usize| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    RAW.iter().copied().filter(|call| code.match_indices(call).any(|(at, _)| whole(at))).collect()
}

#[test]
fn panes_draw_only_what_passed_the_gate() {
    let all = files("src");
    assert!(all.iter().filter(|f| draws(&f.path)).count() >= 5);
    for file in all.iter().filter(|f| draws(&f.path)) {
        assert_eq!(raw(&file.code()), [""; 0], "{} draws past the gate", file.path);
    }
    assert_eq!(raw("buffer.set_string(x); let l = Span::raw(y); Timeline::new()"), ["set_string", "Span::"]);
}

/// Where a clock may be read; everywhere else the time is passed in.
const CLOCKS: &[&str] = &["src/main.rs", "src/cli/", "src/backends/transport/"];

/// What code reads a clock with.
fn reads_a_clock(code: &str) -> bool {
    ["Utc::now", "Local::now", "SystemTime::now", "Instant::now"].iter().any(|call| code.contains(call))
}

#[test]
fn the_time_is_passed_in() {
    for file in files("src").iter().filter(|f| !CLOCKS.iter().any(|place| f.path.starts_with(place))) {
        assert!(!reads_a_clock(&file.code()), "{} reads a clock", file.path);
    }
    assert!(reads_a_clock("let now = chrono::Utc::now();"));
}

/// Crates that need a C tool chain of their own, or another TLS than the one that is reviewed.
const UNWANTED: &[&str] = &[
    "openssl",
    "openssl-sys",
    "openssl-src",
    "native-tls",
    "aws-lc-rs",
    "aws-lc-sys",
    "aws-lc-fips-sys",
    "cmake",
    "bindgen",
];

fn unwanted(lock: &str) -> Vec<&str> {
    let names = lock.lines().filter_map(|l| l.strip_prefix("name = \"")?.strip_suffix('"'));
    names.filter(|name| UNWANTED.contains(name)).collect()
}

#[test]
fn nothing_unwanted_is_built() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    assert!(lock.contains("name = \"rustls\""));
    assert_eq!(unwanted(&lock), [""; 0]);
    assert_eq!(unwanted("name = \"aws-lc-sys\"\nversion = \"1\"\nname = \"openssl-probe\"\n"), ["aws-lc-sys"]);
}
