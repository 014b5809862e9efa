//! The connection to PostgreSQL, and its schema.

pub(crate) mod functions;
pub(crate) mod login;
pub(crate) mod pool;

use std::time::Duration;

use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::MigrateError,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::error::Error;

/// A connection that was used within this time is taken to be well without asking it.
pub(crate) const TRUSTED_IDLE: Duration = Duration::from_millis(500);

/// Opens a pool. Connections are made when first needed.
pub fn connect(options: PgConnectOptions, max_connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(10))
        // A busy connection that died is found by the statement that fails on it, and that is tried again after a
        // while. By then the others are idle, and none of them is to fail the second try as well.
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move { Ok(metadata.idle_for < TRUSTED_IDLE || connection.ping().await.is_ok()) })
        })
        .connect_lazy_with(options)
}

/// Brings the schema up to date. Safe to call from several processes at once.
///
/// # Errors
/// [`Error::ForeignSchema`] if another build has made it, or has brought it further.
pub async fn migrate(pool: &PgPool) -> Result<(), Error> {
    run_migrations(pool.acquire().await?.detach(), Newer::IsRefused).await
}

/// What becomes of a schema that has migrations which this build does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newer {
    IsRefused,
    /// Migrations are written so that the release before still runs.
    IsLeftAlone,
}

/// As [`migrate`], on a connection that is closed then.
pub(crate) async fn run_migrations(mut connection: PgConnection, newer: Newer) -> Result<(), Error> {
    // A role called `tasker` would otherwise look for the list of migrations in the schema that they make.
    sqlx::query("SET search_path = public").execute(&mut connection).await?;
    let mut migrator = sqlx::migrate!("../migrations");
    migrator.set_ignore_missing(newer == Newer::IsLeftAlone);
    migrator.run(&mut connection).await.map_err(|error| match error {
        MigrateError::VersionMismatch(_) | MigrateError::VersionMissing(_) => Error::ForeignSchema(error),
        other => other.into(),
    })?;
    functions::install(&mut connection).await?;
    Ok(sqlx::Connection::close(connection).await?)
}

/// The key of the advisory lock on a database, in Tasker's own choosing.
const CLAIM: i64 = 0x7461_736b_6572;
/// How often a claim is tried before it fails: a predecessor that was killed may take a moment to be noticed.
const CLAIM_TRIES: u32 = 20;

/// Claims a database for as long as the connection lives: `alone` when the queues are in this process's memory, because
/// such an orchestrator takes everything that is in flight for its own; otherwise beside others of its kind.
pub async fn claim(pool: &PgPool, alone: bool) -> Result<PgConnection, Error> {
    let lock = if alone { "pg_try_advisory_lock" } else { "pg_try_advisory_lock_shared" };
    for _ in 0..CLAIM_TRIES {
        let mut connection = pool.acquire().await?.detach();
        let claimed: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {lock}($1)")))
            .bind(CLAIM)
            .fetch_one(&mut connection)
            .await?;
        if claimed {
            return Ok(connection);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(Error::DatabaseInUse)
}
