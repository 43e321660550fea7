//! A status page: leaves only, two times for each update, the edit as the version.

use warroom::backends::Response;
use warroom::incident::observation::Observation;
use warroom::incident::words::{ComponentState, Phase};

use super::given;

fn read(summary: &str, incidents: &str) -> Observation {
    let of = |name: &str| {
        Ok(Response::of(200, "application/json", &given::bytes(&format!("answers/statuspage/{name}.json"))))
    };
    let page = given::statuspage("https://status.example.net/");
    given::adapter(&page).read(&[of(summary), of(incidents)], given::now()).unwrap()
}

#[test]
fn groups_are_no_components_and_words_are_mapped() {
    let seen = read("summary", "incidents");
    assert_eq!(seen.origin, "https://status.example.net");
    assert_eq!(seen.as_of.unwrap().to_rfc3339(), "2024-02-22T13:21:07.114+00:00");
    let states: Vec<_> = seen.components.iter().map(|c| (c.name.as_str(), c.state, c.group.as_deref())).collect();
    assert_eq!(
        states,
        [
            ("Voice and text", ComponentState::MajorOutage, Some("Mobility")),
            ("Mobile data", ComponentState::PartialOutage, Some("Mobility")),
            ("Website", ComponentState::Operational, None),
            ("Store systems", ComponentState::Maintenance, None),
            ("App", ComponentState::Degraded, None),
        ]
    );
}

#[test]
fn the_list_tells_of_the_resolved_and_an_edit_is_a_version() {
    let seen = read("summary", "incidents");
    let incident = seen.incidents.iter().find(|i| i.id == "inc0aaaaaaaa").unwrap();
    assert_eq!((incident.phase, incident.raw_phase.as_str()), (Some(Phase::Resolved), "postmortem"), "the list wins");
    let seen = read("summary", "unresolved");
    let incident = &seen.incidents[0];
    assert_eq!(incident.phase, Some(Phase::Identified));
    let edited = incident.updates.iter().find(|u| u.id == "u1aaaaaaaaaa").unwrap();
    assert_eq!(edited.version, "2024-02-22T05:02:00.000-05:00");
    assert_eq!(edited.happened.to_rfc3339(), "2024-02-22T08:45:00+00:00", "back-dated by its author");
    assert_eq!(edited.recorded.to_rfc3339(), "2024-02-22T09:12:09+00:00");
}
