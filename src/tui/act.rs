//! What a command of the room does: the lit thing is acted on, a form or a panel opens, or the disk is asked.

use super::able::{Step, acknowledge, advance, first_stage, lit, note, refusal_for};
use super::duty;
use super::form::{Form, Purpose};
use super::lead;
use super::model::{Effect, Loud, Model, Overlay, Pane, Pending};
use super::places::{focus, go, page, reveal};
use super::releasing::open_review;
use super::scene::Scene;
use super::update::{copy, detail_text};
use super::{incidents, undo};
use crate::command::Action;
use crate::incident::command::Command;
use crate::incident::plan::Channel;
use crate::report::brief::brief;
use crate::safe;
use crate::situation::thing::Thing;

/// Does a command. `on`: the opened thing; else what is lit.
pub(super) fn act(model: &mut Model, action: Action, scene: &Scene<'_>, on: Option<Thing>) -> Vec<Effect> {
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
            Ok(Step::Review(audience)) => open_review(model, scene, audience, None),
            Ok(Step::Handover) => lead::handover(model, scene, thing.as_ref()),
            Ok(Step::Desks(rule, stage)) => {
                model.overlay = Some(Overlay::Desks { rule, stage, lit: 0 });
                Vec::new()
            }
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
        Action::Stand => match thing {
            Some(Thing::Entry(entry)) => open_form(model, Purpose::Stand { entry }, scene),
            _ => Vec::new(),
        },
        Action::File | Action::Waive | Action::Withdraw => {
            let Some((rule, stage)) = stage_of(scene, thing) else { return Vec::new() };
            let listed = scene.situation.obligations.iter().find(|o| o.rule == rule);
            let listed = listed.and_then(|o| o.stages.iter().find(|s| s.id == stage)).is_some_and(|s| s.told.is_some());
            let purpose = match action {
                Action::File if listed => {
                    model.overlay = Some(Overlay::Desks { rule, stage, lit: 0 });
                    return Vec::new();
                }
                Action::File => return duty::file(model, scene, rule, stage),
                Action::Waive => Purpose::Waive { rule, stage },
                _ => return duty::withdraw(model, scene, rule, stage),
            };
            open_form(model, purpose, scene)
        }
        Action::Worksheet => {
            let Some((rule, stage)) = stage_of(scene, thing) else { return Vec::new() };
            model.overlay = Some(Overlay::Sheet { rule, stage, scroll: 0 });
            Vec::new()
        }
        Action::Law => {
            model.today = !model.today;
            focus(model, scene, Pane::Agencies)
        }
        Action::Call => open_form(model, Purpose::Call, scene),
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
        Action::Here => {
            model.overlay = Some(Overlay::Here { scroll: 0 });
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
        Action::Fact => match thing {
            // In the agencies' pane it begins with what the lit stage lacks.
            Some(Thing::Stage(rule, stage)) if model.pane == Pane::Agencies => {
                duty::state_missing(model, scene, &rule, &stage);
                Vec::new()
            }
            _ => open_form(model, Purpose::Fact, scene),
        },
        Action::Service => {
            let audience = match lit(model, scene) {
                Some(Thing::Audience(id)) => id,
                Some(Thing::Message(id)) => {
                    scene.incident().messages.get(&id).map(|m| m.audience.clone()).unwrap_or_default()
                }
                _ => String::new(),
            };
            open_form(model, Purpose::Service { audience }, scene);
            whom_first(model);
            Vec::new()
        }
        Action::Clear => {
            // The fact that waits for somebody is the likely one.
            let waiting = scene.incident().facts.keys().find(|name| !scene.incident().uncleared(name).is_empty());
            open_form(model, Purpose::Clear { fact: waiting.cloned().unwrap_or_default() }, scene)
        }
        Action::Words => {
            model.overlay = Some(Overlay::Words { scroll: 0 });
            Vec::new()
        }
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
            open_form(model, Purpose::Elsewhere { audience, channel }, scene);
            whom_first(model);
            Vec::new()
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
                Some(Thing::Message(id)) => return open_review(model, scene, None, Some(id)),
                _ => None,
            };
            open_review(model, scene, audience, None)
        }
        Action::Copy => {
            let text = thing.map(|thing| detail_text(scene, &thing)).unwrap_or_default();
            copy(model, text)
        }
        Action::Can => {
            model.overlay = Some(Overlay::Can { scroll: 0 });
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

/// The stage that a thing is; of a whole rule its first.
fn stage_of(scene: &Scene<'_>, thing: Option<Thing>) -> Option<(String, String)> {
    let Some(Thing::Stage(rule, stage)) = thing else { return None };
    let stage = if stage.is_empty() { first_stage(scene, &rule)? } else { stage };
    Some((rule, stage))
}

/// Outside the grid the lit row only suggests the audience: the form begins there, and a blank or Tab takes it.
fn whom_first(model: &mut Model) {
    let in_grid = model.pane == Pane::Messages;
    if let Some(Overlay::Form(form)) = &mut model.overlay
        && !in_grid
        && form.is_empty()
    {
        form.at = 0;
    }
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
