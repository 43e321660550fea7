//! The one table of commands: name, key, where it works, doc, confirmation and script form.
//!
//! Keymap, palette, footer, help, `warroom keys` and the README's table derive from it. Never acts.

/// Where a command works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the overview and in every pane.
    Anywhere,
    /// On something that is lit.
    Lit,
    /// Only in a demo.
    Demo,
}

/// What stands between the key and the deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Nothing: it can be undone, or changes only the screen.
    No,
    /// A form that is filled and sent off.
    Form,
    /// A review that shows everything that leaves, and asks for a capital letter of its own.
    Review,
}

/// How a script does the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    Form(&'static str),
    /// Why there is none.
    None(&'static str),
}

/// A command, as everybody reads it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub action: Action,
    pub name: &'static str,
    pub keys: &'static [&'static str],
    pub place: Place,
    /// The word in the footer; "" where the footer does not show it.
    pub footer: &'static str,
    pub doc: &'static str,
    pub confirm: Confirm,
    pub script: Script,
}

macro_rules! commands {
    ($($action:ident $name:literal [$($key:literal),*] $place:ident $footer:literal $confirm:ident $script:expr, $doc:literal;)+) => {
        /// What a key does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($action),+ }

        /// All commands, in the order of help and footer.
        pub const TABLE: &[Row] = &[
            $(Row {
                action: Action::$action, name: $name, keys: &[$($key),*], place: Place::$place, footer: $footer,
                doc: $doc, confirm: Confirm::$confirm, script: $script,
            }),+
        ];
    };
}

const SCREEN: Script = Script::None("changes only the screen");

commands! {
    Acknowledge "acknowledge" ["a"] Lit "ack" No Script::Form("warroom ack ID"),
        "mine, back in N minutes: acknowledges what is lit, never approves or sends";
    Open "open" ["enter"] Lit "open" No SCREEN, "opens what is lit: what to say aloud, why, who, what is at hand";
    Advance "advance" ["space"] Lit "next step" No Script::Form("warroom task start ID"),
        "moves what is lit one step on: doing, done; filed, confirmed";
    Decide "decide" ["d"] Anywhere "decide" Form Script::Form("warroom decide PROPOSAL --outcome TEXT"),
        "records a decision: proposal, outcome, who acts, when to check";
    Assign "assign" ["A"] Lit "assign" Form Script::Form("warroom task assign ID OWNER"),
        "gives the lit task to somebody, with minutes; on an empty role, gives the role";
    Task "task" ["t"] Anywhere "task" Form Script::Form("warroom task add TITLE"), "a new task: title, owner, minutes";
    Note "note" ["n"] Anywhere "note" Form Script::Form("warroom note TEXT [--at T]"),
        "a note; begin with -12m or 02:45 for when it happened";
    Send "send" ["s"] Anywhere "send" Review Script::Form("warroom message send ID"),
        "reviews what would leave: approve with P, release with R";
    Elsewhere "elsewhere" ["e"] Anywhere "elsewhere" Form Script::Form("warroom message elsewhere AUDIENCE CHANNEL --by WHOM"),
        "records that somebody told an audience by other means; without proof it reads claimed";
    File "file" ["f"] Lit "file" Form Script::Form("warroom agency file RULE STAGE"),
        "records a filing with an agency: reference, person, when";
    Can "can" ["c"] Anywhere "CAN" No Script::Form("warroom can"), "the CAN report: conditions, actions, needs";
    Copy "copy" ["y"] Lit "copy" No Script::None("a script prints instead"),
        "sends what is lit or open to your terminal's clipboard (OSC 52)";
    Zoom "zoom" ["z"] Anywhere "zoom" No SCREEN, "shows one pane over the whole screen, and back";
    Palette "palette" [":"] Anywhere "any" No SCREEN, "any command by its name";
    Help "help" ["?"] Anywhere "help" No Script::Form("warroom keys"), "what works here";
    Undo "undo" ["u"] Anywhere "" No Script::Form("warroom undo ID --why TEXT"),
        "takes back your own last entry, asks when that is over a minute old; what left the building stays";
    Extend "extend" ["x"] Lit "" Form Script::Form("warroom task extend ID MINUTES --why TEXT"), "more time for the lit task, with the reason";
    Block "block" ["b"] Lit "" Form Script::Form("warroom task block ID --on WHAT"), "the lit task waits for something or somebody";
    CancelTask "cancel-task" [] Lit "" Form Script::Form("warroom task cancel ID --why TEXT"), "the lit task is not needed, with the reason";
    Role "role" ["r"] Anywhere "" Form Script::Form("warroom role ROLE [NAME]"), "gives a role to somebody";
    Handover "handover" ["H"] Anywhere "" Form Script::Form("warroom handover offer ROLE NAME"),
        "offers your role with a brief; where one is offered to you: the brief, to accept or refuse";
    SubTeams "sub-teams" ["W"] Anywhere "" Form Script::Form("warroom team set TEAM --lead NAME --with NAMES"),
        "gives teams their leads and people, so that fewer report to you";
    RollCall "roll-call" ["L"] Anywhere "" No Script::Form("warroom roll-call"), "who was asked, who answered, after how long";
    Here "here" ["m"] Anywhere "" No Script::Form("warroom here"), "who is in the room, on which host, where, and their last key";
    Contacts "contacts" ["K"] Anywhere "" No Script::Form("warroom contact list"), "bridge, chat, ticket; how people, teams and agencies are reached";
    Contact "contact" [] Anywhere "" Form Script::Form("warroom contact set OF WAY ADDRESS"), "records how somebody is reached";
    TimeOut "time-out" ["O"] Anywhere "" Form Script::Form("warroom time-out"), "starts five minutes of thinking; then its four answers";
    Objectives "objectives" ["o"] Anywhere "" Form Script::Form("warroom objectives TEXT --until T"), "what is to be reached in this period";
    End "end" ["E"] Anywhere "" Form Script::Form("warroom end END --basis TEXT"), "mitigated, normal by metric, announced, verified: each on its own";
    Go "go" ["."] Anywhere "" No SCREEN, "to what rang or what you made last; again: to the one before";
    View "view" ["v"] Anywhere "" No SCREEN, "the timeline: all, decisions, changes, follow-ups";
    Ask "ask" ["D"] Anywhere "" Form Script::Form("warroom decide PROPOSAL --ask"), "puts a question to the commander";
    Phase "phase" ["P"] Anywhere "" Form Script::Form("warroom phase PHASE --why TEXT"), "sets the phase; resolving while something is down asks why";
    Severity "severity" ["S"] Anywhere "" Form Script::Form("warroom severity SEV --why TEXT"), "raises or lowers the severity; lowering asks why";
    Fact "fact" ["F"] Anywhere "" Form Script::Form("warroom fact NAME [VALUE] --basis TEXT"), "states a fact that rules and messages use, and who confirms it";
    Service "service" ["U"] Anywhere "" Form Script::Form("warroom message service AUDIENCE harmed|back --basis TEXT"),
        "how an audience's service is by your word, where no page tells or a page is wrong";
    Clear "clear" ["Y"] Anywhere "" Form Script::Form("warroom fact NAME --clear STEP"), "stands for a fact as security, legal or whoever has to, before a text may use it";
    Words "words" ["w"] Anywhere "" No Script::Form("warroom message words"),
        "what is said now: the approved words, and who still holds older ones";
    Clock "clock" ["C"] Anywhere "" Form Script::Form("warroom agency clock NAME T --why TEXT"),
        "sets the instant that an agency's deadline runs from, and why";
    Promise "promise" ["M"] Anywhere "" Form Script::Form("warroom message promise TEXT --to WHOM --due T"), "a promise made to somebody, with its time";
    Waive "waive" [] Lit "" Form Script::Form("warroom agency waive RULE STAGE --why TEXT"), "records why the lit stage is not filed";
    Withdraw "withdraw" [] Lit "" Form Script::Form("warroom agency withdraw RULE STAGE --why TEXT"),
        "calls the lit filing back, with the reason; what was filed stays in the record";
    Worksheet "worksheet" ["i"] Lit "" No Script::Form("warroom agency worksheet RULE STAGE"),
        "what the filing of the lit stage must say, filled from facts and clocks; what is not known says so";
    Law "law" ["V"] Anywhere "" No Script::Form("warroom agency list --law today"),
        "the agencies by the law of today instead of that of the outage, and back";
    Call "call" ["J"] Anywhere "" Form Script::Form("warroom agency call AGENCY --about TEXT --answer-by T"),
        "an agency called: what about, and by when it was promised an answer";
    Amend "amend" [] Lit "" Form Script::Form("warroom note TEXT --amend ID"),
        "new words for the lit note; the old ones stay in the record";
    Stand "stand" [] Lit "" Form Script::Form("warroom rights stand ID --why TEXT"),
        "stands for what somebody did without the right; only who has it can";
    Incidents "incidents" ["I"] Anywhere "" No Script::Form("warroom list"),
        "the incidents and which one needs you; Enter goes there, what is typed stays";
    Filter "filter" ["/"] Anywhere "" No SCREEN, "shows only the rows that hold a text";
    Now "now" ["1"] Anywhere "" No SCREEN, "pane 1: what needs the commander now";
    Timeline "timeline" ["2"] Anywhere "" No SCREEN, "pane 2: what happened";
    Messages "messages" ["3"] Anywhere "" No SCREEN, "pane 3: who was told what";
    Agencies "agencies" ["4"] Anywhere "" No SCREEN, "pane 4: who must be notified by when";
    Teams "teams" ["5"] Anywhere "" No SCREEN, "pane 5: who does what";
    Signals "signals" ["6"] Anywhere "" No SCREEN, "pane 6: what is up, down and how bad";
    NextPane "next-pane" ["tab"] Anywhere "" No SCREEN, "to the next pane";
    PreviousPane "previous-pane" ["backtab"] Anywhere "" No SCREEN, "to the pane before";
    Down "down" ["j", "down"] Anywhere "" No SCREEN, "one row down";
    Up "up" ["k", "up"] Anywhere "" No SCREEN, "one row up";
    PageDown "page-down" ["pagedown", "ctrl-d"] Anywhere "" No SCREEN, "a page down";
    PageUp "page-up" ["pageup", "ctrl-u"] Anywhere "" No SCREEN, "a page up";
    Top "top" ["g", "home"] Anywhere "" No SCREEN, "to the first row";
    Bottom "bottom" ["G", "end"] Anywhere "" No SCREEN, "to the last row";
    Left "left" ["h", "left"] Anywhere "" No SCREEN, "to the left: another channel of the grid";
    Right "right" ["l", "right"] Anywhere "" No SCREEN, "to the right: another channel of the grid";
    Back "back" ["esc"] Anywhere "" No SCREEN, "back to the overview";
    Zone "zone" ["T"] Anywhere "" No SCREEN, "times in UTC, or in the room's zone";
    PollNow "poll-now" ["ctrl-r"] Anywhere "" No Script::Form("warroom poll --once"), "asks every backend now, within its limits";
    Quiet "quiet" ["B"] Anywhere "" No Script::None("each person's own bell; `warroom poll` keeps time beside"),
        "no bell until pressed again, but for what lives may hang on";
    Redraw "redraw" ["ctrl-l"] Anywhere "" No SCREEN, "draws the whole screen anew";
    Suspend "suspend" ["ctrl-z"] Anywhere "" No SCREEN, "to the shell; fg comes back";
    Pause "pause" ["p"] Demo "pause" No SCREEN, "stops and starts the clock of the demo";
    Quit "quit" ["q", "ctrl-c"] Anywhere "" No SCREEN, "leaves; everything is on disk";
}

impl Action {
    /// The row that declares it.
    pub fn row(self) -> &'static Row {
        // Every action is declared by the same macro row, in the same order.
        &TABLE[self as usize]
    }
}

/// The command of that name, or the nearest known name.
pub fn find(name: &str) -> Result<Action, Option<&'static str>> {
    match TABLE.iter().find(|row| row.name == name) {
        Some(row) => Ok(row.action),
        None => Err(crate::text::suggest::nearest(name, TABLE.iter().map(|row| row.name))),
    }
}

/// Rows whose name or doc fits the letters in order, the best first: for the palette.
pub fn search(letters: &str) -> Vec<&'static Row> {
    let letters = letters.trim().to_lowercase();
    let mut found: Vec<(i32, &'static Row)> =
        TABLE.iter().filter_map(|row| score(&letters, row).map(|score| (score, row))).collect();
    found.sort_by_key(|(score, row)| (-*score, *row as *const Row as usize));
    found.into_iter().map(|(_, row)| row).collect()
}

/// Higher is better; None where the letters do not occur in order.
fn score(letters: &str, row: &Row) -> Option<i32> {
    if letters.is_empty() {
        return Some(0);
    }
    if row.name.starts_with(letters) {
        return Some(1000 - row.name.len() as i32);
    }
    if row.name.contains(letters) {
        return Some(500 - row.name.len() as i32);
    }
    let mut at = 0;
    let mut gaps = 0;
    for letter in letters.chars() {
        let place = row.name.get(at..)?.find(letter)?;
        gaps += place as i32;
        at += place + letter.len_utf8();
    }
    Some(100 - gaps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_holds_together() {
        let (mut names, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.action as usize, index);
            assert!(names.insert(row.name), "{} twice", row.name);
            assert!(!row.doc.is_empty() && !row.doc.ends_with('.'), "{}", row.name);
            for key in row.keys {
                assert!(keys.insert(*key), "key {key} twice");
            }
        }
    }

    #[test]
    fn nothing_irrevocable_is_on_one_key() {
        for row in TABLE.iter().filter(|row| matches!(row.action, Action::Send)) {
            assert_eq!(row.confirm, Confirm::Review);
        }
    }

    #[test]
    fn three_letters_find_any_command() {
        for row in TABLE {
            let letters: String = row.name.chars().take(3).collect();
            let found = search(&letters);
            assert!(found.iter().take(4).any(|r| r.name == row.name), "{letters} does not find {}", row.name);
        }
    }
}
