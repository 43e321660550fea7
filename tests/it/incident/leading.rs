//! Leading: a role passes when it is accepted and not before; nothing critical is resolved unseen; who reports to whom.

use warroom::incident::command::{Actor, Command, Refusal, TeamWish};
use warroom::incident::decide::decide;
use warroom::incident::entry::{Draft, EntryId};
use warroom::incident::message::sha256;
use warroom::incident::plan::{Critical, Plan, PlannedContact, Team};
use warroom::incident::what::*;
use warroom::incident::words::*;
use warroom::situation::teams::{reports, teams, ways};

use super::{Record, id, minutes};

fn person(name: &str) -> Actor {
    Actor { person: name.into(), host: "jump1".into() }
}

fn done(record: &mut Record, plan: &Plan, who: &str, minute: i64, command: &Command) -> Result<Vec<EntryId>, Refusal> {
    let drafts: Vec<Draft> = decide(&record.incident(), plan, command, &person(who), minutes(minute))?;
    let count = record.entries.len();
    let mut ids = Vec::new();
    for (n, draft) in drafts.into_iter().enumerate() {
        ids.push(record.add(&format!("{minute} {count} {n}"), minute, draft.what));
        if let Some(entry) = record.entries.last_mut() {
            entry.author.person = who.to_owned();
        }
    }
    Ok(ids)
}

fn commanded() -> Record {
    let mut record = Record::declared();
    record.add(
        "ic",
        6,
        RoleSet { role: Role::Commander, holder: Some("kim".into()), why: String::new(), replaces: vec![] },
    );
    record
}

fn offer(to: &str) -> Command {
    Command::Offer { role: Role::Commander, to: to.into(), brief: "all is down".into() }
}

#[test]
fn the_holder_holds_until_the_one_it_was_offered_to_accepts_what_they_read() {
    let plan = Plan::default();
    let mut record = commanded();
    let offered = done(&mut record, &plan, "kim", 10, &offer("ana")).unwrap()[0];
    assert_eq!(record.incident().holder(Role::Commander), Some("kim"), "offered is not passed");
    let accept = |text: &str| Command::AcceptOffer { offer: offered, brief_sha256: sha256(text) };
    done(&mut record, &plan, "ben", 11, &accept("all is down")).expect_err("it was not offered to him");
    done(&mut record, &plan, "ana", 11, &accept("all is well")).expect_err("she read something else");
    done(&mut record, &plan, "Ana", 12, &accept("all is down")).unwrap();
    assert_eq!(record.incident().holder(Role::Commander), Some("ana"));
    assert!(record.incident().leading.offers.is_empty());
    done(&mut record, &plan, "ana", 13, &accept("all is down")).expect_err("twice");
}

#[test]
fn an_offer_is_refused_withdrawn_or_overtaken() {
    let plan = Plan::default();
    let mut record = commanded();
    let offered = done(&mut record, &plan, "kim", 10, &offer("ana")).unwrap()[0];
    let refuse = |why: &str| Command::RefuseOffer { offer: offered, why: why.into() };
    done(&mut record.clone(), &plan, "ana", 11, &refuse("")).expect_err("why?");
    done(&mut record.clone(), &plan, "ben", 11, &refuse("x")).expect_err("not his");
    for who in ["ana", "kim"] {
        let mut after = record.clone();
        done(&mut after, &plan, who, 11, &refuse("I am on the radio team")).unwrap();
        assert_eq!(after.incident().holder(Role::Commander), Some("kim"));
        assert!(after.incident().leading.offers.is_empty());
    }
    // Somebody takes the role meanwhile: the offer is not theirs any more.
    let take = |why: &str| Command::SetRole { role: Role::Commander, holder: Some("lee".into()), why: why.into() };
    done(&mut record, &plan, "lee", 12, &take(" "))
        .expect_err("nobody takes it without a handover and without a reason");
    done(&mut record, &plan, "kim", 12, &take(""))
        .expect_err("nor is it given so: it would not be accepted by anybody");
    done(&mut record, &plan, "lee", 12, &take("kim's link is gone")).unwrap();
    assert_eq!(record.incident().holder(Role::Commander), Some("lee"));
    let accept = Command::AcceptOffer { offer: offered, brief_sha256: sha256("all is down") };
    done(&mut record, &plan, "ana", 13, &accept).expect_err("it does not stand any more");
    done(&mut record, &plan, "ben", 14, &offer("ana")).expect_err("neither holder nor commander");
}

fn critical() -> Plan {
    let critical = Critical { component: "calls-911".into(), metric: Some("blocked".into()), most: Some(0.0) };
    Plan { critical: vec![critical], ..Plan::default() }
}

fn component(record: &mut Record, minute: i64, to: ComponentState) {
    let (origin, component, name) = ("https://s".into(), "calls-911".into(), "911 calls".into());
    record.add(
        &format!("component {minute}"),
        minute,
        ComponentChanged { origin, component, name, from: None, to, raw: String::new() },
    );
}

fn number(record: &mut Record, minute: i64, value: Option<f64>, quality: Quality) {
    let (origin, name) = ("https://m".into(), "blocked".into());
    let moved = MetricMoved { origin, name, unit: String::new(), value, quality, why: String::new(), estimated: false };
    record.add(&format!("number {minute}"), minute, moved);
}

#[test]
fn nothing_critical_is_resolved_unseen_but_by_name_and_reason() {
    let plan = critical();
    let resolve = |why: &str, by: Option<&str>| Command::SetPhase {
        phase: Phase::Resolved,
        why: why.into(),
        by_name: by.map(str::to_owned),
    };
    let refused = |record: &Record, what: &str| {
        let Refusal(why) = done(&mut record.clone(), &plan, "kim", 60, &resolve("it is over", None)).unwrap_err();
        assert!(why.contains(what), "{why}");
    };
    let mut record = commanded();
    refused(&record, "no page shows it");
    component(&mut record, 20, ComponentState::MajorOutage);
    refused(&record, "911 calls: DOWN");
    component(&mut record, 30, ComponentState::Operational);
    refused(&record, "nobody measures it");
    number(&mut record, 31, Some(3.0), Quality::Exact);
    refused(&record, "too much");
    number(&mut record, 32, None, Quality::Missing);
    refused(&record, "NOT KNOWN or old");
    number(&mut record, 33, Some(0.0), Quality::Exact);
    record.add("gone", 34, SourceFailing { source: "core".into(), family: "metrics".into(), why: "no answer".into() });
    refused(&record, "OLD");
    // Overridden by another's name, or without a reason, it is not.
    done(&mut record.clone(), &plan, "kim", 60, &resolve("all report well", Some("ana"))).unwrap_err();
    done(&mut record.clone(), &plan, "kim", 60, &resolve(" ", Some("kim"))).unwrap_err();
    let mut over = record.clone();
    done(&mut over, &plan, "kim", 60, &resolve("all report well", Some("Kim"))).unwrap();
    let What::PhaseSet(set) = &over.entries.last().unwrap().what else { panic!() };
    assert!(set.overrode[0].contains("OLD"), "what spoke against it is in the record: {:?}", set.overrode);
    record.add("back", 35, SourceBack { source: "core".into(), family: "metrics".into() });
    done(&mut record.clone(), &plan, "kim", 60, &resolve("", None)).expect_err("resolving asks why");
    done(&mut record, &plan, "kim", 60, &resolve("normal since 09:00", None)).unwrap();
}

fn planned() -> Plan {
    let team =
        |id: &str| Team { id: id.into(), name: id.to_uppercase(), duty: String::new(), lead: None, members: vec![] };
    Plan { teams: vec![team("core"), team("radio")], ..Plan::default() }
}

fn wish(team: &str, lead: &str, members: &[&str]) -> TeamWish {
    let members = members.iter().map(|m| (*m).to_owned()).collect();
    TeamWish { team: team.into(), parent: None, lead: Some(lead.into()), members }
}

#[test]
fn teams_with_leads_make_fewer_people_report_to_one() {
    let plan = planned();
    let mut record = commanded();
    let names = ["ana", "ben", "ito", "dunn", "sato", "lee", "ruiz", "ode", "ray"];
    for name in names {
        let (title, owner) = (format!("a task for {name}"), Some(name.to_owned()));
        let add = Command::AddTask { title, team: None, owner, minutes: 10 };
        done(&mut record, &plan, "kim", 10, &add).unwrap();
    }
    let span = |record: &Record| {
        let incident = record.incident();
        reports(&incident, &teams(&incident, &plan)).len()
    };
    assert_eq!(span(&record), 9);
    let split =
        Command::SetTeams(vec![wish("core", "ana", &["ben", "Ana", "ode"]), wish("Radio", "ito", &["dunn", "ray"])]);
    done(&mut record, &plan, "kim", 11, &split).unwrap();
    assert_eq!(span(&record), 5, "ana, ito, sato, lee, ruiz");
    assert_eq!(record.incident().leading.team("core").unwrap().members, ["ben", "ode"], "a lead is not a member");
    // A sub-team reports to its team's lead.
    let east = TeamWish { parent: Some("core".into()), ..wish("East", "sato", &["lee"]) };
    done(&mut record, &plan, "kim", 12, &Command::SetTeams(vec![east])).unwrap();
    assert_eq!(span(&record), 3, "ana, ito, ruiz");
    let nowhere = TeamWish { parent: Some("mars".into()), ..wish("West", "x", &[]) };
    done(&mut record, &plan, "kim", 13, &Command::SetTeams(vec![nowhere])).expect_err("no such team");
    done(
        &mut record,
        &plan,
        "kim",
        13,
        &Command::SetTeams(vec![TeamWish { team: "Void".into(), ..TeamWish::default() }]),
    )
    .expect_err("nobody in it");
}

#[test]
fn a_roll_call_knows_who_was_asked_and_who_answered_when() {
    let plan = planned();
    let mut record = commanded();
    let ask =
        |people: &[&str]| Command::CallRoll { people: people.iter().map(|p| (*p).to_owned()).collect(), minutes: 3 };
    let call = done(&mut record, &plan, "kim", 20, &ask(&["ana", "ben"])).unwrap()[0];
    let answer = |who: &str| Command::AnswerRoll { call, person: who.into(), says: String::new() };
    done(&mut record, &plan, "kim", 21, &answer("ito")).expect_err("was not asked");
    done(&mut record, &plan, "kim", 22, &answer("ana")).unwrap();
    done(&mut record, &plan, "kim", 22, &answer("ana")).expect_err("answered already");
    let incident = record.incident();
    let found = incident.leading.rollcall().unwrap();
    assert_eq!(found.silent().collect::<Vec<_>>(), ["ben"]);
    assert_eq!(found.answers["ana"].0 - found.at, chrono::TimeDelta::minutes(2));
    // With nobody named: everybody who has something to do here.
    done(&mut record, &plan, "kim", 30, &Command::SetTeams(vec![wish("core", "ito", &["ode"])])).unwrap();
    done(&mut record, &plan, "kim", 31, &ask(&[])).unwrap();
    assert_eq!(record.incident().leading.rollcall().unwrap().people, ["ito", "ode"]);
}

#[test]
fn who_acts_on_a_decision_has_a_task_and_its_check_is_its_own() {
    let plan = Plan::default();
    let mut record = commanded();
    let decision = warroom::incident::command::Decision {
        proposal: "roll back MOP-17".into(),
        outcome: "yes, roll back".into(),
        objections: Some("none heard".into()),
        acts: Some("ben".into()),
        check_at: Some(minutes(36)),
        ..Default::default()
    };
    let made = done(&mut record, &plan, "kim", 30, &Command::Decide(decision)).unwrap();
    let task = record.incident().tasks[&made[1]].clone();
    assert_eq!((task.owner.as_deref(), task.minutes, task.state), (Some("ben"), 6, TaskState::Open));
    let check = Command::CheckDecision { decision: made[0], worked: Some(false), seen: "still down".into() };
    done(&mut record, &plan, "kim", 37, &check).unwrap();
    let check = record.incident().leading.checks[&made[0]].clone();
    assert_eq!((check.worked, check.seen.as_str()), (Some(false), "still down"));
    let nowhere = Command::CheckDecision { decision: id("x"), worked: None, seen: "x".into() };
    done(&mut record, &plan, "kim", 38, &nowhere).expect_err("no such decision");
}

#[test]
fn the_first_word_of_a_note_says_what_it_is() {
    let mut record = commanded();
    let plan = Plan::default();
    for (text, kind, follow) in [
        ("Change MOP-17 went in", "change.noted/1", false),
        ("todo: why did the canary pass?", "note.added/1", true),
        ("changed my mind", "note.added/1", false),
    ] {
        let note = Command::Note { text: text.into(), at: None, follow_up: false };
        done(&mut record, &plan, "kim", 20, &note).unwrap();
        let what = &record.entries.last().unwrap().what;
        assert_eq!(what.kind(), kind, "{text}");
        assert_eq!(matches!(what, What::Noted(w) if w.follow_up), follow, "{text}");
    }
    let open = warroom::situation::open::follow_ups(&record.incident());
    assert_eq!(open, ["todo: why did the canary pass?"]);
}

#[test]
fn one_time_out_at_a_time_and_it_ends_by_itself() {
    let plan = Plan::default();
    let mut record = commanded();
    let start = Command::StartTimeOut { minutes: 5 };
    let timeout = done(&mut record, &plan, "kim", 50, &start).unwrap()[0];
    done(&mut record, &plan, "ana", 52, &start).expect_err("one runs");
    assert!(record.incident().leading.timeout(minutes(54)).is_some());
    assert!(record.incident().leading.timeout(minutes(55)).is_none(), "five minutes are over");
    let end = Command::EndTimeOut {
        timeout,
        known: "core is back".into(),
        assumed: String::new(),
        change_mind: String::new(),
        tired: "kim".into(),
    };
    done(&mut record, &plan, "kim", 56, &end).unwrap();
    done(&mut record, &plan, "kim", 57, &end).expect_err("ended already");
}

#[test]
fn a_way_that_needs_what_is_down_is_told_from_one_that_does_not() {
    let contact = |way: &str, needs: &[&str]| PlannedContact {
        of: "core".into(),
        way: way.into(),
        address: "1".into(),
        needs: needs.iter().map(|n| (*n).to_owned()).collect(),
    };
    let plan = Plan { contacts: vec![contact("mobile", &["calls-911"]), contact("landline", &[])], ..planned() };
    let mut record = commanded();
    component(&mut record, 20, ComponentState::MajorOutage);
    let found = ways(&record.incident(), &plan, "core");
    assert_eq!(found.iter().map(|w| w.fails.is_empty()).collect::<Vec<_>>(), [false, true]);
    let set = |address: Option<&str>| Command::SetContact {
        of: "core".into(),
        way: "landline".into(),
        address: address.map(str::to_owned),
        needs: vec![],
    };
    done(&mut record, &plan, "kim", 21, &set(Some("2"))).unwrap();
    assert!(ways(&record.incident(), &plan, "core").iter().any(|w| w.way == "landline" && w.address == "2"));
    done(&mut record, &plan, "kim", 22, &set(None)).unwrap();
    assert!(!ways(&record.incident(), &plan, "core").iter().any(|w| w.way == "landline"), "struck out");
}

#[test]
fn nobody_takes_anothers_task_and_nobody_begins_what_nobody_has() {
    let plan = Plan::default();
    let mut record = commanded();
    let add = |title: &str, owner: Option<&str>| Command::AddTask {
        title: title.into(),
        team: None,
        owner: owner.map(str::to_owned),
        minutes: 5,
    };
    let of_ana = done(&mut record, &plan, "kim", 10, &add("check", Some("ana"))).unwrap()[0];
    done(&mut record, &plan, "ben", 10, &add("Check", Some("ben"))).expect_err("ana has it: one named owner");
    done(&mut record, &plan, "kim", 10, &add("look", Some("root"))).expect_err("who is root?");
    let of_nobody = done(&mut record, &plan, "kim", 10, &add("restart", None)).unwrap()[0];
    let ack = |id| Command::Acknowledge { target: warroom::incident::command::Target::Task(id), minutes: 5 };
    done(&mut record, &plan, "kim", 11, &ack(of_ana)).expect_err("it is Ana's");
    done(&mut record, &plan, "kim", 11, &Command::Hear { task: of_ana }).unwrap();
    let task = &record.incident().tasks[&of_ana];
    assert_eq!((task.owner.as_deref(), task.state), (Some("ana"), TaskState::Acknowledged));
    done(&mut record, &plan, "kim", 12, &Command::StartTask { task: of_nobody }).expect_err("nobody has it");
    done(&mut record, &plan, "kim", 12, &Command::Hear { task: of_nobody }).expect_err("nobody could have heard");
    done(&mut record, &plan, "kim", 12, &ack(of_nobody)).unwrap();
    done(&mut record, &plan, "kim", 13, &Command::StartTask { task: of_nobody }).unwrap();
}

#[test]
fn a_reopening_is_not_taken_back_unseen_and_no_end_is_without_its_basis() {
    let plan = Plan::default();
    let mut record = commanded();
    let phase = |phase, why: &str| Command::SetPhase { phase, why: why.into(), by_name: None };
    done(&mut record, &plan, "kim", 20, &phase(Phase::Monitoring, "")).unwrap();
    done(&mut record, &plan, "kim", 21, &phase(Phase::Resolved, "over")).unwrap();
    let reopened = done(&mut record, &plan, "kim", 22, &phase(Phase::Investigating, "")).unwrap()[0];
    let undo = Command::Retract { entry: reopened, why: String::new() };
    done(&mut record, &plan, "kim", 23, &undo).expect_err("it would be resolved again");
    let end = |basis: &str| Command::ReachEnd { end: End::Verified, at: None, basis: basis.into() };
    done(&mut record, &plan, "kim", 24, &end(" ")).expect_err("how do you know?");
    done(&mut record, &plan, "kim", 24, &end("test calls")).unwrap();
    let nothing = Command::SetContact { of: "core".into(), way: "radio".into(), address: None, needs: vec![] };
    done(&mut record, &plan, "kim", 25, &nothing).expect_err("there is nothing to strike out");
}

#[test]
fn the_commander_gives_the_other_roles_and_a_holder_may_leave() {
    let plan = Plan::default();
    let mut record = commanded();
    let set = |role, holder: Option<&str>, why: &str| Command::SetRole {
        role,
        holder: holder.map(str::to_owned),
        why: why.into(),
    };
    done(&mut record, &plan, "kim", 10, &set(Role::Scribe, Some("ana"), "")).unwrap();
    done(&mut record.clone(), &plan, "ben", 11, &set(Role::Scribe, Some("ben"), "")).expect_err("ana holds it");
    done(&mut record.clone(), &plan, "ben", 11, &set(Role::Scribe, None, "")).expect_err("nor does ben empty it");
    done(&mut record.clone(), &plan, "ben", 11, &set(Role::Scribe, Some("ben"), "ana left")).unwrap();
    done(&mut record.clone(), &plan, "kim", 11, &set(Role::Scribe, Some("ben"), "")).unwrap();
    done(&mut record.clone(), &plan, "ana", 11, &set(Role::Scribe, Some("ben"), "")).unwrap();
    done(&mut record, &plan, "kim", 11, &set(Role::Commander, None, "")).unwrap();
    assert_eq!(record.incident().holder(Role::Commander), None);
}

#[test]
fn a_shared_account_leads_nothing() {
    let plan = Plan::default();
    let record = commanded();
    let decision =
        warroom::incident::command::Decision { proposal: "p".into(), outcome: "o".into(), ..Default::default() };
    for command in [
        Command::SetRole { role: Role::Deputy, holder: Some("ana".into()), why: String::new() },
        Command::SetPhase { phase: Phase::Identified, why: String::new(), by_name: None },
        Command::SetSeverity { severity: Severity::Sev4, why: "small".into() },
        Command::Decide(decision),
    ] {
        done(&mut record.clone(), &plan, "root", 10, &command).expect_err("who is root?");
        done(&mut record.clone(), &plan, "ana", 10, &command).unwrap();
    }
    let to_root = Command::SetRole { role: Role::Deputy, holder: Some("root".into()), why: String::new() };
    done(&mut record.clone(), &plan, "kim", 10, &to_root).expect_err("name the person");
}
