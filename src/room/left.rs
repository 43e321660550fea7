//! How a person left the screen: kept for the next room of theirs, and put back. Never brings back a review: what leaves is
//! read anew.

use serde::{Deserialize, Serialize};

use crate::situation::thing::Thing;
use crate::tui::form::{Form, Purpose};
use crate::tui::model::{Model, Overlay, Pane, Place, View};
use crate::tui::scene::Scene;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Left {
    pane: Pane,
    zoom: bool,
    utc: bool,
    channel: usize,
    #[serde(default)]
    view: View,
    places: Vec<LeftPlace>,
    open: Option<Open>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LeftPlace {
    /// None: the person had not chosen a row.
    lit: Option<Thing>,
    /// On which line of the list it stood.
    line: usize,
    filter: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Open {
    /// Its text is kept apart, as typed.
    Form {
        purpose: Purpose,
        at: usize,
    },
    Detail(Thing),
    Can,
}

impl Left {
    pub fn of(model: &Model) -> Left {
        let place = |place: &Place| LeftPlace {
            lit: place.lit.clone().filter(|_| !place.untouched),
            line: place.index.saturating_sub(place.offset),
            filter: place.filter.clone(),
        };
        let open = match &model.overlay {
            Some(Overlay::Form(form)) => Some(Open::Form { purpose: form.purpose.clone(), at: form.at }),
            Some(Overlay::Detail { thing, .. }) => Some(Open::Detail(thing.clone())),
            Some(Overlay::Can { .. }) => Some(Open::Can),
            Some(
                Overlay::Help { .. }
                | Overlay::Palette { .. }
                | Overlay::Review(_)
                | Overlay::Filter
                | Overlay::Brief { .. }
                | Overlay::RollCall { .. }
                | Overlay::Sheet { .. }
                | Overlay::Letter { .. }
                | Overlay::Desks { .. }
                | Overlay::Contacts { .. }
                | Overlay::Here { .. }
                | Overlay::Words { .. }
                | Overlay::Incidents { .. },
            )
            | None => None,
        };
        Left {
            pane: model.pane,
            zoom: model.zoom,
            utc: model.utc,
            channel: model.channel,
            view: model.view,
            places: model.places.iter().map(place).collect(),
            open,
        }
    }

    pub fn read(text: &str) -> Option<Left> {
        serde_json::from_str(text).ok()
    }

    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The form that was open, by the key of its text.
    pub fn form(&self) -> Option<String> {
        match &self.open {
            Some(Open::Form { purpose, .. }) => Some(purpose.key()),
            Some(Open::Detail(_) | Open::Can) | None => None,
        }
    }

    /// Puts the screen back. A thing that went away meanwhile leaves nothing lit, as ever.
    pub fn restore(self, model: &mut Model, scene: &Scene<'_>) {
        model.pane = self.pane;
        model.zoom = self.zoom;
        model.utc = self.utc;
        model.view = self.view;
        model.channel = self.channel.min(scene.plan().channels.len().saturating_sub(1));
        for (place, left) in model.places.iter_mut().zip(self.places) {
            place.filter = left.filter;
            if left.lit.is_some() {
                // The list moves under it when it is next looked at, so that it stands on its line.
                *place = Place {
                    lit: left.lit,
                    index: left.line,
                    untouched: false,
                    filter: std::mem::take(&mut place.filter),
                    ..Place::default()
                };
            }
        }
        // What was opened before the journal was read stays.
        if model.overlay.is_some() {
            return;
        }
        model.overlay = match self.open {
            Some(Open::Form { purpose, at }) if model.read_only.is_none() && scene.incident().declared.is_some() => {
                let mut form = Form::new(purpose, &scene.help(model));
                if let Some(kept) = model.kept.get(&form.purpose.key()) {
                    form.restore(kept);
                }
                form.at = at.min(form.fields.len().saturating_sub(1));
                Some(Overlay::Form(Box::new(form)))
            }
            Some(Open::Detail(thing)) => Some(Overlay::Detail { thing, scroll: 0 }),
            Some(Open::Can) => Some(Overlay::Can { scroll: 0 }),
            Some(Open::Form { .. }) | None => None,
        };
    }
}
