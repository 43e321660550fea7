//! On a shared account: who are you? Asked in the lobby, once for a terminal session. Never guesses by itself.

use tokio::sync::mpsc;

use super::screen::Screen;
use super::{Ended, Heard, Signals};
use crate::incident::person::is_shared;
use crate::safe;
use crate::text::{Safe, width};
use crate::tui::ink::{Ink, piece};
use crate::tui::key::{Code, Key};
use crate::tui::model::Model;
use crate::tui::terminal::Input;
use crate::tui::theme::Meaning;

/// What is known before the question.
#[derive(Clone, Debug, PartialEq)]
pub struct Naming {
    /// The shared account.
    pub account: String,
    /// Who it may be, the likeliest first.
    pub candidates: Vec<String>,
    /// The terminal session for which the answer is remembered.
    pub session: Option<String>,
}

/// Nobody has a longer name, and it stands in every row.
const LONGEST: usize = 60;

struct Question {
    account: String,
    offered: Vec<String>,
    typed: String,
    error: Option<Safe>,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Nothing,
    Name(String),
    /// To look on as the shared account.
    Stay,
    Leave,
}

impl Question {
    fn new(naming: &Naming, people: impl IntoIterator<Item = String>) -> Question {
        let mut offered: Vec<String> = Vec::new();
        for name in naming.candidates.iter().cloned().chain(people) {
            if !is_shared(&name) && !offered.contains(&name) {
                offered.push(name);
            }
        }
        // One key each.
        offered.truncate(9);
        Question { account: naming.account.clone(), offered, typed: String::new(), error: None }
    }

    fn key(&mut self, key: Key) -> Answer {
        if key == Key::ctrl('c') {
            return Answer::Leave;
        }
        self.error = None;
        match key.code {
            Code::Esc => return Answer::Stay,
            Code::Enter => return self.enter(),
            Code::Backspace => {
                self.typed.pop();
            }
            Code::Char(c @ '1'..='9') if self.typed.is_empty() => {
                let index = c.to_digit(10).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
                if let Some(name) = index.checked_sub(1).and_then(|at| self.offered.get(at)) {
                    return Answer::Name(name.clone());
                }
            }
            _ => {
                if let Some(c) = key.typed() {
                    self.typed(&c.to_string());
                }
            }
        }
        Answer::Nothing
    }

    fn typed(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.typed.chars().count());
        self.typed.extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    fn enter(&mut self) -> Answer {
        let name = self.typed.trim();
        if name.is_empty() {
            self.error = Some("type your name first".into());
        } else if is_shared(name) {
            self.error = Some(safe!("{name} is a shared account too: it approves nothing"));
        } else {
            return Answer::Name(name.to_owned());
        }
        Answer::Nothing
    }

    fn show(&self, screen: &mut Screen, model: &Model) {
        let mut buffer = screen.buffer(model);
        let look = screen.look();
        let mut ink = Ink::new(&mut buffer, look.theme, look.ascii);
        let area = ink.area();
        ink.row(area, 1, 0, &[piece(safe!("{} is a shared account. Who are you?", self.account), Meaning::Header)]);
        if area.height >= 16 {
            let why = "Your name stands in the record. A shared account approves, releases and confirms nothing.";
            ink.row(area, 1, 1, &[piece(why, Meaning::Dim)]);
        }
        let top = if area.height >= 16 { 3 } else { 1 };
        // The field and the keys always stand below.
        let rows = usize::from(area.height.saturating_sub(top + 4)).min(self.offered.len());
        for (index, name) in self.offered.iter().take(rows).enumerate() {
            let row = [piece(safe!("{}  ", index + 1), Meaning::Key), piece(Safe::new(name), Meaning::Text)];
            ink.row(area, 2, top + index as u16, &row);
        }
        let y = top + rows as u16 + u16::from(area.height >= 16);
        let label = safe!("name: {}", self.typed);
        ink.row(area, 1, y, &[piece(label.clone(), Meaning::Text)]);
        let keys = match self.offered.len() {
            0 => "Enter takes the name you type".to_owned(),
            1 => "1 is you, or type a name and Enter".to_owned(),
            n => format!("1-{n} picks, or type a name and Enter"),
        };
        ink.row(area, 1, y + 1, &[piece(Safe::new(&keys), Meaning::Key)]);
        let stay = safe!("Esc stays {}, to look only", self.account);
        ink.row(area, 1, y + 2, &[piece(stay, Meaning::Dim)]);
        if let Some(error) = &self.error {
            ink.row(area, 1, y + 3, &[piece(error.clone(), Meaning::Late)]);
        }
        let x = u16::try_from(width::width(label.as_str())).unwrap_or(u16::MAX).saturating_add(1);
        let cursor = (x.min(area.width.saturating_sub(1)), y.min(area.height.saturating_sub(1)));
        screen.show(&buffer, Some(cursor));
    }
}

/// Asks until there is an answer. None: the person stays the shared account, to look.
pub async fn ask(
    naming: &Naming,
    people: impl IntoIterator<Item = String>,
    screen: &mut Screen,
    input: &mut mpsc::UnboundedReceiver<Input>,
    signals: &mut Signals,
    model: &mut Model,
) -> Result<Option<String>, Ended> {
    let mut question = Question::new(naming, people);
    loop {
        question.show(screen, model);
        tokio::select! {
            event = input.recv() => match event {
                Some(Input::Key(key)) => match question.key(key) {
                    Answer::Nothing => {}
                    Answer::Name(name) => return Ok(Some(name)),
                    Answer::Stay => return Ok(None),
                    Answer::Leave => return Err(Ended::Quit),
                },
                Some(Input::Paste(text)) => question.typed(&text),
                Some(Input::Answered) => screen.answered(),
                Some(Input::Closed) | None => return Err(Ended::TerminalLost),
            },
            heard = signals.next() => match heard {
                Heard::End(ended) => return Err(ended),
                Heard::Resized => model.resize(crate::tui::terminal::size()),
                Heard::Stop | Heard::Continued => screen.forget(),
            },
            alive = screen.ready() => if !alive {
                return Err(Ended::TerminalLost);
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_picks_and_typing_gives_another_name() {
        let naming =
            Naming { account: "root".into(), candidates: ["ubuntu", "zoe"].map(str::to_owned).to_vec(), session: None };
        let new = || Question::new(&naming, ["zoe", "ana", "ops"].map(str::to_owned));
        let mut question = new();
        assert_eq!(question.offered, ["zoe", "ana"]);
        assert_eq!(question.key(Key::char('2')), Answer::Name("ana".into()));
        assert_eq!(question.key(Key::char('3')), Answer::Nothing);
        let enter = Key::plain(Code::Enter);
        for c in "Ops".chars() {
            assert_eq!(question.key(Key::char(c)), Answer::Nothing);
        }
        assert_eq!(question.key(enter), Answer::Nothing, "a shared account is no answer");
        assert!(question.error.is_some());
        let mut question = new();
        for c in "kim 2".chars() {
            question.key(Key::char(c));
        }
        assert_eq!(question.key(enter), Answer::Name("kim 2".into()));
        assert_eq!(question.key(Key::plain(Code::Esc)), Answer::Stay);
    }
}
