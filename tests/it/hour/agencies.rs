//! The rows of the first hour that belong to agencies: the pane with both readings, a call, the worksheet, the filing, and those
//! who are told one by one.

use serde_json::Value;

use super::act::Hour;
use crate::support::pty::Home;

/// A carrier whose playbook lists two 911 centres, in a file beside it.
pub fn carrier(home: &Home) {
    use std::os::unix::fs::PermissionsExt;
    let plans = home.path().join("plans");
    std::fs::create_dir(&plans).unwrap();
    let built_in = warroom::playbook::find("carrier-outage", &[]).unwrap().text;
    let notify = "[[notify]]\nrules = [\"us-fcc-911-facility\"]\nfile = \"psaps.txt\"\n";
    std::fs::write(plans.join("carrier-outage.toml"), format!("{built_in}\n{notify}")).unwrap();
    std::fs::write(
        plans.join("psaps.txt"),
        "# confirmed each year\nBexar Metro 911: +1 210 555 0190\nKing County 911: +1 206 555 0191\n",
    )
    .unwrap();
    for file in ["carrier-outage.toml", "psaps.txt"] {
        std::fs::set_permissions(plans.join(file), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let kinds = "organisation = [\"wireless_carrier\", \"firstnet_contractor\", \"public_company\"]\n";
    crate::room::configure(
        home,
        &format!("playbooks = [\"{}\"]\ntimezone = \"America/Chicago\"\n{kinds}", plans.display()),
    );
}

fn stage(state: &Value, rule: &str, stage: &str) -> Value {
    let rule = state["obligations"].as_array().unwrap().iter().find(|o| o["id"] == rule).cloned().unwrap();
    rule["stages"].as_array().unwrap().iter().find(|s| s["id"] == stage).cloned().unwrap()
}

fn filed(size: (u16, u16)) {
    let home = Home::new();
    carrier(&home);
    home.must(&[
        "declare",
        "Wireless outage",
        "--severity",
        "sev1",
        "--playbook",
        "carrier-outage",
        "--started",
        "-36m",
    ]);
    home.must(&["--as", "zoe", "role", "commander", "zoe"]);
    let facts = [
        ("users_affected", "125000000"),
        ("offices_911_affected", "2"),
        ("zip_end_users_affected", "0"),
        ("zip_coverage_loss_percent", "0"),
    ];
    for (name, value) in facts {
        home.must(&["--as", "ruiz", "fact", name, value, "--basis", "the desk", "--confirmed-by", "ruiz"]);
    }
    let mut hour = Hour::open(&home, size, "zoe");
    let wide = size.0 >= 80;

    // The 911 centres first, overdue by number, and how many of them were told; then the FCC with both readings.
    hour.step("opens agencies", 1, |k| {
        k.press("4").see_row(&[">PSAPs", "OVER", "0 of 2"]);
        match size.0 {
            100.. => k.see_row(&["FCC, notification", "/", "pending"]),
            60..100 => k.see_row(&["FCC, notification", " or ", "pending"]),
            _ => k.press("j").press("enter").see_row(&["or ", "CST"]),
        };
    });
    if wide {
        hour.pty.keys("j");
        hour.pty.see("user-minutes passed");
        hour.pty.see("threshold was met");
    } else {
        hour.leave("Esc goes back");
    }
    hour.pty.keys("1");

    let by = "+20m ";
    hour.step("agency phones: CISA wants a call in twenty minutes", 3, |k| {
        k.press("J").text("CISA ").text(by).text("is it an attack?").press("enter").see("saved: CALL");
    });
    let state = hour.state();
    let call = state["promises"].as_array().unwrap().iter().find(|p| p["to"] == "CISA").cloned().unwrap();
    assert_eq!((call["text"].as_str(), call["owner"].as_str()), (Some("is it an attack?"), Some("zoe")));
    assert!(
        state["clocks"].as_array().unwrap().iter().any(|c| c["text"].as_str().unwrap().contains("CISA")),
        "{state}"
    );

    hour.step("the worksheet of the FCC's notification", 3, |k| {
        k.press("4").press("i").see("WORKSHEET").read_until_down("NOT KNOWN");
    });
    hour.leave("WORKSHEET");

    hour.step("filed in the portal by legal, no. 24-118", 4, |k| {
        k.press("f").see("Filed").text("24-118").press("tab").text("legal").press("enter").see("saved: FILED");
    });
    hour.pty.keys("4");
    let state = hour.state();
    let notification = stage(&state, "us-fcc-nors-wireless", "notification");
    assert_eq!((notification["state"].as_str(), notification["reference"].as_str()), (Some("filed"), Some("24-118")));
    assert_eq!(notification["person"], "legal");
    if size.0 >= 80 {
        // It stays where it was under the finger, amber until it is confirmed.
        hour.pty.wait("amber", |s| s.contents().contains("CONFIRM"));
    }

    hour.step("a 911 centre is told by telephone and in writing", 6, |k| {
        k.press("g").press("f").see("of 2 told").press("space").text("desk 7").press("enter").see("saved: TOLD");
        k.press("w").press("enter").see("1 of 2");
    });
    hour.leave("of 2 told");
    let state = hour.state();
    let first = stage(&state, "us-fcc-911-facility", "initial");
    assert_eq!(first["told"], serde_json::json!({"done": 1, "all": 2}));
    home.must(&[
        "agency",
        "told",
        "us-fcc-911-facility",
        "initial",
        "King County 911",
        "--by",
        "phone",
        "--person",
        "Lee",
    ]);
    home.must(&["agency", "told", "us-fcc-911-facility", "initial", "King County 911", "--by", "writing"]);
    let first = stage(&hour.state(), "us-fcc-911-facility", "initial");
    assert_eq!((first["state"].as_str(), first["late"].as_bool()), (Some("confirmed"), Some(true)), "{first}");

    // The analyst halves the count: whom to correct stands in Now.
    home.must(&[
        "--as",
        "ruiz",
        "fact",
        "users_affected",
        "62000000",
        "--basis",
        "counted anew",
        "--confirmed-by",
        "ruiz",
    ]);
    let now = hour.state()["now"].clone();
    let correct = now.as_array().unwrap().iter().find(|n| n["label"] == "CORRECT").cloned().unwrap_or_default();
    let text = correct["text"].as_str().unwrap_or_default();
    assert!(text.contains("FCC") && text.contains("24-118") && text.contains("62,000,000"), "{now}");
}

#[test]
fn the_agencies_of_the_hour_within_their_keys_at_120x36() {
    filed((120, 36));
}

#[test]
fn the_agencies_of_the_hour_within_their_keys_at_80x24() {
    filed((80, 24));
}

#[test]
fn the_agencies_of_the_hour_with_two_more_keys_at_40x10() {
    filed((40, 10));
}
