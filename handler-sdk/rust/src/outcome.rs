//! What a handler that did not fail ends with.

use serde::Serialize;
use serde_json::Value;

use crate::{Failure, registry::text};

/// What a handler that did not fail ends with. A plain `T` means [`Outcome::Complete`].
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// The step is done, and this is its result.
    Complete(T),
    /// Only from a decision step: these steps follow.
    Branch {
        /// Names of template steps; none means that no branch follows.
        steps: Vec<String>,
        /// The decision's own result.
        result: T,
    },
    /// Only from a batchable step: a worker for each of these cursors follows.
    Batch {
        /// One cursor per worker, any JSON.
        cursors: Vec<Value>,
        /// The step's own result.
        result: T,
    },
    /// Save this and run the handler again, with the value in [`crate::Context::checkpoint`].
    Checkpoint(Value),
}

impl<T> Outcome<T> {
    /// Steps that follow a decision.
    pub fn branch(steps: impl IntoIterator<Item = impl Into<String>>, result: T) -> Self {
        Self::Branch { steps: steps.into_iter().map(Into::into).collect(), result }
    }

    /// A worker for each of these slices, such as [`crate::batch::ranges`] or [`crate::batch::split`] cut. None: one
    /// worker runs with nothing to do.
    ///
    /// # Errors
    /// A permanent `ResultNotSerializable` if a slice cannot be written as JSON.
    pub fn batch(cursors: impl IntoIterator<Item = impl Serialize>, result: T) -> Result<Self, Failure> {
        let cursors =
            cursors.into_iter().map(|cursor| value("a cursor", cursor)).collect::<Result<_, _>>()?;
        Ok(Self::Batch { cursors, result })
    }

    /// Saves this and runs the handler again.
    ///
    /// # Errors
    /// A permanent `ResultNotSerializable` if it cannot be written as JSON.
    pub fn checkpoint(saved: impl Serialize) -> Result<Self, Failure> {
        value("the checkpoint", saved).map(Self::Checkpoint)
    }
}

fn value(what: &str, value: impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| {
        Failure::permanent("ResultNotSerializable", format!("{what} cannot be written as JSON: {error}"))
    })
}

/// An outcome in JSON, as it crosses the boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encoded {
    Complete(String),
    Branch { steps: Vec<String>, result: String },
    Batch { cursors: Vec<String>, result: String },
    Checkpoint(String),
}

impl<T: Serialize> Outcome<T> {
    pub(crate) fn encode(&self) -> Result<Encoded, serde_json::Error> {
        Ok(match self {
            Self::Complete(result) => Encoded::Complete(serde_json::to_string(result)?),
            Self::Branch { steps, result } => {
                Encoded::Branch { steps: steps.clone(), result: serde_json::to_string(result)? }
            }
            Self::Batch { cursors, result } => Encoded::Batch {
                cursors: cursors.iter().map(text).collect(),
                result: serde_json::to_string(result)?,
            },
            Self::Checkpoint(value) => Encoded::Checkpoint(text(value)),
        })
    }
}
