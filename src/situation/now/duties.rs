//! Lines in Now about agencies: what is due, may be soon, is not confirmed, has to be corrected.

use super::{Band, Builder, HALF, LONG_DUTY, NowItem, SOON_DUTY};
use crate::incident::Instant;
use crate::incident::words::Role;
use crate::incident::words::StageState;
use crate::rulebook::deadline::Due;
use crate::rulebook::forecast::Fires;
use crate::situation::filing::Supplement;
use crate::situation::obligations::Obligation;
use crate::situation::obligations::StageView;
use crate::situation::obligations::Standing;
use crate::situation::thing::Thing;
use crate::situation::wording::shown;
use chrono::TimeDelta;

impl Builder<'_> {
    pub(super) fn obligations(&mut self) {
        self.supplements();
        self.forecasts();
        for obligation in &self.situation.obligations {
            let missing = match &obligation.state {
                Standing::Due => None,
                Standing::Unknown(missing) => Some(missing.join(", ")),
                Standing::NotInForce | Standing::NotTriggered => continue,
            };
            for stage in &obligation.stages {
                let corrects = |s: &Supplement| s.rule == obligation.rule && s.stage == stage.id;
                if self.situation.supplements.iter().any(corrects) {
                    continue;
                }
                let thing = Thing::Stage(obligation.rule.clone(), stage.id.clone());
                let whom = &obligation.named();
                let doubt = obligation.doubt();
                let doubtful = if doubt.is_empty() { String::new() } else { format!("; {doubt}") };
                if stage.state == StageState::Filed && !obligation.confirmed_by.is_empty() {
                    let filed = stage.filed.unwrap_or(self.now);
                    self.items.push(NowItem {
                        thing,
                        band: Band::Nobody,
                        label: "UNCONFIRM".into(),
                        text: match &stage.told {
                            Some(told) => {
                                format!("{whom}, {}: filed {}, {} told", stage.name, self.clock(filed), told.said())
                            }
                            None => format!("{whom}, {}: filed {}, not confirmed", stage.name, self.clock(filed)),
                        },
                        owner: Some(stage.by.clone()),
                        at: filed,
                        alike: 1,
                        say: format!("{whom} has our {}. Is it confirmed?", stage.name.to_lowercase()),
                        why: format!("confirmed by: {}", obligation.confirmed_by),
                        have: format!("reference {}", stage.reference),
                        said: String::new(),
                    });
                    continue;
                }
                let (Some(due), true) = (stage.due, stage.open()) else { continue };
                // A voluntary contact and an "if" without a number stay in their pane.
                if obligation.voluntary || (stage.iff && matches!(due, Due::Asap(_))) {
                    continue;
                }
                let iff = if stage.iff { " IF" } else { "" };
                let (band, label, at) = match due {
                    Due::Asap(since) => (Band::Untold, "ASAP".to_owned(), since),
                    Due::At(at) if at <= self.now && stage.iff => (Band::Late, format!("IF {}", self.over(at)), at),
                    Due::At(at) if at <= self.now => (Band::Late, self.over(at), at),
                    Due::At(at)
                        if at - self.now <= SOON_DUTY || self.half_time(stage, at) || stage.overtaken.is_some() =>
                    {
                        (Band::Due, format!("{}{iff}", self.left(at)), at)
                    }
                    Due::At(_) => continue,
                };
                let again = if stage.overtaken.is_some() { ", AGAIN: decided against before" } else { "" };
                let asked = missing.as_ref().map(|m| format!(", if it applies: {m}?")).unwrap_or_default();
                let told = stage.told.as_ref().map(|told| format!(", {} told", told.said())).unwrap_or_default();
                let owner = self.incident.holder(Role::Liaison).map(str::to_owned);
                let calls = if owner.is_some() { "not told yet" } else { "nobody calling" };
                let text = match (due, told.is_empty()) {
                    (Due::Asap(_), true) => format!("{whom}: {}, {calls}{again}", stage.name.to_lowercase()),
                    (Due::Asap(_), false) => format!("{whom}: {}{told}", stage.name.to_lowercase()),
                    (Due::At(_), _) => {
                        format!("{} {whom}, {}{told}{asked}{again}", self.clock(at), stage.name.to_lowercase())
                    }
                };
                let other = stage.readings.get(1);
                let other =
                    other.map(|r| format!("; or {}, {}", self.clock(r.due.instant()), r.why)).unwrap_or_default();
                self.items.push(NowItem {
                    thing,
                    band,
                    label,
                    text,
                    owner,
                    at,
                    alike: 1,
                    say: format!("{whom} must hear from us. Who does it now?"),
                    why: format!("{} ({}){other}{doubtful}", obligation.trigger, obligation.citation),
                    have: obligation.method.clone(),
                    said: stage.overtaken.clone().unwrap_or_else(|| "nothing filed".into()),
                });
            }
        }
    }

    /// Rules that are not triggered yet, and will or may be within the half hour: those of one instant are one line.
    pub(super) fn forecasts(&mut self) {
        let soon = |fires: &&Fires| fires.at > self.now && fires.at - self.now <= SOON_DUTY;
        let near = self.situation.obligations.iter().filter(|o| !o.voluntary);
        let mut near: Vec<(&Fires, &Obligation)> =
            near.filter_map(|o| Some((o.next_fires().filter(soon)?, o))).collect();
        near.sort_by_key(|(fires, _)| fires.at);
        let items = near.chunk_by(|(a, _), (b, _)| a.at == b.at).filter_map(|alike| {
            let (first, obligation) = alike.first()?;
            let mut whom: Vec<String> = alike.iter().map(|(_, o)| o.named()).collect();
            whom.dedup();
            let mut facts: Vec<&str> = alike.iter().flat_map(|(f, _)| &f.assumes).map(String::as_str).collect();
            facts.sort_unstable();
            facts.dedup();
            let (whom, iff) = (whom.join(", "), if facts.is_empty() { "" } else { " IF" });
            let asked = if facts.is_empty() { String::new() } else { format!(", if: {}", facts.join(" or ")) };
            Some(NowItem {
                thing: Thing::Stage(obligation.rule.clone(), String::new()),
                band: Band::Due,
                label: format!("{}{iff}", self.left(first.at)),
                text: format!("{} reportable to {whom}{asked}", self.clock(first.at)),
                owner: self.incident.holder(Role::Liaison).map(str::to_owned),
                at: first.at,
                alike: alike.len(),
                say: format!("In {} we may have to tell {whom}. Who finds out?", self.left(first.at)),
                why: format!("{} ({})", obligation.trigger, obligation.citation),
                have: "F states what is missing".into(),
                said: String::new(),
            })
        });
        let items: Vec<NowItem> = items.collect();
        self.items.extend(items);
    }

    /// Whether half of the time of a stage is over, and that is worth a line.
    pub(super) fn half_time(&self, stage: &StageView, due: Instant) -> bool {
        let Some(from) = stage.from else { return false };
        let half = (due - from) / 2;
        let past = half - (due - self.now);
        past >= TimeDelta::zero() && (due - from <= LONG_DUTY || past < HALF)
    }

    /// Agencies that were told what is not so any more. Alike is one line.
    pub(super) fn supplements(&mut self) {
        let all = &self.situation.supplements;
        for (index, first) in all.iter().enumerate() {
            if all.iter().take(index).any(|earlier| earlier.moved == first.moved) {
                continue;
            }
            let alike: Vec<&Supplement> = all.iter().filter(|s| s.moved == first.moved).collect();
            let name = |s: &&Supplement| match s.reference.as_str() {
                "" => s.whom.clone(),
                number => format!("{} no. {number}", s.whom),
            };
            let names = alike.iter().map(name).collect::<Vec<_>>().join(", ");
            let what = first.moved.iter().map(|m| format!("{} is {} now, not {}", m.name, shown(&m.is), shown(&m.was)));
            let what = what.collect::<Vec<_>>().join("; ");
            self.items.push(NowItem {
                thing: Thing::Stage(first.rule.clone(), first.stage.clone()),
                band: Band::Late,
                label: "CORRECT".into(),
                text: format!("{names}: {what}"),
                owner: self.incident.holder(Role::Liaison).map(str::to_owned),
                at: first.filed,
                alike: alike.len(),
                say: format!("{what}. Who corrects it with {names}, by when?"),
                why: "a number in what was filed has moved; f records the supplement".into(),
                have: String::new(),
                said: format!("filed {}", self.clock(first.filed)),
            });
        }
    }
}
