//! The one table of the configuration's keys: what each is, its default, and its meaning. Reads nothing itself.
//!
//! The documentation and the file that `init` writes derive from it; a test holds it against what is read.

/// One documented key.
pub struct Key {
    pub name: &'static str,
    /// What is written there, in words.
    pub value: &'static str,
    /// As it would stand in the file; empty: none.
    pub default: &'static str,
    pub doc: &'static str,
}

const fn key(name: &'static str, value: &'static str, default: &'static str, doc: &'static str) -> Key {
    Key { name, value, default, doc }
}

/// Keys at the top of the file.
pub const TOP: &[Key] = &[
    key("playbook", "text", "\"generic\"", "The playbook of an incident that is declared without naming one."),
    key("timezone", "IANA name", "\"UTC\"", "The room's zone, for display; storage and JSON are always UTC."),
    key(
        "organisation",
        "list of texts",
        "[]",
        "What we are; decides which agency rules concern us. `warroom rules` lists the words.",
    ),
    key(
        "jurisdictions",
        "list of texts",
        "[]",
        "Where we are answerable: `US`, `US-CA`, `EU` … Rules of other places are left out of what is declared; none named: all count.",
    ),
    key(
        "theme",
        "text",
        "\"default\"",
        "Colours of the screen; `warroom themes` lists them. A path that ends in `.toml` is a file of your own, beside this one.",
    ),
    key(
        "ascii",
        "true, false or \"auto\"",
        "\"auto\"",
        "Draw with ASCII only; \"auto\" looks at the terminal's locale.",
    ),
    key(
        "rules",
        "list of files",
        "[]",
        "Agency rules of your own; one with the id of a built-in rule takes its place.",
    ),
    key(
        "playbooks",
        "list of files or folders",
        "[]",
        "Playbooks of your own; one with the name of a built-in playbook takes its place.",
    ),
    key(
        "print",
        "list of words",
        "[\"lp\"]",
        "The program that prints: a worksheet is on its standard input. No shell is asked.",
    ),
];

/// Tables of the file.
pub const TABLES: &[Key] = &[
    key("status", "[[status]] tables", "", "Status pages that are read."),
    key("notification", "[[notification]] tables", "", "Systems that alert people or carry messages."),
    key("metrics", "[[metrics]] tables", "", "Systems that are asked for numbers."),
    key("keys", "[keys] table", "", "Command = key, or a list of keys; `warroom keys` lists both."),
    key("alarms", "[alarms] table", "", "What rings when you look away, how long before, and what is run."),
    key("rights", "[rights] table", "", "Who may do what leaves the building or ends the incident."),
    key("replicate", "[replicate] table", "", "The PostgreSQL where several hosts meet; `warroom replicate`."),
];

/// Keys of `[alarms]`.
pub const ALARMS: &[Key] = &[
    key(
        "ring",
        "list of words",
        "[\"check_in\", \"alert\", \"ack\", \"promise\", \"deadline\", \"word\", \"restored\", \"unsure\", \"question\", \"source\"]",
        "Which kinds of things ring.",
    ),
    key(
        "deadline",
        "list of durations",
        "[\"30m\", \"10m\", \"5m\"]",
        "How long before, beside half time, an agency's deadline; it rings again when it passed.",
    ),
    key("promise", "duration", "\"5m\"", "How long before a promise is due; it rings again when it passed."),
    key("mark", "duration or \"off\"", "\"off\"", "Every so long since the start: time to say aloud where we are."),
    key("bell", "true or false", "true", "Whether the room rings the terminal's bell."),
    key("title", "true or false", "true", "Whether the room sets the terminal's title."),
    key(
        "command",
        "list of texts",
        "[]",
        "Program and arguments that `warroom poll` runs once for each thing that rings; no shell.",
    ),
];

/// Keys of `[rights]`. Who is not named here is not kept from anything, but shared accounts.
pub const RIGHTS: &[Key] = &[
    key("approve", "list of names or roles", "", "Who may approve a text; absent: everybody who answers for it."),
    key("send", "list of names or roles", "", "Who may release what is approved."),
    key("file", "list of names or roles", "", "Who may file with an agency, confirm, waive and withdraw."),
    key("resolve", "list of names or roles", "", "Who may resolve the incident."),
    key(
        "rights",
        "list of names or roles",
        "",
        "Who may put other rights in force for an incident; absent: the commander, else who declared it.",
    ),
    key(
        "STEP",
        "list of names or roles",
        "",
        "Who gives a step that a playbook names, such as `legal` or `security`; absent: whoever gave no other step.",
    ),
    key("own_text", "true or false", "false", "Whether an author may approve their own words for a public channel."),
];

/// Keys of `[replicate]`.
pub const REPLICATE: &[Key] = &[
    key(
        "url",
        "postgres URL",
        "",
        "`postgres://USER@host1,host2:5433/db?target_session_attrs=read-write`: several hosts, no password.",
    ),
    key("token", "{ env | file | command }", "", "Where the password is kept."),
    key("ca", "file", "", "More certificate authorities, PEM."),
    key("every", "duration", "\"1s\"", "Time between two rounds: 1s to 60s."),
    key(
        "insecure",
        "true or false",
        "false",
        "Allows plain connections to another host. Anybody on the way can read them.",
    ),
];

/// Keys of every backend; the keys of its kind come on top. `warroom backends` lists those.
pub const SOURCE: &[Key] = &[
    key("name", "text", "", "How the room calls it; distinct among all backends."),
    key("kind", "text", "", "Which adapter reads it; `warroom backends` lists them."),
    key(
        "url",
        "http, https or smtp URL",
        "",
        "Scheme, host, port and path; no user, password or query. None for what is on this host.",
    ),
    key("every", "duration", "\"30s\"", "Time between polls: 5s to 1h, from 1s on loopback."),
    key("timeout", "duration", "\"10s\"", "Time that one poll may take in all: 1s to 60s."),
    key(
        "token",
        "{ env | file | command }",
        "",
        "Where the secret is kept; the secret itself never stands in this file.",
    ),
    key("user", "text", "", "User for basic authentication; the password is `token`."),
    key("token_header", "header name", "", "Header that carries the token instead of `Authorization: Bearer`."),
    key("ca", "file", "", "More certificate authorities, PEM."),
    key("proxy", "URL", "", "http, https or socks5 proxy for this backend."),
    key(
        "insecure",
        "true or false",
        "false",
        "Allows a token over plain http, or mail without encryption, to another host. Anybody on the way can read it.",
    ),
];

/// What the parts of `token` are.
pub const SECRET: &[Key] = &[
    key("env", "text", "", "Name of the environment variable that holds it."),
    key("file", "file", "", "File whose first line is it."),
    key("command", "list of texts", "", "Program and arguments that print it; no shell."),
];

/// All keys as one Markdown table, for the documentation.
pub fn markdown() -> String {
    let mut out = String::from("| key | value | default | meaning |\n|---|---|---|---|\n");
    for (prefix, keys) in [
        ("", TOP),
        ("", TABLES),
        ("alarms: ", ALARMS),
        ("rights: ", RIGHTS),
        ("replicate: ", REPLICATE),
        ("backend: ", SOURCE),
        ("token: ", SECRET),
    ] {
        for key in keys {
            let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
            let value = key.value.replace('|', "\\|");
            out.push_str(&format!("| {prefix}`{}` | {value} | {default} | {} |\n", key.name, key.doc));
        }
    }
    out
}
