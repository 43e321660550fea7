//! What a row stands for: the id that a command carries, the same in every pane.

use crate::incident::entry::EntryId;
use crate::incident::words::Role;

/// Something that can be lit, opened and acted on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Thing {
    Task(EntryId),
    Audience(String),
    Message(EntryId),
    /// Rule and stage.
    Stage(String, String),
    Role(Role),
    /// Alerts alike, by the name they share.
    Alerts(String),
    Conflict(String),
    Source(String),
    Promise(EntryId),
    Ask(EntryId),
    Decision(EntryId),
    /// A handover that waits for its answer.
    Offer(EntryId),
    RollCall(EntryId),
    TimeOut(EntryId),
    /// More people report to the commander than one can lead.
    Span,
    /// How this host stands with the others.
    Hosts,
    /// Name of the component.
    Component(String),
    /// Name of the query.
    Metric(String),
    /// A row of the timeline.
    Entry(EntryId),
    Team(String),
    /// All components in one state, by the state's short word.
    Components(String),
}
