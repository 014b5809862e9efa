//! A JSON object whose values are kept as they were written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::numbers::are_equal;

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

/// The database stores `1e3` as `1000`, which is the same template.
impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|((key, value), (other_key, other_value))| {
                key == other_key && are_equal(value.get(), other_value.get())
            })
    }
}
