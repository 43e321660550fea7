//! Whether a command can work on a thing now, and which step it would be: what the footer dims is what a key refuses.

use super::form::Purpose;
use super::model::{Model, Overlay, Pane};
use super::scene::Scene;
use super::undo;
use crate::command::{self, Action, Place};
use crate::incident::command::{Command, Target};
use crate::incident::decide::decide;
use crate::incident::entry::EntryId;
use crate::incident::twice;
use crate::incident::what::What;
use crate::incident::words::{StageState, TaskState};
use crate::safe;
use crate::situation::now::tells;
use crate::situation::thing::Thing;
use crate::text::Safe;

/// What is lit in the pane that has the focus, as what it is about.
pub(super) fn lit(model: &Model, scene: &Scene<'_>) -> Option<Thing> {
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
        && !matches!(
            action,
            Action::Can
                | Action::Words
                | Action::Help
                | Action::Incidents
                | Action::Worksheet
                | Action::Law
                | Action::Here
        );
    // What would be due today is not due: nothing is done about it.
    let about_a_stage =
        matches!(thing, Some(Thing::Stage(..))) && is_about(action, &Thing::Stage(String::new(), String::new()));
    if model.today && model.pane == Pane::Agencies && about_a_stage && (writes || action == Action::Worksheet) {
        return Some("this is what if today: V goes back to the law of the outage".into());
    }
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
            Ok(Step::Open(_) | Step::Review(_) | Step::Handover | Step::RollCall | Step::Desks(..)) => None,
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
        Action::Stand => match thing {
            Some(Thing::Entry(entry)) => {
                refused(model, scene, &Command::StandFor { entry: *entry, why: "?".to_owned() })
            }
            _ => Some("light what was done without the right first (pane 1 or 2)".into()),
        },
        Action::Withdraw => match thing {
            Some(Thing::Stage(rule, stage)) => {
                let (rule, stage, why, by) = (rule.clone(), stage.clone(), "?".to_owned(), "?".to_owned());
                refused(model, scene, &Command::WithdrawStage { rule, stage, why, by, figures: Default::default() })
            }
            _ => Some("light a stage of an agency first (pane 4)".into()),
        },
        Action::File | Action::Waive | Action::Worksheet => match thing {
            Some(Thing::Stage(rule, stage)) if !stage.is_empty() || first_stage(scene, rule).is_some() => None,
            _ => Some("light a stage of an agency first (pane 4)".into()),
        },
        Action::Open | Action::Copy => match (thing, &model.overlay) {
            (Some(_), _) | (None, Some(Overlay::Can { .. })) => None,
            (None, _) => Some("nothing is lit: j or k picks a row".into()),
        },
        Action::Send => {
            if scene.plan().audiences.is_empty() {
                return Some("no playbook names audiences".into());
            }
            None
        }
        Action::Elsewhere | Action::Service => {
            scene.plan().audiences.is_empty().then(|| "no playbook names audiences".into())
        }
        Action::Undo => undo::own_last(model, scene).err(),
        _ => None,
    }
}

/// The stage that a row of a whole rule stands for.
pub(super) fn first_stage(scene: &Scene<'_>, rule: &str) -> Option<String> {
    scene.snapshot.rules.get(rule)?.stages.first().map(|s| s.id.clone())
}

/// Whether a command is about such a thing; that it works on it now is for [`refusal_for`] to say.
pub fn is_about(action: Action, thing: &Thing) -> bool {
    action.row().place == Place::Lit
        || match thing {
            Thing::Audience(_) | Thing::Message(_) => {
                matches!(action, Action::Send | Action::Elsewhere | Action::Service)
            }
            Thing::Ask(_) => action == Action::Decide,
            Thing::Offer(_) => action == Action::Handover,
            Thing::RollCall(_) => action == Action::RollCall,
            Thing::Team(_) | Thing::Span => action == Action::SubTeams,
            Thing::TimeOut(_) => action == Action::TimeOut,
            _ => false,
        }
}

/// The note that is lit, with its words as they stand.
pub(super) fn note(scene: &Scene<'_>, thing: Option<&Thing>) -> Option<(EntryId, String)> {
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
pub(super) fn acknowledge(model: &Model, scene: &Scene<'_>, thing: Option<&Thing>) -> Result<Vec<Command>, Safe> {
    let minutes = model.minutes;
    let me = || Some(model.actor.person.clone());
    let task = |title: String| {
        let mut tasks = scene.incident().tasks.values();
        match tasks.find(|t| t.live() && t.title == title).map(|t| t.owner.as_ref()) {
            Some(Some(owner)) if *owner == model.actor.person => Err(safe!("it is yours already: \"{title}\"")),
            Some(Some(owner)) => Err(safe!("{owner} has it: \"{title}\" among the tasks (pane 5)")),
            Some(None) => Err(safe!("it is a task without an owner: \"{title}\" (pane 5), a takes it")),
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
            task(tells(name))?
        }
        Some(Thing::Stage(rule, stage)) => task(format!("notify {rule} {stage}"))?,
        Some(Thing::Message(_)) => task("look up the message whose answer was lost".to_owned())?,
        Some(Thing::Metric(name)) => task(format!("get the number of {name}"))?,
        Some(Thing::Component(name)) => task(format!("look at {name}"))?,
        Some(Thing::Components(word)) => task(format!("look at what is {word}"))?,
        Some(Thing::Source(name)) => task(format!("why does {name} not answer?"))?,
        Some(Thing::Role(role)) => match scene.incident().holder(*role) {
            None => vec![Command::SetRole { role: *role, holder: me(), why: String::new() }],
            Some(holder) => return Err(safe!("{holder} holds it: A gives it to somebody else")),
        },
        Some(Thing::Ask(_)) => return Err("a question is decided: d".into()),
        Some(Thing::Conflict(_)) => return Err("a conflict is settled by setting it anew: Space".into()),
        Some(Thing::Promise(_) | Thing::Decision(_)) => return Err("Space: kept, or checked".into()),
        Some(Thing::Offer(_)) => return Err("H opens the brief".into()),
        Some(Thing::RollCall(_)) => return Err("L opens the roll-call".into()),
        Some(Thing::TimeOut(_)) => return Err("O: its four answers".into()),
        Some(Thing::Hosts) => task("reach the other hosts".to_owned())?,
        Some(Thing::Span) => return Err("W gives teams their leads".into()),
        Some(Thing::Entry(_) | Thing::Team(_)) => return Err("there is nothing to acknowledge here".into()),
        None => return Err("nothing is lit: j or k picks a row".into()),
    })
}

pub(super) enum Step {
    Write(Box<Command>, String),
    Open(Purpose),
    Review(Option<String>),
    Handover,
    RollCall,
    /// The list of those whom a stage asks to tell one by one.
    Desks(String, String),
}

/// One step on.
pub(super) fn advance(scene: &Scene<'_>, thing: Option<&Thing>) -> Result<Step, Safe> {
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
            let by_hand = scene.incident().filings.contains_key(&(rule.clone(), stage.clone()));
            match found.state {
                StageState::Pending | StageState::Drafted | StageState::Filed if found.told.is_some() && !by_hand => {
                    Ok(Step::Desks(rule, stage))
                }
                StageState::Pending => write(Command::DraftStage { rule, stage }, "drafted"),
                StageState::Drafted => Ok(Step::Open(Purpose::File { rule, stage, voluntary: obligation.voluntary })),
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
        Some(Thing::Entry(id)) if incident.unrightful.get(id).is_some_and(|done| done.stood.is_none()) => {
            Ok(Step::Open(Purpose::Stand { entry: *id }))
        }
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
            _ if what.starts_with("sent twice") => match twice::named(incident, what) {
                Some(message) => Purpose::Settle { message: message.id },
                None => return Err("it is settled".into()),
            },
            _ if what.starts_with("fact ") => Purpose::Fact,
            _ if what.starts_with("clock ") => Purpose::Clock,
            "rights" => return Err("warroom rights adopt settles it, from a configuration".into()),
            _ => Purpose::Role { role: None },
        })),
        Some(Thing::Hosts) => Err("it goes by itself when they are met again: a makes it yours to call them".into()),
        Some(Thing::Source(_) | Thing::Component(_) | Thing::Components(_) | Thing::Metric(_) | Thing::Entry(_)) => {
            Err("there is no next step for this: Enter opens it".into())
        }
        None => Err("nothing is lit: j or k picks a row".into()),
    }
}
