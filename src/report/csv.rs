//! The timeline as CSV, a row to an entry, for a spreadsheet: no cell of it is read as a formula.

use chrono_tz::Tz;

use super::line::line;
use super::state::rfc3339;
use crate::incident::Instant;
use crate::incident::plan::Plan;
use crate::incident::state::Incident;
use crate::incident::timeline::Effect;
use crate::text::Safe;

const COLUMNS: [&str; 11] =
    ["happened", "recorded", "what", "text", "effect", "by", "host", "exercise", "id", "writer", "seq"];

/// A header and a row per entry, in the order in which things happened; instants in UTC. Fails only for want of memory.
pub fn csv(incident: &Incident, plan: &Plan, now: Instant, zone: Tz) -> Result<String, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|error| error.to_string())?;
    for row in incident.timeline.iter() {
        let entry = &row.entry;
        let said = line(entry, incident, plan, now, zone);
        let effect = match &row.effect {
            Effect::Applied => String::new(),
            Effect::Without(why) => format!("done without the right: {why}"),
            Effect::None(why) => format!("had no effect: {why}"),
            Effect::Retracted(why) => format!("taken back: {why}"),
        };
        let exercise = if incident.is_exercise() { "exercise" } else { "" };
        let cells = [
            rfc3339(entry.happened),
            rfc3339(entry.recorded),
            cell(said.tag),
            cell(&said.text),
            cell(&effect),
            cell(&entry.author.person),
            cell(&entry.author.host),
            exercise.to_owned(),
            entry.id.to_string(),
            entry.writer.to_string(),
            entry.seq.to_string(),
        ];
        writer.write_record(cells).map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// Outside text as one cell: what a spreadsheet would take for a formula stands behind an apostrophe.
fn cell(raw: &str) -> String {
    let safe = Safe::new(raw);
    let text = safe.as_str();
    // Blanks before it do not keep every program from reading one.
    match text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}
