//! The release review: nothing is approved twice, nothing unread, and no words typed there are lost.

use warroom::incident::command::Command;
use warroom::incident::decide::decide;
use warroom::incident::words::{MessageState, Round};
use warroom::tui::key::Key;
use warroom::tui::model::{Effect, Overlay};
use warroom::tui::review::Review;
use warroom::tui::update::Msg;

use crate::support::world::{Screen, Words, World};

const SIZE: (u16, u16) = (160, 48);

fn review<'a>(screen: &'a Screen<'_>) -> &'a Review {
    match &screen.model.overlay {
        Some(Overlay::Review(review)) => review,
        other => panic!("no review: {other:?}"),
    }
}

fn written(effects: &[Effect]) -> usize {
    effects.iter().filter(|e| matches!(e, Effect::Append { .. } | Effect::Release { .. })).count()
}

/// The drafted text to FirstNet is lit in an open review.
fn on_firstnet(world: &World) -> Screen<'_> {
    let mut screen = world.screen(SIZE);
    screen.keys("3 s");
    let at = review(&screen).items.iter().position(|i| i.audience == "firstnet" && i.message.is_some());
    for _ in 0..review(&screen).items.len() {
        screen.keys("k");
    }
    for _ in 0..at.expect("a draft to FirstNet") {
        screen.keys("j");
    }
    screen
}

#[test]
fn a_second_press_before_the_disk_answers_writes_nothing() {
    let world = World::new(&Words::plain());
    let mut screen = on_firstnet(&world);
    if !review(&screen).current().unwrap().chosen {
        screen.keys("space");
    }
    assert_eq!(written(&screen.keys("P")), 1);
    assert_eq!(written(&screen.keys("P P")), 0);
}

#[test]
fn a_second_text_beside_one_that_stands_is_refused() {
    let world = World::new(&Words::plain());
    let snapshot = world.snapshot();
    let (audience, channel, text) = ("firstnet".to_owned(), "direct".to_owned(), "Again".to_owned());
    let round = Round::Initial;
    let draft = Command::DraftMessage {
        audience: audience.clone(),
        channel: channel.clone(),
        round,
        text: text.clone(),
        next_update: None,
        grounds: Default::default(),
    };
    let both =
        Command::DraftAndApprove { audience, channel, round, text, next_update: None, grounds: Default::default() };
    let actor = warroom::incident::command::Actor { person: "zoe".into(), host: "jump1".into() };
    for command in [draft, both] {
        let why = decide(&snapshot.incident, &snapshot.plan, &command, &actor, world.now).unwrap_err();
        assert!(why.0.contains("already"), "{}", why.0);
    }
}

#[test]
fn words_that_somebody_changes_are_not_read() {
    let world = World::new(&Words::plain());
    let mut screen = on_firstnet(&world);
    let index = review(&screen).at;
    let message = review(&screen).items[index].message.unwrap();
    // Each was on the screen to its end.
    for _ in 0..review(&screen).items.len() {
        screen.keys("k");
    }
    for _ in 0..review(&screen).items.len() {
        screen.keys("j");
    }
    assert!(review(&screen).read.iter().all(|read| *read) && review(&screen).at != index);
    let mut later = world.clone();
    let edit = Command::EditMessage {
        message,
        text: "Something else: 911 from a landline, no test calls".to_owned(),
        next_update: None,
        grounds: Default::default(),
    };
    later.does("lee", 30, edit);
    screen.hears(&later);
    assert_eq!(review(&screen).items[index].next_update, None);
    while !review(&screen).items[index].chosen {
        screen.keys("A");
    }
    assert_eq!(written(&screen.keys("P")), 0);
    assert_eq!(review(&screen).at, index, "it leads to what has to be read");
}

#[test]
fn a_row_stays_with_its_message_and_stops_where_they_were_told_otherwise() {
    let world = World::new(&Words::plain());
    let mut screen = on_firstnet(&world);
    let index = review(&screen).at;
    let message = review(&screen).items[index].message.unwrap();
    let mut later = world.clone();
    let text_sha256 = warroom::incident::message::sha256(&review(&screen).items[index].text);
    later.does("kim", 30, Command::ApproveMessage { message, text_sha256 });
    let elsewhere = Command::RecordElsewhere {
        audience: "firstnet".into(),
        channel: "direct".into(),
        by: "lee".into(),
        at: None,
        proof: None,
        text: "by phone".into(),
        next_update: None,
    };
    later.does("lee", 31, elsewhere);
    screen.hears(&later);
    let item = &review(&screen).items[index];
    assert_eq!((item.message, item.state), (Some(message), MessageState::Approved));
    assert!(item.stop.is_some() && !item.chosen, "{item:?}");
    assert_eq!(written(&screen.keys("R")), 0);
}

#[test]
fn words_that_cannot_be_kept_in_the_record_stay_in_the_form() {
    let world = World::new(&Words::plain());
    let mut screen = on_firstnet(&world);
    let message = review(&screen).current().unwrap().message.unwrap();
    screen.keys("E");
    for c in "My words".chars() {
        screen.apply(Msg::Key(Key::char(c)));
    }
    let mut later = world.clone();
    let text_sha256 = later.snapshot().incident.messages[&message].sha256.clone();
    later.does("kim", 30, Command::ApproveMessage { message, text_sha256 });
    later.does("kim", 31, Command::SendMessage { message, process: "jump1/9@9".into() });
    screen.hears(&later);
    assert_eq!(written(&screen.keys("ctrl-s")), 0);
    let Some(Overlay::Form(form)) = &screen.model.overlay else { panic!("the form is gone") };
    assert!(form.error.is_some() && form.texts().join("\n").contains("My words"));
    // Given up with Esc they are kept all the same.
    let effects = screen.keys("esc");
    let kept = |e: &Effect| matches!(e, Effect::Keep { fields, .. } if fields.join("\n").contains("My words"));
    assert!(effects.iter().any(kept), "{effects:?}");
}

#[test]
fn a_key_pressed_twice_before_the_disk_answers_asks_once() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((160, 48));
    screen.keys("3 g");
    assert_eq!(written(&screen.keys("a")), 1);
    assert_eq!(written(&screen.keys("a")), 0);
    assert!(screen.model.flash.as_ref().unwrap().1.as_str().contains("not on disk yet"));
}

#[test]
fn what_is_ones_own_already_is_not_taken_twice() {
    let mut world = World::new(&Words::plain());
    let name = world.plan.audiences[0].name.clone();
    let task = Command::AddTask { title: format!("tell {name}"), team: None, owner: Some("zoe".into()), minutes: 5 };
    world.does("zoe", 30, task);
    let mut screen = world.screen((160, 48));
    assert_eq!(written(&screen.keys("3 g a")), 0);
    assert!(screen.model.flash.as_ref().unwrap().1.as_str().contains("yours already"));
}

#[test]
fn help_scrolls_no_further_than_its_end() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((80, 24));
    screen.keys("? G");
    let Some(Overlay::Help { scroll: bottom }) = screen.model.overlay else { panic!() };
    screen.keys("pagedown j j");
    let Some(Overlay::Help { scroll }) = screen.model.overlay else { panic!() };
    assert_eq!(scroll, bottom);
    screen.keys("k");
    let Some(Overlay::Help { scroll }) = screen.model.overlay else { panic!() };
    assert_eq!(scroll + 1, bottom, "the first key back shows");
}

#[test]
fn words_typed_while_a_text_is_saved_stay() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((160, 48));
    let typed = |screen: &mut Screen<'_>, text: &str| {
        for c in text.chars() {
            screen.apply(Msg::Key(Key::char(c)));
        }
    };
    screen.keys("n");
    typed(&mut screen, "first");
    let effects = screen.keys("enter");
    let effect = effects.iter().find_map(|e| match e {
        Effect::Append { effect, .. } => Some(*effect),
        _ => None,
    });
    screen.keys("n");
    typed(&mut screen, "second");
    screen.keys("esc");
    let outcome = Msg::Outcome { effect: effect.unwrap(), result: Ok("saved".into()), refused: false, made: None };
    let effects = screen.apply(outcome);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Forget { .. })), "{effects:?}");
    screen.keys("n");
    let Some(Overlay::Form(form)) = &screen.model.overlay else { panic!() };
    assert!(form.texts().join(" ").contains("second"));
}
