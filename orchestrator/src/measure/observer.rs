//! Reads what the database and the queues hold, for metrics, in one process of all.

use std::sync::Arc;

use sqlx::PgConnection;
use tasker_pool::Pool;
use tasker_telemetry::{Metrics, metrics};
use tokio::sync::Mutex;

use super::observed;
use crate::{engine::Engine, error::Error, queues::Queues};

/// The key of the advisory lock that one process has: the bytes of `metrics`.
const LOCK: i64 = 0x006d_6574_7269_6373;

/// Reads for metrics. A process that has none reads nothing.
pub(crate) struct Observer {
    pool: Pool,
    engine: Arc<Engine>,
    queues: Arc<Queues>,
    /// Whether this process counts for analytics.
    counts: bool,
    /// A connection of its own, which holds the lock as long as it lives.
    connection: Mutex<Option<PgConnection>>,
}

impl Observer {
    pub(crate) fn new(pool: Pool, engine: Arc<Engine>, queues: Arc<Queues>, counts: bool) -> Self {
        Self { pool, engine, queues, counts, connection: Mutex::default() }
    }

    /// Reads what this process holds, and, if no other process does, what the database and the queues hold.
    pub(crate) async fn observe(&self) -> Result<(), Error> {
        let Some(metrics) = metrics() else { return Ok(()) };
        observed::process(metrics, &self.engine);
        let mut connection = self.connection.lock().await;
        if connection.is_none() {
            *connection = self.connect().await?;
        }
        let Some(open) = connection.as_mut() else { return Ok(()) };
        let mut read = observed::database(metrics, open).await;
        if read.is_ok() && self.counts {
            read = observed::counting(metrics, open).await;
        }
        if let Err(error) = read {
            // A new connection may do better. Another process takes over if it gets the lock first.
            *connection = None;
            return Err(error);
        }
        self.observe_queues(metrics).await
    }

    async fn observe_queues(&self, metrics: &Metrics) -> Result<(), Error> {
        observed::queues(metrics, &self.queues.depths().await?);
        Ok(())
    }

    /// Takes a connection with the lock. None if another process has it.
    async fn connect(&self) -> Result<Option<PgConnection>, Error> {
        let mut connection = self.pool.acquire().await?;
        let has_lock: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *connection)
            .await?;
        if !has_lock {
            return Ok(None);
        }
        let mut connection = connection.detach();
        // A count that takes long is of no use, and in the way. The server ends the connection, and with it the lock, soon after this
        // machine is gone.
        for setting in [
            "SET statement_timeout = '5s'",
            "SET tcp_keepalives_idle = 30",
            "SET tcp_keepalives_interval = 10",
            "SET tcp_keepalives_count = 3",
        ] {
            sqlx::query(setting).execute(&mut connection).await?;
        }
        Ok(Some(connection))
    }
}
