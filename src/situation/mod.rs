//! What the moment means: Now, obligations with their clocks, silence per audience, signals with their age.
//!
//! `assess` is a pure function; the screen, the reports and the commands read the same `Situation`. Never acts.

pub mod alarm;
pub mod apart;
pub mod audience;
pub mod filing;
pub mod holds;
pub mod known;
pub mod lint;
pub mod moved;
pub mod need;
pub mod now;
pub mod obligations;
pub mod open;
pub mod page;
pub mod presence;
pub mod promised;
pub mod proposal;
pub mod receipt;
pub mod signals;
pub mod teams;
pub mod thing;
pub mod wording;

use crate::incident::Instant;
use crate::incident::clock::Moment;
use crate::incident::observation::{Health, Source};
use crate::incident::plan::Plan;
use crate::incident::presence::Presence;
use crate::incident::rule::Rules;
use crate::incident::state::Incident;
use crate::incident::words::TaskState;
use crate::rulebook::deadline::Due;

use audience::AudienceView;
use filing::Supplement;
use known::Facts;
use now::NowItem;
use obligations::{Law, Obligation, Standing};
use presence::Presences;
use signals::Signals;
use thing::Thing;

/// The state of things at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Situation {
    pub moment: Moment,
    pub zone: chrono_tz::Tz,
    pub now: Vec<NowItem>,
    pub audiences: Vec<AudienceView>,
    pub obligations: Vec<Obligation>,
    /// Rules that concern us and that the playbook leaves out.
    pub left_out: Vec<obligations::LeftOut>,
    /// By the law of today; reckoned when somebody asks.
    pub today: std::sync::OnceLock<Vec<Obligation>>,
    /// Filings that say what is not so any more.
    pub supplements: Vec<Supplement>,
    /// The plan, where rules forbid to tell some of its audiences for a time.
    pub held: Option<std::sync::Arc<Plan>>,
    /// Public pages that say something else than we believe.
    pub pages: Vec<page::PageView>,
    pub signals: Signals,
    pub teams: Vec<teams::TeamView>,
    /// Who reports to the commander themself.
    pub reports: Vec<String>,
    /// Everything that counts down, the nearest first; what passed and is still owed stands before it.
    pub clocks: Vec<NextClock>,
    /// How this host stands with the others; None: it meets nobody.
    pub meeting: Option<apart::Meeting>,
    /// Who is here.
    pub presences: Presences,
}

/// One thing that counts down in the header, or that passed and is still owed.
#[derive(Clone, Debug, PartialEq)]
pub struct NextClock {
    pub thing: Thing,
    pub at: Instant,
    /// Raw text: it passes the gate where it is shown.
    pub text: String,
    pub iff: bool,
}

/// What the moment means. Pure: the same arguments give the same situation.
pub fn assess(incident: &Incident, plan: &Plan, rules: &Rules, sources: &[Source], moment: Moment) -> Situation {
    assess_with(incident, plan, rules, (sources, &Presence::default()), moment)
}

/// The same, where it is known who sits in a room.
pub fn assess_with(
    incident: &Incident,
    plan: &Plan,
    rules: &Rules,
    (sources, presence): (&[Source], &Presence),
    moment: Moment,
) -> Situation {
    let Moment { now, real, .. } = moment;
    let facts = Facts::new(incident, plan, rules, sources, now, real);
    let held = holds::held(incident, plan, rules, &facts, now);
    let plan = held.as_deref().unwrap_or(plan);
    let mut situation = Situation {
        moment,
        zone: incident.zone(),
        now: Vec::new(),
        audiences: audience::audiences(incident, plan, sources, real),
        obligations: obligations::obligations_under(Law::OfTheDay, incident, plan, rules, &facts, now),
        left_out: obligations::left_out(incident, plan, rules, &facts, now),
        today: Default::default(),
        supplements: filing::supplements(incident, plan, rules, &facts),
        held: held.clone(),
        pages: page::pages(incident, plan, sources, moment),
        signals: signals::signals(incident, sources, now, real),
        teams: teams::teams(incident, plan),
        reports: Vec::new(),
        clocks: Vec::new(),
        meeting: None,
        presences: presence::presences(presence, real),
    };
    situation.reports = teams::reports(incident, &situation.teams);
    situation.clocks = clocks(incident, plan, &situation);
    situation.now = now::now(incident, plan, &situation);
    situation
}

impl Situation {
    /// Sources that answered lately, and all.
    pub fn fresh(&self) -> (usize, usize) {
        let sources = &self.signals.sources;
        (sources.iter().filter(|s| s.health == Health::Fresh).count(), sources.len())
    }

    pub fn item(&self, thing: &Thing) -> Option<&NowItem> {
        self.now.iter().find(|item| item.thing == *thing)
    }
}

fn clocks(incident: &Incident, plan: &Plan, situation: &Situation) -> Vec<NextClock> {
    let now = situation.moment.now;
    let mut out: Vec<NextClock> = Vec::new();
    for audience in &situation.audiences {
        let (at, text) = match &audience.next {
            audience::Next::First(at) => (*at, format!("{} first word", audience.name)),
            audience::Next::Promised(at) | audience::Next::Cadence(at) => (*at, "update".to_owned()),
            audience::Next::Nothing | audience::Next::RestoredUntold(_) => continue,
        };
        // One clock for all audiences that wait for the same word.
        match out.iter_mut().find(|c| c.at == at && c.text == text) {
            Some(_) => {}
            None => out.push(NextClock { thing: Thing::Audience(audience.id.clone()), at, text, iff: false }),
        }
    }
    for promise in incident.promises.values().filter(|p| p.kept.is_none() && plan.audience(&p.to).is_none()) {
        let text = format!("{} to {}", promise.text, promise.to);
        out.push(NextClock { thing: Thing::Promise(promise.id), at: promise.due, text, iff: false });
    }
    for obligation in &situation.obligations {
        if obligation.voluntary || obligation.state == Standing::NotInForce {
            continue;
        }
        if let Some(fires) = obligation.next_fires() {
            let (thing, iff) = (Thing::Stage(obligation.rule.clone(), String::new()), !fires.assumes.is_empty());
            out.push(NextClock { thing, at: fires.at, text: format!("{} reportable", obligation.named()), iff });
        }
        for stage in obligation.stages.iter().filter(|s| s.open()) {
            let Some(Due::At(at)) = stage.due else { continue };
            out.push(NextClock {
                thing: Thing::Stage(obligation.rule.clone(), stage.id.clone()),
                at,
                text: format!("{} {}", obligation.named(), stage.name.to_lowercase()),
                iff: stage.iff,
            });
        }
    }
    for id in incident.decisions.iter().filter(|id| !incident.leading.checks.contains_key(id)) {
        let decided = incident.timeline.find(*id).map(|row| &row.entry.what);
        let Some(crate::incident::what::What::Decided(decision)) = decided else { continue };
        // Of long ago it is in the record; what is past is in Now.
        if let Some(at) = decision.check_at.filter(|at| *at > now) {
            out.push(NextClock { thing: Thing::Decision(*id), at, text: "check the decision".to_owned(), iff: false });
        }
    }
    for task in incident.tasks.values().filter(|t| t.live() && t.state != TaskState::Blocked) {
        let Some(at) = task.due else { continue };
        let is_late = if at <= now { "not back" } else { "back" };
        let text = format!("{} {is_late}", task.owner.as_deref().unwrap_or("nobody"));
        out.push(NextClock { thing: Thing::Task(task.id), at, text, iff: false });
    }
    // What is past counts on, an old chore last: it must not hide a word or a duty that is owed.
    let chore = |clock: &NextClock| clock.at <= now && matches!(clock.thing, Thing::Task(_));
    out.sort_by(|a, b| (a.at > now, chore(a), a.at, &a.thing).cmp(&(b.at > now, chore(b), b.at, &b.thing)));
    out
}
