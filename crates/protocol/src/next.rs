//! Continuation: steps that a host may run after the dispatched one, without a message of their own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Grants, HandlerReference, Limits};

/// A step that depends on the one before it alone, and receives its result alone. What it does not name is as in the
/// dispatch.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    /// The index of the step within its task and in the release, from 0.
    pub step_index: u32,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// The name of the step, unique in its task.
    pub step_name: String,
    /// The handler to run.
    pub handler: HandlerReference,
    /// The step's `handler.initialization`, a JSON object.
    pub configuration: Box<RawValue>,
    /// Resource limits of the run.
    pub limits: Limits,
    /// Resources that the run may access.
    #[serde(default)]
    pub grants: Grants,
}
