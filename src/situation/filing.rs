//! What a filing has to say, as far as it is known, and what one that was made says that is not so any more. Files nothing.

use chrono_tz::Tz;
use serde_json::Value;

use super::known::{Facts, Origin, clock_of};
use super::obligations::Standing;
use super::wording::shown;
use crate::incident::Instant;
use crate::incident::plan::Plan;
use crate::incident::rule::{Rule, Rules, Stage};
use crate::incident::stage::{Figures, Filing};
use crate::incident::state::Incident;
use crate::incident::words::{Role, StageState};
use crate::rulebook::{FactValue, expression};
use crate::text::instant;

/// The subject of a worksheet that is mailed.
pub fn subject(incident: &Incident, heading: &str) -> String {
    crate::text::leaving::line(&format!("[warroom] worksheet {heading} ({})", incident.title()))
}

/// What a rule asks a filing to say, and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    pub asked: String,
    /// None: not known.
    pub said: Option<String>,
    /// It asks for several things, and this is not all of them.
    pub partly: bool,
    /// The facts that would say it.
    pub facts: Vec<String>,
}

/// Everything that a worksheet is filled from.
pub struct Sheet<'a> {
    pub incident: &'a Incident,
    pub plan: &'a Plan,
    pub rules: &'a Rules,
    pub facts: &'a Facts<'a>,
    pub rule: &'a Rule,
    pub stage: &'a Stage,
    pub now: Instant,
    pub zone: Tz,
}

/// Words that a rule's content may name in braces beside facts and clocks, with the beginnings of words by which an item that
/// names nothing is understood.
const WORDS: &[(&str, &[&str])] = &[
    ("identifier", &["identifier"]),
    ("contact", &["contact", "to reach us"]),
    ("started", &["began", "when it happened", "start of the outage"]),
    ("detected", &["discovered", "when we became aware"]),
    ("expected_restoration", &["expected restoration", "time of restoration", "estimated restoration"]),
    ("down", &["services affected", "service affected", "kinds of service"]),
    ("users_affected", &["users affected", "number of users", "users potentially affected"]),
    ("cause", &["best-known cause", "root cause", "cause"]),
    ("stage", &["whether this is the initial"]),
];

/// Whether these words stand in the text, whole.
fn holds_words(text: &str, words: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(words).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + words.len()..]);
        !letter(before.chars().next_back()) && !letter(after.chars().next())
    })
}

impl Sheet<'_> {
    /// All that the rule asks for, in its order.
    pub fn items(&self) -> Vec<Item> {
        self.rule.content.iter().map(|asked| self.item(asked)).collect()
    }

    fn item(&self, asked: &str) -> Item {
        let mut names = in_braces(asked);
        let by_words = names.is_empty();
        if by_words {
            names = self.by_words(asked);
        }
        let several = asked.contains([',', ';']) || asked.contains(" and ");
        let said: Vec<String> = names.iter().filter_map(|name| self.word(name)).collect();
        let all = said.len() == names.len();
        let facts = names.into_iter().filter(|name| self.is_fact(name)).collect();
        Item {
            asked: without_braces(asked),
            said: Some(said.join("; ")).filter(|said| !said.is_empty()),
            // Which of several things our words answer, nobody but a reader can say; what a rule names, it names whole.
            partly: if by_words { several } else { !all },
            facts,
        }
    }

    /// The names that an item may mean that names nothing: facts all of whose words stand in it, then our own words.
    fn by_words(&self, asked: &str) -> Vec<String> {
        let text = asked.to_lowercase();
        let all_in = |name: &str| name.split('_').all(|word| text.contains(word));
        let mut names: Vec<String> = self.fact_names().into_iter().filter(|name| all_in(name)).collect();
        for (name, beginnings) in WORDS {
            if beginnings.iter().any(|b| holds_words(&text, b)) && !names.iter().any(|n| n == name) {
                names.push((*name).to_owned());
            }
        }
        names
    }

    /// The facts that this incident, its plan and this rule name.
    fn fact_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.incident.facts.keys().cloned().collect();
        names.extend(self.plan.facts.iter().map(|f| f.name.clone()));
        names.extend(self.conditions());
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The facts on which it hangs that this has to be filed.
    pub fn conditions(&self) -> Vec<String> {
        let texts = std::iter::once(self.rule.when.as_str()).chain(self.stage.only_if.as_deref());
        let parsed: Vec<_> = texts.filter_map(|text| expression::parse(text).ok()).collect();
        parsed.iter().flat_map(|e| e.facts()).map(str::to_owned).collect()
    }

    fn is_fact(&self, name: &str) -> bool {
        self.rules.fact(name).is_some() || self.fact_names().iter().any(|n| n == name) || name == "cause"
    }

    /// What is known of a word; None: nothing.
    pub fn word(&self, name: &str) -> Option<String> {
        let echo = |at| instant::echo(at, self.zone);
        let declared = self.incident.declared.as_ref();
        match name {
            "identifier" => declared.map(|d| format!("our incident {}", d.entry.short())),
            "title" => Some(self.incident.title().to_owned()),
            "severity" => Some(self.incident.severity().to_string()),
            "phase" => Some(self.incident.phase().to_string()),
            "stage" => Some(self.stage.name.clone()),
            "started" => declared.map(|d| echo(d.started)),
            "detected" => self.clock("discovery"),
            "now" => Some(echo(self.now)),
            "down" => {
                Some(crate::incident::decide::components_down(self.incident).join(", ")).filter(|s| !s.is_empty())
            }
            "contact" => self.contact(),
            _ if self.rules.clock(name).is_some() && !self.is_stated(name) => self.clock(name),
            _ => self.fact(name),
        }
    }

    fn is_stated(&self, name: &str) -> bool {
        self.incident.facts.contains_key(name)
    }

    fn clock(&self, name: &str) -> Option<String> {
        let found = clock_of(self.incident, &self.rule.id, name);
        let assumed = if found.assumed { " (ASSUMED)" } else { "" };
        found.at.map(|at| format!("{}{assumed}", instant::echo(at, self.zone)))
    }

    fn contact(&self) -> Option<String> {
        let liaison = self.incident.holder(Role::Liaison).or_else(|| self.incident.holder(Role::Commander))?;
        let ways = self.incident.leading.contacts.iter().filter(|((of, _), _)| of == liaison);
        let ways = ways.filter_map(|((_, way), r)| Some(format!("{way} {}", r.agreed()?.as_ref()?.address)));
        Some(std::iter::once(liaison.to_owned()).chain(ways).collect::<Vec<_>>().join(", "))
    }

    fn fact(&self, name: &str) -> Option<String> {
        let value = self.value(name)?;
        let unit = self.plan.facts.iter().find(|f| f.name == name).map(|f| f.unit.as_str()).unwrap_or_default();
        let unit = if value.is_number() && !unit.is_empty() { format!(" {unit}") } else { String::new() };
        let from = self.facts.view(name).origin;
        let from = match self.incident.facts.get(name).and_then(|r| r.setting()) {
            Some(set) => match &set.value.confirmed_by {
                Some(by) => format!("confirmed by {by}"),
                None => format!("UNCONFIRMED, said by {}", set.by),
            },
            None => said(&from),
        };
        Some(format!("{name} {}{unit} ({from})", shown(&value)))
    }

    /// A fact's value now; None: not known.
    fn value(&self, name: &str) -> Option<Value> {
        match self.facts.value(name) {
            FactValue::Integer(n) => Some(n.into()),
            FactValue::Boolean(value) => Some(value.into()),
            FactValue::Unknown => self.incident.fact(name).map(|f| f.value.clone()),
        }
    }

    /// What a decision not to file, or to take a filing back, rests on: the same, and how the rule stood.
    pub fn decided_on(&self, standing: &Standing) -> Figures {
        let mut figures = self.figures();
        figures.insert(STANDING.to_owned(), standing.word().into());
        figures
    }

    /// What a filing made now would rest on: the facts of its conditions and of its content, with their values. What grows by
    /// itself is no statement.
    pub fn figures(&self) -> Figures {
        let named = self.items().into_iter().flat_map(|item| item.facts).chain(self.conditions());
        let stands = named.filter(|name| self.facts.growth.series(name).is_none());
        stands.filter_map(|name| Some((name.clone(), self.value(&name)?))).collect()
    }
}

/// Where a fact that no person stated comes from.
pub fn said(origin: &Origin) -> String {
    match origin {
        Origin::Person { by, .. } => format!("said by {by}"),
        Origin::Conflict => "people said different things".to_owned(),
        Origin::Metric { source, metric } => format!("measured by {source} as {metric}"),
        Origin::Component { source, component, state, .. } => {
            format!("{component} {} on {source}", state.map_or("GONE", |s| s.short()))
        }
        Origin::Grows { at_least: false } => "grows by itself".to_owned(),
        Origin::Grows { at_least: true } => "at least: the count had gaps".to_owned(),
        Origin::Nobody => "nobody said".to_owned(),
    }
}

/// An item as it is asked, without what fills it; where it is nothing else, its names.
fn without_braces(asked: &str) -> String {
    let mut out = String::new();
    for (index, part) in asked.split('{').enumerate() {
        let rest = if index == 0 { part } else { part.split_once('}').map_or(part, |(_, rest)| rest) };
        out.push_str(rest);
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    if words.is_empty() { asked.replace(['{', '}'], "") } else { words.join(" ") }
}

fn in_braces(text: &str) -> Vec<String> {
    let parts = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
    parts.map(|(name, _)| name.trim().to_owned()).collect()
}

/// Under which a decision keeps how the rule stood: no fact is called so.
const STANDING: &str = "(rule)";

/// Why a decision not to file, or to take a filing back, does not stand as it was made: the facts on which the duty hangs have
/// changed since, or the threshold was met only then. None: it stands, or nothing of the kind was decided.
pub fn overtaken(sheet: &Sheet<'_>, filing: &Filing, reportable: Option<Instant>) -> Option<String> {
    let decided = filing.decided?;
    let (incident, plan) = (sheet.incident, sheet.plan);
    let mut changed: Vec<String> = Vec::new();
    match filing.how.figures.get(STANDING).and_then(Value::as_str) {
        Some(then) if then != Standing::Due.word() => {
            changed.push(format!("the rule was {} then", then.replace('_', " ")))
        }
        // Of what was not written down, or is withheld, nothing is known to have changed.
        None => return None,
        Some(_) => {}
    }
    for name in sheet.conditions() {
        // What grows by itself is judged by when the threshold was met.
        let Some(is) = sheet.value(&name).filter(|_| sheet.facts.growth.series(&name).is_none()) else { continue };
        match filing.how.figures.get(&name) {
            None => changed.push(format!("{name} is {} now, not known then", shown(&is))),
            Some(was) if moves(incident, plan, &name, was, &is) => {
                changed.push(format!("{name} is {} now, not {}", shown(&is), shown(was)));
            }
            Some(_) => {}
        }
    }
    if let Some(met) = reportable.filter(|met| *met > decided) {
        changed.push(format!("its threshold was met {}", instant::clock_zoned(met, sheet.now, sheet.zone)));
    }
    changed.dedup();
    let by = if filing.decided_by.is_empty() { String::new() } else { format!(" by {}", filing.decided_by) };
    let what = format!("{}{by}, \"{}\"", filing.state, filing.detail);
    (!changed.is_empty()).then(|| format!("{}; before that it was {what}", changed.join(", ")))
}

/// A filing that says what is not so any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Supplement {
    pub rule: String,
    pub stage: String,
    /// Who has to be corrected, and what was filed.
    pub whom: String,
    pub reference: String,
    pub filed: Instant,
    pub moved: Vec<Moved>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    pub name: String,
    pub was: Value,
    pub is: Value,
}

/// The filings to be supplemented: of each rule the last that said anything, where a number moved beyond its tolerance or a
/// statement changed. That a number is not known now corrects nothing.
pub fn supplements(incident: &Incident, plan: &Plan, rules: &Rules, facts: &Facts<'_>) -> Vec<Supplement> {
    let mut last: std::collections::BTreeMap<&str, &Filing> = Default::default();
    for filing in incident.filings.values() {
        let told = matches!(filing.state, StageState::Filed | StageState::Confirmed) && !filing.how.figures.is_empty();
        let Some(rule) = rules.get(&filing.rule).filter(|_| told) else { continue };
        let best = last.entry(rule.group()).or_insert(filing);
        let newest = |f: &Filing| f.rounds.last().map(|round| round.at);
        if newest(filing) > newest(best) {
            *best = filing;
        }
    }
    let mut out: Vec<Supplement> =
        last.into_values().filter_map(|f| supplement(incident, plan, rules, facts, f)).collect();
    out.sort_by_key(|s| s.filed);
    out
}

fn supplement(
    incident: &Incident,
    plan: &Plan,
    rules: &Rules,
    facts: &Facts<'_>,
    filing: &Filing,
) -> Option<Supplement> {
    let rule = rules.get(&filing.rule)?;
    let stage = rule.stages.iter().find(|s| s.id == filing.stage)?;
    let is = |name: &str| match facts.value(name) {
        FactValue::Integer(n) => Some(Value::from(n)),
        FactValue::Boolean(value) => Some(value.into()),
        FactValue::Unknown => incident.fact(name).map(|f| f.value.clone()),
    };
    let moved = filing.how.figures.iter().filter_map(|(name, was)| {
        let is = is(name)?;
        moves(incident, plan, name, was, &is).then(|| Moved { name: name.clone(), was: was.clone(), is })
    });
    let moved: Vec<Moved> = moved.collect();
    let short = rule.short.as_deref().unwrap_or(&rule.agency);
    (!moved.is_empty()).then(|| Supplement {
        rule: filing.rule.clone(),
        stage: filing.stage.clone(),
        whom: format!("{short} {}", stage.name.to_lowercase()),
        reference: filing.reference.clone(),
        filed: filing.rounds.last().map(|round| round.at).or(filing.filed).unwrap_or_default(),
        moved,
    })
}

/// What a person stated moves by any change, what is measured beyond its tolerance.
fn moves(incident: &Incident, plan: &Plan, name: &str, was: &Value, is: &Value) -> bool {
    match (was.as_f64(), is.as_f64()) {
        (Some(was), Some(is)) if !incident.facts.contains_key(name) => {
            let tolerance = plan.facts.iter().find(|f| f.name == name).map_or(0.1, |f| f.tolerance);
            (is - was).abs() > was.abs() * tolerance
        }
        (Some(was), Some(is)) => was != is,
        _ => was != is,
    }
}
