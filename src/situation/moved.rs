//! Which deadlines became others, as between two looks at the same duties. A function; moves nothing itself.

use chrono_tz::Tz;

use super::obligations::Obligation;
use crate::incident::Instant;
use crate::rulebook::deadline::Due;
use crate::text::instant;

/// One deadline that is another now.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// The agency and the stage.
    pub what: String,
    pub was: Option<Due>,
    pub is: Option<Due>,
}

/// Those of stages that are still open: those with a time first, the nearest of them before.
pub fn moved(before: &[Obligation], after: &[Obligation]) -> Vec<Moved> {
    let mut out = Vec::new();
    for obligation in after.iter().filter(|o| !o.voluntary) {
        let was = before.iter().find(|o| o.rule == obligation.rule);
        for stage in obligation.stages.iter().filter(|s| s.open()) {
            let was = was.and_then(|o| o.stages.iter().find(|s| s.id == stage.id)).and_then(|s| s.due);
            if was != stage.due {
                let what = format!("{} {}", obligation.named(), stage.name.to_lowercase());
                out.push(Moved { what, was, is: stage.due });
            }
        }
    }
    out.sort_by_key(|m| (matches!(m.is, Some(Due::Asap(_))), m.is.or(m.was).map(Due::instant)));
    out
}

/// `moves FCC notification 05:15 CST to 04:48 CST, and 2 more`, at most `shown` by name. Empty: it moves none.
pub fn said(moved: &[Moved], shown: usize, now: Instant, zone: Tz) -> String {
    if moved.is_empty() {
        return "no deadline moved".to_owned();
    }
    let at = |due: Option<Due>| match due {
        Some(Due::At(at)) => instant::clock_zoned(at, now, zone),
        Some(Due::Asap(_)) => "at once".to_owned(),
        None => "none".to_owned(),
    };
    let one = |m: &Moved| match (m.was, m.is) {
        // Due at once before and after: what moved is since when.
        (Some(Due::Asap(_)), Some(Due::Asap(from))) => {
            format!("{} at once, from {}", m.what, instant::clock_zoned(from, now, zone))
        }
        (was, is) => format!("{} {} to {}", m.what, at(was), at(is)),
    };
    let named: Vec<String> = moved.iter().take(shown).map(one).collect();
    let more = moved.len().saturating_sub(shown);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("moved: {}{more}", named.join("; "))
}
