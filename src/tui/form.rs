//! A form: a few fields that become one command. Typed text is never lost: a refused or cancelled form keeps it.

use ratatui_textarea::{CursorMove, Input, TextArea};

use super::key::{Code, Key};
use crate::incident::Instant;
use crate::incident::command::{Command, Decision, TeamWish};
use crate::incident::entry::EntryId;
use crate::incident::words::{End, Phase, Role, Severity};
use crate::text::{Safe, instant};

/// What a form is for. Carries the ids of what the person saw.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Purpose {
    Note,
    Task,
    Assign {
        task: EntryId,
        title: String,
    },
    Extend {
        task: EntryId,
        title: String,
    },
    Block {
        task: EntryId,
        title: String,
    },
    CancelTask {
        task: EntryId,
        title: String,
    },
    Decide {
        answers: Option<EntryId>,
    },
    Ask,
    Role {
        role: Option<Role>,
    },
    Phase,
    Severity,
    Fact,
    Clock,
    Promise,
    Elsewhere {
        audience: String,
        channel: String,
    },
    File {
        rule: String,
        stage: String,
    },
    Confirm {
        rule: String,
        stage: String,
        by: String,
    },
    Waive {
        rule: String,
        stage: String,
    },
    Withdraw {
        rule: String,
        stage: String,
    },
    Settle {
        message: EntryId,
    },
    /// Other words for a note; those that stand.
    Amend {
        entry: EntryId,
        words: String,
    },
    /// New words for a message in the review, by its place there.
    EditText {
        audience: String,
        channel: String,
    },
    /// Whether a decision worked; its outcome as it stands.
    Check {
        decision: EntryId,
        outcome: String,
    },
    /// Hands a role over.
    Offer {
        role: Role,
    },
    RefuseOffer {
        offer: EntryId,
    },
    SubTeams {
        team: Option<String>,
    },
    /// The four answers of the time-out that runs, or of the last one.
    TimeOut,
    Objectives,
    End,
    Contact {
        of: String,
    },
}

impl Purpose {
    /// What its kept text is known by.
    pub fn key(&self) -> String {
        match self {
            Purpose::Note => "note".into(),
            Purpose::Task => "task".into(),
            Purpose::Assign { task, .. } => format!("assign {task}"),
            Purpose::Extend { task, .. } => format!("extend {task}"),
            Purpose::Block { task, .. } => format!("block {task}"),
            Purpose::CancelTask { task, .. } => format!("cancel {task}"),
            Purpose::Decide { answers } => format!("decide {}", answers.map(|a| a.to_string()).unwrap_or_default()),
            Purpose::Ask => "ask".into(),
            Purpose::Role { role } => format!("role {}", role.map(|r| r.as_str()).unwrap_or_default()),
            Purpose::Phase => "phase".into(),
            Purpose::Severity => "severity".into(),
            Purpose::Fact => "fact".into(),
            Purpose::Clock => "clock".into(),
            Purpose::Promise => "promise".into(),
            Purpose::Elsewhere { audience, .. } => format!("elsewhere {audience}"),
            Purpose::File { rule, stage } => format!("file {rule} {stage}"),
            Purpose::Confirm { rule, stage, .. } => format!("confirm {rule} {stage}"),
            Purpose::Waive { rule, stage } => format!("waive {rule} {stage}"),
            Purpose::Withdraw { rule, stage } => format!("withdraw {rule} {stage}"),
            Purpose::Settle { message } => format!("settle {message}"),
            Purpose::Amend { entry, .. } => format!("amend {entry}"),
            Purpose::EditText { audience, channel } => format!("text {audience} {channel}"),
            Purpose::Check { decision, .. } => format!("check {decision}"),
            Purpose::Offer { role } => format!("offer {role}"),
            Purpose::RefuseOffer { offer } => format!("refuse {offer}"),
            Purpose::SubTeams { team } => format!("sub-teams {}", team.as_deref().unwrap_or_default()),
            Purpose::TimeOut => "time-out".into(),
            Purpose::Objectives => "objectives".into(),
            Purpose::End => "end".into(),
            Purpose::Contact { of } => format!("contact {of}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Line,
    Lines,
    Minutes,
    /// A time in the past, or empty for now.
    Past,
    /// A time to come, or empty.
    Next,
    Person,
    /// One of these words; a beginning is enough.
    Choice(Vec<String>),
}

#[derive(Clone, Debug)]
pub struct Field {
    pub label: &'static str,
    pub hint: &'static str,
    pub kind: Kind,
    pub required: bool,
    /// Not needed, and asked for all the same: Enter stops at it once.
    pub asked: bool,
    pub text: TextArea<'static>,
}

impl Field {
    pub fn value(&self) -> String {
        self.text.lines().join("\n")
    }

    pub fn set(&mut self, text: &str) {
        self.text = TextArea::from(text.split('\n').map(str::to_owned));
        self.text.move_cursor(CursorMove::Bottom);
        self.text.move_cursor(CursorMove::End);
    }
}

#[derive(Clone, Debug)]
pub struct Form {
    pub purpose: Purpose,
    pub title: Safe,
    pub fields: Vec<Field>,
    pub at: usize,
    pub error: Option<Safe>,
    /// What stood in the fields before anybody typed.
    preset: Vec<String>,
}

/// What a key did to a form.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Typing,
    Submit,
    Cancel,
}

/// What the forms need to know of the room.
pub struct Help<'a> {
    pub now: Instant,
    pub zone: chrono_tz::Tz,
    pub people: Vec<&'a str>,
    pub audiences: Vec<&'a str>,
    pub channels: Vec<&'a str>,
    pub facts: Vec<&'a str>,
    pub clocks: Vec<&'a str>,
    pub teams: Vec<&'a str>,
    pub minutes: u32,
    /// The time-out whose answers are wanted.
    pub timeout: Option<EntryId>,
    /// The brief of a handover, as it stands now.
    pub brief: String,
}

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
            Purpose::Note => {
                ("Note".to_owned(), vec![field("text", "-12m or 02:45 first, for when it happened", Line, true)])
            }
            Purpose::Task => {
                preset.push((2, minutes));
                (
                    "New task".to_owned(),
                    vec![
                        field("task", "one thing for one person", Line, true),
                        field("owner", "a name; empty: nobody yet", Person, false),
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
                    vec![field("minutes", "from now", Minutes, true), field("why", "", Line, true)],
                )
            }
            Purpose::Block { title, .. } => {
                (format!("Blocked: {title}"), vec![field("on", "what or whom it waits for", Line, true)])
            }
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
                    field("basis", "how we know", Line, false),
                    field("confirmed by", "a name; empty: unconfirmed", Person, false),
                ],
            ),
            Purpose::Clock => (
                "Clock of a deadline".to_owned(),
                vec![
                    field("clock", "", words(&help.clocks), true),
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
                        field("proof", "a link or number; empty: it reads claimed", Line, false),
                        field("next word by", "+20m or 10:40, if they said so", Next, false),
                    ],
                )
            }
            Purpose::File { rule, stage } => (
                format!("Filed: {rule} {stage}"),
                vec![
                    field("reference", "the portal's number", Line, false),
                    field("person", "whom you spoke to", Line, false),
                    field("at", "03:40 or -5m; empty: now", Past, false),
                ],
            ),
            Purpose::Confirm { rule, stage, by } => {
                preset.push((0, String::new()));
                (format!("Confirmed: {rule} {stage} ({by})"), vec![field("how", "what confirms it", Line, true)])
            }
            Purpose::Waive { rule, stage } => {
                (format!("Not filed: {rule} {stage}"), vec![field("why", "", Line, true)])
            }
            Purpose::Withdraw { rule, stage } => {
                (format!("Withdrawn: {rule} {stage}"), vec![field("why", "said to the agency too", Line, true)])
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

    /// What stands in the fields now was not typed.
    pub fn begin_here(&mut self) {
        self.preset = self.texts();
    }

    /// Puts kept text back into the fields.
    pub fn restore(&mut self, kept: &[String]) {
        // A brief is made anew from the state: an old one would be read for the present.
        let offer = matches!(self.purpose, Purpose::Offer { .. });
        for (field, text) in self.fields.iter_mut().zip(kept) {
            let made_anew = offer && field.kind == Kind::Lines;
            if !text.is_empty() && !made_anew {
                field.set(text);
            }
        }
    }

    pub fn texts(&self) -> Vec<String> {
        self.fields.iter().map(Field::value).collect()
    }

    /// Whether nobody typed anything that stands.
    pub fn is_empty(&self) -> bool {
        let typed = |(field, before): (&Field, &String)| {
            let text = field.value();
            !text.trim().is_empty() && text != *before
        };
        !self.fields.iter().zip(&self.preset).any(typed)
    }

    pub fn key(&mut self, key: Key, help: &Help<'_>) -> Answer {
        let last = self.fields.len().saturating_sub(1);
        let many = self.fields.get(self.at).is_some_and(|f| f.kind == Kind::Lines);
        match key {
            Key { code: Code::Esc, .. } => return Answer::Cancel,
            Key { code: Code::Char('c'), ctrl: true, .. } => return Answer::Cancel,
            Key { code: Code::Char('s'), ctrl: true, .. } => return Answer::Submit,
            Key { code: Code::Enter, .. } if !many => {
                self.complete_choice();
                // Enter sends the form off; a needed field that is empty is gone to instead.
                match self.fields.iter().position(|f| f.required && f.value().trim().is_empty()) {
                    Some(empty) if empty == self.at => {
                        self.error = Some(crate::safe!("{} is needed", self.fields[empty].label));
                        return Answer::Typing;
                    }
                    Some(empty) => {
                        self.at = empty;
                        return Answer::Typing;
                    }
                    None => {}
                }
                let ask = |(i, f): &(usize, &Field)| *i > self.at && f.asked && f.value().trim().is_empty();
                match self.fields.iter().enumerate().find(ask) {
                    Some((next, _)) => {
                        self.at = next;
                        return Answer::Typing;
                    }
                    None => return Answer::Submit,
                }
            }
            Key { code: Code::Tab, .. } => {
                if let Some(completion) = self.completion(help)
                    && let Some(field) = self.fields.get_mut(self.at)
                {
                    field.set(&completion);
                }
                self.at = if self.at == last { 0 } else { self.at + 1 };
                return Answer::Typing;
            }
            Key { code: Code::BackTab, .. } => {
                self.at = if self.at == 0 { last } else { self.at - 1 };
                return Answer::Typing;
            }
            Key { code: Code::Down, .. } if !many => {
                self.at = (self.at + 1).min(last);
                return Answer::Typing;
            }
            Key { code: Code::Up, .. } if !many => {
                self.at = self.at.saturating_sub(1);
                return Answer::Typing;
            }
            // No choice, number or `+6m` holds a blank: after one the next field begins.
            Key { code: Code::Char(' '), ctrl: false, alt: false } if self.at < last && self.ends_at_blank() => {
                self.complete_choice();
                self.at += 1;
                return Answer::Typing;
            }
            _ => {}
        }
        self.error = None;
        if let Some(field) = self.fields.get_mut(self.at) {
            match key {
                Key { code: Code::Char('u'), ctrl: true, .. } => {
                    field.text.delete_line_by_head();
                }
                Key { code: Code::Char('a'), ctrl: true, .. } => field.text.move_cursor(CursorMove::Head),
                Key { code: Code::Char('x'), ctrl: true, .. } => self.clear(),
                key => {
                    // What was proposed gives way to the first digit.
                    let proposed = self.preset.get(self.at).is_some_and(|p| !p.is_empty() && *p == field.value());
                    if field.kind == Kind::Minutes && proposed && key.typed().is_some_and(|c| c.is_ascii_digit()) {
                        field.set("");
                    }
                    if let Some(input) = input(key) {
                        field.text.input(input);
                    }
                }
            }
        }
        Answer::Typing
    }

    /// As it was before anybody typed.
    fn clear(&mut self) {
        for (field, before) in self.fields.iter_mut().zip(&self.preset) {
            field.set(before);
        }
    }

    /// Whether a blank cannot belong to what stands in the field.
    fn ends_at_blank(&self) -> bool {
        self.fields.get(self.at).is_some_and(|field| {
            let value = field.value();
            match field.kind {
                Kind::Choice(_) | Kind::Minutes => !value.is_empty(),
                Kind::Next => value.starts_with('+'),
                Kind::Line | Kind::Lines | Kind::Past | Kind::Person => false,
            }
        })
    }

    /// Pastes into the field: all of it, controls gone, line feeds kept only where the field has lines. Submits nothing.
    pub fn paste(&mut self, text: &str) {
        let Some(field) = self.fields.get_mut(self.at) else { return };
        let many = field.kind == Kind::Lines;
        let clean: String = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .chars()
            .filter_map(|c| match c {
                '\n' if many => Some('\n'),
                '\n' | '\t' => Some(' '),
                c if c.is_control() => None,
                c => Some(c),
            })
            .collect();
        field.text.insert_str(clean);
    }

    /// What Tab would complete the field to.
    pub fn completion(&self, help: &Help<'_>) -> Option<String> {
        let field = self.fields.get(self.at)?;
        let typed = field.value().trim().to_lowercase();
        if typed.is_empty() {
            return None;
        }
        let fits = |word: &str| word.to_lowercase().starts_with(&typed) && word.to_lowercase() != typed;
        match &field.kind {
            Kind::Person => help.people.iter().find(|p| fits(p)).map(|p| (*p).to_owned()),
            Kind::Choice(words) => words.iter().find(|w| fits(w)).cloned(),
            Kind::Line | Kind::Lines | Kind::Minutes | Kind::Past | Kind::Next => None,
        }
    }

    fn complete_choice(&mut self) {
        for field in &mut self.fields {
            if let Kind::Choice(words) = &field.kind {
                let typed = field.value().trim().to_lowercase();
                if let Some((_, role)) =
                    SHORT_ROLES.iter().find(|(short, role)| *short == typed && words.iter().any(|w| w == role))
                {
                    field.set(role);
                    continue;
                }
                let mut fits = words.iter().filter(|w| w.to_lowercase().starts_with(&typed));
                if let (false, Some(one), None) = (typed.is_empty(), fits.next().cloned(), fits.next()) {
                    field.set(&one);
                }
            }
        }
    }

    /// What a time field would mean, for the person to check: both zones named.
    pub fn echo(&self, help: &Help<'_>) -> Option<Safe> {
        let field = self.fields.get(self.at)?;
        let text = field.value();
        let at = match &field.kind {
            Kind::Past if !text.trim().is_empty() => Some(instant::parse_past(&text, help.now, help.zone)),
            Kind::Next if !text.trim().is_empty() => Some(instant::parse_next(&span(&text), help.now, help.zone)),
            Kind::Line if self.purpose == Purpose::Note => note_time(&text, help).map(|(at, _)| at),
            _ => None,
        }?;
        Some(match at {
            Ok(at) => crate::safe!("= {}", instant::echo(at, help.zone)),
            Err(why) => Safe::new(&why),
        })
    }

    /// The command that the form stands for, or what is wrong with it.
    pub fn command(&self, help: &Help<'_>) -> Result<Command, String> {
        let texts = self.texts();
        let text = |i: usize| texts.get(i).map(|t| t.trim().to_owned()).unwrap_or_default();
        let some = |i: usize| Some(text(i)).filter(|t| !t.is_empty());
        let minutes = |i: usize| -> Result<u32, String> {
            text(i).trim_end_matches('m').parse().map_err(|_| "minutes: a whole number".to_owned())
        };
        let named = |i: usize, why: String| format!("{}: {why}", self.fields.get(i).map_or("", |f| f.label));
        let past = |i: usize| {
            some(i).map(|t| instant::parse_past(&t, help.now, help.zone)).transpose().map_err(|why| named(i, why))
        };
        let next = |i: usize| {
            some(i)
                .map(|t| instant::parse_next(&span(&t), help.now, help.zone))
                .transpose()
                .map_err(|why| named(i, why))
        };
        for field in &self.fields {
            if let Kind::Choice(words) = &field.kind
                && !field.value().trim().is_empty()
                && !words.iter().any(|w| *w == field.value().trim())
                && !matches!(self.purpose, Purpose::Fact | Purpose::Clock | Purpose::SubTeams { .. })
            {
                return Err(format!("{}: one of {}", field.label, words.join(", ")));
            }
        }
        Ok(match &self.purpose {
            Purpose::Note => {
                let raw = text(0);
                let (at, text) = match note_time(&raw, help) {
                    Some((at, rest)) => (Some(at?), rest.to_owned()),
                    None => (None, raw),
                };
                Command::Note { text, at, follow_up: false }
            }
            Purpose::Task => Command::AddTask { title: text(0), team: None, owner: some(1), minutes: minutes(2)? },
            Purpose::Assign { task, .. } => Command::Assign { task: *task, owner: text(0), minutes: minutes(1)? },
            Purpose::Extend { task, .. } => Command::ExtendTask { task: *task, minutes: minutes(0)?, why: text(1) },
            Purpose::Block { task, .. } => Command::BlockTask { task: *task, on: text(0) },
            Purpose::CancelTask { task, .. } => Command::CancelTask { task: *task, why: text(0) },
            Purpose::Decide { answers } => Command::Decide(Decision {
                answers: *answers,
                proposal: text(0),
                outcome: text(1),
                acts: some(2),
                check_at: next(3)?,
                objections: some(4),
                refused: some(5).into_iter().collect(),
                reversal: some(6),
            }),
            Purpose::Ask => Command::Ask { proposal: text(0), by: text(1), risk: text(2) },
            Purpose::Role { .. } => Command::SetRole { role: text(0).parse()?, holder: some(1) },
            Purpose::Offer { role } => {
                let (worries, brief) = (text(1), text(2));
                let brief = if worries.is_empty() { brief } else { format!("{brief}\nWORRIES     {worries}") };
                Command::Offer { role: *role, to: text(0), brief }
            }
            Purpose::RefuseOffer { offer } => Command::RefuseOffer { offer: *offer, why: text(0) },
            Purpose::SubTeams { .. } => {
                let mut wishes = vec![team_wish(&text(0), &text(1))];
                if let Some(second) = some(2) {
                    wishes.push(team_wish(&second, &text(3)));
                }
                Command::SetTeams(wishes)
            }
            Purpose::TimeOut => {
                let timeout = help.timeout.ok_or("no time-out is on disk yet: O starts one")?;
                // Typed in one go they are apart by semicolons.
                let first = text(0);
                let one = (1..4).all(|i| text(i).is_empty());
                let mut parts = first.splitn(4, ';').map(|part| part.trim().to_owned());
                let mut fields = (0..4).map(text);
                let mut answer = || if one { parts.next() } else { fields.next() }.unwrap_or_default();
                let (known, assumed, change_mind, tired) = (answer(), answer(), answer(), answer());
                Command::EndTimeOut { timeout, known, assumed, change_mind, tired }
            }
            Purpose::Objectives => Command::SetObjectives { text: text(0), until: next(1)? },
            Purpose::End => Command::ReachEnd { end: text(0).parse()?, at: past(1)?, basis: text(2) },
            Purpose::Contact { .. } => Command::SetContact {
                of: text(0),
                way: text(1),
                address: some(2),
                needs: text(3).split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect(),
            },
            Purpose::Phase => Command::SetPhase { phase: text(0).parse()?, why: text(1), by_name: some(2) },
            Purpose::Severity => Command::SetSeverity { severity: text(0).parse()?, why: text(1) },
            Purpose::Fact => {
                Command::SetFact { name: text(0), value: fact_value(&text(1)), basis: text(2), confirmed_by: some(3) }
            }
            Purpose::Clock => {
                let at = past(1)?.ok_or("at: a time")?;
                Command::SetClock { clock: text(0), at, why: text(2), assumed: false }
            }
            Purpose::Promise => {
                let due = next(2)?.ok_or("by: a time")?;
                Command::Promise { text: text(0), to: text(1), due }
            }
            Purpose::Elsewhere { .. } => Command::RecordElsewhere {
                audience: text(0),
                channel: text(1),
                by: text(2),
                at: past(3)?,
                proof: some(4),
                text: String::new(),
                next_update: next(5)?,
            },
            Purpose::File { rule, stage } => Command::File {
                rule: rule.clone(),
                stage: stage.clone(),
                reference: text(0),
                person: text(1),
                at: past(2)?,
            },
            Purpose::Confirm { rule, stage, .. } => {
                Command::ConfirmStage { rule: rule.clone(), stage: stage.clone(), how: text(0) }
            }
            Purpose::Waive { rule, stage } => {
                Command::WaiveStage { rule: rule.clone(), stage: stage.clone(), why: text(0) }
            }
            Purpose::Withdraw { rule, stage } => {
                Command::WithdrawStage { rule: rule.clone(), stage: stage.clone(), why: text(0) }
            }
            Purpose::Amend { entry, .. } => Command::Amend { entry: *entry, text: text(0) },
            Purpose::Settle { message } => {
                Command::SettleMessage { message: *message, went: text(0) == "yes", how: text(1) }
            }
            Purpose::Check { decision, .. } => {
                let worked = match text(0).as_str() {
                    "yes" => Some(true),
                    "no" => Some(false),
                    _ => None,
                };
                Command::CheckDecision { decision: *decision, worked, seen: text(1) }
            }
            Purpose::EditText { .. } => return Err("the review keeps this text".into()),
        })
    }
}

/// `6` and `6m` for a time to come are spans from now.
fn span(text: &str) -> String {
    let text = text.trim();
    let number = text.trim_end_matches(['m', 'h']);
    let is_span = !number.is_empty() && number.len() <= 4 && number.chars().all(|c| c.is_ascii_digit());
    match is_span {
        true if number == text => format!("+{text}m"),
        true => format!("+{text}"),
        false => text.to_owned(),
    }
}

/// What people call some of the roles.
const SHORT_ROLES: &[(&str, &str)] = &[("ic", "commander"), ("comms", "communications"), ("ops", "operations")];

/// `core/east` and `ana ben`: the team east out of core, led by ana, with ben.
fn team_wish(team: &str, people: &str) -> TeamWish {
    let between = if people.contains(',') { ',' } else { ' ' };
    let mut people = people.split(between).map(|p| p.trim().to_owned()).filter(|p| !p.is_empty());
    let (parent, team) = match team.split_once('/') {
        Some((parent, team)) => (Some(parent.trim().to_owned()), team.trim().to_owned()),
        None => (None, team.trim().to_owned()),
    };
    TeamWish { team, parent, lead: people.next(), members: people.collect() }
}

/// A fact as typed: a number, true, false, a text; empty is "not known".
pub fn fact_value(text: &str) -> serde_json::Value {
    let text = text.trim();
    match text {
        "" | "unknown" | "?" => serde_json::Value::Null,
        "true" | "yes" => true.into(),
        "false" | "no" => false.into(),
        _ => match text.replace([',', '_'], "").parse::<i64>() {
            Ok(n) => n.into(),
            Err(_) => match text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
                Some(n) => serde_json::Value::Number(n),
                None => text.into(),
            },
        },
    }
}

/// A time at the beginning of a note, and the rest of it.
pub fn note_time<'t>(text: &'t str, help: &Help<'_>) -> Option<(Result<Instant, String>, &'t str)> {
    let (first, rest) = text.trim_start().split_once(' ')?;
    let looks = (first.starts_with('-') && first.len() > 1 && first[1..].starts_with(|c: char| c.is_ascii_digit()))
        || (first.len() >= 4
            && first.contains(':')
            && first.chars().all(|c| c.is_ascii_digit() || c == ':' || c == 'Z'));
    looks.then(|| (instant::parse_past(first, help.now, help.zone), rest.trim_start()))
}

/// A key as the text editor takes it.
fn input(key: Key) -> Option<Input> {
    use ratatui_textarea::Key as To;
    let to = match key.code {
        Code::Char(c) => To::Char(c),
        Code::Enter => To::Enter,
        Code::Backspace => To::Backspace,
        Code::Delete => To::Delete,
        Code::Left => To::Left,
        Code::Right => To::Right,
        Code::Up => To::Up,
        Code::Down => To::Down,
        Code::Home => To::Home,
        Code::End => To::End,
        Code::PageUp => To::PageUp,
        Code::PageDown => To::PageDown,
        Code::Esc | Code::Tab | Code::BackTab | Code::Insert | Code::F(_) => return None,
    };
    Some(Input { key: to, ctrl: key.ctrl, alt: key.alt, shift: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help() -> Help<'static> {
        Help {
            now: "2024-02-22T09:10:00Z".parse().unwrap(),
            zone: chrono_tz::Tz::America__Chicago,
            people: vec!["ana", "ben"],
            audiences: vec!["firstnet", "care"],
            channels: vec!["app", "social"],
            facts: vec!["users_affected"],
            clocks: vec!["discovery"],
            teams: vec!["core", "radio"],
            timeout: None,
            brief: String::new(),
            minutes: 5,
        }
    }

    fn typed(form: &mut Form, text: &str) {
        for c in text.chars() {
            form.key(Key::char(c), &help());
        }
    }

    #[test]
    fn a_note_takes_its_time_from_its_first_word_and_says_the_zone() {
        let mut form = Form::new(Purpose::Note, &help());
        typed(&mut form, "-28m change MOP-17 went in");
        assert_eq!(form.echo(&help()).unwrap().as_str(), "= 2024-02-22 02:42 CST = 08:42Z");
        assert_eq!(form.key(Key::plain(Code::Enter), &help()), Answer::Submit);
        let at = Some("2024-02-22T08:42:00Z".parse().unwrap());
        let note = Command::Note { text: "change MOP-17 went in".into(), at, follow_up: false };
        assert_eq!(form.command(&help()), Ok(note));
    }

    #[test]
    fn a_fact_is_read_as_what_it_looks_like() {
        assert_eq!(fact_value("1,200"), serde_json::json!(1200));
        assert_eq!(fact_value(""), serde_json::Value::Null);
        assert_eq!(fact_value("yes"), serde_json::json!(true));
        assert_eq!(fact_value("all of the US"), serde_json::json!("all of the US"));
    }

    #[test]
    fn every_printable_key_is_text_in_a_field() {
        let mut form = Form::new(Purpose::Note, &help());
        let all: String = (' '..='~').collect();
        typed(&mut form, &all);
        assert_eq!(form.fields[0].value(), all);
    }

    #[test]
    fn a_paste_submits_nothing_and_brings_no_controls() {
        let mut form = Form::new(Purpose::Note, &help());
        form.paste("one\r\ntwo\u{1b}[201~\u{9b}q");
        assert_eq!(form.fields[0].value(), "one two[201~q");
    }

    #[test]
    fn an_assignment_needs_four_keys_besides_the_text() {
        let task = EntryId::derived(&["t"]);
        let mut form = Form::new(Purpose::Assign { task, title: "check".into() }, &help());
        typed(&mut form, "an");
        form.key(Key::plain(Code::Tab), &help());
        assert_eq!(form.fields[0].value(), "ana", "Tab completes a person");
        assert_eq!(form.key(Key::plain(Code::Enter), &help()), Answer::Submit);
        assert_eq!(form.command(&help()), Ok(Command::Assign { task, owner: "ana".into(), minutes: 5 }));
    }
}
