//! Outside text in everything that a message is made of: what leaves is what was read, on every channel and in every record.

use std::sync::Arc;

use mail_parser::MessageParser;
use proptest::prelude::*;
use warroom::backends::job::Job;
use warroom::backends::request::Body;
use warroom::incident::command::Command;
use warroom::incident::observation::{Component, Observation};
use warroom::incident::plan::Template;
use warroom::incident::words::{ComponentState, Family, Phase, Quality, Round};
use warroom::playbook::{self, render};
use warroom::report::{csv, html, markdown};
use warroom::situation::proposal::proposals;
use warroom::text::leaving;

use crate::backends::given;
use crate::backends::outgoing::{KEY, outgoing};
use crate::support::world::{Words, World};
use crate::terminal::panes::{Case, cases};

/// Every word that a template may use, in one.
const PLAYBOOK: &str = r#"
name = "all"
title = "All"
roles = ["commander"]
[[channel]]
id = "mail"
name = "Mail"
short = "MAIL"
via = "outbox"
[[audience]]
id = "partners"
name = "Partners"
channels = ["mail"]
restoration = true
first_word = 20
cadence = 20
[[fact]]
name = "cause"
[[template]]
round = "initial"
text = "{{ title }}|{{ down|join(', ') }}|{{ facts.cause }}|{{ restoration }}|{{ started }}|{{ next_update }}"
"#;

/// A room whose title, component, facts and notes are all the hostile text.
fn room(case: &Case) -> World {
    let mut world = World::declared(&Words::all(&case.text), 5);
    world.plan = Arc::new(playbook::read::read("all.toml", PLAYBOOK).unwrap());
    let page = Observation {
        origin: "https://page.example.net".to_owned(),
        family: Family::Status,
        quality: Quality::Exact,
        quality_why: None,
        as_of: None,
        components: vec![Component {
            id: "c".to_owned(),
            name: case.text.clone(),
            state: ComponentState::MajorOutage,
            raw_state: case.text.clone(),
            since: None,
            group: None,
        }],
        incidents: Vec::new(),
        alerts: Vec::new(),
        metrics: Vec::new(),
        receipts: Vec::new(),
    };
    world.polled(35, "page", page);
    for name in ["cause", "expected_restoration"] {
        let value = case.text.clone().into();
        let (basis, confirmed_by) = (case.text.clone(), Some("ruiz".to_owned()));
        world.does("ruiz", 35, Command::SetFact { at: None, name: name.to_owned(), value, basis, confirmed_by });
    }
    world
}

/// The words of the template where the room would let them be approved.
fn rendered(world: &World) -> Option<String> {
    let (snapshot, situation) = (world.snapshot(), world.situation());
    let all = proposals(&snapshot.incident, &snapshot.plan, &situation, "partners");
    let first = all.into_iter().next().expect("the playbook's text");
    (!first.text.is_empty()).then_some(first.text)
}

#[test]
fn every_hostile_text_through_every_word_of_a_template_leaves_as_it_was_read() {
    let (mut left, mut kept) = (0, 0);
    for case in cases() {
        let id = &case.id;
        let mut world = room(&case);
        // One too long for any text is stopped, which is told.
        let Some(text) = rendered(&world) else {
            assert!(case.text.len() > 1000, "{id}: no text");
            continue;
        };
        assert_eq!(leaving::hidden(&text), None, "{id}: {text:?}");
        assert_eq!(text.lines().count(), 1, "{id}: a value brings no line of its own");
        // A value is never expanded: its marks stand there as they came.
        for mark in ["{{", "{%", "{#"] {
            assert_eq!(text.matches(mark).count() % 4, 0, "{id}: {text}");
            assert_eq!(text.contains(mark), case.text.contains(mark), "{id}: {text}");
        }
        // The text itself typed by somebody: taken, or refused with what is in it, and never cut.
        let typed = Command::DraftMessage {
            audience: "partners".to_owned(),
            channel: "mail".to_owned(),
            round: Round::Initial,
            text: format!("Down: {}", case.text),
            next_update: None,
            grounds: Default::default(),
        };
        match world.tries("lee", 35, &typed) {
            Some(entries) => {
                let drafted = &world.snapshot().incident.messages[&entries[0]].text;
                assert_eq!(leaving::hidden(drafted), None, "{id}: {drafted:?}");
                left += 1;
            }
            None => kept += 1,
        }
        over_every_channel(id, &text, &case.text);
        recorded(id, &world, &case);
    }
    assert!(left > 20 && kept > 10, "{left} {kept}");
}

proptest! {
    #[test]
    fn a_word_that_nobody_knows_stops_the_text(name in "[a-z_]{1,12}", shape in 0usize..8, filler in "[ a-zA-Z.]{0,20}") {
        prop_assume!(!render::NAMES.contains(&name.as_str()));
        prop_assume!(!["true", "false", "none", "not", "in", "is", "if", "else", "and", "or", "loop", "self"].contains(&name.as_str()));
        let asked = [
            format!("{{{{ {name} }}}}"),
            format!("{{{{ {name}|join(', ') }}}}"),
            format!("{{{{ facts.{name} }}}}"),
            format!("{{{{ facts.{name}|grouped }}}}"),
            format!("{{% if {name} %}}x{{% endif %}}"),
            format!("{{% for x in {name} %}}{{{{ x }}}}{{% endfor %}}"),
            format!("{{{{ title.{name} }}}}"),
            format!("{{{{ {name}.a.b }}}}"),
        ];
        let text = format!("{filler}{}{filler}", asked[shape]);
        let template = Template { round: Round::Initial, audiences: vec![], channels: vec![], language: String::new(), text };
        prop_assert!(render::render(&template, &render::Words::default()).is_err(), "{}", template.text);
    }
}

const CHANNELS: &[&str] = &[
    "[[notification]]\nname = \"n\"\nkind = \"smtp\"\nurl = \"smtp://127.0.0.1:1\"\ntls = \"none\"\nfrom = \"desk@example.net\"\n",
    "[[notification]]\nname = \"n\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:1\"\n",
    "[[notification]]\nname = \"n\"\nkind = \"slack\"\nurl = \"http://127.0.0.1:1\"\nchannel = \"C1\"\ntoken = { env = \"X\" }\n",
    "[[notification]]\nname = \"n\"\nkind = \"command\"\ncommand = [\"/bin/true\"]\n",
    "[[notification]]\nname = \"n\"\nkind = \"file\"\npath = \"/tmp\"\n",
];

/// What each channel would put on the wire for such a text, with the raw words as its subject and title.
fn over_every_channel(id: &str, text: &str, raw: &str) {
    for block in CHANNELS {
        let source = given::source(block);
        let adapter = given::adapter(&source);
        let message = outgoing(text, raw, &["desk@example.net"], Phase::Investigating);
        match adapter.send(&message, KEY, given::now()).unwrap_or_else(|why| panic!("{id}: {why}")) {
            Job::Mail(mail) => {
                let head = mail.message.windows(4).position(|w| w == b"\r\n\r\n").expect("a body");
                assert!(mail.message[..head].is_ascii(), "{id}: a header that is not encoded");
                let read = MessageParser::default().parse(&mail.message).expect("mail");
                let mut names: Vec<&str> = read.headers().iter().map(|h| h.name()).collect();
                names.sort_unstable();
                let own = [
                    "Auto-Submitted",
                    "Content-Transfer-Encoding",
                    "Content-Type",
                    "Date",
                    "From",
                    "MIME-Version",
                    "Message-ID",
                    "Subject",
                    "To",
                ];
                assert_eq!(names.iter().filter(|n| !own.contains(n)).count(), 0, "{id}: {names:?}");
                assert!(!read.subject().unwrap_or_default().chars().any(char::is_control), "{id}");
                let body = read.body_text(0).expect("a body");
                assert_eq!(body.trim_end(), text, "{id}");
            }
            Job::Http(request) => {
                let Body::Json(body) = &request.body else { panic!("{id}: not JSON") };
                let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
                let said = body["text"].as_str().expect("a text");
                match block.contains("slack") {
                    // Neither a call to everybody nor a link can be made of it.
                    true => assert!(!said.contains(['<', '>']), "{id}: {said}"),
                    false => assert_eq!(said, text, "{id}"),
                }
                let head = request.headers.iter().flat_map(|(name, value)| [*name, value.as_str()]);
                assert!(head.clone().all(|part| !part.chars().any(char::is_control)), "{id}");
            }
            Job::Command(run) => {
                assert_eq!(run.words, ["/bin/true"], "{id}: the words are no arguments");
                assert!(run.variables.iter().all(|(_, value)| !value.contains(['\0', '\n'])), "{id}");
            }
            Job::File(put) => {
                assert_eq!(put.name, format!("{KEY}.json"), "{id}");
                let body: serde_json::Value = serde_json::from_str(&put.text).expect("JSON");
                assert_eq!(body["text"], text, "{id}");
            }
            Job::Ask(_) => panic!("{id}: no questions here"),
        }
    }
}

/// The record in every form, with the text as title, fact, basis and message.
fn recorded(id: &str, world: &World, case: &Case) {
    let (snapshot, situation) = (world.snapshot(), world.situation());
    let (incident, plan) = (&snapshot.incident, &snapshot.plan);
    let zone = incident.zone();
    let page = markdown::markdown(incident, plan, &situation, super::day::ID, world.now, zone, &[]);
    let site = html::html(&page);
    let table = csv::csv(incident, plan, world.now, zone).unwrap();
    for (form, text) in [("md", &page), ("html", &site), ("csv", &table)] {
        let raw = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r'));
        assert_eq!(raw, None, "{id} in {form}");
        let reaches = !case.never.is_empty() && case.never.len() > 1;
        let found = reaches && text.as_bytes().windows(case.never.len()).any(|w| w == case.never);
        assert!(!found, "{id}: {:x?} in {form}", case.never);
    }
    // Elements of the page are those of the record itself: no other, and none with an attribute of its own.
    let elements = site.split('<').skip(1).map(|rest| rest.split_once('>').expect("an element").0);
    let body = elements.skip_while(|element| *element != "body");
    for element in body {
        let name = element.trim_start_matches('/');
        let own =
            ["body", "h1", "h2", "h3", "p", "ul", "ol", "li", "strong", "em", "code", "del", "br /", "html", "hr /"];
        assert!(own.contains(&name), "{id}: <{element}>");
    }
    for record in csv_rows(&table) {
        for cell in record.iter() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '\t', '\r']), "{id}: {cell:?}");
        }
    }
}

fn csv_rows(table: &str) -> Vec<Vec<String>> {
    let mut reader = ::csv::Reader::from_reader(table.as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 11));
    rows
}
