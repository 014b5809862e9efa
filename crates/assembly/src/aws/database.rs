//! The database that `DATABASE_URL` names, and the secret with its login, which may be rotated.

use async_trait::async_trait;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
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
        Ok(url.as_str().parse().map_err(|error| VariableError::unreadable(URL, &error))?)
    }
}

#[async_trait]
impl Login for Database {
    async fn renewed(&self) -> Result<PgConnectOptions, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.options().await?)
    }
}
