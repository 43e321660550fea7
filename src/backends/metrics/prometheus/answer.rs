//! Reading one answer of the query API: the one finite number in it, or why there is none. Never picks one of several series.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::of_query;
use crate::backends::response::{Answer, Response, quote};
use crate::backends::{Class, Failure};
use crate::incident::Instant;

/// One number and the instant of its evaluation, both by the server; seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub number: f64,
    pub evaluated: f64,
}

/// What one answer says.
pub struct Read {
    pub found: Result<Found, Failure>,
    /// Whether an error concerns this query alone, not the source.
    pub of_the_query: bool,
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Data>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
    /// A cluster that reached only some of its members.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    /// Read by its type.
    result: Box<RawValue>,
}

#[derive(Deserialize)]
struct Series {
    value: Option<(f64, String)>,
    histogram: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Points {
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// Reads the answer to an instant query.
pub fn value(answer: &Answer) -> Read {
    let whole = |failure: Failure| Read { found: Err(failure), of_the_query: false, warnings: Vec::new() };
    let response = match answer {
        Ok(response) => response,
        Err(failure) => return whole(failure.clone()),
    };
    let envelope = match envelope(response) {
        Ok(envelope) => envelope,
        Err(failure) => return whole(failure),
    };
    let mut warnings: Vec<String> = envelope.warnings.iter().map(|w| quote(w)).collect();
    if envelope.is_partial {
        warnings.push("only some members of the cluster answered".to_owned());
    }
    if envelope.status != "success" {
        let why = match envelope.error {
            Some(error) => format!("the query failed: {}", quote(&error)),
            None => format!("the query failed ({})", response.status),
        };
        // 400 and 422 are about this query; an error under another status is the server's.
        let of_the_query = matches!(response.status, 200 | 400 | 422);
        let found = match response.checked() {
            Err(failure) if !of_the_query => Err(failure),
            Ok(()) | Err(_) => Err(of_query(why)),
        };
        return Read { found, of_the_query, warnings };
    }
    let Some(data) = envelope.data else {
        return whole(Failure::new(Class::Shape, "the answer has no data"));
    };
    match number(&data) {
        Ok(found) => Read { found, of_the_query: true, warnings },
        Err(failure) => whole(failure),
    }
}

/// The envelope of any status that has one; otherwise the failure by status or shape.
fn envelope(response: &Response) -> Result<Envelope, Failure> {
    let read = response.json_of_any_status::<Envelope>();
    match (read, response.checked()) {
        (Ok(envelope), _) => Ok(envelope),
        (Err(_), Err(status)) => Err(status),
        (Err(shape), Ok(())) => Err(shape),
    }
}

/// Outer error: the source does not answer as it should. Inner error: the query gives not exactly one number.
fn number(data: &Data) -> Result<Result<Found, Failure>, Failure> {
    let (evaluated, text) = match data.result_type.as_str() {
        "vector" => {
            let series: Vec<Series> = parse(&data.result)?;
            match series.as_slice() {
                [] => return Ok(Err(of_query("no data"))),
                [Series { value: Some((at, text)), histogram: None }] => (*at, text.clone()),
                [Series { histogram: Some(_), .. }] => {
                    return Ok(Err(of_query(
                        "a histogram, not a number; use histogram_quantile() or histogram_count()",
                    )));
                }
                [Series { value: None, histogram: None }] => {
                    return Err(Failure::new(Class::Shape, "a series without a value"));
                }
                several => {
                    let why = format!("{} series, expected one; use sum(…) or max(…)", several.len());
                    return Ok(Err(of_query(why)));
                }
            }
        }
        "scalar" => parse::<(f64, String)>(&data.result)?,
        "matrix" => return Ok(Err(of_query("a range, not a number; leave out […] or use last_over_time()"))),
        "string" => return Ok(Err(of_query("a text, not a number"))),
        other => return Err(Failure::new(Class::Shape, format!("a result of an unknown type: {}", quote(other)))),
    };
    Ok(match text.parse::<f64>() {
        Ok(number) if number.is_finite() && evaluated.is_finite() => Ok(Found { number, evaluated }),
        Ok(number) if number.is_nan() => Err(of_query("not a number (0/0)")),
        Ok(_) => Err(of_query(format!("not finite: {}", quote(&text)))),
        Err(_) => Err(of_query(format!("not a number: {}", quote(&text)))),
    })
}

fn parse<T: serde::de::DeserializeOwned>(raw: &RawValue) -> Result<T, Failure> {
    serde_json::from_str(raw.get()).map_err(|e| {
        Failure::new(Class::Shape, format!("the answer has not the expected shape: {}", quote(&e.to_string())))
    })
}

/// The finite points of a range answer, oldest first; empty where it is not exactly one series. A direction is a nicety:
/// its failure is not the value's.
pub fn history(answer: &Answer) -> Vec<(Instant, f64)> {
    let Ok(response) = answer else { return Vec::new() };
    let Ok(Envelope { status, data: Some(data), .. }) = response.json::<Envelope>() else { return Vec::new() };
    if status != "success" || data.result_type != "matrix" {
        return Vec::new();
    }
    let Ok(series) = parse::<Vec<Points>>(&data.result) else { return Vec::new() };
    let [one] = series.as_slice() else { return Vec::new() };
    one.values
        .iter()
        .filter_map(|(at, text)| Some((instant(*at)?, text.parse::<f64>().ok().filter(|n| n.is_finite())?)))
        .collect()
}

/// Seconds since 1970 as an instant, to the millisecond; none where they are no instant.
pub fn instant(seconds: f64) -> Option<Instant> {
    let ms = seconds * 1000.0;
    // Casts saturate; what saturates is no instant.
    if ms.is_finite() { Instant::from_timestamp_millis(ms.round() as i64) } else { None }
}
