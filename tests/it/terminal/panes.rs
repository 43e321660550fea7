//! Every pane and everything that lies over them, drawn from a room made by hand: at four sizes, with and without colour.

use std::collections::BTreeMap;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use warroom::tui::key::{Code, Key};
use warroom::tui::paint::Painter;
use warroom::tui::theme::{Depth, Theme};
use warroom::tui::update::Msg;

use crate::support::wire_check::foreign;
use crate::support::world::{Screen, Words, World};

const SIZES: [(u16, u16); 4] = [(160, 48), (120, 36), (80, 24), (40, 10)];

/// What lies over the panes, by the keys that open it.
const OVERLAYS: [(&str, &str); 13] = [
    ("help", "?"),
    ("palette", ":"),
    ("note", "n - 1 2 m space x"),
    ("task", "t"),
    ("decision", "d"),
    ("fact", "F"),
    ("elsewhere", "e"),
    ("review", "s"),
    ("detail", "enter"),
    ("can", "c"),
    ("words", "w"),
    ("service", "U"),
    ("filter", "2 / x"),
];

pub fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let row: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

/// A letter for each style, run by run, and what the letters stand for.
fn styles(buffer: &Buffer) -> String {
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    let mut rows = String::new();
    for y in 0..buffer.area.height {
        let mut row: Vec<(char, usize)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let colour = |c: Color| match c {
                Color::Reset => "-".to_owned(),
                other => other.to_string(),
            };
            let style = format!("{} on {} {:?}", colour(cell.fg), colour(cell.bg), cell.modifier);
            let next = char::from(b'a' + letters.len() as u8);
            let letter = *letters.entry(style).or_insert(next);
            match row.last_mut() {
                Some((last, n)) if *last == letter => *n += 1,
                _ => row.push((letter, 1)),
            }
        }
        rows.push_str(&row.iter().map(|(letter, n)| format!("{letter}{n}")).collect::<Vec<_>>().join(" "));
        rows.push('\n');
    }
    let mut legend: Vec<_> = letters.into_iter().map(|(style, letter)| format!("{letter} = {style}")).collect();
    legend.sort();
    format!("{rows}{}\n", legend.join("\n"))
}

pub fn themes() -> (Theme, Theme) {
    (Theme::default_at(Depth::True), Theme::default_at(Depth::Mono))
}

#[test]
fn the_overview_at_four_sizes() {
    let world = World::new(&Words::plain());
    let (colour, mono) = themes();
    for (width, height) in SIZES {
        let screen = world.screen((width, height));
        let (in_colour, _) = screen.draw(&colour, false);
        let (in_mono, _) = screen.draw(&mono, false);
        let (in_ascii, _) = screen.draw(&mono, true);
        assert_eq!(text(&in_colour), text(&in_mono), "nothing is said by colour alone");
        assert!(text(&in_ascii).is_ascii(), "{width}x{height}");
        let plain = |b: &Buffer| b.content.iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset);
        assert!(plain(&in_mono) && !plain(&in_colour));
        assert!(in_mono.content.iter().any(|c| c.modifier.contains(Modifier::REVERSED)), "the lit row is seen");
        insta::assert_snapshot!(format!("overview_{width}x{height}"), text(&in_colour));
        insta::assert_snapshot!(format!("overview_{width}x{height}_ascii"), text(&in_ascii));
        insta::assert_snapshot!(format!("overview_{width}x{height}_styles"), styles(&in_colour));
        insta::assert_snapshot!(format!("overview_{width}x{height}_styles_mono"), styles(&in_mono));
    }
}

#[test]
fn who_protects_lives_is_told_of_first() {
    let world = World::new(&Words::plain());
    let (buffer, _) = world.screen((120, 36)).draw(&themes().0, false);
    let shown = text(&buffer);
    let place = |name: &str| shown.find(&format!("{name}: ")).unwrap_or_else(|| panic!("no {name}\n{shown}"));
    assert!(place("FirstNet") < place("PSAPs") && place("PSAPs") < place("Business"), "{shown}");
}

#[test]
fn every_pane_alone() {
    let world = World::new(&Words::plain());
    for number in 1..=6 {
        let mut screen = world.screen((120, 36));
        screen.keys(&format!("{number} z"));
        insta::assert_snapshot!(format!("pane_{number}"), text(&screen.draw(&themes().0, false).0));
    }
}

#[test]
fn everything_that_lies_over_the_panes() {
    let world = World::new(&Words::plain());
    for (name, keys) in OVERLAYS {
        for (width, height) in [(80, 24), (40, 10)] {
            let mut screen = world.screen((width, height));
            screen.keys(keys);
            let (buffer, drawn) = screen.draw(&themes().0, false);
            let typing =
                matches!(name, "palette" | "note" | "task" | "decision" | "fact" | "elsewhere" | "filter" | "service");
            assert_eq!(drawn.cursor.is_some(), typing, "{name}: a cursor where text is typed");
            if let Some((x, y)) = drawn.cursor {
                assert!(x < width && y < height, "{name} {width}x{height}: the cursor is on the screen");
            }
            insta::assert_snapshot!(format!("over_{name}_{width}x{height}"), text(&buffer));
        }
    }
}

pub struct Case {
    pub id: String,
    pub text: String,
    pub never: Vec<u8>,
}

pub fn cases() -> Vec<Case> {
    let path = format!("{}/tests/data/hostile/cases.toml", env!("CARGO_MANIFEST_DIR"));
    let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    };
    let list = file["case"].as_array().unwrap();
    let case = |case: &toml::Value| {
        let get = |key: &str| case.get(key).and_then(toml::Value::as_str);
        let text = match (get("text"), get("hex")) {
            (Some("GENERATE x*100000"), _) => "x".repeat(100_000),
            (Some("GENERATE \"l\\n\"*70000"), _) => "l\n".repeat(70_000),
            (Some(text), _) => text.to_owned(),
            (None, Some(hex)) => String::from_utf8_lossy(&bytes(hex)).into_owned(),
            (None, None) => panic!("a case without a text: {case:?}"),
        };
        Case { id: get("id").unwrap().to_owned(), text, never: get("never").map(bytes).unwrap_or_default() }
    };
    list.iter().map(case).collect()
}

/// Draws a screen in every way and checks that nothing but ours would go to the terminal.
fn assert_harmless(id: &str, never: &[u8], screen: &Screen<'_>) {
    let (colour, mono) = themes();
    for (theme, ascii) in [(&colour, false), (&mono, true)] {
        let (buffer, drawn) = screen.draw(theme, ascii);
        let bytes = Painter::default().paint(&buffer, drawn.cursor);
        if let Some(why) = foreign(&bytes) {
            panic!("{id}: {why}");
        }
        let drawn: Vec<u8> = buffer.content.iter().flat_map(|cell| cell.symbol().bytes()).collect();
        let reaches = !never.is_empty() && drawn.windows(never.len()).any(|w| w == never);
        assert!(!reaches, "{id}: {never:x?} reaches the terminal");
        // Our own sequences apart, what is on the wire is what is in the cells.
        let ours: [&[u8]; 3] = [b"\x1b[2J", b"\r", b"\x1b"];
        if !never.is_empty() && !ours.contains(&never) {
            assert!(!bytes.windows(never.len()).any(|w| w == never), "{id}: {never:x?} is on the wire");
        }
        assert!(!ascii || buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{id}: not ASCII");
    }
}

#[test]
fn no_hostile_text_reaches_the_terminal_from_anywhere() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let half = cases.len().div_ceil(2);
    std::thread::scope(|scope| {
        for some in cases.chunks(half) {
            scope.spawn(|| some.iter().for_each(everywhere));
        }
    });
}

fn everywhere(case: &Case) {
    let world = World::new(&Words::all(&case.text));
    for size in [(120, 36), (80, 24), (40, 10)] {
        assert_harmless(&case.id, &case.never, &world.screen(size));
    }
    let mut screen = world.screen((120, 36));
    for number in 1..=6 {
        screen.keys(&format!("{number} z"));
        assert_harmless(&case.id, &case.never, &screen);
        screen.keys("G enter");
        assert_harmless(&case.id, &case.never, &screen);
        screen.keys("esc z");
    }
    for (_, keys) in OVERLAYS {
        let mut screen = world.screen((80, 24));
        screen.keys(keys);
        screen.apply(Msg::Paste(case.text.clone()));
        assert_harmless(&case.id, &case.never, &screen);
    }
}

#[test]
fn a_hostile_text_leaves_the_border_between_the_panes_where_it_is() {
    for case in cases() {
        let world = World::new(&Words::all(&case.text));
        let (buffer, _) = world.screen((120, 36)).draw(&themes().1, false);
        let mut terminal = vt100::Parser::new(36.try_into().unwrap(), 120.try_into().unwrap(), 0);
        terminal.process(&Painter::default().paint(&buffer, None));
        for y in 2..35 {
            let cell = terminal.screen().cell(y, 60).unwrap();
            assert_eq!(cell.contents(), "│", "{}: row {y}\n{}", case.id, terminal.screen().contents());
        }
    }
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        6 => proptest::char::range(' ', '~').prop_map(Key::char),
        1 => proptest::sample::select(vec![
            Code::Enter, Code::Esc, Code::Tab, Code::BackTab, Code::Backspace, Code::Delete, Code::Left, Code::Right,
            Code::Up, Code::Down, Code::Home, Code::End, Code::PageUp, Code::PageDown,
        ]).prop_map(Key::plain),
        1 => proptest::char::range('a', 'z').prop_map(Key::ctrl),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn no_size_breaks_a_pane_or_what_lies_over_it(
        width in 0u16..300, height in 0u16..100, other in (0u16..300, 0u16..100), number in 1u8..=6, zoom: bool,
        over in 0usize..=OVERLAYS.len(), ascii: bool,
    ) {
        thread_local!(static WORLD: &'static World = Box::leak(Box::new(World::new(&Words::plain()))));
        let world = WORLD.with(|world| *world);
        let mut screen = world.screen((width, height));
        screen.keys(&format!("{number}{}", if zoom { " z" } else { "" }));
        if let Some((_, keys)) = OVERLAYS.get(over) {
            screen.keys(keys);
        }
        for size in [(width, height), other, (1, 1), (0, 0), (width, height)] {
            screen.apply(Msg::Resize(size.0, size.1));
            let (buffer, drawn) = screen.draw(&themes().0, ascii);
            let bytes = Painter::default().paint(&buffer, drawn.cursor);
            prop_assert_eq!(foreign(&bytes), None);
        }
    }

    #[test]
    fn no_keys_break_the_room(keys in proptest::collection::vec(key(), 0..80), width in 20u16..130, height in 5u16..40) {
        thread_local!(static WORLD: &'static World = Box::leak(Box::new(World::new(&Words::plain()))));
        let world = WORLD.with(|world| *world);
        let mut screen = world.screen((width, height));
        for key in keys {
            screen.apply(Msg::Key(key));
            let (buffer, _) = screen.draw(&themes().1, false);
            prop_assert_eq!(buffer.area.width, width);
        }
    }
}
