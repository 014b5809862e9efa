//! The code of a step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A handler, pinned to the code that the task was created with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct HandlerReference {
    /// The callable in the template. Informational.
    pub callable: String,
    /// The component that contains it: lower-case hexadecimal SHA-256 of its `.wasm` bytes.
    pub component: String,
    /// The name of the handler in that component.
    pub function: String,
}
