//! Before the room: which incident? The one that is open, the one that is picked, or a new one that is declared here.

use std::time::Duration;

use chrono_tz::Tz;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use super::naming;
use super::screen::Screen;
use super::{Ended, Heard, Opening, Signals, others};
use crate::incident::decide::{Declare, declare};
use crate::incident::entry::{Author, IncidentId};
use crate::incident::fold::fold;
use crate::incident::plan::Plan;
use crate::incident::words::Severity;
use crate::journal::{Access, AppendError, Cursor, Journal, JournalError};
use crate::safe;
use crate::situation::need::Need;
use crate::text::Safe;
use crate::tui::incidents::{self, Rows};
use crate::tui::ink::{Ink, piece};
use crate::tui::key::{Code, Key};
use crate::tui::model::Model;
use crate::tui::terminal::Input;
use crate::tui::theme::Meaning;

/// What a declaration from here is made with.
#[derive(Clone)]
pub struct DeclareWith {
    pub timezone: Tz,
    pub organisation: Vec<String>,
    /// Name and text of the configured playbook.
    pub playbook: Option<(String, String)>,
    pub plan: Plan,
    pub rules: String,
}

/// The journal, open, the incident to open on it, and what was typed meanwhile: it is meant for the room, where nothing else
/// was shown to the person before it.
pub async fn choose(
    opening: &mut Opening,
    screen: &mut Screen,
    input: &mut mpsc::UnboundedReceiver<Input>,
    signals: &mut Signals,
    model: &mut Model,
) -> Result<(Journal, IncidentId, Vec<Input>), Ended> {
    let mut early = Vec::new();
    // Off the loop: a slow disk leaves the keys alive.
    let (path, access) = (opening.journal.clone(), opening.access);
    let (wanted, real) = (opening.incident, (opening.real)());
    let naming = opening.naming.take().filter(|_| access == Access::ReadWrite);
    let asks = naming.is_some();
    let opened = tokio::task::spawn_blocking(move || {
        let mut journal = Journal::open(&path, access)?;
        // With a named incident there is nothing to choose, and nothing to fold yet.
        let list = match wanted {
            Some(_) => Vec::new(),
            None => others::all(&mut journal, real)?,
        };
        let people = if asks { people(&mut journal, wanted)? } else { Vec::new() };
        Ok::<_, JournalError>((journal, list, people))
    });
    tokio::pin!(opened);
    let (mut journal, mut list, people) = loop {
        tokio::select! {
            done = &mut opened => match done {
                Ok(Ok(done)) => break done,
                Ok(Err(error)) => return Err(Ended::Failed(error.to_string())),
                Err(_) => return Err(Ended::Failed("the journal could not be opened".to_owned())),
            },
            event = input.recv() => {
                match event {
                    // The answer to the first frame may come while the journal is opened: it must be counted.
                    Some(Input::Answered) => screen.answered(),
                    Some(event) => match leaves(&event, early.is_empty()) {
                        Some(ended) => return Err(ended),
                        None => early.push(event),
                    },
                    None => return Err(Ended::TerminalLost),
                }
            },
            heard = signals.next() => match heard {
                Heard::End(ended) => return Err(ended),
                Heard::Resized => model.resize(crate::tui::terminal::size()),
                Heard::Stop | Heard::Continued => {}
            },
            _ = screen.ready() => {},
        }
    };
    if let Some(naming) = naming
        && let Some(name) = naming::ask(&naming, people, screen, input, signals, model).await?
    {
        if let Some(session) = &naming.session {
            // Not remembered, it is asked again: nothing is lost.
            let _ = journal.put_name(session, &name);
        }
        opening.actor.person = name;
        model.actor = opening.actor.clone();
        // Typed before the question was there.
        early.clear();
    }
    if let Some(incident) = opening.incident {
        return Ok((journal, incident, early));
    }
    let open: Vec<&Need> = list.iter().filter(|need| need.open()).collect();
    if let [only] = open.as_slice() {
        return Ok((journal, only.incident, early));
    }
    // What other hosts declared comes while the list is open: nobody should declare it twice. Read on a thread of its own.
    let (news_tx, mut news) = mpsc::unbounded_channel();
    let looks = opening.replicate.is_some().then(|| {
        let none = IncidentId(uuid::Uuid::nil());
        others::start(&opening.journal, access, none, opening.real, move |needs| drop(news_tx.send(needs)))
    });
    let chosen = pick(&mut journal, &mut list, &mut news, opening, screen, (input, signals), model).await;
    let ended = tokio::task::spawn_blocking(move || looks.and_then(Result::ok).map(others::Others::end));
    let _ = tokio::time::timeout(Duration::from_millis(500), ended).await;
    chosen.map(|incident| (journal, incident, Vec::new()))
}

/// The incident that the person picks, or declares.
async fn pick(
    journal: &mut Journal,
    list: &mut Vec<Need>,
    news: &mut mpsc::UnboundedReceiver<Result<Vec<Need>, String>>,
    opening: &Opening,
    screen: &mut Screen,
    (input, signals): (&mut mpsc::UnboundedReceiver<Input>, &mut Signals),
    model: &mut Model,
) -> Result<IncidentId, Ended> {
    let mut picker = Picker { at: 0, typed: None, error: None };
    loop {
        picker.show(list, opening, screen, model);
        tokio::select! {
            event = input.recv() => match event {
                Some(Input::Key(key)) => match picker.key(key, list) {
                    Chosen::Nothing => {}
                    Chosen::Leave => return Err(Ended::Quit),
                    Chosen::Incident(incident) => return Ok(incident),
                    Chosen::Declare(title) => match declare_here(journal, opening, &title) {
                        Ok(incident) => return Ok(incident),
                        Err(why) => picker.error = Some(why),
                    },
                },
                Some(Input::Paste(text)) => if let Some(typed) = &mut picker.typed {
                    typed.extend(text.chars().filter(|c| !c.is_control()));
                },
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
            Some(found) = news.recv() => match found {
                Ok(mut now) => {
                    let lit = list.get(picker.at).map(|need| need.incident);
                    crate::situation::need::sort(&mut now);
                    *list = now;
                    picker.at = list.iter().position(|need| Some(need.incident) == lit).unwrap_or(0);
                }
                Err(why) => picker.error = Some(why),
            },
        }
    }
}

/// Who is named in the incidents that are meant, the newest first.
fn people(journal: &mut Journal, wanted: Option<IncidentId>) -> Result<Vec<String>, JournalError> {
    let mut out: Vec<String> = Vec::new();
    let all = journal.incidents()?;
    for summary in all.iter().rev().filter(|s| wanted.is_none_or(|wanted| wanted == s.incident)) {
        let (entries, _) = journal.read_after(summary.incident, Cursor::START, usize::MAX)?;
        out.extend(fold(entries).people);
    }
    Ok(out)
}

/// `first`: nothing was typed before; a `q` within words is one of them.
fn leaves(event: &Input, first: bool) -> Option<Ended> {
    match event {
        Input::Key(key) if *key == Key::ctrl('c') || (first && *key == Key::char('q')) => Some(Ended::Quit),
        Input::Closed => Some(Ended::TerminalLost),
        Input::Key(_) | Input::Paste(_) | Input::Answered => None,
    }
}

fn declare_here(journal: &mut Journal, opening: &Opening, title: &str) -> Result<IncidentId, String> {
    let with = &opening.declare;
    let now = (opening.real)();
    let args = Declare {
        title: title.to_owned(),
        severity: Severity::Sev1,
        started: None,
        detected: None,
        exercise: false,
        demo: false,
        timezone: with.timezone.name().to_owned(),
        organisation: with.organisation.clone(),
        playbook: with.playbook.clone(),
        rules: with.rules.clone(),
    };
    let author = Author { person: opening.actor.person.clone(), host: opening.actor.host.clone(), machine: false };
    let incident = IncidentId(uuid::Uuid::new_v4());
    match journal.append(incident, &author, now, Cursor::START, |_| declare(&args, &with.plan, now)) {
        Ok(_) => Ok(incident),
        Err(AppendError::Refused(refusal)) => Err(refusal.0),
        Err(AppendError::Journal(error)) => Err(error.to_string()),
    }
}

struct Picker {
    at: usize,
    /// The title of a new incident, while it is typed.
    typed: Option<String>,
    error: Option<String>,
}

enum Chosen {
    Nothing,
    Leave,
    Incident(IncidentId),
    Declare(String),
}

impl Picker {
    fn key(&mut self, key: Key, list: &[Need]) -> Chosen {
        if let Some(typed) = &mut self.typed {
            match key.code {
                Code::Esc => self.typed = None,
                Code::Enter if !typed.trim().is_empty() => return Chosen::Declare(typed.trim().to_owned()),
                Code::Backspace => {
                    typed.pop();
                }
                _ => {
                    if let Some(c) = key.typed() {
                        typed.push(c);
                    }
                }
            }
            return Chosen::Nothing;
        }
        match key.code {
            Code::Char('q') | Code::Esc => return Chosen::Leave,
            Code::Char('c') if key.ctrl => return Chosen::Leave,
            Code::Char('j') | Code::Down => self.at = (self.at + 1).min(list.len().saturating_sub(1)),
            Code::Char('k') | Code::Up => self.at = self.at.saturating_sub(1),
            Code::Char('d') => self.typed = Some(String::new()),
            Code::Enter => {
                if let Some(chosen) = list.get(self.at) {
                    return Chosen::Incident(chosen.incident);
                }
                self.typed = Some(String::new());
            }
            _ => {}
        }
        Chosen::Nothing
    }

    fn show(&self, list: &[Need], opening: &Opening, screen: &mut Screen, model: &Model) {
        let mut buffer = screen.buffer(model);
        let look = screen.look();
        let mut ink = Ink::new(&mut buffer, look.theme, look.ascii);
        let area = ink.area();
        let now = (opening.real)();
        let head = match (list.is_empty(), opening.replicate.is_some()) {
            (true, true) => "No incident is open here; other hosts are asked.",
            (true, false) => "No incident is open.",
            (false, _) => "Which incident?",
        };
        ink.row(area, 1, 0, &[piece(head, Meaning::Header)]);
        ink.row(area, 1, 1, &[piece(safe!("journal {}", opening.journal.display()), Meaning::Dim)]);
        // What is lit stays in sight: nobody opens what they do not see.
        let rows = Rows {
            list,
            lit: if self.typed.is_none() { list.get(self.at).map(|need| need.incident) } else { None },
            here: None,
            me: &opening.actor.person,
            now,
        };
        let above = Rect { height: area.height.saturating_sub(4), ..area };
        let y = 4 + incidents::draw(&mut ink, above, 3, &rows);
        let mut cursor = None;
        match &self.typed {
            Some(typed) => {
                let label = safe!("title of the new incident (sev1, began now): {typed}");
                ink.row(area, 1, y, &[piece(label.clone(), Meaning::Text)]);
                let wide = u16::try_from(crate::text::width::width(label.as_str())).unwrap_or(u16::MAX);
                let x = wide.saturating_add(1);
                cursor = Some((x.min(area.width.saturating_sub(1)), y.min(area.height.saturating_sub(1))));
            }
            None => {
                let keys = if list.is_empty() {
                    "d declares one   q leaves"
                } else {
                    "Enter opens   d declares a new one   q leaves"
                };
                ink.row(area, 1, y, &[piece(keys, Meaning::Key)]);
            }
        }
        if let Some(error) = &self.error {
            ink.row(area, 1, y + 1, &[piece(Safe::new(error), Meaning::Late)]);
        }
        if opening.access == Access::ReadOnly {
            ink.row(area, 1, y + 2, &[piece("read only", Meaning::Late)]);
        }
        screen.show(&buffer, cursor);
    }
}
