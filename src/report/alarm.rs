//! One thing that rang, as a program is told it (`warroom-alarm/1`, additive only). Text is raw: JSON escapes it.

use serde_json::{Value, json};

use super::state::{rfc3339, thing_id};
use crate::incident::entry::IncidentId;
use crate::incident::state::Incident;
use crate::situation::alarm::Alarm;

pub const SCHEMA: &str = "warroom-alarm/1";

/// The alarm as JSON.
pub fn json(alarm: &Alarm, incident: &Incident, id: IncidentId, host: &str) -> Value {
    json!({
        "schema": SCHEMA,
        "key": alarm.key,
        "kind": alarm.kind.as_str(),
        "thing": thing_id(&alarm.thing),
        "at": rfc3339(alarm.at),
        "text": text(alarm, incident),
        "say": alarm.say,
        "life": alarm.life,
        "exercise": is_exercise(incident),
        "host": host,
        "incident": {
            "id": id, "title": incident.title(), "severity": incident.severity(), "phase": incident.phase(),
        },
    })
}

pub fn is_exercise(incident: &Incident) -> bool {
    incident.is_exercise()
}

/// Its text; of an exercise it says so itself, wherever it is read out.
pub fn text(alarm: &Alarm, incident: &Incident) -> String {
    if is_exercise(incident) { format!("EXERCISE {}", alarm.text) } else { alarm.text.clone() }
}
