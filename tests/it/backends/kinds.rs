//! The table of kinds is whole: unique names, documented keys, examples that build, problems that point.

use std::collections::BTreeSet;

use warroom::backends::kinds::{self, KINDS};

use super::given;

#[test]
fn every_kind_is_documented_and_its_example_builds() {
    let mut names = BTreeSet::new();
    for kind in KINDS {
        assert!(names.insert(kind.name), "{} stands twice", kind.name);
        assert!(kind.doc.ends_with('.') && kind.doc.len() > 30, "{}: {}", kind.name, kind.doc);
        let source = given::source(kind.example);
        assert_eq!((source.kind.as_str(), source.family), (kind.name, kind.family));
        let adapter = given::adapter(&source);
        assert_eq!(adapter.family(), kind.family);
        let shown: BTreeSet<&str> = source.settings.table.keys().map(String::as_str).collect();
        for key in kind.keys {
            assert!(key.meaning.ends_with('.') || key.meaning.contains(';'), "{}.{}", kind.name, key.name);
        }
        for key in kind.top_keys().filter(|key| *key != "tenant") {
            assert!(shown.contains(key), "the example of {} does not show {key}", kind.name);
        }
    }
    let expected = [
        "alertmanager",
        "bounces",
        "command",
        "file",
        "prometheus",
        "slack",
        "smtp",
        "statuspage",
        "statuspage-manage",
        "webhook",
    ];
    assert_eq!(names, BTreeSet::from(expected));
}

/// The problem with a block, as shown.
fn problem(block: &str) -> String {
    match kinds::build(&given::source(block), "warroom.toml") {
        Ok(_) => panic!("builds: {block}"),
        Err(problem) => problem.to_string(),
    }
}

#[test]
fn problems_name_the_line_the_key_and_the_nearest_word() {
    let block = |more: &str| format!("[[metrics]]\nname = \"m\"\nkind = \"prometheus\"\nurl = \"http://h\"\n{more}");
    let good = "[[metrics.query]]\nname = \"a\"\nquery = \"up\"\n";
    let all = [
        problem(&block("")),
        problem(&block(&format!("stale_aftr = \"5m\"\n{good}"))),
        problem(&block(&format!("timout = \"5m\"\n{good}"))),
        problem(&block(&format!("stale_after = 5\n{good}"))),
        problem(&block(&format!("{good}unti = \"x\"\n"))),
        problem(&block(&format!("{good}{good}"))),
        problem(&block("[[metrics.query]]\nname = \"a\"\n")),
        problem(&block(&format!("{good}tolerance = -1\n"))),
        problem(&block(&format!("{good}range = \"forever\"\n"))),
        problem(&block("query = \"up\"\n")),
        problem("[[status]]\nname = \"m\"\nkind = \"statuspge\"\nurl = \"http://h\"\n"),
        problem("[[status]]\nname = \"m\"\nkind = \"prometheus\"\nurl = \"http://h\"\n"),
        problem(
            "[[notification]]\nname = \"m\"\nkind = \"alertmanager\"\nurl = \"http://h\"\npeers = [\"http://u:p@h\"]\n",
        ),
        problem("[[notification]]\nname = \"m\"\nkind = \"webhook\"\nurl = \"http://h\"\nreceipts = \"x\"\n"),
    ];
    insta::assert_snapshot!(all.join("\n"));
}
