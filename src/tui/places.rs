//! Where the person is: which pane has the focus, which row is lit, and that it stays lit while lists move.

use super::layout::layout;
use super::model::{Effect, Loud, Model, Pane};
use super::panes::{self, Item};
use super::scene::Scene;
use super::view::list_area;
use crate::situation::thing::Thing;

pub(super) fn focus(model: &mut Model, scene: &Scene<'_>, pane: Pane) -> Vec<Effect> {
    // Who leaves the timeline has seen what was new in it, and finds it following the newest again.
    if model.pane == Pane::Timeline && pane != Pane::Timeline {
        model.looked = Some(scene.now());
        model.place_mut().untouched = true;
    }
    model.pane = pane;
    Vec::new()
}

/// Lights a thing in the pane where it is dealt with: Now, where it needs the commander.
pub(super) fn reveal(model: &mut Model, scene: &Scene<'_>, thing: Thing) -> Vec<Effect> {
    let home = match &thing {
        Thing::Task(_) | Thing::Role(_) | Thing::Team(_) => Pane::Teams,
        Thing::Audience(_) => Pane::Messages,
        Thing::Stage(..) => Pane::Agencies,
        Thing::Alerts(_) | Thing::Source(_) | Thing::Metric(_) | Thing::Component(_) | Thing::Components(_) => {
            Pane::Signals
        }
        Thing::Message(_)
        | Thing::Conflict(_)
        | Thing::Promise(_)
        | Thing::Ask(_)
        | Thing::Decision(_)
        | Thing::Offer(_)
        | Thing::RollCall(_)
        | Thing::TimeOut(_)
        | Thing::Span
        | Thing::Hosts
        | Thing::Entry(_) => Pane::Timeline,
    };
    let pane = if scene.situation.item(&thing).is_some() { Pane::Now } else { home };
    // The timeline's rows are entries, whatever they are about.
    let lit = match thing {
        Thing::Decision(id) | Thing::Ask(id) | Thing::Promise(id) | Thing::Offer(id) | Thing::RollCall(id)
            if pane == Pane::Timeline =>
        {
            Thing::Entry(id)
        }
        thing => thing,
    };
    let effects = focus(model, scene, pane);
    if pane == Pane::Timeline {
        model.view = super::model::View::All;
    }
    let place = model.place_mut();
    place.filter.clear();
    let items = panes::items(scene, model, pane);
    match items.iter().position(|item| item.thing.as_ref() == Some(&lit)) {
        Some(index) => {
            let place = model.place_mut();
            (place.lit, place.index, place.untouched, place.lost) = (Some(lit), index, false, false);
        }
        None => model.say(Loud::Refused, "it is not in any list any more"),
    }
    effects
}

pub(super) fn page(model: &Model) -> isize {
    let layout = layout(model.size, model.zoom, model.pane);
    list_area(&layout, model.pane).map_or(1, |area| area.height.max(1) as isize)
}

pub(super) fn go(model: &mut Model, scene: &Scene<'_>, by: isize) -> Vec<Effect> {
    let items = panes::items(scene, model, model.pane);
    let able: Vec<usize> = (0..items.len()).filter(|i| items.get(*i).is_some_and(|it| it.thing.is_some())).collect();
    if able.is_empty() {
        return Vec::new();
    }
    let place = model.place();
    let from = match &place.lit {
        Some(thing) => items.iter().position(|i| i.thing.as_ref() == Some(thing)),
        None => None,
    };
    // Where nothing is lit the first move lights the row where the last one was.
    let target = match from {
        Some(index) => {
            let at = able.iter().position(|i| *i == index).unwrap_or(0);
            able.get(at.saturating_add_signed(by).min(able.len() - 1)).copied()
        }
        None => able.iter().copied().find(|i| *i >= place.index).or(able.last().copied()),
    };
    if let Some(index) = target {
        // At its end the timeline follows what comes.
        let follows = model.pane == Pane::Timeline && Some(index) == able.last().copied() && by > 0;
        let thing = items.get(index).and_then(|i| i.thing.clone());
        let place = model.place_mut();
        place.lit = thing;
        place.index = index;
        place.untouched = follows;
        place.lost = false;
    }
    Vec::new()
}

/// Keeps what is lit on its line: the list may move around it, it does not move under the finger.
pub fn settle(model: &mut Model, scene: &Scene<'_>) {
    let layout = layout(model.size, model.zoom, model.pane);
    for (pane, _) in &layout.panes {
        let Some(area) = list_area(&layout, *pane) else { continue };
        let items = panes::items(scene, model, *pane);
        let height = usize::from(area.height).max(1);
        let place = &mut model.places[*pane as usize];
        if place.untouched {
            // Nobody has chosen yet: the first row is lit; the timeline shows its newest.
            let able = |item: &&Item| item.thing.is_some();
            let (lit, offset) = match pane {
                Pane::Timeline => (items.iter().rfind(able), items.len().saturating_sub(height)),
                _ => (items.iter().find(able), 0),
            };
            place.lit = lit.and_then(|i| i.thing.clone());
            place.index = items.iter().position(|i| i.thing == place.lit).unwrap_or(0);
            place.offset = offset;
            // What a person saw lit stays lit: only an empty list, and the timeline's end, go on by themselves.
            place.untouched = place.lit.is_none() || *pane == Pane::Timeline;
            continue;
        }
        match place.lit.as_ref().map(|lit| items.iter().position(|i| i.thing.as_ref() == Some(lit))) {
            Some(Some(index)) => {
                let moved = index as isize - place.index as isize;
                place.offset = place.offset.saturating_add_signed(moved);
                place.index = index;
                if index < place.offset {
                    place.offset = index;
                } else if index >= place.offset + height {
                    place.offset = index + 1 - height;
                }
            }
            Some(None) => {
                place.lit = None;
                place.lost = true;
            }
            None => {}
        }
        place.offset = place.offset.min(items.len().saturating_sub(height));
        // The lit row stays under the finger where the person is; elsewhere the most urgent is in sight.
        if *pane != model.pane && *pane != Pane::Timeline {
            place.offset = 0;
        }
        if items.is_empty() {
            place.untouched = true;
        }
    }
}
