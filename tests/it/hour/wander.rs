//! Ten thousand random keys while the lists move: no command ever names a thing that the person did not have lit.

use warroom::incident::command::{Command, Target};
use warroom::incident::entry::EntryId;
use warroom::incident::words::Role;
use warroom::situation::thing::Thing;
use warroom::tui::form::Purpose;
use warroom::tui::key::{Code, Key};
use warroom::tui::model::{Effect, Overlay};
use warroom::tui::theme::{BUILT_IN, Depth, Theme};
use warroom::tui::update::Msg;

use crate::support::world::{Screen, Words, World};

/// A generator of our own, so that a failure names its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

fn key(dice: &mut Dice) -> Key {
    const NAMED: &[Code] =
        &[Code::Enter, Code::Esc, Code::Tab, Code::BackTab, Code::Down, Code::Up, Code::PageDown, Code::Backspace];
    match dice.roll(10) {
        0..=1 => Key::plain(NAMED[dice.roll(NAMED.len())]),
        2 => Key::char(['j', 'k', ' ', 'a', 'x', 'A', 'b', 'e', 's', '.'][dice.roll(10)]),
        _ => Key::char(char::from(b' ' + dice.roll(95) as u8)),
    }
}

/// The one thing that a command is about, where it is about one that was lit.
fn about(command: &Command) -> Option<Thing> {
    let task = |id: &EntryId| Some(Thing::Task(*id));
    match command {
        Command::Assign { task: id, .. }
        | Command::Hear { task: id }
        | Command::StartTask { task: id }
        | Command::BlockTask { task: id, .. }
        | Command::FinishTask { task: id, .. }
        | Command::CancelTask { task: id, .. }
        | Command::ExtendTask { task: id, .. } => task(id),
        Command::Acknowledge { target: Target::Task(id), .. } => task(id),
        Command::Acknowledge { target: Target::Alerts { group, .. }, .. } => Some(Thing::Alerts(group.clone())),
        Command::KeepPromise { promise, .. } => Some(Thing::Promise(*promise)),
        Command::SettleMessage { message, .. } => Some(Thing::Message(*message)),
        Command::CheckDecision { decision, .. } => Some(Thing::Decision(*decision)),
        Command::DraftStage { rule, stage }
        | Command::File { rule, stage, .. }
        | Command::ConfirmStage { rule, stage, .. }
        | Command::Tell { rule, stage, .. }
        | Command::WaiveStage { rule, stage, .. } => Some(Thing::Stage(rule.clone(), stage.clone())),
        Command::Decide(decision) => decision.answers.map(Thing::Ask),
        _ => None,
    }
}

/// What a form that is open is about.
fn form_about(purpose: &Purpose) -> Option<Thing> {
    match purpose {
        Purpose::Assign { task, .. }
        | Purpose::Extend { task, .. }
        | Purpose::Block { task, .. }
        | Purpose::CancelTask { task, .. } => Some(Thing::Task(*task)),
        Purpose::Settle { message } => Some(Thing::Message(*message)),
        Purpose::Check { decision, .. } => Some(Thing::Decision(*decision)),
        Purpose::Decide { answers } => answers.map(Thing::Ask),
        Purpose::File { rule, stage, .. } | Purpose::Confirm { rule, stage, .. } | Purpose::Waive { rule, stage } => {
            Some(Thing::Stage(rule.clone(), stage.clone()))
        }
        _ => None,
    }
}

/// What a key pressed now is about: what lies open, else what is lit.
fn in_sight(screen: &Screen<'_>) -> Option<Thing> {
    match &screen.model.overlay {
        Some(Overlay::Form(form)) => form_about(&form.purpose),
        Some(Overlay::Detail { thing, .. }) => Some(thing.clone()),
        _ => screen.lit(),
    }
}

fn moved(world: &mut World, dice: &mut Dice, count: u64) {
    let tasks: Vec<EntryId> = world.snapshot().incident.tasks.values().map(|t| t.id).collect();
    let some = |dice: &mut Dice| tasks[dice.roll(tasks.len())];
    let name = ["ana", "ben", "ito"][dice.roll(3)].to_owned();
    let command = match dice.roll(7) {
        0 => Command::AddTask { title: format!("task {count}"), team: None, owner: Some(name), minutes: 1 },
        1 => Command::FinishTask { task: some(dice), result: String::new() },
        2 => Command::Assign { task: some(dice), owner: name, minutes: 1 + dice.roll(30) as u32 },
        3 => Command::Note { text: format!("note {count}"), at: None, follow_up: false },
        4 => Command::SetRole {
            role: Role::ALL[dice.roll(7)],
            holder: (dice.roll(2) == 0).then_some(name),
            why: String::new(),
        },
        5 => {
            world.alerts(&["A", "B", "C", "D"][..dice.roll(5)], count);
            return;
        }
        _ => Command::Ask { proposal: format!("question {count}"), by: name, risk: String::new() },
    };
    world.tries("ana", 35, &command);
}

fn wander(size: (u16, u16), seed: u64, presses: usize) -> usize {
    let base = World::new(&Words::plain());
    let mut world = base.clone();
    let mut screen = base.screen(size);
    let mut dice = Dice(seed);
    let (name, text) = BUILT_IN[0];
    let theme = Theme::read(name, text, Depth::True).unwrap();
    let mut written = 0;
    for count in 0..presses {
        let context = || format!("seed {seed}, size {size:?}, press {count}");
        if dice.roll(4) == 0 {
            moved(&mut world, &mut dice, count as u64);
            screen.hears(&world);
        }
        let key = key(&mut dice);
        let seen = in_sight(&screen);
        let typing = match &screen.model.overlay {
            Some(Overlay::Form(form)) => Some(form.purpose.key()),
            _ => None,
        };
        let effects = screen.apply(Msg::Key(key));
        if let (Some(purpose), Some(_)) = (&typing, key.typed()) {
            assert!(effects.is_empty(), "{}: a printable key did {effects:?}", context());
            let stays = matches!(&screen.model.overlay, Some(Overlay::Form(form)) if form.purpose.key() == *purpose);
            assert!(stays, "{}: a printable key left the field", context());
        }
        if let Some(Overlay::Form(form)) = &screen.model.overlay
            && typing.is_none()
            && let Some(thing) = form_about(&form.purpose)
        {
            assert_eq!(Some(thing), seen, "{}: a form for another thing", context());
        }
        for effect in effects {
            let Effect::Append { effect, commands } = effect else { continue };
            for command in &commands {
                if let Some(thing) = about(command) {
                    assert_eq!(Some(&thing), seen.as_ref(), "{}: {command:?}", context());
                }
            }
            // Now and then the disk answers late, or says no.
            let made: Vec<EntryId> = match dice.roll(5) {
                0 => Vec::new(),
                _ => commands.iter().filter_map(|c| world.tries("zoe", 35, c)).flatten().collect(),
            };
            written += made.len();
            screen.hears(&world);
            let result = if made.is_empty() { Err("no".to_owned()) } else { Ok("saved".to_owned()) };
            let refused = dice.roll(2) == 0;
            screen.apply(Msg::Outcome { effect, result, refused, made: made.first().copied() });
        }
        if count % 10 == 0 {
            screen.draw(&theme, false);
        }
    }
    written
}

#[test]
fn no_key_ever_hits_what_was_not_lit() {
    let runs = [((160, 48), 1, 4_000), ((80, 24), 2, 3_000), ((40, 10), 3, 3_000)];
    let written: usize = runs.into_iter().map(|(size, seed, presses)| wander(size, seed, presses)).sum();
    assert!(written > 50, "hardly a key did anything: {written}");
}
