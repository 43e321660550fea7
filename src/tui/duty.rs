//! An agency's duty as the screen shows it: what is said of it at the pane's foot and where it is opened, its worksheet, and the
//! list of those whom it asks to tell one by one. Files nothing.

use super::form::Purpose;
use super::ink::{Piece, piece};
use super::key::{Code, Key};
use super::model::{Effect, Loud, Model, Overlay};
use super::over::inside;
use super::panes::cell;
use super::scene::Scene;
use super::theme::Meaning;
use super::update::copy;
use super::{act::open_form, keymap::Keymap, letter};
use crate::command::Action;
use crate::incident::command::Command;
use crate::incident::rule::Rule;
use crate::incident::words::{StageState, Way};
use crate::report::line::number;
use crate::report::worksheet;
use crate::rulebook::deadline::Due;
use crate::safe;
use crate::situation::filing::{self, Sheet};
use crate::situation::known::Facts;
use crate::situation::obligations::{Obligation, StageView, Standing};
use crate::text::{Safe, instant};

/// What rules may ask of the room now.
fn facts<'a>(scene: &Scene<'a>) -> Facts<'a> {
    let (snapshot, moment) = (scene.snapshot, scene.situation.moment);
    Facts::new(&snapshot.incident, scene.plan(), &snapshot.rules, &snapshot.sources, moment.now, moment.real)
}

fn rule_of<'a>(scene: &Scene<'a>, id: &str) -> Option<&'a Rule> {
    scene.snapshot.rules.get(id)
}

/// What a fact is called beside a number: its unit, else its name.
fn unit(scene: &Scene<'_>, fact: &str) -> String {
    let planned = scene.plan().facts.iter().find(|f| f.name == fact).map(|f| f.unit.clone());
    planned.filter(|unit| !unit.is_empty()).unwrap_or_else(|| match fact {
        "duration_minutes" => "minutes".to_owned(),
        other => other.replace('_', "-"),
    })
}

/// A fact with what it means.
fn meant(scene: &Scene<'_>, fact: &str) -> String {
    let planned = scene.plan().facts.iter().find(|f| f.name == fact).map(|f| f.meaning.as_str());
    let meaning = planned.filter(|m| !m.is_empty()).or(scene.snapshot.rules.fact(fact).map(|f| f.meaning.as_str()));
    meaning.map_or_else(|| fact.to_owned(), |meaning| format!("{fact} ({meaning})"))
}

/// The facts that a stage waits for: those of the rule and its own.
pub fn missing(obligation: &Obligation, stage: Option<&StageView>) -> Vec<String> {
    let of_rule = match &obligation.state {
        Standing::Unknown(missing) => missing.clone(),
        // Asked for before it is late.
        Standing::NotTriggered => obligation.may_fire.iter().flat_map(|may| may.assumes.clone()).collect(),
        Standing::NotInForce | Standing::Due => Vec::new(),
    };
    let mut all = of_rule;
    all.extend(stage.iter().flat_map(|s| &s.missing).cloned());
    all
}

/// How near the thresholds are: `900,000 user-minutes passed 02:46; 30 minutes at 03:15`.
fn meters(scene: &Scene<'_>, model: &Model, obligation: &Obligation) -> String {
    let one = |m: &crate::rulebook::evaluate::Meter| {
        let goal = format!("{} {}", number(m.threshold.goal as f64), unit(scene, &m.threshold.fact));
        let now = format!("{}{}", if m.at_least { "at least " } else { "" }, number(m.value as f64));
        match m.met_at {
            Some(at) if at <= scene.now() => format!("{goal} passed {}", scene.clock(model, at)),
            Some(at) => format!("{goal} at {} (now {now})", scene.clock(model, at)),
            None => format!("{goal} not at this rate (now {now})"),
        }
    };
    obligation.meters.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What is to be said of a stage beside its row, the most needed first.
pub fn about(scene: &Scene<'_>, model: &Model, obligation: &Obligation, stage: &str) -> Vec<(String, Meaning)> {
    let mut out: Vec<(String, Meaning)> = Vec::new();
    let mut add = |text: String, meaning| {
        if !text.is_empty() {
            out.push((text, meaning));
        }
    };
    let found = obligation.stages.iter().find(|s| s.id == stage);
    let lacks = missing(obligation, found);
    if !lacks.is_empty() {
        let lacks: Vec<String> = lacks.iter().map(|fact| meant(scene, fact)).collect();
        add(format!("F states what is missing: {}", lacks.join(", ")), Meaning::Old);
    }
    match obligation.state {
        Standing::NotTriggered => add(obligation.if_not.clone(), Meaning::Text),
        Standing::Unknown(_) if !obligation.if_not.is_empty() => {
            add(format!("if not: {}", obligation.if_not), Meaning::Text)
        }
        Standing::Unknown(_) | Standing::NotInForce | Standing::Due => {}
    }
    if let Some(stage) = found {
        if let Some(overtaken) = &stage.overtaken {
            add(format!("AGAIN: {overtaken}"), Meaning::Late);
        }
        if stage.beyond_calendar {
            add(worksheet::BEYOND.to_owned(), Meaning::Old);
        }
        add(waits(obligation, stage), Meaning::Text);
        let other = stage.readings.get(1).filter(|other| Some(other.due) != stage.due);
        if let Some(other) = other {
            let at = scene.clock_zoned(model, other.due.instant());
            add(format!("or {at} from {}", other.why), Meaning::Text);
        }
        if let Some(told) = &stage.told {
            let ways = told.ways.iter().zip(&told.by_way);
            let ways: Vec<String> = ways.map(|(way, n)| format!("{n} of {} {}", told.all, way.said())).collect();
            add(format!("{}: f opens the list", ways.join(", ")), Meaning::Text);
        }
        match stage.state {
            StageState::Filed => {
                add(format!("filed, not confirmed until: {}", obligation.confirmed_by), Meaning::Soon);
            }
            StageState::Waived | StageState::Withdrawn => {
                add(format!("{}: {}", stage.state, stage.detail), Meaning::Text);
            }
            StageState::Pending | StageState::Drafted | StageState::Confirmed => {}
        }
    }
    add(meters(scene, model, obligation), Meaning::Text);
    if let Some(may) = &obligation.may_fire {
        let at = scene.clock_zoned(model, may.at);
        add(format!("may fire {at}, IF: {} (F states them)", may.assumes.join(" or ")), Meaning::Soon);
    }
    if let (Some(fires), false) = (&obligation.fires, obligation.state == Standing::Due) {
        let given =
            if fires.assumes.is_empty() { String::new() } else { format!(", if {}", fires.assumes.join(" and ")) };
        let at = scene.clock_zoned(model, fires.at);
        let latest = if obligation.at_least() { " at the latest," } else { "" };
        add(format!("fires {at}{latest} at this rate{given}"), Meaning::Soon);
    }
    if obligation.voluntary {
        let why = found.and_then(|s| filing_of(scene, obligation, s)).map(|f| f.how.why.clone()).unwrap_or_default();
        let why = if why.is_empty() { "no law demands it".to_owned() } else { format!("made because {why}") };
        add(format!("voluntary: {why}"), Meaning::Text);
    }
    add(obligation.doubt(), Meaning::Old);
    if let Some(Due::At(at)) = found.and_then(|s| s.due) {
        add(format!("due {}", instant::echo(at, scene.zone(model))), Meaning::Dim);
    }
    out
}

/// Why a stage has no deadline yet; empty where it has one, or needs none.
fn waits(obligation: &Obligation, stage: &StageView) -> String {
    if stage.due.is_some() || !stage.open() {
        return String::new();
    }
    if let Some(again) = stage.again.as_ref().filter(|again| again.ended) {
        return format!("does not come again: {} is set", again.until);
    }
    if let Some(on) = &stage.on {
        return format!("is due on {on}: f records it then");
    }
    match stage.after.strip_prefix(crate::incident::rule::STAGE) {
        Some(earlier) => {
            let named = obligation.stages.iter().find(|s| s.id == earlier).map_or(earlier, |s| s.name.as_str());
            format!("waits for \"{}\": its time runs from when that is filed", named.to_lowercase())
        }
        None => format!("waits for the clock {}: nobody has set it yet, C sets it", stage.after),
    }
}

fn filing_of<'a>(
    scene: &Scene<'a>,
    obligation: &Obligation,
    stage: &StageView,
) -> Option<&'a crate::incident::stage::Filing> {
    scene.snapshot.incident.filings.get(&(obligation.rule.clone(), stage.id.clone()))
}

/// An opened stage, as label, text and meaning.
pub fn opened(scene: &Scene<'_>, model: &Model, rule: &str, stage: &str) -> Vec<(&'static str, String, Meaning)> {
    let mut out: Vec<(&'static str, String, Meaning)> = Vec::new();
    let mut add = |label, text: String, meaning| out.push((label, text, meaning));
    let Some(obligation) = scene.obligations(model).iter().find(|o| o.rule == rule) else { return out };
    let found = obligation.stages.iter().find(|s| s.id == stage);
    add("AGENCY", format!("{}: {}", obligation.agency, obligation.title), Meaning::Header);
    let lacks = missing(obligation, found);
    for (index, fact) in lacks.iter().enumerate() {
        let hint = if index == 0 { "; F states it" } else { "" };
        add(if index == 0 { "ASK" } else { "" }, format!("not known: {}{hint}", meant(scene, fact)), Meaning::Late);
    }
    if let Some(stage) = found {
        let filed = stage.filed.map(|at| format!(", filed {} no. {}", scene.clock(model, at), stage.reference));
        add("STAGE", format!("{}: {}{}", stage.name, stage.state, filed.unwrap_or_default()), Meaning::Text);
        if let Some(Due::At(at)) = stage.due {
            let other = stage.readings.get(1).filter(|other| Some(other.due) != stage.due);
            let other = other.map(|r| format!(" or {}", scene.clock_zoned(model, r.due.instant()))).unwrap_or_default();
            add("DUE", format!("{}{other}", instant::echo(at, scene.zone(model))), Meaning::Text);
        }
        for reading in &stage.readings {
            let (from, due) =
                (scene.clock_zoned(model, reading.clock), scene.clock_zoned(model, reading.due.instant()));
            add("", format!("{due} counts from {from}: {}", reading.why), Meaning::Text);
        }
        add("", stage.detail.clone(), Meaning::Text);
        if let Some(filing) = filing_of(scene, obligation, stage) {
            for past in filing.history.iter().filter(|_| filing.history.len() > 1) {
                add("", format!("{} {}", scene.clock(model, past.at), past.what), Meaning::Text);
            }
            let said = [("by", &filing.how.channel), ("proof", &filing.how.proof), ("because", &filing.how.why)];
            for (label, text) in said.into_iter().filter(|(_, text)| !text.is_empty()) {
                add("", format!("{label} {text}"), Meaning::Text);
            }
            let decided = &filing.decided_by;
            add("", if decided.is_empty() { String::new() } else { format!("decided by {decided}") }, Meaning::Text);
        }
    }
    // What stands above already is not said again.
    let above = |text: &str| text.starts_with("due ") || text.starts_with("or ") || text.starts_with("F states");
    let about = about(scene, model, obligation, stage).into_iter().filter(|(text, _)| !above(text));
    for (index, (text, meaning)) in about.enumerate() {
        add(if index == 0 { "NOW" } else { "" }, text, meaning);
    }
    add("WHEN", obligation.trigger.clone(), Meaning::Text);
    for clock in &obligation.clocks {
        let at = clock.at.map(|at| scene.clock_zoned(model, at)).unwrap_or_else(|| "not set".into());
        let assumed = if clock.assumed { " ASSUMED" } else { "" };
        let own = if clock.own { " for this rule alone" } else { "" };
        add("CLOCK", format!("{} {at}{assumed}{own}: {} ({})", clock.name, clock.why, clock.by), Meaning::Text);
    }
    if let Some(expression) = rule_of(scene, rule).and_then(|r| crate::rulebook::expression::parse(&r.when).ok()) {
        let facts = facts(scene);
        for name in expression.facts() {
            let view = facts.view(name);
            add("FACT", format!("{name}: {}", said(scene, model, &view)), Meaning::Text);
        }
    }
    add("HOW", obligation.method.clone(), Meaning::Text);
    add("PROOF", obligation.confirmed_by.clone(), Meaning::Text);
    let read =
        format!("{}; read {}, confidence {}", obligation.citation, obligation.as_of, obligation.confidence.as_str());
    add("LAW", read, Meaning::Text);
    add("", obligation.binding.said(), Meaning::Old);
    add("NOTE", obligation.note.clone(), Meaning::Dim);
    add("", "An aid, not legal advice.".to_owned(), Meaning::Dim);
    out
}

/// A fact's value, its source and its age.
fn said(scene: &Scene<'_>, model: &Model, view: &crate::situation::known::FactView) -> String {
    use crate::rulebook::FactValue;
    use crate::situation::known::Origin;
    let value = match view.value {
        FactValue::Integer(n) => number(n as f64),
        FactValue::Boolean(value) => value.to_string(),
        FactValue::Unknown => "NOT KNOWN".to_owned(),
    };
    let since = match &view.origin {
        Origin::Person { at, .. } => format!(" at {}", scene.clock(model, *at)),
        Origin::Component { since, first_harm, .. } => {
            let harm = first_harm.map(|at| format!(", harmed since {}", scene.clock(model, at))).unwrap_or_default();
            format!(" for {}{harm}", scene.ago(*since))
        }
        Origin::Conflict | Origin::Metric { .. } | Origin::Grows { .. } | Origin::Nobody => String::new(),
    };
    format!("{value} ({}{since})", filing::said(&view.origin))
}

/// The worksheet of a stage. Empty: there is no such stage.
pub fn sheet(scene: &Scene<'_>, rule: &str, stage: &str) -> Vec<String> {
    let facts = facts(scene);
    let Some(obligation) = scene.situation.obligations.iter().find(|o| o.rule == rule) else { return Vec::new() };
    with_sheet(scene, &facts, rule, stage, |sheet| worksheet::worksheet(sheet, obligation)).unwrap_or_default()
}

fn with_sheet<T>(
    scene: &Scene<'_>,
    facts: &Facts<'_>,
    rule: &str,
    stage: &str,
    make: impl FnOnce(&Sheet<'_>) -> T,
) -> Option<T> {
    let rule = rule_of(scene, rule)?;
    let stage = rule.stages.iter().find(|s| s.id == stage)?;
    let (incident, plan, rules) = (scene.incident(), scene.plan(), &*scene.snapshot.rules);
    let (now, zone) = (scene.now(), scene.situation.zone);
    Some(make(&Sheet { incident, plan, rules, facts, rule, stage, now, zone }))
}

/// A filing, or the decision against one or to take it back, with what was known when it was made.
pub fn with_figures(scene: &Scene<'_>, mut command: Command) -> Command {
    let facts = facts(scene);
    match &mut command {
        Command::File { rule, stage, how, .. } => {
            how.figures = with_sheet(scene, &facts, rule, stage, |sheet| sheet.figures()).unwrap_or_default();
        }
        Command::WaiveStage { rule, stage, figures, .. } | Command::WithdrawStage { rule, stage, figures, .. } => {
            let standing = scene.situation.obligations.iter().find(|o| o.rule == *rule).map(|o| &o.state);
            let standing = standing.unwrap_or(&Standing::NotInForce);
            *figures = with_sheet(scene, &facts, rule, stage, |sheet| sheet.decided_on(standing)).unwrap_or_default();
        }
        _ => {}
    }
    command
}

/// The lines of the worksheet as they are drawn.
pub fn sheet_lines(scene: &Scene<'_>, model: &Model, rule: &str, stage: &str) -> Vec<Vec<Piece>> {
    let columns = inside(model).0;
    let lines = sheet(scene, rule, stage);
    let meaning = |line: &str| match line {
        _ if line.contains(worksheet::NOT_KNOWN) => Meaning::Late,
        _ if line.starts_with(' ') => Meaning::Text,
        _ => Meaning::Title,
    };
    let lines = lines.iter().flat_map(|line| {
        let wrapped = super::over::text_lines(line, columns);
        let meaning = meaning(line);
        wrapped.into_iter().map(move |text| vec![piece(text, meaning)])
    });
    lines.collect()
}

pub fn on_sheet(
    model: &mut Model,
    (rule, stage, scroll): (String, String, usize),
    key: Key,
    scene: &Scene<'_>,
    keymap: &Keymap,
) -> Vec<Effect> {
    let bottom = sheet_lines(scene, model, &rule, &stage).len().saturating_sub(inside(model).1);
    if let Some(scroll) = super::update::scrolled(scroll, bottom, key, keymap) {
        model.overlay = Some(Overlay::Sheet { rule, stage, scroll });
        return Vec::new();
    }
    match key.code {
        Code::Char('p') => {
            let text = sheet(scene, &rule, &stage).join("\n");
            model.overlay = Some(Overlay::Sheet { rule, stage, scroll });
            return vec![Effect::Print(format!("{text}\n"))];
        }
        Code::Char('m') => return letter::ask(model, scene, rule, stage),
        _ => {}
    }
    match keymap.action(key) {
        Some(Action::Copy) => {
            let text = sheet(scene, &rule, &stage).join("\n");
            model.overlay = Some(Overlay::Sheet { rule, stage, scroll });
            copy(model, text)
        }
        Some(Action::File) => file(model, scene, rule, stage),
        Some(Action::Fact) => {
            state_missing(model, scene, &rule, &stage);
            Vec::new()
        }
        Some(Action::Back | Action::Worksheet | Action::Open | Action::Quit) => Vec::new(),
        _ => {
            model.overlay = Some(Overlay::Sheet { rule, stage, scroll });
            Vec::new()
        }
    }
}

/// The form of a filing; it asks why where no law demands it.
pub fn file(model: &mut Model, scene: &Scene<'_>, rule: String, stage: String) -> Vec<Effect> {
    let voluntary = scene.situation.obligations.iter().any(|o| o.rule == rule && o.voluntary);
    open_form(model, Purpose::File { rule, stage, voluntary }, scene)
}

/// The form of taking a filing back; it says where the facts speak against it.
pub fn withdraw(model: &mut Model, scene: &Scene<'_>, rule: String, stage: String) -> Vec<Effect> {
    let found = scene.situation.obligations.iter().find(|o| o.rule == rule);
    let still = found.and_then(|o| o.still_due(scene.now(), scene.zone(model)));
    let effects = open_form(model, Purpose::Withdraw { rule, stage }, scene);
    if let (Some(still), Some(Overlay::Form(form))) = (still, &mut model.overlay) {
        form.error = Some(Safe::new(&still));
    }
    effects
}

/// The form of a fact, begun with the first one that the stage lacks.
pub fn state_missing(model: &mut Model, scene: &Scene<'_>, rule: &str, stage: &str) {
    open_form(model, Purpose::Fact, scene);
    let Some(obligation) = scene.obligations(model).iter().find(|o| o.rule == rule) else { return };
    let lacks = missing(obligation, obligation.stages.iter().find(|s| s.id == stage));
    let Some(first) = lacks.into_iter().next() else { return };
    let title = safe!("Fact: {}", meant(scene, &first));
    if let Some(Overlay::Form(form)) = &mut model.overlay
        && let Some(field) = form.fields.first_mut()
        && field.value().is_empty()
    {
        field.set(&first);
        form.at = 1;
        form.title = title;
        form.begin_here();
    }
}

/// The list of a stage is one row each, and one above them.
const ABOVE: usize = 1;

/// Whom a stage asks to tell one by one: title, lines, and how far they scroll so that the lit one is in sight.
pub fn desks(
    scene: &Scene<'_>,
    model: &Model,
    (rule, stage): (&str, &str),
    lit: usize,
) -> (Safe, Vec<Vec<Piece>>, usize) {
    let (columns, rows) = inside(model);
    let narrow = columns < 60;
    let desks = scene.plan().desks(rule);
    let ways = ways(scene, rule, stage);
    let marks = scene.incident().told.get(&(rule.to_owned(), stage.to_owned()));
    let count = scene.situation.obligations.iter().find(|o| o.rule == rule);
    let count = count.and_then(|o| o.stages.iter().find(|s| s.id == stage)).and_then(|s| s.told.as_ref());
    let title = match count {
        Some(count) => safe!("{} told", count.said()),
        None => Safe::from("WHOM TO TELL"),
    };
    let keys = if narrow {
        "Space phone  w writing  f all"
    } else {
        "Space told by telephone   w in writing   f files for all   Esc back"
    };
    let mut out = vec![vec![piece(Safe::from(keys), Meaning::Dim)]];
    let state = if narrow { 6 } else { 34 };
    let number = if narrow { 0 } else { 18 };
    let name = columns.saturating_sub(state + number + 4);
    for (index, desk) in desks.iter().enumerate() {
        let told = marks.and_then(|all| all.get(&desk.name));
        let mark = |way: &Way| match told.and_then(|t| t.by.get(way)) {
            Some(_) if narrow => format!("{}✓", &way.as_str()[..1]),
            Some(m) if m.person.is_empty() => format!("{way} {}", scene.clock(model, m.at)),
            Some(m) => format!("{way} {} {}", scene.clock(model, m.at), m.person),
            None if narrow => format!("{}-", &way.as_str()[..1]),
            None => format!("{way} --"),
        };
        let said = ways.iter().map(mark).collect::<Vec<_>>().join(if narrow { " " } else { "  " });
        let whole = told.is_some_and(|t| ways.iter().all(|way| t.by.contains_key(way)));
        let mut line = vec![
            piece(if index == lit { "> " } else { "  " }, Meaning::Key),
            cell(&desk.name, name, if whole { Meaning::Dim } else { Meaning::Text }),
        ];
        if number > 0 {
            line.push(cell(&desk.number, number, Meaning::Text));
        }
        line.push(piece(Safe::new(&said), if whole { Meaning::Good } else { Meaning::Soon }));
        out.push(line);
    }
    (title, out, (lit + ABOVE + 1).saturating_sub(rows))
}

fn ways(scene: &Scene<'_>, rule: &str, stage: &str) -> Vec<Way> {
    let found = rule_of(scene, rule).and_then(|r| r.stages.iter().find(|s| s.id == stage));
    found.map(|s| s.each.clone()).unwrap_or_default()
}

pub fn on_desks(
    model: &mut Model,
    (rule, stage, lit): (String, String, usize),
    key: Key,
    scene: &Scene<'_>,
) -> Vec<Effect> {
    let desks = scene.plan().desks(&rule);
    let last = desks.len().saturating_sub(1);
    let page = inside(model).1.saturating_sub(ABOVE).max(1);
    let lit = match key.code {
        Code::Esc | Code::Char('q') => return Vec::new(),
        Code::Down | Code::Char('j') => (lit + 1).min(last),
        Code::Up | Code::Char('k') => lit.saturating_sub(1),
        Code::PageDown => (lit + page).min(last),
        Code::PageUp => lit.saturating_sub(page),
        Code::Char('g') | Code::Home => 0,
        Code::Char('G') | Code::End => last,
        Code::Char('f') => return file(model, scene, rule, stage),
        Code::Char(' ' | 'w') | Code::Enter => {
            let by = if key.code == Code::Char('w') { Way::Writing } else { Way::Phone };
            let Some(desk) = desks.get(lit) else { return Vec::new() };
            if !ways(scene, &rule, &stage).contains(&by) {
                model.say(Loud::Refused, safe!("the rule does not ask for it {}", by.said()));
                model.overlay = Some(Overlay::Desks { rule, stage, lit });
                return Vec::new();
            }
            let name = desk.name.clone();
            return open_form(model, Purpose::Tell { rule, stage, name, by, lit }, scene);
        }
        _ => lit,
    };
    model.overlay = Some(Overlay::Desks { rule, stage, lit });
    Vec::new()
}
