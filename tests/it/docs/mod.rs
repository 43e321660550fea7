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
    for file in ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE-MIT", "LICENSE-APACHE", "docs/design.md", "docs/benchmarks.md"] {
        assert!(read(file).len() > 500, "{file}");
    }
    for heading in ["build", "test", "look", "measure", "an adapter", "a rule", "a theme", "a pane", "a command"] {
        assert!(read("CONTRIBUTING.md").to_lowercase().contains(heading), "CONTRIBUTING says nothing of {heading}");
    }
}
