//! The errors that prevent a part from starting on AWS.

use std::{error::Error, fmt};

use tasker_transport::{BlobError, aws::SecretError};

use super::variable::VariableError;

/// Why a part cannot start on AWS.
#[derive(thiserror::Error)]
pub enum AwsError {
    /// An environment variable is missing or unusable.
    #[error(transparent)]
    Variable(#[from] VariableError),
    /// The blob store cannot be opened.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// A secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The host does not start.
    #[cfg(feature = "host")]
    #[error(transparent)]
    Host(#[from] tasker_runtime_host::HostError),
}

/// Prints the message and its causes, because a failing `main` prints errors with `Debug`.
impl fmt::Debug for AwsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
