//! The pool of connections to PostgreSQL.

use std::time::Duration;

use sqlx::{
    Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// A connection that was used within this time is not tested before its next use.
pub(crate) const TRUSTED_IDLE: Duration = Duration::from_millis(500);

/// Opens the connections of a pool. Connections are opened when they are first needed.
pub fn connect(options: PgConnectOptions, max_connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(10))
        // A busy connection that died fails its statement, which the caller retries later. By then the idle
        // connections are old enough to be tested, so the retry does not fail as well.
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move { Ok(metadata.idle_for < TRUSTED_IDLE || connection.ping().await.is_ok()) })
        })
        // Whoever asks for too much must not keep a connection from the others.
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query("SET statement_timeout = '60s'").execute(connection).await.map(drop)
            })
        })
        .connect_lazy_with(options)
}
