//! The connection to PostgreSQL, and its schema.

use std::time::Duration;

use sqlx::{
    PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::error::Error;

static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// Opens a pool. Connections are made when first needed.
pub fn connect(options: PgConnectOptions, max_connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(10))
        // A connection that died is found by the statement that fails on it, and that is tried again anyway.
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

/// Brings the schema up to date. Safe to call from several processes at once.
pub async fn migrate(pool: &PgPool) -> Result<(), Error> {
    let mut connection = pool.acquire().await?.detach();
    // A role called `tasker` would otherwise look for the list of migrations in the schema that they make.
    sqlx::query("SET search_path = public").execute(&mut connection).await?;
    MIGRATOR.run(&mut connection).await?;
    Ok(sqlx::Connection::close(connection).await?)
}
