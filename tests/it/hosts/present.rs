//! Who is here: in one room and over hosts, by people who come, quit, are cut off or killed; never gone where nobody can know.

use chrono::TimeDelta;
use uuid::Uuid;
use warroom::incident::Instant;
use warroom::incident::clock::Moment;
use warroom::incident::command::Command;
use warroom::incident::presence::{End, Presence, Sitting};
use warroom::incident::words::Role;
use warroom::journal::Journal;
use warroom::replicate::Presences;
use warroom::situation::now::Band;
use warroom::situation::presence::{State, presences};
use warroom::situation::thing::Thing;
use warroom::situation::{Situation, assess_with};
use warroom::tui::theme::{Depth, Theme};

use super::Host;
use super::server::Postgres;
use crate::journal::{INCIDENT, noon};
use crate::room::{configure, declare};
use crate::support::pty::{Home, Start};
use crate::support::world::{Words, World};

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

/// Somebody whose room spoke at that instant.
fn sitting(n: u128, person: &str, host: &str, at: Instant) -> Sitting {
    Sitting {
        room: Uuid::from_u128(n),
        incident: INCIDENT,
        person: person.to_owned(),
        host: host.to_owned(),
        pane: "teams".to_owned(),
        opened: at - minutes(5),
        key: at - TimeDelta::seconds(40),
        seen: at,
        expires: at + minutes(1),
        end: None,
        far: false,
    }
}

fn of(sittings: Vec<Sitting>, heard: Option<Instant>, real: Instant) -> Vec<(String, State)> {
    let seen = presences(&Presence { sittings, heard, meets: false }, real);
    seen.people.into_iter().map(|one| (one.person, one.state)).collect()
}

#[test]
fn a_room_that_was_killed_runs_out_and_one_that_quit_says_when() {
    let at = noon();
    let kim = sitting(1, "kim", "jump1", at);
    let quit = Sitting { end: Some(End { at, lost: false }), ..sitting(2, "ana", "jump1", at) };
    let lost = Sitting { end: Some(End { at, lost: true }), ..sitting(3, "ben", "jump1", at) };
    let all = vec![kim.clone(), quit, lost];
    let said = |name: &str, state| (name.to_owned(), state);
    assert_eq!(
        of(all.clone(), None, at + TimeDelta::seconds(59)),
        [said("kim", State::Here), said("ana", State::Left(at)), said("ben", State::LinkLost(at))]
    );
    assert_eq!(of(vec![kim.clone()], None, at + minutes(1)), [said("kim", State::Ended(at))]);
    // The same person with two rooms is one who is here; a room that ended beside one that is open is none.
    let again = Sitting { key: at, ..sitting(4, "Kim", "jump1", at) };
    let ended = Sitting { end: Some(End { at, lost: false }), ..sitting(5, "kim", "jump1", at) };
    let both = presences(&Presence { sittings: vec![kim, again, ended], heard: None, meets: false }, at);
    assert_eq!((both.count(), both.people[0].rooms), ((1, 0), 2));
}

#[test]
fn of_several_departures_the_latest_counts_and_unheard_hosts_are_not_known() {
    let at = noon();
    let quit =
        |n, host: &str, at| Sitting { end: Some(End { at, lost: false }), far: n == 1, ..sitting(n, "ana", host, at) };
    let sittings = vec![quit(1, "jump2", at - minutes(120)), quit(2, "jump1", at - minutes(1))];
    let here = |meets| Presence { sittings: sittings.clone(), heard: None, meets };
    let seen = presences(&here(false), at);
    assert_eq!(seen.of("ana").unwrap().state, State::Left(at - minutes(1)));
    assert_eq!(seen.cut, None);
    // Where others are met and none was ever heard, nobody is known to be gone.
    assert!(presences(&here(true), at).cut.is_some());
}

#[test]
fn whoever_is_cut_off_is_not_known_and_never_gone() {
    let at = noon();
    let far = Sitting { far: true, ..sitting(1, "ana", "jump2", at) };
    let state = |sitting: &Sitting, heard, real| of(vec![sitting.clone()], Some(heard), real)[0].1;
    assert_eq!(state(&far, at, at + TimeDelta::seconds(70)), State::Here, "a moment without a word");
    assert_eq!(state(&far, at, at + minutes(3)), State::NotKnown(at), "nobody could have heard that it ended");
    assert_eq!(state(&far, at + minutes(2), at + minutes(3)), State::Ended(at), "heard, and it said no more");
    let left = Sitting { end: Some(End { at, lost: false }), ..far };
    assert_eq!(state(&left, at, at + minutes(3)), State::Left(at), "what was said stays said");
}

fn judged(world: &World, presence: &Presence, now: Instant) -> Situation {
    let s = world.snapshot();
    let moment = Moment { now, real: now, speed: 1.0 };
    assess_with(&s.incident, &s.plan, &s.rules, (&s.sources, presence), moment)
}

#[test]
fn a_role_whose_holder_is_gone_is_loud_and_one_of_whom_nobody_can_know_says_so() {
    let mut world = World::declared(&Words::plain(), 5);
    let take = |role, who: &str| Command::SetRole { role, holder: Some(who.to_owned()), why: String::new() };
    world.does("kim", 6, take(Role::Commander, "kim"));
    world.does("kim", 6, take(Role::Scribe, "ana"));
    world.does("kim", 6, take(Role::Liaison, "lee"));
    let at = world.now;
    let item = |presence: &Presence, role, now| {
        let thing = Thing::Role(role);
        judged(&world, presence, now).now.into_iter().find(|i| i.thing == thing).map(|i| (i.band, i.label, i.text))
    };
    // Kim sits there and presses no key; Ana quit; Lee was never in a room: nothing can be said of him.
    let still = |now: Instant| Sitting { seen: now, expires: now + minutes(1), ..sitting(1, "kim", "jump1", at) };
    let quit = Sitting { end: Some(End { at, lost: false }), ..sitting(2, "ana", "jump1", at) };
    let here = |now| Presence { sittings: vec![still(now), quit.clone()], heard: None, meets: false };
    let early = at + minutes(14);
    assert_eq!((item(&here(early), Role::Commander, early), item(&here(early), Role::Scribe, early)), (None, None));
    let late = at + minutes(16);
    let (band, label, text) = item(&here(late), Role::Commander, late).expect("loud");
    assert_eq!((band, label.as_str()), (Band::Late, "GONE 16m"));
    assert!(text.contains("kim: in the room on jump1, but no key since"), "{text}");
    let (band, _, text) = item(&here(late), Role::Scribe, late).expect("loud");
    assert!(band == Band::Nobody && text.contains("ana: left the room on jump1 since"), "{text}");
    assert_eq!(item(&here(late), Role::Liaison, late), None);
    // Cut off: she may be in a room elsewhere.
    let cut = Presence { heard: Some(at), ..here(late) };
    let (band, label, text) = item(&cut, Role::Scribe, late).expect("said");
    assert_eq!((band, label.as_str()), (Band::Old, "NOT KNOWN"));
    assert!(text.contains("ana: not known since") && !text.contains("left"), "{text}");
    // A word from a shell is a sign of life.
    world.does("ana", 49, Command::Note { text: "from a shell".into(), at: None, follow_up: false });
    let thing = Thing::Role(Role::Scribe);
    assert!(judged(&world, &here(late), late).item(&thing).is_none());
}

#[test]
fn names_pass_the_gate() {
    let world = World::new(&Words::plain());
    let mut screen = world.screen((120, 36));
    let evil = "kim\u{1b}]0;x\u{7}\u{202e}";
    let one = Sitting { pane: evil.into(), host: evil.into(), ..sitting(1, evil, "jump1", world.now) };
    let presence = Presence { sittings: vec![one], heard: None, meets: false };
    screen.situation = judged(&world, &presence, world.now);
    screen.keys("m");
    let (buffer, _) = screen.draw(&Theme::default_at(Depth::True), false);
    let text: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
    assert!(text.contains("WHO IS HERE: 1") && text.contains("1 here"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
}

fn exchanged(server: &Postgres, user: &str, journal: &mut Journal, real: Instant) {
    let mut presences = Presences::default();
    let place = server.place(user, server.port);
    server.by(&place, async |client| presences.exchange(client, journal, real).await).unwrap();
}

#[test]
fn hosts_hear_of_each_other_whatever_their_clocks_say() {
    let server = Postgres::ready(&["jump", "reads"]);
    let (mut one, mut two, mut reads) = (Host::new("one"), Host::new("two"), Host::new("three"));
    let (here, there) = (noon(), noon() + minutes(90));
    one.journal.put_sitting(&sitting(1, "kim", "one", here)).unwrap();
    two.journal.put_sitting(&sitting(2, "ana", "two", there)).unwrap();
    exchanged(&server, "jump", &mut one.journal, here);
    exchanged(&server, "jump", &mut two.journal, there);
    exchanged(&server, "jump", &mut one.journal, here);
    exchanged(&server, "reads", &mut reads.journal, here);
    for (host, person, real) in [(&mut one, "ana", here), (&mut two, "kim", there), (&mut reads, "kim", here)] {
        let presence = host.journal.presence(INCIDENT).unwrap();
        let seen = presences(&presence, real);
        let other = seen.people.iter().find(|one| one.person == person).expect("the other");
        assert_eq!((other.state, other.pane.as_str()), (State::Here, "teams"));
        // The age is the sender's, to which only the way and this test's own time are added.
        let age = real - other.key;
        assert!(age >= TimeDelta::seconds(40) && age < minutes(2), "{age}");
        assert_eq!(presence.heard, Some(real));
        assert_eq!(host.journal.incidents().unwrap(), [], "no entry was written for it");
    }
    // She quits: her word replaces the one before, here and there.
    let end = Some(End { at: there, lost: false });
    two.journal.put_sitting(&Sitting { seen: there + minutes(1), end, ..sitting(2, "ana", "two", there) }).unwrap();
    exchanged(&server, "jump", &mut two.journal, there + minutes(1));
    exchanged(&server, "jump", &mut one.journal, here + minutes(1));
    let seen = presences(&one.journal.presence(INCIDENT).unwrap(), here + minutes(1));
    let ana = seen.people.iter().find(|one| one.person == "ana").unwrap();
    assert!(matches!(ana.state, State::Left(_)), "{ana:?}");
    server.by_admin(async |client| {
        let rows = client.query_one("SELECT count(*) FROM warroom_presence", &[]).await;
        assert_eq!(rows.map(|row| row.get::<_, i64>(0)).unwrap(), 2);
        Ok(())
    });
    // A server that an older warroom prepared: the entries go on without.
    server.sql("DROP TABLE warroom_presence");
    exchanged(&server, "jump", &mut one.journal, here + minutes(2));
    assert_eq!(one.journal.presence(INCIDENT).unwrap().heard, Some(here + minutes(1)), "it was not heard");
}

#[test]
fn two_in_a_room_see_each_other_come_and_go() {
    let home = Home::new();
    configure(&home, "");
    declare(&home, &[]);
    let mut first = Start::new(&home, &["--as", "kim"]).size(160, 48).start();
    first.see("1 here");
    let mut second = Start::new(&home, &["--as", "ana"]).size(80, 24).start();
    first.see("2 here");
    second.see("2 here");
    second.keys("5m");
    second.see("WHO IS HERE: 2");
    second.see("last key <1m ago");
    second.keys("\u{1b}");
    first.keys("m");
    first.see("ana ");
    first.see("teams, last key");
    second.keys("q");
    assert_eq!(second.exit(), 0);
    first.see("WHO IS HERE: 1");
    first.see("left at");
    let told: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
    let people = told["presence"].as_array().unwrap();
    let state = |name: &str| people.iter().find(|p| p["person"] == name).unwrap()["state"].clone();
    assert_eq!((state("kim"), state("ana")), ("here".into(), "left".into()));
    assert!(home.must(&["here"]).starts_with("1 here"));
    // Killed: its row says until when it may be believed, and no longer.
    first.signal(rustix::process::Signal::KILL);
    first.exit();
    let raw = rusqlite::Connection::open(home.path().join("state/warroom/journal.db.cache")).unwrap();
    let left: i64 =
        raw.query_row("SELECT max(expires - seen) FROM presence WHERE ended IS NULL", [], |row| row.get(0)).unwrap();
    assert!(0 < left && left <= 120_000, "{left} ms");
    raw.execute("UPDATE presence SET seen = seen - 120000, expires = expires - 120000", []).unwrap();
    assert!(home.must(&["here"]).contains("kim on") && home.must(&["here"]).contains("ended without a word"));
}
