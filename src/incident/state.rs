//! An incident as it stands: what the fold of its entries says. Values only; `apply` changes them, `assess` reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Instant;
use super::entry::{Author, EntryId};
use super::leading::{Contact, Leading, TeamMade};
use super::message::Message;
use super::register::Register;
use super::rights::Rights;
use super::stage::{Filing, Told};
use super::task::Task;
use super::timeline::Timeline;
use super::twice;
use super::words::{AlertState, ComponentState, End, Phase, Quality, Role, Severity};
use crate::text::instant;

/// The state. Equal for equal sets of entries, whatever the order of arrival.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Incident {
    /// None until the declaration is known.
    pub declared: Option<DeclaredState>,
    pub title: Register<String>,
    pub severity: Register<Severity>,
    pub phase: Register<Phase>,
    pub plan: Register<(String, Arc<str>)>,
    pub rules: Register<Arc<str>>,
    /// Who may do what.
    pub rights: Register<Rights>,
    /// What is true of the outside world and was done without the right, by its entry.
    pub unrightful: BTreeMap<EntryId, Unrightful>,
    /// The four ends, each the first known instant.
    pub ends: BTreeMap<End, (Instant, String)>,
    pub roles: BTreeMap<Role, Register<Option<String>>>,
    /// Handovers, teams, roll-calls, time-outs, objectives, contacts, checks.
    pub leading: Leading,
    pub tasks: BTreeMap<EntryId, Task>,
    pub messages: BTreeMap<EntryId, Message>,
    /// The message of each sending entry.
    pub sendings: BTreeMap<EntryId, EntryId>,
    pub promises: BTreeMap<EntryId, Promise>,
    pub facts: BTreeMap<String, Register<Fact>>,
    /// Numbers as people stated them over time, oldest first, by fact: for sums over the outage. None: stated to be unknown.
    pub stated: BTreeMap<String, Vec<(Instant, Option<i64>)>>,
    /// Who cleared a fact, by the entry that set it.
    pub clearings: BTreeMap<EntryId, Vec<Clearing>>,
    /// By audience.
    pub services: BTreeMap<String, ServiceWord>,
    pub clocks: BTreeMap<String, Register<ClockChoice>>,
    pub filings: BTreeMap<(String, String), Filing>,
    /// By rule and stage, and by name: who of many was told.
    pub told: BTreeMap<(String, String), BTreeMap<String, Told>>,
    pub decisions: Vec<EntryId>,
    /// Questions put to the commander and not answered yet.
    pub asks: BTreeMap<EntryId, Ask>,
    /// By origin and id.
    pub components: BTreeMap<(String, String), ComponentSeen>,
    pub alerts: Arc<BTreeMap<(String, String), AlertSeen>>,
    /// By name of the group: alerts alike share an alert name.
    pub alert_acks: BTreeMap<String, AlertAck>,
    /// By origin and query name.
    pub metrics: BTreeMap<(String, String), MetricSeen>,
    pub sources: BTreeMap<String, SourceSeen>,
    /// By origin and remote incident: its title, its newest update's version and phase.
    pub remotes: BTreeMap<(String, String), RemoteSeen>,
    /// New words for notes and decisions, by the entry that they correct.
    pub amended: BTreeMap<EntryId, (String, String)>,
    pub timeline: Timeline,
    /// Entries of kinds that this warroom does not understand.
    pub not_understood: usize,
    /// Entries that another writer recorded as well.
    pub duplicates: usize,
    /// People and teams named so far, for completion.
    pub people: BTreeSet<String>,
}

/// Something that was done without the right to do it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unrightful {
    pub act: String,
    pub by: String,
    pub at: Instant,
    pub why: String,
    /// Who has the right and stands for it.
    pub stood: Option<Stood>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stood {
    pub by: String,
    pub at: Instant,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredState {
    pub entry: EntryId,
    pub at: Instant,
    pub by: Author,
    pub started: Instant,
    pub detected: Option<Instant>,
    pub exercise: bool,
    pub demo: bool,
    pub timezone: String,
    pub organisation: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    pub id: EntryId,
    pub proposal: String,
    pub by: String,
    pub risk: String,
    pub at: Instant,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Promise {
    pub id: EntryId,
    pub text: String,
    pub to: String,
    pub owner: String,
    pub made: Instant,
    pub due: Instant,
    /// An agency called and waits for it; who called, where that is known.
    pub call: Option<String>,
    pub kept: Option<Instant>,
    /// The message that made it by naming the next word, and the later one that kept it: one that failed did neither.
    pub made_by: Option<EntryId>,
    pub kept_by: Option<EntryId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Null: stated to be not known.
    pub value: serde_json::Value,
    pub unit: String,
    pub basis: String,
    pub confirmed_by: Option<String>,
    /// Who has to clear it, besides, before a text may use it.
    pub needs: Vec<String>,
}

/// Somebody who has to stands for a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Clearing {
    pub step: String,
    pub by: String,
    pub at: Instant,
}

/// How an audience's service is by somebody's word.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceWord {
    pub harmed: bool,
    /// Since when it is so.
    pub since: Instant,
    pub first_harm: Option<Instant>,
    pub by: String,
    pub basis: String,
}

impl ServiceWord {
    /// What holds after another word: of two about different times the later one, of two alike the one said last.
    pub fn then(self, other: ServiceWord) -> ServiceWord {
        let first_harm = self.first_harm.into_iter().chain(other.first_harm).min();
        let older = other.harmed != self.harmed && other.since < self.since;
        let since = if self.harmed && other.harmed { self.since.min(other.since) } else { other.since };
        let stands = if older { self } else { ServiceWord { since, ..other } };
        ServiceWord { first_harm, ..stands }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct ClockChoice {
    pub at: Instant,
    pub why: String,
    pub assumed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ComponentSeen {
    pub name: String,
    /// None: it left the page, its state is not known.
    pub state: Option<ComponentState>,
    pub since: Instant,
    /// When it was first in a harming state in this incident, and when it last left one.
    pub first_harm: Option<Instant>,
    pub recovered: Option<Instant>,
    /// The newest entry about it: the predecessor of the next.
    pub entry: EntryId,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AlertSeen {
    pub name: String,
    pub summary: String,
    pub severity: String,
    pub state: AlertState,
    pub starts_at: Instant,
    /// No longer listed, since when. That is not a recovery.
    pub gone: Option<Instant>,
    pub first_seen: Instant,
    pub entry: EntryId,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AlertAck {
    pub by: String,
    pub at: Instant,
    /// When the acknowledgement lapses.
    pub due: Instant,
    /// How many the person saw.
    pub count: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MetricSeen {
    pub unit: String,
    pub value: Option<f64>,
    pub quality: Quality,
    pub estimated: bool,
    pub at: Instant,
    pub entry: EntryId,
    /// The last value before it was lost, and when.
    pub last_known: Option<(f64, Instant)>,
    /// Values over time, oldest first: for sums over the outage. A gap is a None.
    pub history: Vec<(Instant, Option<f64>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SourceSeen {
    pub family: String,
    pub failing: bool,
    pub why: String,
    pub since: Instant,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RemoteSeen {
    pub title: String,
    pub phase: Option<Phase>,
    pub updates: BTreeMap<String, EntryId>,
    pub gone: bool,
    pub entry: EntryId,
}

impl Incident {
    /// The title in force; "(untitled)" where the declaration is missing.
    pub fn title(&self) -> &str {
        match self.title.agreed() {
            Some(title) => title,
            None => self.title.heads().first().map_or("(untitled)", |head| head.value.as_str()),
        }
    }

    /// The graver of what stands.
    pub fn severity(&self) -> Severity {
        self.severity.least().copied().unwrap_or(Severity::Sev1)
    }

    /// The earlier of what stands.
    pub fn phase(&self) -> Phase {
        self.phase.least().copied().unwrap_or(Phase::Investigating)
    }

    /// When service was first affected.
    pub fn started(&self) -> Option<Instant> {
        self.declared.as_ref().map(|d| d.started)
    }

    /// How long ago service was first affected; nothing before that.
    pub fn elapsed(&self, now: Instant) -> chrono::TimeDelta {
        self.started().map_or_else(chrono::TimeDelta::zero, |at| (now - at).max(chrono::TimeDelta::zero()))
    }

    /// Who holds a role; while two claim it, the one before them.
    pub fn holder(&self, role: Role) -> Option<&str> {
        let register = self.roles.get(&role)?;
        let value = if register.conflict() { register.before() } else { register.agreed() };
        value.and_then(|holder| holder.as_deref())
    }

    /// A fact that stands undisputed and is known.
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.get(name).and_then(|r| r.agreed()).filter(|fact| !fact.value.is_null())
    }

    /// A fact that a text may use: it stands, somebody confirmed it, and all who have to have cleared it.
    pub fn sure(&self, name: &str) -> Option<&Fact> {
        self.fact(name).filter(|fact| fact.confirmed_by.is_some() && self.uncleared(name).is_empty())
    }

    /// Who has still to clear a fact as it stands.
    pub fn uncleared(&self, name: &str) -> Vec<String> {
        let Some(setting) = self.facts.get(name).and_then(|r| r.setting()) else { return Vec::new() };
        let cleared = self.clearings.get(&setting.entry);
        let done = |step: &str| cleared.is_some_and(|all| all.iter().any(|c| c.step == step));
        setting.value.needs.iter().filter(|step| !done(step)).cloned().collect()
    }

    /// The zone of the room; UTC where the declaration names none that we know.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.declared.as_ref().and_then(|d| d.timezone.parse().ok()).unwrap_or(chrono_tz::Tz::UTC)
    }

    /// What stands in conflict, in words: the register and what each side says.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let mut out = Vec::new();
        let mut add =
            |what: String, (sides, at): (Vec<(String, String)>, Instant)| out.push(Conflict { what, sides, at });
        fn sides<T>(r: &Register<T>, show: impl Fn(&T) -> String) -> (Vec<(String, String)>, Instant)
        where
            T: Clone + PartialEq,
        {
            // It is one from the later of the two on.
            let at = r.heads().iter().map(|h| h.at).max().unwrap_or_default();
            (r.heads().iter().map(|h| (h.by.clone(), show(&h.value))).collect(), at)
        }
        if self.severity.conflict() {
            add("severity".into(), sides(&self.severity, |v| v.to_string()));
        }
        if self.phase.conflict() {
            add("phase".into(), sides(&self.phase, |v| v.to_string()));
        }
        if self.title.conflict() {
            add("title".into(), sides(&self.title, Clone::clone));
        }
        if self.rights.conflict() {
            let show = |v: &Rights| {
                let acts = v.who.iter().map(|(act, who)| format!("{act}: {}", who.join(", ")));
                acts.collect::<Vec<_>>().join("; ")
            };
            add("rights".into(), sides(&self.rights, show));
        }
        for (role, register) in self.roles.iter().filter(|(_, r)| r.conflict()) {
            add(role.title().to_owned(), sides(register, |v| v.clone().unwrap_or_else(|| "nobody".into())));
        }
        if self.leading.objectives.conflict() {
            add("objectives".into(), sides(&self.leading.objectives, |(text, _)| text.clone()));
        }
        for (team, register) in self.leading.teams.iter().filter(|(_, r)| r.conflict()) {
            let show =
                |t: &TeamMade| format!("{} with {}", t.lead.as_deref().unwrap_or("no lead"), t.members.join(", "));
            add(format!("team {team}"), sides(register, show));
        }
        for ((of, way), register) in self.leading.contacts.iter().filter(|(_, r)| r.conflict()) {
            let show = |c: &Option<Contact>| c.as_ref().map_or_else(|| "none".into(), |c| c.address.clone());
            add(format!("contact {of} {way}"), sides(register, show));
        }
        for (name, register) in self.facts.iter().filter(|(_, r)| r.conflict()) {
            add(format!("fact {name}"), sides(register, |v| v.value.to_string()));
        }
        for (name, register) in self.clocks.iter().filter(|(_, r)| r.conflict()) {
            add(format!("clock {name}"), sides(register, |v| v.at.to_rfc3339()));
        }
        for message in self.messages.values() {
            let went = twice::both(self, message);
            let side = |t: &&twice::Try| {
                let at = instant::clock_zoned(t.at, t.at, self.zone());
                (format!("{} on {}", t.by, t.host), format!("{} {at}", t.said()))
            };
            if !went.is_empty() {
                let at = went.iter().map(|t| t.at).max().unwrap_or_default();
                add(twice::name(message), (went.iter().map(side).collect(), at));
            }
        }
        out
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub what: String,
    /// Who said what.
    pub sides: Vec<(String, String)>,
    /// Since when there are two.
    pub at: Instant,
}
