//! Who has heard what and who has not: harm, last word, next word, per audience. Silence is derived here and nowhere else.

use chrono::TimeDelta;

use crate::incident::Instant;
use crate::incident::apply::NEXT_UPDATE;
use crate::incident::entry::EntryId;
use crate::incident::observation::{Health, Source};
use crate::incident::plan::{Audience, Plan};
use crate::incident::recipient::Counts;
use crate::incident::state::Incident;
use crate::incident::words::{ComponentState, MessageState, Phase};

/// An audience at the moment.
#[derive(Clone, Debug, PartialEq)]
pub struct AudienceView {
    pub id: String,
    pub name: String,
    pub life: bool,
    pub service: Service,
    /// When its first harm began; the incident's start for an audience without a service of its own.
    pub harmed_since: Option<Instant>,
    /// The last word that reached it on a channel of its own.
    pub last_word: Option<Instant>,
    /// Somebody says so, and nothing proves it.
    pub claimed: bool,
    pub next: Next,
    /// Reason why nothing may be said.
    pub hold: Option<String>,
    pub owner: Option<String>,
    pub cells: Vec<Cell>,
}

/// How the audience's own service is.
#[derive(Clone, Debug, PartialEq)]
pub enum Service {
    /// It has none, and nobody said how they fare.
    None,
    /// No source tells.
    NotKnown,
    Ok,
    Harmed {
        /// None: by somebody's word.
        state: Option<ComponentState>,
        since: Instant,
    },
    Restored {
        since: Instant,
    },
}

/// The short word for harm: what a page says of it, else that somebody said so.
pub fn harm(state: Option<ComponentState>) -> &'static str {
    state.map_or("HARM", ComponentState::short)
}

/// When the next word is owed.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Nothing is owed: not harmed, or the incident is over and it was told.
    Nothing,
    /// The first word, at the limit.
    First(Instant),
    /// Its service is back and it was never told anything: the loudest silence.
    RestoredUntold(Instant),
    /// Said or written to it.
    Promised(Instant),
    /// By the cadence of the plan.
    Cadence(Instant),
}

impl Next {
    pub fn at(&self) -> Option<Instant> {
        match self {
            Next::Nothing => None,
            Next::First(at) | Next::RestoredUntold(at) | Next::Promised(at) | Next::Cadence(at) => Some(*at),
        }
    }
}

/// One audience on one channel: its newest message.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub channel: String,
    /// Whether the channel reaches this audience at all.
    pub reaches: bool,
    pub message: Option<EntryId>,
    pub state: Option<MessageState>,
    /// A word sent elsewhere without proof is only claimed.
    pub claimed: bool,
    /// They were told what is not so any more: a correction is owed.
    pub overtaken: bool,
    /// The language of the text, where it is not the playbook's own.
    pub language: String,
    pub at: Option<Instant>,
    /// How many of its recipients are in which state. None: it has no message with recipients.
    pub counts: Option<Counts>,
}

/// All audiences, in the plan's order: by harm. `real` is real time, by which sources are fresh.
pub fn audiences(incident: &Incident, plan: &Plan, sources: &[Source], real: Instant) -> Vec<AudienceView> {
    // What a source that does not answer said last is not the present.
    let fresh: Vec<&Source> = sources.iter().filter(|s| s.health(real) == Health::Fresh).collect();
    plan.audiences.iter().map(|audience| view(incident, plan, &fresh, audience)).collect()
}

fn view(incident: &Incident, plan: &Plan, fresh: &[&Source], audience: &Audience) -> AudienceView {
    let service = service(incident, fresh, audience);
    let started = incident.started();
    let harmed_since = match &service {
        Service::None | Service::NotKnown => started,
        Service::Ok => None,
        Service::Harmed { since, .. } => first_harm(incident, audience).or(Some(*since)),
        Service::Restored { .. } => first_harm(incident, audience).or(started),
    };
    let reaches = |channel: &str| audience.channels.iter().any(|c| c == channel);
    let theirs = incident.messages.values().filter(|m| m.audience == audience.id && reaches(&m.channel));
    let last = theirs.filter(|m| m.told.is_some()).max_by_key(|m| (m.told, m.proof.is_some(), m.id));
    let last_word = last.and_then(|m| m.told);
    let claimed = last.is_some_and(|m| m.state == MessageState::SentElsewhere && m.proof.is_none());
    let next = next(incident, audience, &service, harmed_since, last_word);
    let cells = plan.channels.iter().map(|c| cell(incident, &audience.id, &c.id, reaches(&c.id))).collect();
    AudienceView {
        id: audience.id.clone(),
        name: audience.name.clone(),
        life: audience.life,
        service,
        harmed_since,
        last_word,
        claimed,
        next,
        hold: audience.hold.clone(),
        owner: audience.owner.clone(),
        cells,
    }
}

fn next(
    incident: &Incident,
    audience: &Audience,
    service: &Service,
    harmed_since: Option<Instant>,
    last_word: Option<Instant>,
) -> Next {
    if audience.hold.is_some() {
        return Next::Nothing;
    }
    let after = |at: Instant, n: u32| at.checked_add_signed(TimeDelta::minutes(i64::from(n))).unwrap_or(at);
    let Some(last) = last_word else {
        return match (service, harmed_since) {
            (Service::Restored { since }, Some(_)) => Next::RestoredUntold(*since),
            (_, Some(since)) => Next::First(after(since, audience.first_word)),
            (_, None) => Next::Nothing,
        };
    };
    let promised = incident
        .promises
        .values()
        .filter(|p| p.to == audience.id && p.text == NEXT_UPDATE && p.kept.is_none())
        .map(|p| p.due)
        .min();
    match promised {
        Some(due) => Next::Promised(due),
        None if incident.phase() == Phase::Resolved => Next::Nothing,
        None => Next::Cadence(after(last, audience.cadence_at(incident.elapsed(last)))),
    }
}

fn cell(incident: &Incident, audience: &str, channel: &str, reaches: bool) -> Cell {
    let newest = incident
        .messages
        .values()
        .filter(|m| m.audience == audience && m.channel == channel)
        // What may have gone is not hidden by what was written since.
        .max_by_key(|m| (m.state == MessageState::Unknown, m.drafted, m.id));
    Cell {
        channel: channel.to_owned(),
        reaches,
        message: newest.map(|m| m.id),
        state: newest.map(|m| m.state),
        claimed: newest.is_some_and(|m| m.state == MessageState::SentElsewhere && m.proof.is_none()),
        overtaken: newest.is_some_and(|m| m.told.is_some() && !m.overtaken.is_empty()),
        language: newest.map(|m| m.grounds.language.clone()).unwrap_or_default(),
        at: newest.map(|m| m.delivered.or(m.told).or(m.approved.as_ref().map(|a| a.1)).unwrap_or(m.drafted)),
        counts: newest.filter(|m| !m.recipients.is_empty()).map(|m| m.recipients.counts()),
    }
}

fn named(audience: &Audience, id: &str, name: &str) -> bool {
    audience.components.iter().any(|c| c == id || c.eq_ignore_ascii_case(name))
}

fn first_harm(incident: &Incident, audience: &Audience) -> Option<Instant> {
    let components = incident.components.iter().filter(|((_, id), c)| named(audience, id, &c.name));
    let word = incident.services.get(&audience.id).and_then(|word| word.first_harm);
    components.filter_map(|(_, c)| c.first_harm).chain(word).min()
}

/// How an audience's service is, by the signals and by somebody's word. Either is enough for harm; a word that all is well
/// stands only where no signal speaks against it.
fn service(incident: &Incident, fresh: &[&Source], audience: &Audience) -> Service {
    let seen = by_signals(incident, fresh, audience);
    let Some(word) = incident.services.get(&audience.id) else { return seen };
    match (seen, word.harmed) {
        (Service::Harmed { state, since }, harmed) => {
            let earlier = word.first_harm.filter(|_| harmed).map_or(since, |first| first.min(since));
            Service::Harmed { state, since: earlier }
        }
        (_, true) => Service::Harmed { state: None, since: word.first_harm.unwrap_or(word.since) },
        (Service::Restored { since }, false) => Service::Restored { since: since.max(word.since) },
        // Nobody says "back" of those who never missed it.
        (Service::None | Service::NotKnown | Service::Ok, false) => Service::Restored { since: word.since },
    }
}

/// The worst that any source says of the audience's components; two pages that disagree are not averaged.
fn by_signals(incident: &Incident, fresh: &[&Source], audience: &Audience) -> Service {
    if audience.components.is_empty() {
        return Service::None;
    }
    let folded: Vec<_> =
        incident.components.iter().filter(|((_, id), c)| named(audience, id, &c.name)).map(|(_, c)| c).collect();
    let harmed =
        folded.iter().filter_map(|c| c.state.filter(|s| s.harms()).map(|s| (s, c.first_harm.unwrap_or(c.since))));
    if let Some((state, _)) = harmed.clone().max_by_key(|(state, _)| *state) {
        let since = harmed.map(|(_, since)| since).min().unwrap_or_default();
        return Service::Harmed { state: Some(state), since };
    }
    if folded.iter().any(|c| c.state.is_none_or(|s| s == ComponentState::Unknown)) {
        return Service::NotKnown;
    }
    if let Some(since) = folded.iter().filter(|c| c.first_harm.is_some()).filter_map(|c| c.recovered).max() {
        return Service::Restored { since };
    }
    let observed = fresh
        .iter()
        .filter_map(|s| s.observation.as_ref())
        .flat_map(|o| &o.components)
        .any(|c| named(audience, &c.id, &c.name) && c.state == ComponentState::Operational);
    if observed { Service::Ok } else { Service::NotKnown }
}
