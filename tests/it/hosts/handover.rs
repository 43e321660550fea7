//! The relief sits on another host: command is offered and accepted across a real PostgreSQL, within the keys of the first hour.

use std::time::{Duration, Instant};

use super::apart::{head, state};
use super::seat::home;
use super::server::Postgres;
use crate::hour::act::Hour;
use crate::support::pty::Start;

fn acted(size: (u16, u16)) {
    let server = Postgres::ready(&["jump"]);
    let [here, there] = [0, 1].map(|_| home(&server, "jump", &[server.port], ""));
    here.must(&["--as", "zoe", "declare", "Outage", "--severity", "sev1", "--started", "-56m"]);
    here.must(&["--as", "zoe", "role", "commander", "zoe"]);
    here.must(&["replicate", "--once"]);
    there.must(&["replicate", "--once"]);
    let mut zoe = Hour::open(&here, size, "zoe");
    let relief = Start::new(&there, &["--as", "rae"]).size(size.0, size.1).start();
    relief.see("SEV1");
    let mut rae = Hour::beside(&there, relief, size, "rae");
    // On 40 columns only what is wrong has room.
    if size.0 >= 60 {
        head(&zoe.pty, "hosts ok");
        head(&rae.pty, "hosts ok");
    }
    let arrives = |begun: Instant, what: &str| {
        let took = begun.elapsed();
        println!("{size:?} {what}: on the other host's screen after {took:?}");
        // Two seconds from its arrival; a machine that builds meanwhile takes longer to draw.
        assert!(took < Duration::from_secs(6), "{what}: {took:?}");
    };
    zoe.step("the relief joins on another host: command is offered", 3, |k| {
        k.press("H").see("Hand over").text("rae").press("enter").see("saved: OFFER");
    });
    let begun = Instant::now();
    rae.pty.see("HANDOVER");
    arrives(begun, "the offer");
    assert_eq!(state(&there)["incident"]["commander"], "zoe", "offered is not passed");
    rae.step("the relief pages through and accepts", 2, |k| {
        k.press("H").read_until("its end").press("A");
    });
    let begun = Instant::now();
    rae.pty.see("IC rae");
    zoe.pty.see("IC rae");
    arrives(begun, "the acceptance");
    for home in [&here, &there] {
        assert_eq!(state(home)["incident"]["commander"], "rae");
        let record = home.must(&["export", "--format", "md"]);
        assert!(record.contains("accepted, having read the brief"), "{record}");
    }
}

#[test]
fn command_goes_to_another_host_at_120x36() {
    acted((120, 36));
}

#[test]
fn command_goes_to_another_host_at_80x24() {
    acted((80, 24));
}

#[test]
fn command_goes_to_another_host_with_two_more_keys_at_40x10() {
    acted((40, 10));
}
