//! How a drill went: a pure function of the script, the record and the keys. Judges by the record alone, so that whoever has
//! the journal comes to the same score.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::script::{Script, Step};
use crate::incident::Instant;
use crate::incident::clock::Moment;
use crate::incident::entry::Entry;
use crate::incident::fold::Log;
use crate::incident::plan::Plan;
use crate::incident::rule::Rules;
use crate::incident::state::Incident;
use crate::incident::timeline::Effect;
use crate::incident::words::TaskState;
use crate::situation::assess;
use crate::situation::audience::Next;
use crate::situation::thing::Thing;
use crate::text::{Safe, duration, shorten};

#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub title: String,
    pub begun: Instant,
    pub ended: Instant,
    pub steps: Vec<StepScore>,
    /// All keys that count.
    pub keys: usize,
    /// From joining to the first word that anybody was told.
    pub first_word: Option<TimeDelta>,
    /// Deadlines, promises and words that ran out unmet while the commander was there.
    pub clocks: Vec<Missed>,
    /// Tasks whose check-in passed and nobody asked.
    pub check_ins: Vec<Missed>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StepScore {
    pub minute: u32,
    pub inject: String,
    pub does: String,
    pub allowed: Option<u32>,
    pub went: Went,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    /// So long after its inject, with so many keys of its own.
    Done {
        after: TimeDelta,
        keys: usize,
    },
    Missed,
    /// There was nothing to do that a record shows.
    Told,
    /// The drill ended before it.
    NotReached,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Missed {
    pub at: Instant,
    pub what: String,
}

/// What the incident ran under.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    pub plan: &'a Plan,
    pub rules: &'a Rules,
}

/// The score of the time from `begun`, when the commander joined, to `ended`. `keys`: when each that counts was pressed.
pub fn score(
    script: &Script,
    entries: &[Arc<Entry>],
    keys: &[Instant],
    under: Under<'_>,
    begun: Instant,
    ended: Instant,
) -> Score {
    let mut log = Log::default();
    log.absorb(entries.iter().map(|entry| Entry::clone(entry)));
    let incident = Arc::clone(log.incident());
    let done: Vec<Option<Instant>> =
        script.steps.iter().map(|step| done_at(step, &incident, entries, begun).filter(|at| *at <= ended)).collect();
    let steps = script.steps.iter().zip(&done).map(|(step, at)| {
        let injected = at_minute(begun, step.minute);
        let went = match at {
            _ if injected > ended => Went::NotReached,
            _ if step.done.is_empty() => Went::Told,
            Some(at) => Went::Done { after: *at - injected, keys: own_keys(injected, *at, &done, keys) },
            None => Went::Missed,
        };
        let (inject, does) = (step.inject.clone(), step.does.clone());
        StepScore { minute: step.minute, inject, does, allowed: step.keys, went }
    });
    let first = incident.messages.values().filter_map(|m| m.told).filter(|at| *at >= begun).min();
    let (clocks, check_ins) = missed(entries, under, begun, ended);
    Score {
        title: script.title.clone(),
        begun,
        ended,
        steps: steps.collect(),
        keys: keys.iter().filter(|at| (begun..=ended).contains(at)).count(),
        first_word: first.map(|at| at - begun),
        clocks,
        check_ins,
    }
}

/// The instant of a step's inject.
pub fn at_minute(begun: Instant, minute: u32) -> Instant {
    begun.checked_add_signed(TimeDelta::minutes(i64::from(minute))).unwrap_or(begun)
}

/// When the last entry was recorded that the step waits for. What was taken back, or had no effect, does not count.
pub fn done_at(step: &Step, incident: &Incident, entries: &[Arc<Entry>], begun: Instant) -> Option<Instant> {
    let injected = at_minute(begun, step.minute);
    let mut last = None;
    for done in &step.done {
        let stands = |entry: &Entry| incident.timeline.find(entry.id).is_some_and(|row| row.effect == Effect::Applied);
        let mut found: Vec<Instant> = entries
            .iter()
            .filter(|entry| entry.recorded >= injected && done.is(entry) && stands(entry))
            .map(|entry| entry.recorded)
            .collect();
        found.sort();
        last = last.max(Some(*found.get(done.count.saturating_sub(1))?));
    }
    last
}

/// Keys that went into one step: since its inject, or since another was done after it. No key counts for two steps.
fn own_keys(injected: Instant, at: Instant, done: &[Option<Instant>], keys: &[Instant]) -> usize {
    let before = done.iter().flatten().filter(|other| **other < at).max().copied();
    let from = before.map_or(injected, |before| before.max(injected));
    keys.iter().filter(|key| **key >= from && **key <= at).count()
}

/// What ran out unmet, by the domain's own judgement: between two entries nothing changes but the time, so the state before
/// each entry is looked at once, at that entry's instant.
fn missed(entries: &[Arc<Entry>], under: Under<'_>, begun: Instant, ended: Instant) -> (Vec<Missed>, Vec<Missed>) {
    let mut sorted: Vec<&Arc<Entry>> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.order());
    let (mut clocks, mut check_ins) = (BTreeSet::new(), BTreeSet::new());
    let mut log = Log::default();
    let mut rest = sorted.as_slice();
    while let Some(first) = rest.first() {
        // What was written together is one step of time.
        let alike = rest.iter().take_while(|entry| entry.recorded == first.recorded).count();
        if first.recorded > begun && first.recorded <= ended {
            look(log.incident(), under, begun, first.recorded, &mut clocks, &mut check_ins);
        }
        let (now, after) = rest.split_at(alike);
        log.absorb(now.iter().filter(|e| e.recorded <= ended).map(|e| Entry::clone(e)));
        rest = after;
    }
    look(log.incident(), under, begun, ended, &mut clocks, &mut check_ins);
    (clocks.into_iter().collect(), check_ins.into_iter().collect())
}

fn look(
    incident: &Incident,
    under: Under<'_>,
    begun: Instant,
    now: Instant,
    clocks: &mut BTreeSet<Missed>,
    check_ins: &mut BTreeSet<Missed>,
) {
    let situation = assess(incident, under.plan, under.rules, &[], Moment { now, real: now, speed: 1.0 });
    // What had run out before the commander came is not the commander's.
    let past = |at: Instant| at > begun && at < now;
    for audience in &situation.audiences {
        let (at, word) = match audience.next {
            Next::First(at) => (at, "first word"),
            Next::Promised(at) => (at, "promised update"),
            Next::Cadence(at) => (at, "update"),
            // When it was owed its first word stands above.
            Next::Nothing | Next::RestoredUntold(_) => continue,
        };
        if past(at) {
            clocks.insert(Missed { at, what: format!("{word}: {}", audience.name) });
        }
    }
    for clock in situation.clocks.iter().filter(|c| !c.iff && past(c.at)) {
        if matches!(clock.thing, Thing::Stage(..) | Thing::Promise(_)) {
            clocks.insert(Missed { at: clock.at, what: clock.text.clone() });
        }
    }
    for task in incident.tasks.values().filter(|t| t.live() && t.state != TaskState::Blocked) {
        if let Some(at) = task.due.filter(|at| past(*at)) {
            let owner = task.owner.as_deref().unwrap_or("nobody");
            check_ins.insert(Missed { at, what: format!("{owner}: {}", task.title) });
        }
    }
}

/// A row of the score fits eighty columns beside its mark; all of it stands in the JSON.
fn short(text: &str, columns: usize) -> String {
    shorten::shorten(&Safe::new(text), columns).into_string()
}

impl Score {
    /// For people: a line a step, then what was missed.
    pub fn lines(&self, zone: chrono_tz::Tz) -> Vec<String> {
        let clock = |at| crate::text::instant::clock_zoned(at, self.ended, zone);
        let mut out =
            vec![format!("DRILL {}: {}, {} keys", self.title, duration::age(self.ended - self.begun), self.keys)];
        out.push("min  done after  keys      inject".to_owned());
        for step in self.steps.iter().filter(|step| step.went != Went::NotReached) {
            let of = step.allowed.map(|n| format!(" of {n}")).unwrap_or_default();
            let (after, keys) = match step.went {
                Went::Done { after, keys } => {
                    let over = step.allowed.is_some_and(|n| keys > n as usize);
                    (duration::age(after), format!("{keys}{of}{}", if over { " !" } else { "" }))
                }
                Went::Missed => ("MISSED".to_owned(), format!("-{of}")),
                Went::Told => ("told".to_owned(), String::new()),
                Went::NotReached => continue,
            };
            out.push(format!("{:>3}  {after:<11} {keys:<8}  {}", step.minute, short(&step.inject, 43)));
            if step.went == Went::Missed && !step.does.is_empty() {
                out.push(format!("{:5}a commander {}", "", short(&step.does, 53)));
            }
        }
        match self.steps.iter().filter(|step| step.went == Went::NotReached).count() {
            0 => {}
            1 => out.push("1 step was not reached".to_owned()),
            n => out.push(format!("{n} steps were not reached")),
        }
        out.push(match self.first_word {
            Some(after) => format!("first word after {}", duration::age(after)),
            None => "first word NEVER".to_owned(),
        });
        for (name, missed) in [("clocks missed", &self.clocks), ("check-ins missed", &self.check_ins)] {
            out.push(format!("{name}: {}", missed.len()));
            out.extend(missed.iter().map(|m| format!("  {} {}", clock(m.at), m.what)));
        }
        out
    }

    pub fn json(&self) -> Value {
        let list =
            |missed: &[Missed]| -> Vec<Value> { missed.iter().map(|m| json!({"at": m.at, "what": m.what})).collect() };
        let steps: Vec<Value> = self
            .steps
            .iter()
            .map(|step| {
                let (state, after, keys) = match step.went {
                    Went::Done { after, keys } => ("done", Some(after.num_seconds()), Some(keys)),
                    Went::Missed => ("missed", None, None),
                    Went::Told => ("told", None, None),
                    Went::NotReached => ("not_reached", None, None),
                };
                json!({
                    "minute": step.minute, "inject": step.inject, "does": step.does, "state": state,
                    "done_after_seconds": after, "keys": keys, "keys_allowed": step.allowed,
                })
            })
            .collect();
        json!({
            "schema": "warroom-drill/1", "exercise": true, "title": self.title, "begun_at": self.begun,
            "ended_at": self.ended, "keys": self.keys, "steps": steps,
            "minutes_to_first_word": self.first_word.map(|after| after.num_seconds() as f64 / 60.0),
            "clocks_missed": list(&self.clocks), "check_ins_missed": list(&self.check_ins),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::entry::{Author, EntryId, Hlc, WriterId};
    use crate::incident::what::*;
    use crate::incident::words::{Role, Severity};

    fn at(seconds: i64) -> Instant {
        Instant::UNIX_EPOCH + TimeDelta::days(19_000) + TimeDelta::seconds(seconds)
    }

    fn id(name: &str) -> EntryId {
        EntryId::derived(&[name])
    }

    struct Record(Vec<Arc<Entry>>);

    impl Record {
        fn new() -> Record {
            let mut record = Record(Vec::new());
            let declared = Declared {
                title: "Outage".into(),
                severity: Severity::Sev1,
                started: at(-1200),
                detected: None,
                exercise: true,
                timezone: "UTC".into(),
                organisation: Vec::new(),
                demo: false,
            };
            record.add(0, "declared", declared);
            record
        }

        fn add(&mut self, seconds: i64, name: &str, what: impl Into<What>) -> EntryId {
            let seq = self.0.len() as u64 + 1;
            self.0.push(Arc::new(Entry {
                writer: WriterId(uuid::Uuid::nil()),
                seq,
                id: id(name),
                hlc: Hlc(at(seconds).timestamp_millis(), seq as u32),
                happened: at(seconds),
                recorded: at(seconds),
                author: Author { person: "kim".into(), host: "jump".into(), machine: false },
                what: what.into(),
            }));
            id(name)
        }

        fn note(&mut self, seconds: i64, name: &str, text: &str) -> EntryId {
            self.add(seconds, name, Noted { text: text.into(), follow_up: false })
        }

        fn score(&self, script: &Script, keys: &[i64], ended: i64) -> Score {
            let keys: Vec<Instant> = keys.iter().map(|s| at(*s)).collect();
            let (plan, rules) = (Plan::default(), Rules::default());
            score(script, &self.0, &keys, Under { plan: &plan, rules: &rules }, at(0), at(ended))
        }
    }

    fn script(steps: &str) -> Script {
        Script::read("s", &format!("title = \"x\"\nminutes = 60\n{steps}")).unwrap_or_else(|p| panic!("{p:#?}"))
    }

    const NOTES: &str = "[[step]]\nminute = 1\ninject = \"a\"\nkeys = 2\n\
        done = [{ entry = \"note.added/1\", with = { text = \"mop-17\" } }]\n\
        [[step]]\nminute = 2\ninject = \"b\"\nkeys = 9\n\
        done = [{ entry = \"note.added/1\", with = { text = \"sms\" }, count = 2 }]\n\
        [[step]]\nminute = 3\ninject = \"c\"\n[[step]]\nminute = 50\ninject = \"d\"\n";

    fn done(after: i64, keys: usize) -> Went {
        Went::Done { after: TimeDelta::seconds(after), keys }
    }

    #[test]
    fn a_step_is_done_by_what_stands_in_the_record_after_its_inject() {
        let mut record = Record::new();
        record.note(30, "early", "MOP-17 before it was asked");
        record.note(150, "one", "sms is back");
        record.note(170, "two", "change MOP-17 went in");
        record.note(180, "three", "SMS is down again");
        let went: Vec<Went> =
            record.score(&script(NOTES), &[10, 70, 140, 165, 169, 175], 600).steps.iter().map(|s| s.went).collect();
        // The keys before 170 went into the first, those after it into the second: none counts twice.
        assert_eq!(went, [done(110, 4), done(60, 1), Went::Told, Went::NotReached]);
    }

    #[test]
    fn what_is_taken_back_or_too_little_or_a_machines_is_missed() {
        let mut record = Record::new();
        let note = record.note(70, "one", "MOP-17");
        record.add(80, "undo", Retracted { entry: note, why: "slip".into() });
        record.note(150, "two", "sms");
        let entry = record.0.last_mut().unwrap();
        let mut inject = Entry::clone(entry);
        (inject.seq, inject.id, inject.author.machine) = (9, id("inject"), true);
        record.0.push(Arc::new(inject));
        let score = record.score(&script(NOTES), &[], 600);
        assert_eq!((score.steps[0].went, score.steps[1].went), (Went::Missed, Went::Missed));
        assert_eq!(score.first_word, None);
        assert!(score.lines(chrono_tz::Tz::UTC).iter().any(|line| line.contains("MISSED")));
        assert_eq!(score.json()["steps"][0]["state"], "missed");
    }

    #[test]
    fn a_clock_that_ran_out_is_missed_also_where_it_was_met_later() {
        let promise = |due| PromiseMade { text: "call".into(), to: "CISA".into(), owner: "kim".into(), due: at(due) };
        let mut record = Record::new();
        let late = record.add(10, "late", promise(100));
        let kept = record.add(11, "kept", promise(200));
        record.add(12, "ahead", promise(900));
        record.add(120, "late kept", PromiseKept { promise: late, how: String::new() });
        record.add(150, "kept kept", PromiseKept { promise: kept, how: String::new() });
        let score = record.score(&script(NOTES), &[], 600);
        let missed: Vec<Instant> = score.clocks.iter().map(|m| m.at).collect();
        assert_eq!(missed, [at(100)]);
    }

    #[test]
    fn a_check_in_that_passed_is_missed_and_one_that_was_extended_is_not() {
        let mut record = Record::new();
        for (name, minutes) in [("a", 1), ("b", 2)] {
            let task = TaskAdded { title: name.into(), team: None, owner: None, minutes, first: false, planned: None };
            let task = record.add(1, name, task);
            record.add(2, &format!("{name} given"), TaskAssigned { task, owner: "ana".into(), minutes });
        }
        record.add(100, "more", TaskExtended { task: id("b"), minutes: 30, why: "long".into() });
        let score = record.score(&script(NOTES), &[], 600);
        let missed: Vec<&str> = score.check_ins.iter().map(|m| m.what.as_str()).collect();
        assert_eq!(missed, ["ana: a"]);
        let mut record = Record::new();
        record.add(
            3,
            "role",
            RoleSet { role: Role::Commander, holder: Some("kim".into()), why: String::new(), replaces: Vec::new() },
        );
        assert_eq!(record.score(&script(NOTES), &[], 600).check_ins, []);
    }

    #[test]
    fn the_first_word_counts_from_joining() {
        let told = ToldElsewhere {
            audience: "care".into(),
            channel: "direct".into(),
            by: "lee".into(),
            proof: None,
            text: String::new(),
            round: None,
            next_update: None,
        };
        let mut record = Record::new();
        record.add(240, "told", told);
        assert_eq!(record.score(&script(NOTES), &[], 600).first_word, Some(TimeDelta::minutes(4)));
    }
}
