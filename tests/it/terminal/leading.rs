//! The panels of leading, as a person uses them: nothing is accepted unread, nobody is marked unseen, no old words come back.

use chrono::TimeDelta;
use warroom::incident::command::{Command, TeamWish};
use warroom::incident::words::Role;
use warroom::text::Safe;
use warroom::tui::form::Purpose;
use warroom::tui::key::Key;
use warroom::tui::model::{Effect, Loud, Overlay};
use warroom::tui::theme::{BUILT_IN, Depth, Theme};
use warroom::tui::update::Msg;

use crate::support::world::{Screen, Words, World};

fn theme() -> Theme {
    Theme::read(BUILT_IN[0].0, BUILT_IN[0].1, Depth::True).unwrap()
}

fn rows(screen: &Screen<'_>) -> Vec<String> {
    let (buffer, _) = screen.draw(&theme(), false);
    let width = usize::from(buffer.area.width);
    buffer.content.chunks(width).map(|row| row.iter().map(|cell| cell.symbol()).collect()).collect()
}

fn typed(screen: &mut Screen<'_>, text: &str) {
    for c in text.chars() {
        screen.apply(Msg::Key(Key::char(c)));
    }
}

fn appended(effects: &[Effect]) -> Option<(u64, &Vec<Command>)> {
    effects.iter().find_map(|e| match e {
        Effect::Append { effect, commands } => Some((*effect, commands)),
        _ => None,
    })
}

#[test]
fn after_four_hours_the_header_suggests_a_handover() {
    let mut world = World::new(&Words::plain());
    for (hours, wanted) in [(3, false), (5, true)] {
        world.now = "2024-02-22T08:51:00Z".parse::<warroom::incident::Instant>().unwrap() + TimeDelta::hours(hours);
        let screen = world.screen((160, 48));
        assert_eq!(rows(&screen)[1].contains("H hands over"), wanted, "{hours} h: {}", rows(&screen)[1]);
    }
}

fn offered(brief: &str) -> World {
    let mut world = World::new(&Words::plain());
    world.does("kim", 30, Command::Offer { role: Role::Commander, to: "zoe".into(), brief: brief.into() });
    world
}

#[test]
fn a_brief_is_accepted_only_when_its_end_was_on_the_screen() {
    let long = (0..60).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
    let world = offered(&long);
    let mut screen = world.screen((80, 24));
    screen.keys("H");
    assert!(appended(&screen.keys("A")).is_none(), "its end was not seen");
    while !rows(&screen).iter().any(|row| row.contains("│its end")) {
        screen.keys("space");
    }
    let effects = screen.keys("A");
    let accepts = |commands: &Vec<Command>| matches!(commands[..], [Command::AcceptOffer { .. }]);
    assert!(appended(&effects).is_some_and(|(_, commands)| accepts(commands)), "{:?}", screen.model.flash);
    // A short one that no frame has shown yet: both keys came at once.
    let world = offered("all is down");
    let mut screen = world.screen((80, 24));
    assert!(appended(&screen.burst("H A")).is_none(), "nothing was on the screen");
    assert!(appended(&screen.keys("A")).is_some());
}

#[test]
fn a_brief_that_was_not_sent_off_is_made_anew() {
    let mut world = World::new(&Words::plain());
    world.does("kim", 30, Command::SetRole { role: Role::Scribe, holder: Some("zoe".into()), why: String::new() });
    let mut screen = world.screen((160, 48));
    screen.keys("H");
    assert!(
        matches!(&screen.model.overlay, Some(Overlay::Form(form)) if form.purpose == Purpose::Offer { role: Role::Scribe })
    );
    let effects = screen.keys("esc");
    assert!(effects.iter().all(|e| !matches!(e, Effect::Keep { .. })), "nobody typed anything: {effects:?}");
    screen.keys("H");
    typed(&mut screen, "rae");
    screen.keys("esc");
    let mut later = world.clone();
    later.does("kim", 34, Command::SetObjectives { text: "reach the mayor".into(), until: None });
    screen.hears(&later);
    screen.keys("H");
    let Some(Overlay::Form(form)) = &screen.model.overlay else { panic!() };
    assert_eq!(form.texts()[0], "rae", "what was typed is back");
    assert!(form.texts()[2].contains("mayor"), "and the brief is of now: {}", form.texts()[2]);
}

#[test]
fn words_that_were_sent_off_do_not_come_back() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((120, 36));
    screen.keys("n");
    typed(&mut screen, "abc");
    screen.keys("esc n");
    typed(&mut screen, " def");
    let effects = screen.keys("enter");
    let (effect, _) = appended(&effects).unwrap();
    let told = screen.apply(Msg::Outcome { effect, result: Ok("saved".into()), refused: false, made: None });
    assert!(told.iter().any(|e| matches!(e, Effect::Forget { form } if form == "note")), "{told:?}");
    screen.keys("n");
    let Some(Overlay::Form(form)) = &screen.model.overlay else { panic!() };
    assert!(form.is_empty(), "{:?}", form.texts());
}

#[test]
fn who_is_marked_as_heard_is_in_sight() {
    let mut world = World::new(&Words::plain());
    let people: Vec<String> = (10..60).map(|n| format!("person {n}")).collect();
    world.does("kim", 34, Command::CallRoll { people, minutes: 3 });
    for size in [(80, 24), (40, 10)] {
        let mut screen = world.screen(size);
        screen.keys("L");
        for n in 10..50 {
            let lit: Vec<String> = rows(&screen).into_iter().filter(|row| row.contains(">person")).collect();
            assert!(lit.len() == 1 && lit[0].contains(&format!("person {n}")), "{size:?} {n}: {lit:?}");
            screen.keys("j");
        }
        let effects = screen.keys("space");
        let (_, commands) = appended(&effects).unwrap();
        assert!(matches!(&commands[0], Command::AnswerRoll { person, .. } if person == "person 50"), "{commands:?}");
    }
    // A call without the one who was lit: no key is about anybody.
    let mut screen = world.screen((80, 24));
    screen.keys("L j j");
    let mut later = world.clone();
    later.does("kim", 35, Command::CallRoll { people: vec!["ana".into()], minutes: 3 });
    screen.hears(&later);
    assert!(appended(&screen.keys("space")).is_none());
}

#[test]
fn a_question_is_not_answered_unseen() {
    let mut world = World::new(&Words::plain());
    world.does("zoe", 20, Command::Note { text: "old words".into(), at: None, follow_up: false });
    let mut screen = world.screen((120, 36));
    assert!(appended(&screen.keys("u")).is_none(), "it is older than a minute: it asks");
    screen.apply(Msg::Tell(warroom::tui::model::Loud::Failed, "something else".into()));
    assert!(appended(&screen.keys("u")).is_none(), "the question is not on the screen any more: it asks again");
    assert!(appended(&screen.keys("u")).is_some());
}

#[test]
fn a_conflict_opens_what_settles_it() {
    let mut world = World::new(&Words::plain());
    world.does(
        "kim",
        30,
        Command::SetTeams(vec![TeamWish { team: "core".into(), lead: Some("ana".into()), ..TeamWish::default() }]),
    );
    let mut other = world.clone();
    let wish = |lead: &str| {
        Command::SetTeams(vec![TeamWish { team: "core".into(), lead: Some(lead.into()), ..TeamWish::default() }])
    };
    other.does("kim", 31, wish("ben"));
    world.meets(&other, wish("ito"));
    let mut screen = world.screen((160, 48));
    screen.keys("/");
    typed(&mut screen, "team core");
    screen.keys("enter space");
    assert!(
        matches!(&screen.model.overlay, Some(Overlay::Form(form)) if form.purpose == Purpose::SubTeams { team: Some("core".into()) }),
        "{:?}",
        screen.model.overlay
    );
}

#[test]
fn escape_and_the_next_key_at_once_are_two_and_the_second_writes_nothing_by_itself() {
    let world = World::new(&Words::plain());
    let typing = |text: &str| {
        let mut screen = world.screen((120, 36));
        screen.keys("n");
        typed(&mut screen, text);
        screen
    };
    let mut screen = typing("half");
    screen.keys("alt-t");
    assert!(matches!(&screen.model.overlay, Some(Overlay::Form(form)) if form.purpose == Purpose::Task));
    assert!(screen.model.kept.contains_key("note"), "the words are kept");
    for key in ["alt-a", "alt-u", "alt-O"] {
        let mut screen = typing("half");
        assert!(appended(&screen.keys(key)).is_none() && screen.model.overlay.is_none(), "{key}");
    }
    // By words in the field, as at a shell.
    let mut screen = typing("one two");
    screen.keys("alt-b");
    typed(&mut screen, "and ");
    assert!(matches!(&screen.model.overlay, Some(Overlay::Form(form)) if form.texts()[0] == "one and two"));
}

#[test]
fn enter_stops_once_at_what_is_asked_for_and_empties_no_role_by_itself() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((120, 36));
    screen.keys("r");
    typed(&mut screen, "deputy");
    assert!(appended(&screen.keys("enter")).is_none(), "who holds it?");
    typed(&mut screen, "rae");
    let effects = screen.keys("enter");
    let (_, commands) = appended(&effects).unwrap();
    assert_eq!(commands[..], [Command::SetRole { role: Role::Deputy, holder: Some("rae".into()), why: String::new() }]);
    let mut screen = world.screen((120, 36));
    screen.keys("d");
    for text in ["roll back", "yes"] {
        typed(&mut screen, text);
        assert!(appended(&screen.keys("enter")).is_none(), "{text}");
    }
    assert!(appended(&screen.keys("enter")).is_none(), "when is it checked?");
    assert!(appended(&screen.keys("enter")).is_some(), "left empty on purpose");
}

#[test]
fn what_was_proposed_gives_way_and_what_was_kept_can_be_emptied() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((120, 36));
    screen.keys("t");
    typed(&mut screen, "look");
    screen.keys("tab tab");
    typed(&mut screen, "20");
    assert!(matches!(&screen.model.overlay, Some(Overlay::Form(form)) if form.texts()[2] == "20"));
    screen.keys("esc t ctrl-x");
    let Some(Overlay::Form(form)) = &screen.model.overlay else { panic!() };
    assert!(form.is_empty() && form.texts()[0].is_empty(), "{:?}", form.texts());
}

#[test]
fn what_is_told_does_not_hide_the_way_to_the_keys_and_stands_alone_on_its_row() {
    let world = World::new(&Words::plain());
    for size in [(160, 48), (120, 36), (80, 24), (40, 10)] {
        let mut screen = world.screen(size);
        let told =
            || Msg::Tell(warroom::tui::model::Loud::Refused, "RANG: ".to_owned() + &"something long ".repeat(20));
        screen.apply(told());
        let foot = rows(&screen).pop().unwrap();
        assert!(foot.starts_with("RANG") && foot.ends_with("? help"), "{size:?}: {foot}");
        screen.keys("?");
        screen.apply(Msg::Tell(warroom::tui::model::Loud::Refused, "RANG".into()));
        assert_eq!(rows(&screen).pop().unwrap().trim_end(), "RANG", "{size:?}: no edge of a box beside it");
    }
}

#[test]
fn on_a_narrow_screen_a_late_chore_does_not_hide_what_is_due_next() {
    let mut world = World::new(&Words::plain());
    // Nothing else is owed: a word that is late would stand before it.
    let plan = std::sync::Arc::make_mut(&mut world.plan);
    plan.audiences.clear();
    let late = Command::AddTask { title: "late".into(), team: None, owner: Some("ben".into()), minutes: 1 };
    world.does("kim", 30, late);
    let head = rows(&world.screen((40, 10))).remove(1);
    assert!(head.contains("1 OVER / ") && !head.contains("OVER / …"), "{head}");
    let wide = rows(&world.screen((120, 36))).remove(1);
    assert!(wide.contains("OVER 4m ben not back / "), "{wide}");
}

#[test]
fn a_late_chore_stands_behind_a_word_that_is_owed() {
    let mut world = World::new(&Words::plain());
    let late = Command::AddTask { title: "late".into(), team: None, owner: Some("ben".into()), minutes: 1 };
    world.does("kim", 8, late);
    for (size, wanted) in
        [((120, 36), "OVER 20m FirstNet first word"), ((80, 24), "OVER 20m FirstNet"), ((40, 10), "OVER 20m +")]
    {
        let head = rows(&world.screen(size)).remove(1);
        assert!(head.contains(wanted), "{size:?}: {head}");
    }
}

#[test]
fn a_call_stands_in_rows_of_its_own_until_escape() {
    let world = World::new(&Words::plain());
    for size in [(160, 48), (120, 36), (80, 24), (40, 10), (12, 4)] {
        let mut screen = world.screen(size);
        let before = rows(&screen);
        screen.model.calls(Some(Safe::new(
            "INJECT  Ana: \"I need five more minutes, the diff is long.\" What do you say to her?",
        )));
        let called = |screen: &Screen<'_>| {
            let rows = rows(screen);
            let at = rows.iter().position(|row| row.starts_with("INJECT"));
            at.map(|at| rows[at..].iter().map(|row| row.trim()).collect::<Vec<_>>().join(" "))
        };
        if size == (12, 4) {
            assert_eq!(called(&screen), None, "a tiny screen keeps its rows");
            continue;
        }
        screen.model.say(Loud::Refused, "RANG: something else");
        let text = called(&screen).expect("the call");
        assert!(text.contains("the diff is long.") && !text.contains("RANG"), "{size:?}: {text}");
        assert!(rows(&screen).iter().any(|row| row.starts_with("RANG")), "{size:?}: both are seen");
        // Whatever lies over the room leaves it in sight.
        for keys in ["?", "n", "c"] {
            screen.keys(keys);
            assert_eq!(called(&screen), Some(text.clone()), "{size:?} under {keys}");
            screen.keys("esc");
        }
        screen.apply(Msg::Resize(size.0, size.1));
        assert!(called(&screen).is_some());
        screen.keys("esc");
        assert_eq!(rows(&screen), before, "{size:?}");
    }
}

#[test]
fn help_begins_with_what_works_on_the_lit_thing() {
    let mut world = World::new(&Words::plain());
    world.does("kim", 20, Command::Ask { proposal: "roll back?".into(), by: "ana".into(), risk: String::new() });
    let mut screen = world.screen((120, 36));
    while !rows(&screen).iter().any(|row| row.starts_with(">") && row.contains("DECIDE")) {
        screen.keys("j");
    }
    screen.keys("?");
    let shown = rows(&screen);
    let at = |text: &str| shown.iter().position(|row| row.contains(text));
    let (lit, rest) =
        (at("ON WHAT IS LIT: DECIDE").expect("which thing"), at("LEADING AND RECORDING").expect("the rest"));
    // The foot in sight below it names the step too.
    let next = at("moves what is lit").expect("Space");
    assert!(lit < next && next < rest, "{}", shown.join("\n"));
    // A key that would be refused here stands behind what works.
    assert!(at("more time for the lit task").is_none_or(|x| x > rest));
}

#[test]
fn the_whole_report_is_read_on_a_narrow_screen() {
    let world = World::new(&Words::plain());
    let all: Vec<String> = {
        let screen = world.screen((160, 48));
        let (incident, situation) = (&screen.snapshot.incident, &screen.situation);
        warroom::report::can::can(incident, situation).iter().map(|line| line.as_str().to_owned()).collect()
    };
    let words: Vec<String> = all.iter().flat_map(|row| row.split_whitespace()).map(str::to_owned).collect();
    let mut screen = world.screen((40, 10));
    screen.keys("c");
    let mut seen = String::new();
    for _ in 0..60 {
        seen.push_str(&rows(&screen).join("\n"));
        screen.keys("j");
    }
    assert!(words.len() > 20);
    for word in &words {
        assert!(seen.contains(word.as_str()), "{word} of {all:#?} is not seen in\n{seen}");
    }
    assert!(matches!(screen.model.overlay, Some(Overlay::Can { scroll }) if scroll > 0));
    screen.keys("x");
    assert!(screen.model.overlay.is_none());
}

#[test]
fn a_role_that_somebody_holds_is_taken_with_a_reason_only() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((120, 36));
    screen.keys("r");
    typed(&mut screen, "ic zoe");
    assert!(appended(&screen.keys("enter")).is_none());
    let Some(Overlay::Form(form)) = &screen.model.overlay else { panic!("it asks") };
    assert_eq!(form.fields[form.at].label, "why", "{:?}", form.error);
    typed(&mut screen, "kim's link is gone");
    let effects = screen.keys("enter");
    let (_, commands) = appended(&effects).unwrap();
    assert!(matches!(&commands[..], [Command::SetRole { why, .. }] if why == "kim's link is gone"), "{commands:?}");
}

#[test]
fn what_is_most_urgent_is_in_sight_where_the_person_is_not() {
    let world = World::new(&Words::plain());
    let mut later = world.clone();
    let mut screen = world.screen((120, 36));
    screen.keys("1 j j j j j j j j 5");
    for n in 0..6 {
        let by = "ana".into();
        later.does("ana", 36, Command::Ask { proposal: format!("roll back {n}?"), by, risk: String::new() });
    }
    screen.hears(&later);
    let shown = rows(&screen);
    let now: Vec<&String> = shown.iter().skip_while(|row| !row.starts_with("1 NOW")).take(3).collect();
    assert!(now[1].contains("FirstNet") && !now[0].contains("above"), "{}", shown.join("\n"));
    // Where the person is, the lit row stays; what came above it is told loudly, with the way to it.
    screen.keys("1 j j j j");
    later.does("ana", 37, Command::Ask { proposal: "and now?".into(), by: "ana".into(), risk: String::new() });
    screen.hears(&later);
    screen.keys("g");
    assert!(rows(&screen).iter().any(|row| row.starts_with(">!!") && row.contains("FirstNet")));
}

#[test]
fn the_timeline_follows_again_once_it_was_left_or_at_its_end() {
    let world = World::new(&Words::plain());
    let mut later = world.clone();
    let mut screen = world.screen((120, 36));
    let newest = |screen: &Screen<'_>, text: &str| rows(screen).iter().any(|row| row.contains(text));
    screen.keys("2 k k k 1");
    for n in 0..30 {
        later.does("ana", 36, Command::Note { text: format!("later {n}"), at: None, follow_up: false });
    }
    screen.hears(&later);
    assert!(newest(&screen, "later 29"), "{}", rows(&screen).join("\n"));
    screen.keys("2 g G");
    for n in 0..30 {
        later.does("ana", 37, Command::Note { text: format!("even later {n}"), at: None, follow_up: false });
    }
    screen.hears(&later);
    assert!(newest(&screen, "even later 29"), "{}", rows(&screen).join("\n"));
}

#[test]
fn enter_says_whether_it_sends_off_and_half_a_word_is_no_choice() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((120, 36));
    let foot = |screen: &Screen<'_>, text: &str| rows(screen).iter().any(|row| row.contains(text));
    screen.keys("d");
    assert!(foot(&screen, "Enter goes on"));
    screen.keys("esc n");
    assert!(foot(&screen, "Enter sends it off"));
    screen.keys("esc r");
    typed(&mut screen, "comm");
    assert!(appended(&screen.keys("enter")).is_none());
    let Some(Overlay::Form(form)) = &screen.model.overlay else { panic!() };
    assert_eq!(form.at, 0, "which one?");
    assert!(form.error.as_ref().unwrap().as_str().contains("commander or communications"), "{:?}", form.error);
}

#[test]
fn more_time_asks_why_however_it_is_asked_for() {
    let mut world = World::new(&Words::plain());
    let task = world.does(
        "kim",
        30,
        Command::AddTask { title: "look".into(), team: None, owner: Some("kim".into()), minutes: 5 },
    )[0];
    let ack = Command::Acknowledge { target: warroom::incident::command::Target::Task(task), minutes: 5 };
    // Who gives themself a task has heard it.
    let snapshot = world.snapshot();
    let kim = warroom::incident::command::Actor { person: "kim".into(), host: "jump1".into() };
    let again = warroom::incident::decide::decide(&snapshot.incident, &snapshot.plan, &ack, &kim, world.now);
    assert!(again.unwrap_err().0.contains("x for more time with its reason"));
    // It comes on top of what is left.
    let due = |world: &World| world.snapshot().incident.tasks[&task].due.unwrap();
    let before = due(&world);
    world.does("kim", 32, Command::ExtendTask { task, minutes: 5, why: "the log is long".into() });
    assert_eq!(due(&world) - before, TimeDelta::minutes(5));
}

#[test]
fn words_written_in_the_review_lead_back_to_it() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((160, 48));
    screen.keys("3 g s E ctrl-x");
    typed(&mut screen, "FirstNet is affected. If 911 fails use a landline, no test calls. Next word at 03:40.");
    let effects = screen.keys("ctrl-s");
    assert!(appended(&effects).is_some());
    let Some(Overlay::Review(review)) = &screen.model.overlay else { panic!("the review is where it was opened") };
    let item = review.current().unwrap();
    assert!(item.audience == "firstnet" && item.chosen && item.text.starts_with("FirstNet is affected"), "{item:?}");
    // Nothing is approved of what is not on disk yet.
    assert!(appended(&screen.keys("P")).is_none());
}
