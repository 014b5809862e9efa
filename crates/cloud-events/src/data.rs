//! Event data, decoded from bytes by the declared content type.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::value::RawValue;

use crate::error::EventError;

/// The payload of an event.
#[derive(Debug, Clone)]
pub enum EventData {
    /// The event has no data.
    None,
    /// A JSON document as it was written. Text that is not JSON is stored as a JSON string.
    Json(Box<RawValue>),
    /// Binary data, in Base64.
    Binary(String),
}

fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(super) fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type);
    essence.ends_with("/json") || essence.ends_with("+json")
}

fn is_text(content_type: &str) -> bool {
    let essence = essence(content_type);
    essence.starts_with("text/") || essence.ends_with("/xml") || essence.ends_with("+xml")
}

pub(super) fn data_of_bytes(content_type: Option<&str>, body: &[u8]) -> Result<EventData, EventError> {
    if body.is_empty() {
        return Ok(EventData::None);
    }
    let json = || serde_json::from_slice::<Box<RawValue>>(body);
    let text = || std::str::from_utf8(body).ok().and_then(|text| serde_json::value::to_raw_value(text).ok());
    let binary = || EventData::Binary(BASE64_STANDARD.encode(body));
    Ok(match content_type {
        Some(declared) if is_json(declared) => EventData::Json(json().map_err(|error| {
            EventError::of("data", format_args!("is declared as {declared} but is not JSON: {error}"))
        })?),
        Some(declared) if is_text(declared) => text().map_or_else(binary, EventData::Json),
        Some(_) => binary(),
        None => json().map_or_else(|_| binary(), EventData::Json),
    })
}

/// Decodes `data_base64`. JSON content becomes [`EventData::Json`]; other content stays in Base64.
pub(super) fn of_base64(json: &str, is_json: bool) -> Result<EventData, EventError> {
    let text: String =
        serde_json::from_str(json).map_err(|_| EventError::of("data_base64", "must be a Base64 string"))?;
    let bytes = BASE64_STANDARD
        .decode(&text)
        .map_err(|error| EventError::of("data_base64", format_args!("is not Base64: {error}")))?;
    if is_json {
        return data_of_bytes(Some("application/json"), &bytes);
    }
    Ok(EventData::Binary(text))
}
