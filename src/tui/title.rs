//! The terminal's title: how grave, how many things need one, what is due next. Without a second in it: it changes seldom.

use super::scene::Scene;
use crate::text::{Safe, instant, shorten};

/// The most columns: a tab of a terminal shows no more.
const COLUMNS: usize = 60;

/// The title of a scene. It passed the gate.
pub fn title(scene: &Scene<'_>) -> Safe {
    let Some(declared) = &scene.incident().declared else { return Safe::from("warroom") };
    let exercise = if declared.exercise { "EXERCISE " } else { "" };
    let severity = scene.incident().severity().as_str().to_uppercase();
    let need = match scene.situation.now.len() {
        0 => "nothing needs you".to_owned(),
        1 => "1 needs you".to_owned(),
        n => format!("{n} need you"),
    };
    let now = scene.now();
    // The instant, not what is left: that would change with every minute.
    let next = scene.situation.clocks.iter().find(|clock| clock.at > now).map_or(String::new(), |clock| {
        let iff = if clock.iff { " IF" } else { "" };
        format!(", {}{iff} {}", instant::clock(clock.at, now, scene.situation.zone), clock.text)
    });
    shorten::shorten(&Safe::new(&format!("{exercise}{severity} {need}{next}")), COLUMNS)
}
