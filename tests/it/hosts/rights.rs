//! Who may do what, also for what arrives from elsewhere: without the right it is kept and has no effect; what is true of the
//! outside world counts and is loud; and whatever the order of arrival, every host says the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;
use warroom::incident::command::{Actor, Command};
use warroom::incident::decide::decide;
use warroom::incident::entry::{Author, Entry, EntryId, Hlc, WriterId};
use warroom::incident::fold::{Log, fold};
use warroom::incident::message::sha256;
use warroom::incident::state::Incident;
use warroom::incident::timeline::Effect;
use warroom::incident::what::*;
use warroom::incident::words::*;

use crate::incident::related::shuffled;
use crate::incident::{declaration, id, minutes};
use crate::support::pty::Home;

/// Entries of several people, each with a writer of their own, in the order of their clocks.
struct Record(Vec<Entry>);

impl Record {
    fn declared() -> Record {
        let mut record = Record(Vec::new());
        record.add("kim", "declared", declaration());
        record
    }

    fn add(&mut self, person: &str, name: &str, what: impl Into<What>) -> EntryId {
        let writer = WriterId(uuid::Uuid::from_u128(person.bytes().map(u128::from).sum()));
        let seq = self.0.iter().filter(|e| e.writer == writer).count() as u64 + 1;
        let at = minutes(self.0.len() as i64);
        let author = Author { person: person.to_owned(), host: format!("of {person}"), machine: false };
        let hlc = Hlc(self.0.len() as i64, 0);
        let entry = Entry { writer, seq, id: id(name), hlc, happened: at, recorded: at, author, what: what.into() };
        self.0.push(entry);
        id(name)
    }

    fn incident(&self) -> Incident {
        fold(self.0.iter().cloned())
    }
}

fn rights(pairs: &[(&str, &[&str])], replaces: Vec<EntryId>) -> RightsAdopted {
    let who: BTreeMap<String, Vec<String>> = pairs
        .iter()
        .map(|(act, who)| ((*act).to_owned(), who.iter().map(|name| (*name).to_owned()).collect()))
        .collect();
    RightsAdopted { who, own_text: false, replaces }
}

fn drafted() -> MessageDrafted {
    MessageDrafted {
        audience: "firstnet".into(),
        channel: "direct".into(),
        round: Round::Initial,
        text: "voice is down".into(),
        next_update: None,
        grounds: Default::default(),
    }
}

fn approved(message: EntryId) -> MessageApproved {
    MessageApproved::whole(message, sha256("voice is down"))
}

fn sending(message: EntryId) -> MessageSending {
    let (backend, process) = ("outbox".into(), "far/1@1".into());
    MessageSending { message, backend, process, recipients: Vec::new(), subject: String::new() }
}

fn filed() -> StageFiled {
    let (rule, stage) = ("nors".into(), "first".into());
    StageFiled { rule, stage, reference: "7".into(), person: String::new(), how: Default::default() }
}

#[track_caller]
fn effect(incident: &Incident, entry: EntryId) -> Effect {
    incident.timeline.find(entry).expect("it is kept").effect.clone()
}

fn why(effect: &Effect) -> &str {
    match effect {
        Effect::None(why) | Effect::Without(why) | Effect::Retracted(why) => why,
        Effect::Applied => "applied",
    }
}

/// Kim says who may; Ana, elsewhere, approves, releases, files and resolves all the same.
fn outraged() -> (Record, [EntryId; 5]) {
    let mut record = Record::declared();
    let only: &[(&str, &[&str])] =
        &[("approve", &["commander"]), ("send", &["lee"]), ("file", &["ruiz"]), ("resolve", &["kim"])];
    record.add("kim", "rights", rights(only, vec![]));
    let role = RoleSet { role: Role::Commander, holder: Some("kim".into()), why: String::new(), replaces: vec![] };
    record.add("kim", "ic", role);
    let message = record.add("ana", "text", drafted());
    let approval = record.add("ana", "approval", approved(message));
    let release = record.add("ana", "release", sending(message));
    let sent = record.add("ana", "sent", MessageSent { message, reference: "r".into() });
    let filing = record.add("ana", "filing", filed());
    let over =
        PhaseSet { phase: Phase::Resolved, why: String::new(), overrode: vec![], replaces: vec![id("declared")] };
    let over = record.add("ana", "over", over);
    (record, [approval, release, sent, filing, over])
}

#[test]
fn what_nobody_may_is_kept_and_has_no_effect() {
    let (record, [approval, .., over]) = outraged();
    let incident = record.incident();
    assert_eq!(
        why(&effect(&incident, approval)),
        "ana may not approve; who can: incident commander (kim)",
        "{:?}",
        effect(&incident, approval)
    );
    assert!(why(&effect(&incident, over)).starts_with("ana may not resolve"));
    assert_eq!(incident.phase(), Phase::Investigating);
    assert!(incident.messages[&id("text")].approvals.is_empty());
}

#[test]
fn what_left_counts_and_is_loud_until_somebody_who_may_stands_for_it() {
    let (mut record, [_, release, sent, filing, _]) = outraged();
    let incident = record.incident();
    assert!(matches!(effect(&incident, release), Effect::Without(_)), "{:?}", effect(&incident, release));
    assert!(incident.timeline.find(release).unwrap().applied());
    assert_eq!(effect(&incident, sent), Effect::Applied);
    assert_eq!(incident.messages[&id("text")].state, MessageState::Sent);
    assert!(why(&effect(&incident, filing)).starts_with("ana may not file"));
    assert_eq!(incident.filings.values().next().unwrap().state, StageState::Filed);
    assert_eq!(
        incident.unrightful.keys().copied().collect::<std::collections::BTreeSet<_>>(),
        [release, filing].into()
    );
    // She cannot stand for herself, nor Lee, who may send, for a filing.
    let stand = |entry| RightStood { entry, why: "it was right".into() };
    let own = record.add("ana", "own", stand(release));
    let other = record.add("lee", "other", stand(filing));
    let good = record.add("lee", "good", stand(release));
    let again = record.add("lee", "again", stand(release));
    let incident = record.incident();
    assert!(why(&effect(&incident, own)).starts_with("ana may not stand for it"));
    assert!(why(&effect(&incident, other)).starts_with("lee may not stand for it"));
    assert_eq!(
        (effect(&incident, good), why(&effect(&incident, again))),
        (Effect::Applied, "somebody stands for it already")
    );
    assert!(incident.unrightful[&release].stood.is_some() && incident.unrightful[&filing].stood.is_none());
}

#[test]
fn whoever_may_release_still_releases_what_nobody_approved_who_may() {
    let (mut record, _) = outraged();
    record.0.truncate(5);
    // Lee may release; the approval counted for nothing. It is on its way: nobody sends it a second time.
    let release = record.add("lee", "release", sending(id("text")));
    let before = Record(record.0[..5].to_vec()).incident();
    let incident = record.incident();
    // But nobody begins to: here it is asked first.
    let plan = warroom::playbook::find("carrier-outage", &[]).unwrap().plan;
    let send = Command::SendMessage { message: id("text"), process: "here/1@1".into() };
    let lee = Actor { person: "lee".into(), host: "here".into() };
    let refused = decide(&before, &plan, &send, &lee, minutes(9)).unwrap_err();
    assert_eq!(refused.0, "it is not approved");
    assert_eq!(why(&effect(&incident, release)), "approved by ana, who may not approve");
    assert_eq!(incident.messages[&id("text")].state, MessageState::Sending);
}

#[test]
fn rights_hold_from_their_entry_on_and_only_who_may_changes_them() {
    let mut record = Record::declared();
    let early = record.add("ana", "early", filed());
    record.add("kim", "rights", rights(&[("file", &["ruiz"])], vec![]));
    let grab = record.add("ana", "grab", rights(&[("file", &["ana"])], vec![id("rights")]));
    let late = record.add("ana", "late", filed());
    let incident = record.incident();
    assert_eq!(effect(&incident, early), Effect::Applied);
    assert_eq!(why(&effect(&incident, grab)), "ana may not change who may do what; who can: kim");
    assert!(matches!(effect(&incident, late), Effect::Without(_)));
    // Two hosts set them, neither knowing of the other: until one settles it, both have to let somebody.
    record.add("kim", "here", rights(&[("file", &["ruiz", "lee"])], vec![id("rights")]));
    record.add("kim", "there", rights(&[("file", &["lee", "ana"])], vec![id("rights")]));
    let (lee, ana) = (record.add("lee", "by lee", filed()), record.add("ana", "by ana", filed()));
    let incident = record.incident();
    assert!(incident.conflicts().iter().any(|c| c.what == "rights"));
    assert_eq!(effect(&incident, lee), Effect::Applied);
    assert!(matches!(effect(&incident, ana), Effect::Without(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_order_of_arrival_gives_the_same(seed in any::<u64>(), portion in 1usize..5, late in 0usize..9) {
        let (mut record, [_, release, ..]) = outraged();
        record.add("lee", "stood", RightStood { entry: release, why: "yes".into() });
        record.add("kim", "more", rights(&[("file", &["ana", "ruiz"])], vec![id("rights")]));
        record.add("ana", "again", filed());
        let whole = record.incident();
        let mut entries = shuffled(&record.0, seed);
        // Who may is what comes last.
        let held = entries.iter().position(|e| e.id == id(["rights", "more", "ic"][late % 3])).unwrap();
        let held = entries.remove(held);
        entries.push(held);
        let mut log = Log::default();
        for some in entries.chunks(portion) {
            log.absorb(some.iter().cloned());
        }
        prop_assert_eq!(&**log.incident(), &whole);
    }
}

fn configured(text: &str) -> Home {
    let home = Home::new();
    crate::room::configure(&home, text);
    home
}

fn carry(from: &Home, to: &Home) -> String {
    from.must(&["bundle", "export", "-o", "carried", "--force"]);
    to.must(&["bundle", "import", &from.path().join("carried").display().to_string()])
}

#[test]
fn by_the_commands_over_two_hosts() {
    let rights = "[rights]\napprove = [\"kim\"]\nfile = [\"ruiz\"]\nresolve = [\"kim\"]\n";
    let (here, there) = (configured(rights), configured(""));
    here.must(&["--as", "kim", "declare", "Outage", "--severity", "sev2", "--playbook", "carrier-outage"]);
    carry(&here, &there);
    // That host's configuration says nothing; the record does.
    assert!(there.must(&["rights"]).contains("in force for the incident, by kim"));
    let refused = there.run(&["--as", "ana", "agency", "file", "us-cisa-voluntary", "contact", "--why", "they help"]);
    assert!(refused.code == Some(1) && refused.err.contains("ana may not file; who can: ruiz"), "{}", refused.err);
    assert_eq!(there.run(&["--as", "ana", "rights", "adopt"]).code, Some(1));
    // An incident that was declared without, and a host that was cut off when they were put in force.
    let (here, there) = (configured(""), configured(""));
    here.must(&["--as", "kim", "declare", "Outage", "--severity", "sev2", "--playbook", "carrier-outage"]);
    carry(&here, &there);
    std::fs::write(here.path().join("config/warroom/config.toml"), rights).unwrap();
    assert!(here.must(&["rights"]).contains("every host asks its own configuration"));
    here.must(&["--as", "kim", "rights", "adopt"]);
    there.must(&["--as", "ana", "agency", "file", "us-cisa-voluntary", "contact", "--why", "they help"]);
    there.must(&["--as", "ana", "phase", "resolved", "--why", "it is over", "--override-by", "ana"]);
    let told = carry(&there, &here);
    assert!(told.contains("had no effect, ana may not resolve; who can: kim: PHASE"), "{told}");
    assert!(told.contains("WITHOUT THE RIGHT, ana may not file; who can: ruiz"), "{told}");
    let state: Value = serde_json::from_str(&here.must(&["state", "--json"])).unwrap();
    assert_eq!(state["incident"]["phase"], "investigating");
    let done = &state["without_right"][0];
    assert_eq!((&done["by"], &done["stood_by"]), (&"ana".into(), &Value::Null));
    let loud = |state: &Value| state["now"].to_string().contains("NO RIGHT");
    assert!(loud(&state), "{}", state["now"]);
    let entry = done["id"].as_str().unwrap();
    let refused = here.run(&["--as", "kim", "rights", "stand", entry, "--why", "it was due"]);
    assert!(refused.err.contains("kim may not stand for it; who can: ruiz"), "{}", refused.err);
    here.must(&["--as", "ruiz", "rights", "stand", entry, "--why", "it was due"]);
    carry(&here, &there);
    for home in [&here, &there] {
        let state: Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
        assert!(!loud(&state) && state["without_right"][0]["stood_by"] == "ruiz");
        assert_eq!(state["incident"]["phase"], "investigating", "the same on both");
        assert!(home.must(&["export"]).contains("done without the right"));
    }
}
