//! Whom a rule asks to tell one by one (911 centres): names with numbers, in a playbook or in a file beside it, which becomes
//! part of the text that an incident adopts. Tells nobody.

use std::collections::BTreeMap;

use super::recipients::{Lists, taken_in};
use crate::config::Problem;
use crate::config::document::Fields;
use crate::config::problem::Faults;
use crate::incident::plan::{Desk, Notify};

/// All `[[notify]]`. `lists` gives the files that they name.
pub fn read(root: &mut Fields<'_>, lists: Lists<'_>, faults: &mut Faults) -> Vec<Notify> {
    let mut out = Vec::new();
    for mut fields in root.tables("notify", faults) {
        let line = fields.line;
        let rules = fields.texts("rules", faults);
        if rules.as_ref().is_none_or(|rules| rules.value.is_empty()) {
            fields.fault("rules", "missing; expected the ids of the rules whose list this is", faults);
        }
        let given = fields.texts("to", faults);
        let from = fields.text("file", faults);
        let listed_in = fields.text("listed_in", faults).map(|f| f.value);
        let (texts, at, key, listed_in) = match (given, from) {
            (Some(given), None) => (given.value, given.line, given.key, listed_in),
            (None, Some(from)) => {
                let texts = match lists(&from.value) {
                    Ok(text) => text.lines().map(str::to_owned).filter(|line| !line.trim().starts_with('#')).collect(),
                    Err(why) => {
                        faults.add(from.line, &from.key, why);
                        Vec::new()
                    }
                };
                (texts, from.line, from.key, Some(from.value))
            }
            (Some(_), Some(from)) => {
                faults.add(from.line, &from.key, "stands beside `to`; expected one of the two");
                continue;
            }
            (None, None) => {
                faults.add(line, "notify", "names nobody; expected `to`, a list of \"NAME: NUMBER\", or `file`");
                continue;
            }
        };
        fields.finish(faults);
        let mut to: Vec<Desk> = Vec::new();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (row, text) in texts.iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let Some(desk) = desk(text) else {
                faults.add(at, &key, format!("{text:?}: expected \"NAME: NUMBER\""));
                continue;
            };
            match seen.insert(desk.name.to_lowercase(), row + 1) {
                Some(first) => faults.add(at, &key, format!("{} stands there already, as number {first}", desk.name)),
                None => to.push(desk),
            }
        }
        out.extend(rules.map(|rules| Notify { rules: rules.value, to, listed_in }));
    }
    out
}

/// `Bexar Metro 911: +1 210 555 0100`.
fn desk(text: &str) -> Option<Desk> {
    let (name, number) = text.rsplit_once(": ").or_else(|| text.rsplit_once(':'))?;
    let (name, number) = (name.trim(), number.trim());
    let fine = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    (fine(name) && fine(number)).then(|| Desk { name: name.to_owned(), number: number.to_owned() })
}

/// The text with each `file` replaced by the names that were read from it.
pub fn inlined(origin: &str, text: &str, notify: &[Notify]) -> Result<String, Vec<Problem>> {
    let line = |desk: &Desk| format!("{}: {}", desk.name, desk.number);
    let lists = notify.iter().map(|n| (n.to.iter().map(line).collect(), n.listed_in.clone()));
    taken_in(origin, text, "notify", &lists.collect::<Vec<_>>())
}
