//! `warroom demo`: replays a scenario on loopback servers and opens the room on them, in a journal that is thrown away.

use std::collections::BTreeMap;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::future::join_all;
use tokio::sync::watch;

use super::args;
use super::context::{Context, read_config};
use super::edge;
use super::fail::Fail;
use super::session::Session;
use crate::backends::{Client, Limits, poller};
use crate::config::file;
use crate::demo::scenario::{Act, Do, Outcome, PLANNED, Scenario};
use crate::demo::{self, Outbox};
use crate::incident::Instant;
use crate::incident::clock::{Clock, Moment};
use crate::incident::command::{Actor, Command, Decision, Target};
use crate::incident::decide::{Declare, declare};
use crate::incident::detect::heard;
use crate::incident::entry::{Author, Draft, EntryId, IncidentId};
use crate::incident::observation::Source;
use crate::incident::pin::Grounds;
use crate::incident::what::{MessageDelivered, MessageFailed, MessageSending, MessageSent, MessageUnknown, What};
use crate::journal::{Access, Cursor, Journal};
use crate::playbook::{self, Playbook};
use crate::room::pollers::Backend;
use crate::room::{self, DemoClock};
use crate::tui::terminal;

/// Scenario seconds per real second, at most: a day in a minute and a half.
pub const FASTEST: f64 = 1000.0;

pub fn run(context: &Context, args: &args::Demo) -> Result<ExitCode, Fail> {
    if let Some(why) = terminal::unfit(&edge::variable("TERM").unwrap_or_default()) {
        return Err(Fail::Failed(why));
    }
    if !(args.speed > 0.0 && args.speed <= FASTEST) {
        return Err(Fail::wrong(format!("--speed {}: from more than 0 to {FASTEST}", args.speed)));
    }
    let scenario = Arc::new(read_scenario(args.scenario.as_deref())?);
    let place = Place::new()?;
    let runtime = super::room::runtime()?;
    let ended = runtime.block_on(replay(context, args, scenario, &place.0));
    runtime.shutdown_background();
    // The folder goes before anything is said: nothing is left behind, also where it failed.
    drop(place);
    super::room::told(&ended?)
}

fn read_scenario(path: Option<&Path>) -> Result<Scenario, Fail> {
    let read = match path {
        None => Scenario::built_in(),
        Some(path) => {
            let text = file::read(path).map_err(|problem| Fail::problems(&[problem]))?;
            Scenario::read(&path.display().to_string(), &text)
        }
    };
    read.map_err(|problems| Fail::problems(&problems))
}

/// A folder of our own that goes when the demo or drill ends.
pub struct Place(PathBuf);

impl Place {
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn new() -> Result<Place, Fail> {
        let base = edge::variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|p| p.is_dir());
        let base = base.unwrap_or_else(std::env::temp_dir);
        sweep(&base);
        let random = uuid::Uuid::new_v4().simple().to_string();
        let path = base.join(format!("{PREFIX}{}-{}", std::process::id(), &random[..6]));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Place(path))
    }
}

const PREFIX: &str = "warroom-demo-";

/// What a demo that was killed left behind goes with the next: folders of ours whose process is no more.
fn sweep(base: &Path) {
    use std::os::unix::fs::MetadataExt;
    let me = rustix::process::getuid().as_raw();
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()) else { continue };
        let ours = entry.metadata().is_ok_and(|m| m.is_dir() && m.uid() == me);
        if ours && pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn replay(
    context: &Context,
    args: &args::Demo,
    scenario: Arc<Scenario>,
    dir: &Path,
) -> Result<room::Ended, Fail> {
    // While the history is played in, the clock stands at its instants.
    let still = |room| Clock { real: edge::now(), room, speed: 0.0 };
    let (clock, follow) = watch::channel(still(scenario.incident.declared));
    let running = demo::bind(Arc::clone(&scenario), follow, edge::now, dir).await?;
    let config = read_config(&dir.join("demo.toml"), &running.config_text())?;
    let outbox = running.outbox();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(running.serve(async {
        let _ = stopped.await;
    }));
    let path = dir.join("journal.db");
    let backends = context.backends(&config)?;
    let id = play_in(context, &config, &scenario, &path, &clock, &backends, &outbox).await?;
    let opens = scenario.incident.opens_at;
    let speed = if args.paused { 0.0 } else { args.speed };
    let now = Clock { real: edge::now(), room: opens, speed };
    // It fails only where nobody follows it.
    let _ = clock.send(now);
    Journal::open(&path, Access::ReadWrite)?.set_clock(&now)?;
    let demo = DemoClock { speed: args.speed, paused: args.paused, clock };
    let opening = super::room::opening(context, &config, path, Some(id), Some(demo))?;
    let ended = room::run(opening).await;
    let _ = stop.send(());
    serving.abort();
    Ok(ended)
}

/// The playbook with the lists of the scenario: whom a rule asks to tell one by one is no playbook's of ours to know.
fn with_lists(playbook: Playbook, scenario: &Scenario) -> Result<Playbook, Fail> {
    if scenario.notify.is_empty() {
        return Ok(playbook);
    }
    let lists =
        toml::to_string(&BTreeMap::from([("notify", &scenario.notify)])).map_err(|e| Fail::failed(e.to_string()))?;
    let text = format!("{}\n{lists}", playbook.text);
    let plan = playbook::read::read(&format!("scenario {}", scenario.id), &text).map_err(|p| Fail::problems(&p))?;
    Ok(Playbook { plan, text, origin: playbook.origin })
}

/// Plays the scenario's history into the journal: acts through the same decisions, signals through the real adapters.
async fn play_in(
    context: &Context,
    config: &crate::config::Config,
    scenario: &Scenario,
    path: &Path,
    clock: &watch::Sender<Clock>,
    backends: &[Backend],
    outbox: &Outbox,
) -> Result<IncidentId, Fail> {
    let mut journal = Journal::open(path, Access::ReadWrite)?;
    let opening = &scenario.incident;
    let playbook = with_lists(context.playbook(config, Some(&opening.playbook))?, scenario)?;
    let id = IncidentId(uuid::Uuid::new_v4());
    let wish = Declare {
        title: opening.title.clone(),
        severity: opening.severity,
        started: Some(opening.started),
        detected: opening.detected,
        exercise: false,
        demo: true,
        timezone: opening.timezone.clone(),
        organisation: opening.organisation.clone(),
        playbook: Some((playbook.plan.name.clone(), playbook.text.clone())),
        rules: context.rules_text(config)?,
    };
    let by = Author { person: opening.declared_by.clone(), host: "demo".to_owned(), machine: false };
    let declared = opening.declared;
    journal.append(id, &by, declared, Cursor::START, |_| declare(&wish, &playbook.plan, declared))?;
    let client = Client::new(&context.actor.host, Limits::default());
    let mut sources: Vec<Source> = backends.iter().filter(|b| b.polls(declared)).map(Backend::source).collect();
    let polled: Vec<&Backend> = backends.iter().filter(|b| b.polls(declared)).collect();
    let mut session = Session::on(context, journal, id)?;
    let mut keys: BTreeMap<String, EntryId> = BTreeMap::new();
    // What the backends said is looked at when the incident began, at its declaration, and every few minutes since: twice
    // in a row, since what is missing is only told by the second look.
    let mut looks: Vec<Instant> = vec![opening.started + TimeDelta::seconds(30)];
    let mut at = declared;
    while at < opening.opens_at {
        looks.extend([at, at + TimeDelta::seconds(20)]);
        at += TimeDelta::minutes(3);
    }
    looks.push(opening.opens_at - TimeDelta::seconds(5));
    let mut looks = looks.into_iter().peekable();
    for act in &scenario.acts {
        while let Some(look) = looks.next_if(|look| *look <= act.at) {
            see(&mut session, &client, &polled, &mut sources, clock, look).await?;
        }
        perform(&mut session, act, &mut keys, outbox)?;
    }
    for look in looks {
        see(&mut session, &client, &polled, &mut sources, clock, look).await?;
    }
    Ok(id)
}

async fn see(
    session: &mut Session<'_>,
    client: &Client,
    backends: &[&Backend],
    sources: &mut [Source],
    clock: &watch::Sender<Clock>,
    at: Instant,
) -> Result<(), Fail> {
    let _ = clock.send(Clock { real: edge::now(), room: at, speed: 0.0 });
    let moment = Moment { now: at, real: edge::now(), speed: 1.0 };
    let polls = backends
        .iter()
        .zip(sources.iter())
        .map(|(b, before)| poller::poll_source(client, &*b.adapter, &b.config, before, moment));
    let after = join_all(polls).await;
    for (before, source) in sources.iter_mut().zip(after) {
        let recorded = at.max(session.incident().declared.as_ref().map_or(at, |d| d.at));
        session.write(true, recorded, |incident| {
            Ok(heard(incident, before.observation.as_ref(), &source, at, moment.real))
        })?;
        session.journal.put_source(&source)?;
        *before = source;
    }
    Ok(())
}

/// An act of the history, as the command that a person gave.
fn perform(
    session: &mut Session<'_>,
    act: &Act,
    keys: &mut BTreeMap<String, EntryId>,
    outbox: &Outbox,
) -> Result<(), Fail> {
    let named = |keys: &BTreeMap<String, EntryId>, key: &str, session: &Session<'_>| -> Result<EntryId, Fail> {
        if let Some(planned) = key.strip_prefix(PLANNED) {
            return session.task(planned);
        }
        keys.get(key).copied().ok_or_else(|| Fail::failed(format!("the scenario names {key} before it is there")))
    };
    let mut key = None;
    let command = match &act.what {
        Do::Note { text, happened, follow_up } => {
            Command::Note { text: text.clone(), at: *happened, follow_up: *follow_up }
        }
        Do::Ask { proposal, risk } => {
            Command::Ask { proposal: proposal.clone(), by: act.by.clone(), risk: risk.clone() }
        }
        Do::Decide { proposal, outcome, refused, objections, acts, check_at, reversal } => Command::Decide(Decision {
            answers: None,
            proposal: proposal.clone(),
            outcome: outcome.clone(),
            refused: refused.clone(),
            objections: objections.clone(),
            acts: acts.clone(),
            check_at: *check_at,
            reversal: reversal.clone(),
        }),
        Do::Severity { severity, why } => Command::SetSeverity { severity: *severity, why: why.clone() },
        Do::Phase { phase, why } => Command::SetPhase { phase: *phase, why: why.clone(), by_name: None },
        Do::Role { role, holder } => Command::SetRole { role: *role, holder: holder.clone(), why: String::new() },
        Do::AddTask { key: name, title, team, owner, minutes } => {
            key = Some(name.clone());
            Command::AddTask { title: title.clone(), team: team.clone(), owner: owner.clone(), minutes: *minutes }
        }
        Do::Assign { task, owner, minutes } => {
            Command::Assign { task: named(keys, task, session)?, owner: owner.clone(), minutes: *minutes }
        }
        Do::Acknowledge { task, minutes } => {
            Command::Acknowledge { target: Target::Task(named(keys, task, session)?), minutes: *minutes }
        }
        Do::Start { task } => Command::StartTask { task: named(keys, task, session)? },
        Do::Block { task, on } => Command::BlockTask { task: named(keys, task, session)?, on: on.clone() },
        Do::Finish { task, result } => {
            Command::FinishTask { task: named(keys, task, session)?, result: result.clone() }
        }
        Do::Extend { task, minutes, why } => {
            Command::ExtendTask { task: named(keys, task, session)?, minutes: *minutes, why: why.clone() }
        }
        Do::AcknowledgeAlerts { group, count, minutes } => {
            Command::Acknowledge { target: Target::Alerts { group: group.clone(), count: *count }, minutes: *minutes }
        }
        Do::Draft { key: name, audience, channel, round, text, next_update } => {
            key = Some(name.clone());
            Command::DraftMessage {
                audience: audience.clone(),
                channel: channel.clone(),
                round: *round,
                text: text.clone(),
                next_update: *next_update,
                grounds: session.grounds(audience, text, &Grounds::default()),
            }
        }
        Do::Approve { message } => {
            let message = named(keys, message, session)?;
            let text_sha256 = session.incident().messages.get(&message).map(|m| m.sha256.clone()).unwrap_or_default();
            Command::ApproveMessage { message, text_sha256 }
        }
        Do::Send { message, outcome, detail } => {
            let message = named(keys, message, session)?;
            return sent(session, act, message, *outcome, detail, outbox);
        }
        Do::Elsewhere { audience, channel, by, happened, proof, text, next_update } => Command::RecordElsewhere {
            audience: audience.clone(),
            channel: channel.clone(),
            by: by.clone(),
            at: *happened,
            proof: proof.clone(),
            text: text.clone(),
            next_update: *next_update,
        },
        Do::Promise { text, to, due } => Command::Promise { text: text.clone(), to: to.clone(), due: *due },
        Do::Fact { name, value, basis, confirmed_by } => Command::SetFact {
            at: None,
            name: name.clone(),
            value: value.clone(),
            basis: basis.clone(),
            confirmed_by: confirmed_by.clone(),
        },
        Do::Clock { clock, at, why, assumed } => {
            Command::SetClock { clock: clock.clone(), at: *at, why: why.clone(), assumed: *assumed }
        }
        Do::DraftStage { rule, stage } => Command::DraftStage { rule: rule.clone(), stage: stage.clone() },
    };
    let actor = Actor { person: act.by.clone(), host: "demo".to_owned() };
    let entries = by(session, &actor, act.at, &command)?;
    if let (Some(key), Some(entry)) = (key, entries.first()) {
        keys.insert(key, *entry);
    }
    Ok(())
}

/// Decides and writes as another person at another instant.
fn by(session: &mut Session<'_>, actor: &Actor, at: Instant, command: &Command) -> Result<Vec<EntryId>, Fail> {
    let plan = session.in_force.plan.clone();
    write_as(session, actor, at, |incident| crate::incident::decide::decide(incident, &plan, command, actor, at))
}

fn write_as(
    session: &mut Session<'_>,
    actor: &Actor,
    at: Instant,
    make: impl FnOnce(&crate::incident::state::Incident) -> Result<Vec<Draft>, crate::incident::command::Refusal>,
) -> Result<Vec<EntryId>, Fail> {
    let author = Author { person: actor.person.clone(), host: actor.host.clone(), machine: false };
    let log = &mut session.log;
    let appended = session.journal.append(session.id, &author, at, session.cursor, |others| {
        log.absorb(others.iter().cloned());
        make(log.incident())
    })?;
    session.cursor = appended.cursor;
    let ids = appended.own.iter().map(|e| e.id).collect();
    session.log.absorb(appended.own);
    Ok(ids)
}

/// A sending of the history: nothing is posted, the outbox is told what it got then. One whose answer was lost it does not
/// own up to: a person has to look.
fn sent(
    session: &mut Session<'_>,
    act: &Act,
    message: EntryId,
    outcome: Outcome,
    detail: &str,
    outbox: &Outbox,
) -> Result<(), Fail> {
    let actor = Actor { person: act.by.clone(), host: "demo".to_owned() };
    let sending = MessageSending {
        message,
        backend: "outbox".to_owned(),
        process: "demo/history".to_owned(),
        recipients: Vec::new(),
        subject: String::new(),
    };
    let ids = write_as(session, &actor, act.at, |_| Ok(vec![Draft::now(sending.into())]))?;
    let found = session.incident().messages.get(&message).cloned();
    if let (Some(key), Some(found)) = (ids.first(), found)
        && matches!(outcome, Outcome::Sent | Outcome::Delivered)
    {
        outbox.remember(&key.to_string(), &found.channel, &found.text, act.at);
    }
    let detail = detail.to_owned();
    let ends: Vec<What> = match outcome {
        Outcome::Sent => vec![MessageSent { message, reference: detail }.into()],
        Outcome::Delivered => {
            vec![MessageSent { message, reference: String::new() }.into(), MessageDelivered { message, detail }.into()]
        }
        Outcome::Unknown => vec![MessageUnknown { message, why: detail }.into()],
        Outcome::Failed => vec![MessageFailed { message, why: detail }.into()],
    };
    let after = act.at + TimeDelta::seconds(2);
    write_as(session, &actor, after, |_| Ok(ends.into_iter().map(Draft::now).collect()))?;
    Ok(())
}
