//! What can be typed. The doc comments are the help.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::incident::words::{End, Phase, Role, Round, Severity, Way};

/// The terminal incident war room: what needs the commander now, who was told, which agency must hear by when.
///
/// Without a subcommand it opens the room on the open incident.
#[derive(Parser, Debug)]
#[command(name = "warroom", version, max_term_width = 100)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Cmd>,
}

#[derive(clap::Args, Debug, Clone, Default)]
pub struct Global {
    /// Configuration file (else $WARROOM_CONFIG, $XDG_CONFIG_HOME/warroom/config.toml, /etc/warroom/config.toml)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Journal file (else $WARROOM_JOURNAL, $XDG_STATE_HOME/warroom/journal.db)
    #[arg(long, global = true, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Which incident: the beginning of its id
    #[arg(long, global = true, value_name = "ID")]
    pub incident: Option<String>,
    /// Who acts (else $WARROOM_NAME, the person behind sudo, the login name)
    // An id of its own: a positional argument called `name` must not become who acts.
    #[arg(id = "who_acts", long = "as", global = true, value_name = "NAME")]
    pub name: Option<String>,
    /// Print JSON where there is something to print
    #[arg(long, global = true)]
    pub json: bool,
    /// Change nothing: open the journal for reading only
    #[arg(long, global = true)]
    pub read_only: bool,
}

#[derive(Subcommand, Debug)]
pub enum Cmd {
    /// Replay a real outage on loopback backends and command it; leaves nothing behind
    Demo(Demo),
    /// Practise: an exercise with injects from a script, and a score at its end
    Drill(Drill),
    /// Open an incident and print its id
    Declare(Declare),
    /// List the incidents of the journal
    List(List),
    /// Print the state; --json for programs
    State(State),
    /// Who is in the room, on which host, and their last key
    Here,
    /// Add a note to the timeline
    Note(Note),
    /// Record a decision, or put a question to the commander with --ask
    Decide(Decide),
    /// Acknowledge a task or a group of alerts: mine, back in N minutes
    Ack(Ack),
    /// Give a role to somebody, or leave it empty
    Role(RoleArgs),
    /// State a fact that rules and messages use
    Fact(Fact),
    /// What was seen when a decision was checked
    Checked(Checked),
    /// Hand a role over: offer, show, accept, refuse
    Handover(Handover),
    /// Teams: who leads, who is in them
    Team(TeamArgs),
    /// Roll-call: ask everybody, record who answers
    RollCall(RollCallArgs),
    /// Start a time-out, or record its four answers
    TimeOut(TimeOutArgs),
    /// What is to be reached in this period
    Objectives(Objectives),
    /// One of the four ends was reached: mitigated, normal, announced, verified
    End(EndArgs),
    /// How people, teams, agencies and the incident are reached
    Contact(ContactArgs),
    /// Set the phase
    Phase(PhaseArgs),
    /// Raise or lower the severity
    Severity(SeverityArgs),
    /// Take an entry back; what left the building stays
    Undo(Undo),
    /// Tasks: add, assign, start, done, block, extend, cancel, list
    Task(Task),
    /// Messages: list, draft, show, edit, approve, send, skip, elsewhere, settle, promise
    Message(Message),
    /// Agencies: list, draft, file, confirm, waive, withdraw, clock
    Agency(Agency),
    /// Poll the backends and keep time without a screen
    Poll(Poll),
    /// Print the CAN report: conditions, actions, needs
    Can,
    /// Check configuration, playbook, rules and theme, and contact each backend once
    Check,
    /// Write the record
    Export(Export),
    /// Carry an incident to another host and back: export, import
    Bundle(BundleArgs),
    /// Write an incident, whole, with its proofs and what `verify` says, to one file, and read it back
    Archive(Archive),
    /// Bring an incident back from an archive, or let a removed one come back from the server
    Restore(Restore),
    /// Remove an incident that is over from this journal; the archive is looked at first
    Remove(Remove),
    /// Meet other hosts at the PostgreSQL of [replicate]: push, pull, stay; init
    Replicate(Replicate),
    /// Check that the journal's chains hold, and how far other writers witnessed them
    Verify(Verify),
    /// Who may do what: show it, put this host's [rights] in force, stand for what was done without the right
    Rights(RightsArgs),
    /// The agency rules; files of rules and examples, checked, evaluated and tested; why a rule stands as it does
    Rules(Rules),
    /// The playbooks that are known
    Playbooks(Playbooks),
    /// The themes that are built in
    Themes,
    /// The keys of the room
    Keys,
    /// The kinds of backends, with their keys and examples
    Backends(Backends),
    /// Completions for a shell
    Completions(Completions),
    /// Write a commented configuration for the kinds of backends named
    Init(Init),
}

#[derive(clap::Args, Debug)]
pub struct Demo {
    /// Scenario seconds per real second; 1 is real time
    #[arg(long, default_value_t = 120.0, value_name = "N")]
    pub speed: f64,
    /// Another outage in the same form
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Start with the clock standing still
    #[arg(long)]
    pub paused: bool,
}

#[derive(clap::Args, Debug)]
pub struct Drill {
    /// Playbook's name (else the script's, else the configured one)
    pub playbook: Option<String>,
    /// Injects of your own (else the first hour of a carrier's outage)
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// Drill seconds per real second; from 1 up the clock stands still while a form is open
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub speed: f64,
}

#[derive(clap::Args, Debug)]
pub struct Declare {
    pub title: String,
    #[arg(long, value_parser = word::<Severity>)]
    pub severity: Severity,
    /// Playbook's name (else the configured one)
    #[arg(long)]
    pub playbook: Option<String>,
    /// When service was first affected: 02:45, -20m or RFC 3339
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub started: Option<String>,
    /// When somebody here first knew
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub detected: Option<String>,
    /// An exercise: nothing of it can ever leave the building
    #[arg(long)]
    pub exercise: bool,
}

#[derive(clap::Args, Debug)]
pub struct State {
    /// Timeline rows recorded after this instant, all of them
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Go on printing a line of JSON for every change
    #[arg(long)]
    pub follow: bool,
}

#[derive(clap::Args, Debug)]
pub struct Note {
    pub text: String,
    /// When it happened: 02:45, -12m or RFC 3339
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Something to come back to
    #[arg(long)]
    pub follow_up: bool,
    /// These are the words of that note from now on, by the beginning of its id; the old ones stay in the record
    #[arg(long, value_name = "ID", conflicts_with_all = ["at", "follow_up"])]
    pub amend: Option<String>,
}

#[derive(clap::Args, Debug)]
pub struct Decide {
    pub proposal: String,
    /// What is decided
    #[arg(long, required_unless_present = "ask", default_value = "")]
    pub outcome: String,
    /// Who acts
    #[arg(long)]
    pub acts: Option<String>,
    /// When to check: +6m, 10:40
    #[arg(long, value_name = "T")]
    pub check: Option<String>,
    /// Strong objections, or "none heard"
    #[arg(long)]
    pub objections: Option<String>,
    /// An option that was refused; may be repeated
    #[arg(long)]
    pub refused: Vec<String>,
    /// What would reverse it
    #[arg(long)]
    pub reversal: Option<String>,
    /// The question that it answers, by the beginning of its id
    #[arg(long, value_name = "ID")]
    pub answers: Option<String>,
    /// Only ask: the commander decides
    #[arg(long)]
    pub ask: bool,
    /// The risk, with --ask
    #[arg(long, default_value = "")]
    pub risk: String,
}

#[derive(clap::Args, Debug)]
pub struct Ack {
    /// The beginning of a task's id, its id in the playbook, or the name of an alert
    pub id: String,
    #[arg(long, default_value_t = 10)]
    pub minutes: u32,
}

#[derive(clap::Args, Debug)]
pub struct RoleArgs {
    #[arg(value_parser = Role::of)]
    pub role: Role,
    /// A name; absent: nobody holds it
    pub holder: Option<String>,
    /// Why it is taken from its holder without a handover
    #[arg(long, default_value = "")]
    pub why: String,
}

#[derive(clap::Args, Debug)]
pub struct Fact {
    pub name: String,
    /// A number, true, false or a text; absent: not known
    #[arg(allow_negative_numbers = true)]
    pub value: Option<String>,
    /// How we know
    #[arg(long, default_value = "")]
    pub basis: String,
    /// Who confirms it
    #[arg(long)]
    pub confirmed_by: Option<String>,
    /// Since when it is so, where not since now; what sums it up counts from then
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Stand for it as it is, as security, legal …; without a name as whoever is wanted next
    #[arg(long, value_name = "STEP", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["value", "confirmed_by"])]
    pub clear: Option<String>,
}

#[derive(clap::Args, Debug)]
pub struct PhaseArgs {
    #[arg(value_parser = word::<Phase>)]
    pub phase: Phase,
    #[arg(long, default_value = "")]
    pub why: String,
    /// Your own name, to resolve it although something critical is not known to work
    #[arg(long, value_name = "NAME")]
    pub override_by: Option<String>,
}

#[derive(clap::Args, Debug)]
pub struct SeverityArgs {
    #[arg(value_parser = word::<Severity>)]
    pub severity: Severity,
    #[arg(long, default_value = "")]
    pub why: String,
}

#[derive(clap::Args, Debug)]
pub struct RightsArgs {
    #[command(subcommand)]
    pub command: Option<RightsCmd>,
}

#[derive(Subcommand, Debug)]
pub enum RightsCmd {
    /// Put the [rights] of this host's configuration in force for the incident, on every host
    Adopt,
    /// Stand for what somebody did without the right
    Stand {
        /// The beginning of the entry's id
        id: String,
        /// Why it stands, or what is done about it
        #[arg(long)]
        why: String,
    },
}

#[derive(clap::Args, Debug)]
pub struct Undo {
    /// The beginning of the entry's id
    pub id: String,
    #[arg(long, default_value = "")]
    pub why: String,
}

#[derive(clap::Args, Debug)]
pub struct Task {
    #[command(subcommand)]
    pub command: TaskCmd,
}

#[derive(Subcommand, Debug)]
pub enum TaskCmd {
    /// A new task
    Add {
        title: String,
        #[arg(long)]
        owner: Option<String>,
        #[arg(long)]
        team: Option<String>,
        #[arg(long, default_value_t = 10)]
        minutes: u32,
    },
    /// Give it to somebody
    Assign {
        id: String,
        owner: String,
        #[arg(long, default_value_t = 10)]
        minutes: u32,
    },
    /// Its owner said aloud that they understood
    Heard { id: String },
    /// It is being done
    Start { id: String },
    /// It is done
    Done {
        id: String,
        #[arg(long, default_value = "")]
        result: String,
    },
    /// It waits for something or somebody
    Block {
        id: String,
        #[arg(long)]
        on: String,
    },
    /// More time, with the reason
    Extend {
        id: String,
        minutes: u32,
        #[arg(long)]
        why: String,
    },
    /// It is not needed
    Cancel {
        id: String,
        #[arg(long)]
        why: String,
    },
    /// All tasks
    List,
}

#[derive(clap::Args, Debug)]
pub struct Checked {
    /// The beginning of the decision's id
    pub id: String,
    /// yes, no or not-yet
    #[arg(long, value_parser = ["yes", "no", "not-yet"])]
    pub worked: String,
    /// What you see now
    #[arg(long)]
    pub seen: String,
}

#[derive(clap::Args, Debug)]
pub struct Handover {
    #[command(subcommand)]
    pub command: HandoverCmd,
}

#[derive(Subcommand, Debug)]
pub enum HandoverCmd {
    /// Offer a role with a brief; the holder stays until it is accepted
    Offer {
        #[arg(value_parser = Role::of)]
        role: Role,
        to: String,
        /// The brief (else made from the state)
        #[arg(long)]
        brief: Option<String>,
        /// What worries you
        #[arg(long, default_value = "")]
        worries: String,
    },
    /// The offers that wait for an answer, with their briefs
    Show,
    /// Accept what is offered to you, having read the brief
    Accept { id: String },
    /// Refuse what is offered to you, or withdraw your own offer
    Refuse {
        id: String,
        #[arg(long)]
        why: String,
    },
}

#[derive(clap::Args, Debug)]
pub struct TeamArgs {
    #[command(subcommand)]
    pub command: TeamCmd,
}

#[derive(Subcommand, Debug)]
pub enum TeamCmd {
    /// All teams, their leads and people, and who reports to the commander
    List,
    /// Who leads a team and who is in it; an unknown name is a new team
    Set {
        team: String,
        #[arg(long)]
        lead: Option<String>,
        /// Its people without the lead, apart by commas
        #[arg(long = "with", value_delimiter = ',')]
        members: Vec<String>,
        /// The team that it is split off
        #[arg(long)]
        parent: Option<String>,
    },
}

#[derive(clap::Args, Debug)]
pub struct RollCallArgs {
    /// Ask these, or everybody who has a role, a team or a task
    #[arg(long)]
    pub ask: bool,
    #[arg(long = "of", value_delimiter = ',', requires = "ask")]
    pub people: Vec<String>,
    /// Within how many minutes
    #[arg(long, default_value_t = 3)]
    pub minutes: u32,
    /// Who answered
    #[arg(long, conflicts_with = "ask")]
    pub heard: Option<String>,
    /// What they said
    #[arg(long, default_value = "")]
    pub says: String,
}

#[derive(clap::Args, Debug)]
pub struct TimeOutArgs {
    /// How long it runs
    #[arg(long, default_value_t = 5)]
    pub minutes: u32,
    /// The four answers end it: what we know
    #[arg(long)]
    pub known: Option<String>,
    /// What we assume
    #[arg(long, default_value = "", requires = "known")]
    pub assumed: String,
    /// What would change our mind
    #[arg(long, default_value = "", requires = "known")]
    pub change_mind: String,
    /// Who is tired
    #[arg(long, default_value = "", requires = "known")]
    pub tired: String,
}

#[derive(clap::Args, Debug)]
pub struct Objectives {
    pub text: String,
    /// The end of the period: +2h, 10:40
    #[arg(long, value_name = "T")]
    pub until: Option<String>,
}

#[derive(clap::Args, Debug)]
pub struct EndArgs {
    #[arg(value_parser = word::<End>)]
    pub end: End,
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// How we know
    #[arg(long)]
    pub basis: String,
}

#[derive(clap::Args, Debug)]
pub struct ContactArgs {
    #[command(subcommand)]
    pub command: ContactCmd,
}

#[derive(Subcommand, Debug)]
pub enum ContactCmd {
    /// Everybody of whom a way is known
    List,
    /// A way to reach a person, a team, an agency's rule or the `incident` (bridge, chat, ticket)
    Set {
        of: String,
        /// landline, radio, other carrier, desk; bridge, chat, ticket
        way: String,
        address: String,
        /// Components without which it does not work, apart by commas
        #[arg(long, value_delimiter = ',')]
        needs: Vec<String>,
    },
    /// Not that way any more
    Strike { of: String, way: String },
}

#[derive(clap::Args, Debug)]
pub struct Message {
    #[command(subcommand)]
    pub command: MessageCmd,
}

#[derive(Subcommand, Debug)]
pub enum MessageCmd {
    /// All messages, and what the playbook proposes
    List,
    /// A text for one audience on one channel; without --text the playbook's own
    Draft {
        audience: String,
        channel: String,
        #[arg(long)]
        text: Option<String>,
        #[arg(long, value_parser = word::<Round>)]
        round: Option<Round>,
        /// The next word that it promises: +20m, 10:40
        #[arg(long, value_name = "T")]
        next: Option<String>,
    },
    /// One message, whole
    Show { id: String },
    /// Another text: it is a draft again
    Edit {
        id: String,
        /// The words; without them your editor opens ($VISUAL, $EDITOR)
        #[arg(conflicts_with = "anew")]
        text: Option<String>,
        /// The words as they would be now, where a fact in it is another
        #[arg(long)]
        anew: bool,
    },
    /// Approve the text as it stands; prints what was approved
    Approve { id: String },
    /// Leave out the next step of the approval, with the reason
    SkipStep {
        id: String,
        #[arg(long)]
        why: String,
    },
    /// What is said now, and who still holds older words
    Words,
    /// Send an approved message over its backend, once
    Send {
        id: String,
        /// Send although the other hosts are not reached: they may send it too
        #[arg(long)]
        alone: bool,
        /// Say to whom it would go and whether the backend would take it; send nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// It is not to be sent
    Skip {
        id: String,
        #[arg(long)]
        why: String,
    },
    /// Somebody told the audience by other means
    Elsewhere {
        audience: String,
        channel: String,
        #[arg(long)]
        by: String,
        #[arg(long, value_name = "T", allow_hyphen_values = true)]
        at: Option<String>,
        /// A link or a number; @FILE keeps the file beside the journal, by its hash
        #[arg(long)]
        proof: Option<String>,
        #[arg(long, default_value = "")]
        text: String,
        #[arg(long, value_name = "T")]
        next: Option<String>,
    },
    /// How an audience's service is by your word, where no page tells or a page is wrong
    Service {
        audience: String,
        /// harmed or back
        how: String,
        #[arg(long, value_name = "T", allow_hyphen_values = true)]
        at: Option<String>,
        /// How you know
        #[arg(long)]
        basis: String,
    },
    /// A message whose answer was lost: it went, or it did not
    Settle {
        id: String,
        /// yes or no
        went: String,
        /// Where you looked
        #[arg(long)]
        how: String,
    },
    /// A promise made to somebody
    Promise {
        text: String,
        #[arg(long)]
        to: String,
        #[arg(long, value_name = "T")]
        due: String,
    },
}

#[derive(clap::Args, Debug)]
pub struct Agency {
    #[command(subcommand)]
    pub command: AgencyCmd,
}

/// Where a worksheet goes; nowhere named: it is shown.
#[derive(clap::Args, Debug)]
pub struct SheetOut {
    /// File to write; never overwrites without --force
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["print", "mail"])]
    pub output: Option<PathBuf>,
    #[arg(long)]
    pub force: bool,
    /// Give it to the program that prints (`print` in the configuration)
    #[arg(long, conflicts_with = "mail")]
    pub print: bool,
    /// Mail it, once, to these addresses (a comma between them); the record says so. It is word to no audience
    #[arg(long, value_name = "ADDRESSES", requires = "over")]
    pub mail: Option<String>,
    /// The backend that mails it, of kind smtp
    #[arg(long, value_name = "BACKEND", requires = "mail")]
    pub over: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum AgencyCmd {
    /// Every duty with its deadline, and the calls that wait for an answer
    List {
        /// By the law of this day (today, 2024-02-22) instead of that of the outage: what if
        #[arg(long, value_name = "DAY")]
        law: Option<String>,
    },
    /// One duty, whole: stages, readings, who was told
    Show { rule: String, stage: Option<String> },
    /// What a filing must say, filled from facts, clocks and the incident; NOT KNOWN where nothing is
    Worksheet {
        rule: String,
        stage: String,
        #[command(flatten)]
        out: SheetOut,
    },
    /// A filing is being written
    Draft { rule: String, stage: String },
    /// It was filed
    File {
        rule: String,
        stage: String,
        #[arg(long = "ref", default_value = "")]
        reference: String,
        /// Who filed it, or whom you spoke to
        #[arg(long, default_value = "")]
        person: String,
        /// Portal, e-mail, telephone
        #[arg(long, default_value = "")]
        channel: String,
        /// A link, or @FILE, which is kept by its hash
        #[arg(long, default_value = "")]
        proof: String,
        /// Why it was made, where no law demands it
        #[arg(long, default_value = "")]
        why: String,
        #[arg(long, value_name = "T", allow_hyphen_values = true)]
        at: Option<String>,
    },
    /// The filing is confirmed
    Confirm {
        rule: String,
        stage: String,
        #[arg(long)]
        how: String,
    },
    /// It is not filed, and why
    Waive {
        rule: String,
        stage: String,
        #[arg(long)]
        why: String,
        /// Who decided it; else you
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// A filing is called back; what was filed stays in the record
    Withdraw {
        rule: String,
        stage: String,
        #[arg(long)]
        why: String,
        /// Who decided it; else you
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// One of the many whom a stage goes to was told
    Told {
        rule: String,
        stage: String,
        /// Its name in the playbook's list
        name: String,
        /// phone or writing
        #[arg(long, value_parser = word::<Way>)]
        by: Way,
        /// With whom
        #[arg(long, default_value = "")]
        person: String,
        #[arg(long, value_name = "T", allow_hyphen_values = true)]
        at: Option<String>,
    },
    /// An agency called and was promised an answer
    Call {
        agency: String,
        #[arg(long)]
        about: String,
        /// 04:00 or +20m
        #[arg(long, value_name = "T")]
        answer_by: String,
        /// Who took the call; else you
        #[arg(long, default_value = "")]
        taken_by: String,
        /// Who called
        #[arg(long, default_value = "")]
        caller: String,
    },
    /// A call was answered
    Answered {
        /// The beginning of its id, or the agency
        id: String,
        #[arg(long, default_value = "")]
        how: String,
    },
    /// The instant that deadlines run from
    Clock {
        /// discovery, awareness …; NAME@RULE sets it for that rule alone
        name: String,
        #[arg(allow_hyphen_values = true)]
        at: String,
        #[arg(long)]
        why: String,
        #[arg(long)]
        assumed: bool,
    },
}

#[derive(clap::Args, Debug)]
pub struct Poll {
    /// Ask each backend once and end; exit code 1 if one fails
    #[arg(long)]
    pub once: bool,
}

#[derive(clap::Args, Debug)]
pub struct Export {
    /// md: a page of Markdown; html: the same to open or print; csv: the timeline; json: everything
    #[arg(long, default_value = "md", value_parser = ["md", "html", "csv", "json"])]
    pub format: String,
    /// File to write (else standard output); never overwrites without --force
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[arg(long)]
    pub force: bool,
    /// With what was filed where that is presumed confidential: else its numbers, names and words are left out
    #[arg(long)]
    pub confidential: bool,
}

#[derive(clap::Args, Debug)]
pub struct BundleArgs {
    #[command(subcommand)]
    pub command: BundleCmd,
}

#[derive(Subcommand, Debug)]
pub enum BundleCmd {
    /// Write the entries of an incident as they are stored
    Export {
        /// Leave out what whoever wrote this bundle had
        #[arg(long, value_name = "BUNDLE")]
        since: Option<PathBuf>,
        /// File to write (else standard output); never overwrites without --force
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// As lines of text, to be copied through a chat or a terminal
        #[arg(long)]
        paste: bool,
        #[arg(long)]
        force: bool,
    },
    /// Take a bundle or a paste in; again does nothing more. `-` is standard input
    Import {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Also where the incident was removed from this journal
        #[arg(long)]
        again: bool,
    },
}

#[derive(clap::Args, Debug)]
pub struct List {
    /// What was removed from this journal: when, by whom, where its archive was
    #[arg(long)]
    pub removed: bool,
}

#[derive(clap::Args, Debug)]
pub struct Archive {
    /// The beginning of the incident's id
    pub id: String,
    /// File to write; never overwrites without --force
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[arg(long)]
    pub force: bool,
}

#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("from").required(true).args(["file", "from_server"])))]
pub struct Restore {
    /// The archive
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// A removed incident, by the beginning of its id: the next `warroom replicate` brings it back
    #[arg(long, value_name = "ID")]
    pub from_server: Option<String>,
}

#[derive(clap::Args, Debug)]
pub struct Remove {
    /// The beginning of the incident's id
    pub id: String,
    /// The short id once more, where no archive holds all of it
    #[arg(long, value_name = "ID")]
    pub confirm: Option<String>,
}

#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Replicate {
    /// One round and end; exit code 1 where it could not be done
    #[arg(long)]
    pub once: bool,
    #[command(subcommand)]
    pub command: Option<ReplicateCmd>,
}

#[derive(Subcommand, Debug)]
pub enum ReplicateCmd {
    /// Make the table and the two roles, as a user who may
    Init {
        /// Only print the statements, to be run by somebody else
        #[arg(long)]
        print: bool,
    },
}

#[derive(clap::Args, Debug)]
pub struct Verify {
    /// Hold the journal against the heads in an export (--format json) or a bundle; may be repeated
    #[arg(long, value_name = "FILE")]
    pub against: Vec<PathBuf>,
    /// Hold it against what the append-only table of [replicate] has as well
    #[arg(long)]
    pub server: bool,
}

#[derive(clap::Args, Debug)]
pub struct Rules {
    #[command(subcommand)]
    pub command: Option<RulesCmd>,
    /// One rule, whole
    pub id: Option<String>,
    /// Only rules that concern this kind of organisation
    #[arg(long)]
    pub kind: Option<String>,
    /// Only rules of this jurisdiction: US, US-CA, EU …
    #[arg(long)]
    pub jurisdiction: Option<String>,
}

#[derive(Subcommand, Debug)]
pub enum RulesCmd {
    /// Whether files of rules and examples read well; every fault with its line and key
    Check {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// What the rulebook says of a file's examples, or of one rule with facts and clocks
    Evaluate(Evaluate),
    /// Compare a file's examples with what they expect; exit code 1 on a difference
    Test {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Which facts made a rule so in the incident
    Why {
        rule: String,
        /// Judge by the law of this day (today, 2024-02-22) instead of that of the outage
        #[arg(long, value_name = "DAY")]
        on: Option<String>,
    },
}

#[derive(clap::Args, Debug)]
pub struct Evaluate {
    /// A file with [[example]] tables, or the id of a rule
    #[arg(value_name = "FILE|RULE")]
    pub what: String,
    /// With a rule: a fact, name=value; may be repeated
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    pub facts: Vec<String>,
    /// With a rule: a clock, name=T; may be repeated
    #[arg(long = "clock", value_name = "NAME=T")]
    pub clocks: Vec<String>,
    /// With a rule: when a stage was filed, stage=T; may be repeated
    #[arg(long = "filed", value_name = "STAGE=T")]
    pub filed: Vec<String>,
    /// With a rule: judge by the law of this day (today, 2024-02-22) instead of that of its earliest clock
    #[arg(long, value_name = "DAY")]
    pub on: Option<String>,
}

impl Evaluate {
    /// Whether a rule is meant, since facts or clocks were typed.
    pub fn typed(&self) -> bool {
        !self.facts.is_empty() || !self.clocks.is_empty() || !self.filed.is_empty() || self.on.is_some()
    }
}

#[derive(clap::Args, Debug)]
pub struct Playbooks {
    /// Print the whole text of one
    pub name: Option<String>,
}

#[derive(clap::Args, Debug)]
pub struct Backends {
    /// One kind, whole
    pub kind: Option<String>,
}

#[derive(clap::Args, Debug)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}

#[derive(clap::Args, Debug)]
pub struct Init {
    /// Kinds of backends: statuspage, prometheus, alertmanager, webhook …
    #[arg(required = true)]
    pub kinds: Vec<String>,
    #[arg(long)]
    pub playbook: Option<String>,
    #[arg(long)]
    pub timezone: Option<String>,
    /// Kinds of organisation we are; may be repeated
    #[arg(long)]
    pub organisation: Vec<String>,
    /// File to write (else standard output); never overwrites
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

fn word<T: std::str::FromStr<Err = String>>(text: &str) -> Result<T, String> {
    text.parse()
}
