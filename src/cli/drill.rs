//! `warroom drill`: the room on a fresh exercise, into which a script plays its injects; at the end the score. Asks no
//! backend: real alarms have no place in an exercise, and nothing of it can be sent.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::args;
use super::context::Context;
use super::demo::{FASTEST, Place};
use super::edge;
use super::fail::Fail;
use super::out;
use super::session::Session;
use crate::config::file;
use crate::drill::score::{Under, at_minute, done_at, score};
use crate::drill::script::{Script, Step};
use crate::incident::Instant;
use crate::incident::clock::Clock;
use crate::incident::decide::{Declare, declare};
use crate::incident::entry::{Author, Draft, IncidentId};
use crate::incident::fold::Log;
use crate::incident::plan::Plan;
use crate::incident::what::{AlertFired, Asked, Noted};
use crate::journal::{Access, Cursor, Journal};
use crate::report::line::INJECT;
use crate::room::keylog::KeyLog;
use crate::room::{self, DemoClock, Drill, Ended};
use crate::tui::terminal;

pub fn run(context: &Context, args: &args::Drill) -> Result<ExitCode, Fail> {
    if !(args.speed > 0.0 && args.speed <= FASTEST) {
        return Err(Fail::wrong(format!("--speed {}: from more than 0 to {FASTEST}", args.speed)));
    }
    if context.global.read_only {
        return Err(Fail::wrong("a drill writes; it cannot be given --read-only"));
    }
    if args.speed != 1.0 && context.global.journal.is_some() {
        return Err(Fail::wrong(
            "--speed is for the journal that is thrown away: yours holds incidents of the real time",
        ));
    }
    let script = read_script(args.script.as_deref())?;
    if let Some(why) = terminal::unfit(&edge::variable("TERM").unwrap_or_default()) {
        return Err(Fail::Failed(why));
    }
    let (path, place) = match &context.global.journal {
        Some(path) => (path.clone(), None),
        None => {
            let place = Place::new()?;
            (place.path().join("journal.db"), Some(place))
        }
    };
    let runtime = super::room::runtime()?;
    let played = runtime.block_on(play(context, args, &script, &path));
    runtime.shutdown_background();
    let told = played.and_then(|played| {
        if played.ended == Ended::Quit {
            tell(context, &script, &path, &played)?;
        }
        super::room::told(&played.ended)
    });
    drop(place);
    told
}

fn read_script(path: Option<&Path>) -> Result<Script, Fail> {
    let read = match path {
        None => Script::built_in(),
        Some(path) => {
            let text = file::read(path).map_err(|problem| Fail::problems(&[problem]))?;
            Script::read(&path.display().to_string(), &text)
        }
    };
    read.map_err(|problems| Fail::problems(&problems))
}

/// A drill that was played.
struct Played {
    ended: Ended,
    id: IncidentId,
    begun: Instant,
    over: Instant,
    keys: KeyLog,
}

async fn play(context: &Context, args: &args::Drill, script: &Script, path: &Path) -> Result<Played, Fail> {
    let config = context.config()?;
    let name = args.playbook.as_deref().or(script.playbook.as_deref());
    let playbook = context.playbook(&config, name)?;
    let mut journal = Journal::open(path, Access::ReadWrite)?;
    let begun = edge::now();
    let (id, wish) = (
        IncidentId(uuid::Uuid::new_v4()),
        Declare {
            title: script.title.clone(),
            severity: script.severity,
            started: Some(at_minute_before(begun, script.began)),
            detected: None,
            exercise: true,
            demo: false,
            timezone: config.timezone.name().to_owned(),
            organisation: script.organisation.clone().unwrap_or_else(|| config.organisation.clone()),
            playbook: Some((playbook.plan.name.clone(), playbook.text.clone())),
            rules: context.rules_text(&config)?,
        },
    );
    let by = Author { person: context.actor.person.clone(), host: context.actor.host.clone(), machine: false };
    let plan = Plan { rights: config.rights.clone(), ..playbook.plan.clone() };
    journal.append(id, &by, begun, Cursor::START, |_| declare(&wish, &plan, begun))?;
    let clock = match args.speed == 1.0 {
        true => Clock::wall(),
        false => Clock { real: edge::now(), room: begun, speed: args.speed },
    };
    let (clock_tx, follow) = watch::channel(clock);
    let demo = match clock.is_wall() {
        // It lives as long as the room: the injects follow it.
        true => None,
        false => {
            journal.set_clock(&clock)?;
            Some(DemoClock { speed: args.speed, paused: false, clock: clock_tx.clone() })
        }
    };
    let keys = KeyLog::default();
    let (over_tx, over) = watch::channel(false);
    let mut opening = super::room::opening(context, &config, path.to_owned(), Some(id), demo)?;
    opening.backends.clear();
    opening.replicate = None;
    opening.drill = Some(Drill { keys: keys.clone(), over });
    let stage = Stage { path: path.to_owned(), id, host: context.actor.host.clone(), begun, follow: follow.clone() };
    let injects = tokio::spawn(stage.play(script.clone(), over_tx));
    let ended = room::run(opening).await;
    let over = follow.borrow().at(edge::now());
    if injects.is_finished() {
        // Why an inject could not be written: told after the room, where somebody can read it.
        if let Ok(Err(why)) = injects.await {
            return Err(why);
        }
    } else {
        injects.abort();
    }
    Ok(Played { ended, id, begun, over, keys })
}

fn at_minute_before(begun: Instant, minutes: u32) -> Instant {
    begun.checked_sub_signed(chrono::TimeDelta::minutes(i64::from(minutes))).unwrap_or(begun)
}

/// Where injects are played, and by which clock.
struct Stage {
    path: PathBuf,
    id: IncidentId,
    host: String,
    begun: Instant,
    follow: watch::Receiver<Clock>,
}

/// How often it is looked whether the last step is done.
const LOOK: Duration = Duration::from_millis(500);

impl Stage {
    /// Plays each inject at its minute; then waits until all is done, or the time is up.
    async fn play(mut self, script: Script, over: watch::Sender<bool>) -> Result<(), Fail> {
        let played = self.all(&script).await;
        // It fails only when the room is gone.
        let _ = over.send(true);
        played
    }

    async fn all(&mut self, script: &Script) -> Result<(), Fail> {
        let mut cursor = Cursor::START;
        for step in &script.steps {
            self.until(at_minute(self.begun, step.minute)).await;
            cursor = self.write(step.clone(), cursor).await?;
        }
        let end = at_minute(self.begun, script.minutes);
        // What is only told has its minute to be read.
        let read = script.steps.last().map_or(self.begun, |last| at_minute(self.begun, last.minute.saturating_add(1)));
        loop {
            let now = self.follow.borrow().at(edge::now());
            let told = script.steps.iter().rev().take_while(|s| s.done.is_empty()).count() == 0 || now >= read;
            if now >= end || (told && self.all_done(script).await?) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits for an instant of the room's clock, which may stand still meanwhile.
    async fn until(&mut self, at: Instant) {
        loop {
            let clock = *self.follow.borrow_and_update();
            let left = (at - clock.at(edge::now())).num_milliseconds();
            if left <= 0 {
                return;
            }
            let wait = if clock.speed > 0.0 { left as f64 / clock.speed } else { f64::from(u32::MAX) };
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(wait as u64 + 1)) => {}
                changed = self.follow.changed() => if changed.is_err() {
                    // The room is gone: nobody hears the rest.
                    std::future::pending::<()>().await;
                },
            }
        }
    }

    /// The inject as entries of nobody's: a note, and what comes with it.
    async fn write(&self, step: Step, cursor: Cursor) -> Result<Cursor, Fail> {
        let (path, id) = (self.path.clone(), self.id);
        let now = self.follow.borrow().at(edge::now());
        let author = Author { person: INJECT.to_owned(), host: self.host.clone(), machine: true };
        blocking(move || {
            let mut journal = Journal::open(&path, Access::ReadWrite)?;
            let appended = journal
                .append(id, &author, now, cursor, |_| Ok::<_, crate::incident::command::Refusal>(drafts(&step, now)))?;
            Ok(appended.cursor)
        })
        .await
    }

    async fn all_done(&self, script: &Script) -> Result<bool, Fail> {
        let (path, id, begun, script) = (self.path.clone(), self.id, self.begun, script.clone());
        blocking(move || {
            let log = read(&path, id)?;
            let waiting = script.steps.iter().filter(|step| !step.done.is_empty());
            Ok(waiting.into_iter().all(|step| done_at(step, log.incident(), log.entries(), begun).is_some()))
        })
        .await
    }
}

/// A disk is waited for beside the room's loop.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Fail> + Send + 'static) -> Result<T, Fail> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(Fail::failed("the drill's injects stopped: a fault of ours")),
    }
}

fn drafts(step: &Step, now: Instant) -> Vec<Draft> {
    let mut drafts = vec![Draft::now(Noted { text: step.inject.clone(), follow_up: false }.into())];
    if let Some(ask) = &step.ask {
        let (proposal, by, risk) = (ask.proposal.clone(), ask.by.clone(), ask.risk.clone());
        drafts.push(Draft::now(Asked { proposal, by, risk }.into()));
    }
    if let Some(alerts) = &step.alerts {
        drafts.extend((0..alerts.count).map(|n| {
            let fired = AlertFired {
                origin: "exercise".to_owned(),
                alert: format!("{}-{n}", alerts.name),
                name: alerts.name.clone(),
                starts_at: now,
                summary: String::new(),
                severity: String::new(),
                labels: Default::default(),
            };
            Draft::now(fired.into())
        }));
    }
    drafts
}

fn read(path: &Path, id: IncidentId) -> Result<Log, Fail> {
    let mut journal = Journal::open(path, Access::ReadWrite)?;
    let (entries, _) = journal.read_after(id, Cursor::START, usize::MAX)?;
    let mut log = Log::default();
    log.absorb(entries);
    Ok(log)
}

/// Prints the score, and where the record is if it stays.
fn tell(context: &Context, script: &Script, path: &Path, played: &Played) -> Result<(), Fail> {
    let session = Session::on(context, Journal::open(path, Access::ReadWrite)?, played.id)?;
    let under = Under { plan: &session.in_force.plan, rules: &session.in_force.rules };
    let entries: Vec<Arc<_>> = session.log.entries().to_vec();
    let score = score(script, &entries, &played.keys.pressed(), under, played.begun, played.over);
    if context.global.json {
        return out::json(&score.json());
    }
    for line in score.lines(session.zone()) {
        out::line(&line)?;
    }
    if context.global.journal.is_some() {
        out::line(&format!(
            "the record stays: warroom --journal {} --incident {} export",
            path.display(),
            played.id.short()
        ))?;
    }
    Ok(())
}
