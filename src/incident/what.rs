//! The kinds of entries. A kind carries its version; a new meaning is a new kind; kinds we do not know are kept whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Instant;
use super::entry::EntryId;
use super::pin::Grounds;
use super::recipient::RecipientOutcome;
use super::stage::{Figures, How};
use super::witness::SeenHead;
use super::words::{AlertState, ComponentState, Delivery, End, Phase, Quality, Role, Round, Severity, Way};

/// Declares the kinds: variant, written kind, payload. `encode` and `decode` derive from the rows.
macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $kind:literal { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            pub struct $variant { $($(#[$fdoc])* pub $field: $type),* }

            impl From<$variant> for What {
                fn from(payload: $variant) -> What { What::$variant(payload) }
            }
        )+

        /// What an entry says.
        #[derive(Clone, Debug, PartialEq)]
        pub enum What {
            $($(#[$doc])* $variant($variant),)+
            /// From a newer warroom, or damaged: kept, chained, counted and shown, not understood.
            Unknown { kind: String, raw: String },
        }

        impl What {
            /// Every kind that this warroom understands.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            pub fn kind(&self) -> &str {
                match self {
                    $(What::$variant(_) => $kind,)+
                    What::Unknown { kind, .. } => kind,
                }
            }

            /// The kind and its payload as JSON.
            pub fn encode(&self) -> (&str, serde_json::Value) {
                let data = match self {
                    $(What::$variant(payload) => serde_json::to_value(payload),)+
                    What::Unknown { raw, .. } => serde_json::from_str(raw),
                };
                // Payloads are plain data with text keys: they always have a JSON form.
                (self.kind(), data.unwrap_or(serde_json::Value::Null))
            }

            /// Never fails: what does not read as its kind is kept as unknown.
            pub fn decode(kind: &str, data: &RawValue) -> What {
                let known = match kind {
                    $($kind => serde_json::from_str::<$variant>(data.get()).ok().map(What::$variant),)+
                    _ => None,
                };
                known.unwrap_or_else(|| What::Unknown { kind: kind.to_owned(), raw: data.get().to_owned() })
            }
        }
    };
}

kinds! {
    /// The incident was declared. The first entry of every incident.
    Declared = "incident.declared/1" {
        title: String,
        severity: Severity,
        /// When service was first affected.
        started: Instant,
        /// When somebody here first knew.
        #[serde(default)]
        detected: Option<Instant>,
        /// Nothing of an exercise can ever leave the building.
        #[serde(default)]
        exercise: bool,
        /// The room's zone, an IANA name; for display and calendars only.
        timezone: String,
        /// Kinds of organisation we are, for the agency rules.
        #[serde(default)]
        organisation: Vec<String>,
        /// True for a replay: the start is not today's.
        #[serde(default)]
        demo: bool,
    }
    /// The playbook in force from here on: its whole text.
    PlanAdopted = "plan.adopted/1" { name: String, text: String, sha256: String, #[serde(default)] replaces: Vec<EntryId> }
    /// The agency rules in force from here on: their whole text.
    RulesAdopted = "rules.adopted/1" { text: String, sha256: String, #[serde(default)] replaces: Vec<EntryId> }
    /// Who may do what from here on; all of it. An act that is not named is open to everybody who answers for it.
    RightsAdopted = "rights.adopted/1" {
        #[serde(default)] who: BTreeMap<String, Vec<String>>,
        #[serde(default)] own_text: bool,
        #[serde(default)] replaces: Vec<EntryId>,
    }
    /// Somebody who has the right stands for what somebody did without it.
    RightStood = "rights.stood/1" { entry: EntryId, why: String }
    Titled = "incident.titled/1" { title: String, replaces: Vec<EntryId> }
    SeveritySet = "incident.severity/1" { severity: Severity, #[serde(default)] why: String, replaces: Vec<EntryId> }
    PhaseSet = "incident.phase/1" {
        phase: Phase,
        #[serde(default)] why: String,
        /// What spoke against it and was overridden, by name and reason.
        #[serde(default)] overrode: Vec<String>,
        replaces: Vec<EntryId>,
    }
    /// One of the four ends was reached (at the entry's `happened`).
    EndReached = "incident.end/1" { end: End, #[serde(default)] basis: String }

    Noted = "note.added/1" { text: String, #[serde(default)] follow_up: bool }
    /// Something was changed in what we run (at the entry's `happened`): what stands before the start is suspected first.
    ChangeNoted = "change.noted/1" { text: String }
    /// What is to be reached in this period.
    ObjectivesSet = "objectives.set/1" { text: String, #[serde(default)] until: Option<Instant>, replaces: Vec<EntryId> }
    /// Somebody asks the commander to decide.
    Asked = "decision.asked/1" { proposal: String, by: String, #[serde(default)] risk: String }
    Decided = "decision.made/1" {
        /// The asking that it answers.
        #[serde(default)] answers: Option<EntryId>,
        proposal: String,
        outcome: String,
        #[serde(default)] refused: Vec<String>,
        /// None: nobody asked; "" is not used. `none heard` is a statement.
        #[serde(default)] objections: Option<String>,
        #[serde(default)] acts: Option<String>,
        #[serde(default)] check_at: Option<Instant>,
        #[serde(default)] reversal: Option<String>,
    }

    /// What was seen when a decision was checked. `worked` null: it cannot be told yet.
    DecisionChecked = "decision.checked/1" { decision: EntryId, worked: Option<bool>, #[serde(default)] seen: String }
    /// Everybody stops and thinks.
    TimeOutStarted = "timeout.started/1" { minutes: u32 }
    /// Its four answers.
    TimeOutEnded = "timeout.ended/1" {
        timeout: EntryId,
        #[serde(default)] known: String,
        #[serde(default)] assumed: String,
        #[serde(default)] change_mind: String,
        #[serde(default)] tired: String,
    }

    /// A role passed to a person; None: it stands empty.
    /// `why`: it was taken from its holder without a handover.
    RoleSet = "role.set/1" { role: Role, holder: Option<String>, #[serde(default)] why: String, replaces: Vec<EntryId> }

    /// A role is offered, with a brief. The holder stays the holder until it is accepted.
    HandoverOffered = "handover.offered/1" { role: Role, #[serde(default)] from: Option<String>, to: String, brief: String }
    /// By the one it was offered to, who has read the brief with this hash.
    HandoverAccepted = "handover.accepted/1" { offer: EntryId, brief_sha256: String, replaces: Vec<EntryId> }
    HandoverRefused = "handover.refused/1" { offer: EntryId, why: String }
    /// Who leads a team and who is in it; a team that the plan does not know is a sub-team.
    TeamSet = "team.set/1" {
        team: String,
        name: String,
        #[serde(default)] parent: Option<String>,
        #[serde(default)] lead: Option<String>,
        #[serde(default)] members: Vec<String>,
        replaces: Vec<EntryId>,
    }
    RollCallAsked = "rollcall.asked/1" { people: Vec<String>, minutes: u32 }
    RollCallAnswered = "rollcall.answered/1" { call: EntryId, person: String, #[serde(default)] says: String }
    /// How a person, a team, an agency or the incident (`incident`) is reached. `address` null: not any more.
    ContactSet = "contact.set/1" {
        of: String,
        way: String,
        address: Option<String>,
        /// Components without which it does not work.
        #[serde(default)] needs: Vec<String>,
        replaces: Vec<EntryId>,
    }

    TaskAdded = "task.added/1" {
        title: String,
        #[serde(default)] team: Option<String>,
        #[serde(default)] owner: Option<String>,
        /// Minutes from the assignment to the check-in.
        minutes: u32,
        #[serde(default)] first: bool,
        /// The playbook's id of it.
        #[serde(default)] planned: Option<String>,
    }
    TaskAssigned = "task.assigned/1" { task: EntryId, owner: String, minutes: u32 }
    TaskAcknowledged = "task.acknowledged/1" { task: EntryId, by: String, minutes: u32 }
    TaskStarted = "task.started/1" { task: EntryId }
    TaskBlocked = "task.blocked/1" { task: EntryId, on: String }
    TaskDone = "task.done/1" { task: EntryId, #[serde(default)] result: String }
    TaskCancelled = "task.cancelled/1" { task: EntryId, why: String }
    TaskExtended = "task.extended/1" { task: EntryId, minutes: u32, why: String }

    /// A person took an alert, or a group of alerts alike, upon them.
    AlertsAcknowledged = "alerts.acknowledged/1" { group: String, by: String, minutes: u32, count: usize }

    /// A text for one audience on one channel. Its id is the message's.
    MessageDrafted = "message.drafted/1" {
        audience: String,
        channel: String,
        round: Round,
        text: String,
        /// The next word that the text promises.
        #[serde(default)] next_update: Option<Instant>,
        #[serde(default)] grounds: Grounds,
    }
    /// The text of a message changed; it is a draft again.
    MessageEdited = "message.edited/1" {
        message: EntryId,
        text: String,
        #[serde(default)] next_update: Option<Instant>,
        #[serde(default)] grounds: Grounds,
        replaces: Vec<EntryId>,
    }
    /// One step of its approval, or the last; binds to the text and to the facts that it rests on.
    MessageApproved = "message.approved/1" {
        message: EntryId,
        text_sha256: String,
        /// Whose step: the commander's (empty), or legal, pr …
        #[serde(default)] step: String,
        /// The steps that are still to come. Empty: it is approved.
        #[serde(default)] still: Vec<String>,
        /// Why the step was left out. Empty: it was not.
        #[serde(default)] skipped: String,
    }
    /// Durable before the request leaves; this entry's id is the idempotency key. Only `process` performs it.
    MessageSending = "message.sending/1" {
        message: EntryId,
        backend: String,
        process: String,
        /// To whom it goes, where the channel knows addresses: exactly these, whatever the playbook says later.
        #[serde(default, skip_serializing_if = "Vec::is_empty")] recipients: Vec<String>,
        #[serde(default, skip_serializing_if = "String::is_empty")] subject: String,
    }
    /// What became of some recipients of a sending, as it became known.
    MessageRecipients = "message.recipients/1" { sending: EntryId, outcomes: Vec<RecipientOutcome> }
    /// The backend took it.
    MessageSent = "message.sent/1" { message: EntryId, #[serde(default)] reference: String }
    MessageDelivered = "message.delivered/1" { message: EntryId, #[serde(default)] detail: String }
    MessageFailed = "message.failed/1" { message: EntryId, why: String }
    /// The answer was lost: it may have gone. Never repeated by itself.
    MessageUnknown = "message.unknown/1" { message: EntryId, why: String }
    MessageSkipped = "message.skipped/1" { message: EntryId, why: String }
    /// Somebody told the audience by other means. Without proof it reads "claimed".
    ToldElsewhere = "message.elsewhere/1" {
        audience: String,
        channel: String,
        by: String,
        #[serde(default)] proof: Option<String>,
        #[serde(default)] text: String,
        #[serde(default)] round: Option<Round>,
        #[serde(default)] next_update: Option<Instant>,
    }

    PromiseMade = "promise.made/1" { text: String, to: String, owner: String, due: Instant }
    PromiseKept = "promise.kept/1" { promise: EntryId, #[serde(default)] how: String }

    /// A statement or number that messages and rules use. `value` null: not known, which is not false.
    FactSet = "fact.set/1" {
        name: String,
        value: serde_json::Value,
        #[serde(default)] unit: String,
        #[serde(default)] basis: String,
        #[serde(default)] confirmed_by: Option<String>,
        /// Who has to clear it, besides, before a text may use it.
        #[serde(default)] needs: Vec<String>,
        replaces: Vec<EntryId>,
    }
    /// Somebody who has to (security, legal) stands for a fact as it was set by that entry.
    FactCleared = "fact.cleared/1" { name: String, set: EntryId, step: String, #[serde(default)] basis: String }

    /// An audience is harmed, or is well again, by somebody's word; since the entry's `happened`.
    ServiceStated = "audience.service/1" { audience: String, harmed: bool, basis: String }

    /// The instant that a rule's clock runs from, who chose it and why.
    ClockSet = "clock.set/1" { clock: String, at: Instant, why: String, #[serde(default)] assumed: bool, replaces: Vec<EntryId> }
    StageDrafted = "stage.drafted/1" { rule: String, stage: String }
    /// It was filed (at the entry's `happened`). Filed is not confirmed.
    StageFiled = "stage.filed/1" {
        rule: String,
        stage: String,
        #[serde(default)] reference: String,
        #[serde(default)] person: String,
        #[serde(default, skip_serializing_if = "How::is_empty")] how: How,
    }
    StageConfirmed = "stage.confirmed/1" { rule: String, stage: String, how: String }
    /// It is not filed: why, who decided that, and what was known then.
    StageWaived = "stage.waived/1" {
        rule: String,
        stage: String,
        why: String,
        #[serde(default)] by: String,
        #[serde(default, skip_serializing_if = "Figures::is_empty")] figures: Figures,
    }
    /// It is taken back: why, who decided that, and what was known then.
    StageWithdrawn = "stage.withdrawn/1" {
        rule: String,
        stage: String,
        why: String,
        #[serde(default)] by: String,
        #[serde(default, skip_serializing_if = "Figures::is_empty")] figures: Figures,
    }
    /// One of the many whom a stage goes to was told, in one way (at the entry's `happened`).
    AgencyTold = "agency.told/1" { rule: String, stage: String, name: String, by: Way, #[serde(default)] person: String }
    /// An agency called, and was promised an answer.
    AgencyCalled = "agency.called/1" {
        agency: String,
        about: String,
        due: Instant,
        /// Who took the call.
        taken_by: String,
        /// Who called.
        #[serde(default)] caller: String,
    }

    /// A component of a status page changed state.
    ComponentChanged = "component.changed/1" {
        origin: String, component: String, name: String, from: Option<ComponentState>, to: ComponentState,
        #[serde(default)] raw: String,
    }
    /// A component left the page: its state is not known from here on.
    ComponentGone = "component.gone/1" { origin: String, component: String, name: String }
    /// A status page published, edited or removed an update of an incident of its own.
    RemoteUpdated = "remote.updated/1" {
        origin: String, incident: String, title: String, update: String, #[serde(default)] phase: Option<Phase>,
        #[serde(default)] raw_phase: String, body: String,
    }
    RemoteGone = "remote.gone/1" { origin: String, incident: String, title: String }
    AlertFired = "alert.fired/1" {
        origin: String, alert: String, name: String, starts_at: Instant, #[serde(default)] summary: String,
        #[serde(default)] severity: String, #[serde(default)] labels: BTreeMap<String, String>,
    }
    /// The alert's state changed while it was listed (silenced, inhibited, firing again).
    AlertChanged = "alert.changed/1" { origin: String, alert: String, name: String, starts_at: Instant, to: AlertState, #[serde(default)] why: String }
    /// It is no longer listed. That is not a recovery.
    AlertGone = "alert.gone/1" { origin: String, alert: String, name: String, starts_at: Instant }
    /// A metric moved by more than its tolerance. `value` null: it has none now, and `why` says so.
    MetricMoved = "metric.moved/1" {
        origin: String, name: String, #[serde(default)] unit: String, value: Option<f64>, quality: Quality,
        #[serde(default)] why: String, #[serde(default)] estimated: bool,
    }
    /// We cannot ask this source. It says nothing about what the source would answer.
    SourceFailing = "source.failing/1" { source: String, family: String, why: String }
    SourceBack = "source.back/1" { source: String, family: String }
    /// What a backend says of a message that we gave it.
    ReceiptSeen = "receipt.seen/1" { sending: EntryId, state: Delivery, #[serde(default)] detail: String }

    /// The chains of other writers as they stood when they came here. Evidence about the journal, no part of the incident.
    HeadsSeen = "heads.seen/1" { heads: Vec<SeenHead> }

    /// Takes an entry back: it stays in the record and has no effect.
    Retracted = "entry.retracted/1" { entry: EntryId, why: String }
    /// Corrects the words of a note or decision.
    Amended = "entry.amended/1" { entry: EntryId, text: String }
}

impl MessageApproved {
    /// The commander's step, and no other is wanted.
    pub fn whole(message: EntryId, text_sha256: String) -> MessageApproved {
        MessageApproved { message, text_sha256, step: String::new(), still: Vec::new(), skipped: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_from_the_future_survives() {
        let raw = RawValue::from_string(r#"{"drone": 7}"#.to_owned()).unwrap();
        let what = What::decode("drone.launched/9", &raw);
        let (kind, data) = what.encode();
        assert_eq!(kind, "drone.launched/9");
        assert_eq!(data, serde_json::json!({"drone": 7}));
    }

    #[test]
    fn kinds_are_distinct_and_versioned() {
        let mut seen = std::collections::BTreeSet::new();
        for kind in What::KINDS {
            assert!(seen.insert(kind), "{kind} twice");
            assert!(kind.ends_with("/1") && kind.contains('.'), "{kind}");
        }
    }
}
