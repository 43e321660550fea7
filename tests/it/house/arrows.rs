//! Who may import whom. The table says what the map in `src/lib.rs` says, and the map is read to see that it does.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{files, imports};

/// Each module and what it may import.
const ARROWS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("incident", &["text"]),
    ("config", &["incident", "text"]),
    ("rulebook", &["incident", "config", "text"]),
    ("playbook", &["incident", "config", "text"]),
    ("situation", &["incident", "rulebook", "playbook", "text"]),
    ("command", &["incident", "text"]),
    ("journal", &["incident"]),
    ("backends", &["incident", "config", "text"]),
    ("replicate", &["journal", "backends", "config", "incident", "text"]),
    ("report", &["situation", "rulebook", "playbook", "incident", "text"]),
    ("tui", &["report", "command", "situation", "rulebook", "playbook", "config", "incident", "text"]),
    ("demo", &["incident", "config", "text"]),
    ("drill", &["situation", "rulebook", "playbook", "config", "incident", "text"]),
    (
        "room",
        &[
            "tui",
            "report",
            "command",
            "situation",
            "rulebook",
            "playbook",
            "config",
            "incident",
            "text",
            "journal",
            "backends",
            "replicate",
        ],
    ),
    (
        "cli",
        &[
            "room",
            "demo",
            "drill",
            "tui",
            "report",
            "command",
            "situation",
            "rulebook",
            "playbook",
            "config",
            "incident",
            "text",
            "journal",
            "backends",
            "replicate",
        ],
    ),
];

/// Arrows that code draws and the table lacks, as sentences.
fn broken(code: &[(String, String, Vec<String>)]) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut out = BTreeSet::new();
    for (path, module, imports) in code {
        let Some(may) = allowed.get(module.as_str()) else {
            out.insert(format!("{path}: {module} is not in the table"));
            continue;
        };
        for import in imports.iter().filter(|i| *i != module && !may.contains(&i.as_str())) {
            out.insert(format!("{path}: {module} may not import {import}"));
        }
    }
    out.into_iter().collect()
}

#[test]
fn one_direction() {
    let code: Vec<_> = files("src")
        .iter()
        .filter_map(|f| Some((f.path.clone(), f.module()?.to_owned(), imports(&f.code()))))
        .collect();
    assert!(code.iter().map(|(_, _, imports)| imports.len()).sum::<usize>() > 100, "the scan sees the imports");
    assert_eq!(broken(&code), [""; 0]);
}

#[test]
fn a_broken_arrow_is_seen() {
    let code = |path: &str, module: &str, text: &str| (path.to_owned(), module.to_owned(), imports(text));
    let found = broken(&[
        code("src/tui/a.rs", "tui", "use crate::journal::Journal;"),
        code("src/tui/b.rs", "tui", "use crate::tui::ink; use crate::report::can;"),
        code("src/demo/c.rs", "demo", "fn f() { crate::backends::kinds() }"),
    ]);
    assert_eq!(found, ["src/demo/c.rs: demo may not import backends", "src/tui/a.rs: tui may not import journal"]);
}

/// `super::super` out of a module would be an arrow that `crate::` does not show.
#[test]
fn nobody_leaves_a_module_by_super() {
    for file in files("src") {
        let Some(inside) = file.path.strip_prefix("src/") else { continue };
        // How many `super` lead to the top: one for each folder, and one for a file that is not its folder's `mod.rs`.
        let folders = inside.matches('/').count();
        let deep = folders + usize::from(!inside.ends_with("/mod.rs"));
        let to_the_top = "super::".repeat(deep);
        let code = file.code();
        let out = code.match_indices(&to_the_top).any(|(i, _)| !code[..i].ends_with("super::"));
        assert!(deep < 2 || !out, "{} goes to the top by super", file.path);
    }
}

#[test]
fn every_module_is_in_the_table_and_on_the_map() {
    let top = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).unwrap();
    let declared: BTreeSet<&str> = top.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let table: BTreeSet<&str> = ARROWS.iter().map(|(module, _)| *module).collect();
    assert_eq!(declared, table);
    for module in declared {
        assert!(top.contains(&format!("//! | `{module}`")), "{module} is not on the map");
    }
}
