//! The outcomes of handlers.

use serde::Serialize;
use serde_json::Value;

use crate::{failure::Failure, json::text};

/// The outcome of a handler that did not fail. A plain `T` is the same as [`Outcome::Complete`].
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// The step is complete, with this result.
    Complete(T),
    /// For decision steps only: these steps run next.
    Branch {
        /// Names of steps in the template. Empty if no branch follows.
        steps: Vec<String>,
        /// The result of the decision step.
        result: T,
    },
    /// For batchable steps only: a worker is created for each cursor.
    Batch {
        /// The cursors, any JSON.
        cursors: Vec<Value>,
        /// The result of the batchable step.
        result: T,
    },
    /// Saves this value and runs the handler again, which finds it in [`crate::Context::checkpoint`].
    Checkpoint(Value),
}

impl<T> Outcome<T> {
    /// Selects the steps to run after a decision.
    pub fn branch(steps: impl IntoIterator<Item = impl Into<String>>, result: T) -> Self {
        Self::Branch { steps: steps.into_iter().map(Into::into).collect(), result }
    }

    /// Creates one worker per cursor. [`crate::batch::ranges`] and [`crate::batch::split`] create cursors.
    /// Without cursors, one placeholder worker runs.
    ///
    /// # Errors
    /// A permanent `ResultNotSerializable` if a cursor cannot be serialized.
    pub fn batch(cursors: impl IntoIterator<Item = impl Serialize>, result: T) -> Result<Self, Failure> {
        let cursors =
            cursors.into_iter().map(|cursor| value("a cursor", cursor)).collect::<Result<_, _>>()?;
        Ok(Self::Batch { cursors, result })
    }

    /// Saves a value and runs the handler again.
    ///
    /// # Errors
    /// A permanent `ResultNotSerializable` if it cannot be serialized.
    pub fn checkpoint(saved: impl Serialize) -> Result<Self, Failure> {
        value("the checkpoint", saved).map(Self::Checkpoint)
    }
}

fn value(what: &str, value: impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| {
        Failure::permanent("ResultNotSerializable", format!("{what} cannot be serialized: {error}"))
    })
}

/// An outcome as JSON, ready to leave the component.
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
