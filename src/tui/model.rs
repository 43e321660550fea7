//! What the screen remembers: which pane, which row, what is typed. Small, cloneable, holds no handle to anything.

use std::collections::{BTreeMap, VecDeque};

use super::form::Form;
use super::review::Review;
use crate::incident::Instant;
use crate::incident::command::{Actor, Command};
use crate::incident::entry::{EntryId, IncidentId};
use crate::report::letter::Letter;
use crate::situation::need::Need;
use crate::situation::thing::Thing;
use crate::text::{Safe, shorten};

/// A pane, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Pane {
    Now,
    Timeline,
    Messages,
    Agencies,
    Teams,
    Signals,
}

impl Pane {
    pub const ALL: [Pane; 6] = [Pane::Now, Pane::Timeline, Pane::Messages, Pane::Agencies, Pane::Teams, Pane::Signals];

    /// Its name, as others read it.
    pub fn word(self) -> &'static str {
        match self {
            Pane::Now => "now",
            Pane::Timeline => "timeline",
            Pane::Messages => "messages",
            Pane::Agencies => "agencies",
            Pane::Teams => "teams",
            Pane::Signals => "signals",
        }
    }

    pub fn number(self) -> usize {
        self as usize + 1
    }
}

/// How many things `.` goes through.
const RECENT: usize = 20;

/// Which rows the timeline shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum View {
    #[default]
    All,
    Decisions,
    Changes,
    FollowUps,
}

impl View {
    pub fn next(self) -> View {
        match self {
            View::All => View::Decisions,
            View::Decisions => View::Changes,
            View::Changes => View::FollowUps,
            View::FollowUps => View::All,
        }
    }

    /// What the pane's title says; empty where all is shown.
    pub fn title(self) -> &'static str {
        match self {
            View::All => "",
            View::Decisions => "DECISIONS",
            View::Changes => "CHANGES",
            View::FollowUps => "FOLLOW-UPS",
        }
    }
}

/// A list's place: what is lit, by its thing, and where the view begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    pub lit: Option<Thing>,
    /// Index of the lit row when it was last seen: the row that keeps its line on the screen.
    pub index: usize,
    pub offset: usize,
    /// Nobody has moved here yet: the first row is lit by itself.
    pub untouched: bool,
    /// The lit thing went away: nothing is lit until the person moves.
    pub lost: bool,
    pub filter: String,
}

impl Place {
    fn fresh() -> Place {
        Place { untouched: true, ..Place::default() }
    }
}

/// What lies over the overview.
#[derive(Clone, Debug)]
pub enum Overlay {
    Help {
        scroll: usize,
    },
    Palette {
        typed: String,
        at: usize,
    },
    Form(Box<Form>),
    Review(Box<Review>),
    /// A thing, opened.
    Detail {
        thing: Thing,
        scroll: usize,
    },
    Can {
        scroll: usize,
    },
    /// The brief of a handover. `read`: its end was on the screen.
    Brief {
        offer: EntryId,
        scroll: usize,
        read: bool,
    },
    RollCall {
        /// Whose row is lit; None: the first.
        lit: Option<String>,
    },
    /// Who is in the room.
    Here {
        scroll: usize,
    },
    /// How everybody is reached, these first.
    Contacts {
        first: Vec<String>,
        scroll: usize,
    },
    /// What a filing must say, filled in.
    Sheet {
        rule: String,
        stage: String,
        scroll: usize,
    },
    /// A worksheet that would be mailed, everything that leaves.
    Letter {
        letter: Box<Letter>,
        scroll: usize,
    },
    /// Whom a stage asks to tell one by one; which one is lit.
    Desks {
        rule: String,
        stage: String,
        lit: usize,
    },
    /// What is said now.
    Words {
        scroll: usize,
    },
    /// The incidents; which one is lit.
    Incidents {
        lit: Option<IncidentId>,
    },
    /// Typing a filter for the pane.
    Filter,
}

/// How loud a line at the foot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loud {
    Info,
    Refused,
    Failed,
}

/// An append that has not returned from the disk.
#[derive(Clone, Debug)]
pub struct Pending {
    pub effect: u64,
    pub what: String,
    pub since: Instant,
    /// What is to be written; empty for a release.
    pub commands: Vec<Command>,
    /// What the person typed, given back if it fails.
    pub form: Option<Box<Form>>,
}

/// What a demo tells of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Demo {
    /// Room seconds per real second while it runs.
    pub speed: f64,
    pub paused: bool,
    /// The journal, for a second shell.
    pub journal: String,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub actor: Actor,
    /// Marks what this process sends.
    pub process: String,
    /// The terminal's columns and rows.
    pub terminal: (u16, u16),
    /// The columns and rows that the room draws on: the terminal's, less the rows of a call.
    pub size: (u16, u16),
    /// What a drill plays in, in rows of its own at the foot: nothing else that is told hides it.
    pub call: Option<Safe>,
    pub pane: Pane,
    pub zoom: bool,
    pub places: [Place; 6],
    /// The channel that is lit in the grid.
    pub channel: usize,
    /// Which rows the timeline shows.
    pub view: View,
    /// The backends that carry mail, by name.
    pub mail: Vec<String>,
    /// The agencies' pane judges by the law of today.
    pub today: bool,
    /// What rang or was made of late, the last first: where `.` goes.
    pub recent: VecDeque<Thing>,
    pub overlay: Option<Overlay>,
    pub utc: bool,
    pub flash: Option<(Loud, Safe)>,
    /// Texts whose release is being written, and since when by the room's clock.
    pub releasing: Vec<(EntryId, Instant)>,
    /// Texts that were released here, until all have ended.
    pub released: Vec<(EntryId, Instant)>,
    /// When a claim could last not be made, by the wall clock, and why: others may send the same.
    pub unclaimed: Option<(Instant, String)>,
    pub pending: Vec<Pending>,
    pub next_effect: u64,
    /// Text given up with Esc or kept from an earlier session, by form.
    pub kept: BTreeMap<String, Vec<String>>,
    pub demo: Option<Demo>,
    pub read_only: Option<String>,
    /// The journal cannot be written: why. Stays until a write succeeds.
    pub not_saved: Option<String>,
    pub minutes: u32,
    /// Rows recorded after this instant are new since the person looked.
    pub looked: Option<Instant>,
    pub loading: bool,
    /// No bell is wanted, but for what lives may hang on.
    pub quiet: bool,
    /// The incident that is open, and all others of the journal as last looked at.
    pub incident: Option<IncidentId>,
    pub others: Vec<Need>,
    /// The entry that `u` asked about: the same key once more takes it back.
    pub undo_asked: Option<EntryId>,
}

impl Model {
    /// Whether something that begins so is asked of the journal and not answered.
    pub fn is_pending(&self, what: &str) -> bool {
        self.pending.iter().any(|p| p.what.starts_with(what))
    }

    pub fn new(actor: Actor, process: String, size: (u16, u16)) -> Model {
        Model {
            actor,
            process,
            terminal: size,
            size,
            call: None,
            pane: Pane::Now,
            zoom: false,
            places: std::array::from_fn(|_| Place::fresh()),
            channel: 0,
            view: View::All,
            today: false,
            recent: VecDeque::new(),
            overlay: None,
            utc: false,
            flash: None,
            releasing: Vec::new(),
            released: Vec::new(),
            unclaimed: None,
            pending: Vec::new(),
            next_effect: 1,
            kept: BTreeMap::new(),
            demo: None,
            read_only: None,
            not_saved: None,
            minutes: 5,
            looked: None,
            loading: true,
            mail: Vec::new(),
            quiet: false,
            incident: None,
            others: Vec::new(),
            undo_asked: None,
        }
    }

    /// Puts things where `.` goes, the first of them first.
    pub fn recall(&mut self, things: impl DoubleEndedIterator<Item = Thing>) {
        for thing in things.rev() {
            self.recent.retain(|known| *known != thing);
            self.recent.push_front(thing);
        }
        self.recent.truncate(RECENT);
    }

    pub fn place(&self) -> &Place {
        &self.places[self.pane as usize]
    }

    pub fn place_mut(&mut self) -> &mut Place {
        &mut self.places[self.pane as usize]
    }

    /// Whether a text field is open: the demo's clock stands still meanwhile.
    pub fn typing(&self) -> bool {
        matches!(self.overlay, Some(Overlay::Form(_) | Overlay::Review(_) | Overlay::Filter | Overlay::Palette { .. }))
    }

    /// Whether printable keys are text now, and no commands.
    pub fn types(&self) -> bool {
        matches!(self.overlay, Some(Overlay::Form(_) | Overlay::Filter | Overlay::Palette { .. }))
    }

    /// The terminal has this size now.
    pub fn resize(&mut self, terminal: (u16, u16)) {
        let rows = u16::try_from(self.call_rows(terminal).len()).unwrap_or(u16::MAX);
        self.terminal = terminal;
        self.size = (terminal.0, terminal.1.saturating_sub(rows));
    }

    /// Somebody calls, or nobody any more.
    pub fn calls(&mut self, call: Option<Safe>) {
        self.call = call;
        self.resize(self.terminal);
    }

    /// The rows of the call on such a terminal; none where the room needs them more.
    pub fn call_rows(&self, (columns, rows): (u16, u16)) -> Vec<Safe> {
        let most = usize::from(rows / 5).min(3);
        let Some(call) = &self.call else { return Vec::new() };
        let lines = shorten::wrap(call, usize::from(columns));
        let last = lines.get(most.saturating_sub(1)..).unwrap_or_default();
        let last = last.iter().map(Safe::as_str).collect::<Vec<_>>().join(" ");
        let cut = shorten::shorten(&Safe::new(&last), usize::from(columns));
        lines
            .iter()
            .take(most.saturating_sub(1))
            .cloned()
            .chain((most > 0 && !last.is_empty()).then_some(cut))
            .collect()
    }

    pub fn say(&mut self, loud: Loud, text: impl Into<Safe>) {
        self.flash = Some((loud, text.into()));
        // What is told stands where the question stood: it must not be answered unseen.
        self.undo_asked = None;
    }
}

/// What the room is asked to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Decide at the head and write; the answer is an `Outcome` with the same number.
    Append {
        effect: u64,
        commands: Vec<Command>,
    },
    /// Draft where needed, approve, and begin sending: each durable before the request leaves.
    Release {
        effect: u64,
        messages: Vec<EntryId>,
        /// The person knows that no other host is asked.
        alone: bool,
    },
    PollNow,
    Copy(String),
    /// Given to the program that prints.
    Print(String),
    /// Mails a worksheet; the record says so before it leaves.
    Mail {
        effect: u64,
        letter: Box<Letter>,
    },
    /// Keep typed text for the next session.
    Keep {
        form: String,
        fields: Vec<String>,
    },
    Forget {
        form: String,
    },
    PauseDemo(bool),
    /// Whether the person wants no bell.
    Quiet(bool),
    /// Leave this incident for another.
    Switch(IncidentId),
    Suspend,
    /// The text in the person's own editor; the answer is `Edited`.
    Editor(String),
    Redraw,
    Quit,
}
