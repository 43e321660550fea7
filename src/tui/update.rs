//! What a key, a paste or news does to the model, and which effects it asks for. Pure: no IO, no clock.

use super::act::{act, append, open_form};
use super::duty;
use super::form::{Answer, Form, Purpose};
use super::here;
use super::incidents;
use super::key::{Code, Key};
use super::keymap::Keymap;
use super::lead;
use super::letter;
use super::model::{Effect, Loud, Model, Overlay};
use super::over;
use super::places::settle;
use super::released;
use super::releasing::{RELEASE, keep_text, on_review, open_review, proposed, refresh_review, unclaimed};
use super::scene::Scene;
use crate::command::{self, Action};
use crate::incident::command::Command;
use crate::incident::decide::decide;
use crate::incident::entry::EntryId;
use crate::incident::exercise;
use crate::report::{can, words};
use crate::rulebook::names;
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
    /// A release left nothing, since nobody could be asked whether another host has it.
    Unclaimed {
        effect: u64,
        why: String,
    },
    /// The person's editor ended: the words, or why there are none.
    Edited(Result<String, String>),
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
            released::follow(model, scene);
            Vec::new()
        }
        Msg::Outcome { effect, result, refused, made } => {
            if let Some(made) = made {
                model.recall(std::iter::once(scene.subject(&Thing::Entry(made))));
            }
            on_outcome(model, effect, result, refused)
        }
        Msg::Unclaimed { effect, why } => unclaimed(model, scene, effect, why),
        Msg::Edited(words) => {
            match (words, &mut model.overlay) {
                (Ok(words), Some(Overlay::Form(form))) => form.replace(&words),
                (Ok(_), _) => model.say(Loud::Failed, "the form is gone: the text is not kept"),
                (Err(why), _) => model.say(Loud::Failed, Safe::new(&why)),
            }
            Vec::new()
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
        let seen = over::review_text(model.size, review);
        let mut read: Vec<usize> = seen.below.into_iter().map(|(index, _)| index).collect();
        if review.scroll + seen.height >= seen.lines.len() {
            read.push(review.at);
        }
        return review.mark_read(&read);
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
            if pending.what.starts_with(RELEASE) {
                model.released = std::mem::take(&mut model.releasing);
            }
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
            | Overlay::Can { .. }
            | Overlay::Words { .. }
            | Overlay::Brief { .. }
            | Overlay::RollCall { .. }
            | Overlay::Sheet { .. }
            | Overlay::Letter { .. }
            | Overlay::Desks { .. }
            | Overlay::Contacts { .. }
            | Overlay::Here { .. }
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
        Some(Overlay::Sheet { rule, stage, scroll }) => {
            duty::on_sheet(model, (rule, stage, scroll), key, scene, keymap)
        }
        Some(Overlay::Letter { letter, scroll }) => letter::on_key(model, (letter, scroll), key, scene, keymap),
        Some(Overlay::Desks { rule, stage, lit }) => duty::on_desks(model, (rule, stage, lit), key, scene),
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
        Some(Overlay::Here { scroll }) => {
            let bottom = here::lines(model, scene).len().saturating_sub(over::inside(model).1);
            model.overlay = scrolled(scroll, bottom, key, keymap).map(|scroll| Overlay::Here { scroll });
            Vec::new()
        }
        Some(Overlay::Help { scroll }) => {
            match scrolled(scroll, over::help_bottom(model, scene, keymap), key, keymap) {
                Some(scroll) => {
                    model.overlay = Some(Overlay::Help { scroll });
                    Vec::new()
                }
                None => Vec::new(),
            }
        }
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
        Some(Overlay::Words { scroll }) => {
            let bottom = over::words_bottom(model, scene);
            if let Some(scroll) = scrolled(scroll, bottom, key, keymap) {
                model.overlay = Some(Overlay::Words { scroll });
            } else if keymap.action(key) == Some(Action::Copy) {
                model.overlay = Some(Overlay::Words { scroll });
                let lines = words::words(scene.incident(), scene.plan(), scene.now());
                return copy(model, lines.join("\n"));
            }
            Vec::new()
        }
        Some(Overlay::Can { scroll }) => {
            let to = scrolled(scroll, over::can_bottom(model, scene), key, keymap);
            match (keymap.action(key), to) {
                (Some(Action::Quit), _) => return act(model, Action::Quit, scene, None),
                (Some(Action::Copy), _) => {
                    model.overlay = Some(Overlay::Can { scroll });
                    let lines = can::can(scene.incident(), scene.situation);
                    return copy(model, lines.iter().map(Safe::as_str).collect::<Vec<_>>().join("\n"));
                }
                (_, Some(scroll)) => model.overlay = Some(Overlay::Can { scroll }),
                _ => {}
            }
            Vec::new()
        }
    }
}

/// Where a key scrolls to; no further than `bottom`, so that the way back begins at once.
pub(super) fn scrolled(scroll: usize, bottom: usize, key: Key, keymap: &Keymap) -> Option<usize> {
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

pub(super) fn copy(model: &mut Model, text: String) -> Vec<Effect> {
    model.say(Loud::Info, "sent to your terminal's clipboard; if it takes none, select by hand");
    vec![Effect::Copy(text)]
}

pub(super) fn detail_text(scene: &Scene<'_>, thing: &Thing) -> String {
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
        Answer::Editor => {
            let text = form.fields.get(form.at).map(super::form::Field::value).unwrap_or_default();
            model.overlay = Some(Overlay::Form(form));
            vec![Effect::Editor(text)]
        }
        Answer::Cancel => {
            let name = form.purpose.key();
            // The list of whom to tell is where the form was opened.
            if let Purpose::Tell { rule, stage, lit, .. } = &form.purpose {
                model.overlay = Some(Overlay::Desks { rule: rule.clone(), stage: stage.clone(), lit: *lit });
            }
            if let Purpose::EditText { audience, channel } = &form.purpose {
                let stands = proposed(scene, audience, channel).is_some_and(|p| p.text == form.texts().join("\n"));
                let mut effects = open_review(model, scene, None, None);
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
            if let Purpose::Mail { .. } = form.purpose {
                if let Err(why) = letter::show(model, scene, &form) {
                    form.error = Some(Safe::new(&why));
                    model.overlay = Some(Overlay::Form(form));
                }
                return Vec::new();
            }
            let able = form.command(&help).and_then(|command| {
                let rules = &scene.snapshot.rules;
                let fault = match &command {
                    Command::SetClock { clock, .. } => names::clock_fault(rules, clock),
                    Command::SetFact { name, value, .. } => {
                        names::fact_fault(rules, &help.facts, name).or_else(|| names::value_fault(rules, name, value))
                    }
                    _ => None,
                };
                if let Some(fault) = fault {
                    return Err(fault);
                }
                let command = duty::with_figures(scene, command);
                match decide(scene.incident(), scene.plan(), &command, &model.actor, scene.now()) {
                    Ok(_) => Ok(command),
                    Err(refusal) => Err(refusal.0),
                }
            });
            match able {
                Ok(command) => {
                    if let Purpose::Tell { rule, stage, lit, .. } = &form.purpose {
                        model.overlay = Some(Overlay::Desks { rule: rule.clone(), stage: stage.clone(), lit: *lit });
                    }
                    append(model, vec![command], form.title.as_str().to_owned(), Some(form), scene)
                }
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
