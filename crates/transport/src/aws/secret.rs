//! Secrets in AWS Secrets Manager.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{
    Client, error::DisplayErrorContext, operation::get_secret_value::GetSecretValueError,
};

/// Why a secret could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The secret does not exist or has no value yet.
    #[error("secret {name} does not exist, or has no value")]
    Missing {
        /// Its name or ARN.
        name: String,
    },
    /// Secrets Manager rejected the call.
    #[error("secret {name} cannot be used: {reason}")]
    Refused {
        /// Its name or ARN.
        name: String,
        /// The reason that Secrets Manager gave.
        reason: String,
    },
}

/// Reads the text of a secret's current version.
pub async fn read_secret(config: &SdkConfig, name: &str) -> Result<String, SecretError> {
    let refused = |reason: String| SecretError::Refused { name: name.to_owned(), reason };
    let missing = || SecretError::Missing { name: name.to_owned() };
    let secret = Client::new(config).get_secret_value().secret_id(name).send().await;
    let secret = secret.map_err(|error| match error.as_service_error() {
        Some(GetSecretValueError::ResourceNotFoundException(_)) => missing(),
        _ => refused(DisplayErrorContext(error).to_string()),
    })?;
    match (secret.secret_string, secret.secret_binary) {
        (Some(text), _) => Ok(text),
        (None, Some(_)) => Err(refused("it contains bytes, not text".to_owned())),
        (None, None) => Err(missing()),
    }
}

/// Sets the text of an existing secret.
pub async fn write_secret(config: &SdkConfig, name: &str, text: &str) -> Result<(), SecretError> {
    let written = Client::new(config).put_secret_value().secret_id(name).secret_string(text).send().await;
    let refused = |error| SecretError::Refused {
        name: name.to_owned(),
        reason: DisplayErrorContext(error).to_string(),
    };
    written.map(drop).map_err(refused)
}
