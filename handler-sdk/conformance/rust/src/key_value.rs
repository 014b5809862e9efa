//! Buckets.

use tasker_handler::{
    prelude::*,
    serde_json::{Value, json},
};

/// Operations on a bucket, in this order.
#[derive(Deserialize, JsonSchema)]
struct Wanted {
    bucket: String,
    operations: Vec<Operation>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Operation {
    Get(String),
    GetMany(Vec<String>),
    Set(String, Value),
    SetMany(Vec<(String, Value)>),
    GetBytes(String),
    SetBytes(String, Vec<u8>),
    /// Sets a text of this many letters.
    SetLarge(String, usize),
    Delete(Vec<String>),
    Exists(String),
    Keys(()),
    Increment(String, i64),
    /// Adds a value to the list in the key, atomically.
    Append(String, Value),
    /// An update that fails.
    Refuse(String),
}

/// Runs the operations of its input, and returns what each returns; null if it returns nothing.
#[handler]
fn store(_ctx: &Context, input: Wanted) -> Result<Vec<Value>, Failure> {
    let bucket = key_value::open(&input.bucket)?;
    input.operations.into_iter().map(|operation| run(&bucket, operation)).collect()
}

fn run(bucket: &key_value::Bucket, operation: Operation) -> Result<Value, Failure> {
    Ok(match operation {
        Operation::Get(key) => json!(bucket.get::<Value>(&key)?),
        Operation::GetMany(keys) => {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            json!(bucket.get_many::<Value>(&keys)?)
        }
        Operation::Set(key, value) => json!(bucket.set(&key, &value)?),
        Operation::SetMany(values) => {
            let values: Vec<(&str, &Value)> = values.iter().map(|(key, value)| (&**key, value)).collect();
            json!(bucket.set_many(&values)?)
        }
        Operation::GetBytes(key) => json!(bucket.get_bytes(&key)?),
        Operation::SetBytes(key, bytes) => json!(bucket.set_bytes(&key, &bytes)?),
        Operation::SetLarge(key, letters) => json!(bucket.set(&key, &"x".repeat(letters))?),
        Operation::Delete(keys) => {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            json!(bucket.delete(&keys)?)
        }
        Operation::Exists(key) => json!(bucket.exists(&key)?),
        Operation::Keys(_) => json!(bucket.keys()?),
        Operation::Increment(key, delta) => json!(bucket.increment(&key, delta)?),
        Operation::Append(key, value) => {
            let append = |list: Option<Vec<Value>>| {
                let mut list = list.unwrap_or_default();
                list.push(value.clone());
                Ok(list)
            };
            json!(bucket.update(&key, append)?)
        }
        Operation::Refuse(key) => {
            let refuse = |_: Option<Value>| Err(Failure::permanent("Refused", "the update is refused"));
            json!(bucket.update(&key, refuse)?)
        }
    })
}
