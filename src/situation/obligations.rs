//! Which agencies must hear by when: the rules applied to this incident's facts and clocks. An aid, not legal advice.

use crate::incident::Instant;
use crate::incident::observation::Source;
use crate::incident::plan::Plan;
use crate::incident::rule::Stage;
use crate::incident::rule::{Basis, Confidence, Rule, Rules};
use crate::incident::stage::{Filing, Told};
use crate::incident::state::Incident;
use crate::incident::words::{StageState, Way};
use crate::rulebook::deadline::Due;
use crate::rulebook::evaluate::{self, Binding, Known, Meter, State};
use crate::rulebook::expression::Truth;
use crate::rulebook::forecast::Fires;
use crate::rulebook::stage::{Again, Reading, StageDue, Start};
use crate::text::instant;

use super::filing::{Sheet, overtaken};
use super::known::Facts;
pub use super::known::{ClockView, clock_of};

/// A rule at the moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Obligation {
    pub rule: String,
    pub jurisdiction: String,
    pub agency: String,
    pub short: String,
    pub title: String,
    pub state: Standing,
    /// Whether it binds on the day by which it is judged, and how well that is known.
    pub binding: Binding,
    /// When its trigger will hold at the present rate, for one that is not triggered or hangs on a missing fact.
    pub fires: Option<Fires>,
    /// When it may hold before that, and the facts on which that hangs: for one that is not triggered.
    pub may_fire: Option<Fires>,
    /// When its trigger first held, where that hangs on facts that grow.
    pub reportable: Option<Instant>,
    /// Numbers that growing facts are held against.
    pub meters: Vec<Meter>,
    pub stages: Vec<StageView>,
    pub trigger: String,
    /// What is worth saying where it does not fire.
    pub if_not: String,
    pub citation: String,
    pub confirmed_by: String,
    pub method: String,
    /// What a filing must say.
    pub content: Vec<String>,
    /// How a filing is taken back.
    pub withdraw: String,
    /// Obligations of the same group are answered by one filing.
    pub merge: Option<String>,
    pub voluntary: bool,
    /// What is filed is presumed confidential.
    pub confidential: bool,
    pub confidence: Confidence,
    pub basis: Option<Basis>,
    pub as_of: String,
    pub timezone: chrono_tz::Tz,
    pub note: String,
    /// The clocks that its stages run from, as they stand.
    pub clocks: Vec<ClockView>,
}

impl Obligation {
    /// What must be said wherever it is named: a confidence below high, and what is not known of its force. Empty: nothing.
    pub fn doubt(&self) -> String {
        let confidence = match self.confidence {
            Confidence::High => String::new(),
            Confidence::Medium | Confidence::Low => format!("confidence {}", self.confidence.as_str()),
        };
        [confidence, self.binding.said()].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

impl Obligation {
    /// Its agency, with how sure the rule is, where that is less than high: `FirstNet (LOW)`.
    pub fn named(&self) -> String {
        match self.confidence {
            Confidence::High => self.short.clone(),
            Confidence::Medium => format!("{} (med)", self.short),
            Confidence::Low => format!("{} (LOW)", self.short),
        }
    }

    /// When it fires, or may, for one that is not triggered yet: the earlier of the two.
    pub fn next_fires(&self) -> Option<&Fires> {
        let both = self.may_fire.iter().chain(&self.fires).filter(|_| self.state == Standing::NotTriggered);
        both.min_by_key(|fires| fires.at)
    }

    /// Whether what it counts is only known to be so much or more.
    pub fn at_least(&self) -> bool {
        self.meters.iter().any(|meter| meter.at_least)
    }

    /// What speaks against taking a filing back: that as the facts stand the rule asks for it. None: it does not.
    pub fn still_due(&self, now: Instant, zone: chrono_tz::Tz) -> Option<String> {
        if self.state != Standing::Due {
            return None;
        }
        let passed = self.meters.iter().filter_map(|m| Some((m, m.met_at.filter(|at| *at <= now)?)));
        let passed: Vec<String> = passed
            .map(|(m, at)| {
                format!("{} {} passed {}", m.threshold.goal, m.threshold.fact, instant::clock_zoned(at, now, zone))
            })
            .collect();
        let why = if passed.is_empty() { String::new() } else { format!(": {}", passed.join(", ")) };
        Some(format!("as the facts stand {} still asks for it{why}", self.short))
    }
}

impl Standing {
    pub fn word(&self) -> &'static str {
        match self {
            Standing::NotInForce => "not_in_force",
            Standing::NotTriggered => "not_triggered",
            Standing::Unknown(_) => "unknown",
            Standing::Due => "due",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    NotInForce,
    NotTriggered,
    /// The facts that nobody has confirmed yet.
    Unknown(Vec<String>),
    Due,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StageView {
    pub id: String,
    pub name: String,
    /// The clock that it runs from, or `stage:ID` for an earlier stage.
    pub after: String,
    pub to: Option<String>,
    /// None: its clock has no instant yet, it waits for an event (`on`), or what comes again has ended.
    pub due: Option<Due>,
    /// It holds only if a missing fact is true.
    pub iff: bool,
    /// Facts that its own condition lacks, beside those of the rule.
    pub missing: Vec<String>,
    /// The event that makes it due.
    pub on: Option<String>,
    /// The instant that it runs from: the earlier reading of its clock, or the filing before.
    pub from: Option<Instant>,
    /// Both readings of its clock where there are two, the earlier, which is worked to, first; empty where there is one.
    pub readings: Vec<ReadingView>,
    /// A second limit governs.
    pub limited: bool,
    /// How it stands, where it comes again: it is open for the next round although the last was filed.
    pub again: Option<Again>,
    /// Until it is due those it goes to may not be told.
    pub holds: bool,
    /// Business days beyond the years that the calendar knows: it may fall too early.
    pub beyond_calendar: bool,
    /// The rule whose filing answers this one too.
    pub answered_by: Option<String>,
    /// Why it is to be done after all, although it was waived or withdrawn: what has changed since.
    pub overtaken: Option<String>,
    /// How many of those it goes to were told, where it goes to many that the playbook lists.
    pub told: Option<Count>,
    pub state: StageState,
    pub filed: Option<Instant>,
    pub reference: String,
    pub by: String,
    pub detail: String,
}

/// How many of many were told.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// The ways in which each of them is told.
    pub ways: Vec<Way>,
    pub all: usize,
    /// Told in every way.
    pub done: usize,
    /// Told in each way, in the order of `ways`.
    pub by_way: Vec<usize>,
    /// When the last mark was made, and by whom.
    pub last: Option<(Instant, String)>,
    /// Of all who were telephoned it is known with whom.
    pub named: bool,
}

impl Count {
    /// `2 of 14`.
    pub fn said(&self) -> String {
        format!("{} of {}", self.done, self.all)
    }

    pub fn whole(&self) -> bool {
        self.all > 0 && self.done == self.all
    }
}

/// How many of a rule's list were told of a stage. None: it goes to one, or nobody is listed.
pub fn count(incident: &Incident, plan: &Plan, rule: &str, stage: &Stage) -> Option<Count> {
    let desks = if stage.each.is_empty() { Vec::new() } else { plan.desks(rule) };
    if desks.is_empty() {
        return None;
    }
    let none = Told::default();
    let marks = incident.told.get(&(rule.to_owned(), stage.id.clone()));
    let of = |name: &str| marks.and_then(|all| all.get(name)).unwrap_or(&none);
    let all: Vec<&Told> = desks.iter().map(|desk| of(&desk.name)).collect();
    let told = |way: Way| all.iter().filter(|t| t.by.contains_key(&way)).count();
    let last = all.iter().flat_map(|t| t.by.values()).max_by_key(|mark| mark.at);
    Some(Count {
        all: all.len(),
        done: all.iter().filter(|t| stage.each.iter().all(|way| t.by.contains_key(way))).count(),
        by_way: stage.each.iter().map(|way| told(*way)).collect(),
        last: last.map(|mark| (mark.at, mark.by.clone())),
        named: stage.each.contains(&Way::Phone)
            && all.iter().filter_map(|t| t.by.get(&Way::Phone)).all(|mark| !mark.person.is_empty()),
        ways: stage.each.clone(),
    })
}

/// One way to read when a stage's clock started.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadingView {
    pub clock: Instant,
    pub due: Due,
    pub why: String,
}

impl StageView {
    /// Whether something is still to be done.
    pub fn open(&self) -> bool {
        match self.state {
            StageState::Pending | StageState::Drafted => true,
            StageState::Filed | StageState::Confirmed | StageState::Waived | StageState::Withdrawn => false,
        }
    }
}

/// The day by which it is judged whether a rule binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// The day of the outage: a record is judged by the rules of its day.
    OfTheDay,
    /// The day of this instant: what if it happened today?
    Of(Instant),
}

/// All rules that concern the organisation, the most pressing first, by the law of the day.
pub fn obligations(
    incident: &Incident,
    plan: &Plan,
    rules: &Rules,
    sources: &[Source],
    now: Instant,
    real: Instant,
) -> Vec<Obligation> {
    obligations_under(Law::OfTheDay, incident, plan, rules, &Facts::new(incident, plan, rules, sources, now, real), now)
}

/// The rules that the plan shows: those that it names, or all.
pub fn wanted<'r>(plan: &Plan, rules: &'r Rules) -> impl Iterator<Item = &'r Rule> {
    rules.rules.iter().filter(|rule| plan.agencies.is_empty() || plan.agencies.contains(&rule.id))
}

/// A rule that concerns the organisation, may ask something of it, and is not shown since the playbook names others.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    pub rule: String,
    pub short: String,
    pub state: Standing,
}

/// The rules that the playbook leaves out although they are due, lack facts, or will fire.
pub fn left_out(incident: &Incident, plan: &Plan, rules: &Rules, facts: &Facts<'_>, now: Instant) -> Vec<LeftOut> {
    if plan.agencies.is_empty() {
        return Vec::new();
    }
    let out = rules.rules.iter().filter(|rule| !plan.agencies.contains(&rule.id));
    let found = out.filter_map(|rule| obligation(Law::OfTheDay, incident, rules, rule, facts, now));
    let asks = |o: &Obligation| match o.state {
        Standing::Due | Standing::Unknown(_) => !o.voluntary,
        Standing::NotTriggered => o.fires.is_some(),
        Standing::NotInForce => false,
    };
    let out = found.filter(asks).map(|o| LeftOut { rule: o.rule, short: o.short, state: o.state });
    let mut out: Vec<LeftOut> = out.collect();
    out.sort_by_key(|o| o.state != Standing::Due);
    out
}

/// The same by the law of a day that is chosen.
pub fn obligations_under(
    law: Law,
    incident: &Incident,
    plan: &Plan,
    rules: &Rules,
    facts: &Facts<'_>,
    now: Instant,
) -> Vec<Obligation> {
    let mut out: Vec<Obligation> =
        wanted(plan, rules).filter_map(|rule| obligation(law, incident, rules, rule, facts, now)).collect();
    out.sort_by_key(|o| (rank(o), o.stages.iter().filter(|s| s.open()).filter_map(|s| s.due.map(Due::instant)).min()));
    out
}

/// One rule. None: it is for other kinds of organisation, or nothing was declared.
pub fn obligation(
    law: Law,
    incident: &Incident,
    rules: &Rules,
    rule: &Rule,
    facts: &Facts<'_>,
    now: Instant,
) -> Option<Obligation> {
    let declared = incident.declared.as_ref()?;
    // Most of the book is for others: nothing of it is read then.
    if !evaluate::concerns(rule, &declared.organisation) {
        return None;
    }
    let day = match law {
        Law::OfTheDay => declared.started,
        Law::Of(day) => day,
    };
    let known = Known {
        facts: &|name| facts.value(name),
        growth: &facts.growth,
        clocks: &|name| clock_of(incident, &rule.id, name).readings,
        filed: &|stage| {
            let rounds =
                filing(incident, rules, rule, stage).map(|(f, _)| f.rounds.iter().map(|r| r.at).collect::<Vec<_>>());
            let rounds = rounds.unwrap_or_default();
            let listed = rule.stages.iter().find(|s| s.id == stage).filter(|_| rounds.is_empty());
            let count = listed.and_then(|listed| count(incident, facts.plan, &rule.id, listed));
            match count.filter(Count::whole).and_then(|count| count.last) {
                Some((at, _)) => vec![at],
                None => rounds,
            }
        },
        on: Some(evaluate::day(rule, day)),
        now: Some(now),
    };
    let evaluation = evaluate::evaluate(rules, rule, &declared.organisation, &known);
    let state = match evaluation.state {
        State::NotConcerned => return None,
        State::NotInForce => Standing::NotInForce,
        State::NotTriggered => Standing::NotTriggered,
        State::Unknown { missing } => Standing::Unknown(missing),
        State::Due => Standing::Due,
    };
    let stages = evaluation.stages.into_iter().zip(&rule.stages);
    let trigger = (state == Standing::Due, evaluation.reportable);
    let stages = stages.filter_map(|(due, stage)| view(incident, rules, rule, facts, (due, stage), trigger, now));
    Some(Obligation {
        rule: rule.id.clone(),
        jurisdiction: rule.jurisdiction.clone(),
        agency: rule.agency.clone(),
        short: rule.short.clone().unwrap_or_else(|| rule.agency.clone()),
        title: rule.title.clone(),
        state,
        binding: evaluation.binding,
        fires: evaluation.fires,
        may_fire: evaluation.may_fire,
        reportable: evaluation.reportable,
        meters: evaluation.meters,
        stages: stages.collect(),
        trigger: rule.trigger.clone(),
        if_not: rule.if_not.clone(),
        citation: rule.citation.clone(),
        confirmed_by: rule.confirmed_by.clone(),
        method: rule.method.clone(),
        content: rule.content.clone(),
        withdraw: rule.withdraw.clone(),
        merge: rule.merge.clone(),
        voluntary: rule.voluntary,
        confidential: rule.confidential,
        confidence: rule.confidence,
        basis: rule.basis,
        as_of: rule.as_of.clone(),
        timezone: evaluate::zone(rule),
        note: rule.notes(),
        clocks: rule.clock_names().into_iter().map(|name| clock_of(incident, &rule.id, name)).collect(),
    })
}

/// None: its condition does not hold and nothing was done about it.
fn view(
    incident: &Incident,
    rules: &Rules,
    rule: &Rule,
    facts: &Facts<'_>,
    (stage, of_rule): (StageDue, &Stage),
    (due, reportable): (bool, Option<Instant>),
    now: Instant,
) -> Option<StageView> {
    let plan = facts.plan;
    let after = of_rule.after.as_str();
    let found = filing(incident, rules, rule, &stage.stage);
    if stage.applies == Truth::False && found.is_none() {
        return None;
    }
    let filing = found.map(|(filing, _)| filing);
    let set = clock_of(incident, &rule.id, after);
    let reading = |r: &Reading| ReadingView {
        clock: r.clock,
        due: r.due,
        why: match r.start {
            Start::Set => set.why.clone(),
            Start::Reportable => "when the threshold was met".to_owned(),
        },
    };
    let overtaken = filing.filter(|_| due).and_then(|filing| {
        let sheet = Sheet { incident, plan, rules, facts, rule, stage: of_rule, now, zone: incident.zone() };
        overtaken(&sheet, filing, reportable)
    });
    let state = filing.filter(|_| overtaken.is_none()).map_or(StageState::Pending, |f| f.state);
    let told = count(incident, plan, &rule.id, of_rule);
    let untouched = matches!(state, StageState::Pending | StageState::Drafted);
    let all_told = told.as_ref().filter(|told| untouched && told.whole());
    let state = match all_told {
        // The names of those who answered are what confirms it.
        Some(told) if told.named => StageState::Confirmed,
        Some(_) => StageState::Filed,
        // Filed for all of them at once, it is not confirmed until it is known of each.
        None if state == StageState::Confirmed && told.as_ref().is_some_and(|told| !told.whole()) => StageState::Filed,
        None => state,
    };
    // What comes again is to be done again: its next round counts down.
    let next = stage.again.as_ref().is_some_and(|a| a.filed > 0 && !a.ended) && stage.on.is_none();
    let done = matches!(state, StageState::Filed | StageState::Confirmed);
    Some(StageView {
        id: stage.stage,
        name: stage.name,
        after: after.to_owned(),
        to: stage.to,
        // What waits for an event is not due before it.
        due: stage.due.filter(|_| stage.on.is_none()),
        iff: stage.iff,
        missing: stage.missing,
        on: stage.on,
        from: match &stage.again {
            Some(again) if again.last.is_some() => again.last,
            _ => stage.readings.first().map(|r| r.clock),
        },
        readings: if stage.readings.len() > 1 { stage.readings.iter().map(reading).collect() } else { Vec::new() },
        limited: stage.limited,
        again: stage.again,
        holds: stage.holds,
        beyond_calendar: stage.beyond_calendar,
        answered_by: found.and_then(|(_, by)| by.map(str::to_owned)),
        state: if next && done { StageState::Pending } else { state },
        filed: filing
            .and_then(|f| if next { f.rounds.last().map(|r| r.at) } else { f.filed })
            .or(all_told.and_then(|told| told.last.as_ref().map(|(at, _)| *at))),
        reference: filing.map(|f| f.reference.clone()).unwrap_or_default(),
        by: match all_told.and_then(|told| told.last.as_ref()) {
            Some((_, by)) => by.clone(),
            None => filing.map(|f| f.filed_by.clone()).unwrap_or_default(),
        },
        detail: filing.map(|f| f.detail.clone()).unwrap_or_default(),
        overtaken,
        told,
    })
}

fn rank(obligation: &Obligation) -> u8 {
    match obligation.state {
        Standing::Due if obligation.voluntary => 2,
        Standing::Due => 0,
        Standing::Unknown(_) if obligation.voluntary => 2,
        Standing::Unknown(_) => 1,
        Standing::NotTriggered => 3,
        Standing::NotInForce => 4,
    }
}

/// What was done about a stage; else what was filed for the same stage of a rule that one filing answers together with it,
/// and that rule.
fn filing<'a>(
    incident: &'a Incident,
    rules: &'a Rules,
    rule: &Rule,
    stage: &str,
) -> Option<(&'a Filing, Option<&'a str>)> {
    let of = |rule: &Rule| incident.filings.get(&(rule.id.clone(), stage.to_owned()));
    let own = of(rule);
    if let Some(own) = own.filter(|f| !matches!(f.state, StageState::Pending | StageState::Drafted)) {
        return Some((own, None));
    }
    let group = rules.rules.iter().filter(|other| other.id != rule.id && other.group() == rule.group());
    let filed = group.filter_map(|other| Some((of(other)?, other.id.as_str())));
    let answered = filed.filter(|(f, _)| matches!(f.state, StageState::Filed | StageState::Confirmed));
    let first = answered.min_by_key(|(f, _)| f.filed);
    first.map(|(filing, by)| (filing, Some(by))).or(own.map(|own| (own, None)))
}
