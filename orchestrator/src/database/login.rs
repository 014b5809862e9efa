//! The login of orchestrators that do not migrate: a role that can only read and write Tasker's tables in one
//! database.

use std::num::NonZeroU32;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    digest::{SHA256, SHA256_OUTPUT_LEN, digest},
    hmac, pbkdf2,
    rand::{SecureRandom, SystemRandom},
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, postgres::PgConnectOptions};

use super::set::sql;

/// The iterations of PBKDF2: PostgreSQL's default.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();

/// Why the login cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The database did not create the role. Nothing has changed.
    #[error("the role of the other orchestrators cannot be created: {0}")]
    NotMade(#[from] sqlx::Error),
    /// The role was created, but cannot log in.
    #[error(
        "role {role} was created, but cannot log in: {source}; behind a proxy that accepts only another role, \
         use that role for all processes"
    )]
    Refused {
        /// The name of the role.
        role: String,
        /// The error of the database, or of a proxy before it.
        source: sqlx::Error,
    },
}

/// Creates the role of other orchestrators on a migrated database, or changes its password, and logs in with it once.
/// Returns its name. Call it again after each migration, to grant rights on new tables. Requires the right to create
/// roles.
///
/// # Errors
/// If the database rejects the role or its login.
pub async fn make_login(pool: &PgPool, password: &str) -> Result<String, LoginError> {
    make(pool.acquire().await?.detach(), (*pool.connect_options()).clone(), password).await
}

/// As [`make_login`], on a connection that this closes, with the address of these options.
pub(crate) async fn make(
    mut connection: PgConnection,
    options: PgConnectOptions,
    password: &str,
) -> Result<String, LoginError> {
    let (role, statements): (String, String) = sqlx::query_as(sql!(
        "SELECT role, format(
             CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN 'ALTER' ELSE 'CREATE' END
             || ' ROLE %1$I LOGIN PASSWORD %2$L;
             GRANT CONNECT ON DATABASE %3$I TO %1$I;
             GRANT USAGE ON SCHEMA tasker TO %1$I;
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tasker TO %1$I;
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA tasker TO %1$I;
             REVOKE INSERT, UPDATE, DELETE ON tasker.function_sets FROM %1$I;
             SELECT tasker_f.grant_functions()',
             role, $1, current_database())
         FROM (SELECT tasker_f.functions_role() AS role) r"
    ))
    // Only the verifier leaves the process, because servers log statements.
    .bind(scram_verifier(password))
    .fetch_one(&mut connection)
    .await?;
    // The statements run in one transaction.
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

/// Returns the verifier of a password of ASCII characters, as `pg_authid` stores it (RFC 5803):
/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
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
