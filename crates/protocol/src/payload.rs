//! A JSON document in a message: inline, or a blob reference if it exceeds the queue's limit (claim check).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A JSON document, inline or in the blob store.
///
/// Inline documents stay text from the handler's memory to the database column, so numbers keep every digit
/// and nothing is parsed without need.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// The document itself.
    Inline(Box<RawValue>),
    /// The document is in the blob store.
    Blob(BlobReference),
}

/// A document in the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlobReference {
    /// The blob's key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256 of its bytes. Every reader checks it.
    pub sha256: String,
}

impl Payload {
    /// The JSON text if it is inline, else None.
    pub fn inline(&self) -> Option<&str> {
        match self {
            Self::Inline(json) => Some(json.get()),
            Self::Blob(_) => None,
        }
    }

    /// The JSON `null`, inline.
    pub fn null() -> Self {
        Self::Inline(RawValue::NULL.to_owned())
    }
}

/// Parses `text` as one JSON document and keeps it as written.
///
/// # Errors
/// The position and kind of the first syntax error.
pub fn raw_json(text: String) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(text)
}
