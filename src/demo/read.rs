//! Reads a scenario file and says what is wrong with it: file, line, key. Opens no file itself.

use std::collections::BTreeSet;

use super::scenario::{AlertPlan, Do, PLANNED, SCHEMA, Scenario};
use crate::config::Problem;
use crate::incident::Instant;
use crate::text::{instant, suggest};

/// Most alerts that one `[[alert]]` may make.
const MOST_ALERTS: usize = 2000;

impl Scenario {
    /// `file` is its name for messages, `text` what stands in it.
    pub fn read(file: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
        let scenario: Scenario = toml::from_str(text).map_err(|error| vec![syntax(file, text, &error)])?;
        let mut check = Check { file, text, problems: Vec::new() };
        check.all(&scenario);
        if check.problems.is_empty() { Ok(scenario) } else { Err(check.problems) }
    }

    /// The scenario that is built in: the outage of 22 February 2024.
    pub fn built_in() -> Result<Scenario, Vec<Problem>> {
        Scenario::read("att-2024-02-22.toml", include_str!("att-2024-02-22.toml"))
    }
}

fn syntax(file: &str, text: &str, error: &toml::de::Error) -> Problem {
    let span = error.span();
    let line = span.as_ref().map(|s| text.bytes().take(s.start).filter(|b| *b == b'\n').count() + 1);
    let key = line.and_then(|n| text.lines().nth(n - 1)).and_then(key_of);
    Problem { file: file.to_owned(), line, key, message: error.message().to_owned() }
}

/// The key or table header on a line.
fn key_of(line: &str) -> Option<String> {
    let line = line.trim();
    if line.starts_with('[') {
        return Some(line.split(']').next()?.trim_matches('[').to_owned()).filter(|k| !k.is_empty());
    }
    let key = line.split_once('=')?.0.trim().trim_start_matches('{').trim();
    Some(key.to_owned()).filter(|k| !k.is_empty())
}

/// Where in the file something stands: the nth (from 0) table under this header.
#[derive(Clone, Copy)]
struct Place<'a> {
    header: &'a str,
    nth: usize,
}

struct Check<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn all(&mut self, s: &Scenario) {
        self.opening(s);
        self.pages(s);
        self.metrics(s);
        self.alerts(s);
        self.acts(s);
        let place = |nth| Place { header: "inject", nth };
        self.ordered(s.injects.iter().map(|i| i.at).enumerate().map(|(n, at)| (place(n), "at", at)));
        self.facts(s);
        self.sources(s);
    }

    fn problem(&mut self, place: Place<'_>, key: &str, message: impl Into<String>) {
        let line = self.line(place, key);
        let key = match place.header {
            "" => key.to_owned(),
            header => format!("{header}.{key}"),
        };
        self.problems.push(Problem { file: self.file.to_owned(), line, key: Some(key), message: message.into() });
    }

    /// The line of a key, else of its table; None where neither is found (written in another TOML form).
    fn line(&self, place: Place<'_>, key: &str) -> Option<usize> {
        let mut seen = 0;
        let mut header = if place.header.is_empty() { Some(1) } else { None };
        for (n, line) in (1..).zip(self.text.lines()) {
            let line = line.trim();
            if line.starts_with('[') {
                if header.is_some() {
                    break;
                }
                if key_of(line).as_deref() == Some(place.header) {
                    if seen == place.nth {
                        header = Some(n);
                    }
                    seen += 1;
                }
            } else if header.is_some()
                && line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', '.']))
            {
                return Some(n);
            }
        }
        header
    }

    fn opening(&mut self, s: &Scenario) {
        let (top, incident) = (Place { header: "", nth: 0 }, Place { header: "incident", nth: 0 });
        if s.schema != SCHEMA {
            self.problem(top, "schema", format!("expected \"{SCHEMA}\""));
        }
        let i = &s.incident;
        if let Err(why) = instant::zone(&i.timezone) {
            self.problem(incident, "timezone", why);
        }
        let times =
            [("started", i.started), ("declared", i.declared), ("opens_at", i.opens_at), ("ends_at", i.ends_at)];
        self.ordered(times.into_iter().map(|(key, at)| (incident, key, at)));
        if let Some(detected) = i.detected
            && (detected < i.started || detected > i.declared)
        {
            self.problem(incident, "detected", "expected an instant between started and declared");
        }
    }

    fn pages(&mut self, s: &Scenario) {
        let (mut components, mut states, mut incidents, mut updates) = (0, 0, 0, 0);
        self.distinct("page", "name", s.pages.iter().map(|p| p.name.as_str()));
        for (n, page) in s.pages.iter().enumerate() {
            let place = Place { header: "page", nth: n };
            if let Err(why) = instant::zone(&page.timezone) {
                self.problem(place, "timezone", why);
            }
            let mut ids = BTreeSet::new();
            for component in &page.components {
                if !ids.insert(component.id.as_str()) {
                    let place = Place { header: "page.component", nth: components };
                    self.problem(place, "id", format!("the page has a component \"{}\" already", component.id));
                }
                components += 1;
                let place = |nth| Place { header: "page.component.state", nth };
                self.ordered(component.states.iter().zip(states..).map(|(c, n)| (place(n), "from", c.from)));
                states += component.states.len();
            }
            for incident in &page.incidents {
                let place = Place { header: "page.incident", nth: incidents };
                incidents += 1;
                for id in incident.components.iter().filter(|id| !ids.contains(id.as_str())) {
                    self.unknown(place, "components", "component of the page", id, ids.iter().copied());
                }
                if incident.updates.is_empty() {
                    self.problem(place, "update", "expected at least one update");
                }
                let place = |nth| Place { header: "page.incident.update", nth };
                self.ordered(incident.updates.iter().zip(updates..).map(|(u, n)| (place(n), "at", u.at)));
                for (update, n) in incident.updates.iter().zip(updates..) {
                    if update.happened.is_some_and(|h| h > update.at) {
                        self.problem(place(n), "happened", "expected an instant not after at");
                    }
                }
                updates += incident.updates.len();
            }
        }
    }

    fn metrics(&mut self, s: &Scenario) {
        self.distinct("job", "name", s.jobs.iter().map(|j| j.name.as_str()));
        self.distinct("series", "name", s.series.iter().map(|x| x.name.as_str()));
        let mut downs = 0;
        for (n, job) in s.jobs.iter().enumerate() {
            if !(1..=3600).contains(&job.scrape) {
                self.problem(Place { header: "job", nth: n }, "scrape", "expected seconds from 1 to 3600");
            }
            for down in &job.downs {
                let place = Place { header: "job.down", nth: downs };
                self.ordered([(place, "from", down.from), (place, "until", down.until)].into_iter());
                downs += 1;
            }
        }
        for (n, series) in s.series.iter().enumerate() {
            let place = Place { header: "series", nth: n };
            if s.job(&series.job).is_none() {
                self.unknown(place, "job", "job", &series.job, s.jobs.iter().map(|j| j.name.as_str()));
            }
            if series.decimals > 6 {
                self.problem(place, "decimals", "expected 0 to 6");
            }
            if series.points.is_empty() {
                self.problem(place, "points", "expected at least one point");
            }
            if series.points.iter().any(|p| !p.value.is_finite()) {
                self.problem(place, "points", "expected finite numbers");
            }
            self.ordered(series.points.iter().map(|p| (place, "points", p.at)));
        }
    }

    fn alerts(&mut self, s: &Scenario) {
        for (n, alert) in s.alerts.iter().enumerate() {
            let place = Place { header: "alert", nth: n };
            let until = alert.until.map(|at| (place, "until", at));
            self.ordered([(place, "from", alert.from)].into_iter().chain(until));
            if alert.count() == 0 || alert.count() > MOST_ALERTS {
                self.problem(place, "each", format!("expected 1 to {MOST_ALERTS} combinations, not {}", alert.count()));
            }
            if let Some(job) = alert.job.as_deref().filter(|job| s.job(job).is_none()) {
                self.unknown(place, "job", "job", job, s.jobs.iter().map(|j| j.name.as_str()));
            }
            let names = || s.alerts.iter().map(|a: &AlertPlan| a.name.as_str());
            if let Some(by) = alert.inhibited_by.as_deref().filter(|by| !names().any(|name| name == *by)) {
                self.unknown(place, "inhibited_by", "alert", by, names());
            }
        }
    }

    fn acts(&mut self, s: &Scenario) {
        let place = |nth| Place { header: "act", nth };
        self.ordered(s.acts.iter().enumerate().map(|(n, act)| (place(n), "at", act.at)));
        let (mut tasks, mut messages) = (BTreeSet::new(), BTreeSet::new());
        for (n, act) in s.acts.iter().enumerate() {
            if act.at < s.incident.declared || act.at >= s.incident.opens_at {
                self.problem(place(n), "at", "expected an instant from the declaration to before opens_at");
            }
            match &act.what {
                Do::AddTask { key, .. } if !tasks.insert(key.as_str()) => {
                    self.problem(place(n), "do", format!("there is a task \"{key}\" already"));
                }
                Do::Draft { key, .. } if !messages.insert(key.as_str()) => {
                    self.problem(place(n), "do", format!("there is a message \"{key}\" already"));
                }
                Do::Assign { task, .. }
                | Do::Acknowledge { task, .. }
                | Do::Start { task }
                | Do::Block { task, .. }
                | Do::Finish { task, .. }
                | Do::Extend { task, .. }
                    if !task.starts_with(PLANNED) && !tasks.contains(task.as_str()) =>
                {
                    self.unknown(place(n), "do", "task of an earlier act", task, tasks.iter().copied());
                }
                Do::Approve { message } | Do::Send { message, .. } if !messages.contains(message.as_str()) => {
                    self.unknown(place(n), "do", "message of an earlier act", message, messages.iter().copied());
                }
                _ => {}
            }
        }
    }

    fn facts(&mut self, s: &Scenario) {
        self.distinct("fact", "id", s.facts.iter().map(|f| f.id.as_str()));
        for (n, fact) in s.facts.iter().enumerate() {
            let place = Place { header: "fact", nth: n };
            if let Some(name) = fact.series.as_deref().filter(|name| !s.series.iter().any(|x| x.name == **name)) {
                self.unknown(place, "series", "series", name, s.series.iter().map(|x| x.name.as_str()));
            }
            if let Some(name) = fact.page.as_deref().filter(|name| s.page(name).is_none()) {
                self.unknown(place, "page", "page", name, s.pages.iter().map(|p| p.name.as_str()));
            }
            if let (Some(page), Some(id)) = (fact.page.as_deref().and_then(|p| s.page(p)), &fact.component)
                && !page.components.iter().any(|c| c.id == *id)
            {
                self.unknown(place, "component", "component", id, page.components.iter().map(|c| c.id.as_str()));
            }
        }
    }

    /// Every source that is named is one of `[sources]`.
    fn sources(&mut self, s: &Scenario) {
        let numbered: Vec<(Place<'_>, Option<&str>)> = {
            fn put<'a>(header: &'a str, of: Vec<Option<&'a str>>) -> Vec<(Place<'a>, Option<&'a str>)> {
                of.into_iter().enumerate().map(|(nth, source)| (Place { header, nth }, source)).collect()
            }
            let components = s.pages.iter().flat_map(|p| &p.components).map(|c| c.source.as_deref());
            let updates = s.pages.iter().flat_map(|p| &p.incidents).flat_map(|i| &i.updates);
            [
                put("incident", vec![s.incident.source.as_deref()]),
                put("page.component", components.collect()),
                put("page.incident.update", updates.map(|u| u.source.as_deref()).collect()),
                put("series", s.series.iter().map(|x| x.source.as_deref()).collect()),
                put("fact", s.facts.iter().map(|x| Some(x.source.as_str())).collect()),
                put("message", s.messages.iter().map(|x| Some(x.source.as_str())).collect()),
                put("lesson", s.lessons.iter().map(|x| Some(x.source.as_str())).collect()),
                put("act", s.acts.iter().map(|x| x.source.as_deref()).collect()),
                put("inject", s.injects.iter().map(|x| x.source.as_deref()).collect()),
            ]
            .concat()
        };
        for (place, source) in numbered {
            if let Some(source) = source.filter(|source| !s.sources.contains_key(*source)) {
                self.unknown(place, "source", "key of [sources]", source, s.sources.keys().map(String::as_str));
            }
        }
        for (nth, series) in s.series.iter().enumerate() {
            for source in series.points.iter().filter_map(|p| p.source.as_deref()) {
                if !s.sources.contains_key(source) {
                    let place = Place { header: "series", nth };
                    self.unknown(place, "points", "key of [sources]", source, s.sources.keys().map(String::as_str));
                }
            }
        }
    }

    fn unknown<'b>(
        &mut self,
        place: Place<'_>,
        key: &str,
        what: &str,
        word: &str,
        known: impl Iterator<Item = &'b str>,
    ) {
        let near = suggest::nearest(word, known).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
        self.problem(place, key, format!("there is no {what} \"{word}\"{near}"));
    }

    fn distinct<'b>(&mut self, header: &str, key: &str, words: impl Iterator<Item = &'b str>) {
        let mut seen = BTreeSet::new();
        for (nth, word) in words.enumerate() {
            if word.is_empty() || !seen.insert(word) {
                self.problem(Place { header, nth }, key, format!("expected a name of its own, not \"{word}\""));
            }
        }
    }

    /// Each instant is one of our age, and none is before the one above it.
    fn ordered<'b>(&mut self, times: impl Iterator<Item = (Place<'b>, &'b str, Instant)>) {
        use chrono::Datelike;
        let mut last: Option<Instant> = None;
        for (place, key, at) in times {
            if !(1970..=2200).contains(&at.year()) {
                self.problem(place, key, "expected an instant from 1970 to 2200");
            } else if let Some(last) = last.filter(|last| at < *last) {
                self.problem(place, key, format!("{} is before {}, which stands above it", stamp(at), stamp(last)));
            }
            last = Some(at);
        }
    }
}

fn stamp(at: Instant) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
