//! Handlers that run scripts of key-value operations and return the results.

use serde_json::{Value, json};

use crate::wasi::keyvalue::{
    atomics::{self, Cas, CasError},
    batch,
    store::{self, Bucket, Error},
};
use crate::{Answer, StepContext, complete};

pub(crate) fn handle(handler: &str, context: &StepContext) -> Option<Answer> {
    let input: Value = serde_json::from_str(&context.task_input).unwrap_or_default();
    Some(match handler {
        "key-value" => {
            complete(run(&input).unwrap_or_else(|error| json!({ "refused": said(&error) })).to_string())
        }
        // Opens the bucket this many times.
        "open-many" => {
            let count = input["count"].as_u64().unwrap_or_default();
            let opened: Result<Vec<Bucket>, Error> =
                (0..count).map(|_| store::open(input["bucket"].as_str().unwrap_or_default())).collect();
            complete(json!(opened.map(|opened| opened.len()).map_err(|error| said(&error))).to_string())
        }
        // Creates this many compare-and-swap handles and keeps them.
        "look-many" => {
            let count = input["count"].as_u64().unwrap_or_default();
            let looked = store::open(input["bucket"].as_str().unwrap_or_default()).and_then(|bucket| {
                (0..count).map(|_| Cas::new(&bucket, "k")).collect::<Result<Vec<Cas>, Error>>()
            });
            complete(json!(looked.map(|looked| looked.len()).map_err(|error| said(&error))).to_string())
        }
        _ => return None,
    })
}

/// Runs the operations and returns their results. A number as value stands for that many bytes.
fn run(input: &Value) -> Result<Value, Error> {
    let bucket = store::open(input["bucket"].as_str().unwrap_or_default())?;
    let operations = input["do"].as_array().cloned().unwrap_or_default();
    let answers = operations.iter().map(|operation| {
        answer(&bucket, operation).unwrap_or_else(|error| json!({ "refused": said(&error) }))
    });
    Ok(answers.collect())
}

fn answer(bucket: &Bucket, operation: &Value) -> Result<Value, Error> {
    let key = || operation[1].as_str().unwrap_or_default();
    let keys = || -> Vec<String> { serde_json::from_value(operation[1].clone()).unwrap_or_default() };
    Ok(match operation[0].as_str().unwrap_or_default() {
        "get" => json!(bucket.get(key())?.map(text)),
        "set" => json!(bucket.set(key(), &bytes(&operation[2]))?),
        "delete" => json!(bucket.delete(key())?),
        "exists" => json!(bucket.exists(key())?),
        "keys" => {
            let page = bucket.list_keys(operation[1].as_str())?;
            json!({ "keys": page.keys, "cursor": page.cursor })
        }
        "increment" => json!(atomics::increment(bucket, key(), operation[2].as_i64().unwrap_or_default())?),
        "get-many" => {
            let found = batch::get_many(bucket, &keys())?;
            found.into_iter().map(|pair| json!(pair.map(|(key, value)| (key, text(value))))).collect()
        }
        "set-many" => {
            let pairs: Vec<(String, Value)> =
                serde_json::from_value(operation[1].clone()).unwrap_or_default();
            let pairs: Vec<(String, Vec<u8>)> =
                pairs.into_iter().map(|(key, value)| (key, bytes(&value))).collect();
            json!(batch::set_many(bucket, &pairs)?)
        }
        "delete-many" => json!(batch::delete_many(bucket, &keys())?),
        // Compare-and-swap with another write in between.
        "swap" => {
            let seen = Cas::new(bucket, key())?;
            let current = seen.current()?.map(text);
            if let Some(between) = operation[3].as_str() {
                bucket.set(key(), between.as_bytes())?;
            }
            match atomics::swap(seen, &bytes(&operation[2])) {
                Ok(()) => json!({ "saw": current, "swapped": true }),
                Err(CasError::CasFailed(now)) => json!({ "saw": current, "now": now.current()?.map(text) }),
                Err(CasError::StoreError(error)) => return Err(error),
            }
        }
        other => json!({ "unknown": other }),
    })
}

fn bytes(value: &Value) -> Vec<u8> {
    match value.as_u64() {
        Some(count) => vec![b'x'; count as usize],
        None => value.as_str().unwrap_or_default().as_bytes().to_vec(),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn said(error: &Error) -> String {
    match error {
        Error::NoSuchStore => "no-such-store".to_owned(),
        Error::AccessDenied => "access-denied".to_owned(),
        Error::Other(message) => message.clone(),
    }
}
