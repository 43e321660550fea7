//! A body that ends early is never a shorter list: each prefix of each recorded list is an error, or the same as the whole.

use proptest::prelude::*;
use warroom::backends::Response;
use warroom::config::SourceConfig;
use warroom::incident::Instant;
use warroom::incident::observation::Observation;

use super::given;

/// Source, the answers to its requests, and which of them is cut.
fn cases() -> Vec<(SourceConfig, Vec<Vec<u8>>, usize)> {
    let file = |name: &str| given::bytes(&format!("answers/{name}"));
    let page = || given::statuspage("https://status.example.net");
    let prom = || given::prometheus("http://h", "a + b");
    let mut all = vec![
        (page(), vec![file("statuspage/summary.json"), file("statuspage/incidents.json")], 0),
        (page(), vec![file("statuspage/summary.json"), file("statuspage/incidents.json")], 1),
    ];
    for name in ["alerts", "alerts-silenced", "alerts-after-target-down", "alerts-after-resolve", "alerts-filtered"] {
        all.push((given::alertmanager("http://h"), vec![file(&format!("alertmanager/{name}.json"))], 0));
    }
    for name in ["instant-sum", "instant-vector", "instant-scalar", "empty", "nan", "warnings-infos"] {
        all.push((prom(), vec![file(&format!("prometheus/{name}.json"))], 0));
    }
    all
}

fn read(source: &SourceConfig, bodies: &[Vec<u8>]) -> Option<Observation> {
    let answers: Vec<_> = bodies.iter().map(|body| Ok(Response::of(200, "application/json", body))).collect();
    given::adapter(source).read(&answers, Instant::UNIX_EPOCH).ok()
}

fn holds(source: &SourceConfig, bodies: &[Vec<u8>], which: usize, length: usize) -> Result<(), TestCaseError> {
    let whole = read(source, bodies);
    let mut cut = bodies.to_vec();
    cut[which].truncate(length);
    let part = read(source, &cut);
    prop_assert!(part.is_none() || part == whole, "{} bytes of {}", length, bodies[which].len());
    Ok(())
}

#[test]
fn no_prefix_of_the_small_answers_is_a_shorter_list() {
    for (source, bodies, which) in cases() {
        assert!(read(&source, &bodies).is_some(), "the whole is readable");
        if bodies[which].len() < 4000 {
            for length in 0..bodies[which].len() {
                holds(&source, &bodies, which, length).unwrap();
            }
        }
    }
}

proptest! {
    #[test]
    fn no_prefix_of_any_answer_is_a_shorter_list(case in 0usize..13, share in 0.0f64..1.0) {
        let (source, bodies, which) = cases().swap_remove(case);
        let length = (bodies[which].len() as f64 * share) as usize;
        holds(&source, &bodies, which, length)?;
    }

    /// Bytes that are anything at all neither panic nor make an all-clear out of noise.
    #[test]
    fn noise_is_no_answer(noise in prop::collection::vec(any::<u8>(), 0..300), case in 0usize..13) {
        let (source, mut bodies, which) = cases().swap_remove(case);
        bodies[which] = noise;
        let seen = read(&source, &bodies);
        prop_assert!(seen.is_none_or(|o| o.metrics.iter().all(|m| m.value.is_none()) && o.components.is_empty()));
    }
}
