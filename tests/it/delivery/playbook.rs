//! Recipients in a playbook: faults with file, line and key; a file beside it becomes part of what an incident adopts.

use warroom::playbook::read::read;

use super::given;

fn faults(recipients: &str) -> Vec<String> {
    let text = given::playbook(recipients);
    read("small.toml", &text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn each_fault_has_its_line_and_key() {
    let line = given::playbook("").lines().count() - 1;
    for (recipients, at, key, expected) in [
        (
            "[[recipients]]\naudience = \"psap\"\nchannel = \"mail\"\nto = [\"a@b.c\"]",
            2,
            "audience",
            "did you mean \"psaps\"",
        ),
        (
            "[[recipients]]\naudience = \"psaps\"\nchannel = \"male\"\nto = [\"a@b.c\"]",
            3,
            "channel",
            "no channel has the id",
        ),
        ("[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"", 1, "recipients", "names nobody"),
        (
            "[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nto = [\"a@b.c\", \"a b@c.d\"]",
            4,
            "to",
            "no blanks",
        ),
        (
            "[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nto = [\"a@b.c\\r\\nRCPT TO:<x@y.z>\"]",
            4,
            "to",
            "no blanks",
        ),
        ("[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nto = [\"A <a@b.c>\"]", 4, "to", "no blanks"),
        ("[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nto = [\"@b.c\"]", 4, "to", "desk@example.net"),
        (
            "[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nto = [\"a@b.c\", \"A@b.C\"]",
            4,
            "to",
            "there already",
        ),
        (
            "[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nto = []\nfile = \"x\"",
            5,
            "file",
            "one of the two",
        ),
        (
            "[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nfile = \"x\"",
            4,
            "file",
            "when the playbook is adopted",
        ),
        (
            "[[recipients]]\naudience = \"psaps\"\nchannel = \"mail\"\nto = [\"a@b.c\"]\ncopy = 1",
            5,
            "copy",
            "no such key",
        ),
    ] {
        let found = faults(recipients);
        assert_eq!(found.len(), 1, "{recipients}: {found:?}");
        let key = if key == "recipients" { key.to_owned() } else { format!("recipients.{key}") };
        let place = format!("small.toml, line {}, {key}: ", line + at);
        assert!(found[0].starts_with(&place) && found[0].contains(expected), "{place} {expected}: {found:?}");
    }
}

#[test]
fn a_file_becomes_part_of_the_record_and_its_faults_are_named() {
    let addresses = ["a@example.net".to_owned(), "b@example.net".to_owned()];
    let home = given::home("kind = \"file\"\npath = \"/no/such/place\"", &addresses);
    given::declare(&home);
    let list = home.path().join("config/warroom/psaps.txt");
    std::fs::remove_file(&list).unwrap();
    // The file is gone; whom it named is in the journal.
    let record = given::json(&home, &["export", "--format", "json"]).to_string();
    assert!(record.contains("a@example.net") && record.contains("listed_in"), "the addresses are in the record");
    home.must(&["message", "draft", "psaps", "mail", "--text", "x"]);
    let id = given::json(&home, &["message", "list"])[0]["id"].as_str().unwrap().to_owned();
    home.must(&["message", "approve", &id]);
    home.run(&["message", "send", &id]);
    assert_eq!(given::each(&home, &id).into_keys().collect::<Vec<_>>(), addresses);
    for (text, expected) in [
        ("a@example.net\nb c@example.net\n", "psaps.txt line 2: \"b c@example.net\""),
        ("# nobody\n", "holds no address"),
    ] {
        std::fs::write(&list, text).unwrap();
        let ran = home.run(&["check"]);
        assert!(
            ran.code == Some(2) && ran.err.contains(expected) && ran.err.contains("small.toml, line 18"),
            "{}",
            ran.err
        );
    }
    std::fs::remove_file(&list).unwrap();
    let ran = home.run(&["check"]);
    assert!(ran.code == Some(2) && ran.err.contains("psaps.txt"), "{}", ran.err);
}

#[test]
fn the_worked_example_of_the_readme_is_one_that_works() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let chapter = readme.split("### Channels: ").nth(1).expect("the chapter");
    let mut blocks = chapter.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (config, playbook) = (blocks.next().unwrap(), blocks.next().unwrap());
    let home = given::home_with("kind = \"file\"\npath = \"/tmp\"", playbook, &["a@example.net".to_owned()]);
    let folder = home.path().join("config/warroom");
    std::fs::rename(folder.join("psaps.txt"), folder.join("customers.txt")).unwrap();
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let ran = home.run(&["check"]);
    // The ways out need the network and secrets; everything else is right.
    let failed: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("FAIL")).collect();
    let ways = ["page (", "chat (", "mail ("];
    assert!(failed.iter().all(|line| ways.iter().any(|way| line.contains(way))), "{failed:?}{}", ran.err);
    assert!(
        ran.out.contains("customers over mail") && ran.out.contains("goes to 1 addresses"),
        "{}{}",
        ran.out,
        ran.err
    );
}
