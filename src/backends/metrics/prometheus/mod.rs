//! Prometheus and the servers that speak its query API. One number a query, or the reason why there is none; never 0 instead.

mod answer;
mod selector;

use serde::Deserialize;

use self::answer::{Found, Read};
use crate::backends::adapter::{Adapter, answer_missing};
use crate::backends::kinds::{Kind, Place};
use crate::backends::request::Request;
use crate::backends::response::{Answer, Response, quote};
use crate::backends::settings::{Key, Keys};
use crate::backends::transport::origin;
use crate::backends::{Class, Failure};
use crate::config::{Problem, SourceConfig};
use crate::incident::Instant;
use crate::incident::observation::{Metric, Observation};
use crate::incident::words::{Family, Quality};

pub const KIND: Kind = Kind {
    name: "prometheus",
    family: Family::Metrics,
    place: Place::Web,
    doc: "Prometheus, VictoriaMetrics, Mimir or Thanos: named queries that answer with one number each.",
    example: r#"[[metrics]]
name  = "core"
kind  = "prometheus"
url   = "http://127.0.0.1:9090"        # with the path before /api/v1, if it has one
every = "15s"
# token = { env = "PROMETHEUS_TOKEN" } # for a proxy in front of it, or a hosted one
# tenant = "carrier-a"                 # X-Scope-OrgID, for Mimir and Cortex
stale_after = "5m"                     # a sample older than this is shown as stale and feeds no rule

[[metrics.query]]
name  = "users_affected"               # the name that facts and rules use
query = "sum(subscribers_without_service)"   # must give exactly one series
unit  = "users"
range = "30m"                          # optional: how far back the direction is read
tolerance = 0.1                        # how far it moves, as a share, before it is an entry
estimated = false                      # true where the number is an estimate
"#,
    keys: KEYS,
    build,
};

const KEYS: &[Key] = &[
    Key { name: "stale_after", meaning: "Age of a sample from which it is stale.", default: "\"5m\"" },
    Key { name: "tenant", meaning: "Sent as X-Scope-OrgID.", default: "" },
    Key { name: "query", meaning: "The named queries, as [[metrics.query]]; at least one.", default: "" },
    Key { name: "query.name", meaning: "The metric's name; required, unique in this source.", default: "" },
    Key { name: "query.query", meaning: "PromQL that gives exactly one series; required.", default: "" },
    Key { name: "query.unit", meaning: "What the number counts.", default: "\"\"" },
    Key { name: "query.range", meaning: "How far back the direction is read; none: not read.", default: "" },
    Key { name: "query.step", meaning: "Distance of the points of the range.", default: "a thirtieth of the range" },
    Key { name: "query.tolerance", meaning: "Share by which it moves before it is an entry.", default: "0.1" },
    Key { name: "query.estimated", meaning: "Whether the number is an estimate.", default: "false" },
    Key {
        name: "query.age_query",
        meaning: "PromQL that gives the oldest sample's instant in Unix seconds.",
        default: "min(timestamp(…)), where the query is a selector or one aggregation of it",
    },
];

struct Prometheus {
    origin: String,
    tenant: Option<String>,
    stale_after: u64,
    queries: Vec<Query>,
}

struct Query {
    name: String,
    query: String,
    unit: String,
    range: Option<Range>,
    tolerance: f64,
    estimated: bool,
    age: Option<String>,
}

#[derive(Clone, Copy)]
struct Range {
    seconds: u64,
    step: u64,
}

fn build(source: &SourceConfig, file: &str) -> Result<Box<dyn Adapter>, Problem> {
    let keys = Keys::of(&source.settings, file, KEYS)?;
    let mut queries: Vec<Query> = Vec::new();
    for item in keys.items("query", KEYS)? {
        let name = item.needed("name")?;
        if queries.iter().any(|known| known.name == name) {
            return Err(item.problem("name", format!("\"{name}\" is used twice")));
        }
        let query = item.needed("query")?;
        let range = match item.seconds("range", 10..=7 * 86_400)? {
            None => None,
            Some(seconds) => {
                // The server gives at most 11,000 points; a direction needs far fewer.
                let least = seconds.div_ceil(1000);
                let step = item.seconds("step", least..=seconds)?;
                Some(Range { seconds, step: step.unwrap_or_else(|| (seconds / 30).max(1)) })
            }
        };
        queries.push(Query {
            unit: item.text("unit")?.unwrap_or_default(),
            tolerance: item.number("tolerance", 0.1, 0.0..=1000.0)?,
            estimated: item.flag("estimated", false)?,
            age: item
                .text("age_query")?
                .or_else(|| selector::of(&query).map(|series| format!("min(timestamp({series}))"))),
            range,
            name,
            query,
        });
    }
    if queries.is_empty() {
        return Err(keys.problem("query", "at least one [[metrics.query]] with a name and a query is needed"));
    }
    Ok(Box::new(Prometheus {
        origin: origin(&source.url),
        tenant: keys.text("tenant")?,
        stale_after: keys.seconds("stale_after", 1..=7 * 86_400)?.unwrap_or(300),
        queries,
    }))
}

impl Prometheus {
    fn ask(&self, path: &str, fields: &[(&str, String)]) -> Request {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let headers = self.tenant.iter().map(|tenant| ("X-Scope-OrgID", tenant.clone())).collect();
        Request { headers, ..Request::post_form(path, fields) }
    }

    /// How one metric stands by the answers to its requests.
    fn metric(&self, query: &Query, value: &Answer, age: Option<&Answer>, range: Option<&Answer>) -> (Metric, Read) {
        let read = answer::value(value);
        let (number, mut quality, mut why, evaluated) = match &read.found {
            Ok(Found { number, evaluated }) => (Some(*number), Quality::Exact, None, Some(*evaluated)),
            Err(failure) => (None, Quality::Missing, Some(failure.why.clone()), None),
        };
        if number.is_some() && !read.warnings.is_empty() {
            quality = Quality::Partial;
            why = Some(read.warnings.join("; "));
        } else if number.is_none() && !read.warnings.is_empty() {
            why = Some(format!("{}; {}", why.unwrap_or_default(), read.warnings.join("; ")));
        }
        // A failed question about the age does not fail the value: its age is then not known.
        let sampled = age.and_then(|age| answer::value(age).found.ok()).map(|found| found.number);
        if let (Some(sampled), Some(evaluated), Quality::Exact) = (sampled, evaluated, quality) {
            let old = evaluated - sampled;
            if old > self.stale_after as f64 {
                quality = Quality::Stale;
                why = Some(format!("the newest sample is {old:.0} s old"));
            }
        }
        let metric = Metric {
            name: query.name.clone(),
            unit: query.unit.clone(),
            value: number,
            quality,
            why,
            sampled_at: sampled.and_then(answer::instant).filter(|_| number.is_some()),
            history: range.map(answer::history).unwrap_or_default(),
            tolerance: query.tolerance,
            estimated: query.estimated,
        };
        (metric, read)
    }
}

impl Adapter for Prometheus {
    fn family(&self) -> Family {
        Family::Metrics
    }

    fn poll(&self, now: Instant) -> Vec<Request> {
        let mut requests = Vec::new();
        for query in &self.queries {
            requests.push(self.ask("/api/v1/query", &[("query", query.query.clone())]));
            if let Some(age) = &query.age {
                requests.push(self.ask("/api/v1/query", &[("query", age.clone())]));
            }
            if let Some(range) = query.range {
                let end = now.timestamp();
                let start = end.saturating_sub_unsigned(range.seconds);
                requests.push(self.ask(
                    "/api/v1/query_range",
                    &[
                        ("query", query.query.clone()),
                        ("start", start.to_string()),
                        ("end", end.to_string()),
                        ("step", range.step.to_string()),
                    ],
                ));
            }
        }
        requests
    }

    fn read(&self, answers: &[Answer], _now: Instant) -> Result<Observation, Failure> {
        let mut answers = answers.iter();
        let mut metrics = Vec::new();
        let mut troubles: Vec<String> = Vec::new();
        let mut failed: Vec<Failure> = Vec::new();
        for query in &self.queries {
            let value = answers.next().ok_or_else(answer_missing)?;
            let age = if query.age.is_some() { Some(answers.next().ok_or_else(answer_missing)?) } else { None };
            let range = if query.range.is_some() { Some(answers.next().ok_or_else(answer_missing)?) } else { None };
            let (metric, read) = self.metric(query, value, age, range);
            match read.found {
                // The server's word on this query alone: the others are as good as ever.
                Err(failure) if !read.of_the_query => {
                    troubles.push(format!("{}: {}", query.name, failure.why));
                    failed.push(failure);
                }
                Ok(_) | Err(_) => troubles.extend(read.warnings.iter().map(|w| format!("{}: {w}", query.name))),
            }
            metrics.push(metric);
        }
        if failed.len() == self.queries.len()
            && let Some(first) = failed.into_iter().next()
        {
            return Err(first);
        }
        Ok(Observation {
            origin: self.origin.clone(),
            family: Family::Metrics,
            quality: if troubles.is_empty() { Quality::Exact } else { Quality::Partial },
            quality_why: if troubles.is_empty() { None } else { Some(troubles.join("; ")) },
            as_of: metrics.iter().filter_map(|m| m.sampled_at).min(),
            components: Vec::new(),
            incidents: Vec::new(),
            alerts: Vec::new(),
            metrics,
            receipts: Vec::new(),
        })
    }

    fn ask_version(&self) -> Option<Request> {
        Some(Request::get("/api/v1/status/buildinfo"))
    }

    fn version(&self, answer: &Response) -> Option<String> {
        #[derive(Deserialize)]
        struct Info {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            version: String,
        }
        answer.json::<Info>().ok().map(|info| format!("Prometheus {}", quote(&info.data.version)))
    }
}

/// A failure that concerns the one query, such as "no data".
fn of_query(why: impl Into<String>) -> Failure {
    Failure::new(Class::Shape, why)
}
