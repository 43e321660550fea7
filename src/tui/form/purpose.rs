//! What a form is for, with the ids of what the person saw.

use crate::incident::entry::EntryId;
use crate::incident::words::{Role, Way};

/// What a form is for. Carries the ids of what the person saw.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Purpose {
    Note,
    Task,
    Assign {
        task: EntryId,
        title: String,
    },
    Extend {
        task: EntryId,
        title: String,
    },
    Block {
        task: EntryId,
        title: String,
    },
    CancelTask {
        task: EntryId,
        title: String,
    },
    Decide {
        answers: Option<EntryId>,
    },
    Ask,
    Role {
        role: Option<Role>,
    },
    Phase,
    Severity,
    Fact,
    Clock,
    Promise,
    Elsewhere {
        audience: String,
        channel: String,
    },
    File {
        rule: String,
        stage: String,
        /// No law demands it: it is asked why it is made.
        voluntary: bool,
    },
    /// One of many whom a stage goes to was told; its row in their list.
    Tell {
        rule: String,
        stage: String,
        name: String,
        by: Way,
        lit: usize,
    },
    /// An agency called.
    Call,
    Confirm {
        rule: String,
        stage: String,
        by: String,
    },
    Waive {
        rule: String,
        stage: String,
    },
    Withdraw {
        rule: String,
        stage: String,
    },
    Settle {
        message: EntryId,
    },
    /// To whom a worksheet is mailed.
    Mail {
        rule: String,
        stage: String,
    },
    /// Other words for a note; those that stand.
    Amend {
        entry: EntryId,
        words: String,
    },
    /// New words for a message in the review, by its place there.
    EditText {
        audience: String,
        channel: String,
    },
    /// Leaves out the next step of an approval; the text that was read.
    SkipStep {
        message: EntryId,
        text_sha256: String,
        step: String,
    },
    /// Stands for what was done without the right.
    Stand {
        entry: EntryId,
    },
    /// Stands for a fact as security, legal ….
    Clear {
        fact: String,
    },
    /// How an audience's service is.
    Service {
        audience: String,
    },
    /// Whether a decision worked; its outcome as it stands.
    Check {
        decision: EntryId,
        outcome: String,
    },
    /// Hands a role over.
    Offer {
        role: Role,
    },
    RefuseOffer {
        offer: EntryId,
    },
    SubTeams {
        team: Option<String>,
    },
    /// The four answers of the time-out that runs, or of the last one.
    TimeOut,
    Objectives,
    End,
    Contact {
        of: String,
    },
}

impl Purpose {
    /// What its kept text is known by.
    pub fn key(&self) -> String {
        match self {
            Purpose::Note => "note".into(),
            Purpose::Task => "task".into(),
            Purpose::Assign { task, .. } => format!("assign {task}"),
            Purpose::Extend { task, .. } => format!("extend {task}"),
            Purpose::Block { task, .. } => format!("block {task}"),
            Purpose::CancelTask { task, .. } => format!("cancel {task}"),
            Purpose::Decide { answers } => format!("decide {}", answers.map(|a| a.to_string()).unwrap_or_default()),
            Purpose::Ask => "ask".into(),
            Purpose::Role { role } => format!("role {}", role.map(|r| r.as_str()).unwrap_or_default()),
            Purpose::Phase => "phase".into(),
            Purpose::Severity => "severity".into(),
            Purpose::Fact => "fact".into(),
            Purpose::Clock => "clock".into(),
            Purpose::Promise => "promise".into(),
            Purpose::Elsewhere { audience, .. } => format!("elsewhere {audience}"),
            Purpose::Tell { rule, stage, name, by, .. } => format!("tell {rule} {stage} {by} {name}"),
            Purpose::Call => "call".into(),
            Purpose::File { rule, stage, .. } => format!("file {rule} {stage}"),
            Purpose::Confirm { rule, stage, .. } => format!("confirm {rule} {stage}"),
            Purpose::Waive { rule, stage } => format!("waive {rule} {stage}"),
            Purpose::Withdraw { rule, stage } => format!("withdraw {rule} {stage}"),
            Purpose::Mail { rule, stage } => format!("mail {rule} {stage}"),
            Purpose::Settle { message } => format!("settle {message}"),
            Purpose::Amend { entry, .. } => format!("amend {entry}"),
            Purpose::EditText { audience, channel } => format!("text {audience} {channel}"),
            Purpose::SkipStep { message, .. } => format!("step {message}"),
            Purpose::Stand { entry } => format!("stand {entry}"),
            Purpose::Clear { fact } => format!("clear {fact}"),
            Purpose::Service { audience } => format!("service {audience}"),
            Purpose::Check { decision, .. } => format!("check {decision}"),
            Purpose::Offer { role } => format!("offer {role}"),
            Purpose::RefuseOffer { offer } => format!("refuse {offer}"),
            Purpose::SubTeams { team } => format!("sub-teams {}", team.as_deref().unwrap_or_default()),
            Purpose::TimeOut => "time-out".into(),
            Purpose::Objectives => "objectives".into(),
            Purpose::End => "end".into(),
            Purpose::Contact { of } => format!("contact {of}"),
        }
    }
}
