//! What falls due while `warroom poll` runs: told in a line, and the host's command run once for each. Holds up nothing.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::edge;
use super::fail::Fail;
use super::out;
use crate::config::Alarms;
use crate::incident::clock::{Clock, Moment};
use crate::incident::entry::IncidentId;
use crate::report::alarm as report;
use crate::room::bells::Bells;
use crate::room::pager::{self, Page};
use crate::room::store::{Ask, Whose};
use crate::situation::alarm::{Alarm, alarms};
use crate::situation::assess;
use crate::text::{Safe, instant};
use crate::tui::scene::Snapshot;

/// Runs of the command at the same time: many things may fall due together.
const AT_ONCE: usize = 4;

pub struct Due {
    config: Alarms,
    incident: IncidentId,
    host: String,
    snapshot: Option<Snapshot>,
    pub clock: Clock,
    bells: Bells,
    /// The disk has answered once.
    opened: bool,
    /// How many things were due when it was first asked.
    standing: usize,
    /// What is said before each line, where several incidents are kept.
    pub name: String,
}

/// The host's command, running for what fell due.
pub struct Runs {
    runs: JoinSet<(String, Result<(), String>)>,
    permits: Arc<Semaphore>,
}

impl Due {
    pub fn new(config: Alarms, incident: IncidentId, host: String) -> Due {
        Due {
            config,
            incident,
            host,
            snapshot: None,
            clock: Clock::wall(),
            bells: Bells::default(),
            opened: false,
            standing: 0,
            name: String::new(),
        }
    }

    /// A line of this incident.
    pub fn line(&self, text: &str) -> Result<(), Fail> {
        out::line(&format!("{}{text}", self.name))
    }

    pub fn see(&mut self, snapshot: Snapshot) {
        self.snapshot = Some(snapshot);
    }

    /// Looks at the clocks: tells what falls due, and asks the disk for which of it no command was run yet on this host.
    pub fn tick(&mut self) -> Result<Option<Ask>, Fail> {
        let Some(s) = &self.snapshot else { return Ok(None) };
        if s.incident.declared.is_none() {
            return Ok(None);
        }
        let real = edge::now();
        let situation = assess(&s.incident, &s.plan, &s.rules, &s.sources, Moment::of(&self.clock, real))
            .meeting(s.replication.as_deref());
        let timeout = s.incident.leading.timeout(situation.moment.now).is_some();
        let all = alarms(&s.incident, &s.plan, &situation, &self.config.rings, timeout);
        let Some(bells) = self.bells.fresh(all.clone()) else { return Ok(None) };
        if self.opened {
            for alarm in all.iter().filter(|alarm| bells.contains(&alarm.key)) {
                self.tell(alarm)?;
            }
        } else {
            self.standing += bells.len();
        }
        Ok(Some(Ask::Ring { whose: Whose::Host, bells }))
    }

    /// What no process of this host had rung for is ours: the command is run for it.
    pub fn rang(&mut self, runs: &mut Runs, new: &[String], first: bool) -> Result<(), Fail> {
        let rang = self.bells.rang(new);
        let opening = !std::mem::replace(&mut self.opened, true);
        if first {
            // Whoever starts this knows how things stand.
            return match rang.len() {
                0 => self.line("nothing is due"),
                n => self.line(&format!("{n} due already, for which nothing is run: `warroom state` lists them")),
            };
        }
        if opening {
            self.line(&format!(
                "{} due, {} of it told before",
                self.standing,
                self.standing.saturating_sub(rang.len())
            ))?;
        }
        for alarm in rang {
            if opening {
                self.tell(&alarm)?;
            }
            self.run(runs, &alarm)?;
        }
        Ok(())
    }

    fn tell(&self, alarm: &Alarm) -> Result<(), Fail> {
        let Some(s) = &self.snapshot else { return Ok(()) };
        let at = instant::echo(self.clock.at(edge::now()), s.incident.zone());
        self.line(&format!("{at}  RANG {}", report::text(alarm, &s.incident)))
    }

    fn run(&self, runs: &mut Runs, alarm: &Alarm) -> Result<(), Fail> {
        let (Some(s), Some(program)) = (&self.snapshot, self.config.command.first()) else { return Ok(()) };
        if s.incident.declared.as_ref().is_some_and(|d| d.demo) {
            return self.line(&format!("a demo: {program} is not run, nothing leaves"));
        }
        let text = report::text(alarm, &s.incident);
        let yes = |flag: bool| if flag { "true" } else { "false" }.to_owned();
        // What a script may echo has passed the gate; the raw text is in the JSON.
        let safe = |text: &str| Safe::new(text).into_string();
        let page = Page {
            words: self.config.command.clone(),
            json: format!("{}\n", report::json(alarm, &s.incident, self.incident, &self.host)),
            variables: vec![
                ("WARROOM_ALARM_KEY", safe(&alarm.key)),
                ("WARROOM_ALARM_KIND", alarm.kind.as_str().to_owned()),
                ("WARROOM_ALARM_TEXT", safe(&text)),
                ("WARROOM_ALARM_SAY", safe(&alarm.say)),
                ("WARROOM_ALARM_AT", crate::report::state::rfc3339(alarm.at)),
                ("WARROOM_ALARM_LIFE", yes(alarm.life)),
                ("WARROOM_ALARM_EXERCISE", yes(report::is_exercise(&s.incident))),
                ("WARROOM_ALARM_INCIDENT", self.incident.to_string()),
                ("WARROOM_ALARM_TITLE", safe(s.incident.title())),
                ("WARROOM_ALARM_SEVERITY", s.incident.severity().as_str().to_owned()),
            ],
        };
        runs.start(format!("{}{text}", self.name), page);
        Ok(())
    }
}

impl Default for Runs {
    fn default() -> Runs {
        Runs::new()
    }
}

impl Runs {
    pub fn new() -> Runs {
        Runs { runs: JoinSet::new(), permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    fn start(&mut self, text: String, page: Page) {
        let permits = Arc::clone(&self.permits);
        self.runs.spawn(async move {
            // It is never closed.
            let _permit = permits.acquire().await;
            (text, pager::run(page).await)
        });
    }

    /// Waits for the end of a run, and tells it; for ever where none runs.
    pub async fn ended(&mut self) -> Result<(), Fail> {
        match self.runs.join_next().await {
            None => std::future::pending().await,
            Some(Ok((text, Ok(())))) => out::line(&format!("told the host's command: {text}")),
            Some(Ok((text, Err(why)))) => out::line(&format!("the host's command: {why}. It was to tell: {text}")),
            Some(Err(_)) => out::line("the host's command: a fault of ours in running it"),
        }
    }

    /// What was begun may end: nobody else would do it.
    pub async fn finish(&mut self) -> Result<(), Fail> {
        let all = async {
            while !self.runs.is_empty() {
                self.ended().await?;
            }
            Ok(())
        };
        tokio::time::timeout(pager::LONGEST, all).await.unwrap_or(Ok(()))
    }
}
