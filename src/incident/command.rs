//! What a person wants of the incident. Keys and scripts make the same values; `decide` turns them into entries.

use super::Instant;
use super::entry::EntryId;
use super::pin::Grounds;
use super::rights::Rights;
use super::stage::{Figures, How};
use super::words::{End, Phase, Role, Round, Severity, Way};

/// A wish. Carries the ids of what the person saw, never "the selected one".
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Note {
        text: String,
        at: Option<Instant>,
        follow_up: bool,
    },
    /// Puts a question to the commander.
    Ask {
        proposal: String,
        by: String,
        risk: String,
    },
    Decide(Decision),
    /// Who may do what from now on; all of it.
    AdoptRights(Rights),
    /// Stands for what was done without the right.
    StandFor {
        entry: EntryId,
        why: String,
    },
    SetSeverity {
        severity: Severity,
        why: String,
    },
    SetPhase {
        phase: Phase,
        why: String,
        /// The person's own name, given to override what is critical.
        by_name: Option<String>,
    },
    ReachEnd {
        end: End,
        at: Option<Instant>,
        basis: String,
    },
    /// What was seen when a decision was checked. None: it cannot be told yet.
    CheckDecision {
        decision: EntryId,
        worked: Option<bool>,
        seen: String,
    },
    StartTimeOut {
        minutes: u32,
    },
    EndTimeOut {
        timeout: EntryId,
        known: String,
        assumed: String,
        change_mind: String,
        tired: String,
    },
    SetObjectives {
        text: String,
        until: Option<Instant>,
    },
    /// None: struck out.
    SetContact {
        of: String,
        way: String,
        address: Option<String>,
        needs: Vec<String>,
    },
    Retitle {
        title: String,
    },

    SetRole {
        role: Role,
        holder: Option<String>,
        why: String,
    },

    /// Offers a role with a brief; the holder stays until it is accepted.
    Offer {
        role: Role,
        to: String,
        brief: String,
    },
    /// Accepts what was offered, having read the brief with this hash.
    AcceptOffer {
        offer: EntryId,
        brief_sha256: String,
    },
    RefuseOffer {
        offer: EntryId,
        why: String,
    },
    /// Leads and people of teams, all or none.
    SetTeams(Vec<TeamWish>),
    /// Nobody named: everybody who has a role, a team or a task.
    CallRoll {
        people: Vec<String>,
        minutes: u32,
    },
    AnswerRoll {
        call: EntryId,
        person: String,
        says: String,
    },

    AddTask {
        title: String,
        team: Option<String>,
        owner: Option<String>,
        minutes: u32,
    },
    Assign {
        task: EntryId,
        owner: String,
        minutes: u32,
    },
    /// "Mine, back in N minutes." Never approves, never silences a legal clock, never hides an untold audience.
    Acknowledge {
        target: Target,
        minutes: u32,
    },
    /// The owner said aloud that they understood: they are not the one who types.
    Hear {
        task: EntryId,
    },
    StartTask {
        task: EntryId,
    },
    BlockTask {
        task: EntryId,
        on: String,
    },
    FinishTask {
        task: EntryId,
        result: String,
    },
    CancelTask {
        task: EntryId,
        why: String,
    },
    ExtendTask {
        task: EntryId,
        minutes: u32,
        why: String,
    },

    DraftMessage {
        audience: String,
        channel: String,
        round: Round,
        text: String,
        next_update: Option<Instant>,
        grounds: Grounds,
    },
    /// Drafts a text and approves it in one: the person read these very words.
    DraftAndApprove {
        audience: String,
        channel: String,
        round: Round,
        text: String,
        next_update: Option<Instant>,
        grounds: Grounds,
    },
    EditMessage {
        message: EntryId,
        text: String,
        next_update: Option<Instant>,
        grounds: Grounds,
    },
    /// New words for a message and their approval in one: the person read these very words.
    EditAndApprove {
        message: EntryId,
        text: String,
        next_update: Option<Instant>,
        grounds: Grounds,
    },
    /// Gives the next step of the approval of the text with this hash; another text is refused.
    ApproveMessage {
        message: EntryId,
        text_sha256: String,
    },
    /// Leaves out the next step of an approval, by name and reason.
    SkipStep {
        message: EntryId,
        text_sha256: String,
        why: String,
    },
    /// Begins the sending. The room or the script that makes it performs it.
    SendMessage {
        message: EntryId,
        process: String,
    },
    SkipMessage {
        message: EntryId,
        why: String,
    },
    RecordElsewhere {
        audience: String,
        channel: String,
        by: String,
        at: Option<Instant>,
        proof: Option<String>,
        text: String,
        next_update: Option<Instant>,
    },
    /// A person looked on the other side and knows what became of a message whose answer was lost.
    SettleMessage {
        message: EntryId,
        went: bool,
        how: String,
    },

    /// How an audience's service is, by somebody's word: where no page tells, or a page is wrong.
    SetService {
        audience: String,
        harmed: bool,
        at: Option<Instant>,
        basis: String,
    },

    Promise {
        text: String,
        to: String,
        due: Instant,
    },
    KeepPromise {
        promise: EntryId,
        how: String,
    },

    SetFact {
        name: String,
        value: serde_json::Value,
        basis: String,
        confirmed_by: Option<String>,
        /// Since when it is so; None: now.
        at: Option<Instant>,
    },
    /// Stands for a fact as security, legal …; empty: the next step that is wanted.
    ClearFact {
        name: String,
        step: String,
        basis: String,
    },

    SetClock {
        clock: String,
        at: Instant,
        why: String,
        assumed: bool,
    },
    DraftStage {
        rule: String,
        stage: String,
    },
    File {
        rule: String,
        stage: String,
        at: Option<Instant>,
        reference: String,
        person: String,
        how: How,
    },
    ConfirmStage {
        rule: String,
        stage: String,
        how: String,
    },
    /// Not filed: why, and who decided it.
    WaiveStage {
        rule: String,
        stage: String,
        why: String,
        by: String,
        figures: Figures,
    },
    /// A filing that went out and is called back; what was filed stays in the record.
    WithdrawStage {
        rule: String,
        stage: String,
        why: String,
        by: String,
        figures: Figures,
    },
    /// One of the many whom a stage goes to was told.
    Tell {
        rule: String,
        stage: String,
        name: String,
        by: Way,
        person: String,
        at: Option<Instant>,
    },
    /// An agency called and was promised an answer. `taken_by` empty: by who types.
    TakeCall {
        agency: String,
        about: String,
        due: Instant,
        taken_by: String,
        caller: String,
    },

    Retract {
        entry: EntryId,
        why: String,
    },
    Amend {
        entry: EntryId,
        text: String,
    },
}

/// A team as it is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TeamWish {
    /// Id or name; one that is not known becomes a team.
    pub team: String,
    pub parent: Option<String>,
    pub lead: Option<String>,
    pub members: Vec<String>,
}

impl Command {
    /// The proof that comes with it, where it may be a file that has to be kept.
    pub fn proof_mut(&mut self) -> Option<&mut String> {
        match self {
            Command::RecordElsewhere { proof, .. } => proof.as_mut(),
            Command::File { how, .. } if !how.proof.trim().is_empty() => Some(&mut how.proof),
            _ => None,
        }
    }
}

/// What can be acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Task(EntryId),
    /// Alerts alike, by the name of their group, as many as the person saw.
    Alerts {
        group: String,
        count: usize,
    },
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Decision {
    /// The asking that it answers.
    pub answers: Option<EntryId>,
    pub proposal: String,
    pub outcome: String,
    pub refused: Vec<String>,
    pub objections: Option<String>,
    pub acts: Option<String>,
    pub check_at: Option<Instant>,
    pub reversal: Option<String>,
}

/// Who acts, as the entries will say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub person: String,
    pub host: String,
}

/// Why a command cannot be done now, as a sentence for the person who tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl Refusal {
    pub fn new(why: impl Into<String>) -> Refusal {
        Refusal(why.into())
    }
}
