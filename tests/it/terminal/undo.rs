//! Undo and amendment: what is taken back is named, what is old is asked about, what went out stays, old words are kept.

use warroom::incident::command::Command;
use warroom::incident::entry::EntryId;
use warroom::tui::model::{Effect, Overlay};

use crate::support::world::{Screen, Words, World};

const SIZE: (u16, u16) = (160, 48);

fn note(world: &mut World, minute: i64, text: &str) -> EntryId {
    world.does("zoe", minute, Command::Note { text: text.to_owned(), at: None, follow_up: false })[0]
}

fn said(screen: &Screen<'_>) -> String {
    screen.model.flash.as_ref().map(|(_, text)| text.as_str().to_owned()).unwrap_or_default()
}

fn taken_back(effects: &[Effect]) -> Vec<EntryId> {
    let commands = effects.iter().flat_map(|e| match e {
        Effect::Append { commands, .. } => commands.as_slice(),
        _ => &[],
    });
    commands.filter_map(|c| if let Command::Retract { entry, .. } = c { Some(*entry) } else { None }).collect()
}

#[test]
fn a_fresh_entry_goes_at_once_and_is_named() {
    let mut world = World::new(&Words::plain());
    let id = note(&mut world, 35, "a slip");
    let mut screen = world.screen(SIZE);
    assert_eq!(taken_back(&screen.keys("u")), [id]);
    assert!(screen.model.pending[0].what.contains("take back NOTE a slip"), "{}", screen.model.pending[0].what);
}

#[test]
fn an_old_entry_is_asked_about_first() {
    let mut world = World::new(&Words::plain());
    let id = note(&mut world, 23, "the bridge is open");
    let mut screen = world.screen(SIZE);
    assert_eq!(taken_back(&screen.keys("u")), []);
    assert!(said(&screen).contains("take back NOTE the bridge is open") && said(&screen).contains("12m ago"));
    assert_eq!(taken_back(&screen.keys("esc")), []);
    assert!(said(&screen).contains("nothing is taken back"));
    assert_eq!(taken_back(&screen.keys("u")), [], "the question stands for one key");
    assert_eq!(taken_back(&screen.keys("j u")), []);
    assert_eq!(taken_back(&screen.keys("u")), [id]);
}

#[test]
fn the_answer_is_for_the_entry_that_was_asked_about() {
    let mut world = World::new(&Words::plain());
    note(&mut world, 20, "the first");
    let before = world.clone();
    let mut screen = before.screen(SIZE);
    screen.keys("u");
    note(&mut world, 21, "the second");
    screen.hears(&world);
    assert_eq!(taken_back(&screen.keys("u")), [], "another stands there now");
    assert!(said(&screen).contains("the second"), "{}", said(&screen));
}

#[test]
fn a_narrow_screen_asks_in_one_row() {
    let mut world = World::new(&Words::plain());
    note(&mut world, 20, "a long note of which a narrow screen shows only how it begins");
    let mut screen = world.screen((40, 10));
    screen.keys("u");
    assert!(said(&screen).chars().count() <= 40 && said(&screen).contains("15m"), "{}", said(&screen));
}

#[test]
fn what_went_out_is_never_offered_and_says_what_to_do() {
    let (rule, stage) = ("us-fcc-nors-wireless".to_owned(), "notification".to_owned());
    let file = Command::File {
        rule: rule.clone(),
        stage: stage.clone(),
        at: None,
        reference: "24-118".to_owned(),
        person: String::new(),
        how: Default::default(),
    };
    let confirm = Command::ConfirmStage { rule, stage, how: "mail".to_owned() };
    let elsewhere = Command::RecordElsewhere {
        audience: "care".to_owned(),
        channel: "direct".to_owned(),
        by: "lee".to_owned(),
        at: None,
        proof: None,
        text: String::new(),
        next_update: None,
    };
    let mut world = World::new(&Words::plain());
    note(&mut world, 33, "an older note, which is not meant");
    for (command, instead) in [(file, "withdraw"), (confirm, "--why"), (elsewhere, "record the right word")] {
        world.does("zoe", 35, command);
        let mut screen = world.screen(SIZE);
        assert_eq!(taken_back(&screen.keys("u u")), []);
        assert!(said(&screen).contains(instead), "{}", said(&screen));
    }
}

#[test]
fn a_filing_is_withdrawn_with_its_reason() {
    let (rule, stage) = ("us-fcc-nors-wireless".to_owned(), "notification".to_owned());
    let mut world = World::new(&Words::plain());
    let file = Command::File {
        rule: rule.clone(),
        stage: stage.clone(),
        at: None,
        reference: "24-118".to_owned(),
        person: String::new(),
        how: Default::default(),
    };
    world.does("zoe", 34, file);
    world.does(
        "zoe",
        35,
        Command::WithdrawStage {
            rule: rule.clone(),
            stage: stage.clone(),
            why: "wrong form".into(),
            by: "zoe".into(),
            figures: Default::default(),
        },
    );
    let snapshot = world.snapshot();
    let filing = &snapshot.incident.filings[&(rule, stage)];
    assert_eq!((filing.state.as_str(), filing.reference.as_str()), ("withdrawn", "24-118"));
}

#[test]
fn a_note_gets_other_words_and_keeps_the_old() {
    let mut world = World::new(&Words::plain());
    let id = note(&mut world, 34, "MOP-71 went in");
    let before = world.clone();
    let mut screen = before.screen(SIZE);
    // The newest row of the timeline is lit.
    screen.keys("2 G : a m e n d enter");
    let Some(Overlay::Form(form)) = &screen.model.overlay else { panic!("{}", said(&screen)) };
    assert_eq!(form.texts(), ["MOP-71 went in"]);
    let effects = screen.keys("backspace backspace backspace backspace backspace backspace enter");
    let Some(Effect::Append { commands, .. }) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(commands, &[Command::Amend { entry: id, text: "MOP-71 w".to_owned() }]);
    world.does("zoe", 35, Command::Amend { entry: id, text: "MOP-17 went in".to_owned() });
    screen.hears(&world);
    screen.model.overlay = Some(Overlay::Detail { thing: warroom::situation::thing::Thing::Entry(id), scroll: 0 });
    let (theme, _) = super::panes::themes();
    let (buffer, _) = screen.draw(&theme, false);
    let text: String = buffer.content.iter().map(|c| c.symbol()).collect();
    assert!(text.contains("MOP-17 went in") && text.contains("WAS") && text.contains("MOP-71 went in"));
}
