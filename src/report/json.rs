//! The whole record as one JSON value: every entry as it was stored, and back again. Never leaves anything out.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::incident::Instant;
use crate::incident::entry::{ChainHead, Entry, Hash, IncidentId, WriterId, decode};
use crate::incident::what::What;

pub const SCHEMA: &str = "warroom-record/1";

/// The record: all entries in the order given, and each writer's last seq and hash as known when it was made.
pub fn json(
    incident: IncidentId,
    entries: &[Arc<Entry>],
    heads: &[(WriterId, u64, Hash)],
    generated: Instant,
) -> Value {
    let declared = entries.iter().find_map(|e| if let What::Declared(w) = &e.what { Some(w) } else { None });
    let exercise = declared.is_some_and(|w| w.exercise);
    let heads = heads.iter().map(|(writer, seq, hash)| json!({"writer": writer, "seq": seq, "hash": hash.hex()}));
    json!({
        "schema": SCHEMA,
        "incident": incident,
        "exercise": exercise,
        "generated_at": generated,
        "heads": heads.collect::<Vec<_>>(),
        "entries": entries.iter().map(|e| entry(e, exercise)).collect::<Vec<_>>(),
    })
}

fn entry(entry: &Entry, exercise: bool) -> Value {
    let (kind, data) = entry.what.encode();
    let mut value = json!({
        "writer": entry.writer, "seq": entry.seq, "id": entry.id, "hlc": entry.hlc, "happened": entry.happened,
        "recorded": entry.recorded, "author": entry.author, "kind": kind, "data": data,
    });
    // Beside the entry, not in it: a row that is cut out of the record still says what it is of.
    if let (true, Some(fields)) = (exercise, value.as_object_mut()) {
        fields.insert("exercise".to_owned(), Value::Bool(true));
    }
    // What is not understood goes as its very text as well: a number may be too large to be a JSON value of ours.
    if let (What::Unknown { raw, .. }, Some(fields)) = (&entry.what, value.as_object_mut()) {
        fields.insert("raw".to_owned(), Value::String(raw.clone()));
    }
    value
}

/// Reads a record back. The error is a sentence that names the entry.
pub fn read(record: &Value) -> Result<(IncidentId, Vec<Entry>), String> {
    if record["schema"] != SCHEMA {
        return Err(format!("expected a record of schema {SCHEMA}, found {}", record["schema"]));
    }
    let incident = serde_json::from_value(record["incident"].clone()).map_err(|e| format!("incident: {e}"))?;
    let entries = record["entries"].as_array().ok_or("expected a list of entries")?;
    let entries =
        entries.iter().enumerate().map(|(index, value)| read_entry(value).map_err(|e| format!("entry {index}: {e}")));
    Ok((incident, entries.collect::<Result<_, String>>()?))
}

/// The heads that a record wrote down. The error is a sentence.
pub fn heads(record: &Value) -> Result<(IncidentId, Vec<ChainHead>), String> {
    if record["schema"] != SCHEMA {
        return Err(format!("expected a record of schema {SCHEMA}, found {}", record["schema"]));
    }
    let incident = serde_json::from_value(record["incident"].clone()).map_err(|e| format!("incident: {e}"))?;
    let heads =
        record["heads"].as_array().ok_or("expected a list of heads")?.iter().enumerate().map(|(index, head)| {
            let writer = serde_json::from_value(head["writer"].clone()).map_err(|e| format!("head {index}: {e}"))?;
            let seq = head["seq"].as_u64().ok_or_else(|| format!("head {index}: expected a seq"))?;
            let hash = head["hash"].as_str().and_then(Hash::from_hex);
            Ok((writer, seq, hash.ok_or_else(|| format!("head {index}: expected a hash of 64 digits"))?))
        });
    Ok((incident, heads.collect::<Result<_, String>>()?))
}

fn read_entry(value: &Value) -> Result<Entry, String> {
    let writer = serde_json::from_value(value["writer"].clone()).map_err(|e| format!("writer: {e}"))?;
    let seq = value["seq"].as_u64().ok_or("seq: expected a number from 1 on")?;
    let mut entry = decode(writer, seq, value.to_string().as_bytes())?;
    if let (What::Unknown { raw, .. }, Some(text)) = (&mut entry.what, value["raw"].as_str()) {
        text.clone_into(raw);
    }
    Ok(entry)
}
