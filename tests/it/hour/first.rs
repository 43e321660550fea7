//! The rows of the first hour that belong to leading: tasks, decisions, roles, people, phase, words aloud.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::act::Hour;
use crate::support::pty::{Home, Start};
use crate::support::wire::{Wire, json};

/// A pager with three hundred alerts of one name.
fn storm() -> String {
    let at = |minutes: i64| {
        let now: warroom::incident::Instant = std::time::SystemTime::now().into();
        (now + chrono::TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
    };
    let (since, until) = (at(-20), at(60));
    let alert = |n: usize| {
        format!(
            r#"{{"fingerprint":"{n:016x}","labels":{{"alertname":"AttachReject","site":"s{n}"}},"annotations":{{"summary":"devices are rejected"}},"startsAt":"{since}","endsAt":"{until}","updatedAt":"{since}","receivers":[{{"name":"x"}}],"status":{{"state":"active","silencedBy":[],"inhibitedBy":[]}}}}"#
        )
    };
    format!("[{}]", (0..300).map(alert).collect::<Vec<_>>().join(","))
}

fn list<'a>(state: &'a Value, of: &str) -> impl Iterator<Item = &'a Value> {
    state[of].as_array().unwrap().iter()
}

fn acted(size: (u16, u16)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // The storm breaks out when its minute has come, not while something else is typed.
    let breaks_out = Arc::new(AtomicBool::new(false));
    let (calm, raging, out) = (json("[]"), json(&storm()), Arc::clone(&breaks_out));
    let pager = runtime.block_on(Wire::start(move |_| match out.load(Ordering::Relaxed) {
        true => raging.clone(),
        false => calm.clone(),
    }));
    let home = Home::new();
    crate::room::configure(
        &home,
        &format!(
            "[[notification]]\nname = \"pager\"\nkind = \"alertmanager\"\nurl = \"{}\"\nevery = \"1s\"\n",
            pager.url()
        ),
    );
    // Minute 0: "all voice and data down, you have it".
    home.must(&[
        "declare",
        "Wireless outage",
        "--severity",
        "sev1",
        "--playbook",
        "carrier-outage",
        "--started",
        "-20m",
    ]);
    let mut hour = Hour::open(&home, size, "zoe");

    hour.step("takes command", 2, |k| {
        k.press("r").text("ic zoe").press("enter").see("saved: ROLE");
    });
    hour.pty.see("IC zoe");
    hour.step("names a deputy", 2, |k| {
        k.press("r").text("deputy ito").press("enter").see("ito is deputy");
    });
    hour.step("names a scribe", 2, |k| {
        k.press("r").text("scribe sato").press("enter").see("sato is scribe");
    });

    breaks_out.store(true, Ordering::Relaxed);
    hour.pty.see("RANG");
    hour.step("pager alert storm: 300", 2, |k| {
        k.press(".").press("a").see("saved: ACK");
    });
    assert!(hour.pty.look(|s| s.contents().contains("300 alerts")), "one row, 300 alike\n{}", hour.pty.text());

    hour.step("core lead: change MOP-17 went in 28 minutes ago", 2, |k| {
        k.press("n").text("-28m change MOP-17 went into the core").press("enter").see("saved: CHANGE");
    });

    hour.minutes(4);
    hour.step("assigns \"check MOP-17\" to Ana, 5 min", 4, |k| {
        k.press("t")
            .text("check MOP-17")
            .press("tab")
            .text("ana")
            .press("tab")
            .text(" ")
            .press("enter")
            .see("saved: TASK");
    });
    hour.step("she confirms aloud", 2, |k| {
        k.press(".").press("space").see("saved: ACK ana");
    });

    hour.minutes(2);
    hour.pty.see("RANG: 300 alike");
    hour.minutes(4);
    hour.pty.see("RANG: ana was due back");
    hour.step("Ana's time-box ends: five more minutes, with a reason", 3, |k| {
        k.see("OVER");
        k.press(".").press("x").text("the log is long").press("enter").see("saved: MORE");
    });

    hour.step("Ana: propose roll back; objections? none; Ben acts; check in 6", 5, |k| {
        k.press("d").text("roll back MOP-17").press("tab").text("yes, roll back").press("tab").text("ben").press("tab");
        k.text("+6m none heard").press("enter").see("saved: DECIDE");
    });
    let state = hour.state();
    let decision = list(&state, "decisions").next().unwrap();
    assert_eq!(decision["objections"], "none heard");
    assert_eq!(decision["acts"], "ben");
    assert!(decision["check_at"].is_string());
    assert!(list(&state, "tasks").any(|t| t["owner"] == "ben" && t["title"] == "yes, roll back"));

    hour.step("executive: numbers?", 2, |k| {
        k.press("c").see("CONDITIONS").press("y").see("clipboard");
    });
    hour.leave("CONDITIONS");

    hour.pty.keys("5nhalf a thought");
    hour.pty.see("half a thought");
    hour.reattach();
    hour.step("the link drops and comes back", 0, |k| {
        k.see("half a thought");
    });
    hour.leave("half a thought");
    hour.pty.keys("1");

    for name in ["ben", "dunn", "ray", "ode", "lee", "ruiz", "kay", "tom"] {
        home.must(&["task", "add", &format!("a task for {name}"), "--owner", name]);
    }
    let reports = |hour: &Hour<'_>| hour.state()["reports"].as_array().unwrap().len();
    assert_eq!(reports(&hour), 9);
    assert!(list(&hour.state(), "now").any(|item| item["id"] == "span"), "it is warned of");
    hour.step("nine people report to you: two sub-teams", 6, |k| {
        k.press("W")
            .text("core ana ben dunn ray")
            .press("tab")
            .text("radio lee ode kay")
            .press("enter")
            .see("saved: TEAM");
    });
    assert!(reports(&hour) <= 7, "{}", reports(&hour));
    assert!(!list(&hour.state(), "now").any(|item| item["id"] == "span"));

    hour.step("an executive tells Ben to stop; asked whether they take command: no", 2, |k| {
        k.press("n").text("executive told Ben to stop; takes command? no").press("enter").see("saved: NOTE");
    });

    hour.step("roll back done, registration storm: identified, and the next task", 4, |k| {
        k.press("P").text("iden").press("enter").see("saved: PHASE");
        k.press("t").text("pace the re-attach").press("enter").see("saved: TASK");
    });

    hour.step("a time-out, with its four answers", 2, |k| {
        k.press("O").see("Time-out");
        k.settled();
        k.text("core is back; devices come by themselves; calls fail again; zoe").press("enter").see("saved: TIMEOT");
    });

    hour.step("the relief joins: command is offered", 3, |k| {
        k.press("H").see("Hand over").text("rae").press("enter").see("saved: OFFER");
    });
    assert_eq!(commander(&hour.state()), "zoe", "offered is not passed");

    let relief = Start::new(&home, &["--as", "rae"]).size(size.0, size.1).start();
    relief.see("SEV1");
    let mut rae = Hour::beside(&home, relief, size, "rae");
    rae.step("the relief pages through and accepts", 2, |k| {
        k.press("H").read_until("its end").press("A");
    });
    rae.pty.see("IC rae");
    hour.pty.see("IC rae");
    assert_eq!(commander(&hour.state()), "rae");

    drop(pager);
    drop(runtime);
    hour.step("a backend dies: notes are still kept", 2, |k| {
        k.press("n").text("the pager is gone").press("enter").see("saved: NOTE");
    });
    let record = home.must(&["export", "--format", "md"]);
    for wanted in ["roll back MOP-17", "none heard", "accepted, having read the brief", "Change", "time-out"] {
        assert!(record.contains(wanted), "{wanted}\n{record}");
    }
}

fn commander(state: &Value) -> String {
    state["incident"]["commander"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn the_hour_within_its_keys_at_120x36() {
    acted((120, 36));
}

#[test]
fn the_hour_within_its_keys_at_80x24() {
    acted((80, 24));
}

#[test]
fn the_hour_with_two_more_keys_at_40x10() {
    acted((40, 10));
}
