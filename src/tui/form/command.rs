//! The command that a filled form stands for.

use super::{Form, Help, Kind, Purpose};
use crate::incident::Instant;
use crate::incident::command::{Command, Decision, TeamWish};
use crate::incident::stage::How;
use crate::text::instant;

impl Form {
    /// The command that the form stands for, or what is wrong with it.
    pub fn command(&self, help: &Help<'_>) -> Result<Command, String> {
        let texts = self.texts();
        let text = |i: usize| texts.get(i).map(|t| t.trim().to_owned()).unwrap_or_default();
        let some = |i: usize| Some(text(i)).filter(|t| !t.is_empty());
        let minutes = |i: usize| -> Result<u32, String> {
            text(i).trim_end_matches('m').parse().map_err(|_| "minutes: a whole number".to_owned())
        };
        let named = |i: usize, why: String| format!("{}: {why}", self.fields.get(i).map_or("", |f| f.label));
        let past = |i: usize| {
            some(i).map(|t| instant::parse_past(&t, help.now, help.zone)).transpose().map_err(|why| named(i, why))
        };
        let next = |i: usize| {
            some(i)
                .map(|t| instant::parse_next(&span(&t), help.now, help.zone))
                .transpose()
                .map_err(|why| named(i, why))
        };
        for field in &self.fields {
            if let Kind::Choice(words) = &field.kind
                && !field.value().trim().is_empty()
                && !words.iter().any(|w| *w == field.value().trim())
                && !matches!(self.purpose, Purpose::Fact | Purpose::Clock | Purpose::Call | Purpose::SubTeams { .. })
            {
                return Err(format!("{}: one of {}", field.label, words.join(", ")));
            }
        }
        Ok(match &self.purpose {
            Purpose::Note => {
                let raw = text(0);
                let (at, text) = match note_time(&raw, help) {
                    Some((at, rest)) => (Some(at?), rest.to_owned()),
                    None => (None, raw),
                };
                Command::Note { text, at, follow_up: false }
            }
            Purpose::Task => Command::AddTask { title: text(0), team: None, owner: some(1), minutes: minutes(2)? },
            Purpose::Assign { task, .. } => Command::Assign { task: *task, owner: text(0), minutes: minutes(1)? },
            Purpose::Extend { task, .. } => Command::ExtendTask { task: *task, minutes: minutes(0)?, why: text(1) },
            Purpose::Block { task, .. } => Command::BlockTask { task: *task, on: text(0) },
            Purpose::CancelTask { task, .. } => Command::CancelTask { task: *task, why: text(0) },
            Purpose::Decide { answers } => Command::Decide(Decision {
                answers: *answers,
                proposal: text(0),
                outcome: text(1),
                acts: some(2),
                check_at: next(3)?,
                objections: some(4),
                refused: some(5).into_iter().collect(),
                reversal: some(6),
            }),
            Purpose::Ask => Command::Ask { proposal: text(0), by: text(1), risk: text(2) },
            Purpose::Role { .. } => Command::SetRole { role: text(0).parse()?, holder: some(1), why: text(2) },
            Purpose::Offer { role } => {
                let (worries, brief) = (text(1), text(2));
                let brief = if worries.is_empty() { brief } else { format!("{brief}\nWORRIES     {worries}") };
                Command::Offer { role: *role, to: text(0), brief }
            }
            Purpose::RefuseOffer { offer } => Command::RefuseOffer { offer: *offer, why: text(0) },
            Purpose::SubTeams { .. } => {
                let mut wishes = vec![team_wish(&text(0), &text(1))];
                if let Some(second) = some(2) {
                    wishes.push(team_wish(&second, &text(3)));
                }
                Command::SetTeams(wishes)
            }
            Purpose::TimeOut => {
                let timeout = help.timeout.ok_or("no time-out is on disk yet: O starts one")?;
                // Typed in one go they are apart by semicolons.
                let first = text(0);
                let one = (1..4).all(|i| text(i).is_empty());
                let mut parts = first.splitn(4, ';').map(|part| part.trim().to_owned());
                let mut fields = (0..4).map(text);
                let mut answer = || if one { parts.next() } else { fields.next() }.unwrap_or_default();
                let (known, assumed, change_mind, tired) = (answer(), answer(), answer(), answer());
                Command::EndTimeOut { timeout, known, assumed, change_mind, tired }
            }
            Purpose::Objectives => Command::SetObjectives { text: text(0), until: next(1)? },
            Purpose::End => Command::ReachEnd { end: text(0).parse()?, at: past(1)?, basis: text(2) },
            Purpose::Contact { .. } => Command::SetContact {
                of: text(0),
                way: text(1),
                address: some(2),
                needs: text(3).split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect(),
            },
            Purpose::Phase => Command::SetPhase { phase: text(0).parse()?, why: text(1), by_name: some(2) },
            Purpose::Severity => Command::SetSeverity { severity: text(0).parse()?, why: text(1) },
            Purpose::Fact => {
                let (confirmed_by, basis) = match (some(3), said_by(&text(2), help)) {
                    (None, Some((person, basis))) => (Some(person), basis),
                    (given, _) => (given, text(2)),
                };
                Command::SetFact { name: text(0), value: fact_value(&text(1)), basis, confirmed_by, at: past(4)? }
            }
            Purpose::Clock => {
                let at = past(1)?.ok_or("at: a time")?;
                Command::SetClock { clock: text(0), at, why: text(2), assumed: false }
            }
            Purpose::Promise => {
                let due = next(2)?.ok_or("by: a time")?;
                Command::Promise { text: text(0), to: text(1), due }
            }
            Purpose::Elsewhere { .. } => Command::RecordElsewhere {
                audience: text(0),
                channel: text(1),
                by: text(2),
                at: past(3)?,
                proof: some(4),
                text: String::new(),
                next_update: next(5)?,
            },
            Purpose::File { rule, stage, .. } => Command::File {
                rule: rule.clone(),
                stage: stage.clone(),
                reference: text(0),
                person: text(1),
                at: past(2)?,
                how: How { channel: text(3), proof: text(4), why: text(5), ..How::default() },
            },
            Purpose::Tell { rule, stage, name, by, .. } => Command::Tell {
                rule: rule.clone(),
                stage: stage.clone(),
                name: name.clone(),
                by: *by,
                person: text(0),
                at: past(1)?,
            },
            Purpose::Call => Command::TakeCall {
                agency: text(0),
                due: next(1)?.ok_or("answer by: a time")?,
                about: text(2),
                caller: text(3),
                taken_by: text(4),
            },
            Purpose::Confirm { rule, stage, .. } => {
                Command::ConfirmStage { rule: rule.clone(), stage: stage.clone(), how: text(0) }
            }
            Purpose::Waive { rule, stage } => {
                let (rule, stage, figures) = (rule.clone(), stage.clone(), Default::default());
                Command::WaiveStage { rule, stage, why: text(0), by: text(1), figures }
            }
            Purpose::Withdraw { rule, stage } => {
                let (rule, stage, figures) = (rule.clone(), stage.clone(), Default::default());
                Command::WithdrawStage { rule, stage, why: text(0), by: text(1), figures }
            }
            Purpose::Amend { entry, .. } => Command::Amend { entry: *entry, text: text(0) },
            Purpose::Settle { message } => {
                Command::SettleMessage { message: *message, went: text(0) == "yes", how: text(1) }
            }
            Purpose::SkipStep { message, text_sha256, .. } => {
                Command::SkipStep { message: *message, text_sha256: text_sha256.clone(), why: text(0) }
            }
            Purpose::Stand { entry } => Command::StandFor { entry: *entry, why: text(0) },
            Purpose::Clear { .. } => Command::ClearFact { name: text(0), step: text(1), basis: text(2) },
            Purpose::Service { .. } => {
                Command::SetService { audience: text(0), harmed: text(1) == "harmed", at: past(3)?, basis: text(2) }
            }
            Purpose::Check { decision, .. } => {
                let worked = match text(0).as_str() {
                    "yes" => Some(true),
                    "no" => Some(false),
                    _ => None,
                };
                Command::CheckDecision { decision: *decision, worked, seen: text(1) }
            }
            Purpose::EditText { .. } => return Err("the review keeps this text".into()),
            Purpose::Mail { .. } => return Err("what would leave is shown first".into()),
        })
    }
}

/// `6` and `6m` for a time to come are spans from now.
pub(super) fn span(text: &str) -> String {
    let text = text.trim();
    let number = text.trim_end_matches(['m', 'h']);
    let is_span = !number.is_empty() && number.len() <= 4 && number.chars().all(|c| c.is_ascii_digit());
    match is_span {
        true if number == text => format!("+{text}m"),
        true => format!("+{text}"),
        false => text.to_owned(),
    }
}

/// `ruiz: counted anew`: who stands for it, and how it is known. Only somebody whom the room knows.
pub(super) fn said_by(text: &str, help: &Help<'_>) -> Option<(String, String)> {
    let (person, basis) = text.split_once(':')?;
    let person = help.people.iter().find(|known| known.eq_ignore_ascii_case(person.trim()))?;
    Some(((*person).to_owned(), basis.trim().to_owned()))
}

/// `core/east` and `ana ben`: the team east out of core, led by ana, with ben.
fn team_wish(team: &str, people: &str) -> TeamWish {
    let between = if people.contains(',') { ',' } else { ' ' };
    let mut people = people.split(between).map(|p| p.trim().to_owned()).filter(|p| !p.is_empty());
    let (parent, team) = match team.split_once('/') {
        Some((parent, team)) => (Some(parent.trim().to_owned()), team.trim().to_owned()),
        None => (None, team.trim().to_owned()),
    };
    TeamWish { team, parent, lead: people.next(), members: people.collect() }
}

/// A fact as typed: a number, true, false, a text; empty is "not known".
pub fn fact_value(text: &str) -> serde_json::Value {
    let text = text.trim();
    match text {
        "" | "unknown" | "?" => serde_json::Value::Null,
        "true" | "yes" => true.into(),
        "false" | "no" => false.into(),
        _ => match number(text) {
            Some(number) => number,
            None => text.into(),
        },
    }
}

/// `125`, `1,200`, `125M`, `125 million`, `1.5`.
fn number(text: &str) -> Option<serde_json::Value> {
    let text = text.replace([',', '_'], "").to_lowercase();
    let (digits, word) = text.split_at(text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len()));
    let times = match word.trim() {
        "" => 1.0,
        "k" | "thousand" => 1e3,
        "m" | "million" => 1e6,
        "b" | "billion" => 1e9,
        _ => return None,
    };
    if let (true, Ok(whole)) = (word.trim().is_empty(), digits.trim().parse::<i64>()) {
        return Some(whole.into());
    }
    let value = digits.trim().parse::<f64>().ok().filter(|n| n.is_finite())? * times;
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Some((value as i64).into());
    }
    serde_json::Number::from_f64(value).map(serde_json::Value::Number)
}

/// A time at the beginning of a note, and the rest of it.
pub fn note_time<'t>(text: &'t str, help: &Help<'_>) -> Option<(Result<Instant, String>, &'t str)> {
    let (first, rest) = text.trim_start().split_once(' ')?;
    let looks = (first.starts_with('-') && first.len() > 1 && first[1..].starts_with(|c: char| c.is_ascii_digit()))
        || (first.len() >= 4
            && first.contains(':')
            && first.chars().all(|c| c.is_ascii_digit() || c == ':' || c == 'Z'));
    looks.then(|| (instant::parse_past(first, help.now, help.zone), rest.trim_start()))
}
