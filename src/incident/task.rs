//! A task: one named owner, and a check-in after which it comes back. Its steps, and nothing else.

use chrono::TimeDelta;

use super::Instant;
use super::entry::EntryId;
use super::words::TaskState;

#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub id: EntryId,
    pub title: String,
    /// A team's id.
    pub team: Option<String>,
    pub owner: Option<String>,
    pub state: TaskState,
    /// Minutes from each assignment, acknowledgement or start to the check-in.
    pub minutes: u32,
    pub first: bool,
    pub planned: Option<String>,
    pub added: Instant,
    /// When the owner was asked.
    pub asked: Option<Instant>,
    /// When it last moved.
    pub moved: Instant,
    /// The check-in: when it comes back to the commander.
    pub due: Option<Instant>,
    pub blocked_on: Option<String>,
    /// What came of it, or why it was cancelled.
    pub result: String,
    pub extensions: u32,
}

/// What can happen to a task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TaskEvent<'a> {
    Assigned { owner: &'a str, minutes: u32 },
    Acknowledged { by: &'a str, minutes: u32 },
    Started,
    Blocked { on: &'a str },
    Done { result: &'a str },
    Cancelled { why: &'a str },
    Extended { minutes: u32 },
}

/// Why an event changes nothing: a sentence for the timeline and for the person who tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoEffect(pub String);

impl NoEffect {
    pub fn new(why: impl Into<String>) -> NoEffect {
        NoEffect(why.into())
    }
}

fn later(at: Instant, minutes: u32) -> Instant {
    at.checked_add_signed(TimeDelta::minutes(i64::from(minutes))).unwrap_or(at)
}

/// The task after the event at `at`, or why it has no effect.
pub fn step(task: &Task, event: TaskEvent<'_>, at: Instant) -> Result<Task, NoEffect> {
    match task.state {
        TaskState::Done => return Err(NoEffect::new("it is done already")),
        TaskState::Cancelled => return Err(NoEffect::new("it was cancelled")),
        TaskState::Open | TaskState::Acknowledged | TaskState::InProgress | TaskState::Blocked => {}
    }
    let mut next = Task { moved: at, ..task.clone() };
    match event {
        TaskEvent::Assigned { owner, minutes } => {
            next.owner = Some(owner.to_owned());
            next.minutes = minutes;
            next.state = TaskState::Open;
            next.asked = Some(at);
            next.due = Some(later(at, minutes));
            next.blocked_on = None;
        }
        TaskEvent::Acknowledged { by, minutes } => {
            if task.state == TaskState::InProgress {
                return Err(NoEffect::new("it is in progress already"));
            }
            next.owner = Some(by.to_owned());
            next.state = TaskState::Acknowledged;
            next.minutes = minutes;
            next.asked = task.asked.or(Some(at));
            next.due = Some(later(at, minutes));
            next.blocked_on = None;
        }
        TaskEvent::Started => {
            if task.state == TaskState::InProgress {
                return Err(NoEffect::new("it is in progress already"));
            }
            next.state = TaskState::InProgress;
            next.due = Some(later(at, task.minutes));
            next.blocked_on = None;
        }
        TaskEvent::Blocked { on } => {
            next.state = TaskState::Blocked;
            next.blocked_on = Some(on.to_owned());
        }
        TaskEvent::Done { result } => {
            next.state = TaskState::Done;
            next.due = None;
            next.result = result.to_owned();
        }
        TaskEvent::Cancelled { why } => {
            next.state = TaskState::Cancelled;
            next.due = None;
            next.result = why.to_owned();
        }
        TaskEvent::Extended { minutes } => {
            next.due = Some(later(at, minutes));
            next.extensions = next.extensions.saturating_add(1);
        }
    }
    Ok(next)
}

impl Task {
    /// Whether anything is still owed.
    pub fn live(&self) -> bool {
        match self.state {
            TaskState::Open | TaskState::Acknowledged | TaskState::InProgress | TaskState::Blocked => true,
            TaskState::Done | TaskState::Cancelled => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> Task {
        Task {
            id: EntryId::derived(&["t"]),
            title: "check the change".into(),
            team: None,
            owner: None,
            state: TaskState::Open,
            minutes: 10,
            first: false,
            planned: None,
            added: Instant::UNIX_EPOCH,
            asked: None,
            moved: Instant::UNIX_EPOCH,
            due: None,
            blocked_on: None,
            result: String::new(),
            extensions: 0,
        }
    }

    #[test]
    fn acknowledged_is_not_in_progress_and_done_stays_done() {
        let at = Instant::UNIX_EPOCH + TimeDelta::minutes(5);
        let acked = step(&task(), TaskEvent::Acknowledged { by: "ana", minutes: 5 }, at).unwrap();
        assert_eq!((acked.state, acked.owner.as_deref()), (TaskState::Acknowledged, Some("ana")));
        assert_eq!(acked.due, Some(at + TimeDelta::minutes(5)));
        let done = step(&acked, TaskEvent::Done { result: "rolled back" }, at).unwrap();
        let late = step(&done, TaskEvent::Acknowledged { by: "ben", minutes: 5 }, at);
        assert_eq!(late, Err(NoEffect::new("it is done already")));
    }
}
