//! Secrets in Secrets Manager.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{Client, error::DisplayErrorContext};

/// Why a secret could not be had.
#[derive(Debug, thiserror::Error)]
#[error("secret {name} cannot be read: {reason}")]
pub struct SecretError {
    /// Its name or ARN.
    pub name: String,
    /// What Secrets Manager said.
    pub reason: String,
}

/// The text of a secret's current version.
pub async fn read_secret(config: &SdkConfig, name: &str) -> Result<String, SecretError> {
    let refused = |reason: String| SecretError { name: name.to_owned(), reason };
    let secret = Client::new(config).get_secret_value().secret_id(name).send().await;
    let secret = secret.map_err(|error| refused(DisplayErrorContext(error).to_string()))?;
    secret.secret_string.ok_or_else(|| refused("it holds bytes, not text".to_owned()))
}
