//! A JSON object whose values are kept as they were written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The values of a JSON object by key, as JSON text: no number loses a digit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Written(BTreeMap<String, Box<RawValue>>);

impl Written {
    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the values of another object. They replace those with the same key.
    pub(super) fn extend(&mut self, other: &Self) {
        self.0.extend(other.0.clone());
    }
}

impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        let texts = |written: &Self| -> Vec<(String, String)> {
            written.0.iter().map(|(key, value)| (key.clone(), value.get().to_owned())).collect()
        };
        texts(self) == texts(other)
    }
}
