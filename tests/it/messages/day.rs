//! The day of the outage, minute by minute, from what the pages said: who comes first while nobody is told, and when each
//! audience heard, told as it was in history.

use chrono::TimeDelta;
use warroom::demo::Scenario;
use warroom::demo::scenario::Precision;
use warroom::incident::Instant;
use warroom::incident::command::Command;
use warroom::incident::entry::IncidentId;
use warroom::incident::observation::{Component, Observation};
use warroom::incident::pin::Grounds;
use warroom::incident::words::{Family, MessageState, Quality};
use warroom::report::markdown::markdown;
use warroom::situation::Situation;
use warroom::situation::audience::Next;
use warroom::situation::now::Band;
use warroom::situation::proposal::proposals;
use warroom::situation::thing::Thing;

use warroom::tui::theme::{Depth, Theme};

use crate::support::world::{Words, World};

fn page(scenario: &Scenario, name: &str, at: Instant) -> Observation {
    let components = scenario.component_states(name, at).into_iter().map(|seen| Component {
        id: seen.component.id.clone(),
        name: seen.component.name.clone(),
        state: seen.state,
        raw_state: String::new(),
        since: seen.since,
        group: None,
    });
    Observation {
        origin: format!("https://{}.example.net", name.replace(' ', "-")),
        family: Family::Status,
        quality: Quality::Exact,
        quality_why: None,
        as_of: Some(at),
        components: components.collect(),
        incidents: Vec::new(),
        alerts: Vec::new(),
        metrics: Vec::new(),
        receipts: Vec::new(),
    }
}

/// The whole day, polled every minute. `tell` does what was done in that minute; `look` sees what the room would show.
fn replay(mut tell: impl FnMut(&mut World, i64, Instant), mut look: impl FnMut(&World, i64, &Situation)) -> World {
    let scenario = Scenario::built_in().unwrap();
    let start = scenario.incident.started;
    let mut world = World::declared(&Words::plain(), 0);
    for minute in 0..=(scenario.incident.ends_at - start).num_minutes() {
        let now = start + TimeDelta::minutes(minute);
        world.now = now;
        for name in ["service health", "public page"] {
            world.polled(minute, name, page(&scenario, name, now));
        }
        tell(&mut world, minute, now);
        look(&world, minute, &world.situation());
    }
    world
}

pub const ID: IncidentId = IncidentId(uuid::Uuid::from_u128(1));

const LIVES: [&str; 2] = ["firstnet", "psaps"];

#[test]
fn nobody_told_public_safety_comes_first_from_the_minute_of_harm_and_still_after_it_is_back() {
    let (mut back, mut limit, mut seen) = (None, false, 0);
    let world = replay(
        |_, _, _| {},
        |_, minute, situation| {
            let ids: Vec<&str> = situation.audiences.iter().map(|a| a.id.as_str()).take(2).collect();
            assert_eq!(ids, LIVES, "the grid, {minute} minutes in");
            let first: Vec<&Thing> = situation.now.iter().map(|item| &item.thing).take(2).collect();
            let lives = LIVES.map(|id| Thing::Audience(id.to_owned()));
            assert!(lives.iter().all(|life| first.contains(&life)), "Now, {minute} minutes in: {first:?}");
            assert!(situation.now.iter().take(2).all(|item| item.band == Band::Untold), "{minute} minutes in");
            let firstnet = &situation.audiences[0];
            limit |= matches!(firstnet.next, Next::First(at) if at <= situation.moment.now);
            if matches!(firstnet.next, Next::RestoredUntold(_)) {
                back.get_or_insert(minute);
                let row = situation.item(&lives[0]).unwrap();
                assert_eq!(row.label, "RESTORED");
                assert!(row.text.contains("NEVER TOLD"), "{}", row.text);
            }
            seen += 1;
        },
    );
    assert_eq!(seen, 14 * 60 + 15 + 1);
    // Harmed at 08:45, back at 11:00 of that day: before the limit of the first word, past it, and after.
    assert!(limit);
    assert_eq!(back, Some(135));
    // What a person's eye meets: the first rows of both panes.
    let mut screen = world.screen((160, 48));
    screen.keys("3 z");
    let (buffer, _) = screen.draw(&Theme::default_at(Depth::True), false);
    let text = crate::terminal::panes::text(&buffer);
    let at = |name: &str| text.lines().position(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}\n{text}"));
    assert!(at("FirstNet") < at("PSAPs") && at("PSAPs") < at("Care"), "{text}");
}

#[test]
fn told_as_in_history_each_audience_s_first_word_stands_to_the_minute() {
    let scenario = Scenario::built_in().unwrap();
    let known = |m: &&warroom::demo::scenario::HistoricMessage| {
        m.sent_at.is_some() && matches!(m.precision, Precision::Exact | Precision::Approximate)
    };
    let history: Vec<_> = scenario.messages.iter().filter(known).cloned().collect();
    let (mut told, mut firsts) = (0, std::collections::BTreeMap::new());
    let world = replay(
        |world, minute, now| {
            for m in history.iter().filter(|m| m.sent_at == Some(now)) {
                let (audience, channel) = (m.audience.clone(), m.channel.clone());
                world.does(
                    "lee",
                    minute,
                    Command::RecordElsewhere {
                        audience,
                        channel,
                        by: "the desk of that day".to_owned(),
                        at: None,
                        proof: Some(m.source.clone()),
                        text: m.subject.clone(),
                        next_update: None,
                    },
                );
                told += 1;
            }
        },
        |_, minute, situation| {
            for audience in situation.audiences.iter().filter(|a| a.last_word.is_some()) {
                firsts.entry(audience.id.clone()).or_insert(minute);
            }
            // 3 h 8 min of silence, 53 minutes of them after its own service was back.
            let firstnet = situation.item(&Thing::Audience("firstnet".to_owned()));
            let silent = firstnet.is_some_and(|item| item.text.contains("NEVER TOLD"));
            assert_eq!(silent, minute < 188, "{minute} minutes in: {firstnet:?}");
            assert_eq!(silent && minute >= 135, firstnet.is_some_and(|item| item.label == "RESTORED"));
        },
    );
    assert!(told >= 8, "{told}");
    // Minutes after 08:45Z: FirstNet 11:53Z, media 13:05Z, consumers by the post at 14:00Z. Who heard at a time that is not
    // public, or never, is not called told.
    let expected = [("consumers", 315), ("firstnet", 188), ("media", 260)].map(|(id, minute)| (id.to_owned(), minute));
    assert_eq!(firsts.into_iter().collect::<Vec<_>>(), expected);

    let (snapshot, situation) = (world.snapshot(), world.situation());
    let (incident, plan) = (&snapshot.incident, &snapshot.plan);
    let record = markdown(incident, plan, &situation, ID, world.now, incident.zone(), &[]);
    for line in [
        "FirstNet: first word 2024-02-22 05:53 CST = 11:53Z, 3h08 after harm began",
        "Media: first word 2024-02-22 07:05 CST = 13:05Z",
        "Consumers: first word 2024-02-22 08:00 CST = 14:00Z, 5h15 after harm began",
        "PSAPs: **never told**",
        "Retail: **never told**",
    ] {
        assert!(record.contains(line), "{line}\n{record}");
    }
}

#[test]
fn words_that_name_what_is_down_are_made_anew_when_that_is_another() {
    let scenario = Scenario::built_in().unwrap();
    let at = |minute: i64| scenario.incident.started + TimeDelta::minutes(minute);
    let mut world = World::declared(&Words::plain(), 0);
    world.polled(10, "service health", page(&scenario, "service health", at(10)));
    world.now = at(10);
    let first = |world: &World, audience: &str| {
        let snapshot = world.snapshot();
        let all = proposals(&snapshot.incident, &snapshot.plan, &world.situation(), audience);
        all.into_iter().next().expect("the playbook's text")
    };
    let proposed = first(&world, "firstnet");
    assert!(proposed.text.contains("is affected since"), "{}", proposed.text);
    let draft = Command::DraftAndApprove {
        audience: "firstnet".to_owned(),
        channel: "direct".to_owned(),
        round: proposed.round,
        text: proposed.text.clone(),
        next_update: proposed.next_update,
        grounds: proposed.grounds.clone(),
    };
    world.does("kim", 11, draft);
    assert_eq!(first(&world, "firstnet").state, MessageState::Approved);
    // Another state of the same components is no other word of the text.
    world.polled(120, "service health", page(&scenario, "service health", at(120)));
    assert_eq!(first(&world, "firstnet").was, None);
    // Their service is back: what was approved says otherwise, and may not leave as it is.
    world.polled(136, "service health", page(&scenario, "service health", at(136)));
    let anew = first(&world, "firstnet");
    assert_eq!((anew.state, anew.was.as_ref()), (MessageState::Draft, Some(&proposed.text)));
    assert!(anew.text.contains("and works again as far as we can see"), "{}", anew.text);
    // Somebody's own words are theirs: they are told to look.
    let message = anew.message.unwrap();
    let text = "Your service is affected. If 911 fails use a landline; no test calls to 911.".to_owned();
    let grounds = Grounds { template: false, ..proposed.grounds };
    let edit = Command::EditMessage { message, text, next_update: None, grounds };
    world.does("lee", 137, edit);
    let own = first(&world, "firstnet");
    assert!(own.warnings.iter().any(|w| w.contains("their service is back since")), "{:?}", own.warnings);
}
