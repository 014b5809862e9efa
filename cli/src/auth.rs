//! `[auth]` of the configuration: who may use the API.
#![expect(clippy::struct_field_names, reason = "`insecure_no_auth` is named by what it lacks")]

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tasker_api::{CALLBACK, Login, PublicUrl, Tokens};
use tasker_identity::{ClaimNames, Keys, Provider, ProviderSettings, Settings, Verifier};

use crate::config::section;

/// The shortest secret that seals anything, in characters.
pub(crate) const SHORTEST_SECRET: usize = 32;

section! {
    /// `[auth]`: who may use the API.
    struct Auth {
        /// `off`: everybody may do everything. `own`: callers send an API key or a token, or log in. `auto`: `own` if `jwt_issuer` or
        /// `oidc_issuer` is set, and in `tasker serve` if a key was ever made when it starts; otherwise `off`.
        mode: AuthMode = AuthMode::Auto,
        /// Whether an API beyond this machine may let everybody in, as behind a proxy that authenticates them.
        insecure_no_auth: bool = false,
        /// The `iss` of the tokens (JWT) that callers may send. Empty: only API keys.
        jwt_issuer: String = String::new(),
        /// What `aud` of these tokens must contain.
        jwt_audience: String = String::new(),
        /// The algorithms that may have signed them: `RS256`, `ES256`, `EdDSA`, and on request `RS384`, `RS512`, `PS256` to `PS512`.
        jwt_algorithms: Vec<String> = tokens().algorithms,
        /// How far `nbf` and `iat` may be in the future, in seconds.
        jwt_leeway_seconds: u64 = tokens().leeway.as_secs(),
        /// For how long a token may be valid, in hours.
        jwt_max_lifetime_hours: u64 = tokens().max_lifetime.as_secs() / 3600,
        /// The public key of the issuer, or several, in PEM.
        jwt_public_key: String = String::new(),
        /// A file with such keys.
        jwt_public_key_path: PathBuf = PathBuf::new(),
        /// The HTTPS URL of the issuer's keys (JWKS), instead of a public key.
        jwks_url: String = String::new(),
        /// The longest time until these keys are fetched again, in seconds.
        jwks_refresh_seconds: u64 = 3600,
        /// How long they remain in use when they cannot be fetched again, in seconds.
        jwks_max_stale_seconds: u64 = 3600,
        /// The networks that are not public and that the hosts of `jwks_url` and `oidc_issuer` may be in, such as `10.1.0.0/16`.
        jwks_allow_private: Vec<String> = Vec::new(),
        /// The issuer of an OpenID provider at which users log in, in a browser or with `tasker login`: its HTTPS URL. Empty: they
        /// log in with API keys.
        oidc_issuer: String = String::new(),
        /// What names this server there. Its redirect URI there is `/auth/callback` below `server.public_url`.
        oidc_client_id: String = String::new(),
        /// The secret of this server there. Empty: a public client, which PKCE alone protects.
        oidc_client_secret: String = String::new(),
        /// What is asked for, beside `openid`. Claims with roles may need more.
        oidc_scopes: Vec<String> = vec!["email".to_owned(), "profile".to_owned()],
        /// A file with the certificates of the authorities for the provider's own, in PEM. Empty: the public ones.
        oidc_certificates_path: PathBuf = PathBuf::new(),
        /// The claim of a token with its permissions.
        permissions_claim: String = ClaimNames::default().permissions,
        /// The claim with its roles: `roles`, `realm_access.roles`, `cognito:groups`.
        roles_claim: String = ClaimNames::default().roles,
        /// The claim with the namespaces that it is limited to. A token without it is not limited.
        namespaces_claim: String = ClaimNames::default().namespaces,
        /// Whether a token with a permission that does not exist is refused. Otherwise that permission is ignored.
        strict_permissions: bool = true,
    }
}

/// What verifies tokens, without any.
fn tokens() -> Settings {
    Settings::new("", "", Keys::Pem(Vec::new()))
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
    /// Returns what verifies tokens, and what they grant. None if none are accepted. Paths are relative to `root`.
    ///
    /// # Errors
    /// Which setting is missing or wrong.
    pub(crate) fn tokens(&self, roles: &Roles, root: &Path) -> Result<Option<Tokens>> {
        let tokens =
            |verifier| Tokens::new(verifier, roles.clone(), self.strict_permissions).context("`auth_roles`");
        self.verifier(root)?.map(tokens).transpose()
    }

    /// Returns what verifies tokens. None if none are accepted.
    ///
    /// # Errors
    /// Which setting is missing or wrong.
    pub(crate) fn verifier(&self, root: &Path) -> Result<Option<Verifier>> {
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
            claims: self.claims(),
        };
        Verifier::new(settings).map(Some).context("tokens cannot be verified with these settings of `auth`")
    }

    /// Returns the logins at an OpenID provider. None if there is none. `secret` is `server.secret`.
    ///
    /// # Errors
    /// Which setting is missing or wrong.
    pub(crate) fn login(
        &self,
        roles: &Roles,
        root: &Path,
        public_url: Option<&PublicUrl>,
        secret: &str,
    ) -> Result<Option<Login>> {
        if self.oidc_issuer.is_empty() {
            if !self.oidc_client_id.is_empty() || !self.oidc_client_secret.is_empty() {
                bail!(
                    "`auth.oidc_issuer` is missing: it is the HTTPS URL of the identity provider at which users log in"
                );
            }
            return Ok(None);
        }
        let Some(public_url) = public_url else {
            bail!(
                "`auth.oidc_issuer` is set: set `server.public_url` to the https:// URL that browsers come back to"
            );
        };
        if !secret.is_empty() && secret.len() < SHORTEST_SECRET {
            bail!(
                "`server.secret` is too short: write at least {SHORTEST_SECRET} random characters, or leave it out"
            );
        }
        let certificates = if self.oidc_certificates_path.as_os_str().is_empty() {
            None
        } else {
            let path = root.join(&self.oidc_certificates_path);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("`auth.oidc_certificates_path`: reading {}", path.display()))?;
            Some(text)
        };
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let provider = Provider::new(ProviderSettings {
            issuer: self.oidc_issuer.clone(),
            client_id: self.oidc_client_id.clone(),
            client_secret: some(&self.oidc_client_secret),
            scopes: self.oidc_scopes.clone(),
            redirect_uri: public_url.to(CALLBACK),
            algorithms: self.jwt_algorithms.clone(),
            leeway: Duration::from_secs(self.jwt_leeway_seconds),
            claims: self.claims(),
            allow_private: networks("auth.jwks_allow_private", &self.jwks_allow_private)?,
            certificates,
        });
        let provider = provider.context("nobody can log in with these settings of `auth`")?;
        let secret = some(&secret.to_owned());
        let login =
            Login::new(provider, roles.clone(), self.strict_permissions, secret).context("`auth_roles`")?;
        Ok(Some(login))
    }

    fn claims(&self) -> ClaimNames {
        ClaimNames {
            permissions: self.permissions_claim.clone(),
            roles: self.roles_claim.clone(),
            namespaces: self.namespaces_claim.clone(),
        }
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
            (true, false) => Ok(Keys::Jwks {
                url: self.jwks_url.clone(),
                refresh: Duration::from_secs(self.jwks_refresh_seconds),
                max_stale: Duration::from_secs(self.jwks_max_stale_seconds),
                allow_private: networks("auth.jwks_allow_private", &self.jwks_allow_private)?,
            }),
            _ => bail!(
                "`auth.jwt_issuer` is set: give its keys with one of `jwks_url`, and `jwt_public_key` or `jwt_public_key_path`"
            ),
        }
    }
}

/// Reads addresses and networks. `key` is where they are written.
///
/// # Errors
/// Which one is none.
pub(crate) fn networks(key: &str, texts: &[String]) -> Result<Vec<IpNet>> {
    let network = |text: &String| {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.with_context(|| format!("`{key}`: `{text}` is no network"))
    };
    texts.iter().map(network).collect()
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
        for (text, public_url, secret, expected) in [
            ("oidc_client_id = 'c'", Some("https://t.example"), "", "`auth.oidc_issuer` is missing"),
            ("oidc_issuer = 'https://idp.example'", Some("https://t.example"), "", "client"),
            ("oidc_issuer = 'https://idp.example'\noidc_client_id = 'c'", None, "", "`server.public_url`"),
            (
                "oidc_issuer = 'https://idp.example'\noidc_client_id = 'c'",
                Some("https://t.example"),
                "short",
                "`server.secret`",
            ),
            (
                "oidc_issuer = 'http://idp.example'\noidc_client_id = 'c'",
                Some("https://t.example"),
                "",
                "https",
            ),
            (
                "oidc_issuer = 'https://10.0.0.1'\noidc_client_id = 'c'",
                Some("https://t.example"),
                "",
                "jwks_allow_private",
            ),
            (
                "oidc_issuer = 'https://idp.example'\noidc_client_id = 'c'\noidc_certificates_path = 'no.pem'",
                Some("https://t.example"),
                "",
                "no.pem",
            ),
        ] {
            let auth: Auth = toml::from_str(text).unwrap();
            let public_url = public_url.map(|url| url.parse().unwrap());
            let refused = auth.login(&Roles::new(), Path::new("."), public_url.as_ref(), secret).unwrap_err();
            assert!(format!("{refused:#}").contains(expected), "{text}: {refused:#}");
        }
        let auth: Auth =
            toml::from_str("jwt_issuer = 'i'\njwt_audience = 'a'\njwks_url = 'https://idp.example/keys'")
                .unwrap();
        let roles = Roles::from([("ops".to_owned(), vec!["operator".to_owned(), "tasks:raed".to_owned()])]);
        let refused = format!("{:#}", auth.tokens(&roles, Path::new(".")).unwrap_err());
        assert!(refused.contains("tasks:raed") && refused.contains("auth_roles"), "{refused}");
    }
}
