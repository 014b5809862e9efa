//! Resources that one execution may access. Everything else is denied.

mod origin;

use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use origin::{Destination, OriginHost, OriginPattern, Scheme};

/// What one execution may access, set per step under `grants:` in the template. By default, nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Allowed destinations of outbound HTTP: `https://api.example.com`, `https://*.example.com`,
    /// `http://127.0.0.1:8099`. Scheme, host and port must match; the port defaults to the scheme's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<String>,
    /// Networks in CIDR notation to which `http` names may resolve although they are blocked by default
    /// (loopback, private, link-local and the like): `127.0.0.1/32`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private_networks: Vec<String>,
    /// Names of secrets that the handler can read through `wasi:config/store`. The host reads them when the
    /// step runs; messages never contain the values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretName>,
    /// Names of the buckets that the handler can open through `wasi:keyvalue`, each up to 64 letters, digits,
    /// `.`, `_` and `-`. A bucket belongs to the template's namespace; all steps there that are granted it
    /// share it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_value: Vec<BucketName>,
}

/// The name of a secret in the host's secret provider.
pub type SecretName = String;

/// The name of a key-value bucket, shared by all steps of a namespace.
pub type BucketName = String;

/// Whether this is a valid bucket name in every store.
pub fn is_bucket_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// Parses an entry of `private_networks`: CIDR notation or a single address.
pub fn granted_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

/// An invalid grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("under `grants.{field}`, {message}")]
pub struct GrantFault {
    /// The field: `http`, `private_networks` or `key_value`.
    pub field: &'static str,
    /// The index of the entry in that field, from 0.
    pub index: usize,
    /// What is wrong and what a valid entry looks like.
    pub message: String,
}

impl Grants {
    /// Returns every invalid entry. Called when a template is accepted.
    pub fn faults(&self) -> Vec<GrantFault> {
        let mut faults = Vec::new();
        let mut check = |field, entries: &[String], is_sound: fn(&str) -> bool, right: &str| {
            for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| !is_sound(entry)) {
                faults.push(GrantFault { field, index, message: format!("`{entry}` is {right}") });
            }
        };
        check(
            "http",
            &self.http,
            |text| OriginPattern::parse(text).is_some(),
            "not a pattern: write a scheme, a host and perhaps a port, like `https://api.example.com`, \
             `https://*.example.com` or `http://127.0.0.1:8099`",
        );
        check(
            "private_networks",
            &self.private_networks,
            |text| granted_network(text).is_some(),
            "not a network: write it in CIDR notation, like `10.0.0.0/8`",
        );
        check(
            "key_value",
            &self.key_value,
            is_bucket_name,
            "not a bucket name: write up to 64 letters, digits, `.`, `_` and `-`, without accents",
        );
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_understood_is_named_with_its_place() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let grants = Grants {
            http: texts(&[
                "https://a.example",
                "",
                "example.com",
                "ftp://example.com",
                "https://",
                "https://a/path",
                "https://u@h",
                "https://*",
            ]),
            private_networks: texts(&["10.0.0.0/8", "::1", "ten"]),
            key_value: texts(&["kept", "a/b"]),
            ..Grants::default()
        };
        let faults: Vec<(&str, usize)> =
            grants.faults().iter().map(|fault| (fault.field, fault.index)).collect();
        let http = (1..8).map(|index| ("http", index));
        let expected: Vec<_> = http.chain([("private_networks", 2), ("key_value", 1)]).collect();
        assert_eq!(faults, expected);
        assert!(grants.faults()[0].message.starts_with("`` is not a pattern"));
    }
}
