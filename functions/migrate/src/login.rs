//! The login of the other functions: a role that can only read and write Tasker's tables, and the secret that
//! contains its password. If the secret is created without a value, no person ever sees the password.

use tasker_assembly::aws::Credentials;
use tasker_function_lambda::Error;
use tasker_orchestrator::Orchestrator;
use tasker_transport::aws::{SecretError, read_secret, sdk_config, write_secret};
use uuid::Uuid;

/// Sets the role's password to the one in the secret. Generates a new one if the secret is empty or `rotate` is set.
pub(crate) async fn make(orchestrator: &Orchestrator, secret: &str, rotate: bool) -> Result<(), Error> {
    let config = sdk_config().await;
    let mut known = match read_secret(&config, secret).await {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|error| format!("secret {secret} is not {{\"username\", \"password\"}}: {error}"))?,
        Err(SecretError::Missing { .. }) => Credentials { username: String::new(), password: new_password() },
        Err(refused) => return Err(refused.into()),
    };
    if rotate {
        known.password = new_password();
    }
    // A function whose login fails before the secret is updated reads the secret again on its next invocation.
    let username = orchestrator.make_login(&known.password).await?;
    if rotate || username != known.username {
        let credentials = Credentials { username, ..known };
        write_secret(&config, secret, &serde_json::to_string(&credentials)?).await?;
    }
    Ok(())
}

/// Generates a password with 244 random bits.
fn new_password() -> String {
    [Uuid::new_v4(), Uuid::new_v4()].map(|part| part.simple().to_string()).concat()
}
