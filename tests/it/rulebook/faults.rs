//! A rulebook with faults: each is named with its line, its key and the nearest known word.

use warroom::rulebook::read::{read, read_over};

const GOOD: &str = r#"
[[rule]]
id = "r"
jurisdiction = "XX"
agency = "Agency"
title = "Report"
applies_to = ["any"]
trigger = "Something"
when = "users_affected > 10"
clock = "discovery"
timezone = "Europe/Berlin"
citation = "none"
as_of = 2026-01-02
confidence = "low"
[[rule.stages]]
id = "first"
name = "First"
after = "discovery"
amount = 2
unit = "hours"
[[rule.stages]]
id = "second"
name = "Second"
after = "stage:first"
unit = "asap"
"#;

fn faults(text: &str) -> Vec<String> {
    read("own.toml", text).unwrap_err().iter().map(ToString::to_string).collect()
}

/// The one fault after `from` was replaced by `to`.
fn fault(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let list = faults(&GOOD.replacen(from, to, 1));
    assert_eq!(list.len(), 1, "{list:?}");
    list.concat()
}

#[test]
fn a_good_book_reads() {
    let rules = read("own.toml", GOOD).unwrap();
    assert_eq!(rules.rules[0].as_of, "2026-01-02");
    assert_eq!(rules.rules[0].stages.len(), 2);
}

#[test]
fn each_fault_has_its_line_key_and_hint() {
    for (from, to, expected) in [
        ("clock = \"d", "note = 1\nclock = \"d", "own.toml, line 10, rule.note: expected text, found a whole number"),
        ("title =", "tilte = 1\ntitle =", "line 6, rule.tilte: no such key; did you mean \"title\"?"),
        (
            "Europe/Berlin",
            "Europe/Berln",
            "line 11, rule.timezone: no time zone of that name; did you mean \"Europe/Berlin\"?",
        ),
        (
            "unit = \"hours\"",
            "unit = \"hour\"",
            "line 20, rule.stages.unit: hour: no such unit; did you mean \"hours\"?",
        ),
        (
            "unit = \"hours\"",
            "unit = \"fortnights\"",
            "line 20, rule.stages.unit: fortnights: no such unit; expected one of",
        ),
        (
            "unit = \"hours\"",
            "unit = \"business_days\"",
            "line 20, rule.stages.unit: \"business_days\" needs the rule's calendar",
        ),
        ("stage:first", "stage:frist", "line 24, rule.stages.after: no such earlier stage; did you mean \"first\"?"),
        ("after = \"discovery\"", "after = \"stage:second\"", "line 18, rule.stages.after: no such earlier stage"),
        ("after = \"discovery\"", "after = \"discovry\"", "did you mean \"discovery\"?"),
        (
            "id = \"second\"",
            "id = \"first\"",
            "line 22, rule.stages.id: \"first\" is already the id of a stage of this rule, on line 16",
        ),
        (
            "users_affected > 10",
            "users_affected > ",
            "line 9, rule.when: expected a fact, a whole number, true or false (character 18)",
        ),
        ("users_affected > 10", "user_affected > 10", "no such fact: user_affected; did you mean \"users_affected\"?"),
        ("users_affected > 10", "users_affected", "users_affected is a number: compare it"),
        (
            "[\"any\"]",
            "[\"wireles_carrier\"]",
            "wireles_carrier: no such kind of organisation; did you mean \"wireless_carrier\"?",
        ),
        ("amount = 2\n", "", "line 15, rule.stages.amount: missing; expected a whole number"),
        ("amount = 2", "amount = -2", "expected a whole number from 0 to"),
        ("unit = \"asap\"", "unit = \"asap\"\namount = 1", "\"asap\" takes no amount"),
        ("2026-01-02", "\"soon\"", "expected a day"),
        ("citation = \"none\"\n", "", "line 2, rule.citation: missing; expected text"),
        ("jurisdiction = \"XX\"\n", "confirmed_by = \"x\"\n", "line 2, rule.jurisdiction: missing; expected text"),
        ("confidence = \"low\"", "confidence = \"sure\"", "expected one of high, medium, low"),
    ] {
        let said = fault(from, to);
        assert!(said.contains(expected), "{from} -> {to}\n  said {said}\n  expected {expected}");
    }
    let twice = faults(&format!("{GOOD}{GOOD}")).concat();
    assert!(twice.contains("line 28, rule.id: \"r\" is already the id of a rule, on line 3"), "{twice}");
}

/// The files of `tests/data/rules/invalid`: one fault each, said as its `.expect` says.
#[test]
fn every_invalid_file_is_refused_as_expected() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rules/invalid");
    let mut cases: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    assert!(cases.len() >= 40, "{}", cases.len());
    for path in cases {
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = std::fs::read_to_string(path.with_extension("expect")).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let book = warroom::rulebook::built_in().unwrap();
        let own = read_over("own.toml", &text, &book.words());
        let read = own.and_then(|own| {
            let rules = warroom::rulebook::combine(book, own);
            warroom::rulebook::example::read("own.toml", &text, &rules)
        });
        let problems = read.expect_err(&name);
        assert_eq!(problems.len(), 1, "{name}: one fault has one message: {problems:?}");
        assert_eq!(problems[0].to_string(), format!("own.toml, {}", expected.trim()), "{name}");
    }
}

const WHOLE: &str = include_str!("../../data/rules/valid/contract.toml");
const WORDS: &str = include_str!("../../data/rules/valid/words.toml");

/// Every key of a rule, written as anything else or left out, is either fine or a fault that names a line and a key.
#[test]
fn every_key_spoilt_is_fine_or_named() {
    let words = read("words", WORDS).unwrap();
    let base = warroom::rulebook::combine(warroom::rulebook::built_in().unwrap(), words);
    for text in [WHOLE, WORDS] {
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate().filter(|(_, l)| l.contains(" = ") && !l.starts_with('#')) {
            let key = line.split(" = ").next().unwrap();
            for junk in [
                "17.5",
                "-3",
                "\"nonsense!\"",
                "[]",
                "[1]",
                "{ a = 1 }",
                "true",
                "2026-01-01",
                "\"\"",
                "DELETE",
                "TWICE",
            ] {
                let mut spoilt: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
                spoilt[index] = match junk {
                    "DELETE" => String::new(),
                    "TWICE" => format!("{line}\n{line}"),
                    _ => format!("{key} = {junk}"),
                };
                let Err(problems) = read_over("own.toml", &spoilt.join("\n"), &base.words()) else { continue };
                for problem in &problems {
                    assert!(problem.line.is_some() && !problem.message.is_empty(), "{key} {junk}: {problem}");
                    assert!(problem.key.is_some() || problem.message.contains("not TOML"), "{key} {junk}: {problem}");
                }
                if !["DELETE", "TWICE"].contains(&junk) && key != "id" {
                    assert!(problems.iter().any(|p| p.line == Some(index + 1)), "{key} {junk}: {problems:?}");
                }
            }
        }
    }
}

proptest::proptest! {
    /// However a good file is cut or a character of it changed, it is read or refused.
    #[test]
    fn a_damaged_book_is_read_or_refused(cut in 0usize..4_000, put in proptest::char::any(), which in 0usize..4) {
        let text = [WHOLE, WORDS, EXAMPLES, BUILT_IN][which];
        let chars: Vec<char> = text.chars().collect();
        let at = cut.min(chars.len());
        let mut damaged: String = chars[..at].iter().collect();
        let words = read("words", WORDS).unwrap();
        let try_it = |text: &str| {
            for problem in read_over("own.toml", text, &words).err().into_iter().flatten() {
                assert!(!problem.message.is_empty());
            }
            let _ = warroom::rulebook::example::read("own.toml", text, &words);
        };
        try_it(&damaged);
        damaged.push(put);
        damaged.extend(chars[at..].iter().skip(1));
        try_it(&damaged);
    }

    /// Any words in any order, under any table.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", words in "[a-z\\[\\]={}\"., \n0-9-]{0,120}") {
        for table in ["rule", "facts", "calendar", "example", "forecast", "rule.stages"] {
            let text = format!("[[{table}]]\n{words}");
            let _ = read("r", &text);
            let _ = warroom::rulebook::example::read("r", &text, &warroom::incident::rule::Rules::default());
        }
        let _ = read("r", &format!("[clocks]\n{words}"));
        let _ = read("r", &text);
    }
}

const EXAMPLES: &str = include_str!("../../data/rules/examples.toml");
const BUILT_IN: &str = warroom::rulebook::BUILT_IN[0].text;

#[test]
fn all_faults_are_named_at_once() {
    let list =
        faults(&GOOD.replace("Europe/Berlin", "Mars").replace("users_affected > 10", "(").replace("id = \"r\"", ""));
    assert_eq!(list.len(), 3, "{list:?}");
}
