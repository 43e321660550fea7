//! The documents keep pace with the program: generated parts are written anew, and a stale one fails. Reads files only.

use std::fs;
use std::path::PathBuf;

use warroom::{cli, config};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Replaces what stands between the markers of `part`; fails, after writing, where it was stale.
fn generated(file: &str, part: &str, text: &str) {
    // One after the other: they write the same file.
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(|e| e.into_inner());
    let (begin, end) = (format!("<!-- {part}: generated -->\n"), format!("<!-- {part}: end -->"));
    let old = read(file);
    let from = old.find(&begin).unwrap_or_else(|| panic!("{file} has no part {part}")) + begin.len();
    let to = old[from..].find(&end).unwrap_or_else(|| panic!("{file}: {part} has no end")) + from;
    let new = format!("{}\n{}\n\n{}", &old[..from], text.trim(), &old[to..]);
    if new != old {
        fs::write(path(file), new).unwrap();
        panic!("{file}: the part {part} was stale and has been written anew; look at it and commit it");
    }
}

#[test]
fn the_readme_shows_every_key() {
    generated("README.md", "keys", &cli::keys::markdown());
}

#[test]
fn the_readme_shows_every_configuration_key() {
    generated("README.md", "configuration", &config::keys::markdown());
}

#[test]
fn the_readme_shows_every_kind_of_backend() {
    generated("README.md", "backends", &cli::backends::markdown());
}

#[test]
fn the_readme_shows_every_key_of_a_rulebook() {
    generated("README.md", "rules", &warroom::rulebook::keys::markdown());
}

#[test]
fn the_page_of_the_rulebook_shows_every_rule_with_its_source() {
    generated("docs/rulebook.md", "book", &warroom::rulebook::keys::book());
}

/// The rule of the README reads, and its example holds.
#[test]
fn the_readme_s_rule_is_a_good_one() {
    use warroom::rulebook;
    let readme = read("README.md");
    let chapter = readme.split("#### Rules of your own").nth(1).expect("a chapter on rules of one's own");
    let text = chapter.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("a rule");
    let own = rulebook::read::read("README.md", text).unwrap();
    let rules = rulebook::combine(rulebook::built_in().unwrap(), own);
    let examples = rulebook::example::read("README.md", text, &rules).unwrap();
    assert_eq!(examples.len(), 1);
    let judged = rulebook::judge::judge(&rules, &examples[0]).unwrap();
    assert_eq!(judged.differences(&examples[0]), [""; 0]);
    assert!(readme.contains("An aid, not legal advice"));
}

#[test]
fn the_readme_shows_every_subcommand() {
    use clap::CommandFactory;
    let mut table = String::from("| command | does |\n| --- | --- |\n");
    for command in cli::args::Args::command().get_subcommands() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        table.push_str(&format!("| `warroom {}` | {} |\n", command.get_name(), about.replace('|', "\\|")));
    }
    generated("README.md", "commands", &table);
}

#[test]
fn every_key_has_a_script_form_that_exists_or_a_reason() {
    use clap::CommandFactory;
    let program = cli::args::Args::command();
    for row in warroom::command::TABLE {
        match row.script {
            warroom::command::Script::None(why) => assert!(!why.is_empty(), "{}", row.name),
            warroom::command::Script::Form(form) => {
                let words: Vec<&str> = form.split_whitespace().collect();
                assert_eq!(words[0], "warroom");
                let command = program.find_subcommand(words[1]);
                let command = command.unwrap_or_else(|| panic!("{}: there is no {form}", row.name));
                if command.has_subcommands() {
                    assert!(command.find_subcommand(words[2]).is_some(), "{}: there is no {form}", row.name);
                }
            }
        }
    }
}

#[test]
fn the_readme_begins_with_exactly_two_commands() {
    let readme = read("README.md");
    let block = readme.split("```").nth(1).expect("a block of commands");
    let commands: Vec<&str> = block.lines().skip(1).filter(|l| !l.trim().is_empty()).collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(commands[0].contains("warroom") || commands[0].contains("cargo run"), "{commands:?}");
    assert_eq!(commands[1].split_whitespace().next(), Some("./test"));
    assert!(read(".ci/run").contains("./test"), "continuous integration runs the same command");
}

#[test]
fn what_every_project_has_is_here() {
    for file in [
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "docs/design.md",
        "docs/benchmarks.md",
        "docs/rulebook.md",
    ] {
        assert!(read(file).len() > 500, "{file}");
    }
    for heading in ["build", "test", "look", "measure", "an adapter", "a rule", "a theme", "a pane", "a command"] {
        assert!(read("CONTRIBUTING.md").to_lowercase().contains(heading), "CONTRIBUTING says nothing of {heading}");
    }
}
