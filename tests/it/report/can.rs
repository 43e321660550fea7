//! The CAN report: twelve lines of seventy-two columns, whatever happens; and what is lost is not what matters.

use warroom::incident::what::*;
use warroom::incident::words::ComponentState;
use warroom::report::can::can;
use warroom::text::width::width;

use super::given;
use crate::incident::Record;

fn lines(record: &Record) -> Vec<String> {
    let incident = record.incident();
    can(&incident, &given::situation(&incident)).into_iter().map(|l| l.into_string()).collect()
}

#[test]
fn conditions_actions_needs() {
    insta::assert_snapshot!(lines(&given::record()).join("\n"));
}

#[test]
fn it_fits_and_what_matters_most_is_not_cut() {
    let mut record = Record::declared();
    for n in 0..80 {
        let (origin, name) = ("https://s".to_owned(), format!("component {n} \u{1b}[31m"));
        let to = ComponentState::MajorOutage;
        record.add(
            &name,
            6,
            ComponentChanged { origin, component: name.clone(), name: name.clone(), from: None, to, raw: "".into() },
        );
        let moved = MetricMoved {
            origin: "https://m".into(),
            name: format!("m{n}"),
            unit: String::new(),
            value: Some(f64::from(n)),
            quality: warroom::incident::words::Quality::Exact,
            why: String::new(),
            estimated: true,
        };
        record.add(&format!("m{n}"), 6, moved);
        for (name, start) in [(format!("t{n}"), true), (format!("u{n}"), false)] {
            let owner = Some("kim".to_owned());
            record.add(
                &name,
                7,
                TaskAdded { title: name.clone(), team: None, owner, minutes: 90, first: false, planned: None },
            );
            if start {
                record.add(&format!("{name} begun"), 8, TaskStarted { task: crate::incident::id(&name) });
            }
        }
    }
    let elsewhere = ToldElsewhere {
        audience: "consumers".into(),
        channel: "app".into(),
        by: "kim".into(),
        proof: None,
        text: "x".into(),
        round: None,
        next_update: None,
    };
    record.add("told", 50, elsewhere);
    for n in 0..5 {
        record.add(&format!("ask {n}"), 50, Asked { proposal: "p".into(), by: "lee".into(), risk: String::new() });
    }
    let lines = lines(&record);
    assert!(lines.len() <= 12 && lines.iter().all(|l| width(l) <= 72), "{lines:#?}");
    for begin in ["CONDITIONS", "ACTIONS", "  NEVER told: FirstNet", "NEEDS", "NEXT", "NO COMMANDER"] {
        assert!(lines.iter().any(|l| l.starts_with(begin)), "{begin} is missing in {lines:#?}");
    }
}
