//! The identity of a request: equal requests create one task.

use sha2::{Digest, Sha256};

use tasker_templates::{
    canonical,
    template::{IdentityStrategy, Template},
};

use crate::error::Error;

/// Returns the hash that requests for the same task share. None if every request creates its own task.
pub(crate) fn identity(
    template: &Template,
    idempotency_key: Option<&str>,
    input: &str,
) -> Result<Option<Vec<u8>>, Error> {
    let (kind, content) = match (template.identity_strategy, idempotency_key) {
        // A key overrides the strategy.
        (_, Some(key)) => ("key", key.to_owned()),
        (IdentityStrategy::AlwaysUnique, None) => return Ok(None),
        (IdentityStrategy::Strict, None) => {
            let input = canonical(input).map_err(|error| Error::InvalidRequest {
                field: "context",
                message: format!("cannot be read: {error}"),
            })?;
            ("input", input)
        }
        (IdentityStrategy::CallerProvided, None) => {
            return Err(Error::InvalidRequest {
                field: "idempotency_key",
                message: format!(
                    "is missing: template `{}` identifies its tasks by a key that the caller provides",
                    template.name
                ),
            });
        }
    };
    let mut hash = Sha256::new();
    for part in [&template.namespace_name, &template.name, &template.version, kind, &content] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Ok(Some(hash.finalize().to_vec()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(strategy: &str) -> Template {
        serde_json::from_value(json!({
            "name": "t", "version": "1.0.0", "identity_strategy": strategy
        }))
        .unwrap()
    }

    fn of(strategy: &str, key: Option<&str>, input: &str) -> Option<Vec<u8>> {
        identity(&template(strategy), key, input).unwrap()
    }

    #[test]
    fn strict_looks_at_content_and_not_at_spelling() {
        assert_eq!(of("strict", None, r#"{"a":1,"b":[2]}"#), of("strict", None, r#"{ "b": [2], "a": 1 }"#));
        assert_ne!(of("strict", None, r#"{"a":1}"#), of("strict", None, r#"{"a":2}"#));
        let long = |last: u8| of("strict", None, &format!(r#"{{"id":12345678901234567890{last}}}"#));
        assert_ne!(long(1), long(2));
        assert_eq!(long(1), long(1));
    }

    #[test]
    fn a_key_always_wins() {
        assert_eq!(of("strict", Some("k"), "1"), of("strict", Some("k"), "2"));
        assert_eq!(of("always_unique", Some("k"), "1"), of("always_unique", Some("k"), "2"));
        assert_ne!(of("strict", Some("1"), "1"), of("strict", None, "1"));
    }

    #[test]
    fn always_unique_has_no_identity_and_caller_provided_needs_a_key() {
        assert_eq!(of("always_unique", None, "1"), None);
        let error = identity(&template("caller_provided"), None, "1").unwrap_err();
        assert!(error.to_string().starts_with("`idempotency_key` is missing"), "{error}");
    }
}
