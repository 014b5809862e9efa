//! A JSON document in a message: inline, or by reference when it is too large for the queue (claim check).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A JSON document, inline or in the blob store.
///
/// Inline documents stay text from the handler's memory to the database column: no number loses a digit and
/// nothing is parsed that nobody looks into.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// The document itself.
    Inline(Box<RawValue>),
    /// Where the document lies.
    Blob(BlobReference),
}

/// A document in the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BlobReference {
    /// Its key in the store.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256 of its bytes, checked by whoever reads it.
    pub sha256: String,
}

impl Payload {
    /// The inline text, if it is inline.
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

/// Checks that `text` is one JSON document and keeps it as written.
///
/// # Errors
/// The position and nature of the first syntax error.
pub fn raw_json(text: String) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(text)
}
