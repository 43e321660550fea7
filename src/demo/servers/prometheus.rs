//! The query API of Prometheus over the scenario's series. It knows those queries, `up` and `timestamp(…)`: no PromQL.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::Handle;
use crate::demo::scenario::{Job, Series};
use crate::incident::Instant;
use crate::text::duration;

/// Most points of a series in one answer, as the real server has it.
const MOST_POINTS: f64 = 11_000.0;

pub fn router(handle: Handle) -> Router {
    Router::new()
        .route("/api/v1/query", get(query).post(query))
        .route("/api/v1/query_range", get(query_range).post(query_range))
        .route("/-/ready", get(|| async { "Prometheus Server is Ready.\n" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") })
        .with_state(handle)
}

type Form = BTreeMap<String, String>;

/// The query string and, of a POST, the form. A JSON body is not read, as the real server does not read it.
fn form(query: Option<String>, headers: &HeaderMap, body: &Bytes) -> Form {
    let mut all = pairs(query.unwrap_or_default().as_bytes());
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        all.extend(pairs(body));
    }
    all
}

/// `a=b&c=d`, percent-decoded; never fails.
fn pairs(text: &[u8]) -> Form {
    let decode = |part: &[u8]| {
        let mut out = Vec::with_capacity(part.len());
        let mut rest = part.iter().copied();
        while let Some(byte) = rest.next() {
            let hex = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
            match byte {
                b'+' => out.push(b' '),
                b'%' => {
                    if let (Some(high), Some(low)) = (hex(rest.next()), hex(rest.next())) {
                        out.extend(u8::try_from(high * 16 + low));
                    }
                }
                other => out.push(other),
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    text.split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let mut half = || decode(halves.next().unwrap_or_default());
            (half(), half())
        })
        .collect()
}

async fn query(
    State(handle): State<Handle>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Bad> {
    let form = form(query, &headers, &body);
    let at = match form.get("time") {
        Some(text) => time("time", text)?,
        None => seconds(handle.now()),
    };
    let asked = parse(&handle, form.get("query").map_or("", String::as_str))?;
    if let Asked::Number(number) = asked {
        return Ok(success("scalar", json!([at, text(number)])));
    }
    let rows: Vec<Value> = asked
        .series()
        .into_iter()
        .filter_map(|one| Some(json!({ "metric": one.labels(), "value": [at, text(one.at(&handle, at)?)] })))
        .collect();
    Ok(success("vector", json!(rows)))
}

async fn query_range(
    State(handle): State<Handle>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Bad> {
    let form = form(query, &headers, &body);
    let given = |name: &str| form.get(name).map_or("", String::as_str);
    let (start, end) = (time("start", given("start"))?, time("end", given("end"))?);
    if end < start {
        return Err(Bad::parameter("end", "end timestamp must not be before start time"));
    }
    let step = width(given("step"))?;
    if (end - start) / step > MOST_POINTS {
        let why = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)";
        return Err(Bad(why.to_owned()));
    }
    let asked = parse(&handle, given("query"))?;
    let steps = ((end - start) / step).floor() as u32;
    let instants: Vec<f64> = (0..=steps).map(|n| start + f64::from(n) * step).collect();
    let mut rows: Vec<Value> = Vec::new();
    for one in asked.series() {
        let values: Vec<Value> =
            instants.iter().filter_map(|at| Some(json!([at, text(one.at(&handle, *at)?)]))).collect();
        // A series that ended has no later points, and no nulls.
        if !values.is_empty() {
            rows.push(json!({ "metric": one.labels(), "values": values }));
        }
    }
    Ok(success("matrix", json!(rows)))
}

/// A number as the wire has it: text, in full, never with an exponent.
fn text(value: f64) -> String {
    value.to_string()
}

fn success(kind: &str, result: Value) -> Response {
    let body = json!({ "status": "success", "data": { "resultType": kind, "result": result } });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// A refusal of the request as such.
struct Bad(String);

impl Bad {
    fn parameter(name: &str, why: impl std::fmt::Display) -> Bad {
        Bad(format!("invalid parameter \"{name}\": {why}"))
    }

    fn parse(at: usize, why: &str) -> Bad {
        Bad::parameter("query", format!("1:{at}: parse error: {why}"))
    }
}

impl IntoResponse for Bad {
    fn into_response(self) -> Response {
        let body = json!({ "status": "error", "errorType": "bad_data", "error": self.0 });
        (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

fn seconds(at: Instant) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

fn instant(seconds: f64) -> Option<Instant> {
    Instant::from_timestamp_millis((seconds * 1000.0).round() as i64)
}

/// Unix seconds or RFC 3339.
fn time(name: &str, text: &str) -> Result<f64, Bad> {
    if let Some(number) = text.parse::<f64>().ok().filter(|n| n.is_finite() && n.abs() < 1e11) {
        return Ok(number);
    }
    text.parse::<Instant>().map(seconds).map_err(|_| {
        Bad::parameter(name, format!("Invalid time value for '{name}': cannot parse \"{text}\" to a valid timestamp"))
    })
}

fn width(text: &str) -> Result<f64, Bad> {
    let number = text.parse::<f64>().ok().or_else(|| duration::parse_seconds(text).ok().map(|n| n as f64));
    match number.filter(|n| n.is_finite()) {
        Some(number) if number > 0.0 => Ok(number),
        Some(_) => Err(Bad::parameter(
            "step",
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        )),
        None => Err(Bad::parameter("step", format!("cannot parse \"{text}\" to a valid duration"))),
    }
}

/// What a query means here.
enum Asked<'a> {
    Number(f64),
    Up(Vec<&'a Job>),
    /// A series; whether without its labels; whether the sample's instant is wanted and not its value.
    Series {
        series: &'a Series,
        bare: bool,
        instant: bool,
    },
    /// Well formed, and nothing of ours.
    Nothing,
}

/// One row of an answer.
enum One<'a> {
    Up(&'a Job),
    Series { series: &'a Series, bare: bool, instant: bool },
}

fn parse<'a>(handle: &'a Handle, query: &str) -> Result<Asked<'a>, Bad> {
    let query = query.trim();
    balanced(query)?;
    if let Ok(number) = query.parse::<f64>() {
        return Ok(Asked::Number(number));
    }
    let scenario = &handle.scenario;
    if query == "up" {
        return Ok(Asked::Up(scenario.jobs.iter().collect()));
    }
    if let Some(job) = query.strip_prefix("up{job=\"").and_then(|rest| rest.strip_suffix("\"}")) {
        return Ok(Asked::Up(scenario.job(job).into_iter().collect()));
    }
    let inside = |function: &str| query.strip_prefix(function)?.strip_suffix(')');
    let within = ["min(timestamp(", "max(timestamp("].into_iter().find_map(|f| inside(f)?.strip_suffix(')'));
    let (name, bare, instant) = match (within, inside("timestamp(")) {
        (Some(name), _) => (name, true, true),
        (None, Some(name)) => (name, false, true),
        (None, None) => (query, false, false),
    };
    Ok(match scenario.series.iter().find(|s| s.query == name || s.metric == name) {
        Some(series) => Asked::Series { series, bare: bare || series.metric != name, instant },
        None => Asked::Nothing,
    })
}

/// Brackets and quotes close, and there is something: the mistakes that a person makes in a configuration.
fn balanced(query: &str) -> Result<(), Bad> {
    if query.is_empty() {
        return Err(Bad::parse(1, "no expression found in input"));
    }
    let mut open: Vec<char> = Vec::new();
    let mut quote: Option<char> = None;
    for (at, c) in (1..).zip(query.chars()) {
        if let Some(end) = quote {
            quote = Some(end).filter(|end| *end != c);
            continue;
        }
        match c {
            '"' | '\'' | '`' => quote = Some(c),
            '(' | '{' | '[' => open.push(c),
            ')' | '}' | ']' => {
                let pair = (open.pop(), c);
                if !matches!(pair, (Some('('), ')') | (Some('{'), '}') | (Some('['), ']')) {
                    return Err(Bad::parse(at, &format!("unexpected right bracket '{c}'")));
                }
            }
            c if c.is_alphanumeric() || c.is_whitespace() || "_:,.=!~<>+-*/%^@\\".contains(c) => {}
            c => return Err(Bad::parse(at, &format!("unexpected character: '{c}'"))),
        }
    }
    let end = query.chars().count();
    if quote.is_some() {
        return Err(Bad::parse(end, "unterminated quoted string"));
    }
    match open.pop() {
        Some('(') => Err(Bad::parse(end, "unclosed left parenthesis")),
        Some(_) => Err(Bad::parse(end, "unexpected end of input")),
        None => Ok(()),
    }
}

impl<'a> Asked<'a> {
    fn series(self) -> Vec<One<'a>> {
        match self {
            Asked::Number(_) | Asked::Nothing => Vec::new(),
            Asked::Up(jobs) => jobs.into_iter().map(One::Up).collect(),
            Asked::Series { series, bare, instant } => vec![One::Series { series, bare, instant }],
        }
    }
}

impl One<'_> {
    fn labels(&self) -> Value {
        let mut labels = Map::new();
        match self {
            One::Up(job) => {
                labels.insert("__name__".to_owned(), json!("up"));
                labels.insert("instance".to_owned(), json!(job.instance));
                labels.insert("job".to_owned(), json!(job.name));
            }
            One::Series { bare: true, .. } => {}
            One::Series { series, instant, .. } => {
                if !instant {
                    labels.insert("__name__".to_owned(), json!(series.metric));
                }
                labels.insert("job".to_owned(), json!(series.job));
            }
        }
        Value::Object(labels)
    }

    /// Its value at an instant, in Unix seconds. None: no sample, of which the future is a case.
    fn at(&self, handle: &Handle, at: f64) -> Option<f64> {
        let at = instant(at).filter(|at| *at <= handle.now())?;
        match self {
            One::Up(job) => Some(if job.is_down(at) { 0.0 } else { 1.0 }),
            One::Series { series, instant, .. } => {
                let job = handle.scenario.job(&series.job)?;
                // A scrape that fails ends the series at once; one that works is good until the next.
                if job.is_down(at) {
                    return None;
                }
                let scraped = job.scraped(at);
                let sample = handle.scenario.metric(&series.name, scraped)?;
                Some(if *instant { seconds(scraped) } else { sample.value })
            }
        }
    }
}
