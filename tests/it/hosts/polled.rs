//! Two hosts poll the same backend: what it says is one fact, whoever asked.

use super::apart::state;
use super::seat::home;
use super::server::Postgres;
use crate::room::runtime;
use crate::support::wire::{Wire, json};

#[test]
fn what_a_backend_says_to_two_hosts_is_one_fact() {
    let server = Postgres::ready(&["jump"]);
    let runtime = runtime();
    let page = r#"{"page":{"id":"p","updated_at":"2024-02-22T09:00:00Z"},"components":[{"id":"voice","name":"Voice","status":"major_outage","group":false},{"id":"data","name":"Data","status":"degraded_performance","group":false}],"incidents":[],"scheduled_maintenances":[],"status":{"indicator":"critical","description":"x"}}"#;
    let wire = runtime.block_on(Wire::saying(json(page)));
    let source =
        format!("[[status]]\nname = \"page\"\nkind = \"statuspage\"\nurl = \"{}\"\nevery = \"1s\"\n", wire.url());
    let homes = [0, 1].map(|_| home(&server, "jump", &[server.port], &source));
    homes[0].must(&["declare", "Outage", "--severity", "sev1"]);
    homes[0].must(&["replicate", "--once"]);
    homes[1].must(&["replicate", "--once"]);
    // Neither knows that the other asks.
    for home in &homes {
        home.must(&["poll", "--once"]);
    }
    for home in [&homes[0], &homes[1], &homes[0]] {
        home.must(&["replicate", "--once"]);
    }
    for home in &homes {
        let state = state(home);
        let rows = state["timeline"].as_array().unwrap();
        let facts: Vec<_> = rows.iter().filter(|r| r["kind"] == "component.changed/1").collect();
        assert_eq!(facts.len(), 2, "each component once: {facts:?}");
        assert_eq!(state["incident"]["duplicates"], 2, "and both saw both");
    }
    assert_eq!(state(&homes[0])["timeline"], state(&homes[1])["timeline"]);
}
