//! The configurations of `tests/data/configs`: the valid ones read, each invalid one is refused as its `.expect` says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use warroom::config::keys::{ALARMS, SECRET, SOURCE, TABLES, TOP, markdown};
use warroom::config::{Alarms, Ascii, Config, Known, Problem, SecretRef, init};
use warroom::incident::alarm::Kind;
use warroom::incident::words::Family;
use warroom::rulebook;

const KINDS: &[(&str, Family)] = &[
    ("statuspage", Family::Status),
    ("alertmanager", Family::Notification),
    ("webhook", Family::Notification),
    ("prometheus", Family::Metrics),
];

fn adapter_keys(family: Family, kind: &str) -> Option<Vec<&'static str>> {
    match (family, kind) {
        (Family::Status, "statuspage") => Some(vec!["incidents"]),
        (Family::Notification, "alertmanager") => Some(vec!["peers"]),
        (Family::Notification, "webhook") => Some(vec!["receipts"]),
        (Family::Metrics, "prometheus") => Some(vec!["query"]),
        _ => None,
    }
}

fn load(path: &Path, text: &str) -> Result<Config, Vec<Problem>> {
    let organisations: Vec<&str> = rulebook::names::organisations().iter().map(|k| k.name.as_str()).collect();
    let known = Known {
        kinds: KINDS,
        adapter_keys: &adapter_keys,
        place: &|_| warroom::config::Place::Web,
        organisations: &organisations,
        commands: &["acknowledge", "assign", "note"],
        themes: &["default", "monochrome"],
    };
    Config::load(path, text, &known)
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/configs").join(folder);
    let mut list: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    list.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    list.sort();
    list
}

#[test]
fn every_invalid_configuration_is_refused_as_expected_and_leaks_nothing() {
    let cases = cases("invalid");
    assert!(cases.len() >= 40, "{}", cases.len());
    for path in cases {
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = std::fs::read_to_string(path.with_extension("expect")).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        let problems = load(Path::new("config.toml"), &text).expect_err(&name);
        assert_eq!(problems.len(), 1, "{name}: one fault has one message: {problems:?}");
        let said = problems[0].to_string();
        assert!(said.starts_with(&format!("config.toml, {}", expected.trim())), "{name}:\n  {said}\n  {expected}");
        assert!(!said.contains("CANARY") && !said.contains('\u{1b}'), "{name}: {said}");
    }
}

#[test]
fn every_valid_configuration_reads() {
    for path in cases("valid") {
        let text = std::fs::read_to_string(&path).unwrap();
        let config = load(&path, &text);
        assert!(config.is_ok(), "{}: {config:?}", path.display());
    }
}

#[test]
fn the_whole_file_is_read_as_it_says() {
    let text = include_str!("../../data/configs/valid/full.toml");
    let config = load(Path::new("/etc/warroom/config.toml"), text).unwrap();
    assert_eq!(
        (config.playbook.as_str(), config.timezone, config.ascii),
        ("carrier-outage", Tz::America__New_York, Ascii::Always)
    );
    assert_eq!(config.rules, [PathBuf::from("/etc/warroom/own-rules.toml")]);
    assert_eq!(config.playbooks, [PathBuf::from("/etc/warroom/playbooks"), PathBuf::from("/etc/warroom/books")]);
    let names: Vec<&str> = config.sources.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["public status page", "outbox", "pager", "core"]);
    let [page, outbox, pager, core] = config.sources.as_slice() else { panic!("four") };
    assert_eq!((page.url.as_str(), page.every, page.timeout), ("https://status.example.com", 15, 5));
    assert!(outbox.insecure && !pager.insecure);
    assert_eq!(outbox.token, Some(SecretRef::File(PathBuf::from("/etc/warroom/webhook.key"))));
    assert_eq!(pager.token, Some(SecretRef::Command(["pass", "show", "pager"].map(str::to_owned).to_vec())));
    assert_eq!((pager.user.as_deref(), pager.every, pager.timeout), (Some("warroom"), 30, 10));
    assert_eq!((core.every, core.token.clone()), (1, Some(SecretRef::Env("PROM_TOKEN".to_owned()))));
    let line = |path: &str| core.settings.lines.get(path).copied();
    let at = |word: &str| text.lines().position(|l| l.contains(word)).map(|n| n + 1);
    assert_eq!(line("query.0.unit"), at("unit = \"users\""));
    assert_eq!(line("query.1.name"), at("name = \"big\""));
    assert_eq!(line(""), at("[[metrics]]"));
    assert_eq!(core.settings.table["query"][0]["tolerance"].as_float(), Some(0.5));
    assert_eq!(core.settings.table.len(), 1, "shared keys are not the adapter's");
    assert_eq!(config.keys[1].keys, ["A", "ctrl-a"]);
}

#[test]
fn every_documented_key_is_read_and_every_read_key_is_documented() {
    // A slip in a key is answered with the known ones: they must be those of the table.
    let said = load(Path::new("c"), "zzzzzzzz = 1").unwrap_err()[0].message.clone();
    let known: BTreeSet<&str> = said.split("expected one of ").nth(1).unwrap().split(", ").collect();
    let documented: BTreeSet<&str> = TOP.iter().chain(TABLES).map(|k| k.name).collect();
    assert_eq!(known, documented);
    let block = "[[metrics]]\nname = \"m\"\nkind = \"prometheus\"\nurl = \"https://m.example.com\"\nzzzzzzzz = 1";
    let said = load(Path::new("c"), block).unwrap_err()[0].message.clone();
    let known: BTreeSet<&str> = said.split("expected one of ").nth(1).unwrap().split(", ").collect();
    let documented: BTreeSet<&str> = SOURCE.iter().map(|k| k.name).chain(["query"]).collect();
    assert_eq!(known, documented);
    let said = load(Path::new("c"), "[alarms]\nzzzzzzzz = 1").unwrap_err()[0].message.clone();
    let known: BTreeSet<&str> = said.split("expected one of ").nth(1).unwrap().split(", ").collect();
    assert_eq!(known, ALARMS.iter().map(|k| k.name).collect());
    for key in TOP.iter().chain(TABLES).chain(ALARMS).chain(SOURCE).chain(SECRET) {
        assert!(markdown().contains(&format!("`{}`", key.name)) && !key.doc.is_empty(), "{}", key.name);
    }
}

#[test]
fn what_init_writes_reads_back_bare_wished_and_with_every_key_switched_on() {
    let usual = load(Path::new("c"), &init::text(&init::Wish::default())).unwrap();
    assert_eq!(usual, Config { path: PathBuf::from("c"), ..Config::default() });
    let blocks =
        ["[[status]]\nname = \"page\"   # as you like\nkind = \"statuspage\"\nurl = \"https://status.example.com\"\n"];
    let wish = init::Wish {
        playbook: Some("carrier-outage"),
        timezone: Some("America/Chicago"),
        organisation: &["wireless_carrier", "public_company"],
        blocks: &blocks,
    };
    let text = init::text(&wish);
    let config = load(Path::new("c"), &text).unwrap();
    assert_eq!((config.playbook.as_str(), config.timezone), ("carrier-outage", Tz::America__Chicago));
    assert_eq!((config.organisation.len(), config.sources.len()), (2, 1));
    let on: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if TOP.iter().any(|k| rest.starts_with(&format!("{} = ", k.name))) => rest.to_owned(),
            Some(rest) if rest.starts_with("[keys]") || rest.starts_with("acknowledge") => rest.to_owned(),
            Some(rest) if rest.starts_with("[alarms]") => rest.to_owned(),
            Some(rest) if ALARMS.iter().any(|k| rest.starts_with(&format!("{} = ", k.name))) => rest.to_owned(),
            Some(_) | None => line.to_owned(),
        })
        .collect();
    let all_on = load(Path::new("c"), &on.join("\n")).unwrap();
    assert_eq!(all_on.keys.len(), 1);
    // Switched on as they stand, they are what they are without.
    let command = vec!["/usr/local/bin/page-me".to_owned()];
    assert_eq!(all_on.alarms, Alarms { command, ..Alarms::default() });
}

#[test]
fn what_rings_is_read_as_it_says() {
    let text = include_str!("../../data/configs/valid/alarms.toml");
    let alarms = load(Path::new("c"), text).unwrap().alarms;
    let minutes = chrono::TimeDelta::minutes;
    assert_eq!(alarms.rings.kinds, [Kind::Deadline, Kind::Restored]);
    assert_eq!(alarms.rings.deadline, [minutes(120), minutes(5)]);
    assert_eq!((alarms.rings.promise, alarms.rings.mark), (minutes(15), Some(minutes(10))));
    assert!(alarms.rings.wants(Kind::Mark) && !alarms.rings.wants(Kind::Word));
    assert!(!alarms.bell && !alarms.title);
    assert_eq!(alarms.command, ["/usr/local/bin/page-me", "--urgent"]);
}

#[test]
fn all_faults_are_named_at_once_in_the_order_of_lines() {
    let text = "playbok = 1\ntimezone = \"Mars\"\n[[status]]\nname = \"a\"\n";
    let lines: Vec<Option<usize>> = load(Path::new("c"), text).unwrap_err().iter().map(|p| p.line).collect();
    assert_eq!(lines, [Some(1), Some(2), Some(3), Some(3)]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}", words in "[a-z\\[\\]={}\"., \n0-9-]{0,120}") {
        let _ = load(Path::new("c"), &text);
        let _ = load(Path::new("c"), &format!("[[metrics]]\n{words}"));
        let _ = rulebook::read::read("r", &format!("[[rule]]\n{words}"));
        let _ = warroom::playbook::read::read("p", &format!("[[template]]\n{words}"));
    }

    /// However a valid file is cut or a byte of it changed, the answer comes without a panic and without a secret.
    #[test]
    fn a_damaged_file_is_read_or_refused(cut in 0usize..1200, put in proptest::char::any()) {
        let text = include_str!("../../data/configs/valid/full.toml").replace("env = \"PROM_TOKEN\"", "env = \"CANARY\"");
        let chars: Vec<char> = text.chars().collect();
        let at = cut.min(chars.len());
        let mut damaged: String = chars[..at].iter().collect();
        let _ = load(Path::new("c"), &damaged);
        damaged.push(put);
        damaged.extend(chars[at..].iter().skip(1));
        for problem in load(Path::new("c"), &damaged).err().into_iter().flatten() {
            let said = problem.to_string();
            proptest::prop_assert!(!said.contains("CANARY"), "{}", said);
        }
    }
}
