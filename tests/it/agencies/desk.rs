//! Facts from a page, those who are told one by one, holds, corrections, calls, worksheets, what stays in the house.

use std::sync::Arc;

use serde_json::{Value, json};
use warroom::incident::command::{Actor, Command};
use warroom::incident::decide::decide;
use warroom::incident::observation::{Component, Observation};
use warroom::incident::plan::{Desk, Notify, Plan};
use warroom::incident::words::*;
use warroom::rulebook::FactValue;
use warroom::situation::audience::AudienceView;
use warroom::situation::known::{Facts, Origin};

use crate::incident::at;
use crate::support::pty::Home;
use crate::support::world::{Words, World};

/// A page that says how the public-safety network is.
fn page(state: ComponentState) -> Observation {
    Observation {
        origin: "https://status.example.net".into(),
        family: Family::Status,
        quality: Quality::Exact,
        quality_why: None,
        as_of: None,
        components: vec![Component {
            id: "firstnet".into(),
            name: "FirstNet".into(),
            state,
            raw_state: String::new(),
            since: Some(at("2024-02-22T08:45:00Z")),
            group: None,
        }],
        incidents: vec![],
        alerts: vec![],
        metrics: vec![],
        receipts: vec![],
    }
}

fn affected(world: &World) -> (FactValue, Origin) {
    let (s, now) = (world.snapshot(), world.now);
    let facts = Facts::new(&s.incident, &s.plan, &s.rules, &s.sources, now, now);
    let view = facts.view("public_safety_network_affected");
    (view.value, view.origin)
}

#[test]
fn a_page_s_component_is_a_fact_that_stays_true_once_it_harmed() {
    let fresh = |minute, state| {
        let mut world = World::declared(&Words::plain(), 5);
        world.polled(minute, "page", page(state));
        world
    };
    assert_eq!(affected(&World::declared(&Words::plain(), 5)), (FactValue::Unknown, Origin::Nobody));
    assert_eq!(affected(&fresh(35, ComponentState::Unknown)).0, FactValue::Unknown);
    assert_eq!(affected(&fresh(35, ComponentState::Maintenance)).0, FactValue::Unknown);
    assert_eq!(affected(&fresh(35, ComponentState::Operational)).0, FactValue::Boolean(false));
    assert_eq!(affected(&fresh(10, ComponentState::Operational)).0, FactValue::Unknown, "that is old");
    let mut world = fresh(10, ComponentState::MajorOutage);
    let (value, origin) = affected(&world);
    assert_eq!(value, FactValue::Boolean(true));
    assert!(matches!(origin, Origin::Component { ref source, .. } if source == "page"), "{origin:?}");
    world.polled(35, "page", page(ComponentState::Operational));
    assert_eq!(affected(&world).0, FactValue::Boolean(true), "it was");
    let word = Command::SetFact {
        at: None,
        name: "public_safety_network_affected".into(),
        value: false.into(),
        basis: "the page is wrong".into(),
        confirmed_by: Some("ruiz".into()),
    };
    world.does("ruiz", 35, word);
    let (value, origin) = affected(&world);
    assert!(value == FactValue::Boolean(false) && matches!(origin, Origin::Person { .. }), "{origin:?}");
}

fn fact(world: &mut World, name: &str, value: Value) {
    let (name, basis) = (name.to_owned(), "the desk".to_owned());
    world.does("ruiz", 30, Command::SetFact { at: None, name, value, basis, confirmed_by: Some("ruiz".into()) });
}

#[test]
fn a_rule_that_forbids_to_tell_holds_the_words_back_until_it_is_waived() {
    let mut world = World::declared(&Words::plain(), 5);
    world.plan = Arc::new(Plan { agencies: vec![], ..Plan::clone(&world.plan) });
    let hold = |world: &World| -> Option<String> {
        let all: Vec<AudienceView> = world.situation().audiences;
        all.into_iter().find(|a| a.id == "consumers").unwrap().hold
    };
    assert_eq!(hold(&world), None);
    fact(&mut world, "cpni_breach", json!(true));
    let why = hold(&world).expect("customers may not be told");
    assert!(why.contains("customers may not be told yet") && why.contains("us-fcc-cpni customers"), "{why}");
    // Another audience is told as ever.
    assert!(world.situation().audiences.iter().any(|a| a.id == "firstnet" && a.hold.is_none()));
    let text = "Calls fail. If 911 fails use a landline; no test calls to 911.".to_owned();
    let (audience, channel) = ("consumers".to_owned(), "website".to_owned());
    let draft = Command::DraftMessage {
        audience,
        channel,
        round: Round::Initial,
        text,
        next_update: None,
        grounds: Default::default(),
    };
    let message = world.does("lee", 31, draft)[0];
    let text_sha256 = world.snapshot().incident.messages[&message].sha256.clone();
    world.does("kim", 31, Command::ApproveMessage { message, text_sha256 });
    let send = |world: &World| {
        let situation = world.situation();
        let plan = situation.held.as_deref().unwrap_or(&world.plan);
        let actor = Actor { person: "kim".into(), host: "jump1".into() };
        decide(
            &world.snapshot().incident,
            plan,
            &Command::SendMessage { message, process: "p".into() },
            &actor,
            world.now,
        )
        .map_err(|why| why.0)
    };
    assert!(send(&world).unwrap_err().contains("on hold: "), "{:?}", send(&world));
    let (rule, stage) = ("us-fcc-cpni".to_owned(), "customers".to_owned());
    // What was known when it was decided: on these facts it stands.
    let known = world.snapshot().incident.clone();
    let figures: warroom::incident::stage::Figures =
        known.facts.keys().filter_map(|name| Some((name.clone(), known.fact(name)?.value.clone()))).collect();
    let waive = |by: &str| Command::WaiveStage {
        rule: rule.clone(),
        stage: stage.clone(),
        why: "the FBI agreed".into(),
        by: by.into(),
        figures: figures.clone(),
    };
    assert_eq!(world.tries("kim", 33, &waive(" ")), None, "it asks for a name");
    world.does("kim", 33, waive("ortiz"));
    assert_eq!(hold(&world), None);
    assert!(send(&world).is_ok(), "{:?}", send(&world));
    let filing = &world.snapshot().incident.filings[&(rule, stage)];
    assert_eq!((filing.decided_by.as_str(), filing.detail.as_str()), ("ortiz", "the FBI agreed"));
}

#[test]
fn who_is_told_one_by_one_is_counted_and_confirmed_by_name() {
    let mut world = World::declared(&Words::plain(), 5);
    let rule = "us-fcc-911-facility-before-2025";
    let desk = |name: &str| Desk { name: name.into(), number: "+1 555 0100".into() };
    let notify = vec![Notify { rules: vec![rule.into()], to: vec![desk("Bexar"), desk("King")], listed_in: None }];
    world.plan = Arc::new(Plan { notify, ..Plan::clone(&world.plan) });
    fact(&mut world, "offices_911_affected", json!(2));
    let stage = |world: &World| {
        let found = world.situation().obligations.into_iter().find(|o| o.rule == rule).unwrap();
        found.stages.into_iter().find(|s| s.id == "initial").unwrap()
    };
    let tell = |name: &str, by, person: &str| Command::Tell {
        rule: rule.into(),
        stage: "initial".into(),
        name: name.into(),
        by,
        person: person.into(),
        at: None,
    };
    let said = |world: &World| stage(world).told.map(|told| told.said());
    assert_eq!(said(&world).as_deref(), Some("0 of 2"));
    world.does("ruiz", 31, tell("bexar", Way::Phone, "desk 7"));
    assert_eq!(said(&world).as_deref(), Some("1 of 2"));
    assert_eq!(world.tries("ruiz", 32, &tell("Bexar", Way::Phone, "")), None, "once");
    assert_eq!(world.tries("ruiz", 32, &tell("Travis", Way::Phone, "")), None, "not on the list");
    let now = world.situation().now;
    assert!(now.iter().any(|item| item.text.contains("1 of 2 told")), "{now:?}");
    world.does("ruiz", 33, tell("King", Way::Phone, ""));
    assert_eq!(stage(&world).state, StageState::Filed, "nobody's name: a message left is no contact");
    world.does("ruiz", 34, tell("King", Way::Phone, "the supervisor"));
    let done = stage(&world);
    assert_eq!((done.state, done.filed), (StageState::Confirmed, Some(at("2024-02-22T09:18:00Z"))));
}

#[test]
fn a_script_does_all_that_the_liaison_s_keys_do() {
    let home = Home::new();
    crate::hour::carrier(&home);
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", "-20m"]);
    let parsed = |arguments: &[&str]| -> Value { serde_json::from_str(&home.must(arguments)).unwrap() };
    let (rule, stage) = ("us-fcc-nors-wireless", "notification");

    let call = ["agency", "call", "CISA", "--about", "is it an attack?", "--answer-by", "+20m", "--caller", "Ms Roe"];
    assert!(home.must(&call).contains("CALL CISA (Ms Roe): is it an attack?"));
    assert!(home.must(&["agency", "list"]).contains("CISA: is it an attack?"));
    assert!(home.run(&["agency", "answered", "FBI"]).err.contains("no call that waits is FBI"));
    home.must(&["agency", "answered", "cisa", "--how", "no sign of one"]);
    assert!(!home.must(&["agency", "list"]).contains("CISA: is it an attack?"));

    let what_if = home.must(&["agency", "list", "--law", "2024-02-22"]);
    assert!(what_if.starts_with("What if: by the law of 2024-02-22"), "{what_if}");
    let shown = parsed(&["agency", "show", rule, "--json"]);
    assert_eq!(shown["id"], rule);

    let sheet = home.must(&["agency", "worksheet", rule, stage]);
    assert!(sheet.contains("NOT KNOWN") && sheet.contains("A worksheet, not a filing"), "{sheet}");
    home.must(&["fact", "users_affected", "125000000", "--basis", "formula", "--confirmed-by", "ruiz"]);
    let path = home.path().join("sheet.txt");
    home.must(&["agency", "worksheet", rule, stage, "-o", &path.display().to_string()]);
    let sheet = std::fs::read_to_string(&path).unwrap();
    assert!(sheet.contains("125,000,000 users (confirmed by ruiz)"), "{sheet}");
    let twice = home.run(&["agency", "worksheet", rule, stage, "-o", &path.display().to_string()]);
    assert!(twice.err.contains("--force"), "{twice:?}");
    let items = parsed(&["agency", "worksheet", rule, stage, "--json"]);
    assert!(items["items"].as_array().unwrap().iter().any(|i| i["said"].is_null()), "{items}");

    home.must(&[
        "agency",
        "file",
        rule,
        stage,
        "--ref",
        "ON-24-118",
        "--person",
        "Ms Ortiz",
        "--channel",
        "portal",
        "--proof",
        "mail 7",
    ]);
    home.must(&["agency", "confirm", rule, stage, "--how", "receipt ON-24-118"]);
    // A file that proves it is kept by its hash, and looked at.
    let proof = home.path().join("receipt.txt");
    std::fs::write(&proof, "ON-24-118").unwrap();
    let notice = ["agency", "file", "us-cisa-voluntary", "contact", "--why", "they help", "--proof"];
    let filed = home.must(&[&notice[..], &[&format!("@{}", proof.display())]].concat());
    assert!(filed.contains("sha256"), "{filed}");
    home.must(&["verify"]);
    // What is presumed confidential stays in the house.
    for format in ["md", "json", "csv", "html"] {
        let ran = home.run(&["export", "--format", format]);
        assert!(!ran.out.contains("24-118") && !ran.out.contains("Ms Ortiz"), "{format}: {}", ran.out);
        assert!(ran.err.contains("3 entries without what is presumed confidential"), "{}", ran.err);
        let whole = home.must(&["export", "--format", format, "--confidential"]);
        assert!(whole.contains("24-118") && whole.contains("Ms Ortiz"), "{format}");
    }
    let why = home.run(&["agency", "file", "us-cisa-voluntary", "contact"]);
    assert!(why.code == Some(2) && why.err.contains("--why"), "{why:?}");
    let waived =
        home.must(&["agency", "waive", rule, "initial", "--why", "below the threshold after all", "--by", "Ortiz"]);
    assert!(waived.contains("(Ortiz): below the threshold"), "{waived}");
    let told = ["agency", "told", "us-fcc-911-facility", "initial", "Bexxar Metro 911", "--by", "phone"];
    assert!(home.run(&told).err.contains("did you mean Bexar Metro 911?"), "{:?}", home.run(&told));
    assert!(home.run(&["agency", "told", rule, stage, "Bexar", "--by", "phone"]).err.contains("it is one filing"));
}

#[test]
fn a_deadline_is_in_now_from_half_time_on() {
    let mut world = World::declared(&Words::plain(), 5);
    fact(&mut world, "users_affected", json!(125_000_000));
    let due = |world: &World| {
        let now = world.situation().now;
        now.into_iter().find(|item| item.text.contains("FCC, notification")).map(|item| item.label)
    };
    world.now = at("2024-02-22T09:47:59Z");
    assert_eq!(due(&world), None);
    world.now = at("2024-02-22T09:48:00Z");
    assert_eq!(due(&world).as_deref(), Some("1h00"), "found at 08:48, due at 10:48");
}

#[test]
fn what_was_filed_is_corrected_where_a_statement_changed_and_not_where_a_sum_grew() {
    let mut world = World::declared(&Words::plain(), 5);
    fact(&mut world, "users_affected", json!(125_000_000));
    fact(&mut world, "msc_outages", json!(0));
    let (rule, stage) = ("us-fcc-nors-wireless", "notification");
    let file = |world: &mut World, stage: &str| {
        let mut screen = world.screen((160, 48));
        screen.keys("4 /");
        for c in format!("fcc, {}", &stage[..5]).chars() {
            screen.keys(&if c == ' ' { "space".to_owned() } else { c.to_string() });
        }
        screen.keys("enter f 7");
        let effects = screen.keys("enter");
        let command = effects.iter().find_map(|e| match e {
            warroom::tui::model::Effect::Append { commands, .. } => commands.first().cloned(),
            _ => None,
        });
        world.does("ruiz", 31, command.expect("a filing"));
    };
    file(&mut world, stage);
    let figures = world.snapshot().incident.filings[&(rule.to_owned(), stage.to_owned())].how.figures.clone();
    assert_eq!((&figures["users_affected"], &figures["msc_outages"]), (&json!(125_000_000), &json!(0)));
    assert!(!figures.contains_key("user_minutes") && !figures.contains_key("duration_minutes"), "{figures:?}");
    assert_eq!(world.situation().supplements, []);
    fact(&mut world, "users_affected", json!(62_000_000));
    let owed = world.situation().supplements;
    assert_eq!(owed.len(), 1);
    assert_eq!((owed[0].reference.as_str(), owed[0].moved[0].name.as_str()), ("7", "users_affected"));
    let now = world.situation().now;
    let text = "FCC notification no. 7: users_affected is 62,000,000 now, not 125,000,000";
    assert!(now.iter().any(|item| item.label == "CORRECT" && item.text == text), "{now:?}");
    // The next report says the new number: nothing is owed.
    file(&mut world, "initial");
    assert_eq!(world.situation().supplements, []);
}

#[test]
fn a_list_of_whom_to_tell_is_read_with_its_faults() {
    let read =
        |notify: &str| warroom::playbook::read::read("plan.toml", &format!("name = \"p\"\n[[notify]]\n{notify}"));
    let plan = read("rules = [\"r\"]\nto = [\"Bexar: 911: +1 555 0100\", \"King:2\"]").unwrap();
    let desks: Vec<(&str, &str)> = plan.desks("r").iter().map(|d| (d.name.as_str(), d.number.as_str())).collect();
    assert_eq!(desks, [("Bexar: 911", "+1 555 0100"), ("King", "2")]);
    assert_eq!(plan.desks("other"), Vec::<&Desk>::new());
    for (text, line, wanted) in [
        ("to = [\"A: 1\"]", 2, "the ids of the rules"),
        ("rules = [\"r\"]", 2, "names nobody"),
        ("rules = [\"r\"]\nto = [\"no number\"]", 4, "expected \"NAME: NUMBER\""),
        ("rules = [\"r\"]\nto = [\"A: 1\", \"a: 2\"]", 4, "stands there already"),
        ("rules = [\"r\"]\nto = [\"A: 1\"]\nfile = \"x\"", 5, "stands beside `to`"),
        ("rules = [\"r\"]\nfile = \"x\"", 4, "is read when the playbook is adopted"),
    ] {
        let problems = read(text).unwrap_err();
        let fits = |p: &warroom::config::Problem| p.line == Some(line) && p.message.contains(wanted);
        assert!(problems.iter().any(fits), "{text}: {problems:?}");
    }
}

#[test]
fn a_worksheet_says_nothing_that_it_does_not_know() {
    use crate::support::pty::Home;
    let home = Home::new();
    crate::room::configure(&home, "organisation = [\"wireless_carrier\", \"eu_financial\", \"eu_essential\"]\n");
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", "-20m"]);
    let sheet = |rule: &str, stage: &str| home.must(&["agency", "worksheet", rule, stage]);
    let line = |sheet: &str, asked: &str| {
        sheet.lines().find(|l| l.contains(asked)).map(str::to_owned).unwrap_or_else(|| panic!("{asked}\n{sheet}"))
    };
    // The start is not the restoration, a phase is no state of a union, and half an answer is no answer.
    let psaps = sheet("us-fcc-911-facility", "initial");
    assert!(line(&psaps, "of restoration").contains("NOT KNOWN"), "{psaps}");
    let dora = sheet("eu-dora-19", "initial");
    assert!(line(&dora, "member states").contains("NOT KNOWN"), "{dora}");
    assert!(line(&dora, "reference code").contains("NOT KNOWN"), "{dora}");
    let nis = sheet("eu-nis2-23", "final");
    assert!(line(&nis, "root cause").contains("NOT KNOWN"), "{nis}");
    // A slip is told, and moves nothing.
    for (arguments, why) in [
        (&["agency", "clock", "awarenes", "-5m", "--why", "x"][..], "did you mean awareness?"),
        (&["fact", "major_ict_incidnt", "true"][..], "did you mean major_ict_incident?"),
    ] {
        let ran = home.run(arguments);
        assert!(ran.code == Some(1) && ran.err.contains(why), "{ran:?}");
    }
    let ran = home.run(&["agency", "clock", "awareness", "2099-01-01T00:00:00Z", "--why", "x"]);
    assert!(ran.code == Some(1) && ran.err.contains("future"), "{ran:?}");
}
