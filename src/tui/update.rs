//! What a key, a paste or news does to the model, and which effects it asks for. Pure: no IO, no clock.

use super::form::{Answer, Form, Purpose};
use super::incidents;
use super::key::{Code, Key};
use super::keymap::Keymap;
use super::layout::layout;
use super::lead;
use super::model::{Effect, Loud, Model, Overlay, Pane, Pending};
use super::over;
use super::panes::{self, Item};
use super::releasing::{keep_text, on_review, open_review, proposed, refresh_review};
use super::scene::Scene;
use super::undo;
use super::view::list_area;
use crate::command::{self, Action, Place};
use crate::incident::command::{Command, Target};
use crate::incident::decide::decide;
use crate::incident::entry::EntryId;
use crate::incident::exercise;
use crate::incident::plan::Channel;
use crate::incident::what::What;
use crate::incident::words::{StageState, TaskState};
use crate::report::brief::brief;
use crate::report::can;
use crate::safe;
use crate::situation::thing::Thing;
use crate::text::Safe;

/// What happened.
#[derive(Clone, Debug)]
pub enum Msg {
    Key(Key),
    Paste(String),
    Resize(u16, u16),
    /// A new snapshot is in the scene.
    Snapshot,
    /// An effect returned: what it did in words, or why it failed. `refused`: the decision at the head said no.
    Outcome {
        effect: u64,
        result: Result<String, String>,
        refused: bool,
        /// The first entry that was written.
        made: Option<EntryId>,
    },
    /// Something to tell at the foot.
    Tell(Loud, String),
}

/// Applies what happened.
pub fn update(model: &mut Model, msg: Msg, scene: &Scene<'_>, keymap: &Keymap) -> Vec<Effect> {
    let effects = match msg {
        Msg::Key(key) => {
            model.flash = None;
            let asked = model.undo_asked;
            let effects = match key.code {
                Code::Char(_) if key.alt && keymap.action(key).is_none() => on_alt(model, key, scene, keymap),
                _ => on_key(model, key, scene, keymap),
            };
            // A question stands for one key.
            if model.undo_asked == asked {
                model.undo_asked = None;
            }
            effects
        }
        Msg::Paste(text) => on_paste(model, &text),
        Msg::Resize(width, height) => {
            model.resize((width, height));
            Vec::new()
        }
        Msg::Snapshot => {
            refresh_review(model, scene);
            Vec::new()
        }
        Msg::Outcome { effect, result, refused, made } => {
            if let Some(made) = made {
                model.recall(std::iter::once(scene.subject(&Thing::Entry(made))));
            }
            on_outcome(model, effect, result, refused)
        }
        Msg::Tell(loud, text) => {
            model.say(loud, Safe::new(&text));
            Vec::new()
        }
    };
    settle(model, scene);
    effects
}

/// A frame of this went to the terminal: what it showed to its end has been read when the next key comes. Whether that is
/// news.
pub fn shown(model: &mut Model, scene: &Scene<'_>) -> bool {
    if let Some(Overlay::Review(review)) = &mut model.overlay {
        let (lines, height) = over::review_text(model.size, review);
        return review.scroll + height >= lines.len() && review.mark_read();
    }
    lead::mark_read(model, scene)
}

/// A stalled link brings Esc and the next key together, and that reads as one key with alt. In a field alt with b, d or f
/// goes by words; and since nobody can know which was meant, what would write at once waits for a key of its own.
fn on_alt(model: &mut Model, key: Key, scene: &Scene<'_>, keymap: &Keymap) -> Vec<Effect> {
    let field = matches!(model.overlay, Some(Overlay::Form(_)));
    if field && matches!(key.code, Code::Char('b' | 'd' | 'f')) {
        return on_key(model, key, scene, keymap);
    }
    let mut effects = on_key(model, Key::plain(Code::Esc), scene, keymap);
    let second = Key { alt: false, ..key };
    if !matches!(keymap.action(second), Some(Action::Acknowledge | Action::Advance | Action::Undo | Action::TimeOut)) {
        effects.extend(on_key(model, second, scene, keymap));
    }
    effects
}

fn on_outcome(model: &mut Model, effect: u64, result: Result<String, String>, refused: bool) -> Vec<Effect> {
    let Some(index) = model.pending.iter().position(|p| p.effect == effect) else { return Vec::new() };
    let pending = model.pending.remove(index);
    match result {
        Ok(said) => {
            model.not_saved = None;
            model.say(Loud::Info, Safe::new(&said));
            match pending.form {
                Some(form) => {
                    let key = form.purpose.key();
                    // Other words may have been typed for it meanwhile: those stay.
                    if model.kept.get(&key).is_some_and(|kept| *kept != form.texts()) {
                        return Vec::new();
                    }
                    model.kept.remove(&key);
                    vec![Effect::Forget { form: key }]
                }
                None => Vec::new(),
            }
        }
        Err(why) => {
            if !refused {
                model.not_saved = Some(why.clone());
            }
            model.say(if refused { Loud::Refused } else { Loud::Failed }, Safe::new(&why));
            // What was typed comes back: into the form if nothing else is open, else it is kept for it.
            if let Some(mut form) = pending.form {
                model.kept.insert(form.purpose.key(), form.texts());
                if model.overlay.is_none() {
                    form.error = Some(Safe::new(&why));
                    model.overlay = Some(Overlay::Form(form));
                }
            }
            Vec::new()
        }
    }
}

fn on_paste(model: &mut Model, text: &str) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Form(form)) => form.paste(text),
        Some(Overlay::Palette { typed, .. }) => typed.extend(text.chars().filter(|c| !c.is_control())),
        Some(Overlay::Filter) => {
            let clean: String = text.chars().filter(|c| !c.is_control()).collect();
            model.place_mut().filter.push_str(&clean);
        }
        Some(
            Overlay::Help { .. }
            | Overlay::Review(_)
            | Overlay::Detail { .. }
            | Overlay::Can
            | Overlay::Brief { .. }
            | Overlay::RollCall { .. }
            | Overlay::Contacts { .. }
            | Overlay::Incidents { .. },
        )
        | None => {
            model.say(Loud::Refused, "a paste is not keys: open a field first (n for a note), then paste");
        }
    }
    Vec::new()
}

fn on_key(model: &mut Model, key: Key, scene: &Scene<'_>, keymap: &Keymap) -> Vec<Effect> {
    match model.overlay.take() {
        None if key.code == Code::Esc && model.undo_asked.is_some() => {
            model.say(Loud::Info, "nothing is taken back");
            Vec::new()
        }
        None => {
            let Some(action) = keymap.action(key) else {
                model.say(Loud::Refused, safe!("{key} does nothing here: ? helps"));
                return Vec::new();
            };
            act(model, action, scene, None)
        }
        Some(Overlay::Form(form)) => on_form(model, form, key, scene),
        Some(Overlay::Review(review)) => on_review(model, review, key, scene),
        Some(Overlay::Filter) => on_filter(model, key),
        Some(Overlay::Palette { typed, at }) => on_palette(model, typed, at, key, scene),
        Some(Overlay::Brief { offer, scroll, read }) => lead::on_brief(model, (offer, scroll, read), key, scene),
        Some(Overlay::RollCall { lit }) => lead::on_roll(model, lit, key, scene),
        Some(Overlay::Contacts { first, scroll }) => {
            if key == Key::char('E') {
                let of = first.first().cloned().unwrap_or_else(|| "incident".to_owned());
                return open_form(model, Purpose::Contact { of }, scene);
            }
            let (_, rows) = over::inside(model);
            let bottom = lead::contacts(scene, model, &first).len().saturating_sub(rows);
            if let Some(scroll) = scrolled(scroll, bottom, key, keymap) {
                model.overlay = Some(Overlay::Contacts { first, scroll });
            }
            Vec::new()
        }
        Some(Overlay::Help { scroll }) => match scrolled(scroll, over::help_bottom(model, keymap), key, keymap) {
            Some(scroll) => {
                model.overlay = Some(Overlay::Help { scroll });
                Vec::new()
            }
            None => Vec::new(),
        },
        Some(Overlay::Detail { thing, scroll }) => match keymap.action(key) {
            Some(Action::Back | Action::Open) => Vec::new(),
            Some(Action::Down | Action::Up | Action::PageDown | Action::PageUp | Action::Top | Action::Bottom) => {
                let bottom = over::detail_bottom(model, scene, &thing, keymap);
                let scroll = scrolled(scroll, bottom, key, keymap).unwrap_or(scroll);
                model.overlay = Some(Overlay::Detail { thing, scroll });
                Vec::new()
            }
            Some(Action::Copy) => {
                let text = detail_text(scene, &thing);
                model.overlay = Some(Overlay::Detail { thing, scroll });
                copy(model, text)
            }
            Some(action) => act(model, action, scene, Some(thing)),
            None => {
                model.overlay = Some(Overlay::Detail { thing, scroll });
                Vec::new()
            }
        },
        Some(Overlay::Incidents { lit }) => incidents::on_key(model, lit, key, scene, keymap),
        Some(Overlay::Can) => match keymap.action(key) {
            Some(Action::Copy) => {
                model.overlay = Some(Overlay::Can);
                let lines = can::can(scene.incident(), scene.situation);
                copy(model, lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n"))
            }
            Some(Action::Quit) => act(model, Action::Quit, scene, None),
            _ => Vec::new(),
        },
    }
}

/// Where a key scrolls to; no further than `bottom`, so that the way back begins at once.
fn scrolled(scroll: usize, bottom: usize, key: Key, keymap: &Keymap) -> Option<usize> {
    let to = match keymap.action(key) {
        Some(Action::Down) => scroll + 1,
        Some(Action::Up) => scroll.min(bottom).saturating_sub(1),
        Some(Action::PageDown) => scroll + 10,
        Some(Action::PageUp) => scroll.min(bottom).saturating_sub(10),
        Some(Action::Top) => 0,
        Some(Action::Bottom) => bottom,
        _ => return None,
    };
    Some(to.min(bottom))
}

fn copy(model: &mut Model, text: String) -> Vec<Effect> {
    model.say(Loud::Info, "sent to your terminal's clipboard; if it takes none, select by hand");
    vec![Effect::Copy(text)]
}

fn detail_text(scene: &Scene<'_>, thing: &Thing) -> String {
    let text = match scene.situation.item(thing) {
        Some(item) => format!("{} {}\n{}", item.label, item.text, item.say),
        None => match scene.subject(thing) {
            Thing::Message(id) => scene.incident().messages.get(&id).map(|m| m.text.clone()).unwrap_or_default(),
            other => format!("{other:?}"),
        },
    };
    // It is pasted elsewhere: what is of an exercise says so there too.
    exercise::line(scene.incident(), &text)
}

fn on_filter(model: &mut Model, key: Key) -> Vec<Effect> {
    match key.code {
        Code::Esc => model.place_mut().filter.clear(),
        Code::Enter => {}
        Code::Backspace => {
            model.place_mut().filter.pop();
            model.overlay = Some(Overlay::Filter);
        }
        _ => {
            if let Some(c) = key.typed() {
                model.place_mut().filter.push(c);
            }
            model.overlay = Some(Overlay::Filter);
        }
    }
    model.place_mut().untouched = true;
    Vec::new()
}

fn on_palette(model: &mut Model, mut typed: String, at: usize, key: Key, scene: &Scene<'_>) -> Vec<Effect> {
    let found = command::search(&typed);
    let last = found.len().saturating_sub(1);
    let at = match key.code {
        Code::Esc => return Vec::new(),
        Code::Enter => {
            return match found.get(at.min(last)) {
                Some(row) => act(model, row.action, scene, None),
                None => {
                    model.say(Loud::Refused, safe!("no command has the letters {typed}"));
                    Vec::new()
                }
            };
        }
        Code::Down | Code::Tab => (at + 1).min(last),
        Code::Up | Code::BackTab => at.saturating_sub(1),
        Code::Backspace => {
            typed.pop();
            0
        }
        _ => match key.typed() {
            Some(c) => {
                typed.push(c);
                0
            }
            None => at,
        },
    };
    model.overlay = Some(Overlay::Palette { typed, at });
    Vec::new()
}

fn on_form(model: &mut Model, mut form: Box<Form>, key: Key, scene: &Scene<'_>) -> Vec<Effect> {
    let help = scene.help(model);
    match form.key(key, &help) {
        Answer::Typing => {
            model.overlay = Some(Overlay::Form(form));
            Vec::new()
        }
        Answer::Cancel => {
            let name = form.purpose.key();
            if let Purpose::EditText { audience, channel } = &form.purpose {
                let stands = proposed(scene, audience, channel).is_some_and(|p| p.text == form.texts().join("\n"));
                let mut effects = open_review(model, scene, None);
                if stands || form.is_empty() {
                    model.kept.remove(&name);
                    effects.push(Effect::Forget { form: name });
                } else {
                    model.say(Loud::Info, "what you typed is kept: E there brings it back");
                    model.kept.insert(name.clone(), form.texts());
                    effects.push(Effect::Keep { form: name, fields: form.texts() });
                }
                return effects;
            }
            if form.is_empty() {
                model.kept.remove(&name);
                return vec![Effect::Forget { form: name }];
            }
            model.kept.insert(name.clone(), form.texts());
            model.say(Loud::Info, "what you typed is kept: the same key brings it back");
            vec![Effect::Keep { form: name, fields: form.texts() }]
        }
        Answer::Submit => {
            if let Purpose::EditText { audience, channel } = form.purpose.clone() {
                return keep_text(model, scene, &audience, &channel, form);
            }
            match form.command(&help) {
                Ok(command) => match decide(scene.incident(), scene.plan(), &command, &model.actor, scene.now()) {
                    Ok(_) => append(model, vec![command], form.title.as_str().to_owned(), Some(form), scene),
                    Err(refusal) => {
                        form.error = Some(Safe::new(&refusal.0));
                        model.overlay = Some(Overlay::Form(form));
                        Vec::new()
                    }
                },
                Err(why) => {
                    // The field that the error names is gone to.
                    if let Some(field) = form.fields.iter().position(|f| why.starts_with(&format!("{}: ", f.label))) {
                        form.at = field;
                    }
                    form.error = Some(Safe::new(&why));
                    model.overlay = Some(Overlay::Form(form));
                    Vec::new()
                }
            }
        }
    }
}

/// Asks the room to write; what was typed is kept until the disk says so.
pub(super) fn append(
    model: &mut Model,
    commands: Vec<Command>,
    what: String,
    form: Option<Box<Form>>,
    scene: &Scene<'_>,
) -> Vec<Effect> {
    // A key pressed twice before the disk answers asks once.
    if model.pending.iter().any(|p| p.commands == commands) {
        model.say(Loud::Refused, "being saved: not on disk yet");
        return Vec::new();
    }
    let effect = model.next_effect;
    model.next_effect += 1;
    let mut effects = Vec::new();
    if let Some(form) = &form {
        effects.push(Effect::Keep { form: form.purpose.key(), fields: form.texts() });
    }
    let since = scene.situation.moment.real;
    model.pending.push(Pending { effect, what, since, commands: commands.clone(), form });
    effects.push(Effect::Append { effect, commands });
    effects
}

/// What is lit in the pane that has the focus, as what it is about.
fn lit(model: &Model, scene: &Scene<'_>) -> Option<Thing> {
    model.place().lit.as_ref().map(|thing| scene.subject(thing))
}

/// Why a command cannot work now; None: it can.
pub fn refusal(action: Action, model: &Model, scene: &Scene<'_>) -> Option<Safe> {
    refusal_for(action, model, scene, lit(model, scene).as_ref())
}

/// [`refusal`] for a thing that is not the lit one.
pub fn refusal_for(action: Action, model: &Model, scene: &Scene<'_>, thing: Option<&Thing>) -> Option<Safe> {
    let row = action.row();
    if row.place == Place::Demo && model.demo.is_none() {
        return Some("only a demo can be paused".into());
    }
    let writes = !matches!(row.script, command::Script::None(_))
        && !matches!(action, Action::Can | Action::Help | Action::Incidents);
    if writes {
        if let Some(why) = &model.read_only {
            return Some(safe!("read only: {why}"));
        }
        if scene.incident().declared.is_none() {
            return Some("no incident is open".into());
        }
    }
    match action {
        Action::Acknowledge => match acknowledge(model, scene, thing) {
            Ok(commands) => commands.iter().find_map(|c| refused(model, scene, c)),
            Err(why) => Some(why),
        },
        Action::Advance => match advance(scene, thing) {
            Ok(Step::Write(command, _)) => refused(model, scene, &command),
            Ok(Step::Open(_) | Step::Review(_) | Step::Handover | Step::RollCall) => None,
            Err(why) => Some(why),
        },
        Action::Assign => match thing {
            Some(Thing::Task(id)) => match scene.incident().tasks.get(id) {
                Some(task) if task.live() => None,
                _ => Some("it is over".into()),
            },
            Some(Thing::Role(_) | Thing::Audience(_) | Thing::Alerts(_) | Thing::Stage(..)) => None,
            Some(_) => Some("there is nobody to give this to: t makes a task of it".into()),
            None => Some("nothing is lit: j or k picks a row".into()),
        },
        Action::Extend | Action::Block | Action::CancelTask => match thing {
            Some(Thing::Task(id)) if scene.incident().tasks.get(id).is_some_and(|t| t.live()) => None,
            _ => Some("only a task that is not over: light one".into()),
        },
        Action::Amend => match note(scene, thing) {
            Some((entry, words)) => {
                let text = if words.is_empty() { "?".to_owned() } else { words };
                refused(model, scene, &Command::Amend { entry, text })
            }
            None => Some("light a note in the timeline first (pane 2)".into()),
        },
        Action::Withdraw => match thing {
            Some(Thing::Stage(rule, stage)) => {
                let (rule, stage, why) = (rule.clone(), stage.clone(), "?".to_owned());
                refused(model, scene, &Command::WithdrawStage { rule, stage, why })
            }
            _ => Some("light a stage of an agency first (pane 4)".into()),
        },
        Action::File | Action::Waive => match thing {
            Some(Thing::Stage(_, stage)) if !stage.is_empty() => None,
            _ => Some("light a stage of an agency first (pane 4)".into()),
        },
        Action::Open | Action::Copy => match (thing, &model.overlay) {
            (Some(_), _) | (None, Some(Overlay::Can)) => None,
            (None, _) => Some("nothing is lit: j or k picks a row".into()),
        },
        Action::Send => {
            if scene.plan().audiences.is_empty() {
                return Some("no playbook names audiences".into());
            }
            None
        }
        Action::Elsewhere => scene.plan().audiences.is_empty().then(|| "no playbook names audiences".into()),
        Action::Undo => undo::own_last(model, scene).err(),
        _ => None,
    }
}

/// The note that is lit, with its words as they stand.
fn note(scene: &Scene<'_>, thing: Option<&Thing>) -> Option<(EntryId, String)> {
    let Some(Thing::Entry(id)) = thing else { return None };
    let words = match &scene.incident().timeline.find(*id)?.entry.what {
        What::Noted(w) => w.text.clone(),
        What::ChangeNoted(w) => w.text.clone(),
        _ => return None,
    };
    let amended = scene.incident().amended.get(id).map(|(text, _)| text.clone());
    Some((*id, amended.unwrap_or(words)))
}

pub(super) fn refused(model: &Model, scene: &Scene<'_>, command: &Command) -> Option<Safe> {
    decide(scene.incident(), scene.plan(), command, &model.actor, scene.now()).err().map(|r| Safe::new(&r.0))
}

/// What `a` makes of a thing: mine, back in N minutes.
fn acknowledge(model: &Model, scene: &Scene<'_>, thing: Option<&Thing>) -> Result<Vec<Command>, Safe> {
    let minutes = model.minutes;
    let me = || Some(model.actor.person.clone());
    let task = |title: String| {
        let mut tasks = scene.incident().tasks.values();
        match tasks.find(|t| t.live() && t.title == title && t.owner.as_ref() == Some(&model.actor.person)) {
            Some(_) => Err(safe!("it is yours already: \"{title}\"")),
            None => Ok(vec![Command::AddTask { title, team: None, owner: me(), minutes }]),
        }
    };
    Ok(match thing {
        Some(Thing::Task(id)) => vec![Command::Acknowledge { target: Target::Task(*id), minutes }],
        Some(Thing::Alerts(group)) => {
            let count = scene.situation.signals.alerts.iter().find(|g| g.name == *group).map_or(0, |g| g.standing());
            vec![Command::Acknowledge { target: Target::Alerts { group: group.clone(), count }, minutes }]
        }
        // These stay where they are: what is mine is a task beside them.
        Some(Thing::Audience(id)) => {
            let name = scene.plan().audience(id).map_or(id.as_str(), |a| a.name.as_str());
            task(format!("tell {name}"))?
        }
        Some(Thing::Stage(rule, stage)) => task(format!("notify {rule} {stage}"))?,
        Some(Thing::Message(_)) => task("look up the message whose answer was lost".to_owned())?,
        Some(Thing::Metric(name)) => task(format!("get the number of {name}"))?,
        Some(Thing::Component(name)) => task(format!("look at {name}"))?,
        Some(Thing::Components(word)) => task(format!("look at what is {word}"))?,
        Some(Thing::Source(name)) => task(format!("why does {name} not answer?"))?,
        Some(Thing::Role(role)) => match scene.incident().holder(*role) {
            None => vec![Command::SetRole { role: *role, holder: me() }],
            Some(holder) => return Err(safe!("{holder} holds it: A gives it to somebody else")),
        },
        Some(Thing::Ask(_)) => return Err("a question is decided: d".into()),
        Some(Thing::Conflict(_)) => return Err("a conflict is settled by setting it anew: Space".into()),
        Some(Thing::Promise(_) | Thing::Decision(_)) => return Err("Space: kept, or checked".into()),
        Some(Thing::Offer(_)) => return Err("H opens the brief".into()),
        Some(Thing::RollCall(_)) => return Err("L opens the roll-call".into()),
        Some(Thing::TimeOut(_)) => return Err("O: its four answers".into()),
        Some(Thing::Span) => return Err("W gives teams their leads".into()),
        Some(Thing::Entry(_) | Thing::Team(_)) => return Err("there is nothing to acknowledge here".into()),
        None => return Err("nothing is lit: j or k picks a row".into()),
    })
}

enum Step {
    Write(Box<Command>, String),
    Open(Purpose),
    Review(Option<String>),
    Handover,
    RollCall,
}

/// One step on.
fn advance(scene: &Scene<'_>, thing: Option<&Thing>) -> Result<Step, Safe> {
    let write = |command, what: &str| Ok(Step::Write(Box::new(command), what.to_owned()));
    let incident = scene.incident();
    match thing {
        Some(Thing::Task(id)) => {
            let task = incident.tasks.get(id).ok_or("it is gone")?;
            match task.state {
                // Said aloud by the one who was asked; doing it is the next step.
                TaskState::Open if task.owner.is_some() => write(Command::Hear { task: *id }, "heard"),
                TaskState::Open | TaskState::Acknowledged | TaskState::Blocked => {
                    write(Command::StartTask { task: *id }, "doing")
                }
                TaskState::InProgress => write(Command::FinishTask { task: *id, result: String::new() }, "done"),
                TaskState::Done | TaskState::Cancelled => Err("it is over".into()),
            }
        }
        Some(Thing::Alerts(group)) => {
            let count = scene.situation.signals.alerts.iter().find(|g| g.name == *group).map_or(0, |g| g.standing());
            let target = Target::Alerts { group: group.clone(), count };
            write(Command::Acknowledge { target, minutes: 10 }, "acknowledged")
        }
        Some(Thing::Audience(id)) => Ok(Step::Review(Some(id.clone()))),
        Some(Thing::Message(id)) => match incident.messages.get(id) {
            Some(message) if message.may_be_lost(scene.now()) => Ok(Step::Open(Purpose::Settle { message: *id })),
            Some(message) => Ok(Step::Review(Some(message.audience.clone()))),
            None => Err("it is gone".into()),
        },
        Some(Thing::Stage(rule, stage)) => {
            let obligation = scene.situation.obligations.iter().find(|o| o.rule == *rule);
            let found = obligation.and_then(|o| o.stages.iter().find(|s| s.id == *stage));
            let (Some(obligation), Some(found)) = (obligation, found) else {
                return Err("this rule asks for nothing now".into());
            };
            let (rule, stage) = (rule.clone(), stage.clone());
            match found.state {
                StageState::Pending => write(Command::DraftStage { rule, stage }, "drafted"),
                StageState::Drafted => Ok(Step::Open(Purpose::File { rule, stage })),
                StageState::Filed => {
                    Ok(Step::Open(Purpose::Confirm { rule, stage, by: obligation.confirmed_by.clone() }))
                }
                StageState::Confirmed | StageState::Waived | StageState::Withdrawn => Err("it is over".into()),
            }
        }
        Some(Thing::Role(role)) => Ok(Step::Open(Purpose::Role { role: Some(*role) })),
        Some(Thing::Team(id)) => Ok(Step::Open(Purpose::SubTeams { team: Some(id.clone()) })),
        Some(Thing::Span) => Ok(Step::Open(Purpose::SubTeams { team: None })),
        Some(Thing::TimeOut(_)) => Ok(Step::Open(Purpose::TimeOut)),
        Some(Thing::Offer(_)) => Ok(Step::Handover),
        Some(Thing::RollCall(_)) => Ok(Step::RollCall),
        Some(Thing::Ask(id)) => Ok(Step::Open(Purpose::Decide { answers: Some(*id) })),
        Some(Thing::Decision(id)) => match incident.timeline.find(*id).map(|row| &row.entry.what) {
            Some(crate::incident::what::What::Decided(w)) => {
                let outcome = incident.amended.get(id).map_or_else(|| w.outcome.clone(), |(text, _)| text.clone());
                Ok(Step::Open(Purpose::Check { decision: *id, outcome }))
            }
            _ => Err("it is gone".into()),
        },
        Some(Thing::Promise(id)) => write(Command::KeepPromise { promise: *id, how: String::new() }, "kept"),
        Some(Thing::Conflict(what)) => Ok(Step::Open(match what.as_str() {
            "severity" => Purpose::Severity,
            "phase" => Purpose::Phase,
            "objectives" => Purpose::Objectives,
            _ if what.starts_with("team ") => Purpose::SubTeams { team: what.get(5..).map(str::to_owned) },
            _ if what.starts_with("contact ") => {
                let of = what.split_whitespace().nth(1).unwrap_or_default();
                Purpose::Contact { of: of.to_owned() }
            }
            _ if what.starts_with("fact ") => Purpose::Fact,
            _ if what.starts_with("clock ") => Purpose::Clock,
            _ => Purpose::Role { role: None },
        })),
        Some(Thing::Source(_) | Thing::Component(_) | Thing::Components(_) | Thing::Metric(_) | Thing::Entry(_)) => {
            Err("there is no next step for this: Enter opens it".into())
        }
        None => Err("nothing is lit: j or k picks a row".into()),
    }
}

/// Does a command. `on`: the opened thing; else what is lit.
fn act(model: &mut Model, action: Action, scene: &Scene<'_>, on: Option<Thing>) -> Vec<Effect> {
    let thing = on.or_else(|| lit(model, scene));
    if let Some(why) = refusal_for(action, model, scene, thing.as_ref()) {
        model.say(Loud::Refused, why);
        return Vec::new();
    }
    match action {
        Action::Acknowledge => match acknowledge(model, scene, thing.as_ref()) {
            Ok(commands) => append(model, commands, "acknowledge".to_owned(), None, scene),
            Err(_) => Vec::new(),
        },
        Action::Advance => match advance(scene, thing.as_ref()) {
            Ok(Step::Write(command, what)) => append(model, vec![*command], what, None, scene),
            Ok(Step::Open(purpose)) => open_form(model, purpose, scene),
            Ok(Step::Review(audience)) => open_review(model, scene, audience),
            Ok(Step::Handover) => lead::handover(model, scene, thing.as_ref()),
            Ok(Step::RollCall) => {
                model.overlay = Some(Overlay::RollCall { lit: None });
                Vec::new()
            }
            Err(_) => Vec::new(),
        },
        Action::Open => {
            // These open as what they are.
            match thing {
                Some(Thing::Offer(_)) => return lead::handover(model, scene, thing.as_ref()),
                Some(Thing::RollCall(_)) => {
                    model.overlay = Some(Overlay::RollCall { lit: None });
                    return Vec::new();
                }
                _ => {}
            }
            if let Some(thing) = thing {
                model.overlay = Some(Overlay::Detail { thing, scroll: 0 });
            }
            Vec::new()
        }
        Action::Assign => match thing {
            Some(Thing::Task(task)) => {
                let title = scene.incident().tasks.get(&task).map(|t| t.title.clone()).unwrap_or_default();
                open_form(model, Purpose::Assign { task, title }, scene)
            }
            Some(Thing::Role(role)) => open_form(model, Purpose::Role { role: Some(role) }, scene),
            Some(other) => {
                // The thing stays; the task beside it names who does it.
                open_form(model, Purpose::Task, scene);
                let title = match &other {
                    Thing::Audience(id) => {
                        format!("tell {}", scene.plan().audience(id).map_or(id.as_str(), |a| a.name.as_str()))
                    }
                    Thing::Alerts(name) => format!("look at {name}"),
                    Thing::Stage(rule, stage) => format!("notify {rule} {stage}"),
                    _ => String::new(),
                };
                if let Some(Overlay::Form(form)) = &mut model.overlay {
                    if let Some(field) = form.fields.first_mut() {
                        field.set(&title);
                    }
                    form.at = 1;
                }
                Vec::new()
            }
            None => Vec::new(),
        },
        Action::Extend | Action::Block | Action::CancelTask => {
            let Some(Thing::Task(task)) = thing else { return Vec::new() };
            let title = scene.incident().tasks.get(&task).map(|t| t.title.clone()).unwrap_or_default();
            let purpose = match action {
                Action::Extend => Purpose::Extend { task, title },
                Action::Block => Purpose::Block { task, title },
                _ => Purpose::CancelTask { task, title },
            };
            open_form(model, purpose, scene)
        }
        Action::Amend => match note(scene, thing.as_ref()) {
            Some((entry, words)) => open_form(model, Purpose::Amend { entry, words }, scene),
            None => Vec::new(),
        },
        Action::File | Action::Waive | Action::Withdraw => {
            let Some(Thing::Stage(rule, stage)) = thing else { return Vec::new() };
            let purpose = match action {
                Action::File => Purpose::File { rule, stage },
                Action::Waive => Purpose::Waive { rule, stage },
                _ => Purpose::Withdraw { rule, stage },
            };
            open_form(model, purpose, scene)
        }
        Action::Task => open_form(model, Purpose::Task, scene),
        Action::Note => open_form(model, Purpose::Note, scene),
        Action::Decide => {
            let answers = match thing {
                Some(Thing::Ask(id)) => Some(id),
                _ => None,
            };
            open_form(model, Purpose::Decide { answers }, scene)
        }
        Action::Ask => open_form(model, Purpose::Ask, scene),
        Action::Handover => lead::handover(model, scene, thing.as_ref()),
        Action::SubTeams => {
            let team = match thing {
                Some(Thing::Team(id)) => Some(id),
                _ => None,
            };
            open_form(model, Purpose::SubTeams { team }, scene)
        }
        Action::RollCall => {
            model.overlay = Some(Overlay::RollCall { lit: None });
            Vec::new()
        }
        Action::Contacts => {
            let first = lead::whom(scene, thing.as_ref());
            model.overlay = Some(Overlay::Contacts { first, scroll: 0 });
            Vec::new()
        }
        Action::Contact => {
            let of = lead::whom(scene, thing.as_ref()).into_iter().next().unwrap_or_else(|| "incident".to_owned());
            open_form(model, Purpose::Contact { of }, scene)
        }
        Action::TimeOut => {
            // The clock runs while people think: it starts with the key, the answers come after.
            let running = scene.timeout().is_some();
            let mut effects = open_form(model, Purpose::TimeOut, scene);
            if !running {
                let start = Command::StartTimeOut { minutes: 5 };
                effects.extend(append(model, vec![start], "time-out".to_owned(), None, scene));
            }
            effects
        }
        Action::Objectives => open_form(model, Purpose::Objectives, scene),
        Action::End => open_form(model, Purpose::End, scene),
        Action::Go => match model.recent.pop_front() {
            Some(thing) => {
                // Pressed again it goes to the one before.
                model.recent.push_back(thing.clone());
                reveal(model, scene, thing)
            }
            None => {
                model.say(Loud::Refused, "nothing rang and nothing was made yet");
                Vec::new()
            }
        },
        Action::View => {
            model.view = model.view.next();
            model.places[Pane::Timeline as usize].untouched = true;
            focus(model, scene, Pane::Timeline)
        }
        // Asks which one, whatever is lit: A and Space give the lit one.
        Action::Role => open_form(model, Purpose::Role { role: None }, scene),
        Action::Phase => open_form(model, Purpose::Phase, scene),
        Action::Severity => open_form(model, Purpose::Severity, scene),
        Action::Fact => open_form(model, Purpose::Fact, scene),
        Action::Clock => open_form(model, Purpose::Clock, scene),
        Action::Promise => open_form(model, Purpose::Promise, scene),
        Action::Elsewhere => {
            let audience = match thing {
                Some(Thing::Audience(id)) => id,
                _ => String::new(),
            };
            let planned = scene.plan().audience(&audience);
            // A channel that does not reach the audience would record a word that told nobody.
            let reaches = |c: &&Channel| planned.is_none_or(|a| a.channels.contains(&c.id));
            let lit = scene.plan().channels.get(model.channel).filter(|_| model.pane == Pane::Messages).filter(reaches);
            let mut reaching = scene.plan().channels.iter().filter(reaches).filter(|_| planned.is_some());
            let by_hand = || {
                let first = reaching.clone().next();
                reaching.find(|c| c.via.is_none()).or(first)
            };
            let channel = lit.or_else(by_hand).map(|c| c.id.clone()).unwrap_or_default();
            open_form(model, Purpose::Elsewhere { audience, channel }, scene)
        }
        Action::Undo => {
            let Ok(last) = undo::own_last(model, scene) else { return Vec::new() };
            match undo::press(model, &last, scene.now()) {
                Some(command) => append(model, vec![command], format!("take back {}", last.what), None, scene),
                None => Vec::new(),
            }
        }
        Action::Send => {
            let audience = match thing {
                Some(Thing::Audience(id)) => Some(id),
                Some(Thing::Message(id)) => scene.incident().messages.get(&id).map(|m| m.audience.clone()),
                _ => None,
            };
            open_review(model, scene, audience)
        }
        Action::Copy => {
            let text = thing.map(|thing| detail_text(scene, &thing)).unwrap_or_default();
            copy(model, text)
        }
        Action::Can => {
            model.overlay = Some(Overlay::Can);
            Vec::new()
        }
        Action::Help => {
            model.overlay = Some(Overlay::Help { scroll: 0 });
            Vec::new()
        }
        Action::Incidents => {
            model.overlay = Some(Overlay::Incidents { lit: incidents::first_lit(model, scene) });
            Vec::new()
        }
        Action::Palette => {
            model.overlay = Some(Overlay::Palette { typed: String::new(), at: 0 });
            Vec::new()
        }
        Action::Filter => {
            model.overlay = Some(Overlay::Filter);
            Vec::new()
        }
        Action::Zoom => {
            model.zoom = !model.zoom;
            Vec::new()
        }
        Action::Zone => {
            model.utc = !model.utc;
            Vec::new()
        }
        Action::Now => focus(model, scene, Pane::Now),
        Action::Timeline => focus(model, scene, Pane::Timeline),
        Action::Messages => focus(model, scene, Pane::Messages),
        Action::Agencies => focus(model, scene, Pane::Agencies),
        Action::Teams => focus(model, scene, Pane::Teams),
        Action::Signals => focus(model, scene, Pane::Signals),
        Action::NextPane => focus(model, scene, Pane::ALL[(model.pane as usize + 1) % 6]),
        Action::PreviousPane => focus(model, scene, Pane::ALL[(model.pane as usize + 5) % 6]),
        Action::Down => go(model, scene, 1),
        Action::Up => go(model, scene, -1),
        Action::PageDown => go(model, scene, page(model)),
        Action::PageUp => go(model, scene, -page(model)),
        Action::Top => go(model, scene, isize::MIN / 2),
        Action::Bottom => go(model, scene, isize::MAX / 2),
        Action::Left => {
            model.channel = model.channel.saturating_sub(1);
            Vec::new()
        }
        Action::Right => {
            model.channel = (model.channel + 1).min(scene.plan().channels.len().saturating_sub(1));
            Vec::new()
        }
        Action::Back => {
            if !model.place().filter.is_empty() {
                model.place_mut().filter.clear();
                model.place_mut().untouched = true;
            } else if model.zoom {
                model.zoom = false;
            } else if model.call.is_some() {
                model.calls(None);
            } else {
                return focus(model, scene, Pane::Now);
            }
            Vec::new()
        }
        Action::PollNow => {
            let real = scene.situation.moment.real;
            let polled = || scene.snapshot.sources.iter();
            let left = polled().filter(|s| s.refused || s.not_before.is_some_and(|at| at > real)).count();
            match (polled().count(), left) {
                (0, _) => model.say(Loud::Refused, "no backend is configured: nothing to ask"),
                (_, 0) => model.say(Loud::Info, "asking every backend now"),
                (all, left) => {
                    model.say(Loud::Info, safe!("asking {} now; {left} refused us or said to wait", all - left))
                }
            }
            vec![Effect::PollNow]
        }
        Action::Quiet => {
            model.quiet = !model.quiet;
            let text = if model.quiet {
                "QUIET: no bell but for what lives may hang on; the same key rings again"
            } else {
                "the bell rings again"
            };
            model.say(Loud::Info, text);
            vec![Effect::Quiet(model.quiet)]
        }
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Pause => {
            let paused = match &mut model.demo {
                Some(demo) => {
                    demo.paused = !demo.paused;
                    demo.paused
                }
                None => false,
            };
            vec![Effect::PauseDemo(paused)]
        }
        Action::Quit => {
            vec![Effect::Quit]
        }
    }
}

fn focus(model: &mut Model, scene: &Scene<'_>, pane: Pane) -> Vec<Effect> {
    // Who leaves the timeline has seen what was new in it.
    if model.pane == Pane::Timeline && pane != Pane::Timeline {
        model.looked = Some(scene.now());
    }
    model.pane = pane;
    Vec::new()
}

/// Lights a thing in the pane where it is dealt with: Now, where it needs the commander.
fn reveal(model: &mut Model, scene: &Scene<'_>, thing: Thing) -> Vec<Effect> {
    let home = match &thing {
        Thing::Task(_) | Thing::Role(_) | Thing::Team(_) => Pane::Teams,
        Thing::Audience(_) => Pane::Messages,
        Thing::Stage(..) => Pane::Agencies,
        Thing::Alerts(_) | Thing::Source(_) | Thing::Metric(_) | Thing::Component(_) | Thing::Components(_) => {
            Pane::Signals
        }
        Thing::Message(_)
        | Thing::Conflict(_)
        | Thing::Promise(_)
        | Thing::Ask(_)
        | Thing::Decision(_)
        | Thing::Offer(_)
        | Thing::RollCall(_)
        | Thing::TimeOut(_)
        | Thing::Span
        | Thing::Entry(_) => Pane::Timeline,
    };
    let pane = if scene.situation.item(&thing).is_some() { Pane::Now } else { home };
    // The timeline's rows are entries, whatever they are about.
    let lit = match thing {
        Thing::Decision(id) | Thing::Ask(id) | Thing::Promise(id) | Thing::Offer(id) | Thing::RollCall(id)
            if pane == Pane::Timeline =>
        {
            Thing::Entry(id)
        }
        thing => thing,
    };
    let effects = focus(model, scene, pane);
    if pane == Pane::Timeline {
        model.view = super::model::View::All;
    }
    let place = model.place_mut();
    place.filter.clear();
    let items = panes::items(scene, model, pane);
    match items.iter().position(|item| item.thing.as_ref() == Some(&lit)) {
        Some(index) => {
            let place = model.place_mut();
            (place.lit, place.index, place.untouched, place.lost) = (Some(lit), index, false, false);
        }
        None => model.say(Loud::Refused, "it is not in any list any more"),
    }
    effects
}

fn page(model: &Model) -> isize {
    let layout = layout(model.size, model.zoom, model.pane);
    list_area(&layout, model.pane).map_or(1, |area| area.height.max(1) as isize)
}

fn go(model: &mut Model, scene: &Scene<'_>, by: isize) -> Vec<Effect> {
    let items = panes::items(scene, model, model.pane);
    let able: Vec<usize> = (0..items.len()).filter(|i| items.get(*i).is_some_and(|it| it.thing.is_some())).collect();
    if able.is_empty() {
        return Vec::new();
    }
    let place = model.place();
    let from = match &place.lit {
        Some(thing) => items.iter().position(|i| i.thing.as_ref() == Some(thing)),
        None => None,
    };
    // Where nothing is lit the first move lights the row where the last one was.
    let target = match from {
        Some(index) => {
            let at = able.iter().position(|i| *i == index).unwrap_or(0);
            able.get(at.saturating_add_signed(by).min(able.len() - 1)).copied()
        }
        None => able.iter().copied().find(|i| *i >= place.index).or(able.last().copied()),
    };
    if let Some(index) = target {
        let thing = items.get(index).and_then(|i| i.thing.clone());
        let place = model.place_mut();
        place.lit = thing;
        place.index = index;
        place.untouched = false;
        place.lost = false;
    }
    Vec::new()
}

pub(super) fn open_form(model: &mut Model, purpose: Purpose, scene: &Scene<'_>) -> Vec<Effect> {
    let mut help = scene.help(model);
    if let Purpose::Offer { .. } = purpose {
        help.brief = brief(scene.incident(), scene.plan(), scene.situation, "").join("\n");
    }
    let mut form = Form::new(purpose, &help);
    // In the form it is what is typed: it is kept anew, or sent off and forgotten.
    if let Some(kept) = model.kept.remove(&form.purpose.key()) {
        form.restore(&kept);
        model.say(Loud::Info, "as you left it: type on, or ctrl-x for an empty form");
    }
    if let Purpose::Decide { answers: Some(id) } = form.purpose
        && let Some(ask) = scene.incident().asks.get(&id)
        && let Some(field) = form.fields.first_mut()
        && field.value().is_empty()
    {
        field.set(&ask.proposal);
        form.at = 1;
        form.begin_here();
    }
    model.overlay = Some(Overlay::Form(Box::new(form)));
    Vec::new()
}

/// Keeps what is lit on its line: the list may move around it, it does not move under the finger.
pub fn settle(model: &mut Model, scene: &Scene<'_>) {
    let layout = layout(model.size, model.zoom, model.pane);
    for (pane, _) in &layout.panes {
        let Some(area) = list_area(&layout, *pane) else { continue };
        let items = panes::items(scene, model, *pane);
        let height = usize::from(area.height).max(1);
        let place = &mut model.places[*pane as usize];
        if place.untouched {
            // Nobody has chosen yet: the first row is lit; the timeline shows its newest.
            let able = |item: &&Item| item.thing.is_some();
            let (lit, offset) = match pane {
                Pane::Timeline => (items.iter().rfind(able), items.len().saturating_sub(height)),
                _ => (items.iter().find(able), 0),
            };
            place.lit = lit.and_then(|i| i.thing.clone());
            place.index = items.iter().position(|i| i.thing == place.lit).unwrap_or(0);
            place.offset = offset;
            // What a person saw lit stays lit: only an empty list, and the timeline's end, go on by themselves.
            place.untouched = place.lit.is_none() || *pane == Pane::Timeline;
            continue;
        }
        match place.lit.as_ref().map(|lit| items.iter().position(|i| i.thing.as_ref() == Some(lit))) {
            Some(Some(index)) => {
                let moved = index as isize - place.index as isize;
                place.offset = place.offset.saturating_add_signed(moved);
                place.index = index;
                if index < place.offset {
                    place.offset = index;
                } else if index >= place.offset + height {
                    place.offset = index + 1 - height;
                }
            }
            Some(None) => {
                place.lit = None;
                place.lost = true;
            }
            None => {}
        }
        place.offset = place.offset.min(items.len().saturating_sub(height));
        if items.is_empty() {
            place.untouched = true;
        }
    }
}
