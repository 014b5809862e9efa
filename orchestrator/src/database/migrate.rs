//! Bringing a database up to date: its tables, then the functions of this build.

use sqlx::{
    PgConnection, PgPool, SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::functions;
use crate::error::Error;

/// The version, description and text of each migration.
const MIGRATIONS: &[(i64, &str, &str)] = &include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

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
    let migrations = MIGRATIONS.iter().map(|&(version, description, text)| {
        Migration::new(version, description.into(), MigrationType::Simple, SqlStr::from_static(text), false)
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
