//! The founding outage as the demo plays it, by the law of its day and by today's; a bank in the European Union whose room works
//! from its configuration alone.

use crate::support::pty::{Home, Start, rows};

/// A row of the screen that holds all of these.
fn see_row(pty: &crate::support::pty::Pty, all: &[&str]) {
    pty.wait(&format!("{all:?}"), |screen| rows(screen).iter().any(|row| all.iter().all(|text| row.contains(text))));
}

#[test]
fn the_founding_outage_is_judged_by_the_law_of_its_day_and_what_if_by_today_s() {
    let home = Home::new();
    let mut pty = Start::new(&home, &["demo", "--paused"]).size(160, 48).start();
    pty.see("SEV1");
    pty.keys("4z");
    see_row(&pty, &["4 AGENCIES", "law of 22 Feb 2024", "discovery 02:48 ASSUMED"]);
    see_row(&pty, &["FCC, notification", "04:48C 10:48Z or 05:15C", "pending"]);
    see_row(&pty, &["FCC, initial report", "Sun 25 02:48C"]);
    // The end of 23 March in Washington is 22:59 in Chicago.
    see_row(&pty, &["FCC, final report", "23 Mar 22:59C"]);
    see_row(&pty, &["PSAPs (med), first contact", "ASAP"]);
    see_row(&pty, &["FirstNet (LOW), tell the authority", "ASAP"]);
    see_row(&pty, &["PSAPs, Tell affected 911 centres", "binds from 2025-04-15"]);
    // What did not fire says why that matters.
    pty.keys("/Form 8-K\r");
    pty.see("No SEC item");
    pty.keys("\u{1b}");
    pty.keys("V");
    see_row(&pty, &["4 AGENCIES", "WHAT IF TODAY"]);
    see_row(&pty, &["PSAPs, first contact, each centre", "OVER 2m", "03:18C 09:18Z"]);
    // Nothing is done about what would be.
    pty.keys("gf");
    pty.see("this is what if today");
    pty.keys("V");
    see_row(&pty, &["4 AGENCIES", "law of 22 Feb 2024"]);
    pty.keys("q");
    pty.exit();
}

#[test]
fn a_bank_in_the_union_sees_its_clocks_with_what_each_is_missing() {
    let home = Home::new();
    let kinds = "organisation = [\"eu_financial\", \"eu_essential\", \"data_controller\"]\n";
    crate::room::configure(&home, &format!("timezone = \"Europe/Berlin\"\n{kinds}"));
    let text = std::fs::read_to_string(home.path().join("config/warroom/config.toml")).unwrap();
    let text = text.replace("playbook = \"carrier-outage\"", "playbook = \"generic\"");
    std::fs::write(home.path().join("config/warroom/config.toml"), text).unwrap();
    home.must(&["declare", "Payments fail", "--severity", "sev1", "--started", "-30m"]);
    let mut pty = Start::new(&home, &[]).size(160, 48).start();
    pty.see("SEV1");
    pty.keys("4z");
    see_row(&pty, &["4 AGENCIES", "law of"]);
    for (rule, wanted) in [("eu-dora-19", "1 fact?"), ("eu-nis2-23", "1 fact?"), ("eu-gdpr-33", "2 facts?")] {
        let short = warroom::rulebook::built_in().unwrap().get(rule).unwrap().clone();
        let short = short.short.unwrap_or(short.agency);
        see_row(&pty, &[&short, " IF", wanted]);
    }
    // The one that is lit is asked for, and F states it.
    pty.keys("g");
    pty.see("F states what is missing");
    pty.keys("F");
    pty.see("Fact: ");
    pty.keys("true\r");
    pty.see("saved: FACT");
    pty.keys("q");
    pty.exit();
}
