//! Against the distribution's own Prometheus and Alertmanager: firing, silence, a dead exporter, a restart.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use warroom::backends::{Client, poller};
use warroom::config::SourceConfig;
use warroom::incident::observation::{Alert, Metric};
use warroom::incident::words::{AlertState, Quality};

use super::given;
use crate::support::process::{Server, free_port, until};
use crate::support::wire::{Act, Wire, answer, post_json};

const PATIENCE: Duration = Duration::from_secs(60);

fn alertmanager(folder: &Path, storage: &str, port: u16) -> Server {
    let config = folder.join("alertmanager.yml");
    std::fs::write(&config, "route:\n  receiver: none\n  group_wait: 1s\nreceivers:\n- name: none\n").unwrap();
    Server::start(
        "prometheus-alertmanager",
        folder,
        &[
            format!("--config.file={}", config.display()),
            format!("--storage.path={}", folder.join(storage).display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--cluster.listen-address=".to_owned(),
        ],
    )
}

fn prometheus(folder: &Path, port: u16, exporter: u16, alertmanager: u16) -> Server {
    let rules = "groups:\n- name: core\n  rules:\n  - alert: MobilityCoreDown\n    expr: sum(subscribers_without_service) > 100000\n    labels: {severity: critical}\n    annotations: {summary: Core down}\n  - alert: TargetDown\n    expr: up == 0\n";
    std::fs::write(folder.join("rules.yml"), rules).unwrap();
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s}}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n  - static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]\nscrape_configs:\n- job_name: core\n  static_configs: [{{targets: ['127.0.0.1:{exporter}']}}]\n"
    );
    std::fs::write(folder.join("prometheus.yml"), config).unwrap();
    Server::start(
        "prometheus",
        folder,
        &[
            format!("--config.file={}", folder.join("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", folder.join("tsdb").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ],
    )
}

async fn metrics(client: &Client, source: &SourceConfig) -> Option<Vec<Metric>> {
    given::poll(client, source).await.observation.map(|seen| seen.metrics)
}

/// The alerts by name, where the source answers.
async fn alerts(client: &Client, source: &SourceConfig) -> Option<Vec<Alert>> {
    given::poll(client, source).await.observation.map(|seen| seen.alerts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_seen_through_real_servers() {
    let folder = tempfile::tempdir().unwrap();
    let dead = Arc::new(AtomicBool::new(false));
    let exporter = Wire::start({
        let dead = Arc::clone(&dead);
        move |_| match dead.load(Ordering::SeqCst) {
            true => vec![Act::Reset],
            false => {
                let text = b"subscribers_without_service{region=\"south\"} 70000\nsubscribers_without_service{region=\"north\"} 50000\n";
                vec![Act::Say(answer(200, &[("Content-Type", "text/plain; version=0.0.4")], text))]
            }
        }
    })
    .await;
    let (am_port, prom_port) = (free_port(), free_port());
    let mut am = alertmanager(folder.path(), "am-one", am_port);
    let mut prom = prometheus(folder.path(), prom_port, exporter.port, am_port);
    let client = given::client();
    let paging = given::alertmanager(&format!("http://127.0.0.1:{am_port}"));
    let core = given::source(&format!(
        "[[metrics]]\nname = \"core\"\nkind = \"prometheus\"\nurl = \"http://127.0.0.1:{prom_port}//\"\n\
         [[metrics.query]]\nname = \"users\"\nquery = 'sum(subscribers_without_service)'\nrange = \"1m\"\nstep = \"1s\"\n\
         [[metrics.query]]\nname = \"each\"\nquery = 'subscribers_without_service'\n\
         [[metrics.query]]\nname = \"wrong\"\nquery = 'sum('\n\
         [[metrics.query]]\nname = \"nan\"\nquery = '0 / sum(subscribers_without_service * 0)'\n\
         [[metrics.query]]\nname = \"up\"\nquery = 'up'\n"
    ));

    // It fires, and the number is there with the instant of its sample.
    let users = until(PATIENCE, async || {
        metrics(&client, &core)
            .await?
            .into_iter()
            .find(|m| m.name == "users" && m.value.is_some() && m.history.len() >= 2)
    })
    .await
    .unwrap_or_else(|| panic!("no value: {}", prom.log()));
    assert_eq!((users.value, users.quality), (Some(120_000.0), Quality::Exact), "{users:?}");
    let age = given::now() - users.sampled_at.expect("the instant of the sample");
    assert!((0..30).contains(&age.num_seconds()), "{age}");
    let all = metrics(&client, &core).await.unwrap();
    let why = |name: &str| all.iter().find(|m| m.name == name).and_then(|m| m.why.clone()).unwrap_or_default();
    assert_eq!(why("each"), "2 series, expected one; use sum(…) or max(…)");
    assert!(why("wrong").contains("unclosed left parenthesis"), "{}", why("wrong"));
    assert_eq!(why("nan"), "not a number (0/0)");
    let firing =
        until(PATIENCE, async || alerts(&client, &paging).await?.into_iter().find(|a| a.name == "MobilityCoreDown"))
            .await
            .unwrap_or_else(|| panic!("does not fire: {}{}", prom.log(), am.log()));
    assert_eq!(
        (firing.state, firing.severity.as_str(), firing.summary.as_str()),
        (AlertState::Firing, "critical", "Core down")
    );
    let line = poller::check(&client, &*given::adapter(&core), &core, given::now()).await.unwrap();
    assert!(line.starts_with("Prometheus 2.") && line.contains("2 of 5 values"), "{line}");

    // A silence makes it quiet, not gone; the id stays.
    let at = |minutes: i64| (given::now() + chrono::TimeDelta::minutes(minutes)).to_rfc3339();
    let silence = format!(
        r#"{{"matchers":[{{"name":"alertname","value":"MobilityCoreDown","isRegex":false,"isEqual":true}}],"startsAt":"{}","endsAt":"{}","createdBy":"test","comment":"test"}}"#,
        at(0),
        at(10)
    );
    assert_eq!(post_json(am_port, "/api/v2/silences", &silence).await.unwrap(), 200);
    let quiet = until(PATIENCE, async || {
        alerts(&client, &paging).await?.into_iter().find(|a| a.state == AlertState::Suppressed)
    })
    .await
    .expect("the silence shows");
    assert_eq!((&quiet.id, quiet.starts_at), (&firing.id, firing.starts_at));
    assert!(quiet.quiet_because.starts_with("silenced by "), "{quiet:?}");

    // The exporter dies: the number is missing, never zero, and the source is as well as ever.
    dead.store(true, Ordering::SeqCst);
    let gone = until(PATIENCE, async || {
        let seen = metrics(&client, &core).await?;
        let users = seen.iter().find(|m| m.name == "users")?;
        assert_ne!(users.value, Some(0.0), "no answer is not zero");
        users.value.is_none().then(|| seen.clone())
    })
    .await
    .expect("the series vanish");
    let of = |name: &str| gone.iter().find(|m| m.name == name).unwrap();
    assert_eq!((of("users").quality, of("users").why.as_deref()), (Quality::Missing, Some("no data")));
    assert_eq!(of("up").value, Some(0.0), "while the server itself says that the target is down");
    until(PATIENCE, async || alerts(&client, &paging).await?.into_iter().find(|a| a.name == "TargetDown"))
        .await
        .expect("TargetDown fires instead");

    // A restart with an empty store: an exact, empty list. What that means is for `detect` to say.
    prom.stop();
    am.stop();
    let failing = given::poll(&client, &core).await;
    assert!(failing.error.unwrap().starts_with("connection refused by 127.0.0.1"));
    let _am = alertmanager(folder.path(), "am-two", am_port);
    let seen = until(PATIENCE, async || given::poll(&client, &paging).await.observation).await.expect("it is back");
    assert_eq!((seen.alerts.len(), seen.quality), (0, Quality::Exact));
}
