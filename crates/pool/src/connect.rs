//! The pool of connections to PostgreSQL.

use std::time::Duration;

use sqlx::{
    Connection, Error, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// A connection that was used within this time is not tested before its next use.
pub(crate) const TRUSTED_IDLE: Duration = Duration::from_millis(500);

/// The settings of each connection.
///
/// Whoever asks for too much must not keep a connection from the others. Every statement has its index: the tables of a new
/// database have no statistics until autovacuum comes by, and PostgreSQL would read all of them, with several processes.
/// Where there is no index, as in a count of everything, it would also compile the statement first.
const SETTINGS: &str =
    "SELECT set_config('statement_timeout', '60s', false), set_config('enable_seqscan', 'off', false),
    set_config('max_parallel_workers_per_gather', '0', false), set_config('jit', 'off', false)";

/// Makes the settings of a new connection.
///
/// # Errors
/// The connection has ended.
pub async fn prepare(connection: &mut PgConnection) -> Result<(), Error> {
    sqlx::query(SETTINGS).execute(connection).await.map(drop)
}

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
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        .connect_lazy_with(options)
}
