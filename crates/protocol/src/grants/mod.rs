//! What one execution may reach. Everything is denied that is not named here.

mod origin;

use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use origin::{Destination, OriginHost, OriginPattern, Scheme};

/// The authority of one execution, set per step under `grants:` in the template. The default grants nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Where outbound HTTP may go: `https://api.example.com`, `https://*.example.com`,
    /// `http://127.0.0.1:8099`. Scheme and host must match, and the port, which defaults to the scheme's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<String>,
    /// Networks in CIDR notation that are refused otherwise (loopback, private, link-local and the like) and
    /// that `http` names may nevertheless resolve to: `127.0.0.1/32`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub private_networks: Vec<String>,
    /// Names of secrets that `wasi:config/store` answers, read on the host when the step runs. The values
    /// never travel in a message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretName>,
    /// Names of the buckets that `wasi:keyvalue` opens, up to 64 letters, digits, `.`, `_` and `-` each. A bucket belongs
    /// to the template's namespace; whoever is granted it there shares it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_value: Vec<BucketName>,
}

/// The name of a secret, as the host's secret provider knows it.
pub type SecretName = String;

/// The name of a key-value bucket, the same to every step of a namespace.
pub type BucketName = String;

/// Whether a bucket can be called this, in every store there is.
pub fn is_bucket_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// The network that an entry of `private_networks` means: CIDR notation, or one address.
pub fn granted_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}

/// A grant that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("under `grants.{field}`, {message}")]
pub struct GrantFault {
    /// Where: `http`, `private_networks` or `key_value`.
    pub field: &'static str,
    /// Which entry of it, counting from 0.
    pub index: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl Grants {
    /// What of it cannot be understood. For whoever accepts a template.
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
            "no pattern: write a scheme, a host and perhaps a port, like `https://api.example.com`, \
             `https://*.example.com` or `http://127.0.0.1:8099`",
        );
        check(
            "private_networks",
            &self.private_networks,
            |text| granted_network(text).is_some(),
            "no network: write it in CIDR notation, like `10.0.0.0/8`",
        );
        check(
            "key_value",
            &self.key_value,
            is_bucket_name,
            "no name of a bucket: write up to 64 letters, digits, `.`, `_` and `-`, without accents",
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
        assert!(grants.faults()[0].message.starts_with("`` is no pattern"));
    }
}
