//! What a verifier accepts, as the operator sets it.

use std::time::Duration;

use ipnet::IpNet;

use crate::{algorithm::Algorithm, fetch::BadUrl, key::MAX_KEYS, pem::BadPem};

/// What a verifier accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The only accepted `iss`.
    pub issuer: String,
    /// What `aud` must contain.
    pub audience: String,
    /// The accepted algorithms: RS256, RS384, RS512, PS256, PS384, PS512, ES256, EdDSA (also called Ed25519).
    pub algorithms: Vec<String>,
    /// How far `nbf` and `iat` may be in the future, because clocks differ.
    pub leeway: Duration,
    /// The maximum of `exp` − `iat`, without `iat` of `exp` − now.
    pub max_lifetime: Duration,
    /// The keys that may have signed.
    pub keys: Keys,
    /// Where a token says what it grants.
    pub claims: ClaimNames,
}

impl Settings {
    /// Settings with the defaults: RS256, ES256 and EdDSA, a leeway of 30 s, and 24 h of validity.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: Keys) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithms: ["RS256", "ES256", "EdDSA"].map(str::to_owned).to_vec(),
            leeway: Duration::from_secs(30),
            max_lifetime: Duration::from_hours(24),
            keys,
            claims: ClaimNames::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<Vec<Algorithm>, SettingsError> {
        if self.issuer.is_empty() {
            return Err(SettingsError::NoIssuer);
        }
        if self.audience.is_empty() {
            return Err(SettingsError::NoAudience);
        }
        if self.algorithms.is_empty() {
            return Err(SettingsError::NoAlgorithm);
        }
        let names = [&self.claims.permissions, &self.claims.roles, &self.claims.namespaces];
        if names.into_iter().any(String::is_empty) {
            return Err(SettingsError::NoClaimName);
        }
        let algorithm = |name: &String| {
            name.parse().map_err(|_| {
                if name == "none" || name.starts_with("HS") {
                    SettingsError::Unsigned(name.clone())
                } else {
                    SettingsError::Algorithm(name.clone())
                }
            })
        };
        self.algorithms.iter().map(algorithm).collect()
    }
}

/// The keys that may have signed a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// PEM texts of public keys. A text may contain several keys. `kid` of a token does not matter.
    Pem(Vec<String>),
    /// A JSON Web Key Set at a URL.
    Jwks {
        /// Its HTTPS URL.
        url: String,
        /// The longest time until it is fetched again. `max-age` of the response may shorten it, to no less than 60 s.
        refresh: Duration,
        /// How long its keys remain in use when it cannot be fetched again.
        max_stale: Duration,
        /// Networks besides the public Internet that its host may be in.
        allow_private: Vec<IpNet>,
    },
}

impl Keys {
    /// A key set with the defaults: an hour until it is fetched again, another hour when that fails, and public addresses.
    pub fn jwks(url: impl Into<String>) -> Self {
        let hour = Duration::from_hours(1);
        Self::Jwks { url: url.into(), refresh: hour, max_stale: hour, allow_private: Vec::new() }
    }
}

/// The names of the claims that say what a token grants. Each holds an array of texts, or one text with spaces between
/// them.
///
/// A name is looked up as it is (`cognito:groups`, `https://tasker.example/roles`), and if there is no such claim, as a
/// path with dots (`realm_access.roles`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// Absent: no permissions.
    pub permissions: String,
    /// Absent: no roles.
    pub roles: String,
    /// Absent: all namespaces. Empty: none.
    pub namespaces: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            permissions: "permissions".to_owned(),
            roles: "roles".to_owned(),
            namespaces: "namespaces".to_owned(),
        }
    }
}

/// Why no verifier can be built from settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The issuer is empty.
    #[error("the issuer of tokens is empty; set it to the `iss` of your identity provider's tokens")]
    NoIssuer,
    /// The audience is empty.
    #[error("the audience of tokens is empty; set it to what `aud` of tokens for this server contains")]
    NoAudience,
    /// No algorithm.
    #[error("the list of algorithms is empty; leave it out for RS256, ES256 and EdDSA")]
    NoAlgorithm,
    /// An empty name of a claim.
    #[error("the name of a claim is empty; leave it out for the default")]
    NoClaimName,
    /// An unknown algorithm.
    #[error(
        "the algorithm `{0}` is unknown; use some of RS256, RS384, RS512, PS256, PS384, PS512, ES256 and EdDSA"
    )]
    Algorithm(String),
    /// `none` or a symmetric algorithm.
    #[error(
        "the algorithm `{0}` does not prove who signed: anybody, or everybody who can verify, can sign with it; let \
         your identity provider sign with RS256, ES256 or EdDSA"
    )]
    Unsigned(String),
    /// No key.
    #[error("there is no public key; set at least one PEM text, or the URL of a key set")]
    NoKey,
    /// Too many keys.
    #[error("there are {0} public keys; at most {MAX_KEYS} are allowed, so remove those no longer in use")]
    TooManyKeys(usize),
    /// A PEM text without a usable public key.
    #[error("public key {number}: {problem}")]
    Pem {
        /// Which PEM text, from 1.
        number: usize,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The client of a login is empty.
    #[error(
        "the client of logins is empty; set it to the client ID that your identity provider has given to this server"
    )]
    NoClient,
    /// A file of certificates without one.
    #[error("the certificates of authorities {problem}")]
    Certificates {
        /// What is wrong with them.
        problem: String,
    },
    /// An issuer that is no URL from which its description may be fetched.
    #[error("the issuer of logins {problem}")]
    Issuer {
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A URL that no key set may be fetched from.
    #[error("the URL of the key set {problem}")]
    Url {
        /// What is wrong with it, and what to do.
        problem: String,
    },
}

impl SettingsError {
    pub(crate) fn pem(number: usize, problem: &BadPem) -> Self {
        Self::Pem { number, problem: problem.to_string() }
    }
}

impl From<BadUrl> for SettingsError {
    fn from(problem: BadUrl) -> Self {
        Self::Url { problem: problem.to_string() }
    }
}
