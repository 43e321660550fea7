//! The fields of a form, by its purpose.

use ratatui_textarea::TextArea;

use super::{Field, Form, Help, Kind, Purpose};
use crate::incident::words::{End, Phase, Role, Severity};
use crate::text::Safe;

fn field(label: &'static str, hint: &'static str, kind: Kind, required: bool) -> Field {
    Field { label, hint, kind, required, asked: false, text: TextArea::default() }
}

fn asked(label: &'static str, hint: &'static str, kind: Kind) -> Field {
    Field { asked: true, ..field(label, hint, kind, false) }
}

fn words(list: &[&str]) -> Kind {
    Kind::Choice(list.iter().map(|s| (*s).to_owned()).collect())
}

impl Form {
    /// An empty form for a purpose.
    pub fn new(purpose: Purpose, help: &Help<'_>) -> Form {
        use Kind::*;
        let roles: Vec<&str> = Role::ALL.iter().map(|r| r.as_str()).collect();
        let phases: Vec<&str> = Phase::ALL.iter().map(|p| p.as_str()).collect();
        let severities: Vec<&str> = Severity::ALL.iter().map(|s| s.as_str()).collect();
        let minutes = help.minutes.to_string();
        let mut preset: Vec<(usize, String)> = Vec::new();
        let (title, fields) = match &purpose {
            Purpose::Note => (
                "Note".to_owned(),
                vec![field(
                    "text",
                    "-12m or 02:45 first, for when; \"change …\" and \"todo …\" are marked so",
                    Line,
                    true,
                )],
            ),
            Purpose::Task => {
                preset.push((2, minutes));
                (
                    "New task".to_owned(),
                    vec![
                        field("task", "one thing for one person", Line, true),
                        field("owner", "a name; empty: nobody yet, and Now asks who", Person, false),
                        field("minutes", "until it comes back to you", Minutes, true),
                    ],
                )
            }
            Purpose::Assign { title, .. } => {
                preset.push((1, minutes));
                (
                    format!("Assign: {title}"),
                    vec![
                        field("owner", "a name", Person, true),
                        field("minutes", "until it comes back to you", Minutes, true),
                    ],
                )
            }
            Purpose::Extend { title, .. } => {
                preset.push((0, minutes));
                (
                    format!("More time: {title}"),
                    vec![field("minutes", "on top of what is left", Minutes, true), field("why", "", Line, true)],
                )
            }
            Purpose::Block { title, .. } => {
                (format!("Blocked: {title}"), vec![field("on", "what or whom it waits for", Line, true)])
            }
            Purpose::Stand { .. } => (
                "Done without the right: you stand for it".to_owned(),
                vec![field("why", "why it stands, or what is done about it", Line, true)],
            ),
            Purpose::CancelTask { title, .. } => (format!("Not needed: {title}"), vec![field("why", "", Line, true)]),
            Purpose::Decide { .. } => (
                "Decision".to_owned(),
                vec![
                    field("proposal", "what was proposed", Line, true),
                    field("outcome", "what is decided", Line, true),
                    asked("who acts", "a name", Person),
                    asked("check at", "+6m or 10:40", Next),
                    field("objections", "strong ones; or: none heard", Line, false),
                    field("refused", "options refused", Line, false),
                    field("reversed if", "what would change our mind", Line, false),
                ],
            ),
            Purpose::Ask => (
                "Ask the commander".to_owned(),
                vec![
                    field("proposal", "roll back MOP-17?", Line, true),
                    field("by", "who asks; empty: you", Person, false),
                    field("risk", "", Line, false),
                ],
            ),
            Purpose::Role { role } => {
                if let Some(role) = role {
                    preset.push((0, role.as_str().to_owned()));
                }
                (
                    "Role".to_owned(),
                    vec![
                        field("role", "", words(&roles), true),
                        asked("holder", "a name; Enter here with none: nobody holds it", Person),
                        field("why", "asked for where it is taken without a handover", Line, false),
                    ],
                )
            }
            Purpose::Phase => (
                "Phase".to_owned(),
                vec![
                    field("phase", "", words(&phases), true),
                    field("why", "asked for when resolving", Line, false),
                    field("override", "your name, where something critical is not known to work", Line, false),
                ],
            ),
            Purpose::Severity => (
                "Severity".to_owned(),
                vec![
                    field("severity", "", words(&severities), true),
                    field("why", "asked for when lowering", Line, false),
                ],
            ),
            Purpose::Fact => (
                "Fact".to_owned(),
                vec![
                    field("name", "", words(&help.facts), true),
                    field("value", "a number, true, false, a text; empty: not known", Line, false),
                    field("basis", "how we know; \"ruiz: counted\" says who confirms it", Line, false),
                    field("confirmed by", "a name; empty: unconfirmed", Person, false),
                    field("since", "03:08 or -5m, since when it is so; empty: now", Past, false),
                ],
            ),
            Purpose::Clock => (
                "Clock of a deadline".to_owned(),
                vec![
                    field("clock", "NAME@RULE: for that rule alone", words(&help.clocks), true),
                    field("at", "02:48 or -12m", Past, true),
                    field("why", "", Line, true),
                ],
            ),
            Purpose::Promise => (
                "Promise".to_owned(),
                vec![
                    field("what", "", Line, true),
                    field("to", "an audience, an agency, a person", Person, true),
                    field("by", "10:40 or +20m", Next, true),
                ],
            ),
            Purpose::Elsewhere { audience, channel } => {
                preset.push((0, audience.clone()));
                preset.push((1, channel.clone()));
                (
                    "Told by other means".to_owned(),
                    vec![
                        field("audience", "", words(&help.audiences), true),
                        field("channel", "", words(&help.channels), true),
                        field("by", "who told them", Person, true),
                        field("at", "03:08 or -5m; empty: now", Past, false),
                        field("proof", "a link, a number, @file; empty: it reads claimed", Line, false),
                        field("next word by", "+20m or 10:40, if they said so", Next, false),
                    ],
                )
            }
            Purpose::File { rule, stage, voluntary } => {
                let mut fields = vec![
                    field("reference", "the portal's number", Line, false),
                    field("person", "who filed it, or whom you spoke to", Line, false),
                    field("at", "03:40 or -5m; empty: now", Past, false),
                    field("channel", "portal, e-mail, telephone", Line, false),
                    field("proof", "a link, or @FILE: kept by its hash", Line, false),
                ];
                if *voluntary {
                    fields.push(field("why", "no law demands it: why it is made", Line, true));
                }
                (format!("Filed: {rule} {stage}"), fields)
            }
            Purpose::Tell { name, by, .. } => {
                let person = if *by == crate::incident::words::Way::Phone {
                    "who answered; a message left is no contact"
                } else {
                    "to whom it went"
                };
                (
                    format!("Told {}: {name}", by.said()),
                    vec![field("with whom", person, Line, false), field("at", "03:40 or -5m; empty: now", Past, false)],
                )
            }
            Purpose::Call => (
                "An agency called".to_owned(),
                vec![
                    field("agency", "", words(&help.agencies), true),
                    field("answer by", "04:00 or +20m", Next, true),
                    field("about", "what they want", Line, true),
                    field("caller", "who called, and how they are reached", Line, false),
                    field("taken by", "a name; empty: you", Person, false),
                ],
            ),
            Purpose::Confirm { rule, stage, by } => {
                preset.push((0, String::new()));
                (format!("Confirmed: {rule} {stage} ({by})"), vec![field("how", "what confirms it", Line, true)])
            }
            Purpose::Waive { rule, stage } => (
                format!("Not filed: {rule} {stage}"),
                vec![
                    field("why", "it is asked for afterwards", Line, true),
                    field("decided by", "a name", Person, true),
                ],
            ),
            Purpose::Withdraw { rule, stage } => (
                format!("Withdrawn: {rule} {stage}"),
                vec![field("why", "said to the agency too", Line, true), field("decided by", "a name", Person, true)],
            ),
            Purpose::Mail { rule, stage } => {
                preset.push((1, help.mail.first().cloned().unwrap_or_default()));
                (
                    format!("Mail the worksheet: {rule} {stage}"),
                    vec![
                        field("to", "addresses; what would leave is shown before", Line, true),
                        field("over", "", words(&help.mail.iter().map(String::as_str).collect::<Vec<_>>()), true),
                    ],
                )
            }
            Purpose::Amend { words, .. } => {
                preset.push((0, words.clone()));
                ("Other words; the old ones stay in the record".to_owned(), vec![field("text", "", Line, true)])
            }
            Purpose::Settle { .. } => (
                "Did it go out?".to_owned(),
                vec![
                    field("went", "what the other side shows", words(&["yes", "no"]), true),
                    field("how", "where you looked", Line, true),
                ],
            ),
            Purpose::EditText { audience, channel } => {
                (format!("Text for {audience}, {channel}"), vec![field("text", "ctrl-s keeps it", Lines, true)])
            }
            Purpose::SkipStep { step, .. } => {
                (format!("Without the approval of {step}"), vec![field("why", "it stands in the record", Line, true)])
            }
            Purpose::Clear { fact } => {
                preset.push((0, fact.clone()));
                (
                    "Stand for a fact".to_owned(),
                    vec![
                        field("name", "", words(&help.facts), true),
                        field("as", "security, legal; empty: whoever is wanted next", Line, false),
                        field("basis", "how you know", Line, false),
                    ],
                )
            }
            Purpose::Service { audience } => {
                preset.push((0, audience.clone()));
                (
                    "How they fare, by your word".to_owned(),
                    vec![
                        field("audience", "", words(&help.audiences), true),
                        field("service", "", words(&["harmed", "back"]), true),
                        field("how known", "calls to care; a test of our own", Line, true),
                        field("since", "03:08 or -5m; empty: now", Past, false),
                    ],
                )
            }
            Purpose::Check { outcome, .. } => (
                format!("Did it work? {outcome}"),
                vec![
                    field("worked", "", words(&["yes", "no", "not-yet"]), true),
                    field("seen", "what you see now", Line, true),
                ],
            ),
            Purpose::Offer { role } => {
                preset.push((2, help.brief.clone()));
                (
                    format!("Hand over: {}", role.title().to_lowercase()),
                    vec![
                        field("to", "a name; nothing passes before they accept", Person, true),
                        field("worries", "what worries you", Line, false),
                        field("brief", "made from the state: edit it", Lines, true),
                    ],
                )
            }
            Purpose::RefuseOffer { .. } => ("Not taken".to_owned(), vec![field("why", "", Line, true)]),
            Purpose::SubTeams { team } => {
                preset.extend(team.clone().map(|team| (0, team)));
                (
                    "Teams: who leads, who is in it".to_owned(),
                    vec![
                        field("team", "one of the plan, or core/east: a new one out of core", words(&help.teams), true),
                        field("people", "the lead first: ana ben (with commas: Ana Ray, Ben Ode)", Line, true),
                        field("2nd team", "another at the same time", words(&help.teams), false),
                        field("its people", "the lead first", Line, false),
                    ],
                )
            }
            Purpose::TimeOut => (
                "Time-out: stop, think, answer aloud".to_owned(),
                vec![
                    field("we know", "four answers, apart by ; or Tab", Line, false),
                    field("we assume", "", Line, false),
                    field("would change", "our mind", Line, false),
                    field("who is tired", "", Line, false),
                ],
            ),
            Purpose::Objectives => (
                "Objectives of this period".to_owned(),
                vec![
                    field("objectives", "what is to be reached", Line, true),
                    field("until", "+2h or 10:40; empty: open", Next, false),
                ],
            ),
            Purpose::End => {
                let ends: Vec<&str> = End::ALL.iter().map(|e| e.as_str()).collect();
                (
                    "One of the four ends".to_owned(),
                    vec![
                        field("end", "", words(&ends), true),
                        field("at", "10:40 or -5m; empty: now", Past, false),
                        field("basis", "how we know", Line, true),
                    ],
                )
            }
            Purpose::Contact { of } => {
                preset.push((0, of.clone()));
                (
                    "How somebody is reached".to_owned(),
                    vec![
                        field("of", "a person, a team, an agency's rule, or incident", Person, true),
                        field("way", "landline, radio, other carrier, desk; bridge, chat, ticket", Line, true),
                        field("address", "empty: not any more", Line, false),
                        field("needs", "components without which it does not work", Line, false),
                    ],
                )
            }
        };
        let mut form = Form { purpose, title: Safe::new(&title), fields, at: 0, error: None, preset: Vec::new() };
        for (index, text) in preset {
            if let Some(field) = form.fields.get_mut(index) {
                field.set(&text);
            }
        }
        // Begin at the first field that is still empty.
        form.at = form.fields.iter().position(|f| f.value().is_empty()).unwrap_or(0);
        form.preset = form.texts();
        form
    }
}
