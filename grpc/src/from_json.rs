//! Messages out of the JSON that the REST API returns.
//!
//! A field has the name of its member. A field `x_json` is the text of the member `x`, with all digits of its numbers. A
//! message with the one field `values` is a list. Members without a field are left out.

use std::{borrow::Cow, collections::HashMap};

use chrono::{DateTime, Utc};
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How the name of a field ends that holds a document as text.
pub(crate) const JSON_SUFFIX: &str = "_json";
pub(crate) const TIMESTAMP: &str = "google.protobuf.Timestamp";
/// A list, where a field cannot be repeated.
pub(crate) const VALUES: &str = "values";
/// A response that is a document.
const DOCUMENT: &str = "tasker.v1.Document";

/// JSON does not fit its message.
#[derive(Debug)]
pub(crate) struct Unfit(pub(crate) String);

/// Reads a message of this type.
pub(crate) fn message(kind: MessageDescriptor, json: &RawValue) -> Result<DynamicMessage, Unfit> {
    read(kind, false, json)
}

/// Reads a message; as a list, one of documents if `is_json`.
fn read(kind: MessageDescriptor, is_json: bool, json: &RawValue) -> Result<DynamicMessage, Unfit> {
    let mut message = DynamicMessage::new(kind);
    if message.descriptor().full_name() == DOCUMENT {
        message.set_field_by_name("document_json", Value::String(json.get().to_owned()));
        return Ok(message);
    }
    if let Some(field) = message.descriptor().get_field_by_name(VALUES) {
        let value = list(&field, is_json, json)?;
        message.set_field(&field, value);
        return Ok(message);
    }
    for (name, json) in members(json)? {
        let kind = message.descriptor();
        let field =
            kind.get_field_by_name(&name).or_else(|| kind.get_field_by_name(&format!("{name}{JSON_SUFFIX}")));
        // A document may be `null`, and is then there.
        let is_document =
            |field: &FieldDescriptor| field.name() != name && !field.is_list() && !field.is_map();
        if let Some(field) = field.filter(|field| json.get() != "null" || is_document(field)) {
            let value = field_value(&field, json)?;
            message.set_field(&field, value);
        }
    }
    Ok(message)
}

fn members(json: &RawValue) -> Result<HashMap<Cow<'_, str>, &RawValue>, Unfit> {
    #[derive(Deserialize, PartialEq, Eq, Hash)]
    struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
    let members: HashMap<Name<'_>, &RawValue> = parse(json)?;
    Ok(members.into_iter().map(|(name, value)| (name.0, value)).collect())
}

fn field_value(field: &FieldDescriptor, json: &RawValue) -> Result<Value, Unfit> {
    let is_json = field.name().ends_with(JSON_SUFFIX);
    let unfit = |Unfit(why)| Unfit(format!("{}: {why}", field.name()));
    if field.is_map() {
        let Kind::Message(entry) = field.kind() else { return Err(Unfit("not a map".to_owned())) };
        let kind = entry.map_entry_value_field().kind();
        let values = members(json)?.into_iter().map(|(key, json)| {
            value(&kind, is_json, json).map(|value| (MapKey::String(key.into_owned()), value))
        });
        return Ok(Value::Map(values.collect::<Result<_, _>>().map_err(unfit)?));
    }
    if field.is_list() {
        return list(field, is_json, json).map_err(unfit);
    }
    value(&field.kind(), is_json, json).map_err(unfit)
}

fn list(field: &FieldDescriptor, is_json: bool, json: &RawValue) -> Result<Value, Unfit> {
    let items: Vec<&RawValue> = parse(json)?;
    let values = items.into_iter().map(|item| value(&field.kind(), is_json, item));
    Ok(Value::List(values.collect::<Result<_, _>>()?))
}

fn value(kind: &Kind, is_json: bool, json: &RawValue) -> Result<Value, Unfit> {
    Ok(match kind {
        Kind::String if is_json => Value::String(json.get().to_owned()),
        Kind::String => Value::String(parse(json)?),
        Kind::Bool => Value::Bool(parse(json)?),
        Kind::Int32 => Value::I32(parse(json)?),
        Kind::Int64 => Value::I64(parse(json)?),
        Kind::Double => Value::F64(parse(json)?),
        Kind::Message(kind) if kind.full_name() == TIMESTAMP => {
            Value::Message(timestamp(kind.clone(), parse(json)?))
        }
        Kind::Message(kind) => Value::Message(read(kind.clone(), is_json, json)?),
        other => return Err(Unfit(format!("{other:?} is no type of these services"))),
    })
}

fn timestamp(kind: MessageDescriptor, at: DateTime<Utc>) -> DynamicMessage {
    let mut message = DynamicMessage::new(kind);
    message.set_field_by_name("seconds", Value::I64(at.timestamp()));
    // A leap second has more than 999,999,999.
    let nanoseconds = at.timestamp_subsec_nanos().min(999_999_999);
    message.set_field_by_name("nanos", Value::I32(i32::try_from(nanoseconds).unwrap_or_default()));
    message
}

fn parse<'a, T: Deserialize<'a>>(json: &'a RawValue) -> Result<T, Unfit> {
    serde_json::from_str(json.get()).map_err(|error| Unfit(error.to_string()))
}
