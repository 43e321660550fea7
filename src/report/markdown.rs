//! The record as Markdown, for a reader who was absent. Outside text passes the gate and is escaped: it never becomes
//! a heading, list, table, link, image, mention or HTML, and never breaks a line.

use std::fmt::Write;

use chrono_tz::Tz;

use super::line::{line, number, words};
use super::releases::{apart, releases};
use super::state::{late, proof};
use crate::incident::Instant;
use crate::incident::entry::{Hash, IncidentId, WriterId};
use crate::incident::exercise::MARK;
use crate::incident::message::{Message, step_name};
use crate::incident::observation::Health;
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::timeline::{Effect, Row};
use crate::incident::what::What;
use crate::incident::words::{End, MessageState, Role, StageState};
use crate::rulebook::deadline::Due;
use crate::situation::Situation;
use crate::situation::obligations::Standing;
use crate::situation::wording::shown;
use crate::text::{Safe, duration, instant};

/// The record. `heads`: each writer's last seq and hash, by which the journal can be held to this page.
pub fn markdown(
    incident: &Incident,
    plan: &Plan,
    situation: &Situation,
    id: IncidentId,
    now: Instant,
    zone: Tz,
    heads: &[(WriterId, u64, Hash)],
) -> String {
    let mut record = Record { incident, plan, situation, now, zone, out: String::new() };
    record.summary(id);
    record.roles();
    record.decisions();
    record.leading();
    record.told();
    record.releases();
    record.promises();
    record.agencies();
    record.tasks();
    record.facts();
    record.conflicts();
    record.timeline();
    record.not_understood();
    record.sources();
    record.heads(heads);
    if incident.is_exercise() { marked(&record.out) } else { record.out }
}

/// The record of an exercise: every heading and every row says so, wherever a part of it is pasted.
fn marked(page: &str) -> String {
    let mark = |line: &str| {
        let (lead, rest) = match line.find(|c: char| !matches!(c, '#' | '-' | ' ')) {
            Some(at) if line.starts_with(['#', '-', ' ']) && line[..at].ends_with(' ') => line.split_at(at),
            _ => return format!("{line}\n"),
        };
        format!("{lead}{MARK} {rest}\n")
    };
    page.lines().map(mark).collect()
}

/// Outside text as one run of Markdown text.
pub fn escape(raw: &str) -> String {
    let safe = Safe::new(raw);
    let chars: Vec<char> = safe.as_str().trim().chars().collect();
    let mut out = String::with_capacity(chars.len() + 8);
    let digits = chars.iter().take_while(|c| c.is_ascii_digit()).count();
    let mut index = 0;
    while let Some(&c) = chars.get(index) {
        // In a span of code nothing reads an address or a mention out of it.
        if c == '@' {
            let many = chars.iter().skip(index).take_while(|c| **c == '@').count();
            let _ = write!(out, "`{}`", "@".repeat(many));
            index += many;
            continue;
        }
        let start = index == 0;
        let next = chars.get(index + 1);
        let after = |word: &str| ends_with(&chars, index, word);
        let escaped = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' => true,
            '#' | '-' | '+' | '=' | '%' | '{' => start,
            '.' | ')' => (index == digits && digits > 0) || after("www"),
            ':' => next == Some(&'/') || after("mailto") || after("xmpp"),
            '!' => next == Some(&'['),
            _ => false,
        };
        if escaped {
            out.push('\\');
        }
        out.push(c);
        index += 1;
    }
    out
}

fn ends_with(chars: &[char], end: usize, word: &str) -> bool {
    let Some(start) = end.checked_sub(word.len()) else { return false };
    chars.get(start..end).is_some_and(|found| found.iter().zip(word.chars()).all(|(a, b)| a.eq_ignore_ascii_case(&b)))
}

struct Record<'a> {
    incident: &'a Incident,
    plan: &'a Plan,
    situation: &'a Situation,
    now: Instant,
    zone: Tz,
    out: String,
}

impl Record<'_> {
    /// A line of ours; outside text in it is escaped already.
    fn add(&mut self, line: &str) {
        self.out.push_str(line.trim_end_matches(' '));
        self.out.push('\n');
    }

    fn heading(&mut self, words: &str) {
        let _ = write!(self.out, "\n## {words}\n\n");
    }

    fn at(&self, at: Instant) -> String {
        instant::echo(at, self.zone)
    }

    fn maybe(&self, at: Option<Instant>) -> String {
        at.map_or_else(|| "not known".to_owned(), |at| self.at(at))
    }

    fn audience(&self, id: &str) -> String {
        escape(self.plan.audience(id).map_or(id, |a| &a.name))
    }

    fn channel(&self, id: &str) -> String {
        escape(self.plan.channel(id).map_or(id, |c| &c.name))
    }

    fn summary(&mut self, id: IncidentId) {
        let incident = self.incident;
        let declared = incident.declared.as_ref();
        let title = escape(incident.title());
        self.add(&format!("# {}: {title}", incident.severity().as_str().to_uppercase()));
        self.add("");
        if incident.is_exercise() {
            self.add("**This was an exercise: nothing of it left the building.**\n");
        }
        if declared.is_some_and(|d| d.demo) {
            self.add("**This is a replay: its times are not today's.**\n");
        }
        self.add(&format!("- Incident: `{id}`"));
        self.add(&format!("- Severity {}, phase {}", incident.severity(), incident.phase()));
        self.add(&format!("- Began: {}", self.maybe(incident.started())));
        self.add(&format!("- Detected: {}", self.maybe(declared.and_then(|d| d.detected))));
        let by = declared.map(|d| format!(" by {}", escape(&d.by.person))).unwrap_or_default();
        self.add(&format!("- Declared: {}{by}", self.maybe(declared.map(|d| d.at))));
        for end in End::ALL {
            let text = match incident.ends.get(end) {
                Some((at, basis)) if basis.is_empty() => self.at(*at),
                Some((at, basis)) => format!("{} ({})", self.at(*at), escape(basis)),
                None => "not reached".to_owned(),
            };
            self.add(&format!("- End, {end}: {text}"));
        }
        if let (Some(started), Some((end, _))) = (incident.started(), incident.ends.get(&End::Verified)) {
            self.add(&format!("- Lasted: {}", duration::short(*end - started, false)));
        }
        let harmed: Vec<String> = incident
            .components
            .values()
            .filter_map(|c| {
                let first = c.first_harm?;
                let back = c.recovered.map_or("not seen to recover".to_owned(), |at| format!("back {}", self.at(at)));
                Some(format!("- {}: harmed from {}, {back}", escape(&c.name), self.at(first)))
            })
            .collect();
        if !harmed.is_empty() {
            self.add("\nWhat was harmed, by what the status pages said:\n");
            harmed.iter().for_each(|line| self.add(line));
        }
    }

    /// Rows that had an effect, oldest first.
    fn applied(&self) -> impl Iterator<Item = &Row> {
        self.incident.timeline.iter().filter(|row| row.effect == Effect::Applied)
    }

    fn roles(&mut self) {
        self.heading("Who held which role when");
        let mut lines = Vec::new();
        for role in Role::ALL {
            let settings: Vec<(&Row, &crate::incident::what::RoleSet)> = self
                .applied()
                .filter_map(|row| match &row.entry.what {
                    What::RoleSet(w) if w.role == *role => Some((row, w)),
                    _ => None,
                })
                .collect();
            for (row, w) in &settings {
                let Some(holder) = &w.holder else { continue };
                // It ends with the setting that names it as replaced, not with the next one that somebody made.
                let replaced = settings.iter().find(|(_, later)| later.replaces.contains(&row.entry.id));
                let until = replaced.map_or("on".to_owned(), |(row, _)| format!("to {}", self.at(row.entry.happened)));
                let disputed = replaced.is_none() && self.incident.roles.get(role).is_some_and(|r| r.conflict());
                let disputed = if disputed { " (**disputed**)" } else { "" };
                let from = self.at(row.entry.happened);
                let why =
                    if w.why.is_empty() { String::new() } else { format!(", without a handover: {}", escape(&w.why)) };
                lines.push(format!("- {}: {}, from {from} {until}{disputed}{why}", role.title(), escape(holder)));
            }
        }
        self.list(&lines, "Nobody held a role.");
    }

    fn list(&mut self, lines: &[String], none: &str) {
        if lines.is_empty() {
            self.add(none);
        }
        lines.iter().for_each(|line| self.add(line));
    }

    fn decisions(&mut self) {
        self.heading("Decisions");
        let mut lines = Vec::new();
        for id in &self.incident.decisions {
            let Some(row) = self.incident.timeline.find(*id) else { continue };
            let What::Decided(d) = &row.entry.what else { continue };
            lines.push(format!(
                "- **{}**, {}, by {}",
                escape(&d.proposal),
                self.at(row.entry.happened),
                escape(&row.entry.author.person)
            ));
            match self.incident.amended.get(id) {
                None => lines.push(format!("  - Outcome: {}", escape(&d.outcome))),
                Some((text, by)) => {
                    lines.push(format!(
                        "  - Outcome: {} (corrected by {}; first: {})",
                        escape(text),
                        escape(by),
                        escape(&d.outcome)
                    ));
                }
            }
            lines.extend(d.refused.iter().map(|option| format!("  - Refused: {}", escape(option))));
            let objections = d.objections.as_deref().map_or("not asked for".to_owned(), escape);
            lines.push(format!("  - Strong objections: {objections}"));
            lines.push(format!("  - Acts: {}", d.acts.as_deref().map_or("nobody named".to_owned(), escape)));
            if let Some(check) = d.check_at {
                lines.push(format!("  - To be checked: {}", self.at(check)));
            }
            if let Some(check) = self.incident.leading.checks.get(id) {
                let worked = match check.worked {
                    Some(true) => "it worked",
                    Some(false) => "**it did not work**",
                    None => "not to be told yet",
                };
                let (at, by) = (self.at(check.at), escape(&check.by));
                lines.push(format!("  - Checked {at} by {by}: {worked}: {}", escape(&check.seen)));
            }
            if let Some(reversal) = &d.reversal {
                lines.push(format!("  - Reversed if: {}", escape(reversal)));
            }
        }
        for ask in self.incident.asks.values() {
            lines.push(format!(
                "- Asked and not decided: **{}**, {}, by {}",
                escape(&ask.proposal),
                self.at(ask.at),
                escape(&ask.by)
            ));
        }
        self.list(&lines, "None is recorded.");
    }

    fn leading(&mut self) {
        self.heading("How it was led");
        let lines = super::leading::lines(self.incident, &|at| self.at(at));
        self.list(&lines, "No handover, time-out, roll-call, change or follow-up is recorded.");
    }

    fn told(&mut self) {
        self.heading("Who was told what, when, over what");
        let mut audiences: Vec<&str> = self.plan.audiences.iter().map(|a| a.id.as_str()).collect();
        for message in self.incident.messages.values() {
            if !audiences.contains(&message.audience.as_str()) {
                audiences.push(&message.audience);
            }
        }
        let unsure =
            |id: &str| self.incident.messages.values().any(|m| m.audience == id && m.state == MessageState::Unknown);
        let mut lines = Vec::new();
        for id in audiences {
            let view = self.situation.audiences.iter().find(|a| a.id == id);
            let word = match view {
                Some(view) => match view.last_word {
                    Some(_) => "",
                    None if unsure(id) => ": **not known: a text may have gone**",
                    None if view.harmed_since.is_some() => ": **never told**",
                    None => ": not told, no harm known",
                },
                None => ": not an audience of the plan",
            };
            let hold = view.and_then(|v| v.hold.as_ref()).map(|why| format!(" (on hold: {})", escape(why)));
            lines.push(format!("- {}{word}{}{}", self.audience(id), self.first_word(id), hold.unwrap_or_default()));
            let mut messages: Vec<&Message> = self.incident.messages.values().filter(|m| m.audience == id).collect();
            messages.sort_by_key(|m| (m.told.unwrap_or(m.drafted), m.id));
            for message in messages {
                self.message(message, &mut lines);
            }
        }
        self.list(&lines, "Nobody was to be told.");
    }

    /// When an audience heard first, and how long after its harm began.
    fn first_word(&self, id: &str) -> String {
        let reaches = |m: &&Message| self.plan.audience(id).is_none_or(|a| a.channels.contains(&m.channel));
        let theirs = self.incident.messages.values().filter(|m| m.audience == id).filter(reaches);
        let Some(first) = theirs.filter_map(|m| m.told).min() else { return String::new() };
        let view = self.situation.audiences.iter().find(|a| a.id == id);
        let after = view.and_then(|v| v.harmed_since).map(|harm| match first - harm {
            span if span < chrono::TimeDelta::zero() => ", before harm was known".to_owned(),
            span => format!(", {} after harm began", duration::short(span, false)),
        });
        format!(": first word {}{}", self.at(first), after.unwrap_or_default())
    }

    /// What was released together, and how far apart it went: from the entries, so that what is tried later changes none.
    fn releases(&mut self) {
        let lines: Vec<String> = releases(self.incident)
            .into_iter()
            .map(|release| {
                let texts = if release.texts == 1 { "1 text".to_owned() } else { format!("{} texts", release.texts) };
                let spread = apart(&release.went).map(|apart| format!(", first and last {apart}")).unwrap_or_default();
                let mut said = format!("{} of them went{spread}", release.went.len());
                for (n, word) in [(release.failed, "did not"), (release.unknown, "not known")] {
                    if n > 0 {
                        said.push_str(&format!(", {n} {word}"));
                    }
                }
                format!("- {}: {texts} by {}, {said}", self.at(release.at), escape(&release.by))
            })
            .collect();
        if !lines.is_empty() {
            self.heading("What was released together");
            self.list(&lines, "");
        }
    }

    /// On what a text rests, and who stands for it.
    fn grounds(&self, m: &Message, lines: &mut Vec<String>) {
        let steps: Vec<String> = m
            .approvals
            .iter()
            .map(|a| match a.skipped.as_str() {
                "" => format!("{} {} {}", step_name(&a.step), escape(&a.by), self.at(a.at)),
                why => format!("{} **left out** by {}: {}", escape(step_name(&a.step)), escape(&a.by), escape(why)),
            })
            .collect();
        if m.approvals.len() > 1 || m.approvals.iter().any(|a| !a.skipped.is_empty()) {
            lines.push(format!("    - Approved: {}", steps.join("; ")));
        }
        for pin in &m.grounds.facts {
            let moved = m.overtaken.iter().find(|moved| moved.name == pin.name).map(|moved| match moved.is.is_null() {
                true => " (**not confirmed any more**)".to_owned(),
                false => format!(" (**is {} now**)", escape(&shown(&moved.is))),
            });
            let value = escape(&shown(&pin.value));
            let (name, moved) = (escape(&pin.name), moved.unwrap_or_default());
            lines.push(format!("    - Rests on {name} = {value}, as of {}{moved}", self.at(pin.as_of)));
        }
    }

    fn message(&self, m: &Message, lines: &mut Vec<String>) {
        let detail = if m.detail.is_empty() { String::new() } else { format!(": {}", escape(&m.detail)) };
        let state = match m.state {
            MessageState::Draft | MessageState::Approved | MessageState::Sending => format!("{}, not sent", m.state),
            MessageState::Sent => format!("sent{detail}"),
            MessageState::Delivered => format!("delivered{detail}"),
            MessageState::Failed => format!("**failed**{detail}"),
            MessageState::Unknown => format!("**may have gone, the answer was lost**{detail}"),
            MessageState::Skipped => format!("skipped{detail}"),
            MessageState::SentElsewhere => match &m.proof {
                Some(given) => format!("told by {}, proof: {}", escape(&m.detail), escape(given)),
                None => format!("told by {}, *claimed*", escape(&m.detail)),
            },
        };
        let at = m.told.map_or_else(|| format!("drafted {}", self.at(m.drafted)), |at| self.at(at));
        let approved = m.approved.as_ref().map(|(by, _)| format!(", approved by {}", escape(by))).unwrap_or_default();
        let next = m.next_update.map(|at| format!(", next word promised by {}", self.at(at))).unwrap_or_default();
        let (round, author) = (m.round, escape(&m.author));
        lines.push(format!("  - {at}: {round} over {}, {state} ({author}{approved}{next})", self.channel(&m.channel)));
        self.grounds(m, lines);
        let counts = m.recipients.counts();
        if counts.all > 0 {
            lines.push(format!("    - Recipients: {}", counts.said()));
            let mut others: Vec<_> = m.recipients.iter().filter(|(_, r)| r.state.short()).collect();
            others.sort_by_key(|(to, r)| (r.state, *to));
            for (to, r) in others {
                let why = if r.detail.is_empty() { String::new() } else { format!(": {}", escape(&r.detail)) };
                lines.push(format!("      - {} **{}**{why}", escape(to), r.state));
            }
        }
        let unproved = proof(m) == "none" && !m.text.is_empty();
        let label = match (m.state, unproved) {
            (MessageState::Unknown, _) => "Text (may have gone)",
            (_, true) => "Text (did not go out, as far as is known)",
            (_, false) => "Text",
        };
        for (index, text) in m.text.lines().enumerate() {
            let label = if index == 0 { format!("{label}: ") } else { String::new() };
            // Each line is an item, so that none can become anything else.
            lines.push(format!("    - {label}{}", escape(text)));
        }
    }

    fn promises(&mut self) {
        self.heading("Promises");
        let promise = |p: &crate::incident::state::Promise| {
            let state = match p.kept {
                Some(at) if at > p.due => format!("kept {} late, {}", duration::short(at - p.due, false), self.at(at)),
                Some(at) => format!("kept, {}", self.at(at)),
                None if p.due < self.now => format!("**not kept**, {} late", duration::short(self.now - p.due, false)),
                None => "open".to_owned(),
            };
            format!(
                "- {} to {} by {} (owner {}): {state}",
                escape(&p.text),
                self.audience(&p.to),
                self.at(p.due),
                escape(&p.owner)
            )
        };
        let mut promises: Vec<&crate::incident::state::Promise> = self.incident.promises.values().collect();
        promises.sort_by_key(|p| (p.due, p.id));
        let lines: Vec<String> = promises.into_iter().map(promise).collect();
        self.list(&lines, "None was made.");
    }

    fn agencies(&mut self) {
        self.heading("Agencies");
        self.add("An aid, not legal advice.\n");
        let mut lines = Vec::new();
        let mut quiet = Vec::new();
        let known: Vec<&str> = self.situation.obligations.iter().map(|o| o.rule.as_str()).collect();
        for o in &self.situation.obligations {
            let touched = o.stages.iter().any(|s| s.state != StageState::Pending);
            let state = match &o.state {
                Standing::Due => "due".to_owned(),
                Standing::Unknown(missing) => format!("not known, hangs on: {}", escape(&missing.join(", "))),
                Standing::NotTriggered | Standing::NotInForce if !touched => {
                    quiet.push(escape(&o.title));
                    continue;
                }
                Standing::NotTriggered => "not triggered".to_owned(),
                Standing::NotInForce => "not in force".to_owned(),
            };
            let voluntary = if o.voluntary { ", voluntary" } else { "" };
            let doubt = o.doubt();
            let doubt = if doubt.is_empty() { doubt } else { format!(", {doubt}") };
            lines.push(format!(
                "- **{}**, {} ({}): {state}{voluntary}{doubt}",
                escape(&o.agency),
                escape(&o.title),
                escape(&o.citation)
            ));
            for clock in o.clocks.iter().filter(|c| c.at.is_some()) {
                let assumed = if clock.assumed { ", assumed" } else { "" };
                lines.push(format!(
                    "  - Clock {}: {}, {}{assumed}",
                    escape(&clock.name),
                    self.maybe(clock.at),
                    escape(&clock.why)
                ));
            }
            for stage in &o.stages {
                let due = match stage.due {
                    Some(Due::At(at)) => format!(", due {}", self.at(at)),
                    Some(Due::Asap(since)) => format!(", due at once from {}", self.at(since)),
                    None => String::new(),
                };
                let iff = if stage.iff { " if it applies" } else { "" };
                let to = stage.to.as_ref().map(|to| format!(" to {}", escape(to))).unwrap_or_default();
                let late = match (late(stage, self.now), stage.open()) {
                    (true, true) => ", **overdue**",
                    (true, false) => ", **filed late**",
                    (false, _) => "",
                };
                let other = stage.readings.get(1).map(|r| format!(" (or {}, {})", self.at(r.due.instant()), r.why));
                let other = other.unwrap_or_default();
                let filing = self.incident.filings.get(&(o.rule.clone(), stage.id.clone()));
                let filed = filing.map(|f| self.filing(f)).unwrap_or_default();
                let told = stage.told.as_ref().map(|told| format!(", {} told", told.said())).unwrap_or_default();
                let name = escape(&stage.name);
                lines.push(format!("  - {name}{to}{due}{other}{iff}: {}{told}{late}{filed}", stage.state));
                for (name, told) in self.incident.told.get(&(o.rule.clone(), stage.id.clone())).into_iter().flatten() {
                    let marks = told.by.iter().map(|(way, m)| {
                        let person =
                            if m.person.is_empty() { String::new() } else { format!(" with {}", escape(&m.person)) };
                        format!("{} {}{person}", way.said(), self.at(m.at))
                    });
                    let marks = marks.collect::<Vec<_>>().join(", ");
                    lines.push(format!("    - {}: {marks}", escape(name)));
                }
            }
        }
        for filing in self.incident.filings.values().filter(|f| !known.contains(&f.rule.as_str())) {
            let (rule, stage) = (escape(&filing.rule), escape(&filing.stage));
            lines.push(format!(
                "- {rule}, {stage} (not a rule in force here): {}{}",
                filing.state,
                self.filing(filing)
            ));
        }
        if !quiet.is_empty() {
            lines.push(format!("- Not triggered or not in force: {}", quiet.join("; ")));
        }
        self.list(&lines, "No rule concerns the organisation.");
    }

    fn filing(&self, f: &crate::incident::stage::Filing) -> String {
        let mut out = String::new();
        if let Some(at) = f.filed {
            let filed = if f.state == StageState::Filed { "" } else { "filed " };
            let _ = write!(out, ", {filed}{} by {}", self.at(at), escape(&f.filed_by));
        }
        for (label, text) in [
            ("reference", &f.reference),
            ("with", &f.person),
            ("over", &f.how.channel),
            ("proof", &f.how.proof),
            ("because", &f.how.why),
            ("", &f.detail),
            ("decided by", &f.decided_by),
        ] {
            if !text.is_empty() {
                let _ = write!(out, ", {label}{}{}", if label.is_empty() { "" } else { " " }, escape(text));
            }
        }
        out
    }

    fn tasks(&mut self) {
        self.heading("Tasks");
        let task = |t: &crate::incident::task::Task| {
            let owner = t.owner.as_deref().map_or("nobody".to_owned(), escape);
            let on = t.blocked_on.as_ref().map(|on| format!(" on {}", escape(on))).unwrap_or_default();
            let result = if t.result.is_empty() { String::new() } else { format!(": {}", escape(&t.result)) };
            format!("- {} ({owner}): {}{on}, {}{result}", escape(&t.title), t.state, self.at(t.moved))
        };
        let mut tasks: Vec<&crate::incident::task::Task> = self.incident.tasks.values().collect();
        tasks.sort_by_key(|t| (t.added, t.id));
        let lines: Vec<String> = tasks.into_iter().map(task).collect();
        self.list(&lines, "None.");
    }

    fn facts(&mut self) {
        self.heading("Facts");
        let mut lines = Vec::new();
        for (name, register) in &self.incident.facts {
            for head in register.heads() {
                let fact = &head.value;
                let value = if fact.value.is_null() { "not known".to_owned() } else { escape(&fact.value.to_string()) };
                let confirmed = fact
                    .confirmed_by
                    .as_deref()
                    .map_or("unconfirmed".to_owned(), |by| format!("confirmed by {}", escape(by)));
                let basis =
                    if fact.basis.is_empty() { String::new() } else { format!(", basis: {}", escape(&fact.basis)) };
                let doubt = if register.conflict() { " **in conflict**" } else { "" };
                lines.push(format!(
                    "- {} = {value} {}{doubt}: {confirmed}{basis}, {} by {}",
                    escape(name),
                    escape(&fact.unit),
                    self.at(head.at),
                    escape(&head.by)
                ));
            }
        }
        for fact in self.plan.facts.iter().filter(|f| !self.incident.facts.contains_key(&f.name)) {
            lines.push(format!("- {}: nobody stated it", escape(&fact.name)));
        }
        self.list(&lines, "None was stated.");
    }

    fn conflicts(&mut self) {
        let conflicts = self.incident.conflicts();
        if conflicts.is_empty() {
            return;
        }
        self.heading("Unsettled conflicts");
        for conflict in conflicts {
            let sides: Vec<String> =
                conflict.sides.iter().map(|(by, says)| format!("{} says {}", escape(by), escape(says))).collect();
            self.add(&format!("- {}: {}", escape(&conflict.what), sides.join("; ")));
        }
    }

    fn timeline(&mut self) {
        self.heading("Timeline");
        self.add("In the order in which things happened. `id` is the entry's; a later recording is named.\n");
        let lines: Vec<String> = self.incident.timeline.iter().map(|row| self.row(row)).collect();
        self.list(&lines, "Nothing is recorded.");
    }

    fn row(&self, row: &Row) -> String {
        let entry = &row.entry;
        let said = line(entry, self.incident, self.plan, self.now, self.zone);
        let minute = |at: Instant| at.timestamp().div_euclid(60);
        let recorded = if minute(entry.happened) == minute(entry.recorded) {
            String::new()
        } else {
            format!(", recorded {}", self.at(entry.recorded))
        };
        let effect = match &row.effect {
            Effect::Applied => String::new(),
            Effect::Without(why) => format!(" **done without the right: {}**", escape(why)),
            Effect::None(why) => format!(" **had no effect: {}**", escape(why)),
            Effect::Retracted(why) => format!(" **taken back: {}**", escape(why)),
        };
        let was = match (self.incident.amended.contains_key(&entry.id), words(&entry.what)) {
            (true, Some(was)) => format!(" *was: {}*", escape(was)),
            _ => String::new(),
        };
        let text = match &row.effect {
            Effect::Retracted(_) => format!("~~{}~~", escape(&said.text)),
            Effect::Applied | Effect::Without(_) | Effect::None(_) => escape(&said.text),
        };
        let by = format!("{} on {}", escape(&entry.author.person), escape(&entry.author.host));
        let id = entry.id.short();
        format!("- {}{recorded} **{}** {text}{was} ({by}, `{id}`){effect}", self.at(entry.happened), escape(said.tag),)
    }

    fn not_understood(&mut self) {
        self.heading("What could not be understood");
        let rows = self.incident.timeline.iter().filter_map(|row| match &row.entry.what {
            What::Unknown { kind, raw } => Some(format!(
                "- `{}` {}, {} bytes, by {} on {}",
                row.entry.id,
                escape(kind),
                raw.len(),
                escape(&row.entry.author.person),
                escape(&row.entry.author.host)
            )),
            _ => None,
        });
        let mut lines: Vec<String> = rows.collect();
        if !lines.is_empty() {
            lines.push("\nThese need a newer warroom, or are damaged; they are kept whole in the journal.".to_owned());
        }
        self.list(&lines, "Everything was.");
        if self.incident.duplicates > 0 {
            self.add(&format!("\nRecorded by more than one writer and counted once: {}.", self.incident.duplicates));
        }
    }

    fn sources(&mut self) {
        self.heading("Sources and gaps");
        let mut lines = Vec::new();
        for source in &self.situation.signals.sources {
            let health = match source.health {
                Health::Fresh => "answers",
                Health::Stale => "stale",
                Health::Failing => "failing",
                Health::Never => "has never answered",
            };
            let error = source.error.as_ref().map(|e| format!(": {}", escape(e))).unwrap_or_default();
            let partial = source.partial.as_ref().map(|p| format!(" (partial: {})", escape(p))).unwrap_or_default();
            lines.push(format!(
                "- {} ({} {}): {health}{error}{partial}",
                escape(&source.name),
                escape(&source.family),
                escape(&source.kind)
            ));
        }
        // When we could not ask, and for how long.
        let changes: Vec<(&str, Instant, bool)> = self
            .incident
            .timeline
            .iter()
            .filter_map(|row| match &row.entry.what {
                What::SourceFailing(w) => Some((w.source.as_str(), row.entry.happened, true)),
                What::SourceBack(w) => Some((w.source.as_str(), row.entry.happened, false)),
                _ => None,
            })
            .collect();
        for (index, (name, from, failing)) in changes.iter().enumerate() {
            if !failing {
                continue;
            }
            let back = changes.iter().skip(index + 1).find(|(n, _, failing)| n == name && !failing);
            let until = back.map_or("on".to_owned(), |(_, at, _)| format!("to {}", self.at(*at)));
            lines.push(format!("- Not heard: {}, from {} {until}", escape(name), self.at(*from)));
        }
        for ((_, name), metric) in &self.incident.metrics {
            for (index, (from, value)) in metric.history.iter().enumerate() {
                if value.is_some() {
                    continue;
                }
                let next = metric.history.iter().skip(index + 1).find(|(_, v)| v.is_some());
                let until = next.map_or("on".to_owned(), |(at, _)| format!("to {}", self.at(*at)));
                lines.push(format!("- No value: {}, from {} {until}", escape(name), self.at(*from)));
            }
            if let Some((value, at)) = metric.last_known {
                lines.push(format!(
                    "- Last value: {} {} {}, {}",
                    escape(name),
                    number(value),
                    escape(&metric.unit),
                    self.at(at)
                ));
            }
        }
        self.list(&lines, "No source was asked.");
    }

    fn heads(&mut self, heads: &[(WriterId, u64, Hash)]) {
        self.heading("What this record rests on");
        self.add("The last entry of each writer when this page was made; a journal that holds these holds what is told here.\n");
        let lines: Vec<String> = heads
            .iter()
            .map(|(writer, seq, hash)| format!("- writer `{writer}`, entry {seq}, hash `{}`", hash.hex()))
            .collect();
        self.list(&lines, "No head was given.");
        self.add(&format!("\nMade {}.", self.at(self.now)));
    }
}
