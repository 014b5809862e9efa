//! Encoding and decoding of messages. The version is checked before the content.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{BlobReference, EventDelivery, OrchestratorMessage, StepDispatch, StepDue, StepReport, VERSION};

/// Why a message could not be decoded.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not the JSON of this message type.
    #[error("message is not a valid {kind}: {source}")]
    Malformed {
        /// The expected message type.
        kind: &'static str,
        /// The parse error and its position.
        source: serde_json::Error,
    },
    /// Written by an incompatible version of Tasker.
    #[error(
        "message {kind} has version {found}, but this build reads version {VERSION}: upgrade the older side first"
    )]
    Version {
        /// The expected message type.
        kind: &'static str,
        /// The version in the message.
        found: u32,
    },
}

/// A claim check: replaces a message that exceeds the queue's limit. The message itself is in the blob store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimCheck {
    /// The blob with the message's JSON.
    pub message: BlobReference,
}

/// A message with a version.
pub trait Message: Serialize + DeserializeOwned {
    /// Its name in errors.
    const KIND: &'static str;
    /// The version in the message.
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

impl Message for EventDelivery {
    const KIND: &'static str = "EventDelivery";
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
            Self::Delivered(delivered) => delivered.version,
            Self::Host(status) => status.version,
        }
    }
}

/// The message as JSON.
///
/// # Panics
/// Never: every message type serializes.
pub fn encode<M: Message>(message: &M) -> String {
    serde_json::to_string(message).unwrap_or_else(|error| unreachable!("messages serialize: {error}"))
}

/// Decodes a message.
///
/// # Errors
/// [`DecodeError::Version`] if the message has another version, [`DecodeError::Malformed`] otherwise.
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

/// The version of a message, even if the rest cannot be parsed.
fn stated_version(text: &str) -> Option<u32> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    #[derive(Deserialize)]
    struct Wrapped {
        #[serde(alias = "due", alias = "delivered")]
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
