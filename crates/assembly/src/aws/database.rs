//! The database that `DATABASE_URL` names, and the secret with its login, which may be rotated.

use std::path::Path;

use async_trait::async_trait;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tasker_orchestrator::Login;
use tasker_transport::aws::{SdkConfig, read_secret};
use url::Url;

use super::{
    error::AwsError,
    variable::{VariableError, optional, parsed_required},
};

/// The variable that contains the URL of the database.
const URL: &str = "DATABASE_URL";
/// The variable that contains the ARN of the secret.
const SECRET: &str = "TASKER_DATABASE_SECRET";

/// The root certificates of Amazon RDS, which `scripts/build-functions.sh` packs beside each function.
const RDS_AUTHORITIES: &str = "/var/task/rds-authorities.pem";
/// The names under which a URL gives root certificates.
const AUTHORITIES: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];

/// The login of a database, in the format of RDS secrets.
#[derive(Serialize, Deserialize)]
pub struct Credentials {
    /// The role.
    pub username: String,
    /// Its password.
    pub password: String,
}

/// The database, and its secret if it has one.
pub(super) struct Database {
    config: SdkConfig,
    url: Url,
    secret: Option<String>,
}

impl Database {
    /// Reads the URL and the ARN of the secret from the environment.
    pub(super) fn of_environment(config: &SdkConfig) -> Result<Self, VariableError> {
        Ok(Self { config: config.clone(), url: parsed_required(URL)?, secret: optional(SECRET) })
    }

    /// Whether the login comes from a secret.
    pub(super) fn has_secret(&self) -> bool {
        self.secret.is_some()
    }

    /// Returns the options to connect with, with the current login of the secret.
    pub(super) async fn options(&self) -> Result<PgConnectOptions, AwsError> {
        let mut url = self.url.clone();
        if let Some(secret) = &self.secret {
            let Credentials { username, password } =
                serde_json::from_str(&read_secret(&self.config, secret).await?)
                    .map_err(|error| VariableError::unreadable(SECRET, &error))?;
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let done = url
                .set_username(&encode(&username))
                .and_then(|()| url.set_password(Some(&encode(&password))));
            done.map_err(|()| VariableError::unreadable(URL, &"it contains no host"))?;
        }
        let options = with_authorities(&url, Path::new(RDS_AUTHORITIES));
        Ok(options.map_err(|error| VariableError::unreadable(URL, &error))?)
    }
}

/// Reads a URL. If it asks for a verified server and names no root certificates, those in the file are accepted beside the
/// public ones: RDS signs the certificates of its databases itself.
fn with_authorities(url: &Url, file: &Path) -> Result<PgConnectOptions, sqlx::Error> {
    let options: PgConnectOptions = url.as_str().parse()?;
    let verifies = matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    let named = url.query_pairs().any(|(name, _)| AUTHORITIES.contains(&&*name))
        || std::env::var_os("PGSSLROOTCERT").is_some();
    Ok(if verifies && !named && file.is_file() { options.ssl_root_cert(file) } else { options })
}

#[async_trait]
impl Login for Database {
    async fn renewed(&self) -> Result<PgConnectOptions, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.options().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verified_server_may_be_of_rds_unless_the_url_names_other_certificates() {
        let file = std::env::current_exe().unwrap();
        let accepts = |options: &str, file: &Path| {
            let url = format!("postgres://database.example/tasker{options}").parse().unwrap();
            format!("{:?}", with_authorities(&url, file).unwrap()).contains(&format!("{file:?}"))
        };
        assert!(accepts("?sslmode=verify-full", &file));
        assert!(accepts("?application_name=x&ssl-mode=verify-ca", &file));
        for other in ["", "?sslmode=require", "?sslmode=verify-full&sslrootcert=/etc/own.pem"] {
            assert!(!accepts(other, &file), "{other}");
        }
        assert!(!accepts("?sslmode=verify-full", &file.with_extension("missing")));
    }
}
