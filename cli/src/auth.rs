//! `[auth]` of the configuration: who may use the API.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tasker_api::Tokens;
use tasker_identity::{ClaimNames, Keys, Settings, Verifier};

/// `[auth]`: who may use the API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Auth {
    /// `off`: everybody may do everything. `own`: callers send an API key or a token. `auto`: `own` if `jwt_issuer` is set,
    /// and in `tasker serve` if a key was ever made when it starts; otherwise `off`.
    pub(crate) mode: AuthMode,
    /// Whether an API beyond this machine may let everybody in, as behind a proxy that authenticates them.
    #[expect(clippy::struct_field_names, reason = "the setting is named by what it lacks")]
    pub(crate) insecure_no_auth: bool,
    /// The `iss` of the tokens (JWT) that callers may send. Empty: only API keys.
    pub(crate) jwt_issuer: String,
    /// What `aud` of these tokens must contain.
    pub(crate) jwt_audience: String,
    /// The algorithms that may have signed them: `RS256`, `ES256`, `EdDSA`, and on request `RS384`, `RS512`, `PS256` to `PS512`.
    pub(crate) jwt_algorithms: Vec<String>,
    /// How far `nbf` and `iat` may be in the future, in seconds.
    pub(crate) jwt_leeway_seconds: u64,
    /// For how long a token may be valid, in hours.
    pub(crate) jwt_max_lifetime_hours: u64,
    /// The public key of the issuer, or several, in PEM.
    pub(crate) jwt_public_key: String,
    /// A file with such keys.
    pub(crate) jwt_public_key_path: PathBuf,
    /// The HTTPS URL of the issuer's keys (JWKS), instead of a public key.
    pub(crate) jwks_url: String,
    /// The longest time until these keys are fetched again, in seconds.
    pub(crate) jwks_refresh_seconds: u64,
    /// How long they remain in use when they cannot be fetched again, in seconds.
    pub(crate) jwks_max_stale_seconds: u64,
    /// The networks that are not public and that the host of `jwks_url` may be in, such as `10.1.0.0/16`.
    pub(crate) jwks_allow_private: Vec<String>,
    /// The claim of a token with its permissions.
    pub(crate) permissions_claim: String,
    /// The claim with its roles: `roles`, `realm_access.roles`, `cognito:groups`.
    pub(crate) roles_claim: String,
    /// The claim with the namespaces that it is limited to. A token without it is not limited.
    pub(crate) namespaces_claim: String,
    /// Whether a token with a permission that does not exist is refused. Otherwise that permission is ignored.
    pub(crate) strict_permissions: bool,
}

impl Default for Auth {
    fn default() -> Self {
        let claims = ClaimNames::default();
        let tokens = Settings::new("", "", Keys::Pem(Vec::new()));
        Self {
            mode: AuthMode::Auto,
            insecure_no_auth: false,
            jwt_issuer: String::new(),
            jwt_audience: String::new(),
            jwt_algorithms: tokens.algorithms,
            jwt_leeway_seconds: tokens.leeway.as_secs(),
            jwt_max_lifetime_hours: tokens.max_lifetime.as_secs() / 3600,
            jwt_public_key: String::new(),
            jwt_public_key_path: PathBuf::new(),
            jwks_url: String::new(),
            jwks_refresh_seconds: 3600,
            jwks_max_stale_seconds: 3600,
            jwks_allow_private: Vec::new(),
            permissions_claim: claims.permissions,
            roles_claim: claims.roles,
            namespaces_claim: claims.namespaces,
            strict_permissions: true,
        }
    }
}

/// How callers of the API are authenticated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthMode {
    /// By what there is.
    #[default]
    Auto,
    /// Not at all.
    Off,
    /// By API keys and tokens.
    Own,
}

/// `[auth_roles]`: further roles that tokens may name, or other meanings of built-in ones. Each is a list of permissions and
/// built-in roles.
pub(crate) type Roles = BTreeMap<String, Vec<String>>;

impl Auth {
    /// Returns what verifies tokens. None if none are accepted. Paths are relative to `root`.
    ///
    /// # Errors
    /// Which setting is missing or wrong.
    pub(crate) fn tokens(&self, roles: &Roles, root: &Path) -> Result<Option<Tokens>> {
        let has_keys = !self.jwt_public_key.is_empty()
            || !self.jwt_public_key_path.as_os_str().is_empty()
            || !self.jwks_url.is_empty();
        if self.jwt_issuer.is_empty() {
            if has_keys || !self.jwt_audience.is_empty() {
                bail!("`auth.jwt_issuer` is missing: it is the `iss` of the tokens that callers send");
            }
            return Ok(None);
        }
        let settings = Settings {
            issuer: self.jwt_issuer.clone(),
            audience: self.jwt_audience.clone(),
            algorithms: self.jwt_algorithms.clone(),
            leeway: Duration::from_secs(self.jwt_leeway_seconds),
            max_lifetime: Duration::from_secs(self.jwt_max_lifetime_hours.saturating_mul(3600)),
            keys: self.keys(root)?,
            claims: ClaimNames {
                permissions: self.permissions_claim.clone(),
                roles: self.roles_claim.clone(),
                namespaces: self.namespaces_claim.clone(),
            },
        };
        let verifier =
            Verifier::new(settings).context("tokens cannot be verified with these settings of `auth`")?;
        let tokens = Tokens::new(verifier, roles.clone(), self.strict_permissions).context("`auth_roles`")?;
        Ok(Some(tokens))
    }

    fn keys(&self, root: &Path) -> Result<Keys> {
        let mut pem = Vec::new();
        if !self.jwt_public_key.is_empty() {
            pem.push(self.jwt_public_key.clone());
        }
        if !self.jwt_public_key_path.as_os_str().is_empty() {
            let path = root.join(&self.jwt_public_key_path);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("`auth.jwt_public_key_path`: reading {}", path.display()))?;
            pem.push(text);
        }
        match (pem.is_empty(), self.jwks_url.is_empty()) {
            (false, true) => Ok(Keys::Pem(pem)),
            (true, false) => {
                let network = |text: &String| {
                    text.parse().with_context(|| format!("`auth.jwks_allow_private`: `{text}` is no network"))
                };
                Ok(Keys::Jwks {
                    url: self.jwks_url.clone(),
                    refresh: Duration::from_secs(self.jwks_refresh_seconds),
                    max_stale: Duration::from_secs(self.jwks_max_stale_seconds),
                    allow_private: self.jwks_allow_private.iter().map(network).collect::<Result<_>>()?,
                })
            }
            _ => bail!(
                "`auth.jwt_issuer` is set: give its keys with one of `jwks_url`, and `jwt_public_key` or `jwt_public_key_path`"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let auth: Auth = toml::from_str(text).unwrap();
        format!("{:#}", auth.tokens(&Roles::new(), Path::new(".")).unwrap_err())
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let auth = Auth::default();
        assert!(auth.tokens(&Roles::new(), Path::new(".")).unwrap().is_none());
        for (text, expected) in [
            ("jwks_url = 'https://idp.example/keys'", "`auth.jwt_issuer` is missing"),
            ("jwt_issuer = 'https://idp.example'", "give its keys"),
            ("jwt_issuer = 'i'\njwks_url = 'https://idp.example/keys'", "audience"),
            ("jwt_issuer = 'i'\njwt_audience = 'a'\njwks_url = 'http://idp.example/keys'", "https"),
            ("jwt_issuer = 'i'\njwt_audience = 'a'\njwt_public_key = 'x'", "PEM"),
            ("jwt_issuer = 'i'\njwt_audience = 'a'\njwt_public_key_path = 'no.pem'", "no.pem"),
            ("jwt_issuer = 'i'\njwt_audience = 'a'\njwt_public_key = 'x'\njwks_url = 'https://a/'", "one of"),
            (
                "jwt_issuer = 'i'\njwt_audience = 'a'\njwks_url = 'https://a/'\njwks_allow_private = ['x']",
                "`x` is no network",
            ),
            (
                "jwt_issuer = 'i'\njwt_audience = 'a'\njwks_url = 'https://a/'\njwt_algorithms = ['HS256']",
                "HS256",
            ),
        ] {
            let refused = refusal(text);
            assert!(refused.contains(expected), "{text}: {refused}");
        }
        let auth: Auth =
            toml::from_str("jwt_issuer = 'i'\njwt_audience = 'a'\njwks_url = 'https://idp.example/keys'")
                .unwrap();
        let roles = Roles::from([("ops".to_owned(), vec!["operator".to_owned(), "tasks:raed".to_owned()])]);
        let refused = format!("{:#}", auth.tokens(&roles, Path::new(".")).unwrap_err());
        assert!(refused.contains("tasks:raed") && refused.contains("auth_roles"), "{refused}");
    }
}
