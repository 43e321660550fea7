//! A form: a few fields that become one command. Typed text is never lost: a refused or cancelled form keeps it.

mod command;
mod fields;
mod purpose;

use ratatui_textarea::{CursorMove, Input, TextArea};

use super::key::{Code, Key};
use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::incident::words::SHORT_ROLES;
use crate::text::{Safe, instant};
pub use command::{fact_value, note_time};
use command::{said_by, span};
pub use purpose::Purpose;

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
    /// The field of many lines is wanted in the person's own editor.
    Editor,
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
    pub agencies: Vec<&'a str>,
    pub clocks: Vec<&'a str>,
    /// The backends that carry mail.
    pub mail: Vec<String>,
    pub teams: Vec<&'a str>,
    pub minutes: u32,
    /// The time-out whose answers are wanted.
    pub timeout: Option<EntryId>,
    /// The brief of a handover, as it stands now.
    pub brief: String,
}

impl Form {
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
            Key { code: Code::Char('g'), ctrl: true, .. } if many => return Answer::Editor,
            Key { code: Code::Enter, .. } if !many => return self.enter(),
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
                    // What was proposed gives way to the first digit or letter.
                    let proposed = self.preset.get(self.at).is_some_and(|p| !p.is_empty() && *p == field.value());
                    let begins = |c: char| match field.kind {
                        Kind::Minutes => c.is_ascii_digit(),
                        Kind::Choice(_) => c.is_alphanumeric(),
                        _ => false,
                    };
                    if proposed && key.typed().is_some_and(begins) {
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

    /// Enter: to what is still needed or asked for, else off it goes.
    fn enter(&mut self) -> Answer {
        self.complete_choice();
        if let Some(why) = self.half_a_choice() {
            self.error = Some(Safe::new(&why));
            return Answer::Typing;
        }
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
                Answer::Typing
            }
            None => Answer::Submit,
        }
    }

    /// A beginning that fits several choices is none of them.
    fn half_a_choice(&self) -> Option<String> {
        let field = self.fields.get(self.at)?;
        let Kind::Choice(words) = &field.kind else { return None };
        let typed = field.value().trim().to_lowercase();
        let fits: Vec<&str> =
            words.iter().map(String::as_str).filter(|w| w.to_lowercase().starts_with(&typed)).collect();
        let whole = words.iter().any(|w| w.to_lowercase() == typed);
        (!typed.is_empty() && !whole && fits.len() > 1).then(|| format!("{}: {}?", field.label, fits.join(" or ")))
    }

    /// Whether Enter would send the form off, or go on to another field.
    pub fn enter_sends(&self) -> bool {
        let empty = |f: &Field| f.value().trim().is_empty();
        let fields = || self.fields.iter().enumerate();
        let needed = fields().any(|(i, f)| i != self.at && f.required && empty(f));
        let asked = fields().any(|(i, f)| i > self.at && f.asked && empty(f));
        !needed && !asked
    }

    /// Other words in the place of the field's, controls gone.
    pub fn replace(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.at) {
            field.set("");
        }
        self.paste(text);
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
                    SHORT_ROLES.iter().find(|(short, role)| *short == typed && words.iter().any(|w| w == role.as_str()))
                {
                    field.set(role.as_str());
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
            Kind::Line if self.purpose == Purpose::Fact && field.label == "basis" => {
                return said_by(&text, help).map(|(person, _)| crate::safe!("= confirmed by {person}"));
            }
            _ => None,
        }?;
        Some(match at {
            Ok(at) => crate::safe!("= {}", instant::echo(at, help.zone)),
            Err(why) => Safe::new(&why),
        })
    }
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
    use crate::incident::command::Command;

    fn help() -> Help<'static> {
        Help {
            now: "2024-02-22T09:10:00Z".parse().unwrap(),
            zone: chrono_tz::Tz::America__Chicago,
            people: vec!["ana", "ben"],
            audiences: vec!["firstnet", "care"],
            channels: vec!["app", "social"],
            facts: vec!["users_affected"],
            agencies: vec!["CISA", "FCC"],
            clocks: vec!["discovery"],
            mail: vec!["mail".to_owned()],
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
        for million in ["125M", "125 million", "125,000,000", "125m"] {
            assert_eq!(fact_value(million), serde_json::json!(125_000_000), "{million}");
        }
        assert_eq!(fact_value("1.5k"), serde_json::json!(1500));
        assert_eq!(fact_value("about 12"), serde_json::json!("about 12"));
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
