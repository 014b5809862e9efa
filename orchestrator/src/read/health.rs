//! What health pages show: whether the database responds, and how many steps are open.

use std::{collections::BTreeMap, time::Duration};

use sqlx::{ConnectOptions, Connection};

use super::reader::Reader;
use crate::error::Error;

/// How long the database may take to respond. Who asks for health acts on the answer, so a late one is worthless.
const PATIENCE: Duration = Duration::from_secs(1);

impl Reader {
    /// Checks that the database responds within a second.
    pub async fn check_database(&self) -> Result<(), Error> {
        let asked = tokio::time::timeout(PATIENCE / 2, sqlx::query("SELECT 1").execute(&self.pool));
        if let Ok(asked) = asked.await {
            asked?;
            return Ok(());
        }
        // All connections may be in use, which is no fault.
        let options = self.pool.connect_options();
        match tokio::time::timeout(PATIENCE / 2, options.connect()).await {
            Ok(Ok(connection)) => Ok(connection.close().await?),
            _ => Err(Error::DatabaseSilent { host: options.get_host().to_owned(), port: options.get_port() }),
        }
    }

    /// Returns the number of open steps by state, for health reports.
    pub async fn open_steps(&self) -> Result<BTreeMap<String, i64>, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT state, count(*) FROM tasker.steps WHERE wake_at IS NOT NULL GROUP BY state ORDER BY state",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().collect())
    }
}
