//! How orchestrators log in that live apart from the one that migrates: as a role that can read and write what is in
//! Tasker's tables in one database, and nothing else.

use std::num::NonZeroU32;

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    digest::{SHA256, SHA256_OUTPUT_LEN, digest},
    hmac, pbkdf2,
    rand::{SecureRandom, SystemRandom},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, postgres::PgConnectOptions};

use super::set::FUNCTION_SET;

/// How often the hash of a password is hashed again, as PostgreSQL does it.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();

/// How to log in anew where the database refuses the password there was: it may have been rotated.
#[async_trait]
pub trait Login: Send + Sync {
    /// What to connect with from now on.
    async fn renewed(&self) -> Result<PgConnectOptions, Box<dyn std::error::Error + Send + Sync>>;
}

/// Why there is no such login.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The database does not make the role. Nothing has changed.
    #[error("the role of the other orchestrators cannot be made: {0}")]
    NotMade(#[from] sqlx::Error),
    /// The role was made, and cannot be used.
    #[error(
        "role {role} was made, and is not let in: {source}; behind a proxy that knows only another one, let all log in alike"
    )]
    Refused {
        /// Its name.
        role: String,
        /// What the database, or what is before it, said.
        source: sqlx::Error,
    },
}

/// Makes the role of other orchestrators on a migrated database, or gives it this password, and logs in with it once.
/// Answers its name. To be called again after each migration, for what that has made. It takes the right to make roles.
///
/// # Errors
/// If the database refuses the role, or its login.
pub async fn make_login(pool: &PgPool, password: &str) -> Result<String, LoginError> {
    make(pool.acquire().await?.detach(), (*pool.connect_options()).clone(), password).await
}

/// As [`make_login`], on a connection that is closed then, and with the address of these options.
pub(crate) async fn make(
    mut connection: PgConnection,
    options: PgConnectOptions,
    password: &str,
) -> Result<String, LoginError> {
    // Roles belong to the server, and other databases of it are none of this one's business.
    let (role, statements): (String, String) = sqlx::query_as(
        "SELECT role, format(
             CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN 'ALTER' ELSE 'CREATE' END
             || ' ROLE %1$I LOGIN PASSWORD %2$L;
             GRANT CONNECT ON DATABASE %3$I TO %1$I;
             GRANT USAGE ON SCHEMA tasker TO %1$I;
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tasker TO %1$I;
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA tasker TO %1$I;
             REVOKE INSERT, UPDATE, DELETE ON tasker.function_sets FROM %1$I;
             GRANT USAGE ON SCHEMA %4$I TO %1$I;
             GRANT SELECT ON ALL TABLES IN SCHEMA %4$I TO %1$I;
             GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %4$I TO %1$I',
             role, $1, current_database(), $2)
         FROM (SELECT left('tasker_functions_of_' || current_database(), 63) AS role) r",
    )
    // Of the password only this leaves the process: servers write statements to their logs.
    .bind(scram_verifier(password))
    .bind(FUNCTION_SET)
    .fetch_one(&mut connection)
    .await?;
    // Several statements at once are one transaction.
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await?;
    connection.close().await?;

    let used = async {
        let mut connection = options.username(&role).password(password).connect().await?;
        sqlx::query("SELECT FROM tasker.tasks LIMIT 1").execute(&mut connection).await?;
        connection.close().await
    };
    match used.await {
        Ok(()) => Ok(role),
        Err(source) => Err(LoginError::Refused { role, source }),
    }
}

/// What PostgreSQL keeps of a password of ASCII characters, as `pg_authid` holds it: `SCRAM-SHA-256$<iterations>:<salt>$
/// <StoredKey>:<ServerKey>` (RFC 5803).
fn scram_verifier(password: &str) -> String {
    let mut salt = [0; 16];
    SystemRandom::new().fill(&mut salt).expect("the system has random numbers");
    let mut salted = [0; SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, &salt, password.as_bytes(), &mut salted);
    let salted = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let (client, server) = (hmac::sign(&salted, b"Client Key"), hmac::sign(&salted, b"Server Key"));
    let stored = digest(&SHA256, client.as_ref());
    let [salt, stored, server] =
        [&salt, stored.as_ref(), server.as_ref()].map(|bytes| BASE64_STANDARD.encode(bytes));
    format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored}:{server}")
}
