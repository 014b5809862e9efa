//! Migrates a database: its tables, then the functions of this build.

use sqlx::{
    PgConnection, PgPool, SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::functions;
use crate::error::Error;

/// The version, description and text of each migration.
const MIGRATIONS: &[(i64, &str, &str)] = &include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// How a migration begins that must not run in a transaction: a statement that would lock a large table for long.
const NO_TRANSACTION: &str = "-- no-transaction\n";

/// The version of the newest migration that this build knows.
pub fn newest_migration() -> i64 {
    MIGRATIONS.iter().map(|&(version, ..)| version).max().unwrap_or(0)
}

/// Migrates the schema. Several processes may call it at once.
///
/// # Errors
/// [`Error::ForeignSchema`] if another build created the schema, or has migrated it further and that is refused.
pub async fn migrate(pool: &PgPool, newer: Newer) -> Result<(), Error> {
    run_migrations(pool.acquire().await?.detach(), newer).await
}

/// How to handle a schema with migrations that this build does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newer {
    /// As an error: this process is the only one on the database.
    IsRefused,
    /// Leaves it as it is, for processes of several releases: the previous release can still run on a migrated schema.
    IsLeftAlone,
}

/// As [`migrate`], on a connection that this closes.
pub(crate) async fn run_migrations(mut connection: PgConnection, newer: Newer) -> Result<(), Error> {
    // Otherwise a role named `tasker` would look for the list of migrations in the schema `tasker`.
    sqlx::query("SET search_path = public").execute(&mut connection).await?;
    // A large table takes its time.
    sqlx::query("SET statement_timeout = 0").execute(&mut connection).await?;
    let migrations = MIGRATIONS.iter().map(|&(version, description, text)| {
        let alone = text.starts_with(NO_TRANSACTION);
        Migration::new(version, description.into(), MigrationType::Simple, SqlStr::from_static(text), alone)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.set_ignore_missing(newer == Newer::IsLeftAlone);
    migrator.run(&mut connection).await.map_err(|error| match error {
        MigrateError::VersionMismatch(_) | MigrateError::VersionMissing(_) => Error::ForeignSchema(error),
        other => other.into(),
    })?;
    functions::install(&mut connection).await?;
    Ok(sqlx::Connection::close(connection).await?)
}
