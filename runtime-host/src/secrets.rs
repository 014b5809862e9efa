//! Sources of secret values.

use async_trait::async_trait;

/// The secrets of this host. A handler can read only those that its step is granted.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// Returns the value of a secret. None if it does not exist.
    async fn secret(&self, name: &str) -> Result<Option<String>, SecretUnavailable>;
}

/// A secret could not be read, although it may exist.
#[derive(Debug, thiserror::Error)]
#[error("the secrets cannot be read: {0}")]
pub struct SecretUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Secrets in environment variables: `payment-key` is read from `TASKER_SECRET_PAYMENT_KEY`.
#[derive(Debug, Clone, Copy, Default)]
pub struct EnvironmentSecrets;

#[async_trait]
impl SecretSource for EnvironmentSecrets {
    async fn secret(&self, name: &str) -> Result<Option<String>, SecretUnavailable> {
        Ok(std::env::var(variable(name)).ok())
    }
}

/// The variable name: upper case, with `_` for characters that variable names cannot contain.
fn variable(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("TASKER_SECRET_{name}")
}

/// A source without secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSecrets;

#[async_trait]
impl SecretSource for NoSecrets {
    async fn secret(&self, _name: &str) -> Result<Option<String>, SecretUnavailable> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_as_environments_can_name_it() {
        assert_eq!(variable("payment-key"), "TASKER_SECRET_PAYMENT_KEY");
        assert_eq!(variable("stripe.live"), "TASKER_SECRET_STRIPE_LIVE");
    }
}
