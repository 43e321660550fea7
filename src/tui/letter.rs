//! A worksheet that is mailed: to whom is typed, then everything that leaves is shown, and its own capital letter sends it.

use super::form::{Form, Purpose};
use super::ink::{Piece, piece};
use super::key::{Code, Key};
use super::keymap::Keymap;
use super::model::{Effect, Loud, Model, Overlay, Pending};
use super::scene::Scene;
use super::theme::Meaning;
use super::{act::open_form, duty, over};
use crate::incident::rights;
use crate::report::letter::{Letter, addresses};
use crate::safe;
use crate::situation::filing;

/// The form that asks to whom, or why nothing can be mailed.
pub fn ask(model: &mut Model, scene: &Scene<'_>, rule: String, stage: String) -> Vec<Effect> {
    let why = if scene.incident().is_exercise() {
        Some("an exercise: nothing leaves the building".to_owned())
    } else if model.mail.is_empty() {
        Some("no mail backend is configured: a [[notification]] of kind smtp".to_owned())
    } else {
        let (plan, person) = (scene.plan(), &model.actor.person);
        rights::may(scene.incident(), plan, person, "send", "mail a worksheet").err().map(|refusal| refusal.0)
    };
    if let Some(why) = why {
        model.say(Loud::Refused, safe!("{why}"));
        model.overlay = Some(Overlay::Sheet { rule, stage, scroll: 0 });
        return Vec::new();
    }
    open_form(model, Purpose::Mail { rule, stage }, scene)
}

/// Shows what would leave, as typed in the form. Err: what is wrong with it.
pub fn show(model: &mut Model, scene: &Scene<'_>, form: &Form) -> Result<(), String> {
    let Purpose::Mail { rule, stage } = &form.purpose else { return Ok(()) };
    let texts = form.texts();
    let text = |i: usize| texts.get(i).map(|t| t.trim().to_owned()).unwrap_or_default();
    let to = addresses(&text(0)).map_err(|why| format!("to: {why}"))?;
    let over = text(1);
    if !model.mail.contains(&over) {
        return Err(format!("over: one of {}", model.mail.join(", ")));
    }
    let lines = duty::sheet(scene, rule, stage);
    let subject = filing::subject(scene.incident(), lines.first().map_or("", String::as_str));
    let letter = Letter::of((rule, stage), to, over, subject, &lines);
    model.overlay = Some(Overlay::Letter { letter: Box::new(letter), scroll: 0 });
    Ok(())
}

/// Everything that leaves, to whom.
pub fn lines(letter: &Letter, columns: usize) -> Vec<Vec<Piece>> {
    let mut out = Vec::new();
    let head = [("TO", letter.to.join(", ")), ("OVER", letter.over.clone()), ("SUBJECT", letter.subject.clone())];
    for (label, text) in head {
        for line in over::text_lines(&format!("{label} {text}"), columns) {
            out.push(vec![piece(line, Meaning::Header)]);
        }
    }
    out.push(Vec::new());
    for line in letter.text.lines().flat_map(|line| over::text_lines(line, columns)) {
        out.push(vec![piece(line, Meaning::Text)]);
    }
    out
}

/// How what is pending begins while a letter is handed out.
pub const MAIL: &str = "mail";

pub fn on_key(
    model: &mut Model,
    (letter, scroll): (Box<Letter>, usize),
    key: Key,
    scene: &Scene<'_>,
    keymap: &Keymap,
) -> Vec<Effect> {
    let (columns, rows) = over::inside(model);
    let bottom = lines(&letter, columns).len().saturating_sub(rows);
    if key.code == Code::Char('M') {
        model.say(Loud::Info, safe!("mailing to {}", letter.to.join(", ")));
        let effect = model.next_effect;
        model.next_effect += 1;
        model.pending.push(Pending {
            effect,
            what: format!("{MAIL} the worksheet"),
            since: scene.situation.moment.real,
            commands: Vec::new(),
            form: None,
        });
        return vec![Effect::Mail { effect, letter }];
    }
    if key.code == Code::Esc || key.code == Code::Char('q') {
        model.say(Loud::Info, "nothing was mailed");
        model.overlay = Some(Overlay::Sheet { rule: letter.rule, stage: letter.stage, scroll: 0 });
        return Vec::new();
    }
    let scroll = super::update::scrolled(scroll, bottom, key, keymap).unwrap_or(scroll);
    model.overlay = Some(Overlay::Letter { letter, scroll });
    Vec::new()
}
