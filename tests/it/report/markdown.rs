//! The record for a reader who was absent: it tells all, and nothing in it is more than text.

use proptest::prelude::*;
use warroom::incident::what::*;
use warroom::report::markdown::{escape, markdown};

use super::given;
use crate::incident::{Record, minutes};

fn page(record: &Record) -> String {
    let incident = record.incident();
    let situation = given::situation(&incident);
    markdown(&incident, &given::plan(), &situation, given::ID, minutes(60), incident.zone(), &given::heads())
}

#[test]
fn the_whole_of_a_small_incident() {
    insta::assert_snapshot!(page(&given::record()));
}

#[test]
fn it_tells_all() {
    let page = page(&given::record());
    for told in [
        "**had no effect: it is done already**",
        "**taken back: wrong incident**",
        "*claimed*",
        "m-42",
        "kept 15m late",
        "Refused: wait for the vendor",
        "Strong objections: none heard",
        "reference ON-7, with Ms Ortiz",
        "Incident commander: kim, from 2024-02-22 02:06 CST = 08:06Z to 2024-02-22 02:40 CST",
        "End, verified: not reached",
        "recorded 2024-02-22 02:30 CST",
        "drone.launched/9",
        "Not heard: page, from 2024-02-22 02:25 CST = 08:25Z to 2024-02-22 02:29 CST",
        "Liaison: eve, from 2024-02-22 02:52 CST = 08:52Z on (**disputed**)",
        "Liaison: kim says eve; kim says ben",
        &"ab".repeat(32),
        "Made 2024-02-22 03:00 CST = 09:00Z.",
    ] {
        assert!(page.contains(told), "{told} is missing in\n{page}");
    }
}

#[test]
fn outside_text_becomes_nothing_else() {
    for (raw, expected) in [
        ("# heading", "\\# heading"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("12) item", "12\\) item"),
        ("    code", "code"),
        ("a | b", "a \\| b"),
        ("[x](javascript:y)", "\\[x\\](javascript:y)"),
        ("![x](https://evil)", "\\!\\[x\\](https\\://evil)"),
        ("https://evil.example", "https\\://evil.example"),
        ("WWW.evil.example", "WWW\\.evil.example"),
        ("<b onclick=x>", "\\<b onclick=x\\>"),
        ("&lt;b&gt;", "\\&lt;b\\&gt;"),
        ("mail kim@example.com @team", "mail kim`@`example.com `@`team"),
        ("a\n# b", "a␊# b"),
        ("`code` *a* _b_ ~c~ $d$", "\\`code\\` \\*a\\* \\_b\\_ \\~c\\~ \\$d\\$"),
        ("---", "\\---"),
        ("at 02:45, v1.2 (half)", "at 02:45, v1.2 (half)"),
        ("\u{1b}[2J\u{202e}", "␛\\[2J⟨U+202E⟩"),
    ] {
        assert_eq!(escape(raw), expected, "{raw:?}");
    }
}

/// Characters that may begin something in Markdown and are not escaped.
fn unescaped(text: &str, what: &[char]) -> Option<char> {
    let mut escaped = false;
    for c in text.chars() {
        if !escaped && what.contains(&c) {
            return Some(c);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

proptest! {
    #[test]
    fn no_text_is_more_than_text(raw in prop_oneof![any::<String>(), "[-#+=>0-9.)\\[\\]!(`*_<&|~@:/w \n\t\\\\a]{0,30}"]) {
        let text = escape(&raw);
        prop_assert!(!text.contains(['\n', '\r']) && text == text.trim());
        prop_assert_eq!(unescaped(&text, &['*', '_', '[', ']', '<', '>', '|', '~', '&', '$']), None);
        prop_assert!(!text.starts_with(['#', '-', '+', '=', '>']));
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        prop_assert!(rest.len() == text.len() || !rest.starts_with(['.', ')']));
        // A colon behind a backslash begins no address.
        let bare = text.replace("\\:", " ").to_lowercase();
        prop_assert!(!bare.contains("://") && !bare.contains("www."));
        // What a reader sees is what was said.
        let mut seen = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => seen.extend(chars.next()),
                '`' => {}
                c => seen.push(c),
            }
        }
        let said = warroom::text::Safe::new(&raw);
        prop_assert_eq!(seen, said.as_str().trim());
    }

    /// Whatever a note says, it is one item of one list.
    #[test]
    fn a_note_stays_in_its_line(raw in prop_oneof![any::<String>(), "[-#+=>0-9.`*_<|\n\r a]{0,30}"]) {
        let quiet = |text: &str| {
            let mut record = Record::declared();
            record.add("n", 6, Noted { text: text.into(), follow_up: false });
            page(&record).lines().count()
        };
        prop_assert_eq!(quiet(&raw), quiet("x"));
    }
}

/// Each line of a message is an item of its own: none opens a block.
#[test]
fn the_lines_of_a_message_are_items() {
    let mut record = Record::declared();
    let (audience, channel) = ("consumers".to_owned(), "app".to_owned());
    let text = "# Down\n```\n<script>\n\n| a |".to_owned();
    let round = warroom::incident::words::Round::Initial;
    record.add(
        "m",
        6,
        MessageDrafted { audience, channel, round, text, next_update: None, grounds: Default::default() },
    );
    let page = page(&record);
    assert!(!page.contains("<script>") && !page.contains("```"), "{page}");
    for line in [
        "    - Text (did not go out, as far as is known): \\# Down",
        "    - \\`\\`\\`",
        "    - \\<script\\>",
        "    - \\| a \\|",
    ] {
        assert!(page.lines().any(|l| l == line), "{line} is missing in\n{page}");
    }
}
