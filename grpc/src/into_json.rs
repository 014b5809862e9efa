//! JSON out of messages: the reverse of `from_json`.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use prost_reflect::{DynamicMessage, FieldDescriptor, MapKey, ReflectMessage as _, Value};
use serde_json::value::{RawValue, to_raw_value};
use tonic::Status;

use crate::{
    from_json::{JSON_SUFFIX, TIMESTAMP, VALUES},
    status::invalid,
};

/// The members of an object.
pub(crate) type Members = BTreeMap<String, Box<RawValue>>;

/// Whether the caller has set the field. One without presence is set, whatever it is, unless it is an empty list or map.
pub(crate) fn is_set(message: &DynamicMessage, field: &FieldDescriptor) -> bool {
    if field.supports_presence() || field.is_list() || field.is_map() {
        message.has_field(field)
    } else {
        true
    }
}

/// Adds a field of a message to the members of its object.
pub(crate) fn add_member(
    members: &mut Members,
    message: &DynamicMessage,
    field: &FieldDescriptor,
) -> Result<(), Status> {
    if is_set(message, field) {
        let name = field.name();
        let member = name.strip_suffix(JSON_SUFFIX);
        let value = json(name, &message.get_field(field), member.is_some())?;
        members.insert(member.unwrap_or(name).to_owned(), value);
    }
    Ok(())
}

/// Returns the text of a document.
pub(crate) fn document(field: &str, text: &str) -> Result<Box<RawValue>, Status> {
    RawValue::from_string(text.to_owned()).map_err(|error| invalid(format!("`{field}` is not JSON: {error}")))
}

/// A moment as the REST API reads it.
pub(crate) fn moment(timestamp: &DynamicMessage) -> Result<String, Status> {
    let part = |name: &str| timestamp.get_field_by_name(name).map(std::borrow::Cow::into_owned);
    let (Some(Value::I64(seconds)), Some(Value::I32(nanoseconds))) = (part("seconds"), part("nanos")) else {
        return Err(Status::internal("a timestamp has no seconds"));
    };
    let moment = u32::try_from(nanoseconds)
        .ok()
        .and_then(|nanoseconds| DateTime::<Utc>::from_timestamp(seconds, nanoseconds));
    let moment = moment.ok_or_else(|| invalid(format!("{seconds} s is not a moment")))?;
    Ok(moment.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

fn json(field: &str, value: &Value, is_json: bool) -> Result<Box<RawValue>, Status> {
    match value {
        Value::String(text) if is_json => document(field, text),
        Value::String(text) => raw(text),
        Value::Bool(value) => raw(value),
        Value::I32(number) => raw(number),
        Value::I64(number) => raw(number),
        Value::F64(number) if number.is_finite() => raw(number),
        Value::F64(number) => Err(invalid(format!("`{field}`: JSON has no {number}"))),
        Value::List(items) => {
            let items: Result<Vec<_>, Status> = items.iter().map(|item| json(field, item, is_json)).collect();
            raw(&items?)
        }
        Value::Map(entries) => {
            let mut members = Members::new();
            for (key, value) in entries {
                let MapKey::String(key) = key else {
                    return Err(Status::internal("a map's key is not a text"));
                };
                members.insert(key.clone(), json(field, value, is_json)?);
            }
            raw(&members)
        }
        Value::Message(message) => object(field, message, is_json),
        other => Err(Status::internal(format!("`{field}`: {other:?} has no JSON"))),
    }
}

fn object(field: &str, message: &DynamicMessage, is_json: bool) -> Result<Box<RawValue>, Status> {
    if message.descriptor().full_name() == TIMESTAMP {
        return raw(&moment(message)?);
    }
    if let Some(values) = message.descriptor().get_field_by_name(VALUES) {
        return json(field, &message.get_field(&values), is_json);
    }
    let mut members = Members::new();
    for field in message.descriptor().fields() {
        add_member(&mut members, message, &field)?;
    }
    raw(&members)
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, Status> {
    to_raw_value(value).map_err(|error| Status::internal(error.to_string()))
}
