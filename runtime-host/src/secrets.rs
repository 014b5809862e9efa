//! Sources of secret values.

use async_trait::async_trait;

/// The secrets of this host. A handler can read only those that its step is granted.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// Returns the value of a secret for steps of this namespace. None if they have none of this name.
    async fn secret(&self, namespace: &str, name: &str) -> Result<Option<String>, SecretUnavailable>;
}

/// A secret could not be read, although it may exist.
#[derive(Debug, thiserror::Error)]
#[error("the secrets cannot be read: {0}")]
pub struct SecretUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Secrets in environment variables. For steps of the namespace `shop`, `payment-key` is read from
/// `TASKER_SECRET_SHOP__PAYMENT_KEY`, which no other namespace can read, or else from `TASKER_SECRET_PAYMENT_KEY`, which is
/// for all namespaces. Only a namespace of lower-case letters, digits and single `_` between them can have secrets of its own,
/// so that no two have the same variable.
#[derive(Debug, Clone, Copy, Default)]
pub struct EnvironmentSecrets;

#[async_trait]
impl SecretSource for EnvironmentSecrets {
    async fn secret(&self, namespace: &str, name: &str) -> Result<Option<String>, SecretUnavailable> {
        Ok(variables(namespace, name).iter().find_map(|variable| std::env::var(variable).ok()))
    }
}

/// The names of the variables in which a secret may be, the namespace's own first. None for a name that would reach into
/// another namespace.
fn variables(namespace: &str, name: &str) -> Vec<String> {
    let (own, name) = (in_capitals(namespace), in_capitals(name));
    if name.contains(BETWEEN) || name.starts_with('_') {
        return Vec::new();
    }
    let general = format!("TASKER_SECRET_{name}");
    if has_own_secrets(namespace) {
        vec![format!("TASKER_SECRET_{own}{BETWEEN}{name}"), general]
    } else {
        vec![general]
    }
}

/// Whether no other namespace has the same name in capitals.
fn has_own_secrets(namespace: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    namespace.split('_').all(is_word)
}

/// What separates the namespace from the name of a secret.
const BETWEEN: &str = "__";

/// Upper case, with `_` for characters that variable names cannot contain.
fn in_capitals(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

/// A source without secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSecrets;

#[async_trait]
impl SecretSource for NoSecrets {
    async fn secret(&self, _namespace: &str, _name: &str) -> Result<Option<String>, SecretUnavailable> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_as_environments_can_name_it() {
        let names = variables("shop", "payment-key");
        assert_eq!(names, ["TASKER_SECRET_SHOP__PAYMENT_KEY", "TASKER_SECRET_PAYMENT_KEY"]);
        assert_eq!(variables("a_b", "stripe.live")[0], "TASKER_SECRET_A_B__STRIPE_LIVE");
        for other in ["a.b", "a-b", "A_b", "a__b", "_a", "検証"] {
            assert_eq!(variables(other, "key"), ["TASKER_SECRET_KEY"], "{other}");
        }
    }

    #[test]
    fn no_name_reaches_a_secret_of_another_namespace() {
        for name in ["shop__payment_key", "shop--payment_key", "shop_.payment-key", "_payment_key"] {
            assert!(variables("other", name).is_empty(), "{name}");
        }
    }
}
