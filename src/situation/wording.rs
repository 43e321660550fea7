//! What a template may say now, and on which facts a text rests. Only what is known to be so; writes no text itself.

use serde_json::Value;

use super::Situation;
use crate::incident::Instant;
use crate::incident::pin::{Moved, Pin};
use crate::incident::plan::{Audience, Fallback, Plan, PlannedFact};
use crate::incident::state::Incident;
use crate::incident::words::Quality;
use crate::playbook::render::{Corrected, CorrectedFact, Used, Words};
use crate::text::{Safe, counting, instant};

/// The fact that holds when service is expected to be back: for us and for those who plan with it, never for the public.
pub const RESTORATION: &str = "expected_restoration";

/// The words for a text to an audience; what comes from outside is one line of what can be seen. `corrects`: when the text went out that this one corrects, and its facts.
pub fn words(
    incident: &Incident,
    plan: &Plan,
    situation: &Situation,
    audience: &Audience,
    next_update: Instant,
    corrects: Option<(Instant, &[Moved])>,
) -> Words {
    let (now, zone) = (situation.moment.now, situation.zone);
    let clock = |at| instant::clock_zoned(at, now, zone);
    let down = situation.signals.components.iter().filter(|c| c.state.is_some_and(|s| s.harms()));
    let named = |moved: &Moved| CorrectedFact {
        name: meaning(plan, &moved.name),
        was: Safe::new(&shown(&moved.was)).into_string(),
        is: if moved.is.is_null() { "not known".to_owned() } else { Safe::new(&shown(&moved.is)).into_string() },
    };
    let own = |text: &str| Safe::new(text).into_string();
    Words {
        started: incident.started().map(clock).unwrap_or_default(),
        now: clock(now),
        next_update: Some(clock(next_update)),
        phase: incident.phase().to_string(),
        title: own(incident.title()),
        severity: incident.severity().to_string(),
        down: down.map(|c| own(&c.name)).collect(),
        fallbacks: plan.fallbacks.iter().filter(|f| works(incident, situation, f)).map(|f| f.name.clone()).collect(),
        facts: facts(incident, plan, situation),
        restoration: audience.restoration.then(|| match incident.sure(RESTORATION) {
            Some(fact) => own(&shown(&fact.value)),
            None => "not known yet".to_owned(),
        }),
        corrects: corrects.map(|(at, moved)| Corrected { at: clock(at), facts: moved.iter().map(named).collect() }),
    }
}

/// Whether a fallback is known to work: its probe says so, or, where it has none, somebody confirmed it.
pub fn works(incident: &Incident, situation: &Situation, fallback: &Fallback) -> bool {
    match &fallback.metric {
        Some(metric) => live(situation, metric).is_some_and(|live| live.sure && live.value != 0.0),
        None => incident.sure(&fallback_fact(fallback)).is_some_and(|fact| fact.value == true),
    }
}

/// Whether a fallback is known not to work.
pub fn broken(incident: &Incident, situation: &Situation, fallback: &Fallback) -> bool {
    let probe = fallback.metric.as_ref().and_then(|metric| live(situation, metric));
    probe.is_some_and(|live| live.sure && live.value == 0.0)
        || incident.fact(&fallback_fact(fallback)).is_some_and(|fact| fact.value == false)
}

pub fn fallback_fact(fallback: &Fallback) -> String {
    format!("fallback_{}", fallback.id)
}

/// A number of a query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Live {
    pub value: f64,
    /// Exact and fresh: it may stand in a text without a warning.
    pub sure: bool,
    /// Seconds since it was known for certain.
    pub age: Option<i64>,
}

pub fn live(situation: &Situation, metric: &str) -> Option<Live> {
    let of_name = situation.signals.metrics.iter().filter(|m| m.name == metric);
    let view = of_name.max_by(|a, b| a.value.unwrap_or(f64::MIN).total_cmp(&b.value.unwrap_or(f64::MIN)))?;
    let sure = view.current && view.quality == Quality::Exact && !view.estimated;
    Some(Live { value: view.value?, sure, age: view.age })
}

fn facts(incident: &Incident, plan: &Plan, situation: &Situation) -> std::collections::BTreeMap<String, Value> {
    let internal = |name: &str| plan.facts.iter().any(|f| f.name == name && f.internal) || name == RESTORATION;
    let stated = incident.facts.keys().filter(|name| !internal(name));
    let gated = |value: &Value| match value {
        Value::String(text) => Value::from(Safe::new(text).into_string()),
        value => value.clone(),
    };
    let stated = stated.filter_map(|name| incident.sure(name).map(|fact| (name.clone(), gated(&fact.value))));
    let lives = plan.facts.iter().filter(|f| !f.internal && !incident.facts.contains_key(&f.name));
    let lives = lives.filter_map(|fact| {
        let live = live(situation, fact.metric.as_deref()?)?;
        let number = Value::from(live.value);
        // Part of a count is missing while one of its sources is old.
        let said = if live.sure { whole(live.value) } else { Value::from(format!("at least {}", shown(&number))) };
        Some((fact.name.clone(), said))
    });
    lives.chain(stated).collect()
}

/// A number without a fraction as one.
fn whole(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::from(value as i64) } else { Value::from(value) }
}

/// The facts that a rendered template rests on.
pub fn pins(incident: &Incident, plan: &Plan, situation: &Situation, used: &Used) -> Vec<Pin> {
    let mut pins: Vec<Pin> = used.facts.iter().filter_map(|name| pin(incident, plan, situation, name)).collect();
    if used.restoration {
        pins.extend(pin(incident, plan, situation, RESTORATION));
    }
    if used.fallbacks {
        for fallback in plan.fallbacks.iter().filter(|f| works(incident, situation, f)) {
            pins.extend(fallback_pin(situation, fallback));
        }
    }
    pins
}

/// The facts that a text which somebody wrote rests on: those whose number stands in it, and of those that it rested on
/// before the ones that are no numbers.
pub fn pins_of_text(incident: &Incident, plan: &Plan, situation: &Situation, text: &str, before: &[Pin]) -> Vec<Pin> {
    let planned = plan.facts.iter().map(|f| f.name.as_str());
    let names = planned.chain(incident.facts.keys().map(String::as_str)).collect::<std::collections::BTreeSet<_>>();
    let now = names.into_iter().filter_map(|name| pin(incident, plan, situation, name));
    let mut pins: Vec<Pin> = now.filter(|pin| pin.value.is_number() && holds(text, &pin.value)).collect();
    for fallback in plan.fallbacks.iter().filter(|f| names_it(text, &f.name) && works(incident, situation, f)) {
        pins.extend(fallback_pin(situation, fallback));
    }
    for pin in before.iter().filter(|pin| !pin.value.is_number()) {
        if !pins.iter().any(|known| known.name == pin.name) && !pin.name.starts_with("fallback_") {
            pins.push(pin.clone());
        }
    }
    pins
}

fn fallback_pin(situation: &Situation, fallback: &Fallback) -> Option<Pin> {
    let value = match &fallback.metric {
        Some(metric) => Value::from(live(situation, metric)?.value),
        None => Value::from(true),
    };
    // Whatever its probe counts, it works until that is nought.
    let tolerance = f64::from(u32::MAX);
    let (name, metric) = (fallback_fact(fallback), fallback.metric.clone());
    Some(Pin { name, value, as_of: situation.moment.now, metric, tolerance })
}

fn pin(incident: &Incident, plan: &Plan, situation: &Situation, name: &str) -> Option<Pin> {
    let planned = plan.facts.iter().find(|f| f.name == name);
    if let Some(fact) = incident.sure(name) {
        let as_of = incident.facts.get(name).and_then(|r| r.setting()).map_or(situation.moment.now, |s| s.at);
        return Some(Pin { name: name.to_owned(), value: fact.value.clone(), as_of, metric: None, tolerance: 0.0 });
    }
    let PlannedFact { metric: Some(metric), tolerance, .. } = planned? else { return None };
    if incident.facts.contains_key(name) {
        return None;
    }
    let live = live(situation, metric)?;
    let as_of = situation.moment.now - chrono::TimeDelta::try_seconds(live.age.unwrap_or(0)).unwrap_or_default();
    let (value, metric) = (whole(live.value), Some(metric.clone()));
    Some(Pin { name: name.to_owned(), value, as_of, metric, tolerance: *tolerance })
}

/// A value as a text shows it: thousands set apart.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_i64().or_else(|| whole(number.as_f64()?).as_i64()) {
            Some(whole) => counting::grouped(whole),
            None => number.to_string(),
        },
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// The ways in which a number may stand in a text.
fn forms(value: &Value) -> Vec<String> {
    let plain = whole(value.as_f64().unwrap_or_default()).to_string();
    let mut forms = vec![shown(value), plain];
    forms.dedup();
    forms
}

/// Whether a number stands in a text, by itself.
pub fn holds(text: &str, value: &Value) -> bool {
    // A small number stands in many texts that do not speak of the fact.
    value.as_f64().is_some_and(|n| n.abs() >= 100.0) && forms(value).iter().any(|form| find(text, form).is_some())
}

/// The text with a number in the place of another; None: it does not stand there.
pub fn replaced(text: &str, was: &Value, is: &Value) -> Option<String> {
    let form = forms(was).into_iter().find(|form| find(text, form).is_some())?;
    let new = shown(is);
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = find(rest, &form) {
        out.push_str(rest.get(..at)?);
        out.push_str(&new);
        rest = rest.get(at + form.len()..)?;
    }
    out.push_str(rest);
    Some(out)
}

/// Where a number stands by itself: not as a part of a longer one.
fn find(text: &str, form: &str) -> Option<usize> {
    text.match_indices(form).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|t| t.chars().next_back());
        let mut after = text.get(at + form.len()..).unwrap_or_default().chars();
        let (next, then) = (after.next(), after.next());
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        let goes_on = digit(next) || (matches!(next, Some(',' | '.')) && digit(then));
        !digit(before) && !matches!(before, Some(',' | '.')) && !goes_on
    })
}

/// Whether a text names a thing, in whichever case.
pub fn names_it(text: &str, name: &str) -> bool {
    !name.trim().is_empty() && text.to_lowercase().contains(&name.to_lowercase())
}

/// What a fact is called in a text.
fn meaning(plan: &Plan, name: &str) -> String {
    let planned = plan.facts.iter().find(|f| f.name == name);
    planned.map(|f| f.meaning.as_str()).filter(|m| !m.is_empty()).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_either_form_and_never_inside_another() {
        for text in ["about 125,000,000 users", "125000000 users.", "(125,000,000)"] {
            assert!(holds(text, &125_000_000.into()), "{text}");
        }
        for text in ["1,125,000,000 users", "125,000,000,000", "12500000", "125,000,000.5"] {
            assert!(!holds(text, &125_000_000.into()), "{text}");
        }
        assert!(!holds("in 10 minutes", &10.into()));
        let new = replaced("125,000,000 of 125000000: 125,000,000", &125_000_000.into(), &62_000_000.into());
        assert_eq!(new.unwrap(), "62,000,000 of 125000000: 62,000,000");
        assert_eq!(replaced("nobody", &125.into(), &62.into()), None);
    }
}
