//! Migrates a database: its tables, then the functions of this build.

use sqlx::{PgConnection, PgPool, migrate::MigrateError};

use super::functions;
use crate::error::Error;

/// Migrates the schema. Several processes may call it at once.
///
/// # Errors
/// [`Error::ForeignSchema`] if another build created the schema or has migrated it further.
pub async fn migrate(pool: &PgPool) -> Result<(), Error> {
    run_migrations(pool.acquire().await?.detach(), Newer::IsRefused).await
}

/// How to handle a schema with migrations that this build does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Newer {
    IsRefused,
    /// The previous release can still run on a migrated schema.
    IsLeftAlone,
}

/// As [`migrate`], on a connection that this closes.
pub(crate) async fn run_migrations(mut connection: PgConnection, newer: Newer) -> Result<(), Error> {
    // Otherwise a role named `tasker` would look for the list of migrations in the schema `tasker`.
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
