//! Writing and reading messages, with the version checked before anything else is believed.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{BlobReference, OrchestratorMessage, StepDispatch, StepDue, StepReport, VERSION};

/// Why a message could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not the JSON of this message.
    #[error("message is not a valid {kind}: {source}")]
    Malformed {
        /// Which message was expected.
        kind: &'static str,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// Written by a version of Tasker that this one does not understand.
    #[error(
        "message {kind} has version {found}, this build reads version {VERSION}: upgrade the older side first"
    )]
    Version {
        /// Which message was expected.
        kind: &'static str,
        /// The version that it carries.
        found: u32,
    },
}

/// Stands for a message that is longer than the queue takes: the message lies in the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimCheck {
    /// Where the message's JSON lies.
    pub message: BlobReference,
}

/// A message that states its version.
pub trait Message: Serialize + DeserializeOwned {
    /// Its name in errors.
    const KIND: &'static str;
    /// The version that it carries.
    fn version(&self) -> u32;
}

impl Message for StepDispatch {
    const KIND: &'static str = "StepDispatch";
    fn version(&self) -> u32 {
        self.version
    }
}

impl Message for StepReport {
    const KIND: &'static str = "StepReport";
    fn version(&self) -> u32 {
        self.version
    }
}

impl Message for StepDue {
    const KIND: &'static str = "StepDue";
    fn version(&self) -> u32 {
        self.version
    }
}

impl Message for OrchestratorMessage {
    const KIND: &'static str = "OrchestratorMessage";
    fn version(&self) -> u32 {
        match self {
            Self::Report(report) => report.version,
            Self::Due(due) => due.version,
        }
    }
}

/// The JSON of a message.
///
/// # Panics
/// Never: every message type serialises.
pub fn encode<M: Message>(message: &M) -> String {
    serde_json::to_string(message).unwrap_or_else(|error| unreachable!("messages serialise: {error}"))
}

/// Reads a message.
///
/// # Errors
/// [`DecodeError::Version`] when only the version is foreign, [`DecodeError::Malformed`] otherwise.
pub fn decode<M: Message>(text: &str) -> Result<M, DecodeError> {
    match serde_json::from_str::<M>(text) {
        Ok(message) if message.version() == VERSION => Ok(message),
        Ok(message) => Err(DecodeError::Version { kind: M::KIND, found: message.version() }),
        Err(source) => match stated_version(text) {
            Some(found) if found != VERSION => Err(DecodeError::Version { kind: M::KIND, found }),
            _ => Err(DecodeError::Malformed { kind: M::KIND, source }),
        },
    }
}

/// The version that a message states, even when the rest of it cannot be read.
fn stated_version(text: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    #[derive(Deserialize)]
    struct Wrapped {
        #[serde(alias = "due")]
        report: Versioned,
    }
    serde_json::from_str::<Versioned>(text)
        .or_else(|_| serde_json::from_str::<Wrapped>(text).map(|wrapped| wrapped.report))
        .map(|versioned| versioned.version)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(version: u32) -> OrchestratorMessage {
        OrchestratorMessage::Due(StepDue { version, task_id: uuid::Uuid::nil(), step_index: 3, execution: 2 })
    }

    #[test]
    fn a_message_survives_the_wire() {
        let OrchestratorMessage::Due(read) = decode(&encode(&due(VERSION))).unwrap() else {
            panic!("a due message became something else")
        };
        assert_eq!((read.step_index, read.execution), (3, 2));
    }

    #[test]
    fn a_foreign_version_is_named_even_when_the_rest_is_unreadable() {
        let error = decode::<OrchestratorMessage>(&encode(&due(7))).unwrap_err();
        assert!(matches!(error, DecodeError::Version { found: 7, .. }), "{error}");
        let error = decode::<StepDispatch>(r#"{"version": 9, "new_shape": true}"#).unwrap_err();
        assert!(matches!(error, DecodeError::Version { found: 9, .. }), "{error}");
    }

    #[test]
    fn unknown_fields_are_ignored_so_that_hosts_and_orchestrators_upgrade_in_any_order() {
        let text = encode(&due(VERSION)).replace("\"execution\"", "\"later_addition\":1,\"execution\"");
        assert!(text.contains("later_addition"), "{text}");
        assert!(decode::<OrchestratorMessage>(&text).is_ok(), "{text}");
    }
}
