//! What tasks of a template are found by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value of the input that tasks are found by, such as an order's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchAttribute {
    /// The name of the attribute: lower-case letters, digits and underscores.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// Where the value is in the input: a JSON Pointer such as `/order/id`. A text, number or boolean of at most 128 bytes is
    /// found; anything else is not.
    pub path: String,
}
