//! A JSON document that keeps its text: numbers keep all their digits.

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A JSON value as it was sent: the input of a task, the result of a step, the data of an event.
///
/// Its text is not changed, so that `12345678901234567890.123456789` keeps its digits. [`Document::parse`] reads it into a
/// type.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Document(Box<RawValue>);

impl Document {
    /// The JSON form of a value. Fails if it has none, such as a map whose keys are not strings.
    pub fn new(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Self> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// From JSON text. Fails if the text is not one JSON value.
    pub fn from_text(text: impl Into<String>) -> serde_json::Result<Self> {
        RawValue::from_string(text.into()).map(Self)
    }

    /// Reads the value into a type. Fails if it does not fit.
    pub fn parse<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.get())
    }

    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

/// `null`.
impl Default for Document {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

/// As texts: `1` and `1.0` differ.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.get())
    }
}

impl fmt::Display for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.get())
    }
}
