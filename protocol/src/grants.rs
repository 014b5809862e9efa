//! What one execution may reach. Everything is denied that is not named here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
