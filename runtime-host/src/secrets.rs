//! Where the values of granted secrets come from.

use async_trait::async_trait;

/// The secrets of this host. A handler sees only those that its step is granted by name.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The value of a secret, if there is one of that name.
    async fn secret(&self, name: &str) -> Result<Option<String>, SecretUnavailable>;
}

/// Why a secret could not be read, though there may be one.
#[derive(Debug, thiserror::Error)]
#[error("the secrets cannot be read: {0}")]
pub struct SecretUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Secrets from environment variables: `payment-key` is `TASKER_SECRET_PAYMENT_KEY`.
#[derive(Debug, Clone, Copy, Default)]
pub struct EnvironmentSecrets;

#[async_trait]
impl SecretSource for EnvironmentSecrets {
    async fn secret(&self, name: &str) -> Result<Option<String>, SecretUnavailable> {
        Ok(std::env::var(variable(name)).ok())
    }
}

/// The variable of a secret: upper case, and `_` for whatever a variable's name cannot hold.
fn variable(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("TASKER_SECRET_{name}")
}

/// No secrets at all.
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
