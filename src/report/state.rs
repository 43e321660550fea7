//! The state at one moment, for scripts (`warroom-state/1`, additive only) and as a page for people. Never acts.
//!
//! In JSON outside text is raw, since JSON escapes it; in the page it has passed the gate.

use std::collections::BTreeMap;

use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use super::line::{line, number};
use crate::incident::Instant;
use crate::incident::entry::{EntryId, IncidentId};
use crate::incident::exercise;
use crate::incident::message::Message;
use crate::incident::plan::Plan;
use crate::incident::register::{Register, Setting};
use crate::incident::replication::Health;
use crate::incident::rights::Rights;
use crate::incident::state::{Incident, Unrightful};
use crate::incident::task::Task;
use crate::incident::timeline::{Effect, Row};
use crate::incident::what::What;
use crate::incident::words::{End, MessageState, Role};
use crate::rulebook::deadline::Due;
use crate::rulebook::evaluate::Meter;
use crate::situation::Situation;
use crate::situation::apart::Meeting;
use crate::situation::audience::{AudienceView, Next, Service, harm};
use crate::situation::obligations::{Obligation, ReadingView, StageView, Standing};
use crate::situation::presence::{Here, State};
use crate::situation::signals::Direction;
use crate::situation::thing::Thing;
use crate::text::{Safe, duration, instant, shorten};

pub const SCHEMA: &str = "warroom-state/1";

/// How much of the timeline is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Every row that happened or was recorded from here on, however many. None: the newest `limit`.
    pub since: Option<Instant>,
    pub limit: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { since: None, limit: 500 }
    }
}

/// RFC 3339 in UTC: whole seconds, or milliseconds where there are any.
pub fn rfc3339(at: Instant) -> String {
    // The format holds four digits of years: what lies outside is shown at its edge.
    let edge = |seconds| Instant::from_timestamp(seconds, 0).unwrap_or(at);
    let at = at.clamp(edge(FIRST), edge(LAST));
    let format = if at.timestamp_subsec_millis() == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    at.to_rfc3339_opts(format, true)
}

/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

fn maybe(at: Option<Instant>) -> Value {
    at.map_or(Value::Null, |at| Value::String(rfc3339(at)))
}

/// The whole state as JSON.
pub fn state(incident: &Incident, plan: &Plan, situation: &Situation, id: IncidentId, options: Options) -> Value {
    let (timeline, total) = timeline(incident, plan, situation, options);
    json!({
        "schema": SCHEMA,
        "as_of": rfc3339(situation.moment.now),
        "incident": head(incident, situation, id),
        "now": now(situation),
        "clocks": clocks(situation),
        "timeline": timeline,
        "timeline_total": total,
        "decisions": decisions(incident),
        "asks": asks(incident),
        "audiences": situation.audiences.iter().map(audience).collect::<Vec<_>>(),
        "rounds": rounds(incident),
        "messages": incident.messages.values().map(message).collect::<Vec<_>>(),
        "promises": promises(incident, situation.moment.now),
        "obligations": situation.obligations.iter().map(|o| obligation(incident, o, situation.moment.now)).collect::<Vec<_>>(),
        "left_out": situation.left_out.iter().map(|o| json!({"id": o.rule, "agency": o.short, "state": standing(&o.state)})).collect::<Vec<_>>(),
        "roles": roles(incident, plan),
        "teams": teams(incident, plan, situation),
        "reports": situation.reports,
        "leading": leading(incident, situation),
        "contacts": contacts(incident, plan),
        "tasks": incident.tasks.values().map(|t| task(t, situation.moment.now)).collect::<Vec<_>>(),
        "facts": facts(incident, plan),
        "fallbacks": fallbacks(incident, plan),
        "components": components(situation),
        "alerts": alerts(situation),
        "metrics": metrics(situation),
        "sources": sources(situation),
        "conflicts": conflicts(incident),
        "replication": situation.meeting.as_ref().map(replication),
        "rights": rights(incident),
        "without_right": without_right(incident),
        "presence": presence(situation),
        "presence_unknown_since": maybe(situation.presences.cut),
    })
}

/// Who may do what, by the record; several while they are in conflict.
pub fn rights(incident: &Incident) -> Vec<Value> {
    let one = |head: &Setting<Rights>| {
        json!({
            "id": head.entry, "who": head.value.who, "own_text": head.value.own_text, "by": head.by,
            "since": rfc3339(head.at),
        })
    };
    incident.rights.heads().iter().map(one).collect()
}

/// What is true of the outside world and was done without the right.
fn without_right(incident: &Incident) -> Vec<Value> {
    let one = |(id, done): (&EntryId, &Unrightful)| {
        let stood = done.stood.as_ref();
        json!({
            "id": id, "act": done.act, "by": done.by, "at": rfc3339(done.at), "why": done.why,
            "stood_by": stood.map(|s| s.by.as_str()), "stood_at": maybe(stood.map(|s| s.at)),
            "stood_why": stood.map(|s| s.why.as_str()),
        })
    };
    incident.unrightful.iter().map(one).collect()
}

/// Everybody of whom a room said something. Instants of real time.
pub fn presence(situation: &Situation) -> Vec<Value> {
    let one = |one: &Here| {
        let (state, since) = match one.state {
            State::Here => ("here", None),
            State::NotKnown(at) => ("not_known", Some(at)),
            State::Left(at) => ("left", Some(at)),
            State::LinkLost(at) => ("link_lost", Some(at)),
            State::Ended(at) => ("ended", Some(at)),
        };
        json!({
            "id": format!("{}@{}", one.person, one.host), "person": one.person, "host": one.host, "pane": one.pane,
            "state": state, "since": maybe(since), "opened_at": rfc3339(one.opened), "last_key_at": rfc3339(one.key),
            "seen_at": rfc3339(one.seen), "rooms": one.rooms,
        })
    };
    situation.presences.people.iter().map(one).collect()
}

fn head(incident: &Incident, situation: &Situation, id: IncidentId) -> Value {
    let declared = incident.declared.as_ref();
    let ends: serde_json::Map<String, Value> = End::ALL
        .iter()
        .map(|end| (end.as_str().to_owned(), maybe(incident.ends.get(end).map(|(at, _)| *at))))
        .collect();
    json!({
        "id": id,
        "title": incident.title(),
        "severity": incident.severity(),
        "phase": incident.phase(),
        "exercise": incident.is_exercise(),
        "demo": declared.is_some_and(|d| d.demo),
        "declared_at": maybe(declared.map(|d| d.at)),
        "declared_by": declared.map(|d| d.by.person.as_str()),
        "started_at": maybe(declared.map(|d| d.started)),
        "detected_at": maybe(declared.and_then(|d| d.detected)),
        "ends": ends,
        "timezone": situation.zone.name(),
        "organisation": declared.map(|d| d.organisation.clone()).unwrap_or_default(),
        "commander": incident.holder(Role::Commander),
        "entries": incident.timeline.len(),
        "duplicates": incident.duplicates,
        "not_understood": incident.not_understood,
    })
}

/// One text for each thing, the same from one moment to the next: `task/ID`, `stage/RULE/STAGE`.
pub fn thing_id(thing: &Thing) -> String {
    match thing {
        Thing::Task(id) => format!("task/{id}"),
        Thing::Audience(id) => format!("audience/{id}"),
        Thing::Message(id) => format!("message/{id}"),
        Thing::Stage(rule, stage) => format!("stage/{rule}/{stage}"),
        Thing::Role(role) => format!("role/{role}"),
        Thing::Alerts(name) => format!("alerts/{name}"),
        Thing::Components(state) => format!("components/{state}"),
        Thing::Conflict(what) => format!("conflict/{what}"),
        Thing::Source(name) => format!("source/{name}"),
        Thing::Promise(id) => format!("promise/{id}"),
        Thing::Ask(id) => format!("ask/{id}"),
        Thing::Decision(id) => format!("decision/{id}"),
        Thing::Offer(id) => format!("offer/{id}"),
        Thing::RollCall(id) => format!("rollcall/{id}"),
        Thing::TimeOut(id) => format!("timeout/{id}"),
        Thing::Span => "span".to_owned(),
        Thing::Hosts => "hosts".to_owned(),
        Thing::Component(name) => format!("component/{name}"),
        Thing::Metric(name) => format!("metric/{name}"),
        Thing::Entry(id) => format!("entry/{id}"),
        Thing::Team(id) => format!("team/{id}"),
    }
}

/// How this host stands with the others; null where it meets nobody.
fn replication(meeting: &Meeting) -> Value {
    let (health, since) = match meeting.health {
        Health::NotYet => ("not_yet", None),
        Health::Ok => ("ok", None),
        Health::CutOff(since) => ("cut_off", Some(since)),
    };
    json!({
        "health": health, "since": maybe(since), "wait": meeting.wait, "last_round_at": maybe(meeting.last_round),
        "error": meeting.error,
    })
}

fn now(situation: &Situation) -> Vec<Value> {
    let item = |i: &crate::situation::now::NowItem| {
        json!({
            "id": thing_id(&i.thing), "band": i.band.as_str(), "label": i.label, "text": i.text, "owner": i.owner,
            "at": rfc3339(i.at), "alike": i.alike, "say": i.say, "why": i.why, "have": i.have, "said": i.said,
        })
    };
    situation.now.iter().map(item).collect()
}

fn clocks(situation: &Situation) -> Vec<Value> {
    let clock = |c: &crate::situation::NextClock| json!({"id": thing_id(&c.thing), "at": rfc3339(c.at), "text": c.text, "if": c.iff});
    situation.clocks.iter().map(clock).collect()
}

fn timeline(incident: &Incident, plan: &Plan, situation: &Situation, options: Options) -> (Vec<Value>, usize) {
    let newest = incident.timeline.iter().rev();
    let mut rows: Vec<&Row> = match options.since {
        Some(since) => newest.filter(|r| r.entry.happened >= since || r.entry.recorded >= since).collect(),
        None => newest.take(options.limit).collect(),
    };
    rows.reverse();
    let row = |row: &&Row| {
        let entry = &row.entry;
        let line = line(entry, incident, plan, situation.moment.now, situation.zone);
        let (effect, why) = match &row.effect {
            Effect::Applied => ("applied", None),
            Effect::Without(why) => ("without_right", Some(&**why)),
            Effect::None(why) => ("none", Some(&**why)),
            Effect::Retracted(why) => ("retracted", Some(&**why)),
        };
        json!({
            "id": entry.id, "happened": rfc3339(entry.happened), "recorded": rfc3339(entry.recorded),
            "kind": entry.what.kind(), "tag": line.tag, "text": exercise::line(incident, &line.text), "author": entry.author.person,
            "host": entry.author.host, "machine": entry.author.machine, "effect": effect, "effect_why": why,
            "writer": entry.writer, "seq": entry.seq,
        })
    };
    (rows.iter().map(row).collect(), incident.timeline.len())
}

fn decisions(incident: &Incident) -> Vec<Value> {
    let decision = |id: &crate::incident::entry::EntryId| {
        let row = incident.timeline.find(*id)?;
        let What::Decided(d) = &row.entry.what else { return None };
        let amended = incident.amended.get(id);
        Some(json!({
            "id": id, "at": rfc3339(row.entry.happened), "by": row.entry.author.person, "proposal": d.proposal,
            "outcome": amended.map_or(d.outcome.as_str(), |(text, _)| text.as_str()), "refused": d.refused,
            "amended_by": amended.map(|(_, by)| by.as_str()),
            "objections": d.objections, "acts": d.acts, "check_at": maybe(d.check_at), "reversal": d.reversal,
            "answers": d.answers,
            "checked_at": maybe(incident.leading.checks.get(id).map(|c| c.at)),
            "worked": incident.leading.checks.get(id).and_then(|c| c.worked),
            "seen": incident.leading.checks.get(id).map(|c| c.seen.as_str()),
        }))
    };
    incident.decisions.iter().filter_map(decision).collect()
}

fn asks(incident: &Incident) -> Vec<Value> {
    let ask = |a: &crate::incident::state::Ask| json!({"id": a.id, "proposal": a.proposal, "by": a.by, "risk": a.risk, "at": rfc3339(a.at)});
    incident.asks.values().map(ask).collect()
}

fn audience(view: &AudienceView) -> Value {
    let (service, component_state, service_since) = match &view.service {
        Service::None => ("none", None, None),
        Service::NotKnown => ("not_known", None, None),
        Service::Ok => ("ok", None, None),
        Service::Harmed { state, since } => ("harmed", *state, Some(*since)),
        Service::Restored { since } => ("restored", None, Some(*since)),
    };
    let next = match &view.next {
        Next::Nothing => "nothing",
        Next::First(_) => "first",
        Next::RestoredUntold(_) => "restored_untold",
        Next::Promised(_) => "promised",
        Next::Cadence(_) => "cadence",
    };
    let channels = view.cells.iter().map(|cell| {
        json!({
            "id": cell.channel, "reaches": cell.reaches, "message": cell.message, "state": cell.state,
            "claimed": cell.claimed, "at": maybe(cell.at),
        })
    });
    json!({
        "id": view.id, "name": view.name, "life": view.life, "service": service, "component_state": component_state,
        "service_since": maybe(service_since), "harmed_since": maybe(view.harmed_since), "told": view.last_word.is_some(),
        "last_word_at": maybe(view.last_word), "last_word_claimed": view.claimed, "next": next, "next_at": maybe(view.next.at()), "hold": view.hold,
        "owner": view.owner, "channels": channels.collect::<Vec<_>>(),
    })
}

/// A round: what one audience was told in one word of the series, over all channels.
fn rounds(incident: &Incident) -> Vec<Value> {
    let mut rounds: BTreeMap<(&str, &str), Vec<&Message>> = BTreeMap::new();
    for message in incident.messages.values() {
        rounds.entry((&message.audience, message.round.as_str())).or_default().push(message);
    }
    let round = |((audience, round), messages): (&(&str, &str), &Vec<&Message>)| {
        let told = || messages.iter().filter_map(|m| m.told);
        json!({
            "id": format!("{audience}/{round}"), "audience": audience, "round": round,
            "messages": messages.iter().map(|m| m.id).collect::<Vec<_>>(), "told": told().count(),
            "first_told_at": maybe(told().min()), "last_told_at": maybe(told().max()),
        })
    };
    rounds.iter().map(round).collect()
}

/// Whether a word that went out is proved, by a backend or by a proof that was given; a bare word is only claimed.
pub(super) fn proof(message: &Message) -> &'static str {
    match (message.state, message.told, &message.proof) {
        (MessageState::SentElsewhere, _, None) => "claimed",
        (MessageState::SentElsewhere, _, Some(_)) => "proof",
        (MessageState::Delivered, _, _) => "delivered",
        (_, Some(_), _) => "sent",
        (_, None, _) => "none",
    }
}

fn message(m: &Message) -> Value {
    json!({
        "id": m.id, "audience": m.audience, "channel": m.channel, "round": m.round, "state": m.state, "text": m.text,
        "text_sha256": m.sha256, "author": m.author, "drafted_at": rfc3339(m.drafted), "conflict": m.conflict,
        "approved_by": m.approved.as_ref().map(|(by, _)| by.as_str()),
        "approved_at": maybe(m.approved.as_ref().map(|(_, at)| *at)),
        "sending": m.sending.as_ref().map(|s| json!({
            "id": s.entry, "backend": s.backend, "process": s.process, "since": rfc3339(s.since), "by": s.by,
        })),
        "told_at": maybe(m.told), "delivered_at": maybe(m.delivered), "next_update_at": maybe(m.next_update),
        "detail": m.detail, "proof": m.proof, "evidence": proof(m), "language": m.grounds.language,
        "from_template": m.grounds.template,
        "approvals": m.approvals.iter().map(|a| json!({
            "step": crate::incident::message::step_name(&a.step), "by": a.by, "at": rfc3339(a.at),
            "left_out_because": (!a.skipped.is_empty()).then_some(a.skipped.as_str()),
        })).collect::<Vec<_>>(),
        "facts": m.grounds.facts.iter().map(|pin| json!({
            "name": pin.name, "value": pin.value, "as_of": rfc3339(pin.as_of), "metric": pin.metric,
        })).collect::<Vec<_>>(),
        "overtaken": m.overtaken.iter().map(|moved| json!({
            "name": moved.name, "was": moved.was, "is": moved.is,
        })).collect::<Vec<_>>(),
        "recipients": recipients(m),
    })
}

/// How many of a message's recipients are in which state; null where its channel names none.
fn recipients(m: &Message) -> Option<crate::incident::recipient::Counts> {
    (!m.recipients.is_empty()).then(|| m.recipients.counts())
}

fn promises(incident: &Incident, now: Instant) -> Vec<Value> {
    let promise = |p: &crate::incident::state::Promise| {
        json!({
            "id": p.id, "text": p.text, "to": p.to, "owner": p.owner, "due_at": rfc3339(p.due),
            "kept_at": maybe(p.kept), "late": p.kept.unwrap_or(now) > p.due, "call": p.call.is_some(),
        })
    };
    incident.promises.values().map(promise).collect()
}

/// A standing as one word.
pub fn standing(standing: &Standing) -> &'static str {
    match standing {
        Standing::NotInForce => "not_in_force",
        Standing::NotTriggered => "not_triggered",
        Standing::Unknown(_) => "unknown",
        Standing::Due => "due",
    }
}

/// Whether the deadline of an open stage has passed, or a filed one was filed after it.
pub(super) fn late(stage: &StageView, now: Instant) -> bool {
    let Some(Due::At(due)) = stage.due else { return false };
    if stage.open() { due < now } else { stage.filed.is_some_and(|filed| filed > due) }
}

/// A duty as JSON.
pub fn obligation(incident: &Incident, o: &Obligation, now: Instant) -> Value {
    let missing: &[String] = match &o.state {
        Standing::Unknown(missing) => missing,
        Standing::NotInForce | Standing::NotTriggered | Standing::Due => &[],
    };
    let stages = o.stages.iter().map(|s| {
        let (due, asap) = match s.due {
            Some(Due::At(at)) => (Some(at), None),
            Some(Due::Asap(since)) => (None, Some(since)),
            None => (None, None),
        };
        let filing = incident.filings.get(&(o.rule.clone(), s.id.clone()));
        json!({
            "id": s.id, "name": s.name, "to": s.to, "due_at": maybe(due), "asap_since": maybe(asap), "if": s.iff,
            "state": s.state, "late": late(s, now), "filed_at": maybe(s.filed), "filed_by": s.by,
            "filings": filing.iter().flat_map(|f| &f.rounds).map(|r| json!({"at": rfc3339(r.at), "by": r.by, "reference": r.reference})).collect::<Vec<_>>(),
            "reference": s.reference, "person": filing.map(|f| f.person.as_str()).unwrap_or_default(),
            "detail": s.detail, "after": s.after, "missing_facts": s.missing, "on": s.on, "holds": s.holds,
            "told": s.told.as_ref().map(|t| json!({"done": t.done, "all": t.all})), "channel": filing.map(|f| f.how.channel.as_str()),
            "proof": filing.map(|f| f.how.proof.as_str()), "decided_by": filing.map(|f| f.decided_by.as_str()),
            "answered_by": s.answered_by, "beyond_calendar": s.beyond_calendar,
            "readings": s.readings.iter().map(reading).collect::<Vec<_>>(),
            "again": s.again.as_ref().map(|a| json!({
                "filed": a.filed, "last_at": maybe(a.last), "until": a.until, "ended": a.ended,
            })),
        })
    });
    let clocks = o.clocks.iter().map(
        |c| json!({"id": c.name, "at": maybe(c.at), "by": c.by, "why": c.why, "assumed": c.assumed, "own": c.own}),
    );
    json!({
        "id": o.rule, "agency": o.agency, "title": o.title, "state": standing(&o.state), "missing_facts": missing,
        "stages": stages.collect::<Vec<_>>(), "clocks": clocks.collect::<Vec<_>>(), "trigger": o.trigger, "if_not": o.if_not,
        "citation": o.citation, "confirmed_by": o.confirmed_by, "method": o.method, "voluntary": o.voluntary,
        "confidence": o.confidence, "as_of": o.as_of, "timezone": o.timezone.name(), "note": o.note,
        "jurisdiction": o.jurisdiction, "force": o.binding.said(), "content": o.content, "withdraw": o.withdraw,
        "merge": o.merge, "confidential": o.confidential, "basis": o.basis,
        "may_fire_at": maybe(o.may_fire.as_ref().map(|f| f.at)),
        "may_fire_if": o.may_fire.as_ref().map(|f| f.assumes.clone()).unwrap_or_default(),
        "fires_at": maybe(o.fires.as_ref().map(|f| f.at)),
        "fires_if": o.fires.as_ref().map(|f| f.assumes.clone()).unwrap_or_default(),
        "reportable_at": maybe(o.reportable), "meters": o.meters.iter().map(meter).collect::<Vec<_>>(),
    })
}

/// One way to read when a stage's clock started.
fn reading(r: &ReadingView) -> Value {
    json!({"clock_at": rfc3339(r.clock), "due_at": rfc3339(r.due.instant()), "why": r.why})
}

/// A growing fact and the number that a rule holds it against.
fn meter(m: &Meter) -> Value {
    json!({
        "id": m.threshold.fact, "goal": m.threshold.goal, "value": m.value, "at_least": m.at_least,
        "met_at": maybe(m.met_at),
    })
}

fn roles(incident: &Incident, plan: &Plan) -> Vec<Value> {
    let role = |role: &Role| {
        let register = incident.roles.get(role);
        let setting = register.and_then(Register::setting);
        json!({
            "id": role, "title": role.title(), "holder": incident.holder(*role),
            "since": maybe(setting.filter(|s| s.value.is_some()).map(|s| s.at)),
            "planned": *role == Role::Commander || plan.roles.contains(role),
            "conflict": register.is_some_and(Register::conflict),
        })
    };
    Role::ALL.iter().map(role).collect()
}

/// Handovers, roll-calls, time-outs and objectives.
fn leading(incident: &Incident, situation: &Situation) -> Value {
    let leading = &incident.leading;
    let offers = leading.offers.values().map(|o| {
        json!({
            "id": o.id, "role": o.role, "from": o.from, "to": o.to, "brief": o.brief, "at": rfc3339(o.at), "by": o.by,
        })
    });
    let calls = leading.rollcalls.values().map(|c| {
        let answers = c.answers.iter().map(|(who, (at, says))| json!({"id": who, "at": rfc3339(*at), "says": says}));
        json!({
            "id": c.id, "at": rfc3339(c.at), "due_at": rfc3339(c.due()), "by": c.by, "people": c.people,
            "answers": answers.collect::<Vec<_>>(),
        })
    });
    let timeouts = leading.timeouts.values().map(|t| {
        json!({
            "id": t.id, "at": rfc3339(t.at), "until": rfc3339(t.until), "by": t.by, "ended_at": maybe(t.ended),
            "running": t.ended.is_none() && situation.moment.now < t.until,
        })
    });
    let objectives = leading
        .objectives
        .setting()
        .map(|s| json!({"text": s.value.0, "until": maybe(s.value.1), "by": s.by, "at": rfc3339(s.at)}));
    json!({
        "offers": offers.collect::<Vec<_>>(), "roll_calls": calls.collect::<Vec<_>>(),
        "time_outs": timeouts.collect::<Vec<_>>(), "objectives": objectives,
    })
}

fn contacts(incident: &Incident, plan: &Plan) -> Vec<Value> {
    let of = crate::situation::teams::reached(incident, plan);
    let ways = of.iter().flat_map(|of| {
        crate::situation::teams::ways(incident, plan, of).into_iter().map(move |way| {
            json!({
                "id": format!("{of}/{}", way.way), "of": of, "way": way.way, "address": way.address,
                "needs_what_fails": way.fails,
            })
        })
    });
    ways.collect()
}

fn teams(incident: &Incident, plan: &Plan, situation: &Situation) -> Vec<Value> {
    let team = |team: &crate::situation::teams::TeamView| {
        let tasks: Vec<&Task> = incident.tasks.values().filter(|t| t.team.as_deref() == Some(&team.id)).collect();
        let at_work: std::collections::BTreeSet<&str> =
            tasks.iter().filter(|t| t.live()).filter_map(|t| t.owner.as_deref()).collect();
        json!({
            "id": team.id, "name": team.name, "duty": plan.team(&team.id).map(|t| t.duty.as_str()), "lead": team.lead,
            "parent": team.parent, "members": team.members, "at_work": at_work,
            "tasks": tasks.iter().map(|t| t.id).collect::<Vec<_>>(),
        })
    };
    situation.teams.iter().map(team).collect()
}

fn task(t: &Task, now: Instant) -> Value {
    json!({
        "id": t.id, "title": t.title, "team": t.team, "owner": t.owner, "state": t.state, "minutes": t.minutes,
        "first": t.first, "planned": t.planned, "added_at": rfc3339(t.added), "asked_at": maybe(t.asked),
        "moved_at": rfc3339(t.moved), "due_at": maybe(t.due), "overdue": t.live() && t.due.is_some_and(|due| due <= now),
        "blocked_on": t.blocked_on, "result": t.result, "extensions": t.extensions,
    })
}

/// Facts that were set, and those of the playbook that nobody has set: known by their absence.
fn facts(incident: &Incident, plan: &Plan) -> Vec<Value> {
    let meaning = |name: &str| plan.facts.iter().find(|f| f.name == name).map(|f| f.meaning.as_str());
    let set = incident.facts.iter().map(|(name, register)| {
        let setting = register.setting();
        let fact = setting.map(|s| &s.value);
        json!({
            "id": name, "meaning": meaning(name), "value": fact.map_or(&Value::Null, |f| &f.value),
            "known": incident.fact(name).is_some(), "unit": fact.map(|f| f.unit.as_str()),
            "basis": fact.map(|f| f.basis.as_str()), "confirmed_by": fact.and_then(|f| f.confirmed_by.as_deref()),
            "set_at": maybe(setting.map(|s| s.at)), "set_by": setting.map(|s| s.by.as_str()),
            "conflict": register.conflict(), "to_clear": incident.uncleared(name),
        })
    });
    let unset = plan.facts.iter().filter(|f| !incident.facts.contains_key(&f.name)).map(|f| {
        json!({
            "id": f.name, "meaning": f.meaning, "value": null, "known": false, "unit": f.unit, "basis": null,
            "confirmed_by": null, "set_at": null, "set_by": null, "conflict": false, "to_clear": f.clear,
        })
    });
    set.chain(unset).collect()
}

fn fallbacks(incident: &Incident, plan: &Plan) -> Vec<Value> {
    let fallback = |f: &crate::incident::plan::Fallback| {
        let name = format!("fallback_{}", f.id);
        let fact = incident.fact(&name);
        let at = incident.facts.get(&name).and_then(Register::setting).map(|s| s.at);
        json!({
            "id": f.id, "name": f.name, "limits": f.limits, "works": fact.and_then(|f| f.value.as_bool()),
            "tested_at": maybe(fact.and(at)), "confirmed_by": fact.and_then(|f| f.confirmed_by.as_deref()),
        })
    };
    plan.fallbacks.iter().map(fallback).collect()
}

fn components(situation: &Situation) -> Vec<Value> {
    let component = |c: &crate::situation::signals::ComponentView| {
        json!({
            "id": c.name, "name": c.name, "state": c.state, "listed": c.state.is_some(), "since": maybe(c.since),
            "mismatch": c.mismatch, "stale": c.old,
        })
    };
    situation.signals.components.iter().map(component).collect()
}

fn alerts(situation: &Situation) -> Vec<Value> {
    let group = |g: &crate::situation::signals::AlertGroup| {
        json!({
            "id": g.name, "name": g.name, "firing": g.firing, "suppressed": g.suppressed, "no_longer_listed": g.gone,
            "oldest_at": maybe(g.oldest), "newest_at": maybe(g.newest), "severity": g.severity, "summary": g.summary,
            "acknowledged": g.acked.as_ref().map(|a| json!({"by": a.by, "until": rfc3339(a.due), "new": a.new})),
        })
    };
    situation.signals.alerts.iter().map(group).collect()
}

fn metrics(situation: &Situation) -> Vec<Value> {
    let metric = |m: &crate::situation::signals::MetricView| {
        let direction = match m.direction {
            Direction::Up => "up",
            Direction::Down => "down",
            Direction::Flat => "flat",
            Direction::NotKnown => "not_known",
        };
        let id = if m.source.is_empty() { m.name.clone() } else { format!("{}/{}", m.source, m.name) };
        json!({
            "id": id, "name": m.name, "source": m.source, "unit": m.unit, "value": m.value, "current": m.current,
            "quality": m.quality, "why": m.why, "estimated": m.estimated, "direction": direction, "age_seconds": m.age,
        })
    };
    situation.signals.metrics.iter().map(metric).collect()
}

fn sources(situation: &Situation) -> Vec<Value> {
    let real = situation.moment.real;
    let source = |s: &crate::situation::signals::SourceView| {
        let last = s.age.and_then(|age| real.checked_sub_signed(TimeDelta::try_seconds(age)?));
        json!({
            "id": s.name, "name": s.name, "family": s.family, "kind": s.kind, "health": s.health,
            "last_success_at": maybe(last), "error": s.error, "partial": s.partial, "clock_ahead_seconds": s.skew,
        })
    };
    situation.signals.sources.iter().map(source).collect()
}

fn conflicts(incident: &Incident) -> Vec<Value> {
    let conflict = |c: crate::incident::state::Conflict| {
        let sides: Vec<Value> = c.sides.iter().map(|(by, says)| json!({"by": by, "says": says})).collect();
        json!({"id": c.what, "sides": sides})
    };
    incident.conflicts().into_iter().map(conflict).collect()
}

const COLUMNS: usize = 120;

/// The same for people: one page, at most sixty lines, the rest of each list counted.
pub fn state_text(incident: &Incident, plan: &Plan, situation: &Situation) -> Vec<Safe> {
    let mut page = Page { lines: Vec::new(), incident };
    let (moment, zone) = (situation.moment, situation.zone);
    let clock = |at: Instant| instant::clock_zoned(at, moment.now, zone);
    let since = incident
        .started()
        .map_or("start NOT KNOWN".to_owned(), |at| format!("{} since {}", duration::since(moment.now - at), clock(at)));
    let severity = incident.severity().as_str().to_uppercase();
    page.add(format!("{severity} {} {}", incident.phase(), incident.title()));
    let commander = incident.holder(Role::Commander).unwrap_or("NOBODY");
    page.add(format!("{since}; now {}; commander {commander}", clock(moment.now)));
    let (fresh, all) = situation.fresh();
    let ends: Vec<String> = incident.ends.iter().map(|(end, (at, _))| format!("{end} {}", clock(*at))).collect();
    let ends = if ends.is_empty() { "no end reached".to_owned() } else { ends.join(", ") };
    page.add(format!("{fresh} of {all} sources fresh; {ends}"));

    let items = situation.now.iter().map(|item| {
        let owner = item.owner.as_deref().map(|o| format!(" ({o})")).unwrap_or_default();
        format!("{} {:<7} {:<12} {}{owner}", item.band.mark(), item.band.as_str(), item.label, item.text)
    });
    page.section("NOW", "nothing needs the commander", 16, items);

    let audiences = situation.audiences.iter().map(|a| {
        let word =
            a.last_word.map_or("NEVER TOLD".to_owned(), |at| format!("told {} ago", duration::age(moment.now - at)));
        let word = if a.claimed { format!("{word} (claimed)") } else { word };
        let service = match &a.service {
            Service::None => String::new(),
            Service::NotKnown => ", service NOT KNOWN".to_owned(),
            Service::Ok => ", service OK".to_owned(),
            Service::Harmed { state, since } => format!(", {} since {}", harm(*state), clock(*since)),
            Service::Restored { since } => format!(", restored {}", clock(*since)),
        };
        let next = match &a.next {
            Next::Nothing => String::new(),
            Next::RestoredUntold(_) => ", restored and never told".to_owned(),
            Next::First(at) => format!(", first word by {}", clock(*at)),
            Next::Promised(at) | Next::Cadence(at) => format!(", next by {}", clock(*at)),
        };
        let hold = a.hold.as_ref().map(|why| format!(", HOLD: {why}")).unwrap_or_default();
        format!("{}: {word}{service}{next}{hold}", a.name)
    });
    page.section("AUDIENCES", "the plan names none", 12, audiences);

    let agencies = situation.obligations.iter().filter(|o| matches!(o.state, Standing::Due | Standing::Unknown(_)));
    let agencies = agencies.map(|o| {
        let stages: Vec<String> = o.stages.iter().map(|s| stage_text(s, moment.now, &clock)).collect();
        let missing = match &o.state {
            Standing::Unknown(missing) => format!(" IF {}", missing.join(", ")),
            Standing::Due | Standing::NotInForce | Standing::NotTriggered => String::new(),
        };
        format!("{}{missing}: {}", o.short, stages.join("; "))
    });
    page.section("AGENCIES", "nothing is due", 9, agencies);

    let tasks = incident.tasks.values().filter(|t| t.live()).map(|t| {
        let back = t.due.map(|at| format!(", back {}", clock(at))).unwrap_or_default();
        let on = t.blocked_on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
        let team = t.team.as_ref().map(|id| plan.team(id).map_or(id.as_str(), |t| t.name.as_str()));
        let team = team.map(|t| format!(" [{t}]")).unwrap_or_default();
        format!("{}{team}: {}, {}{on}{back}", t.title, t.owner.as_deref().unwrap_or("NOBODY"), t.state)
    });
    page.section("TASKS", "none open", 9, tasks);

    let sources = situation.signals.sources.iter().map(|s| {
        let age =
            s.age.map_or("never answered".to_owned(), |a| format!("{} old", duration::age(TimeDelta::seconds(a))));
        let health = format!("{:?}", s.health).to_lowercase();
        let error = s.error.as_ref().map(|e| format!(": {e}")).unwrap_or_default();
        let numbers = situation.signals.metrics.iter().filter(|m| m.source == s.name);
        let numbers: Vec<String> = numbers
            .filter_map(|m| m.value.map(|v| format!("{} {}{}", m.name, number(v), if m.current { "" } else { " OLD" })))
            .collect();
        let numbers = if numbers.is_empty() { String::new() } else { format!("; {}", numbers.join(", ")) };
        format!("{} ({} {}): {health}, {age}{error}{numbers}", s.name, s.family, s.kind)
    });
    page.section("SOURCES", "none configured", 6, sources);
    page.lines
}

fn stage_text(stage: &StageView, now: Instant, clock: &dyn Fn(Instant) -> String) -> String {
    let iff = if stage.iff { " IF" } else { "" };
    let by = match stage.due {
        Some(Due::At(at)) if stage.open() && at < now => format!(" OVERDUE since {}{iff}", clock(at)),
        Some(Due::At(at)) => format!(" by {}{iff}", clock(at)),
        Some(Due::Asap(_)) => format!(" at once{iff}"),
        None => String::new(),
    };
    let reference = if stage.reference.is_empty() { String::new() } else { format!(" no. {}", stage.reference) };
    format!("{} {}{by}{reference}", stage.name, stage.state)
}

struct Page<'a> {
    lines: Vec<Safe>,
    incident: &'a Incident,
}

impl Page<'_> {
    fn add(&mut self, line: String) {
        let line = exercise::line(self.incident, &line);
        self.lines.push(shorten::shorten(&Safe::new(&line), COLUMNS));
    }

    /// A heading and at most `most` lines; where there are more the last says how many.
    fn section(&mut self, heading: &'static str, none: &str, most: usize, items: impl Iterator<Item = String>) {
        let items: Vec<String> = items.collect();
        self.add(heading.to_owned());
        if items.is_empty() {
            self.add(format!("  {none}"));
        }
        let shown = if items.len() > most { most.saturating_sub(1) } else { items.len() };
        for item in items.iter().take(shown) {
            self.add(format!("  {item}"));
        }
        if items.len() > shown {
            self.add(format!("  and {} more", items.len() - shown));
        }
    }
}
